"""One answer to whether a text may be published: it reads, nothing blocks it, its examples hold, none got lost unseen."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.policy.drafts.checks import checks
from huiliu.policy.drafts.model import Blocked, GoldenFails
from huiliu.policy.lint.findings import FindingCode
from huiliu.policy.model import Outcome, PolicyError
from huiliu.policy.parse import parse_policy
from tests.policy.files import DEMO, EXAMPLE, small
from tests.policy.workshop import CIRCLE, GOLDEN, text


def test_a_text_that_does_not_read_has_its_problems_and_nothing_else() -> None:
    found = checks("策略: [", parse_policy(DEMO))

    assert found.policy is None
    assert found.problems
    assert (found.findings, found.golden, found.dropped, found.may_be_proposed) == ((), (), (), False)
    with pytest.raises(PolicyError):
        found.accepted()


def test_exceptions_in_a_circle_block_and_name_the_clauses() -> None:
    found = checks(CIRCLE)

    assert FindingCode.EXCEPTION_CYCLE in {finding.code for finding in found.errors}
    assert not found.may_be_proposed
    with pytest.raises(Blocked):
        found.accepted()


def test_an_example_that_comes_out_otherwise_is_named() -> None:
    found = checks(text("v1", rest=GOLDEN.format(outcome="拒绝")))

    assert [result.case.name for result in found.failing] == ["充错了"]
    with pytest.raises(GoldenFails) as refused:
        found.accepted()
    assert refused.value.facts == {"count": 1, "name": "充错了"}


@pytest.mark.parametrize("source", [DEMO, EXAMPLE, text("v1", rest=GOLDEN.format(outcome="全额退款"))])
def test_what_is_in_order_is_accepted(source: str) -> None:
    found = checks(source)

    assert found.accepted() == parse_policy(source)
    assert all(result.holds for result in found.golden)


def test_examples_that_got_lost_are_judged_all_the_same_even_by_rules_that_do_not_know_their_facts() -> None:
    """A version that no longer passes an example must not get by through forgetting it."""
    found = checks(text("v1", "拒绝"), parse_policy(DEMO))

    assert [result.case.name for result in found.dropped] == [case.name for case in parse_policy(DEMO).golden]
    assert not any(result.holds for result in found.dropped)
    assert {result.verdict.outcome for result in found.dropped} == {Outcome.PERSON}
    assert found.summary()["golden_dropped"] == [case.name for case in parse_policy(DEMO).golden]


def test_an_example_whose_expectation_was_changed_to_fit_shows_up_as_it_was() -> None:
    before = parse_policy(text("v1", rest=GOLDEN.format(outcome="全额退款")))
    found = checks(text("v2", "拒绝", rest=GOLDEN.format(outcome="拒绝")), before)

    assert found.may_be_proposed
    assert [(result.case, result.holds) for result in found.dropped] == [(before.golden[0], False)]


def test_what_changes_for_whom_is_counted() -> None:
    before = parse_policy(text("v1"))

    assert checks(text("v1")).changes is None
    assert checks(text("v2"), before).summary()["changes"] == {}
    assert checks(text("v2", "拒绝"), before).summary()["changes"] == {"worse": 1}


def test_the_summary_is_small_and_goes_into_json() -> None:
    summary = checks(DEMO, parse_policy(EXAMPLE)).summary()

    assert msgspec.json.decode(msgspec.json.encode(summary)) == summary
    assert summary["content_hash"] == parse_policy(DEMO).content_hash.hex()


@given(st.text(max_size=200))
def test_no_text_makes_the_checks_raise(given_text: str) -> None:
    for source in (given_text, small("  - " + given_text)):
        found = checks(source)
        assert (found.policy is None) == bool(found.problems)
