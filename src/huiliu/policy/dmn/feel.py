"""Unary tests of S-FEEL, the input cells of a decision table: `-`, `< 18`, `[1..5)`, `"a","b"`, `not(...)`, dates.

Numbers are exact fractions, never floats. Everything that needs more than the cell itself (names, functions, null) is
refused: what cannot be cut into cells cannot be checked for all cases.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias, final

from huiliu.policy.dmn.times import date_days, duration, moment, time_seconds

CELL_CHARS_MAX = 5_000
ITEMS_MAX = 200
DIGITS_MAX = 30


class ValueKind(StrEnum):
    """What an input's values are."""

    TEXT = "text"
    BOOLEAN = "boolean"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"
    """A date and time with its offset, as seconds of UTC."""
    LOCAL_MOMENT = "local_moment"
    """A date and time of no stated offset: it cannot be compared with one that has an offset."""
    TIME = "time"
    DURATION = "duration"
    MONTHS = "months"


ORDERED = frozenset(ValueKind) - {ValueKind.TEXT, ValueKind.BOOLEAN}
Value: TypeAlias = str | bool | Fraction


class FeelError(ValueError):
    """A cell that is not a unary test we read. `code` is under dmn.problem."""

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


@dataclass(frozen=True)
class Literal:
    """One written value."""

    kind: ValueKind
    value: Value


@dataclass(frozen=True)
class Span:
    """An interval of exact values; None is open to that side."""

    low: Fraction | None = None
    low_in: bool = False
    high: Fraction | None = None
    high_in: bool = False

    def __contains__(self, value: Fraction) -> bool:
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        below = self.high is None or value < self.high or (self.high_in and value == self.high)
        return above and below


@dataclass(frozen=True)
class Unary:
    """One cell: any of `values` or `spans`, or none of them when `negated`. Without either it is '-': everything."""

    kind: ValueKind | None = None
    values: tuple[Value, ...] = ()
    spans: tuple[Span, ...] = ()
    negated: bool = False

    @property
    def is_any(self) -> bool:
        """Whether the cell is '-'."""
        return self.kind is None

    def holds(self, value: Value) -> bool:
        """Whether a value of the input's kind meets the test."""
        if self.is_any:
            return True
        met = value in self.values or (
            isinstance(value, Fraction) and any(value in span for span in self.spans)  # bool is no Fraction
        )
        return met != self.negated

    @property
    def bounds(self) -> set[Fraction]:
        """Every number at which the test can change."""
        ends = {end for span in self.spans for end in (span.low, span.high) if end is not None}
        return ends | {value for value in self.values if isinstance(value, Fraction)}


def parse_unary(text: str) -> Unary:
    """A cell's text as a test. Raises FeelError. An empty cell counts as '-', as editors write it."""
    stripped = text.strip()
    if len(stripped) > CELL_CHARS_MAX:
        raise FeelError("cell_too_long", limit=CELL_CHARS_MAX)
    if stripped in ("", "-"):
        return Unary()
    return _Cell(stripped).unary()


def parse_values(text: str) -> tuple[Literal, ...]:
    """A list of plain values in its order, as outputValues has it. Raises FeelError."""
    return _Cell(text.strip()).literals()


def parse_literal(text: str) -> Literal | None:
    """One plain value, or None when the text is another expression."""
    try:
        found = _Cell(text.strip()).literals()
    except FeelError:
        return None
    return found[0] if len(found) == 1 else None


