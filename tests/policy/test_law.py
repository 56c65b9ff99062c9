"""A policy against the law of its day: each finding with a case that shows it, on both sides of each day and each limit."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from huiliu.kit.text import Lang, has_words, say
from huiliu.policy.evaluate import judge
from huiliu.policy.law.checks import law_findings
from huiliu.policy.law.deciding import Budget
from huiliu.policy.law.statutes import ARTICLES, FUTURE, day_of, first_in_force
from huiliu.policy.law.words import article_words, do_words, notice_words, what_words
from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.model import REFUNDS, Outcome, Policy
from huiliu.policy.parse import parse_policy
from tests.policy.files import DAY, DEMO, EXAMPLE, demo, example

NOW = date(2026, 11, 24)
REGULATION = date(2024, 7, 1)
DAY_BEFORE = timedelta(days=1)


def policy(clauses: str, *, facts: str = "", rest: str = "") -> Policy:
    """A lawful small platform with the given clauses in front, so that a test writes only what is wrong."""
    return parse_policy(f"""
策略: 小平台
编号: small
版本: 1
事实:
  退款原因: {{枚举: [充值错误, 充值未到账, 服务未达标, 描述不符, 不想要了]}}
  商品类型: {{枚举: [直充, 卡密, 会员, 代练]}}
  下单时长: {{时长: [0秒, 180天]}}
  使用情况: {{枚举: [未使用, 部分使用, 已使用]}}
  金额: {{金额: [0.01元, 1000元]}}
  曾伪造凭证: {{是否: true}}
  交付状态: {{枚举: [待交付, 处理中, 已交付, 交付失败]}}
{facts}
凭证: {{支付截图: 1, 未使用声明: 2}}
条款:
{clauses}
{rest}""")


CONFIRMED_FACT = "  购买时确认: {是否: true, 举证方: 平台, 未举证视为: 否, 证明: [购买确认记录]}"


def clause(clause_id: str, when: str, then: str, more: str = "") -> str:
    return f"  - {{编号: {clause_id}, 名称: 条款, 当: {{{when}}}, 则: {then}{', ' if more else ''}{more}}}\n"


def found(given: Policy, code: FindingCode, on: date = NOW) -> list[Finding]:
    return [each for each in law_findings(given, on=on) if each.code is code]


def replayed(given: Policy, finding: Finding) -> None:
    """The case shows the finding: one of its clauses decides it."""
    assert finding.examples
    for case in finding.examples:
        verdict = judge(given, case.facts, frozenset(case.evidence))
        if finding.clauses:
            assert verdict.clause is not None
            assert verdict.clause.id in finding.clauses
        assert not verdict.ask, "every fact that matters is in the case"


# ------------------------------------------------------------------------------------------------ what is lawful


@pytest.mark.parametrize("given", [demo(), example()], ids=["demo", "example"])
def test_the_policies_that_are_shown_are_lawful(given: Policy) -> None:
    assert law_findings(given) == ()
    assert law_findings(given, on=NOW) == ()


# ------------------------------------------------------------------------------------------------ seven days


REFUSAL = clause("R1", "退款原因: 不想要了", "拒绝")


def test_refusing_an_unused_purchase_within_seven_days_is_an_error_with_a_case() -> None:
    given = policy(REFUSAL)

    (finding,) = found(given, FindingCode.LAW_SEVEN_DAYS)

    assert (finding.severity, finding.clauses, finding.article) == (Severity.ERROR, ("R1",), "regulation_19")
    replayed(given, finding)
    facts = finding.examples[0].facts.values
    assert (facts["退款原因"], facts["使用情况"]) == ("不想要了", "未使用")
    assert int(facts["下单时长"]) <= 7 * DAY


@pytest.mark.parametrize(
    ("when", "is_found"),
    [
        ("退款原因: 不想要了, 下单时长: 7天以上", True),
        ("退款原因: 不想要了, 下单时长: 超过7天", False),
        ("退款原因: 不想要了, 使用情况: [部分使用, 已使用]", False),
        ("退款原因: 不想要了, 使用情况: [未使用, 已使用]", True),
        ("退款原因: 充值错误", False),
        ("商品类型: 卡密", True),
    ],
)
def test_seven_days_exactly_are_within_them_and_use_or_another_reason_is_another_matter(
    when: str, *, is_found: bool
) -> None:
    assert bool(found(policy(clause("R1", when, "拒绝")), FindingCode.LAW_SEVEN_DAYS)) == is_found


def test_a_refusal_only_where_the_buyer_confirmed_at_this_purchase_is_lawful() -> None:
    confirmed = clause("R1", "退款原因: 不想要了, 购买时确认: 是", "拒绝")
    either = clause("R1", "退款原因: 不想要了, 购买时确认: [是, 否]", "拒绝")

    assert law_findings(policy(confirmed, facts=CONFIRMED_FACT), on=NOW) == ()
    (finding,) = found(policy(either, facts=CONFIRMED_FACT), FindingCode.LAW_SEVEN_DAYS)
    assert finding.examples[0].facts.values["购买时确认"] is False


def test_an_exception_or_a_better_clause_that_takes_all_of_it_makes_a_refusal_lawful() -> None:
    refusal = clause("R1", "退款原因: 不想要了", "拒绝")
    refund = clause("R2", "退款原因: 不想要了, 下单时长: 7天以内, 使用情况: 未使用", "全额退款")
    exception = clause("R2", "退款原因: 不想要了, 下单时长: 7天以内, 使用情况: 未使用", "转人工", "例外于: [R1]")
    too_short = clause("R2", "退款原因: 不想要了, 下单时长: 6天以内, 使用情况: 未使用", "转人工", "例外于: [R1]")

    assert law_findings(policy(refusal + refund), on=NOW) == ()
    assert law_findings(policy(refusal + exception), on=NOW) == ()
    (finding,) = found(policy(refusal + too_short), FindingCode.LAW_SEVEN_DAYS)
    assert 6 * DAY < int(finding.examples[0].facts.values["下单时长"]) <= 7 * DAY


def test_an_exception_that_is_set_aside_itself_still_sets_its_base_aside() -> None:
    given = policy(
        clause("R1", "退款原因: 不想要了", "拒绝")
        + clause("R2", "退款原因: 不想要了", "转人工", "例外于: [R1]")
        + clause("R3", "退款原因: 不想要了, 曾伪造凭证: 是", "拒绝", "例外于: [R2]")
    )

    (finding,) = found(given, FindingCode.LAW_SEVEN_DAYS)

    assert (finding.clauses, finding.severity) == (("R3",), Severity.WARNING), "bad faith is for a lawyer to weigh"
    replayed(given, finding)


def test_services_and_facts_of_the_policys_own_are_for_a_lawyer() -> None:
    service = policy(clause("R1", "退款原因: 不想要了, 商品类型: 代练", "拒绝"))
    own = policy(clause("R1", "退款原因: 不想要了, 已激活: 是", "拒绝"), facts="  已激活: {是否: true}")
    card = policy(clause("R1", "退款原因: 不想要了, 商品类型: [卡密, 代练]", "拒绝"))

    severities = [found(each, FindingCode.LAW_SEVEN_DAYS)[0].severity for each in (service, own, card)]

    assert severities == [Severity.WARNING, Severity.WARNING, Severity.ERROR]


def test_a_refusal_that_waits_behind_a_cooling_off_is_found_with_both_clauses() -> None:
    given = policy(
        clause("R1", "退款原因: 不想要了", "拒绝")
        + clause("R2", "退款原因: 不想要了, 下单时长: 超过24小时", "冷静期后再审", "例外于: [R1]")
        + clause("R3", "退款原因: 不想要了, 下单时长: 24小时以内", "全额退款")
    )

    (finding,) = found(given, FindingCode.LAW_SEVEN_DAYS)

    assert finding.clauses == ("R1", "R2")
    replayed(given, finding)
    facts = finding.examples[0].facts
    assert judge(given, facts, frozenset()).outcome is Outcome.COOLING
    assert judge(given, facts, frozenset(), cooled=True).outcome is Outcome.REJECT


def test_a_policy_without_the_facts_of_a_return_refuses_them_all_the_same() -> None:
    given = parse_policy("""
