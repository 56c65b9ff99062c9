"""What changes between two versions: by examples, then every situation against judging every case by both."""

from __future__ import annotations

from itertools import product
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.bench.policy_maker import made
from huiliu.bench.policy_oracle import values_of
from huiliu.bench.policy_parts import repeatable
from huiliu.bench.policy_structured import structured
from huiliu.bench.policy_versions import changed
from huiliu.kit.text import Lang
from huiliu.policy.answers import Answer
from huiliu.policy.diff import situations as diff_module
from huiliu.policy.diff.amendments import Amending, Amendment, Section
from huiliu.policy.diff.situations import ChangeKind, Diff, Direction, changes, diff
from huiliu.policy.diff.words import amendment_words, diff_words
from huiliu.policy.identity import sealed
from huiliu.policy.lint.replay import answer_to
from huiliu.policy.model import Clause, FactKind, Facts, FactSpec, FactValue, Flag, Policy, Range, Test
from huiliu.policy.parse import parse_policy
from tests.policy.by_hand import meets_all
from tests.policy.files import DEMO, demo, small

RULES = """
  - {编号: F1, 名称: 一小时内, 当: {下单时长: 1小时以内}, 需: [支付截图], 则: 全额退款}
  - {编号: F2, 名称: 一小时后, 当: {下单时长: 超过1小时}, 则: 拒绝}
"""


def between(before: str, after: str, *, rest: tuple[str, str] = ("", "")) -> tuple[Policy, Policy, Diff]:
    """Two small policies and what changes between them."""
    old, new = parse_policy(small(before, rest=rest[0])), parse_policy(small(after, rest=rest[1]))
    return old, new, diff(old, new)


def test_a_version_is_no_change_to_itself_and_neither_are_new_ids_and_names() -> None:
    renamed = parse_policy(DEMO.replace("F1", "G1").replace("充值错误即时退款", "充错了"))

    assert diff(demo(), demo()) == Diff((), ())
    assert diff(demo(), renamed).changes == ()
    assert diff(demo(), renamed).amendments


def test_a_moved_limit_changes_exactly_the_time_between_and_says_for_whom() -> None:
    old, new, found = between(RULES, RULES.replace("1小时", "2小时"))

    (change,) = found.changes
    assert (change.kinds, change.direction) == (
        (ChangeKind.OUTCOME, ChangeKind.MONEY, ChangeKind.EVIDENCE),
        Direction.BETTER,
    )
    assert (change.old_clause, change.new_clause) == ("F2", "F1")
    assert [test.ranges for (test,) in change.situations] == [(Range(3_601, 7_200),)]
    assert diff_words(Lang.ZH, old, new, found) == (
        "对买家更好：结果：不予退款 → 全额退款；凭证：不需要凭证 → 支付截图。下单时长超过1小时且2小时以内。",
        "条款 F1，条件有改动",
        "条款 F2，条件有改动",
    )
    assert diff_words(Lang.EN, old, new, found)[0] == (
        "Better for the buyer: outcome: no refund → full refund; evidence: no evidence needed → payment screenshot. "
        "When time since the order is more than 1 hour and within 2 hours."
    )


@pytest.mark.parametrize(
    ("after", "kind", "direction"),
    [
        (RULES.replace("需: [支付截图], ", ""), ChangeKind.EVIDENCE, Direction.BETTER),
        (RULES.replace("[支付截图]", "[支付截图, 其他]"), ChangeKind.EVIDENCE, Direction.WORSE),
        (RULES.replace("[支付截图]", "[其他]"), ChangeKind.EVIDENCE, Direction.MIXED),
        (RULES.replace("则: 全额退款", "则: 全额退款, 自动: 是"), ChangeKind.AUTOMATIC, Direction.BETTER),
        (RULES.replace("则: 全额退款", "则: 全额退款, 金额: {手续费: 不退}"), ChangeKind.MONEY, Direction.WORSE),
    ],
)
def test_each_kind_of_change_says_whether_it_helps_the_buyer(
    after: str, kind: ChangeKind, direction: Direction
) -> None:
    old, new, found = between(RULES, after)

    (change,) = found.changes
    assert (change.kinds, change.direction) == ((kind,), direction)
    assert [(test.fact, test.ranges) for (test,) in change.situations] == [("下单时长", (Range(None, 3_600),))]
    assert all("→" in diff_words(lang, old, new, found)[0] for lang in Lang)


