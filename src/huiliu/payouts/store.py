"""SQL that writes payouts and payout_attempts; private to this feature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Connection, Tx
from huiliu.kit.ids import new_id
from huiliu.kit.money import Money
from huiliu.payouts.gateway import RefundOrder
from huiliu.payouts.model import MOVES, Kind, Move, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """One payout that this worker, and no other, works on until the lease ends; its attempt is begun already."""

    platform_id: int
    payout_id: UUID
    attempt_id: UUID
    kind: Kind
    rail: str
    order: RefundOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A payout under its row lock, with what the judgement needs to know about its attempts."""

    id: UUID
    claim_id: UUID
    state: State
    failure: str
    asks: int
    expected_at: datetime | None
    rail: str
    order: RefundOrder
    was_sent: bool
    is_latest: bool
    in_doubt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _LeaseRow:
    platform_id: int
    payout_id: UUID
    attempt_id: UUID
    kind: str
    rail: str
    refund_no: str
    rail_trade_no: str
    rail_order_no: str
    amount_minor: int
    paid_minor: int
    currency: str
    claim_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _LockRow:
    id: UUID
    claim_id: UUID
    state: str
    failure: str
    asks: int
    expected_at: datetime | None
    rail: str
    refund_no: str
    rail_trade_no: str
    rail_order_no: str
    amount_minor: int
    paid_minor: int
    currency: str
    was_sent: bool
    is_latest: bool
    in_doubt: bool


async def insert(
    tx: Tx,
    *,
    payout_id: UUID,
    claim_id: UUID,
    order_id: UUID,
    decision_id: UUID,
    transfer_id: UUID,
    rail: str,
    order: RefundOrder,
    expected_at: datetime | None,
) -> None:
    """Write the instruction down; payout_one_per_decision refuses a second one."""
    await tx.queue(
        """
        INSERT INTO payouts (platform_id, id, claim_id, order_id, decision_id, refund_no, rail, rail_trade_no,
                             rail_order_no, amount_minor, paid_minor, currency, transfer_id, state, agreed_at,
                             expected_at, next_at)
        VALUES (%(platform)s, %(id)s, %(claim)s, %(order)s, %(decision)s, %(refund_no)s, %(rail)s, %(trade_no)s,
                %(order_no)s, %(amount)s, %(paid)s, %(currency)s, %(transfer)s, %(state)s, %(now)s, %(expected)s, %(now)s)
        """,
        platform=tx.platform_id,
        id=payout_id,
        claim=claim_id,
        order=order_id,
        decision=decision_id,
        refund_no=order.refund_no,
        rail=rail,
        trade_no=order.rail_trade_no,
        order_no=order.rail_order_no,
        amount=order.amount.amount_minor,
        paid=order.paid.amount_minor,
        currency=order.amount.currency,
        transfer=transfer_id,
        state=State.QUEUED,
        now=tx.now,
        expected=expected_at,
    )


async def lease(connection: Connection, *, now: datetime, until: datetime, limit: int) -> list[Leased]:
    """Take up to `limit` due payouts of any platform and begin an attempt on each, in one statement.

    FOR UPDATE guards each payouts row, SKIP LOCKED lets two workers take disjoint ones. next_at becomes the end of the
    lease, so a payout whose worker died is simply due again. One found in `sending` had its process die in the middle.
    """
    sending = MOVES[State.QUEUED, Move.BEGIN]
    unknown = MOVES[State.SENDING, Move.LOSE]
    rows = await connection.execute(
        """
        WITH due AS (
            SELECT p.platform_id, p.id, p.state FROM payouts p
             WHERE p.next_at <= %(now)s
             ORDER BY p.next_at, p.platform_id, p.id LIMIT %(limit)s
               FOR UPDATE SKIP LOCKED
        ), numbered AS (
            SELECT d.platform_id, d.id, d.state, (%(ids)s::uuid[])[row_number() OVER ()] AS attempt_id FROM due d
        ), taken AS (
            UPDATE payouts p
               SET state = CASE n.state WHEN %(queued)s THEN %(sending)s WHEN %(sending)s THEN %(unknown)s ELSE n.state END,
                   attempts = p.attempts + 1, next_at = %(until)s, lease_until = %(until)s, version = p.version + 1
              FROM numbered n
             WHERE p.platform_id = n.platform_id AND p.id = n.id
            RETURNING p.*, n.attempt_id,
                      CASE n.state WHEN %(queued)s THEN %(send)s ELSE %(query)s END AS kind
        ), begun AS (
            INSERT INTO payout_attempts (platform_id, id, payout_id, kind, started_at)
            SELECT t.platform_id, t.attempt_id, t.id, t.kind, %(now)s FROM taken t
        )
        SELECT t.platform_id, t.id AS payout_id, t.attempt_id, t.kind, t.rail, t.refund_no, t.rail_trade_no,
               t.rail_order_no, t.amount_minor, t.paid_minor, t.currency, c.claim_no
          FROM taken t
          JOIN claims c ON c.platform_id = t.platform_id AND c.id = t.claim_id
         ORDER BY t.attempt_id LIMIT %(limit)s
        """,
        {
            "now": now,
            "until": until,
            "limit": limit,
            "ids": [new_id() for _ in range(limit)],
            "queued": State.QUEUED.value,
            "sending": sending.value,
            "unknown": unknown.value,
            "send": Kind.SEND.value,
            "query": Kind.QUERY.value,
        },
    )
    return [_leased(_LeaseRow(**row)) for row in await rows.fetchall()]


