"""Grows an atlas picture by picture: which phone a picture is from, which size of text a line is, which shapes repeat.

Nothing is named: pictures that agree in width, theme and the shapes of their characters are one cluster. A shape counts
only when several pictures show it, or when it lies close to one that they show, so no picture vouches for itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.forgery.glyphs import SIGNS, Floats, InkLine, cut_lines
from huiliu.evidence.forgery.matching import Match, Style, match
from huiliu.evidence.inspection.model import Box, FieldRead, Line
from huiliu.evidence.inspection.picture import Picture

JOIN_FIT = 0.30
"""A line whose median glyph is this near belongs to a style."""
SAME_SHAPE = {"png": 0.03, "jpeg": 0.08}
"""A glyph this near to a variant is that variant."""
NEAR_SHAPE = 0.16
"""A shape of one picture is kept when it is this near to one that several pictures show."""
LINES_SHARE_MIN = 0.5
LINES_MIN = 3
DIGITS_MIN = 4
"""A line with this many digits tells fonts apart."""
PICTURES_MIN = 2
"""Different pictures that must show a shape before it vouches for others; a style and a cluster need one more."""
VARIANTS_MAX = 14
STYLES_MAX = 120
UNKNOWN_CHARS_COST = 0.3
"""A style that knows more of a line's characters says more than one that happens to know its colon."""
CLUSTERS_MAX = 400
QUALITY_MIN = 78
"""JPEG below this is a copy of a copy: its shapes would teach the blur of one app."""
LABEL_ENDS = " :："
COLUMNS_MAX, ROWS_MAX = 200, 400


_Fits: TypeAlias = "tuple[tuple[int, Match], ...]"


@dataclass(slots=True, eq=False)
class _Shape:
    char: str
    profile: Floats
    top: int
    rows: int
    width: float
    raster: NDArray[np.uint8]
    weight: float
    pictures: set[int]


@dataclass(slots=True)
class GrowingStyle:
    """Shapes of one size of text while it grows."""

    rows: int
    contrast: float
    is_dark: bool
    shapes: dict[str, list[_Shape]] = field(default_factory=dict[str, "list[_Shape]"])
    pictures: set[int] = field(default_factory=set[int])
    _frozen: tuple[Style, dict[str, list[int]]] | None = None

    def view(self) -> tuple[Style, dict[str, list[int]]]:
        """The style as it is now, for matching."""
        if self._frozen is None:
            style = self.freeze([shape for shapes in self.shapes.values() for shape in shapes])
            self._frozen = style, style.by_char()
        return self._frozen

    def freeze(self, shapes: list[_Shape]) -> Style:
        """These shapes as arrays."""
        return Style(
            chars=tuple(shape.char for shape in shapes),
            profiles=np.stack([shape.profile for shape in shapes]) if shapes else np.zeros((0, self.rows), np.float32),
            tops=np.array([shape.top for shape in shapes], np.int32),
            rows=np.array([shape.rows for shape in shapes], np.int32),
            pictures=np.array([len(shape.pictures) for shape in shapes], np.int32),
            rasters=tuple(shape.raster for shape in shapes),
            widths=np.array([shape.width for shape in shapes], np.float32),
            contrast=self.contrast,
            is_dark=self.is_dark,
            seen=len(self.pictures),
        )

    def learn(self, line: InkLine, *, found: Match | None, picture: int, kind: str) -> None:
        """Takes a line's shapes in: known ones gain a witness, new ones are noted."""
        self.pictures.add(picture)
        offset = round(found.offset) if found else (self.rows - line.coverage.shape[0]) // 2
        for glyph in line.glyphs:
            profile = _place(glyph.profile / np.float32(found.gain if found else 1.0), offset, self.rows)
            known = self.shapes.setdefault(glyph.char, [])
            near = [
                float(np.abs(profile - shape.profile).sum()) / max(shape.rows, 0.6 * line.height) for shape in known
            ]
            best = int(np.argmin(near)) if near else -1
            if best >= 0 and near[best] <= SAME_SHAPE[kind]:
                _witness(known[best], profile, picture=picture, weight=4.0 if kind == "png" else 1.0)
                continue
            if len(known) >= VARIANTS_MAX:
                lone = min(known, key=lambda shape: len(shape.pictures))
                if len(lone.pictures) > 1:
                    continue
                known.remove(lone)
            raster = _raster(glyph.ink, offset, self.rows)
            weight = 4.0 if kind == "png" else 1.0
            width = float(glyph.right - glyph.left)
            known.append(_Shape(glyph.char, profile, glyph.top + offset, glyph.rows, width, raster, weight, {picture}))
        self._frozen = None

    def take(self, other: GrowingStyle, *, shift: int) -> None:
        """Takes in everything that another style knows, `shift` rows lower."""
        self.pictures |= other.pictures
        for char, shapes in other.shapes.items():
            known = self.shapes.setdefault(char, [])
            for shape in shapes:
                profile = _place(shape.profile, shift, self.rows)
                near = [float(np.abs(profile - mine.profile).sum()) / max(mine.rows, 1) for mine in known]
                if near and min(near) <= SAME_SHAPE["png"]:
                    known[int(np.argmin(near))].pictures |= shape.pictures
                elif len(known) < VARIANTS_MAX:
                    raster = np.zeros((self.rows, shape.raster.shape[1]), np.uint8)
                    low, high = max(0, shift), min(self.rows, shift + shape.raster.shape[0])
                    raster[low:high] = shape.raster[low - shift : high - shift]
                    known.append(replace(shape, profile=profile, top=shape.top + shift, raster=raster))
        self._frozen = None

    def trimmed(self) -> Style | None:
        """Only shapes that several pictures show, and lone ones near to those."""
        if len(self.pictures) < PICTURES_MIN + 1:
            return None
        kept: list[_Shape] = []
        for shapes in self.shapes.values():
            kept += _trim(shapes)
        return self.freeze(kept) if kept else None


