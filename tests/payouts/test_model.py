"""The asking schedule, the buyer's ladder, and words that must not say too much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from huiliu.kit.money import Money
from huiliu.kit.text import Lang, say
from huiliu.payouts.model import (
    ASKS_MAX,
    FAILURE_WORDS,
    Payout,
    State,
    Step,
    expected_arrival,
    failure_key,
    mask_destination,
    next_ask,
    next_watch,
)

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOBODY = UUID(int=0)


def test_the_rail_is_asked_soon_then_ever_less_often_then_a_person_is() -> None:
    first = [next_ask(n) for n in range(9)]
    assert first == [
        *(timedelta(seconds=s) for s in (5, 15, 60, 300, 600, 1200, 1800)),
        timedelta(hours=1),
        timedelta(hours=1),
    ]
    assert next_ask(ASKS_MAX - 1) == timedelta(hours=1)
    assert next_ask(ASKS_MAX) is None
    assert next_ask(0, scale=0.1) == timedelta(seconds=0.5)


def test_a_success_is_looked_at_three_times_more() -> None:
    assert [next_watch(n) for n in range(4)] == [timedelta(days=1), timedelta(days=3), timedelta(days=7), None]


def test_a_wallet_has_it_at_once_and_a_card_when_the_calendar_says() -> None:
    assert expected_arrival(AT, "用户零钱", told=None) == AT
    assert expected_arrival(AT, "", told=None) == AT
    assert expected_arrival(AT, "招商银行信用卡0403", told=None) is None
    friday = AT + timedelta(days=3)
    assert expected_arrival(AT, "招商银行信用卡0403", told=friday) == friday
    assert expected_arrival(friday + timedelta(days=1), "", told=friday) == friday + timedelta(days=1)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("招商银行信用卡0403", "招商银行信用卡0403"),
        ("招商银行 6225 8801 2345 0403", "招商银行 ****0403"),
        ("支付宝 13812345678", "支付宝 ****5678"),
        ("  用户零钱 ", "用户零钱"),
        ("", ""),
    ],
)
def test_where_the_money_went_is_shown_without_a_whole_number(words: str, shown: str) -> None:
    assert mask_destination(words) == shown


def test_the_ladder_shows_five_steps_and_the_last_is_done_only_when_its_time_has_come() -> None:
    def ladder(state: State, expected_at: datetime | None, verified_at: datetime | None) -> list[tuple[Step, bool]]:
        shown = Payout(
            id=NOBODY,
            claim_id=NOBODY,
            order_id=NOBODY,
            refund_no="HLR",
            rail="sandbox",
            amount=Money(1),
            state=state,
            agreed_at=AT,
            accepted_at=AT,
            reported_at=None,
            verified_at=verified_at,
            expected_at=expected_at,
            rail_refund_no="",
            arrived_to="",
            failure="",
            attempts=1,
            asks=0,
            next_at=None,
        )
        return [(rung.step, rung.is_done) for rung in shown.ladder(AT)]

    assert ladder(State.ACCEPTED, None, None) == [
        (Step.AGREED, True),
        (Step.ACCEPTED, True),
        (Step.REPORTED, False),
        (Step.VERIFIED, False),
        (Step.EXPECTED, False),
    ]
    assert ladder(State.VERIFIED, AT, AT)[-1] == (Step.EXPECTED, True)
    assert ladder(State.VERIFIED, AT + timedelta(days=1), AT)[-1] == (Step.EXPECTED, False)
    assert ladder(State.BOUNCED, AT, AT)[-1] == (Step.EXPECTED, False)


@pytest.mark.parametrize("lang", list(Lang))
def test_every_step_state_and_failure_has_words(lang: Lang) -> None:
    for step in Step:
        assert say(lang, f"payouts.step.{step}")
        assert say(lang, f"payouts.step_note.{step}")
    for state in State:
        assert say(lang, f"payouts.state.{state}")
    for code in FAILURE_WORDS:
        assert say(lang, failure_key(code.upper()))
    assert "ODD_CODE" in say(lang, failure_key("ODD_CODE"), code="ODD_CODE")
