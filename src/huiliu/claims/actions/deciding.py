"""Deciding: approve, part, reject; above the limit a second person, never the same one."""

from __future__ import annotations

from uuid import UUID

from msgspec import structs

from huiliu.claims import store
from huiliu.claims.actions.common import back_to_review, check_decider, claim_at_version, person_is_needed
from huiliu.claims.actions.money import pay_out
from huiliu.claims.case import Case, load_case_by_id
from huiliu.claims.judgement import second_person_flags
from huiliu.claims.model import (
    WORDS_MAX,
    AmountOutOfRange,
    Decision,
    DecisionIncomplete,
    DecisionKind,
    Move,
    MoveNotAllowed,
    NeedsPeople,
    SamePerson,
    TextTooLong,
    after,
)
from huiliu.claims.store import ClaimRow
from huiliu.deadlines.actions import clear_timers, set_timer
from huiliu.deadlines.model import ClockKind, Lengths
from huiliu.deadlines.reads import working_calendar
from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import Tx
from huiliu.kit.money import Money
from huiliu.orders.money import hold_order
from huiliu.people.model import ApiKey, Permission, Staff, require
from huiliu.people.restrictions.errors import NeedsPerson
from huiliu.policy.reads import load_policy


async def decide(tx: Tx, decider: Staff | ApiKey, claim_no: str, *, version: int, decision: Decision) -> bool:
    """Decide a claim; True when a second person must still confirm.

    A machine key decides only what the platform lets one person decide. Raises ClaimChanged, DecisionIncomplete,
    AmountOutOfRange, NotAllowed, NeedsPeople, NeedsPerson, MoveNotAllowed, OverRefund.
    """
    claim = await claim_at_version(tx, decider, claim_no, version)
    check_decider(decider, claim, Permission.DECIDE)
    await _check_clause(tx, claim, decision)
    if isinstance(decider, ApiKey) and await person_is_needed(tx, claim):
        raise NeedsPerson
    if decision.kind is DecisionKind.REJECT:
        await _reject(tx, claim, decision)
        return False
    # Two of the order's lines approved at once would each be counted without the other.
    await hold_order(tx, claim.order_id)
    case = await load_case_by_id(tx, order_id=claim.order_id, line_no=claim.line_no)
    amount = _amount(claim, case, decision)
    kind = DecisionKind.APPROVE if amount.amount_minor == claim.requested_minor else DecisionKind.PART
    decision = structs.replace(decision, kind=kind, amount_minor=amount.amount_minor)
    if case.is_above_limit(amount) or second_person_flags(claim.verdict):
        if isinstance(decider, ApiKey):
            raise NeedsPeople
        await _propose(tx, claim, decision, amount)
        return True
    # A decision names its move before money is touched, so that two deciders meet at the claim row, not at the order.
    await store.move(tx, claim, Move.APPROVE, approved_minor=amount.amount_minor)
    decision_id = await store.insert_decision(tx, claim.id, round_no=claim.round, decision=decision, is_final=True)
    await _approve(tx, claim, case, decision_id, amount, decision)
    return False


async def confirm(tx: Tx, staff: Staff, claim_no: str, *, version: int) -> None:
    """The second person agrees and the payout is instructed. Raises SamePerson, NotAllowed, ClaimChanged, OverRefund."""
    require(staff, Permission.CONFIRM)
    claim = await claim_at_version(tx, staff, claim_no, version)
    proposed = await _proposed(tx, claim, Move.CONFIRM)
    if proposed.by_id == str(staff.id):
        raise SamePerson
    assert proposed.amount_minor is not None, "only refunds are proposed"
    amount = Money(proposed.amount_minor, claim.currency)
    case = await load_case_by_id(tx, order_id=claim.order_id, line_no=claim.line_no)
    await store.move(tx, claim, Move.CONFIRM, approved_minor=amount.amount_minor)
    await store.end_decision(tx, proposed.id, state="final", is_second=True)
    await record(
        tx, claim.id, Entry("claim.confirmed", {"amount_minor": amount.amount_minor, "currency": amount.currency})
    )
    decision = Decision(kind=DecisionKind(proposed.kind), clause=proposed.clause, words=proposed.words)
    await _approve(tx, claim, case, proposed.id, amount, decision)


