"""What the checks should find, by trying every case of a small policy: nothing here knows of cells or boxes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from huiliu.bench.policy_oracle import Case, Oracle
from huiliu.policy.lint.findings import FindingCode
from huiliu.policy.model import REFUNDS, FactKind, Facts, Flag, Outcome, Party, Policy, Test, Trend
from huiliu.policy.words import SLOTS

Found = tuple[str | int, ...]


def expected(policy: Policy) -> dict[FindingCode, set[Found]]:
    """Per kind of finding what should be found: the clauses, facts and numbers that identify each."""
    oracle = Oracle(policy)
    pairs = _conflicting(oracle)
    points = {pair: _shared(oracle, *pair) for pair in pairs}
    ids = [clause.id for clause in policy.clauses]
    return {
        FindingCode.CONFLICT: {
            (ids[i], ids[j])
            for (i, j), cases in pairs.items()
            if any(not any(_is_at(oracle, case, point) for point in points[i, j]) for case in cases)
        },
        FindingCode.BOUNDARY: {("gap", *point) for point in holes(oracle)}
        | {
            ("conflict", *point, ids[i], ids[j])
            for (i, j), cases in pairs.items()
            for point in points[i, j]
            if any(_is_at(oracle, case, point) for case in cases)
        },
        FindingCode.SHADOWED: {(ids[i],) for i in range(len(ids)) if i not in live(oracle)},
        FindingCode.REDUNDANT: {(ids[i],) for i in range(len(ids)) if _is_redundant(oracle, i)},
        FindingCode.EMPTY_EXCEPTION: {
            (clause.id, base)
            for i, clause in enumerate(policy.clauses)
            for base in clause.exception_to
            if not any({i, ids.index(base)} <= set(applying) for applying in oracle.applying.values())
        },
        FindingCode.EXCEPTION_CYCLE: _circles(policy),
        FindingCode.NON_MONOTONE: set(_against_trend(oracle)),
        FindingCode.HIDING_PAYS: set(_hiding(oracle)),
        FindingCode.UNREACHABLE_EVIDENCE: set(_unreachable(oracle)),
        FindingCode.UNCOLLECTABLE_EVIDENCE: {
            (code,) for clause in policy.clauses for code in (*clause.needs, *clause.optional) if code not in SLOTS
        },
    }


def gap_cases(oracle: Oracle) -> set[Case]:
    """Cases without a clause that no hole explains."""
    return {case for case, applying in oracle.applying.items() if not applying} - set().union(*holes(oracle).values())


def holes(oracle: Oracle) -> dict[tuple[str, int], set[Case]]:
    """Numbers that no clause covers although one more and one less are covered, the rest unchanged."""
    found: dict[tuple[str, int], set[Case]] = {}
    for case, applying in oracle.applying.items():
        for i, value in _numbers(oracle, case) if not applying else ():
            if all(oracle.applying.get((*case[:i], value + step, *case[i + 1 :])) for step in (-1, 1)):
                found.setdefault((oracle.names[i], value), set()).add(case)
    return found


def live(oracle: Oracle) -> set[int]:
    """Clauses that are live in some case, at once or with the cooling clauses left out."""
    return {i for case in oracle.cases for cooled in (False, True) for i in oracle.answer(case, cooled=cooled).live}


def meets_all(situation: tuple[Test, ...], facts: Facts) -> bool:
    """Whether a case is in a situation."""
    for test in situation:
        value = facts.values[test.fact]
        if isinstance(value, bool):
            is_met = ("是" if value else "否") in test.values
        elif isinstance(value, str):
            is_met = value in test.values
        else:
            is_met = any(value in span for span in test.ranges)
        if not is_met:
            return False
    return True


def _conflicting(oracle: Oracle) -> dict[tuple[int, int], set[Case]]:
    found: dict[tuple[int, int], set[Case]] = {}
    clauses = oracle.policy.clauses
    for case in oracle.cases:
        for i, j in combinations(oracle.answer(case).live, 2):
            if oracle.rank(clauses[i]) != oracle.rank(clauses[j]):
                found.setdefault((i, j), set()).add(case)
    return found


def _shared(oracle: Oracle, i: int, j: int) -> set[tuple[str, int]]:
    """Numbers at which one of two clauses ends and the other begins."""
    found: set[tuple[str, int]] = set()
    for place, spec in enumerate(oracle.policy.facts):
        if spec.kind in (FactKind.ENUM, FactKind.BOOLEAN):
            continue
        for value in [int(each) for each in oracle.domains[place]][1:-1]:
            sides = {tuple(_allows(oracle, index, spec.name, value + step) for step in (-1, 0, 1)) for index in (i, j)}
            if sides == {(True, True, False), (False, True, True)}:
                found.add((spec.name, value))
    return found


def _allows(oracle: Oracle, index: int, fact: str, value: int) -> bool:
    tests = [test for test in oracle.policy.clauses[index].when if test.fact == fact]
    return all(any(value in span for span in test.ranges) for test in tests)


def _is_redundant(oracle: Oracle, index: int) -> bool:
    return all(
        _comes_to(oracle, case, None) == _comes_to(oracle, case, index)
        for case in oracle.cases
        if index in oracle.applying[case]
    )


def _comes_to(oracle: Oracle, case: Case, leave_out: int | None) -> object:
    now = _answer(oracle, case, leave_out, cooled=False)
    is_waiting = now[0] is Outcome.COOLING
    return now, _answer(oracle, case, leave_out, cooled=True) if is_waiting else None


def _answer(oracle: Oracle, case: Case, leave_out: int | None, *, cooled: bool) -> tuple[object, ...]:
    answer = oracle.answer(case, leave_out=leave_out, cooled=cooled)
    chosen = [oracle.policy.clauses[i] for i in answer.chosen]
    extras = [e for e in oracle.policy.extras if meets_all(e.when, oracle.facts(case))]
    is_clear = answer.outcome in REFUNDS and not answer.rivals and not any(isinstance(e.flag, Flag) for e in extras)
    automatic = [c for c in chosen if is_clear and (c.automatic or any(e.automatic for e in extras))]
    sets = [{frozenset(clause.needs) for clause in group} for group in (chosen, automatic)]
    smallest = [{one for one in group if not any(two < one for two in group)} for group in sets]
    return answer.outcome, answer.amount, bool(chosen), frozenset(smallest[0]), frozenset(smallest[1])


def _circles(policy: Policy) -> set[Found]:
    above = {clause.id: set(clause.exception_to) for clause in policy.clauses}
    reached = {name: set(found) for name, found in above.items()}
    for _ in above:
        reached = {name: found.union(*(above[each] for each in found)) for name, found in reached.items()}
    groups = {
        tuple(other for other in above if other in reached[name] and name in reached[other])
        for name in above
        if name in reached[name]
    }
    return set(groups)


def _against_trend(oracle: Oracle) -> Iterator[Found]:
    for place, spec in enumerate(oracle.policy.facts):
        for one, two in pairwise(oracle.domains[place]) if spec.trend is not None else ():
            better, worse = (two, one) if spec.trend is Trend.LARGER_WORSE else (one, two)
            for case in oracle.cases:
                if case[place] == better:
                    other = (*case[:place], worse, *case[place + 1 :])
                    for good, bad in _beats(oracle, case, other):
                        if good and bad:
                            yield spec.name, good, bad


def _hiding(oracle: Oracle) -> Iterator[Found]:
    for place, spec in enumerate(oracle.policy.facts):
        if spec.burden is None or spec.presumed is None:
            continue
        for case in oracle.cases:
            hidden = (*case[:place], spec.presumed, *case[place + 1 :])
            two = (case, hidden) if spec.burden is Party.PLATFORM else (hidden, case)
            for good, bad in _beats(oracle, *two):
                yield spec.name, good, bad


def _beats(oracle: Oracle, one: Case, two: Case) -> Iterator[tuple[str, str]]:
    """The clauses by which the first case comes to something better than the second; '' for no clause."""
    (rank_one, by_one), (rank_two, by_two) = _standing(oracle, one), _standing(oracle, two)
    if rank_one < rank_two:
        yield from ((good, bad) for good in by_one for bad in by_two)


def _standing(oracle: Oracle, case: Case) -> tuple[tuple[float, ...], list[str]]:
    answer, order = oracle.answer(case), oracle.policy.outcomes
    if answer.chosen:
        clauses = [oracle.policy.clauses[i] for i in answer.chosen]
        return oracle.rank(clauses[0]), [clause.id for clause in clauses]
    # No clause, so a person: after the clauses that give the case to a person, before whatever is worse.
    return (order.index(Outcome.PERSON) + 0.5 if Outcome.PERSON in order else len(order),), [""]


def _unreachable(oracle: Oracle) -> Iterator[Found]:
    policy = oracle.policy
    reached = [policy.clauses[i] for i in live(oracle)]
    proofs = {code for spec in policy.facts if spec.burden is not None for code in spec.proven_by}
    for code in policy.costs:
        if code not in proofs and not any(code in (*clause.needs, *clause.optional) for clause in reached):
            yield code, "warning" if any(code in clause.needs for clause in policy.clauses) else "note"


def _numbers(oracle: Oracle, case: Case) -> Iterator[tuple[int, int]]:
    for i, spec in enumerate(oracle.policy.facts):
        value = case[i]
        if spec.kind not in (FactKind.ENUM, FactKind.BOOLEAN) and not isinstance(value, str):
            yield i, int(value)


def _is_at(oracle: Oracle, case: Case, point: tuple[str, int]) -> bool:
    return case[oracle.names.index(point[0])] == point[1]
