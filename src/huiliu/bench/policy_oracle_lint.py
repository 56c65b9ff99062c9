"""What the checks of a policy should find, by trying every case. Cases and values only: nothing here knows of cells."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from huiliu.bench.policy_oracle import Case, Oracle, meets
from huiliu.policy.model import FactKind, FactValue

Point = tuple[str, int]
"""A number of a fact."""


def uncovered(oracle: Oracle) -> set[Case]:
    """Cases to which no clause applies."""
    return {case for case, applying in oracle.applying.items() if not applying}


def holes(oracle: Oracle) -> dict[Point, set[Case]]:
    """Numbers that no clause covers although one more and one less are covered, with the cases, the rest unchanged."""
    found: dict[Point, set[Case]] = {}
    for case in uncovered(oracle):
        for i, value in _numbers(oracle, case):
            if all(oracle.applying.get(other) for other in _neighbours(case, i, value)):
                found.setdefault((oracle.names[i], value), set()).add(case)
    return found


def beside(oracle: Oracle, case: Case, point: Point) -> set[int]:
    """The clauses that apply one below or one above a number, the rest of the case unchanged."""
    around = _neighbours(case, oracle.names.index(point[0]), point[1])
    return {i for other in around for i in oracle.applying[other]}


def conflicting(oracle: Oracle) -> dict[tuple[str, str], set[Case]]:
    """Pairs of live clauses that say different things, in the file's order, with the cases in which they do."""
    found: dict[tuple[str, str], set[Case]] = {}
    clauses = oracle.policy.clauses
    for case in oracle.cases:
        for i, j in combinations(oracle.answer(case).live, 2):
            if oracle.rank(clauses[i]) != oracle.rank(clauses[j]):
                found.setdefault((clauses[i].id, clauses[j].id), set()).add(case)
    return found


def meeting_points(oracle: Oracle, one: str, two: str) -> set[Point]:
    """Numbers that two clauses share from two sides: one ends there, the other begins there."""
    found: set[Point] = set()
    for i, spec in enumerate(oracle.policy.facts):
        if spec.kind in (FactKind.ENUM, FactKind.BOOLEAN):
            continue
        values = [int(value) for value in oracle.domains[i]]
        for below, value, above in zip(values, values[1:], values[2:], strict=False):
            first = tuple(_allows(oracle, one, spec.name, each) for each in (below, value, above))
            second = tuple(_allows(oracle, two, spec.name, each) for each in (below, value, above))
            if {first, second} == {(True, True, False), (False, True, True)}:
                found.add((spec.name, value))
    return found


def overlaps(oracle: Oracle) -> dict[tuple[str, str], set[Point]]:
    """Per pair, the numbers shared from two sides at which they do say different things."""
    found: dict[tuple[str, str], set[Point]] = {}
    for (one, two), cases in conflicting(oracle).items():
        points = {
            point for point in meeting_points(oracle, one, two) if any(_is_at(oracle, case, point) for case in cases)
        }
        if points:
            found[one, two] = points
    return found


def conflicts(oracle: Oracle) -> set[tuple[str, str]]:
    """Pairs that say different things elsewhere than at a number they share from two sides."""
    return {
        (one, two)
        for (one, two), cases in conflicting(oracle).items()
        for points in [meeting_points(oracle, one, two)]
        if any(not any(_is_at(oracle, case, point) for point in points) for case in cases)
    }


def _numbers(oracle: Oracle, case: Case) -> Iterator[tuple[int, int]]:
    for i, spec in enumerate(oracle.policy.facts):
        value = case[i]
        if spec.kind not in (FactKind.ENUM, FactKind.BOOLEAN) and not isinstance(value, str):
            yield i, int(value)


def _neighbours(case: Case, fact: int, value: int) -> list[Case]:
    return [(*case[:fact], value + step, *case[fact + 1 :]) for step in (-1, 1)]


def _allows(oracle: Oracle, clause_id: str, fact: str, value: FactValue) -> bool:
    clause = oracle.policy.clause(clause_id)
    assert clause is not None, "a clause of this policy"
    return all(meets(test, value) for test in clause.when if test.fact == fact)


def _is_at(oracle: Oracle, case: Case, point: Point) -> bool:
    return case[oracle.names.index(point[0])] == point[1]
