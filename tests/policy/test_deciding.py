"""The search for a case that a clause decides finds one exactly when there is one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.policy.evaluate import judge
from huiliu.policy.identity import sealed
from huiliu.policy.law.deciding import Budget, Deciding, Wants
from huiliu.policy.model import Facts, FactValue, Outcome, Policy, Range, Test
from huiliu.policy.space import OutOfSteps
from huiliu.policy.table import Box, Table, table_of
from tests.policy.files import NOTHING, demo
from tests.policy.test_properties import CASES, oracle, policies

PROVEN = [case for case in CASES if case.proven]


def _is_in(table: Table, box: Box, facts: Facts) -> bool:
    return all(mask >> _cell(table, axis, facts.values[table.axes[axis].fact]) & 1 for axis, mask in enumerate(box))


def _cell(table: Table, axis: int, value: FactValue) -> int:
    spans = table.axes[axis].spans
    if not spans:
        return table.axes[axis].samples.index(value)
    assert isinstance(value, int)
    return next(i for i, span in enumerate(spans) if value in span)


@settings(max_examples=150, deadline=None)
@given(policies())
def test_the_boxes_hold_the_cases_that_a_clause_decides_and_no_others(policy: Policy) -> None:
    deciding = Deciding(policy)
    table = table_of(policy)
    decides = [(case, oracle(policy, case)[1]) for case in PROVEN]
    for index, clause in enumerate(policy.clauses):
        boxes = [
            deciding.space.unpack(box) for box in deciding.now.boxes_of(index, deciding.space.all, deciding.budget)
        ]
        for case, winners in decides:
            assert any(_is_in(table, box, case) for box in boxes) == (clause.id in winners)


@settings(max_examples=100, deadline=None)
@given(policies(), st.sampled_from(["甲", "乙"]), st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_a_case_with_wanted_facts_is_found_when_there_is_one(
    policy: Policy, kind: str, one: int, other: int, bad: bool
) -> None:
    low, high = min(one, other), max(one, other)
    wants: Wants = {"种类": (kind,), "时长": Range(low, high), "前科": (bad,), "没有这个事实": ("甲",)}
    deciding = Deciding(policy)
    fitting = [
        case
        for case in PROVEN
        if case.values["种类"] == kind and case.values["时长"] in range(low, high + 1) and case.values["前科"] is bad
    ]
    for clause in policy.clauses:
        found = deciding.case(clause, wants, is_cooled=False)

        assert (found is not None) == any(clause.id in oracle(policy, case)[1] for case in fitting)
        if found is not None:
            assert clause.id in oracle(policy, found.facts)[1]
            assert found.facts.values["种类"] == kind
            assert found.facts.values["时长"] in range(low, high + 1)


@settings(max_examples=100, deadline=None)
@given(policies())
def test_what_decides_after_a_cooling_off_is_found_with_the_clause_that_made_it_wait(policy: Policy) -> None:
    deciding = Deciding(policy)
    for clause in policy.clauses:
        found = deciding.case(clause, {}, is_cooled=True)

        waiting = [case for case in PROVEN if judge(policy, case, NOTHING).outcome is Outcome.COOLING]
        is_told = clause.outcome is not Outcome.COOLING and any(
            clause.id in _alternatives(policy, case) for case in waiting
        )
        assert (found is not None) == is_told
        if found is not None:
            assert found.cooling is not None
            assert judge(policy, found.facts, NOTHING).outcome is Outcome.COOLING
            assert judge(policy, found.facts, NOTHING, cooled=True).outcome is clause.outcome


def _alternatives(policy: Policy, case: Facts) -> set[str]:
    """The clauses that decide a case once those that make it wait are gone."""
    rest = tuple(clause for clause in policy.clauses if clause.outcome is not Outcome.COOLING)
    kept = {clause.id for clause in rest}
    bare = tuple(
        type(clause)(
            id=clause.id,
            name=clause.name,
            when=clause.when,
            outcome=clause.outcome,
            amount=clause.amount,
            exception_to=tuple(name for name in clause.exception_to if name in kept),
        )
        for clause in rest
    )
    if not bare:
        return set()
    return oracle(
        sealed(Policy(name="冷静后", id="made", label="1", facts=policy.facts, outcomes=policy.outcomes, clauses=bare)),
        case,
    )[1]


def test_further_conditions_narrow_the_search() -> None:
    deciding = Deciding(demo())
    clause = demo().clause("F2")
    assert clause is not None

    assert deciding.case(clause, {}, within=(Test("金额", ranges=(Range(500_00, None),)),)) is not None
    assert deciding.case(clause, {}, within=(Test("使用情况", values=("已使用",)),)) is None


def test_a_fact_of_another_kind_than_wanted_is_nowhere() -> None:
    assert Deciding(demo()).any_case({"下单时长": ("未使用",)}) is None
    assert Deciding(demo()).any_case({"使用情况": Range(0, 5)}) is None


def test_a_search_that_may_not_go_on_says_so() -> None:
    deciding = Deciding(demo())
    deciding.budget = Budget(0)

    with pytest.raises(OutOfSteps):
        deciding.case(demo().clauses[0], {})
