"""One picture wholly looked at: opened, measured, read, compared, examined, judged. For workers and tools: needs numpy.

Nothing is remembered between two calls but the models. A picture that cannot be opened is a Refusal; one of a private
document comes back as a bare "retake", without a word of what stood on it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Protocol, final

from msgspec import structs

from huiliu.evidence.checks.compare import NO_RECORDS, UsedElsewhere, compare
from huiliu.evidence.checks.verdict import decide
from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.examine import examine
from huiliu.evidence.inspection.model import (
    Check,
    CheckVerdict,
    Container,
    Expected,
    FieldName,
    FieldRead,
    Inspection,
    Quality,
)
from huiliu.evidence.inspection.picture import Picture
from huiliu.evidence.look.page import page_problems
from huiliu.evidence.look.problems import Problem
from huiliu.evidence.look.quality import look
from huiliu.evidence.reading.reader import Reader, Reading
from huiliu.evidence.video.code import find_code

MILLISECONDS = 1000
FLAGS_MAX = 40
UNREAD = Reading(lines=(), page="unknown", fields=(), missing=(), engine="none")
NOTHING_KNOWN = Expected()


class Opens(Protocol):
    """What `gate.pixels.Opener` does."""

    def open(self, data: bytes) -> Picture:
        """The upright pixels. Raises Refusals."""
        ...


@final
class Inspector:
    """The models, the atlas and the opener; make one a process and keep it."""

    def __init__(self, reader: Reader, atlas: Atlas | None, opener: Opens) -> None:
        self.reader = reader
        self.atlas = atlas
        self._opener = opener

    def inspect(
        self,
        data: bytes,
        expected: Expected | None = None,
        *,
        records: Mapping[str, Expected] = NO_RECORDS,
        used: UsedElsewhere | None = None,
        disputed: frozenset[FieldName] = frozenset(),
        upload_flags: Sequence[str] = (),
    ) -> Inspection:
        """Everything that can be found out about one uploaded file. Raises the Refusal that says why it is no picture.

        `records` are further expectations by source, `used` is another claim with the same trade number, `disputed` what
        the buyer complains about (see `compare`); `upload_flags` join the container's own.
        """
        timings: dict[str, float] = {}
        with _timed(timings, "gate"):
            picture = self._opener.open(data)
        flags = tuple(dict.fromkeys((*picture.container.flags, *upload_flags)))[:FLAGS_MAX]
        picture = Picture(picture.rgb, picture.luma, structs.replace(picture.container, flags=flags))
        return self.inspect_picture(picture, expected, records=records, used=used, disputed=disputed, timings=timings)

    def inspect_picture(
        self,
        picture: Picture,
        expected: Expected | None = None,
        *,
        records: Mapping[str, Expected] = NO_RECORDS,
        used: UsedElsewhere | None = None,
        disputed: frozenset[FieldName] = frozenset(),
        timings: dict[str, float] | None = None,
    ) -> Inspection:
        """As `inspect`, for a picture that is open already: a frame of a video, or one that others look at too."""
        spent = {} if timings is None else timings
        known = expected or NOTHING_KNOWN
        with _timed(spent, "look"):
            quality = look(picture)
        with _timed(spent, "read"):
            reading = UNREAD if Problem.BLANK in quality.problems else self.reader.read(picture)
        if reading.private:
            return _private(picture.container, quality, reading.private, spent)
        fields = _with_code(reading, known)
        with _timed(spent, "check"):
            checks = compare(
                fields,
                known,
                page=reading.page,
                records=records,
                used_trade_no=used,
                taken_at=picture.container.taken_at,
                disputed=disputed,
            )
        missing = _missing(reading, known, checks)
        with _timed(spent, "look"):
            problems = page_problems(picture, reading.lines, reading.page, missing, fields=fields)
        quality = structs.replace(quality, problems=tuple(dict.fromkeys((*quality.problems, *problems))))
        if Problem.PRIVATE in quality.problems:
            return _private(picture.container, quality, Problem.PRIVATE, spent)
        with _timed(spent, "forgery"):
            examined = examine(picture, reading.lines, fields, self.atlas)
        verdict, reasons = decide(
            quality,
            reading.page,
            fields=fields,
            missing=missing,
            checks=checks,
            findings=examined.findings,
            atlas_state=examined.atlas_state,
        )
        return Inspection(
            verdict=verdict,
            reasons=reasons,
            page=reading.page,
            quality=quality,
            container=picture.container,
            fields=fields,
            missing=missing,
            checks=checks,
            findings=examined.findings,
            atlas=examined.atlas_state,
            lines=reading.lines,
            timings=_rounded(spent),
        )


def _with_code(reading: Reading, known: Expected) -> tuple[FieldRead, ...]:
    """The one-time code that was asked for, wherever it stands: typed into a note, or on paper beside the screen."""
    line = find_code(reading.lines, known.code) if known.code else None
    if known.code is None or line is None:
        return reading.fields
    code = FieldRead(name=FieldName.CODE, value=known.code, text=line.text, box=line.box, score=line.score)
    return (*(field for field in reading.fields if field.name is not FieldName.CODE), code)


def _missing(reading: Reading, known: Expected, checks: Sequence[Check]) -> tuple[FieldName, ...]:
    """What the layout requires and, when a one-time code was asked for, that one."""
    is_shown = any(check.field is FieldName.CODE and check.verdict is CheckVerdict.AGREES for check in checks)
    return reading.missing if not known.code or is_shown else (*reading.missing, FieldName.CODE)


def _private(container: Container, quality: Quality, kind: str, spent: Mapping[str, float]) -> Inspection:
    """Nothing that was read, nothing that could tell whose paper it was: only that there was one."""
    verdict, reasons = decide(quality, "unknown", fields=(), missing=(), checks=(), findings=(), private=str(kind))
    return Inspection(
        verdict=verdict,
        reasons=reasons,
        page="unknown",
        quality=quality,
        container=Container(media_type=container.media_type),
        fields=(),
        missing=(),
        checks=(),
        findings=(),
        timings=_rounded(spent),
    )


@contextmanager
def _timed(spent: dict[str, float], step: str) -> Generator[None]:
    began = perf_counter()
    try:
        yield
    finally:
        spent[step] = spent.get(step, 0.0) + (perf_counter() - began) * MILLISECONDS


def _rounded(spent: Mapping[str, float]) -> dict[str, float]:
    """Milliseconds with a decimal, and their total."""
    steps = {step: round(time, 1) for step, time in spent.items()}
    return {**steps, "total": round(sum(spent.values()), 1)}
