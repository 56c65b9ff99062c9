"""A refund claim's words and rules: states, moves, reasons, and what each party may do."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from huiliu.kit.errors import Conflict, Refusal


class Reason(StrEnum):
    """Why a buyer asks; the policy's 退款原因 says the same words."""

    NOT_ARRIVED = "not_arrived"
    BELOW_STANDARD = "below_standard"
    NOT_AS_DESCRIBED = "not_as_described"
    TOPUP_WRONG = "topup_wrong"
    CHANGED_MIND = "changed_mind"


class State(StrEnum):
    """Where a claim is."""

    DRAFT = "draft"
    FILED = "filed"
    REVIEWING = "reviewing"
    WAITING_BUYER = "waiting_buyer"
    WAITING_PLATFORM = "waiting_platform"
    CONFIRMING = "confirming"
    MEDIATING = "mediating"
    PAYING = "paying"
    REFUNDED = "refunded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class PublicState(StrEnum):
    """The four words a buyer ever reads: 待审核 审核中 已退款 已拒绝."""

    PENDING = "pending"
    IN_REVIEW = "in_review"
    REFUNDED = "refunded"
    REJECTED = "rejected"


class Move(StrEnum):
    """What happens to a claim."""

    FILE = "file"
    TAKE = "take"
    ASK_BUYER = "ask_buyer"
    ASK_PLATFORM = "ask_platform"
    ANSWER = "answer"
    PROVE = "prove"
    PROPOSE = "propose"
    RETURN = "return"
    APPROVE = "approve"
    CONFIRM = "confirm"
    REJECT = "reject"
    REAPPLY = "reapply"
    WITHDRAW = "withdraw"
    ESCALATE = "escalate"
    PAID = "paid"
    PAYOUT_FAILED = "payout_failed"
    BOUNCED = "bounced"


_S, _M = State, Move

MOVES: dict[tuple[State, Move], State] = {
    (_S.DRAFT, _M.FILE): _S.FILED,
    (_S.DRAFT, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.FILED, _M.TAKE): _S.REVIEWING,
    **{(state, _M.ASK_BUYER): _S.WAITING_BUYER for state in (_S.FILED, _S.REVIEWING, _S.MEDIATING)},
    **{(state, _M.ASK_PLATFORM): _S.WAITING_PLATFORM for state in (_S.FILED, _S.REVIEWING, _S.MEDIATING)},
    (_S.WAITING_BUYER, _M.ANSWER): _S.REVIEWING,
    (_S.WAITING_PLATFORM, _M.PROVE): _S.REVIEWING,
    **{(state, _M.PROPOSE): _S.CONFIRMING for state in (_S.FILED, _S.REVIEWING, _S.MEDIATING)},
    **{(state, _M.APPROVE): _S.PAYING for state in (_S.FILED, _S.REVIEWING, _S.MEDIATING)},
    **{(state, _M.REJECT): _S.REJECTED for state in (_S.FILED, _S.REVIEWING, _S.MEDIATING)},
    (_S.CONFIRMING, _M.CONFIRM): _S.PAYING,
    (_S.CONFIRMING, _M.RETURN): _S.REVIEWING,
    (_S.REJECTED, _M.REAPPLY): _S.FILED,
    **{
        (state, _M.WITHDRAW): _S.WITHDRAWN
        for state in (_S.FILED, _S.REVIEWING, _S.WAITING_BUYER, _S.WAITING_PLATFORM, _S.CONFIRMING, _S.MEDIATING)
    },
    **{(state, _M.ESCALATE): _S.MEDIATING for state in (_S.FILED, _S.REVIEWING, _S.WAITING_PLATFORM, _S.REJECTED)},
    (_S.PAYING, _M.PAID): _S.REFUNDED,
    (_S.PAYING, _M.PAYOUT_FAILED): _S.REVIEWING,
    (_S.REFUNDED, _M.BOUNCED): _S.REVIEWING,
}
"""Every move there is. After an escalation, `back_to` turns REVIEWING into MEDIATING."""

LIVE = frozenset(
    {
        State.FILED,
        State.REVIEWING,
        State.WAITING_BUYER,
        State.WAITING_PLATFORM,
        State.CONFIRMING,
        State.PAYING,
        State.MEDIATING,
    }
)
"""States in which an order line has a claim under way; the database's claim_one_live says the same."""

DECIDABLE = frozenset({State.FILED, State.REVIEWING, State.MEDIATING})

STATEMENT_MAX = 2000
WORDS_MAX = 2000


