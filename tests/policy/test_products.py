"""What one product has otherwise, golden cases, published text and the new measures: read, judged and refused."""

from __future__ import annotations

import pytest

from huiliu.kit.money import Money
from huiliu.kit.text import Lang
from huiliu.policy.amount import OrderMoney, Used, formula, refund_amount, rule_formula
from huiliu.policy.evaluate import judge
from huiliu.policy.facts import to_facts
from huiliu.policy.golden import judge_golden
from huiliu.policy.model import (
    AmountRule,
    Basis,
    CaseFacts,
    Facts,
    Outcome,
    Period,
    Policy,
    PolicyError,
)
from huiliu.policy.parse import parse_policy, place_policy
from tests.policy.files import DAY, HOUR, NOTHING, small

SHOP = """
策略: 商店
编号: shop
版本: 1
事实:
  退款原因: {枚举: [充值错误, 不想要了]}
  商品类型: {枚举: [直充, 卡密, 会员, 代练]}
  商品: {枚举: [月卡, 季卡], 枚举英文: [month card, quarter card]}
  下单时长: {时长: [0秒, 30天]}
凭证: {支付截图: 1, 未使用声明: 2}
限制: {冷静期: 24小时, 审核时限: 2个工作日}
条款:
  - {编号: F1, 名称: 一天内, 当: {下单时长: 24小时以内}, 则: 全额退款}
  - {编号: F2, 名称: 一天后, 当: {下单时长: 超过24小时}, 则: 拒绝}
"""

CARDS = """
按商品:
  - 适用: {商品类型: 卡密}
    不适用: [F1, F2]
    限制: {冷静期: 48小时}
    条款:
      - {编号: K1, 名称: 卡密看人工, 当: {退款原因: 不想要了}, 则: 转人工}
  - 适用: {商品: 月卡}
    条款:
      - {编号: M1, 名称: 月卡一小时内, 当: {下单时长: 1小时以内}, 例外于: F1, 需: 未使用声明, 则: 全额退款, 金额: {手续费: 不退}}
"""


def shop(extra: str = CARDS) -> Policy:
    return parse_policy(SHOP + extra)


def facts(kind: str, *, product: str = "其他商品", age: int = HOUR) -> Facts:
    return Facts({"退款原因": "不想要了", "商品类型": kind, "商品": product, "下单时长": age})


@pytest.mark.parametrize(
    ("case", "clause", "outcome"),
    [
        (facts("直充"), "F1", Outcome.FULL),
        (facts("卡密"), "K1", Outcome.PERSON),
        (facts("卡密", age=2 * DAY), "K1", Outcome.PERSON),
        (facts("会员", product="月卡"), "M1", Outcome.FULL),
        (facts("会员", product="季卡"), "F1", Outcome.FULL),
        (facts("会员", product="月卡", age=2 * HOUR), "F1", Outcome.FULL),
    ],
)
def test_a_product_is_judged_by_its_own_clauses(case: Facts, clause: str, outcome: Outcome) -> None:
    verdict = judge(shop(), case, NOTHING)

    assert verdict.clause is not None
    assert (verdict.clause.id, verdict.outcome, verdict.conflict) == (clause, outcome, False)


def test_a_product_has_its_own_limits_and_the_rest_of_the_policys() -> None:
    own = shop().limits_for(facts("卡密"))

    assert own.cooling == Period(seconds=48 * HOUR)
    assert own.review == Period(working_days=2)
    assert shop().limits_for(facts("直充")) == shop().limits


def test_a_product_that_the_policy_does_not_name_is_one_of_the_others() -> None:
    case = CaseFacts(reason="changed_mind", product_kind="membership", age_seconds=60, product="年卡")

    assert to_facts(shop(), case).values["商品"] == "其他商品"
    named = CaseFacts(reason="changed_mind", product_kind="membership", age_seconds=60, product="月卡")
    assert to_facts(shop(), named).values["商品"] == "月卡"


def test_overrides_are_part_of_the_meaning_and_golden_cases_are_not() -> None:
    golden = "样例:\n  - {名称: 甲, 事实: {退款原因: 不想要了}, 应当: 转人工}\n"

    assert shop("").content_hash != shop(CARDS).content_hash
    assert shop("").content_hash == shop(golden).content_hash


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("按商品: [{适用: {退款原因: 不想要了}}]", "bad_scope"),
        ("按商品: [{适用: {商品类型: 卡密, 商品: 月卡}}]", "bad_scope"),
        ("按商品: [{适用: {商品类型: 盲盒}}]", "not_in_enum"),
        ("按商品: [{适用: {商品类型: 卡密}, 不适用: F9}]", "bad_override"),
        ("按商品: [{适用: {商品类型: [直充, 卡密, 会员, 代练]}, 不适用: F1}]", "override_leaves_nothing"),
        ("按商品: [{不适用: F1}]", "key_absent"),
        (
            "按商品: [{适用: {商品类型: 卡密}, 条款: [{编号: K1, 名称: 甲, 当: {商品类型: 会员}, 则: 拒绝}]}]",
            "override_leaves_nothing",
        ),
        (
            "按商品: [{适用: {商品类型: 卡密}, 条款: [{编号: F1, 名称: 甲, 当: {商品类型: 卡密}, 则: 拒绝}]}]",
            "duplicate_id",
        ),
        ("样例: [{名称: 甲, 事实: {天气: 晴}, 应当: 拒绝}]", "fact_undeclared"),
        ("样例: [{名称: 甲, 事实: {下单时长: 很久}, 应当: 拒绝}]", "not_duration"),
        ("样例: [{名称: 甲, 事实: {退款原因: 不想要了}, 应当: 退一半}]", "unknown_word"),
        ("样例: [{名称: 甲, 事实: {退款原因: 不想要了}, 应当: {结果: 拒绝, 条款: F7}}]", "bad_override"),
        ("样例: [{名称: 甲, 事实: {退款原因: 不想要了}, 凭证: 身份证, 应当: 拒绝}]", "evidence_undeclared"),
        ("样例: [{名称: 甲, 事实: {}, 应当: 拒绝}, {名称: 甲, 事实: {}, 应当: 拒绝}]", "duplicate_value"),
        ("样例: [{名称: 甲, 事实: {}}]", "key_absent"),
    ],
)
def test_each_mistake_of_products_and_examples_is_named(written: str, code: str) -> None:
    with pytest.raises(PolicyError) as raised:
        shop(written)

    assert code in [problem.code for problem in raised.value.problems]


