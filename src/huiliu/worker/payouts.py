"""The loop that pays: commit the intention, call the rail, commit the outcome. It may be killed between any two lines.

    lease_due        one transaction: the payout is `sending`, its attempt begun, its refund number fixed
    gateway          outside any transaction, at most ten seconds
    record_outcome   one transaction with everything that follows from it: books, claim, journal

A worker that dies before the call leaves a payout whose lease runs out and is then asked about, not sent again; one that
dies after the call does the same. Only the rail's "never heard of it" leads to another sending, under the same number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from huiliu.claims.actions import PAYOUT_CONSEQUENCES
from huiliu.kit import faults
from huiliu.kit.db import Actor, ActorKind, Pool, across_platforms, transaction, utc_now
from huiliu.payouts.actions import Consequences, hold_for_hand, lease_due, record_outcome
from huiliu.payouts.gateway import Gateway, Result, Unknown
from huiliu.payouts.model import Kind
from huiliu.payouts.store import Leased
from huiliu.people.actor import SYSTEM_NAME

log = structlog.get_logger("payouts")

CALL_SECONDS = 12.0
"""The last fence around a gateway, which has its own of 10 s. Under the lease of 30 s."""
IDLE_SECONDS = (0.25, 0.5, 1.0)
"""Pauses when nothing is due. Polling, not LISTEN: a NOTIFY takes one database-wide lock at commit, which would put every
refund of the busiest path in a queue; a look into a small partial index costs nearly nothing."""
TROUBLE_SECONDS = 1.0
RECORD_TRIES = 3
"""How often an outcome in hand is written after a deadlock or lock timeout before the lease is left to run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What one worker works with."""

    pool: Pool
    gateways: Mapping[str, Gateway]
    consequences: Consequences = PAYOUT_CONSEQUENCES
    clock: Callable[[], datetime] = utc_now
    lanes: int = 4
    pace: float = 1.0


async def run_once(desk: Desk) -> int:
    """Work on what is due now, at most `lanes` at a time; returns how many payouts were worked on."""
    leased = await _lease(desk, desk.lanes)
    async with asyncio.TaskGroup() as group:
        for one in leased:
            group.create_task(_carry(desk, one))
    return len(leased)


async def run(desk: Desk, stop: asyncio.Event) -> None:
    """Pay until `stop` is set, keeping every lane busy; then finish the calls under way."""
    under_way: set[asyncio.Task[None]] = set()
    stopping = asyncio.create_task(stop.wait())
    idle = 0
    while not stop.is_set():
        try:
            leased = await _lease(desk, desk.lanes - len(under_way))
        except (psycopg.OperationalError, PoolTimeout) as error:
            log.warning("database unreachable", problem=str(error))
            await _wait({stopping}, TROUBLE_SECONDS)
            continue
        under_way |= {asyncio.create_task(_carry_safely(desk, one)) for one in leased}
        idle = 0 if leased else min(idle + 1, len(IDLE_SECONDS) - 1)
        if len(under_way) >= desk.lanes or not leased:
            await _wait({stopping, *under_way}, IDLE_SECONDS[idle])
        under_way = {task for task in under_way if not task.done()}
    if under_way:
        await asyncio.wait(under_way)
    stopping.cancel()


async def _wait(tasks: set[asyncio.Task[bool]] | set[asyncio.Task[None] | asyncio.Task[bool]], seconds: float) -> None:
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


async def _lease(desk: Desk, limit: int) -> list[Leased]:
    if limit <= 0:
        return []
    async with across_platforms(desk.pool) as connection:
        leased = await lease_due(connection, now=desk.clock(), limit=limit)
    if leased:
        faults.point("payout.after_begin")
    return leased


async def _carry_safely(desk: Desk, leased: Leased) -> None:
    """One payout's trouble must not stop the others: it is logged, its lease runs out, and the rail is asked again."""
    try:
        await _carry(desk, leased)
    except Exception:
        log.exception("payout left to its lease", refund_no=leased.order.refund_no)


async def _carry(desk: Desk, leased: Leased) -> None:
    gateway = desk.gateways.get(leased.rail)
    if gateway is None:
        async with transaction(desk.pool, _actor(leased), clock=desk.clock) as tx:
            await hold_for_hand(tx, leased.payout_id, attempt_id=leased.attempt_id)
        return
    result = await _call(gateway, leased)
    faults.point("payout.after_call")
    for tries_left in reversed(range(RECORD_TRIES)):
        try:
            await _record(desk, leased, result)
            return
        except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable):
            if not tries_left:
                raise


async def _call(gateway: Gateway, leased: Leased) -> Result:
    call = gateway.send if leased.kind is Kind.SEND else gateway.query
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await call(leased.order)
    except TimeoutError:
        return Unknown(f"no answer within {CALL_SECONDS:g} s")


async def _record(desk: Desk, leased: Leased, result: Result) -> None:
    async with transaction(desk.pool, _actor(leased), clock=desk.clock) as tx:
        outcome = await record_outcome(
            tx, leased.payout_id, attempt_id=leased.attempt_id, kind=leased.kind, result=result, pace=desk.pace
        )
        await desk.consequences.follow(tx, leased.payout_id, outcome)
        faults.point("payout.before_outcome")
    faults.point("payout.after_outcome")


def _actor(leased: Leased) -> Actor:
    return Actor(ActorKind.SYSTEM, leased.platform_id, "payouts", SYSTEM_NAME)
