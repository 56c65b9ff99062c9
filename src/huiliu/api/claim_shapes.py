"""A claim as the API shows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.api.shapes import ByOut, EventOut, MoneyOut, money_out, utc
from huiliu.claims.allowed import Allowed
from huiliu.claims.model import PublicState, Reason, State, public_state
from huiliu.claims.page import ClaimPage
from huiliu.claims.store import ClaimRow, DecisionRow
from huiliu.evidence.inspection.model import Verdict
from huiliu.evidence.model import SlotView
from huiliu.evidence.verification.model import FileInspection, Problem, Step
from huiliu.journal.reads import Event
from huiliu.payouts.model import Payout


class ClaimBrief(msgspec.Struct, frozen=True, kw_only=True):
    """Where a claim is. `version` is what the next step must name."""

    claim_no: str
    status: PublicState | None
    sub_state: State
    version: int
    round: int
    approved: MoneyOut | None
    due_at: datetime | None


class DecisionOut(msgspec.Struct, frozen=True, kw_only=True):
    """Who decided what, by which clause, and what the buyer read. `state`: proposed, final or returned."""

    round: int
    kind: str
    amount: MoneyOut | None
    reason: str
    clause: str
    missing: list[str]
    words: str
    by: ByOut
    at: datetime
    state: str
    second_by: str | None
    second_at: datetime | None


class RungOut(msgspec.Struct, frozen=True):
    """One step of a payout: agreed, accepted, reported, verified, expected."""

    step: str
    at: datetime | None
    is_done: bool


class PayoutOut(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back. Only `verified` means that it went back."""

    refund_no: str
    rail: str
    amount: MoneyOut
    state: str
    rail_refund_no: str
    arrived_to: str
    failure: str
    ladder: list[RungOut]


class SlotOut(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of evidence: wanted or not, and how much of it is there."""

    slot: str
    required: bool
    files: int
    notes: int


class InspectionOut(msgspec.Struct, frozen=True, kw_only=True):
    """How the automatic check of one file stands, as its buyer is told. `verdict` is null until `state` is done."""

    file_id: UUID
    slot: str
    state: Step
    verdict: Verdict | None
    page: str
    reasons: list[str]
    problem: Problem | None
    received_at: datetime
    finished_at: datetime | None


class AllowedOut(msgspec.Struct, frozen=True, kw_only=True):
    """A step this key may take: the last part of its address. Not now when `not_before` or `why_not` says so."""

    action: str
    is_now: bool
    not_before: datetime | None
    until: datetime | None
    why_not: str


class AskedOut(msgspec.Struct, frozen=True, kw_only=True):
    """What is being waited for, and from whom (buyer or platform)."""

    of: str
    slots: list[str]
    words: str
    asked_at: datetime
    due_at: datetime


class ClaimOut(msgspec.Struct, frozen=True, kw_only=True):
    """One claim whole."""

    claim_no: str
    order_no: str
    line: int
    title: str
    channel: str
    reason: Reason
    statement: str
    status: PublicState | None
    sub_state: State
    version: int
    round: int
    attempts_left: int
    requested: MoneyOut
    approved: MoneyOut | None
    clause: str
    policy: str
    due_at: datetime | None
    created_at: datetime
    filed_at: datetime | None
    closed_at: datetime | None
    asked: AskedOut | None
    evidence: list[SlotOut]
    inspections: list[InspectionOut]
    decisions: list[DecisionOut]
    payouts: list[PayoutOut]
    timeline: list[EventOut]
    allowed: list[AllowedOut]


def brief_out(claim: ClaimRow) -> ClaimBrief:
    """Where a claim is after a step."""
    return ClaimBrief(
        claim_no=claim.claim_no,
        status=public_state(claim.state),
        sub_state=claim.state,
        version=claim.version,
        round=claim.round,
        approved=None if claim.approved_minor is None else MoneyOut(claim.approved_minor, claim.currency),
        due_at=claim.due_at,
    )


def claim_out(page: ClaimPage, now: datetime, *, inspected: Iterable[FileInspection]) -> ClaimOut:
    """The claim whole, from the same reads that the pages show."""
    claim = page.claim
    request = page.request
    return ClaimOut(
        claim_no=claim.claim_no,
        order_no=page.case.order_no,
        line=claim.line_no,
        title=page.case.title,
        channel=claim.channel,
        reason=claim.reason,
        statement=claim.statement,
        status=page.public,
        sub_state=claim.state,
        version=claim.version,
        round=claim.round,
        attempts_left=page.attempts_left,
        requested=money_out(page.requested),
        approved=None if page.approved is None else money_out(page.approved),
        clause=page.judgement.clause_id,
        policy=page.judgement.policy_label,
        due_at=claim.due_at,
        created_at=claim.created_at,
        filed_at=claim.filed_at,
        closed_at=claim.closed_at,
        asked=None
        if request is None
        else AskedOut(
            of=request.of, slots=request.slots, words=request.words, asked_at=request.asked_at, due_at=request.due_at
        ),
        evidence=[_slot_out(slot) for slot in page.slots],
        inspections=[_inspection_out(each) for each in inspected],
        decisions=[_decision_out(row, claim.currency) for row in page.decisions],
        payouts=[_payout_out(payout, now) for payout in page.payouts],
        timeline=[event_out(event) for event in page.timeline],
        allowed=[_allowed_out(each) for each in page.allowed],
    )


def event_out(event: Event) -> EventOut:
    """One line of the timeline."""
    by = ByOut(event.actor_kind, event.actor_name)
    return EventOut(seq=event.seq, at=event.at, kind=event.kind, by=by, facts=event.body)


def _slot_out(slot: SlotView) -> SlotOut:
    return SlotOut(slot=slot.slot.code.value, required=slot.required, files=len(slot.files), notes=len(slot.notes))


def _inspection_out(each: FileInspection) -> InspectionOut:
    return InspectionOut(
        file_id=each.file_id,
        slot=each.slot,
        state=each.state,
        verdict=each.verdict,
        page=each.page,
        reasons=list(each.reasons),
        problem=each.problem,
        received_at=each.received_at,
        finished_at=each.finished_at,
    )


def _decision_out(row: DecisionRow, currency: str) -> DecisionOut:
    return DecisionOut(
        round=row.round,
        kind=row.kind,
        amount=None if row.amount_minor is None else MoneyOut(row.amount_minor, currency),
        reason=row.reason_code,
        clause=row.clause,
        missing=row.missing,
        words=row.words,
        by=ByOut(row.by_kind, row.by_name),
        at=row.at,
        state=row.state,
        second_by=row.second_name,
        second_at=row.second_at,
    )


def _payout_out(payout: Payout, now: datetime) -> PayoutOut:
    return PayoutOut(
        refund_no=payout.refund_no,
        rail=payout.rail,
        amount=money_out(payout.amount),
        state=payout.state.value,
        rail_refund_no=payout.rail_refund_no,
        arrived_to=payout.arrived_to,
        failure=payout.failure,
        ladder=[RungOut(rung.step.value, rung.at, rung.is_done) for rung in payout.ladder(now)],
    )


def _allowed_out(each: Allowed) -> AllowedOut:
    return AllowedOut(
        action=each.do.value,
        is_now=each.is_now,
        not_before=utc(each.not_before),
        until=utc(each.until),
        why_not=each.why_not,
    )
