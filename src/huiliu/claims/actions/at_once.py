"""What a policy decides without a person: the approval itself, and the wait for pictures that are still being inspected.

No money moves by itself on a picture that a record contradicts: a person looks. While a picture that the clause requires
is still being inspected, the decision waits, at most INSPECTION_WAIT; then it is made as if there were no inspection.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from huiliu.claims import hold_store, store
from huiliu.claims.actions.money import pay_out
from huiliu.claims.case import Case, load_case_by_id
from huiliu.claims.judgement import Judgement, judge_case
from huiliu.claims.model import Decision, DecisionKind, Move, State
from huiliu.claims.reads import claim_by_id
from huiliu.claims.store import ClaimRow
from huiliu.deadlines.actions import clear_timers
from huiliu.evidence.reads import have
from huiliu.evidence.verification.reads import how_evidence_stands
from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import Actor, ActorKind, Connection, Tx, rows_as
from huiliu.kit.money import Money
from huiliu.kit.text import Lang

INSPECTION_WAIT = timedelta(minutes=2)
"""An inspection takes about a second; a queue that stands still must not cost a buyer the instant refund."""
HOLDS_TAKEN_MAX = 50


class DueHold(msgspec.Struct, frozen=True, kw_only=True):
    """A claim whose wait is over."""

    platform_id: int
    claim_id: UUID
    round: int


async def approve_at_once(tx: Tx, claim: ClaimRow, case: Case, judgement: Judgement, approved: Money) -> None:
    """Pay what the policy gives without a person, in the round the claim is in."""
    await store.move(tx, claim, Move.APPROVE, approved_minor=approved.amount_minor)
    decision_id = await insert_policy_decision(tx, claim.id, claim.round, judgement, approved)
    paid = await pay_out(tx, case, claim_id=claim.id, decision_id=decision_id, amount=approved)
    await record(tx, claim.id, approved_entry(judgement, approved), paid)


async def insert_policy_decision(tx: Tx, claim_id: UUID, round_no: int, judgement: Judgement, approved: Money) -> UUID:
    """The policy decides, not the buyer or the machine who filed: the decision says so."""
    by_policy = replace(tx, actor=Actor(ActorKind.SYSTEM, tx.platform_id, "policy", judgement.policy_label))
    is_full = approved.amount_minor == judgement.paid_minor
    return await store.insert_decision(
        by_policy,
        claim_id,
        round_no=round_no,
        decision=Decision(
            kind=DecisionKind.APPROVE if is_full else DecisionKind.PART,
            amount_minor=approved.amount_minor,
            clause=judgement.clause_id,
        ),
        is_final=True,
    )


async def is_held(tx: Tx, claim_id: UUID, *, round_no: int, judgement: Judgement) -> bool:
    """Whether the policy's approval may not be carried out now; a wait is written down, so that it ends."""
    stands = await how_evidence_stands(tx, claim_id, required=judgement.required)
    if stands.under_way and not stands.contradicted:
        await hold_store.insert_hold(tx, claim_id, round_no=round_no, until=tx.now + INSPECTION_WAIT)
    return stands.contradicted or stands.under_way


async def due_holds(connection: Connection, now: datetime) -> list[DueHold]:
    """Claims of every platform whose pictures are inspected by now, or who have waited long enough."""
    async with connection.cursor(row_factory=rows_as(DueHold)) as cursor:
        await cursor.execute(
            """
            SELECT h.platform_id, h.claim_id, h.round FROM claim_holds h
             WHERE h.released_at IS NULL
               AND (h.until <= %(now)s
                    OR NOT EXISTS (SELECT 1 FROM evidence_inspections i
                                    WHERE i.platform_id = h.platform_id AND i.claim_id = h.claim_id
                                      AND i.state IN ('received', 'reading', 'checking')))
             ORDER BY h.until, h.platform_id, h.claim_id LIMIT %(limit)s
            """,
            {"now": now, "limit": HOLDS_TAKEN_MAX},
        )
        return await cursor.fetchall()


async def release_hold(tx: Tx, hold: DueHold) -> bool:
    """Decide a held claim as its filing would have, with what is known now; False when a person has it or must look.

    The hold's own row guards it: of two workers one takes it. The claim's version guards against a person who was faster.
    """
    claim = await claim_by_id(tx, hold.claim_id)
    if not await hold_store.take_hold(tx, claim.id, round_no=hold.round):
        return False
    if claim.state is not State.FILED or claim.round != hold.round:
        return False
    case = await load_case_by_id(tx, order_id=claim.order_id, line_no=claim.line_no)
    judgement = await judge_case(
        tx,
        case,
        reason=claim.reason,
        have=await have(tx, claim.id),
        at=claim.filed_at or tx.now,
        policy_id=claim.policy_id,
    )
    approved = judgement.approves_at_once(claim.requested_minor)
    if approved is None or (await how_evidence_stands(tx, claim.id, required=())).contradicted:
        return False
    await approve_at_once(tx, claim, case, judgement, approved)
    await clear_timers(tx, claim.id)
    return True


def approved_entry(judgement: Judgement, approved: Money) -> Entry:
    """The journal's line of a policy's own approval."""
    return Entry(
        "claim.approved",
        {
            "amount_minor": approved.amount_minor,
            "currency": approved.currency,
            "clause": judgement.clause_id,
            "by": "policy",
            "formula": judgement.formula(Lang.ZH),
            "formula_en": judgement.formula(Lang.EN),
        },
    )
