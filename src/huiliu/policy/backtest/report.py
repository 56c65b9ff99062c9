"""What a back-test tells: progress, and the comparison of two versions over past claims."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from huiliu.policy.model import Facts, Outcome


class State(StrEnum):
    """Where a claim stands by a policy: an outcome, or waiting for evidence."""

    FULL = Outcome.FULL
    PART = Outcome.PART
    COOLING = Outcome.COOLING
    PERSON = Outcome.PERSON
    REJECT = Outcome.REJECT
    MISSING = "missing"


STATES = tuple(State)
OUTCOMES = tuple(Outcome)
PAYING = frozenset({State.FULL, State.PART})


class Progress(msgspec.Struct, frozen=True):
    """How many claims are done; `total` is None where nobody knows."""

    done: int
    total: int | None


class Cell(msgspec.Struct, frozen=True):
    """Claims that one version leaves in `old` and the other in `new`, and what each pays for them, in minor units."""

    old: State
    new: State
    claims: int
    old_minor: int
    new_minor: int


class Judged(msgspec.Struct, frozen=True):
    """What one version says of one claim. `refund_minor` None: a refund whose measure of use nobody has."""

    state: State
    clause: str | None
    missing: tuple[str, ...]
    ask: tuple[str, ...]
    refund_minor: int | None


class ChangedClaim(msgspec.Struct, frozen=True):
    """One claim that the versions answer differently: its facts in the new version's words, and both answers."""

    claim_no: str
    facts: Facts
    evidence: tuple[str, ...]
    old: Judged
    new: Judged


class DecidedCell(msgspec.Struct, frozen=True):
    """Claims that were really decided as `decided`, by where the versions have them."""

    decided: Outcome
    old: State
    new: State
    claims: int


class Agreement(msgspec.Struct, frozen=True):
    """How the versions compare with what was really decided; amounts are compared where the outcome is the same."""

    claims: int
    """Those of which the file says what was decided."""
    old_outcomes: int
    new_outcomes: int
    old_amounts: int
    new_amounts: int
    decided_minor: int
    cells: tuple[DecidedCell, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison. Sums are in minor units; `difference_minor` is what the new version pays more."""

    claims: int
    cells: tuple[Cell, ...]
    old_minor: int
    new_minor: int
    difference_minor: int
    changed: int
    """Claims with another outcome, other missing evidence, or another amount."""
    changes: tuple[ChangedClaim, ...]
    """The first of them."""
    old_unmeasured: int
    """Refunds of which nobody can say how much: the use was not measured."""
    new_unmeasured: int
    agreement: Agreement | None = None
