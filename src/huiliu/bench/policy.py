"""How fast policies are judged, explained, advised on, judged by the million, back-tested and checked, beside others.

Every engine's answers are compared with ours before its clock is read.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from huiliu.bench.stack import machine

MICRO = 1e6
MILLI = 1e3


class Row(msgspec.Struct, frozen=True):
    """One line: what was done, by whom, and how long (or how many a second) it took in several runs."""

    task: str
    engine: str
    unit: str
    best: float | None = None
    median: float | None = None
    worst: float | None = None
    ratio: float | None = None
    """How many times slower than Huiliu at the same task."""
    goal: str = ""
    note: str = ""


class Sizes(msgspec.Struct, frozen=True):
    """How much is done of everything."""

    singles: int = 2_000
    batch_rows: int = 10_000_000
    claims: int = 10_000_000
    runs: int = 5
    lint_clauses: tuple[int, ...] = (50, 200)


QUICK = Sizes(singles=50, batch_rows=20_000, claims=3_000, runs=2, lint_clauses=(20,))


class Timed(msgspec.Struct, frozen=True):
    """Seconds of several runs of the same."""

    seconds: tuple[float, ...]

    def row(
        self,
        task: str,
        engine: str,
        *,
        unit: str,
        each: float,
        ours: Timed | None = None,
        goal: str = "",
        note: str = "",
    ) -> Row:
        """As a line. `each` is how many were done in a run; a unit that ends in /s is a rate."""
        is_rate = unit.endswith("/s")
        factor = {"µs": MICRO, "ms": MILLI, "s": 1.0}.get(unit, 1 / MICRO)
        best, median, worst = min(self.seconds), statistics.median(self.seconds), max(self.seconds)
        first, middle, last = (each / s * factor if is_rate else s / each * factor for s in (best, median, worst))
        ratio = None if ours is None else median / statistics.median(ours.seconds)
        return Row(task, engine, unit, first, middle, last, ratio, goal, note)


def timed(run: Callable[[], object], runs: int) -> Timed:
    """Run something once to warm up, then several times."""
    run()
    seconds: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return Timed(tuple(seconds))


def bench_policy(sizes: Sizes, *, progress: Callable[[str], None] = lambda _: None) -> tuple[list[Row], list[str]]:
    """Every line, and what was wrong (nothing, one hopes): an answer that differs from `judge`'s or from ours."""
    from huiliu.bench import policy_batches, policy_singles  # they need this module's Row

    rows: list[Row] = []
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        steps: tuple[Callable[[], tuple[list[Row], list[str]]], ...] = (
            lambda: policy_singles.bench_singles(sizes),
            lambda: policy_batches.bench_batches(sizes),
            lambda: policy_batches.bench_backtest(sizes, Path(folder) / "claims.parquet"),
            lambda: policy_singles.bench_lint(sizes),
        )
        for step in steps:
            found, wrong = step()
            rows += found
            problems += wrong
            progress(found[-1].task if found else "")
    return rows, problems


def table(rows: list[Row]) -> str:
    """The lines as a Markdown table with what it ran on."""
    lines = [
        f"`huiliu bench policy` on {machine()}. Median of the runs, with the best and the worst.",
        "",
        "| task | engine | unit | median | best | worst | times ours | goal | notes |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for row in rows:
        if row.median is None:
            lines.append(f"| {row.task} | {row.engine} | | {row.note} | | | | | |")
            continue
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
        numbers = " | ".join(f"{number or 0:,.2f}" for number in (row.median, row.best, row.worst))
        lines.append(f"| {row.task} | {row.engine} | {row.unit} | {numbers} | {ratio} | {row.goal} | {row.note} |")
    return "\n".join(lines)