def public_state(state: State) -> PublicState | None:
    """The buyer's word for a state. A draft is not yet an application and a withdrawn one no longer: they have none."""
    match state:
        case State.DRAFT | State.WITHDRAWN:
            return None
        case State.FILED:
            return PublicState.PENDING
        case State.REFUNDED:
            return PublicState.REFUNDED
        case State.REJECTED:
            return PublicState.REJECTED
        case _:
            return PublicState.IN_REVIEW


def after(state: State, move: Move, *, is_mediated: bool = False) -> State:
    """Where a move leads. Raises MoveNotAllowed. A claim the platform was called into goes back to mediation, not review."""
    target = MOVES.get((state, move))
    if target is None:
        raise MoveNotAllowed(state=state.value, move=move.value)
    return State.MEDIATING if is_mediated and target is State.REVIEWING else target


class DecisionKind(StrEnum):
    """What a decision says."""

    APPROVE = "approve"
    PART = "part"
    REJECT = "reject"


class RejectReason(StrEnum):
    """Why a claim is turned down; each has words in both languages, and the clause is named beside it."""

    EVIDENCE_MISSING = "evidence_missing"
    EVIDENCE_UNCLEAR = "evidence_unclear"
    EVIDENCE_UNRELATED = "evidence_unrelated"
    ALREADY_USED = "already_used"
    DELIVERED_AS_PROMISED = "delivered_as_promised"
    WINDOW_CLOSED = "window_closed"
    ALREADY_REFUNDED = "already_refunded"
    OTHER = "other"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer decides. `amount_minor` for approve and part; `reason` and `clause` for reject."""

    kind: DecisionKind
    amount_minor: int | None = None
    reason: RejectReason | None = None
    clause: str = ""
    missing: tuple[str, ...] = ()
    words: str = ""
    note: str = ""


class MoveNotAllowed(Conflict):
    """The claim is not in a state where this can happen. facts: state, move."""

    code = "claims.move_not_allowed"


class ClaimChanged(Conflict):
    """Somebody else moved the claim between your reading and your deciding."""

    code = "claims.changed"


class LiveClaimExists(Refusal):
    """This order line already has a claim under way."""

    code = "claims.live_claim_exists"
    status = 409
    constraint = "claim_one_live"


class DraftExists(Refusal):
    """Somebody started a claim for this line a moment ago."""

    code = "claims.draft_exists"
    status = 409
    constraint = "claim_one_draft"


class DraftsTooMany(Refusal):
    """Applications for this item were started and thrown away too often today. facts: most."""

    code = "claims.drafts_too_many"
    status = 429


class MediatedAlready(Refusal):
    """The platform was called in and has decided; it is called in once for a claim."""

    code = "claims.mediated_already"
    status = 409


class SamePerson(Refusal):
    """The person who proposed a payout cannot be the one who confirms it."""

    code = "claims.same_person"
    status = 403
    constraint = "decision_two_people"


class NeedsPeople(Refusal):
    """Above the platform's limit two people must decide; a machine key cannot."""

    code = "claims.needs_people"
    status = 403


class NothingLeft(Refusal):
    """Everything paid for this line was refunded or is being refunded."""

    code = "claims.nothing_left"
    status = 409


class OrderNotPaid(Refusal):
    """An order that is not paid has nothing to refund."""

    code = "claims.order_not_paid"
    status = 409


class OrderClosed(Refusal):
    """The order is closed; a refund for it goes through mediation by the platform, not this page."""

    code = "claims.order_closed"
    status = 409


class AmountOutOfRange(Refusal):
    """The amount must be above zero and at most what can still be refunded. facts: most."""

    code = "claims.amount_out_of_range"
    status = 422


class CurrencyDiffers(Refusal):
    """A refund is in the currency that was paid. facts: paid."""

    code = "claims.currency_differs"
    status = 422


class EvidenceMissing(Refusal):
    """Required evidence is not there yet. facts: slots."""

    code = "claims.evidence_missing"
    status = 422


class AttemptsUsedUp(Refusal):
    """The policy's number of applications for this line is used up. facts: limit."""

    code = "claims.attempts_used_up"
    status = 409


class WindowOver(Refusal):
    """The time to apply again or to call the platform in has passed. facts: until."""

    code = "claims.window_over"
    status = 409


class NotYet(Refusal):
    """This will be possible later. facts: when."""

    code = "claims.not_yet"
    status = 409


class DecisionIncomplete(Refusal):
    """A rejection needs a reason code, a clause, and words for the buyer. facts: field."""

    code = "claims.decision_incomplete"
    status = 422


class TextTooLong(Refusal):
    """The text is longer than fits. facts: field, most."""

    code = "claims.text_too_long"
    status = 422


class ReasonUnknown(Refusal):
    """There is no such reason for a refund. facts: reason."""

    code = "claims.reason_unknown"
    status = 422
