"""Finds which cluster of the atlas a picture is from, natively or scaled down, and lays every line over its styles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from huiliu.evidence.forgery.glyphs import InkLine
from huiliu.evidence.forgery.growing import fit_share
from huiliu.evidence.forgery.matching import Match, Scaling, match
from huiliu.evidence.forgery.references import Cluster
from huiliu.evidence.inspection.picture import Picture

FIT_NATIVE, FIT_SCALED = 0.30, 0.45
"""A line whose median glyph is off by less is of this cluster."""
SHARE_MIN = 0.5
"""This share of a page's telling lines must fit before anything is said about the rest."""
FACTOR_MIN, FACTOR_MAX = 0.3, 0.995
PROBES = 5
"""Lines on which clusters, and kernels of scaled copies, are told apart before the rest is laid."""
KERNELS_TRIED = ("lanczos", "linear", "box")


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


def profile(picture: Picture, cut: Sequence[InkLine], clusters: Sequence[Cluster]) -> Profile | None:
    """The cluster that a picture is from, or None: an unknown phone, font or size of font is not a forgery."""
    if not cut:
        return None
    is_dark = sum(line.is_dark for line in cut) * 2 > len(cut)
    alike = [cluster for cluster in clusters if cluster.is_dark == is_dark]
    native = [(cluster, None) for cluster in alike if cluster.width == picture.width]
    found = _best(native, cut, limit=FIT_NATIVE)
    if found is not None:
        return found
    scaled = [
        (cluster, Scaling(picture.width / cluster.width, kernel))
        for cluster in alike
        if FACTOR_MIN <= picture.width / cluster.width <= FACTOR_MAX
        for kernel in KERNELS_TRIED
    ]
    return _best(scaled, cut, limit=FIT_SCALED)


def _best(
    candidates: Iterable[tuple[Cluster, Scaling | None]], cut: Sequence[InkLine], *, limit: float
) -> Profile | None:
    ranked = sorted(cut, key=lambda line: (-min(line.digits, 8), line.index))
    probes = ranked[:PROBES]
    best: tuple[float, Cluster, Scaling | None] | None = None
    for cluster, scaling in candidates:
        laid = [lay(line, cluster, scaling) for line in probes]
        # A probe that has no style counts as off by one pixel: more than any honest line.
        off = sum(min(each.found.fit, 1.0) if each.found else 1.0 for each in laid) / len(laid)
        if best is None or off < best[0]:
            best = (off, cluster, scaling)
    if best is None:
        return None
    _, cluster, scaling = best
    laid = tuple(lay(line, cluster, scaling) for line in cut)
    fitting = {each.line.index for each in laid if each.found is not None and each.found.fit <= limit}
    share = fit_share(cut, fitting)
    return Profile(cluster, scaling, share, laid) if share >= SHARE_MIN else None


def lay(line: InkLine, cluster: Cluster, scaling: Scaling | None) -> Laid:
    """A line over the style of a cluster that fits it best."""
    best: tuple[float, int, Match] | None = None
    for at, style in enumerate(cluster.styles):
        if style.is_dark != line.is_dark:
            continue
        found = match(line, style, index=cluster.indexes[at], scaling=scaling)
        if found is None:
            continue
        # A style that knows more of the line's characters says more than one that happens to know its colon.
        off = found.fit + 0.3 * (1 - len(found.glyphs) / len(line.glyphs))
        if best is None or off < best[0]:
            best = (off, at, found)
    return Laid(line, best[1], best[2]) if best else Laid(line, None, None)
