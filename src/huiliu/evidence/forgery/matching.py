"""Lays the glyphs of one line over trusted glyphs of one style and says how far each is off.

Skia puts glyphs on a quarter-pixel grid along the line but on whole rows, so the ink per row of an honest digit is nearly
the same wherever it stands. A messaging app scales the whole page: its rows are then a known blur of the native ones, at
one row phase for the whole line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.forgery.glyphs import Floats, InkLine

Ints: TypeAlias = NDArray[np.int32]

ROWS_OFF_MAX = 1
"""A trusted glyph may be this many rows higher or lower than the one it vouches for (more for big ones, below)."""
ROWS_OFF_SHARE = 0.045
SHIFTS = (-1, 0, 1)
PHASES, FINER = (-1.0, -0.5, 0.0, 0.5, 1.0), (0.25, 0.1)
"""Native rows around the estimate at which a scaled line is tried, and the steps around the best of them."""
GAIN_NATIVE, GAIN_SCALED = (0.94, 1.06), (0.85, 1.5)
"""How far the strength of ink of one line may be corrected: full ink is a guess, above all where scaling made strokes pale.
Colours of text share their shapes, so that a status in green is measured by what the same words look like in black.
"""
FULL_CONTRAST = 220.0
"""Grey levels at which a distance counts fully: faint text is measured less well."""


@dataclass(frozen=True, slots=True)
class Style:
    """Trusted glyphs of one size, weight and colour on one kind of phone. All arrays have one entry a variant."""

    chars: tuple[str, ...]
    profiles: Floats
    """(variants, rows): ink per row, all in the same rows."""
    tops: Ints
    rows: Ints
    pictures: Ints
    """From how many different pictures a variant was seen."""
    rasters: tuple[NDArray[np.uint8], ...]
    """(rows, columns) grey, 255 for full ink, in the same rows."""
    widths: Floats
    contrast: float
    is_dark: bool
    seen: int
    """Pictures that hold a line of this style."""

    def by_char(self) -> dict[str, list[int]]:
        """Where each character's variants stand."""
        index: dict[str, list[int]] = {}
        for at, char in enumerate(self.chars):
            index.setdefault(char, []).append(at)
        return index


@dataclass(frozen=True, slots=True)
class Scaling:
    """How a picture was made from a native one: picture pixels per native pixel, and by which resampling kernel."""

    factor: float
    kernel: str


@dataclass(frozen=True, slots=True)
class Match:
    """A line laid over a style. One entry per glyph that has a reference, in `glyphs` (positions in the line)."""

    glyphs: tuple[int, ...]
    distances: tuple[float, ...]
    """Pixels of ink a row, at full contrast."""
    strays: tuple[float, ...]
    """The same as distances by root mean square, which a few rows that are far off weigh more in than noise in all."""
    variants: tuple[int, ...]
    """The nearest variant of each."""
    offset: float
    """Style row = line row / factor + offset."""
    gain: float
    fit: float
    """How well the line as a whole fits: its median glyph, which one or two forged digits do not move."""


def match(line: InkLine, style: Style, *, index: dict[str, list[int]], scaling: Scaling | None = None) -> Match | None:
    """The best way to lay a line over a style, or None when nothing is comparable or the size is another."""
    return _match(line, style, index=index, scaling=scaling, at_any_size=False)


def match_at_any_size(
    line: InkLine, style: Style, *, index: dict[str, list[int]], scaling: Scaling | None = None
) -> Match | None:
    """The same where the style is known otherwise: None only when no character of the line is known in it."""
    return _match(line, style, index=index, scaling=scaling, at_any_size=True)


