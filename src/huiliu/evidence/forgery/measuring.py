"""Everything that is measured on one picture, before anything is called suspicious."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.glyphs import InkLine, cut_lines
from huiliu.evidence.forgery.growing import roles_of
from huiliu.evidence.forgery.matching import match_at_any_size
from huiliu.evidence.forgery.profiling import Laid, Profile, profile
from huiliu.evidence.forgery.splitting import is_digit, is_wide
from huiliu.evidence.inspection.model import FieldName, FieldRead, Line
from huiliu.evidence.inspection.picture import Picture

COPY_QUALITY = 78
"""JPEG below this quality is what messengers make."""
LINE_FIT_MAX = 0.55
"""A line whose median glyph fits is of a style that the atlas knows well."""
SCALED_HEIGHT_MIN = 11
"""Pixels of a digit's height in a scaled copy below which neighbours run into one another."""
PLAIN = frozenset(FieldName) - {FieldName.PRODUCT, FieldName.PAYEE, FieldName.TITLE, FieldName.CODE}
"""Fields of a few known shapes; free text wraps, mixes sizes and is misread more often."""
CROWDING = frozenset("_jJfy/\\")
SIGNS_FIT_MAX, SIGNS_FIT_SCALED = 0.12, 0.15
ROLE_PICTURES_MIN, ROLE_SHARE_MIN = 3, 0.75
"""From so many trusted pages of one title on, and when so many of them set a field in styles that the atlas knows, the
field is measured by those styles though nothing in it fits: a word that was drawn anew in another size or weight.
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """One glyph and how far it is from the nearest trusted one."""

    line: InkLine
    glyph: int
    distance: float
    stray: float
    """Its distance by root mean square."""
    style: int
    variant: int
    offset: float
    """Where the style's rows lie over the line's, as in `Match`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The glyphs of one field or, with no field, of one line."""

    field: FieldName | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One picture beside an atlas."""

    container: str
    """png, jpeg, copy (a messenger's, at full size) or scaled: limits are kept for each."""
    profile: Profile | None
    cut: tuple[InkLine, ...]
    digits: tuple[Measured, ...] = ()
    words: tuple[Measured, ...] = ()
    noise: float = 0.0
    """What an honest glyph of this page is usually off by, by root mean square."""


def measure(picture: Picture, lines: Sequence[Line], fields: Sequence[FieldRead], atlas: Atlas | None) -> Measurement:
    """Cuts, finds the cluster, and lays every glyph beside trusted ones."""
    cut = cut_lines(picture, lines)
    wanted = {line.index for line in cut if _is_wanted(lines[line.index], fields)}
    found = profile(picture, cut, atlas.clusters, wanted=wanted) if atlas is not None else None
    container = _container(picture, found)
    if found is None:
        return Measurement(container, None, cut)
    digits: list[Measured] = []
    words: list[Measured] = []
    for laid in found.laid:
        judged = _judged(laid, found, lines, fields)
        if judged is not None:
            digits += _by_field(judged, fields, wide=False)
            words += _by_field(judged, fields, wide=True)
    return Measurement(container, found, cut, tuple(digits), tuple(words), _noise(found))


def _noise(found: Profile) -> float:
    usual = [
        stray
        for laid in found.laid
        if laid.found is not None and laid.found.fit <= LINE_FIT_MAX
        for stray in laid.found.strays
    ]
    return float(np.median(usual)) if usual else 0.0


def _is_wanted(line: Line, fields: Sequence[FieldRead]) -> bool:
    box = line.box
    return any(
        found.box.x < box.x + box.width
        and box.x < found.box.x + found.box.width
        and found.box.y < box.y + box.height
        and box.y < found.box.y + found.box.height
        for found in fields
    )


def _container(picture: Picture, found: Profile | None) -> str:
    if found is not None and found.scaling is not None:
        return "scaled"
    if picture.container.media_type == "image/png":
        return "png"
    quality = picture.container.jpeg_quality
    return "copy" if quality is not None and quality < COPY_QUALITY else "jpeg"


def _judged(laid: Laid, found: Profile, lines: Sequence[Line], fields: Sequence[FieldRead]) -> Laid | None:
    """A line over the style that is its own: most of it fits, or trusted pages set this very field so. None: unknown."""
    if found.scaling is not None and laid.line.height < SCALED_HEIGHT_MIN:
        return None
    if laid.found is not None and (laid.found.fit <= LINE_FIT_MAX or _signs_fit(laid, found)):
        return laid
    cluster = found.cluster
    for role in roles_of(laid.line, lines, fields):
        if role.rpartition("|")[2] not in PLAIN:
            continue
        by_style = cluster.roles.get(role, {})
        seen = cluster.role_pictures.get(role, 0)
        if seen < ROLE_PICTURES_MIN or sum(by_style.values()) < ROLE_SHARE_MIN * seen:
            continue
        tried = [(at, cluster.styles[at]) for at in by_style if cluster.styles[at].is_dark == laid.line.is_dark]
        matches = [
            (match_at_any_size(laid.line, style, index=cluster.indexes[at], scaling=found.scaling), at)
            for at, style in tried
        ]
        fits = [(each.fit, at, each) for each, at in matches if each is not None]
        if fits:
            _, at, best = min(fits, key=lambda fit: fit[:2])
            return Laid(laid.line, at, best)
    return None


def _signs_fit(laid: Laid, found: Profile) -> bool:
    """Whether what a forger of digits leaves alone (a dot, a currency, 元) is of this style, though no digit is."""
    assert laid.found is not None
    left = [
        distance
        for glyph, distance in zip(laid.found.glyphs, laid.found.distances, strict=True)
        if not is_digit(laid.line.glyphs[glyph].char)
    ]
    return bool(left) and float(np.median(left)) <= (SIGNS_FIT_SCALED if found.scaling else SIGNS_FIT_MAX)


def _by_field(laid: Laid, fields: Sequence[FieldRead], *, wide: bool) -> list[Measured]:
    assert laid.found is not None
    assert laid.style is not None
    kinds: dict[FieldName | None, list[Mark]] = {}
    found = laid.found
    for glyph, distance, stray, variant in zip(
        found.glyphs, found.distances, found.strays, found.variants, strict=True
    ):
        char = laid.line.glyphs[glyph].char
        if not (is_wide(char) if wide else is_digit(char)) or _is_crowded(laid.line, glyph):
            continue
        mark = Mark(laid.line, glyph, distance, stray, laid.style, variant, found.offset)
        kinds.setdefault(field_at(laid.line, glyph, fields), []).append(mark)
    return [Measured(name, tuple(marks)) for name, marks in kinds.items()]


def _is_crowded(line: InkLine, glyph: int) -> bool:
    """Whether a neighbour's ink runs below or above a glyph, so that its columns are not its own."""
    near = line.text[max(0, glyph - 1) : glyph] + line.text[glyph + 1 : glyph + 2]
    return any(char in CROWDING for char in near)


def field_at(line: InkLine, glyph: int, fields: Sequence[FieldRead]) -> FieldName | None:
    """The field that a glyph stands in."""
    box = line.box(line.glyphs[glyph])
    x, y = box.x + box.width / 2, box.y + box.height / 2
    for found in fields:
        if found.box.x <= x <= found.box.x + found.box.width and found.box.y <= y <= found.box.y + found.box.height:
            return found.name
    return None