策略: 极简
编号: bare
版本: 1
事实: {商品类型: {枚举: [卡密, 代练]}}
凭证: {其他: 1}
条款:
  - {编号: R1, 名称: 条款, 当: {商品类型: 卡密}, 则: 拒绝}
""")

    (finding,) = found(given, FindingCode.LAW_SEVEN_DAYS)

    assert finding.severity is Severity.ERROR
    replayed(given, finding)


@pytest.mark.parametrize(
    ("on", "severity", "article"),
    [
        (REGULATION, Severity.ERROR, "regulation_19"),
        (REGULATION - DAY_BEFORE, Severity.WARNING, "consumer_law_25"),
        (date(2014, 3, 15), Severity.WARNING, "consumer_law_25"),
        (date(2014, 3, 14), None, ""),
    ],
)
def test_a_refusal_is_judged_by_the_law_of_its_day(on: date, severity: Severity | None, article: str) -> None:
    findings = found(policy(REFUSAL), FindingCode.LAW_SEVEN_DAYS, on)

    assert [(each.severity, each.article) for each in findings] == ([(severity, article)] if severity else [])


def test_consent_that_is_presumed_is_no_consent() -> None:
    presumed = CONFIRMED_FACT.replace("未举证视为: 否", "未举证视为: 是")
    given = policy(clause("R1", "退款原因: 不想要了, 购买时确认: 是", "拒绝"), facts=presumed)

    (finding,) = found(given, FindingCode.LAW_PRESUMED_CONSENT)

    assert (finding.severity, finding.clauses, finding.article) == (Severity.ERROR, ("R1",), "regulation_19")
    replayed(given, finding)
    assert finding.examples[0].facts.values["购买时确认"] is False
    assert found(given, FindingCode.LAW_PRESUMED_CONSENT, REGULATION - DAY_BEFORE) == []
    assert found(given, FindingCode.LAW_SEVEN_DAYS) == [], "what is proven not to be confirmed is not refused"


# ------------------------------------------------------------------------------------------------ at once and in full


@pytest.mark.parametrize(
    ("then", "amount", "severity"),
    [
        ("全额退款", "{按: 全额, 手续费: 退}", None),
        ("全额退款", "{按: 全额, 手续费: 不退}", Severity.ERROR),
        ("全额退款", "{按: 全额, 上限: 500元}", Severity.ERROR),
        ("全额退款", "{按: 全额, 上限: 1000元}", None),
        ("按未用比例退款", "{按: 时间}", Severity.ERROR),
        ("按未用比例退款", "{按: 承诺}", Severity.ERROR),
        ("按未用比例退款", "{按: 用量}", Severity.WARNING),
        ("按未用比例退款", "{按: 用量, 手续费: 不退}", Severity.ERROR),
    ],
)
def test_an_unused_return_pays_everything_at_once(then: str, amount: str, severity: Severity | None) -> None:
    given = policy(clause("R1", "退款原因: 不想要了, 使用情况: 未使用", then, f"金额: {amount}, 需: [未使用声明]"))

    findings = found(given, FindingCode.LAW_AT_ONCE)

    assert [each.severity for each in findings] == ([] if severity is None else [severity])
    for finding in findings:
        replayed(given, finding)
        verdict = judge(given, finding.examples[0].facts, frozenset(finding.examples[0].evidence))
        assert verdict.outcome in REFUNDS
        assert not verdict.missing
        if "上限" in amount:
            assert int(finding.examples[0].facts.values["金额"]) > 500_00


def test_part_use_and_late_returns_may_pay_a_share() -> None:
    used = clause("R1", "退款原因: 不想要了, 使用情况: 部分使用", "按未用比例退款", "金额: {按: 时间, 手续费: 不退}")
    late = clause("R2", "退款原因: 不想要了, 下单时长: 超过7天", "按未用比例退款", "金额: {按: 时间, 手续费: 不退}")

    assert law_findings(policy(used + late), on=NOW) == ()


def test_full_payback_is_certain_only_since_the_regulation() -> None:
    given = policy(clause("R1", "退款原因: 不想要了", "全额退款", "金额: {手续费: 不退}"))

    after = found(given, FindingCode.LAW_AT_ONCE, REGULATION)
    before = found(given, FindingCode.LAW_AT_ONCE, REGULATION - DAY_BEFORE)

    assert [(each.severity, each.article) for each in after] == [(Severity.ERROR, "regulation_18")]
    assert [(each.severity, each.article) for each in before] == [(Severity.WARNING, "consumer_law_25")]


# ------------------------------------------------------------------------------------------------ its own failure


@pytest.mark.parametrize(
    ("when", "then", "article"),
    [
        ("退款原因: 充值未到账", "全额退款, 金额: {手续费: 不退}", "consumer_law_53"),
        ("退款原因: 充值未到账", "全额退款, 金额: {上限: 100元}", "consumer_law_53"),
        ("退款原因: 充值未到账", "按未用比例退款, 金额: {按: 时间}", "consumer_law_53"),
        ("退款原因: 充值未到账", "按未用比例退款, 金额: {按: 承诺}", None),
        ("退款原因: 充值未到账, 交付状态: 交付失败", "拒绝", "consumer_law_53"),
        ("退款原因: 充值未到账, 交付状态: 已交付", "拒绝", None),
        ("退款原因: 充值未到账, 使用情况: 已使用", "拒绝", None),
        ("退款原因: 描述不符", "全额退款, 金额: {手续费: 不退}", "regulation_18"),
        ("退款原因: 描述不符", "按未用比例退款, 金额: {手续费: 不退}", None),
        ("退款原因: 充值错误", "全额退款, 金额: {手续费: 不退}", None),
    ],
)
def test_the_platform_keeps_nothing_for_its_own_failure(when: str, then: str, article: str | None) -> None:
    given = policy(clause("R1", when, then))

    findings = law_findings(given, on=NOW)

    assert [(each.code, each.severity, each.article) for each in findings] == (
        [] if article is None else [(FindingCode.LAW_OWN_FAILURE, Severity.ERROR, article)]
    )
    for finding in findings:
        replayed(given, finding)


def test_what_is_not_as_described_is_paid_in_full_only_since_the_regulation() -> None:
    given = policy(clause("R1", "退款原因: 描述不符", "全额退款", "金额: {手续费: 不退}"))

    assert found(given, FindingCode.LAW_OWN_FAILURE, REGULATION)
    assert not found(given, FindingCode.LAW_OWN_FAILURE, REGULATION - DAY_BEFORE)


# ------------------------------------------------------------------------------------------------ fifteen days


PAYS = clause("R1", "退款原因: 充值错误", "全额退款")
WAITS = clause("R2", "退款原因: 充值错误, 下单时长: 超过24小时", "冷静期后再审", "例外于: [R1]")
PROVES = "  用量: {枚举: [无, 有], 举证方: 平台, 未举证视为: 无, 证明: [消耗记录]}"
FLAG = "附加: [{编号: A1, 名称: 大额, 当: {金额: 500元以上}, 加: 风控复核}]"


@pytest.mark.parametrize(
    ("clauses", "facts", "limits", "rest", "severity"),
    [
        (PAYS, "", "审核时限: 15天", "", None),
        (PAYS, "", "审核时限: 15天1秒", "", Severity.ERROR),
        (PAYS, "", "审核时限: 10个工作日", "", None),
        (PAYS, "", "审核时限: 11个工作日", "", Severity.WARNING),
        (PAYS, "", "审核时限: 12个工作日", "", Severity.ERROR),
        (PAYS, "", "审核时限: 10天, 冷静期: 6天", "", None),
        (PAYS + WAITS, "", "审核时限: 10天, 冷静期: 5天", "", None),
        (PAYS + WAITS, "", "审核时限: 10天, 冷静期: 6天", "", Severity.ERROR),
        (PAYS + WAITS, "", "审核时限: 10个工作日, 冷静期: 48小时", "", Severity.WARNING),
        (PAYS + WAITS, "", "审核时限: 11个工作日, 冷静期: 48小时", "", Severity.ERROR),
        (PAYS + clause("R2", "退款原因: 不想要了", "冷静期后再审"), "", "审核时限: 10天, 冷静期: 6天", "", None),
        (PAYS, "", "审核时限: 10天, 平台举证期限: 6天", "", None),
        (PAYS, PROVES, "审核时限: 10天, 平台举证期限: 6天", "", Severity.ERROR),
        (PAYS, "", "审核时限: 3天, 风控时限: 16天", "", None),
        (PAYS, "", "审核时限: 3天, 风控时限: 16天", FLAG, Severity.ERROR),
        (PAYS, "", "审核时限: 11个工作日, 风控时限: 15天1秒", FLAG, Severity.ERROR),
        (PAYS.replace("}\n", ", 自动: 是}\n"), "", "审核时限: 16天", "", None),
        (PAYS.replace("}\n", ", 自动: 是}\n"), "", "审核时限: 16天, 风控时限: 16天", FLAG, Severity.ERROR),
        (PAYS.replace("全额退款", "拒绝"), "", "审核时限: 16天", "", None),
    ],
)
def test_what_is_due_is_paid_within_fifteen_days(
    clauses: str, facts: str, limits: str, rest: str, severity: Severity | None
) -> None:
    given = policy(clauses, facts=facts, rest=f"限制: {{{limits}}}\n{rest}")

    findings = found(given, FindingCode.LAW_FIFTEEN_DAYS)

    assert [each.severity for each in findings] == ([] if severity is None else [severity])
    for finding in findings:
        replayed(given, finding)
        assert finding.article == "penalty_8"
        assert finding.section == "限制"
        assert int(finding.facts["days"]) > 15
        if rest:
            assert int(finding.examples[0].facts.values["金额"]) >= 500_00


def test_a_return_without_a_reason_has_its_own_article_and_the_years_before_it_none() -> None:
    given = policy(clause("R1", "退款原因: 不想要了", "全额退款"), rest="限制: {审核时限: 20天}")

    (finding,) = found(given, FindingCode.LAW_FIFTEEN_DAYS, date(2015, 3, 15))

    assert finding.article == "penalty_9"
    assert found(given, FindingCode.LAW_FIFTEEN_DAYS, date(2015, 3, 14)) == []


def test_lengths_of_some_products_are_looked_at_for_those_products() -> None:
    given = policy(
        clause("R1", "退款原因: 充值错误, 商品类型: [直充, 卡密]", "全额退款"),
        rest="""
