"""Words that promise nothing are found where they are published; the same characters in innocent phrases are not."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from huiliu.kit.text import Lang, has_words, say, words
from huiliu.policy.evaluate import judge
from huiliu.policy.identity import sealed
from huiliu.policy.law.vague import BLANKET, TERMS, UNFAIR_TERM, vague_findings
from huiliu.policy.law.words import do_words, what_words
from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.model import Policy
from huiliu.policy.parse import parse_policy
from tests.policy.files import demo, example


def saying(text: str, *, field: str = "text", clause: str = "F3") -> Policy:
    """The demo policy with one clause's words replaced."""
    base = demo()
    clauses = tuple(
        msgspec.structs.replace(each, **{field: text}) if each.id == clause else each for each in base.clauses
    )
    return sealed(msgspec.structs.replace(base, clauses=clauses))


def terms(findings: tuple[Finding, ...]) -> set[str]:
    return {str(finding.facts["term"]) for finding in findings}


@pytest.mark.parametrize("given", [demo(), example()], ids=["demo", "example"])
def test_the_policies_that_are_shown_say_what_they_mean(given: Policy) -> None:
    assert vague_findings(given) == ()


@pytest.mark.parametrize(
    ("text", "term", "word"),
    [
        ("我们在合理时间内答复", "reasonable", "合理"),
        ("拒绝不合理的申请", "reasonable", "合理"),
        ("合理赔偿买家", "reasonable", "合理"),
        ("我们会尽快处理", "soon", "尽快"),
        ("第一时间答复您", "soon", "第一时间"),
        ("请及时提交材料", "in_time", "及时"),
        ("未及时申请的不退", "in_time", "及时"),
        ("视情况退款", "case_by_case", "视情况"),
        ("根据实际情况退还", "case_by_case", "根据实际情况"),
        ("平台酌情退款", "case_by_case", "酌情"),
        ("原则上全额退款", "in_principle", "原则上"),
        ("一般情况下三天到账", "generally", "一般情况下"),
        ("通常不予退回", "generally", "通常不予"),
        ("按相关规定办理", "relevant_rules", "相关规定"),
        ("按平台有关政策办理", "relevant_rules", "有关政策"),
        ("账号被封等情形", "and_so_on", "等情形"),
        ("地址填错等原因", "and_so_on", "等原因"),
        ("给予适当补偿", "appropriate", "适当"),
        ("特殊情况除外", "special_cases", "特殊情况"),
        ("扣除一定比例", "some", "一定比例"),
        ("3天左右到账", "about", "天左右"),
        ("情节严重的拒绝", "serious", "情节严重"),
        ("恶意退款不予受理", "serious", "恶意退款"),
        ("平台有权拒绝任何申请", "may_refuse", "有权拒绝"),
        ("平台有权随时变更本政策", "may_refuse", "有权随时变更"),
        ("虚拟商品不予退款", "blanket_refusal", "虚拟商品不予退款"),
        ("We answer in a reasonable time", "reasonable", "reasonable"),
        ("Unreasonable requests are refused", "reasonable", "Unreasonable"),
        ("We reply as soon as possible", "soon", "as soon as possible"),
        ("Paid back promptly", "in_time", "promptly"),
        ("Refunds are at our sole discretion", "case_by_case", "at our sole discretion"),
        ("In principle, in full", "in_principle", "In principle"),
        ("This is generally refunded", "generally", "generally"),
        ("See the relevant rules", "relevant_rules", "relevant rules"),
        ("Screenshots, records, etc.", "and_so_on", "etc"),
        ("An appropriate amount", "appropriate", "appropriate"),
        ("Except in special circumstances", "special_cases", "special circumstances"),
        ("It takes approximately 3 days", "about", "approximately"),
        ("We reserve the right to refuse", "may_refuse", "reserve the right to"),
        ("Digital goods are non-refundable", "blanket_refusal", "non-refundable"),
    ],
)
def test_a_word_that_two_readers_read_in_two_ways_is_a_warning(text: str, term: str, word: str) -> None:
    findings = vague_findings(saying(text))

    assert [(each.facts["term"], each.facts["word"], each.severity, each.article) for each in findings] == [
        (term, word, Severity.WARNING, "")
    ]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("本平台拥有最终解释权", "final_say"),
        ("解释权归本店所有", "final_say"),
        ("虚拟商品概不退换", "no_returns"),
        ("卡密一经售出，概不退款", "no_returns"),
        ("商品一经发出恕不退换", "no_returns"),
        ("一律不予退款", "no_returns"),
        ("非质量问题不退不换", "no_returns"),
        ("买家不得向任何平台投诉", "no_complaints"),
        ("下单即放弃诉讼权利", "no_complaints"),
        ("We have the right of final interpretation", "final_say"),
        ("All sales are final", "no_returns"),
        ("No refunds once sold", "no_returns"),
        ("No refund after delivery", "no_returns"),
        ("Buyers waive any right to sue", "no_complaints"),
    ],
)
def test_what_the_law_keeps_out_of_terms_is_an_error_with_its_article(text: str, term: str) -> None:
    findings = vague_findings(saying(text))

    assert [(each.facts["term"], each.severity, each.article) for each in findings] == [
        (term, Severity.ERROR, "online_trade_21")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "一小时内即时退款",
        "请写明金额以及时间",
        "本条涉及时长和次数",
        "提交截图及时间差证明",
        "会员的有效期及时限见商品页",
        "结合理由和记录判断",
        "符合理赔条件的由人工判断",
        "综合理由如下",
        "平台重视情况说明",
        "电视情景剧会员",
        "一般会员与高级会员相同",
        "同等情况下按先后顺序",
        "平等问题",
        "适合适当天开通的会员",
        "买家有权拒绝补充材料",
        "您有权取消申请",
        "平台不保留最终解释权",
        "平台不得拒绝买家投诉",
        "已使用的，不予退款",
        "超过7天的虚拟商品不予退款",
        "虚拟商品经买家在购买时确认的，不支持退款",
        "一经售出，自动发货",
        "3个工作日内答复",
        "左右手柄皮肤",
        "解释权不归任何一方",
        "You are entitled to cancel at any time",
        "Etched codes are checked by a person",
        "Paid to the suite's owner",
        "You may not be refused a complaint",
        "No refund once the platform has proven use",
        "Generality is no reason",
    ],
)
def test_innocent_sentences_raise_no_alarm(text: str) -> None:
    assert vague_findings(saying(text)) == ()


