"""A page's lines of text as rows that a person reads: label and value side by side, top down, without the status bar. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from huiliu.evidence.inspection.model import Box, FieldRead, Line

OVERLAP = 0.5
"""Of the lower of two lines' heights: from there on they stand in one row."""


def rows(lines: Iterable[Line], *, clock: FieldRead | None = None) -> tuple[str, ...]:
    """The page's text row by row. `clock` is where the phone's own status bar stands, which is no part of the page."""
    shown = [line for line in lines if line.text.strip() and not (clock and _in_row(clock.box, line.box))]
    grouped: list[list[Line]] = []
    for line in sorted(shown, key=lambda line: line.box.y + line.box.height / 2):
        if grouped and _in_row(grouped[-1][0].box, line.box):
            grouped[-1].append(line)
        else:
            grouped.append([line])
    return tuple("  ".join(each.text.strip() for each in sorted(row, key=lambda it: it.box.x)) for row in grouped)


def _in_row(one: Box, other: Box) -> bool:
    shared = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return shared > OVERLAP * min(one.height, other.height)
