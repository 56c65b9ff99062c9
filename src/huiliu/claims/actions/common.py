"""What several steps share."""

from __future__ import annotations

from huiliu.claims import store
from huiliu.claims.case import load_case_by_id
from huiliu.claims.judgement import Judgement, judge_case
from huiliu.claims.model import ClaimChanged, Move, NeedsPeople, State, after
from huiliu.claims.reads import load_claim
from huiliu.claims.store import ClaimRow
from huiliu.deadlines.actions import set_timer
from huiliu.deadlines.model import ClockKind
from huiliu.deadlines.reads import working_calendar
from huiliu.kit.db import Tx
from huiliu.people.model import ApiKey, Permission, Staff, Viewer, require


async def claim_at_version(tx: Tx, viewer: Viewer, claim_no: str, version: int | None) -> ClaimRow:
    """The claim as the person on the other side saw it. Raises NotFound, ClaimChanged. `None`: whatever it is now."""
    claim = await load_claim(tx, viewer, claim_no)
    if version is not None and (claim.version != version or await _held_version(tx, claim) != version):
        raise ClaimChanged
    return claim


async def _held_version(tx: Tx, claim: ClaimRow) -> object:
    """The version under lock: the claim's row guards everything that is read after this.

    Without it somebody slower would judge the old claim by the money that a faster colleague has left, and be told
    that nothing is left to refund instead of that the claim moved.
    """
    return await tx.value(
        "SELECT version FROM claims WHERE platform_id = %(platform)s AND id = %(id)s FOR UPDATE",
        platform=tx.platform_id,
        id=claim.id,
    )


def decider_permission(claim: ClaimRow, usual: Permission) -> Permission:
    """Once the platform was called in, the arbitrator's hat is needed for what a reviewer's was enough for.

    Also when the buyer applies again after the arbitrator's no: nobody below overrules it.
    """
    return Permission.ARBITRATE if claim.is_mediated else usual


def check_decider(decider: Staff | ApiKey, claim: ClaimRow, usual: Permission) -> None:
    """Whether this person or machine may steer the claim. Raises NotAllowed; NeedsPeople for a machine in a mediation."""
    if isinstance(decider, Staff):
        require(decider, decider_permission(claim, usual))
    elif claim.is_mediated:
        raise NeedsPeople


async def person_is_needed(tx: Tx, claim: ClaimRow) -> bool:
    """Whether this claim may not be decided by a machine: by a restriction, or while people look at something."""
    return (await load_case_by_id(tx, order_id=claim.order_id, line_no=claim.line_no)).needs_person


async def judge_claim(tx: Tx, claim: ClaimRow, *, have: frozenset[str] = frozenset()) -> Judgement:
    """What the claim's own version says of it as of its first application. Without evidence: for its clocks' lengths."""
    case = await load_case_by_id(tx, order_id=claim.order_id, line_no=claim.line_no)
    return await judge_case(
        tx, case, reason=claim.reason, have=have, at=claim.filed_at or tx.now, policy_id=claim.policy_id
    )


async def back_to_review(tx: Tx, claim: ClaimRow, step: Move) -> State:
    """Give the claim back to whoever decides, with a fresh clock of theirs."""
    judgement = await judge_claim(tx, claim)
    target = after(claim.state, step, is_mediated=claim.is_mediated)
    is_mediation = target is State.MEDIATING
    length = judgement.lengths.mediation if is_mediation else judgement.lengths.review
    kind = ClockKind.MEDIATION if is_mediation else ClockKind.REVIEW
    due = length.due(tx.now, await working_calendar(tx))
    await store.move(tx, claim, step, due_at=due.at, due_kind=kind)
    await set_timer(tx, claim.id, kind=kind, due_at=due.at)
    return target
