"""What support and reviewers do before a decision: take a claim, ask the buyer, ask the platform for its own proof."""

from __future__ import annotations

from huiliu.claims import store
from huiliu.claims.actions.common import (
    back_to_review,
    check_decider,
    claim_at_version,
    decider_permission,
    judge_claim,
)
from huiliu.claims.model import WORDS_MAX, DecisionIncomplete, Move, State, TextTooLong
from huiliu.deadlines.actions import set_timer
from huiliu.deadlines.model import ClockKind
from huiliu.deadlines.reads import working_calendar
from huiliu.evidence.reads import have
from huiliu.evidence.slots import SlotCode
from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import Tx
from huiliu.people.model import ApiKey, Permission, Staff, require

PLATFORM_PROOF = ("platform_proof",)
"""The slot of the platform's own consumption record (消耗记录)."""


async def take(tx: Tx, staff: Staff, claim_no: str, *, version: int) -> None:
    """Somebody has begun to look: 待审核 becomes 审核中."""
    claim = await claim_at_version(tx, staff, claim_no, version)
    require(staff, decider_permission(claim, Permission.REVIEW))
    await store.move(tx, claim, Move.TAKE, due_at=claim.due_at, due_kind=claim.due_kind, assignee_id=staff.id)
    await record(tx, claim.id, Entry("claim.taken", {"by": staff.name}))


async def ask_buyer(
    tx: Tx, asker: Staff | ApiKey, claim_no: str, *, version: int, slots: tuple[str, ...], words: str
) -> None:
    """Ask for named material; the review clock stops and the buyer's own clock starts."""
    claim = await claim_at_version(tx, asker, claim_no, version)
    check_decider(asker, claim, Permission.REVIEW)
    _check_request(slots, words)
    judgement = await judge_claim(tx, claim)
    due = judgement.lengths.material.due(tx.now, await working_calendar(tx))
    assignee = asker.id if isinstance(asker, Staff) else None
    await store.move(tx, claim, Move.ASK_BUYER, due_at=due.at, due_kind=ClockKind.MATERIAL, assignee_id=assignee)
    await store.insert_request(tx, claim.id, of="buyer", slots=slots, words=words, due_at=due.at)
    await set_timer(tx, claim.id, kind=ClockKind.MATERIAL, due_at=due.at)
    await record(
        tx, claim.id, Entry("claim.asked_buyer", {"slots": list(slots), "words": words, "due_at": due.at.isoformat()})
    )


async def ask_platform(tx: Tx, staff: Staff, claim_no: str, *, version: int, words: str) -> None:
    """The buyer disputes the platform's word: the platform must show its record in time, or the presumption holds."""
    claim = await claim_at_version(tx, staff, claim_no, version)
    require(staff, decider_permission(claim, Permission.REVIEW))
    _check_request(PLATFORM_PROOF, words)
    judgement = await judge_claim(tx, claim)
    due = judgement.lengths.proof.due(tx.now, await working_calendar(tx))
    await store.move(tx, claim, Move.ASK_PLATFORM, due_at=due.at, due_kind=ClockKind.PROOF, assignee_id=staff.id)
    await store.insert_request(tx, claim.id, of="platform", slots=PLATFORM_PROOF, words=words, due_at=due.at)
    await set_timer(tx, claim.id, kind=ClockKind.PROOF, due_at=due.at)
    await record(tx, claim.id, Entry("claim.asked_platform", {"words": words, "due_at": due.at.isoformat()}))


async def prove(tx: Tx, staff: Staff, claim_no: str, *, version: int, words: str) -> None:
    """The platform has put its record in; the claim goes back to review with it.

    The record itself is evidence (slot platform_proof) or a usage fact; what it says of use is judged anew.
    """
    claim = await claim_at_version(tx, staff, claim_no, version)
    require(staff, Permission.REVIEW)
    if len(words) > WORDS_MAX:
        raise TextTooLong(field="words", most=WORDS_MAX)
    await store.end_request(tx, claim.id)
    await back_to_review(tx, claim, Move.PROVE)
    await record(tx, claim.id, Entry("claim.proven", {"words": words}))
    await rejudge(tx, staff, claim_no)


async def rejudge(tx: Tx, staff: Staff, claim_no: str) -> None:
    """Write down what the policy says now that there is more evidence; the clock and the order's age stay frozen."""
    claim = await claim_at_version(tx, staff, claim_no, None)
    judgement = await judge_claim(tx, claim, have=await have(tx, claim.id))
    if claim.state is not State.DRAFT:
        await store.set_verdict(tx, claim.id, judgement.json)


def _check_request(slots: tuple[str, ...], words: str) -> None:
    if not slots or not set(slots) <= set(SlotCode):
        raise DecisionIncomplete(field="slots")
    if not words.strip():
        raise DecisionIncomplete(field="words")
    if len(words) > WORDS_MAX:
        raise TextTooLong(field="words", most=WORDS_MAX)
