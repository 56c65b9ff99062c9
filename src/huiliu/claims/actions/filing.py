"""Applying: the first time, again after a rejection, or in one step by a machine."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.claims import store
from huiliu.claims.actions.at_once import approve_at_once, approved_entry, insert_policy_decision, is_held
from huiliu.claims.actions.draft import check_words
from huiliu.claims.actions.money import pay_out
from huiliu.claims.case import Case, check_claimable, check_open, load_case, load_case_by_id
from huiliu.claims.judgement import Judgement, judge_case
from huiliu.claims.model import (
    STATEMENT_MAX,
    AmountOutOfRange,
    AttemptsUsedUp,
    ClaimChanged,
    CurrencyDiffers,
    EvidenceMissing,
    Move,
    Reason,
    State,
    TextTooLong,
    WindowOver,
)
from huiliu.claims.reads import load_claim
from huiliu.claims.store import ClaimRow
from huiliu.deadlines.actions import set_timer
from huiliu.deadlines.model import ClockKind
from huiliu.deadlines.reads import working_calendar
from huiliu.evidence.actions import attach_platform_facts
from huiliu.evidence.reads import have
from huiliu.evidence.records import slots_filled
from huiliu.journal.actions import record, record_first
from huiliu.journal.model import Entry
from huiliu.kit.db import Tx
from huiliu.kit.ids import new_claim_no, new_id
from huiliu.kit.money import Money
from huiliu.people.model import Viewer


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """What filing led to: `state` is PAYING when the policy approved at once, else FILED."""

    claim_id: UUID
    claim_no: str
    state: State
    approved: Money | None
    clause: str
    due_at: datetime | None


async def file_claim(
    tx: Tx,
    viewer: Viewer,
    claim_no: str,
    *,
    version: int,
    statement: str,
    requested_minor: int,
    accept_incomplete: bool,
) -> Filed:
    """Turn a draft into an application, or a rejected claim into its next round.

    Raises ClaimChanged, EvidenceMissing (unless `accept_incomplete`), AmountOutOfRange, AttemptsUsedUp, WindowOver,
    LiveClaimExists.
    """
    claim = await load_claim(tx, viewer, claim_no)
    if claim.version != version:
        raise ClaimChanged
    await check_words(tx, claim, statement=statement, requested_minor=requested_minor)
    case = await load_case_by_id(tx, order_id=claim.order_id, line_no=claim.line_no)
    is_again = claim.state is State.REJECTED
    await attach_platform_facts(tx, claim.id, round=claim.round + is_again, known=case.known)
    judgement = await judge_case(
        tx,
        case,
        reason=claim.reason,
        have=await have(tx, claim.id),
        at=claim.filed_at or tx.now,
        policy_id=claim.policy_id,
    )
    await _check_round(tx, claim, case, judgement, is_again=is_again)
    if judgement.missing and not accept_incomplete:
        raise EvidenceMissing(slots=",".join(judgement.missing))
    due = judgement.lengths.review.due(max(tx.now, judgement.cooling_until or tx.now), await working_calendar(tx))
    step = Move.REAPPLY if is_again else Move.FILE
    state = await store.move(tx, claim, step, due_at=due.at, due_kind=ClockKind.REVIEW)
    round_no = claim.round + 1 if is_again else 1
    await store.set_filed(
        tx,
        claim.id,
        round_no=round_no,
        statement=statement,
        requested_minor=requested_minor,
        facts=judgement.facts_json,
        verdict=judgement.json,
        policy_id=judgement.policy_id,
    )
    await record(tx, claim.id, _filed_entry(judgement, round_no, requested_minor, claim.currency, case, due.at))
    approved = judgement.approves_at_once(requested_minor)
    if approved is not None and await is_held(tx, claim.id, round_no=round_no, judgement=judgement):
        approved = None
    if approved is None:
        await set_timer(tx, claim.id, kind=ClockKind.REVIEW, due_at=due.at)
        return Filed(
            claim_id=claim.id, claim_no=claim_no, state=state, approved=None, clause=judgement.clause_id, due_at=due.at
        )
    filed = msgspec.structs.replace(claim, state=state, version=claim.version + 1, round=round_no)
    await approve_at_once(tx, filed, case, judgement, approved)
    return Filed(
        claim_id=claim.id,
        claim_no=claim_no,
        state=State.PAYING,
        approved=approved,
        clause=judgement.clause_id,
        due_at=None,
    )


class TakesSteps(Exception):
    """Not decided at once, so there is more to write than one statement: file it in an ordinary transaction."""


async def file_at_once(
    tx: Tx, viewer: Viewer, *, order_no: str, line_no: int, reason: Reason, statement: str, amount: Money | None
) -> Filed:
    """File for a buyer in one step, as a shop's server does; `amount` None asks for what the policy gives.

    The hot path: in a batched transaction one read and one write. Raises what file_claim raises, and TakesSteps in a
    batched transaction when a person must decide.
    """
    if len(statement) > STATEMENT_MAX:
        raise TextTooLong(field="statement", most=STATEMENT_MAX)
    case = await load_case(tx, viewer, order_no=order_no, line_no=line_no)
    judgement = await judge_case(tx, case, reason=reason, have=frozenset(), at=tx.now)
    if judgement.missing:  # what the platform's own records show need not be shown by anybody
        judgement = await judge_case(tx, case, reason=reason, have=slots_filled(case.known, now=tx.now), at=tx.now)
    check_claimable(case, attempts_max=judgement.attempts_max)
    asked = amount or judgement.proposed or case.left
    if asked.currency != case.currency:
        raise CurrencyDiffers(paid=case.currency)
    if not 0 < asked.amount_minor <= case.left.amount_minor:
        raise AmountOutOfRange(most=case.left.amount_minor)
    approved = judgement.approves_at_once(asked.amount_minor)
    due_at = None
    if approved is None:
        if tx.batch is not None:
            raise TakesSteps
        start = max(tx.now, judgement.cooling_until or tx.now)
        due_at = judgement.lengths.review.due(start, await working_calendar(tx)).at
    claim_id, claim_no = new_id(), new_claim_no(tx.now)
    state = State.FILED if approved is None else State.PAYING
    await store.insert_filed(
        tx,
        claim_id=claim_id,
        claim_no=claim_no,
        order_id=case.order_id,
        line_no=line_no,
        contact_hash=case.contact_hash,
        reason=reason,
        state=state,
        statement=statement,
        currency=case.currency,
        requested_minor=asked.amount_minor,
        approved_minor=approved.amount_minor if approved else None,
        policy_id=judgement.policy_id,
        facts=judgement.facts_json,
        verdict=judgement.json,
        due_at=due_at,
        due_kind=ClockKind.REVIEW if due_at else None,
    )
    entries = [_filed_entry(judgement, 1, asked.amount_minor, case.currency, case, due_at)]
    if approved is None:
        assert due_at is not None
        await set_timer(tx, claim_id, kind=ClockKind.REVIEW, due_at=due_at)
    else:
        decision_id = await insert_policy_decision(tx, claim_id, 1, judgement, approved)
        entries.append(approved_entry(judgement, approved))
        entries.append(await pay_out(tx, case, claim_id=claim_id, decision_id=decision_id, amount=approved))
    await record_first(tx, claim_id, *entries)
    if approved is None:
        await attach_platform_facts(tx, claim_id, round=1, known=case.known)
    return Filed(
        claim_id=claim_id, claim_no=claim_no, state=state, approved=approved, clause=judgement.clause_id, due_at=due_at
    )


async def _check_round(tx: Tx, claim: ClaimRow, case: Case, judgement: Judgement, *, is_again: bool) -> None:
    if not is_again:
        check_claimable(case, attempts_max=judgement.attempts_max)
        return
    check_open(case)  # it may have been closed since the rejection
    if case.rounds_used >= judgement.attempts_max:
        raise AttemptsUsedUp(limit=judgement.attempts_max)
    assert claim.closed_at is not None, "a rejected claim without the time of its rejection"
    until = judgement.lengths.reapply.due(claim.closed_at, await working_calendar(tx)).at
    if tx.now > until:
        raise WindowOver(until=until.isoformat())


def _filed_entry(
    judgement: Judgement, round_no: int, requested_minor: int, currency: str, case: Case, due_at: datetime | None
) -> Entry:
    return Entry(
        "claim.filed" if round_no == 1 else "claim.reapplied",
        {
            "order_no": case.order_no,
            "line": case.line_no,
            "round": round_no,
            "requested_minor": requested_minor,
            "currency": currency,
            "outcome": judgement.outcome,
            "clause": judgement.clause_id,
            "policy": judgement.policy_label,
            "missing": list(judgement.missing),
            "due_at": due_at.isoformat() if due_at else None,
        },
    )
