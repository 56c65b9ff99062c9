"""How long one picture takes, how many a host of two cores does in a second, and what a worker weighs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from huiliu.bench.evidence.figures import Figure, Found, markdown, spread
from huiliu.bench.evidence.rivals import small_alone
from huiliu.bench.evidence.trial import exact_fields, expected, try_all
from huiliu.bench.evidence.truth import EDITED, Attack, Kept, Truth
from huiliu.evidence.gate.pixels import Opener
from huiliu.evidence.inspection.many import Setup, Task, inspect_many

P50_MAX, P95_MAX, RATE_MIN, RSS_MAX_MIB = 0.35, 0.6, 5.0, 1126.4
ALONE, WARM, TOGETHER, RIVAL = 90, 10, 240, 40
"""Pictures one after another, those not counted at the start, those by two processes, those for the larger models."""
STEPS = ("gate", "look", "read", "check", "forgery", "total")


def speed(folder: Path, truths: Sequence[Truth], *, atlas: Path | None) -> Found:
    """p50 and p95 with one process on both cores, pictures a second with two, and the peak of a worker's memory."""
    kinds = (*EDITED, Kept.PHOTO)
    chosen = [each for each in truths if each.attack is Attack.NONE and each.container in kinds]
    alone = try_all(folder, chosen[: ALONE + WARM], atlas=atlas, workers=1)[WARM:]
    totals = [each.timings["total"] / 1000 for each in alone if each.verdict is not None]
    p50, p95 = spread(totals)
    rate = _rate(folder, chosen[: TOGETHER + WARM], atlas=atlas)
    cpu50, cpu95 = spread([each.cpu_ms / 1000 for each in alone])
    rss = max((each.rss_mib for each in alone), default=0.0)
    rival = _larger_models(folder, chosen[:RIVAL])
    what = f"{len(totals)} pictures, one process"
    figures = (
        Figure(
            section="speed", what="one picture wholly checked, p50", goal="at most 0.35 s", measured=f"{p50:.2f} s",
            is_met=p50 <= P50_MAX, rival=rival, of=what,
        ),
        Figure(
            section="speed", what="the same, p95", goal="at most 0.6 s", measured=f"{p95:.2f} s", is_met=p95 <= P95_MAX, of=what
        ),
        Figure(
            section="speed", what="processor time of one picture, p50, all threads", measured=f"{cpu50:.2f} s",
            of=f"p95 {cpu95:.2f} s",
        ),
        Figure(
            section="speed", what="pictures a second, two processes", goal="at least 5", measured=f"{rate:.1f}",
            is_met=rate >= RATE_MIN, of=str(len(chosen[: TOGETHER + WARM])),
        ),
        Figure(
            section="speed", what="a worker's memory", goal="at most 1.1 GB", measured=f"{rss / 1024:.2f} GB",
            is_met=rss <= RSS_MAX_MIB, of=what,
        ),
    )  # fmt: skip
    rows = [
        (step, *(f"{value:.0f}" for value in _of_step([each.timings.get(step, 0.0) for each in alone])))
        for step in STEPS
    ]
    return Found(figures=figures, tables=(markdown(("step, ms", "best", "p50", "p95"), rows),))


def _of_step(times: Sequence[float]) -> tuple[float, float, float]:
    return (min(times, default=0.0), *spread(times))


def _rate(folder: Path, truths: Sequence[Truth], *, atlas: Path | None) -> float:
    """Pictures a second once both processes have their models."""
    tasks = [Task(path=str(folder / each.file), expected=expected(each.expect)) for each in truths]
    setup = Setup(atlas="" if atlas is None else str(atlas))
    moments = [perf_counter() for _ in inspect_many(tasks, setup=setup, workers=2)]
    if len(moments) <= WARM + 1:
        return 0.0
    return (len(moments) - WARM - 1) / (moments[-1] - moments[WARM])


def _larger_models(folder: Path, truths: Sequence[Truth]) -> str:
    """Reading alone by the larger models, without the cascade."""
    reader, times, exact, fields = small_alone(threads=2), list[float](), 0, 0
    with Opener() as opener:
        for truth in truths:
            picture = opener.open((folder / truth.file).read_bytes())
            began = perf_counter()
            reading = reader.read(picture)
            times.append(perf_counter() - began)
            exact += exact_fields(truth, {each.name: each.value for each in reading.fields})
            fields += len(truth.fields)
    p50, p95 = spread(times[1:])
    return f"PP-OCRv6 small alone, reading only: p50 {p50:.2f} s, p95 {p95:.2f} s, {exact} of {fields} fields exact"
