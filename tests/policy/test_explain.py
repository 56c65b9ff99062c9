"""Reasons in words, how long an answer stands, and what is never said."""

from __future__ import annotations

import pytest

from huiliu.kit.text import Lang
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import advice_words, advise, explain, open_for, reason_words, with_reasons
from huiliu.policy.model import Facts, FactValue, Outcome, ReasonStatus
from huiliu.policy.parse import parse_policy
from tests.policy.files import DAY, HOUR, NOTHING, case, demo, example, small


def said(facts: Facts, lang: Lang, clause_id: str, *, cooled: bool = False) -> str:
    policy = demo()
    reason = next(reason for reason in explain(policy, facts, cooled=cooled) if reason.clause_id == clause_id)
    return reason_words(lang, policy, reason)


def facts_of(reason: str, *, proven: bool = False, **over: FactValue) -> Facts:
    given = case(reason, proven=proven, **over)
    return Facts({**given.values, "交付状态": "已交付"}, given.proven)


def test_a_clause_that_does_not_apply_names_the_fact_and_what_it_wants() -> None:
    facts = facts_of("不想要了", 下单时长=2 * HOUR)

    assert said(facts, Lang.ZH, "F5") == "F5 一小时内且未使用：不适用。下单时长为2小时，该条款要求1小时以内。"
    assert said(facts, Lang.EN, "F5") == (
        "F5 Within one hour and unused: does not apply. time since the order: 2 hours; the clause is for: within 1 hour."
    )
    assert said(facts, Lang.ZH, "F9") == "F9 超过24小时进入冷静期：不适用。下单时长为2小时，该条款要求超过24小时。"


def test_a_defeated_clause_names_its_exception() -> None:
    facts = facts_of("不想要了", 下单时长=2 * DAY)

    assert said(facts, Lang.ZH, "F9") == "F9 超过24小时进入冷静期：适用。"
    assert said(facts, Lang.ZH, "F6") == "F6 超过一小时但确未使用：本来适用，被例外条款 F9 超过24小时进入冷静期 取代。"
    assert said(facts, Lang.EN, "F6", cooled=True) == "F6 Past one hour but truly unused: applies."
    assert said(facts, Lang.ZH, "F9", cooled=True) == "F9 超过24小时进入冷静期：冷静期已过，不再适用。"


def test_the_reason_comes_before_lesser_facts() -> None:
    assert "退款原因为不想要了" in said(facts_of("不想要了"), Lang.ZH, "F10")


def test_an_unknown_fact_is_said_to_be_unknown() -> None:
    facts = facts_of("不想要了")
    without = Facts({name: value for name, value in facts.values.items() if name != "下单时长"})

    assert said(without, Lang.ZH, "F5") == "F5 一小时内且未使用：还不能确定。下单时长尚不清楚，该条款要求1小时以内。"


def test_a_clause_that_lost_a_conflict_says_to_which() -> None:
    policy = parse_policy(
        small("""
  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 拒绝}
  - {编号: F2, 名称: 乙, 当: {下单时长: 1小时以内}, 则: 全额退款}
""")
    )
    lost = explain(policy, Facts({"退款原因": "充值错误", "下单时长": 60}))[0]

    assert lost.status is ReasonStatus.OUTRANKED
    assert reason_words(Lang.ZH, policy, lost) == "F1 甲：也适用，但 F2 乙 对您更有利。"


def test_reasons_travel_with_the_verdict() -> None:
    facts = facts_of("不想要了")
    verdict = with_reasons(demo(), facts, judge(demo(), facts, NOTHING))

    assert [reason.clause_id for reason in verdict.reasons] == [clause.id for clause in demo().clauses]


def test_nothing_said_to_buyers_comes_from_the_extras() -> None:
    policy, facts = demo(), facts_of("不想要了", 金额=5_000_00)
    assert judge(policy, facts, NOTHING).flags

    lines = [reason_words(lang, policy, reason) for lang in Lang for reason in explain(policy, facts)]

    assert not any("500" in line or "2,000" in line or "风控" in line or "大额" in line for line in lines)


def test_advice_is_only_ever_evidence() -> None:
    advice = advise(demo(), facts_of("不想要了", 下单时长=2 * HOUR), frozenset({"unused_declaration"}))

    assert advice is not None
    assert advice.evidence == ("platform_check",)
    assert advice_words(Lang.ZH, demo(), advice, is_filed=True) == (
        "补上平台核验截图，即可按 F6 超过一小时但确未使用 办理全额退款。"
    )
    assert advice_words(Lang.EN, demo(), advice) == (
        "Add platform check screenshot and clause F6 Past one hour but truly unused gives you: full refund."
        " This stays so for another 22 hours."
    )


