"""From lines of text to fields: exact label, value in its place, strict form. What is doubtful or told twice is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from huiliu.evidence.inspection.model import Box, FieldName, FieldRead, Line
from huiliu.evidence.reading.bars import clock_field, code_field, title_field
from huiliu.evidence.reading.candidates import Candidate, Labels, valued
from huiliu.evidence.reading.labels import Hit, find_labels
from huiliu.evidence.reading.layout import UNKNOWN_PAGE, FieldLayout, Layout, Layouts
from huiliu.evidence.reading.level import Placed, level
from huiliu.evidence.reading.unlabelled import unlabelled

SURE_MIN = 0.62
"""Every character of a value at least this sure, or a second engine must say the same."""
TITLE_WORTH = 2
ICON_LENGTH_MAX, ICON_SCORE_MAX = 2, 0.85


class Extracted(msgspec.Struct, frozen=True, kw_only=True):
    """What one engine's lines yield. `doubtful` fields need the other engine's word."""

    page: str
    fields: tuple[FieldRead, ...]
    doubtful: frozenset[FieldName]
    required: tuple[FieldName, ...] = ()
    to_confirm: frozenset[FieldName] = frozenset()
    """Sure values that the other engine must not deny, for no length would show a dropped digit."""
    refused: dict[FieldName, Box] = {}
    """Where text stands that should be a field's value and has not its form."""
    is_weak: bool = False
    """A value was taken from a weaker label, because no better one was seen."""
    plain_labels: frozenset[Line] = frozenset()
    """Lines that are exactly one label of the layout."""

    @property
    def missing(self) -> tuple[FieldName, ...]:
        """Required and not among `fields`."""
        names = {field.name for field in self.fields}
        return tuple(name for name in self.required if name not in names)

    def field(self, name: FieldName) -> FieldRead | None:
        """The field of this name, if it was read."""
        return next((found for found in self.fields if found.name is name), None)


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    field: FieldRead
    is_doubtful: bool
    is_weak: bool


def extract(lines: Sequence[Line], layouts: Layouts) -> Extracted:
    """The page that these lines fit best, and its fields."""
    placed = level([line for line in lines if not _is_icon(line)])
    chosen = choose(placed, layouts)
    general = [field for field in (clock_field(placed), code_field(placed)) if field is not None]
    if chosen is None:
        return Extracted(page=UNKNOWN_PAGE, fields=tuple(general), doubtful=frozenset(_shaky(general)))
    layout, hits, title = chosen
    labels = Labels(placed=placed, hits=hits)
    found: list[FieldRead] = [*general, *((title,) if title else ())]
    doubtful, is_weak = _shaky(found), False
    refused: dict[FieldName, Box] = {}
    for name, field in layout.fields.items():
        read = _field(name, field, layout=layout, labels=labels)
        if isinstance(read, Box):
            refused[name] = read
        if not isinstance(read, _Found):
            continue
        found.append(read.field)
        is_weak = is_weak or read.is_weak
        if read.is_doubtful:
            doubtful.add(name)
    return Extracted(
        page=layout.page,
        fields=tuple(found),
        doubtful=frozenset(doubtful),
        required=layout.required,
        to_confirm=frozenset(
            {FieldName.CLOCK, *(name for name, field in layout.fields.items() if field.has_open_length)}
        ),
        refused=refused,
        is_weak=is_weak,
        plain_labels=frozenset(hit.placed.line for hit in hits if hit.is_alone and not hit.is_misread),
    )


def choose(placed: Sequence[Placed], layouts: Layouts) -> tuple[Layout, tuple[Hit, ...], FieldRead | None] | None:
    """The layout whose title and anchors stand on the page, its label hits, and the title; None when two fit alike."""
    best: list[tuple[int, Layout, tuple[Hit, ...], FieldRead | None]] = []
    for layout in layouts.values():
        hits = find_labels(placed, layout)
        title = title_field(placed, layout, hits=hits)
        anchors = len({hit.word for hit in hits if hit.is_anchor})
        labels = len({hit.field for hit in hits if hit.field is not None})
        needed = max(1, layout.anchors_min - 1) if title else layout.anchors_min
        if anchors < needed and not (title and not layout.anchors and labels):
            continue
        best.append((TITLE_WORTH * (title is not None) + 2 * anchors + labels, layout, hits, title))
    best.sort(key=lambda item: -item[0])
    if not best or (len(best) > 1 and best[0][0] == best[1][0]):
        return None
    return best[0][1:]


def _field(name: FieldName, field: FieldLayout, *, layout: Layout, labels: Labels) -> _Found | Box | None:
    """The field; or where the text stands that cannot be it; or None when there is nothing or too much."""
    steps: tuple[tuple[Callable[[], Iterable[Candidate]], bool], ...] = (
        (lambda: valued(labels, name, field=field, layout=layout, rank=0), False),
        (lambda: unlabelled(labels, field=field, layout=layout), False),
        (lambda: valued(labels, name, field=field, layout=layout, rank=1), True),
    )
    for candidates, is_weak in steps:
        found = list(candidates())
        if not found:
            continue
        values = {candidate.value for candidate in found}
        if len(values) > 1:
            return None  # told twice and differently
        if values == {""}:
            return found[0].box  # a weaker label must not stand in for it
        best = max(found, key=lambda candidate: candidate.weakest)
        return _Found(
            field=FieldRead(name=name, value=best.value, text=best.text, box=best.box, score=best.score),
            is_doubtful=is_weak or best.is_doubtful or best.weakest < SURE_MIN,
            is_weak=is_weak,
        )
    return None


def _is_icon(line: Line) -> bool:
    """A small drawing that was taken for a sign or two."""
    is_short = len(line.text) <= ICON_LENGTH_MAX and not any(char.isdigit() for char in line.text)
    return is_short and line.score < ICON_SCORE_MAX


def _shaky(fields: Iterable[FieldRead]) -> set[FieldName]:
    return {field.name for field in fields if field.score < SURE_MIN}
