"""Claims for screens and for actions. Loading is authorising: what a viewer may not see does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from huiliu.claims.model import PublicState, Reason, State, public_state
from huiliu.claims.store import CLAIM_SELECT, ClaimRow, DecisionRow
from huiliu.deadlines.model import ClockKind
from huiliu.evidence.reads import live_files, live_notes
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.people.model import Buyer, Viewer

DECISIONS_MAX = 100
CLAIMS_PAGE_MAX = 100
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Where rows without a deadline sort: behind all others, ..."""
NO_DEADLINE_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
"""... the one that changed last first."""


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something asked of the buyer or of the platform that is not answered yet."""

    id: UUID
    of: str
    slots: list[str]
    words: str
    by_name: str
    asked_at: datetime
    due_at: datetime


class ClaimListRow(msgspec.Struct, frozen=True, kw_only=True):
    """A claim in a buyer's or a machine's list. Amounts in minor units."""

    id: UUID
    claim_no: str
    order_no: str
    line_no: int
    title: str
    reason: Reason
    state: State
    round: int
    version: int
    currency: str
    requested_minor: int
    approved_minor: int | None
    due_at: datetime | None
    created_at: datetime
    filed_at: datetime | None
    updated_at: datetime

    @property
    def public(self) -> PublicState | None:
        """The buyer's word for it."""
        return public_state(self.state)


async def load_claim(tx: Tx, viewer: Viewer, claim_no: str) -> ClaimRow:
    """The claim, if it is the viewer's to see. Raises NotFound; another buyer's claim is not there."""
    claim = await tx.one(
        ClaimRow,
        CLAIM_SELECT + " WHERE platform_id = %(platform)s AND claim_no = %(no)s LIMIT 1",
        platform=tx.platform_id,
        no=claim_no,
    )
    if claim is None:
        raise NotFound
    if isinstance(viewer, Buyer):
        if not viewer.may_see(order_id=claim.order_id, contact_hash=claim.contact_hash):
            raise NotFound
    elif claim.state is State.DRAFT and claim.filed_at is None:
        raise NotFound  # what a buyer is still writing is nobody else's to read
    return claim


async def claim_by_id(tx: Tx, claim_id: UUID) -> ClaimRow:
    """A claim that something else already points to."""
    claim = await tx.one(
        ClaimRow,
        CLAIM_SELECT + " WHERE platform_id = %(platform)s AND id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=claim_id,
    )
    assert claim is not None, "no such claim"
    return claim


async def filed_statement(tx: Tx, claim: ClaimRow) -> str:
    """What the buyer said when applying for the claim's round."""
    found = await tx.value(
        "SELECT statement FROM claim_rounds"
        " WHERE platform_id = %(platform)s AND claim_id = %(id)s AND round = %(round)s LIMIT 1",
        platform=tx.platform_id,
        id=claim.id,
        round=claim.round,
    )
    return str(found or "")


async def open_request(tx: Tx, claim_id: UUID) -> RequestRow | None:
    """What is being waited for, if anything."""
    return await tx.one(
        RequestRow,
        "SELECT id, of, slots, words, by_name, asked_at, due_at FROM claim_requests"
        " WHERE platform_id = %(platform)s AND claim_id = %(claim)s AND answered_at IS NULL LIMIT 1",
        platform=tx.platform_id,
        claim=claim_id,
    )


async def given_since(tx: Tx, claim_id: UUID, since: datetime) -> frozenset[str]:
    """The slots that got something since a request was made: what was there before does not answer it."""
    files, notes = await live_files(tx, claim_id), await live_notes(tx, claim_id)
    return frozenset(item.slot for item in (*files, *notes) if item.added_at >= since)


async def decisions(tx: Tx, claim_id: UUID) -> list[DecisionRow]:
    """Every decision on a claim, oldest first."""
    return await tx.all(
        DecisionRow,
        "SELECT id, round, kind, amount_minor, reason_code, clause, missing, words, note, by_kind, by_id, by_name, at, state,"
        " second_id, second_name, second_at FROM claim_decisions"
        " WHERE platform_id = %(platform)s AND claim_id = %(claim)s ORDER BY at, id LIMIT %(limit)s",
        platform=tx.platform_id,
        claim=claim_id,
        limit=DECISIONS_MAX,
    )


class ClaimFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which claims to list; `before` is the (created_at, id) of the last row of the page before."""

    order_no: str | None = None
    states: tuple[State, ...] = ()
    before: tuple[datetime, UUID] | None = None
    limit: int = 20


async def find_claims(tx: Tx, viewer: Viewer, which: ClaimFilter) -> list[ClaimListRow]:
    """The viewer's claims, newest first, one more than `limit` when there is a next page."""
    is_buyer = isinstance(viewer, Buyer)
    return await tx.all(
        ClaimListRow,
        """
        SELECT c.id, c.claim_no, o.order_no, c.line_no, l.title, c.reason, c.state, c.round, c.version, c.currency,
               c.requested_minor, c.approved_minor, c.due_at, c.created_at, c.filed_at, c.updated_at
          FROM claims c
          JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
          JOIN order_lines l ON l.platform_id = c.platform_id AND l.order_id = c.order_id AND l.line_no = c.line_no
         WHERE c.platform_id = %(platform)s
           AND (NOT %(is_buyer)s OR c.contact_hash = %(contact)s OR c.order_id = ANY (%(orders)s))
           AND (%(is_buyer)s OR c.filed_at IS NOT NULL)
           AND (%(order_no)s::text IS NULL OR o.order_no = %(order_no)s)
           AND (cardinality(%(states)s::text[]) = 0 OR c.state = ANY (%(states)s))
           AND (%(at)s::timestamptz IS NULL OR (c.created_at, c.id) < (%(at)s, %(before)s))
         ORDER BY c.created_at DESC, c.id DESC LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        is_buyer=is_buyer,
        contact=viewer.contact_hash if isinstance(viewer, Buyer) else None,
        orders=list(viewer.order_ids) if isinstance(viewer, Buyer) else [],
        order_no=which.order_no,
        states=[state.value for state in which.states],
        at=which.before[0] if which.before else None,
        before=which.before[1] if which.before else None,
        limit=min(which.limit, CLAIMS_PAGE_MAX) + 1,
    )


class ClaimName(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers by which the outside knows a claim."""

    id: UUID
    claim_no: str
    order_no: str
    line_no: int


async def claim_names(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, ClaimName]:
    """The numbers of claims that journal rows are about; for telling the platform's own server."""
    rows = await tx.all(
        ClaimName,
        "SELECT c.id, c.claim_no, o.order_no, c.line_no FROM claims c"
        " JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id"
        " WHERE c.platform_id = %(platform)s AND c.id = ANY (%(ids)s) ORDER BY c.id LIMIT %(limit)s",
        platform=tx.platform_id,
        ids=list(ids),
        limit=len(ids),
    )
    return {row.id: row for row in rows}


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A saved view of the review queue."""

    code: str
    states: tuple[State, ...]
    due_kinds: tuple[ClockKind, ...] = ()
    due_within_hours: int | None = None
    is_mine: bool = False


QUEUE_VIEWS: tuple[QueueView, ...] = (
    QueueView(code="open", states=(State.FILED, State.REVIEWING)),
    QueueView(
        code="due_soon", states=(State.FILED, State.REVIEWING, State.CONFIRMING, State.MEDIATING), due_within_hours=2
    ),
    QueueView(code="mine", states=(State.REVIEWING, State.WAITING_BUYER, State.WAITING_PLATFORM), is_mine=True),
    QueueView(code="to_confirm", states=(State.CONFIRMING,)),
    QueueView(code="waiting_buyer", states=(State.WAITING_BUYER,)),
    QueueView(code="waiting_platform", states=(State.WAITING_PLATFORM,)),
    QueueView(code="mediating", states=(State.MEDIATING,)),
    QueueView(code="paying", states=(State.PAYING,)),
    QueueView(code="done", states=(State.REFUNDED, State.REJECTED, State.WITHDRAWN)),
)


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """A claim in the review queue, with what a reviewer needs to choose the next one. Amounts in minor units."""

    id: UUID
    claim_no: str
    order_no: str
    title: str
    kind: str
    reason: Reason
    state: State
    round: int
    currency: str
    requested_minor: int
    due_at: datetime | None
    due_kind: ClockKind | None
    filed_at: datetime
    updated_at: datetime
    assignee: str | None
    verdict: dict[str, object] | None
    contact_masked: str
    account_differs: bool
    buyer_claims: int
    payout_state: str | None
    evidence: str | None = None
    """contradicted: a record says otherwise than a picture; under_way: something is still being read."""

    @property
    def sort_at(self) -> datetime:
        """Where the row stands in the queue; the query computes the same."""
        return self.due_at or NEVER - (self.updated_at - NO_DEADLINE_SINCE)


async def queue(
    tx: Tx,
    view: QueueView,
    *,
    staff_id: UUID,
    after: tuple[datetime, UUID] | None = None,
    text: str = "",
    limit: int = 50,
) -> list[QueueRow]:
    """A page of the queue, earliest due first, what is over last and newest first; `after` is the last row's (sort_at, id)."""
    return await tx.all(
        QueueRow,
        """
        SELECT c.id, c.claim_no, o.order_no, l.title, l.kind, c.reason, c.state, c.round, c.currency, c.requested_minor,
               c.due_at, c.due_kind, c.filed_at, c.updated_at, s.name AS assignee, c.verdict, o.contact_masked,
               o.account_differs,
               (SELECT count(*)::int FROM claims b WHERE b.platform_id = c.platform_id AND b.contact_hash = c.contact_hash
                   AND b.filed_at IS NOT NULL) AS buyer_claims,
               (SELECT p.state FROM payouts p WHERE p.platform_id = c.platform_id AND p.claim_id = c.id
                 ORDER BY p.agreed_at DESC, p.id DESC LIMIT 1) AS payout_state,
               (SELECT CASE WHEN bool_or(i.verdict = 'contradicted') THEN 'contradicted'
                            WHEN bool_or(i.state IN ('received', 'reading', 'checking')) THEN 'under_way' END
                  FROM evidence_inspections i
                  JOIN evidence_files f ON f.platform_id = i.platform_id AND f.id = i.file_id AND f.removed_at IS NULL
                 WHERE i.platform_id = c.platform_id AND i.claim_id = c.id) AS evidence
          FROM claims c
          JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
          JOIN order_lines l ON l.platform_id = c.platform_id AND l.order_id = c.order_id AND l.line_no = c.line_no
          LEFT JOIN staff s ON s.platform_id = c.platform_id AND s.id = c.assignee_id
         CROSS JOIN LATERAL (SELECT coalesce(c.due_at, '9999-01-01Z'::timestamptz - (c.updated_at - '2000-01-01Z'::timestamptz)) AS at) sort
         WHERE c.platform_id = %(platform)s AND c.filed_at IS NOT NULL AND c.state = ANY (%(states)s)
           AND (%(within)s::timestamptz IS NULL OR c.due_at <= %(within)s)
           AND (NOT %(is_mine)s OR c.assignee_id = %(staff)s)
           AND (%(text)s = '' OR c.claim_no = upper(%(text)s) OR o.order_no = %(text)s OR l.title ILIKE %(like)s)
           AND (%(at)s::timestamptz IS NULL OR (sort.at, c.id) > (%(at)s, %(after)s))
         ORDER BY sort.at, c.id LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        states=[state.value for state in view.states],
        within=_within(tx, view),
        is_mine=view.is_mine,
        staff=staff_id,
        text=text.strip(),
        like=f"%{_escaped(text.strip())}%",
        at=after[0] if after else None,
        after=after[1] if after else None,
        limit=min(limit, CLAIMS_PAGE_MAX) + 1,
    )


async def queue_counts(tx: Tx, *, staff_id: UUID) -> dict[str, int]:
    """How many claims each saved view holds."""
    counts: dict[str, int] = {}
    for view in QUEUE_VIEWS:
        value = await tx.value(
            "SELECT count(*)::int FROM claims WHERE platform_id = %(platform)s AND filed_at IS NOT NULL"
            " AND state = ANY (%(states)s) AND (%(within)s::timestamptz IS NULL OR due_at <= %(within)s)"
            " AND (NOT %(is_mine)s OR assignee_id = %(staff)s)",
            platform=tx.platform_id,
            states=[state.value for state in view.states],
            within=_within(tx, view),
            is_mine=view.is_mine,
            staff=staff_id,
        )
        assert isinstance(value, int)
        counts[view.code] = value
    return counts


class BuyerHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What this buyer asked for before, for the reviewer."""

    claims: int
    refunded: int
    rejected: int
    refunded_minor: int


async def buyer_history(tx: Tx, contact_hash: bytes | None) -> BuyerHistory:
    """Counts over the buyer's filed claims on this platform."""
    found = await tx.one(
        BuyerHistory,
        "SELECT count(*)::int AS claims, count(*) FILTER (WHERE state = 'refunded')::int AS refunded,"
        " count(*) FILTER (WHERE state = 'rejected')::int AS rejected,"
        " coalesce(sum(approved_minor) FILTER (WHERE state = 'refunded'), 0)::bigint AS refunded_minor"
        " FROM claims WHERE platform_id = %(platform)s AND contact_hash = %(contact)s AND filed_at IS NOT NULL",
        platform=tx.platform_id,
        contact=contact_hash,
    )
    assert found is not None
    return found


def _within(tx: Tx, view: QueueView) -> datetime | None:
    return None if view.due_within_hours is None else tx.now + timedelta(hours=view.due_within_hours)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
