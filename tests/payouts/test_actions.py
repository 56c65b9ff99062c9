"""Instructing, leasing, taking answers in, taking back, and letting go on: on a real database, also twice and at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from huiliu.kit.db import Actor, Pool, Tx, across_platforms, transaction
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import new_id
from huiliu.kit.money import Money
from huiliu.payouts.actions import (
    LEASE,
    Outcome,
    cancel,
    instruct,
    lease_due,
    record_notification,
    record_outcome,
    retry_held,
)
from huiliu.payouts.gateway import (
    Accepted,
    Bounced,
    Declined,
    Echo,
    Notification,
    NotReceived,
    Reported,
    Result,
    Unknown,
    Verified,
)
from huiliu.payouts.model import ASKS_MAX, AlreadyInstructed, AlreadySent, Change, Kind, NoteMissing, NotHeld, State
from huiliu.payouts.store import Leased
from tests.make.payouts import PayoutIds, payout
from tests.payouts.conftest import Clock, attempts_of, journal_of, next_at, state_of


@pytest.fixture(autouse=True)
async def _quiet(pool: Pool) -> None:
    """Payouts that other tests left behind are not due here."""
    async with across_platforms(pool) as connection:
        await connection.execute("UPDATE payouts SET next_at = NULL WHERE next_at IS NOT NULL")


@pytest.fixture
async def queued(pool: Pool, clock: Clock, system: Actor) -> PayoutIds:
    async with transaction(pool, system, clock=clock) as tx:
        return await payout(tx)


def echo(ids: PayoutIds) -> Echo:
    return Echo(ids.refund_no, ids.trade_no, Money(ids.amount_minor))


async def lease_one(pool: Pool, clock: Clock) -> Leased:
    async with across_platforms(pool) as connection:
        leased = await lease_due(connection, now=clock.now, limit=10)
    assert len(leased) == 1
    return leased[0]


async def tell(pool: Pool, system: Actor, clock: Clock, leased: Leased, result: Result) -> Outcome:
    async with transaction(pool, system, clock=clock) as tx:
        return await record_outcome(tx, leased.payout_id, attempt_id=leased.attempt_id, kind=leased.kind, result=result)


async def notify(pool: Pool, system: Actor, clock: Clock, ids: PayoutIds, name: str, result: Result) -> Outcome:
    async with transaction(pool, system, clock=clock) as tx:
        return await record_notification(tx, ids.payout_id, Notification(name, ids.refund_no, result, clock.now))


async def test_a_decision_is_paid_once(tx: Tx) -> None:
    ids = await payout(tx)
    with pytest.raises(Exception, match="payout_one_per_decision") as caught:
        async with tx.connection.transaction():
            await _instruct_again(tx, ids)
    assert caught.value.diag.constraint_name == AlreadyInstructed.constraint


async def test_a_second_instruction_is_refused_in_words(pool: Pool, queued: PayoutIds, system: Actor) -> None:
    for is_batched in (False, True):
        with pytest.raises(AlreadyInstructed):
            async with transaction(pool, system, batched=is_batched) as tx:
                await _instruct_again(tx, queued)


async def _instruct_again(tx: Tx, ids: PayoutIds) -> None:
    await instruct(
        tx,
        claim_id=ids.claim_id,
        order_id=ids.order.order_id,
        decision_id=ids.decision_id,
        rail="sandbox",
        rail_trade_no=ids.trade_no,
        rail_order_no=ids.order.order_no,
        amount=Money(1),
        paid=Money(100),
        transfer_id=ids.transfer_id,
    )


async def test_a_lease_begins_the_attempt_and_nobody_else_gets_it_until_it_ends(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    leased = await lease_one(pool, clock)
    assert (leased.kind, leased.order.refund_no, leased.payout_id) == (Kind.SEND, queued.refund_no, queued.payout_id)
    assert leased.order.reason_words.startswith("退款申请 RF")
    assert await state_of(pool, system, queued) == "sending"
    async with across_platforms(pool) as connection:
        assert await lease_due(connection, now=clock.now, limit=10) == []
        later = clock.now + LEASE - timedelta(milliseconds=1)
        assert await lease_due(connection, now=later, limit=10) == []


async def test_an_abandoned_sending_is_asked_about_and_not_sent_again(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    await lease_one(pool, clock)  # and the process dies here
    clock.advance(LEASE)
    resumed = await lease_one(pool, clock)
    assert resumed.kind is Kind.QUERY
    assert await state_of(pool, system, queued) == "unknown"
    assert (await tell(pool, system, clock, resumed, NotReceived())).state is State.QUEUED
    again = await lease_one(pool, clock)
    assert (again.kind, again.order.refund_no) == (Kind.SEND, queued.refund_no)
    assert await attempts_of(pool, system, queued) == [("send", None), ("query", "failed"), ("send", None)]


async def test_two_workers_at_once_take_different_payouts(pool: Pool, clock: Clock, system: Actor) -> None:
    async with transaction(pool, system, clock=clock) as tx:
        made = {(await payout(tx)).payout_id for _ in range(12)}

    async def take() -> list[Leased]:
        async with across_platforms(pool) as connection:
            got = await lease_due(connection, now=clock.now, limit=4)
            await barrier.wait()  # every worker holds its rows before any commits
            return got

    barrier = asyncio.Barrier(3)
    shares = await asyncio.gather(take(), take(), take())
    taken = [leased.payout_id for share in shares for leased in share]
    assert (len(taken), set(taken)) == (12, made)


async def test_the_same_answer_twice_changes_nothing(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    leased = await lease_one(pool, clock)
    assert (await tell(pool, system, clock, leased, Reported(echo(queued)))).state is State.REPORTED
    for _ in range(2):
        assert await tell(pool, system, clock, leased, Reported(echo(queued))) == Outcome(Change.NONE)
    assert await journal_of(pool, system, queued) == ["payout.reported"]


async def test_two_verified_answers_at_once_settle_once(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    await tell(pool, system, clock, await lease_one(pool, clock), Accepted(echo(queued)))
    clock.advance(timedelta(seconds=5))
    asked = await lease_one(pool, clock)
    outcomes = await asyncio.gather(
        tell(pool, system, clock, asked, Verified(echo(queued))),
        notify(pool, system, clock, queued, "a", Verified(echo(queued))),
        notify(pool, system, clock, queued, "a", Verified(echo(queued))),
        notify(pool, system, clock, queued, "b", Verified(echo(queued))),
    )
    assert sorted(outcome.change for outcome in outcomes) == [Change.NONE] * 3 + [Change.VERIFIED]
    assert (await journal_of(pool, system, queued)).count("payout.verified") == 1


async def test_a_slow_worker_s_silence_does_not_undo_what_came_meanwhile(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    slow = await lease_one(pool, clock)
    await notify(pool, system, clock, queued, "a", Accepted(echo(queued)))
    await tell(pool, system, clock, slow, Unknown("timeout"))
    assert await state_of(pool, system, queued) == "accepted"


async def test_a_slow_worker_s_refusal_after_another_took_over_is_not_believed(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    slow = await lease_one(pool, clock)
    clock.advance(LEASE)
    await lease_one(pool, clock)
    outcome = await tell(pool, system, clock, slow, Declined("REFUND_AMT_EXCEEDS", "", False))
    assert (outcome.change, await state_of(pool, system, queued)) == (Change.NONE, "unknown")


async def test_a_repeated_sending_that_is_refused_is_asked_about_first(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    await tell(pool, system, clock, await lease_one(pool, clock), Unknown("timeout"))
    clock.advance(timedelta(seconds=5))
    await tell(pool, system, clock, await lease_one(pool, clock), NotReceived())  # the rail's copy lagged behind
    await tell(pool, system, clock, await lease_one(pool, clock), Declined("REFUND_AMT_EXCEEDS", "", False))
    assert await state_of(pool, system, queued) == "unknown"
    clock.advance(timedelta(minutes=1))
    outcome = await tell(pool, system, clock, await lease_one(pool, clock), Verified(echo(queued)))
    assert outcome.change is Change.VERIFIED


async def test_a_notification_of_another_amount_holds_the_payout(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    await lease_one(pool, clock)
    wrong = Verified(Echo(queued.refund_no, queued.trade_no, Money(1)))
    assert (await notify(pool, system, clock, queued, "a", wrong)).state is State.HELD
    right = Verified(echo(queued))
    assert (await notify(pool, system, clock, queued, "b", right)).change is Change.NONE
    assert await state_of(pool, system, queued) == "held"


async def test_a_notification_for_what_was_never_sent_is_held(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    assert (await notify(pool, system, clock, queued, "a", Verified(echo(queued)))).state is State.HELD


async def test_a_bounce_comes_after_a_success_once_and_a_stale_success_does_not_undo_it(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    await lease_one(pool, clock)
    assert (await notify(pool, system, clock, queued, "ok", Verified(echo(queued)))).change is Change.VERIFIED
    assert (await notify(pool, system, clock, queued, "back", Bounced(echo(queued)))).change is Change.BOUNCED
    assert (await notify(pool, system, clock, queued, "back", Bounced(echo(queued)))).change is Change.NONE
    assert (await notify(pool, system, clock, queued, "ok2", Verified(echo(queued)))).change is Change.NONE
    assert await state_of(pool, system, queued) == "bounced"


async def test_a_payment_after_a_no_is_written_down_for_a_person(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    leased = await lease_one(pool, clock)
    outcome = await tell(pool, system, clock, leased, Declined("USER_ACCOUNT_ABNORMAL", "已注销", False))
    assert outcome == Outcome(Change.FAILED, State.FAILED, "USER_ACCOUNT_ABNORMAL")
    await notify(pool, system, clock, queued, "a", Verified(echo(queued)))
    assert await state_of(pool, system, queued) == "failed"
    assert (await journal_of(pool, system, queued))[-1] == "payout.contradicted"


async def test_the_same_contradiction_told_twice_is_written_down_once(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    await tell(pool, system, clock, await lease_one(pool, clock), Declined("USER_ACCOUNT_ABNORMAL", "", False))
    for _ in range(3):
        await notify(pool, system, clock, queued, "a", Verified(echo(queued)))
    assert (await journal_of(pool, system, queued)).count("payout.contradicted") == 1


async def test_one_silence_told_twice_is_one_question_not_two(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    leased = await lease_one(pool, clock)
    for _ in range(2):
        await tell(pool, system, clock, leased, Unknown("timeout"))
    assert await next_at(pool, system, queued) == clock.now + timedelta(seconds=5)


async def test_a_slow_worker_s_silence_does_not_end_another_worker_s_sending(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    slow = await lease_one(pool, clock)
    clock.advance(LEASE)
    await tell(pool, system, clock, await lease_one(pool, clock), NotReceived())
    await lease_one(pool, clock)
    await tell(pool, system, clock, slow, Unknown("timeout"))
    assert await state_of(pool, system, queued) == "sending"


async def test_a_bank_card_s_days_are_waited_for_before_a_person_is_called(
    pool: Pool, clock: Clock, system: Actor
) -> None:
    arrives = clock.now + timedelta(days=9)
    async with transaction(pool, system, clock=clock) as tx:
        ids = await payout(tx, card_arrives_at=arrives)
    await tell(pool, system, clock, await lease_one(pool, clock), Accepted(echo(ids)))
    for _ in range(ASKS_MAX):
        due = await next_at(pool, system, ids)
        assert due is not None
        clock.now = due
        await tell(pool, system, clock, await lease_one(pool, clock), Accepted(echo(ids)))
    assert (await state_of(pool, system, ids), await next_at(pool, system, ids)) == ("accepted", arrives)
    clock.now = arrives
    await tell(pool, system, clock, await lease_one(pool, clock), Accepted(echo(ids)))
    assert await state_of(pool, system, ids) == "held"


async def test_a_notification_that_overtakes_the_sending_s_answer_leaves_the_watch_as_it_is(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    leased = await lease_one(pool, clock)
    await notify(pool, system, clock, queued, "a", Verified(echo(queued)))
    await tell(pool, system, clock, leased, Reported(echo(queued)))
    assert await state_of(pool, system, queued) == "verified"
    assert await next_at(pool, system, queued) == clock.now + timedelta(days=1)


async def test_a_payout_is_taken_back_only_before_it_was_ever_sent(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    async with transaction(pool, system, clock=clock) as tx:
        await cancel(tx, queued.payout_id)
    assert (await state_of(pool, system, queued), await next_at(pool, system, queued)) == ("cancelled", None)
    async with transaction(pool, system, clock=clock) as tx:
        sent = await payout(tx)
    await tell(pool, system, clock, await lease_one(pool, clock), Declined("FREQUENCY_LIMITED", "", True))
    assert await state_of(pool, system, sent) == "queued"
    for ids in (sent, queued):
        with pytest.raises(AlreadySent):
            async with transaction(pool, system, clock=clock) as tx:
                await cancel(tx, ids.payout_id)
    with pytest.raises(NotFound):
        async with transaction(pool, system, clock=clock) as tx:
            await cancel(tx, new_id())


async def test_taking_back_and_sending_at_once_does_one_of_them(pool: Pool, clock: Clock, system: Actor) -> None:
    for _ in range(10):
        async with transaction(pool, system, clock=clock) as tx:
            ids = await payout(tx)

        async def take_back(payout_id=ids.payout_id) -> bool:
            try:
                async with transaction(pool, system, clock=clock) as tx:
                    await cancel(tx, payout_id)
            except AlreadySent:
                return False
            return True

        async def send() -> bool:
            async with across_platforms(pool) as connection:
                return bool(await lease_due(connection, now=clock.now, limit=10))

        is_cancelled, is_sent = await asyncio.gather(take_back(), send())
        assert is_cancelled is not is_sent


async def test_finance_lets_a_held_payout_go_on_by_asking_first(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    async with transaction(pool, system, clock=clock) as tx:
        with pytest.raises(NotHeld):
            await retry_held(tx, queued.payout_id, note="查过")
    await lease_one(pool, clock)
    await notify(pool, system, clock, queued, "a", Verified(Echo("?", "?", Money(1))))
    async with transaction(pool, system, clock=clock) as tx:
        with pytest.raises(NoteMissing):
            await retry_held(tx, queued.payout_id, note="  ")
        await retry_held(tx, queued.payout_id, note="已与渠道核对，金额无误")
    asked = await lease_one(pool, clock)
    assert asked.kind is Kind.QUERY
    assert (await tell(pool, system, clock, asked, Verified(echo(queued)))).change is Change.VERIFIED


async def test_another_platform_sees_and_moves_nothing(
    pool: Pool, clock: Clock, queued: PayoutIds, platforms: dict[str, int], system: Actor
) -> None:
    leased = await lease_one(pool, clock)
    stranger = Actor(system.kind, platforms["xingka"], system.id, system.name)
    assert await tell(pool, stranger, clock, leased, Verified(echo(queued))) == Outcome(Change.NONE)
    with pytest.raises(NotFound):
        async with transaction(pool, stranger, clock=clock) as tx:
            await retry_held(tx, queued.payout_id, note="x")
    assert await state_of(pool, system, queued) == "sending"


async def test_a_hostile_rail_s_words_are_cut_and_do_not_lose_the_answer(
    pool: Pool, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    leased = await lease_one(pool, clock)
    words = "你" * 5_000
    assert (await tell(pool, system, clock, leased, Unknown(words))).state is State.UNKNOWN
    clock.advance(timedelta(seconds=5))
    said = Verified(echo(queued), "R1", "招商银行 6225880123450403")
    await tell(pool, system, clock, await lease_one(pool, clock), said)
    async with transaction(pool, system) as tx:
        bodies = str(await tx.value("SELECT string_agg(body, '') FROM journal WHERE stream = %(c)s", c=queued.claim_id))
    assert "****0403" in bodies
    assert "622588" not in bodies