def _match(
    line: InkLine, style: Style, *, index: dict[str, list[int]], scaling: Scaling | None, at_any_size: bool
) -> Match | None:
    factor = scaling.factor if scaling else 1.0
    pairs = _pairs(line, index)
    if pairs is None:
        return None
    glyph_at, variant_at, starts, known = pairs
    offset = _offset(line, style, glyph_at, variant_at, scaling, at_any_size=at_any_size)
    if offset is None:
        return None
    ink = np.stack([line.glyphs[at].profile for at in known])
    used, places = np.unique(variant_at, return_inverse=True)
    overlay = _Overlay(
        ink=ink,
        profiles=style.profiles[used],
        places=places,
        own=np.repeat(np.arange(len(known)), np.diff(np.append(starts, glyph_at.size))),
        starts=starts,
        heights=np.maximum(style.rows[variant_at] * factor, 0.6 * line.height),
        weight=min(line.contrast, FULL_CONTRAST) / FULL_CONTRAST / factor,
        scaling=scaling,
    )
    laid = _best(overlay, offset)
    return Match(
        glyphs=tuple(known),
        distances=tuple(laid.distances.tolist()),
        strays=tuple(laid.strays.tolist()),
        variants=tuple(variant_at[laid.choices].tolist()),
        offset=laid.offset,
        gain=laid.gain,
        fit=laid.fit,
    )


def _pairs(line: InkLine, index: dict[str, list[int]]) -> tuple[Ints, Ints, Ints, list[int]] | None:
    """Every glyph with every variant of its character: glyph, variant, where each glyph's pairs start, known glyphs."""
    known = [at for at, glyph in enumerate(line.glyphs) if glyph.char in index]
    if not known:
        return None
    variants = [index[line.glyphs[at].char] for at in known]
    sizes = [len(found) for found in variants]
    starts = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
    return (
        np.repeat(np.array(known, np.int32), sizes),
        np.concatenate([np.array(found, np.int32) for found in variants]),
        starts,
        known,
    )


def _offset(
    line: InkLine, style: Style, glyph_at: Ints, variant_at: Ints, scaling: Scaling | None, *, at_any_size: bool
) -> float | None:
    """Where the style's rows lie over the line's: what most pairs of equal height say."""
    factor, is_scaled = (scaling.factor, True) if scaling else (1.0, False)
    tops = np.array([glyph.top for glyph in line.glyphs], np.float32)[glyph_at]
    rows = np.array([glyph.rows for glyph in line.glyphs], np.float32)[glyph_at]
    expected = style.rows[variant_at] * factor
    allowed = np.maximum(ROWS_OFF_MAX + (0.5 if is_scaled else 0.0), ROWS_OFF_SHARE * expected)
    same = np.abs(rows - expected) <= allowed
    # Half of the glyphs must have a partner of their height: otherwise the line is set in another size.
    if at_any_size:
        same = np.ones_like(same)
    elif np.unique(glyph_at[same]).size * 2 < np.unique(glyph_at).size:
        return None
    offsets = style.tops[variant_at][same] - tops[same] / factor
    if is_scaled:
        return float(np.median(offsets))
    values, counts = np.unique(np.rint(offsets), return_counts=True)
    return float(values[np.argmax(counts)])


@dataclass(frozen=True, slots=True)
class _Laying:
    offset: float
    distances: Floats
    strays: Floats
    choices: NDArray[np.intp]
    gain: float
    fit: float


