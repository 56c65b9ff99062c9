"""The checks before publication: each kind by an example one can read, then all of them against trying every case."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.bench.policy_maker import made
from huiliu.bench.policy_oracle import Oracle
from huiliu.bench.policy_parts import repeatable
from huiliu.bench.policy_structured import structured
from huiliu.kit.text import Lang
from huiliu.policy import space
from huiliu.policy.evaluate import judge
from huiliu.policy.identity import sealed
from huiliu.policy.lint import cover as lint_cover
from huiliu.policy.lint.checks import lint, lint_table
from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.lint.replay import replays
from huiliu.policy.lint.words import finding_words, situation_words
from huiliu.policy.model import Clause, FactKind, FactSpec, Outcome, Policy, Range, Test
from huiliu.policy.parse import parse_policy
from huiliu.policy.table import table_of
from tests.policy.by_hand import Found, expected, gap_cases, meets_all
from tests.policy.files import demo, example, small

TRIED = tuple(code for code in FindingCode if not code.value.startswith("law_") and code is not FindingCode.VAGUE_WORDS)


def structural(policy: Policy) -> list[Finding]:
    """The findings that need neither the law nor the published words."""
    return [found for found in lint(policy) if found.code in TRIED]


def only(policy: Policy, code: FindingCode) -> list[Finding]:
    """The findings of one kind, each of which replays."""
    found = [finding for finding in lint(policy) if finding.code is code]
    assert all(replays(policy, finding) for finding in found)
    return found


def named(finding: Finding) -> Found:
    """What identifies a finding, as `by_hand.expected` writes it."""
    facts = finding.facts
    match finding.code:
        case FindingCode.BOUNDARY:
            point = (facts["kind"], facts["fact"], facts["value"])
            return point if facts["kind"] == "gap" else (*point, *finding.clauses)
        case FindingCode.SHADOWED:
            return (finding.clauses[0],)
        case FindingCode.NON_MONOTONE:
            return (facts["fact"], *finding.clauses)
        case FindingCode.HIDING_PAYS:
            return (facts["fact"], facts["better"], facts["worse"])
        case FindingCode.UNREACHABLE_EVIDENCE:
            return (facts["evidence"], finding.severity.value)
        case FindingCode.UNCOLLECTABLE_EVIDENCE:
            return (facts["evidence"],)
        case _:
            return finding.clauses


COVERED = """
  - {编号: F1, 名称: 一小时内, 当: {下单时长: 1小时以内}, 则: 全额退款}
  - {编号: F2, 名称: 一小时后, 当: {下单时长: 超过1小时}, 则: 拒绝}
