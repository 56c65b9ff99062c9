"""A suspicion: what it rests on and how people move it. Pure, no driver.

Pixels never punish: it rests on a check against a record, with both values, and every step of it is a person's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

import msgspec

from huiliu.evidence.inspection.model import Box, Check, CheckVerdict, Finding, Inspection
from huiliu.people.restrictions.model import Level

RECORD_SOURCES = frozenset({"order", "payment", "rail", "platform", "upload", "claims"})
"""Whose word can contradict a picture. A page against itself is a reason to look, not to accuse."""
NEVER_ALONE = frozenset({"clock", "taken_at"})
"""A telephone's own time: a traveller's shows another zone's. A reason to look, not to accuse."""
CHECKS_MAX = 40
SIGNALS_MAX = 20
BOXES_MAX = 20
VALUE_MAX = 200
NAME_MAX = 60
NOTE_MAX = 2000
HOLDS_FOR = timedelta(days=30)
"""How long an undecided suspicion keeps claims from being decided by themselves; the database read says the same."""


class State(StrEnum):
    """Where a suspicion is. Only CONFIRMED is held against anybody."""

    OPEN = "open"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    LIFTED = "lifted"


class Move(StrEnum):
    """What a person does with a suspicion."""

    PROPOSE = "propose"
    CONFIRM = "confirm"
    RETURN = "return"
    DISMISS = "dismiss"
    LIFT = "lift"


MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        (State.OPEN, Move.PROPOSE): State.PROPOSED,
        (State.OPEN, Move.CONFIRM): State.CONFIRMED,
        (State.OPEN, Move.DISMISS): State.DISMISSED,
        (State.PROPOSED, Move.CONFIRM): State.CONFIRMED,
        (State.PROPOSED, Move.RETURN): State.OPEN,
        (State.PROPOSED, Move.DISMISS): State.DISMISSED,
        (State.CONFIRMED, Move.LIFT): State.LIFTED,
    }
)
"""Every move there is. From OPEN straight to CONFIRMED goes only what one person may decide."""


class Sanction(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody holds to be right: how far, how long, by which clause, and the words the buyer reads."""

    level: Level
    days: int
    clause: str
    words: str


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One signal as it was then, without the pictures of its glyphs."""

    signal: str
    score: float
    limit: float
    field: str = ""
    boxes: tuple[Box, ...] = ()


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the machine had said at that moment, kept apart from later inspections. `against` is what it rests on."""

    against: Check
    checks: tuple[Check, ...]
    marks: tuple[Mark, ...]
    page: str
    verdict: str


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """One suspicion as its actions and the desk need it; the grounds are opened apart."""

    id: UUID
    claim_id: UUID
    claim_no: str
    order_id: UUID
    file_id: UUID
    slot: str
    contact_hash: bytes
    state: State
    version: int
    check_name: str
    check_source: str
    note: str
    opened_by: UUID
    opened_by_name: str
    opened_at: datetime
    level: Level | None
    days: int | None
    clause: str
    words: str
    proposed_by: UUID | None
    proposed_by_name: str
    proposed_at: datetime | None
    confirmed_by: UUID | None
    confirmed_by_name: str
    confirmed_at: datetime | None
    closed_by: UUID | None
    closed_by_name: str
    closed_at: datetime | None
    closing_note: str
    restriction_id: UUID | None
    restriction_state: str | None


def contradiction(inspection: Inspection, name: str) -> Check | None:
    """The check of that name in which a record says otherwise, with both values; None when there is none to rest on."""
    return next((check for check in inspection.checks if check.name == name and is_contradiction(check)), None)


def contradictions(inspection: Inspection) -> tuple[Check, ...]:
    """What a suspicion about this picture could rest on: the choices of a form."""
    return tuple(check for check in inspection.checks if is_contradiction(check))


def is_contradiction(check: Check) -> bool:
    """Whether a record, and not the page or its pixels, says something else than the picture."""
    return (
        check.verdict is CheckVerdict.CONTRADICTS
        and check.source in RECORD_SOURCES
        and check.name not in NEVER_ALONE
        and bool(check.expected)
        and bool(check.found)
        and check.expected != check.found
    )


def grounds_of(inspection: Inspection, against: Check) -> Grounds:
    """What to keep of an inspection: bounded, and without pictures."""
    return Grounds(
        against=_short(against),
        checks=tuple(_short(check) for check in inspection.checks[:CHECKS_MAX]),
        marks=tuple(_mark(finding) for finding in inspection.findings[:SIGNALS_MAX]),
        page=inspection.page[:NAME_MAX],
        verdict=inspection.verdict.value,
    )


def _short(check: Check) -> Check:
    return Check(
        name=check.name[:NAME_MAX],
        source=check.source[:NAME_MAX],
        expected=check.expected[:VALUE_MAX],
        found=check.found[:VALUE_MAX],
        verdict=check.verdict,
        field=check.field,
    )


def _mark(finding: Finding) -> Mark:
    return Mark(
        signal=finding.signal[:NAME_MAX],
        score=finding.score,
        limit=finding.limit,
        field="" if finding.field is None else finding.field.value,
        boxes=finding.boxes[:BOXES_MAX],
    )
