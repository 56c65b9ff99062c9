"""Times are compared as finely as they are printed; a clock without a date only where a day's length decides."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.evidence.checks.times import (
    ImpossibleTime,
    Precision,
    clock_instants,
    clock_readings,
    day_of,
    read_span,
    safe_span,
)
from huiliu.kit.ids import SHANGHAI
from tests.evidence.checks.made import at

INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(lambda it: it.replace(tzinfo=SHANGHAI))


@pytest.mark.parametrize(
    ("value", "start", "end", "precision"),
    [
        ("2026-11-20T14:03:22+08:00", "2026-11-20 14:03:22", "2026-11-20 14:03:22", Precision.SECOND),
        ("2026-11-20T06:03:22Z", "2026-11-20 14:03:22", "2026-11-20 14:03:22", Precision.SECOND),
        ("2026-11-20 14:03:22", "2026-11-20 14:03:22", "2026-11-20 14:03:22", Precision.SECOND),
        ("2026-11-20T14:03+0800", "2026-11-20 14:03:00", "2026-11-20 14:03:59", Precision.MINUTE),
        ("2026-11-20", "2026-11-20 00:00:00", "2026-11-20 23:59:59", Precision.DAY),
    ],
)
def test_a_printed_time_is_as_long_as_its_precision(value: str, start: str, end: str, precision: Precision) -> None:
    span = read_span(value)
    assert span is not None
    assert (span.start, span.end, span.precision) == (at(start), at(end), precision)


@pytest.mark.parametrize(
    "value", ["2026-02-30T10:00:00+08:00", "2026-11-20T25:03", "2026-13-01", "0000-01-01", "2026-11-20T10:61"]
)
def test_a_time_in_no_calendar_is_said(value: str) -> None:
    with pytest.raises(ImpossibleTime):
        read_span(value)
    assert safe_span(value) is None


@pytest.mark.parametrize("value", ["", "昨天", "14:03", "2026/11/20", "2026-11-20T", "x" * 5000])
def test_what_is_no_time_is_none(value: str) -> None:
    assert read_span(value) is None
    assert day_of(value) is None


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("15:20", "15:20", [time(15, 20)]),
        ("03:20", "03:20", [time(3, 20)]),
        ("15:20", "下午3:20", [time(15, 20)]),
        ("03:20", "3:20 AM", [time(3, 20)]),
        ("03:20", "3:20", [time(3, 20), time(15, 20)]),
        ("12:20", "12:20", [time(12, 20), time(0, 20)]),
        ("00:20", "0:20", [time(0, 20)]),
        ("24:20", "24:20", []),
        ("99", "99", []),
    ],
)
def test_a_clock_of_twelve_hours_may_mean_two_times(value: str, text: str, expected: list[time]) -> None:
    assert list(clock_readings(value, text)) == expected


@given(INSTANTS, st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60 - 1))
def test_a_clock_shown_between_two_instants_is_always_found(start: datetime, before: int, after: int) -> None:
    shown = start + timedelta(minutes=min(before, after))
    end = start + timedelta(minutes=max(before, after))
    spans = clock_instants(shown.time().replace(second=0, microsecond=0), start=start, end=end)
    assert any(span.start <= shown <= span.end + timedelta(seconds=1) for span in spans)


@given(INSTANTS, st.times(), st.integers(1, 23 * 60))
def test_no_instant_is_found_that_shows_another_clock(start: datetime, clock: time, minutes: int) -> None:
    clock = clock.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=minutes)
    for span in clock_instants(clock, start=start, end=end):
        assert span.start.time() == clock
        assert span.end >= start
        assert span.start <= end
