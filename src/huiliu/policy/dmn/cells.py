"""An input cut into cells on whose values all rules agree: points and the open intervals between them, exactly.

Numbers are dense: `<= 5` beside `>= 6` leaves 5 < x < 6 open, unless the input says that it is an integer. Days and months
are whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from huiliu.policy.dmn.feel import FeelError, Span, Unary, ValueKind
from huiliu.policy.dmn.model import Cell
from huiliu.policy.dmn.times import (
    DAY_SECONDS,
    date_text,
    decimal_text,
    duration_text,
    moment_text,
    months_text,
    time_text,
)
from huiliu.policy.model import FactValue

CUTS_MAX = 600
WORDS_MAX = 200
PLACES_MAX = 40

OTHER = "(其他值/any other value)"
"""The cell of an open text input for every value that no rule names."""

_LIMITS = {
    ValueKind.TIME: Span(Fraction(0), True, Fraction(DAY_SECONDS), False),
    ValueKind.DATE: Span(low=Fraction(1), low_in=True),
}


def text_cells(tests: Iterable[Unary], declared: Sequence[str], *, is_open: bool) -> tuple[Cell, ...]:
    """One cell a value: those declared, or those the rules name, with one for all others when the values are open."""
    named = [value for test in tests for value in test.values if isinstance(value, str)]
    words = tuple(dict.fromkeys(declared or named))
    if len(words) > WORDS_MAX:
        raise FeelError("too_many_values", limit=WORDS_MAX)
    return tuple(Cell(text=word) for word in (*words, *((OTHER,) if is_open else ())))


def ordered_cells(kind: ValueKind, tests: Sequence[Unary], domain: Unary, *, is_whole: bool) -> tuple[Cell, ...]:
    """Spans in rising order, within the declared values, each as wide as the tests allow."""
    limits = _LIMITS.get(kind, Span())
    bounds = set(domain.bounds).union(*(test.bounds for test in tests))
    bounds |= {end for end in (limits.low, limits.high) if end is not None and kind is ValueKind.TIME}
    if len(bounds) > CUTS_MAX:
        raise FeelError("too_many_bounds", limit=CUTS_MAX)
    distinct = tuple(dict.fromkeys(tests))
    cells: list[Cell] = []
    last: tuple[bool, ...] | None = None
    for span in _elementary(sorted(bounds), is_whole=is_whole):
        value = sample(span, is_whole=is_whole)
        if value not in limits or not domain.holds(value):
            last = None
            continue
        signature = tuple(test.holds(value) for test in distinct)
        before = cells[-1].span if cells else None
        if signature == last and before is not None:
            cells[-1] = Cell(span=Span(before.low, before.low_in, span.high, span.high_in))
        else:
            cells.append(Cell(span=span))
        last = signature
    return tuple(cells)


def mask_of(cells: Sequence[Cell], test: Unary, *, is_whole: bool) -> int:
    """The cells in which a test holds, as bits."""
    mask = 0
    for i, cell in enumerate(cells):
        if cell.span is not None:
            holds = test.holds(sample(cell.span, is_whole=is_whole))
        elif cell.flag is not None:
            holds = test.holds(cell.flag)
        else:
            assert cell.text is not None, "a cell is a text, a flag or a span"
            holds = test.holds(cell.text)
        mask |= holds << i
    return mask


def cell_value(cell: Cell, kind: ValueKind, *, is_whole: bool) -> FactValue:
    """A readable value of a cell: where it ends, for that is where tables differ. Whole numbers are numbers."""
    if cell.span is None:
        return cell.text if cell.text is not None else bool(cell.flag)
    value = sample(cell.span, is_whole=is_whole)
    if kind is ValueKind.NUMBER:
        return int(value) if is_whole else decimal_text(value)
    return value_text(kind, value)


def value_text(kind: ValueKind, value: Fraction) -> str:
    """A value of an ordered kind as people write it."""
    match kind:
        case ValueKind.DATE:
            return date_text(value)
        case ValueKind.MOMENT | ValueKind.LOCAL_MOMENT:
            return moment_text(value, has_offset=kind is ValueKind.MOMENT)
        case ValueKind.TIME:
            return time_text(value)
        case ValueKind.DURATION:
            return duration_text(value)
        case ValueKind.MONTHS:
            return months_text(value)
        case _:
            return decimal_text(value)


def sample(span: Span, *, is_whole: bool) -> Fraction:
    """A value inside: its closed upper end, else its closed lower one, else the inner number of fewest places."""
    if span.high is not None and span.high_in and _fits(span.high, is_whole=is_whole):
        return span.high
    if span.low is not None and span.low_in and _fits(span.low, is_whole=is_whole):
        return span.low
    if span.low is None:
        return Fraction(0) if span.high is None else Fraction(-(-span.high // 1) - 1)
    for places in range(1 if is_whole else PLACES_MAX):
        scale = 10**places
        value = Fraction(span.low * scale // 1 + 1, scale)
        if span.high is None or value < span.high:
            return value
    # Beyond forty places: the middle is exact, if not pretty. A whole span without a whole number is never asked for.
    assert span.high is not None, "an open end is found at once"
    return (span.low + span.high) / 2


def whole_bounds(span: Span, scale: int) -> tuple[int | None, int | None]:
    """The first and last multiple of 1/scale inside, in those units; first > last when there is none."""
    low = high = None
    if span.low is not None:
        low = span.low * scale // 1 + (0 if span.low_in and (span.low * scale).denominator == 1 else 1)
    if span.high is not None:
        high = -(-span.high * scale // 1) - (0 if span.high_in and (span.high * scale).denominator == 1 else 1)
    return low, high


def _elementary(bounds: Sequence[Fraction], *, is_whole: bool) -> Iterable[Span]:
    ends: list[Fraction | None] = [None, *bounds, None]
    for low, high in pairwise(ends):
        if low is not None and _fits(low, is_whole=is_whole):
            yield Span(low, True, low, True)
        span = Span(low, False, high, False)
        first, last = whole_bounds(span, 1) if is_whole else (None, None)
        if first is None or last is None or first <= last:
            yield span


def _fits(value: Fraction, *, is_whole: bool) -> bool:
    return not is_whole or value.denominator == 1
