"""Where a field's value may stand, and what stands there. A label's value is never looked for beyond the next label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from huiliu.evidence.inspection.model import Box, FieldName
from huiliu.evidence.reading.forms import Form, Parsed, parse, plain, squeezed
from huiliu.evidence.reading.labels import Hit
from huiliu.evidence.reading.layout import FieldLayout, Layout, Place
from huiliu.evidence.reading.level import Placed

SAME_ROW = 0.45
"""Of the taller line's height: how far two middles may lie apart in one row."""
PART_GAP_MAX = 2.5
"""Heights between two boxes of one value; farther apart they are two columns."""
NEXT_LINE_MAX = 1.6
"""Heights from one line of a value to its next."""
BELOW_MAX = 2.4


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One value that a field may have. An empty value: text stood there that is not of the field's form."""

    value: str
    text: str = ""
    box: Box
    score: float
    weakest: float
    is_doubtful: bool = False


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """A page's lines and which of them are labels."""

    placed: tuple[Placed, ...]
    hits: tuple[Hit, ...]

    @property
    def label_lines(self) -> set[Placed]:
        """Lines that are or begin with a label."""
        return {hit.placed for hit in self.hits}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Text that stands in a place, and the lines it was read from."""

    text: str
    parts: tuple[Placed, ...]
    box: Box


def valued(labels: Labels, name: FieldName, *, field: FieldLayout, layout: Layout, rank: int) -> tuple[Candidate, ...]:
    """The values beside this field's labels; one empty candidate when text stands there and none has the form."""
    found: list[Candidate] = []
    refused: list[Candidate] = []
    hits = [hit for hit in labels.hits if hit.field is name and hit.rank == rank]
    exact = [hit for hit in hits if not hit.is_misread] or hits
    for hit in exact:
        texts = [text for place in field.places for text in _texts(place, hit, labels=labels, field=field)]
        good = [(text, parsed) for text in texts if (parsed := parsed_as(text.text, field, layout.states))]
        if good:
            found.append(candidate_of(good[0][0], good[0][1], hit=hit))
        elif texts:
            refused.append(_refused(texts[0]))
    return tuple(found) or tuple(refused[:1])


def parsed_as(text: str, field: FieldLayout, states: Mapping[str, str]) -> Parsed | None:
    """The value that this text is in the field's form."""
    return parse(field.form, text, limits=field.limits, statuses=states)


def candidate_of(text: Standing, parsed: Parsed, *, hit: Hit | None = None) -> Candidate:
    """The candidate that text in its place makes."""
    lines = [part.line for part in text.parts]
    return Candidate(
        value=parsed.value,
        text=text.text,
        box=text.box,
        score=min(line.score for line in lines),
        weakest=min(line.weakest for line in lines),
        is_doubtful=parsed.is_repaired or (hit is not None and hit.is_misread),
    )


def _refused(text: Standing) -> Candidate:
    return Candidate(value="", text=text.text, box=text.box, score=0.0, weakest=0.0)


# ------------------------------------------------------------------------------------------------------------- places


def _texts(place: Place, hit: Hit, *, labels: Labels, field: FieldLayout) -> Iterable[Standing]:
    match place:
        case Place.INLINE:
            if hit.after:
                yield from _continued(hit.after, hit.placed, labels=labels, field=field, hit=hit)
        case Place.BEFORE:
            if hit.before:
                yield Standing(text=hit.before, parts=(hit.placed,), box=_share(hit.placed, hit.before, at_end=False))
        case Place.RIGHT:
            if hit.is_alone:
                yield from _right(hit, labels=labels, field=field)
        case Place.BELOW:
            if hit.is_alone:
                yield from _below(hit, labels=labels, field=field)
        case Place.BIG | Place.WORD | Place.CARD | Place.UNDER_BIG:
            return


def _right(hit: Hit, *, labels: Labels, field: FieldLayout) -> Iterable[Standing]:
    row = [item for item in labels.placed if item is not hit.placed and _right_of(item, hit.placed)]
    parts = _run(sorted((item for item in row if same_row(item, hit.placed)), key=lambda item: item.left), labels)
    if parts is None:
        return
    if parts:
        yield from _lines([parts], below=parts, labels=labels, field=field, label=hit.placed)
    elif field.lines > 1:
        around = [
            item
            for item in row
            if abs(item.middle - hit.placed.middle) < NEXT_LINE_MAX * hit.placed.height
            and item not in labels.label_lines
            and not has_left_mate(item, labels)
            and _nearest_label(item, labels) is hit.placed
        ]
        if len(around) == 2 and around[0].middle < hit.placed.middle < around[1].middle:
            yield joined_text([around[:1], around[1:]], field=field)


def _run(row: list[Placed], labels: Labels) -> list[Placed] | None:
    """The boxes of one value from the left up to the next label; None when they lie in two columns."""
    parts: list[Placed] = []
    stops = labels.label_lines
    for item in row:
        if item in stops:
            break
        if not any(char.isalnum() for char in plain(item.text)):
            continue  # an arrow, a copy button
        if parts and item.left - parts[-1].right > PART_GAP_MAX * item.height:
            return None
        parts.append(item)
    return parts


