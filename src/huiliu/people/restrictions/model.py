"""Levels of restriction, the ladder they are suggested by, and how a restriction moves. Pure, no driver.

A restriction follows a buyer's contact on one platform, and nothing else: another platform cannot even compare contacts.
Whether it holds is a comparison of times, so it ends by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

import msgspec

WORDS_MAX = 2000
CLAUSE_MAX = 60
APPEAL_FILES_MAX = 6
MEMORY_DAYS = 730
"""How long a finding counts when a platform has set nothing else."""
MEMORY_DAYS_MAX = 1825
LADDER_STEPS_MAX = 8


class Level(StrEnum):
    """How far a restriction goes, the mildest first. Each does what those before it do."""

    WARNING = "warning"
    """Told, and remembered for a while; nothing else changes."""
    CODE_ONLY = "code_only"
    """Pictures and videos must show the one-time code that the page gives."""
    NO_INSTANT = "no_instant"
    """Nothing is paid or decided by itself: every claim goes to a person."""
    SUSPENDED = "suspended"
    """No new claims until it ends. Those under way go on, and so do reading, appealing and calling the platform in."""

    @property
    def rank(self) -> int:
        """0 for the mildest."""
        return tuple(Level).index(self)


SEVERE = frozenset({Level.NO_INSTANT, Level.SUSPENDED})
"""Two people agree on these; the database says the same in suspicion_two_people."""

DAYS_MOST: Mapping[Level, int] = MappingProxyType(
    {Level.WARNING: 180, Level.CODE_ONLY: 180, Level.NO_INSTANT: 180, Level.SUSPENDED: 30}
)
DAYS_USUAL: Mapping[Level, int] = MappingProxyType(
    {Level.WARNING: 90, Level.CODE_ONLY: 90, Level.NO_INSTANT: 60, Level.SUSPENDED: 7}
)
"""What a form proposes."""

LADDER: tuple[Level, ...] = tuple(Level)
"""The usual ladder: the first finding that counts suggests a warning, the next one code_only, and so on."""


def suggested(ladder: Sequence[Level], *, counted: int) -> Level:
    """The level that the ladder suggests after `counted` findings that still count; a person chooses."""
    return ladder[min(counted, len(ladder) - 1)]


class State(StrEnum):
    """Where a restriction is. That its time has run out is not a state: the clock says so."""

    IN_FORCE = "in_force"
    APPEALED = "appealed"
    UPHELD = "upheld"
    LESSENED = "lessened"
    LIFTED = "lifted"


class Move(StrEnum):
    """What happens to a restriction."""

    APPEAL = "appeal"
    UPHOLD = "uphold"
    LESSEN = "lessen"
    LIFT = "lift"


MOVES: Mapping[tuple[State, Move], State] = MappingProxyType(
    {
        (State.IN_FORCE, Move.APPEAL): State.APPEALED,
        (State.APPEALED, Move.UPHOLD): State.UPHELD,
        (State.APPEALED, Move.LESSEN): State.LESSENED,
        **{
            (state, Move.LIFT): State.LIFTED for state in (State.IN_FORCE, State.APPEALED, State.UPHELD, State.LESSENED)
        },
    }
)
"""Every move there is: one appeal, and lifting at any time."""


class Outcome(StrEnum):
    """What an appeal comes to."""

    UPHELD = "upheld"
    LESSENED = "lessened"
    LIFTED = "lifted"


MOVE_OF: Mapping[Outcome, Move] = MappingProxyType(
    {Outcome.UPHELD: Move.UPHOLD, Outcome.LESSENED: Move.LESSEN, Outcome.LIFTED: Move.LIFT}
)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How an appeal is decided. `level` and `ends_at` only for LESSENED: milder, shorter, or both."""

    outcome: Outcome
    reply: str
    level: Level | None = None
    ends_at: datetime | None = None


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """What the buyer wrote and what became of it."""

    words: str
    file_ids: tuple[UUID, ...]
    appealed_at: datetime
    due_at: datetime
    is_due_estimated: bool
    outcome: Outcome | None
    reply: str
    decided_by: UUID | None
    decided_by_name: str
    decided_at: datetime | None


class Restriction(msgspec.Struct, frozen=True, kw_only=True):
    """One restriction. `first_*` is what it was when it began; names are for staff only."""

    id: UUID
    suspicion_id: UUID
    contact_hash: bytes
    claim_id: UUID
    claim_no: str
    order_id: UUID
    first_level: Level
    level: Level
    state: State
    version: int
    clause: str
    words: str
    starts_at: datetime
    first_ends_at: datetime
    ends_at: datetime
    proposed_by: UUID
    proposed_by_name: str
    confirmed_by: UUID
    confirmed_by_name: str
    appeal_due_at: datetime | None
    lifted_at: datetime | None

    def is_overdue(self, now: datetime) -> bool:
        """The platform let its own time for the appeal run out; until it answers the restriction does not hold."""
        return self.state is State.APPEALED and self.appeal_due_at is not None and self.appeal_due_at <= now

    def holds(self, now: datetime) -> bool:
        """Whether anything is restricted now."""
        return self.starts_at <= now < self.ends_at and self.state is not State.LIFTED and not self.is_overdue(now)

    def may_appeal_until(self, memory_days: int) -> datetime:
        """As long as the finding may count against the buyer, it may be appealed, also when its time has run out."""
        return max(self.ends_at, self.starts_at + timedelta(days=memory_days))

    def may_appeal(self, now: datetime, memory_days: int) -> bool:
        """Whether the buyer's button works: once, and while the finding counts."""
        return (self.state, Move.APPEAL) in MOVES and now <= self.may_appeal_until(memory_days)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one contact now, over all its restrictions."""

    forged_before: bool = False
    """A finding that was not lifted and is not older than the platform's memory."""
    must_show_code: bool = False
    needs_person: bool = False
    """Nothing is decided by itself: a restriction says so, or colleagues are looking at something. Never tell the buyer."""
    suspended_until: datetime | None = None


def span_is_allowed(level: Level, days: int) -> bool:
    """Whether a restriction of this level may last so long."""
    return 1 <= days <= DAYS_MOST[level]