"""


def test_a_policy_without_faults_has_no_findings() -> None:
    assert lint(demo()) == ()
    assert structural(example()) == []


def test_a_case_without_a_clause_is_a_gap_and_its_example_goes_to_a_person() -> None:
    policy = parse_policy(small("  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误, 次数: 3以上}, 则: 全额退款}"))

    found = only(policy, FindingCode.GAP)

    assert {situation_words(Lang.ZH, policy, each.situation) for each in found} == {
        "退款原因是不想要了",
        "退款原因是充值错误，次数2以下",
    }
    assert all(each.severity is Severity.WARNING for each in found)
    assert judge(policy, found[0].examples[0].facts, frozenset()).clause is None


def test_gaps_past_the_list_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lint_cover, "GAPS_MAX", 1)
    policy = parse_policy(small("  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误, 次数: 3以上}, 则: 全额退款}"))

    (found,) = only(policy, FindingCode.GAP)

    assert found.facts == {"more": 1}
    assert finding_words(Lang.ZH, policy, found)[0].endswith("另外还有 1 种没有列出。")


def test_two_clauses_that_say_different_things_of_one_case_conflict() -> None:
    policy = parse_policy(
        small(COVERED + "  - {编号: F3, 名称: 次数多, 当: {次数: 5以上, 下单时长: 2小时以上}, 则: 转人工}")
    )

    (found,) = only(policy, FindingCode.CONFLICT)

    assert (found.clauses, found.severity) == (("F2", "F3"), Severity.ERROR)
    verdict = judge(policy, found.examples[0].facts, frozenset())
    assert verdict.clause is not None
    assert {verdict.clause.id, *verdict.rivals} == {"F2", "F3"}


def test_a_declared_exception_is_no_conflict_and_neither_are_two_ways_to_the_same_answer() -> None:
    excepted = COVERED + "  - {编号: F3, 名称: 次数多, 当: {次数: 5以上}, 例外于: [F1, F2], 则: 转人工}"
    same = (
        COVERED + "  - {编号: F3, 名称: 次数多, 当: {次数: 5以上, 下单时长: 1小时以内}, 需: [支付截图], 则: 全额退款}"
    )

    assert not only(parse_policy(small(excepted)), FindingCode.CONFLICT)
    assert not only(parse_policy(small(same)), FindingCode.CONFLICT)


@pytest.mark.parametrize(
    ("first", "second", "kind", "severity"),
    [
        ("不满1小时", "超过1小时", "gap", Severity.WARNING),
        ("1小时以内", "1小时以上", "conflict", Severity.ERROR),
    ],
)
def test_exactly_one_hour_that_belongs_to_neither_side_or_to_both_is_a_boundary_and_nothing_else(
    first: str, second: str, kind: str, severity: Severity
) -> None:
    text = COVERED.replace("1小时以内", first).replace("超过1小时", second)
    policy = parse_policy(small(text, rest=""))

    (found,) = [each for each in structural(policy) if each.code is not FindingCode.UNREACHABLE_EVIDENCE]

    assert (found.code, found.severity, found.clauses) == (FindingCode.BOUNDARY, severity, ("F1", "F2"))
    assert found.facts == {"fact": "下单时长", "value": 3_600, "kind": kind}
    assert found.examples[0].facts.values["下单时长"] == 3_600
    assert replays(policy, found)
    assert finding_words(Lang.ZH, policy, found)[0].startswith("下单时长正好 1小时 的，")
    assert finding_words(Lang.EN, policy, found)[0].startswith("When time since the order is exactly 1 hour, ")


def test_a_missing_day_is_a_gap_and_no_boundary() -> None:
    policy = parse_policy(small(COVERED.replace("超过1小时", "1天以上")))

    assert not only(policy, FindingCode.BOUNDARY)
    assert len(only(policy, FindingCode.GAP)) == 1


def test_a_clause_whose_exceptions_cover_it_together_never_decides() -> None:
    text = (
        COVERED
        + """
  - {编号: F3, 名称: 少, 当: {次数: 5以下}, 例外于: [F1], 则: 转人工}
  - {编号: F4, 名称: 多, 当: {次数: 超过5次}, 例外于: [F1], 则: 冷静期后再审}
"""
    )
    shadow = parse_policy(small(text.replace("则: 冷静期后再审", "则: 转人工")))
    cooling = parse_policy(small(text))

    assert only(shadow, FindingCode.SHADOWED)[0].clauses == ("F1", "F3", "F4")
    assert not only(cooling, FindingCode.SHADOWED), "it decides once the cooling-off is over"


def test_a_clause_that_repeats_another_with_more_evidence_is_redundant() -> None:
    text = COVERED + "  - {编号: F3, 名称: 再写一遍, 当: {下单时长: 半小时以内}, 需: [支付截图], 则: 全额退款}"
    policy = parse_policy(small(text.replace("半小时", "30分钟")))

    assert [found.clauses for found in only(policy, FindingCode.REDUNDANT)] == [("F3",)]


@pytest.mark.parametrize(
    "clause",
    [
        "{编号: F3, 名称: 更省事, 当: {下单时长: 30分钟以内}, 则: 全额退款}",
        "{编号: F3, 名称: 即时, 当: {下单时长: 30分钟以内}, 需: [支付截图], 则: 全额退款, 自动: 是}",
        "{编号: F3, 名称: 挡住, 当: {下单时长: 30分钟以内}, 例外于: [F1], 需: [支付截图, 其他], 则: 全额退款}",
    ],
)
def test_a_clause_that_asks_less_or_needs_no_person_or_stands_in_front_of_another_is_not_redundant(clause: str) -> None:
    text = COVERED.replace("当: {下单时长: 1小时以内}", "当: {下单时长: 1小时以内}, 需: [支付截图]")

    assert not only(parse_policy(small(f"{text}  - {clause}")), FindingCode.REDUNDANT)


def test_an_automatic_clause_is_not_redundant_beside_the_same_for_a_person_whatever_else_applies_in_places() -> None:
    text = """
  - {编号: F1, 名称: 审核, 当: {下单时长: 1小时以内}, 需: [支付截图], 则: 全额退款}
  - {编号: F2, 名称: 即时, 当: {下单时长: 30分钟以内}, 需: [支付截图], 则: 全额退款, 自动: 是}
  - {编号: F3, 名称: 另证, 当: {下单时长: 30分钟以内, 次数: 5以上}, 需: [其他], 则: 全额退款}
