"""The sandbox rail's own rules: who may speak to it, what it books, and that its books survive it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.simulators.books import Books, RefundState, Refused
from huiliu.simulators.plan import Fault, Plan, Planner, Rule
from tests.simulators.rail import Rail, running_rail


@pytest.fixture(scope="module")
def rail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rail]:
    with running_rail(tmp_path_factory.mktemp("rail") / "books.sqlite3", has_open_books=False) as started:
        yield started


@pytest.fixture
def trade(rail: Rail, request: pytest.FixtureRequest) -> str:
    """A payment of 100.00 of this test."""
    name = f"T{abs(hash(request.node.nodeid))}"
    rail.plan()
    rail.pay_in(name, 100_00)
    return name


def ask(trade_no: str, refund_no: str, amount: int = 60_00, **over: object) -> dict[str, object]:
    return {"refund_no": f"{trade_no}-{refund_no}", "trade_no": trade_no, "amount": amount, "total": 100_00} | over


def test_two_refunds_of_60_out_of_100_are_one_refund_and_one_no(rail: Rail, trade: str) -> None:
    assert rail.call("POST", "/refunds", ask(trade, "1")).json()["state"] == "SUCCESS"
    no = rail.call("POST", "/refunds", ask(trade, "2"))
    assert (no.status_code, no.json()["code"]) == (400, "REFUND_AMT_EXCEEDS")
    assert rail.call("POST", "/refunds", ask(trade, "3", 40_00)).status_code == 200


def test_the_same_number_replays_and_with_another_amount_is_an_error(rail: Rail, trade: str) -> None:
    first = rail.call("POST", "/refunds", ask(trade, "1")).json()
    before = rail.books()["moved_minor"]
    assert rail.call("POST", "/refunds", ask(trade, "1")).json() == first
    other = rail.call("POST", "/refunds", ask(trade, "1", 1))
    assert (other.status_code, other.json()["code"]) == (409, "DISCORDANT_REPEAT_REQUEST")
    assert rail.books()["moved_minor"] == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "PARAM_ERROR"),
        (b"{}", "PARAM_ERROR"),
        (b"\xff", "PARAM_ERROR"),
        (b'{"refund_no":"a","trade_no":"b","amount":-1,"total":1}', "PARAM_ERROR"),
        (b'{"refund_no":"a","trade_no":"b","amount":0,"total":1}', "PARAM_ERROR"),
        (b'{"refund_no":"a","trade_no":"b","amount":"1","total":1}', "PARAM_ERROR"),
        (b'{"refund_no":"a","trade_no":"b","amount":1,"total":1,"currency":"yuan"}', "PARAM_ERROR"),
        (b'{"refund_no":"a","trade_no":"nobody paid","amount":1,"total":1}', "TRADE_NOT_EXIST"),
    ],
)
def test_nonsense_is_refused_and_nothing_is_booked(rail: Rail, body: bytes, code: str) -> None:
    before = rail.books()
    answer = rail.call_raw("POST", "/refunds", body)
    assert answer.status_code in (400, 404)
    assert answer.json()["code"] == code
    assert rail.books() == before


def test_another_currency_than_was_paid_is_refused(rail: Rail, trade: str) -> None:
    assert rail.call("POST", "/refunds", ask(trade, "1", currency="USD")).json()["code"] == "PARAM_ERROR"


def test_a_forged_stale_or_replayed_request_is_turned_away(rail: Rail) -> None:
    assert rail.call("GET", "/books", secret="guessed").status_code == 401
    assert rail.call("GET", "/books", rail_signature="0" * 64).status_code == 401
    assert rail.call("GET", "/books", rail_timestamp=str(int(time.time()) - 301)).status_code == 401
    assert rail.call("GET", "/books", rail_timestamp="soon").status_code == 401
    assert rail.call("GET", "/books", rail_nonce="once").status_code == 200
    assert rail.call("GET", "/books", rail_nonce="once").status_code == 401


def test_an_unknown_interface_says_so(rail: Rail) -> None:
    assert rail.call("GET", "/nothing").json()["code"] == "NO_SUCH_INTERFACE"
    assert rail.call("POST", "/plan", {"rules": [{"fault": "explode"}]}).json()["code"] == "PARAM_ERROR"


def test_books_survive_sigkill_and_so_does_what_was_still_to_happen(tmp_path: Path) -> None:
    books = tmp_path / "books.sqlite3"
    with running_rail(books) as first:
        first.pay_in("T1", 100_00)
        first.plan(
            {"fault": "answer_late", "refund_no": "R-late", "seconds": 3600},
            {"fault": "bounce_after_success", "refund_no": "R-back", "seconds": 3600},
        )
        for number in ("R-late", "R-back", "R-now"):
            body = {"refund_no": number, "trade_no": "T1", "amount": 10_00, "total": 100_00}
            assert first.call("POST", "/refunds", body).status_code == 200
        before = first.books()
        first.process.send_signal(signal.SIGKILL)
    with running_rail(books) as second:
        assert second.books() == before
        assert before["moved_minor"] == 20_00
        second.advance(3601)
        states = {number: row["state"] for number, row in second.refunds().items()}
        assert states == {"R-late": "SUCCESS", "R-back": "BOUNCED", "R-now": "SUCCESS"}
        assert second.books()["moved_minor"] == 20_00


def test_open_books_take_only_trade_numbers_of_the_sandbox(tmp_path: Path) -> None:
    with running_rail(tmp_path / "books.sqlite3", has_open_books=True) as opened:
        paid = {"refund_no": "R1", "trade_no": "SB1", "amount": 1, "total": 100}
        assert opened.call("POST", "/refunds", paid).status_code == 200
        other = {"refund_no": "R2", "trade_no": "WX1", "amount": 1, "total": 100}
        assert opened.call("POST", "/refunds", other).json()["code"] == "TRADE_NOT_EXIST"
        grown = {"refund_no": "R3", "trade_no": "SB1", "amount": 1, "total": 999}
        assert opened.call("POST", "/refunds", grown).json()["code"] == "TRADE_EXISTS"


def test_a_plan_that_cannot_be_read_says_where_and_nothing_starts(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"rules": [{"fault": "delay", "percent": 101}]}')
    command = [sys.executable, "-m", "huiliu.cli.simulate", "sandbox", "--port", "0", "--plan", str(plan)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 1
    assert "$.rules[0].percent" in ended.stderr


def test_a_percentage_always_hits_the_same_refunds_and_about_as_many() -> None:
    rule = Rule(fault=Fault.REFUSE, percent=20, seed=7)
    hit = [n for n in range(2_000) if Planner(Plan(rules=(rule,))).choose("send", refund_no=f"R{n}", trade_no="")]
    again = [n for n in range(2_000) if Planner(Plan(rules=(rule,))).choose("send", refund_no=f"R{n}", trade_no="")]
    assert hit == again
    assert 300 < len(hit) < 500


def test_next_n_is_used_up_and_troubles_of_a_call_hit_a_number_once() -> None:
    planner = Planner(Plan(rules=(Rule(fault=Fault.REFUSE, next=2), Rule(fault=Fault.GARBAGE))))
    chosen = [planner.choose("send", refund_no=name, trade_no="") for name in ("a", "b", "c", "c", "d")]
    assert [rule.fault if rule else None for rule in chosen] == [
        Fault.REFUSE,
        Fault.REFUSE,
        Fault.GARBAGE,
        None,
        Fault.GARBAGE,
    ]
    assert planner.choose("query", refund_no="e", trade_no="") is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABCDE"), st.integers(1, 70), st.sampled_from(["book", *RefundState])), max_size=25
    )
)
def test_whatever_is_asked_the_books_never_give_back_more_than_was_paid(steps: list[tuple[str, int, str]]) -> None:
    books = Books(":memory:")
    try:
        books.pay_in(trade_no="T", amount_minor=100, currency="CNY", at=0)
        for number, amount, what in steps:
            if what == "book":
                with contextlib.suppress(Refused):
                    books.book(refund_no=number, trade_no="T", amount_minor=amount, currency="CNY", at=0)
            elif what != "PROCESSING":
                books.become(number, RefundState(what), at=0)
            totals = books.totals()
            gone = sum(line.amount_minor for line in totals.refunds if line.state == "SUCCESS")
            waiting = sum(line.amount_minor for line in totals.refunds if line.state == "PROCESSING")
            assert totals.moved_minor == gone
            assert gone + waiting <= 100
    finally:
        books.close()


def test_a_plan_file_knows_every_fault() -> None:
    rules = [{"fault": fault.value, "percent": 1, "seed": 3, "seconds": 0.5} for fault in Fault]
    assert len(msgspec.json.decode(msgspec.json.encode({"rules": rules}), type=Plan).rules) == len(Fault)
