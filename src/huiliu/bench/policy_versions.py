"""Another version of a made policy, to compare with: the edits that operators make, and some they rarely do."""

from __future__ import annotations

from random import Random

import msgspec

from huiliu.bench.policy_parts import condition, drawn_clause, drawn_extra, ordered, presumption
from huiliu.policy.identity import sealed
from huiliu.policy.model import Clause, Extra, FactKind, FactSpec, Outcome, Policy, Range

FRESH_WORD = "新增的情形"


def changed(random: Random, policy: Policy) -> Policy:
    """Another version of a small policy: up to three edits of its clauses, and now and then of everything else."""
    clauses = list(policy.clauses)
    for _ in range(random.randint(0, 3)):
        clauses = _edited(random, policy, clauses)
    facts = tuple(_other_fact(random, spec) for spec in policy.facts)
    extras = _other_extras(random, policy)
    if random.random() < 0.1:
        tested = {test.fact for rule in (*clauses, *extras) for test in rule.when}
        tested |= {override.scope.fact for override in policy.overrides}
        facts = tuple(spec for spec in facts if spec.name in tested) or facts
    version = msgspec.structs.replace(
        policy,
        clauses=tuple(clauses),
        costs={code: random.randint(1, 6) for code in policy.costs} if random.random() < 0.2 else policy.costs,
        facts=facts,
        extras=extras,
        outcomes=_other_order(random, policy.outcomes) if random.random() < 0.15 else policy.outcomes,
        golden=(),
        content_hash=b"",
    )
    return sealed(version)


def _edited(random: Random, policy: Policy, clauses: list[Clause]) -> list[Clause]:
    """One edit of one clause."""
    i = random.randrange(len(clauses))
    clause = clauses[i]
    match random.randrange(9):
        case 0 if len(clauses) > 1:
            return [_without(other, clause.id) for other in clauses if other.id != clause.id]
        case 1 | 2:
            spec = random.choice(policy.facts)
            tests = {test.fact: test for test in clause.when} | {spec.name: condition(random, spec)}
            clause = msgspec.structs.replace(clause, when=ordered(policy.facts, tests))
        case 3:
            fresh = drawn_clause(random, clause.id, clause.when, policy.outcomes, policy.costs)
            clause = msgspec.structs.replace(fresh, exception_to=clause.exception_to)
        case 4:
            needs = tuple(code for code in policy.costs if random.random() < 0.4)
            clause = msgspec.structs.replace(clause, needs=needs, optional=())
        case 5:
            clause = msgspec.structs.replace(clause, exception_to=())
        case 6 if clause.amount is not None:
            rule = msgspec.structs.replace(clause.amount, fee_returned=not clause.amount.fee_returned)
            clause = msgspec.structs.replace(clause, amount=rule)
        case 7:
            return [_renamed(other, clause.id, f"N{clause.id}") for other in clauses]
        case _:
            return random.sample(clauses, k=len(clauses))
    return [*clauses[:i], clause, *clauses[i + 1 :]]


def _without(clause: Clause, clause_id: str) -> Clause:
    bases = tuple(name for name in clause.exception_to if name != clause_id)
    return msgspec.structs.replace(clause, exception_to=bases)


def _renamed(clause: Clause, old: str, new: str) -> Clause:
    bases = tuple(new if name == old else name for name in clause.exception_to)
    return msgspec.structs.replace(clause, id=new if clause.id == old else clause.id, exception_to=bases)


def _other_fact(random: Random, spec: FactSpec) -> FactSpec:
    """Sometimes with another presumption, one more word, or a wider domain."""
    if spec.burden is not None and random.random() < 0.1:
        spec = msgspec.structs.replace(spec, presumed=presumption(random, spec))
    if random.random() > 0.1:
        return spec
    if spec.kind is FactKind.ENUM and FRESH_WORD not in spec.values:
        words_en = (*spec.values_en, "new one") if spec.values_en else ()
        return msgspec.structs.replace(spec, values=(*spec.values, FRESH_WORD), values_en=words_en)
    if spec.domain.low is not None and spec.domain.high is not None:
        return msgspec.structs.replace(spec, domain=Range(spec.domain.low, spec.domain.high + random.randint(1, 2)))
    return spec


def _other_extras(random: Random, policy: Policy) -> tuple[Extra, ...]:
    if random.random() < 0.8:
        return policy.extras
    kept = tuple(extra for extra in policy.extras if random.random() < 0.5)
    return (*kept, drawn_extra(random, "A9", policy.facts)) if random.random() < 0.5 else kept


def _other_order(random: Random, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Waiting and a person elsewhere on the ladder."""
    loose = [each for each in outcomes if each in (Outcome.COOLING, Outcome.PERSON)]
    found = [each for each in outcomes if each not in loose]
    for each in loose:
        found.insert(random.randint(0, len(found)), each)
    return tuple(found)
