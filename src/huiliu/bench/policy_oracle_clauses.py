"""Clauses that do nothing, exceptions that go nowhere, facts that work the wrong way round: by trying every case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from huiliu.bench.policy_oracle import Answer, Case, Oracle
from huiliu.policy.model import REFUNDS, AmountRule, Clause, FactValue, Flag, Outcome, Party, Trend

Sets = frozenset[frozenset[str]]


class Full(msgspec.Struct, frozen=True):
    """All that a case comes to with every fact known and proven, whatever the evidence and whatever the clauses are called."""

    outcome: Outcome
    is_decided: bool
    amount: AmountRule | None
    evidence: Sets
    """The alternatives that are enough, none with more than it needs."""
    without_person: Sets
    """The least evidence with which no person is needed."""
    flags: frozenset[Flag]
    cooled: Full | None
    """What follows a cooling-off."""


def full(oracle: Oracle, case: Case, *, leave_out: int | None = None) -> Full:
    """What a case comes to, on request without one clause."""
    now = oracle.answer(case, leave_out=leave_out)
    later = None
    if now.outcome is Outcome.COOLING and now.live:
        later = _full(oracle, case, oracle.answer(case, leave_out=leave_out, cooled=True), None)
    return _full(oracle, case, now, later)


def shadowed(oracle: Oracle) -> set[str]:
    """Clauses that are live in no case, neither at once nor when a cooling-off is over."""
    seen = {i for case in oracle.cases for cooled in (False, True) for i in oracle.answer(case, cooled=cooled).live}
    return {clause.id for i, clause in enumerate(oracle.policy.clauses) if i not in seen}


def redundant(oracle: Oracle) -> set[str]:
    """Clauses without which every case comes to the same."""
    before = {case: full(oracle, case) for case in oracle.cases}
    return {
        clause.id
        for i, clause in enumerate(oracle.policy.clauses)
        if all(full(oracle, case, leave_out=i) == before[case] for case in oracle.cases if i in oracle.applying[case])
    }


def empty_exceptions(oracle: Oracle) -> set[tuple[str, str]]:
    """(exception, clause it names) that apply to no case together."""
    clauses = oracle.policy.clauses
    together = {(clauses[i].id, clauses[j].id) for each in set(oracle.applying.values()) for i in each for j in each}
    return {
        (clause.id, base) for clause in clauses for base in clause.exception_to if (clause.id, base) not in together
    }


def circles(oracle: Oracle) -> set[frozenset[str]]:
    """Groups of clauses that are exceptions to one another by some chain."""
    above = {clause.id: set(clause.exception_to) for clause in oracle.policy.clauses}
    reached = {name: _reached(above, name) for name in above}
    return {
        frozenset(other for other in reached[name] if name in reached[other]) for name in above if name in reached[name]
    }


def non_monotone(oracle: Oracle) -> set[tuple[str, str, str]]:
    """(fact, clause, clause): two cases that differ by one step of a fact with a trend, both decided by a clause, of which
    the one that should be worse for the buyer is decided by the first of the two, and better."""
    found: set[tuple[str, str, str]] = set()
    for i, spec in enumerate(oracle.policy.facts):
        if spec.trend is None:
            continue
        for value, larger in zip(oracle.domains[i], oracle.domains[i][1:], strict=False):
            worse, better = (value, larger) if spec.trend is Trend.LARGER_BETTER else (larger, value)
            found |= {(spec.name, good, bad) for good, bad in _better(oracle, i, worse, better) if good and bad}
    return found


def hiding_pays(oracle: Oracle) -> set[tuple[str, str, str]]:
    """(fact, better, worse): the party that has to prove a fact does better where it is not proven; '' for no clause."""
    found: set[tuple[str, str, str]] = set()
    for i, spec in enumerate(oracle.policy.facts):
        if spec.burden is None or spec.presumed is None:
            continue
        for value in oracle.domains[i]:
            proven_is_good = spec.burden is Party.PLATFORM
            first, second = (value, spec.presumed) if proven_is_good else (spec.presumed, value)
            found |= {(spec.name, good, bad) for good, bad in _better(oracle, i, first, second)}
    return found


def unreachable_evidence(oracle: Oracle) -> set[str]:
    """Declared evidence that proves no disputed fact and that no clause which is ever live needs or takes."""
    policy, never = oracle.policy, shadowed(oracle)
    useful = {code for spec in policy.facts if spec.burden for code in spec.proven_by}
    for clause in policy.clauses:
        if clause.id not in never:
            useful |= {*clause.needs, *clause.optional}
    return set(policy.costs) - useful


def standing(oracle: Oracle, answer: Answer) -> tuple[int, ...]:
    """How good an answer is for the buyer: less is better. A person because no clause decides stands after clauses that
    send the case to a person."""
    if answer.live:
        return oracle.rank(oracle.policy.clauses[answer.chosen[0]])
    order = oracle.policy.outcomes
    return (order.index(Outcome.PERSON) if Outcome.PERSON in order else len(order), 1)


def _better(oracle: Oracle, fact: int, one: FactValue, two: FactValue) -> Iterator[tuple[str, str]]:
    """The clauses that decide, for every case that is strictly better with the first value of a fact than with the second."""
    ids = [clause.id for clause in oracle.policy.clauses]
    for case in oracle.cases:
        if case[fact] != one:
            continue
        good, bad = oracle.answer(case), oracle.answer((*case[:fact], two, *case[fact + 1 :]))
        if standing(oracle, good) < standing(oracle, bad):
            for first in [ids[i] for i in good.chosen] or [""]:
                for second in [ids[i] for i in bad.chosen] or [""]:
                    yield first, second


def _full(oracle: Oracle, case: Case, answer: Answer, later: Full | None) -> Full:
    flags = oracle.flags(case)
    chosen = [oracle.policy.clauses[i] for i in answer.chosen]
    is_clear = answer.outcome in REFUNDS and not flags and not answer.rivals
    payable = [clause for clause in chosen if is_clear and (clause.automatic or oracle.lets_through(case))]
    return Full(
        outcome=answer.outcome,
        is_decided=bool(answer.live),
        amount=answer.amount,
        evidence=_least(chosen) if chosen else frozenset({frozenset[str]()}),
        without_person=_least(payable),
        flags=flags,
        cooled=later,
    )


def _least(clauses: Iterable[Clause]) -> Sets:
    sets = {frozenset(clause.needs) for clause in clauses}
    return frozenset(needs for needs in sets if not any(other < needs for other in sets))


def _reached(above: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = above[waiting.pop()] - seen
        seen |= fresh
        waiting += fresh
    return seen