按商品:
  - {适用: {商品类型: 卡密}, 限制: {审核时限: 20天, 记录保存: 365天}}
  - {适用: {商品类型: [卡密, 会员]}, 限制: {审核时限: 30天}}
""",
    )

    (late,) = found(given, FindingCode.LAW_FIFTEEN_DAYS)
    (forgotten,) = found(given, FindingCode.LAW_RECORDS)

    assert (late.facts["days"], late.section) == (20, "按商品"), "the second is for cards only in name"
    for finding in (late, forgotten):
        facts = finding.examples[0].facts
        assert facts.values["商品类型"] == "卡密"
        assert given.limits_for(facts).review.seconds == 20 * DAY
        replayed(given, finding)


# ------------------------------------------------------------------------------------------------ the rest


@pytest.mark.parametrize(("kept", "is_found"), [("1096天", False), ("1095天", True), ("3650天", False), ("90天", True)])
def test_records_are_kept_three_years(kept: str, *, is_found: bool) -> None:
    given = policy(PAYS, rest=f"限制: {{记录保存: {kept}}}")

    findings = found(given, FindingCode.LAW_RECORDS, date(2019, 1, 1))

    assert [each.severity for each in findings] == ([Severity.ERROR] if is_found else [])
    assert found(given, FindingCode.LAW_RECORDS, date(2018, 12, 31)) == []
    for finding in findings:
        replayed(given, finding)


def test_rounding_against_the_buyer_is_noted() -> None:
    part = clause("R1", "退款原因: 充值错误, 使用情况: 部分使用", "按未用比例退款", "金额: {舍入: 有利平台}")
    dead = clause("R2", "退款原因: 充值错误, 使用情况: 部分使用", "全额退款")

    (finding,) = found(policy(part), FindingCode.LAW_ROUNDING)

    assert (finding.severity, finding.article) == (Severity.NOTE, "penalty_10")
    replayed(policy(part), finding)
    assert law_findings(policy(part + dead), on=NOW) == (), "it never decides"
    assert found(policy(part), FindingCode.LAW_ROUNDING, date(2015, 3, 14)) == []


@pytest.mark.parametrize(
    "text",
    [
        "依据《市场监督管理投诉举报处理暂行办法》处理",
        "市场监管部门自受理起45个工作日内终止调解",
        "四十五个工作日未达成协议的终止调解",
    ],
)
def test_a_text_that_cites_a_replaced_rule_is_outdated_from_the_day_it_was_replaced(text: str) -> None:
    given = policy(PAYS.replace("则:", f"说明: {text}, 则:"))

    (finding,) = found(given, FindingCode.LAW_OUTDATED, date(2026, 4, 15))

    assert (finding.severity, finding.clauses, finding.article) == (Severity.WARNING, ("R1",), "complaints_2026")
    replayed(given, finding)
    assert found(given, FindingCode.LAW_OUTDATED, date(2026, 4, 14)) == []


def test_the_measures_in_force_may_be_cited() -> None:
    text = "依据《市场监督管理投诉举报处理办法》，自受理起60日内终止调解；审核最长45个工作日"
    assert found(policy(PAYS, rest=f"说明: {text}"), FindingCode.LAW_OUTDATED) == []


def test_a_policy_is_judged_by_its_own_day_and_a_draft_by_the_newest_law() -> None:
    published = parse_policy(EXAMPLE.replace("2025-12-01T00:00:00+08:00", "2024-06-30T16:00:00Z"))
    draft = parse_policy(re.sub(r"生效: .*", "", EXAMPLE))

    assert day_of(published) == REGULATION, "the day begins in Shanghai"
    assert day_of(published, date(2020, 1, 1)) == date(2020, 1, 1)
    assert day_of(draft) == FUTURE
    assert first_in_force(("complaints_2020", "complaints_2026"), FUTURE) == "complaints_2026"
    assert first_in_force(("complaints_2020", "complaints_2026"), date(2026, 4, 14)) == "complaints_2020"
    assert first_in_force(("complaints_2020", "complaints_2026"), date(2026, 4, 15)) == "complaints_2026"
    assert [each.severity for each in law_findings(policy(REFUSAL))] == [Severity.ERROR]


# ------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize("code", [code for code in FindingCode if code.value.startswith("law_")])
def test_every_check_says_what_and_what_to_do(code: FindingCode) -> None:
    for part in ("what", "do"):
        assert has_words(f"law.{code.value}.{part}")
    assert has_words(f"lint.check.{code.value}"), "for the word that it did not finish"


@pytest.mark.parametrize("code", sorted(ARTICLES))
def test_every_article_is_named_with_its_number_and_the_day_it_is_in_force_from(code: str) -> None:
    article = ARTICLES[code]
    chinese, english = (say(lang, f"law.article.{code}") for lang in (Lang.ZH, Lang.EN))
    since, until = article.valid_from, article.valid_until

    assert f"{since.year}年{since.month}月{since.day}日起施行" in chinese
    assert f"in force since {since.isoformat()}" in english
    assert re.search(r"《.+》第.+条", chinese)
    assert re.search(r"art\. \d+", english)
    if until is not None:
        assert f"{until.year}年{until.month}月{until.day}日废止" in chinese
        assert f"repealed on {until.isoformat()}" in english


@pytest.mark.parametrize("lang", list(Lang))
def test_every_finding_is_sayable_and_names_its_article(lang: Lang) -> None:
    given = policy(
        REFUSAL + clause("R2", "退款原因: 充值未到账", "全额退款", "金额: {手续费: 不退}"),
        rest="限制: {审核时限: 20天, 记录保存: 30天}",
    )
    findings = law_findings(given, on=NOW)

    assert len(findings) == 4
    for finding in findings:
        said = what_words(lang, finding) + do_words(lang, finding) + article_words(lang, finding)
        assert "{" not in said
        assert article_words(lang, finding)
    assert ("不是法律意见" if lang is Lang.ZH else "no legal advice") in notice_words(lang)


def test_a_refusal_put_into_the_demonstration_is_found() -> None:
    given = parse_policy(
        DEMO.replace("    可附: [未使用声明, 其他]\n    则: 全额退款\n    自动: 是", "    则: 拒绝", 1)
    )

    (finding,) = law_findings(given)

    assert (finding.code, finding.clauses) == (FindingCode.LAW_SEVEN_DAYS, ("F5",))
    replayed(given, finding)


def test_a_check_that_may_not_look_further_says_that_it_did_not_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huiliu.policy.law.checks.Budget", lambda: Budget(0))

    findings = law_findings(policy(REFUSAL), on=NOW)

    assert [(each.code, each.facts["check"]) for each in findings] == [(FindingCode.UNFINISHED, "law_seven_days")]
