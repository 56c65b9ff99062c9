"""Every way a rail can fail, played by a real rail process against the real worker and a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huiliu.kit.db import Actor
from huiliu.worker.payouts import Desk, run_once
from tests.make.payouts import PayoutIds
from tests.payouts.conftest import (
    Clock,
    attempts_of,
    check_books,
    journal_of,
    next_at,
    state_of,
    work_until,
)
from tests.simulators.rail import Rail


async def test_a_payout_is_sent_reported_and_then_verified_by_a_question(
    desk: Desk, rail: Rail, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    assert await run_once(desk) == 1
    assert await state_of(desk.pool, system, queued) == "reported"
    assert await run_once(desk) == 0, "the question has its time"
    clock.advance(timedelta(seconds=5))
    assert await run_once(desk) == 1
    assert await state_of(desk.pool, system, queued) == "verified"
    assert await attempts_of(desk.pool, system, queued) == [("send", "accepted"), ("query", "succeeded")]
    assert await journal_of(desk.pool, system, queued) == ["payout.reported", "payout.verified"]
    assert await check_books(desk.pool, system, rail, queued)


@pytest.mark.parametrize("fault", ["accept_then_timeout", "server_error", "garbage", "bad_signature"])
async def test_what_was_booked_and_not_told_is_found_by_asking_and_never_sent_again(
    desk: Desk, rail: Rail, queued: PayoutIds, system: Actor, fault: str
) -> None:
    rail.plan({"fault": fault, "refund_no": queued.refund_no})
    await run_once(desk)
    assert await state_of(desk.pool, system, queued) == "unknown"
    assert await work_until(desk, system, queued, "verified") == "verified"
    assert await attempts_of(desk.pool, system, queued) == [("send", "unknown"), ("query", "succeeded")]
    assert await check_books(desk.pool, system, rail, queued)


async def test_a_rail_that_hangs_is_unknown_after_the_call_s_limit(
    desk: Desk, rail: Rail, queued: PayoutIds, system: Actor
) -> None:
    rail.plan({"fault": "accept_then_timeout", "refund_no": queued.refund_no, "seconds": 30})
    await run_once(desk)
    assert await state_of(desk.pool, system, queued) == "unknown"
    assert await work_until(desk, system, queued, "verified") == "verified"
    assert await check_books(desk.pool, system, rail, queued)


async def test_what_the_rail_never_heard_of_is_sent_again_under_the_same_number(
    desk: Desk, rail: Rail, queued: PayoutIds, system: Actor
) -> None:
    rail.plan({"fault": "drop_before", "refund_no": queued.refund_no, "times": 2})
    assert await work_until(desk, system, queued, "verified") == "verified"
    assert await attempts_of(desk.pool, system, queued) == [
        ("send", "unknown"),
        ("query", "failed"),
        ("send", "unknown"),
        ("query", "failed"),
        ("send", "accepted"),
        ("query", "succeeded"),
    ]
    assert await check_books(desk.pool, system, rail, queued)


async def test_the_rail_s_own_no_frees_the_money(desk: Desk, rail: Rail, queued: PayoutIds, system: Actor) -> None:
    rail.plan({"fault": "refuse", "refund_no": queued.refund_no, "code": "USER_ACCOUNT_ABNORMAL"})
    await run_once(desk)
    assert await state_of(desk.pool, system, queued) == "failed"
    assert await journal_of(desk.pool, system, queued) == ["payout.failed"]
    assert await check_books(desk.pool, system, rail, queued) is None


async def test_a_busy_rail_is_tried_again_by_itself(desk: Desk, rail: Rail, queued: PayoutIds, system: Actor) -> None:
    rail.plan({"fault": "refuse", "refund_no": queued.refund_no, "code": "FREQUENCY_LIMITED", "times": 3})
    assert await work_until(desk, system, queued, "verified") == "verified"
    assert (await attempts_of(desk.pool, system, queued))[:4] == [("send", "failed")] * 3 + [("send", "accepted")]
    assert await check_books(desk.pool, system, rail, queued)


async def test_a_late_success_is_waited_for(desk: Desk, rail: Rail, queued: PayoutIds, system: Actor) -> None:
    rail.plan({"fault": "answer_late", "refund_no": queued.refund_no, "seconds": 3600})
    await run_once(desk)
    assert await state_of(desk.pool, system, queued) == "accepted"
    await work_until(desk, system, queued, "verified", "accepted")
    await check_books(desk.pool, system, rail, queued)
    rail.advance(3601)
    assert await work_until(desk, system, queued, "verified") == "verified"
    assert await check_books(desk.pool, system, rail, queued)


async def test_a_late_failure_frees_the_money(desk: Desk, rail: Rail, queued: PayoutIds, system: Actor) -> None:
    rail.plan({"fault": "fail_late", "refund_no": queued.refund_no, "seconds": 60})
    await run_once(desk)
    rail.advance(61)
    assert await work_until(desk, system, queued, "failed") == "failed"
    await check_books(desk.pool, system, rail, queued)


async def test_a_wrong_amount_is_never_a_success_but_a_person_s_case(
    desk: Desk, rail: Rail, queued: PayoutIds, system: Actor
) -> None:
    rail.plan({"fault": "wrong_amount", "refund_no": queued.refund_no, "on": "both"})
    await run_once(desk)
    assert await state_of(desk.pool, system, queued) == "held"
    assert await next_at(desk.pool, system, queued) is None
    assert await journal_of(desk.pool, system, queued) == ["payout.held"]


async def test_a_bounce_whose_notification_was_lost_is_found_by_looking_again(
    desk: Desk, rail: Rail, queued: PayoutIds, system: Actor
) -> None:
    rail.plan({"fault": "bounce_after_success", "refund_no": queued.refund_no, "seconds": 7200})
    assert await work_until(desk, system, queued, "verified") == "verified"
    assert await check_books(desk.pool, system, rail, queued)
    rail.advance(7201)
    assert await work_until(desk, system, queued, "bounced") == "bounced"
    ours = await check_books(desk.pool, system, rail, queued)
    assert ours is not None
    assert ours["state"] == "BOUNCED"


async def test_a_rail_that_never_answers_is_left_to_a_person_and_never_called_failed(
    desk: Desk, rail: Rail, clock: Clock, queued: PayoutIds, system: Actor
) -> None:
    rail.plan({"fault": "accept_then_timeout", "refund_no": queued.refund_no, "on": "both", "times": 1000})
    began = clock.now
    assert await work_until(desk, system, queued, "held") == "held"
    assert timedelta(hours=40) < clock.now - began < timedelta(hours=48)
    assert (await attempts_of(desk.pool, system, queued)).count(("send", "unknown")) == 1


async def test_more_than_was_paid_is_refused_by_the_rail_too(
    desk: Desk, rail: Rail, queued: PayoutIds, system: Actor
) -> None:
    rail.pay_in(queued.trade_no, queued.paid_minor)
    foreign = {"refund_no": f"X{queued.refund_no}", "trade_no": queued.trade_no, "amount": 50_00, "total": 100_00}
    assert rail.call("POST", "/refunds", foreign).status_code == 200
    await run_once(desk)
    assert await state_of(desk.pool, system, queued) == "failed"
