"""A rail process, a desk whose clock the test moves, and what must hold between the rail's books and ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from huiliu.adapters.rails.sandbox import SandboxGateway
from huiliu.kit.db import Actor, Pool, Tx, across_platforms, transaction
from huiliu.ledger.actions import bounce, release, settle
from huiliu.orders.money import bounce_on_order, release_on_order, settle_on_order
from huiliu.payouts.actions import Consequences
from huiliu.worker.payouts import Desk, run_once
from tests.conftest import NOW
from tests.make.payouts import PayoutIds, payout
from tests.simulators.rail import SECRET, Rail, running_rail

CALL_SECONDS = 0.4
"""How long these tests' client waits for an answer."""
ROUNDS_MAX = 120


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.now += by


@pytest.fixture
def clock() -> Clock:
    """Monday 10:00 in Shanghai, until moved."""
    return Clock()


@pytest.fixture(scope="module")
def rail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rail]:
    """A sandbox rail with its own books; each test sets its own plan."""
    with running_rail(tmp_path_factory.mktemp("rail") / "books.sqlite3") as started:
        yield started


async def _load(tx: Tx, payout_id: UUID) -> tuple[UUID, UUID, int]:
    cursor = await tx.connection.execute(
        "SELECT order_id, transfer_id, amount_minor FROM payouts WHERE platform_id = %s AND id = %s",
        (tx.platform_id, payout_id),
    )
    row = await cursor.fetchone()
    assert row is not None
    return row["order_id"], row["transfer_id"], row["amount_minor"]


async def _verified(tx: Tx, payout_id: UUID) -> None:
    order_id, transfer_id, amount = await _load(tx, payout_id)
    await settle(tx, transfer_id)
    await settle_on_order(tx, order_id=order_id, line_no=1, amount_minor=amount)


async def _failed(tx: Tx, payout_id: UUID, failure: str) -> None:
    assert failure
    order_id, transfer_id, amount = await _load(tx, payout_id)
    await release(tx, transfer_id)
    await release_on_order(tx, order_id=order_id, line_no=1, amount_minor=amount)


async def _bounced(tx: Tx, payout_id: UUID) -> None:
    order_id, transfer_id, amount = await _load(tx, payout_id)
    await bounce(tx, transfer_id)
    await bounce_on_order(tx, order_id=order_id, line_no=1, amount_minor=amount)


BOOKS_ONLY = Consequences(verified=_verified, failed=_failed, bounced=_bounced)
"""The money side of what claims does: these tests need no policy and no claim rules."""


@pytest_asyncio.fixture(loop_scope="session")
async def desk(pool: Pool, rail: Rail, clock: Clock) -> AsyncIterator[Desk]:
    """A worker's desk at this rail. Payouts that other tests left behind are not its business."""
    rail.plan()
    async with across_platforms(pool) as connection:
        await connection.execute("UPDATE payouts SET next_at = NULL WHERE next_at IS NOT NULL")
    async with httpx.AsyncClient(trust_env=False) as client:
        gateway = SandboxGateway(client, url=rail.url, secret=SECRET, total_seconds=CALL_SECONDS)
        yield Desk(pool=pool, gateways={"sandbox": gateway}, consequences=BOOKS_ONLY, clock=clock)


@pytest_asyncio.fixture(loop_scope="session")
async def queued(desk: Desk, clock: Clock, system: Actor) -> PayoutIds:
    """One committed payout of 60.00 of 100.00, due now."""
    async with transaction(desk.pool, system, clock=clock) as tx:
        return await payout(tx)


async def state_of(pool: Pool, system: Actor, ids: PayoutIds) -> str:
    """Where the payout stands."""
    async with transaction(pool, system) as tx:
        return str(await tx.value("SELECT state FROM payouts WHERE id = %(id)s", id=ids.payout_id))


async def attempts_of(pool: Pool, system: Actor, ids: PayoutIds) -> list[tuple[str, str | None]]:
    """(kind, outcome) of every attempt, in order."""
    async with transaction(pool, system) as tx:
        cursor = await tx.connection.execute(
            "SELECT kind, outcome FROM payout_attempts WHERE payout_id = %s ORDER BY id", (ids.payout_id,)
        )
        return [(row["kind"], row["outcome"]) for row in await cursor.fetchall()]


async def journal_of(pool: Pool, system: Actor, ids: PayoutIds) -> list[str]:
    """The kinds of the claim's journal entries, in order."""
    async with transaction(pool, system) as tx:
        cursor = await tx.connection.execute("SELECT kind FROM journal WHERE stream = %s ORDER BY seq", (ids.claim_id,))
        return [row["kind"] for row in await cursor.fetchall()]


async def next_at(pool: Pool, system: Actor, ids: PayoutIds) -> datetime | None:
    """When the worker is to act next."""
    async with transaction(pool, system) as tx:
        found = await tx.value("SELECT next_at FROM payouts WHERE id = %(id)s", id=ids.payout_id)
        assert found is None or isinstance(found, datetime)
        return found


async def work_until(desk: Desk, system: Actor, ids: PayoutIds, *states: str) -> str:
    """Let the clock jump from one due time to the next until the payout is in one of these states."""
    clock = desk.clock
    assert isinstance(clock, Clock)
    for _ in range(ROUNDS_MAX):
        state = await state_of(desk.pool, system, ids)
        due = await next_at(desk.pool, system, ids)
        if state in states or due is None:
            return state
        clock.now = max(clock.now, due)
        await run_once(desk)
    raise AssertionError(f"never reached {states}")


async def check_books(pool: Pool, system: Actor, rail: Rail, ids: PayoutIds) -> dict[str, object] | None:
    """The rail's books, our ledger and the order agree to the cent; returns the rail's one refund, if it has one."""
    ours = rail.refunds().get(ids.refund_no)
    of_trade = [row for row in rail.refunds().values() if row["trade_no"] == ids.trade_no]
    assert of_trade == ([] if ours is None else [ours]), "a payout is one refund at the rail, never two"
    moved = ids.amount_minor if ours is not None and ours["state"] == "SUCCESS" else 0
    async with transaction(pool, system) as tx:
        refunded = await tx.value(
            "SELECT refunded_minor FROM orders WHERE platform_id = %(p)s AND id = %(id)s",
            p=tx.platform_id,
            id=ids.order.order_id,
        )
        net = await tx.value(
            """
            SELECT coalesce(sum(CASE WHEN purpose = 'refund' AND phase = 'post' THEN amount_minor
                                     WHEN purpose = 'bounce' THEN -amount_minor ELSE 0 END), 0)::bigint
              FROM ledger_transfers WHERE platform_id = %(p)s AND claim_id = %(claim)s
            """,
            p=tx.platform_id,
            claim=ids.claim_id,
        )
    assert (refunded, net) == (moved, moved)
    return ours