def _leased(row: _LeaseRow) -> Leased:
    return Leased(
        platform_id=row.platform_id,
        payout_id=row.payout_id,
        attempt_id=row.attempt_id,
        kind=Kind(row.kind),
        rail=row.rail,
        order=RefundOrder(
            refund_no=row.refund_no,
            rail_trade_no=row.rail_trade_no,
            rail_order_no=row.rail_order_no,
            amount=Money(row.amount_minor, row.currency),
            paid=Money(row.paid_minor, row.currency),
            reason_words=f"退款申请 {row.claim_no}",
        ),
    )


async def lock(tx: Tx, payout_id: UUID, *, attempt_id: UUID | None) -> Locked | None:
    """The payout under lock, or None when there is none.

    Two locks in the order everybody else takes them: the claim's row guards the claim and all that hangs on it (the
    journal head, the order, the ledger), then the payouts row guards its state and its attempts (a lease takes it too).
    The reading is a second statement, so that it sees what the awaited holder of the lock had committed.
    `attempt_id` None is a notification.
    """
    await tx.value(
        """
        WITH claim AS MATERIALIZED (
            SELECT c.id FROM claims c
             WHERE c.platform_id = %(platform)s
               AND c.id = (SELECT p.claim_id FROM payouts p WHERE p.platform_id = %(platform)s AND p.id = %(payout)s)
               FOR UPDATE
        )
        SELECT p.id FROM claim JOIN payouts p ON p.claim_id = claim.id
         WHERE p.platform_id = %(platform)s AND p.id = %(payout)s FOR UPDATE OF p
        """,
        platform=tx.platform_id,
        payout=payout_id,
    )
    row = await tx.one(
        _LockRow,
        """
        SELECT p.id, p.claim_id, p.state, p.failure, p.asks, p.expected_at, p.rail, p.refund_no, p.rail_trade_no,
               p.rail_order_no, p.amount_minor, p.paid_minor, p.currency, a.was_sent, a.is_latest, a.in_doubt
          FROM payouts p, LATERAL (
            SELECT coalesce(bool_or(kind = 'send'), false) AS was_sent,
                   coalesce(bool_and(kind = 'notification' OR id <= %(attempt)s::uuid), false) AS is_latest,
                   coalesce(bool_or(kind = 'send' AND id <> %(attempt)s::uuid
                                    AND coalesce(outcome, 'unknown') IN ('unknown', 'accepted')), false) AS in_doubt
              FROM payout_attempts WHERE platform_id = p.platform_id AND payout_id = p.id) a
         WHERE p.platform_id = %(platform)s AND p.id = %(payout)s
        """,
        platform=tx.platform_id,
        payout=payout_id,
        attempt=attempt_id,
    )
    if row is None:
        return None
    return Locked(
        id=row.id,
        claim_id=row.claim_id,
        state=State(row.state),
        failure=row.failure,
        asks=row.asks,
        expected_at=row.expected_at,
        rail=row.rail,
        order=RefundOrder(
            refund_no=row.refund_no,
            rail_trade_no=row.rail_trade_no,
            rail_order_no=row.rail_order_no,
            amount=Money(row.amount_minor, row.currency),
            paid=Money(row.paid_minor, row.currency),
            reason_words="",
        ),
        was_sent=row.was_sent,
        is_latest=row.is_latest,
        in_doubt=row.in_doubt,
    )


