"""The words and pure rules of paying back: states, moves, the buyer's ladder, and when to ask the rail again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from huiliu.kit.errors import Refusal
from huiliu.kit.money import Money


class State(StrEnum):
    """Where a payout stands. Only `verified` means the money went back."""

    QUEUED = "queued"  # to be sent; the rail has nothing under this number
    SENDING = "sending"  # the intention is committed, the call is under way or its process died
    UNKNOWN = "unknown"  # sent, and nothing believable came back: ask, do not send
    ACCEPTED = "accepted"
    REPORTED = "reported"
    VERIFIED = "verified"
    FAILED = "failed"  # by the rail's own answer, never by ours
    BOUNCED = "bounced"
    HELD = "held"  # waits for a person
    CANCELLED = "cancelled"  # taken back before it was ever sent


class Move(StrEnum):
    """What can happen to a payout."""

    BEGIN = "begin"
    LOSE = "lose"
    ACCEPT = "accept"
    REPORT = "report"
    VERIFY = "verify"
    DECLINE = "decline"
    REQUEUE = "requeue"
    HOLD = "hold"
    BOUNCE = "bounce"
    RELEASE = "release"
    CANCEL = "cancel"


MOVES: dict[tuple[State, Move], State] = {
    (State.QUEUED, Move.BEGIN): State.SENDING,
    (State.QUEUED, Move.CANCEL): State.CANCELLED,
    (State.SENDING, Move.LOSE): State.UNKNOWN,
    (State.SENDING, Move.REQUEUE): State.QUEUED,
    (State.UNKNOWN, Move.REQUEUE): State.QUEUED,
    (State.VERIFIED, Move.BOUNCE): State.BOUNCED,
    (State.HELD, Move.RELEASE): State.UNKNOWN,
    # A payout that waits to be sent again can still hear of an earlier sending.
    **{(s, Move.ACCEPT): State.ACCEPTED for s in (State.QUEUED, State.SENDING, State.UNKNOWN)},
    **{(s, Move.REPORT): State.REPORTED for s in (State.QUEUED, State.SENDING, State.UNKNOWN, State.ACCEPTED)},
    **{
        (s, Move.VERIFY): State.VERIFIED
        for s in (State.QUEUED, State.SENDING, State.UNKNOWN, State.ACCEPTED, State.REPORTED, State.HELD)
    },
    **{
        (s, Move.DECLINE): State.FAILED
        for s in (State.QUEUED, State.SENDING, State.UNKNOWN, State.ACCEPTED, State.REPORTED, State.HELD)
    },
    **{
        (s, Move.HOLD): State.HELD for s in (State.QUEUED, State.SENDING, State.UNKNOWN, State.ACCEPTED, State.REPORTED)
    },
}
"""Everything that is not here does not happen."""

CLOSED = frozenset({State.FAILED, State.BOUNCED, State.CANCELLED})
"""Nothing moves a payout out of these."""


class Kind(StrEnum):
    """How an answer was got."""

    SEND = "send"
    QUERY = "query"
    NOTIFICATION = "notification"


class Change(StrEnum):
    """What an answer means for the claim; the caller acts on it in the same transaction."""

    NONE = "none"
    VERIFIED = "verified"
    FAILED = "failed"
    BOUNCED = "bounced"


class Hold(StrEnum):
    """Why a payout waits for a person; kept in `failure`."""

    MISMATCH = "hold_mismatch"  # the rail's echo is about another refund or amount
    NO_ANSWER = "hold_no_answer"  # every ask of the schedule is used up
    VANISHED = "hold_vanished"  # the rail had it and now says it never did
    NEVER_SENT = "hold_never_sent"  # the rail speaks of a refund that was never sent
    NO_GATEWAY = "hold_no_gateway"  # paid by hand: this rail has no programme interface here


FAILURE_WORDS = frozenset(
    {
        *Hold,
        "not_enough",
        "user_account_abnormal",
        "trade_not_exist",
        "refund_amt_exceeds",
        "frequency_limited",
        "system_busy",
        "param_error",
        "bounced",
    }
)
"""The codes that have words of their own; a test compares with the locale."""


def failure_key(code: str) -> str:
    """The locale key for why a payout failed or is held; `payouts.failure.other` wants the fact `code`."""
    return f"payouts.failure.{code.lower() if code.lower() in FAILURE_WORDS else 'other'}"


# ---------------------------------------------------------------------------------------------- when to ask again

FIRST_ASKS = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 600, 1200, 1800))
LATER_ASKS = timedelta(hours=1)
ASKS_MAX = 48
"""About two days of asking; then a person looks."""

WATCH = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""After a verified success: a bounce whose notification was lost is found by these questions."""


