"""Cuts a line of text into its characters and measures the ink of each: the ground that forged digits are found on.

OCR boxes are loose, so rows and columns of ink are found here. A line whose ink does not split into the characters that
OCR read is left alone: a wrong cut would look like a forgery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.inspection.model import Box, Line

Floats: TypeAlias = NDArray[np.float32]

SIDE_MIN = 8
"""Pixels: a lower line holds no measurable glyph."""
LINE_HEIGHT_MAX, LINE_WIDTH_MAX, LINE_CHARS_MAX = 260, 4096, 64
"""Beyond these it is no line of a page, or too long to be cut with confidence."""
CONTRAST_MIN = 28.0
"""Grey levels between paper and ink; fainter text carries too little."""
PAPER_SHARE_MIN = 0.35
"""Share of a line's pixels that must be plain paper: pictures and gradients have less."""
PAPER_SPREAD = 8
DEAD_ZONE = 0.03
"""Coverage below this is noise of the container."""
GAP_LEVELS = (0.12, 0.22, 0.35, 0.5)
"""A column is a gap when no pixel of it is darker than this share of full ink; tried in this order."""
PAD_ROWS, PAD_COLUMNS = 6, 2
TILT_MAX = 0.04
"""Rows per column: a photographed or turned line has no row profile."""
SPLIT_COST_MAX = 1.2
PARTS_MAX = 6
"""Into how many separate pieces of ink one Chinese character may fall along the line."""
SIGNS = frozenset(".,:-+/¥￥*%()（）：，。、~·")
DIGITS = frozenset("0123456789")
LOW = frozenset(".,，。、")
TOUCHING_MAX = 3
"""Digits that touch their neighbour in one line."""
_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character: its columns in the picture, its ink per row over the line's window, and the rows it fills."""

    char: str
    left: int
    right: int
    profile: Floats
    top: int
    bottom: int
    """First and one past the last inked row, counted from the window's first row."""

    @property
    def rows(self) -> int:
        """Height of the ink in pixels."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class InkLine:
    """One line that was cut: where its window of rows lies, how dark its ink is, and its glyphs from left to right."""

    index: int
    """Which of the lines that were given."""
    text: str
    first_row: int
    coverage: Floats
    """(rows, columns) from 0 for paper to about 1 for full ink."""
    first_column: int
    contrast: float
    paper: float
    """Grey level of the paper."""
    grain: float
    """Grey levels by which plain paper differs from itself, on average: none on a screenshot that was never a JPEG."""
    is_dark: bool
    """Light ink on dark paper."""
    glyphs: tuple[Glyph, ...]

    @property
    def height(self) -> float:
        """The height of a digit or capital here; what distances are measured against."""
        tall = [glyph.rows for glyph in self.glyphs if glyph.char not in SIGNS]
        return float(np.median(tall)) if tall else float(self.coverage.shape[0] - 2 * PAD_ROWS)

    @property
    def digits(self) -> int:
        """How many digits it holds."""
        return sum(glyph.char in DIGITS for glyph in self.glyphs)

    @property
    def whole(self) -> Box:
        """Where all of its ink lies in the picture."""
        left, right = self.glyphs[0].left, self.glyphs[-1].right
        top = min(glyph.top for glyph in self.glyphs)
        bottom = max(glyph.bottom for glyph in self.glyphs)
        return Box(x=left, y=self.first_row + top, width=max(right - left, 1), height=max(bottom - top, 1))

    def box(self, glyph: Glyph) -> Box:
        """Where a glyph's ink lies in the picture."""
        return Box(
            x=glyph.left,
            y=self.first_row + glyph.top,
            width=max(glyph.right - glyph.left, 1),
            height=max(glyph.rows, 1),
        )

    def raster(self, glyph: Glyph) -> Floats:
        """A glyph's coverage over the line's window of rows."""
        return self.coverage[:, glyph.left - self.first_column : glyph.right - self.first_column]


def is_wide(char: str) -> bool:
    """Whether a character is a Chinese one, which may fall into several pieces of ink."""
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff"


def is_digit(char: str) -> bool:
    """Whether a character is one of those that a forger changes; signs are too small to be measured."""
    return char in DIGITS


def cut_lines(luma: NDArray[np.uint8], lines: Sequence[Line]) -> tuple[InkLine, ...]:
    """All lines whose ink splits into the characters that were read; the others are left out."""
    cut = (cut_line(luma, line, index=index) for index, line in enumerate(lines))
    return tuple(found for found in cut if found is not None)


def cut_line(luma: NDArray[np.uint8], line: Line, *, index: int = 0) -> InkLine | None:
    """One line cut into glyphs, or None when it cannot be done with confidence."""
    chars = [char for char in line.text if not char.isspace()]
    if not 0 < len(chars) <= LINE_CHARS_MAX or _is_tilted(line.quad):
        return None
    window = _window(luma, line.box)
    if window is None:
        return None
    first_row, first_column, pixels = window
    measured = _coverage(pixels)
    if measured is None:
        return None
    coverage, contrast, paper, grain, is_dark = measured
    band = _band(coverage, line.box.y - first_row, line.box.height)
    if band is None:
        return None
    top, bottom = band
    low, high = max(0, top - PAD_ROWS), min(coverage.shape[0], bottom + PAD_ROWS)
    inked = coverage[top:bottom]
    split = _split(inked, chars)
    if split is None:
        return None
    # The pads must hold the same number of rows on every side, so that profiles of different lines can be laid over.
    padded = np.zeros((bottom - top + 2 * PAD_ROWS, coverage.shape[1]), np.float32)
    padded[low - (top - PAD_ROWS) : high - (top - PAD_ROWS)] = coverage[low:high]
    shift = top - PAD_ROWS
    glyphs = tuple(
        _glyph(padded, char, left, right, first_column) for char, (left, right) in zip(chars, split, strict=True)
    )
    if any(glyph.rows == 0 for glyph in glyphs):
        return None
    return InkLine(
        index=index,
        text="".join(chars),
        first_row=first_row + shift,
        coverage=padded,
        first_column=first_column,
        contrast=contrast,
        paper=paper,
        grain=grain,
        is_dark=is_dark,
        glyphs=glyphs,
    )


