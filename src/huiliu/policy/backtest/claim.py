"""One past claim, as whoever reads it from somewhere hands it to a back-test."""

from __future__ import annotations

import msgspec

from huiliu.policy.amount import Used
from huiliu.policy.model import CaseFacts, FactValue, Outcome


class ClaimRow(msgspec.Struct, frozen=True, kw_only=True):
    """One past claim as it was judged: the case, the evidence that was accepted, the money, and the decision.

    Money is in minor units of one currency. `facts` are facts of the policy that the product does not know, in the
    policy's words; `proven` names those of them that are proven.
    """

    claim_no: str
    case: CaseFacts
    evidence: tuple[str, ...] = ()
    """Slot codes."""
    facts: dict[str, FactValue] = {}
    proven: frozenset[str] = frozenset()
    paid_minor: int
    fee_minor: int = 0
    taken_minor: int = 0
    """Already refunded or on its way when the claim was judged."""
    units: Used | None = None
    time: Used | None = None
    promised: Used | None = None
    decided: Outcome | None = None
    decided_minor: int | None = None
