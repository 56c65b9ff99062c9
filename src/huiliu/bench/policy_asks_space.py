"""The ground that the checks stand on: the table of cells that a policy becomes, and the search for what is left uncovered."""

from __future__ import annotations

from itertools import product

from huiliu.bench.policy_count import Count, Subject
from huiliu.bench.policy_oracle import values_of
from huiliu.policy.model import FactValue, Policy
from huiliu.policy.space import Space, Steps, find, merged, outside
from huiliu.policy.table import Axis, Box, table_of

CASES_EACH = 40
BOXES_EACH = 3
STEPS = 100_000

Cell = tuple[int, ...]


def ask_table(subject: Subject, count: Count) -> None:
    """Every value is in exactly one cell, and a rule's box holds exactly the cases in which its clause applies."""
    random, policy, oracle = subject.random, subject.policy, subject.oracle
    table = table_of(policy, *random.choice(((), (subject.version,))))
    count.ask(subject.seed, "axes", found=tuple(axis.fact for axis in table.axes), expected=oracle.names)
    for case in random.sample(oracle.cases, k=min(CASES_EACH, len(oracle.cases))):
        cells = [_cells(axis, value) for axis, value in zip(table.axes, case, strict=True)]
        count.ask(subject.seed, f"cells of {case}", found=[len(each) for each in cells], expected=[1] * len(cells))
        cell = tuple(each[0] for each in cells)
        applying = tuple(i for i, rule in enumerate(table.rules) if _holds(rule.box, cell))
        count.ask(subject.seed, f"rules of {case}", found=applying, expected=oracle.applying[case])
    for axis in table.axes:
        domain = [value for each in (policy, subject.version) for value in _values(each, axis.fact)]
        samples = [_cells(axis, sample) for sample in axis.samples]
        count.ask(subject.seed, f"samples of {axis.fact}", found=samples, expected=[[i] for i in range(len(samples))])
        count.ask(subject.seed, f"values of {axis.fact}", found=set(axis.samples) <= set(domain), expected=True)


def ask_space(subject: Subject, count: Count) -> None:
    """What boxes leave of a box: every case of it once, in whatever pieces; and the same after merging them."""
    random, table = subject.random, table_of(subject.policy)
    space = Space(table.axes)
    every = set(product(*(range(len(axis.samples)) for axis in table.axes)))
    for _ in range(BOXES_EACH):
        box = random.choice([table.all, *(rule.box for rule in table.rules)])
        minus = [rule.box for rule in table.rules if random.random() < 0.6]
        expected = {cell for cell in every if _holds(box, cell) and not any(_holds(each, cell) for each in minus)}
        what = f"{box} without {minus}"
        packed = [space.pack(each) for each in minus]
        found = list(outside(space, space.pack(box), packed, Steps(STEPS)))
        count.ask(subject.seed, what, found=_counted(space, found, every), expected=dict.fromkeys(expected, 1))
        fewer = merged(space, found)
        count.ask(
            subject.seed, f"{what} merged", found=_counted(space, fewer, every), expected=dict.fromkeys(expected, 1)
        )
        one = find(space, space.pack(box), packed, Steps(STEPS))
        is_inside = one is None or not space.is_empty(one)
        inside: set[Cell] = set() if one is None else {cell for cell in every if _holds(space.unpack(one), cell)}
        count.ask(subject.seed, f"{what} found", found=(bool(inside), is_inside), expected=(bool(expected), True))
        count.ask(subject.seed, f"{what} found within", found=inside <= expected, expected=True)


def _values(policy: Policy, fact: str) -> list[FactValue]:
    spec = policy.fact(fact)
    return [] if spec is None else values_of(spec)


def _cells(axis: Axis, value: FactValue) -> list[int]:
    if axis.spans:
        return [
            i
            for i, span in enumerate(axis.spans)
            if span.low is not None and span.high is not None and span.low <= int(value) <= span.high
        ]
    return [i for i, sample in enumerate(axis.samples) if sample == value]


def _holds(box: Box, cell: Cell) -> bool:
    return all(mask >> index & 1 for mask, index in zip(box, cell, strict=True))


def _counted(space: Space, boxes: list[int], every: set[Cell]) -> dict[Cell, int]:
    """How many of the boxes hold each case."""
    unpacked = [space.unpack(box) for box in boxes]
    counts = {cell: sum(_holds(box, cell) for box in unpacked) for cell in every}
    return {cell: number for cell, number in counts.items() if number}
