"""The atlas: what digits, signs and words look like on pictures whose claims the rail confirmed, by kind of phone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from huiliu.evidence.forgery import storage
from huiliu.evidence.forgery.borrowing import lend
from huiliu.evidence.forgery.growing import PICTURES_MIN, AtlasGrower, GrowingCluster
from huiliu.evidence.forgery.limits import Limits
from huiliu.evidence.forgery.matching import Style
from huiliu.evidence.forgery.references import AtlasParts, Cluster
from huiliu.evidence.forgery.shots import glyph_shot
from huiliu.evidence.inspection.model import FieldRead, Line
from huiliu.evidence.inspection.picture import Picture

SAMPLE_CHARS = "0123456789.:-"


@dataclass(frozen=True, slots=True)
class StyleSummary:
    """One size of text in a cluster, for the page that manages the atlas."""

    height: float
    contrast: float
    pictures: int
    variants: dict[str, int]
    """How many shapes of each character are known."""
    samples: tuple[tuple[str, str], ...]
    """(character, grey PNG in base64) of the best-known shape of some characters."""


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """One kind of phone, for the page that manages the atlas."""

    name: str
    width: int
    heights: tuple[int, ...]
    is_dark: bool
    pictures: int
    digits_known: int
    """Of the ten digits in the best-known style."""
    styles: tuple[StyleSummary, ...]


@dataclass(frozen=True, slots=True)
class Atlas:
    """Clusters of trusted glyphs. It never changes: growing, merging and retiring make another one."""

    clusters: tuple[Cluster, ...]
    pictures: int
    limits: Limits | None = None
    """Limits that were calibrated for this atlas; without them those that ship with this version hold."""

    @property
    def version(self) -> str:
        """A hash of everything in it: two atlases with one version judge alike."""
        return storage.version(AtlasParts(self.clusters, self.pictures, self.limits))

    @property
    def variants(self) -> int:
        """How many shapes it holds."""
        return sum(len(style.chars) for cluster in self.clusters for style in cluster.styles)

    def save(self, folder: Path) -> None:
        """Writes `atlas.npz` and `atlas.json` into a folder, the manifest last: half an atlas is not loaded."""
        storage.save(AtlasParts(self.clusters, self.pictures, self.limits), folder)

    @classmethod
    def load(cls, folder: Path) -> Atlas:
        """Reads an atlas back; raises `AtlasDamaged` when the two files are not of one atlas."""
        parts = storage.load(folder)
        return cls(parts.clusters, parts.pictures, parts.limits)

    def merge(self, other: Atlas) -> Atlas:
        """Both together; a cluster that both have (by name) is the one of more pictures."""
        best: dict[str, Cluster] = {}
        for cluster in (*self.clusters, *other.clusters):
            held = best.get(cluster.name)
            if held is None or cluster.pictures > held.pictures:
                best[cluster.name] = cluster
        return Atlas(tuple(best.values()), self.pictures + other.pictures, self.limits)

    def with_limits(self, limits: Limits) -> Atlas:
        """The same glyphs, judged by limits that were made for them."""
        return replace(self, limits=limits)

    def retire(self, name: str) -> Atlas:
        """Without one cluster: an old system version, or one that was built from pictures that turned out false."""
        return replace(self, clusters=tuple(cluster for cluster in self.clusters if cluster.name != name))

    def describe(self) -> tuple[ClusterSummary, ...]:
        """What is in it, the best-known cluster first."""
        ranked = sorted(self.clusters, key=lambda cluster: -cluster.pictures)
        return tuple(_summary(cluster) for cluster in ranked)


class AtlasBuilder:
    """Collects pictures that the caller vouches for: the rail confirmed the claim that each belongs to."""

    def __init__(self) -> None:
        self._grower = AtlasGrower()
        self._taken = 0

    def add(self, picture: Picture, lines: Sequence[Line], fields: Sequence[FieldRead]) -> bool:
        """Learns one picture; False when it holds too little text or is a poor copy."""
        taken = self._grower.add(picture, lines, fields)
        self._taken += taken
        return taken

    def build(self) -> Atlas:
        """The atlas of everything added so far, without shapes that only one picture shows."""
        clusters: list[Cluster] = []
        for grown in self._grower.clusters:
            if len(grown.pictures) > PICTURES_MIN:
                cluster = _cluster(grown)
                if cluster.styles:
                    clusters.append(cluster)
        return Atlas(_named_apart([_as_saved(cluster) for cluster in lend(clusters)]), self._taken)


def _cluster(grown: GrowingCluster) -> Cluster:
    styles: list[Style] = []
    places: dict[int, int] = {}
    for at, growing in enumerate(grown.styles):
        style = growing.trimmed()
        if style is not None:
            places[at] = len(styles)
            styles.append(style)
    roles = {
        role: {places[at]: len(seen) for at, seen in by_style.items() if at in places}
        for role, by_style in grown.roles.items()
    }
    totals = {role: len(set[int]().union(*by_style.values())) for role, by_style in grown.roles.items()}
    return Cluster(
        name=storage.cluster_name(grown.width, is_dark=grown.is_dark, styles=styles),
        width=grown.width,
        heights=tuple(height for height, _ in grown.heights.most_common(6)),
        is_dark=grown.is_dark,
        pictures=len(grown.pictures),
        styles=tuple(styles),
        roles=roles,
        role_pictures=totals,
    )


def _named_apart(clusters: list[Cluster]) -> tuple[Cluster, ...]:
    """Two phones with digits of one size get names of their own: the one that was seen more keeps the plain one."""
    taken: Counter[str] = Counter()
    names: dict[int, str] = {}
    for at in sorted(range(len(clusters)), key=lambda place: -clusters[place].pictures):
        name = clusters[at].name
        taken[name] += 1
        names[at] = name if taken[name] == 1 else f"{name}-{taken[name]}"
    return tuple(replace(cluster, name=names[at]) for at, cluster in enumerate(clusters))


def _as_saved(cluster: Cluster) -> Cluster:
    """With profiles as the file will hold them, so that an atlas judges alike before and after it was saved."""
    halved = (replace(style, profiles=style.profiles.astype(np.float16).astype(np.float32)) for style in cluster.styles)
    return replace(cluster, styles=tuple(halved))


def _summary(cluster: Cluster) -> ClusterSummary:
    ranked = sorted(cluster.styles, key=lambda style: -style.seen)
    known = max((len(set(style.chars) & set("0123456789")) for style in cluster.styles), default=0)
    return ClusterSummary(
        name=cluster.name,
        width=cluster.width,
        heights=cluster.heights,
        is_dark=cluster.is_dark,
        pictures=cluster.pictures,
        digits_known=known,
        styles=tuple(_style_summary(style) for style in ranked),
    )


def _style_summary(style: Style) -> StyleSummary:
    counts = {char: style.chars.count(char) for char in dict.fromkeys(style.chars)}
    samples: list[tuple[str, str]] = []
    for char in SAMPLE_CHARS:
        places = [at for at, known in enumerate(style.chars) if known == char]
        if places:
            best = max(places, key=lambda at: int(style.pictures[at]))
            samples.append((char, glyph_shot(style.rasters[best])))
    return StyleSummary(
        height=float(np.median(style.rows)),
        contrast=style.contrast,
        pictures=style.seen,
        variants=counts,
        samples=tuple(samples),
    )
