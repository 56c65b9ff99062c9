"""Values that stand without a label: the big figure of a bill, a state in a banner, the name of the goods in their card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from huiliu.evidence.reading.candidates import Candidate, Labels, candidate_of, has_left_mate, joined_text, parsed_as
from huiliu.evidence.reading.forms import Form, Limits, parse
from huiliu.evidence.reading.layout import FieldLayout, Layout, Place
from huiliu.evidence.reading.level import Placed

UPPER_PART = 0.45
BIG_OVER_USUAL = 1.25
RIVAL_SHARE = 0.8
"""An amount this tall beside the tallest one is a rival of it."""
FLUSH = 0.6
"""Heights by which left edges of one column may differ."""
INDENT_MIN = 1.5
"""Heights from the page's margin to text that has a small picture beside it."""
STACK_MAX = 2.0
"""Heights from one line of a card to the next."""
SMALLER, AS_TALL = 0.86, 0.93
FULL_LINE = 2.2
"""Heights from the right margin within which a line is full and goes on in the next."""


def unlabelled(labels: Labels, *, field: FieldLayout, layout: Layout) -> tuple[Candidate, ...]:
    """Values that stand without a label in the upper part of the page."""
    taken = labels.label_lines
    upper = [item for item in _upper(labels) if item not in taken]
    rows: list[list[Placed]] = []
    for place in field.places:
        match place:
            case Place.BIG:
                rows = [[item] for item in _big(upper, labels)]
            case Place.WORD:
                rows = [[item] for item in upper]
            case Place.CARD:
                rows = _card(upper, labels)
            case Place.UNDER_BIG:
                rows = _under_big(upper, labels)
            case Place.RIGHT | Place.BELOW | Place.INLINE | Place.BEFORE:
                continue
        standing = [joined_text([[part] for part in row], field=field) for row in rows]
        found = [(text, parsed) for text in standing if (parsed := parsed_as(text.text, field, layout.states))]
        if found:
            return tuple(candidate_of(text, parsed) for text, parsed in found)
    return ()


def _upper(labels: Labels) -> Iterable[Placed]:
    if not labels.placed:
        return ()
    first = min((hit.placed.middle for hit in labels.hits if hit.field), default=0.0)
    top, bottom = labels.placed[0].middle, labels.placed[-1].middle
    limit = max(first, top + UPPER_PART * (bottom - top))
    return (item for item in labels.placed if item.middle <= limit)


def _big(upper: Sequence[Placed], labels: Labels) -> list[Placed]:
    """The tallest amounts: one, unless the page has rivals."""
    usual = median(item.height for item in labels.placed)
    tall = (item for item in upper if item.height >= BIG_OVER_USUAL * usual and _is_amount(item))
    big = [item for item in tall if not _has_label(item, labels)]
    tallest = max((item.height for item in big), default=0.0)
    return [item for item in big if item.height >= RIVAL_SHARE * tallest]


def _has_label(item: Placed, labels: Labels) -> bool:
    """Words before it on its row say what it is, and it is not what was paid: 余额 500.00."""
    return any(
        other.right <= item.left
        and item.top < other.middle < item.bottom
        and any(sign.isalpha() for sign in other.text)
        for other in labels.placed
    )


def _is_amount(item: Placed) -> bool:
    return parse(Form.AMOUNT, item.text, limits=Limits(decimals=False), statuses={}) is not None


def _under_big(upper: Sequence[Placed], labels: Labels) -> list[list[Placed]]:
    big = _big(upper, labels)
    if len(big) != 1:
        return []
    under = [
        item for item in upper if item.middle > big[0].bottom and abs(item.left - big[0].left) < FLUSH * big[0].height
    ]
    if not under or under[0].top - big[0].bottom > STACK_MAX * under[0].height:
        return []
    whole = _whole(under, labels)
    return [whole] if whole else []


def _card(upper: Sequence[Placed], labels: Labels) -> list[list[Placed]]:
    """The first two lines or more that stand flush, away from the margin, with nothing but a picture to their left."""
    margin = min(item.left for item in labels.placed)
    first = min((hit.placed.middle for hit in labels.hits if hit.field), default=0.0)
    inside = [
        item
        for item in upper
        if item.middle < first and item.left - margin > INDENT_MIN * item.height and not has_left_mate(item, labels)
    ]
    for index, item in enumerate(inside):
        below = [
            other
            for other in inside[index + 1 :]
            if abs(other.left - item.left) < FLUSH * item.height
            and other.middle - item.middle < STACK_MAX * item.height
        ]
        if below:
            # In a card the shop's name may be as tall as the goods': after a full line nobody can tell.
            return [] if _is_full(item, labels) else [[item]]
    return []


def _whole(column: Sequence[Placed], labels: Labels) -> list[Placed]:
    """A name with the lines that it goes on for: a full line goes on in one as tall, and ends before a smaller one."""
    whole = [column[0]]
    for item in column[1:]:
        if not _is_full(whole[-1], labels) or item.middle - whole[-1].middle > STACK_MAX * item.height:
            break
        if item.height <= SMALLER * whole[0].height:
            break
        if item.height < AS_TALL * whole[0].height:
            return []  # neither clearly smaller nor clearly as tall
        whole.append(item)
    return whole


def _is_full(item: Placed, labels: Labels) -> bool:
    edge = max(other.right for other in labels.placed)
    return edge - item.right < FULL_LINE * item.height
