"""Times as pages print them: to the second, the minute or the day, and a clock without a date. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import msgspec

from huiliu.kit.ids import SHANGHAI

TOLERANCE = timedelta(minutes=3)
"""Rails stamp a payment when they book it, phones when they show it, and clocks differ."""
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
CLOCK_SPAN_MAX = DAY
"""A clock without a date says nothing about a longer time."""

_PRINTED = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_HALVES = re.compile(r"上午|下午|凌晨|晚上|中午|[ap]\.?m", re.IGNORECASE)
HOURS_OF_HALF = range(1, 13)


class Precision(StrEnum):
    """How finely a time is printed."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"


class Span(msgspec.Struct, frozen=True):
    """What a printed time may mean: every instant from `start` to `end`, both included."""

    start: datetime
    end: datetime
    precision: Precision

    def distance(self, at: datetime) -> timedelta:
        """How far an instant lies outside, zero inside."""
        return max(self.start - at, at - self.end, timedelta(0))


class ImpossibleTime(Exception):
    """It is written like a time, and no calendar or clock has it."""


def read_span(value: str) -> Span | None:
    """The time that a field's value names, None when it is no time at all. Raises ImpossibleTime (2026-02-30)."""
    found = _PRINTED.fullmatch(value.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (None if part is None else int(part) for part in found.groups()[:6])
    assert year is not None, "a date has a year"
    assert month is not None, "a date has a month"
    assert day is not None, "a date has a day"
    try:
        if hour is None or minute is None:
            start = datetime(year, month, day, tzinfo=SHANGHAI)
            return Span(start, start + DAY - timedelta(seconds=1), Precision.DAY)
        clock = f"{hour:02d}:{minute:02d}:{second or 0:02d}{_offset(found[7])}"
        start = datetime.fromisoformat(f"{year:04d}-{month:02d}-{day:02d}T{clock}")
        start = start.replace(tzinfo=SHANGHAI) if start.tzinfo is None else start
        start.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ImpossibleTime(value) from error
    if second is None:
        return Span(start, start + timedelta(seconds=59), Precision.MINUTE)
    return Span(start, start, Precision.SECOND)


def safe_span(value: str) -> Span | None:
    """As `read_span`, with None for a time that cannot be."""
    try:
        return read_span(value)
    except ImpossibleTime:
        return None


def clock_readings(value: str, text: str) -> tuple[time, ...]:
    """The times of day that a status bar may mean, the likelier first. Empty when it is no clock.

    A bar set to twelve hours prints 3:20 for 15:20 and often leaves out which half of the day it is; 03:20, 15:20 and a
    bar that says 下午 leave no doubt.
    """
    found = _CLOCK.fullmatch(value.strip())
    if found is None:
        return ()
    hour, minute = int(found[1]), int(found[2])
    try:
        first = time(hour, minute)
    except ValueError:
        return ()
    is_sure = text.strip().startswith("0") or _HALVES.search(text) is not None or hour not in HOURS_OF_HALF
    if is_sure:
        return (first,)
    return first, time((hour + 12) % 24, minute)


def clock_instants(clock: time, *, start: datetime, end: datetime) -> tuple[Span, ...]:
    """The minutes between `start` and `end` at which a clock in China shows this; each is a span of one minute."""
    day = start.astimezone(SHANGHAI).date() - DAY
    last = end.astimezone(SHANGHAI).date()
    found: list[Span] = []
    while day <= last and len(found) <= CLOCK_SPAN_MAX / DAY + 1:
        shown = datetime.combine(day, clock, tzinfo=SHANGHAI)
        if shown + MINUTE > start and shown <= end:
            found.append(Span(shown, shown + timedelta(seconds=59), Precision.MINUTE))
        day += DAY
    return tuple(found)


def in_shanghai(at: datetime) -> str:
    """An instant as checks carry it: ISO 8601, China's offset, to the second."""
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def day_of(value: str) -> date | None:
    """The calendar day in China that a field's value names."""
    span = safe_span(value)
    return None if span is None else span.start.astimezone(SHANGHAI).date()


def _offset(printed: str | None) -> str:
    if printed is None or printed == "Z":
        return "+00:00" if printed else ""
    return printed if ":" in printed else f"{printed[:3]}:{printed[3:]}"
