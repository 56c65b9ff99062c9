"""Single cases put to the product and to the oracle: the verdict, the reasons, the advice, and the file itself."""

from __future__ import annotations

import msgspec

from huiliu.bench.policy_count import Count, Subject
from huiliu.bench.policy_oracle import Decision, meets
from huiliu.bench.policy_oracle_advice import cheapest, may_prove
from huiliu.bench.policy_text import policy_yaml
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import Advice, advise, explain
from huiliu.policy.model import REFUNDS, ClauseReason, Facts, Outcome, ReasonStatus
from huiliu.policy.parse import parse_policy

CASES_EACH = 12
"""Cases of a policy that are put to `judge`, `explain` and `advise`, half of them with unknown facts."""
FOLLOWED = "a refund"


def ask_file(subject: Subject, count: Count) -> None:
    """A policy written out in either language reads back as itself."""
    english = bool(subject.seed % 2)
    read = parse_policy(policy_yaml(subject.policy, english=english))
    count.ask(subject.seed, "the file reads back", found=read == subject.policy, expected=True)


def ask_judge(subject: Subject, count: Count) -> None:
    """The verdict: outcome, money, clause, what is missing or asked for, flags, rivals, and whether a person is needed."""
    for i in range(CASES_EACH):
        facts, evidence, cooled = subject.drawn_case(known=1.0 if i % 2 else 0.7, strange=0.03)
        verdict = judge(subject.policy, facts, evidence, cooled=cooled)
        found = Decision(
            outcome=verdict.outcome,
            amount=verdict.amount,
            clause="" if verdict.clause is None else verdict.clause.id,
            missing=frozenset(verdict.missing),
            automatic=verdict.automatic,
            flags=frozenset(verdict.flags),
            rivals=frozenset(verdict.rivals),
            ask=frozenset(verdict.ask),
        )
        expected = expected_of(subject, facts, evidence, found.missing, cooled=cooled)
        count.ask(subject.seed, shown(facts, evidence, cooled=cooled), found=found, expected=expected)


def expected_of(
    subject: Subject, facts: Facts, evidence: frozenset[str], missing: frozenset[str], *, cooled: bool
) -> Decision:
    """What the oracle decides, waiting for `missing` where that is as cheap as what it would itself wait for, and enough."""
    oracle, costs = subject.oracle, subject.policy.costs
    expected = oracle.decide(facts, evidence, cooled=cooled)
    if missing == expected.missing or sum(costs[code] for code in missing) != sum(costs[c] for c in expected.missing):
        return expected
    is_enough = not oracle.decide(facts, evidence | missing, cooled=cooled).missing
    return msgspec.structs.replace(expected, missing=missing) if is_enough else expected


def ask_explain(subject: Subject, count: Count) -> None:
    """What became of every clause. With unknown facts only what is certain is compared."""
    for i in range(CASES_EACH):
        facts, _, cooled = subject.drawn_case(known=1.0 if i % 2 else 0.7)
        found = explain(subject.policy, facts, cooled=cooled)
        expected = _reasons(subject, facts, cooled=cooled)
        compared = tuple(None if other is None else reason for reason, other in zip(found, expected, strict=True))
        count.ask(subject.seed, shown(facts, frozenset(), cooled=cooled), found=compared, expected=expected)


def ask_advise(subject: Subject, count: Count) -> None:
    """The advice costs least, proves nothing that is not the buyer's to prove, and followed it leads to the refund."""
    for i in range(CASES_EACH):
        facts, evidence, cooled = subject.drawn_case(known=1.0 if i % 3 else 0.8, proven=0.15)
        advice = advise(subject.policy, facts, evidence, cooled=cooled)
        what = shown(facts, evidence, cooled=cooled)
        expected = cheapest(subject.oracle, facts, evidence, cooled=cooled)
        count.ask(subject.seed, what, found=None if advice is None else advice.cost, expected=expected)


def ask_advice_followed(subject: Subject, count: Count) -> None:
    """Every advice that is given, followed."""
    for i in range(CASES_EACH):
        facts, evidence, cooled = subject.drawn_case(known=1.0 if i % 3 else 0.8, proven=0.15)
        advice = advise(subject.policy, facts, evidence, cooled=cooled)
        if advice is not None:
            what = shown(facts, evidence, cooled=cooled)
            problem = _follow(subject, facts, evidence, advice, cooled=cooled)
            count.ask(subject.seed, what, found=problem, expected=FOLLOWED)


def _follow(subject: Subject, facts: Facts, evidence: frozenset[str], advice: Advice, *, cooled: bool) -> str:
    added = frozenset(advice.evidence)
    if not added or added & evidence:
        return "asks for nothing new"
    if advice.cost != sum(subject.policy.costs[code] for code in added):
        return "a wrong sum of trouble"
    for name, value in advice.proves:
        spec = subject.policy.fact(name)
        if spec is None or not may_prove(spec, facts, value) or not (evidence | added) & set(spec.proven_by):
            return f"tells the buyer to say {name} is {value}"
    proves = dict(advice.proves)
    if advice.facts != Facts({**facts.values, **proves}, facts.proven | proves.keys()):
        return "another case than the one asked about"
    for after in (
        judge(subject.policy, advice.facts, evidence | added, cooled=cooled),
        subject.oracle.decide(advice.facts, evidence | added, cooled=cooled),
    ):
        if after.outcome not in REFUNDS or after.missing or after.ask:
            return "no refund"
    return FOLLOWED


def _reasons(subject: Subject, facts: Facts, *, cooled: bool) -> tuple[ClauseReason | None, ...]:
    """In the words of the design: the first fact in the policy's order that failed, else the first unknown one, else who
    took the clause's place; None where that turns on an unknown fact."""
    oracle, clauses = subject.oracle, subject.policy.clauses
    seen = dict(zip(oracle.names, oracle.seen(facts), strict=True))
    is_known = all(value is not None for value in seen.values())
    answer = oracle.answer(tuple(v for v in seen.values() if v is not None), cooled=cooled) if is_known else None
    reasons: list[ClauseReason | None] = []
    for i, clause in enumerate(clauses):
        tests = sorted(clause.when, key=lambda test: oracle.names.index(test.fact))
        known = [(test, value) for test in tests if (value := seen[test.fact]) is not None]
        failed = next(((test.fact, value) for test, value in known if not meets(test, value)), None)
        unknown = next((test.fact for test in tests if seen[test.fact] is None), None)
        if cooled and clause.outcome is Outcome.COOLING:
            reasons.append(ClauseReason(clause.id, ReasonStatus.COOLED))
        elif failed is not None:
            reasons.append(ClauseReason(clause.id, ReasonStatus.FAILED, *failed))
        elif unknown is not None:
            reasons.append(ClauseReason(clause.id, ReasonStatus.UNKNOWN, unknown))
        elif answer is None:
            reasons.append(None)
        elif i in dict(answer.defeated):
            by = clauses[dict(answer.defeated)[i]].id
            reasons.append(ClauseReason(clause.id, ReasonStatus.DEFEATED, by=by))
        elif i in answer.chosen:
            reasons.append(ClauseReason(clause.id, ReasonStatus.APPLIED))
        else:
            reasons.append(ClauseReason(clause.id, ReasonStatus.OUTRANKED, by=clauses[answer.chosen[0]].id))
    return tuple(reasons)


def shown(facts: Facts, evidence: frozenset[str], *, cooled: bool) -> str:
    """A case as it is told where somebody disagrees about it."""
    return f"{facts.values} proven {sorted(facts.proven)} with {sorted(evidence)}{' cooled' if cooled else ''}"
