"""A claim as one screen shows it to staff: facts with their sources, the policy's reasons, money, history. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from huiliu.claims.judgement import second_person_flags
from huiliu.claims.model import State
from huiliu.claims.page import ClaimPage
from huiliu.claims.reads import ClaimListRow
from huiliu.claims.store import DecisionRow
from huiliu.evidence.model import FileRow, SlotView
from huiliu.evidence.records import note_words
from huiliu.kit.money import Money
from huiliu.kit.text import Lang
from huiliu.ledger.reads import Balance, StatementRow
from huiliu.payouts.model import Payout, Rung, failure_key
from huiliu.payouts.reads import Attempt
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import explain, reason_words
from huiliu.policy.facts import to_facts
from huiliu.policy.model import Outcome, ReasonStatus
from huiliu.policy.wording import clause_name, fact_name
from huiliu.web.buyer.timeline import TimelineLine, slot_name, timeline_lines
from huiliu.web.desk.seen import EvidenceSeen
from huiliu.web.desk.views import TONES, due_tone
from huiliu.web.format import remaining

INTERNAL = frozenset({"claim.returned", "claim.proposed"})
"""Lines the buyer does not see."""


class Why(Struct, frozen=True):
    """What became of one clause. `status` is a policy ReasonStatus."""

    status: str
    words: str


class Verdict(Struct, frozen=True, kw_only=True):
    """The policy's answer, why, and what it leaves open."""

    outcome: str
    clause: str
    label: str
    policy_id: str
    proposed: Money | None
    formula: str
    missing: tuple[str, ...]
    flags: tuple[str, ...]
    conflict: str
    ask: tuple[str, ...]
    presumed: tuple[str, ...]
    whys: tuple[Why, ...]


class Record(Struct, frozen=True, kw_only=True):
    """Words in a slot: the platform's record, the buyer's signature, a colleague's statement."""

    kind: str
    words: str
    by: str
    at: datetime
    is_intact: bool


class Exhibit(Struct, frozen=True, kw_only=True):
    """One slot: what the buyer gave on one side, what the platform's records say on the other."""

    slot: SlotView
    name: str
    files: tuple[FileRow, ...]
    given: tuple[Record, ...]
    records: tuple[Record, ...]


class Payment(Struct, frozen=True, kw_only=True):
    """One payout with its ladder and what was tried."""

    payout: Payout
    ladder: tuple[Rung, ...]
    failure_key: str
    attempts: tuple[Attempt, ...]


class Line(Struct, frozen=True):
    """A line of the timeline; internal ones are marked."""

    line: TimelineLine
    is_internal: bool
    note: str


class DeskClaim(Struct, frozen=True, kw_only=True):
    """Everything the claim page of the desk shows."""

    whole: ClaimPage
    tone: str
    due: str
    due_words: str
    assignee: str
    verdict: Verdict
    exhibits: tuple[Exhibit, ...]
    payments: tuple[Payment, ...]
    balance: Balance | None
    statement: list[StatementRow]
    lines: tuple[Line, ...]
    others: tuple[ClaimListRow, ...]
    proposal: DecisionRow | None
    last_seen: int
    needs_two: bool
    limit: Money
    seen: EvidenceSeen


class Books(Struct, frozen=True, kw_only=True):
    """What the books say of the claim's order and payouts."""

    balance: Balance | None
    statement: list[StatementRow]
    attempts: list[Attempt]


def desk_claim(
    lang: Lang,
    whole: ClaimPage,
    *,
    now: datetime,
    books: Books,
    others: list[ClaimListRow],
    limit_minor: int,
    seen: EvidenceSeen,
) -> DeskClaim:
    """Arrange a claim for staff."""
    claim = whole.claim
    left = claim.due_at - now if claim.due_at else None
    amount = (whole.approved or whole.requested).amount_minor
    flagged = second_person_flags(claim.verdict)
    return DeskClaim(
        whole=whole,
        tone=TONES.get(claim.state, "calm"),
        due=due_tone(claim.state, left),
        due_words="" if left is None else remaining(lang, abs(left)),
        assignee=_assignee(whole),
        verdict=_verdict(lang, whole),
        exhibits=tuple(_exhibit(lang, slot) for slot in whole.slots if slot.complete or slot.required),
        payments=tuple(_payment(payout, books.attempts, now) for payout in reversed(whole.payouts)),
        balance=books.balance,
        statement=books.statement,
        lines=tuple(_lines(lang, whole)),
        others=tuple(row for row in others if row.id != claim.id and row.filed_at is not None),
        proposal=next((row for row in whole.decisions if row.state == "proposed"), None),
        last_seen=whole.timeline[-1].seq if whole.timeline else 0,
        needs_two=flagged or whole.case.order_taken_minor + amount > limit_minor,
        limit=Money(limit_minor, claim.currency),
        seen=seen,
    )