def test_another_way_to_the_same_answer_is_a_change_of_evidence_only_where_it_asks_for_less() -> None:
    dearer = "  - {编号: F3, 名称: 另证, 当: {下单时长: 30分钟以内}, 需: [支付截图, 其他], 则: 全额退款}"
    other = "  - {编号: F3, 名称: 另证, 当: {下单时长: 30分钟以内}, 需: [其他], 则: 全额退款}"

    assert between(RULES, RULES + dearer)[2].changes == ()
    (change,) = between(RULES, RULES + other)[2].changes
    assert change.new.evidence == {frozenset({"paid_shot"}), frozenset({"other"})}
    assert change.direction is Direction.BETTER


def test_a_flag_is_a_change_of_its_own_and_takes_the_automatic_away() -> None:
    flagging = "附加:\n  - {编号: A1, 名称: 多次, 当: {次数: 5以上}, 加: 风控复核}"
    automatic = RULES.replace("则: 全额退款", "则: 全额退款, 自动: 是")

    found = between(automatic, automatic, rest=("", flagging))[2]

    assert {(change.kinds, change.direction) for change in found.changes} == {
        ((ChangeKind.AUTOMATIC, ChangeKind.FLAGS), Direction.WORSE),
        ((ChangeKind.FLAGS,), Direction.NEUTRAL),
    }
    assert all(change.new.flags == (Flag.RISK_REVIEW,) for change in found.changes)


def test_what_follows_a_cooling_off_is_a_change_although_it_is_the_same_at_once() -> None:
    cooled = RULES + "  - {编号: F3, 名称: 冷静, 当: {下单时长: 超过1天}, 例外于: [F2], 则: 冷静期后再审}"
    old, new, found = between(cooled, cooled.replace("则: 拒绝", "则: 转人工"))

    afterwards = [change for change in found.changes if change.kinds == (ChangeKind.AFTERWARDS,)]
    assert [change.direction for change in afterwards] == [Direction.BETTER]
    assert [test.ranges for (test,) in afterwards[0].situations] == [(Range(86_401, None),)]
    assert "冷静期后：不予退款 → 转人工审核" in "".join(diff_words(Lang.ZH, old, new, found))


def test_an_exception_taken_away_changes_where_the_two_meet() -> None:
    text = RULES + "  - {编号: F3, 名称: 多次, 当: {次数: 5以上, 下单时长: 1小时以内}, 例外于: [F1], 则: 转人工}"

    (change,) = between(text, text.replace("例外于: [F1], ", ""))[2].changes

    assert (change.old_clause, change.new_clause, change.direction) == ("F3", "F1", Direction.BETTER)
    assert {test.fact for situation in change.situations for test in situation} == {"次数", "下单时长"}


def test_a_rival_that_is_itself_set_aside_in_some_cases_keeps_a_person_only_in_the_others() -> None:
    text = """
  - {编号: F1, 名称: 退, 当: {下单时长: 1小时以内}, 则: 全额退款, 自动: 是}
  - {编号: F2, 名称: 拒, 当: {下单时长: 1小时以内}, 则: 拒绝}
  - {编号: F3, 名称: 也退, 当: {下单时长: 1小时以内, 次数: 5以上}, 例外于: [F2], 则: 全额退款, 自动: 是}
"""
    found = between(text, text.replace("则: 全额退款, 自动: 是", "需: [支付截图], 则: 全额退款, 自动: 是"))[2]

    by_itself = [change for change in found.changes if change.old.automatic]
    assert [change.situations for change in by_itself] == [
        ((Test("下单时长", (), (Range(None, 3_600),)), Test("次数", (), (Range(5, None),))),)
    ]


