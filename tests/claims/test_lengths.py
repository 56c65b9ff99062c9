"""The clocks' lengths as a policy sets them: a case under risk review may have one of its own."""

from __future__ import annotations

from huiliu.claims.judgement import lengths_of
from huiliu.deadlines.model import Length, Unit
from huiliu.policy.model import Limits, Period

HOLDING = Limits(review=Period(working_days=2), hold=Period(working_days=5))


def test_a_case_under_risk_review_has_the_length_that_the_policy_gives_it() -> None:
    assert lengths_of(HOLDING, is_risky=True).review == Length(5, Unit.WORKING_DAYS)
    assert lengths_of(HOLDING).review == Length(2, Unit.WORKING_DAYS)


def test_without_a_length_of_its_own_it_is_reviewed_like_any_other() -> None:
    assert lengths_of(Limits(review=Period(working_days=2)), is_risky=True).review == Length(2, Unit.WORKING_DAYS)
