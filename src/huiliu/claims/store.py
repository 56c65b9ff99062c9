"""The SQL that writes claims. Private to this feature."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.claims.model import ClaimChanged, Decision, Move, Reason, State, after
from huiliu.deadlines.model import ClockKind
from huiliu.kit.db import Tx
from huiliu.kit.ids import new_id


class ClaimRow(msgspec.Struct, frozen=True, kw_only=True):
    """A claim as its actions need it."""

    id: UUID
    claim_no: str
    order_id: UUID
    line_no: int
    contact_hash: bytes | None
    channel: str
    reason: Reason
    state: State
    round: int
    version: int
    statement: str
    currency: str
    requested_minor: int
    approved_minor: int | None
    policy_id: UUID | None
    facts: dict[str, object]
    verdict: dict[str, object] | None
    due_at: datetime | None
    due_kind: ClockKind | None
    created_at: datetime
    filed_at: datetime | None
    round_filed_at: datetime | None
    mediated_at: datetime | None
    closed_at: datetime | None

    @property
    def is_mediated(self) -> bool:
        """Whether the platform was called in."""
        return self.mediated_at is not None


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as stored."""

    id: UUID
    round: int
    kind: str
    amount_minor: int | None
    reason_code: str
    clause: str
    missing: list[str]
    words: str
    note: str
    by_kind: str
    by_id: str
    by_name: str
    at: datetime
    state: str
    second_id: str | None
    second_name: str | None
    second_at: datetime | None


CLAIM_SELECT = (
    "SELECT id, claim_no, order_id, line_no, contact_hash, channel, reason, state, round, version, statement, currency,"
    " requested_minor, approved_minor, policy_id, facts, verdict, due_at, due_kind, created_at, filed_at, round_filed_at,"
    " mediated_at, closed_at FROM claims"
)


async def insert_draft(
    tx: Tx,
    *,
    claim_no: str,
    order_id: UUID,
    line_no: int,
    contact_hash: bytes | None,
    reason: Reason,
    currency: str,
    requested_minor: int,
    policy_id: UUID | None,
) -> UUID:
    """A claim that is being prepared. claim_one_draft guards the line."""
    claim_id = new_id()
    await tx.run(
        """
        INSERT INTO claims (platform_id, id, claim_no, order_id, line_no, contact_hash, channel, reason, state, currency,
                            requested_minor, policy_id, created_at, updated_at)
        VALUES (%(platform)s, %(id)s, %(claim_no)s, %(order)s, %(line)s, %(contact)s, 'portal', %(reason)s, 'draft',
                %(currency)s, %(requested)s, %(policy)s, %(now)s, %(now)s)
        """,
        platform=tx.platform_id,
        id=claim_id,
        claim_no=claim_no,
        order=order_id,
        line=line_no,
        contact=contact_hash,
        reason=reason.value,
        currency=currency,
        requested=requested_minor,
        policy=policy_id,
        now=tx.now,
    )
    return claim_id


async def insert_filed(
    tx: Tx,
    *,
    claim_id: UUID,
    claim_no: str,
    order_id: UUID,
    line_no: int,
    contact_hash: bytes | None,
    reason: Reason,
    state: State,
    statement: str,
    currency: str,
    requested_minor: int,
    approved_minor: int | None,
    policy_id: UUID | None,
    facts: str,
    verdict: str,
    due_at: datetime | None,
    due_kind: ClockKind | None,
) -> None:
    """A claim filed in one step by a machine, with its first round; claim_one_live guards the line."""
    await tx.queue(
        """
        WITH claim AS (
            INSERT INTO claims (platform_id, id, claim_no, order_id, line_no, contact_hash, channel, reason, state, statement,
                                currency, requested_minor, approved_minor, policy_id, facts, verdict, due_at, due_kind,
                                created_at, filed_at, round_filed_at, updated_at)
            VALUES (%(platform)s, %(id)s, %(claim_no)s, %(order)s, %(line)s, %(contact)s, 'api', %(reason)s, %(state)s,
                    %(statement)s, %(currency)s, %(requested)s, %(approved)s, %(policy)s, %(facts)s::jsonb,
                    %(verdict)s::jsonb, %(due_at)s, %(due_kind)s, %(now)s, %(now)s, %(now)s, %(now)s)
        )
        INSERT INTO claim_rounds (platform_id, claim_id, round, statement, verdict, submitted_at)
        VALUES (%(platform)s, %(id)s, 1, %(statement)s, %(verdict)s::jsonb, %(now)s)
        """,
        platform=tx.platform_id,
        id=claim_id,
        claim_no=claim_no,
        order=order_id,
        line=line_no,
        contact=contact_hash,
        reason=reason.value,
        state=state.value,
        statement=statement,
        currency=currency,
        requested=requested_minor,
        approved=approved_minor,
        policy=policy_id,
        facts=facts,
        verdict=verdict,
        due_at=due_at,
        due_kind=due_kind.value if due_kind else None,
        now=tx.now,
    )