@dataclass(frozen=True, slots=True)
class _Overlay:
    """A line's glyphs and the variants that each is measured against, pair by pair."""

    ink: Floats
    profiles: Floats
    places: NDArray[np.intp]
    """For each pair, which of `profiles`."""
    own: NDArray[np.intp]
    """For each pair, which of `ink`."""
    starts: Ints
    heights: Floats
    weight: float
    scaling: Scaling | None

    def at(self, offset: float) -> _Laying:
        """Distances with the line laid at one place."""
        rows = self.profiles.shape[1]
        if self.scaling is None:
            ink, shown = _shifted(self.ink, round(offset), rows), self.profiles
        else:
            factor = self.scaling.factor
            matrix = blur(self.ink.shape[1], rows, factor=factor, offset=offset, kernel=self.scaling.kernel)
            ink, shown = self.ink, np.maximum(self.profiles @ matrix.T * np.float32(factor), 0)
        ours, theirs, gain = ink[self.own], shown[self.places], 1.0
        strength, full = ours.sum(axis=1), np.maximum(theirs.sum(axis=1), 1e-3)
        off, choices = self._nearest(ours, theirs, gain)
        gain = float(
            np.clip(middle(strength[choices] / full[choices]), *(GAIN_SCALED if self.scaling else GAIN_NATIVE))
        )
        off, choices = self._nearest(ours, theirs, gain)
        distances = off[choices]
        residue = ours[choices] - np.float32(gain) * theirs[choices]
        strays = np.sqrt((residue**2).sum(axis=1) / self.heights[choices]) * np.float32(self.weight)
        return _Laying(offset, distances, strays, choices, gain, middle(distances))

    def _nearest(self, ours: Floats, theirs: Floats, gain: float) -> tuple[Floats, NDArray[np.intp]]:
        off = np.abs(ours - np.float32(gain) * theirs).sum(axis=1) / self.heights * np.float32(self.weight)
        least = np.flatnonzero(off == np.minimum.reduceat(off, self.starts)[self.own])
        return off, least[np.searchsorted(least, self.starts)]


def middle(values: Floats) -> float:
    """The median, several times faster than numpy's on the few numbers of a line."""
    ranked = np.sort(values)
    return float(ranked[(ranked.size - 1) // 2] + ranked[ranked.size // 2]) / 2


def _best(overlay: _Overlay, offset: float) -> _Laying:
    if overlay.scaling is None:
        return min((overlay.at(offset + shift) for shift in SHIFTS), key=lambda laid: laid.fit)
    best = min((overlay.at(offset + phase) for phase in PHASES), key=lambda laid: laid.fit)
    for step in FINER:
        both = (overlay.at(best.offset - step), overlay.at(best.offset + step))
        best = min((best, *both), key=lambda laid: laid.fit)
    return best


def _shifted(ink: Floats, shift: int, rows: int) -> Floats:
    placed = np.zeros((ink.shape[0], rows), np.float32)
    low, high = max(0, shift), min(rows, shift + ink.shape[1])
    if low < high:
        placed[:, low:high] = ink[:, low - shift : high - shift]
    return placed


def blur(rows: int, native: int, *, factor: float, offset: float, kernel: str) -> Floats:
    """(rows, native): how much of each native row is in each row of a picture scaled by `factor`, as Pillow weighs it."""
    centres = (np.arange(rows, dtype=np.float32) + 0.5) / factor + offset
    # Making larger, the kernel keeps its width in native rows; making smaller, it widens to take all of them in.
    away = np.abs(np.arange(native, dtype=np.float32)[None, :] + 0.5 - centres[:, None]) * np.float32(min(factor, 1.0))
    weights = _KERNELS[kernel][np.minimum(away * TABLE_STEPS, TABLE_STEPS * TABLE_REACH).astype(np.int32)]
    total = weights.sum(axis=1, keepdims=True)
    return (weights / np.where(np.abs(total) < 1e-6, 1, total)).astype(np.float32)


def _table(weigh: Callable[[Floats], Floats]) -> Floats:
    away = (np.arange(TABLE_STEPS * TABLE_REACH + 1, dtype=np.float32) + 0.5) / TABLE_STEPS
    weights = weigh(away.astype(np.float32)).astype(np.float32)
    weights[-1] = 0
    return weights


def _lanczos(away: Floats) -> Floats:
    return np.where(away < 3, np.sinc(away) * np.sinc(away / 3), 0).astype(np.float32)


def _linear(away: Floats) -> Floats:
    return np.maximum(1 - away, 0).astype(np.float32)


TABLE_STEPS, TABLE_REACH = 256, 4
_KERNELS: dict[str, Floats] = {"lanczos": _table(_lanczos), "linear": _table(_linear)}
"""How apps make pictures smaller or larger, by the distance from a row's middle."""
