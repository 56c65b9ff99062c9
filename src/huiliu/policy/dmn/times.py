"""Dates, times and durations as exact numbers and back: whole days, seconds of UTC, seconds, months. Raises ValueError."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

DAY_SECONDS = 86_400
MONTHS_A_YEAR = 12
DIGITS_MAX = 12

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")
_TIME = re.compile(r"(\d{2}):(\d{2})(?::(\d{2}(?:\.\d{1,6})?))?")
_DAYS = re.compile(r"(-)?P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_MONTHS = re.compile(r"(-)?P(?=.)(?:(\d+)Y)?(?:(\d+)M)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT_LIMITS = (-62_135_596_800, 253_402_300_799)
"""The first second of year 1 and the last of year 9999."""


def date_days(text: str) -> Fraction:
    """'2024-02-29' -> its number among all days."""
    if not _DATE.fullmatch(text):
        raise ValueError("not a date")
    return Fraction(date.fromisoformat(text).toordinal())


def moment(text: str) -> tuple[bool, Fraction]:
    """(whether it states its offset, seconds since 1970 in UTC)."""
    if not _MOMENT.fullmatch(text):
        raise ValueError("not a date and time")
    found = datetime.fromisoformat(text)
    has_offset = found.tzinfo is not None
    since = (found if has_offset else found.replace(tzinfo=UTC)) - _EPOCH
    return has_offset, since.days * DAY_SECONDS + since.seconds + Fraction(since.microseconds, 10**6)


def time_seconds(text: str) -> Fraction:
    """'08:30:00' -> seconds since midnight. A time with an offset is refused: without a date it has no order."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("not a time")
    hours, minutes, seconds = int(found[1]), int(found[2]), Fraction(found[3] or "0")
    if hours > 23 or minutes > 59 or seconds >= 60:
        raise ValueError("not a time")
    return hours * 3_600 + minutes * 60 + seconds


def duration(text: str) -> tuple[bool, Fraction]:
    """(whether it counts months, the months or seconds): 'P1DT12H' -> 129600 seconds, 'P2Y' -> 24 months."""
    if any(len(digits) > DIGITS_MAX for digits in re.findall(r"\d+", text)):
        raise ValueError("too long a number")
    found = _MONTHS.fullmatch(text)
    if found is not None:
        months = int(found[2] or 0) * MONTHS_A_YEAR + int(found[3] or 0)
        return True, Fraction(-months if found[1] else months)
    found = _DAYS.fullmatch(text)
    if found is None:
        raise ValueError("not a duration")
    parts = [Fraction(each or "0") for each in found.groups()[1:]]
    seconds = parts[0] * DAY_SECONDS + parts[1] * 3_600 + parts[2] * 60 + parts[3]
    return False, -seconds if found[1] else seconds


def date_text(days: Fraction) -> str:
    """The day of that number; the first or last there is, beyond them."""
    return date.fromordinal(min(max(int(days), 1), date.max.toordinal())).isoformat()


def moment_text(seconds: Fraction, *, has_offset: bool) -> str:
    """The instant in UTC."""
    low, high = _MOMENT_LIMITS
    micros = int(min(max(seconds, low), high) * 10**6)
    found = (_EPOCH + timedelta(microseconds=micros)).replace(tzinfo=None).isoformat()
    return f"{found}Z" if has_offset else found


def time_text(seconds: Fraction) -> str:
    """Seconds since midnight as 08:30:00."""
    whole = int(seconds)
    rest = seconds - whole
    tail = f".{int(rest * 10**6):06d}".rstrip("0") if rest else ""
    return f"{whole // 3_600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{tail}"


def duration_text(seconds: Fraction) -> str:
    """129600 -> P1DT12H."""
    rest = abs(seconds)
    days, rest = divmod(rest, DAY_SECONDS)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M")) if number)
    clock += f"{decimal_text(Fraction(rest))}S" if rest else ""
    found = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-" if seconds < 0 else "") + f"P{found or 'T0S'}"


def months_text(months: Fraction) -> str:
    """26 -> P2Y2M."""
    years, rest = divmod(abs(int(months)), MONTHS_A_YEAR)
    found = (f"{years}Y" if years else "") + (f"{rest}M" if rest or not years else "")
    return ("-" if months < 0 else "") + f"P{found}"


def decimal_text(number: Fraction) -> str:
    """An exact decimal: 7/2 -> 3.5. Only numbers of finitely many places come here; others are cut at twenty."""
    whole, rest = divmod(abs(number), 1)
    digits = ""
    while rest and len(digits) < 60:
        digit, rest = divmod(rest * 10, 1)
        digits += str(digit)
    return ("-" if number < 0 else "") + str(whole) + (f".{digits}" if digits else "")
