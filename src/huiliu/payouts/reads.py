"""Payouts as screens and reconciliation need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Connection, Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.money import Money
from huiliu.payouts.model import Payout, State
from huiliu.people.model import ApiKey, Buyer, Permission, Scope, Viewer, require, require_scope

PAYOUTS_PER_CLAIM_MAX = 40
"""A claim has at most 20 rounds, and a decision of a round one payout."""
PAGE_MAX = 100
ATTEMPTS_SHOWN_MAX = 200
"""Of one claim: a payout is asked about some 50 times before a person looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    id: UUID
    claim_id: UUID
    order_id: UUID
    refund_no: str
    rail: str
    amount_minor: int
    currency: str
    state: str
    agreed_at: datetime
    accepted_at: datetime | None
    reported_at: datetime | None
    verified_at: datetime | None
    expected_at: datetime | None
    rail_refund_no: str
    arrived_to: str
    failure: str
    attempts: int
    asks: int
    next_at: datetime | None


async def payouts_of_claim(tx: Tx, viewer: Viewer, claim_id: UUID) -> list[Payout]:
    """A claim's payouts, oldest first, for whoever may see the claim; nothing for anybody else."""
    contact_hash, order_ids = _as_buyer(viewer)
    rows = await tx.all(
        _Row,
        """
        SELECT p.id, p.claim_id, p.order_id, p.refund_no, p.rail, p.amount_minor, p.currency, p.state, p.agreed_at,
               p.accepted_at, p.reported_at, p.verified_at, p.expected_at, p.rail_refund_no, p.arrived_to, p.failure,
               p.attempts, p.asks, p.next_at
          FROM payouts p
          JOIN orders o ON o.platform_id = p.platform_id AND o.id = p.order_id
         WHERE p.platform_id = %(platform)s AND p.claim_id = %(claim)s
           AND (%(everything)s OR o.contact_hash = %(contact_hash)s::bytea OR o.id = ANY(%(order_ids)s::uuid[]))
         ORDER BY p.agreed_at, p.id LIMIT %(limit)s
        """,
        platform=_platform(tx, viewer),
        claim=claim_id,
        everything=not isinstance(viewer, Buyer),
        contact_hash=contact_hash,
        order_ids=list(order_ids),
        limit=PAYOUTS_PER_CLAIM_MAX,
    )
    return [_payout(row) for row in rows]


async def payouts_in_state(
    tx: Tx, viewer: Viewer, state: State, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE_MAX
) -> list[Payout]:
    """Finance's lists (held, bounced, failed), oldest first; `after` is the last row's (agreed_at, id). Raises NotAllowed."""
    staff = require(viewer, Permission.FINANCE_VIEW)
    at, last_id = after if after is not None else (None, None)
    rows = await tx.all(
        _Row,
        """
        SELECT p.id, p.claim_id, p.order_id, p.refund_no, p.rail, p.amount_minor, p.currency, p.state, p.agreed_at,
               p.accepted_at, p.reported_at, p.verified_at, p.expected_at, p.rail_refund_no, p.arrived_to, p.failure,
               p.attempts, p.asks, p.next_at
          FROM payouts p
         WHERE p.platform_id = %(platform)s AND p.state = %(state)s
           AND (%(at)s::timestamptz IS NULL OR (p.agreed_at, p.id) > (%(at)s, %(last_id)s::uuid))
         ORDER BY p.agreed_at, p.id LIMIT %(limit)s
        """,
        platform=staff.platform_id,
        state=state,
        at=at,
        last_id=last_id,
        limit=min(limit, PAGE_MAX),
    )
    return [_payout(row) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many payouts of one rail, currency and state there are, and what they come to."""

    rail: str
    currency: str
    state: str
    count: int
    amount_minor: int


async def totals(connection: Connection) -> list[Total]:
    """Every platform's payouts by rail and state: our side of the comparison with a rail's own books."""
    cursor = await connection.execute(
        "SELECT rail, currency, state, count(*) AS count, sum(amount_minor)::bigint AS amount_minor FROM payouts"
        " GROUP BY rail, currency, state ORDER BY rail, currency, state LIMIT 1000"
    )
    return [Total(**row) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Which payout a rail's refund number means."""

    platform_id: int
    payout_id: UUID
    rail: str


async def totals_of_platform(tx: Tx, viewer: Viewer) -> list[Total]:
    """One platform's payouts by rail and state, for finance. Raises NotAllowed."""
    staff = require(viewer, Permission.FINANCE_VIEW)
    return await tx.all(
        Total,
        "SELECT rail, currency, state, count(*)::int AS count, sum(amount_minor)::bigint AS amount_minor FROM payouts"
        " WHERE platform_id = %(platform)s GROUP BY rail, currency, state ORDER BY rail, currency, state LIMIT 1000",
        platform=staff.platform_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One time the rail was told or asked, and what came of it; `outcome` None: the process died in the middle."""

    payout_id: UUID
    kind: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    detail: str


async def attempts_of(tx: Tx, viewer: Viewer, payout_ids: Sequence[UUID]) -> list[Attempt]:
    """What was tried for these payouts, newest first. Raises NotAllowed for anybody who is not staff."""
    staff = require(viewer, Permission.VIEW_QUEUE)
    return await tx.all(
        Attempt,
        "SELECT payout_id, kind, started_at, finished_at, outcome, detail FROM payout_attempts"
        " WHERE platform_id = %(platform)s AND payout_id = ANY (%(ids)s) ORDER BY started_at DESC, id DESC"
        " LIMIT %(limit)s",
        platform=staff.platform_id,
        ids=list(payout_ids),
        limit=ATTEMPTS_SHOWN_MAX,
    )


async def find_by_refund_no(connection: Connection, refund_no: str) -> Found | None:
    """Whose payout a notification is about; rails know no platforms. The number is a UUID, so it is one row at most."""
    cursor = await connection.execute(
        "SELECT platform_id, id AS payout_id, rail FROM payouts WHERE refund_no = %(refund_no)s"
        " AND platform_id IN (SELECT id FROM platforms) ORDER BY platform_id LIMIT 1",
        {"refund_no": refund_no},
    )
    row = await cursor.fetchone()
    return None if row is None else Found(**row)


def _platform(tx: Tx, viewer: Viewer) -> int:
    if viewer.platform_id != tx.platform_id:
        raise NotFound()
    if isinstance(viewer, ApiKey):
        require_scope(viewer, Scope.CLAIMS_READ)
    return viewer.platform_id


def _as_buyer(viewer: Viewer) -> tuple[bytes | None, tuple[UUID, ...]]:
    return (viewer.contact_hash, viewer.order_ids) if isinstance(viewer, Buyer) else (None, ())


def _payout(row: _Row) -> Payout:
    return Payout(
        id=row.id,
        claim_id=row.claim_id,
        order_id=row.order_id,
        refund_no=row.refund_no,
        rail=row.rail,
        amount=Money(row.amount_minor, row.currency),
        state=State(row.state),
        agreed_at=row.agreed_at,
        accepted_at=row.accepted_at,
        reported_at=row.reported_at,
        verified_at=row.verified_at,
        expected_at=row.expected_at,
        rail_refund_no=row.rail_refund_no,
        arrived_to=row.arrived_to,
        failure=row.failure,
        attempts=row.attempts,
        asks=row.asks,
        next_at=row.next_at,
    )