TO_PROVE = small(
    """
  - {编号: F1, 名称: 已核销, 当: {核销情况: 已核销}, 则: 拒绝}
  - {编号: F2, 名称: 未核销, 当: {核销情况: 未核销}, 需: [支付截图], 则: 全额退款}
  - {编号: F3, 名称: 部分核销, 当: {核销情况: 部分核销}, 则: 按未用比例退款}
"""
).replace(
    "  次数:",
    "  核销情况: {枚举: [未核销, 部分核销, 已核销], 举证方: 买家, 未举证视为: 已核销, 证明: [平台核验截图, 未使用声明]}\n"
    "  次数:",
)
"""A voucher counts as redeemed until the buyer shows that it is not."""


def test_a_rejection_is_turned_by_the_cheapest_proof_of_what_the_buyer_says() -> None:
    policy, facts = parse_policy(TO_PROVE), Facts({"核销情况": "未核销"})
    assert judge(policy, facts, NOTHING).outcome is Outcome.REJECT

    advice = advise(policy, facts, NOTHING)

    assert advice is not None
    assert (advice.evidence, advice.cost) == (("unused_declaration", "paid_shot"), 3)
    assert advice.proves == (("核销情况", "未核销"),)
    after = judge(policy, advice.facts, frozenset(advice.evidence))
    assert (after.outcome, after.complete) == (Outcome.FULL, True)
    assert advice_words(Lang.ZH, policy, advice) == (
        "如果确实核销情况为未核销：补上未使用声明、支付截图，即可按 F2 未核销 办理全额退款。"
    )


def test_a_proof_at_hand_costs_nothing_and_may_make_another_way_cheaper() -> None:
    policy, facts = parse_policy(TO_PROVE), Facts({"核销情况": "未核销"})

    advice = advise(policy, facts, frozenset({"platform_check"}))

    assert advice is not None
    assert (advice.evidence, advice.cost) == (("paid_shot",), 1)


def test_what_the_buyer_never_said_is_advised_only_under_the_condition_that_it_is_so() -> None:
    advice = advise(parse_policy(TO_PROVE), Facts({}), NOTHING)

    assert advice is not None
    assert advice.proves == (("核销情况", "部分核销"),)
    assert advice_words(Lang.EN, parse_policy(TO_PROVE), advice).startswith("If it is so that 核销情况: 部分核销: ")


@pytest.mark.parametrize(
    "facts",
    [
        Facts({"核销情况": "已核销"}),
        Facts({"核销情况": "未核销"}, frozenset({"核销情况"})),
        Facts({"核销情况": "已核销"}, frozenset({"核销情况"})),
    ],
)
def test_nobody_is_advised_to_say_something_else(facts: Facts) -> None:
    advice = advise(parse_policy(TO_PROVE), facts, NOTHING)

    assert advice is None or not advice.proves


@pytest.mark.parametrize(
    "facts",
    [
        facts_of("不想要了", proven=True, 使用情况="已使用"),
        facts_of("不想要了", 曾伪造凭证=True),
        facts_of("不想要了", 下单时长=2 * DAY),
        facts_of("不想要了"),
    ],
)
def test_where_no_evidence_helps_there_is_no_advice(facts: Facts) -> None:
    assert advise(demo(), facts, NOTHING) is None


@pytest.mark.parametrize(
    ("age", "seconds"), [(600, HOUR - 600), (HOUR, 0), (HOUR + 1, DAY - HOUR - 1), (DAY, 0), (DAY + 1, None)]
)
def test_an_answer_stands_until_the_last_second_of_its_clause(age: int, seconds: int | None) -> None:
    policy, facts = example(), case("不想要了", 下单时长=age)

    left = open_for(policy, facts)

    assert left == seconds
    if left is not None:
        same = judge(policy, case("不想要了", 下单时长=age + left), NOTHING)
        assert same.clause == judge(policy, facts, NOTHING).clause
        assert judge(policy, case("不想要了", 下单时长=age + left + 1), NOTHING).clause != same.clause


def test_without_an_age_there_is_no_end_to_name() -> None:
    assert open_for(example(), Facts({"退款原因": "不想要了"})) is None
