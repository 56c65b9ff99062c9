"""A database with a refund in each state that money knows, made by the real actions."""

from __future__ import annotations

import pytest_asyncio

from huiliu.claims.actions import PAYOUT_CONSEQUENCES, decide, file_at_once
from huiliu.claims.model import Decision, DecisionKind, Reason
from huiliu.kit.db import Actor, Pool, across_platforms, transaction
from huiliu.kit.money import Money
from huiliu.payouts.actions import lease_due, record_notification
from huiliu.payouts.gateway import Bounced, Echo, Notification, Verified
from huiliu.payouts.model import State
from huiliu.people.actor import actor_of
from huiliu.people.model import Staff
from tests.conftest import NOW
from tests.make.cast import hire_cast, publish_demo_policy, staff
from tests.make.orders import order


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(pool: Pool, platform_id: int, db_url: str) -> str:
    """Orders UNDERWAY, VERIFIED, BOUNCED (60.00 of 100.00 each), WAITING and PROPOSED; nothing is due."""
    heshen = staff(platform_id, "heshen")
    actor = actor_of(heshen)
    async with transaction(pool, actor, clock=lambda: NOW) as tx:
        await hire_cast(tx)
        await publish_demo_policy(tx)
    for order_no, answers in (("VERIFIED", (Verified,)), ("BOUNCED", (Verified, Bounced)), ("UNDERWAY", ())):
        await _file(pool, actor, heshen, order_no, reason=Reason.CHANGED_MIND, minor=60_00)
        await _told(pool, actor, *answers)
    await _file(pool, actor, heshen, "WAITING", reason=Reason.NOT_AS_DESCRIBED, minor=100_00)
    claim_no = await _file(pool, actor, heshen, "PROPOSED", reason=Reason.NOT_AS_DESCRIBED, minor=800_00)
    async with transaction(pool, actor, clock=lambda: NOW) as tx:
        whole = Decision(kind=DecisionKind.APPROVE, clause="F4")
        assert await decide(tx, heshen, claim_no, version=1, decision=whole), "a second person must confirm"
    return db_url


async def _file(pool: Pool, actor: Actor, viewer: Staff, order_no: str, *, reason: Reason, minor: int) -> str:
    async with transaction(pool, actor, clock=lambda: NOW) as tx:
        await order(tx, order_no=order_no, paid_minor=max(minor, 100_00), usage="unused", rail_trade_no=f"SB{order_no}")
        filed = await file_at_once(
            tx, viewer, order_no=order_no, line_no=1, reason=reason, statement="", amount=Money(minor)
        )
    return filed.claim_no


async def _told(pool: Pool, actor: Actor, *results: type[Verified] | type[Bounced]) -> None:
    """The worker begins to send the one payout that is due, and the rail tells us what became of it."""
    async with across_platforms(pool) as connection:
        (leased,) = await lease_due(connection, now=NOW, limit=10)
    says = Echo(leased.order.refund_no, leased.order.rail_trade_no, leased.order.amount)
    for number, kind in enumerate(results):
        async with transaction(pool, actor, clock=lambda: NOW) as tx:
            told = Notification(str(number), leased.order.refund_no, kind(says), NOW)
            outcome = await record_notification(tx, leased.payout_id, told)
            await PAYOUT_CONSEQUENCES.follow(tx, leased.payout_id, outcome)
        assert outcome.state is (State.VERIFIED if kind is Verified else State.BOUNCED)
