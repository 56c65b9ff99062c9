"""The one table of consequences: which rows of the journal the platform's own server is told of, and what of them.

Only the fields named here leave the house: never what people wrote to each other, and nothing that names a person.
"""

from __future__ import annotations

import msgspec

from huiliu.claims.model import PublicState
from huiliu.notices.model import EventName as Told

MONEY = ("amount_minor", "currency")
RAIL = (*MONEY, "refund_no", "rail")
RESTRICTION = ("restriction", "level", "ends_at", "outcome")


class Reaction(msgspec.Struct, frozen=True):
    """The event a journal row becomes, the buyer's word for the claim after it, and the fields that are passed on.

    `status` None: the row says nothing about the claim's state, or takes it back (`withdrawn`).
    """

    event: Told
    status: PublicState | None = None
    fields: tuple[str, ...] = ()


_FILED = ("round", "requested_minor", "currency", "outcome", "clause", "policy", "missing", "due_at")

REACTIONS: dict[str, Reaction] = {
    "claim.filed": Reaction(Told.CLAIM_FILED, PublicState.PENDING, _FILED),
    "claim.reapplied": Reaction(Told.CLAIM_FILED, PublicState.PENDING, _FILED),
    "claim.asked_buyer": Reaction(Told.CLAIM_MATERIAL_REQUESTED, PublicState.IN_REVIEW, ("slots", "due_at")),
    "claim.answered": Reaction(Told.CLAIM_MATERIAL_ADDED, PublicState.IN_REVIEW, ("slots", "lacking")),
    "claim.approved": Reaction(Told.CLAIM_DECIDED, PublicState.IN_REVIEW, (*MONEY, "clause", "by", "is_part")),
    "claim.rejected": Reaction(Told.CLAIM_DECIDED, PublicState.REJECTED, ("reason", "clause", "missing", "round")),
    "claim.escalated": Reaction(Told.CLAIM_ESCALATED, PublicState.IN_REVIEW, ("due_at",)),
    "claim.withdrawn": Reaction(Told.CLAIM_WITHDRAWN),
    "claim.refunded": Reaction(Told.CLAIM_REFUNDED, PublicState.REFUNDED, MONEY),
    "claim.payout_failed": Reaction(Told.CLAIM_REOPENED, PublicState.IN_REVIEW, ("failure", "amount_minor")),
    "claim.bounced": Reaction(Told.CLAIM_REOPENED, PublicState.IN_REVIEW, (*MONEY, "reopened")),
    "payout.instructed": Reaction(Told.PAYOUT_INSTRUCTED, PublicState.IN_REVIEW, RAIL),
    "payout.accepted": Reaction(Told.PAYOUT_ACCEPTED, PublicState.IN_REVIEW, (*RAIL, "rail_refund_no")),
    "payout.reported": Reaction(Told.PAYOUT_REPORTED, PublicState.IN_REVIEW, (*RAIL, "rail_refund_no")),
    "payout.verified": Reaction(Told.PAYOUT_VERIFIED, PublicState.REFUNDED, (*RAIL, "rail_refund_no")),
    "payout.failed": Reaction(Told.PAYOUT_FAILED, PublicState.IN_REVIEW, (*RAIL, "failure")),
    "payout.bounced": Reaction(Told.PAYOUT_BOUNCED, None, (*RAIL, "failure")),
    "payout.held": Reaction(Told.PAYOUT_HELD, PublicState.IN_REVIEW, (*RAIL, "failure")),
    "restriction.imposed": Reaction(Told.RESTRICTION_CHANGED, None, RESTRICTION),
    "restriction.answered": Reaction(Told.RESTRICTION_CHANGED, None, RESTRICTION),
    "restriction.lifted": Reaction(Told.RESTRICTION_CHANGED, None, RESTRICTION),
}
