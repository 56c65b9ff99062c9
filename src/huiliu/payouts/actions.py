"""The verbs of paying back. Nothing here calls a rail: the worker does, between two of these transactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import Connection, Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import new_id, refund_no
from huiliu.kit.money import Money
from huiliu.payouts import store
from huiliu.payouts.gateway import (
    Accepted,
    Bounced,
    Declined,
    Notification,
    NotReceived,
    RefundOrder,
    Reported,
    Result,
    Unknown,
    Verified,
    mismatch,
)
from huiliu.payouts.judgement import Judgement, Standing, judge
from huiliu.payouts.model import (
    MOVES,
    AlreadySent,
    Change,
    Hold,
    Kind,
    Move,
    NoteMissing,
    NotHeld,
    State,
    expected_arrival,
    mask_destination,
    next_ask,
    next_watch,
)

LEASE = timedelta(seconds=30)
"""Longer than a call (10 s) and its two transactions; a payout of a dead worker is picked up after this."""
LEASE_LIMIT_MAX = 100
DETAIL_CHARS_MAX = 500
NOTE_CHARS_MAX = 500
NOTIFICATIONS = UUID("b9a0a3a4-5c9e-4f0b-8a55-2f7a9d7a1c01")
"""Names a notification's row after the rail's own id for it, so that a repeated one is the same row."""

Consequence = Callable[[Tx, UUID], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What the layer above does about a change, in the same transaction: settle or release, and move the claim."""

    verified: Consequence
    failed: Callable[[Tx, UUID, str], Awaitable[None]]
    bounced: Consequence

    async def follow(self, tx: Tx, payout_id: UUID, outcome: Outcome) -> None:
        """Run the one that belongs to the change."""
        match outcome.change:
            case Change.VERIFIED:
                await self.verified(tx, payout_id)
            case Change.FAILED:
                await self.failed(tx, payout_id, outcome.failure)
            case Change.BOUNCED:
                await self.bounced(tx, payout_id)
            case Change.NONE:
                pass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer did: the change the claim must hear of, where the payout stands, and the failure's code if any."""

    change: Change
    state: State | None = None
    failure: str = ""


NO_CHANGE = Outcome(Change.NONE)


async def instruct(
    tx: Tx,
    *,
    claim_id: UUID,
    order_id: UUID,
    decision_id: UUID,
    rail: str,
    rail_trade_no: str,
    rail_order_no: str,
    amount: Money,
    paid: Money,
    transfer_id: UUID,
    card_arrives_at: datetime | None = None,
) -> str:
    """Write down that this decision is to be paid; the worker sends it after the commit. Returns the refund number.

    One INSERT and no answer waited for, so it rides in a pipeline; the caller journals it among its own entries.
    `card_arrives_at`: when a bank card would have the money, by the working calendar. Raises AlreadyInstructed.
    """
    assert amount.amount_minor <= paid.amount_minor
    payout_id = new_id()
    order = RefundOrder(refund_no(payout_id), rail_trade_no, rail_order_no, amount, paid, "")
    await store.insert(
        tx,
        payout_id=payout_id,
        claim_id=claim_id,
        order_id=order_id,
        decision_id=decision_id,
        transfer_id=transfer_id,
        rail=rail,
        order=order,
        expected_at=card_arrives_at,
    )
    return order.refund_no


async def lease_due(
    connection: Connection, *, now: datetime, limit: int, lease: timedelta = LEASE
) -> list[store.Leased]:
    """Take due payouts of every platform and begin an attempt on each; commit before anybody is called.

    What it finds queued is to be sent; everything else is to be asked about, by the same number.
    """
    return await store.lease(connection, now=now, until=now + lease, limit=min(limit, LEASE_LIMIT_MAX))


async def record_outcome(
    tx: Tx, payout_id: UUID, *, attempt_id: UUID, kind: Kind, result: Result, pace: float = 1.0
) -> Outcome:
    """Write down what the rail answered and move the payout. A late or repeated answer changes nothing it must not.

    The caller follows the outcome (`Consequences.follow`) in the same transaction. `pace` scales the asking schedule.
    """
    payout = await store.lock(tx, payout_id, attempt_id=attempt_id)
    if payout is None:
        return NO_CHANGE
    outcome, is_retriable = _classify(result)
    is_first = await store.finish_attempt(
        tx,
        payout_id,
        attempt_id=attempt_id,
        outcome=outcome,
        is_retriable=is_retriable,
        detail=_detail(payout.order, result),
    )
    return await _apply(tx, payout, kind, result, pace) if is_first else NO_CHANGE


