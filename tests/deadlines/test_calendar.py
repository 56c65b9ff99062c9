"""Working days as the State Council published them; vectors counted by hand from the 2026 notice."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.deadlines.calendar import add_natural, published_calendar, with_overrides
from huiliu.kit.ids import SHANGHAI

CALENDAR = published_calendar()


def at(day: str, hour: int = 10) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-02-13", 3, "2026-02-25"),  # the 14th is worked, the 15th to 23rd are off
        ("2026-04-30", 3, "2026-05-08"),
        ("2026-05-08", 1, "2026-05-09"),  # a Saturday that is worked
        ("2026-09-18", 3, "2026-09-22"),  # the Sunday in between is worked
        ("2026-09-30", 3, "2026-10-10"),  # a Saturday again
    ],
)
def test_make_up_days_and_holidays_count_as_published(start: str, days: int, expected: str) -> None:
    due = CALENDAR.add_working_days(at(start), days)
    assert due.at.date() == date.fromisoformat(expected)
    assert due.at.hour == 18
    assert not due.is_estimated


def test_an_unpublished_year_is_estimated_and_never_an_error() -> None:
    due = CALENDAR.add_working_days(at("2026-12-30"), 3)
    assert due.at.date() == date(2027, 1, 5)  # New Year's Day is off by law, whatever the notice will add
    assert due.is_estimated


def test_an_operators_day_corrects_the_estimate() -> None:
    corrected = with_overrides(CALENDAR, {date(2027, 1, 2): (True, ""), date(2027, 1, 1): (False, "元旦")})
    due = corrected.add_working_days(at("2026-12-30"), 3)
    assert due.at.date() == date(2027, 1, 4)
    assert not due.is_estimated


def test_a_deadline_explains_itself_day_by_day() -> None:
    due = CALENDAR.add_working_days(at("2026-09-30"), 1)
    assert [step.number for step in due.steps if step.is_working] == [1]
    assert sum(not step.is_working for step in due.steps) == 7
    assert all(step.name for step in due.steps if not step.is_working and step.day.weekday() < 5)


def test_an_order_late_in_the_evening_starts_on_its_shanghai_day() -> None:
    # 2026-11-23 23:30 in Shanghai is still the 23rd there, though 15:30 in London.
    assert CALENDAR.add_working_days(at("2026-11-23", 23), 1).at.date() == date(2026, 11, 24)


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(1, 20))
def test_who_starts_later_is_never_due_earlier(first: int, second: int, days: int) -> None:
    early, late = sorted((first, second))
    start = at("2018-01-01")
    assert (
        CALENDAR.add_working_days(start + timedelta(days=early), days).at
        <= CALENDAR.add_working_days(start + timedelta(days=late), days).at
    )


def test_natural_time_counts_every_hour() -> None:
    assert add_natural(at("2026-09-30"), timedelta(hours=48)).at == at("2026-10-02")
