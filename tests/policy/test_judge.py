"""Judging single cases: every clause of the example, the hours on the boundary, exceptions, presumption, doubt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huiliu.policy.evaluate import judge
from huiliu.policy.model import Basis, Facts, FactValue, Flag, Outcome
from huiliu.policy.parse import parse_policy
from tests.conftest import NOW
from tests.policy.files import DAY, HOUR, NOTHING, case, example, small

EVERY_CLAUSE: list[tuple[str, str, Outcome, bool, dict[str, FactValue], set[str]]] = [
    ("F1", "充值未到账", Outcome.FULL, False, {}, {"paid_shot", "not_arrived_shot", "time_gap"}),
    ("F2", "充值错误", Outcome.FULL, False, {}, {"paid_shot"}),
    ("F3", "服务未达标", Outcome.PART, False, {}, {"opening_record", "usage_time", "promise_compare"}),
    (
        "F3",
        "服务未达标",
        Outcome.PART,
        True,
        {"使用情况": "部分使用"},
        {"opening_record", "usage_time", "promise_compare"},
    ),
    ("F4", "描述不符", Outcome.FULL, True, {"使用情况": "已使用"}, {"detail_page", "difference"}),
    ("F5", "不想要了", Outcome.FULL, False, {}, set()),
    ("F6", "不想要了", Outcome.FULL, False, {"下单时长": 2 * HOUR}, {"unused_declaration", "platform_check"}),
    ("F7", "不想要了", Outcome.PART, True, {"使用情况": "部分使用"}, set()),
    ("F7", "充值错误", Outcome.PART, True, {"使用情况": "部分使用", "下单时长": 9 * DAY}, set()),
    ("F8", "不想要了", Outcome.REJECT, True, {"使用情况": "已使用"}, set()),
    ("F8", "充值错误", Outcome.REJECT, True, {"使用情况": "已使用"}, set()),
    ("F8", "服务未达标", Outcome.REJECT, True, {"使用情况": "已使用", "下单时长": 400 * DAY}, set()),
    ("F9", "不想要了", Outcome.COOLING, False, {"下单时长": 25 * HOUR}, set()),
    ("F9", "不想要了", Outcome.COOLING, True, {"下单时长": 25 * HOUR, "使用情况": "部分使用"}, set()),
    ("F0", "不想要了", Outcome.PERSON, False, {"曾伪造凭证": True}, set()),
    ("F0", "不想要了", Outcome.PERSON, True, {"曾伪造凭证": True, "使用情况": "已使用"}, set()),
    ("F0", "充值未到账", Outcome.PERSON, False, {"曾伪造凭证": True}, set()),
]


@pytest.mark.parametrize(("clause", "reason", "outcome", "proven", "over", "missing"), EVERY_CLAUSE)
def test_every_clause_of_the_example_answers_its_case(
    clause: str, reason: str, outcome: Outcome, proven: bool, over: dict[str, FactValue], missing: set[str]
) -> None:
    verdict = judge(example(), case(reason, proven=proven, **over), NOTHING)

    assert verdict.clause is not None
    assert (verdict.clause.id, verdict.outcome, set(verdict.missing)) == (clause, outcome, missing)
    assert not verdict.conflict
    assert verdict.ask == ()


@pytest.mark.parametrize(
    ("age", "clause"),
    [
        (0, "F5"),
        (HOUR - 1, "F5"),
        (HOUR, "F5"),
        (HOUR + 1, "F6"),
        (DAY - 1, "F6"),
        (DAY, "F6"),
        (DAY + 1, "F9"),
        (3650 * DAY, "F9"),
    ],
)
def test_exactly_one_hour_is_within_and_exactly_a_day_is_not_past_it(age: int, clause: str) -> None:
    verdict = judge(example(), case("不想要了", 下单时长=age), NOTHING)

    assert verdict.clause is not None
    assert verdict.clause.id == clause


@pytest.mark.parametrize(
    ("minor", "flags"), [(499_99, ()), (500_00, (Flag.RISK_REVIEW,)), (500_01, (Flag.RISK_REVIEW,))]
)
def test_exactly_500_yuan_is_500_yuan_or_more(minor: int, flags: tuple[Flag, ...]) -> None:
    assert judge(example(), case("不想要了", 金额=minor), NOTHING).flags == flags


BOUNDARIES = [
    ("1小时以内", {HOUR - 1, HOUR}),
    ("1小时以下", {HOUR - 1, HOUR}),
    ("1小时以上", {HOUR, HOUR + 1}),
    ("届满1小时", {HOUR, HOUR + 1}),
    ("1小时届满", {HOUR, HOUR + 1}),
    ("超过1小时", {HOUR + 1}),
    ("1小时以外", {HOUR + 1}),
    ("不满1小时", {HOUR - 1}),
    ("within 1 hour", {HOUR - 1, HOUR}),
    ("at most 60 minutes", {HOUR - 1, HOUR}),
    ("at least 1 hour", {HOUR, HOUR + 1}),
    ("upon 1 hour", {HOUR, HOUR + 1}),
    ("more than 1 hour", {HOUR + 1}),
    ("beyond 1 hour", {HOUR + 1}),
    ("less than 1 hour", {HOUR - 1}),
    ("1小时以上且1小时以下", {HOUR}),
    ("1天以内且1小时以内", {HOUR - 1, HOUR}),
    ("1小时以上 并且 超过1分钟", {HOUR, HOUR + 1}),
    ("more than 1 minute and less than 1 hour", {HOUR - 1}),
    ("[不满1小时, 超过1小时]", {HOUR - 1, HOUR + 1}),
]


@pytest.mark.parametrize(("words", "inside"), BOUNDARIES)
def test_each_boundary_word_includes_or_excludes_its_number(words: str, inside: set[int]) -> None:
    policy = parse_policy(small(f"  - {{编号: F1, 名称: 甲, 当: {{下单时长: {words}}}, 则: 全额退款}}"))

    ages = {age for age in (HOUR - 1, HOUR, HOUR + 1) if judge(policy, Facts({"下单时长": age}), NOTHING).clause}

    assert ages == inside


def test_no_clause_means_a_person_and_never_a_refusal() -> None:
    policy = parse_policy(small("  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 拒绝}"))

    verdict = judge(policy, Facts({"退款原因": "不想要了"}), NOTHING)

    assert verdict.outcome is Outcome.PERSON
    assert verdict.clause is None


def test_a_word_outside_the_enumeration_meets_no_condition() -> None:
    verdict = judge(example(), case("别的原因"), NOTHING)

    assert (verdict.outcome, verdict.clause, verdict.ask) == (Outcome.PERSON, None, ())


def test_an_exception_defeats_its_base_and_only_its_base() -> None:
    policy = parse_policy(
        small("""
  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 全额退款}
  - {编号: F2, 名称: 乙, 当: {下单时长: 超过1天}, 例外于: [F1], 则: 拒绝}
  - {编号: F3, 名称: 丙, 当: {次数: 3次以上}, 例外于: [F2], 则: 转人工}