"""
    assert not only(parse_policy(small(text)), FindingCode.REDUNDANT)


def test_a_clause_that_gives_to_a_person_what_would_go_there_anyway_is_not_redundant() -> None:
    text = COVERED.replace("则: 拒绝", "则: 转人工")

    assert not only(parse_policy(small(text)), FindingCode.REDUNDANT)


def test_an_exception_that_never_meets_its_base_is_shown() -> None:
    text = COVERED.replace("则: 拒绝", "例外于: [F1], 则: 拒绝")

    (found,) = only(parse_policy(small(text)), FindingCode.EMPTY_EXCEPTION)

    assert (found.clauses, found.severity) == (("F2", "F1"), Severity.WARNING)


@pytest.mark.parametrize(
    ("first", "second", "third", "meet"),
    [
        ("5以下", "5以下", "5以下", "all"),
        ("5以下", "3以上", "6以上", "some"),
        ("2以下", "3", "4以上", "none"),
    ],
)
def test_exceptions_in_a_circle_are_an_error_and_say_whether_they_meet(
    first: str, second: str, third: str, meet: str
) -> None:
    policy = parse_policy(
        small(f"""
  - {{编号: F1, 名称: 甲, 当: {{次数: {first}}}, 例外于: [F3], 则: 全额退款}}
  - {{编号: F2, 名称: 乙, 当: {{次数: {second}}}, 例外于: [F1], 则: 拒绝}}
  - {{编号: F3, 名称: 丙, 当: {{次数: {third}}}, 例外于: [F2], 则: 转人工}}
""")
    )

    (found,) = only(policy, FindingCode.EXCEPTION_CYCLE)

    assert (found.clauses, found.severity, found.facts) == (("F1", "F2", "F3"), Severity.ERROR, {"meet": meet})


def test_waiting_longer_must_not_pay_more() -> None:
    text = COVERED.replace("则: 全额退款", "则: 冷静期后再审").replace("则: 拒绝", "则: 按未用比例退款")
    policy = parse_policy(small(text).replace("[0秒, 30天]", "[0秒, 30天], 单调: 越大越差"))

    (found,) = only(policy, FindingCode.NON_MONOTONE)

    assert found.clauses == ("F2", "F1")
    assert [each.facts.values["下单时长"] for each in found.examples] == [3_601, 3_600]
    assert not only(parse_policy(small(text)), FindingCode.NON_MONOTONE), "no trend is declared"


DISPUTED = (
    "  次数: {计数: [0, 10]}\n  核销: {枚举: [未核销, 已核销], 举证方: PARTY, 未举证视为: PRESUMED, 证明: [消耗记录]}"
)


@pytest.mark.parametrize(
    ("party", "presumed", "pays"),
    [("平台", "未核销", False), ("平台", "已核销", True), ("买家", "已核销", False), ("买家", "未核销", True)],
)
def test_a_presumption_must_not_favour_the_side_that_has_to_prove(party: str, presumed: str, *, pays: bool) -> None:
    text = small("""
  - {编号: F1, 名称: 甲, 当: {核销: 未核销}, 则: 全额退款}
  - {编号: F2, 名称: 乙, 当: {核销: 已核销}, 则: 拒绝}
""").replace("  次数: {计数: [0, 10]}", DISPUTED.replace("PARTY", party).replace("PRESUMED", presumed))
    policy = parse_policy(text.replace("[消耗记录]", "[支付截图]") if party == "买家" else text)

    found = only(policy, FindingCode.HIDING_PAYS)

    assert [each.facts["better"] for each in found] == (["F1"] if pays else [])
    for each in found:
        hidden, shown = each.examples
        assert ("核销" in hidden.facts.proven, "核销" in shown.facts.proven) == (False, True)


def test_evidence_that_no_case_asks_for_is_noted_and_evidence_of_dead_clauses_is_a_warning() -> None:
    text = (
        COVERED.replace("超过1小时}", "超过1小时}, 需: [支付截图], 可附: [其他]")
        + """
  - {编号: F3, 名称: 总是, 当: {下单时长: 0秒以上}, 例外于: [F2], 则: 转人工}
