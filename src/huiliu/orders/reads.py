"""Orders for screens: found by number, time or keyword, and only those that the viewer may see."""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.money import Money
from huiliu.orders.cursors import decode_cursor, encode_cursor
from huiliu.orders.model import (
    LINES_MAX,
    DeliveryState,
    Order,
    OrderLine,
    OrderQuery,
    OrderRow,
    OrderState,
    Page,
    Precision,
    ProductKind,
    Rail,
    UsageFact,
    UsageState,
)
from huiliu.orders.search import fold, keyword_grams
from huiliu.orders.words import Meaning, meaning
from huiliu.people.model import Buyer, Viewer

LIMIT_MAX = 100
KEYWORDS_MAX = 5
"""Words of one search; further ones are not looked at."""
KEYWORDS_LENGTH_MAX = 100
CLAIMED_ORDERS_MAX = 5_000
"""How many claims of a reason a keyword such as 未到账 reaches back to."""


async def find_orders(tx: Tx, viewer: Viewer, query: OrderQuery) -> Page[OrderRow]:
    """The newest orders that fit, a page at a time; a buyer finds only their own. Raises Invalid for a bad cursor."""
    limit = min(max(query.limit, 1), LIMIT_MAX)
    where, params = _filters(tx, viewer, query)
    rows = await tx.all(
        _Listed,
        """
        WITH found AS (
            SELECT o.id AS order_id, o.order_no, o.paid_minor, o.refunded_minor, o.currency, o.rail, o.state,
                   o.ordered_at, o.ordered_precision, o.delivery_state, o.delivery_note, o.contact_masked,
                   o.account_differs
              FROM findable_orders o
             WHERE o.platform_id = %(platform)s"""  # noqa: S608  literals only: Tx takes nothing else
        + where
        + """
             ORDER BY o.ordered_at DESC, o.id LIMIT %(limit)s
        )
        SELECT f.*, l.title, l.kind, l.line_count, c.claim_no, c.claim_state
          FROM found f
          JOIN LATERAL (
               SELECT (array_agg(l.title ORDER BY l.line_no))[1] AS title,
                      (array_agg(l.kind ORDER BY l.line_no))[1] AS kind, count(*)::int AS line_count
                 FROM order_lines l WHERE l.platform_id = %(platform)s AND l.order_id = f.order_id) l ON true
          LEFT JOIN LATERAL (
               SELECT c.claim_no, c.state AS claim_state FROM claims c
                WHERE c.platform_id = %(platform)s AND c.order_id = f.order_id
                ORDER BY c.created_at DESC, c.id DESC LIMIT 1) c ON true
         ORDER BY f.ordered_at DESC, f.order_id LIMIT %(limit)s
        """,
        **params,
        limit=limit + 1,
    )
    shown = rows[:limit]
    next_cursor = encode_cursor(shown[-1].ordered_at, shown[-1].order_id) if len(rows) > limit else None
    return Page(tuple(_listed(row) for row in shown), next_cursor)


async def load_order(tx: Tx, viewer: Viewer, order_no: str) -> Order:
    """One order by its number. Raises NotFound when there is none or it is not this viewer's: the same answer."""
    return await _load(
        tx, viewer, await tx.one(_Loaded, _SELECT_LOADED + " AND o.order_no = %(key)s LIMIT 1", **_key(tx, order_no))
    )


async def load_order_by_id(tx: Tx, viewer: Viewer, order_id: UUID) -> Order:
    """One order by its id. Raises NotFound as `load_order` does."""
    return await _load(
        tx, viewer, await tx.one(_Loaded, _SELECT_LOADED + " AND o.id = %(key)s LIMIT 1", **_key(tx, order_id))
    )


def _filters(tx: Tx, viewer: Viewer, query: OrderQuery) -> tuple[LiteralString, dict[str, object]]:
    """Only the conditions that are asked for, so that the planner sees which index serves them."""
    where: LiteralString = ""
    params: dict[str, object] = {"platform": tx.platform_id}
    if isinstance(viewer, Buyer):
        where += " AND (o.contact_hash = %(contact)s::bytea OR o.id = ANY(%(own)s::uuid[]))"
        params |= {"contact": viewer.contact_hash, "own": list(viewer.order_ids)}
    if viewer.platform_id != tx.platform_id:
        where += " AND false"
    if query.cursor:
        at, order_id = decode_cursor(query.cursor)
        where += " AND o.ordered_at <= %(cursor_at)s AND (o.ordered_at < %(cursor_at)s OR o.id > %(cursor_id)s)"
        params |= {"cursor_at": at, "cursor_id": order_id}
    number = "".join(fold(query.number)[:KEYWORDS_LENGTH_MAX].split())
    if number:
        where += (
            " AND o.search_grams @> %(number_grams)s::text[] AND position(%(number)s::text IN lower(o.order_no)) > 0"
        )
        params |= {"number": number, "number_grams": keyword_grams([number])}
    if query.from_ is not None:
        where += " AND o.ordered_at >= %(from_)s"
    if query.to is not None:
        where += " AND o.ordered_at < %(to)s"
    if query.states:
        where += " AND o.state = ANY(%(states)s::text[])"
    if query.delivery:
        where += " AND o.delivery_state = ANY(%(delivery)s::text[])"
    if query.reasons:
        where += _CLAIMED + " AND c.reason = ANY(%(reasons)s::text[]))"
    if query.has_claim is not None:
        where += _CLAIMED + ")" if query.has_claim else " AND NOT" + _CLAIMED.removeprefix(" AND") + ")"
    params |= {
        "from_": query.from_,
        "to": query.to,
        "states": list(query.states),
        "delivery": list(query.delivery),
        "reasons": list(query.reasons),
    }
    by_words, word_params = _keywords(query.text)
    return where + by_words, params | word_params


