"""Judging against an oracle written from the rules' wording: generated policies, every case, every set of evidence."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.policy.evaluate import judge
from huiliu.policy.explain import advise, explain
from huiliu.policy.identity import sealed
from huiliu.policy.model import (
    REFUNDS,
    AmountRule,
    Basis,
    Clause,
    Extra,
    FactKind,
    Facts,
    FactSpec,
    FactValue,
    Flag,
    Outcome,
    Party,
    Policy,
    Range,
    ReasonStatus,
    Test,
)

KIND = FactSpec(name="种类", kind=FactKind.ENUM, values=("甲", "乙", "丙"))
USE = FactSpec(
    name="使用",
    kind=FactKind.ENUM,
    values=("未", "已"),
    burden=Party.PLATFORM,
    presumed="未",
    proven_by=("consumption_record",),
)
AGE = FactSpec(name="时长", kind=FactKind.DURATION, domain=Range(0, 9))
BAD = FactSpec(name="前科", kind=FactKind.BOOLEAN)
SLOTS = ("paid_shot", "time_gap", "other")
COSTS = {"paid_shot": 1, "time_gap": 2, "other": 4}

AGES = range(0, 10)
CASES = [
    Facts({"种类": kind, "使用": use, "时长": age, "前科": bad}, frozenset({"使用"}) if proven else frozenset())
    for kind in KIND.values
    for use in USE.values
    for age in AGES
    for bad in (True, False)
    for proven in (True, False)
]
EVIDENCE = [frozenset(chosen) for size in range(4) for chosen in itertools.combinations(SLOTS, size)]


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    low = draw(st.none() | st.integers(0, 8))
    high = draw(st.none() | st.integers(0 if low is None else low, 9))
    return Range(low, high)


@st.composite
def whens(draw: st.DrawFn) -> tuple[Test, ...]:
    tests = [
        Test("种类", values=tuple(draw(st.sets(st.sampled_from(KIND.values), min_size=1, max_size=3)))),
        Test("使用", values=(draw(st.sampled_from(USE.values)),)),
        Test("时长", ranges=tuple(draw(st.lists(ranges(), min_size=1, max_size=2)))),
        Test("前科", values=(draw(st.sampled_from(("是", "否"))),)),
    ]
    return tuple(draw(st.lists(st.sampled_from(tests), min_size=1, max_size=3, unique_by=lambda test: test.fact)))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    clauses: list[Clause] = []
    for number in range(draw(st.integers(1, 6))):
        outcome = draw(st.sampled_from(list(Outcome)))
        amount = None
        if outcome in REFUNDS:
            basis = Basis.FULL if outcome is Outcome.FULL else Basis.UNITS
            amount = AmountRule(basis, fee_returned=draw(st.booleans()))
        earlier = [clause.id for clause in clauses]
        clauses.append(
            Clause(
                id=f"F{number}",
                name=f"条款{number}",
                when=draw(whens()),
                outcome=outcome,
                needs=tuple(sorted(draw(st.sets(st.sampled_from(SLOTS))))),
                exception_to=tuple(sorted(draw(st.sets(st.sampled_from(earlier))))) if earlier else (),
                amount=amount,
                automatic=outcome in REFUNDS and draw(st.booleans()),
            )
        )
    extras = (Extra("A1", "附加", draw(whens()), flag=Flag.RISK_REVIEW),) if draw(st.booleans()) else ()
    return sealed(
        Policy(
            name="生成",
            id="made",
            label="1",
            facts=(KIND, USE, AGE, BAD),
            outcomes=tuple(Outcome),
            clauses=tuple(clauses),
            costs=COSTS,
            extras=extras,
        )
    )


def _met(test: Test, value: FactValue) -> bool:
    if test.fact == "时长":
        assert isinstance(value, int)
        return any(
            (span.low is None or span.low <= value) and (span.high is None or value <= span.high)
            for span in test.ranges
        )
    word = {True: "是", False: "否"}[value] if isinstance(value, bool) else value
    return word in test.values


def oracle(policy: Policy, facts: Facts) -> tuple[Outcome, set[str], bool, bool]:
    """(outcome, clauses that lead to it, conflict, flagged) straight from the words of the design."""
    values = dict(facts.values)
    if "使用" not in facts.proven:
        values["使用"] = "未"
    applies = [clause for clause in policy.clauses if all(_met(test, values[test.fact]) for test in clause.when)]
    beaten = {base for clause in applies for base in clause.exception_to}
    left = [clause for clause in applies if clause.id not in beaten]
    flagged = any(all(_met(test, values[test.fact]) for test in extra.when) for extra in policy.extras)
    if not left:
        return Outcome.PERSON, set(), False, flagged

    def rank(clause: Clause) -> tuple[int, bool]:
        return policy.outcomes.index(clause.outcome), clause.amount is not None and not clause.amount.fee_returned

    best = min(rank(clause) for clause in left)
    winners = {clause.id for clause in left if rank(clause) == best}
    return policy.outcomes[best[0]], winners, len(winners) < len(left), flagged


@settings(max_examples=60, deadline=None)
@given(policies(), st.sampled_from(EVIDENCE), st.data())
def test_judging_agrees_with_the_oracle(policy: Policy, evidence: frozenset[str], data: st.DataObject) -> None:
    for facts in data.draw(st.lists(st.sampled_from(CASES), min_size=30, max_size=30)):
        outcome, winners, conflict, flagged = oracle(policy, facts)

        verdict = judge(policy, facts, evidence)

        assert (verdict.outcome, verdict.conflict, bool(verdict.flags)) == (outcome, conflict, flagged)
        assert (verdict.clause.id if verdict.clause else None) in (winners or {None})
        if verdict.clause is not None:
            assert set(verdict.missing) == set(verdict.clause.needs) - evidence
            lacking = {
                sum(COSTS[slot] for slot in clause.needs if slot not in evidence)
                for clause in policy.clauses
                if clause.id in winners
            }
            assert sum(COSTS[slot] for slot in verdict.missing) == min(lacking)
            assert verdict.automatic <= (
                verdict.complete and verdict.outcome in REFUNDS and not flagged and not conflict
            )


@settings(max_examples=60, deadline=None)
@given(policies(), st.sampled_from(CASES), st.sets(st.sampled_from(["种类", "使用", "时长", "前科"])))
def test_more_evidence_never_hurts(policy: Policy, facts: Facts, hidden: set[str]) -> None:
    facts = Facts({name: value for name, value in facts.values.items() if name not in hidden}, facts.proven)
    verdicts = {evidence: judge(policy, facts, evidence) for evidence in EVIDENCE}

    for less, more in itertools.product(EVIDENCE, repeat=2):
        if less < more:
            before, after = verdicts[less], verdicts[more]
            assert (after.outcome, after.amount, after.ask) == (before.outcome, before.amount, before.ask)
            assert after.complete >= before.complete
            assert after.automatic >= before.automatic
            if not hidden:
                assert sum(COSTS[slot] for slot in after.missing) <= sum(COSTS[slot] for slot in before.missing)


@settings(max_examples=50, deadline=None)
@given(policies(), st.sampled_from(CASES), st.sets(st.sampled_from(["种类", "使用", "时长", "前科"]), min_size=1))
def test_unknown_facts_are_asked_for_exactly_when_they_matter(policy: Policy, facts: Facts, hidden: set[str]) -> None:
    partly = Facts({name: value for name, value in facts.values.items() if name not in hidden}, facts.proven)
    domains: dict[str, list[FactValue]] = {
        "种类": list(KIND.values),
        "使用": list(USE.values),
        "时长": list(AGES),
        "前科": [True, False],
    }
    open_facts = [name for name in hidden if name != "使用" or "使用" in facts.proven]
    results: dict[tuple[FactValue, ...], tuple[Outcome, AmountRule | None]] = {}
    for chosen in itertools.product(*(domains[name] for name in open_facts)):
        full = Facts({**partly.values, **dict(zip(open_facts, chosen, strict=True))}, partly.proven)
        verdict = judge(policy, full, frozenset())
        results[chosen] = verdict.outcome, verdict.amount
    matters = {
        name
        for index, name in enumerate(open_facts)
        for one, two in itertools.combinations(results, 2)
        if results[one] != results[two]
        and all(a == b for i, (a, b) in enumerate(zip(one, two, strict=True)) if i != index)
    }

    verdict = judge(policy, partly, frozenset())

    assert set(verdict.ask) == matters
    if matters:
        assert verdict.outcome is Outcome.PERSON
    else:
        assert set(results.values()) == {(verdict.outcome, verdict.amount)}


@settings(max_examples=60, deadline=None)
@given(policies(), st.sampled_from(CASES), st.sampled_from(EVIDENCE))
def test_advice_is_cheapest_and_following_it_completes_the_case(
    policy: Policy, facts: Facts, evidence: frozenset[str]
) -> None:
    outcome, winners, _, _ = oracle(policy, facts)
    verdict = judge(policy, facts, evidence)

    advice = advise(policy, facts, evidence)

    if outcome not in REFUNDS or verdict.complete:
        assert advice is None
        return
    assert advice is not None
    after = judge(policy, facts, evidence | set(advice.evidence))
    assert (after.complete, after.outcome) == (True, outcome)
    cheapest = min(
        sum(COSTS[slot] for slot in more - evidence)
        for more in EVIDENCE
        if any(set(clause.needs) <= evidence | more for clause in policy.clauses if clause.id in winners)
    )
    assert advice.cost == cheapest


@settings(max_examples=60, deadline=None)
@given(policies(), st.sampled_from(CASES))
def test_every_clause_gets_its_reason(policy: Policy, facts: Facts) -> None:
    _, winners, _, _ = oracle(policy, facts)
    values = {**facts.values, **({} if "使用" in facts.proven else {"使用": "未"})}
    applies = {c.id for c in policy.clauses if all(_met(test, values[test.fact]) for test in c.when)}
    beaten = {base for c in policy.clauses if c.id in applies for base in c.exception_to} & applies

    found = {reason.clause_id: reason for reason in explain(policy, facts)}

    assert set(found) == {clause.id for clause in policy.clauses}
    assert {name for name, reason in found.items() if reason.status is ReasonStatus.APPLIED} == winners
    assert {name for name, reason in found.items() if reason.status is ReasonStatus.DEFEATED} == beaten
    assert {name for name, reason in found.items() if reason.status is ReasonStatus.FAILED} == set(found) - applies
    for reason in found.values():
        if reason.status is ReasonStatus.FAILED:
            clause = policy.clause(reason.clause_id)
            assert clause is not None
            test = next(test for test in clause.when if test.fact == reason.fact)
            assert reason.value is not None
            assert not _met(test, reason.value)
