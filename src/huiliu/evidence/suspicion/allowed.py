"""What somebody may do to a suspicion or to what followed from it: the one list that the desk shows buttons from."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from huiliu.evidence.suspicion.model import MOVES, Move, State, Suspicion
from huiliu.people.model import Permission, Staff
from huiliu.people.restrictions.model import State as RestrictionState


class Do(StrEnum):
    """An action by the name its address has."""

    PROPOSE = "proposal"
    CONFIRM = "confirmation"
    RETURN = "return"
    DISMISS = "dismissal"
    ANSWER = "answer"
    LIFT = "lifting"


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """One action. Possible now unless `why_not` says why not: a code under evidence_suspicion.why_not."""

    do: Do
    why_not: str = ""

    @property
    def is_now(self) -> bool:
        """Whether the button works."""
        return not self.why_not


def allowed(staff: Staff, found: Suspicion) -> tuple[Allowed, ...]:
    """Every action this member of staff may think of here, the most useful first."""
    if not staff.may(Permission.CONFIRM):
        return ()
    took_part = "took_part" if staff.id in (found.proposed_by, found.confirmed_by) else ""
    if found.state is State.CONFIRMED:
        is_appealed = found.restriction_state == RestrictionState.APPEALED
        return (Allowed(do=Do.ANSWER if is_appealed else Do.LIFT, why_not=took_part),)
    is_proposed = found.state is State.PROPOSED
    steps = (
        (Do.PROPOSE, Move.PROPOSE, ""),
        (Do.CONFIRM, Move.CONFIRM, "same_person" if staff.id == found.proposed_by else ""),
        (Do.RETURN, Move.RETURN, ""),
        (Do.DISMISS, Move.DISMISS, ""),
    )
    return tuple(
        Allowed(do=do, why_not=why_not)
        for do, move, why_not in steps
        if (found.state, move) in MOVES and (do is not Do.CONFIRM or is_proposed)
    )
