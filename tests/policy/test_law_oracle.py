"""The law checks against trying every case: made policies of the product's own facts, judged case by case."""

from __future__ import annotations

import itertools
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.policy.evaluate import judge
from huiliu.policy.explain import explain
from huiliu.policy.identity import sealed
from huiliu.policy.law.checks import law_findings
from huiliu.policy.lint.findings import FindingCode, Severity
from huiliu.policy.model import (
    REFUNDS,
    AmountRule,
    Basis,
    Clause,
    FactKind,
    Facts,
    FactSpec,
    Outcome,
    Policy,
    Range,
    ReasonStatus,
    Test,
)
from tests.policy.files import DAY, NOTHING

NOW = date(2026, 11, 24)
REASONS = ("充值未到账", "描述不符", "不想要了")
KINDS = ("卡密", "代练")
USES = ("未使用", "已使用")
STATES = ("已交付", "交付失败")
SEVEN = 7 * DAY
AGES = (0, DAY, DAY + 1, SEVEN, SEVEN + 1)
CUTS = (DAY, SEVEN, SEVEN + 1)
AMOUNTS = (1_00, 100_00, 100_01, 500_00)
SPECS = (
    FactSpec(name="退款原因", kind=FactKind.ENUM, values=REASONS),
    FactSpec(name="商品类型", kind=FactKind.ENUM, values=KINDS),
    FactSpec(name="下单时长", kind=FactKind.DURATION, domain=Range(0, SEVEN + 1)),
    FactSpec(name="使用情况", kind=FactKind.ENUM, values=USES),
    FactSpec(name="购买时确认", kind=FactKind.BOOLEAN),
    FactSpec(name="交付状态", kind=FactKind.ENUM, values=STATES),
    FactSpec(name="金额", kind=FactKind.AMOUNT, domain=Range(1_00, 500_00)),
)
NAMES = tuple(spec.name for spec in SPECS)
CASES = [
    Facts(dict(zip(NAMES, values, strict=True)), frozenset(NAMES))
    for values in itertools.product(REASONS, KINDS, AGES, USES, (True, False), STATES, AMOUNTS)
]


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    clauses: list[Clause] = []
    for number in range(draw(st.integers(1, 5))):
        cut = draw(st.sampled_from(CUTS))
        tests = [
            Test("退款原因", values=tuple(draw(st.sets(st.sampled_from(REASONS), min_size=1)))),
            Test("商品类型", values=(draw(st.sampled_from(KINDS)),)),
            Test("下单时长", ranges=(draw(st.sampled_from((Range(None, cut), Range(cut, None)))),)),
            Test("使用情况", values=(draw(st.sampled_from(USES)),)),
            Test("购买时确认", values=(draw(st.sampled_from(("是", "否"))),)),
            Test("交付状态", values=(draw(st.sampled_from(STATES)),)),
            Test("金额", ranges=(draw(st.sampled_from((Range(None, 100_00), Range(500_00, None)))),)),
        ]
        when = draw(st.lists(st.sampled_from(tests), min_size=1, max_size=3, unique_by=lambda test: test.fact))
        outcome = draw(st.sampled_from(list(Outcome)))
        clauses.append(
            Clause(
                id=f"F{number}",
                name=f"条款{number}",
                when=tuple(when),
                outcome=outcome,
                exception_to=tuple(sorted(draw(st.sets(st.sampled_from([c.id for c in clauses]))))) if clauses else (),
                amount=None
                if outcome not in REFUNDS
                else AmountRule(
                    Basis.FULL if outcome is Outcome.FULL else draw(st.sampled_from((Basis.UNITS, Basis.TIME))),
                    fee_returned=draw(st.booleans()),
                    cap_minor=draw(st.sampled_from((None, 100_00, 500_00))),
                ),
            )
        )
    return sealed(
        Policy(name="生成", id="made", label="1", facts=SPECS, outcomes=tuple(Outcome), clauses=tuple(clauses))
    )


