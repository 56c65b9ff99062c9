"""A buyer's orders: searched, filtered, and one of them whole."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from huiliu.claims.model import LIVE, PublicState, State
from huiliu.claims.reads import ClaimFilter, ClaimListRow, find_claims
from huiliu.kit.db import Tx
from huiliu.kit.errors import Invalid, Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import Money
from huiliu.orders.model import DeliveryState, Order, OrderLine, OrderQuery, OrderRow, OrderState, Page
from huiliu.orders.reads import find_orders, load_order
from huiliu.policy.model import NoneInForce
from huiliu.policy.reads import policy_in_force
from huiliu.web.buyer.restrictions import Held, held_of, holding
from huiliu.web.form import HttpRequest
from huiliu.web.page import Notice, notice_of, show
from huiliu.web.visit import FromVisit, Visit

ORDERS_SHOWN = 15
CLAIMS_SHOWN = 30
QUERY_MAX = 60
CURSOR_MAX = 300
ORDER_NUMBER = re.compile(r"(?=.*\d)[0-9A-Za-z_-]{4,64}")
"""What looks like part of an order number is looked for there; anything else is keywords."""

RANGES = {"7": 7, "30": 30, "90": 90}
NOT_ARRIVED = (DeliveryState.PENDING, DeliveryState.PROCESSING, DeliveryState.FAILED)


class Show(StrEnum):
    """The filter chips."""

    ALL = "all"
    NOT_ARRIVED = "not_arrived"
    DELIVERED = "delivered"
    CLAIMED = "claimed"


class Chip(Struct, frozen=True):
    """One filter and its address."""

    code: str
    url: str
    is_on: bool


class OrdersPage(Struct, frozen=True, kw_only=True):
    """A stretch of the buyer's orders with what was asked for."""

    rows: tuple[OrderRow, ...]
    q: str
    show: str
    days: str
    from_: str
    to: str
    chips: tuple[Chip, ...]
    spans: tuple[Chip, ...]
    more_url: str
    is_filtered: bool
    held: tuple[Held, ...]
    """Restrictions that hold now."""
    was_held: bool
    """Whether there is, or was, any: the way to their page is then shown."""
    notice: Notice | None = None


class LinePage(Struct, frozen=True, kw_only=True):
    """One order line with what can be done about it."""

    line: OrderLine
    claim_no: str
    """The claim to open instead of a new one: a live one, or a draft."""
    is_draft: bool
    left: Money
    why_not: str
    """A key under web.order.why_not when there is nothing to apply for; '' when there is."""


class OrderPage(Struct, frozen=True, kw_only=True):
    """An order's facts, lines, claims, and the policy that judges it."""

    order: Order
    lines: tuple[LinePage, ...]
    claims: tuple[ClaimListRow, ...]
    policy_id: UUID | None
    policy_label: str
    held: tuple[Held, ...]


