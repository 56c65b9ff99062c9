"""Counts of a back-test, which add up whatever order they were counted in."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from huiliu.policy.backtest.report import OUTCOMES, STATES, Agreement, Cell, ChangedClaim, DecidedCell, Report

Counts: TypeAlias = npt.NDArray[np.int64]


def _zeros(first: int = 1) -> Counts:
    return np.zeros(first * len(STATES) ** 2, np.int64)


@dataclass(slots=True)
class Tally:
    """Counts of some claims. Sums are whole numbers: nothing is lost in adding."""

    claims: int = 0
    cells: Counts = field(default_factory=_zeros)
    old_minor: Counts = field(default_factory=_zeros)
    new_minor: Counts = field(default_factory=_zeros)
    changed: int = 0
    changes: list[ChangedClaim] = field(default_factory=list[ChangedClaim])
    old_unmeasured: int = 0
    new_unmeasured: int = 0
    decided: Counts = field(default_factory=lambda: _zeros(len(OUTCOMES) + 1))
    old_amounts: int = 0
    new_amounts: int = 0
    decided_minor: int = 0

    def add(self, other: Tally, changes_max: int) -> None:
        """Take in the counts of later claims."""
        self.claims += other.claims
        self.cells += other.cells
        self.old_minor += other.old_minor
        self.new_minor += other.new_minor
        self.changed += other.changed
        self.changes += other.changes[: changes_max - len(self.changes)]
        self.old_unmeasured += other.old_unmeasured
        self.new_unmeasured += other.new_unmeasured
        self.decided += other.decided
        self.old_amounts += other.old_amounts
        self.new_amounts += other.new_amounts
        self.decided_minor += other.decided_minor

    def report(self) -> Report:
        """The counts as what is shown."""
        cells = tuple(
            Cell(old, new, *(int(counts[i]) for counts in (self.cells, self.old_minor, self.new_minor)))
            for i, (old, new) in enumerate(product(STATES, STATES))
            if self.cells[i]
        )
        old_minor, new_minor = (int(counts.sum()) for counts in (self.old_minor, self.new_minor))
        return Report(
            claims=self.claims,
            cells=cells,
            old_minor=old_minor,
            new_minor=new_minor,
            difference_minor=new_minor - old_minor,
            changed=self.changed,
            changes=tuple(self.changes),
            old_unmeasured=self.old_unmeasured,
            new_unmeasured=self.new_unmeasured,
            agreement=self._agreement(),
        )

    def _agreement(self) -> Agreement | None:
        cells = tuple(
            DecidedCell(decided, old, new, int(count))
            for (decided, old, new), count in zip(product((*OUTCOMES, None), STATES, STATES), self.decided, strict=True)
            if count and decided is not None
        )
        if not cells:
            return None
        return Agreement(
            claims=sum(cell.claims for cell in cells),
            old_outcomes=sum(cell.claims for cell in cells if cell.old.value == cell.decided.value),
            new_outcomes=sum(cell.claims for cell in cells if cell.new.value == cell.decided.value),
            old_amounts=self.old_amounts,
            new_amounts=self.new_amounts,
            decided_minor=self.decided_minor,
            cells=cells,
        )
