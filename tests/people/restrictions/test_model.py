"""Levels, the ladder, moves and messages: plain values, no database."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from huiliu.kit.errors import all_refusals
from huiliu.kit.ids import new_id
from huiliu.kit.text import Lang, has_words, refusal_words
from huiliu.people.model import Platform, PlatformSettings
from huiliu.people.restrictions import errors
from huiliu.people.restrictions.messages import answer_message, restriction_message
from huiliu.people.restrictions.model import (
    DAYS_MOST,
    DAYS_USUAL,
    LADDER,
    MOVE_OF,
    MOVES,
    Level,
    Move,
    Outcome,
    Restriction,
    State,
    span_is_allowed,
    suggested,
)
from tests.conftest import NOW

SHOP = Platform(id=1, slug="kamen", name="卡门", name_en="Kamen", settings=PlatformSettings())
URL = "https://shop.example.com/kamen/restrictions/1"


def restriction(*, state: State = State.IN_FORCE, level: Level = Level.CODE_ONLY) -> Restriction:
    """One that began now and lasts a week."""
    return Restriction(
        id=new_id(),
        suspicion_id=new_id(),
        contact_hash=b"x",
        claim_id=new_id(),
        claim_no="RF261123K7M3QX2P",
        order_id=new_id(),
        first_level=level,
        level=level,
        state=state,
        version=1,
        clause="F0",
        words="金额与订单不一致",
        starts_at=NOW,
        first_ends_at=NOW + timedelta(days=7),
        ends_at=NOW + timedelta(days=7),
        proposed_by=new_id(),
        proposed_by_name="何审",
        confirmed_by=new_id(),
        confirmed_by_name="沈复",
        appeal_due_at=NOW + timedelta(days=2) if state is State.APPEALED else None,
        lifted_at=NOW if state is State.LIFTED else None,
    )


def test_the_ladder_goes_up_a_step_a_finding_and_stays_at_its_end() -> None:
    assert [suggested(LADDER, counted=counted) for counted in range(6)] == [*Level, Level.SUSPENDED, Level.SUSPENDED]
    gentle = (Level.WARNING, Level.WARNING, Level.CODE_ONLY)
    assert [suggested(gentle, counted=counted) for counted in (0, 1, 2, 9)] == [*gentle, Level.CODE_ONLY]


def test_every_level_has_a_length_that_a_form_may_propose() -> None:
    assert all(span_is_allowed(level, DAYS_USUAL[level]) for level in Level)
    assert not any(span_is_allowed(level, DAYS_MOST[level] + 1) or span_is_allowed(level, 0) for level in Level)
    assert DAYS_MOST[Level.SUSPENDED] <= 30, "nobody is kept from their rights for long"


def test_every_pair_of_state_and_move_is_decided_by_the_table() -> None:
    allowed = {(state, move) for state, move in product(State, Move) if (state, move) in MOVES}
    assert allowed == set(MOVES)
    assert {state for state, move in allowed if move is Move.APPEAL} == {State.IN_FORCE}, "once"
    assert {state for state, move in allowed if move is Move.LIFT} == set(State) - {State.LIFTED}
    assert {MOVES[State.APPEALED, MOVE_OF[outcome]].value for outcome in Outcome} == {each.value for each in Outcome}


def test_it_ends_by_itself_and_an_appeal_left_lying_suspends_it() -> None:
    made = restriction()
    assert made.holds(NOW)
    assert made.holds(made.ends_at - timedelta(microseconds=1))
    assert not made.holds(made.ends_at)
    assert not made.holds(NOW - timedelta(microseconds=1))
    appealed = restriction(state=State.APPEALED)
    assert appealed.holds(NOW + timedelta(days=1))
    assert not appealed.holds(NOW + timedelta(days=2))
    assert not restriction(state=State.LIFTED).holds(NOW)


@pytest.mark.parametrize("lang", Lang)
def test_every_refusal_level_and_state_has_its_words(lang: Lang) -> None:
    ours = [kind for kind in all_refusals() if kind.__module__ == errors.__name__]
    assert ours
    assert all(all(refusal_words(lang, kind())) for kind in ours)
    groups = (("level", Level), ("effect", Level), ("state", State), ("outcome", Outcome))
    assert all(has_words(f"people_restrictions.{group}.{one}") for group, kind in groups for one in kind)


@pytest.mark.parametrize("level", Level)
def test_the_notice_says_what_was_seen_why_how_long_and_where_to_appeal_in_both_languages(level: Level) -> None:
    made = restriction(level=level)
    message = restriction_message(SHOP, made, to="13812345678", url=URL)
    assert message.to == "13812345678"
    assert "卡门" in message.subject
    assert "Kamen" in message.subject
    assert "\n" not in message.subject
    for part in (made.claim_no, made.words, made.clause, "2026-11-23 10:00", "2026-11-30 10:00"):
        assert message.text.count(part) == 2, part
    assert message.text.count(URL) == 2
    assert "不是您这个人" in message.text
    for accusing in ("骗", "欺诈", "造假", "fraud", "liar", "forger"):
        assert accusing not in message.text


def test_being_wrong_is_said_with_an_apology() -> None:
    lifted = restriction(state=State.LIFTED)
    message = answer_message(SHOP, lifted, to="a@example.com", url=URL, outcome=Outcome.LIFTED, reply="订单改过价")
    assert "对不起" in message.text
    assert "We are sorry" in message.text
    assert "订单改过价" in message.text
    upheld = answer_message(
        SHOP, restriction(state=State.UPHELD), to="a@example.com", url=URL, outcome=Outcome.UPHELD, reply="仍不一致"
    )
    assert "对不起" not in upheld.text
    assert "仍不一致" in upheld.text
