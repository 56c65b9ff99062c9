"""Orders as JSON: one bad item refuses only itself. Amounts are whole minor units, times ISO 8601."""

from __future__ import annotations

from datetime import datetime

import msgspec

from huiliu.kit.errors import Fact
from huiliu.orders.cells import BadCell, time_of
from huiliu.orders.checks import clean
from huiliu.orders.model import (
    IMPORT_BATCH_MAX,
    BatchTooLarge,
    BodyUnreadable,
    DeliveryState,
    OrderDraft,
    OrderLineDraft,
    OrderState,
    Precision,
    Problem,
    ProductKind,
    Rail,
    UsageDraft,
    UsageState,
)

API_SOURCE = "api"
"""Where a usage fact comes from when the request does not say."""


class UsageIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the platform's log says of the use of one line."""

    state: UsageState
    units_total: int | None = None
    units_used: int | None = None
    unit: str = ""
    source: str = API_SOURCE
    record_ref: str = ""
    observed_at: str = ""


class LineIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line; `paid_minor` may be left out when the order has only this one."""

    title: str
    kind: ProductKind
    line_no: int | None = None
    promise: str = ""
    quantity: int = 1
    paid_minor: int | None = None
    usage: UsageIn | None = None


class OrderIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One order. Times without an offset are Asia/Shanghai; a date alone is kept as exact to the day."""

    order_no: str
    rail: Rail
    paid_minor: int
    ordered_at: str
    delivery_state: DeliveryState
    lines: list[LineIn]
    state: OrderState = OrderState.PAID
    merchant: str = ""
    contact: str = ""
    lookup_password: str = ""
    rail_trade_no: str = ""
    rail_order_no: str = ""
    payer_account: str = ""
    currency: str = "CNY"
    fee_minor: int = 0
    ordered_precision: Precision | None = None
    paid_at: str = ""
    paid_precision: Precision | None = None
    delivered_at: str = ""
    delivered_precision: Precision | None = None
    delivery_note: str = ""
    account: str = ""
    description: str = ""


class OrdersIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an import: {"orders": [...]}."""

    orders: list[OrderIn]


class _RawOrders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    orders: list[msgspec.Raw]


def parse_orders(raw: bytes) -> tuple[list[OrderDraft], list[Problem]]:
    """The drafts in a request's body and what is wrong with the other items; `row` is an item's place, from 1.

    Raises BodyUnreadable when it is no list of orders at all, BatchTooLarge beyond IMPORT_BATCH_MAX.
    """
    try:
        items = msgspec.json.decode(raw, type=_RawOrders).orders
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable(detail=str(error)) from None
    if len(items) > IMPORT_BATCH_MAX:
        raise BatchTooLarge(given=len(items), most=IMPORT_BATCH_MAX)
    drafts: list[OrderDraft] = []
    problems: list[Problem] = []
    for row, item in enumerate(items, 1):
        try:
            drafts.append(draft_of(msgspec.json.decode(item, type=OrderIn), row))
        except _BadField as bad:
            problems.append(Problem(row, bad.column, bad.reason_code, bad.facts))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problems.append(_wrong_type(row, str(error)))
    return drafts, problems


def draft_of(order: OrderIn, row: int) -> OrderDraft:
    """An order of a request as the importer takes it."""
    ordered_at, ordered_precision = _time("ordered_at", order.ordered_at, order.ordered_precision)
    if ordered_at is None:
        raise _BadField("ordered_at", "missing", {})
    paid_at, paid_precision = _time("paid_at", order.paid_at, order.paid_precision)
    delivered_at, delivered_precision = _time("delivered_at", order.delivered_at, order.delivered_precision)
    return OrderDraft(
        row=row,
        order_no=clean(order.order_no),
        merchant=clean(order.merchant),
        contact=clean(order.contact),
        lookup_password=clean(order.lookup_password),
        rail=order.rail,
        rail_trade_no=clean(order.rail_trade_no),
        rail_order_no=clean(order.rail_order_no),
        payer_account=clean(order.payer_account),
        currency=order.currency,
        paid_minor=order.paid_minor,
        fee_minor=order.fee_minor,
        state=order.state,
        ordered_at=ordered_at,
        ordered_precision=ordered_precision,
        paid_at=paid_at,
        paid_precision=paid_precision,
        delivered_at=delivered_at,
        delivered_precision=delivered_precision,
        delivery_state=order.delivery_state,
        delivery_note=clean(order.delivery_note),
        account=clean(order.account),
        description=clean(order.description),
        lines=tuple(_line(line, place, order) for place, line in enumerate(order.lines, 1)),
    )


def usage_draft_of(usage: UsageIn) -> UsageDraft:
    """A usage fact of a request as `add_usage` takes it."""
    observed_at, _ = _time("usage_at", usage.observed_at, None)
    return UsageDraft(
        state=usage.state,
        units_total=usage.units_total,
        units_used=usage.units_used,
        unit=clean(usage.unit),
        source=clean(usage.source),
        record_ref=clean(usage.record_ref),
        observed_at=observed_at,
    )


def _line(line: LineIn, place: int, order: OrderIn) -> OrderLineDraft:
    if line.paid_minor is None and len(order.lines) != 1:
        raise _BadField("line_paid", "missing", {})
    return OrderLineDraft(
        line_no=place if line.line_no is None else line.line_no,
        title=clean(line.title),
        kind=line.kind,
        promise=clean(line.promise, keep_lines=True),
        quantity=line.quantity,
        paid_minor=order.paid_minor if line.paid_minor is None else line.paid_minor,
        usage=usage_draft_of(line.usage) if line.usage else None,
    )


class _BadField(Exception):
    def __init__(self, column: str, reason_code: str, facts: dict[str, Fact]) -> None:
        super().__init__(reason_code)
        self.column = column
        self.reason_code = reason_code
        self.facts = facts


def _time(column: str, text: str, stated: Precision | None) -> tuple[datetime | None, Precision]:
    if not text.strip():
        return None, stated or Precision.SECOND
    try:
        at, precision = time_of(text)
    except BadCell as bad:
        raise _BadField(column, bad.reason_code, bad.facts) from None
    return at, stated or precision


def _wrong_type(row: int, message: str) -> Problem:
    """msgspec says 'Expected `int`, got `str` - at `$.lines[0].paid_minor`': the last name there is the column."""
    detail, _, path = message.partition(" - at `$")
    names = [name.partition("[")[0] for name in path.rstrip("`").split(".") if name]
    column = _COLUMNS.get(names[-1], names[-1]) if names else ""
    return Problem(row, column if column in _KNOWN else "", "wrong_type", {"detail": detail[:200]})


_COLUMNS = {"paid_minor": "paid", "fee_minor": "fee", "observed_at": "usage_at", "record_ref": "usage_ref"}
_KNOWN = frozenset(OrderIn.__struct_fields__) | frozenset(LineIn.__struct_fields__) | frozenset(_COLUMNS.values())