@get("/{slug:str}/orders")
async def orders(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """The buyer's orders, newest first; search by number, keyword, time and state."""
    buyer = visit.signed_in_buyer()
    asked = {name: value.strip() for name, value in request.query_params.items()}
    notice, query = None, OrderQuery(limit=ORDERS_SHOWN)
    try:
        query = _query(asked, visit.now)
    except Refusal as no:
        notice = notice_of(visit.lang, no)
    async with visit.as_buyer() as tx:
        found = await find_orders(tx, buyer, query)
        held = await held_of(tx, visit)
    return show(visit, "buyer/orders.html", _orders_page(visit, asked, found, held=held, notice=notice))


@get("/{slug:str}/orders/{order_no:str}")
async def order(visit: FromVisit, order_no: FromPath[str]) -> Response[bytes]:
    """One order: what was bought, what happened, what can be claimed."""
    async with visit.as_buyer() as tx:
        page = await _order_page(tx, visit, order_no)
    return show(visit, "buyer/order.html", page)


async def _order_page(tx: Tx, visit: Visit, order_no: str) -> OrderPage:
    buyer = visit.signed_in_buyer()
    found = await load_order(tx, buyer, order_no)
    claims = await find_claims(tx, buyer, ClaimFilter(order_no=found.order_no, limit=CLAIMS_SHOWN))
    try:
        policy = await policy_in_force(tx, found.ordered_at)
    except NoneInForce:
        policy = None
    return OrderPage(
        order=found,
        lines=tuple(_line(found, line, claims) for line in found.lines),
        claims=tuple(claim for claim in claims if claim.filed_at is not None),
        policy_id=policy.id if policy else None,
        policy_label=policy.label if policy else "",
        held=await holding(tx, visit),
    )


def _line(order: Order, line: OrderLine, claims: list[ClaimListRow]) -> LinePage:
    mine = [claim for claim in claims if claim.line_no == line.line_no]
    live = next((claim for claim in mine if claim.state in LIVE), None)
    draft = next((claim for claim in mine if claim.state is State.DRAFT), None)
    rejected = next((claim for claim in mine if claim.public is PublicState.REJECTED), None)
    open_claim = live or draft or rejected
    left = min(line.paid - line.refunded - line.reserved, order.paid - order.refunded - order.reserved)
    why_not = "unpaid" if order.state is not OrderState.PAID else "" if left.amount_minor > 0 else "nothing_left"
    return LinePage(
        line=line,
        claim_no=open_claim.claim_no if open_claim else "",
        is_draft=open_claim is not None and open_claim is draft,
        left=left,
        why_not=why_not,
    )


def _query(asked: dict[str, str], now: datetime) -> OrderQuery:
    q = asked.get("q", "")
    if len(q) > QUERY_MAX:
        raise Invalid(field="q", problem="text_too_long")
    is_number = ORDER_NUMBER.fullmatch(q) is not None
    days = RANGES.get(asked.get("days", ""))
    since = _day(asked.get("from", ""), "from")
    until = _day(asked.get("to", ""), "to")
    which = asked.get("show", "")
    return OrderQuery(
        number=q if is_number else "",
        text="" if is_number else q,
        from_=since or (now - timedelta(days=days) if days else None),
        to=until + timedelta(days=1) if until else None,
        delivery=NOT_ARRIVED
        if which == Show.NOT_ARRIVED
        else (DeliveryState.DELIVERED,)
        if which == Show.DELIVERED
        else (),
        has_claim=True if which == Show.CLAIMED else None,
        cursor=asked.get("cursor", "")[:CURSOR_MAX],
        limit=ORDERS_SHOWN,
    )


def _day(text: str, field: str) -> datetime | None:
    """Midnight in Shanghai of a day the browser's date field sent."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Invalid(field=field, problem="not_a_day") from None


def _orders_page(
    visit: Visit, asked: dict[str, str], found: Page[OrderRow], *, held: tuple[Held, ...], notice: Notice | None
) -> OrdersPage:
    kept = {name: asked[name] for name in ("q", "show", "days", "from", "to") if asked.get(name)}
    on = kept.get("show", Show.ALL.value)
    days = kept.get("days", "")

    def url(**changed: str) -> str:
        merged = {name: value for name, value in (kept | changed).items() if value}
        return visit.url("orders") + (f"?{urlencode(merged)}" if merged else "")

    chips = [Chip(it.value, url(show="" if it is Show.ALL else it.value), on == it.value) for it in Show]
    spans = [Chip(span, url(days=span, **{"from": "", "to": ""}), days == span) for span in ("", *RANGES)]
    return OrdersPage(
        rows=found.rows,
        q=kept.get("q", ""),
        show=on,
        days=days,
        from_=kept.get("from", ""),
        to=kept.get("to", ""),
        chips=tuple(chips),
        spans=tuple(spans),
        more_url=url(cursor=found.next_cursor) if found.next_cursor else "",
        is_filtered=bool(kept),
        held=tuple(each for each in held if each.holds),
        was_held=bool(held),
        notice=notice,
    )


handlers = (orders, order)