def test_golden_cases_are_judged_and_a_wrong_one_is_told() -> None:
    policy = shop(
        """
样例:
  - {名称: 当天全额, 事实: {退款原因: 不想要了, 商品类型: 直充, 商品: 季卡, 下单时长: 1小时}, 应当: {结果: 全额退款, 条款: F1, 缺: []}}
  - {名称: 两天后拒绝, 事实: {退款原因: 不想要了, 商品类型: 直充, 商品: 季卡, 下单时长: 2天}, 应当: 全额退款}
"""
    )

    results = judge_golden(policy)

    assert [(result.case.name, result.holds) for result in results] == [("当天全额", True), ("两天后拒绝", False)]
    assert results[1].verdict.outcome is Outcome.REJECT


def test_a_golden_case_may_name_what_is_proven_and_what_is_missing() -> None:
    policy = parse_policy(
        small(
            "  - {编号: F1, 名称: 甲, 当: {使用情况: 已使用}, 需: 支付截图, 则: 全额退款}",
            rest="""
样例:
  - {名称: 已证明, 事实: {使用情况: 已使用, 已证明: 使用情况}, 应当: {结果: 全额退款, 缺: 支付截图}}
  - {名称: 未证明, 事实: {使用情况: 已使用}, 应当: 转人工}
""",
        ).replace(
            "  次数:", "  使用情况: {枚举: [未使用, 已使用], 举证方: 平台, 未举证视为: 未使用, 证明: 消耗记录}\n  次数:"
        )
    )

    assert [result.holds for result in judge_golden(policy)] == [True, True]


def test_english_keys_read_the_same() -> None:
    english = """
overrides:
  - scope: {product_kind: card}
    without: [F1, F2]
    limits: {cooling: 48 hours}
    clauses:
      - {id: K1, name: 卡密看人工, when: {reason: changed_mind}, then: person}
  - scope: {product: 月卡}
    clauses:
      - id: M1
        name: 月卡一小时内
        when: {order_age: within 1 hour}
        exception_to: F1
        needs: unused_declaration
        then: full
        amount: {fee: kept}
cases:
  - {name: 甲, facts: {reason: changed_mind, product_kind: card}, expect: {outcome: person}}
"""
    assert shop(english).content_hash == shop().content_hash
    assert [result.holds for result in judge_golden(shop(english))] == [True]


def test_places_of_clauses_are_kept() -> None:
    placed = place_policy(SHOP + CARDS)

    lines = (SHOP + CARDS).splitlines()
    assert {name: lines[place.line - 1].split("编号: ")[1][:2] for name, place in placed.clauses.items()} == {
        name: name for name in ("F1", "F2", "K1", "M1")
    }
    assert lines[placed.sections["限制"].line - 1].startswith("限制")


def test_what_was_promised_and_not_delivered_is_paid_back() -> None:
    rule = AmountRule(Basis.PROMISED, fee_returned=False)
    money = OrderMoney(paid=Money(100_00), fee=Money(1_00), refunded=Money(0), reserved=Money(0))

    amount = refund_amount(rule, money, promised=Used(3, 1, "level"))

    assert amount is not None
    assert amount.refund == Money(66_00)
    assert formula(Lang.ZH, amount) == "（已付 ¥100.00 − 手续费 ¥1.00） × 未交付 2/3 级 = ¥66.00（不足一分的部分归您）"
    assert refund_amount(rule, money, units=Used(3, 1)) is None


@pytest.mark.parametrize("basis", list(Basis))
def test_every_clause_shows_its_formula_and_rounding(basis: Basis) -> None:
    zh = rule_formula(Lang.ZH, AmountRule(basis, fee_returned=False, cap_minor=50_00))
    en = rule_formula(Lang.EN, AmountRule(basis, fee_returned=False, cap_minor=50_00))

    assert "手续费" in zh
    assert "最多 ¥50.00" in zh
    assert "at most ¥50.00" in en
    assert ("不足一分" in zh) == (basis is not Basis.FULL)


def test_the_published_text_of_a_clause_is_kept_and_is_part_of_the_version() -> None:
    plain = small("  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 全额退款}")
    told = plain.replace("则: 全额退款", "则: 全额退款, 说明: 充错账号当天可退, 说明英文: Refunded the same day")

    assert parse_policy(told).clauses[0].text_en == "Refunded the same day"
    assert parse_policy(told).content_hash != parse_policy(plain).content_hash
