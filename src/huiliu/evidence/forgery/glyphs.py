"""Cuts a line of text into its characters and measures the ink of each: the ground that forged digits are found on.

OCR boxes are loose, so rows and columns of ink are found here. A line whose ink does not split into the characters that
OCR read is left alone: a wrong cut would look like a forgery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.forgery.splitting import DIGITS, LOW, SIGNS, Floats, runs_of, split_columns, unkerned
from huiliu.evidence.inspection.model import Box, Line
from huiliu.evidence.inspection.picture import Picture

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
FULL_INK, TINT_SAMPLES = 0.8, 64
PAD_ROWS = 6
"""Rows of paper kept above and below a line."""
TILT_MAX = 0.04
"""Rows per column: a photographed or turned line has no row profile."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character: its columns in the picture, its ink per row over the line's window, and the rows it fills."""

    char: str
    left: int
    right: int
    ink: Floats
    """(rows, columns) of coverage over the line's window."""
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
    tint: float
    """How coloured the ink is beside its paper, 0 for black or grey to 1: JPEG spoils coloured text more."""
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


def cut_lines(picture: Picture, lines: Sequence[Line]) -> tuple[InkLine, ...]:
    """All lines whose ink splits into the characters that were read; the others are left out."""
    cut = (cut_line(picture, line, index=index) for index, line in enumerate(lines))
    return tuple(found for found in cut if found is not None)


def cut_line(picture: Picture, line: Line, *, index: int = 0) -> InkLine | None:
    """One line cut into glyphs, or None when it cannot be done with confidence."""
    chars = [char for char in line.text if not char.isspace()]
    if not 0 < len(chars) <= LINE_CHARS_MAX or _is_tilted(line.quad):
        return None
    window = _window(picture.luma, line.box)
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
    # The pads must hold the same number of rows on every side, so that profiles of different lines can be laid over.
    padded = np.zeros((bottom - top + 2 * PAD_ROWS, coverage.shape[1]), np.float32)
    padded[low - (top - PAD_ROWS) : high - (top - PAD_ROWS)] = coverage[low:high]
    shift = top - PAD_ROWS
    split = _glyphs(padded, chars, first_column)
    if split is None:
        return None
    padded, glyphs = split
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
        tint=_tint(picture.rgb, coverage, first_row, first_column),
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


def _tint(rgb: NDArray[np.uint8], coverage: Floats, first_row: int, first_column: int) -> float:
    rows, columns = coverage.shape
    shown = rgb[first_row : first_row + rows, first_column : first_column + columns].reshape(-1, 3)
    flat = coverage.ravel()
    full, none = np.flatnonzero(flat > FULL_INK), np.flatnonzero(flat == 0)
    if not full.size or not none.size:
        return 0.0
    ink = shown[full[:: max(1, full.size // TINT_SAMPLES)]].mean(axis=0, dtype=np.float32)
    away = ink - shown[none[:: max(1, none.size // TINT_SAMPLES)]].mean(axis=0, dtype=np.float32)
    return float(away.max() - away.min()) / 255


def _band(coverage: Floats, box_top: int, box_height: int) -> tuple[int, int] | None:
    """The rows of this line's own ink: the run of inked rows that shares most with the box."""
    rows = coverage.max(axis=1) > 0.25
    best: tuple[float, int, int] | None = None
    for start, stop in _merge_close(runs_of(rows), 1 + box_height // 8):
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


def _glyphs(padded: Floats, chars: list[str], first_column: int) -> tuple[Floats, tuple[Glyph, ...]] | None:
    spans = split_columns(padded[PAD_ROWS:-PAD_ROWS], chars)
    columns = np.arange(padded.shape[1], dtype=np.intp)
    if spans is None and any(char in LOW for char in chars):
        freed = unkerned(padded)
        if freed is not None:
            padded, columns = freed
            spans = split_columns(padded[PAD_ROWS:-PAD_ROWS], chars)
    if spans is None:
        return None
    glyphs = [
        _glyph(padded, char, left, right, first_column + int(columns[left]))
        for char, (left, right) in zip(chars, spans, strict=True)
    ]
    return padded, tuple(glyphs)


def _glyph(coverage: Floats, char: str, start: int, stop: int, left: int) -> Glyph:
    ink = coverage[:, start:stop]
    rows = np.flatnonzero(ink.max(axis=1) > 0.25)
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 0)
    return Glyph(char, left, left + stop - start, ink, ink.sum(axis=1), top, bottom)
