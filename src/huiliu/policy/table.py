"""A rule table over a finite space of cases: what every check, comparison and batch works on.

Every condition is a test on one fact, so each fact falls into finitely many cells on whose values all conditions agree,
and the space of cases is their product: questions about all cases have exact answers. A policy becomes a table by
`table_of`; a published decision table of another kind (DMN) becomes one on its own.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from huiliu.policy.compiled import compiled
from huiliu.policy.conditions import NO, YES
from huiliu.policy.model import (
    AmountRule,
    Clause,
    FactKind,
    Facts,
    FactSpec,
    FactValue,
    Outcome,
    Policy,
    Range,
    Test,
    Trend,
)

Box: TypeAlias = "tuple[int, ...]"
"""A product of sets of cells: per axis a bit mask, bit i for cell i. Empty as soon as one mask is 0."""


class Axis(msgspec.Struct, frozen=True):
    """One fact cut into cells. `samples[i]` is a readable value of cell i; `spans[i]` its range for numbers."""

    fact: str
    samples: tuple[FactValue, ...]
    spans: tuple[Range, ...] = ()
    trend: Trend | None = None

    @property
    def is_ordered(self) -> bool:
        """Whether cell i+1 holds the next larger values."""
        return bool(self.spans)

    @property
    def all(self) -> int:
        """The mask of every cell."""
        return (1 << len(self.samples)) - 1


class Effect(msgspec.Struct, frozen=True):
    """What a rule gives. `outcome` is an outcome's code, or the output text of a foreign table."""

    outcome: str
    amount: AmountRule | None = None
    needs: tuple[str, ...] = ()
    automatic: bool = False


class Rule(msgspec.Struct, frozen=True):
    """One rule: where it applies, what it gives, how good that is (0 is best; equal ranks agree), whom it defeats."""

    id: str
    box: Box
    effect: Effect
    rank: int
    defeats: tuple[int, ...] = ()
    """Indexes of the rules it is an exception to."""


class Table(msgspec.Struct, frozen=True):
    """Axes in the facts' order, rules in the file's."""

    axes: tuple[Axis, ...]
    rules: tuple[Rule, ...]

    @property
    def all(self) -> Box:
        """The box of every case."""
        return tuple(axis.all for axis in self.axes)

    def facts(self, box: Box) -> Facts:
        """A case inside a box that is not empty: the first cell of each axis. Every fact counts as proven."""
        values = {
            axis.fact: axis.samples[(mask & -mask).bit_length() - 1] for axis, mask in zip(self.axes, box, strict=True)
        }
        return Facts(values, frozenset(values))


def table_of(policy: Policy, *others: Policy) -> Table:
    """The policy's clauses as a table. With `others`, facts are cut where any of them cuts, so that tables compare."""
    axes = axes_of((policy, *others))
    ranks = ranks_of(policy)
    index = {clause.id: i for i, clause in enumerate(policy.clauses)}
    rules = tuple(
        Rule(
            id=clause.id,
            box=box_of(axes, clause.when, policy),
            effect=Effect(clause.outcome.value, clause.amount, clause.needs, clause.automatic),
            rank=ranks[clause.id],
            defeats=tuple(index[name] for name in clause.exception_to),
        )
        for clause in policy.clauses
    )
    return Table(axes, rules)


def axes_of(policies: Sequence[Policy]) -> tuple[Axis, ...]:
    """The facts of all policies, each cut wherever a condition of any of them cuts it."""
    specs: dict[str, list[FactSpec]] = {}
    for policy in policies:
        for spec in policy.facts:
            specs.setdefault(spec.name, []).append(spec)
    return tuple(_axis(found, policies) for found in specs.values())


def box_of(axes: Sequence[Axis], when: Iterable[Test], policy: Policy) -> Box:
    """Where a condition holds, in cells. A fact that the policy does not declare does not matter to it."""
    tests = {test.fact: test for test in when}
    return tuple(axis.all if (test := tests.get(axis.fact)) is None else _mask(axis, test) for axis in axes)