@dataclass(slots=True)
class GrowingCluster:
    """One kind of phone and theme while it grows."""

    width: int
    is_dark: bool
    styles: list[GrowingStyle] = field(default_factory=list[GrowingStyle])
    pictures: set[int] = field(default_factory=set[int])
    heights: Counter[int] = field(default_factory=Counter[int])
    roles: dict[str, dict[int, set[int]]] = field(default_factory=dict[str, "dict[int, set[int]]"])
    """By title and field: in how many pictures it was set in which style."""

    def unite(self, at: int, other: int, *, shift: int) -> None:
        """Moves all that one style knows into another, its rows shifted; the emptied one stays as a place."""
        source, target = self.styles[other], self.styles[at]
        if not source.shapes or at == other:
            return
        target.take(source, shift=shift)
        source.shapes.clear()
        for by_style in self.roles.values():
            if other in by_style:
                by_style.setdefault(at, set()).update(by_style.pop(other))


class AtlasGrower:
    """Takes pictures that the caller vouches for, one by one."""

    def __init__(self) -> None:
        self.clusters: list[GrowingCluster] = []
        self._pictures = 0

    def add(self, picture: Picture, lines: Sequence[Line], fields: Sequence[FieldRead]) -> bool:
        """Learns one trusted picture; False when it holds too little or is a poor copy."""
        quality = picture.container.jpeg_quality
        if quality is not None and quality < QUALITY_MIN:
            return False
        cut = cut_lines(picture, lines)
        if len(cut) < LINES_MIN:
            return False
        kind = "png" if picture.container.media_type == "image/png" else "jpeg"
        self._pictures += 1
        cluster, found = self._cluster(picture, cut)
        if cluster is None:
            return False
        cluster.pictures.add(self._pictures)
        cluster.heights[picture.height] += 1
        for line in cut:
            at = _learn(cluster, line, found.get(line.index, ()), picture=self._pictures, kind=kind)
            if at is not None:
                for role in roles_of(line, lines, fields):
                    cluster.roles.setdefault(role, {}).setdefault(at, set()).add(self._pictures)
        return True

    def _cluster(self, picture: Picture, cut: Sequence[InkLine]) -> tuple[GrowingCluster | None, dict[int, _Fits]]:
        is_dark = sum(line.is_dark for line in cut) * 2 > len(cut)
        best: tuple[float, GrowingCluster, dict[int, _Fits]] | None = None
        for cluster in self.clusters:
            if cluster.width != picture.width or cluster.is_dark != is_dark:
                continue
            found = {line.index: fits for line in cut if (fits := _fits(cluster, line))}
            share = fit_share(cut, found)
            if share >= LINES_SHARE_MIN and (best is None or share > best[0]):
                best = (share, cluster, found)
        if best is not None:
            return best[1], best[2]
        if len(self.clusters) >= CLUSTERS_MAX:
            return None, {}
        self.clusters.append(GrowingCluster(picture.width, is_dark))
        return self.clusters[-1], {}


def roles_of(line: InkLine, lines: Sequence[Line], fields: Sequence[FieldRead]) -> list[str]:
    """As what a line is read: a field under a page's title, and a field behind its label. Such a one is set alike always."""
    title = next((found.value for found in fields if found.name == "title"), "")
    own = lines[line.index]
    roles: list[str] = []
    for found in fields:
        if _shares_row(own.box, found.box) and _shares_columns(own.box, found.box):
            label = _label(own, lines, found)
            roles += [f"{title}|{found.name.value}", *([f"@{label}|{found.name.value}"] if label else [])]
    return roles


