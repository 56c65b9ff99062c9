"""The rules an order must keep before it is written down. Pure: a draft goes in, problems come out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta

from huiliu.kit.errors import Fact
from huiliu.kit.money import AMOUNT_MINOR_MAX
from huiliu.orders.model import (
    CURRENCIES,
    LINES_MAX,
    OrderDraft,
    OrderLineDraft,
    OrderState,
    Precision,
    Problem,
    UsageDraft,
    UsageState,
)
from huiliu.people.contacts import normalise

ORDER_NO_MAX = 64
NUMBER_MAX = 128
"""A rail's own numbers: WeChat Pay's and Alipay's stay well below."""
MERCHANT_MAX = 80
CONTACT_MAX = 120
PASSWORD_MAX = 64
PAYER_ACCOUNT_MAX = 120
NOTE_MAX = 500
ACCOUNT_MAX = 120
DESCRIPTION_MAX = 2_000
TITLE_MAX = 200
PROMISE_MAX = 4_000
UNIT_MAX = 20
SOURCE_MAX = 60
QUANTITY_MAX = 1_000_000
UNITS_MAX = 10**15
CLOCK_SKEW = timedelta(minutes=5)
"""How far two systems' clocks may disagree before a time is taken for a mistake."""
YEAR_MIN = 2000
YEAR_MAX = 2100

_ORDER_NO = re.compile(r"^[0-9A-Za-z][0-9A-Za-z_\-.#:]*$")
_SCIENTIFIC = re.compile(r"^\d(?:\.\d+)?[eE]\+?\d{1,3}$")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BREAKS = re.compile(r"[\t\r\n\v\f\u2028\u2029]+")

Found = tuple[str, str, dict[str, Fact]]
"""(column, reason_code, facts)."""


def clean(text: str, *, keep_lines: bool = False) -> str:
    """Text as it is kept: no invisible marks (they hide look-alikes), no outer blanks, one line unless told otherwise."""
    plain = _INVISIBLE.sub("", text)
    if keep_lines:
        return plain.replace("\r\n", "\n").replace("\r", "\n").strip()
    return _BREAKS.sub(" ", plain).strip()


def check(draft: OrderDraft, now: datetime) -> list[Problem]:
    """Everything that is wrong with one order; an empty list means it may be written."""
    found = [*_texts(draft), *_numbers(draft), *_money(draft), *_times(draft, now), *_lines(draft, now)]
    return [Problem(draft.row, column, reason, facts) for column, reason, facts in found]


def check_usage(usage: UsageDraft, now: datetime) -> list[Found]:
    """What contradicts itself in a fact about use."""
    found: list[Found] = [
        *_text("usage_source", usage.source, SOURCE_MAX, required=True),
        *_text("usage_ref", usage.record_ref, NUMBER_MAX),
        *_text("unit", usage.unit, UNIT_MAX),
    ]
    total, used = usage.units_total, usage.units_used
    if total is not None and not 1 <= total <= UNITS_MAX:
        found.append(("units_total", "out_of_range", {"least": 1, "most": UNITS_MAX}))
    if used is not None and not 0 <= used <= UNITS_MAX:
        found.append(("units_used", "out_of_range", {"least": 0, "most": UNITS_MAX}))
    elif used is not None and total is None:
        found.append(("units_total", "missing", {}))
    elif used is not None and total is not None and used > total:
        found.append(("units_used", "used_beyond_total", {"used": used, "total": total}))
    elif used is not None and usage.state is not _state_of(used, total):
        found.append(("usage_state", "usage_contradicts_units", {"state": usage.state.value, "used": used}))
    if usage.observed_at is not None:
        found.extend(_time("usage_at", usage.observed_at, Precision.SECOND, now))
    return found


def _state_of(used: int, total: int | None) -> UsageState:
    if used == 0:
        return UsageState.UNUSED
    return UsageState.USED if used == total else UsageState.PART_USED


def _texts(draft: OrderDraft) -> Iterator[Found]:
    yield from _text("merchant", draft.merchant, MERCHANT_MAX)
    yield from _text("contact", draft.contact, CONTACT_MAX)
    yield from _text("lookup_password", draft.lookup_password, PASSWORD_MAX)
    yield from _text("payer_account", draft.payer_account, PAYER_ACCOUNT_MAX)
    yield from _text("delivery_note", draft.delivery_note, NOTE_MAX)
    yield from _text("account", draft.account, ACCOUNT_MAX)
    yield from _text("description", draft.description, DESCRIPTION_MAX, lines=True)
    if draft.contact and len(normalise(draft.contact)) < 4:
        yield "contact", "contact_short", {"least": 4}


def _numbers(draft: OrderDraft) -> Iterator[Found]:
    yield from identifier("order_no", draft.order_no, ORDER_NO_MAX, required=True)
    yield from identifier("rail_trade_no", draft.rail_trade_no, NUMBER_MAX)
    yield from identifier("rail_order_no", draft.rail_order_no, NUMBER_MAX)