async def record_notification(tx: Tx, payout_id: UUID, notification: Notification, *, pace: float = 1.0) -> Outcome:
    """Take in what the rail told us unasked; its signature has been checked. Idempotent by the rail's own id."""
    payout = await store.lock(tx, payout_id, attempt_id=None)
    if payout is None:
        return NO_CHANGE
    outcome, is_retriable = _classify(notification.result)
    is_first = await store.insert_notification(
        tx,
        payout_id,
        attempt_id=uuid5(NOTIFICATIONS, f"{payout_id}/{notification.id}"),
        outcome=outcome,
        is_retriable=is_retriable,
        detail=_detail(payout.order, notification.result),
    )
    return await _apply(tx, payout, Kind.NOTIFICATION, notification.result, pace) if is_first else NO_CHANGE


async def hold_for_hand(tx: Tx, payout_id: UUID, *, attempt_id: UUID) -> None:
    """Nobody here speaks to this payout's rail: a person pays it."""
    payout = await store.lock(tx, payout_id, attempt_id=attempt_id)
    assert payout is not None
    if (payout.state, Move.HOLD) in MOVES:
        await _hold(tx, payout, Hold.NO_GATEWAY)


async def cancel(tx: Tx, payout_id: UUID) -> None:
    """Take a payout back before it was ever sent. Raises AlreadySent, NotFound."""
    payout = await store.lock(tx, payout_id, attempt_id=None)
    if payout is None:
        raise NotFound()
    if not await store.cancel_unsent(tx, payout_id):
        raise AlreadySent(state=payout.state)
    await _record(tx, payout, "cancelled")


async def retry_held(tx: Tx, payout_id: UUID, *, note: str) -> None:
    """A person has looked and lets the payout go on: the rail is asked first, and sent to only if it has nothing.

    Raises NoteMissing, NotHeld, NotFound.
    """
    if not note.strip():
        raise NoteMissing()
    payout = await store.lock(tx, payout_id, attempt_id=None)
    if payout is None:
        raise NotFound()
    released = store.Next(state=MOVES[State.HELD, Move.RELEASE], failure="", asks=0, next_at=tx.now)
    if payout.state is not State.HELD or not await store.move(tx, payout_id, was=State.HELD, now=released):
        raise NotHeld(state=payout.state)
    await _record(tx, payout, "retried", note=note.strip()[:NOTE_CHARS_MAX])


async def _apply(tx: Tx, payout: store.Locked, kind: Kind, result: Result, pace: float) -> Outcome:
    standing = Standing(
        state=payout.state,
        failure=payout.failure,
        kind=kind,
        was_sent=payout.was_sent,
        is_latest=payout.is_latest or kind is Kind.NOTIFICATION,
        in_doubt=payout.in_doubt,
    )
    differing = mismatch(payout.order, result)
    judgement = judge(standing, result, differing)
    if judgement.contradicts:
        await _record(tx, payout, "contradicted", answer=type(result).__name__.lower(), differing=list(differing))
    if judgement.move is Move.HOLD:
        return await _hold(tx, payout, judgement.failure, differing)
    if judgement.move is None:
        return await _wait_on(tx, payout, standing, pace)
    return await _advance(tx, payout, judgement, judgement.move, result, pace)


async def _advance(
    tx: Tx, payout: store.Locked, judgement: Judgement, move: Move, result: Result, pace: float
) -> Outcome:
    state = MOVES[payout.state, move]
    is_progress = move in (Move.ACCEPT, Move.REPORT, Move.VERIFY)
    asks = 0 if is_progress else payout.asks
    wait = _wait(state, asks, result, pace)
    if wait is None and state in (State.QUEUED, State.UNKNOWN):
        return await _hold(tx, payout, Hold.NO_ANSWER)
    arrived_to, rail_refund_no = _particulars(result)
    now = tx.now
    standing = store.Next(
        state=state,
        failure=judgement.failure,
        asks=asks + 1,
        next_at=None if wait is None else now + wait,
        accepted_at=now if is_progress else None,
        reported_at=now if move in (Move.REPORT, Move.VERIFY) else None,
        verified_at=now if move is Move.VERIFY else None,
        expected_at=expected_arrival(now, arrived_to, told=payout.expected_at) if move is Move.VERIFY else None,
        rail_refund_no=rail_refund_no,
        arrived_to=arrived_to,
    )
    if not await store.move(tx, payout.id, was=payout.state, now=standing):
        return NO_CHANGE
    await _record(
        tx, payout, state.value, failure=judgement.failure, rail_refund_no=rail_refund_no, arrived_to=arrived_to
    )
    return Outcome(_CHANGES.get(state, Change.NONE), state, judgement.failure)


