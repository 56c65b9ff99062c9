"""Editing a policy file as a form does: exactly what was asked for changes, and every comment, quote and column stays."""

from __future__ import annotations

import difflib
from typing import TypeAlias

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.kit.money import Rounding
from huiliu.policy.edit.edits import apply, clause_rows
from huiliu.policy.edit.model import (
    AddCase,
    AddClause,
    ChangeClause,
    ChangeHead,
    ChangeLimits,
    DuplicateClause,
    LastClause,
    MoveClause,
    NotThere,
    RemoveCase,
    RemoveClause,
)
from huiliu.policy.edit.text import all_comments
from huiliu.policy.edit.words import number_text, range_text
from huiliu.policy.model import (
    AmountRule,
    Basis,
    Clause,
    Expectation,
    FactKind,
    Facts,
    GoldenCase,
    Outcome,
    Period,
    Policy,
    PolicyError,
    Range,
    Test,
)
from huiliu.policy.parse import parse_policy
from tests.policy.files import DEMO, EXAMPLE, EXAMPLE_EN

Lines: TypeAlias = tuple[list[str], list[str]]
FILES = (DEMO, EXAMPLE, EXAMPLE_EN)
replace = msgspec.structs.replace

MESSY = """\
# 一份写法各异的文件
策略:   "乱七八糟的写法"        # 引号和空格都要留着
编号: messy
版本: '1'
事实:
  # 原因
  退款原因: {枚举: [充值错误,   不想要了]}
  下单时长:
    时长: [0秒, 30天]   # 一个月
  次数: {计数: [0, 10]}
  贵: {是否: true}
凭证: {支付截图: 1, 未使用声明: 2, other: 3}
条款:      # 条款从这里开始

# 第一条的前面
-   编号: F1   # 甲
    名称: 甲
    # 条款当中的注释
    当:
      退款原因:       # 原因
      - 充值错误      # 打错账号
      - 不想要了
      下单时长: 超过1小时且24小时以内
    需:
        - 支付截图    # 一定要
        - other       # 其他也行
    则: 全额退款      # 全退

-
    # 破折号后面另起一行
    编号: F2
    名称: 乙
    当: {贵: 是,   # 贵的
         次数: 3}
    例外于: [F1]      # 让位
    则: 转人工
# 两条之间
- {编号: F3, 名称: "丙: 引号里的冒号", 当: {退款原因: 不想要了}, 则: 拒绝}   # 最后一条
# 条款之后

样例:
- 名称: 例一   # 例
  事实: {退款原因: 充值错误, 下单时长: 2小时, 贵: 否, 次数: 0}
  应当: {结果: 全额退款, 条款: F1}
"""


def lines(before: str, after: str) -> Lines:
    """(lines that went, lines that came)."""
    found = list(difflib.unified_diff(before.split("\n"), after.split("\n"), n=0, lineterm=""))[2:]
    return [line[1:] for line in found if line[0] == "-"], [line[1:] for line in found if line[0] == "+"]


def row(source: str, clause_id: str) -> Clause:
    return next(row.clause for row in clause_rows(source) if row.clause.id == clause_id)


def changed(source: str, clause_id: str, **over: object) -> str:
    wanted = replace(row(source, clause_id), **over)
    return apply(source, (ChangeClause(clause_id, wanted),))


@pytest.mark.parametrize("source", [*FILES, MESSY])
def test_a_clause_changed_into_itself_leaves_every_byte(source: str) -> None:
    edits = tuple(ChangeClause(each.clause.id, each.clause) for each in clause_rows(source))
    policy = parse_policy(source)
    assert (
        apply(source, (*edits, ChangeLimits(policy.limits), ChangeHead(name=policy.name, label=policy.label))) == source
    )


def test_a_boundary_is_rewritten_where_it_stands_and_nothing_else() -> None:
    after = changed(DEMO, "F5", when=(Test("退款原因", ("不想要了",)), Test("下单时长", ranges=(Range(None, 7200),))))
    gone, come = lines(DEMO, after)
    assert gone == ["    当: {退款原因: 不想要了, 下单时长: 1小时以内, 使用情况: 未使用}"]
    assert come == ["    当: {退款原因: 不想要了, 下单时长: 2小时以内}"]


