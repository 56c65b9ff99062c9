"""Where in the space of cases a clause decides: an exact search over boxes, for checks that need one case of a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, final

import msgspec

from huiliu.policy.model import Clause, Facts, FactValue, Outcome, Policy, Range, Test
from huiliu.policy.space import OutOfSteps, Space, pieces
from huiliu.policy.table import Axis, Rule, box_of, table_of

BOXES_MAX = 60_000
"""Boxes that one check may look at before it says that it did not get to the end."""

Wants: TypeAlias = Mapping[str, "tuple[FactValue, ...] | Range"]
"""Per fact, the values or the range a case must have; a fact the policy does not declare is not asked about."""


class Decided(msgspec.Struct, frozen=True):
    """A case in which a clause decides. With `cooling` it decides once that clause's cooling-off is over."""

    facts: Facts
    cooling: Clause | None = None


@final
class Budget:
    """How many boxes a check may still look at."""

    def __init__(self, boxes_max: int = BOXES_MAX) -> None:
        self._left = boxes_max

    def take(self) -> None:
        """Count one box. Raises OutOfSteps."""
        self._left -= 1
        if self._left < 0:
            raise OutOfSteps


@final
class Deciding:
    """A policy's clauses, asked where they decide. Boxes are packed by `space`."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.budget = Budget()
        """How many boxes may still be looked at; each check begins with its own."""
        self._table = table_of(policy)
        self._axes = {axis.fact: axis for axis in self._table.axes}
        self.space = Space(self._table.axes)
        self.now = Search(self.space, self._table.rules)
        """What decides as long as nobody has waited."""
        self._cooling = frozenset(i for i, clause in enumerate(policy.clauses) if clause.outcome is Outcome.COOLING)
        self._later = Search(self.space, self._table.rules, without=self._cooling) if self._cooling else self.now

    def declares(self, fact: str) -> bool:
        """Whether the policy has that fact."""
        return fact in self._axes

    def case(
        self, clause: Clause, wants: Wants, *, within: tuple[Test, ...] = (), is_cooled: bool | None = None
    ) -> Decided | None:
        """A case with the wanted facts that the clause decides; None is a proof that there is none. Raises OutOfSteps.

        `within` are further conditions. `is_cooled`: after a cooling-off only, or at once only; by default either.
        """
        index = self.policy.clauses.index(clause)
        start = self._region(wants) & self.now.boxes[index]
        start &= self.space.pack(box_of(self._table.axes, within, self.policy))
        if self.space.is_empty(start):
            return None
        if is_cooled is not True:
            for box in self.now.boxes_of(index, start, self.budget):
                return Decided(self._facts(box, wants))
        if is_cooled is False or clause.outcome is Outcome.COOLING:
            return None
        for cooling in sorted(self._cooling):
            for waiting in self.now.boxes_of(cooling, start, self.budget):
                for box in self._later.boxes_of(index, waiting, self.budget):
                    return Decided(self._facts(box, wants), self.policy.clauses[cooling])
        return None

    def any_case(self, wants: Wants) -> Facts | None:
        """Any case with the wanted facts."""
        region = self._region(wants)
        return None if self.space.is_empty(region) else self._facts(region, wants)

    def applying(self, clause: Clause) -> Facts | None:
        """Any case the clause applies to, even if another decides; None when its conditions leave none."""
        box = self.now.boxes[self.policy.clauses.index(clause)]
        return None if self.space.is_empty(box) else self._facts(box, {})

    def _region(self, wants: Wants) -> int:
        return self.space.pack(
            tuple(axis.all if axis.fact not in wants else _wanted(axis, wants[axis.fact]) for axis in self._table.axes)
        )

    def _facts(self, box: int, wants: Wants) -> Facts:
        found = self._table.facts(self.space.unpack(box))
        values = dict(found.values)
        for name, want in wants.items():
            axis = self._axes.get(name)
            if axis is None or not isinstance(want, Range):
                continue
            value = values[name]
            assert isinstance(value, int), f"{name} is a number"
            # The cell may reach past what is wanted; its values are all judged alike, so the nearest wanted one will do.
            low, high = want.low, want.high
            values[name] = (
                low if low is not None and value < low else high if high is not None and value > high else value
            )
        return Facts(values, found.proven)


@final
class Search:
    """The rules of a table by number, without some of them."""

    def __init__(self, space: Space, rules: Sequence[Rule], *, without: frozenset[int] = frozenset()) -> None:
        self._space = space
        self._ranks = [rule.rank for rule in rules]
        self.boxes = [0 if i in without else space.pack(rule.box) for i, rule in enumerate(rules)]
        """Where each rule applies; nowhere for one that is left out."""
        self._set_aside: list[list[int]] = [[] for _ in rules]
        for i, rule in enumerate(rules):
            for base in rule.defeats if i not in without else ():
                self._set_aside[base].append(i)

    def boxes_of(self, index: int, within: int, budget: Budget) -> Iterator[int]:
        """Boxes in `within` that hold every case in which the rule is among those that decide, and no other case.

        It decides where it applies, no exception to it applies, and whatever better for the buyer applies is itself set aside
        by an exception that applies. Raises OutOfSteps.
        """
        space, boxes = self._space, self.boxes
        start = within & boxes[index]
        if space.is_empty(start):
            return
        barred = [boxes[i] for i in self._set_aside[index]]
        better = [i for i, rank in enumerate(self._ranks) if rank < self._ranks[index]]
        # What is left to look at: a box, the boxes the rule does not decide in, and the rules that must not be live.
        stack: list[tuple[int, list[int], list[int]]] = [(start, barred, better)]
        while stack:
            budget.take()
            box, barred, better = stack.pop()
            soft: list[int] = []
            hard = barred
            for i in better:
                meet = box & boxes[i]
                if space.is_empty(meet):
                    continue
                beaters = [boxes[j] for j in self._set_aside[i] if not space.is_empty(meet & boxes[j])]
                if not beaters:
                    hard = [*hard, meet]  # nothing sets it aside here, so here the rule does not decide
                elif all(meet & beater != meet for beater in beaters):
                    soft.append(i)
            touching = [cube for cube in hard if not space.is_empty(box & cube)]
            if touching:
                stack.extend((piece, touching, soft) for piece in self._without_one(box, touching))
            elif not soft:
                yield box
            else:
                rival = soft[0]
                stack.extend((piece, [], soft) for piece in pieces(space, box, boxes[rival]))
                meet = box & boxes[rival]
                inside = (meet & boxes[j] for j in self._set_aside[rival])
                stack.extend((part, [], soft[1:]) for part in inside if not space.is_empty(part))

    def _without_one(self, box: int, cubes: list[int]) -> Iterator[int]:
        """The box without the cube that cuts the fewest axes; nothing when a cube covers it."""
        full, guards = self._space.all, self._space.guards
        cuts = [(((box ^ (box & cube)) + full) & guards).bit_count() for cube in cubes]
        return pieces(self._space, box, cubes[cuts.index(min(cuts))])


def _wanted(axis: Axis, want: tuple[FactValue, ...] | Range) -> int:
    """The cells with a wanted value. A fact declared as another kind than the product fills in has none."""
    if isinstance(want, Range):
        held = [axis.is_ordered and _overlap(span, want) for span in axis.spans]
    else:
        held = [not axis.is_ordered and sample in want for sample in axis.samples]
    return sum(1 << i for i, holds in enumerate(held) if holds)


def _overlap(span: Range, want: Range) -> bool:
    lows = [bound for bound in (span.low, want.low) if bound is not None]
    highs = [bound for bound in (span.high, want.high) if bound is not None]
    return not lows or not highs or max(lows) <= min(highs)
