"""What every structural check works on: a table with its boxes packed, its exceptions, and cases as examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import combinations
from typing import final

from huiliu.policy.answers import Extras, Side, bits
from huiliu.policy.lint.findings import Example
from huiliu.policy.model import Facts, FactValue, Outcome, Policy, Test
from huiliu.policy.space import Space, Steps, find
from huiliu.policy.table import Effect, Table, box_of, person_rank, situation_of, table_of


@final
class Ground:
    """One rule set under checks. `policy` is None for a foreign table, which has no extras and no cooling-off."""

    def __init__(self, table: Table, policy: Policy | None = None) -> None:
        self.table = table
        self.policy = policy
        self.space = Space(table.axes)
        self.rules = table.rules
        self.boxes = [self.space.pack(rule.box) for rule in table.rules]
        self.defeaters: list[list[int]] = [[] for _ in table.rules]
        for i, rule in enumerate(table.rules):
            for base in rule.defeats:
                self.defeaters[base].append(i)
        self.cooling = frozenset(
            i
            for i, rule in enumerate(table.rules)
            if policy is not None and rule.effect.outcome == Outcome.COOLING.value
        )
        self._disputed = (
            None if policy is None else frozenset(spec.name for spec in policy.facts if spec.burden is not None)
        )

    @classmethod
    def of(cls, policy: Policy) -> Ground:
        """The ground of a policy's own clauses."""
        return cls(table_of(policy), policy)

    @cached_property
    def axis_of(self) -> dict[str, int]:
        """Fact name -> axis."""
        return {axis.fact: i for i, axis in enumerate(self.table.axes)}

    @cached_property
    def meeting(self) -> list[tuple[int, int]]:
        """Every two rules that apply to some case together, neither an exception to the other."""
        full, guards, boxes = self.space.all, self.space.guards, self.boxes
        defeats = [frozenset(rule.defeats) for rule in self.rules]
        return [
            (i, j)
            for i, j in combinations(range(len(boxes)), 2)
            if ((boxes[i] & boxes[j]) + full) & guards == guards and i not in defeats[j] and j not in defeats[i]
        ]

    @cached_property
    def single(self) -> list[tuple[int, int]]:
        """(axis, cell) of ordered facts where the cell is one number with others on both sides."""
        return [
            (i, cell)
            for i, axis in enumerate(self.table.axes)
            for cell in range(1, len(axis.spans) - 1)
            if axis.spans[cell].low == axis.spans[cell].high
        ]

    @cached_property
    def person(self) -> int:
        """Where 'no clause, so a person' stands, beside twice a clause's rank plus one. A foreign table has it last."""
        if self.policy is None:
            return 2 * (max((rule.rank for rule in self.rules), default=-1) + 1)
        return person_rank(self.policy)

    def barring(self, index: int, *, is_cooled: bool = False) -> list[int]:
        """The boxes of the rules that defeat one, without those that a cooling-off ends."""
        return [self.boxes[i] for i in self.defeaters[index] if not (is_cooled and i in self.cooling)]

    def live_box(self, index: int, steps: Steps) -> int | None:
        """Cases in which a rule is live, at once or once a cooling-off is over; None when it never is."""
        found = find(self.space, self.boxes[index], self.barring(index), steps)
        if found is None and self.cooling and index not in self.cooling:
            found = find(self.space, self.boxes[index], self.barring(index, is_cooled=True), steps)
        return found

    def extras(self) -> list[tuple[int, Extras]]:
        """The policy's extras as (box, what it adds)."""
        if self.policy is None:
            return []
        return [
            (self.space.pack(box_of(self.table.axes, extra.when, self.policy)), Extras(extra.flag, extra.automatic))
            for extra in self.policy.extras
        ]

    def side(self) -> tuple[Side, list[int]]:
        """The rules and extras as one side of a comparison, and the boxes behind its bits."""
        extras = self.extras()
        clauses = len(self.rules)
        defeats = [sum(1 << base for base in set(rule.defeats)) for rule in self.rules]
        side = Side(
            members=(1 << (clauses + len(extras))) - 1,
            effects={i: rule.effect for i, rule in enumerate(self.rules)},
            ranks={i: rule.rank for i, rule in enumerate(self.rules)},
            defeats=[*defeats, *(0 for _ in extras)],
            extras={clauses + i: extra for i, (_, extra) in enumerate(extras)},
            cooling=sum(1 << i for i in self.cooling),
        )
        return side, [*self.boxes, *(box for box, _ in extras)]

    def standing(self, members: int) -> Side:
        """Some of the rules as a side of which only the rank is of interest: no evidence, no extras, no cooling-off."""
        return self._standing.with_members(members)

    @cached_property
    def _standing(self) -> Side:
        return Side(
            members=(1 << len(self.rules)) - 1,
            effects={i: Effect("") for i in range(len(self.rules))},
            ranks={i: rule.rank for i, rule in enumerate(self.rules)},
            defeats=[sum(1 << base for base in set(rule.defeats)) for rule in self.rules],
        )

    def example(self, box: int) -> Example:
        """A case of a box that is not empty."""
        return Example(self._facts(self.space.unpack(box)))

    def situation(self, box: int) -> tuple[Test, ...]:
        """A box as conditions."""
        return situation_of(self.table.axes, self.space.unpack(box))

    def example_with(self, box: int, fact: str, value: FactValue, *, is_proven: bool = True) -> Example:
        """A case of a box with one fact as given, proven or only said."""
        facts = self._facts(self.space.unpack(box))
        proven = facts.proven if is_proven else facts.proven - {fact}
        return Example(Facts({**facts.values, fact: value}, proven))

    def ids(self, indexes: Iterable[int]) -> tuple[str, ...]:
        """The rules' ids, in file order."""
        return tuple(self.rules[i].id for i in sorted(set(indexes)))

    def masked(self, mask: int) -> Iterator[int]:
        """The rules among the bits of a mask; extras left out."""
        return bits(mask & ((1 << len(self.rules)) - 1))

    def _facts(self, box: tuple[int, ...]) -> Facts:
        facts = self.table.facts(box)
        return facts if self._disputed is None else Facts(facts.values, self._disputed)