def test_english_keys_and_words_stay_english() -> None:
    clause = row(EXAMPLE_EN, "F1")
    wanted = replace(
        clause,
        outcome=Outcome.REJECT,
        amount=None,
        when=(*clause.when, Test("下单时长", ranges=(Range(3_601, None),)), Test("曾伪造凭证", ("否",))),
        needs=("unused_declaration",),
    )
    _, come = lines(EXAMPLE_EN, apply(EXAMPLE_EN, (ChangeClause("F1", wanted),)))
    assert come == [
        "  - {id: F1, name: 充值未到账, when: {reason: not_arrived, order_age: more than 1 hour, forged_before: no},"
        " needs: [unused_declaration], then: reject}"
    ]


def test_the_money_of_a_clause_is_written_out_and_taken_out_again() -> None:
    rule = AmountRule(Basis.TIME, fee_returned=False, rounding=Rounding.FAVOUR_PLATFORM, cap_minor=50_50)
    after = changed(DEMO, "F7", amount=rule)
    assert lines(DEMO, after)[1] == ["    金额: {按: 时间, 手续费: 不退, 舍入: 有利平台, 上限: 50.50元}"]
    full = changed(after, "F7", outcome=Outcome.FULL, amount=AmountRule(Basis.FULL))
    assert "50.50元" not in full
    part = changed(DEMO, "F1", outcome=Outcome.PART, amount=AmountRule(Basis.UNITS))
    assert lines(DEMO, part)[1] == ["    则: 按未用比例退款", "    金额: {按: 用量, 手续费: 退, 舍入: 有利买家}"]


def test_a_list_on_lines_of_its_own_keeps_the_comments_of_what_stays_and_lifts_those_of_what_goes() -> None:
    after = changed(MESSY, "F1", needs=("paid_shot", "unused_declaration"))
    gone, come = lines(MESSY, after)
    assert gone == ["        - other       # 其他也行"]
    assert come == ["# 其他也行", "        - 未使用声明"]


def test_a_renamed_clause_is_renamed_wherever_it_is_named() -> None:
    after = changed(MESSY, "F1", id="G1")
    assert "例外于: [G1]      # 让位" in after
    assert "应当: {结果: 全额退款, 条款: G1}" in after
    assert all_comments(after) == all_comments(MESSY)


def test_a_removed_clause_goes_from_exceptions_and_examples_too() -> None:
    after = apply(MESSY, (RemoveClause("F1"),))
    policy = parse_policy(after)
    assert [clause.id for clause in policy.clauses] == ["F2", "F3"]
    assert "例外于" not in after
    assert "# 让位" in after
    assert "# 第一条的前面" in after
    assert policy.golden[0].expect.clause is None


def test_clauses_change_places_with_the_comments_above_them() -> None:
    after = apply(MESSY, (MoveClause("F3", down=False),))
    assert after.index("# 两条之间") < after.index("编号: F3") < after.index("编号: F2")
    assert apply(after, (MoveClause("F3", down=True),)) == MESSY
    for clause_id, down in (("F1", False), ("F3", True)):
        with pytest.raises(NotThere):
            apply(MESSY, (MoveClause(clause_id, down=down),))


def test_the_first_clause_takes_the_comment_above_it_along() -> None:
    after = apply(MESSY, (MoveClause("F1", down=True),))
    assert after.index("编号: F2") < after.index("# 第一条的前面") < after.index("编号: F1")
    assert after.index("# 条款从这里开始") < after.index("编号: F2")


def test_comments_within_what_is_replaced_are_kept_above() -> None:
    assert sorted(all_comments(changed(MESSY, "F1", when=()))) == sorted(all_comments(MESSY))


@pytest.mark.parametrize(
    "name", ["甲: 乙", "甲 #乙", "尾巴:", "'", '"', "- 甲", "yes", "1.0", "[甲]", "甲, 乙", "\\", "~", "=", "?"]
)
@pytest.mark.parametrize("clause_id", ["F1", "F3"])
def test_a_name_of_any_letters_reads_as_itself(name: str, clause_id: str) -> None:
    assert row(changed(MESSY, clause_id, name=name), clause_id).name == name


def test_the_last_clause_stays() -> None:
    one = apply(MESSY, (RemoveClause("F1"), RemoveClause("F2")))
    with pytest.raises(LastClause):
        apply(one, (RemoveClause("F3"),))


