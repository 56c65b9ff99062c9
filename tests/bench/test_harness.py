"""The harnesses themselves, in small: on the product as it is they find nothing, on one with its walls down they do."""

from __future__ import annotations

import psycopg
import pytest

from huiliu.bench.fault_cases import CASES as FAULTS
from huiliu.bench.fault_cases import Case as FaultCase
from huiliu.bench.fault_field import Field, trades_of
from huiliu.bench.faults import bench_faults
from huiliu.bench.faults import table as faults_table
from huiliu.bench.race_arena import Arena, Tally
from huiliu.bench.race_cases import CASES as RACES
from huiliu.bench.race_cases import Case as RaceCase
from huiliu.bench.race_cases import two_lines, two_refunds
from huiliu.bench.races import bench_races
from huiliu.bench.races import table as races_table

pytestmark = pytest.mark.timeout(300)

SOME_FAULTS = ("after_outcome", "accept_then_timeout", "wrong_amount", "released", "bounce", "PostgreSQL")


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run starts a server of its own: the database is one of the things that die."""
    monkeypatch.delenv("HUILIU_DATABASE_URL", raising=False)


def test_two_rounds_of_every_race_break_nothing() -> None:
    rows, problems = bench_races(rounds=2)
    assert problems == []
    assert [row.rounds for row in rows] == [2] * len(RACES)
    assert all(row.winners == 2 for row in rows), "in each round exactly one had its way"
    assert races_table(rows).count("\n| ") == len(RACES) + 2


async def _without_walls(arena: Arena, tally: Tally, numbers: range) -> None:
    """60 of 100 twice, in a database that somebody took the constraints from."""
    arena.alter(numbers, "ALTER TABLE orders DROP CONSTRAINT order_not_over_refunded")
    arena.alter(numbers, "ALTER TABLE order_lines DROP CONSTRAINT line_not_over_refunded")
    arena.alter(numbers, "DROP INDEX claim_one_live")
    await two_refunds(arena, tally, numbers)


async def _without_the_order_s_wall(arena: Arena, tally: Tally, numbers: range) -> None:
    arena.alter(numbers, "ALTER TABLE orders DROP CONSTRAINT order_not_over_refunded")
    await two_lines(arena, tally, numbers)


def test_races_without_the_database_s_walls_are_found_to_over_refund() -> None:
    cases = [RaceCase("walls down", _without_walls)]
    (row,), problems = bench_races(rounds=6, cases=cases)
    told = "\n".join(problems)
    assert row.winners > row.rounds, "the race was never lost: it does not bite"
    assert "over-refund: at no time was more of an order set aside" in told
    assert "over-refund: the rail never had to stop a refund" in told, "the last wall is the rail's own"
    assert "double payout: answers are what they should be" in told


def test_races_of_two_lines_without_the_order_s_wall_are_found_to_over_refund() -> None:
    (row,), problems = bench_races(rounds=6, cases=[RaceCase("one wall down", _without_the_order_s_wall)])
    assert row.winners > row.rounds
    assert any(problem.startswith("over-refund: at no time was more of an order") for problem in problems)


def test_some_faults_made_once_leave_both_books_equal() -> None:
    cases = [case for case in FAULTS if any(part in case.name for part in SOME_FAULTS)]
    assert len(cases) == len(SOME_FAULTS)
    found = bench_faults(rounds=1, cases=cases)
    assert found.problems == []
    assert all(row.books.difference_minor == 0 and row.books.open == 0 for row in found.rows)
    assert faults_table(found).count("\n| ") == len(cases) + 2


async def _tampered(field: Field, numbers: range, rounds: int) -> int:
    """The refunds are paid, and then somebody with the owner's password forgets one of them in the ledger."""
    del rounds
    await field.refund(numbers)
    await field.settled(numbers)
    with psycopg.connect(field.stack.database_url) as connection:
        connection.execute(
            "DELETE FROM ledger_transfers WHERE phase = 'post' AND pending_id IN"
            " (SELECT transfer_id FROM payouts WHERE rail_trade_no = %s)",
            (trades_of(numbers)[0],),
        )
    return 0


def test_a_ledger_that_forgot_a_refund_differs_from_the_rail_by_exactly_that() -> None:
    found = bench_faults(rounds=2, cases=[FaultCase("tampered", _tampered)])
    (row,) = found.rows
    assert row.books.difference_minor == 60_00
    assert any("they differ by 6000" in problem for problem in found.problems)
