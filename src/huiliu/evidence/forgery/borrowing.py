"""One phone in its light and its dark theme: what one theme has not shown yet is taken from the other.

The shapes are the same; light ink on dark paper is drawn a little stronger, by one power for all coverages. That power is
measured on the characters that both themes show, and only pairs that agree closely with it lend to each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from huiliu.evidence.forgery.glyphs import DIGITS, Floats
from huiliu.evidence.forgery.matching import Style
from huiliu.evidence.forgery.references import Cluster

POWERS = tuple(float(power) for power in np.round(np.arange(0.6, 1.7, 0.05), 2))
AGREE_MAX = 0.06
"""Pixels of ink a row between a lent and an own shape, at the median."""
SHARED_MIN = 6
"""Digits that both themes must have shown for the power to be known."""
SHIFTS = range(-1, 2)
ROWS_AROUND = 4


def lend(clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
    """All clusters, each with what its other theme knows beyond it."""
    return tuple(_enriched(cluster, clusters) for cluster in clusters)


def _enriched(cluster: Cluster, clusters: Sequence[Cluster]) -> Cluster:
    best: tuple[float, float, Cluster] | None = None
    for other in clusters:
        if other.width != cluster.width or other.is_dark == cluster.is_dark:
            continue
        agreed = _power(cluster, other)
        if agreed is not None and (best is None or agreed[0] < best[0]):
            best = (*agreed, other)
    return cluster if best is None else _with(cluster, best[2], power=best[1])


def _power(cluster: Cluster, other: Cluster) -> tuple[float, float] | None:
    """How far off shapes are at the best power, and that power."""
    own = [(style, at) for style in cluster.styles for at, char in enumerate(style.chars) if char in DIGITS]
    theirs = [(style, at) for style in other.styles for at, char in enumerate(style.chars) if char in DIGITS]
    pairs = [[there for there in theirs if _is_alike(style, at, *there)] for style, at in own]
    known = [(mine, partners) for mine, partners in zip(own, pairs, strict=True) if partners]
    if len(known) < SHARED_MIN:
        return None
    offs = [
        (
            float(np.median([min(_off(*mine, *there, power=power) for there in partners) for mine, partners in known])),
            power,
        )
        for power in POWERS
    ]
    least = min(offs)
    return least if least[0] <= AGREE_MAX else None


def _is_alike(style: Style, at: int, other: Style, there: int) -> bool:
    return style.chars[at] == other.chars[there] and abs(int(style.rows[at]) - int(other.rows[there])) <= 1


def _off(style: Style, at: int, other: Style, there: int, *, power: float) -> float:
    rows = int(style.rows[at])
    mine = _cut(style.profiles[at], int(style.tops[at]) - ROWS_AROUND, rows + 2 * ROWS_AROUND)
    lent = _profile(other, there, power=power)
    return min(
        float(np.abs(mine - _cut(lent, int(other.tops[there]) - ROWS_AROUND + shift, mine.size)).sum()) / rows
        for shift in SHIFTS
    )


def _cut(profile: Floats, start: int, rows: int) -> Floats:
    shown = np.zeros(rows, np.float32)
    low, high = max(0, start), min(profile.size, start + rows)
    if low < high:
        shown[low - start : high - start] = profile[low:high]
    return shown


def _profile(style: Style, at: int, *, power: float) -> Floats:
    return ((style.rasters[at].astype(np.float32) / 255) ** np.float32(power)).sum(axis=1, dtype=np.float32)


def _with(cluster: Cluster, other: Cluster, *, power: float) -> Cluster:
    styles = list(cluster.styles)
    places: dict[int, int] = {}
    for there, source in enumerate(other.styles):
        if source.is_dark != other.is_dark:
            continue
        lent = _in_other_theme(source, power=power, is_dark=cluster.is_dark)
        found = _same_size(cluster, lent)
        if found is None:
            styles.append(lent)
            places[there] = len(styles) - 1
        else:
            at, shift = found
            styles[at] = _joined(styles[at], lent, shift=shift)
            places[there] = at
    roles = {role: dict(by_style) for role, by_style in cluster.roles.items()}
    totals = dict(cluster.role_pictures)
    for role, by_style in other.roles.items():
        totals[role] = totals.get(role, 0) + other.role_pictures.get(role, 0)
        mine = roles.setdefault(role, {})
        for there, seen in by_style.items():
            if there in places:
                mine[places[there]] = mine.get(places[there], 0) + seen
    return replace(cluster, styles=tuple(styles), roles=roles, role_pictures=totals)


def _in_other_theme(style: Style, *, power: float, is_dark: bool) -> Style:
    inked = [
        np.rint((raster.astype(np.float32) / 255) ** np.float32(power) * 255).astype(np.uint8)
        for raster in style.rasters
    ]
    profiles = np.stack([_profile(style, at, power=power) for at in range(len(style.chars))])
    return replace(style, profiles=profiles, rasters=tuple(inked), is_dark=is_dark)


def _same_size(cluster: Cluster, lent: Style) -> tuple[int, int] | None:
    """The cluster's style that shows the same shapes at the same size, and how many rows lower it has them."""
    best: tuple[float, int, int] | None = None
    for at, style in enumerate(cluster.styles):
        if style.is_dark != lent.is_dark:
            continue
        index = cluster.indexes[at]
        shared = [
            (mine, there)
            for there, char in enumerate(lent.chars)
            for mine in index.get(char, ())
            if _is_alike(style, mine, lent, there)
        ]
        if not shared:
            continue
        off = float(np.median([_off(style, mine, lent, there, power=1.0) for mine, there in shared]))
        shift = round(float(np.median([int(style.tops[mine]) - int(lent.tops[there]) for mine, there in shared])))
        if off <= 2 * AGREE_MAX and (best is None or off < best[0]):
            best = (off, at, shift)
    return None if best is None else (best[1], best[2])


def _joined(style: Style, lent: Style, *, shift: int) -> Style:
    new = [at for at, char in enumerate(lent.chars) if char not in style.chars]
    if not new:
        return style
    rows = style.profiles.shape[1]
    rasters: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []
    for at in new:
        placed = np.zeros((rows, lent.rasters[at].shape[1]), np.uint8)
        low, high = max(0, shift), min(rows, shift + lent.rasters[at].shape[0])
        if low < high:
            placed[low:high] = lent.rasters[at][low - shift : high - shift]
        rasters.append(placed)
    return replace(
        style,
        chars=(*style.chars, *(lent.chars[at] for at in new)),
        profiles=np.concatenate([style.profiles, np.stack([_cut(lent.profiles[at], -shift, rows) for at in new])]),
        tops=np.concatenate([style.tops, lent.tops[new] + np.int32(shift)]),
        rows=np.concatenate([style.rows, lent.rows[new]]),
        pictures=np.concatenate([style.pictures, lent.pictures[new]]),
        rasters=(*style.rasters, *rasters),
        widths=np.concatenate([style.widths, lent.widths[new]]),
    )
