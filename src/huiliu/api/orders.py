"""Orders: the platform's own server hands them over, and reads back what is known of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from huiliu.api.context import Answer, Call, answer
from huiliu.api.decoding import decode_body
from huiliu.api.once import once
from huiliu.api.operation import Once, Operation
from huiliu.api.order_shapes import ImportOut, OrderOut, OrdersOut, import_out, order_out, row_out
from huiliu.api.shapes import LIMIT_DEFAULT, Cursor, Limit, LineNo
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.orders.actions import add_usage, import_orders
from huiliu.orders.model import (
    DeliveryState,
    OrderQuery,
    OrderState,
    UsageDraft,
    UsageState,
)
from huiliu.orders.reads import find_orders, load_order
from huiliu.orders.wire import OrdersIn, parse_orders
from huiliu.people.model import Scope

ORDERS_BYTES_MAX = 16 * 1024 * 1024
"""5,000 orders of three kilobytes; a longer batch is sent in two."""
INT8_MAX = 2**63 - 1


class _AnyOrders(msgspec.Struct, frozen=True):
    orders: list[msgspec.Raw]


async def import_batch(call: Call) -> Answer:
    """Take over a batch; bad items are refused one by one, a repeated batch changes nothing."""
    decode_body(call.raw, _AnyOrders)  # says where the JSON breaks, before the items are looked at one by one
    drafts, unread = parse_orders(call.raw)

    async def effect(tx: Tx) -> Answer:
        result = await import_orders(tx, call.house.keyring, drafts)
        return answer(import_out(call.lang, drafts, unread, result))

    return await once(call, effect)


class OrderSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders. `number` is part of an order number, `text` is keywords, `to` is exclusive."""

    number: Annotated[str, Meta(max_length=64)] = ""
    text: Annotated[str, Meta(max_length=100)] = ""
    since: Annotated[datetime, Meta(tz=True)] | None = None
    to: Annotated[datetime, Meta(tz=True)] | None = None
    state: OrderState | None = None
    delivery_state: DeliveryState | None = None
    has_claim: bool | None = None
    cursor: Cursor = ""
    limit: Limit = LIMIT_DEFAULT


async def list_orders(call: Call) -> Answer:
    """The platform's orders, a page at a time."""
    wanted = call.query(OrderSearch)
    query = OrderQuery(
        number=wanted.number,
        text=wanted.text,
        from_=wanted.since,
        to=wanted.to,
        states=(wanted.state,) if wanted.state else (),
        delivery=(wanted.delivery_state,) if wanted.delivery_state else (),
        has_claim=wanted.has_claim,
        cursor=wanted.cursor,
        limit=wanted.limit,
    )
    async with call.transaction() as tx:
        page = await find_orders(tx, call.key, query)
    return answer(OrdersOut([row_out(row) for row in page.rows], page.next_cursor))


async def show_order(call: Call) -> Answer:
    """One order with its lines."""
    async with call.transaction() as tx:
        return answer(order_out(await load_order(tx, call.key, call.params["order_no"])))


class UsageReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the platform's own log says of the use of one line. `record_ref` names the record that proves it."""

    line: LineNo = 1
    state: UsageState
    units_total: Annotated[int, Meta(ge=1, le=INT8_MAX)] | None = None
    units_used: Annotated[int, Meta(ge=0, le=INT8_MAX)] | None = None
    unit: Annotated[str, Meta(max_length=20)] = ""
    source: Annotated[str, Meta(min_length=1, max_length=60)] = "api"
    record_ref: Annotated[str, Meta(max_length=128)] = ""
    observed_at: Annotated[datetime, Meta(tz=True)] | None = None


class UsageAdded(msgspec.Struct, frozen=True, kw_only=True):
    """`added` is false when exactly this was known."""

    order_no: str
    line: int
    added: bool


async def report_usage(call: Call) -> Answer:
    """Add a usage fact; the newest of a line is what holds."""
    wanted = call.body(UsageReport)
    usage = UsageDraft(
        state=wanted.state,
        units_total=wanted.units_total,
        units_used=wanted.units_used,
        unit=wanted.unit,
        source=wanted.source,
        record_ref=wanted.record_ref,
        observed_at=wanted.observed_at,
    )

    async def effect(tx: Tx) -> Answer:
        order = await load_order(tx, call.key, call.params["order_no"])
        if order.line(wanted.line) is None:
            raise NotFound
        added = await add_usage(tx, order.order_id, line_no=wanted.line, usage=usage)
        return answer(UsageAdded(order_no=order.order_no, line=wanted.line, added=added))

    return await once(call, effect)


OPERATIONS = (
    Operation(
        id="importOrders",
        method="POST",
        path="/orders",
        scope=Scope.ORDERS_WRITE,
        takes=OrdersIn,
        gives=ImportOut,
        run=import_batch,
        once=Once.HONOURED,
        body_max=ORDERS_BYTES_MAX,
    ),
    Operation(
        id="listOrders",
        method="GET",
        path="/orders",
        scope=Scope.ORDERS_READ,
        query=OrderSearch,
        gives=OrdersOut,
        run=list_orders,
    ),
    Operation(
        id="getOrder",
        method="GET",
        path="/orders/{order_no}",
        scope=Scope.ORDERS_READ,
        gives=OrderOut,
        run=show_order,
    ),
    Operation(
        id="reportUsage",
        method="POST",
        path="/orders/{order_no}/usage",
        scope=Scope.ORDERS_WRITE,
        takes=UsageReport,
        gives=UsageAdded,
        run=report_usage,
        once=Once.HONOURED,
        example=UsageReport(
            state=UsageState.PART_USED, units_total=30, units_used=12, unit="day", record_ref="LOG-20261123-7"
        ),
    ),
)
