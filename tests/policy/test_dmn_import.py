"""A published table made a policy: it answers alike, or is refused with the reason."""

from __future__ import annotations

import pytest

from huiliu.kit.text import Lang
from huiliu.policy.dmn.model import TableError
from huiliu.policy.dmn.policy_of import policy_of
from huiliu.policy.dmn.read import read_dmn
from huiliu.policy.evaluate import judge
from huiliu.policy.model import Facts, Outcome
from huiliu.policy.parse import parse_policy
from huiliu.policy.wording import problem_words
from tests.policy.dmn.tables import HERE, table

COURSE = {"全退": "全额退款", "按课时": "part", "不退": "reject", "人工": "转人工"}


def test_an_imported_table_is_a_policy_that_answers_alike() -> None:
    dmn = read_dmn((HERE / "refund.dmn").read_bytes())

    policy = parse_policy(policy_of(dmn, COURSE))

    assert [spec.name for spec in policy.facts] == ["下单时长", "已学课时", "退款原因", "金额"]
    for age in (0, 604_800, 604_801, 2_592_000, 2_592_001, 7_776_000, 7_776_001):
        for lessons in (0, 1, 2, 3):
            for reason in ("不想要了", "服务未达标"):
                for amount in (1, 499_999, 500_000):
                    facts = {"下单时长": age, "已学课时": lessons, "退款原因": reason, "金额": amount}
                    assert judge(policy, Facts({**facts}), frozenset()).outcome is course(age, lessons, reason, amount)


def course(age: int, lessons: int, reason: str, amount: int) -> Outcome:
    """refund.dmn by hand."""
    if (lessons == 0 and reason == "服务未达标") or (age <= 604_800 and lessons <= 2):
        return Outcome.FULL
    if age <= 2_592_000 and amount < 500_000:
        return Outcome.PART
    return Outcome.REJECT if age > 7_776_000 else Outcome.PERSON


def test_a_default_other_than_a_person_becomes_a_clause_that_every_rule_is_an_exception_to() -> None:
    dmn = read_dmn((HERE / "refund.dmn").read_bytes())

    policy = parse_policy(policy_of(dmn, {**COURSE, "人工": "reject"}))

    facts = Facts({"下单时长": 5_000_000, "已学课时": 9, "退款原因": "不想要了", "金额": 100})
    assert judge(policy, facts, frozenset()).outcome is Outcome.REJECT


@pytest.mark.parametrize(
    ("source", "outcomes", "code"),
    [
        (table(("1", '"yes"')), {}, "outcome"),
        (table(("1.5", '"full"')), {}, "not_whole_count"),
        (table(('date("2024-01-01")', '"full"'), kind="date"), {}, "calendar"),
        (table(('duration("PT0.5S")', '"full"'), kind=""), {}, "not_whole_duration"),
        (table(("> 99999999", '"full"')), {}, "too_large"),
        (table(('""', '"full"'), kind="string"), {}, "words"),
        (table(("> 1", '"full"')).replace(b"in 0", b"x" * 61).replace(b"x0", b"y"), {}, "name_too_long"),
    ],
)
def test_what_a_policy_cannot_say_is_refused(source: bytes, outcomes: dict[str, str], code: str) -> None:
    with pytest.raises(TableError) as caught:
        policy_of(read_dmn(source), outcomes)

    assert {problem.code for problem in caught.value.problems} == {f"dmn.reason.{code}"}
    assert all(problem_words(lang, problem) for lang in Lang for problem in caught.value.problems)


def test_amounts_are_cents_where_the_caller_says_so() -> None:
    dmn = read_dmn(table(("> 19.99", "full"), ("<= 19.99", "reject")))

    policy = parse_policy(policy_of(dmn, amounts=frozenset({"in 0"})))

    verdicts = [judge(policy, Facts({"in 0": fen}), frozenset()).outcome for fen in (1999, 2000)]
    assert verdicts == [Outcome.REJECT, Outcome.FULL]