def decided(policy: Policy) -> dict[str, list[Facts]]:
    """Per clause, every case it decides at once or after the cooling-off."""
    found: dict[str, list[Facts]] = {clause.id: [] for clause in policy.clauses}
    for facts in CASES:
        waits = judge(policy, facts, NOTHING).outcome is Outcome.COOLING
        for cooled in (False, True) if waits else (False,):
            for reason in explain(policy, facts, cooled=cooled):
                if reason.status is ReasonStatus.APPLIED:
                    found[reason.clause_id].append(facts)
    return found


def is_return(facts: Facts) -> bool:
    values = facts.values
    age = values["下单时长"]
    return (
        (values["退款原因"], values["使用情况"], values["购买时确认"]) == ("不想要了", "未使用", False)
        and isinstance(age, int)
        and age <= SEVEN
    )


def pays_less(rule: AmountRule | None, facts: Facts) -> bool:
    """Less than everything for certain, whatever units say."""
    if rule is None:
        return False
    amount = facts.values["金额"]
    is_capped = rule.cap_minor is not None and isinstance(amount, int) and amount > rule.cap_minor
    return not rule.fee_returned or is_capped or rule.basis is Basis.TIME


def fails(clause: Clause, facts: Facts) -> bool:
    """Whether the case is the platform's own failure, and the clause keeps money of it."""
    values = facts.values
    if values["使用情况"] != "未使用":
        return False
    less = pays_less(clause.amount, facts)
    match values["退款原因"]:
        case "充值未到账":
            return less or (clause.outcome is Outcome.REJECT and values["交付状态"] == "交付失败")
        case "描述不符":
            return less and clause.outcome is Outcome.FULL
        case _:
            return False


@settings(max_examples=40, deadline=None)
@given(policies())
def test_every_clause_that_breaks_the_law_in_some_case_is_found_and_no_other(policy: Policy) -> None:
    cases = decided(policy)
    refused: dict[str, Severity] = {}
    short: dict[str, Severity] = {}
    own: set[str] = set()
    for clause in policy.clauses:
        returns = [facts for facts in cases[clause.id] if is_return(facts)]
        certain = [facts for facts in returns if facts.values["商品类型"] == "卡密"]
        if returns and clause.outcome is Outcome.REJECT:
            refused[clause.id] = Severity.ERROR if certain else Severity.WARNING
        if clause.amount is not None and any(pays_less(clause.amount, facts) for facts in returns):
            short[clause.id] = Severity.WARNING
            if any(pays_less(clause.amount, facts) for facts in certain):
                short[clause.id] = Severity.ERROR
        elif returns and clause.amount is not None and clause.amount.basis is Basis.UNITS:
            short[clause.id] = Severity.WARNING
        if any(fails(clause, facts) for facts in cases[clause.id]):
            own.add(clause.id)

    findings = law_findings(policy, on=NOW)

    by_code = {
        code: {each.clauses[0]: each.severity for each in findings if each.code is code}
        for code in (FindingCode.LAW_SEVEN_DAYS, FindingCode.LAW_AT_ONCE, FindingCode.LAW_OWN_FAILURE)
    }
    assert by_code[FindingCode.LAW_SEVEN_DAYS] == refused
    assert by_code[FindingCode.LAW_AT_ONCE] == short
    assert set(by_code[FindingCode.LAW_OWN_FAILURE]) == own


@settings(max_examples=40, deadline=None)
@given(policies())
def test_every_example_replays(policy: Policy) -> None:
    for finding in law_findings(policy, on=NOW):
        (case,) = finding.examples
        verdict = judge(policy, case.facts, frozenset(case.evidence))
        answers = {judge(policy, case.facts, NOTHING, cooled=cooled).outcome for cooled in (False, True)}
        clause = policy.clause(finding.clauses[0])

        assert clause is not None
        assert clause.outcome in answers
        assert verdict.clause is not None
        decides = {reason.clause_id for reason in explain(policy, case.facts) if reason.status is ReasonStatus.APPLIED}
        assert decides & set(finding.clauses)