def _is_tilted(quad: tuple[float, ...]) -> bool:
    if len(quad) != 8 or not all(np.isfinite(quad)):
        return True
    run = quad[2] - quad[0]
    # The corners of a short word are a few pixels off; a photographed page fails by its shapes anyway.
    return run <= 0 or abs(quad[3] - quad[1]) > max(3.0, TILT_MAX * run)


def _window(luma: NDArray[np.uint8], box: Box) -> tuple[int, int, Floats] | None:
    height, width = luma.shape
    if not SIDE_MIN <= box.height <= LINE_HEIGHT_MAX or not SIDE_MIN // 2 <= box.width <= LINE_WIDTH_MAX:
        return None
    margin_y, margin_x = max(4, box.height // 5), max(6, box.height // 4)
    top, bottom = max(0, box.y - margin_y), min(height, box.y + box.height + margin_y)
    left, right = max(0, box.x - margin_x), min(width, box.x + box.width + margin_x)
    if bottom - top < SIDE_MIN or right - left < SIDE_MIN // 2:
        return None
    return top, left, luma[top:bottom, left:right].astype(np.float32)


def _coverage(pixels: Floats) -> tuple[Floats, float, float, float, bool] | None:
    counts = np.bincount(pixels.astype(np.uint8).ravel(), minlength=256)
    mode = int(np.argmax(np.convolve(counts, np.ones(5), mode="same")))
    near = np.abs(pixels - mode) <= PAPER_SPREAD
    if float(near.mean()) < PAPER_SHARE_MIN:
        return None
    paper = float(np.median(pixels[near]))
    dark_ink, light_ink = paper - pixels, pixels - paper
    is_dark = float(np.maximum(light_ink, 0).sum()) > float(np.maximum(dark_ink, 0).sum())
    ink = light_ink if is_dark else dark_ink
    strong = ink[ink > 0.5 * float(np.percentile(ink, 99.5))] if ink.size else ink
    if strong.size == 0:
        return None
    contrast = float(np.percentile(strong, 90))
    if contrast < CONTRAST_MIN:
        return None
    coverage = np.maximum(ink / contrast, 0).astype(np.float32)
    coverage[coverage < DEAD_ZONE] = 0
    return coverage, contrast, paper, float(np.abs(pixels[near] - paper).mean()), is_dark


def _band(coverage: Floats, box_top: int, box_height: int) -> tuple[int, int] | None:
    """The rows of this line's own ink: the run of inked rows that shares most with the box."""
    rows = coverage.max(axis=1) > 0.25
    best: tuple[float, int, int] | None = None
    for start, stop in _merge_close(_runs(rows), 1 + box_height // 8):
        overlap = min(stop, box_top + box_height) - max(start, box_top)
        weight = overlap * float(coverage[start:stop].sum())
        if overlap > 0 and (best is None or weight > best[0]):
            best = (weight, start, stop)
    if best is None or best[2] - best[1] < 3:
        return None
    return best[1], best[2]


def _merge_close(runs: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in runs:
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    return merged


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(edges[at]), int(edges[at + 1])) for at in range(0, edges.size, 2)]


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of inked columns with the rows it fills, as shares of the tallest one."""

    left: int
    right: int
    height: float
    bottom: float


def _split(inked: Floats, chars: list[str]) -> list[tuple[int, int]] | None:
    peaks, sums = inked.max(axis=0), inked.sum(axis=0)
    for level in GAP_LEVELS:
        spans = _runs(peaks > level)
        found = _assign(_measured(inked, spans), chars, height=inked.shape[0])
        if found is not None:
            return _widen(found, sums)
    return _split_touching(inked, _runs(peaks > GAP_LEVELS[0]), chars)


def _split_touching(inked: Floats, spans: list[tuple[int, int]], chars: list[str]) -> list[tuple[int, int]] | None:
    """Digits of another font, or of a small copy, touch: they part at the faintest column between them."""
    if not any(char in DIGITS for char in chars):
        return None
    sums = inked.sum(axis=0)
    # Chinese characters are the widest pieces and part first; that does no harm, since they may have many parts.
    for missing in range(1, TOUCHING_MAX + sum(is_wide(char) for char in chars) + 1):
        found = _assign(_measured(inked, _parted(spans, sums, missing=missing)), chars, height=inked.shape[0])
        if found is not None:
            return _widen(found, sums)
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
        third = (right - left) // 3
        if third < 2:
            break
        middle = left + third + int(np.argmin(sums[left + third : right - third]))
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


def _glyph(coverage: Floats, char: str, left: int, right: int, first_column: int) -> Glyph:
    profile = coverage[:, left:right].sum(axis=1)
    rows = np.flatnonzero(coverage[:, left:right].max(axis=1) > 0.25)
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 0)
    return Glyph(char, first_column + left, first_column + right, profile, top, bottom)