""")
    )

    def outcome(reason: str, age: int, times: int) -> tuple[str, bool]:
        verdict = judge(policy, Facts({"退款原因": reason, "下单时长": age, "次数": times}), NOTHING)
        return ("" if verdict.clause is None else verdict.clause.id, verdict.conflict)

    assert outcome("充值错误", DAY, 0) == ("F1", False)
    assert outcome("充值错误", DAY + 1, 0) == ("F2", False)
    # The exception to the exception takes its place; it does not bring the base back.
    assert outcome("充值错误", DAY + 1, 3) == ("F3", False)
    assert outcome("不想要了", DAY, 0) == ("", False)


def test_a_conflict_goes_to_the_buyer_and_is_flagged() -> None:
    policy = parse_policy(
        small("""
  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 拒绝}
  - {编号: F2, 名称: 乙, 当: {下单时长: 1小时以内}, 则: 全额退款, 自动: 是}
  - {编号: F3, 名称: 丙, 当: {退款原因: [充值错误, 不想要了]}, 则: 按未用比例退款}
""")
    )

    verdict = judge(policy, Facts({"退款原因": "充值错误", "下单时长": 60}), NOTHING)

    assert verdict.clause is not None
    assert (verdict.clause.id, verdict.outcome, verdict.conflict) == ("F2", Outcome.FULL, True)
    assert set(verdict.rivals) == {"F1", "F3"}
    assert not verdict.automatic, "a conflict is looked at by a person"


def test_among_clauses_of_one_outcome_the_better_money_wins_and_counts_as_a_conflict() -> None:
    policy = parse_policy(
        small("""
  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 全额退款, 金额: {手续费: 不退}}
  - {编号: F2, 名称: 乙, 当: {下单时长: 1小时以内}, 则: 全额退款, 金额: {上限: 50元}}
  - {编号: F3, 名称: 丙, 当: {下单时长: 1小时以内}, 则: 全额退款, 金额: {上限: 80元}}
