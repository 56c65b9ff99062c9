"""The whole pipeline over a set of made pictures, as workers run it; of each only what figures are made from is kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time

import msgspec
from msgspec import Struct

from huiliu.bench.evidence.rivals import ELA, error_level
from huiliu.bench.evidence.truth import EDITED, Expect, Truth, TruthField
from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.examine import signals
from huiliu.evidence.gate.pixels import Opener
from huiliu.evidence.inspection.model import CheckVerdict, Expected, FieldName, Inspection, Verdict
from huiliu.evidence.inspection.pipeline import Inspector
from huiliu.evidence.inspection.pool import Died, in_processes
from huiliu.evidence.reading.reader import Reader
from huiliu.kit.errors import Refusal

SEEN = "seen.jsonl"
CORES = 2
"""Threads that all processes use together."""


class Seen(Struct, frozen=True, kw_only=True):
    """What the pipeline said about one picture."""

    truth: Truth
    verdict: Verdict | None
    """None: refused, with `code`."""
    code: str = ""
    reasons: tuple[str, ...] = ()
    page: str = ""
    fields: dict[FieldName, str] = msgspec.field(default_factory=dict[FieldName, str])
    contradicting: tuple[str, ...] = ()
    """Names of the checks that contradict."""
    findings: tuple[tuple[str, FieldName | None], ...] = ()
    """Signal and field."""
    atlas: str = ""
    timings: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    scores: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    """By signal, before any limit; of the containers that are forged."""
    cpu_ms: float = 0.0
    """Processor time of the worker, all threads: what a busy machine does not change."""
    rss_mib: float = 0.0
    """The worker's highest resident memory so far."""

    @property
    def is_contradicted(self) -> bool:
        """The verdict that a person will be asked to confirm."""
        return self.verdict is Verdict.CONTRADICTED


class Setup(Struct, frozen=True, kw_only=True):
    """What every process loads."""

    atlas: str = ""
    threads: int = 1


class Trial(Struct, frozen=True, kw_only=True):
    """One picture to inspect."""

    path: str
    truth: Truth


def try_all(
    folder: Path,
    truths: Sequence[Truth],
    *,
    atlas: Path | None,
    workers: int,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Seen]:
    """Inspect each picture beside its records. Raises RuntimeError when one kills its process."""
    trials = [Trial(path=str(folder / truth.file), truth=truth) for truth in truths]
    setup = Setup(atlas="" if atlas is None else str(atlas), threads=max(1, CORES // workers))
    seen: list[Seen] = []
    for done in in_processes(trials, _work, start=_start, setup=setup, workers=workers):
        if isinstance(done, Died):
            raise RuntimeError(f"inspecting {done.item.path} killed its process")
        seen.append(done)
        progress(len(seen))
    return seen


def write_seen(folder: Path, seen: Iterable[Seen]) -> None:
    """Keep what was seen, so that figures can be made anew without inspecting anew."""
    encoder = msgspec.json.Encoder()
    (folder / SEEN).write_bytes(b"".join(encoder.encode(each) + b"\n" for each in seen))


def read_seen(folder: Path) -> list[Seen]:
    """What the last run kept."""
    decoder = msgspec.json.Decoder(Seen)
    return [decoder.decode(line) for line in (folder / SEEN).read_bytes().splitlines()]


class _Desk:
    """The models of one process."""

    def __init__(self, setup: Setup) -> None:
        self.atlas = Atlas.load(Path(setup.atlas)) if setup.atlas else None
        self.opener = Opener()
        self.opener.__enter__()  # closed with the process
        self.inspector = Inspector(Reader.load(threads=setup.threads), self.atlas, self.opener)


_desks: list[_Desk] = []
"""The one of this process."""


def _start(setup: Setup) -> None:
    _desks.append(_Desk(setup))


def _work(trial: Trial) -> Seen:
    desk = _desks[0]
    truth, timings = trial.truth, dict[str, float]()
    began, used = perf_counter(), process_time()
    try:
        picture = desk.opener.open(Path(trial.path).read_bytes())
    except Refusal as refusal:
        return Seen(truth=truth, verdict=None, code=refusal.code)
    timings["gate"] = (perf_counter() - began) * 1000
    inspection = desk.inspector.inspect_picture(picture, expected(truth.expect), timings=timings)
    cpu, peak = (process_time() - used) * 1000, getrusage(RUSAGE_SELF).ru_maxrss / 1024
    seen = msgspec.structs.replace(_seen(truth, inspection), cpu_ms=cpu, rss_mib=peak)
    if truth.container not in EDITED:
        return seen
    scores = signals(picture, inspection.lines, inspection.fields, desk.atlas)
    return msgspec.structs.replace(seen, scores={**scores, ELA: error_level(picture, inspection.fields)})


def expected(expect: Expect) -> Expected:
    """The records as the pipeline takes them."""
    return msgspec.convert(msgspec.to_builtins(expect), Expected)


def _seen(truth: Truth, inspection: Inspection) -> Seen:
    contradicting = (check.name for check in inspection.checks if check.verdict is CheckVerdict.CONTRADICTS)
    return Seen(
        truth=truth,
        verdict=inspection.verdict,
        reasons=inspection.reasons,
        page=inspection.page,
        fields={each.name: each.value for each in inspection.fields},
        contradicting=tuple(contradicting),
        findings=tuple((each.signal, each.field) for each in inspection.findings),
        atlas=inspection.atlas,
        timings=inspection.timings,
    )


def is_same(field: TruthField, read: str) -> bool:
    """Exactly right. A product's spaces and the width of its brackets are typesetting, which no record is compared by."""
    if field.name is FieldName.PRODUCT:
        return _plain(field.value) == _plain(read)
    return field.value == read


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def wrong_fields(truth: Truth, read: Mapping[FieldName, str]) -> list[str]:
    """Values that were read and do not stand there."""
    printed = {field.name: field for field in truth.fields}
    return [
        f"{truth.file}: {name} {value!r}, printed {printed[name].value if name in printed else None!r}"
        for name, value in read.items()
        if name not in printed or not is_same(printed[name], value)
    ]


def exact_fields(truth: Truth, read: Mapping[FieldName, str]) -> int:
    """How many of the printed fields were read exactly."""
    return sum(field.name in read and is_same(field, read[field.name]) for field in truth.fields)


def missing_fields(truths: Iterable[Seen]) -> list[str]:
    """Printed and not read."""
    return [
        f"{seen.truth.file}: {field.name} {field.text!r}"
        for seen in truths
        for field in seen.truth.fields
        if field.name not in seen.fields
    ]
