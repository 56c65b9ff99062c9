"""The claim page's frozen view: what has happened, what happens next and by when, what the buyer may do. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from huiliu.claims.allowed import Allowed, Do
from huiliu.claims.model import State
from huiliu.claims.page import ClaimPage, WhatIf
from huiliu.claims.store import DecisionRow
from huiliu.evidence.model import NoteKind, SlotView
from huiliu.evidence.records import note_words
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, say
from huiliu.payouts.model import Payout, Rung
from huiliu.payouts.model import State as PayoutState
from huiliu.policy.wording import clause_name
from huiliu.web.buyer.signing import Signed, signed_of
from huiliu.web.buyer.timeline import TimelineLine, slot_name, timeline_lines

PRIMARY = (Do.SUBMIT, Do.ANSWER, Do.REAPPLY)
"""What may be the one primary button; everything else is secondary."""
SECONDARY_MAX = 3
TONES = {
    State.WAITING_BUYER: "turn",
    State.REFUNDED: "done",
    State.REJECTED: "shut",
    State.WITHDRAWN: "shut",
}
MONEY_TROUBLE = frozenset({PayoutState.FAILED, PayoutState.BOUNCED, PayoutState.HELD, PayoutState.UNKNOWN})


class If(Struct, frozen=True):
    """One of the three lines 如果同意 / 如果拒绝 / 如果超时."""

    label: str
    words: str
    at: datetime | None


class Step(Struct, frozen=True):
    """One of the four steps. state: done, now, stopped, ahead."""

    code: str
    state: str
    at: datetime | None


class Turned(Struct, frozen=True, kw_only=True):
    """A rejection: which clause, what was missing, what would turn it."""

    reason: str
    clause: str
    missing: tuple[str, ...]
    advice: str
    """What the policy would still take, when the reviewer named nothing."""
    words: str
    by: str
    at: datetime


class Exhibit(Struct, frozen=True, kw_only=True):
    """One evidence slot with what is in it, for reading."""

    view: SlotView
    name: str
    notes: tuple[tuple[str, str, str, datetime], ...]
    """(kind, words, who, when) of declarations, statements and records."""
    signed: tuple[Signed, ...]
    """What stands under the declarations among them."""

    @property
    def is_record(self) -> bool:
        """Only the platform's own records are in it."""
        return not self.view.files and all(kind == NoteKind.RECORD for kind, *_ in self.notes)


class Payment(Struct, frozen=True, kw_only=True):
    """Where the money is."""

    payout: Payout
    ladder: tuple[Rung, ...]
    trouble: str
    """A key under web.claim.trouble, or ''."""


class ClaimView(Struct, frozen=True, kw_only=True):
    """Everything the claim page shows."""

    whole: ClaimPage
    tone: str
    due_words: str
    left_seconds: int
    is_paused: bool
    ifs: tuple[If, ...]
    primary: Allowed | None
    secondary: tuple[Allowed, ...]
    steps: tuple[Step, ...]
    payment: Payment | None
    earlier_payouts: tuple[Payout, ...]
    turned: Turned | None
    asked: tuple[str, ...]
    exhibits: tuple[Exhibit, ...]
    record_count: int
    lines: tuple[TimelineLine, ...]
    formula: str
    amount: Money
    is_agreed: bool
    clause: str
    policy_id: UUID | None
    policy_label: str


def claim_view(lang: Lang, whole: ClaimPage, now: datetime) -> ClaimView:
    """Arrange a claim for its buyer."""
    claim, judgement = whole.claim, whole.judgement
    last = whole.payouts[-1] if whole.payouts else None
    decided = _decided(whole)
    exhibits = tuple(_exhibit(lang, slot) for slot in whole.slots if slot.complete)
    by_policy = judgement.proposed is not None and (whole.approved or whole.requested) == judgement.proposed
    return ClaimView(
        whole=whole,
        tone=TONES.get(claim.state, "calm"),
        due_words=say(lang, f"claims.due.{claim.due_kind.value}") if claim.due_at and claim.due_kind else "",
        left_seconds=int((claim.due_at - now).total_seconds()) if claim.due_at else 0,
        is_paused=claim.state is State.WAITING_BUYER,
        ifs=_ifs(lang, whole),
        primary=next((it for do in PRIMARY for it in whole.allowed if it.do is do and it.is_now), None),
        secondary=_secondary(whole),
        steps=_steps(whole, decided, last),
        payment=Payment(payout=last, ladder=last.ladder(now), trouble=_trouble(last)) if last else None,
        earlier_payouts=tuple(reversed(whole.payouts[:-1])),
        turned=_turned(lang, whole),
        asked=tuple(slot_name(lang, code) for code in whole.request.slots) if whole.request else (),
        exhibits=exhibits,
        record_count=sum(it.is_record for it in exhibits),
        lines=timeline_lines(lang, whole.timeline),
        formula=judgement.formula(lang) if by_policy else "",
        amount=whole.approved or whole.requested,
        is_agreed=whole.approved is not None,
        clause=_clause_words(lang, whole, (decided.clause if decided else "") or judgement.clause_id),
        policy_id=judgement.policy_id,
        policy_label=judgement.policy_label,
    )


