"""Finds which cluster of the atlas a picture is from, natively or scaled, and lays its lines over the cluster's styles."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from huiliu.evidence.forgery.glyphs import InkLine
from huiliu.evidence.forgery.growing import UNKNOWN_CHARS_COST, fit_share
from huiliu.evidence.forgery.matching import Match, Scaling, match
from huiliu.evidence.forgery.references import Cluster
from huiliu.evidence.forgery.scaling import refined
from huiliu.evidence.inspection.picture import Picture

FIT_NATIVE, FIT_SCALED_CLEAN, FIT_SCALED = 0.30, 0.15, 0.40
"""A line whose median glyph is off by less is of this cluster; a scaled PNG has no noise to hide behind."""
SHARES_MIN = (0.5, 0.6)
"""This share of a page's telling lines must fit before anything is said about the rest: of a native picture, of a scaled
one.
"""
FACTOR_MIN, FACTOR_MAX, FACTOR_SAME = 0.3, 1.35, 0.004
PROBES, PROBES_KERNEL = 5, 3
"""Lines on which clusters, and kernels of scaled copies, are told apart before the rest is laid."""
NEAREST, NEAR = 3, 0.35
"""Clusters that fit about as well at first are told apart pixel by pixel: phones share heights to widths, and fonts."""
TELLING_MAX = 10
HEIGHT_OFF_MAX = 3
"""Native pixels by which the height of a scaled copy may differ from its phone's."""
KERNELS_TRIED = ("lanczos", "linear")


@dataclass(frozen=True, slots=True)
class Laid:
    """One line and how it lies over the best style of the cluster; no match when no style has its size."""

    line: InkLine
    style: int | None
    found: Match | None


@dataclass(frozen=True, slots=True)
class Profile:
    """Where a picture belongs."""

    cluster: Cluster
    scaling: Scaling | None
    share: float
    laid: tuple[Laid, ...]


def profile(
    picture: Picture, cut: Sequence[InkLine], clusters: Sequence[Cluster], *, wanted: Collection[int] | None = None
) -> Profile | None:
    """The cluster that a picture is from, or None: an unknown phone, font or size of font is not a forgery.

    `wanted` are the indexes of the lines that matter; others are laid only to tell the cluster. None: all matter.
    """
    if not cut:
        return None
    is_dark = sum(line.is_dark for line in cut) * 2 > len(cut)
    alike = [cluster for cluster in clusters if cluster.is_dark == is_dark]
    ranked = sorted(cut, key=lambda line: (-min(line.digits, 8), -len(line.glyphs)))
    for candidates, share_min in zip(_candidates(picture, alike), SHARES_MIN, strict=True):
        found = _best(candidates, ranked[:PROBES])
        if found is None:
            continue
        telling = {line.index for line in ranked[:TELLING_MAX]}
        shown = [line for line in cut if wanted is None or line.index in wanted or line.index in telling]
        limit = _limit(picture, found[1])
        profiled = _laid_out(*found, shown, telling, limit=limit)
        if profiled.share >= share_min:
            return profiled
    return None


def _limit(picture: Picture, scaling: Scaling | None) -> float:
    if scaling is None:
        return FIT_NATIVE
    return FIT_SCALED_CLEAN if picture.container.media_type == "image/png" else FIT_SCALED


def _candidates(picture: Picture, clusters: Sequence[Cluster]) -> list[list[tuple[Cluster, Scaling | None]]]:
    """Native ones first, then scaled ones whose height is right.

    A picture that was scaled and cropped may as well be another phone with the same font: it stays unknown.
    """
    native: list[tuple[Cluster, Scaling | None]] = []
    scaled: list[tuple[Cluster, Scaling | None]] = []
    for cluster in clusters:
        factor = picture.width / cluster.width
        if abs(factor - 1) < FACTOR_SAME:
            native.append((cluster, None))
        elif FACTOR_MIN <= factor <= FACTOR_MAX and any(
            abs(picture.height / factor - height) <= HEIGHT_OFF_MAX for height in cluster.heights
        ):
            scaled.append((cluster, Scaling(factor, KERNELS_TRIED[0])))
    return [native, scaled]


def _best(
    candidates: Sequence[tuple[Cluster, Scaling | None]], probes: Sequence[InkLine]
) -> tuple[Cluster, Scaling | None] | None:
    ranked = sorted((_off(cluster, scaling, probes), at) for at, (cluster, scaling) in enumerate(candidates))
    if not ranked:
        return None
    first = candidates[ranked[0][1]]
    if first[1] is None:
        return first
    near = [candidates[at] for off, at in ranked[:NEAREST] if off <= ranked[0][0] + NEAR]
    fine: list[tuple[Cluster, Scaling]] = [
        (cluster, Scaling(scaling.factor, kernel))
        for cluster, scaling in near
        if scaling is not None
        for kernel in KERNELS_TRIED
    ]
    offs = [(_off(*each, probes[:PROBES_KERNEL], is_fine=True), at) for at, each in enumerate(fine)]
    return fine[min(offs)[1]]


def _off(cluster: Cluster, scaling: Scaling | None, probes: Sequence[InkLine], *, is_fine: bool = False) -> float:
    tried = (lay(line, cluster, scaling, is_fine=is_fine) for line in probes)
    # A probe that has no style counts as off by one pixel: more than any honest line.
    fits = (laid.found.fit if laid.found else 1.0 for laid in tried)
    return sum(min(fit, 1.0) for fit in fits) / len(probes)


def _laid_out(
    cluster: Cluster, scaling: Scaling | None, shown: Sequence[InkLine], telling: Collection[int], *, limit: float
) -> Profile:
    laid = tuple(lay(line, cluster, scaling, is_fine=True) for line in shown)
    fitting = {each.line.index for each in laid if each.found is not None and each.found.fit <= limit}
    share = fit_share([line for line in shown if line.index in telling], fitting)
    return Profile(cluster, scaling, share, laid)


def lay(line: InkLine, cluster: Cluster, scaling: Scaling | None, *, is_fine: bool = False) -> Laid:
    """A line over the style of a cluster that fits it best; a scaled one pixel by pixel when `is_fine`."""
    best: tuple[float, int, Match] | None = None
    for at, style in enumerate(cluster.styles):
        if style.is_dark != line.is_dark:
            continue
        found = match(line, style, index=cluster.indexes[at], scaling=scaling)
        if found is None:
            continue
        off = found.fit + UNKNOWN_CHARS_COST * (1 - len(found.glyphs) / len(line.glyphs))
        if best is None or off < best[0]:
            best = (off, at, found)
    if best is None:
        return Laid(line, None, None)
    _, at, found = best
    if scaling is not None and is_fine:
        found = refined(line, cluster.styles[at], found, index=cluster.indexes[at], scaling=scaling)
    return Laid(line, at, found)