def _label(own: Line, lines: Sequence[Line], found: FieldRead) -> str:
    """The words to the left of a value, without the colon; none for a value that stands alone."""
    before, _, after = own.text.partition(found.text)
    if before and after != own.text:
        return before.strip(LABEL_ENDS)
    left = [line for line in lines if line.box.x + line.box.width <= found.box.x and _shares_row(line.box, found.box)]
    return max(left, key=lambda line: line.box.x).text.strip(LABEL_ENDS) if left else ""


def _shares_row(box: Box, other: Box) -> bool:
    return other.y <= box.y + box.height / 2 <= other.y + other.height


def _shares_columns(box: Box, other: Box) -> bool:
    return other.x < box.x + box.width and box.x < other.x + other.width


def _fits(cluster: GrowingCluster, line: InkLine) -> _Fits:
    """The styles that a line fits, best first."""
    fits: list[tuple[float, int, Match]] = []
    for at, style in enumerate(cluster.styles):
        if style.is_dark != line.is_dark or not style.shapes:
            continue
        view, index = style.view()
        found = match(line, view, index=index)
        # A dot or a colon alone looks alike in many sizes.
        if found is None or found.fit > JOIN_FIT or all(line.glyphs[glyph].char in SIGNS for glyph in found.glyphs):
            continue
        fits.append((found.fit + UNKNOWN_CHARS_COST * (1 - len(found.glyphs) / len(line.glyphs)), at, found))
    return tuple((at, found) for _, at, found in sorted(fits, key=lambda fit: fit[:2]))


def _learn(cluster: GrowingCluster, line: InkLine, fits: _Fits, *, picture: int, kind: str) -> int | None:
    """Puts a line into its style, or makes one; two styles that one line fits are one style."""
    fits = fits or _fits(cluster, line)
    if fits:
        at, found = fits[0]
        for other, theirs in fits[1:]:
            cluster.unite(at, other, shift=round(found.offset) - round(theirs.offset))
    elif len(cluster.styles) < STYLES_MAX:
        cluster.styles.append(GrowingStyle(_style_rows(line), line.contrast, line.is_dark))
        at, found = len(cluster.styles) - 1, None
    else:
        return None
    cluster.styles[at].learn(line, found=found, picture=picture, kind=kind)
    return at


def fit_share(cut: Sequence[InkLine], fitting: Collection[int]) -> float:
    """Share of a page's lines that fit, by its lines of digits when it has some: Chinese text is set alike by many."""
    telling = [line for line in cut if line.digits >= DIGITS_MIN]
    judged = telling if len(telling) >= 2 else cut
    return sum(line.index in fitting for line in judged) / max(len(judged), 1)


def _style_rows(line: InkLine) -> int:
    """Room for higher characters than those of the line that founds a style."""
    return min(ROWS_MAX, round(line.coverage.shape[0] * 1.5) + 8)


def _place(profile: Floats, offset: int, rows: int) -> Floats:
    placed = np.zeros(rows, np.float32)
    low, high = max(0, offset), min(rows, offset + profile.size)
    if low < high:
        placed[low:high] = profile[low - offset : high - offset]
    return placed


def _raster(coverage: Floats, offset: int, rows: int) -> NDArray[np.uint8]:
    placed = np.zeros((rows, min(coverage.shape[1], COLUMNS_MAX)), np.uint8)
    low, high = max(0, offset), min(rows, offset + coverage.shape[0])
    if low < high:
        shown = coverage[low - offset : high - offset, : placed.shape[1]]
        placed[low:high] = np.rint(np.clip(shown, 0, 1) * 255).astype(np.uint8)
    return placed


def _witness(shape: _Shape, profile: Floats, *, picture: int, weight: float) -> None:
    if picture in shape.pictures:
        return
    shape.pictures.add(picture)
    total = shape.weight + weight
    shape.profile = ((shape.profile * shape.weight + profile * weight) / total).astype(np.float32)
    shape.weight = total


def _trim(shapes: list[_Shape]) -> list[_Shape]:
    """A shape that a few forged pictures brought is far from what most show; one other phase of the grid is near."""
    seen = len(set[int]().union(*(shape.pictures for shape in shapes)))
    if seen < PICTURES_MIN:
        return []
    ranked = sorted(shapes, key=lambda shape: -len(shape.pictures))
    anchors = [shape for shape in ranked if len(shape.pictures) >= max(PICTURES_MIN, 0.1 * seen)]
    if not anchors:
        # Nothing repeats exactly (noisy copies): the middle one stands for all.
        anchors = [min(shapes, key=lambda shape: float(np.median([_away(shape, other) for other in shapes])))]
        if sum(_away(anchors[0], other) <= NEAR_SHAPE for other in shapes) < PICTURES_MIN:
            return []
    return [
        shape for shape in ranked if shape in anchors or min(_away(shape, anchor) for anchor in anchors) <= NEAR_SHAPE
    ]


def _away(shape: _Shape, other: _Shape) -> float:
    return float(np.abs(shape.profile - other.profile).sum()) / max(shape.rows, other.rows, 1)
