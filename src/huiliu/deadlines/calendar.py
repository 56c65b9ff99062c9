"""The Chinese working calendar: make-up workdays counted, unpublished years marked, never an exception.

Days up to 2026 come from chinesecalendar (State Council notices); an operator's rows in calendar_days override them and
add the years it does not know yet. Beyond coverage: Monday to Friday less the fixed holidays, and every deadline that relied on it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache

import chinese_calendar  # pyright: ignore[reportMissingTypeStubs] - none exist
import msgspec

from huiliu.kit.ids import SHANGHAI

END_OF_BUSINESS = time(18, 0)
WORKING_DAYS_MAX = 60
"""A promise longer than this is not a promise; it also bounds the walk below."""

WALK_DAYS_MAX = WORKING_DAYS_MAX * 7
WEEKEND = 5
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Month and day of statutory holidays that do not follow the moon (全国年节及纪念日放假办法, as amended for 2025)."""


class Step(msgspec.Struct, frozen=True):
    """One day of the walk to a deadline, for 'why this date': counted days have a number."""

    day: date
    is_working: bool
    number: int | None
    name: str


class Due(msgspec.Struct, frozen=True):
    """A deadline that can explain itself. `is_estimated`: the year's holidays are not published yet."""

    at: datetime
    is_estimated: bool
    steps: tuple[Step, ...] = ()


class WorkingCalendar(msgspec.Struct, frozen=True):
    """Which days are worked, and until when that is known."""

    working: Mapping[date, bool]
    names: Mapping[date, str]
    covered_until: date

    def is_working(self, day: date) -> bool:
        """What a notice says; for a year without one, Monday to Friday but for the holidays whose date the law fixes."""
        known = self.working.get(day)
        if known is not None:
            return known
        is_fixed_holiday = day > self.covered_until and (day.month, day.day) in FIXED_HOLIDAYS
        return day.weekday() < WEEKEND and not is_fixed_holiday

    def add_working_days(self, start: datetime, days: int) -> Due:
        """The end of business (18:00 Shanghai) of the `days`-th working day after `start`'s day."""
        assert 1 <= days <= WORKING_DAYS_MAX
        day = start.astimezone(SHANGHAI).date()
        steps: list[Step] = []
        counted = 0
        for _ in range(WALK_DAYS_MAX):
            day += timedelta(days=1)
            is_working = self.is_working(day)
            counted += is_working
            steps.append(Step(day, is_working, counted if is_working else None, self.names.get(day, "")))
            if counted == days:
                break
        return Due(datetime.combine(day, END_OF_BUSINESS, SHANGHAI), day > self.covered_until, tuple(steps))


def add_natural(start: datetime, span: timedelta) -> Due:
    """`span` of natural time after `start`: every hour counts."""
    return Due(start + span, is_estimated=False)


@cache
def published_calendar() -> WorkingCalendar:
    """What the package knows: 2004 to 2026 in the release this project pins."""
    working = dict.fromkeys(chinese_calendar.constants.holidays, False)
    working.update(dict.fromkeys(chinese_calendar.constants.workdays, True))
    names = {day: str(name) for day, name in chinese_calendar.constants.holidays.items()}
    covered_until = date(max(working).year, 12, 31)
    return WorkingCalendar(working=working, names=names, covered_until=covered_until)


def with_overrides(base: WorkingCalendar, rows: Mapping[date, tuple[bool, str]]) -> WorkingCalendar:
    """The calendar with an operator's days on top; a year counts as covered once it has at least one row."""
    working = dict(base.working) | {day: is_working for day, (is_working, _) in rows.items()}
    names = dict(base.names) | {day: name for day, (_, name) in rows.items() if name}
    covered = max([base.covered_until, *(date(day.year, 12, 31) for day in rows)])
    return WorkingCalendar(working=working, names=names, covered_until=covered)