async def save_draft(tx: Tx, claim: ClaimRow, *, reason: Reason, statement: str, requested_minor: int) -> None:
    """Keep what the buyer typed; a draft is one person's, so the last save wins."""
    changed = await tx.run(
        "UPDATE claims SET reason = %(reason)s, statement = %(statement)s, requested_minor = %(requested)s,"
        " updated_at = %(now)s WHERE platform_id = %(platform)s AND id = %(id)s AND state IN ('draft', 'rejected')",
        platform=tx.platform_id,
        id=claim.id,
        reason=reason.value,
        statement=statement,
        requested=requested_minor,
        now=tx.now,
    )
    if changed != 1:
        raise ClaimChanged


async def move(
    tx: Tx,
    claim: ClaimRow,
    step: Move,
    *,
    to: State | None = None,
    due_at: datetime | None = None,
    due_kind: ClockKind | None = None,
    approved_minor: int | None = None,
    assignee_id: UUID | None = None,
) -> State:
    """Compare-and-set: succeeds only if the claim still is as it was read. Raises MoveNotAllowed or ClaimChanged.

    The claim row is the guard of everything that happens to a claim; whoever gets past this holds its lock to the end.
    `to` narrows a move whose target depends on more than the table.
    """
    target = to or after(claim.state, step, is_mediated=claim.is_mediated)
    is_over = target in (State.REFUNDED, State.WITHDRAWN, State.REJECTED)
    changed = await tx.run(
        """
        UPDATE claims
           SET state = %(target)s, version = version + 1, due_at = %(due_at)s, due_kind = %(due_kind)s,
               approved_minor = CASE WHEN %(target)s IN ('paying', 'refunded') THEN coalesce(%(approved)s, approved_minor) END,
               assignee_id = coalesce(%(assignee)s, assignee_id),
               mediated_at = CASE WHEN %(mediated)s THEN %(now)s ELSE mediated_at END,
               closed_at = CASE WHEN %(is_over)s THEN %(now)s END, updated_at = %(now)s
         WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = %(state)s
        """,
        platform=tx.platform_id,
        id=claim.id,
        version=claim.version,
        state=claim.state.value,
        target=target.value,
        due_at=due_at,
        due_kind=due_kind.value if due_kind else None,
        approved=approved_minor,
        assignee=assignee_id,
        mediated=step is Move.ESCALATE,
        is_over=is_over,
        now=tx.now,
    )
    if changed != 1:
        raise ClaimChanged
    return target


async def set_filed(
    tx: Tx,
    claim_id: UUID,
    *,
    round_no: int,
    statement: str,
    requested_minor: int,
    facts: str,
    verdict: str,
    policy_id: UUID | None,
) -> None:
    """Write a round: what was said and what the policy answered. The clock (filed_at) and facts freeze at the first."""
    await tx.run(
        """
        WITH claim AS (
            UPDATE claims
               SET round = %(round)s, statement = %(statement)s, requested_minor = %(requested)s, verdict = %(verdict)s::jsonb,
                   policy_id = coalesce(policy_id, %(policy)s), facts = CASE WHEN filed_at IS NULL THEN %(facts)s::jsonb ELSE facts END,
                   filed_at = coalesce(filed_at, %(now)s), round_filed_at = %(now)s
             WHERE platform_id = %(platform)s AND id = %(id)s
        )
        INSERT INTO claim_rounds (platform_id, claim_id, round, statement, verdict, submitted_at)
        VALUES (%(platform)s, %(id)s, %(round)s, %(statement)s, %(verdict)s::jsonb, %(now)s)
        """,
        platform=tx.platform_id,
        id=claim_id,
        round=round_no,
        statement=statement,
        requested=requested_minor,
        facts=facts,
        verdict=verdict,
        policy=policy_id,
        now=tx.now,
    )


async def set_verdict(tx: Tx, claim_id: UUID, verdict: str) -> None:
    """The policy's answer after new evidence or proof."""
    await tx.run(
        "UPDATE claims SET verdict = %(verdict)s::jsonb WHERE platform_id = %(platform)s AND id = %(id)s",
        platform=tx.platform_id,
        id=claim_id,
        verdict=verdict,
    )


