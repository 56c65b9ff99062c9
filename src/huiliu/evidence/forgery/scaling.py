"""A trusted glyph as a messaging app would have made it smaller: along the line, then across it, clipped as bytes are.

Sharpening kernels overshoot at every edge, and white paper or black ink cuts the overshoot off. A sum over a row does not
see that; the glyph's own pixels do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.forgery.glyphs import Floats, InkLine
from huiliu.evidence.forgery.matching import FULL_CONTRAST, Match, Scaling, Style, blur, middle

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
        choices = [
            list(dict.fromkeys((variant, *index[line.glyphs[glyph].char][: VARIANTS_TRIED - 1])))
            for glyph, variant in zip(found.glyphs, found.variants, strict=True)
        ]
        sizes = [len(each) for each in choices]
        tried = [variant for each in choices for variant in each]
        self._used = sorted(set(tried))
        place = {variant: at for at, variant in enumerate(self._used)}
        self._variants = np.array(tried, np.int32)
        self._places = np.array([place[variant] for variant in tried], np.int32)
        self._own = np.repeat(np.arange(len(sizes)), sizes)
        self._starts = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
        self._ours = np.stack([line.glyphs[glyph].profile for glyph in found.glyphs])[self._own]
        self._heights = np.maximum(style.rows[self._variants] * scaling.factor, 0.6 * line.height).astype(np.float32)
        self._weight = np.float32(min(line.contrast, FULL_CONTRAST) / FULL_CONTRAST / scaling.factor)
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
        """Distances with the line laid at one place."""
        factor = self._scaling.factor
        rows = self._line.coverage.shape[0]
        matrix = blur(rows, self._squeezed.shape[2], factor=factor, offset=offset, kernel=self._scaling.kernel)
        shown = np.clip(matrix @ self._squeezed, max(0.0, self._low), self._high).sum(axis=3).mean(axis=0)
        theirs = shown[self._places]
        strength = self._ours.sum(axis=1) / np.maximum(theirs.sum(axis=1), 1e-3)
        _, nearest = self._nearest(theirs, 1.0)
        gain = float(np.clip(middle(strength[nearest]), GAIN_MIN, GAIN_MAX))
        off, nearest = self._nearest(theirs, gain)
        residue = self._ours[nearest] - np.float32(gain) * theirs[nearest]
        strays = np.sqrt((residue**2).sum(axis=1) / self._heights[nearest]) * self._weight
        distances = off[nearest]
        return replace(
            self._found,
            distances=tuple(distances.tolist()),
            strays=tuple(strays.tolist()),
            variants=tuple(self._variants[nearest].tolist()),
            offset=offset,
            gain=gain,
            fit=middle(distances),
        )

    def _nearest(self, theirs: Floats, gain: float) -> tuple[Floats, NDArray[np.intp]]:
        off = np.abs(self._ours - np.float32(gain) * theirs).sum(axis=1) / self._heights * self._weight
        least = np.flatnonzero(off == np.minimum.reduceat(off, self._starts)[self._own])
        return off, least[np.searchsorted(least, self._starts)]