_CLAIMED: LiteralString = (
    " AND EXISTS (SELECT 1 FROM claims c WHERE c.platform_id = %(platform)s AND c.order_id = o.id"
    " AND c.state <> 'draft'"
)


def _keywords(text: str) -> tuple[LiteralString, dict[str, object]]:
    """Every word must be found; one that also names a state or a reason may be found by that instead."""
    words = list(dict.fromkeys(fold(text)[:KEYWORDS_LENGTH_MAX].split()))[:KEYWORDS_MAX]
    telling = next((word for word in words if meaning(word) != Meaning()), None)
    plain = [word for word in words if word != telling]
    where: LiteralString = ""
    params: dict[str, object] = {}
    if plain:
        where += (
            " AND o.search_grams @> %(grams)s::text[] AND NOT EXISTS ("
            "SELECT 1 FROM unnest(%(words)s::text[]) w WHERE position(w IN o.search_text) = 0)"
        )
        params |= {"grams": keyword_grams(plain), "words": plain}
    if telling is not None:
        stands_for = meaning(telling)
        where += """
             AND ((o.search_grams @> %(telling_grams)s::text[] AND position(%(telling)s::text IN o.search_text) > 0)"""
        params |= {"telling": telling, "telling_grams": keyword_grams([telling])}
        if stands_for.delivery:
            where += " OR o.delivery_state = ANY(%(telling_delivery)s::text[])"
            params["telling_delivery"] = list(stands_for.delivery)
        if stands_for.states:
            where += " OR o.state = ANY(%(telling_states)s::text[])"
            params["telling_states"] = list(stands_for.states)
        if stands_for.reasons:
            where += """ OR o.id = ANY(ARRAY(
                    SELECT c.order_id FROM claims c
                     WHERE c.platform_id = %(platform)s AND c.reason = ANY(%(telling_reasons)s::text[])
                       AND c.state <> 'draft'
                     ORDER BY c.created_at DESC, c.id LIMIT %(claimed_max)s))"""
            params |= {"telling_reasons": list(stands_for.reasons), "claimed_max": CLAIMED_ORDERS_MAX}
        where += ")"
    return where, params


_SELECT_LOADED: LiteralString = """
        SELECT o.id, o.order_no, o.merchant, o.contact_hash, o.contact_masked, o.rail, o.rail_trade_no,
               o.rail_order_no, o.payer_account, o.currency, o.paid_minor, o.fee_minor, o.reserved_minor,
               o.refunded_minor, o.state, o.ordered_at, o.ordered_precision, o.paid_at, o.paid_precision,
               o.delivered_at, o.delivered_precision, o.delivery_state, o.delivery_note, o.account_masked,
               o.account_described, o.account_differs, o.version, o.updated_at
          FROM orders o WHERE o.platform_id = %(platform)s"""


def _key(tx: Tx, key: object) -> dict[str, object]:
    return {"platform": tx.platform_id, "key": key}


async def _load(tx: Tx, viewer: Viewer, row: _Loaded | None) -> Order:
    if row is None or viewer.platform_id != tx.platform_id:
        raise NotFound
    if isinstance(viewer, Buyer) and not viewer.may_see(order_id=row.id, contact_hash=row.contact_hash):
        raise NotFound
    lines = await tx.all(
        _LoadedLine,
        """
        SELECT l.line_no, l.title, l.kind, l.promise, l.quantity, l.paid_minor, l.reserved_minor, l.refunded_minor,
               u.state AS usage_state, u.units_total, u.units_used, u.unit, u.source, u.record_ref, u.observed_at,
               u.recorded_at
          FROM order_lines l
          LEFT JOIN LATERAL (
               SELECT * FROM usage_facts u
                WHERE u.platform_id = l.platform_id AND u.order_id = l.order_id AND u.line_no = l.line_no
                ORDER BY u.observed_at DESC, u.id DESC LIMIT 1) u ON true
         WHERE l.platform_id = %(platform)s AND l.order_id = %(order)s
         ORDER BY l.line_no LIMIT %(most)s
        """,
        platform=tx.platform_id,
        order=row.id,
        most=LINES_MAX,
    )
    return _order(row, lines)