_CHANGES = {State.VERIFIED: Change.VERIFIED, State.FAILED: Change.FAILED, State.BOUNCED: Change.BOUNCED}


def _wait(state: State, asks: int, result: Result, pace: float) -> timedelta | None:
    match state:
        case State.QUEUED if isinstance(result, NotReceived):
            return timedelta(0)
        case State.QUEUED | State.UNKNOWN | State.ACCEPTED | State.REPORTED:
            return next_ask(asks, scale=pace)
        case State.VERIFIED:
            return next_watch(asks, scale=pace)
        case _:
            return None


async def _wait_on(tx: Tx, payout: store.Locked, standing: Standing, pace: float) -> Outcome:
    """Nothing new: ask again later, unless a later attempt or nobody is in charge of the clock."""
    state = payout.state
    if standing.kind is Kind.NOTIFICATION or not standing.is_latest:
        return NO_CHANGE
    if state not in (State.UNKNOWN, State.ACCEPTED, State.REPORTED, State.VERIFIED):
        return NO_CHANGE
    if state is State.VERIFIED and standing.kind is Kind.SEND:
        return NO_CHANGE  # a notification overtook the sending's own answer: that was no look for a bounce
    wait = _wait(state, payout.asks, Unknown(""), pace)
    if wait is None and state is not State.VERIFIED:
        if payout.expected_at is None or payout.expected_at <= tx.now:
            return await _hold(tx, payout, Hold.NO_ANSWER)
        wait = payout.expected_at - tx.now  # a bank card's days have not passed yet
    next_at = None if wait is None else tx.now + wait
    still = store.Next(state=state, failure=payout.failure, asks=payout.asks + 1, next_at=next_at)
    await store.move(tx, payout.id, was=state, now=still)
    return NO_CHANGE


async def _hold(tx: Tx, payout: store.Locked, why: str, differing: tuple[str, ...] = ()) -> Outcome:
    held = store.Next(state=MOVES[payout.state, Move.HOLD], failure=why, asks=payout.asks, next_at=None)
    if not await store.move(tx, payout.id, was=payout.state, now=held):
        return NO_CHANGE
    await _record(tx, payout, "held", failure=why, differing=list(differing))
    return Outcome(Change.NONE, State.HELD, why)


async def _record(tx: Tx, payout: store.Locked, what: str, **facts: str | list[str]) -> None:
    amount = payout.order.amount
    body: dict[str, object] = {
        "refund_no": payout.order.refund_no,
        "rail": payout.rail,
        "amount_minor": amount.amount_minor,
        "currency": amount.currency,
    }
    await record(tx, payout.claim_id, Entry(f"payout.{what}", body | {k: v for k, v in facts.items() if v}))


def _particulars(result: Result) -> tuple[str, str]:
    match result:
        case Reported() | Verified():
            return mask_destination(result.arrived_to), result.rail_refund_no
        case Accepted():
            return "", result.rail_refund_no
        case _:
            return "", ""


def _classify(result: Result) -> tuple[str, bool | None]:
    """An attempt's outcome and whether the same may be tried again: two separate questions."""
    match result:
        case Accepted() | Reported():
            return "accepted", False
        case Verified():
            return "succeeded", False
        case Declined():
            return "failed", result.retriable
        case Bounced():
            return "failed", False
        case NotReceived():
            return "failed", True
        case Unknown():
            return "unknown", True


def _detail(order: RefundOrder, result: Result) -> str:
    differing = mismatch(order, result)
    match result:
        case Declined():
            text = f"{result.code}: {result.words}"
        case Unknown():
            text = result.why
        case Bounced():
            text = f"bounced: {result.words}"
        case _:
            text = type(result).__name__.lower()
    if differing:
        text += f" (differs: {', '.join(differing)})"
    return text[:DETAIL_CHARS_MAX]
