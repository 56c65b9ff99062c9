"""What may be done to a claim now, later, or no more: the one list that pages and the API show buttons from."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from huiliu.claims.actions.buyer import escalation_window
from huiliu.claims.actions.common import decider_permission
from huiliu.claims.case import Case
from huiliu.claims.judgement import Judgement
from huiliu.claims.model import MOVES, Move, State
from huiliu.claims.store import ClaimRow, DecisionRow
from huiliu.deadlines.calendar import WorkingCalendar
from huiliu.people.model import Buyer, Permission, Staff, Viewer


class Do(StrEnum):
    """An action by the name its URL has."""

    SUBMIT = "submission"
    ANSWER = "material"
    REAPPLY = "reapplication"
    WITHDRAW = "withdrawal"
    ESCALATE = "escalation"
    TAKE = "assignment"
    ASK_BUYER = "material-request"
    ASK_PLATFORM = "proof-request"
    PROVE = "proof"
    APPROVE = "approval"
    REJECT = "rejection"
    CONFIRM = "confirmation"
    RETURN = "return"


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """One action. Possible now, unless `not_before` says when or `why_not` says that it no longer is.

    `why_not` is a code under claims.why_not.
    """

    do: Do
    not_before: datetime | None = None
    until: datetime | None = None
    why_not: str = ""

    @property
    def is_now(self) -> bool:
        """Whether the button works."""
        return self.not_before is None and not self.why_not


def allowed(
    viewer: Viewer,
    claim: ClaimRow,
    case: Case,
    judgement: Judgement,
    *,
    proposed: DecisionRow | None,
    calendar: WorkingCalendar,
    now: datetime,
) -> tuple[Allowed, ...]:
    """Every action this viewer may think of here, the most useful first."""
    if isinstance(viewer, Buyer):
        return tuple(_buyer(claim, case, judgement, calendar, now))
    if isinstance(viewer, Staff):
        return tuple(_staff(viewer, claim, proposed))
    return tuple(_machine(claim, case, judgement, calendar, now))


def _buyer(
    claim: ClaimRow, case: Case, judgement: Judgement, calendar: WorkingCalendar, now: datetime
) -> list[Allowed]:
    found: list[Allowed] = []
    if claim.state is State.DRAFT:
        found.append(Allowed(do=Do.SUBMIT))
    if claim.state is State.WAITING_BUYER:
        found.append(Allowed(do=Do.ANSWER, until=claim.due_at))
    if claim.state is State.REJECTED and claim.closed_at is not None:
        until = judgement.lengths.reapply.due(claim.closed_at, calendar).at
        used_up = case.rounds_used >= judgement.attempts_max
        why = (
            "order_closed"
            if case.order_state != "paid"
            else "attempts_used_up"
            if used_up
            else "live_elsewhere"
            if case.has_live
            else "window_over"
            if now > until
            else ""
        )
        found.append(Allowed(do=Do.REAPPLY, until=until, why_not=why))
    if (claim.state, Move.ESCALATE) in MOVES:
        window = escalation_window(claim, judgement, calendar)
        is_early = window.opens_at is not None and now < window.opens_at
        is_late = window.closes_at is not None and now > window.closes_at
        blocked = "live_elsewhere" if claim.state is State.REJECTED and case.has_live else ""
        if claim.is_mediated:
            blocked = "mediated_already"
        found.append(
            Allowed(
                do=Do.ESCALATE,
                not_before=window.opens_at if is_early else None,
                until=window.closes_at,
                why_not="window_over" if is_late else blocked,
            )
        )
    if (claim.state, Move.WITHDRAW) in MOVES:
        found.append(Allowed(do=Do.WITHDRAW))
    return found


def _machine(
    claim: ClaimRow, case: Case, judgement: Judgement, calendar: WorkingCalendar, now: datetime
) -> list[Allowed]:
    """The shop's server speaks for its buyer, and decides what one person could; a mediation is people's."""
    found = [each for each in _buyer(claim, case, judgement, calendar, now) if each.do is not Do.SUBMIT]
    if not claim.is_mediated and not case.needs_person:
        steps = ((Do.APPROVE, Move.APPROVE), (Do.REJECT, Move.REJECT), (Do.ASK_BUYER, Move.ASK_BUYER))
        found.extend(Allowed(do=do) for do, move in steps if (claim.state, move) in MOVES)
    return found


def _staff(staff: Staff, claim: ClaimRow, proposed: DecisionRow | None) -> list[Allowed]:
    found: list[Allowed] = []
    for do, move, usual in (
        (Do.APPROVE, Move.APPROVE, Permission.DECIDE),
        (Do.REJECT, Move.REJECT, Permission.DECIDE),
        (Do.ASK_BUYER, Move.ASK_BUYER, Permission.REVIEW),
        (Do.ASK_PLATFORM, Move.ASK_PLATFORM, Permission.REVIEW),
        (Do.TAKE, Move.TAKE, Permission.REVIEW),
        (Do.PROVE, Move.PROVE, Permission.REVIEW),
    ):
        if (claim.state, move) in MOVES and staff.may(decider_permission(claim, usual)):
            found.append(Allowed(do=do))
    if claim.state is State.CONFIRMING and proposed is not None and staff.may(Permission.CONFIRM):
        is_same = proposed.by_id == str(staff.id)
        found.append(Allowed(do=Do.CONFIRM, why_not="same_person" if is_same else ""))
        found.append(Allowed(do=Do.RETURN))
    return found