def _ifs(lang: Lang, whole: ClaimPage) -> tuple[If, ...]:
    def line(label: str, what: WhatIf | None) -> If | None:
        return If(say(lang, f"web.claim.{label}"), say(lang, f"claims.what_if.{what.key}"), what.at) if what else None

    found = (
        line("if_agreed", whole.if_agreed), line("if_rejected", whole.if_rejected), line("if_silent", whole.if_silent)
    )  # fmt: skip
    return tuple(it for it in found if it is not None)


def _secondary(whole: ClaimPage) -> tuple[Allowed, ...]:
    primary = next((it for do in PRIMARY for it in whole.allowed if it.do is do and it.is_now), None)
    return tuple(it for it in whole.allowed if it is not primary)[:SECONDARY_MAX]


def _decided(whole: ClaimPage) -> DecisionRow | None:
    """The decision of this round, once it is final."""
    mine = [row for row in whole.decisions if row.round == whole.claim.round and row.state == "final"]
    is_open = whole.claim.state in {
        State.FILED, State.REVIEWING, State.WAITING_BUYER, State.WAITING_PLATFORM, State.CONFIRMING, State.MEDIATING
    }  # fmt: skip
    return mine[-1] if mine and not is_open else None


def _steps(whole: ClaimPage, decided: DecisionRow | None, last: Payout | None) -> tuple[Step, ...]:
    claim = whole.claim
    filed_at = claim.round_filed_at or claim.filed_at
    taken = [event.at for event in whole.timeline if event.kind == "claim.taken" and filed_at and event.at >= filed_at]
    is_over = claim.state in {State.REJECTED, State.WITHDRAWN}
    review = "done" if decided else "stopped" if claim.state is State.WITHDRAWN else "now" if filed_at else "ahead"
    decision = "ahead" if decided is None else "stopped" if decided.kind == "reject" else "done"
    arrival = "done" if claim.state is State.REFUNDED else "now" if claim.state is State.PAYING else "ahead"
    decided_at = decided.second_at or decided.at if decided else None
    arrived_at = last.verified_at if last and claim.state is State.REFUNDED else None
    return (
        Step("filed", "done" if filed_at else "now", filed_at),
        Step("review", review, taken[-1] if taken else None),
        Step("decision", decision, decided_at),
        Step("arrival", "ahead" if is_over else arrival, arrived_at),
    )


def _trouble(payout: Payout) -> str:
    return payout.state.value if payout.state in MONEY_TROUBLE else ""


def _turned(lang: Lang, whole: ClaimPage) -> Turned | None:
    row = whole.rejection
    if row is None:
        return None
    return Turned(
        reason=say(lang, f"claims.reject_reason.{row.reason_code}"),
        clause=_clause_words(lang, whole, row.clause),
        missing=tuple(slot_name(lang, code) for code in row.missing),
        advice="" if row.missing else whole.judgement.advice(lang),
        words=row.words,
        by=row.by_name,
        at=row.at,
    )


def _clause_words(lang: Lang, whole: ClaimPage, clause_id: str) -> str:
    published = whole.judgement.published
    clause = published.policy.clause(clause_id) if published and clause_id else None
    return f"{clause.id} {clause_name(lang, clause)}" if clause else clause_id


def _exhibit(lang: Lang, view: SlotView) -> Exhibit:
    notes = tuple((note.kind, note_words(lang, note), note.by_name, note.added_at) for note in view.notes)
    signed = tuple(it for it in map(signed_of, view.notes) if it is not None)
    return Exhibit(view=view, name=view.slot.name(lang), notes=notes, signed=signed)
