"""The sandbox rail's own books: every payment of the demo's orders and what was paid back before the curtain.

So it says the same when it is asked about a refund, and when the inspection of a screenshot asks about a payment.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from huiliu.kit.db import Pool, transaction
from huiliu.payouts.model import State
from huiliu.people.actor import system_actor
from huiliu.people.reads import platform_by_slug, platform_list
from huiliu.simulators.books import Books, RefundState

PAYOUTS_MAX = 1_000
PAYMENTS_MAX = 10_000
RAIL_PLAN = Path(__file__).with_name("rail_plan.json")
"""Three of 林小满's orders on which the rail misbehaves: answers late, declines, hangs up (docs/guides/demo.md)."""
SETTLED = (State.VERIFIED.value, State.BOUNCED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    refund_no: str
    rail_trade_no: str
    amount_minor: int
    paid_minor: int
    currency: str
    state: str
    rail_refund_no: str
    verified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Payment:
    rail_trade_no: str
    paid_minor: int
    currency: str
    paid_at: datetime


async def count_settled(pool: Pool, slug: str) -> int:
    """How many of a platform's payouts the rail has numbered already."""
    platform = await platform_by_slug(pool, slug)
    async with transaction(pool, system_actor(platform.id)) as tx:
        count = await tx.value(
            "SELECT count(*) FROM payouts WHERE platform_id = %(platform)s AND state = ANY(%(settled)s)",
            platform=platform.id,
            settled=list(SETTLED),
        )
    assert isinstance(count, int)
    return count


async def write_rail_books(pool: Pool, path: Path) -> None:
    """Make the rail's books if there are none; called before the rail is started, and a second time does nothing."""
    if await asyncio.to_thread(path.exists):
        return
    rows: list[_Row] = []
    payments: list[_Payment] = []
    for platform in await platform_list(pool):
        async with transaction(pool, system_actor(platform.id)) as tx:
            rows += await tx.all(
                _Row,
                "SELECT refund_no, rail_trade_no, amount_minor, paid_minor, currency, state, rail_refund_no, verified_at"
                " FROM payouts WHERE platform_id = %(platform)s AND state = ANY(%(settled)s)"
                " ORDER BY rail_refund_no, id LIMIT %(limit)s",
                platform=platform.id,
                settled=list(SETTLED),
                limit=PAYOUTS_MAX,
            )
            payments += await tx.all(
                _Payment,
                "SELECT rail_trade_no, paid_minor, currency, paid_at FROM orders"
                " WHERE platform_id = %(platform)s AND rail_trade_no <> '' AND paid_minor > 0 AND paid_at IS NOT NULL"
                " ORDER BY rail_trade_no, id LIMIT %(limit)s",
                platform=platform.id,
                limit=PAYMENTS_MAX,
            )
    await asyncio.to_thread(_write, path, sorted(rows, key=lambda row: row.rail_refund_no), payments)


def _write(path: Path, rows: list[_Row], payments: list[_Payment]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    books = Books(path)
    try:
        for payment in payments:
            books.pay_in(
                trade_no=payment.rail_trade_no,
                amount_minor=payment.paid_minor,
                currency=payment.currency,
                at=payment.paid_at.timestamp(),
            )
        for row in rows:
            _book(books, row)
    finally:
        books.close()


def _book(books: Books, row: _Row) -> None:
    at = row.verified_at.timestamp()
    books.pay_in(trade_no=row.rail_trade_no, amount_minor=row.paid_minor, currency=row.currency, at=at)
    refund, _ = books.book(
        refund_no=row.refund_no,
        trade_no=row.rail_trade_no,
        amount_minor=row.amount_minor,
        currency=row.currency,
        at=at,
    )
    assert refund.rail_refund_no == row.rail_refund_no, "the rail numbers its refunds in the order of the scenes"
    books.become(row.refund_no, RefundState.SUCCESS, at=at)
    if row.state == State.BOUNCED.value:
        books.become(row.refund_no, RefundState.BOUNCED, at=at, fail_code="收款账户已注销")
