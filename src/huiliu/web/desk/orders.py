"""Orders for staff: found by number or keyword, and one order with everything that was claimed on it."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from huiliu.claims.reads import ClaimFilter, ClaimListRow, find_claims
from huiliu.kit.errors import Refusal
from huiliu.ledger.reads import Balance, StatementRow, order_balance, statement
from huiliu.orders.model import Order, OrderQuery, OrderRow
from huiliu.orders.reads import find_orders, load_order
from huiliu.policy.model import NoneInForce, PublishedPolicy
from huiliu.policy.reads import policy_in_force
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.form import HttpRequest
from huiliu.web.page import Notice, notice_of, show
from huiliu.web.visit import FromVisit

ORDERS_SHOWN = 40
CLAIMS_SHOWN = 30
TEXT_MAX = 100
CURSOR_MAX = 200
NUMBER = re.compile(r"(?=.*\d)[A-Za-z0-9_-]{4,64}")
"""What reads as part of an order number; anything else is keywords."""


class OrdersPage(Struct, frozen=True, kw_only=True):
    """The platform's orders, newest first."""

    desk: Desk
    q: str
    rows: tuple[OrderRow, ...]
    more_url: str
    notice: Notice | None = None


class OrderPage(Struct, frozen=True, kw_only=True):
    """One order as staff see it."""

    desk: Desk
    order: Order
    claims: tuple[ClaimListRow, ...]
    balance: Balance | None
    statement: list[StatementRow]
    policy: PublishedPolicy | None


@get("/{slug:str}/desk/orders")
async def orders(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Find an order by part of its number, its product or what became of it."""
    staff = at_desk(visit)
    asked = request.query_params
    q, cursor = asked.get("q", "").strip()[:TEXT_MAX], asked.get("cursor", "")[:CURSOR_MAX]
    is_number = NUMBER.fullmatch(q) is not None
    query = OrderQuery(number=q if is_number else "", text="" if is_number else q, cursor=cursor, limit=ORDERS_SHOWN)
    refusal: Refusal | None = None
    try:
        async with visit.as_staff() as tx:
            found = await find_orders(tx, staff, query)
        rows, next_cursor = found.rows, found.next_cursor
    except Refusal as no:
        rows, next_cursor, refusal = (), None, no
    more = urlencode({"q": q, "cursor": next_cursor}) if next_cursor else ""
    page = OrdersPage(
        desk=desk_of(visit, "orders"),
        q=q,
        rows=rows,
        more_url=f"{visit.url('desk', 'orders')}?{more}" if more else "",
        notice=notice_of(visit.lang, refusal) if refusal else None,
    )
    return show(visit, "desk/orders.html", page, status=refusal.status if refusal else 200)


@get("/{slug:str}/desk/orders/{order_no:str}")
async def order(visit: FromVisit, order_no: FromPath[str]) -> Response[bytes]:
    """One order: what was sold, what happened to it, which claims and transfers it has."""
    staff = at_desk(visit)
    async with visit.as_staff() as tx:
        found = await load_order(tx, staff, order_no)
        claims = await find_claims(tx, staff, ClaimFilter(order_no=found.order_no, limit=CLAIMS_SHOWN))
        try:
            policy = await policy_in_force(tx, found.ordered_at)
        except NoneInForce:
            policy = None
        page = OrderPage(
            desk=desk_of(visit, "orders"),
            order=found,
            claims=tuple(claims),
            balance=await order_balance(tx, found.order_id),
            statement=await statement(tx, found.order_id),
            policy=policy,
        )
    return show(visit, "desk/order.html", page)


handlers = (orders, order)
