"""Everything that breaks on the way of a refund, one case each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg

from huiliu.bench.fault_field import POLL_SECONDS, Field, trades_of
from huiliu.bench.outages import database_dies, rail_dies, web_dies, workers_die_at
from huiliu.bench.seed import open_pool
from huiliu.kit.db import transaction
from huiliu.payouts.actions import retry_held
from huiliu.people.actor import system_actor
from huiliu.simulators.books import RefundState
from huiliu.simulators.plan import Fault, Rule

LATE_SECONDS = 1.0
BOUNCE_SECONDS = 0.5
BOUNCED_SECONDS_MAX = 60.0
TROUBLES = 2
"""How often one refund number is hit by a trouble of the line, sending and asking alike."""
PAYOUTS_PER_DEATH = 8


@dataclass(frozen=True, slots=True)
class Case:
    """One fault. `inject` files the refunds and makes it happen; it returns how many deaths there were."""

    name: str
    inject: Callable[[Field, range, int], Awaitable[int]]
    per_round: int = 1
    """Refunds for each round."""
    has_worker: bool = True
    """Whether the worker that nobody kills runs while the fault is made."""
    needs_database: bool = False
    held_is_right: bool = False
    repeats_last: bool = False
    """Goes on with the refunds of the case before instead of fresh ones."""


def _dying_at(point: str) -> Case:
    async def inject(field: Field, numbers: range, rounds: int) -> int:
        del rounds
        return await workers_die_at(field, numbers, point)

    return Case(f"worker killed at {point}", inject, has_worker=False)


def _trouble(fault: Fault) -> Case:
    return _with_rules(Rule(fault=fault, on="both", times=TROUBLES), name=fault.value)


def _with_rules(*rules: Rule, name: str, held_is_right: bool = False) -> Case:
    async def inject(field: Field, numbers: range, rounds: int) -> int:
        del rounds
        field.rail.plan(*rules)
        await field.refund(numbers)
        await field.settled(numbers)
        field.rail.plan()
        return 0

    return Case(f"rail: {name}", inject, held_is_right=held_is_right)


async def _bounces(field: Field, numbers: range, rounds: int) -> int:
    """Success, and half a second later the money comes back; over once the rail has taken back every one and we know."""
    del rounds
    field.rail.plan(Rule(fault=Fault.BOUNCE_AFTER_SUCCESS, seconds=BOUNCE_SECONDS))
    await field.refund(numbers)
    trades, give_up_at = set(trades_of(numbers)), time.monotonic() + BOUNCED_SECONDS_MAX
    while time.monotonic() < give_up_at:
        back = [r for r in field.rail.refunds().values() if r.trade_no in trades and r.state is RefundState.BOUNCED]
        if len(back) == len(trades) and not field.books(numbers).problems:
            break
        await asyncio.sleep(POLL_SECONDS)
    field.rail.plan()
    return 0


async def _released(field: Field, numbers: range, rounds: int) -> int:
    """A person has looked at what was held for its amount and lets it go on: the rail is asked again."""
    del rounds
    with psycopg.connect(field.stack.database_url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT id FROM payouts WHERE rail_trade_no = ANY (%s) AND state = 'held'", (trades_of(numbers),)
        ).fetchall()
    async with open_pool(field.stack.database_url) as pool:
        for (payout_id,) in rows:
            async with transaction(pool, system_actor(field.seeded.platform.id)) as tx:
                await retry_held(tx, payout_id, note="与通道对账单核对，金额无误")
    return 0


CASES = (
    _dying_at("payout.after_begin"),
    _dying_at("payout.after_call"),
    _dying_at("payout.before_outcome"),
    _dying_at("payout.after_outcome"),
    Case("web killed in the middle of requests", web_dies, per_round=PAYOUTS_PER_DEATH),
    _trouble(Fault.ACCEPT_THEN_TIMEOUT),
    _trouble(Fault.DROP_BEFORE),
    _trouble(Fault.SERVER_ERROR),
    _trouble(Fault.GARBAGE),
    _trouble(Fault.BAD_SIGNATURE),
    _with_rules(Rule(fault=Fault.ANSWER_TWICE), name="answer_twice"),
    _with_rules(Rule(fault=Fault.ANSWER_LATE, seconds=LATE_SECONDS), name="answer_late"),
    _with_rules(Rule(fault=Fault.FAIL_LATE, seconds=LATE_SECONDS), name="fail_late"),
    _with_rules(Rule(fault=Fault.REFUSE), name="refuse"),
    _with_rules(Rule(fault=Fault.WRONG_AMOUNT), name="wrong_amount", held_is_right=True),
    Case("…then released by a person", _released, repeats_last=True),
    Case("rail: bounce_after_success", _bounces),
    Case("rail killed and restarted", rail_dies, per_round=PAYOUTS_PER_DEATH),
    Case("PostgreSQL stopped and recovered", database_dies, per_round=PAYOUTS_PER_DEATH, needs_database=True),
)