"""
    )
    found = only(parse_policy(small(text)), FindingCode.UNREACHABLE_EVIDENCE)

    assert {(each.facts["evidence"], each.severity) for each in found} == {
        ("paid_shot", Severity.WARNING),
        ("other", Severity.NOTE),
        ("unused_declaration", Severity.NOTE),
        ("platform_check", Severity.NOTE),
    }


def test_evidence_that_nobody_can_hand_in_is_an_error_when_it_is_needed() -> None:
    text = small(COVERED.replace("则: 全额退款", "需: [支付截图], 可附: [其他], 则: 全额退款"))
    policy = parse_policy(text)

    found = [each for each in lint(policy, collectable=()) if each.code is FindingCode.UNCOLLECTABLE_EVIDENCE]

    assert [(each.facts["evidence"], each.severity) for each in found] == [
        ("paid_shot", Severity.ERROR),
        ("other", Severity.WARNING),
    ]
    assert all(replays(policy, each) for each in found)
    assert not only(policy, FindingCode.UNCOLLECTABLE_EVIDENCE)


def test_a_check_that_cannot_finish_says_so_and_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "STEPS_MAX", 0)

    found = structural(demo())

    assert {each.code for each in found} == {FindingCode.UNFINISHED}
    assert {str(each.facts["check"]) for each in found} >= {"gap", "shadowed", "redundant"}
    for each in found:
        assert all(finding_words(lang, demo(), each) for lang in Lang)


def test_every_check_has_a_name_to_say_that_it_did_not_finish_by() -> None:
    for code in FindingCode:
        if code not in (FindingCode.UNFINISHED, FindingCode.VAGUE_WORDS):  # words are looked up, not searched for
            found = Finding(code=FindingCode.UNFINISHED, severity=Severity.WARNING, facts={"check": code.value})
            assert all(all(finding_words(lang, demo(), found)) for lang in Lang)
            assert replays(demo(), found)


def test_errors_come_first_then_the_order_of_the_file() -> None:
    for seed in range(40):
        policy = made(repeatable(seed))
        found = lint(policy)
        severities = [list(Severity).index(each.severity) for each in found]
        assert severities == sorted(severities)
        assert lint(policy) == found


def test_a_foreign_table_gets_the_checks_that_need_no_policy() -> None:
    for seed in range(40):
        policy = made(repeatable(seed))
        common = {FindingCode.GAP, FindingCode.CONFLICT, FindingCode.BOUNDARY, FindingCode.EMPTY_EXCEPTION}
        whole = {(each.code, each.clauses) for each in lint(policy) if each.code in common}
        assert {(each.code, each.clauses) for each in lint_table(table_of(policy)) if each.code in common} == whole


def test_a_clause_that_nothing_can_meet_is_shadowed_and_redundant() -> None:
    spec = FactSpec("次数", FactKind.COUNT, domain=Range(0, 9))
    clauses = (
        Clause("F1", "甲", (Test("次数", (), (Range(0, None),)),), Outcome.REJECT),
        Clause("F2", "乙", (Test("次数", (), (Range(20, None),)),), Outcome.REJECT, exception_to=("F1",)),
    )
    policy = sealed(Policy("小", "small", "1", (spec,), tuple(Outcome), clauses))

    found = structural(policy)

    assert {(each.code, each.clauses) for each in found} == {
        (FindingCode.SHADOWED, ("F2",)),
        (FindingCode.REDUNDANT, ("F2",)),
        (FindingCode.EMPTY_EXCEPTION, ("F2", "F1")),
    }
    assert all(replays(policy, each) and all(finding_words(lang, policy, each) for lang in Lang) for each in found)


def test_large_policies_are_checked_to_the_end() -> None:
    policy = structured(repeatable(3), clauses=200, facts=12)

    found = structural(policy)

    assert not [each for each in found if each.code is FindingCode.UNFINISHED]
    assert all(replays(policy, each) for each in found[::7])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1_000_000))
def test_every_check_finds_what_trying_every_case_finds(seed: int) -> None:
    policy = made(repeatable(seed))
    found = lint(policy)

    for code, wanted in expected(policy).items():
        assert {named(each) for each in found if each.code is code} == wanted, code
    gaps = [each.situation for each in found if each.code is FindingCode.GAP]
    oracle = Oracle(policy)
    cases = [case for case in oracle.cases for gap in gaps if meets_all(gap, oracle.facts(case))]
    if len(gaps) < lint_cover.GAPS_MAX:
        assert sorted(map(repr, cases)) == sorted(map(repr, gap_cases(oracle))), "each such case is in one gap"
    for each in found:
        if each.code in TRIED:
            assert each.examples
            assert all(set(shown.facts.values) == {spec.name for spec in policy.facts} for shown in each.examples)
            assert replays(policy, each), each
        for lang in Lang:
            assert all(finding_words(lang, policy, each))