def _lines(
    rows: list[list[Placed]], *, below: list[Placed], labels: Labels, field: FieldLayout, label: Placed
) -> Iterable[Standing]:
    """The value with all lines it goes on for; for a number of exact length also without its last ones."""
    while len(rows) < field.lines:
        following = _next_row(below, labels=labels, label=label)
        if not following or not _goes_on(following, field):
            break
        rows.append(following)
        below = following
    yield joined_text(rows, field=field)
    if field.form is Form.DIGITS or field.lengths:
        yield from (joined_text(rows[:count], field=field) for count in range(len(rows) - 1, 0, -1))


def _next_row(above: list[Placed], *, labels: Labels, label: Placed) -> list[Placed]:
    left, right = above[0].left, above[-1].right
    middle, height = above[0].middle, above[0].height
    row = [
        item
        for item in labels.placed
        if SAME_ROW * height < item.middle - middle < NEXT_LINE_MAX * height
        and item.right > left
        and (abs(item.left - left) < height or abs(item.right - right) < height)
        and item.left >= label.left
        and item not in labels.label_lines
        and not has_left_mate(item, labels)
    ]
    row.sort(key=lambda item: item.middle)
    return [item for item in row if same_row(item, row[0])]


def _goes_on(row: Sequence[Placed], field: FieldLayout) -> bool:
    text = "".join(squeezed(item.text) for item in row)
    if field.form in (Form.DIGITS, Form.CODE, Form.ACCOUNT):
        return text.isascii()
    return bool(text)


def _below(hit: Hit, *, labels: Labels, field: FieldLayout) -> Iterable[Standing]:
    label = hit.placed
    under = [
        item
        for item in labels.placed
        if SAME_ROW * label.height < item.middle - label.middle
        and item.top - label.bottom < BELOW_MAX * label.height
        and item.left < label.right
        and item.right > label.left
    ]
    if not under:
        return
    row = [item for item in under if same_row(item, under[0])]
    parts = _run(sorted(row, key=lambda item: item.left), labels)
    if parts:
        yield from _lines([parts], below=parts, labels=labels, field=field, label=label)


def _continued(text: str, placed: Placed, *, labels: Labels, field: FieldLayout, hit: Hit) -> Iterable[Standing]:
    first = Standing(text=text, parts=(placed,), box=_share(placed, text, at_end=True))
    if field.lines > 1:
        following = _next_row([placed], labels=labels, label=hit.placed)
        if following and _goes_on(following, field):
            rest = joined_text([following], field=field)
            yield Standing(
                text=_glued([text, rest.text], field),
                parts=(*first.parts, *rest.parts),
                box=_around([first.box, rest.box]),
            )
            if not field.lengths:
                return
    yield first


def joined_text(rows: Sequence[Sequence[Placed]], *, field: FieldLayout) -> Standing:
    """Boxes of one value, row by row, as one text."""
    parts = tuple(item for row in rows for item in row)
    text = _glued([" ".join(item.text for item in row) for row in rows], field)
    return Standing(text=text, parts=parts, box=_around([item.line.box for item in parts]))


def _glued(rows: Sequence[str], field: FieldLayout) -> str:
    separator = " " if field.form in (Form.INSTANT, Form.DATE) else ""
    return separator.join(rows)


# ----------------------------------------------------------------------------------------------------------- geometry


def same_row(one: Placed, other: Placed) -> bool:
    """Whether two lines stand beside each other."""
    return abs(one.middle - other.middle) < SAME_ROW * max(one.height, other.height)


def _right_of(item: Placed, label: Placed) -> bool:
    return item.left > label.right - 0.5 * label.height and item.left > label.left + 0.5 * label.height


def has_left_mate(item: Placed, labels: Labels) -> bool:
    """Whether something stands to the left in the same row."""
    return any(
        other is not item and other.right < item.left + 0.5 * item.height and same_row(other, item)
        for other in labels.placed
    )


def _nearest_label(item: Placed, labels: Labels) -> Placed | None:
    left = [hit.placed for hit in labels.hits if hit.placed.right < item.left + item.height]
    return min(left, key=lambda label: abs(label.middle - item.middle), default=None)


def _share(placed: Placed, text: str, *, at_end: bool) -> Box:
    """The part of a line's box that `text` takes, at its end or start; wide characters count double."""
    box = placed.line.box
    share = min(1.0, _columns(text) / max(1, _columns(plain(placed.text))))
    width = max(1, round(box.width * share))
    return Box(box.x + box.width - width if at_end else box.x, box.y, width, box.height)


def _columns(text: str) -> int:
    return sum(1 if char.isascii() else 2 for char in text)


def _around(boxes: Sequence[Box]) -> Box:
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)
