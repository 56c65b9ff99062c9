"""Policy files: both key languages, every refusal with its place, and hostile text in bounded time."""

from __future__ import annotations

import time

import pytest

from huiliu.kit.money import Rounding
from huiliu.kit.text import Lang
from huiliu.policy.document import DEPTH_MAX, NODES_MAX, PROBLEMS_MAX, SCALAR_CHARS_MAX, SOURCE_CHARS_MAX
from huiliu.policy.model import AmountRule, Basis, Limits, Outcome, Party, Period, PolicyError, Range, Trend
from huiliu.policy.parse import parse_policy
from huiliu.policy.wording import error_words
from tests.policy.files import DEMO, EXAMPLE, EXAMPLE_EN, small

CLAUSE = "  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 全额退款}"
SECONDS_MAX = 2.0
"""How long refusing any hostile file may take."""


def problems(source: str | bytes) -> list[tuple[int, int, str]]:
    """(line, column, code) of everything wrong; every problem must also be sayable in both languages."""
    with pytest.raises(PolicyError) as raised:
        parse_policy(source)
    for lang in Lang:
        assert all(error_words(lang, raised.value))
    assert len(raised.value.problems) == raised.value.facts["count"]
    return [(problem.line, problem.column, problem.code) for problem in raised.value.problems]


