"""Told at once: the answer, the evidence and the sum, before anything is filled in."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from huiliu.kit.money import Money
from huiliu.kit.text import Lang
from huiliu.policy.amount import OrderMoney, Used, formula
from huiliu.policy.facts import read_facts, to_facts
from huiliu.policy.model import CaseFacts, Facts, Policy, PolicyError, PublishedPolicy
from huiliu.policy.parse import parse_policy
from huiliu.policy.preview import Answer, Preview, open_words, preview, preview_words
from tests.conftest import NOW
from tests.policy.files import DAY, HOUR, NOTHING, demo, example, small

MONEY = OrderMoney(paid=Money(100_00), fee=Money(0), refunded=Money(0), reserved=Money(0))


def published(policy: Policy) -> PublishedPolicy:
    return PublishedPolicy(
        id=UUID(int=7),
        platform_id=1,
        label=policy.label,
        name=policy.name,
        effective_from=NOW,
        published_at=NOW,
        published_by="管砚",
        policy=policy,
    )


def a_case(reason: str = "changed_mind", **over: object) -> CaseFacts:
    usual = CaseFacts(
        reason=reason, product_kind="card", age_seconds=600, amount_minor=100_00, delivery_state="delivered"
    )
    return msgspec.structs.replace(usual, **over)


def told(case: CaseFacts, have: frozenset[str] = NOTHING, *, units: Used | None = None) -> Preview:
    policy = published(demo())
    return preview(policy, to_facts(policy.policy, case), MONEY, have, units=units, filed_at=NOW)


def test_within_the_hour_the_money_comes_back_at_once() -> None:
    answer = told(a_case(usage="unused", usage_proven=True))

    assert (answer.answer, answer.clause_id, answer.missing, answer.at_once) == (Answer.YES, "F5", (), True)
    assert answer.amount is not None
    assert answer.amount.refund == Money(100_00)
    assert answer.open_seconds == HOUR - 600
    assert open_words(Lang.ZH, answer) == "再过50分钟，适用的条款会改变，请在此之前提交申请。"
    words = preview_words(Lang.ZH, answer)
    assert (words.title, words.meaning) == ("可以全额退款", "适用第 3 版政策 F5 一小时内且未使用。")
    assert words.next == "现在提交申请，确认后立即退款。"
    assert preview_words(Lang.EN, answer).meaning == "By clause F5 Within one hour and unused, policy version 3."


def test_what_is_only_presumed_decides_but_is_not_paid_at_once() -> None:
    for unproven in (a_case(), a_case(usage="unused", usage_proven=False)):
        answer = told(unproven)
        assert (answer.answer, answer.clause_id, answer.at_once) == (Answer.YES, "F5", False)


def test_the_missing_evidence_is_named_and_the_review_time() -> None:
    answer = told(a_case(age_seconds=2 * HOUR), frozenset({"unused_declaration"}))

    assert answer.required == ("unused_declaration", "platform_check")
    assert answer.optional == ("other",)
    assert answer.missing == ("platform_check",)
    assert not answer.at_once
    assert preview_words(Lang.ZH, answer).next == "请准备：平台核验截图。材料齐全后，审核时限为3个工作日。"


def test_at_once_is_promised_when_only_named_evidence_stands_between() -> None:
    wrong = told(a_case("topup_wrong", usage="unused", usage_proven=True))
    large = told(a_case("topup_wrong", usage="unused", usage_proven=True, amount_minor=500_00))

    assert (wrong.missing, wrong.at_once) == (("paid_shot",), True)
    assert (large.missing, large.at_once) == (("paid_shot",), False)


def test_a_part_refund_shows_its_sum() -> None:
    answer = told(a_case(usage="part_used", usage_proven=True), units=Used(30, 12, "day"))

    assert (answer.answer, answer.clause_id) == (Answer.PART, "F7")
    assert answer.amount is not None
    assert formula(Lang.ZH, answer.amount) == "已付 ¥100.00 × 未使用 18/30 天 = ¥60.00（不足一分的部分归您）"


def test_a_part_refund_without_a_measure_has_no_sum() -> None:
    assert told(a_case(usage="part_used", usage_proven=True)).amount is None


def test_cooling_off_says_until_when_and_asks_for_the_evidence_now() -> None:
    answer = told(a_case(age_seconds=2 * DAY))

    assert (answer.answer, answer.clause_id, answer.after_cooling) == (Answer.COOLING, "F9", Answer.YES)
    assert answer.cooling_until == NOW + timedelta(hours=24)
    assert answer.required == ("unused_declaration", "platform_check")
    assert answer.amount is not None
    assert "自申请起等待24小时" in preview_words(Lang.ZH, answer).meaning


def test_proven_use_is_refused_with_what_can_still_be_done() -> None:
    answer = told(a_case(usage="used", usage_proven=True))

    assert (answer.answer, answer.clause_id, answer.amount) == (Answer.NO, "F8", None)
    assert "平台介入" in preview_words(Lang.ZH, answer).next


def test_an_unproven_claim_of_use_is_presumed_unused_and_says_so() -> None:
    answer = told(a_case(usage="used"))

    assert (answer.answer, answer.presumed) == (Answer.YES, ("使用情况",))


def test_what_the_policy_does_not_cover_is_a_persons_to_decide() -> None:
    policy = published(parse_policy(small("  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 全额退款}")))
    answer = preview(policy, to_facts(policy.policy, a_case("not_as_described")), MONEY, NOTHING)

    assert (answer.answer, answer.clause_id, answer.review.working_days) == (Answer.PERSON, "", 3)
    assert "不会因此拒绝您" in preview_words(Lang.ZH, answer).meaning


def test_a_failed_delivery_on_our_own_records_needs_only_the_payment() -> None:
    failed = told(a_case("not_arrived", delivery_state="failed"))
    unknown = told(a_case("not_arrived", delivery_state="unknown"))

    assert (failed.clause_id, failed.required, failed.at_once) == ("F11", ("paid_shot",), True)
    assert (unknown.answer, unknown.ask, unknown.at_once) == (Answer.YES, (), False)
    assert set(unknown.missing) == {"paid_shot", "not_arrived_shot", "time_gap"}


def test_a_preview_is_json_and_holds_no_risk_flag() -> None:
    encoded = msgspec.json.encode(told(a_case(amount_minor=5_000_00)))

    assert b"risk" not in encoded
    assert b"flag" not in encoded
    assert msgspec.json.decode(encoded, type=Preview).answer is Answer.YES


EVERY_REASON = ["topup_wrong", "not_arrived", "below_standard", "not_as_described", "changed_mind"]


@pytest.mark.parametrize("reason", EVERY_REASON)
@pytest.mark.parametrize("kind", ["topup", "card", "membership", "service"])
@pytest.mark.parametrize(
    ("usage", "proven"),
    [(None, False), *((usage, proven) for usage in ("unused", "part_used", "used") for proven in (True, False))],
)
def test_the_demo_policy_covers_every_case_by_exactly_one_clause(
    reason: str, kind: str, usage: str | None, proven: bool
) -> None:
    for age in (0, HOUR, HOUR + 1, DAY, DAY + 1, 200 * DAY):
        for delivery in ("pending", "processing", "delivered", "failed"):
            for forged in (True, False):
                answer = told(
                    a_case(
                        reason,
                        product_kind=kind,
                        usage=usage,
                        usage_proven=proven,
                        age_seconds=age,
                        delivery_state=delivery,
                        forged_before=forged,
                    )
                )

                assert answer.clause_id, "nothing falls through to nobody"
                assert answer.ask == ()
                assert answer.required or answer.optional, "there is always something a buyer may show"


@pytest.mark.parametrize("reason", EVERY_REASON)
def test_every_reason_of_the_demo_policy_has_required_evidence_somewhere(reason: str) -> None:
    assert any(told(a_case(reason, age_seconds=age)).required for age in (600, 2 * HOUR))


def test_facts_that_a_policy_does_not_declare_are_left_out() -> None:
    policy = parse_policy(small("  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 全额退款}"))

    assert to_facts(policy, a_case("topup_wrong")) == Facts({"退款原因": "充值错误", "下单时长": 600})


def test_every_code_of_the_product_has_the_policys_word() -> None:
    facts = to_facts(demo(), a_case("below_standard", usage="part_used", usage_proven=True, forged_before=True))

    assert facts == Facts(
        {
            "退款原因": "服务未达标",
            "商品类型": "卡密",
            "下单时长": 600,
            "使用情况": "部分使用",
            "金额": 100_00,
            "曾伪造凭证": True,
            "交付状态": "已交付",
        },
        frozenset({"使用情况"}),
    )


def test_without_a_burden_of_proof_nobodys_word_about_use_counts() -> None:
    source = small("  - {编号: F1, 名称: 甲, 当: {使用情况: 已使用}, 则: 拒绝}").replace(
        "  次数:", "  使用情况: {枚举: [未使用, 部分使用, 已使用]}\n  次数:"
    )
    policy = parse_policy(source)

    assert "使用情况" not in to_facts(policy, a_case(usage="used")).values
    assert to_facts(policy, a_case(usage="used", usage_proven=True)).values["使用情况"] == "已使用"


def test_a_fact_declared_as_another_kind_stays_unknown() -> None:
    source = small("  - {编号: F1, 名称: 甲, 当: {次数: 3}, 则: 拒绝}").replace("次数:", "金额:")

    assert to_facts(
        parse_policy(source.replace("金额: {计数: [0, 10]}", "金额: {枚举: [大, 小]}").replace("金额: 3", "金额: 大")),
        a_case(),
    ).values == {
        "退款原因": "不想要了",
        "下单时长": 600,
    }


def test_facts_are_read_from_json_in_either_language() -> None:
    chinese = read_facts(
        example(),
        {"退款原因": "不想要了", "下单时长": "2小时", "使用情况": "已使用", "金额": "600元", "已证明": "使用情况"},
    )
    english = read_facts(
        example(),
        {"reason": "changed_mind", "order_age": 7200, "usage": "used", "amount": "600 yuan", "proven": ["usage"]},
    )

    assert chinese == english
    assert chinese == Facts(
        {"退款原因": "不想要了", "下单时长": 7200, "使用情况": "已使用", "金额": 600_00}, frozenset({"使用情况"})
    )


@pytest.mark.parametrize(
    "given",
    [
        {"退款原因": "心情不好"},
        {"退款原因": 3},
        {"下单时长": "很久"},
        {"下单时长": -1},
        {"下单时长": 1.5},
        {"下单时长": True},
        {"曾伪造凭证": "也许"},
        {"曾伪造凭证": 1},
        {"心情": "不好"},
        {"已证明": ["心情"]},
        {"已证明": {"使用情况": True}},
        {"金额": ["600元"]},
    ],
)
def test_a_fact_that_does_not_fit_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(PolicyError):
        read_facts(example(), given)