def test_the_same_characters_do_not_hide_the_word_beside_them() -> None:
    assert terms(vague_findings(saying("请写明金额以及时间，并及时提交"))) == {"in_time"}
    assert terms(vague_findings(saying("虚拟商品概不退款，平台拥有最终解释权，尽快答复"))) == {
        "no_returns",
        "final_say",
        "soon",
    }


@pytest.mark.parametrize(
    "text", ["我们会尽\u200b快处理", "我们会 尽 快 处理", "Ｗｅ ｒｅｐｌｙ ｐｒｏｍｐｔｌｙ", "PROMPTLY"]
)
def test_spaces_invisible_and_wide_characters_hide_nothing(text: str) -> None:
    assert len(vague_findings(saying(text))) == 1


@pytest.mark.parametrize(
    ("field", "where", "text"),
    [
        ("name", "名称", "酌情退款"),
        ("name_en", "名称英文", "Promptly"),
        ("text", "说明", "尽快"),
        ("text_en", "说明英文", "asap"),
    ],
)
def test_the_finding_names_clause_and_place_with_a_case_that_the_clause_decides(
    field: str, where: str, text: str
) -> None:
    for clause in demo().clauses:
        given = saying(text, field=field, clause=clause.id)

        (finding,) = vague_findings(given)

        assert (finding.code, finding.clauses, finding.facts["where"]) == (FindingCode.VAGUE_WORDS, (clause.id,), where)
        (case,) = finding.examples
        decided = judge(given, case.facts, frozenset(case.evidence)).clause
        assert decided is not None
        assert decided.id == clause.id


def test_the_policys_own_words_are_looked_at_with_any_case() -> None:
    given = sealed(
        msgspec.structs.replace(demo(), name="合理退款政策", text="最终解释权归平台", text_en="As a rule, paid back")
    )

    findings = vague_findings(given)

    assert [(each.section, each.clauses, each.severity) for each in findings] == [
        ("策略", (), Severity.WARNING),
        ("说明", (), Severity.ERROR),
        ("说明英文", (), Severity.WARNING),
    ]
    for finding in findings:
        assert not judge(given, finding.examples[0].facts, frozenset()).ask