async def return_to_review(tx: Tx, staff: Staff, claim_no: str, *, version: int, note: str) -> None:
    """The second person does not agree: back to review with the reason. The proposer may also take it back this way."""
    require(staff, Permission.CONFIRM)
    if not note.strip():
        raise DecisionIncomplete(field="note")
    if len(note) > WORDS_MAX:
        raise TextTooLong(field="note", most=WORDS_MAX)
    claim = await claim_at_version(tx, staff, claim_no, version)
    proposed = await _proposed(tx, claim, Move.RETURN)
    await back_to_review(tx, claim, Move.RETURN)
    await store.end_decision(tx, proposed.id, state="returned", is_second=proposed.by_id != str(staff.id))
    await record(tx, claim.id, Entry("claim.returned", {"note": note}))


async def _check_clause(tx: Tx, claim: ClaimRow, decision: Decision) -> None:
    """The clause a buyer is pointed to must be one of the version they can read."""
    if not decision.clause or claim.policy_id is None:
        return
    if (await load_policy(tx, claim.policy_id)).policy.clause(decision.clause) is None:
        raise DecisionIncomplete(field="clause")


async def _reject(tx: Tx, claim: ClaimRow, decision: Decision) -> None:
    if decision.reason is None:
        raise DecisionIncomplete(field="reason")
    if not decision.clause:
        raise DecisionIncomplete(field="clause")
    if not decision.words.strip():
        raise DecisionIncomplete(field="words")
    _check_lengths(decision)
    await store.move(tx, claim, Move.REJECT)
    await store.insert_decision(tx, claim.id, round_no=claim.round, decision=decision, is_final=True)
    await clear_timers(tx, claim.id)
    body = {
        "reason": decision.reason.value,
        "clause": decision.clause,
        "missing": list(decision.missing),
        "words": decision.words,
        "round": claim.round,
    }
    await record(tx, claim.id, Entry("claim.rejected", body))


async def _propose(tx: Tx, claim: ClaimRow, decision: Decision, amount: Money) -> None:
    due = Lengths().confirm.due(tx.now, await working_calendar(tx))
    await store.move(tx, claim, Move.PROPOSE, due_at=due.at, due_kind=ClockKind.CONFIRM)
    await store.insert_decision(tx, claim.id, round_no=claim.round, decision=decision, is_final=False)
    await set_timer(tx, claim.id, kind=ClockKind.CONFIRM, due_at=due.at)
    body = {"amount_minor": amount.amount_minor, "currency": amount.currency, "clause": decision.clause}
    await record(tx, claim.id, Entry("claim.proposed", body))


async def _approve(tx: Tx, claim: ClaimRow, case: Case, decision_id: UUID, amount: Money, decision: Decision) -> None:
    await clear_timers(tx, claim.id)
    paid = await pay_out(tx, case, claim_id=claim.id, decision_id=decision_id, amount=amount)
    body = {
        "amount_minor": amount.amount_minor,
        "currency": amount.currency,
        "clause": decision.clause,
        "by": "person",
        "is_part": decision.kind is DecisionKind.PART,
        "words": decision.words,
    }
    await record(tx, claim.id, Entry("claim.approved", body), paid)


async def _proposed(tx: Tx, claim: ClaimRow, step: Move) -> store.DecisionRow:
    after(claim.state, step)
    proposed = await store.open_decision(tx, claim.id)
    if proposed is None:
        raise MoveNotAllowed(state=claim.state.value, move=step.value)
    return proposed


def _amount(claim: ClaimRow, case: Case, decision: Decision) -> Money:
    """Approve means all that was asked for; part means the stated amount, less than that."""
    _check_lengths(decision)
    most = min(claim.requested_minor, case.left.amount_minor)
    amount = decision.amount_minor or (claim.requested_minor if decision.kind is DecisionKind.APPROVE else 0)
    if not 0 < amount <= most:
        raise AmountOutOfRange(most=most)
    return Money(amount, claim.currency)


def _check_lengths(decision: Decision) -> None:
    for field, text in (("words", decision.words), ("note", decision.note)):
        if len(text) > WORDS_MAX:
            raise TextTooLong(field=field, most=WORDS_MAX)
