"""A trusted glyph as a messaging app would have made it smaller: along the line, then across it, clipped as bytes are.

Sharpening kernels overshoot at every edge, and white paper or black ink cuts the overshoot off. A sum over a row does not
see that; the glyph's own pixels do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from huiliu.evidence.forgery.glyphs import Floats, InkLine
from huiliu.evidence.forgery.matching import FULL_CONTRAST, Match, Scaling, Style, blur

VARIANTS_TRIED = 3
OFFSETS_TRIED = (-0.08, 0.0, 0.08)
COLUMN_PHASES = (0.0, 0.5)
"""Of a picture's column: where the glyph stood on the native page is not known, and matters little."""
GAIN_MIN, GAIN_MAX = 0.8, 1.5
MARGIN = 4
"""Columns and rows of paper around a glyph, for the kernel's tails."""


def refined(line: InkLine, style: Style, found: Match, *, index: dict[str, list[int]], scaling: Scaling) -> Match:
    """The same match with distances to glyphs that were scaled pixel by pixel."""
    best: Match | None = None
    scaled = _Scaled(line, style, found, index, scaling)
    for shift in OFFSETS_TRIED:
        tried = scaled.at(found.offset + shift)
        if best is None or tried.fit < best.fit:
            best = tried
    return best or found


class _Scaled:
    """The candidates of one line, made smaller along the line once; across it for every offset."""

    def __init__(
        self, line: InkLine, style: Style, found: Match, index: dict[str, list[int]], scaling: Scaling
    ) -> None:
        self._found, self._scaling, self._style, self._line = found, scaling, style, line
        self._choices = [
            list(dict.fromkeys((variant, *index[line.glyphs[glyph].char][: VARIANTS_TRIED - 1])))
            for glyph, variant in zip(found.glyphs, found.variants, strict=True)
        ]
        self._used = sorted({variant for choices in self._choices for variant in choices})
        # Full ink as it was before the overshoot: the gain found so far corrects the guess.
        full = max(line.contrast * min(found.gain, 1.0), 1.0)
        below, above = (line.paper, 255 - line.paper) if line.is_dark else (255 - line.paper, line.paper)
        self._low, self._high = -below / full, above / full
        self._squeezed = self._narrowed()

    def _narrowed(self) -> Floats:
        """(phases, variants, rows, columns) of the picture: coverage after the pass along the line."""
        factor, kernel = self._scaling.factor, self._scaling.kernel
        widest = max(self._style.rasters[variant].shape[1] for variant in self._used) + 2 * MARGIN
        rows = self._style.profiles.shape[1]
        native = np.zeros((len(self._used), rows, widest), np.float32)
        for place, variant in enumerate(self._used):
            raster = self._style.rasters[variant]
            native[place, :, MARGIN : MARGIN + raster.shape[1]] = raster / np.float32(255)
        columns = int(np.ceil(widest * factor)) + 1
        passes = [
            native @ blur(columns, widest, factor=factor, offset=phase / factor, kernel=kernel).T
            for phase in COLUMN_PHASES
        ]
        return np.clip(np.stack(passes), self._low, self._high).astype(np.float32)

    def at(self, offset: float) -> Match:
        factor, found = self._scaling.factor, self._found
        rows = self._line.coverage.shape[0]
        matrix = blur(rows, self._squeezed.shape[2], factor=factor, offset=offset, kernel=self._scaling.kernel)
        shown = np.clip(matrix @ self._squeezed, max(0.0, self._low), self._high).sum(axis=3).mean(axis=0)
        places = {variant: place for place, variant in enumerate(self._used)}
        ink = [self._line.glyphs[glyph].profile for glyph in found.glyphs]
        gain = 1.0
        nearest: list[tuple[float, float, float, int]] = []
        for _ in range(2):
            nearest = [
                min(self._off(mine, shown[places[variant]], variant, gain) for variant in choices)
                for mine, choices in zip(ink, self._choices, strict=True)
            ]
            gain = float(np.clip(np.median([row[2] for row in nearest]), GAIN_MIN, GAIN_MAX))
        return replace(
            found,
            distances=tuple(row[0] for row in nearest),
            strays=tuple(row[1] for row in nearest),
            variants=tuple(row[3] for row in nearest),
            offset=offset,
            gain=gain,
        )

    def _off(self, mine: Floats, theirs: Floats, variant: int, gain: float) -> tuple[float, float, float, int]:
        factor = self._scaling.factor
        height = max(float(self._style.rows[variant]) * factor, 0.6 * self._line.height)
        weight = min(self._line.contrast, FULL_CONTRAST) / FULL_CONTRAST / factor
        residue = mine - np.float32(gain) * theirs
        distance = float(np.abs(residue).sum()) / height * weight
        stray = float(np.sqrt((residue**2).sum() / height)) * weight
        return distance, stray, float(mine.sum()) / max(float(theirs.sum()), 1e-3), variant