def place(source: str, needle: str) -> tuple[int, int]:
    """Line and column of the only occurrence of a text."""
    assert source.count(needle) == 1
    before = source[: source.index(needle)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def test_the_example_reads_as_written() -> None:
    policy = parse_policy(EXAMPLE)

    assert (policy.name, policy.id, policy.label, len(policy.clauses)) == (
        "示例卡盟平台退款政策",
        "demo-refund",
        "3",
        10,
    )
    assert policy.effective_from is not None
    assert policy.effective_from.isoformat() == "2025-11-30T16:00:00+00:00"
    usage = policy.fact("使用情况")
    assert usage is not None
    assert (usage.burden, usage.presumed, usage.proven_by) == (Party.PLATFORM, "未使用", ("consumption_record",))
    age, amount = policy.fact("下单时长"), policy.fact("金额")
    assert age is not None
    assert amount is not None
    assert (age.domain, age.trend) == (Range(0, 180 * 86_400), Trend.LARGER_WORSE)
    assert amount.domain == Range(1, 100_000_00)
    assert policy.outcomes == tuple(Outcome)
    assert policy.limits == Limits()
    f9 = policy.clause("F9")
    assert f9 is not None
    assert f9.exception_to == ("F6", "F7")


def test_both_key_languages_read_as_the_same_policy() -> None:
    assert parse_policy(EXAMPLE_EN) == parse_policy(EXAMPLE)


def test_comments_spacing_and_order_of_conditions_do_not_change_the_identity() -> None:
    one = small("  - {编号: F1, 名称: 甲, 当: {退款原因: [充值错误, 不想要了], 下单时长: 60分钟以内}, 则: 全额退款}")
    two = small(
        "  - {则: 全额退款, 编号: F1, 名称: 甲, 当: {下单时长: 1小时以内, 退款原因: [不想要了, 充值错误]}} # 说明"
    )
    other = small("  - {编号: F1, 名称: 甲, 当: {退款原因: [充值错误, 不想要了], 下单时长: 不满1小时}, 则: 全额退款}")

    assert parse_policy(one).content_hash == parse_policy(two).content_hash
    assert parse_policy(one).content_hash != parse_policy(other).content_hash


def test_writing_a_default_out_does_not_change_the_identity() -> None:
    written = small(
        CLAUSE.replace("}, 则", "}, 自动: 否, 金额: {按: 全额, 手续费: 退, 舍入: 有利买家}, 则"),
        rest="限制: {申请次数: 5, 重新申请期限: 168小时}",
    )

    assert parse_policy(written).content_hash == parse_policy(small(CLAUSE)).content_hash


def test_words_that_yaml_would_turn_into_something_else_stay_words() -> None:
    source = small("  - {编号: F1, 名称: yes, 当: {退款原因: 充值错误}, 则: 全额退款}")
    policy = parse_policy(source.replace("版本: 1", "版本: 2025-12-01").replace("编号: small", "编号: 1.10"))

    assert (policy.label, policy.id, policy.clauses[0].name) == ("2025-12-01", "1.10", "yes")


@pytest.mark.parametrize("word", ["是", "yes", "true", "YES", "True"])
def test_yes_is_said_in_several_ways(word: str) -> None:
    policy = parse_policy(EXAMPLE.replace("{曾伪造凭证: 是}", f"{{曾伪造凭证: {word}}}"))

    assert policy == parse_policy(EXAMPLE)


def test_money_and_limits_are_read() -> None:
    policy = parse_policy(
        small(
            "  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 按未用比例退款,"
            " 金额: {按: 时间, 手续费: 不退, 舍入: 有利平台, 上限: 50元}}",
            rest="限制: {申请次数: 3, 重新申请期限: 10天, 审核时限: 2个工作日, 平台举证期限: 24小时, 冷静期: 90分钟}",
        )
    )

    assert policy.clauses[0].amount == AmountRule(Basis.TIME, False, Rounding.FAVOUR_PLATFORM, 50_00)
    assert policy.limits == Limits(
        applications=3,
        reapply=Period(seconds=10 * 86_400),
        review=Period(working_days=2),
        platform_proof=Period(seconds=86_400),
        cooling=Period(seconds=5_400),
    )


WRONG: list[tuple[str, str, str, str]] = [
    # (replace this once, with this, the place is where this is, code)
    ("则: 全额退款}", "则: 全部退款}", "全部退款", "unknown_word"),
    ("则: 全额退款}", "则: 全额退款, 自动: 也许}", "也许", "not_boolean"),
    ("则: 全额退款}", "则: 全额退款, 例外于: F1}", "{编号: F1", "bad_exception"),
    ("则: 全额退款}", "则: 全额退款, 例外于: [F2]}", "{编号: F1", "bad_exception"),
    ("则: 全额退款}", "则: 全额退款, 需: [付款截图]}", "付款截图", "evidence_undeclared"),
    ("则: 全额退款}", "则: 全额退款, 需: [时间差证明]}", "时间差证明", "evidence_undeclared"),
    ("则: 全额退款}", "则: 全额退款, 需: [其他, other]}", "other", "duplicate_value"),
    ("则: 全额退款}", "则: 全额退款, 需: 其他, 可附: other}", "可附", "needed_and_optional"),
    ("则: 全额退款}", "则: 全额退款, 金额: {按: 用量}}", "{按: 用量}", "amount_basis"),
    ("则: 全额退款}", "则: 拒绝, 金额: {按: 全额}}", "{按: 全额}", "amount_without_refund"),
    ("则: 全额退款}", "则: 拒绝, 自动: 是}", "自动", "automatic_without_refund"),
    ("则: 全额退款}", "则: 全额退款, 金额: {上限: 很多}}", "很多", "not_amount"),
    ("则: 全额退款}", "则: 全额退款, 金额: {上限: 0元}}", "0元", "not_amount"),
    ("则: 全额退款}", "则: 全额退款, 备注: 无}", "备注", "unknown_key"),
    ("则: 全额退款}", "则: 全额退款, then: reject}", "then", "duplicate_key"),
    ("则: 全额退款}", "则: [全额退款]}", "[全额退款]", "one_value"),
    (", 则: 全额退款}", "}", "{编号: F1", "key_absent"),
    ("{退款原因: 充值错误}, 则", "{退款原因: 充错了}, 则", "充错了", "not_in_enum"),
    ("{退款原因: 充值错误}, 则", "{原因: 充值错误}, 则", "原因: 充值错误", "fact_undeclared"),
    ("{退款原因: 充值错误}, 则", "{退款原因: 充值错误, reason: topup_wrong}, 则", "reason", "duplicate_key"),
    ("{退款原因: 充值错误}, 则", "{退款原因: []}, 则", "[]", "choices"),
    ("{退款原因: 充值错误}, 则", "{退款原因: [[充值错误]]}, 则", "[充值错误]]", "one_value"),
    ("{退款原因: 充值错误}, 则", "{}, 则", "{}, 则", "when_empty"),
    ("{退款原因: 充值错误}, 则", "充值错误, 则", "充值错误, 则", "when_empty"),
    ("{退款原因: 充值错误}, 则", "{下单时长: 1小时}, 则", "1小时", "boundary_missing"),
    ("{退款原因: 充值错误}, 则", "{下单时长: 一小时以内}, 则", "一小时以内", "not_duration"),
    ("{退款原因: 充值错误}, 则", "{下单时长: 1个月以内}, 则", "1个月以内", "not_duration"),
    ("{退款原因: 充值错误}, 则", "{下单时长: 1小时左右}, 则", "1小时左右", "not_duration"),
    ("{退款原因: 充值错误}, 则", "{下单时长: 超过2天且1天以内}, 则", "超过2天且1天以内", "never"),
    ("{退款原因: 充值错误}, 则", "{下单时长: 超过30天}, 则", "超过30天", "never"),
    ("{退款原因: 充值错误}, 则", "{下单时长: 9999999999秒以内}, 则", "9999999999秒以内", "not_duration"),
    ("{退款原因: 充值错误}, 则", "{次数: 两次以上}, 则", "两次以上", "not_count"),
    ("编号: F1", "编号: 甲1", "甲1", "bad_clause_id"),
    ("编号: F1", "编号: F12345678901234567", "F12345678901234567", "bad_clause_id"),
    ("名称: 甲", "名称: ''", "''", "text_length"),
    ("名称: 甲", "名称: '\u200b\u200b'", "'\u200b", "text_length"),
    ("名称: 甲", f"名称: {'长' * 61}", "长" * 61, "text_length"),
    ("编号: small", "编号: 小 政策", "小 政策", "bad_id"),
    ("[充值错误, 不想要了]", "[充值错误, 不想要了, 充值错误]", "[充值错误, 不想要了, 充值错误]", ""),
    ("[充值错误, 不想要了]}", "[充值错误, 不想要了], 是否: 是}", "{枚举", "fact_kind"),
    ("[充值错误, 不想要了]}", "[充值错误, 不想要了], 举证方: 平台}", "{枚举", "burden_incomplete"),
    (
        "[充值错误, 不想要了]}",
        "[充值错误, 不想要了], 举证方: 平台, 未举证视为: 别的, 证明: 消耗记录}",
        "别的",
        "not_in_enum",
    ),
    (
        "[充值错误, 不想要了]}",
        "[充值错误, 不想要了], 举证方: 平台, 未举证视为: 充值错误, 证明: 口头说明}",
        "口头说明",
        "unknown_evidence",
    ),
    ("[0秒, 30天]", "[30天, 0秒]", "[30天, 0秒]", "domain"),
    ("[0秒, 30天]", "[0秒]", "[0秒]", "domain"),
    ("支付截图: 1", "支付截图: 0", "0, 未", "cost"),
    ("支付截图: 1", "支付截图: 很难", "很难", "cost"),
    ("未使用声明: 2", "paid_shot: 2", "paid_shot", "duplicate_key"),
]


@pytest.mark.parametrize(("old", "new", "at", "code"), WRONG)
def test_each_mistake_is_named_at_its_place(old: str, new: str, at: str, code: str) -> None:
    source = small(CLAUSE)
    assert source.count(old) == 1
    changed = source.replace(old, new)

    found = problems(changed)

    if code:
        assert (*place(changed, at), code) in found
    else:
        line, column = place(changed, at)
        assert (line, column + len("[充值错误, 不想要了, "), "duplicate_value") in found


REST: list[tuple[str, str, str]] = [
    ("兜底: {无条款: 拒绝}", "拒绝", "unknown_word"),
    ("兜底: {条款冲突: 有利平台}", "有利平台", "unknown_word"),
    ("结果: [拒绝, 全额退款]", "[拒绝", "outcomes_order"),
    ("结果: [拒绝]", "全额退款}", "outcome_unranked"),
    ("结果: [全额退款, full]", "full", "duplicate_value"),
    ("限制: {申请次数: 0}", "0}", "applications"),
    ("限制: {申请次数: 21}", "21", "applications"),
    ("限制: {审核时限: 尽快}", "尽快", "not_period"),
    ("限制: {审核时限: 00天}", "00天", "not_period"),
    ("限制: {审核时限: 181天}", "181天", "not_period"),
    ("限制: {审核时限: 99个工作日}", "99个工作日", "not_period"),
    ("限制: {审批时限: 1天}", "审批时限", "unknown_key"),
    ("附加: [{编号: A1, 名称: 大, 当: {次数: 3}}]", "{编号: A1", "extra_adds_nothing"),
    ("附加: [{编号: F1, 名称: 大, 当: {次数: 3}, 加: 风控复核}]", "{编号: F1, 名称: 大", "duplicate_id"),
    ("附加: [{编号: A1, 名称: 大, 当: {次数: 3}, 加: 报警}]", "报警", "unknown_word"),
    ("生效: 2025-12-01", "2025-12-01", "bad_instant"),
    ("生效: 2025-12-01T00:00:00", "2025-12-01T00:00:00", "bad_instant"),
    ("策略: 又一个", "策略: 又一个", "duplicate_key"),
    ("附注: 无", "附注", "unknown_key"),
    ("限制：无", "限制：无", "syntax"),
    ("限制: [1天]", "[1天]", "not_mapping"),
    ("限制: 审核时限：1天", "审核时限：1天", "full_width_colon"),
    ("限制: &a {申请次数: 3}", "&a", "alias"),
    ("限制: *a", "*a", "alias"),
    ("限制: !!python/object:os.system {申请次数: 3}", "!!python", "tag"),
    ("限制:\n\t申请次数: 3", "\t申请次数", "tab"),
    ("? [甲, 乙]\n: 丙", "[甲, 乙]", "key_not_text"),
    ("---\n策略: 第二份", "---", "second_document"),
    ("限制: {申请次数: 3", "", "syntax"),
]


@pytest.mark.parametrize(("rest", "at", "code"), REST)
def test_each_mistake_outside_the_clauses_is_named_at_its_place(rest: str, at: str, code: str) -> None:
    source = small(CLAUSE, rest=rest)

    found = problems(source)

    if code in ("syntax",):
        assert [problem[2] for problem in found] == [code]
    else:
        assert (*place(source, at), code) in found


def test_all_problems_are_told_at_once_in_file_order() -> None:
    source = small(CLAUSE.replace("充值错误", "充错了").replace("全额退款", "全退"), rest="限制: {申请次数: 0}")

    found = problems(source)

    assert [code for *_, code in found] == ["not_in_enum", "unknown_word", "applications"]
    assert found == sorted(found)


def test_two_clauses_may_not_share_an_id() -> None:
    source = small(f"{CLAUSE}\n{CLAUSE}")

    assert [code for *_, code in problems(source)] == ["duplicate_id"]


def test_exceptions_in_a_circle_are_read_for_the_lint_to_show() -> None:
    source = small("""
  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 例外于: F3, 则: 全额退款}
  - {编号: F2, 名称: 乙, 当: {退款原因: 充值错误}, 例外于: F1, 则: 全额退款}
  - {编号: F3, 名称: 丙, 当: {退款原因: 充值错误}, 例外于: F2, 则: 全额退款}
""")

    assert [clause.exception_to for clause in parse_policy(source).clauses] == [("F3",), ("F1",), ("F2",)]


def test_exceptions_may_share_a_base() -> None:
    source = small("""
  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 例外于: [F2, F3], 则: 全额退款}
  - {编号: F2, 名称: 乙, 当: {退款原因: 充值错误}, 例外于: [F3], 则: 全额退款}
  - {编号: F3, 名称: 丙, 当: {退款原因: 充值错误}, 则: 全额退款}
""")

    assert len(parse_policy(source).clauses) == 3


@pytest.mark.parametrize("source", ["", "   \n# 只有注释\n", b""])
def test_an_empty_file_is_called_empty(source: str | bytes) -> None:
    assert problems(source) == [(1, 1, "empty")]


def test_a_file_that_is_not_utf8_is_named_at_its_first_strange_byte() -> None:
    assert problems("策略: a\n编号: ".encode() + "政策".encode("gbk")) == [(2, 5, "not_utf8")]


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert parse_policy("\ufeff" + EXAMPLE) == parse_policy(EXAMPLE.encode("utf-8-sig")) == parse_policy(EXAMPLE)


def test_windows_line_ends_are_no_obstacle() -> None:
    assert parse_policy(EXAMPLE.replace("\n", "\r\n")) == parse_policy(EXAMPLE)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800", "\x7f", "\u202e", "\u2066"])
def test_a_control_character_is_named_at_its_place(character: str) -> None:
    assert problems(f"策略: a\n编号: b{character}c\n") == [(2, 6, "control_character")]


@pytest.mark.parametrize("written", ["٣天", "１२天", "𝟑天"])
def test_digits_of_other_scripts_are_no_numbers(written: str) -> None:
    assert "not_duration" in [code for _, _, code in problems(small(CLAUSE).replace("30天", written))]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "too many characters": ("#" * (SOURCE_CHARS_MAX + 1), "too_large"),
    "too many bytes": (b"#" * (SOURCE_CHARS_MAX * 4 + 1), "too_large"),
    "deep flow lists": ("[" * 100_000, "too_deep"),
    "deep flow maps": ("{a: " * 50_000, "too_deep"),
    "deep block": ("\n".join(" " * i + "a:" for i in range(500)), "too_deep"),
    "a billion laughs": (BOMB, "alias"),
    "an anchor that contains itself": ("a: &a [*a]", "alias"),
    "a merge key": ("<<: {策略: a}", "unknown_key"),
    "a very long word": (f"策略: {'长' * (SCALAR_CHARS_MAX + 1)}", "text_too_long"),
    "a very wide list": ("[" + "a," * (NODES_MAX + 10) + "]", "too_many_nodes"),
    "a number of many digits": (small(CLAUSE).replace("30天", "9" * 400 + "天"), "not_duration"),
    "thousands of unknown keys": ("".join(f"键{i:05d}abcdefghijklmnop: 1\n" for i in range(9_000)), "unknown_key"),
    "a list at the top": ("- a\n- b", "not_mapping"),
    "a word at the top": ("退款政策", "not_mapping"),
    "a thousand clauses": (small("\n".join(CLAUSE.replace("F1", f"F{i}") for i in range(1_000))), "too_many"),
    "only brackets and quotes": ("'\"[{" * 1_000, "syntax"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_text_is_refused_quickly(what: str) -> None:
    source, code = HOSTILE[what]
    started = time.monotonic()

    found = problems(source)

    assert time.monotonic() - started < SECONDS_MAX
    assert code in [problem[2] for problem in found]
    assert len(found) <= PROBLEMS_MAX


def test_a_document_may_be_exactly_as_deep_as_allowed() -> None:
    deepest = "[" * DEPTH_MAX + "]" * DEPTH_MAX

    assert [code for *_, code in problems(deepest)] == ["not_mapping"]


def test_five_hundred_clauses_are_read() -> None:
    many = small("\n".join(CLAUSE.replace("F1", f"F{i}") for i in range(500)))

    assert len(parse_policy(many).clauses) == 500


def test_the_identity_of_a_published_policy_does_not_drift() -> None:
    # Platforms' published versions are found by this hash: a change of how meaning is hashed would orphan them.
    assert (
        parse_policy(EXAMPLE).content_hash.hex() == "3d44b193b5eafd67b0321be1a8760e2a68d79e428c1c4819e4dbc3bd88520acc"
    )
    assert parse_policy(DEMO).content_hash == parse_policy(DEMO.encode()).content_hash
