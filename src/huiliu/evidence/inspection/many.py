"""Many files, several processes: each loads its models once. A file that kills its process is said, and the rest go on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from huiliu.evidence.errors import GateFailed
from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.storage import AtlasDamaged
from huiliu.evidence.gate.pixels import Opener
from huiliu.evidence.gate.sniff import PICTURE_BYTES_MAX
from huiliu.evidence.inspection.marking import marked
from huiliu.evidence.inspection.model import Expected, Inspection
from huiliu.evidence.inspection.pipeline import Inspector
from huiliu.evidence.inspection.pool import Died, in_processes
from huiliu.evidence.reading.layout import load_layouts
from huiliu.evidence.reading.reader import Reader
from huiliu.kit.errors import Fact, Refusal, all_refusals

TASKS_MAX = 100_000
CORES = 2
"""Threads that the models of all processes use together."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What every process loads."""

    atlas: str = ""
    """A folder, or none."""
    layouts: str = ""
    draw: str = ""
    """A folder for copies with the fields and findings drawn on them, or none."""
    threads: int = CORES


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One file and what is known about it."""

    path: str
    expected: Expected | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a file: an inspection, or a refusal's code and facts."""

    path: str
    inspection: Inspection | None = None
    code: str = ""
    facts: dict[str, Fact] = msgspec.field(default_factory=dict[str, Fact])
    drawn: str = ""

    @property
    def refusal(self) -> Refusal:
        """The refusal of a file that could not be inspected."""
        kind = next((kind for kind in all_refusals() if vars(kind).get("code") == self.code), GateFailed)
        return kind(**self.facts)


class FileUnreadable(Refusal):
    """There is no such file, or it may not be read. facts: detail."""

    code = "evidence_checks.file_unreadable"
    status = 404


class AtlasUnusable(Refusal):
    """There is no whole atlas in this folder. facts: folder."""

    code = "evidence_checks.atlas_unusable"
    status = 422


class InspectionDied(Refusal):
    """The process ended while it worked on this file."""

    code = "evidence_checks.inspection_died"
    status = 500


def inspect_many(tasks: Sequence[Task], *, setup: Setup, workers: int = 1) -> Iterator[Outcome]:
    """What came of each file, in order. One worker is this process; more are processes of their own."""
    assert len(tasks) <= TASKS_MAX, "more files than one call may bring"
    if workers <= 1:
        with Desk(setup) as desk:
            yield from map(desk.inspected, tasks)
        return
    _check_loadable(setup)
    each = msgspec.structs.replace(setup, threads=max(1, CORES // workers))
    for outcome in in_processes(tasks, _work, start=_start, setup=each, workers=workers):
        yield Outcome(path=outcome.item.path, code=InspectionDied.code) if isinstance(outcome, Died) else outcome


def _check_loadable(setup: Setup) -> None:
    """What a process cannot load is told here, as a refusal: a pool would only say that it broke."""
    load_layouts(Path(setup.layouts) if setup.layouts else None)
    if setup.atlas:
        load_atlas(Path(setup.atlas))


class Desk:
    """The models of one process, and what to do with each file."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._stack = ExitStack()

    def __enter__(self) -> Desk:
        layouts = Path(self._setup.layouts) if self._setup.layouts else None
        reader = Reader.load(threads=self._setup.threads, layouts=layouts)
        atlas = load_atlas(Path(self._setup.atlas)) if self._setup.atlas else None
        self._opener = self._stack.enter_context(Opener())
        self._inspector = Inspector(reader, atlas, self._opener)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def inspected(self, task: Task) -> Outcome:
        """One file's outcome; every refusal is one."""
        try:
            data = read_picture(Path(task.path))
            inspection = self._inspector.inspect(data, task.expected)
            drawn = self._drawn(task, data, inspection)
        except Refusal as refusal:
            return Outcome(path=task.path, code=refusal.code, facts=refusal.facts)
        return Outcome(path=task.path, inspection=inspection, drawn=drawn)

    def _drawn(self, task: Task, data: bytes, inspection: Inspection) -> str:
        if not self._setup.draw or not (inspection.fields or inspection.findings):
            return ""
        target = Path(self._setup.draw) / f"{Path(task.path).name}.boxes.png"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(marked(self._opener.open(data), inspection))
        except OSError as error:
            raise FileUnreadable(detail=f"{target}: {error.strerror}") from error
        return str(target)


def load_atlas(folder: Path) -> Atlas:
    """The atlas in a folder. Raises AtlasUnusable."""
    try:
        return Atlas.load(folder)
    except (AtlasDamaged, OSError) as error:
        raise AtlasUnusable(folder=str(folder)) from error


def read_picture(path: Path) -> bytes:
    """A file's bytes, and one more than a picture may have where there are more, for the gate to refuse."""
    return read_file(path, PICTURE_BYTES_MAX)


def read_file(path: Path, bytes_max: int) -> bytes:
    """At most one byte more than `bytes_max`. Raises FileUnreadable."""
    try:
        if not path.is_file():  # a pipe or a device would be waited for without end
            raise FileUnreadable(detail=os.strerror(errno.ENOENT if not path.exists() else errno.EISDIR))
        with path.open("rb") as opened:
            return opened.read(bytes_max + 1)
    except OSError as error:
        raise FileUnreadable(detail=error.strerror or str(error)) from error


_desks: list[Desk] = []
"""The one of this process, when it is a pool's."""


def _start(setup: Setup) -> None:
    _desks.append(Desk(setup).__enter__())


def _work(task: Task) -> Outcome:
    return _desks[0].inspected(task)
