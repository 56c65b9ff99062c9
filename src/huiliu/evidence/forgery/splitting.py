"""Which columns of a line's ink are which character: a plan of least cost over its pieces of ink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

GAP_LEVELS = (0.12, 0.22, 0.35, 0.5)
"""A column is a gap when no pixel of it is darker than this share of full ink; tried in this order."""
SPLIT_COST_MAX = 1.2
PARTS_MAX = 6
"""Into how many separate pieces of ink one Chinese character may fall along the line."""
TOUCHING_MAX = 3
"""Digits that touch their neighbour in one line."""
TOUCHING_LEVELS = (0.12, 0.3)
DOT_HEIGHT_MAX = 0.3
"""Of a digit's height: what is no higher and no wider is a dot."""
SIGNS = frozenset(".,:-+/¥￥*%()（）：，。、~·")
DIGITS = frozenset("0123456789")
LOW = frozenset(".,，。、")
PAD_COLUMNS = 2
"""Columns of soft edge kept on each side of a glyph."""
_NEVER = float("inf")


def is_wide(char: str) -> bool:
    """Whether a character is a Chinese one, which may fall into several pieces of ink."""
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff"


def is_digit(char: str) -> bool:
    """Whether a character is one of those that a forger changes; signs are too small to be measured."""
    return char in DIGITS


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of inked columns with the rows it fills, as shares of the tallest one."""

    left: int
    right: int
    height: float
    bottom: float


def split_columns(inked: Floats, chars: list[str]) -> list[tuple[int, int]] | None:
    """The columns of each character, or None when the ink does not fall into them with confidence."""
    peaks, sums = inked.max(axis=0), inked.sum(axis=0)
    for level in GAP_LEVELS:
        spans = runs_of(peaks > level)
        found = _assign(_measured(inked, spans), chars, height=inked.shape[0])
        if found is not None:
            return _widen(found, sums)
    if not any(char in DIGITS for char in chars):
        return None
    for level in TOUCHING_LEVELS:
        found = _split_touching(inked, runs_of(peaks > level), chars)
        if found is not None:
            return _widen(found, sums)
    return None


def unkerned(coverage: Floats) -> tuple[Floats, NDArray[np.intp]] | None:
    """The line with dots moved out from under a neighbour's arm (7.), and which column each column was; None without any.

    Kerning lets them share columns, so that no column parts them; their pixels do not touch.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats((coverage > 0.2).astype(np.uint8), connectivity=8)
    whole = max((int(stats[at, cv2.CC_STAT_HEIGHT]) for at in range(1, count)), default=0)
    pieces = [(int(left), int(width), int(height), at) for at, (left, _, width, height, _) in enumerate(stats) if at]
    columns = np.arange(coverage.shape[1], dtype=np.intp)
    moved = coverage
    for left, width, height, label in sorted(pieces, reverse=True):
        if height > DOT_HEIGHT_MAX * whole or width > DOT_HEIGHT_MAX * whole:
            continue
        arms = [
            other
            for other in pieces
            if other[2] > whole / 2 and other[0] < left < other[0] + other[1] < left + 2 * width
        ]
        if arms:
            end = max(arm[0] + arm[1] for arm in arms)
            moved, columns = _moved(moved, columns, labels == label, left=left, right=left + width, end=end)
    return None if moved is coverage else (moved, columns)


def _moved(
    coverage: Floats, columns: NDArray[np.intp], dot: NDArray[np.bool_], *, left: int, right: int, end: int
) -> tuple[Floats, NDArray[np.intp]]:
    # Everything to the right of this dot has been moved already, so these columns are still the picture's.
    soft = np.zeros(coverage.shape, np.bool_)
    soft[:, : dot.shape[1]] = cv2.dilate(dot.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)
    before, alone = np.where(soft, 0, coverage)[:, :end], np.where(soft, coverage, 0)
    start, rest = max(0, left - 1), max(right + 1, end)
    gap = np.zeros((coverage.shape[0], PAD_COLUMNS), np.float32)
    moved = np.concatenate((before, gap, alone[:, start:rest], coverage[:, rest:]), axis=1)
    places = np.concatenate((columns[:end], np.full(PAD_COLUMNS, columns[start]), columns[start:rest], columns[rest:]))
    return moved.astype(np.float32), places


def _split_touching(inked: Floats, spans: list[tuple[int, int]], chars: list[str]) -> list[tuple[int, int]] | None:
    """Digits of another font, or of a small copy, touch: they part at the faintest column between them."""
    sums = inked.sum(axis=0)
    # Chinese characters are the widest pieces and part first; that does no harm, since they may have many parts.
    for missing in range(1, TOUCHING_MAX + sum(is_wide(char) for char in chars) + 1):
        found = _assign(_measured(inked, _parted(spans, sums, missing=missing)), chars, height=inked.shape[0])
        if found is not None:
            return found
    return None


