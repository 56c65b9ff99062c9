"""The worker's loop: killed at every step, with a rail that is gone, beside another worker, and with the claims' own rules."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from huiliu.claims.actions import PAYOUT_CONSEQUENCES
from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import Actor, Tx, create_pool, transaction
from huiliu.payouts.actions import LEASE, Consequences
from huiliu.payouts.gateway import Echo, Notification, RefundOrder, Result, Verified
from huiliu.worker.payouts import Desk, run, run_once
from tests.make.payouts import PayoutIds, payout
from tests.payouts.conftest import Clock, attempts_of, check_books, next_at, state_of, work_until
from tests.simulators.rail import Rail, port_of, running_rail

ROUND_SECONDS = 30


async def _round(db_url: str, rail: Rail, at: datetime, *, kill_at: str) -> int:
    """One worker process, killed at the point; returns how it ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.payouts.worker_process",
        db_url,
        rail.url,
        at.isoformat(),
        env=os.environ | {"HUILIU_KILL_AT": kill_at},
    )
    return await asyncio.wait_for(process.wait(), ROUND_SECONDS)


@pytest.mark.parametrize("step", ["sending", "asking"])
@pytest.mark.parametrize(
    "point", ["payout.after_begin", "payout.after_call", "payout.before_outcome", "payout.after_outcome"]
)
async def test_a_worker_killed_at_any_point_pays_once_and_the_books_agree(
    desk: Desk, rail: Rail, clock: Clock, queued: PayoutIds, system: Actor, db_url: str, point: str, step: str
) -> None:
    if step == "asking":
        await run_once(desk)
        clock.advance(timedelta(seconds=5))
    assert await _round(db_url, rail, clock.now, kill_at=point) == -signal.SIGKILL
    if point != "payout.after_outcome":
        assert (await attempts_of(desk.pool, system, queued))[-1][1] is None, "its death is in the books"
        assert await next_at(desk.pool, system, queued) == clock.now + LEASE
    assert await work_until(desk, system, queued, "verified") == "verified"
    assert await check_books(desk.pool, system, rail, queued)


async def test_a_rail_killed_after_booking_is_asked_when_it_is_back(
    desk: Desk, clock: Clock, queued: PayoutIds, system: Actor, tmp_path: Path
) -> None:
    books = tmp_path / "books.sqlite3"
    with running_rail(books) as first:
        moved = _at(desk, first)
        first.plan({"fault": "accept_then_timeout", "seconds": 30})
        await run_once(moved)
        port = port_of(first)
        first.process.kill()
    await run_once(replace(moved, clock=lambda: clock.now + timedelta(seconds=5)))  # nobody is there
    assert await state_of(desk.pool, system, queued) == "unknown"
    with running_rail(books, port=port) as second:
        assert await work_until(moved, system, queued, "verified") == "verified"
        assert await check_books(desk.pool, system, second, queued)


def _at(desk: Desk, rail: Rail) -> Desk:
    gateway = desk.gateways["sandbox"]
    vars(gateway)["_url"] = rail.url
    return desk


async def test_two_workers_side_by_side_pay_each_payout_once(
    desk: Desk, rail: Rail, clock: Clock, system: Actor
) -> None:
    async with transaction(desk.pool, system, clock=clock) as tx:
        made = [await payout(tx, amount_minor=100 + n) for n in range(12)]
    for _ in range(8):
        await asyncio.gather(run_once(desk), run_once(desk))
        clock.advance(timedelta(seconds=5))
    for ids in made:
        assert await attempts_of(desk.pool, system, ids) == [("send", "accepted"), ("query", "succeeded")]
        assert await check_books(desk.pool, system, rail, ids)


async def test_the_loop_pays_until_it_is_told_to_stop(desk: Desk, rail: Rail, system: Actor) -> None:
    async with transaction(desk.pool, system, clock=desk.clock) as tx:
        made = [await payout(tx) for _ in range(9)]
    stop = asyncio.Event()
    left = {ids.payout_id for ids in made}

    async def counted(tx: Tx, payout_id: object) -> None:
        await desk.consequences.verified(tx, payout_id)
        left.discard(payout_id)
        if not left:
            stop.set()

    watched = replace(desk, consequences=replace(desk.consequences, verified=counted), pace=0.0)
    await asyncio.wait_for(run(watched, stop), 30)
    for ids in made:
        assert await state_of(desk.pool, system, ids) == "verified"
        assert await check_books(desk.pool, system, rail, ids)


