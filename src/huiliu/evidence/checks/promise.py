"""What a product page promised beside what a membership or usage page shows: duration, level, amount. Pure.

Only what both pages print with a unit is compared; a promise in words alone is for a person to read side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from huiliu.evidence.checks.quantities import Quantity, quantities
from huiliu.evidence.checks.times import day_of
from huiliu.evidence.inspection.model import FieldName, FieldRead

LINES_MAX = 400
PAIRS_MAX = 40
DAY_MINUTES = Decimal(1440)
MONTH_DAYS = (Decimal(28), Decimal(31))
"""A month is as long as the calendar says, and no page says which it meant."""
SLACK_DAYS = 1
"""The day of opening counts in one app and not in the other."""

VALIDITY = (
    "有效",
    "使用期",
    "时长",
    "会员",
    "年卡",
    "月卡",
    "季卡",
    "周卡",
    "质保",
    "售后",
    "包",
    "valid",
    "membership",
)
"""Words beside a duration that say it is how long the thing lasts."""
DELIVERY = ("到账", "发货", "充值", "处理", "内", "以内", "delivery", "within", "arrives", "退款", "前", "后")
"""Words beside a duration that say it is how soon something happens."""


class PromiseKind(StrEnum):
    """What is measured."""

    DURATION = "duration"
    LEVEL = "level"
    AMOUNT = "amount"


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One promise and what became of it. `differs` is None when the two cannot be measured against each other."""

    kind: PromiseKind
    promised: str
    delivered: str
    differs: bool | None


def promised_against_delivered(lines: Sequence[str], fields: Sequence[FieldRead]) -> tuple[Pair, ...]:
    """Every promise of a product page (its lines of text) that the fields of another page answer.

    The duration delivered is from opening (or payment) to expiry; of several promises of one kind each gives a pair.
    """
    by_name = {field.name: field for field in reversed(fields)}
    pairs = [pair for line in lines[:LINES_MAX] for pair in _pairs(line, by_name)]
    return tuple(dict.fromkeys(pairs))[:PAIRS_MAX]


def _pairs(line: str, by_name: dict[FieldName, FieldRead]) -> Iterator[Pair]:
    for number in quantities(line):
        if number.family in ("minutes", "months") and _is_validity(line, number):
            yield from _duration(number, by_name)
        elif number.family == "level" and FieldName.LEVEL in by_name:
            yield from _level(number, by_name[FieldName.LEVEL])
        elif number.family == "yuan" and FieldName.AMOUNT in by_name and _is_face_value(line):
            yield from _amount(number, by_name[FieldName.AMOUNT])


def _is_validity(line: str, number: Quantity) -> bool:
    """Long enough to be how long a thing lasts, and not said of its delivery."""
    is_days = number.family == "months" or number.value >= DAY_MINUTES
    text = line.casefold()
    return is_days and (_any(VALIDITY, text) or not _any(DELIVERY, text))


def _any(words: Iterable[str], text: str) -> bool:
    return any(word in text for word in words)


def _duration(number: Quantity, by_name: dict[FieldName, FieldRead]) -> Iterator[Pair]:
    ends = by_name.get(FieldName.EXPIRES_AT)
    starts = by_name.get(FieldName.ORDERED_AT) or by_name.get(FieldName.PAID_AT)
    if ends is None or starts is None:
        return
    first, last = day_of(starts.value), day_of(ends.value)
    if first is None or last is None:
        return
    days = (last - first).days
    if number.family == "months":
        shortest, longest = (number.value * length for length in MONTH_DAYS)
    else:
        shortest = longest = number.value / DAY_MINUTES
    differs = not shortest - SLACK_DAYS <= days <= longest + SLACK_DAYS
    delivered = f"{first.isoformat()} – {last.isoformat()} ({days}d)"
    yield Pair(kind=PromiseKind.DURATION, promised=number.text, delivered=delivered, differs=differs)


def _level(number: Quantity, reached: FieldRead) -> Iterator[Pair]:
    """More than was promised is no difference to complain about, and none either way is guessed from words."""
    got = [it.value for it in quantities(reached.value) if it.family in ("level", "")]
    differs = None if len(got) != 1 else got[0] < number.value
    yield Pair(kind=PromiseKind.LEVEL, promised=number.text, delivered=reached.text, differs=differs)


def _is_face_value(line: str) -> bool:
    """A price is what was paid; a promise of money is what comes out of it."""
    return _any(("话费", "面值", "余额", "到账", "充值", "face value", "top-up", "credit"), line.casefold())


def _amount(number: Quantity, credited: FieldRead) -> Iterator[Pair]:
    got = [it.value for it in quantities(credited.value)]
    differs = None if len(got) != 1 else got[0] < number.value
    yield Pair(kind=PromiseKind.AMOUNT, promised=number.text, delivered=credited.text, differs=differs)