def test_a_clause_that_gives_to_a_person_what_no_clause_covers_changes_nothing() -> None:
    first = RULES.split("\n  - {编号: F2")[0]

    assert between(first, RULES.replace("则: 拒绝", "则: 转人工"))[2].changes == ()


def test_what_is_no_situation_is_listed_with_both_values() -> None:
    text = DEMO.replace("审核时限: 3个工作日", "审核时限: 2个工作日").replace("支付截图: 1", "支付截图: 2")
    text = text.replace("未举证视为: 未使用", "未举证视为: 部分使用").replace("名称: 商品与描述不符", "名称: 描述不符")
    new = parse_policy(text)

    found = diff(demo(), new)

    assert found.changes == ()
    assert [amendment_words(Lang.ZH, demo(), new, each) for each in found.amendments] == [
        "事实“使用情况”，未举证视为：未使用 → 部分使用",
        "凭证“支付截图”，难度：1 → 2",
        "限制，审核时限：3个工作日 → 2个工作日",
        "条款 F4，名称：商品与描述不符 → 描述不符",
    ]
    assert all(amendment_words(Lang.EN, demo(), new, each) for each in found.amendments)


def test_everything_that_can_be_amended_has_words() -> None:
    structs = (Clause, FactSpec)
    for section, struct in zip((Section.CLAUSE, Section.FACT), structs, strict=True):
        for field in struct.__struct_fields__:
            if field != "id":
                subject = "F1" if section is Section.CLAUSE else "使用情况"
                amendment = Amendment(section, Amending.CHANGED, subject, field)
                assert all(amendment_words(lang, demo(), demo(), amendment) for lang in Lang)


def test_a_fact_of_another_kind_cannot_be_compared_and_says_so() -> None:
    old = parse_policy(small(RULES))
    facts = tuple(FactSpec("次数", FactKind.BOOLEAN) if spec.name == "次数" else spec for spec in old.facts)
    new = sealed(msgspec.structs.replace(old, facts=facts, content_hash=b""))

    found = diff(old, new)

    assert (found.changes, found.is_complete) == ((), False)
    assert all(diff_words(lang, old, new, found)[0] for lang in Lang)


def test_too_many_changes_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff_module, "DIFF_BOXES_MAX", 1)
    old, new = structured(repeatable(1), clauses=20, facts=6), structured(repeatable(2), clauses=20, facts=6)

    found = diff(old, new)

    assert not found.is_complete
    assert sum(len(change.situations) for change in found.changes) == 1
    assert all(any("list" in line or "列出" in line for line in diff_words(lang, old, new, found)) for lang in Lang)


def test_one_edit_of_a_large_policy_is_compared_to_the_end() -> None:
    old = structured(repeatable(5), clauses=200, facts=12)
    clauses = (msgspec.structs.replace(old.clauses[0], needs=("other", "time_gap", "usage_time")), *old.clauses[1:])
    new = sealed(msgspec.structs.replace(old, clauses=clauses, content_hash=b""))

    found = diff(old, new)

    assert found.is_complete
    assert found.changes
    assert all(changes(old, new, change.example.facts) for change in found.changes)


