"""The table of moves, looked at from every side."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from huiliu.claims.model import DECIDABLE, LIVE, MOVES, Move, MoveNotAllowed, PublicState, State, after, public_state


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", Move)
def test_a_move_is_in_the_table_or_refused(state: State, move: Move) -> None:
    if (state, move) in MOVES:
        assert after(state, move) == MOVES[(state, move)]
    else:
        with pytest.raises(MoveNotAllowed):
            after(state, move)


def test_every_state_can_be_reached_and_only_ends_have_no_way_out() -> None:
    assert {State.DRAFT} | set(MOVES.values()) == set(State)
    assert {state for state in State if not any(at is state for at, _ in MOVES)} == {State.WITHDRAWN}


def test_money_is_only_promised_by_a_decision() -> None:
    into_paying = {move for (_, move), target in MOVES.items() if target is State.PAYING}
    assert into_paying == {Move.APPROVE, Move.CONFIRM}
    assert {state for state, move in MOVES if move is Move.APPROVE} == DECIDABLE


def test_nothing_can_be_withdrawn_once_money_is_on_its_way() -> None:
    assert (State.PAYING, Move.WITHDRAW) not in MOVES
    assert (State.REFUNDED, Move.WITHDRAW) not in MOVES


def test_buyers_read_exactly_four_words() -> None:
    assert {public_state(state) for state in State} - {None} == set(PublicState)
    assert {state for state in State if public_state(state) is None} == {State.DRAFT, State.WITHDRAWN}


def test_after_mediation_began_a_claim_never_goes_back_to_plain_review() -> None:
    assert after(State.WAITING_BUYER, Move.ANSWER, is_mediated=True) is State.MEDIATING
    assert after(State.WAITING_BUYER, Move.ANSWER) is State.REVIEWING


def test_the_database_means_the_same_states_by_live() -> None:
    sql = files("huiliu.migrations").joinpath("0001_spine.sql").read_text("utf-8")
    listed = re.search(r"claim_one_live ON claims.*?IN \((.*?)\)", sql, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"'(\w+)'", listed.group(1))) == {state.value for state in LIVE}