def identifier(column: str, value: str, most: int, *, required: bool = False) -> Iterator[Found]:
    """A number that names something: kept exactly, so one that a spreadsheet has already rounded is refused."""
    if not value:
        if required:
            yield column, "missing", {}
        return
    if len(value) > most:
        yield column, "too_long", {"most": most, "given": len(value)}
    elif _SCIENTIFIC.match(value):
        yield column, "scientific_number", {"value": value}
    elif not _ORDER_NO.match(value):
        yield column, "number_characters", {}


def _text(column: str, value: str, most: int, *, required: bool = False, lines: bool = False) -> Iterator[Found]:
    if required and not value.strip():
        yield column, "missing", {}
    if len(value) > most:
        yield column, "too_long", {"most": most, "given": len(value)}
        return
    allowed = "\n\t" if lines else ""
    for mark in value:
        if unicodedata.category(mark) in ("Cc", "Cs", "Co", "Cn") and mark not in allowed:
            yield column, "control_character", {"code": f"U+{ord(mark):04X}"}
            return


def _money(draft: OrderDraft) -> Iterator[Found]:
    if draft.currency not in CURRENCIES:
        yield "currency", "currency_unknown", {"value": draft.currency[:20]}
    if draft.state is OrderState.UNPAID and draft.paid_minor != 0:
        yield "paid", "unpaid_with_amount", {}
    elif draft.paid_minor < (1 if draft.state is OrderState.PAID else 0):
        yield "paid", "amount_not_positive", {}
    elif draft.paid_minor > AMOUNT_MINOR_MAX:
        yield "paid", "amount_too_large", {"most_minor": AMOUNT_MINOR_MAX}
    if draft.fee_minor < 0:
        yield "fee", "amount_negative", {}
    elif draft.fee_minor > max(draft.paid_minor, 0):
        yield "fee", "fee_beyond_paid", {}


def _times(draft: OrderDraft, now: datetime) -> Iterator[Found]:
    yield from _time("ordered_at", draft.ordered_at, draft.ordered_precision, now)
    if draft.paid_at is not None:
        yield from _time("paid_at", draft.paid_at, draft.paid_precision, now)
        if _is_before(draft.paid_at, draft.paid_precision, draft.ordered_at, draft.ordered_precision):
            yield "paid_at", "paid_before_ordered", {}
    if draft.delivered_at is not None:
        yield from _time("delivered_at", draft.delivered_at, draft.delivered_precision, now)
        if _is_before(draft.delivered_at, draft.delivered_precision, draft.ordered_at, draft.ordered_precision):
            yield "delivered_at", "delivered_before_ordered", {}


def _time(column: str, at: datetime, precision: Precision, now: datetime) -> Iterator[Found]:
    if at.tzinfo is None:
        yield column, "time_without_zone", {}
    elif at.year < YEAR_MIN:
        yield column, "time_too_old", {"year": YEAR_MIN}
    elif at.year > YEAR_MAX or (at > now + CLOCK_SKEW and precision is not Precision.NOT_AFTER):
        yield column, "time_in_future", {}


def _is_before(later: datetime, later_precision: Precision, first: datetime, first_precision: Precision) -> bool:
    """Whether `later` is before `first` beyond doubt, given how exactly each is known."""
    if later.tzinfo is None or first.tzinfo is None or Precision.NOT_AFTER in (later_precision, first_precision):
        return False
    if not all(YEAR_MIN <= at.year <= YEAR_MAX for at in (later, first)):
        return False  # refused already, and the sums below would overflow
    # A day means somewhere in that day; `first` is already its earliest moment.
    latest = later + {Precision.DAY: timedelta(days=1), Precision.MINUTE: timedelta(minutes=1)}.get(
        later_precision, timedelta()
    )
    return latest + CLOCK_SKEW < first


def _lines(draft: OrderDraft, now: datetime) -> Iterator[Found]:
    if not draft.lines:
        yield "lines", "missing", {}
        return
    if len(draft.lines) > LINES_MAX:
        yield "lines", "too_many_lines", {"most": LINES_MAX}
        return
    numbers = [line.line_no for line in draft.lines]
    if len(set(numbers)) != len(numbers):
        yield "line_no", "line_repeated", {}
    for line in draft.lines:
        yield from _line(line, now)
    if sum(line.paid_minor for line in draft.lines) != draft.paid_minor:
        yield "line_paid", "lines_do_not_add_up", {"paid_minor": draft.paid_minor}


def _line(line: OrderLineDraft, now: datetime) -> Iterator[Found]:
    if not 1 <= line.line_no <= LINES_MAX:
        yield "line_no", "out_of_range", {"least": 1, "most": LINES_MAX}
    yield from _text("title", line.title, TITLE_MAX, required=True)
    yield from _text("promise", line.promise, PROMISE_MAX, lines=True)
    if not 1 <= line.quantity <= QUANTITY_MAX:
        yield "quantity", "out_of_range", {"least": 1, "most": QUANTITY_MAX}
    if not 0 <= line.paid_minor <= AMOUNT_MINOR_MAX:
        yield "line_paid", "amount_negative" if line.paid_minor < 0 else "amount_too_large", {}
    if line.usage is not None:
        yield from check_usage(line.usage, now)