def otherwise(random: Random, policy: Policy) -> Policy:
    """Another version: one more value of a fact, a wider or narrower domain, a fact gone, an exception more or less, no
    extras, another order of outcomes."""
    facts = list(policy.facts)
    i = random.randrange(len(facts))
    spec = facts[i]
    clauses, extras = policy.clauses, policy.extras
    match random.randrange(7):
        case 0 if spec.kind is FactKind.ENUM:
            facts[i] = msgspec.structs.replace(spec, values=(*spec.values, "别的"), values_en=())
        case 1 if spec.domain.low is not None and spec.domain.high is not None:
            facts[i] = msgspec.structs.replace(
                spec, domain=Range(spec.domain.low, spec.domain.high + random.choice((-1, 1)))
            )
        case 2 if len(facts) > 1:
            del facts[i]
            kept = [tuple(test for test in clause.when if test.fact != spec.name) for clause in clauses]
            clauses = tuple(msgspec.structs.replace(c, when=when) for c, when in zip(clauses, kept, strict=True))
            extras = tuple(
                msgspec.structs.replace(e, when=tuple(test for test in e.when if test.fact != spec.name))
                for e in extras
            )
        case 3:
            extras = ()
        case 4 | 5:
            clauses = _toggled(random, clauses)
        case _:
            outcomes = list(policy.outcomes)
            random.shuffle(outcomes)
            policy = msgspec.structs.replace(policy, outcomes=tuple(outcomes))
    return sealed(
        msgspec.structs.replace(
            policy, facts=tuple(facts), clauses=clauses, extras=extras, overrides=(), golden=(), content_hash=b""
        )
    )


def _toggled(random: Random, clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """One exception added where there is none, or taken away."""
    i, j = random.randrange(len(clauses)), random.randrange(len(clauses))
    bases, name = clauses[i].exception_to, clauses[j].id
    if i == j:
        return clauses
    bases = tuple(base for base in bases if base != name) if name in bases else (*bases, name)
    changed_clause = msgspec.structs.replace(clauses[i], exception_to=bases)
    return (*clauses[:i], changed_clause, *clauses[i + 1 :])


def every_case(old: Policy, new: Policy) -> list[Facts]:
    """Every case that either version knows the values of."""
    domains: dict[str, list[FactValue]] = {}
    for spec in (*old.facts, *new.facts):
        known = domains.setdefault(spec.name, [])
        known += [value for value in values_of(spec) if value not in known]
    return [Facts(dict(zip(domains, case, strict=True)), frozenset(domains)) for case in product(*domains.values())]


def shown(answer: Answer, *, flags: bool) -> Answer:
    """An answer as a change shows it."""
    cooled = None if answer.cooled is None else shown(answer.cooled, flags=flags)
    kept = answer.flags if flags else ()
    return msgspec.structs.replace(answer, is_decided=True, cooled=cooled, flags=kept)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1_000_000))
def test_the_situations_are_exactly_the_cases_that_come_to_something_else(seed: int) -> None:
    random = repeatable(seed)
    old = made(random, size=200)
    new = otherwise(random, old if seed % 4 == 1 else changed(random, old)) if seed % 2 else changed(random, old)
    first, second = {(s.name, s.kind) for s in old.facts}, {s.name: s.kind for s in new.facts}
    assert all(second.get(name, kind) is kind for name, kind in first)

    found = diff(old, new)

    assert found.is_complete
    has_flags = any(ChangeKind.FLAGS in change.kinds for change in found.changes)
    for facts in every_case(old, new):
        holding = [c for c in found.changes for situation in c.situations if meets_all(situation, facts)]
        assert len(holding) == changes(old, new, facts)
        for change in holding:
            assert shown(change.old, flags=has_flags) == shown(answer_to(old, facts), flags=has_flags)
            assert shown(change.new, flags=has_flags) == shown(answer_to(new, facts), flags=has_flags)
    for change in found.changes:
        assert change.kinds
        assert changes(old, new, change.example.facts)
        back = diff(new, old)
        opposite = {Direction.BETTER: Direction.WORSE, Direction.WORSE: Direction.BETTER}
        if old.outcomes == new.outcomes:
            (twin,) = (each for each in back.changes if (each.old, each.new) == (change.new, change.old))
            assert twin.direction is opposite.get(change.direction, change.direction)
    assert all(diff_words(lang, old, new, found) for lang in Lang)
