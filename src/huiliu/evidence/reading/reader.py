"""Reading one picture: tiny models first, the small ones where a required field is missing or in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

import cv2
import msgspec
import numpy as np

from huiliu.evidence.inspection.model import FieldName, FieldRead, Line
from huiliu.evidence.inspection.picture import Bytes, Picture
from huiliu.evidence.reading.engine import Engine, Floats
from huiliu.evidence.reading.extract import Extracted, extract
from huiliu.evidence.reading.layout import UNKNOWN_PAGE, Layouts, load_layouts, pages_for_slot
from huiliu.evidence.reading.private import private_document
from huiliu.evidence.reading.turns import TURNS, field_back, line_back, turned
from huiliu.evidence.reading.weights import Size
from huiliu.evidence.slots import SlotCode

SENSE_MIN = 0.8
"""Mean score of the widest lines from which text is taken to stand upright."""
SAMPLE = 8
"""Lines that are read to find out which way up a picture is."""
SAMPLE_SHAPE_MIN = 1.5
UPRIGHT_MARGIN = 0.05
"""How much better a turn must read than the picture as it is."""
SECOND_LOOK_LINES_MIN = 3
"""A page that no layout fits is read again only when there is something to read."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture says. All coordinates are those of the picture that was given, whichever way up it was."""

    lines: tuple[Line, ...]
    page: str
    fields: tuple[FieldRead, ...]
    missing: tuple[FieldName, ...]
    engine: str
    """tiny, or small when the second step was needed."""
    turn: int = 0
    """Degrees clockwise by which the picture had to be turned to be read."""
    private: str | None = None
    """id_card, bank_card, passport ...: a paper that must not be kept."""

    def field(self, name: FieldName) -> FieldRead | None:
        """The field of this name, if it was read."""
        return next((found for found in self.fields if found.name is name), None)


class Reader:
    """Both engines and the layouts; make one a process and keep it."""

    def __init__(self, tiny: Engine, small: Engine, layouts: Layouts) -> None:
        self.layouts = layouts
        self._tiny = tiny
        self._small = small

    @classmethod
    def load(cls, *, threads: int = 2, layouts: Path | None = None) -> Reader:
        """Load the models from their wheels; `layouts` is a folder of more layout files. Raises BadLayout."""
        cv2.setNumThreads(threads)
        known = load_layouts(layouts)
        return cls(Engine(Size.TINY, threads=threads), Engine(Size.SMALL, threads=threads), known)

    def read(self, picture: Picture) -> Reading:
        """Lines, page and fields of a picture."""
        height, width = picture.rgb.shape[:2]
        turn, rgb, quads = self._upright(picture.rgb)
        lines = self._tiny.recognise(rgb, quads)
        first = extract(lines, self.layouts)
        found, engine = first, Size.TINY
        if _wants_second_look(first, lines):
            again = self._small.recognise(rgb, quads)
            second = extract(again, self.layouts)
            if second.missing or second.page == UNKNOWN_PAGE:
                fresh = self._small.scan(rgb)
                third = extract(fresh, self.layouts)
                if len(third.missing) < len(second.missing) or second.page == UNKNOWN_PAGE:
                    again, second = fresh, third
            lines, found, engine = again, agreed(first, second), Size.SMALL
        return Reading(
            lines=tuple(line_back(line, turn, width=width, height=height) for line in lines),
            page=found.page,
            fields=tuple(field_back(field, turn, width=width, height=height) for field in found.fields),
            missing=found.missing,
            engine=engine.value,
            turn=turn,
            private=private_document(lines) if found.page == UNKNOWN_PAGE else None,
        )

    def required_fields(self, page: str) -> tuple[FieldName, ...]:
        """What a complete page of this kind shows."""
        return self.layouts[page].required if page in self.layouts else ()

    def pages_for_slot(self, slot: SlotCode) -> tuple[str, ...]:
        """Which kinds of page may fill this evidence slot."""
        return pages_for_slot(slot, self.layouts)

    def _upright(self, rgb: Bytes) -> tuple[int, Bytes, Floats]:
        """The turn that makes most sense, the picture so turned, and where its text is."""
        quads = self._tiny.find(rgb)
        if not len(quads):
            return 0, rgb, quads
        lying = _is_lying(quads)
        sense = 0.0 if lying else self._sense(rgb, quads)
        if sense >= SENSE_MIN:
            return 0, rgb, quads
        best = (sense + UPRIGHT_MARGIN, 0, rgb, quads)
        for turn in TURNS[1::2] if lying else TURNS[2:3]:
            other = turned(rgb, turn)
            found = self._tiny.find(other)
            best = max(best, (self._sense(other, found), turn, other, found), key=lambda tried: tried[0])
        return best[1], best[2], best[3]

    def _sense(self, rgb: Bytes, quads: Floats) -> float:
        """How sure the recogniser is of the widest lines: text upside down reads as rare characters, unsurely."""
        sizes = _sizes(quads)
        wide = np.argsort(-sizes[:, 0] * (sizes[:, 0] > SAMPLE_SHAPE_MIN * sizes[:, 1]), kind="stable")[:SAMPLE]
        lines = self._tiny.recognise(rgb, quads[wide])
        return sum(line.score for line in lines) / max(1, len(wide))