class _Listed(msgspec.Struct, frozen=True, kw_only=True):
    order_id: UUID
    order_no: str
    paid_minor: int
    refunded_minor: int
    currency: str
    rail: str
    state: str
    ordered_at: datetime
    ordered_precision: str
    delivery_state: str
    delivery_note: str
    contact_masked: str
    account_differs: bool
    title: str
    kind: str
    line_count: int
    claim_no: str | None
    claim_state: str | None


class _Loaded(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    order_no: str
    merchant: str
    contact_hash: bytes | None
    contact_masked: str
    rail: str
    rail_trade_no: str
    rail_order_no: str
    payer_account: str
    currency: str
    paid_minor: int
    fee_minor: int
    reserved_minor: int
    refunded_minor: int
    state: str
    ordered_at: datetime
    ordered_precision: str
    paid_at: datetime | None
    paid_precision: str
    delivered_at: datetime | None
    delivered_precision: str
    delivery_state: str
    delivery_note: str
    account_masked: str
    account_described: str
    account_differs: bool
    version: int
    updated_at: datetime


class _LoadedLine(msgspec.Struct, frozen=True, kw_only=True):
    line_no: int
    title: str
    kind: str
    promise: str
    quantity: int
    paid_minor: int
    reserved_minor: int
    refunded_minor: int
    usage_state: str | None
    units_total: int | None
    units_used: int | None
    unit: str | None
    source: str | None
    record_ref: str | None
    observed_at: datetime | None
    recorded_at: datetime | None


def _listed(row: _Listed) -> OrderRow:
    return OrderRow(
        order_id=row.order_id,
        order_no=row.order_no,
        title=row.title,
        kind=ProductKind(row.kind),
        line_count=row.line_count,
        paid=Money(row.paid_minor, row.currency),
        refunded=Money(row.refunded_minor, row.currency),
        rail=Rail(row.rail),
        state=OrderState(row.state),
        ordered_at=row.ordered_at,
        ordered_precision=Precision(row.ordered_precision),
        delivery_state=DeliveryState(row.delivery_state),
        delivery_note=row.delivery_note,
        contact_masked=row.contact_masked,
        account_differs=row.account_differs,
        claim_no=row.claim_no,
        claim_state=row.claim_state,
    )


def _order(row: _Loaded, lines: list[_LoadedLine]) -> Order:
    return Order(
        order_id=row.id,
        order_no=row.order_no,
        merchant=row.merchant,
        contact_hash=row.contact_hash,
        contact_masked=row.contact_masked,
        rail=Rail(row.rail),
        rail_trade_no=row.rail_trade_no,
        rail_order_no=row.rail_order_no,
        payer_account=row.payer_account,
        paid=Money(row.paid_minor, row.currency),
        fee=Money(row.fee_minor, row.currency),
        reserved=Money(row.reserved_minor, row.currency),
        refunded=Money(row.refunded_minor, row.currency),
        state=OrderState(row.state),
        ordered_at=row.ordered_at,
        ordered_precision=Precision(row.ordered_precision),
        paid_at=row.paid_at,
        paid_precision=Precision(row.paid_precision),
        delivered_at=row.delivered_at,
        delivered_precision=Precision(row.delivered_precision),
        delivery_state=DeliveryState(row.delivery_state),
        delivery_note=row.delivery_note,
        account_masked=row.account_masked,
        account_described=row.account_described,
        account_differs=row.account_differs,
        version=row.version,
        updated_at=row.updated_at,
        lines=tuple(_line(line, row.currency) for line in lines),
    )


def _line(line: _LoadedLine, currency: str) -> OrderLine:
    return OrderLine(
        line_no=line.line_no,
        title=line.title,
        kind=ProductKind(line.kind),
        promise=line.promise,
        quantity=line.quantity,
        paid=Money(line.paid_minor, currency),
        reserved=Money(line.reserved_minor, currency),
        refunded=Money(line.refunded_minor, currency),
        usage=_usage(line),
    )


def _usage(line: _LoadedLine) -> UsageFact | None:
    if line.usage_state is None or line.observed_at is None or line.recorded_at is None:
        return None
    return UsageFact(
        line_no=line.line_no,
        state=UsageState(line.usage_state),
        units_total=line.units_total,
        units_used=line.units_used,
        unit=line.unit or "",
        source=line.source or "",
        record_ref=line.record_ref or "",
        observed_at=line.observed_at,
        recorded_at=line.recorded_at,
    )
