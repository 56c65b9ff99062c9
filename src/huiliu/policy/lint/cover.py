"""Where no clause applies, and where two say different things: gaps, conflicts, and the single numbers at which either happens."""

from __future__ import annotations

from collections.abc import Iterator

from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.lint.ground import Ground
from huiliu.policy.space import OutOfSteps, Steps, find, merged, outside

GAPS_MAX = 20
"""How many gaps are listed; the last says how many more there are."""
GAP_BOXES_MAX = 2_000
"""How many boxes of cases without a clause are collected before they are merged."""


def gaps(ground: Ground) -> Iterator[Finding]:
    """Cases to which no clause applies, as disjoint boxes: every one of them, up to GAPS_MAX boxes after merging.

    A single number between two clauses that misses both is left to `boundaries`. Raises OutOfSteps after what it found.
    """
    steps = Steps()
    space = ground.space
    explained = [box for hole in _holes(ground, steps) for box in hole[3]]
    boxes: list[int] = []
    is_cut = False
    try:
        for box in outside(space, space.all, [*ground.boxes, *explained], steps):
            boxes.append(box)
            if len(boxes) >= GAP_BOXES_MAX:
                is_cut = True
                break
    except OutOfSteps:
        is_cut = True
    found = sorted(merged(space, boxes), key=lambda box: (-_size(ground, box), box))
    for i, box in enumerate(found[:GAPS_MAX]):
        more = len(found) - GAPS_MAX if i == GAPS_MAX - 1 else 0
        yield Finding(
            code=FindingCode.GAP,
            severity=Severity.WARNING,
            examples=(ground.example(box),),
            facts={"more": more} if more > 0 else {},
            situation=ground.situation(box),
        )
    if is_cut:
        raise OutOfSteps


def conflicts(ground: Ground) -> Iterator[Finding]:
    """Two clauses that are live together and of different rank, one finding a pair.

    Cases in which they meet in a single number only, from two sides, are left to `boundaries`.
    """
    steps = Steps()
    for i, j in ground.meeting:
        if ground.rules[i].rank == ground.rules[j].rank:
            continue
        minus = [*ground.barring(i), *ground.barring(j), *(box for _, _, box in _meeting_points(ground, i, j))]
        found = find(ground.space, ground.boxes[i] & ground.boxes[j], minus, steps)
        if found is not None:
            yield Finding(
                code=FindingCode.CONFLICT,
                severity=Severity.ERROR,
                clauses=ground.ids((i, j)),
                examples=(ground.example(found),),
                situation=ground.situation(found),
            )


def boundaries(ground: Ground) -> Iterator[Finding]:
    """Numbers that belong to neither side, or to both with different answers.

    Neither (warning), one finding a number: no clause applies at exactly this value of an ordered fact, while with the rest
    of the case unchanged some clause applies in the cell just below and some clause in the cell just above.
    Both (error), one finding a number and pair: two clauses of different rank are live at exactly this value, of which one
    covers the cell below and not the one above, the other the cell above and not the one below.
    A number is a cell of one value with a cell on either side of it.
    """
    steps = Steps()
    for axis, cell, pairs, boxes in _holes(ground, steps):
        yield Finding(
            code=FindingCode.BOUNDARY,
            severity=Severity.WARNING,
            clauses=ground.ids(i for pair in pairs for i in pair),
            examples=(ground.example(boxes[0]),),
            facts=_point(ground, axis, cell, "gap"),
        )
    for i, j in ground.meeting:
        if ground.rules[i].rank == ground.rules[j].rank:
            continue
        for axis, cell, box in _meeting_points(ground, i, j):
            meet = ground.boxes[i] & ground.boxes[j] & box
            found = find(ground.space, meet, [*ground.barring(i), *ground.barring(j)], steps)
            if found is not None:
                yield Finding(
                    code=FindingCode.BOUNDARY,
                    severity=Severity.ERROR,
                    clauses=ground.ids((i, j)),
                    examples=(ground.example(found),),
                    facts=_point(ground, axis, cell, "conflict"),
                )


def _holes(ground: Ground, steps: Steps) -> list[tuple[int, int, list[tuple[int, int]], list[int]]]:
    """(axis, cell, pairs of clauses below and above, the boxes that miss both) for numbers that belong to neither side."""
    found: list[tuple[int, int, list[tuple[int, int]], list[int]]] = []
    space = ground.space
    for axis, cell in ground.single:
        here, below, above = (space.cell(axis, cell + step) for step in (0, -1, 1))
        field = space.fields[axis]
        on = [box for box in ground.boxes if box & here]
        lower = [(i, box & ~field | here) for i, box in enumerate(ground.boxes) if box & below and not box & here]
        upper = [(i, box & ~field | here) for i, box in enumerate(ground.boxes) if box & above and not box & here]
        pairs: list[tuple[int, int]] = []
        boxes: list[int] = []
        for i, one in lower:
            for j, two in upper:
                missed = list(outside(space, one & two, on, steps))
                if missed:
                    pairs.append((i, j))
                    boxes.extend(missed)
        if pairs:
            found.append((axis, cell, pairs, boxes))
    return found


def _meeting_points(ground: Ground, i: int, j: int) -> list[tuple[int, int, int]]:
    """(axis, cell, every case with that value) where one clause ends and the other begins at the same number."""
    one, two = ground.boxes[i], ground.boxes[j]
    # From below and not above, against from above and not below; the bit of a neighbour is shifted to the number's own.
    ends, begins = (one << 1) & ~(one >> 1), (one >> 1) & ~(one << 1)
    other_ends, other_begins = (two << 1) & ~(two >> 1), (two >> 1) & ~(two << 1)
    points = one & two & ((ends & other_begins) | (begins & other_ends))
    if not points:
        return []
    space = ground.space
    return [
        (axis, cell, space.at(space.all, axis, 1 << cell))
        for axis, cell in ground.single
        if points & space.cell(axis, cell)
    ]


def _point(ground: Ground, axis: int, cell: int, kind: str) -> dict[str, str | int]:
    found = ground.table.axes[axis]
    value = found.spans[cell].low
    assert value is not None, "a cell has two ends"
    return {"fact": found.fact, "value": value, "kind": kind}


def _size(ground: Ground, box: int) -> int:
    size = 1
    for mask in ground.space.unpack(box):
        size *= mask.bit_count()
    return size