def test_limits_and_head_are_written_into_their_lines_or_new_ones() -> None:
    policy = parse_policy(MESSY)
    limits = replace(policy.limits, cooling=Period(seconds=12 * 3_600), review=Period(working_days=2))
    after = apply(MESSY, (ChangeLimits(limits), ChangeHead(label="2", name="新名字", text="总的说明：看清楚")))
    assert parse_policy(after).limits == limits
    assert '策略:   "新名字"        # 引号和空格都要留着' in after
    assert "版本: '2'" in after
    assert all_comments(after) == all_comments(MESSY)
    assert parse_policy(apply(after, (ChangeHead(text=""),))).text == ""


def test_examples_are_added_in_the_words_of_the_file_and_removed() -> None:
    for source in (MESSY, DEMO, EXAMPLE_EN):
        policy = parse_policy(source)
        fact = policy.facts[0]
        case = GoldenCase(
            name="新的：例子, 带标点",
            facts=Facts({fact.name: fact.values[0], "下单时长": 3_601}),
            evidence=("paid_shot",),
            expect=Expectation(Outcome.PERSON, None, ()),
        )
        after = apply(source, (AddCase(case),))
        assert parse_policy(after).golden == (*policy.golden, case)
        assert apply(after, (RemoveCase(case.name),)).strip() == source.strip()


@pytest.mark.parametrize(
    "text",
    ["策略: *甲", "策略: !!python/object:os.system x", "a: &b [1]\nc: *b", "[" * 40, "策略: 甲\n策略: 乙", "\x00"],
)
def test_hostile_text_is_refused_before_anything_reads_it_again(text: str) -> None:
    with pytest.raises(PolicyError):
        apply(text, (RemoveClause("F1"),))
    with pytest.raises(PolicyError):
        clause_rows(text)


UNWRITTEN = "\x85\u2028\u2029\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn"), exclude_characters=UNWRITTEN),
    min_size=1, max_size=20,
).map(str.strip).filter(bool)  # fmt: skip


@st.composite
def ranges(draw: st.DrawFn) -> tuple[Range, ...]:
    low = draw(st.integers(0, 30 * 86_400 - 1))
    span = Range(draw(st.sampled_from((None, low))), None)
    if span.low is None or draw(st.booleans()):
        span = Range(span.low, draw(st.integers(low, 30 * 86_400)))
    return (span,)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str, Clause]:
    """(a file, the clause, what it is to say)."""
    source = draw(st.sampled_from((*FILES, MESSY)))
    policy = parse_policy(source)
    clause = draw(st.sampled_from([each.clause for each in clause_rows(source)]))
    outcome = draw(st.sampled_from(policy.outcomes))
    tests = [draw(_test(policy, i)) for i in range(len(policy.facts))]
    slots = draw(st.permutations(list(policy.costs)))
    cut, end = draw(st.integers(0, 2)), draw(st.integers(2, 4))
    amount = None
    if outcome in (Outcome.FULL, Outcome.PART):
        part = draw(st.sampled_from((Basis.UNITS, Basis.TIME, Basis.PROMISED)))
        amount = AmountRule(
            Basis.FULL if outcome is Outcome.FULL else part,
            fee_returned=draw(st.booleans()),
            rounding=draw(st.sampled_from(Rounding)),
            cap_minor=draw(st.none() | st.integers(1, 10**6)),
        )
    others = [each.id for each in policy.clauses if each.id != clause.id]
    wanted = Clause(
        id=clause.id,
        name=draw(NAMES),
        name_en=draw(st.just("") | NAMES),
        text=draw(st.just("") | NAMES),
        text_en=draw(st.just("") | NAMES),
        when=tuple(test for test in tests if test is not None) or clause.when,
        outcome=outcome,
        needs=tuple(slots[:cut]),
        optional=tuple(slots[cut:end]),
        exception_to=tuple(draw(st.lists(st.sampled_from(others), unique=True, max_size=3))),
        amount=amount,
        automatic=amount is not None and draw(st.booleans()),
    )
    return source, clause.id, wanted


