"""What a buyer does after applying: answer, take back, call the platform in."""

from __future__ import annotations

from datetime import datetime

import msgspec

from huiliu.claims import store
from huiliu.claims.actions.common import back_to_review, claim_at_version, judge_claim
from huiliu.claims.judgement import Judgement
from huiliu.claims.model import (
    STATEMENT_MAX,
    EvidenceMissing,
    MediatedAlready,
    Move,
    MoveNotAllowed,
    NotYet,
    State,
    TextTooLong,
    WindowOver,
    after,
)
from huiliu.claims.reads import filed_statement, given_since, open_request
from huiliu.claims.store import ClaimRow
from huiliu.deadlines.actions import clear_timers, set_timer
from huiliu.deadlines.calendar import WorkingCalendar
from huiliu.deadlines.model import ClockKind
from huiliu.deadlines.reads import working_calendar
from huiliu.evidence.reads import have
from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.journal.reads import timeline
from huiliu.kit.db import Tx
from huiliu.people.model import Viewer


async def answer(tx: Tx, viewer: Viewer, claim_no: str, *, version: int, words: str, accept_incomplete: bool) -> None:
    """Hand in what was asked for; the claim goes back to whoever asked. Raises EvidenceMissing, ClaimChanged."""
    claim = await claim_at_version(tx, viewer, claim_no, version)
    if len(words) > STATEMENT_MAX:
        raise TextTooLong(field="words", most=STATEMENT_MAX)
    request = await open_request(tx, claim.id)
    if request is None or request.of != "buyer":
        raise MoveNotAllowed(state=claim.state.value, move=Move.ANSWER.value)
    given = await given_since(tx, claim.id, request.asked_at)
    lacking = tuple(slot for slot in request.slots if slot not in given)
    if lacking and not accept_incomplete:
        raise EvidenceMissing(slots=",".join(lacking))
    await store.end_request(tx, claim.id)
    await back_to_review(tx, claim, Move.ANSWER)
    judgement = await judge_claim(tx, claim, have=await have(tx, claim.id))
    await store.set_verdict(tx, claim.id, judgement.json)
    given_now = [slot for slot in request.slots if slot in given]
    await record(tx, claim.id, Entry("claim.answered", {"slots": given_now, "lacking": list(lacking), "words": words}))


async def withdraw(tx: Tx, viewer: Viewer, claim_no: str, *, version: int) -> None:
    """The buyer takes the claim back; possible until a payout was instructed. Raises MoveNotAllowed, ClaimChanged."""
    claim = await claim_at_version(tx, viewer, claim_no, version)
    await store.move(tx, claim, Move.WITHDRAW)
    proposed = await store.open_decision(tx, claim.id)
    if proposed is not None:
        await store.end_decision(tx, proposed.id, state="returned", is_second=False)
    await store.end_request(tx, claim.id)
    await clear_timers(tx, claim.id)
    await record(tx, claim.id, Entry("claim.withdrawn", {"from": claim.state.value}))


async def escalate(tx: Tx, viewer: Viewer, claim_no: str, *, version: int, words: str) -> None:
    """Call the platform in: after a rejection, within its window; before a decision, once the review is overdue.

    Raises NotYet, WindowOver, MoveNotAllowed, ClaimChanged, LiveClaimExists.
    """
    claim = await claim_at_version(tx, viewer, claim_no, version)
    if len(words) > STATEMENT_MAX:
        raise TextTooLong(field="words", most=STATEMENT_MAX)
    after(claim.state, Move.ESCALATE)
    if claim.is_mediated:
        raise MediatedAlready
    judgement = await judge_claim(tx, claim)
    calendar = await working_calendar(tx)
    window = escalation_window(claim, judgement, calendar)
    if window.opens_at is not None and tx.now < window.opens_at:
        raise NotYet(when=window.opens_at.isoformat())
    if window.closes_at is not None and tx.now > window.closes_at:
        raise WindowOver(until=window.closes_at.isoformat())
    if claim.state is State.REJECTED:
        await _drop_what_was_not_filed(tx, claim)
    await _to_mediation(tx, claim, judgement, calendar, words=words)


async def _drop_what_was_not_filed(tx: Tx, claim: ClaimRow) -> None:
    """The rejected application is arbitrated, not what was typed since for one that was never handed in."""
    filed = [event for event in await timeline(tx, claim.id) if event.kind in {"claim.filed", "claim.reapplied"}]
    asked = filed[-1].body["requested_minor"] if filed else claim.requested_minor
    assert isinstance(asked, int)
    statement = await filed_statement(tx, claim)
    await store.save_draft(tx, claim, reason=claim.reason, statement=statement, requested_minor=asked)


async def escalate_overdue(tx: Tx, claim: ClaimRow) -> None:
    """The platform let its review clock run out: the claim goes to mediation by itself."""
    judgement = await judge_claim(tx, claim)
    await _to_mediation(tx, claim, judgement, await working_calendar(tx), words="")


class Window(msgspec.Struct, frozen=True):
    """From when until when something may be done; None on a side means no bound there."""

    opens_at: datetime | None
    closes_at: datetime | None


def escalation_window(claim: ClaimRow, judgement: Judgement, calendar: WorkingCalendar) -> Window:
    """When the platform may be called in for this claim as it stands."""
    if claim.state is State.REJECTED:
        assert claim.closed_at is not None, "a rejected claim without the time of its rejection"
        return Window(None, judgement.lengths.escalate.due(claim.closed_at, calendar).at)
    return Window(claim.due_at, None)


async def _to_mediation(
    tx: Tx, claim: ClaimRow, judgement: Judgement, calendar: WorkingCalendar, *, words: str
) -> None:
    due = judgement.lengths.mediation.due(tx.now, calendar)
    await store.move(tx, claim, Move.ESCALATE, due_at=due.at, due_kind=ClockKind.MEDIATION)
    await store.end_request(tx, claim.id)
    await set_timer(tx, claim.id, kind=ClockKind.MEDIATION, due_at=due.at)
    body = {"from": claim.state.value, "words": words, "due_at": due.at.isoformat()}
    await record(tx, claim.id, Entry("claim.escalated", body))
