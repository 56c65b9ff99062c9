"""What happens by itself when a clock runs out. Called by the worker, one transaction a timer."""

from __future__ import annotations

from huiliu.claims import store
from huiliu.claims.actions.buyer import escalate_overdue
from huiliu.claims.actions.common import back_to_review
from huiliu.claims.model import Move, State
from huiliu.claims.reads import claim_by_id
from huiliu.deadlines.actions import DueTimer, take_timer
from huiliu.deadlines.model import ClockKind
from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import Tx

STATES = {
    ClockKind.REVIEW: frozenset({State.FILED, State.REVIEWING}),
    ClockKind.MATERIAL: frozenset({State.WAITING_BUYER}),
    ClockKind.PROOF: frozenset({State.WAITING_PLATFORM}),
    ClockKind.CONFIRM: frozenset({State.CONFIRMING}),
    ClockKind.MEDIATION: frozenset({State.MEDIATING}),
}
"""Where a claim must still be for its clock to mean anything."""


async def clock_ran_out(tx: Tx, timer: DueTimer) -> bool:
    """Do what the clock promises; False when the claim had moved on and there was nothing to do.

    Review: mediation. Material and proof: back to review with what is there. Confirmation and mediation: only told,
    because money and verdicts need a person.
    """
    claim = await claim_by_id(tx, timer.claim_id)
    if not await take_timer(tx, timer) or claim.state not in STATES[timer.kind] or claim.due_kind is not timer.kind:
        return False
    await record(tx, claim.id, Entry("clock.ran_out", {"clock": timer.kind.value, "due_at": timer.due_at.isoformat()}))
    match timer.kind:
        case ClockKind.REVIEW:
            await escalate_overdue(tx, claim)
        case ClockKind.MATERIAL:
            await store.end_request(tx, claim.id)
            await back_to_review(tx, claim, Move.ANSWER)
        case ClockKind.PROOF:
            await store.end_request(tx, claim.id)
            await back_to_review(tx, claim, Move.PROVE)
        case ClockKind.CONFIRM | ClockKind.MEDIATION:
            pass
    return True