""")
    )

    verdict = judge(policy, Facts({"退款原因": "充值错误", "下单时长": 60}), NOTHING)

    assert verdict.clause is not None
    assert verdict.clause.id == "F3"
    assert verdict.rivals == ("F1", "F2")


def test_the_presumption_holds_until_the_platform_proves_use() -> None:
    claimed = judge(example(), case("不想要了", 使用情况="已使用"), NOTHING)
    proven = judge(example(), case("不想要了", proven=True, 使用情况="已使用"), NOTHING)

    assert claimed.clause is not None
    assert (claimed.clause.id, claimed.presumed) == ("F5", ("使用情况",))
    assert (proven.outcome, proven.presumed) == (Outcome.REJECT, ())


def test_silence_about_a_disputed_fact_is_judged_like_an_unproven_claim() -> None:
    facts = case("不想要了")
    silent = Facts({name: value for name, value in facts.values.items() if name != "使用情况"})

    assert judge(example(), silent, NOTHING) == judge(example(), case("不想要了", 使用情况="已使用"), NOTHING)


def test_a_fact_called_proven_but_not_given_is_asked_for() -> None:
    facts = case("不想要了")
    nothing = Facts({k: v for k, v in facts.values.items() if k != "使用情况"}, frozenset({"使用情况"}))

    verdict = judge(example(), nothing, NOTHING)

    assert (verdict.outcome, verdict.ask) == (Outcome.PERSON, ("使用情况",))


def test_an_unknown_fact_is_asked_for_only_when_it_matters() -> None:
    policy = example()
    without_age = {name: value for name, value in case("不想要了").values.items() if name != "下单时长"}

    unused = judge(policy, Facts(without_age), NOTHING)
    used = judge(policy, Facts({**without_age, "使用情况": "已使用"}, frozenset({"使用情况"})), NOTHING)

    assert (unused.outcome, unused.ask, unused.complete) == (Outcome.PERSON, ("下单时长",), False)
    assert used.clause is not None
    assert (used.clause.id, used.ask) == ("F8", ())


def test_an_unknown_amount_keeps_the_flag_and_never_goes_through_by_itself() -> None:
    policy = parse_policy(
        small(
            "  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 全额退款, 自动: 是}",
            rest="附加:\n  - {编号: A1, 名称: 多次, 当: {次数: 3次以上}, 加: 风控复核}",
        )
    )

    verdict = judge(policy, Facts({"退款原因": "充值错误"}), NOTHING)

    assert (verdict.outcome, verdict.ask, verdict.flags) == (Outcome.FULL, (), (Flag.RISK_REVIEW,))
    assert not verdict.automatic


def test_unknown_facts_that_only_change_the_evidence_ask_for_all_of_it() -> None:
    policy = parse_policy(
        small("""
  - {编号: F1, 名称: 甲, 当: {下单时长: 1小时以内}, 需: [支付截图], 则: 全额退款}
  - {编号: F2, 名称: 乙, 当: {下单时长: 超过1小时}, 需: [未使用声明], 则: 全额退款}
