"""What one answer of a rail does to a payout: a pure rule, so that every combination can be tested as a table."""

from __future__ import annotations

from dataclasses import dataclass

from huiliu.payouts.gateway import Accepted, Bounced, Declined, NotReceived, Reported, Result, Unknown, Verified
from huiliu.payouts.model import CLOSED, MOVES, Hold, Kind, Move, State

BOUNCED = "BOUNCED"
"""`failure` of a payout that came back before we ever knew that it had gone out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known when the answer comes in."""

    state: State
    failure: str
    kind: Kind
    was_sent: bool
    """At least one sending was begun."""
    is_latest: bool
    """No later question or sending was begun since: an older one may still report facts, but no longer a lack of them."""
    in_doubt: bool
    """Another sending of this number may have been booked, so a 'no' to this one proves nothing yet."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The move, if any; the failure code to keep; and whether the answer contradicts what is already settled."""

    move: Move | None = None
    failure: str = ""
    contradicts: bool = False


NOTHING = Judgement()


def judge(standing: Standing, result: Result, mismatched: tuple[str, ...]) -> Judgement:
    """Decide what this answer does. Facts move a payout forward; silence and refusals only where nothing is in doubt."""
    if standing.state in CLOSED:
        return Judgement(contradicts=_contradicts_closed(standing, result))
    if mismatched:
        return _allowed(standing, Move.HOLD, Hold.MISMATCH)
    if standing.state is State.HELD and standing.failure == Hold.MISMATCH:
        return NOTHING  # only a person may move it now
    match result:
        case Accepted():
            return _fact(standing, Move.ACCEPT)
        case Reported():
            return _fact(standing, Move.REPORT)
        case Verified():
            return _fact(standing, Move.VERIFY)
        case Bounced():
            if standing.state is State.VERIFIED:
                return Judgement(Move.BOUNCE, BOUNCED)
            return _fact(standing, Move.DECLINE, BOUNCED)
        case Declined():
            return _declined(standing, result)
        case NotReceived():
            return _not_received(standing)
        case Unknown():
            return Judgement(Move.LOSE) if standing.is_latest and standing.state is State.SENDING else NOTHING


def _contradicts_closed(standing: Standing, result: Result) -> bool:
    is_payment = isinstance(result, Accepted | Reported | Verified)
    return is_payment and standing.state is not State.BOUNCED and standing.failure != BOUNCED


def _fact(standing: Standing, move: Move, failure: str = "") -> Judgement:
    if standing.state is State.QUEUED and not standing.was_sent:
        return Judgement(Move.HOLD, Hold.NEVER_SENT)
    return Judgement(move, failure) if (standing.state, move) in MOVES else NOTHING


def _declined(standing: Standing, answer: Declined) -> Judgement:
    if standing.kind is not Kind.SEND:
        if standing.state is State.VERIFIED:
            return Judgement(contradicts=True)
        return _fact(standing, Move.DECLINE, answer.code)
    if not standing.is_latest or standing.state is not State.SENDING:
        return NOTHING
    if standing.in_doubt:
        # The earlier sending may be the very reason for this 'no' (e.g. "more than paid"). Ask; if the rail then has
        # nothing under the number, the kept code closes it.
        return Judgement(Move.LOSE, "" if answer.retriable else answer.code)
    return Judgement(Move.REQUEUE if answer.retriable else Move.DECLINE, answer.code)


def _not_received(standing: Standing) -> Judgement:
    if not standing.is_latest:
        return NOTHING
    if standing.state is State.VERIFIED:
        return Judgement(contradicts=True)
    if standing.state in (State.ACCEPTED, State.REPORTED):
        return Judgement(Move.HOLD, Hold.VANISHED)
    if standing.state is not State.UNKNOWN:
        return NOTHING
    if standing.failure:
        return Judgement(Move.DECLINE, standing.failure)
    return Judgement(Move.REQUEUE)


def _allowed(standing: Standing, move: Move, failure: str) -> Judgement:
    if (standing.state, move) in MOVES:
        return Judgement(move, failure)
    return Judgement(contradicts=standing.state is State.VERIFIED)
