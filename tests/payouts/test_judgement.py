"""What each answer does to a payout in each state: the whole table, then the reasons behind its odd corners."""

from __future__ import annotations

import itertools

import pytest

from huiliu.kit.money import Money
from huiliu.payouts.gateway import (
    Accepted,
    Bounced,
    Declined,
    Echo,
    NotReceived,
    RefundOrder,
    Reported,
    Result,
    Unknown,
    Verified,
    clean,
    mismatch,
)
from huiliu.payouts.judgement import BOUNCED, Judgement, Standing, judge
from huiliu.payouts.model import CLOSED, MOVES, Hold, Kind, Move, State

ECHO = Echo("HLR1", "T1", Money(60_00))
ORDER = RefundOrder("HLR1", "T1", "P1", Money(60_00), Money(100_00), "退款")
RESULTS: tuple[Result, ...] = (
    Accepted(ECHO),
    Reported(ECHO),
    Verified(ECHO),
    Declined("NO", "", False),
    Declined("BUSY", "", True),
    NotReceived(),
    Bounced(ECHO),
    Unknown("timeout"),
)


def standing(
    state: State,
    kind: Kind,
    *,
    failure: str = "",
    was_sent: bool = True,
    is_latest: bool = True,
    in_doubt: bool = False,
) -> Standing:
    return Standing(state=state, failure=failure, kind=kind, was_sent=was_sent, is_latest=is_latest, in_doubt=in_doubt)


# One letter a state, in State's order: queued sending unknown accepted reported verified failed bounced held cancelled.
# a accept, r report, v verify, d decline, q requeue, h hold, b bounce, l lose, ! contradicts, . nothing
LETTERS = {
    "a": Move.ACCEPT,
    "r": Move.REPORT,
    "v": Move.VERIFY,
    "d": Move.DECLINE,
    "q": Move.REQUEUE,
    "h": Move.HOLD,
    "b": Move.BOUNCE,
    "l": Move.LOSE,
}
TABLE = {
    (Kind.SEND, "accepted"): "aaa...!..!",
    (Kind.SEND, "reported"): "rrrr..!..!",
    (Kind.SEND, "verified"): "vvvvv.!.v!",
    (Kind.SEND, "declined"): ".d........",
    (Kind.SEND, "declined, retriable"): ".q........",
    (Kind.SEND, "not_received"): "..qhh!....",
    (Kind.SEND, "bounced"): "dddddb..d.",
    (Kind.SEND, "unknown"): ".l........",
    (Kind.QUERY, "accepted"): "aaa...!..!",
    (Kind.QUERY, "reported"): "rrrr..!..!",
    (Kind.QUERY, "verified"): "vvvvv.!.v!",
    (Kind.QUERY, "declined"): "ddddd!..d.",
    (Kind.QUERY, "declined, retriable"): "ddddd!..d.",
    (Kind.QUERY, "not_received"): "..qhh!....",
    (Kind.QUERY, "bounced"): "dddddb..d.",
    (Kind.QUERY, "unknown"): ".l........",
    (Kind.NOTIFICATION, "accepted"): "aaa...!..!",
    (Kind.NOTIFICATION, "reported"): "rrrr..!..!",
    (Kind.NOTIFICATION, "verified"): "vvvvv.!.v!",
    (Kind.NOTIFICATION, "declined"): "ddddd!..d.",
    (Kind.NOTIFICATION, "declined, retriable"): "ddddd!..d.",
    (Kind.NOTIFICATION, "not_received"): "..qhh!....",
    (Kind.NOTIFICATION, "bounced"): "dddddb..d.",
    (Kind.NOTIFICATION, "unknown"): ".l........",
}
NAMES = ("accepted", "reported", "verified", "declined", "declined, retriable", "not_received", "bounced", "unknown")


