"""Races of the rail's own words: copies, late ones, old ones and forged ones at once, while the worker sends and asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import psycopg

from huiliu.bench.race_arena import POLL_SECONDS, Arena, Tally
from huiliu.bench.stack import BENCH_RAIL_SECRET
from huiliu.bench.wire import request
from huiliu.simulators.books import RefundState
from huiliu.simulators.plan import Fault, Rule
from huiliu.simulators.sandbox import ARRIVED_TO, RefundOut
from huiliu.simulators.signing import mac

BATCH = 25
"""So many refunds are under way while their notifications are fired: the worker always has something to send and to ask."""
LOOK_SECONDS = 0.004
SENT_SECONDS_MAX = 60.0
OLD_SECONDS = 3_600
BOUNCE_SECONDS = 0.4
PATH = "/api/v1/rails/sandbox/notifications"
TAKEN, FORGED = 200, 401
WANTED = {"taken": TAKEN, "refused": FORGED}


@dataclass(frozen=True, slots=True)
class _Under:
    """A payout that the worker has begun to send."""

    refund_no: str
    trade_no: str
    amount_minor: int


async def success_in_copies(arena: Arena, tally: Tally, numbers: range) -> None:
    """The rail pays, and its word comes twice, after an older one, beside an old signature and two forgeries."""
    await _play(arena, tally, numbers, (RefundState.SUCCESS, RefundState.SUCCESS, RefundState.PROCESSING))


async def bounce_out_of_order(arena: Arena, tally: Tally, numbers: range) -> None:
    """The rail pays and takes it back; we hear of both at once, in any order."""
    arena.rail.plan(Rule(fault=Fault.BOUNCE_AFTER_SUCCESS, seconds=BOUNCE_SECONDS))
    await _play(arena, tally, numbers, (RefundState.BOUNCED, RefundState.SUCCESS, RefundState.BOUNCED))
    await _all_bounced(arena, numbers)
    arena.rail.plan()


async def _play(arena: Arena, tally: Tally, numbers: range, told: Sequence[RefundState]) -> None:
    for start in range(numbers.start, numbers.stop, BATCH):
        batch = range(start, min(start + BATCH, numbers.stop))
        answers = await arena.board.each([arena.refund(number, key=f"n{number}") for number in batch])
        for answer in answers:
            tally.acknowledge(answer)
        fired: set[str] = set()
        give_up_at = time.monotonic() + SENT_SECONDS_MAX
        while len(fired) < len(batch):
            if time.monotonic() > give_up_at:
                raise RuntimeError(
                    f"the worker has sent {len(fired)} of {len(batch)}:\n{arena.stack.log_tail('worker')}"
                )
            begun = [payout for payout in await _begun(arena, batch) if payout.refund_no not in fired]
            for payout in begun:
                await _fire(arena, tally, payout, told)
                fired.add(payout.refund_no)
            if not begun:
                await asyncio.sleep(LOOK_SECONDS)


async def _fire(arena: Arena, tally: Tally, payout: _Under, told: Sequence[RefundState]) -> None:
    genuine = [_word(payout, state) for state in told]
    refused = [
        _word(payout, RefundState.FAILED, secret="somebody else's"),  # noqa: S106 - that is the attack
        _word(payout, RefundState.FAILED, age_seconds=OLD_SECONDS),
    ]
    answers = await arena.race(len(tally.acknowledged), genuine + refused)
    wanted = [TAKEN] * len(genuine) + [FORGED] * len(refused)
    for answer, status in zip(answers, wanted, strict=True):
        if answer.status != status:
            tally.wrong(f"{payout.refund_no}: {answer.status} instead of {status}: {answer.body[:200]!r}")
        tally.refused += answer.status == FORGED


def _word(payout: _Under, state: RefundState, *, secret: str = BENCH_RAIL_SECRET, age_seconds: int = 0) -> bytes:
    """A notification as the rail writes it; the event's id is a function of the refund and its state, as the rail's is."""
    body = msgspec.json.encode(
        RefundOut(
            refund_no=payout.refund_no,
            rail_refund_no="",
            trade_no=payout.trade_no,
            amount=payout.amount_minor,
            currency="CNY",
            state=state,
            arrived_to=ARRIVED_TO if state is RefundState.SUCCESS else "",
            event_id=f"{payout.refund_no}.{state}",
        )
    )
    stamp, nonce = str(int(time.time()) - age_seconds), "bench"
    signature = mac(secret, "NOTIFY", stamp, nonce, body=body)
    return request(
        "POST",
        PATH,
        body,
        Content_Type="application/json",
        Rail_Timestamp=stamp,
        Rail_Nonce=nonce,
        Rail_Signature=signature,
    )


async def _begun(arena: Arena, numbers: range) -> list[_Under]:
    async with await psycopg.AsyncConnection.connect(arena.stack.database_url, autocommit=True) as connection:
        cursor = await connection.execute(
            "SELECT refund_no, rail_trade_no, amount_minor FROM payouts"
            " WHERE rail_trade_no = ANY (%s) AND state <> 'queued' ORDER BY id",
            ([f"SB{number}" for number in numbers],),
        )
        return [_Under(str(no), str(trade), int(amount)) for no, trade, amount in await cursor.fetchall()]


async def _all_bounced(arena: Arena, numbers: range) -> None:
    """Until the rail has taken back every one: its books must be at rest before they are compared."""
    trades = {f"SB{number}" for number in numbers}
    give_up_at = time.monotonic() + SENT_SECONDS_MAX
    while time.monotonic() < give_up_at:
        mine = [refund for refund in arena.rail.refunds().values() if refund.trade_no in trades]
        if len(mine) == len(trades) and all(refund.state is RefundState.BOUNCED for refund in mine):
            return
        await asyncio.sleep(POLL_SECONDS)
