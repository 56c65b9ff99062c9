"""Clauses that do nothing, and exceptions that go nowhere or in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from huiliu.policy.answers import Side, differences
from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.lint.ground import Ground
from huiliu.policy.space import Steps


def shadowed(ground: Ground) -> Iterator[Finding]:
    """Clauses that are live in no case: wherever one applies, an exception to it applies too.

    A clause that only a cooling-off stands in front of decides once that is over, so it is not shadowed: it counts as live
    where it applies and no exception but cooling ones does.
    """
    steps = Steps()
    for i, box in enumerate(ground.boxes):
        if ground.live_box(i, steps) is None:
            example = ground.space.all if ground.space.is_empty(box) else box
            over = [j for j in ground.defeaters[i] if not ground.space.is_empty(ground.boxes[j] & box)]
            yield Finding(
                code=FindingCode.SHADOWED,
                severity=Severity.ERROR,
                clauses=(ground.rules[i].id, *ground.ids(over)),
                examples=(ground.example(example),),
            )


def redundant(ground: Ground) -> Iterator[Finding]:
    """Clauses without which every case comes to the same, with the clause's own answer and its exceptions gone.

    The same: outcome, amount rule, the minimal alternative sets of evidence, the smallest sets of evidence with which no
    person is needed (all with every fact known and proven), and, for a cooling-off, all of these again for what follows it.
    That no clause decides is an answer of its own, other than a clause that gives the case to a person: a clause without
    which there would be a gap is not redundant. Who conflicts with whom counts only as far as it changes these.
    """
    steps = Steps()
    side, cubes = ground.side()
    for i, box in enumerate(ground.boxes):
        without = side.with_members(side.members & ~(1 << i))
        if _changed(ground, box, cubes, (side, without), i, steps) is not None:
            continue
        example = ground.live_box(i, steps)
        if example is None:
            example = ground.space.all if ground.space.is_empty(box) else box
        yield Finding(
            code=FindingCode.REDUNDANT,
            severity=Severity.WARNING,
            clauses=(ground.rules[i].id,),
            examples=(ground.example(example),),
        )


def _changed(
    ground: Ground, box: int, cubes: list[int], sides: tuple[Side, Side], index: int, steps: Steps
) -> int | None:
    """Cases that come to something else on the two sides, which differ in one rule."""
    one, two = sides
    for found, cover in differences(ground.space, box, cubes, sides, 1 << index, steps):
        if one.answer(cover) != two.answer(cover):
            return found
    return None


def empty_exceptions(ground: Ground) -> Iterator[Finding]:
    """An exception and a clause it names that apply to no case together. The example is a case of the exception."""
    for i, rule in enumerate(ground.rules):
        for base in dict.fromkeys(rule.defeats):
            if ground.space.is_empty(ground.boxes[i] & ground.boxes[base]):
                own = ground.boxes[i]
                yield Finding(
                    code=FindingCode.EMPTY_EXCEPTION,
                    severity=Severity.WARNING,
                    clauses=(rule.id, ground.rules[base].id),
                    examples=(ground.example(ground.space.all if ground.space.is_empty(own) else own),),
                )


def exception_cycles(ground: Ground) -> Iterator[Finding]:
    """Groups of clauses of which each is, by some chain of exceptions, an exception to every other: one finding a group.

    The example is a case to which all of the group apply ('all'), or two of it of which one is an exception to the other
    ('some'), or, where no such two ever meet ('none'), any case of the first.
    """
    for group in _circles([rule.defeats for rule in ground.rules]):
        box, meet = _meeting_of(ground, group)
        yield Finding(
            code=FindingCode.EXCEPTION_CYCLE,
            severity=Severity.ERROR,
            clauses=ground.ids(group),
            examples=(ground.example(box),),
            facts={"meet": meet},
        )


def _meeting_of(ground: Ground, group: list[int]) -> tuple[int, str]:
    together = ground.space.all
    for i in group:
        together &= ground.boxes[i]
    if not ground.space.is_empty(together):
        return together, "all"
    for i in group:
        for base in ground.rules[i].defeats:
            both = ground.boxes[i] & ground.boxes[base]
            if base in group and not ground.space.is_empty(both):
                return both, "some"
    own = ground.boxes[group[0]]
    return ground.space.all if ground.space.is_empty(own) else own, "none"


def _circles(defeats: list[tuple[int, ...]]) -> list[list[int]]:
    """The strongly connected groups of an exception graph that hold a circle, each in file order (Tarjan, no recursion)."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    found: list[list[int]] = []
    for start in range(len(defeats)):
        calls: list[tuple[int, int]] = [] if start in number else [(start, 0)]
        while calls:
            node, place = calls.pop()
            if place == 0:
                number[node] = low[node] = len(number)
                path.append(node)
            for at in range(place, len(defeats[node])):
                base = defeats[node][at]
                if base not in number:
                    calls += [(node, at + 1), (base, 0)]
                    break
                if base in path:
                    low[node] = min(low[node], number[base])
            else:
                if low[node] == number[node]:
                    group = path[path.index(node) :]
                    del path[path.index(node) :]
                    if len(group) > 1 or node in defeats[node]:
                        found.append(sorted(group))
                if calls:
                    above = calls[-1][0]
                    low[above] = min(low[above], low[node])
    return sorted(found)