@pytest.mark.parametrize(
    ("kind", "name", "state"), [(k, n, s) for k, n in TABLE for s in State], ids=lambda value: str(value)
)
def test_each_answer_in_each_state_does_what_the_table_says(kind: Kind, name: str, state: State) -> None:
    letter = TABLE[kind, name][list(State).index(state)]
    got = judge(standing(state, kind), RESULTS[NAMES.index(name)], ())
    assert (got.move, got.contradicts) == (LETTERS.get(letter), letter == "!")


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("result", RESULTS)
def test_no_answer_asks_for_a_move_that_does_not_exist(state: State, kind: Kind, result: Result) -> None:
    booleans = itertools.product((False, True), repeat=3)
    for (was_sent, is_latest, in_doubt), differing in itertools.product(booleans, ((), ("amount",))):
        for failure in ("", "NO", Hold.MISMATCH):
            got = judge(
                standing(state, kind, failure=failure, was_sent=was_sent, is_latest=is_latest, in_doubt=in_doubt),
                result,
                differing,
            )
            assert got.move is None or (state, got.move) in MOVES
            if differing and got.move is not None:
                assert got.move is Move.HOLD


def test_moves_leave_no_closed_state_and_reach_every_state_but_the_first() -> None:
    assert not {state for state, _ in MOVES} & CLOSED
    assert set(MOVES.values()) == set(State)
    assert {state for state, move in MOVES if move is Move.BOUNCE} == {State.VERIFIED}
    assert {state for state, move in MOVES if move is Move.CANCEL} == {State.QUEUED}


def test_only_a_person_moves_a_payout_that_was_held_for_a_wrong_echo() -> None:
    for result in RESULTS:
        held = standing(State.HELD, Kind.QUERY, failure=Hold.MISMATCH)
        assert judge(held, result, ()) == Judgement()


def test_an_older_attempt_reports_facts_but_never_a_lack_of_them() -> None:
    for result in (Unknown(""), NotReceived(), Declined("NO", "", False)):
        for state in (State.SENDING, State.UNKNOWN, State.ACCEPTED):
            assert judge(standing(state, Kind.SEND, is_latest=False), result, ()).move is None
    assert judge(standing(State.UNKNOWN, Kind.SEND, is_latest=False), Reported(ECHO), ()).move is Move.REPORT


def test_a_no_to_a_repeated_sending_is_asked_about_before_it_is_believed() -> None:
    # "More than was paid" may be true only because our first sending was booked.
    doubtful = standing(State.SENDING, Kind.SEND, in_doubt=True)
    assert judge(doubtful, Declined("REFUND_AMT_EXCEEDS", "", False), ()) == Judgement(Move.LOSE, "REFUND_AMT_EXCEEDS")
    asked = standing(State.UNKNOWN, Kind.QUERY, failure="REFUND_AMT_EXCEEDS", in_doubt=True)
    assert judge(asked, Verified(ECHO), ()).move is Move.VERIFY
    assert judge(asked, NotReceived(), ()) == Judgement(Move.DECLINE, "REFUND_AMT_EXCEEDS")


def test_a_refund_that_was_never_sent_and_is_heard_of_is_held() -> None:
    for result in (Accepted(ECHO), Verified(ECHO), Bounced(ECHO)):
        got = judge(standing(State.QUEUED, Kind.NOTIFICATION, was_sent=False), result, ())
        assert got == Judgement(Move.HOLD, Hold.NEVER_SENT)


def test_a_payment_after_the_rail_s_own_no_is_reported_as_a_contradiction() -> None:
    assert judge(standing(State.FAILED, Kind.NOTIFICATION, failure="NO"), Verified(ECHO), ()).contradicts
    late = standing(State.FAILED, Kind.NOTIFICATION, failure=BOUNCED)
    assert not judge(late, Verified(ECHO), ()).contradicts, "the success that came before a bounce we know of"


@pytest.mark.parametrize(
    ("echo", "differs"),
    [
        (ECHO, ()),
        (Echo("HLR2", "T1", Money(60_00)), ("refund_no",)),
        (Echo("HLR1", "T2", Money(60_00)), ("rail_trade_no",)),
        (Echo("HLR1", "T1", Money(60_01)), ("amount",)),
        (Echo("HLR1", "T1", Money(60_00, "USD")), ("currency",)),
        (Echo("", "", Money(0, "")), ("refund_no", "rail_trade_no", "amount", "currency")),
    ],
)
def test_an_echo_must_say_exactly_what_was_ordered(echo: Echo, differs: tuple[str, ...]) -> None:
    for result in (Accepted(echo), Reported(echo), Verified(echo), Bounced(echo)):
        assert mismatch(ORDER, result) == differs


def test_a_rail_s_words_lose_what_the_database_would_refuse_and_do_not_run_on() -> None:
    assert clean("余额\0不足\r\n") == "余额不足"
    assert len(clean("x" * 10_000)) == 200
