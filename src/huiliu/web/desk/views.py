"""Which saved views a role opens, and the line that a claim is in the queue. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from huiliu.claims.model import State
from huiliu.claims.reads import NEVER, QUEUE_VIEWS, QueueRow, QueueView
from huiliu.kit.errors import Invalid
from huiliu.kit.text import Lang, has_words
from huiliu.people.model import Permission, Staff
from huiliu.web.buyer.timeline import slot_name
from huiliu.web.format import remaining

SOON = timedelta(hours=2)
"""From here on a deadline is marked as close; the view 即将超时 uses the same span."""

_REVIEW = frozenset({Permission.REVIEW, Permission.ADMINISTER})
_MONEY = _REVIEW | {Permission.FINANCE_VIEW}
OPENED_BY: dict[str, frozenset[Permission]] = {
    "open": _REVIEW,
    "due_soon": _REVIEW,
    "mine": frozenset({Permission.REVIEW}),
    "to_confirm": frozenset({Permission.CONFIRM, Permission.ADMINISTER}),
    "waiting_buyer": _REVIEW,
    "waiting_platform": _REVIEW,
    "mediating": _REVIEW,
    "paying": _MONEY,
    "done": _MONEY,
}
"""View -> any one of these permissions opens it."""

MONEY_TROUBLE = frozenset({"failed", "bounced", "held", "unknown"})
TONES = {
    State.WAITING_BUYER: "turn",
    State.WAITING_PLATFORM: "turn",
    State.CONFIRMING: "turn",
    State.MEDIATING: "bad",
    State.REFUNDED: "done",
    State.REJECTED: "bad",
}


class QueueLine(Struct, frozen=True, kw_only=True):
    """One claim in the queue. `due`: over, soon, calm, paused or none."""

    row: QueueRow
    url: str
    due: str
    due_words: str
    missing: tuple[str, ...]
    has_verdict: bool
    flags: tuple[str, ...]
    tone: str
    is_here: bool


def views_of(staff: Staff) -> tuple[QueueView, ...]:
    """The saved views this person's roles open, in the desk's order."""
    return tuple(view for view in QUEUE_VIEWS if any(staff.may(each) for each in OPENED_BY[view.code]))


def search_view(staff: Staff) -> QueueView:
    """A search looks through everything that the person's views hold."""
    states = tuple(dict.fromkeys(state for view in views_of(staff) if not view.is_mine for state in view.states))
    return QueueView(code="search", states=states)


def view_named(staff: Staff, code: str) -> QueueView:
    """The view of this code, or the person's first when it is not theirs."""
    mine = views_of(staff)
    return next((view for view in mine if view.code == code), mine[0])


def queue_line(lang: Lang, row: QueueRow, *, url: str, now: datetime, is_here: bool = False) -> QueueLine:
    """Arrange a row of the queue."""
    verdict = row.verdict or {}
    left = row.due_at - now if row.due_at else None
    return QueueLine(
        row=row,
        url=url,
        due=due_tone(row.state, left),
        due_words="" if left is None else remaining(lang, abs(left)),
        missing=tuple(slot_name(lang, code) for code in _texts(verdict.get("missing"))),
        has_verdict=row.verdict is not None,
        flags=_flags(row, verdict),
        tone=TONES.get(row.state, "calm"),
        is_here=is_here,
    )


def due_tone(state: State, left: timedelta | None) -> str:
    """How near a deadline is: over, soon, calm, paused (the buyer's turn) or none."""
    if left is None:
        return "none"
    if left <= timedelta(0):
        return "over"
    if state is State.WAITING_BUYER:
        return "paused"
    return "soon" if left <= SOON else "calm"


def encode_after(row: QueueRow) -> str:
    """The cursor behind a row."""
    return f"{row.sort_at.isoformat()}~{row.id.hex}"


def decode_after(text: str) -> tuple[datetime, UUID] | None:
    """Where the next page begins; '' is the beginning. Raises Invalid."""
    if not text:
        return None
    at, _, row_id = text.partition("~")
    try:
        return min(datetime.fromisoformat(at), NEVER), UUID(hex=row_id)
    except (ValueError, TypeError):
        raise Invalid(field="cursor", problem="not_readable") from None


def _flags(row: QueueRow, verdict: dict[str, object]) -> tuple[str, ...]:
    found = [
        "account" if row.account_differs else "",
        "conflict" if verdict.get("conflict") is True else "",
        *_texts(verdict.get("flags")),
        "again" if row.round > 1 else "",
        "money" if row.payout_state in MONEY_TROUBLE else "",
    ]
    return tuple(flag for flag in found if flag and has_words(f"desk.flag.{flag}"))


def _texts(value: object) -> list[str]:
    return msgspec.convert(value or [], list[str])