def test_a_clause_that_never_decides_shows_a_case_it_applies_to() -> None:
    given = parse_policy("""
策略: 小平台
编号: small
版本: 1
事实: {退款原因: {枚举: [充值错误, 不想要了]}}
凭证: {其他: 1}
条款:
  - {编号: R1, 名称: 尽快退款, 当: {退款原因: 充值错误}, 则: 转人工}
  - {编号: R2, 名称: 全退, 当: {退款原因: 充值错误}, 则: 全额退款}
""")

    (finding,) = vague_findings(given)

    assert finding.examples[0].facts.values == {"退款原因": "充值错误"}


def test_an_alternative_that_asks_for_more_decides_its_own_case() -> None:
    given = parse_policy("""
策略: 小平台
编号: small
版本: 1
事实: {退款原因: {枚举: [充值错误, 不想要了]}}
凭证: {其他: 1}
条款:
  - {编号: R1, 名称: 尽快退款, 当: {退款原因: 充值错误}, 需: [其他], 则: 全额退款}
  - {编号: R2, 名称: 全退, 当: {退款原因: 充值错误}, 则: 全额退款}
""")

    (finding,) = vague_findings(given)

    (case,) = finding.examples
    assert judge(given, case.facts, frozenset(case.evidence)).clause == given.clause("R1")


def test_a_name_is_read_beside_its_conditions() -> None:
    assert vague_findings(saying("虚拟商品不予退款", field="name")) == ()
    assert terms(vague_findings(saying("虚拟商品概不退款", field="name"))) == {"no_returns"}


def test_names_of_golden_cases_are_not_published() -> None:
    given = parse_policy("""
策略: 小平台
编号: small
版本: 1
事实: {退款原因: {枚举: [充值错误, 不想要了]}}
凭证: {其他: 1}
条款:
  - {编号: R1, 名称: 全退, 当: {退款原因: 充值错误}, 则: 全额退款}
样例:
  - {名称: 尽快退款, 事实: {退款原因: 充值错误}, 应当: 全额退款}
""")

    assert vague_findings(given) == ()


@pytest.mark.parametrize(
    ("on", "article", "severity"),
    [
        (date(2021, 5, 1), "online_trade_21", Severity.ERROR),
        (date(2021, 4, 30), "penalty_12", Severity.ERROR),
        (date(2015, 3, 14), "consumer_law_26", Severity.ERROR),
        (date(2014, 3, 14), "", Severity.WARNING),
    ],
)
def test_one_sided_terms_are_measured_by_the_law_of_the_day(on: date, article: str, severity: Severity) -> None:
    (finding,) = vague_findings(saying("最终解释权归平台"), on=on)

    assert (finding.article, finding.severity) == (article, severity)


def test_every_term_says_why_and_what_to_write_instead() -> None:
    codes = {term.code for term in (*TERMS, BLANKET)}
    said = {key.split(".")[2] for key in words(Lang.ZH) if key.startswith("law.vague.")}

    assert said == codes
    for code in codes:
        for lang in Lang:
            assert say(lang, f"law.vague.{code}.why")
            assert say(lang, f"law.vague.{code}.instead")
    assert all(has_words(f"law.article.{article}") for article in UNFAIR_TERM)


@pytest.mark.parametrize("lang", list(Lang))
def test_a_finding_is_said_with_its_word_and_place(lang: Lang) -> None:
    (finding,) = vague_findings(saying("我们会尽快处理"))

    assert "尽快" in what_words(lang, finding)
    assert "说明" in what_words(lang, finding)
    assert do_words(lang, finding).startswith(say(lang, "law.vague.soon.why"))


def test_what_is_advised_instead_is_not_vague_itself() -> None:
    """The Chinese advice is read by the same eyes; it quotes no word that it warns of, except where it names one."""
    for key, text in words(Lang.ZH).items():
        if key.startswith("law.") and key.endswith((".do", ".instead")):
            assert vague_findings(saying(text)) == (), key