def next_ask(asks: int, *, scale: float = 1.0) -> timedelta | None:
    """How long to wait before question number `asks` (from 0), or None when it is a person's turn.

    WeChat Pay and Alipay both ask for a quick first look and a widening interval; `scale` shortens it in tests and demo.
    No jitter: each payout's clock starts with its own answer, so they are spread already.
    """
    if asks >= ASKS_MAX:
        return None
    return (FIRST_ASKS[asks] if asks < len(FIRST_ASKS) else LATER_ASKS) * scale


def next_watch(asks: int, *, scale: float = 1.0) -> timedelta | None:
    """How long after a success (then after each look) to look again for a bounce, or None when it is over."""
    return WATCH[asks] * scale if asks < len(WATCH) else None


# ---------------------------------------------------------------------------------------------- what the buyer sees


class Step(StrEnum):
    """The buyer's ladder: 同意 受理 通道自报 已核实 预计到账."""

    AGREED = "agreed"
    ACCEPTED = "accepted"
    REPORTED = "reported"
    VERIFIED = "verified"
    EXPECTED = "expected"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder. `at` of `expected` lies in the future until it has come."""

    step: Step
    at: datetime | None
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One payout as screens show it."""

    id: UUID
    claim_id: UUID
    order_id: UUID
    refund_no: str
    rail: str
    amount: Money
    state: State
    agreed_at: datetime
    accepted_at: datetime | None
    reported_at: datetime | None
    verified_at: datetime | None
    expected_at: datetime | None
    rail_refund_no: str
    arrived_to: str
    failure: str
    attempts: int
    asks: int
    next_at: datetime | None

    def ladder(self, now: datetime) -> tuple[Rung, ...]:
        """The five steps in order, for the buyer's page."""
        done = (
            (Step.AGREED, self.agreed_at),
            (Step.ACCEPTED, self.accepted_at),
            (Step.REPORTED, self.reported_at),
            (Step.VERIFIED, self.verified_at),
        )
        has_arrived = self.verified_at is not None and self.expected_at is not None and self.expected_at <= now
        rungs = [Rung(step, at, at is not None) for step, at in done]
        return (*rungs, Rung(Step.EXPECTED, self.expected_at, has_arrived and self.state is not State.BOUNCED))


ARRIVED_TO_CHARS_MAX = 80
_LONG_NUMBER = re.compile(r"\d[\d -]{5,}\d")
_CARD = re.compile(r"银行|信用卡|储蓄卡|借记卡|尾号|card", re.IGNORECASE)


def mask_destination(text: str) -> str:
    """The rail's words for where the money went, without a whole account number: a rail may be less careful than we are."""
    return _LONG_NUMBER.sub(lambda found: f"****{found.group()[-4:]}", text.strip())[:ARRIVED_TO_CHARS_MAX]


def expected_arrival(verified_at: datetime, arrived_to: str, *, told: datetime | None) -> datetime | None:
    """When the buyer can spend it: a wallet at once; a bank card when the caller's working calendar says, if it said."""
    if told is not None:
        return max(told, verified_at)
    return None if _CARD.search(arrived_to) else verified_at


# ---------------------------------------------------------------------------------------------- refusals


class AlreadyInstructed(Refusal):
    """This decision has its payout already: a second click pays nothing twice."""

    code = "payouts.already_instructed"
    status = 409
    constraint = "payout_one_per_decision"


class AlreadySent(Refusal):
    """The payout has left; it can no longer be taken back. facts: state."""

    code = "payouts.already_sent"
    status = 409


class NotHeld(Refusal):
    """The payout does not wait for a person. facts: state."""

    code = "payouts.not_held"
    status = 409


class NoteMissing(Refusal):
    """Whoever releases a held payout says why."""

    code = "payouts.note_missing"
    status = 422


class NotificationForged(Refusal):
    """A notification that does not carry the rail's signature, or an old one played again."""

    code = "payouts.notification_forged"
    status = 401