def _assignee(whole: ClaimPage) -> str:
    """Who took it last, asked for something or decided it."""
    kinds = {
        "claim.taken",
        "claim.asked_buyer",
        "claim.asked_platform",
        "claim.proposed",
        "claim.approved",
        "claim.rejected",
    }
    mine = [event for event in whole.timeline if event.kind in kinds and event.actor_kind == "staff"]
    return mine[-1].actor_name if mine and whole.claim.state is not State.FILED else ""


def _verdict(lang: Lang, whole: ClaimPage) -> Verdict:
    judgement = whole.judgement
    published, verdict = judgement.published, judgement.verdict
    clause = verdict.clause if verdict else None
    return Verdict(
        outcome=judgement.outcome,
        clause=f"{clause.id} {clause_name(lang, clause)}" if clause else "",
        label=judgement.policy_label,
        policy_id=str(published.id) if published else "",
        proposed=judgement.proposed,
        formula=judgement.formula(lang) if judgement.proposed else "",
        missing=tuple(slot_name(lang, code) for code in judgement.missing),
        flags=tuple(flag.value for flag in verdict.flags) if verdict else (),
        conflict=", ".join(verdict.rivals) if verdict and verdict.conflict else "",
        ask=_fact_names(lang, whole, verdict.ask) if verdict else (),
        presumed=_fact_names(lang, whole, verdict.presumed) if verdict else (),
        whys=_whys(lang, whole),
    )


def _fact_names(lang: Lang, whole: ClaimPage, names: tuple[str, ...]) -> tuple[str, ...]:
    published = whole.judgement.published
    specs = [published.policy.fact(name) if published else None for name in names]
    return tuple(fact_name(lang, spec) if spec else name for spec, name in zip(specs, names, strict=True))


def _whys(lang: Lang, whole: ClaimPage) -> tuple[Why, ...]:
    """Each clause's fate, the one that applied first. Whether a cooling-off is over follows from the answer itself."""
    published, verdict = whole.judgement.published, whole.judgement.verdict
    if published is None or verdict is None:
        return ()
    facts = to_facts(published.policy, whole.judgement.case_facts)
    at_first = judge(published.policy, facts, frozenset())
    cooled = at_first.outcome is Outcome.COOLING and verdict.outcome is not Outcome.COOLING
    found = explain(published.policy, facts, cooled=cooled)
    ordered = sorted(found, key=lambda reason: reason.status is not ReasonStatus.APPLIED)
    return tuple(Why(reason.status.value, reason_words(lang, published.policy, reason)) for reason in ordered)


def _exhibit(lang: Lang, slot: SlotView) -> Exhibit:
    notes = [
        Record(
            kind=note.kind, words=note_words(lang, note), by=note.by_name, at=note.added_at, is_intact=note.is_intact
        )
        for note in slot.notes
    ]
    return Exhibit(
        slot=slot,
        name=slot.slot.name(lang),
        files=slot.files,
        given=tuple(note for note in notes if note.kind != "record"),
        records=tuple(note for note in notes if note.kind == "record"),
    )


def _payment(payout: Payout, attempts: list[Attempt], now: datetime) -> Payment:
    return Payment(
        payout=payout,
        ladder=payout.ladder(now),
        failure_key=failure_key(payout.failure) if payout.failure else "",
        attempts=tuple(it for it in attempts if it.payout_id == payout.id),
    )


def _lines(lang: Lang, whole: ClaimPage) -> list[Line]:
    by_seq = {event.seq: event for event in whole.timeline}
    lines: list[Line] = []
    for line in timeline_lines(lang, whole.timeline, for_desk=True):
        event = by_seq[line.mark]
        note = event.body.get("note")
        lines.append(Line(line, event.kind in INTERNAL, note if isinstance(note, str) else ""))
    return lines
