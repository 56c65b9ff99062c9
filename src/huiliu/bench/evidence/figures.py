"""What the harness reports: figures with their goals, and tables behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median, quantiles

from msgspec import Struct


class Figure(Struct, frozen=True, kw_only=True):
    """One line of the table. `is_met` is None where nothing was asked for."""

    section: str
    what: str
    measured: str
    goal: str = ""
    is_met: bool | None = None
    rival: str = ""
    """The same by another method."""
    of: str = ""
    """How many were tried."""


class Found(Struct, frozen=True, kw_only=True):
    """What a section found. `broken` is what must never be: the command fails on it."""

    figures: tuple[Figure, ...]
    tables: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


def main_table(figures: Iterable[Figure]) -> str:
    """Markdown."""
    marks = {True: "met", False: "**below**", None: ""}
    rows = [
        (each.section, each.what, each.goal, each.measured, marks[each.is_met], each.rival, each.of) for each in figures
    ]
    return markdown(("", "figure", "goal", "measured", "", "comparator", "of"), rows)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(":---" for _ in heads) + " |"]
    return "\n".join((*lines, *("| " + " | ".join(row) + " |" for row in rows)))


def share(part: int, whole: int) -> str:
    """A percentage, with the count where it is not plain."""
    if whole == 0:
        return "-"
    return f"{100 * part / whole:.2f} %"


def at_least(part: int, whole: int, goal: float) -> bool | None:
    """Whether the share reaches the goal; None when nothing was tried."""
    return part / whole >= goal if whole else None


def at_most(part: int, whole: int, goal: float) -> bool | None:
    """Whether the share stays within the goal."""
    return part / whole <= goal if whole else None


def spread(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    if len(times) < 2:
        return (times[0], times[0]) if times else (0.0, 0.0)
    return median(times), quantiles(times, n=20)[-1]