def _measured(inked: Floats, spans: list[tuple[int, int]]) -> list[_Run]:
    rows = [np.flatnonzero(inked[:, left:right].max(axis=1) > 0.25) for left, right in spans]
    whole = max((int(found[-1] - found[0]) + 1 for found in rows if found.size), default=1)
    return [
        _Run(left, right, (int(found[-1] - found[0]) + 1) / whole, (int(found[-1]) + 1) / inked.shape[0])
        if found.size
        else _Run(left, right, 0.0, 1.0)
        for (left, right), found in zip(spans, rows, strict=True)
    ]


def _parted(spans: list[tuple[int, int]], sums: Floats, *, missing: int) -> list[tuple[int, int]]:
    parted = list(spans)
    for _ in range(missing):
        if not parted:
            break
        at = max(range(len(parted)), key=lambda place: parted[place][1] - parted[place][0])
        left, right = parted[at]
        edge = (right - left) // 3
        if edge < 2:
            break
        middle = left + edge + int(np.argmin(sums[left + edge : right - edge]))
        parted[at : at + 1] = [(left, middle), (middle, right)]
    return parted


def _assign(runs: list[_Run], chars: list[str], *, height: int) -> list[tuple[int, int]] | None:
    """Gives each character its runs of ink so that widths and heights make sense; None when no way is good enough."""
    wide = sum(is_wide(char) for char in chars)
    if len(runs) < len(chars) or len(runs) > 4 * wide + len(chars) + 4:
        return None
    plans = _plans(runs, chars, height / (0.92 if wide else 0.73))
    last = min(range(len(runs) + 1), key=lambda at: plans[len(chars)][at][0] + _skip_cost(len(runs) - at))
    cost = plans[len(chars)][last][0] + _skip_cost(len(runs) - last)
    if cost > SPLIT_COST_MAX * len(chars) ** 0.5 + 2.0:
        return None
    spans: list[tuple[int, int]] = []
    for count in range(len(chars), 0, -1):
        parts = plans[count][last][1]
        spans.append((runs[last - parts].left, runs[last - 1].right))
        last -= parts
    return spans[::-1]


def _plans(runs: list[_Run], chars: list[str], em: float) -> list[list[tuple[float, int]]]:
    """Cheapest cost, and the pieces its last character took, for the first `i` characters in the first `j` runs."""
    plans: list[list[tuple[float, int]]] = [[(_skip_cost(at), 0) for at in range(len(runs) + 1)]]
    spare = len(runs) - len(chars)
    for count, char in enumerate(chars, start=1):
        before, row = plans[-1], _nowhere(len(runs) + 1)
        most = PARTS_MAX if is_wide(char) else 1
        for at in range(count, min(len(runs), count + spare) + 1):
            for parts in range(1, min(most, at) + 1):
                base = before[at - parts][0]
                if base >= row[at][0]:
                    continue
                cost = base + _shape_cost(char, runs[at - parts : at], em)
                if cost < row[at][0]:
                    row[at] = (cost, parts)
        plans.append(row)
    return plans


def _nowhere(count: int) -> list[tuple[float, int]]:
    return [(_NEVER, 0)] * count


def _skip_cost(runs: int) -> float:
    """Ink before or after the text that OCR did not read: an arrow, a neighbour's edge."""
    return 1.5 * runs if runs <= 2 else _NEVER


def _shape_cost(char: str, runs: list[_Run], em: float) -> float:
    width = (runs[-1].right - runs[0].left) / em
    height = runs[0].height
    if is_wide(char):
        return _NEVER if width > 1.12 else ((width - 0.9) / 0.25) ** 2 * 0.25
    if char in DIGITS:
        return _NEVER if width > 0.82 or width < 0.1 or height < 0.6 else 0.0
    if char in LOW:
        return _NEVER if height > 0.45 or runs[0].bottom < 0.55 else 0.0
    if char == "-":
        return _NEVER if height > 0.4 else 0.0
    return _NEVER if width > 1.2 else 0.0


def _widen(spans: list[tuple[int, int]], sums: Floats) -> list[tuple[int, int]]:
    """Takes the soft edges in: up to PAD_COLUMNS on each side, and never past the faintest column of a gap."""
    widened: list[tuple[int, int]] = []
    for at, (left, right) in enumerate(spans):
        before = spans[at - 1][1] if at else max(0, left - PAD_COLUMNS)
        after = spans[at + 1][0] if at + 1 < len(spans) else min(sums.size, right + PAD_COLUMNS)
        low = before + int(np.argmin(sums[before:left])) if before < left else left
        high = right + int(np.argmin(sums[right:after])) if right < after else right
        widened.append((max(low, left - PAD_COLUMNS), min(max(high, right), right + PAD_COLUMNS)))
    return widened


def runs_of(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where each unbroken stretch begins and ends."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(edges[at]), int(edges[at + 1])) for at in range(0, edges.size, 2)]
