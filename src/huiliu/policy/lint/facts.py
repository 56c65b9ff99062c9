"""What a fact's value does to the answer: against its declared trend, or so that keeping the proof back pays."""

from __future__ import annotations

from collections.abc import Iterator

from huiliu.policy.answers import Side, differences
from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.lint.ground import Ground
from huiliu.policy.model import FactSpec, FactValue, Party, Trend
from huiliu.policy.space import Steps
from huiliu.policy.table import Axis


def non_monotone(ground: Ground) -> Iterator[Finding]:
    """Two cases that differ only in a fact with a trend, in neighbouring cells, both decided by a clause (at once, before
    any cooling-off), of which the one that should be worse for the buyer is strictly better.

    One finding per fact and pair of clauses (better, worse) that decide such cases, with the first cells where they do.
    An enumeration's values go by the order in which they are declared.
    """
    steps = Steps()
    for i, axis in enumerate(ground.table.axes):
        if axis.trend is None:
            continue
        seen: set[tuple[int, int]] = set()
        for cell in range(len(axis.samples) - 1):
            # `better` is the cell that must not turn out better for the buyer, and is looked for where it does.
            better, worse = (cell, cell + 1) if axis.trend is Trend.LARGER_BETTER else (cell + 1, cell)
            for good, bad, box in _pairs(ground, i, (better, worse), steps):
                if good < 0 or bad < 0 or (good, bad) in seen:
                    continue
                seen.add((good, bad))
                yield Finding(
                    code=FindingCode.NON_MONOTONE,
                    severity=Severity.WARNING,
                    clauses=(ground.rules[good].id, ground.rules[bad].id),
                    examples=(
                        ground.example_with(box, axis.fact, near(axis, better, worse)),
                        ground.example_with(box, axis.fact, near(axis, worse, better)),
                    ),
                    facts={"fact": axis.fact},
                )


def hiding_pays(ground: Ground) -> Iterator[Finding]:
    """A presumption so that the party who has to prove does better by keeping the record back.

    The platform proves: some value, once proven, is better for the buyer than the presumption. The buyer proves: some
    proven value is worse for the buyer. Both at once, before any cooling-off; that no clause decides counts as a person,
    in the policy's place for that. One finding per fact and pair of clauses (facts `better` and `worse` for the buyer; ''
    for none). Of its two cases the first is that in which the fact is only said and the presumption speaks.
    """
    if ground.policy is None:
        return
    steps = Steps()
    for spec in ground.policy.facts:
        if spec.burden is None or spec.presumed is None:
            continue
        axis_index = ground.axis_of[spec.name]
        axis = ground.table.axes[axis_index]
        presumed = _cell_of(axis, spec.presumed)
        if presumed is None:
            continue
        seen: set[tuple[int, int]] = set()
        for cell in range(len(axis.samples)):
            if cell == presumed:
                continue
            cells = (cell, presumed) if spec.burden is Party.PLATFORM else (presumed, cell)
            for good, bad, box in _pairs(ground, axis_index, cells, steps):
                if (good, bad) not in seen:
                    seen.add((good, bad))
                    yield _hidden(ground, spec, axis, box, cell, (good, bad))


def _hidden(ground: Ground, spec: FactSpec, axis: Axis, box: int, cell: int, pair: tuple[int, int]) -> Finding:
    assert spec.burden is not None, "only disputed facts are asked about"
    value = axis.samples[cell]
    better, worse = ("" if i < 0 else ground.rules[i].id for i in pair)
    return Finding(
        code=FindingCode.HIDING_PAYS,
        severity=Severity.WARNING,
        clauses=tuple(name for name in (better, worse) if name),
        examples=(
            ground.example_with(box, spec.name, value, is_proven=False),
            ground.example_with(box, spec.name, value),
        ),
        facts={"fact": spec.name, "party": spec.burden.value, "better": better, "worse": worse},
    )


def _pairs(ground: Ground, axis: int, cells: tuple[int, int], steps: Steps) -> Iterator[tuple[int, int, int]]:
    """(better, worse, box): for cases that are strictly better for the buyer in the first cell than in the second, the
    rules that decide them, -1 for no rule, once for every two rules that do. The box's field of that axis means nothing."""
    space = ground.space
    field = space.fields[axis]
    first, second = (space.cell(axis, cell) for cell in cells)
    inside = [sum(1 << i for i, box in enumerate(ground.boxes) if box & cell) for cell in (first, second)]
    changed = inside[0] ^ inside[1]
    if not changed:
        return
    # Whatever the fact is, each rule now is where its other conditions hold; which cell has it, its side knows.
    cubes = [box | field for box in ground.boxes]
    sides = (ground.standing(inside[0]), ground.standing(inside[1]))
    seen: set[tuple[int, int]] = set()

    def is_settled(cover: int, partial: int) -> bool:
        """Whether the best that the first cell can come to is no better than the worst of the second."""
        best, _ = sides[0].bounds(cover, partial)
        _, worst = sides[1].bounds(cover, partial)
        if worst is None:
            return False
        # Where no rule may decide, a person does, which may be better than the rules that might.
        best_standing = ground.person if best is None else min(2 * best + 1, ground.person)
        return best_standing >= 2 * worst + 1

    for found, cover in differences(space, space.all, cubes, sides, changed, steps, is_settled):
        rank_one, good = _decided(ground, sides[0], cover)
        rank_two, bad = _decided(ground, sides[1], cover)
        if rank_one < rank_two:
            for pair in ((i, j) for i in good for j in bad):
                if pair not in seen:
                    seen.add(pair)
                    yield *pair, found


def _decided(ground: Ground, side: Side, cover: int) -> tuple[int, list[int]]:
    best = side.best(cover)
    if best is None:
        return ground.person, [-1]
    return 2 * best[0] + 1, list(ground.masked(best[1]))


def near(axis: Axis, cell: int, neighbour: int) -> FactValue:
    """A value of a cell: the one next to the neighbouring cell, where the step between them is plainest."""
    if not axis.spans:
        return axis.samples[cell]
    span = axis.spans[cell]
    value = span.low if neighbour < cell else span.high
    assert value is not None, "a cell has two ends"
    return value


def _cell_of(axis: Axis, value: FactValue) -> int | None:
    """The cell that holds a value; None for a number beyond the declared domain."""
    for i, sample in enumerate(axis.samples):
        if axis.spans and isinstance(value, int) and value in axis.spans[i]:
            return i
        if not axis.spans and sample == value:
            return i
    return None