def situation_of(axes: Sequence[Axis], box: Box) -> tuple[Test, ...]:
    """A box as the conditions of a clause would say it. A fact that may have any value is left out; neighbouring cells
    become one range, open where it reaches the end of the domain."""
    return tuple(_condition(axis, mask) for axis, mask in zip(axes, box, strict=True) if mask != axis.all)


def _condition(axis: Axis, mask: int) -> Test:
    cells = [i for i in range(len(axis.samples)) if mask >> i & 1]
    if not axis.spans:
        return Test(axis.fact, tuple(_word(axis.samples[i]) for i in cells))
    ranges: list[Range] = []
    for i in cells:
        low = axis.spans[i].low if i else None
        high = axis.spans[i].high if i < len(axis.spans) - 1 else None
        if ranges and i - 1 in cells:
            low = ranges.pop().low
        ranges.append(Range(low, high))
    return Test(axis.fact, (), tuple(ranges))


def _word(sample: FactValue) -> str:
    return (YES if sample else NO) if isinstance(sample, bool) else str(sample)


def ranks_of(policy: Policy) -> dict[str, int]:
    """How good each clause is for the buyer, as `judge` ranks them: 0 is best, equal ranks are the same answer."""
    tables = compiled(policy)
    order = {rank: i for i, rank in enumerate(sorted(set(tables.ranks)))}
    return {clause.id: order[rank] for clause, rank in zip(policy.clauses, tables.ranks, strict=True)}


def person_rank(policy: Policy) -> int:
    """Where 'no clause, so a person' stands among the ranks of `ranks_of`: a number between two of them, times two.

    Compare with `2 * rank + 1` of a clause. Placed where the policy's order of outcomes has 转人工, after its clauses.
    """
    place = policy.outcomes.index(Outcome.PERSON) if Outcome.PERSON in policy.outcomes else len(policy.outcomes)
    ranks = ranks_of(policy)
    better = {ranks[c.id] for c in policy.clauses if policy.outcomes.index(c.outcome) <= place}
    return 2 * (max(better, default=-1) + 1)


def _axis(specs: list[FactSpec], policies: Sequence[Policy]) -> Axis:
    first = specs[0]
    trend = next((spec.trend for spec in specs if spec.trend is not None), None)
    if first.kind is FactKind.BOOLEAN:
        return Axis(first.name, (False, True), trend=trend)
    if first.kind is FactKind.ENUM:
        return Axis(first.name, tuple(dict.fromkeys(value for spec in specs for value in spec.values)), trend=trend)
    low = min((spec.domain.low for spec in specs if spec.domain.low is not None), default=0)
    high = max((spec.domain.high for spec in specs if spec.domain.high is not None), default=low)
    starts = {low}
    for policy in policies:
        rules: tuple[Clause, ...] = policy.clauses
        for test in (test for rule in (*rules, *policy.extras) for test in rule.when if test.fact == first.name):
            for span in test.ranges:
                starts |= {span.low} if span.low is not None else set()
                starts |= {span.high + 1} if span.high is not None else set()
        spec = policy.fact(first.name)
        if spec is not None and spec.domain.low is not None and spec.domain.high is not None:
            starts |= {spec.domain.low, spec.domain.high + 1}
    cuts = sorted(start for start in starts if low <= start <= high)
    spans = tuple(Range(start, end - 1) for start, end in zip(cuts, [*cuts[1:], high + 1], strict=True))
    return Axis(first.name, tuple(_readable(span) for span in spans), spans, trend)


def _readable(span: Range) -> int:
    """A value of the cell that a person reads easily: its end, which is where boundary words bite."""
    assert span.low is not None, "a cell has two ends"
    assert span.high is not None, "a cell has two ends"
    return span.high if span.high - span.low < 2 or span.low == 0 else span.low


def _mask(axis: Axis, test: Test) -> int:
    if axis.spans:
        mask = 0
        for span in test.ranges:
            first = 0 if span.low is None else bisect_left(axis.samples, span.low, key=int)
            last = len(axis.samples) if span.high is None else bisect_right(axis.samples, span.high, key=int)
            mask |= (1 << max(first, last)) - (1 << first)
        return mask
    return sum(1 << i for i, sample in enumerate(axis.samples) if _word(sample) in test.values)
