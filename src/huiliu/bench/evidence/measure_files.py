"""Clips and hostile uploads: how long they take, what is found in them, and whether anything hostile survives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter

from huiliu.bench.evidence.figures import Figure, Found, markdown, share, spread
from huiliu.bench.evidence.hostile import PAYLOAD, Sample, samples
from huiliu.bench.evidence.videos import Filmed, VideoTruth, read_videos
from huiliu.evidence.gate.rebuild import rebuild
from huiliu.evidence.inspection.model import FieldName
from huiliu.evidence.reading.reader import Reader
from huiliu.evidence.video.code import find_code
from huiliu.evidence.video.model import VideoProblem
from huiliu.evidence.video.read import VideoReading, read_video
from huiliu.evidence.video.watch import watch
from huiliu.kit.errors import Refusal

VIDEO_SECONDS_MAX, UPLOAD_SECONDS_MAX, UPLOADS_MIN = 3.0, 1.0, 40
SAID = (FieldName.ORDER_NO, FieldName.AMOUNT, FieldName.TRADE_NO, FieldName.PAID_AT, FieldName.ACCOUNT)
"""What of a clip is looked for in what was read of it."""
MARKS = (b"<script", b"<?php", b"PK\x03\x04", PAYLOAD)


def video(folder: Path) -> Found:
    """Each clip looked at and read as a worker does it."""
    reader = Reader.load(threads=2)
    results = [_watched(folder, truth, reader) for truth in read_videos(folder)]
    times = [result.seconds for result in results]
    p50, p95 = spread(times)
    said, found = sum(result.said for result in results), sum(result.found for result in results)
    wrong = [line for result in results for line in result.wrong]
    stills = [result for result in results if result.truth.filmed is Filmed.STILL]
    moving = [result for result in results if result.truth.filmed is not Filmed.STILL]
    coded = [result for result in results if result.truth.code]
    figures = (
        Figure(
            section="video", what="12 to 15 s of video looked at and read, p50", goal="at most 3 s", measured=f"{p50:.1f} s",
            is_met=p50 <= VIDEO_SECONDS_MAX, of=f"{len(times)} clips, p95 {p95:.1f} s",
        ),
        Figure(section="video", what="values of clips found", measured=share(found, said), of=str(said)),
        Figure(section="video", what="wrong values", goal="0", measured=str(len(wrong)), is_met=not wrong, of=str(said)),
        Figure(
            section="video", what="still pictures passed off as video", measured=_of(result.is_still for result in stills),
            of=f"{_of(result.is_still for result in moving)} of the others",
        ),
        Figure(section="video", what="one-time codes found", measured=_of(result.has_code for result in coded), of=str(len(coded))),
    )  # fmt: skip
    rows = [
        (
            result.truth.file,
            f"{result.seconds:.1f}",
            f"{result.cpu:.1f}",
            f"{result.found}/{result.said}",
            str(result.scenes),
        )
        for result in results
    ]
    listed = ("wrong:\n" + "\n".join(f"  {line}" for line in wrong),) if wrong else ()
    return Found(figures=figures, tables=(markdown(("clip", "s", "s of processor", "values", "scenes"), rows), *listed))


class _Watched:
    """What came of one clip."""

    def __init__(self, truth: VideoTruth, reading: VideoReading, *, seconds: float, cpu: float, is_still: bool) -> None:
        values = {(each.name, each.value) for each in truth.said if each.name in SAID}
        read = {(each.name, each.value) for each in reading.fields if each.name in SAID}
        self.truth, self.seconds, self.cpu, self.is_still = truth, seconds, cpu, is_still
        self.scenes = len(reading.readings)
        names = {name for name, _ in values}
        self.said = len(names)
        self.found = len({name for name, _ in values & read})
        self.wrong = [f"{truth.file}: {name} {value}" for name, value in sorted(read - values)]
        self.has_code = bool(truth.code) and any(find_code(each.lines, truth.code) for each in reading.readings)


def _watched(folder: Path, truth: VideoTruth, reader: Reader) -> _Watched:
    data = (folder / truth.file).read_bytes()
    began, used = perf_counter(), _processor()
    look = watch(data)
    reading = read_video(look, reader)
    seconds, cpu = perf_counter() - began, _processor() - used
    return _Watched(
        truth, reading, seconds=seconds, cpu=cpu, is_still=VideoProblem.STILL_AS_VIDEO in look.facts.problems
    )


def _processor() -> float:
    """Seconds of processor time, of this process and of those that it waited for."""
    own, children = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _of(facts: Iterable[bool]) -> str:
    known = list(facts)
    return f"{sum(known)} of {len(known)}"


def hostile() -> Found:
    """Each hostile upload through the gate: refused, or only its pixels come out."""
    results = asyncio.run(_through_the_gate(list(samples())))
    survived = [name for name, _, survives in results if survives]
    slow = [(name, seconds) for name, seconds, _ in results if seconds > UPLOAD_SECONDS_MAX]
    times = [seconds for _, seconds, _ in results]
    worst = max(times, default=0.0)
    figures = (
        Figure(
            section="uploads", what="hostile uploads of which anything survives", goal="0 of at least 40",
            measured=str(len(survived)), is_met=not survived and len(results) >= UPLOADS_MIN, of=str(len(results)),
        ),
        Figure(
            section="uploads", what="the slowest", goal="at most 1 s", measured=f"{worst:.2f} s", is_met=not slow,
            of=f"p50 {spread(times)[0]:.2f} s",
        ),
    )  # fmt: skip
    return Found(figures=figures, broken=tuple(f"survives the gate: {name}" for name in survived))


async def _through_the_gate(each: Sequence[Sample]) -> list[tuple[str, float, bool]]:
    """Name, seconds, and whether something of it came through."""
    results: list[tuple[str, float, bool]] = []
    for sample in each:
        began = perf_counter()
        try:
            shown = (await rebuild(sample.data)).data
        except Refusal:
            survives = False
        else:
            survives = not sample.accepted or any(mark in shown for mark in MARKS)
        results.append((sample.name, perf_counter() - began, survives))
    return results
