"""A claim as one page needs it: for the buyer, for the desk, and for the API, from one read."""

from __future__ import annotations

from datetime import datetime

import msgspec

from huiliu.claims.allowed import Allowed, allowed
from huiliu.claims.case import Case, load_case_by_id
from huiliu.claims.judgement import Judgement, judge_case
from huiliu.claims.model import PublicState, State, public_state
from huiliu.claims.reads import BuyerHistory, RequestRow, buyer_history, decisions, load_claim, open_request
from huiliu.claims.store import ClaimRow, DecisionRow
from huiliu.deadlines.calendar import Due, WorkingCalendar
from huiliu.deadlines.model import ClockKind
from huiliu.deadlines.reads import working_calendar
from huiliu.evidence.model import SlotView
from huiliu.evidence.reads import have, slots_for
from huiliu.journal.reads import Event, timeline
from huiliu.kit.db import Tx
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import Money
from huiliu.payouts.model import Payout
from huiliu.payouts.reads import payouts_of_claim
from huiliu.people.model import Buyer, Viewer

INTERNAL_KINDS = frozenset({"claim.returned", "claim.proposed"})
"""What staff say among themselves is not on the buyer's timeline."""

INTERNAL_FIELDS = frozenset({"note", "policy", "verdict", "reasons"})


class WhatIf(msgspec.Struct, frozen=True):
    """One of the three lines: a key under claims.what_if, and when it happens."""

    key: str
    at: datetime | None = None


class ClaimPage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one claim that a viewer may see."""

    claim: ClaimRow
    case: Case
    public: PublicState | None
    sub_state: str
    judgement: Judgement
    due: Due | None
    request: RequestRow | None
    decisions: list[DecisionRow]
    rejection: DecisionRow | None
    payouts: list[Payout]
    slots: list[SlotView]
    timeline: list[Event]
    allowed: tuple[Allowed, ...]
    attempts_left: int
    if_agreed: WhatIf | None
    if_rejected: WhatIf | None
    if_silent: WhatIf | None
    history: BuyerHistory | None

    @property
    def requested(self) -> Money:
        """What the buyer asks for."""
        return Money(self.claim.requested_minor, self.claim.currency)

    @property
    def approved(self) -> Money | None:
        """What was agreed to, once it was."""
        minor = self.claim.approved_minor
        return None if minor is None else Money(minor, self.claim.currency)


async def claim_page(tx: Tx, viewer: Viewer, claim_no: str) -> ClaimPage:
    """Read one claim whole. Raises NotFound."""
    claim = await load_claim(tx, viewer, claim_no)
    case = await load_case_by_id(tx, order_id=claim.order_id, line_no=claim.line_no)
    given = await have(tx, claim.id)
    judgement = await judge_case(
        tx, case, reason=claim.reason, have=given, at=claim.filed_at or tx.now, policy_id=claim.policy_id
    )
    calendar = await working_calendar(tx)
    request = await open_request(tx, claim.id)
    all_decisions = await decisions(tx, claim.id)
    proposed = next((row for row in all_decisions if row.state == "proposed"), None)
    is_buyer = isinstance(viewer, Buyer)
    rejection = next((row for row in reversed(all_decisions) if row.kind == "reject"), None)
    if claim.state is not State.REJECTED:
        rejection = None
    asked = tuple(request.slots) if request is not None else ()
    wanted = tuple(dict.fromkeys((*asked, *judgement.required)))
    return ClaimPage(
        claim=claim,
        case=case,
        public=public_state(claim.state),
        sub_state=claim.state.value,
        judgement=judgement,
        due=_due(claim, calendar),
        request=request if not is_buyer or request is None or request.of == "buyer" else None,
        decisions=[row for row in all_decisions if not is_buyer or row.state == "final"],
        rejection=rejection,
        payouts=await payouts_of_claim(tx, viewer, claim.id),
        slots=await slots_for(tx, claim.id, required=wanted, optional=judgement.optional),
        timeline=_visible(await timeline(tx, claim.id), is_buyer=is_buyer),
        allowed=allowed(viewer, claim, case, judgement, proposed=proposed, calendar=calendar, now=tx.now),
        attempts_left=max(0, judgement.attempts_max - case.rounds_used),
        if_agreed=_if_agreed(claim),
        if_rejected=_if_rejected(claim),
        if_silent=_if_silent(claim),
        history=None if is_buyer else await buyer_history(tx, claim.contact_hash),
    )


def _due(claim: ClaimRow, calendar: WorkingCalendar) -> Due | None:
    """Counted in working days of a year whose holidays are not published yet, a deadline is an estimate."""
    if claim.due_at is None:
        return None
    is_counted_in_days = claim.due_kind in (ClockKind.REVIEW, ClockKind.CONFIRM, ClockKind.MEDIATION)
    return Due(claim.due_at, is_counted_in_days and claim.due_at.astimezone(SHANGHAI).date() > calendar.covered_until)


def _visible(events: list[Event], *, is_buyer: bool) -> list[Event]:
    if not is_buyer:
        return events
    return [
        msgspec.structs.replace(event, body={k: v for k, v in event.body.items() if k not in INTERNAL_FIELDS})
        for event in events
        if event.kind not in INTERNAL_KINDS
    ]


def _if_agreed(claim: ClaimRow) -> WhatIf | None:
    match claim.state:
        case State.FILED | State.REVIEWING | State.MEDIATING | State.CONFIRMING:
            return WhatIf("agreed_pays_back")
        case State.WAITING_BUYER | State.WAITING_PLATFORM:
            return WhatIf("agreed_after_material")
        case _:
            return None


def _if_rejected(claim: ClaimRow) -> WhatIf | None:
    match claim.state:
        case State.FILED | State.REVIEWING | State.WAITING_BUYER | State.WAITING_PLATFORM | State.CONFIRMING:
            return WhatIf("rejected_again_or_escalate")
        case State.MEDIATING:
            return WhatIf("rejected_by_platform")
        case _:
            return None


def _if_silent(claim: ClaimRow) -> WhatIf | None:
    silent = {
        ClockKind.REVIEW: "silent_review_escalates",
        ClockKind.MATERIAL: "silent_material_decided",
        ClockKind.PROOF: "silent_proof_presumed",
        ClockKind.CONFIRM: "silent_confirm_reminded",
        ClockKind.MEDIATION: "silent_mediation_reminded",
    }
    return None if claim.due_kind is None else WhatIf(silent[claim.due_kind], claim.due_at)
