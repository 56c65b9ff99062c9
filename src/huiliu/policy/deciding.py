"""Where in the space of cases a clause decides: an exact search over boxes, for checks that need one case of a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, final

import msgspec

from huiliu.policy.model import Clause, Facts, FactValue, Outcome, Policy, Range, Test
from huiliu.policy.table import Axis, Box, Table, box_of, table_of

STEPS_MAX = 20_000
"""Boxes one search may look at. Past it the search ends: it may then miss a case, it never makes one up."""

Wants: TypeAlias = Mapping[str, "tuple[FactValue, ...] | Range"]
"""Per fact, the values or the range a case must have; a fact the policy does not declare is not asked about."""


class Decided(msgspec.Struct, frozen=True):
    """A case in which a clause decides. With `cooling` it decides once that clause's cooling-off is over."""

    facts: Facts
    cooling: Clause | None = None


@final
class Deciding:
    """A policy's table, asked where its clauses decide."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.table = table_of(policy)
        self._axes = {axis.fact: axis for axis in self.table.axes}
        self._cooling = [i for i, clause in enumerate(policy.clauses) if clause.outcome is Outcome.COOLING]
        self._cooled = _without(self.table, self._cooling)

    def declares(self, fact: str) -> bool:
        """Whether the policy has that fact."""
        return fact in self._axes

    def case(
        self, clause: Clause, wants: Wants, *, within: tuple[Test, ...] = (), is_cooled: bool | None = None
    ) -> Decided | None:
        """A case with the wanted facts that the clause decides, or None.

        `within` are further conditions. `is_cooled`: after a cooling-off only, or at once only; by default either.
        """
        index = self.policy.clauses.index(clause)
        start = _meet(self._region(wants), box_of(self.table.axes, within, self.policy))
        if is_cooled is not True:
            for box in deciding_boxes(self.table, index, start):
                return Decided(self._facts(box, wants))
        if is_cooled is False or clause.outcome is Outcome.COOLING:
            return None
        start = _meet(start, self.table.rules[index].box)
        for cooling in self._cooling:
            for waiting in deciding_boxes(self.table, cooling, start):
                for box in deciding_boxes(self._cooled, index, waiting):
                    return Decided(self._facts(box, wants), self.policy.clauses[cooling])
        return None

    def any_case(self, wants: Wants) -> Facts | None:
        """Any case with the wanted facts."""
        region = self._region(wants)
        return self._facts(region, wants) if all(region) else None

    def applying(self, clause: Clause) -> Facts | None:
        """Any case the clause applies to, even if another decides; None when its conditions leave none."""
        box = box_of(self.table.axes, clause.when, self.policy)
        return self._facts(box, {}) if all(box) else None

    def _region(self, wants: Wants) -> Box:
        return tuple(
            axis.all if axis.fact not in wants else _wanted(axis, wants[axis.fact]) for axis in self.table.axes
        )

    def _facts(self, box: Box, wants: Wants) -> Facts:
        found = self.table.facts(box)
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


def deciding_boxes(table: Table, index: int, within: Box) -> Iterator[Box]:
    """Boxes in `within` that hold every case in which the rule is among those that decide, and no other case.

    It decides where it applies, nothing that is an exception to it applies, and everything better for the buyer that applies
    is itself set aside by an exception that applies. Ends after STEPS_MAX boxes.
    """
    rule = table.rules[index]
    start = _meet(rule.box, within)
    if not all(start):
        return
    defeaters: dict[int, list[int]] = {}
    for i, other in enumerate(table.rules):
        for base in other.defeats:
            defeaters.setdefault(base, []).append(i)
    better = tuple(
        i for i, other in enumerate(table.rules) if other.rank < rule.rank and i not in rule.defeats and i != index
    )
    # What is left to look at: a box, the rules that must not apply in it, the rules that must not be live in it.
    stack: list[tuple[Box, tuple[int, ...], tuple[int, ...]]] = [(start, tuple(defeaters.get(index, ())), better)]
    for _ in range(STEPS_MAX):
        if not stack:
            return
        box, barred, rivals = stack.pop()
        barred = tuple(i for i in barred if _touch(box, table.rules[i].box))
        if barred:
            stack.extend((part, barred[1:], rivals) for part in _outside(box, table.rules[barred[0]].box))
            continue
        rivals = tuple(i for i in rivals if _touch(box, table.rules[i].box))
        if not rivals:
            yield box
            continue
        rival, rest = rivals[0], rivals[1:]
        stack.extend((part, (), rivals) for part in _outside(box, table.rules[rival].box))
        inside = _meet(box, table.rules[rival].box)
        beaten = (_meet(inside, table.rules[i].box) for i in defeaters.get(rival, ()))
        stack.extend((part, (), rest) for part in beaten if all(part))


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


def _without(table: Table, indexes: list[int]) -> Table:
    """The table in which some rules never apply; the others keep their places."""
    nowhere = tuple(0 for _ in table.axes)
    rules = tuple(
        msgspec.structs.replace(rule, box=nowhere) if i in indexes else rule for i, rule in enumerate(table.rules)
    )
    return Table(table.axes, rules)


def _meet(one: Box, two: Box) -> Box:
    return tuple([a & b for a, b in zip(one, two, strict=True)])


def _touch(one: Box, two: Box) -> bool:
    return all(a & b for a, b in zip(one, two, strict=True))


def _outside(box: Box, hole: Box) -> Iterator[Box]:
    """The box without the hole, as boxes that do not overlap."""
    left = list(box)
    for axis, mask in enumerate(hole):
        rest = left[axis] & ~mask
        if rest:
            yield (*left[:axis], rest, *left[axis + 1 :])
        left[axis] &= mask
