"""Findings shown again by judging their cases, with nothing of what found them: a finding nobody can replay is a rumour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from huiliu.policy.answers import Answer, smallest
from huiliu.policy.conditions import holds
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import explain
from huiliu.policy.identity import sealed
from huiliu.policy.lint.findings import Finding, FindingCode
from huiliu.policy.model import Facts, Outcome, Party, Policy, ReasonStatus
from huiliu.policy.table import Effect, person_rank, ranks_of

NOTHING: frozenset[str] = frozenset()
LIVE = (ReasonStatus.APPLIED, ReasonStatus.OUTRANKED)
APPLIES = (*LIVE, ReasonStatus.DEFEATED)


def replays(policy: Policy, finding: Finding) -> bool:
    """Whether every case of a structural finding shows what it says, by `judge` and `explain` alone.

    True for a check that did not finish, which claims no case. Raises KeyError for what the law or the wording says.
    """
    return _REPLAYS[finding.code](policy, finding)


def answer_to(policy: Policy, facts: Facts) -> Answer:
    """What a case with every fact known comes to, from verdicts alone; `answers.Side.answer` without its tables."""
    answer = _answer_at(policy, facts, cooled=False)
    if answer.outcome == Outcome.COOLING.value and answer.is_decided:
        return msgspec.structs.replace(answer, cooled=_answer_at(policy, facts, cooled=True))
    return answer


def without_clause(policy: Policy, clause_id: str) -> Policy:
    """The policy without one clause and without what it was an exception to."""
    kept = tuple(
        msgspec.structs.replace(clause, exception_to=tuple(name for name in clause.exception_to if name != clause_id))
        for clause in policy.clauses
        if clause.id != clause_id
    )
    return sealed(msgspec.structs.replace(policy, clauses=kept, golden=(), content_hash=b""))


def _answer_at(policy: Policy, facts: Facts, *, cooled: bool) -> Answer:
    verdict = judge(policy, facts, NOTHING, cooled=cooled)
    statuses = {reason.clause_id: reason.status for reason in explain(policy, facts, cooled=cooled)}
    chosen = [clause for clause in policy.clauses if statuses[clause.id] is ReasonStatus.APPLIED]
    effects = [Effect(clause.outcome.value, clause.amount, clause.needs, clause.automatic) for clause in chosen]
    # Which of the alternatives pays without a person shows when exactly its evidence is at hand.
    payable = [each for each in effects if judge(policy, facts, frozenset(each.needs), cooled=cooled).automatic]
    return Answer(
        outcome=verdict.outcome.value,
        amount=verdict.amount,
        evidence=smallest(effects) if effects else frozenset({NOTHING}),
        automatic=smallest(payable),
        flags=verdict.flags,
        is_decided=verdict.clause is not None,
    )


def _statuses(policy: Policy, facts: Facts, *, cooled: bool = False) -> dict[str, ReasonStatus]:
    return {reason.clause_id: reason.status for reason in explain(policy, facts, cooled=cooled)}


def _applying(policy: Policy, facts: Facts) -> set[str]:
    return {name for name, status in _statuses(policy, facts).items() if status in APPLIES}


def _live(policy: Policy, facts: Facts, *, cooled: bool = False) -> set[str]:
    return {name for name, status in _statuses(policy, facts, cooled=cooled).items() if status in LIVE}


def _first(finding: Finding) -> Facts:
    return finding.examples[0].facts


def _gap(policy: Policy, finding: Finding) -> bool:
    verdict = judge(policy, _first(finding), NOTHING)
    return verdict.clause is None and verdict.outcome is Outcome.PERSON and not _applying(policy, _first(finding))


def _conflict(policy: Policy, finding: Finding) -> bool:
    ranks = ranks_of(policy)
    one, two = finding.clauses
    verdict = judge(policy, _first(finding), NOTHING)
    return verdict.conflict and {one, two} <= _live(policy, _first(finding)) and ranks[one] != ranks[two]


def _shadowed(policy: Policy, finding: Finding) -> bool:
    name, facts = finding.clauses[0], _first(finding)
    return name not in _live(policy, facts) and name not in _live(policy, facts, cooled=True)


def _redundant(policy: Policy, finding: Finding) -> bool:
    facts = _first(finding)
    if len(policy.clauses) == 1:
        return not _applying(policy, facts)
    return answer_to(policy, facts) == answer_to(without_clause(policy, finding.clauses[0]), facts)


def _empty_exception(policy: Policy, finding: Finding) -> bool:
    name, base = finding.clauses
    clause = policy.clause(name)
    return clause is not None and base in clause.exception_to and not {name, base} <= _applying(policy, _first(finding))


def _exception_cycle(policy: Policy, finding: Finding) -> bool:
    group = set(finding.clauses)
    above = {clause.id: set(clause.exception_to) for clause in policy.clauses}
    here = group & _applying(policy, _first(finding))
    if any(group - {name} - _reached(above, name) for name in group):
        return False
    match finding.facts["meet"]:
        case "all":
            return here == group
        case "some":
            return any(above[name] & here for name in here)
        case _:
            return not any(above[name] & here for name in here)


def _reached(above: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = above[waiting.pop()] - seen
        seen |= fresh
        waiting += fresh
    return seen


def _boundary(policy: Policy, finding: Finding) -> bool:
    fact, value = str(finding.facts["fact"]), finding.facts["value"]
    at = _first(finding)
    assert isinstance(value, int), "a boundary is a number"
    below, above = (Facts({**at.values, fact: value + step}, at.proven) for step in (-1, 1))
    if at.values[fact] != value:
        return False
    if finding.facts["kind"] == "gap":
        return _gap(policy, finding) and bool(_applying(policy, below)) and bool(_applying(policy, above))
    one, two = finding.clauses
    sides = [_applying(policy, facts) & {one, two} for facts in (below, above)]
    return _conflict(policy, finding) and sorted(map(len, sides)) == [1, 1] and sides[0] != sides[1]


def _non_monotone(policy: Policy, finding: Finding) -> bool:
    fact = str(finding.facts["fact"])
    spec = policy.fact(fact)
    good, bad = (example.facts for example in finding.examples)
    if spec is None or spec.trend is None or not _differ_only_in(fact, good, bad):
        return False
    values = [good.values[fact], bad.values[fact]]
    places = [spec.values.index(str(value)) if spec.values else int(value) for value in values]
    is_later = places[0] > places[1]
    ranks = ranks_of(policy)
    first, second = (judge(policy, facts, NOTHING).clause for facts in (good, bad))
    if first is None or second is None or is_later != (spec.trend.value == "larger_worse"):
        return False
    shown = ranks[first.id] == ranks[finding.clauses[0]] and ranks[second.id] == ranks[finding.clauses[1]]
    return shown and ranks[first.id] < ranks[second.id]


def _hiding_pays(policy: Policy, finding: Finding) -> bool:
    fact = str(finding.facts["fact"])
    hidden, shown = (example.facts for example in finding.examples)
    spec = policy.fact(fact)
    if spec is None or fact in hidden.proven or fact not in shown.proven or hidden.values != shown.values:
        return False
    standing_hidden, standing_shown = (_standing(policy, facts) for facts in (hidden, shown))
    if spec.burden is Party.PLATFORM:
        return standing_shown < standing_hidden
    return standing_hidden < standing_shown


def _standing(policy: Policy, facts: Facts) -> int:
    clause = judge(policy, facts, NOTHING).clause
    return person_rank(policy) if clause is None else 2 * ranks_of(policy)[clause.id] + 1


def _unreachable_evidence(policy: Policy, finding: Finding) -> bool:
    code = str(finding.facts["evidence"])
    live = _live(policy, _first(finding)) | _live(policy, _first(finding), cooled=True)
    naming = {clause.id for clause in policy.clauses if code in (*clause.needs, *clause.optional)}
    return code in policy.costs and naming == set(finding.clauses) and not naming & live


def _uncollectable_evidence(policy: Policy, finding: Finding) -> bool:
    code = str(finding.facts["evidence"])
    naming = [clause for clause in policy.clauses if clause.id in finding.clauses]
    facts = _first(finding)
    shown = [clause for clause in naming if all(holds(test, facts.values[test.fact]) for test in clause.when)]
    return bool(shown) and all(code in (*clause.needs, *clause.optional) for clause in naming)


def _differ_only_in(fact: str, one: Facts, two: Facts) -> bool:
    rest = [{name: value for name, value in facts.values.items() if name != fact} for facts in (one, two)]
    return rest[0] == rest[1] and one.proven == two.proven and one.values[fact] != two.values[fact]


Replay: TypeAlias = Callable[[Policy, Finding], bool]

_REPLAYS: Mapping[FindingCode, Replay] = MappingProxyType(
    {
        FindingCode.GAP: _gap,
        FindingCode.CONFLICT: _conflict,
        FindingCode.SHADOWED: _shadowed,
        FindingCode.REDUNDANT: _redundant,
        FindingCode.EMPTY_EXCEPTION: _empty_exception,
        FindingCode.EXCEPTION_CYCLE: _exception_cycle,
        FindingCode.BOUNDARY: _boundary,
        FindingCode.NON_MONOTONE: _non_monotone,
        FindingCode.HIDING_PAYS: _hiding_pays,
        FindingCode.UNREACHABLE_EVIDENCE: _unreachable_evidence,
        FindingCode.UNCOLLECTABLE_EVIDENCE: _uncollectable_evidence,
        FindingCode.UNFINISHED: lambda _policy, finding: not finding.examples,
    }
)