def agreed(first: Extracted, second: Extracted) -> Extracted:
    """Two engines' readings of one picture: what either is sure of and the other does not deny, or both say alike."""
    if first.page != second.page:
        kept = second if first.page == UNKNOWN_PAGE else first
        if UNKNOWN_PAGE not in (first.page, second.page):
            kept = second
        return _without_doubtful(kept)
    fields: list[FieldRead] = []
    for name in FieldName:
        field = _agreed_field(name, first, second)
        if field is not None:
            fields.append(field)
    return _with_fields(second, fields)


def _agreed_field(name: FieldName, first: Extracted, second: Extracted) -> FieldRead | None:
    one, other = first.field(name), second.field(name)
    if one is not None and other is not None:
        if one.value == other.value:
            return other
        sure = [field for field, whole in ((one, first), (other, second)) if name not in whole.doubtful]
        return sure[0] if len(sure) == 1 else None
    single, whole = (one, first) if one is not None else (other, second)
    return None if single is None or name in whole.doubtful else single


def _without_doubtful(found: Extracted) -> Extracted:
    return _with_fields(found, [field for field in found.fields if field.name not in found.doubtful])


def _with_fields(found: Extracted, fields: Sequence[FieldRead]) -> Extracted:
    return msgspec.structs.replace(found, fields=tuple(fields), doubtful=frozenset[FieldName]())


def _wants_second_look(first: Extracted, lines: Sequence[Line]) -> bool:
    if first.page == UNKNOWN_PAGE:
        return len(lines) >= SECOND_LOOK_LINES_MIN and _score(lines) < SENSE_MIN
    return bool(first.missing or first.doubtful)


def _score(lines: Iterable[Line]) -> float:
    scores = [line.score for line in lines]
    return fmean(scores) if scores else 0.0


def _is_lying(quads: Floats) -> bool:
    """Whether most text runs from top to bottom: a photo taken sideways."""
    sizes = _sizes(quads)
    tall = sizes[:, 1] > SAMPLE_SHAPE_MIN * sizes[:, 0]
    wide = sizes[:, 0] > SAMPLE_SHAPE_MIN * sizes[:, 1]
    area = sizes[:, 0] * sizes[:, 1]
    return bool(area[tall].sum() > area[wide].sum())


def _sizes(quads: Floats) -> Floats:
    """Width and height of each region."""
    wide = np.hypot(*(quads[:, 1] - quads[:, 0]).T)
    tall = np.hypot(*(quads[:, 3] - quads[:, 0]).T)
    return np.column_stack([wide, tall]).astype(np.float32)