async def test_one_payout_s_trouble_does_not_stop_the_others(desk: Desk, clock: Clock, system: Actor) -> None:
    async with transaction(desk.pool, system, clock=clock) as tx:
        bad, good = await payout(tx), await payout(tx)
    stop = asyncio.Event()

    async def picky(tx: Tx, payout_id: object) -> None:
        if payout_id == bad.payout_id:
            raise RuntimeError("a rule of the claim says no")
        await desk.consequences.verified(tx, payout_id)
        stop.set()

    watched = replace(desk, consequences=replace(desk.consequences, verified=picky), pace=0.0)
    await asyncio.wait_for(run(watched, stop), 30)
    assert await state_of(desk.pool, system, good) == "verified"
    assert await state_of(desk.pool, system, bad) == "reported", "rolled back whole, to be asked about again"


async def test_a_rail_that_nobody_here_speaks_to_is_left_to_a_person(desk: Desk, clock: Clock, system: Actor) -> None:
    async with transaction(desk.pool, system, clock=clock) as tx:
        ids = await payout(tx, rail="bank")
    await run_once(desk)
    assert (await state_of(desk.pool, system, ids), await next_at(desk.pool, system, ids)) == ("held", None)


async def test_a_gateway_that_never_returns_is_cut_off(
    desk: Desk, queued: PayoutIds, system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck:
        async def send(self, order: RefundOrder) -> Result:
            await asyncio.Event().wait()
            raise AssertionError

        async def query(self, order: RefundOrder) -> Result:
            return Verified(Echo(order.refund_no, order.rail_trade_no, order.amount))

        def read_notification(self, headers: object, body: bytes, *, now: datetime) -> Notification | None:
            return None

    monkeypatch.setattr("huiliu.worker.payouts.CALL_SECONDS", 0.05)
    await run_once(replace(desk, gateways={"sandbox": Stuck()}))
    assert await state_of(desk.pool, system, queued) == "unknown"


async def test_the_claim_itself_is_refunded_in_the_same_transaction(
    desk: Desk, rail: Rail, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    real = replace(desk, consequences=PAYOUT_CONSEQUENCES)
    await run_once(real)
    clock.advance(timedelta(seconds=5))
    await run_once(real)
    async with transaction(desk.pool, system) as tx:
        state = await tx.value("SELECT state FROM claims WHERE id = %(id)s", id=queued.claim_id)
    assert (await state_of(desk.pool, system, queued), state) == ("verified", "refunded")
    assert await check_books(desk.pool, system, rail, queued)


async def test_an_outcome_queues_behind_whoever_works_on_the_claim_instead_of_meeting_them_half_way(
    desk: Desk, clock: Clock, queued: PayoutIds, system: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The claim's row is locked first by everybody; the other way round this would be a deadlock at the journal's head,
    # which the worker would survive by writing again: here it has one try.
    monkeypatch.setattr("huiliu.worker.payouts.RECORD_TRIES", 1)
    await run_once(desk)
    clock.advance(timedelta(seconds=5))
    async with transaction(desk.pool, system, clock=clock) as tx:
        await tx.value("SELECT id FROM claims WHERE id = %(id)s FOR UPDATE", id=queued.claim_id)
        working = asyncio.create_task(run_once(replace(desk, consequences=PAYOUT_CONSEQUENCES)))
        await _until_blocked(tx, working)
        await record(tx, queued.claim_id, Entry("claim.noted", {}))
    await working
    assert (await attempts_of(desk.pool, system, queued))[-1] == ("query", "succeeded")
    assert await state_of(desk.pool, system, queued) == "verified"


async def _until_blocked(tx: Tx, task: asyncio.Task[int]) -> None:
    """Wait until somebody waits for a lock of this very connection."""
    pid = tx.connection.info.backend_pid
    while not task.done():
        waiting = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE %(pid)s = ANY(pg_blocking_pids(pid)))"
        if await tx.value(waiting, pid=pid):
            return
        await asyncio.wait({task}, timeout=0.01)


async def test_a_consequence_that_fails_takes_the_outcome_back_with_it(
    desk: Desk, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    async def fails(tx: Tx, payout_id: object) -> None:
        raise RuntimeError

    await run_once(desk)
    clock.advance(timedelta(seconds=5))
    broken = Consequences(verified=fails, failed=desk.consequences.failed, bounced=fails)
    with pytest.raises(ExceptionGroup):
        await run_once(replace(desk, consequences=broken))
    assert await state_of(desk.pool, system, queued) == "reported"
    assert (await attempts_of(desk.pool, system, queued))[-1] == ("query", None)


async def test_a_loop_whose_database_is_gone_waits_for_it(desk: Desk, db_url: str) -> None:
    stop = asyncio.Event()
    pool = create_pool(db_url, size_max=1)
    await pool.open()
    await pool.close()
    task = asyncio.create_task(run(replace(desk, pool=pool), stop))
    await asyncio.wait({task}, timeout=0.2)
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, 5)