async def reopen_windows(tx: Tx, claim: ClaimRow) -> None:
    """Let the time to apply again or to call the platform in start now; a claim that moved on needs neither."""
    await tx.run(
        "UPDATE claims SET closed_at = %(now)s, version = version + 1, updated_at = %(now)s"
        " WHERE platform_id = %(platform)s AND id = %(id)s AND state = 'rejected'",
        platform=tx.platform_id,
        id=claim.id,
        now=tx.now,
    )


async def insert_decision(tx: Tx, claim_id: UUID, *, round_no: int, decision: Decision, is_final: bool) -> UUID:
    """Write down who decided what. One proposed decision at a time: claim_decision_open."""
    decision_id = new_id()
    await tx.queue(
        """
        INSERT INTO claim_decisions (platform_id, id, claim_id, round, kind, amount_minor, reason_code, clause, missing, words,
                                     note, by_kind, by_id, by_name, at, state)
        VALUES (%(platform)s, %(id)s, %(claim)s, %(round)s, %(kind)s, %(amount)s, %(reason)s, %(clause)s, %(missing)s,
                %(words)s, %(note)s, %(by_kind)s, %(by_id)s, %(by_name)s, %(now)s, %(state)s)
        """,
        platform=tx.platform_id,
        id=decision_id,
        claim=claim_id,
        round=round_no,
        kind=decision.kind.value,
        amount=decision.amount_minor,
        reason=decision.reason.value if decision.reason else "",
        clause=decision.clause,
        missing=list(decision.missing),
        words=decision.words,
        note=decision.note,
        by_kind=tx.actor.kind.value,
        by_id=tx.actor.id,
        by_name=tx.actor.name,
        now=tx.now,
        state="final" if is_final else "proposed",
    )
    return decision_id


async def open_decision(tx: Tx, claim_id: UUID) -> DecisionRow | None:
    """The decision that waits for a second person."""
    return await tx.one(
        DecisionRow,
        "SELECT id, round, kind, amount_minor, reason_code, clause, missing, words, note, by_kind, by_id, by_name, at, state,"
        " second_id, second_name, second_at FROM claim_decisions"
        " WHERE platform_id = %(platform)s AND claim_id = %(claim)s AND state = 'proposed' LIMIT 1",
        platform=tx.platform_id,
        claim=claim_id,
    )


async def end_decision(tx: Tx, decision_id: UUID, *, state: str, is_second: bool) -> None:
    """The second person's answer ('final' or 'returned'); decision_two_people refuses the same person."""
    changed = await tx.run(
        """
        UPDATE claim_decisions
           SET state = %(state)s, second_id = CASE WHEN %(is_second)s THEN %(by)s END,
               second_name = CASE WHEN %(is_second)s THEN %(by_name)s END,
               second_at = CASE WHEN %(is_second)s THEN %(now)s::timestamptz END
         WHERE platform_id = %(platform)s AND id = %(id)s AND state = 'proposed'
        """,
        platform=tx.platform_id,
        id=decision_id,
        state=state,
        is_second=is_second,
        by=tx.actor.id,
        by_name=tx.actor.name,
        now=tx.now,
    )
    if changed != 1:
        raise ClaimChanged


async def insert_request(
    tx: Tx, claim_id: UUID, *, of: str, slots: tuple[str, ...], words: str, due_at: datetime
) -> UUID:
    """Ask the buyer for material, or the platform for proof. One open request at a time: claim_request_open."""
    request_id = new_id()
    await tx.run(
        """
        INSERT INTO claim_requests (platform_id, id, claim_id, of, slots, words, by_name, asked_at, due_at)
        VALUES (%(platform)s, %(id)s, %(claim)s, %(of)s, %(slots)s, %(words)s, %(by_name)s, %(now)s, %(due_at)s)
        """,
        platform=tx.platform_id,
        id=request_id,
        claim=claim_id,
        of=of,
        slots=list(slots),
        words=words,
        by_name=tx.actor.name,
        now=tx.now,
        due_at=due_at,
    )
    return request_id


async def end_request(tx: Tx, claim_id: UUID) -> None:
    """Whatever was asked is answered, overdue, or no longer of interest."""
    await tx.run(
        "UPDATE claim_requests SET answered_at = %(now)s"
        " WHERE platform_id = %(platform)s AND claim_id = %(claim)s AND answered_at IS NULL",
        platform=tx.platform_id,
        claim=claim_id,
        now=tx.now,
    )