_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<call>(?:date\ and\ time|date|time|duration)\s*\(\s*{_STRING}\s*\))
    | (?P<at>@{_STRING})
    | (?P<string>{_STRING})
    | (?P<number>-?\s*(?:\d+(?:\.(?!\.)\d+)?|\.\d+))
    | (?P<name>[^\W\d]\w*)
    | (?P<mark><=|>=|\.\.|[<>\[\](),])
    )""",
    re.VERBOSE,
)


@final
class _Cell:
    """The tokens of one cell and how far they are read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        self.at = 0
        place = 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if found is None or found.lastgroup is None:
                raise self.wrong(text[place:])
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()

    def wrong(self, word: str) -> FeelError:
        """The cell is not a unary test from here on."""
        return FeelError("feel_syntax", word=word.strip()[:40], cell=self.text[:80])

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def skip(self, mark: str) -> bool:
        if self.peek() == ("mark", mark):
            self.at += 1
            return True
        return False

    def unary(self) -> Unary:
        negated = self.peek() == ("name", "not")
        if negated:
            self.at += 1
            if not self.skip("("):
                raise self.wrong(self.peek()[1])
        kinds: set[ValueKind] = set()
        values: list[Value] = []
        spans: list[Span] = []
        while True:
            self._item(kinds, values, spans)
            if len(values) + len(spans) > ITEMS_MAX:
                raise FeelError("too_many_items", limit=ITEMS_MAX)
            if not self.skip(","):
                break
        if negated and not self.skip(")"):
            raise self.wrong(self.peek()[1])
        if self.peek()[0] != "end":
            raise self.wrong(self.peek()[1])
        return Unary(_one_kind(kinds), tuple(values), tuple(spans), negated)

    def literals(self) -> tuple[Literal, ...]:
        found = [self._literal()]
        while self.skip(","):
            found.append(self._literal())
            if len(found) > ITEMS_MAX:
                raise FeelError("too_many_items", limit=ITEMS_MAX)
        if self.peek()[0] != "end":
            raise self.wrong(self.peek()[1])
        return tuple(found)

    def _item(self, kinds: set[ValueKind], values: list[Value], spans: list[Span]) -> None:
        group, word = self.peek()
        if group == "mark" and word in ("<", "<=", ">", ">="):
            self.at += 1
            end = self._end(kinds)
            below = word[0] == "<"
            included = word.endswith("=")
            spans.append(Span(high=end, high_in=included) if below else Span(end, included))
        elif group == "mark" and word in ("[", "(", "]"):
            spans.append(self._interval(kinds))
        else:
            found = self._literal()
            kinds.add(found.kind)
            values.append(found.value)

    def _interval(self, kinds: set[ValueKind]) -> Span:
        opening = self.take()[1]
        low = self._end(kinds)
        if not self.skip(".."):
            raise self.wrong(self.peek()[1])
        high = self._end(kinds)
        group, closing = self.take()
        if group != "mark" or closing not in ("]", ")", "["):
            raise self.wrong(closing)
        span = Span(low, opening == "[", high, closing == "]")
        if low > high or (low == high and low not in span):
            raise FeelError("interval_empty", cell=self.text[:80])
        return span

    def _end(self, kinds: set[ValueKind]) -> Fraction:
        found = self._literal()
        if not isinstance(found.value, Fraction):
            raise FeelError("no_order", cell=self.text[:80])
        kinds.add(found.kind)
        return found.value

    def _literal(self) -> Literal:
        group, word = self.take()
        if group == "string":
            return Literal(ValueKind.TEXT, self._string(word))
        if group == "number":
            return Literal(ValueKind.NUMBER, _number(word))
        if group == "name" and word in ("true", "false"):
            return Literal(ValueKind.BOOLEAN, word == "true")
        if group == "name" and word == "null":
            raise FeelError("null")
        if group == "name":
            raise FeelError("name", word=word[:40], cell=self.text[:80])
        if group == "call":
            function, _, rest = word.partition("(")
            return _temporal(function.strip(), self._string(rest.rpartition(")")[0].strip()))
        if group == "at":
            return _temporal("", self._string(word[1:]))
        raise self.wrong(word)

    def _string(self, quoted: str) -> str:
        try:
            found: object = json.loads(quoted)
        except ValueError as error:
            raise self.wrong(quoted) from error
        assert isinstance(found, str), "it is quoted"
        return found


def _number(word: str) -> Fraction:
    digits = word.replace(" ", "")
    if len(digits) > DIGITS_MAX:
        raise FeelError("number", word=digits[:40])
    return Fraction(digits)


def _temporal(function: str, text: str) -> Literal:
    """date("2024-01-01") and its like; an @-literal says by its form which of them it is."""
    try:
        if function == "duration" or (not function and text.lstrip("-").startswith("P")):
            months, value = duration(text)
            return Literal(ValueKind.MONTHS if months else ValueKind.DURATION, value)
        if function == "date and time" or (not function and "T" in text):
            has_offset, value = moment(text)
            return Literal(ValueKind.MOMENT if has_offset else ValueKind.LOCAL_MOMENT, value)
        if function == "time" or (not function and ":" in text):
            return Literal(ValueKind.TIME, time_seconds(text))
        return Literal(ValueKind.DATE, date_days(text))
    except ValueError as error:
        raise FeelError("temporal", word=text[:40]) from error


def _one_kind(kinds: set[ValueKind]) -> ValueKind:
    if len(kinds) > 1:
        raise FeelError("mixed_kinds", kinds=", ".join(sorted(kinds)))
    return kinds.pop()