def _test(policy: Policy, i: int) -> st.SearchStrategy[Test | None]:
    spec = policy.facts[i]
    found: st.SearchStrategy[Test | None]
    match spec.kind:
        case FactKind.ENUM:
            found = st.lists(st.sampled_from(spec.values), min_size=1, unique=True).map(
                lambda words: Test(spec.name, tuple(word for word in spec.values if word in words))
            )
        case FactKind.BOOLEAN:
            found = st.sampled_from(("是", "否")).map(lambda word: Test(spec.name, (word,)))
        case FactKind.DURATION:
            found = ranges().map(lambda spans: Test(spec.name, ranges=spans))
        case _:
            found = st.integers(1, 10).map(lambda number: Test(spec.name, ranges=(Range(number, 10),)))
    return st.none() | found


@settings(max_examples=80, deadline=None)
@given(edited())
def test_an_edit_says_exactly_what_it_was_asked_to_and_keeps_every_comment(given_: tuple[str, str, Clause]) -> None:
    source, clause_id, wanted = given_
    after = apply(source, (ChangeClause(clause_id, wanted),))
    rows, before = {each.clause.id: each.clause for each in clause_rows(after)}, clause_rows(source)
    assert _sorted(rows[clause_id]) == _sorted(wanted)
    assert [rows[each.clause.id] for each in before if each.clause.id != clause_id] == [
        each.clause for each in before if each.clause.id != clause_id
    ]
    assert sorted(all_comments(after)) == sorted(all_comments(source))
    old, new = parse_policy(source), parse_policy(after)
    assert replace(new, clauses=(), content_hash=b"") == replace(old, clauses=(), content_hash=b"")
    back = apply(after, (ChangeClause(clause_id, row(source, clause_id)),))
    assert _sorted(row(back, clause_id)) == _sorted(row(source, clause_id))


@settings(max_examples=40, deadline=None)
@given(edited(), st.data())
def test_a_clause_is_added_repeated_moved_and_removed_beside_the_others(
    given_: tuple[str, str, Clause], data: st.DataObject
) -> None:
    source, clause_id, wanted = given_
    ids = [each.clause.id for each in clause_rows(source)]
    new = replace(wanted, id="Z9", exception_to=tuple(name for name in wanted.exception_to if name in ids))
    after = apply(source, (AddClause(new, clause_id), DuplicateClause("Z9", "Z8")))
    rows = {each.clause.id: each.clause for each in clause_rows(after)}
    assert _sorted(rows["Z9"]) == _sorted(new)
    assert _sorted(rows["Z8"]) == _sorted(replace(new, id="Z8"))
    place = ids.index(clause_id)
    assert list(rows) == [*ids[: place + 1], "Z9", "Z8", *ids[place + 1 :]]
    assert sorted(set(all_comments(source)) - set(all_comments(after))) == []
    down = data.draw(st.booleans())
    try:
        moved = apply(after, (MoveClause("Z9", down=down),))
    except NotThere:
        return
    assert apply(moved, (MoveClause("Z9", down=not down),)) == after
    assert sorted(all_comments(moved)) == sorted(all_comments(after))
    assert apply(after, (RemoveClause("Z8"), RemoveClause("Z9"))) == source


def _sorted(clause: Clause) -> Clause:
    return replace(
        clause,
        needs=tuple(sorted(clause.needs)),
        optional=tuple(sorted(clause.optional)),
        exception_to=tuple(sorted(clause.exception_to)),
        when=tuple(sorted(clause.when, key=lambda test: test.fact)),
    )


@given(st.sampled_from((FactKind.DURATION, FactKind.AMOUNT)), st.integers(0, 10**7), st.booleans())
def test_a_number_written_reads_as_itself(kind: FactKind, number: int, english: bool) -> None:
    from huiliu.policy.quantities import quantity

    assert quantity(kind, number_text(kind, number, english=english)) == number


def test_boundaries_are_written_with_the_rounder_number() -> None:
    assert range_text(FactKind.DURATION, Range(3_601, 86_400)) == "超过1小时且24小时以内"
    assert range_text(FactKind.DURATION, Range(3_600, 86_399)) == "1小时以上且不满24小时"
    assert range_text(FactKind.AMOUNT, Range(500_00, None), english=True) == "at least 500 yuan"
    assert range_text(FactKind.COUNT, Range(3, 3)) == "3"
