"""What a form may do to a policy file, and the 'no's on the way. Pure values."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from huiliu.kit.errors import Refusal
from huiliu.policy.model import Clause, GoldenCase, Limits


class ClauseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A clause as it is written: before 按商品 narrows it to other products. `group` 0 is the policy's own list, 1 and
    on the lists of the overrides; `place` is where in its list."""

    clause: Clause
    group: int
    place: int
    is_last: bool


class ChangeClause(msgspec.Struct, frozen=True):
    """Make a clause say this; only what differs is written, a new number included, in whatever refers to it too."""

    clause_id: str
    wanted: Clause


class AddClause(msgspec.Struct, frozen=True):
    """A new clause behind another one, in the same list."""

    clause: Clause
    after: str


class DuplicateClause(msgspec.Struct, frozen=True):
    """The same again under another number, right behind."""

    clause_id: str
    new_id: str


class RemoveClause(msgspec.Struct, frozen=True):
    """Take a clause out, and its number out of whatever refers to it."""

    clause_id: str


class MoveClause(msgspec.Struct, frozen=True):
    """One place up, or down."""

    clause_id: str
    down: bool


class ChangeLimits(msgspec.Struct, frozen=True):
    """Make the limits these."""

    limits: Limits


class ChangeHead(msgspec.Struct, frozen=True, kw_only=True):
    """Names, published text, version and effective time; '' takes out what may be absent, None leaves it."""

    name: str | None = None
    name_en: str | None = None
    text: str | None = None
    text_en: str | None = None
    label: str | None = None
    effective_from: datetime | None = None


class AddCase(msgspec.Struct, frozen=True):
    """Keep an example with the policy."""

    case: GoldenCase


class RemoveCase(msgspec.Struct, frozen=True):
    """Drop the example of that name."""

    name: str


Edit: TypeAlias = (
    ChangeClause
    | AddClause
    | DuplicateClause
    | RemoveClause
    | MoveClause
    | ChangeLimits
    | ChangeHead
    | AddCase
    | RemoveCase
)


class NotThere(Refusal):
    """What was to be edited is not in the text, or cannot move further. facts: word."""

    code = "workshop.not_there"
    status = 409


class LastClause(Refusal):
    """A policy has at least one clause."""

    code = "workshop.last_clause"
    status = 422


class OnlyAsText(Refusal):
    """This spot is written in a way that only its text can be edited: the table would have changed something else."""

    code = "workshop.only_as_text"
    status = 422
