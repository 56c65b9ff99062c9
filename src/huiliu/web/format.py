"""How numbers, times and amounts read on a page, in either language. Pure: values in, text out."""

from __future__ import annotations

from datetime import datetime, timedelta

from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, say

MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def moment(lang: Lang, at: datetime, *, now: datetime | None = None, precision: str = "second") -> str:
    """11月23日(周一) 18:00 in Beijing time, with the year when it is not this one; a known day shows no hour."""
    local = at.astimezone(SHANGHAI)
    same_year = now is not None and now.astimezone(SHANGHAI).year == local.year
    facts: dict[str, object] = {
        "year": local.year,
        "month": local.month,
        "month_name": say(lang, f"web.time.month_{local.month}"),
        "day": local.day,
        "weekday": say(lang, f"web.time.{WEEKDAYS[local.weekday()]}"),
        "clock": f"{local:%H:%M}",
    }
    day = say(lang, "web.time.day" if same_year else "web.time.day_of_year", **facts)
    if precision == "day":
        return day
    text = say(lang, "web.time.moment", day=day, clock=facts["clock"])
    return say(lang, "web.time.not_after", moment=text) if precision == "not_after" else text


def short_moment(lang: Lang, at: datetime) -> tuple[str, str]:
    """The two short lines under a step: (11月23日, 10:02)."""
    local = at.astimezone(SHANGHAI)
    name = say(lang, f"web.time.month_{local.month}")
    return say(lang, "web.time.short_day", month=local.month, month_name=name, day=local.day), f"{local:%H:%M}"


def remaining(lang: Lang, span: timedelta) -> str:
    """2天3小时, 5小时20分, 3分钟: two units at most, never seconds, rounded up so that nobody is promised too little."""
    minutes = max(0, -(-int(span.total_seconds()) // 60))
    days, rest = divmod(minutes, MINUTES_PER_DAY)
    hours, left = divmod(rest, MINUTES_PER_HOUR)
    if days:
        return say(lang, "web.time.days_hours" if hours else "web.time.days", days=days, hours=hours)
    if hours:
        return say(lang, "web.time.hours_minutes" if left else "web.time.hours", hours=hours, minutes=left)
    return say(lang, "web.time.minutes", minutes=left)


def amount(money: Money) -> str:
    """¥1,234.50"""
    return str(money)


def size(bytes_: int) -> str:
    """1.2 MB"""
    if bytes_ < 1_000_000:
        return f"{max(1, round(bytes_ / 1000))} KB"
    return f"{bytes_ / 1_000_000:.1f} MB"
