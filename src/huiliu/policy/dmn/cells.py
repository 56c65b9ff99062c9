"""An input cut into cells on whose values all rules agree: points and the open intervals between them, exactly.

Numbers are dense: `<= 5` beside `>= 6` leaves 5 < x < 6 open, unless the input says that it is an integer. Days and months
are whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from huiliu.policy.dmn.feel import ORDERED, FeelError, Span, Unary, Value, ValueKind
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

CUTS_MAX = 1_000
WORDS_MAX = 200
PLACES_MAX = 40

OTHER = "(其他值/any other value)"
"""The cell of an open text input for every value that no rule names."""

_LIMITS = {
    ValueKind.TIME: Span(Fraction(0), True, Fraction(DAY_SECONDS), False),
    ValueKind.DATE: Span(low=Fraction(1), low_in=True),
}


def cut(
    kind: ValueKind, column: Sequence[Unary], domain: Unary, *, is_whole: bool, is_open: bool
) -> tuple[tuple[Cell, ...], tuple[int, ...]]:
    """The cells of an input, and for each test of its column those in which it holds, as bits.

    Raises FeelError: more values or bounds than we look at.
    """
    if kind in ORDERED:
        return _ordered(kind, column, domain, is_whole=is_whole)
    values: tuple[Value, ...] = (False, True)
    if kind is ValueKind.TEXT:
        values = _words(column, domain, is_open=is_open)
    bits: dict[Value, int] = {value: 1 << i for i, value in enumerate(values)}
    masks = _each(column, lambda test: sum({bits.get(value, 0) for value in test.values}), len(values))
    cells = tuple(Cell(flag=value) if isinstance(value, bool) else Cell(text=str(value)) for value in values)
    return cells, masks


def _words(column: Sequence[Unary], domain: Unary, *, is_open: bool) -> tuple[str, ...]:
    """One cell a value: those declared, or those the rules name, with one for all others when the values are open."""
    tests = column if domain.is_any or domain.negated else (domain,)
    words = {value: None for test in tests for value in test.values if isinstance(value, str)}
    if len(words) > WORDS_MAX:
        raise FeelError("too_many_values", limit=WORDS_MAX)
    return (*words, OTHER) if is_open else tuple(words)


def _ordered(
    kind: ValueKind, column: Sequence[Unary], domain: Unary, *, is_whole: bool
) -> tuple[tuple[Cell, ...], tuple[int, ...]]:
    """Spans in rising order, within the declared values, each as wide as the tests allow.

    The points and the open intervals between them are numbered: 2i + 1 is the i-th bound, 2i what lies before it. A test
    is then a few runs of numbers, and two neighbours belong together where no test begins or ends between them.
    """
    limits = Unary(kind, spans=(_LIMITS[kind],)) if kind in _LIMITS else Unary()
    bounds: set[Fraction] = set(domain.bounds) | (limits.bounds if kind is ValueKind.TIME else set())
    for test in {id(test): test for test in column}.values():
        bounds |= test.bounds
        if len(bounds) > CUTS_MAX:
            raise FeelError("too_many_bounds", limit=CUTS_MAX)
    points = sorted(bounds)
    number = {point: i for i, point in enumerate(points)}
    count = 2 * len(points) + 1
    runs = _each(column, lambda test: _runs(test, number), count)
    (allowed,) = _each((domain,), lambda test: _runs(test, number), count)
    spans = list(_elementary(points))
    kept = [
        i
        for i, span in enumerate(spans)
        if allowed >> i & 1 and _has_values(span, is_whole=is_whole) and limits.holds(sample(span, is_whole=is_whole))
    ]
    edges = 0
    for mask in set(runs):
        edges |= mask ^ mask >> 1
    cells: list[Cell] = []
    places: list[int] = []
    for before, i in pairwise((-2, *kept)):
        # Numbers left out in between (no whole value, not declared) are an edge where a test changes across them.
        if places and before == i - 1 and not edges >> before & 1:
            first = cells[-1].span
            assert first is not None, "an ordered cell is a span"
            cells[-1] = Cell(span=Span(first.low, first.low_in, spans[i].high, spans[i].high_in))
        else:
            cells.append(Cell(span=spans[i]))
            places.append(i)
    return tuple(cells), tuple(_picked(mask, places) for mask in runs)


def _each(column: Sequence[Unary], held: Callable[[Unary], int], count: int) -> tuple[int, ...]:
    """A mask for each test. Equal cells of a column are one test, which is looked at once."""
    full = (1 << count) - 1
    known: dict[int, int] = {}
    for test in column:
        if id(test) not in known:
            mask = full if test.is_any else held(test)
            known[id(test)] = full ^ mask if test.negated else mask
    return tuple(known[id(test)] for test in column)


def _runs(test: Unary, number: Mapping[Fraction, int]) -> int:
    mask = 0
    for value in test.values:
        if isinstance(value, Fraction):
            mask |= 1 << 2 * number[value] + 1
    for span in test.spans:
        first = 0 if span.low is None else 2 * number[span.low] + (1 if span.low_in else 2)
        last = 2 * len(number) if span.high is None else 2 * number[span.high] + (1 if span.high_in else 0)
        mask |= (1 << last + 1) - (1 << first)
    return mask


def _picked(mask: int, places: Sequence[int]) -> int:
    return sum((mask >> place & 1) << i for i, place in enumerate(places))


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


def span_text(span: Span, words: Callable[[Fraction], str]) -> str:
    """An interval as a cell of a table has it: `>= 5`, `(1..2]`, `3`, or `-` for all values."""
    if span.low is None and span.high is None:
        return "-"
    if span.high is None:
        return f"{'>=' if span.low_in else '>'} {words(span.low or Fraction(0))}"
    if span.low is None:
        return f"{'<=' if span.high_in else '<'} {words(span.high)}"
    if span.low == span.high:
        return words(span.low)
    opening, closing = "[" if span.low_in else "(", "]" if span.high_in else ")"
    return f"{opening}{words(span.low)}..{words(span.high)}{closing}"


def joined(cells: Sequence[Cell], mask: int, *, is_whole: bool) -> tuple[Span, ...]:
    """The spans of some cells, neighbours made one, whole ones with the values they begin and end with."""
    found: list[Span] = []
    before = -2
    for i, cell in enumerate(cells):
        if cell.span is None or not mask >> i & 1:
            continue
        last = found[-1] if found else None
        if last is not None and before == i - 1 and (is_whole or last.high == cell.span.low):
            found[-1] = Span(last.low, last.low_in, cell.span.high, cell.span.high_in)
        else:
            found.append(cell.span)
        before = i
    return tuple(_closed(span) for span in found) if is_whole else tuple(found)


def _closed(span: Span) -> Span:
    low, high = whole_bounds(span, 1)
    first = None if low is None else Fraction(low)
    return Span(first, first is not None, None if high is None else Fraction(high), high is not None)


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


def _elementary(points: Sequence[Fraction]) -> Iterable[Span]:
    ends: list[Fraction | None] = [None, *points, None]
    for low, high in pairwise(ends):
        if low is not None:
            yield Span(low, True, low, True)
        yield Span(low, False, high, False)


def _has_values(span: Span, *, is_whole: bool) -> bool:
    low, high = whole_bounds(span, 1) if is_whole else (None, None)
    return low is None or high is None or low <= high


def _fits(value: Fraction, *, is_whole: bool) -> bool:
    return not is_whole or value.denominator == 1
