"""Durations, amounts and counts as people write them, as whole seconds, minor units and numbers. Raises ValueError."""

from __future__ import annotations

import re

from huiliu.kit.money import parse_minor
from huiliu.policy.model import FactKind, Period

SECONDS = {
    "秒": 1,
    "分": 60,
    "分钟": 60,
    "小时": 3_600,
    "个小时": 3_600,
    "天": 86_400,
    "日": 86_400,
    "周": 604_800,
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 604_800,
}
"""Months and years are left out: they are not a fixed number of seconds."""

DURATION_SECONDS_MAX = 10 * 366 * 86_400
COUNT_MAX = 1_000_000
DIGITS_MAX = 9
WORKING_DAYS_MAX = 60
PERIOD_SECONDS_MAX = 180 * 86_400

_DIGITS = str.maketrans("０１２３４５６７８９．，￥", "0123456789.,¥")
_PART = re.compile(r"\s*([0-9]+)\s*([a-z]+|[一-龥]+)\s*")
_WORKING_DAYS = re.compile(r"([0-9]+)\s*(?:个工作日|工作日|working days?)")


def quantity(kind: FactKind, text: str) -> int:
    """One number of a fact's kind."""
    match kind:
        case FactKind.DURATION:
            return duration_seconds(text)
        case FactKind.AMOUNT:
            return amount_minor(text)
        case _:
            return count(text)


def duration_seconds(text: str) -> int:
    """'1小时30分' or '90 minutes' -> 5400."""
    rest = text.translate(_DIGITS).lower().strip()
    if not rest:
        raise ValueError("not a duration")
    total = 0
    while rest:
        part = _PART.match(rest)
        if part is None or len(part[1]) > DIGITS_MAX:
            raise ValueError("not a duration")
        unit = part[2] if part[2] in SECONDS else part[2].removesuffix("s")
        if unit not in SECONDS:
            raise ValueError("not a duration")
        total += int(part[1]) * SECONDS[unit]
        rest = rest[part.end() :]
    if total > DURATION_SECONDS_MAX:
        raise ValueError("longer than ten years")
    return total


def amount_minor(text: str) -> int:
    """'500元', '¥500.00' or '500 yuan' -> 50000."""
    cleaned = text.translate(_DIGITS).strip().lower()
    for unit in ("yuan", "cny", "元"):
        cleaned = cleaned.removesuffix(unit).strip()
    if not re.fullmatch(r"¥?[0-9,]+(\.[0-9]+)?", cleaned):
        raise ValueError("not an amount")
    return parse_minor(cleaned)


def count(text: str) -> int:
    """'3次' or '3 times' -> 3."""
    found = re.fullmatch(r"([0-9]+)\s*(?:次|个|件|times?)?", text.translate(_DIGITS).strip().lower())
    if found is None or len(found[1]) > DIGITS_MAX or int(found[1]) > COUNT_MAX:
        raise ValueError("not a count")
    return int(found[1])


def period(text: str) -> Period:
    """'3个工作日' stays working days, for the calendar to place; anything else is seconds. Zero is refused."""
    working = _WORKING_DAYS.fullmatch(text.translate(_DIGITS).strip().lower())
    if working is not None and len(working[1]) <= DIGITS_MAX:
        found = Period(working_days=int(working[1]))
        if not 1 <= found.working_days <= WORKING_DAYS_MAX:
            raise ValueError("out of range")
        return found
    seconds = duration_seconds(text)
    if not 1 <= seconds <= PERIOD_SECONDS_MAX:
        raise ValueError("out of range")
    return Period(seconds=seconds)


def kept_period(text: str) -> Period:
    """How long something is kept: '1096天', up to ten years. Zero is refused."""
    seconds = duration_seconds(text)
    if seconds < 1:
        raise ValueError("out of range")
    return Period(seconds=seconds)