async def finish_attempt(
    tx: Tx, payout_id: UUID, *, attempt_id: UUID, outcome: str, is_retriable: bool | None, detail: str
) -> bool:
    """Write the answer onto its attempt; False when it has one already: the same answer twice changes nothing."""
    finished = await tx.run(
        "UPDATE payout_attempts SET finished_at = %(now)s, outcome = %(outcome)s, retriable = %(retriable)s,"
        " detail = %(detail)s WHERE platform_id = %(platform)s AND payout_id = %(payout)s AND id = %(attempt)s"
        " AND finished_at IS NULL",
        platform=tx.platform_id,
        payout=payout_id,
        attempt=attempt_id,
        now=tx.now,
        outcome=outcome,
        retriable=is_retriable,
        detail=detail,
    )
    return finished == 1


async def insert_notification(
    tx: Tx, payout_id: UUID, *, attempt_id: UUID, outcome: str, is_retriable: bool | None, detail: str
) -> bool:
    """Keep a notification once; False when the rail repeats itself."""
    inserted = await tx.run(
        "INSERT INTO payout_attempts"
        " (platform_id, id, payout_id, kind, started_at, finished_at, outcome, retriable, detail)"
        " VALUES (%(platform)s, %(id)s, %(payout)s, 'notification', %(now)s, %(now)s, %(outcome)s, %(retriable)s, %(detail)s)"
        " ON CONFLICT (platform_id, id) DO NOTHING",
        platform=tx.platform_id,
        id=attempt_id,
        payout=payout_id,
        now=tx.now,
        outcome=outcome,
        retriable=is_retriable,
        detail=detail,
    )
    return inserted == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """How a payout stands after an answer. Empty texts and None leave the column as it was, except failure and next_at."""

    state: State
    failure: str
    asks: int
    next_at: datetime | None
    accepted_at: datetime | None = None
    reported_at: datetime | None = None
    verified_at: datetime | None = None
    expected_at: datetime | None = None
    rail_refund_no: str = ""
    arrived_to: str = ""


async def move(tx: Tx, payout_id: UUID, *, was: State, now: Next) -> bool:
    """Write the new standing; False when the payout is no longer in the state it was judged in."""
    moved = await tx.run(
        """
        UPDATE payouts
           SET state = %(state)s, failure = %(failure)s, asks = %(asks)s, next_at = %(next_at)s, lease_until = NULL,
               accepted_at = coalesce(accepted_at, %(accepted)s), reported_at = coalesce(reported_at, %(reported)s),
               verified_at = coalesce(verified_at, %(verified)s), expected_at = coalesce(%(expected)s, expected_at),
               rail_refund_no = coalesce(nullif(%(rail_refund_no)s, ''), rail_refund_no),
               arrived_to = coalesce(nullif(%(arrived_to)s, ''), arrived_to), version = version + 1
         WHERE platform_id = %(platform)s AND id = %(payout)s AND state = %(was)s
        """,
        platform=tx.platform_id,
        payout=payout_id,
        was=was,
        state=now.state,
        failure=now.failure,
        asks=now.asks,
        next_at=now.next_at,
        accepted=now.accepted_at,
        reported=now.reported_at,
        verified=now.verified_at,
        expected=now.expected_at,
        rail_refund_no=now.rail_refund_no,
        arrived_to=now.arrived_to,
    )
    return moved == 1


async def cancel_unsent(tx: Tx, payout_id: UUID) -> bool:
    """Take back a payout of which no sending was ever begun; the state and attempts in WHERE race the worker's lease."""
    cancelled = await tx.run(
        "UPDATE payouts SET state = %(cancelled)s, next_at = NULL, version = version + 1"
        " WHERE platform_id = %(platform)s AND id = %(payout)s AND state = %(queued)s AND attempts = 0",
        platform=tx.platform_id,
        payout=payout_id,
        cancelled=MOVES[State.QUEUED, Move.CANCEL],
        queued=State.QUEUED,
    )
    return cancelled == 1