""")
    )

    verdict = judge(policy, Facts({}), NOTHING)

    assert (verdict.outcome, verdict.ask) == (Outcome.FULL, ())
    assert set(verdict.missing) == {"paid_shot", "unused_declaration"}
    assert judge(policy, Facts({}), frozenset({"paid_shot", "unused_declaration"})).complete


def test_of_two_ways_to_the_same_refund_the_one_with_less_missing_is_taken() -> None:
    policy = parse_policy(
        small("""
  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 需: [未使用声明, 支付截图], 则: 全额退款}
  - {编号: F2, 名称: 乙, 当: {下单时长: 1小时以内}, 需: [平台核验截图], 则: 全额退款, 自动: 是}
""")
    )
    facts = Facts({"退款原因": "充值错误", "下单时长": 60})

    def taken(*have: str) -> tuple[str, tuple[str, ...], bool]:
        verdict = judge(policy, facts, frozenset(have))
        assert verdict.clause is not None
        assert not verdict.conflict
        return verdict.clause.id, verdict.missing, verdict.automatic

    # Both ways cost 3; the one that needs no person afterwards is the shorter.
    assert taken() == ("F2", ("platform_check",), False)
    assert taken("paid_shot") == ("F1", ("unused_declaration",), False)
    assert taken("platform_check") == ("F2", (), True)
    assert taken("platform_check", "paid_shot", "unused_declaration") == ("F2", (), True)


def test_evidence_may_be_named_by_the_policys_word_too() -> None:
    assert judge(example(), case("充值错误"), frozenset({"支付截图"})).complete


def test_automatic_needs_complete_evidence_and_no_flag() -> None:
    source = small(
        "  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 需: [支付截图], 则: 全额退款, 自动: 是}",
        rest="附加:\n  - {编号: A1, 名称: 多次, 当: {次数: 3次以上}, 加: 第二人复核}",
    )
    policy = parse_policy(source)
    paid = frozenset({"paid_shot"})

    assert judge(policy, Facts({"退款原因": "充值错误", "次数": 2}), paid).automatic
    assert not judge(policy, Facts({"退款原因": "充值错误", "次数": 2}), NOTHING).automatic
    assert not judge(policy, Facts({"退款原因": "充值错误", "次数": 3}), paid).automatic


def test_an_extra_can_let_a_small_case_through() -> None:
    policy = parse_policy(
        small(
            "  - {编号: F1, 名称: 甲, 当: {退款原因: [充值错误, 不想要了]}, 则: 全额退款}",
            rest="附加:\n  - {编号: A1, 名称: 首次, 当: {次数: 1}, 自动: 是}",
        )
    )

    assert judge(policy, Facts({"退款原因": "充值错误", "次数": 1}), NOTHING).automatic
    assert not judge(policy, Facts({"退款原因": "充值错误", "次数": 2}), NOTHING).automatic


def test_cooling_off_counts_from_the_first_application_and_then_the_base_decides() -> None:
    facts = case("不想要了", 下单时长=3 * DAY)

    waiting = judge(example(), facts, NOTHING, filed_at=NOW)
    after = judge(example(), facts, NOTHING, filed_at=NOW, cooled=True)

    assert waiting.cooling_until == NOW + timedelta(hours=24)
    assert after.clause is not None
    assert (after.clause.id, after.cooling_until) == ("F6", None)


def test_a_part_refund_is_by_units_and_a_full_one_is_full() -> None:
    part = judge(example(), case("不想要了", proven=True, 使用情况="部分使用"), NOTHING)
    full = judge(example(), case("不想要了"), NOTHING)

    assert part.amount is not None
    assert full.amount is not None
    assert (part.amount.basis, full.amount.basis) == (Basis.UNITS, Basis.FULL)
