"""Each rule is broken on purpose and must say so: a check that cannot fail protects nothing."""

from __future__ import annotations

import re

import psycopg
import pytest

from huiliu.bench.invariants import CHECKS, Kind, broken_links, broken_rules, count, lost, rules_broken_in, shown
from huiliu.bench.rail_books import Comparison, compare, still_open
from huiliu.simulators.books import Refund, RefundState

TRADES = ["SBVERIFIED", "SBBOUNCED", "SBUNDERWAY"]

ORDER = re.compile(r":([A-Z]+)\b")
"""In the statements below, :VERIFIED is the id of the order of that number."""
DROP_WALLS = (
    "ALTER TABLE orders DROP CONSTRAINT order_not_over_refunded; "
    "ALTER TABLE order_lines DROP CONSTRAINT line_not_over_refunded; "
    "ALTER TABLE payouts DROP CONSTRAINT payout_one_per_decision; "
    "DROP INDEX claim_one_live; DROP INDEX ledger_resolved_once; "
    "ALTER TABLE claim_decisions DROP CONSTRAINT decision_two_people; "
)
SECOND_PAYOUT = """
    INSERT INTO payouts (platform_id, id, claim_id, order_id, decision_id, refund_no, rail, rail_trade_no, rail_order_no,
                         amount_minor, paid_minor, currency, transfer_id, state, agreed_at)
    SELECT platform_id, gen_random_uuid(), claim_id, order_id, decision_id, refund_no || 'X', rail, rail_trade_no,
           rail_order_no, amount_minor, paid_minor, currency, transfer_id, 'verified', agreed_at
      FROM payouts WHERE order_id = :VERIFIED"""
SECOND_CLAIM = """
    INSERT INTO claims (platform_id, id, claim_no, order_id, line_no, channel, reason, state, currency, requested_minor,
                        created_at, updated_at)
    SELECT platform_id, gen_random_uuid(), claim_no || 'X', order_id, line_no, channel, reason, 'reviewing', currency, 1,
           created_at, updated_at FROM claims WHERE order_id = :UNDERWAY"""
POST_TWICE = """
    INSERT INTO ledger_transfers
    SELECT platform_id, gen_random_uuid(), phase, pending_id, purpose, debit_id, credit_id, amount_minor, currency,
           claim_id, at FROM ledger_transfers WHERE phase = 'post' AND debit_id = :VERIFIED"""
RESERVE_AND_RELEASE = """
    INSERT INTO ledger_transfers
    SELECT platform_id, '00000000-0000-0000-0000-000000000001', 'pending', NULL, purpose, debit_id, credit_id,
           amount_minor, currency, claim_id, at FROM ledger_transfers WHERE phase = 'post' AND debit_id = :VERIFIED;
    INSERT INTO ledger_transfers
    SELECT platform_id, gen_random_uuid(), 'void', id, purpose, debit_id, credit_id, amount_minor, currency, claim_id,
           at + interval '1 second' FROM ledger_transfers WHERE id = '00000000-0000-0000-0000-000000000001'"""

TAMPERINGS = {
    "an order gives back at most": "UPDATE orders SET refunded_minor = 10001 WHERE id = :VERIFIED",
    "a line gives back at most": "UPDATE order_lines SET refunded_minor = 10001 WHERE order_id = :VERIFIED",
    "an order's payouts together": SECOND_PAYOUT,
    "at no time was more of an order": RESERVE_AND_RELEASE,
    "a claim has at most one payout": SECOND_PAYOUT,
    "a decision has at most one payout": SECOND_PAYOUT,
    "a refund number stands for one": "ALTER TABLE payouts DROP CONSTRAINT refund_no_once;"
    " UPDATE payouts SET refund_no = 'HLR1'",
    "a reservation is posted or voided once": POST_TWICE,
    "an order line has at most one claim": SECOND_CLAIM,
    "money is under way only for": "UPDATE claims SET state = 'withdrawn' WHERE order_id = :UNDERWAY",
    "whoever confirmed is not": "UPDATE claim_decisions SET second_id = by_id",
    "a claim that is being paid has exactly": "UPDATE payouts SET state = 'failed' WHERE order_id = :UNDERWAY",
    "a refunded claim has exactly": "UPDATE payouts SET state = 'failed' WHERE order_id = :VERIFIED",
    "a final approval has exactly": "UPDATE claim_decisions SET state = 'final'",
    "a claim that waits for a second person": "UPDATE claims SET state = 'reviewing' WHERE order_id = :PROPOSED",
    "every application is told once": "DELETE FROM journal WHERE kind = 'claim.filed'",
    "every kept answer to an application": "INSERT INTO idempotency_keys SELECT id, 'k:fileRefund', 'k', '\\x00', 201,"
    ' \'{"claim_no": "RFGONE"}\', now() FROM platforms LIMIT 1',
    "orders and ledger agree": "UPDATE orders SET reserved_minor = 0 WHERE id = :UNDERWAY",
    "what an order's account still holds": "DELETE FROM ledger_transfers WHERE phase = 'post' AND debit_id = :VERIFIED",
    "lines and payouts agree": "UPDATE order_lines SET reserved_minor = 5999 WHERE order_id = :UNDERWAY",
    "a payout, its decision and": "UPDATE payouts SET amount_minor = 5999 WHERE order_id = :UNDERWAY",
    "a reservation is posted when": "UPDATE payouts SET state = 'queued' WHERE order_id = :VERIFIED",
    "every bounce is mirrored once": "DELETE FROM ledger_transfers WHERE purpose = 'bounce'",
    "the trial balance is zero": "ALTER TABLE ledger_transfers DISABLE TRIGGER ALL;"
    " UPDATE ledger_transfers SET credit_id = gen_random_uuid()",
    "every payout is told once": "DELETE FROM journal WHERE kind = 'payout.verified'",
}
"""How each rule begins -> what breaks it, run as the owner with the database's own walls taken down."""


def test_what_the_actions_made_breaks_no_rule(house: str) -> None:
    assert broken_rules(house) == []


async def test_the_journal_they_made_is_whole(house: str) -> None:
    assert await broken_links(house) == []


def test_every_rule_has_a_tampering_that_it_must_notice() -> None:
    assert len(TAMPERINGS) == len(CHECKS)
    for _, rule, _ in CHECKS:
        assert sum(rule.startswith(beginning) for beginning in TAMPERINGS) == 1, rule


@pytest.mark.parametrize("beginning", TAMPERINGS)
def test_a_rule_that_is_broken_says_so(house: str, beginning: str) -> None:
    with psycopg.connect(house) as connection:
        connection.execute(DROP_WALLS.encode())
        connection.execute(ORDER.sub(r"(SELECT id FROM orders WHERE order_no = '\1')", TAMPERINGS[beginning]).encode())
        broken = {problem.rule for problem in rules_broken_in(connection)}
        connection.rollback()
    assert any(rule.startswith(beginning) for rule in broken), broken


async def test_a_journal_row_that_was_changed_breaks_the_chain(house: str) -> None:
    with psycopg.connect(house, autocommit=True) as connection:
        row = connection.execute("SELECT stream, seq, body FROM journal WHERE kind = 'claim.refunded'").fetchone()
        assert row is not None
        update = "UPDATE journal SET body = %s WHERE stream = %s AND seq = %s"
        connection.execute(update, (row[2].replace("6000", "6001"), row[0], row[1]))
        broken = await broken_links(house)
        connection.execute(update, (row[2], row[0], row[1]))
    assert broken
    assert await broken_links(house) == []


def test_an_acknowledged_claim_that_is_not_there_is_lost(house: str) -> None:
    assert [problem.kind for problem in lost(house, ["RF000000NEVERWAS"])] == [Kind.LOST_CLAIM]


def test_a_rule_broken_often_is_shown_in_one_line(house: str) -> None:
    problems = lost(house, [f"RF{number}" for number in range(9)])
    assert count(problems) == {Kind.LOST_CLAIM: 9}
    (line,) = shown(problems)
    assert line.endswith("RF4 and 4 more")


# ------------------------------------------------------------------------------------------------ the rail's books


def books_of(house: str, **over: dict[str, object]) -> dict[str, Refund]:
    """What an honest rail would have: VERIFIED paid, BOUNCED taken back, UNDERWAY not yet heard of; `over` by order."""
    with psycopg.connect(house) as connection:
        rows = connection.execute("SELECT refund_no, rail_trade_no, amount_minor FROM payouts").fetchall()
    states = {"SBVERIFIED": RefundState.SUCCESS, "SBBOUNCED": RefundState.BOUNCED}
    return {
        no: _refund(
            **{"refund_no": no, "trade_no": trade, "amount_minor": amount, "state": states[trade]} | over.get(trade, {})
        )
        for no, trade, amount in rows
        if trade in states
    }


def _refund(**fields: object) -> Refund:
    rest = {
        "rail_refund_no": "501",
        "currency": "CNY",
        "fail_code": "",
        "notify_url": "",
        "notify_times": 1,
        "created_at": 0.0,
        "done_at": None,
    }
    return Refund(**rest | fields)  # pyright: ignore[reportArgumentType] - plain values by name


def compared(house: str, **over: dict[str, object]) -> Comparison:
    return compare(house, books_of(house, **over), TRADES[:2])


def test_an_honest_rail_and_we_agree_to_the_cent(house: str) -> None:
    result = compared(house)
    assert result.problems == []
    assert (result.payouts, result.paid_once, result.came_back) == (2, 1, 1)
    assert (result.rail_minor, result.our_minor, result.difference_minor) == (6000, 6000, 0)


@pytest.mark.parametrize(
    "said",
    [
        {"state": RefundState.PROCESSING},
        {"state": RefundState.BOUNCED},
        {"amount_minor": 6001},
        {"refund_no": "HLRANOTHER"},
    ],
)
def test_a_rail_that_says_otherwise_is_noticed(house: str, said: dict[str, object]) -> None:
    found = {refund.refund_no: refund for refund in books_of(house, SBVERIFIED=said).values()}
    assert compare(house, found, TRADES[:2]).problems


def test_money_that_the_rail_moved_under_a_number_of_nobodys_is_a_double_payout(house: str) -> None:
    stray = _refund(refund_no="HLRSTRAY", trade_no="SBVERIFIED", amount_minor=40_00, state=RefundState.SUCCESS)
    result = compare(house, books_of(house) | {"HLRSTRAY": stray}, TRADES[:2])
    assert {problem.kind for problem in result.problems} == {Kind.DOUBLE_PAYOUT, Kind.BOOKS}
    assert result.difference_minor == 40_00


def test_a_payout_that_is_still_under_way_is_an_open_end(house: str) -> None:
    assert still_open(house, TRADES) == 1
    result = compare(house, books_of(house), TRADES)
    assert result.open == 1
    assert len(result.problems) == 1


def test_what_is_held_for_a_person_is_listed_and_not_lost(house: str) -> None:
    with psycopg.connect(house, autocommit=True) as connection:
        connection.execute(
            "UPDATE payouts SET state = 'held', failure = 'hold_mismatch' WHERE rail_trade_no = 'SBUNDERWAY'"
        )
        ours = connection.execute("SELECT refund_no FROM payouts WHERE rail_trade_no = 'SBUNDERWAY'").fetchone()
        assert ours is not None
        there = _refund(refund_no=ours[0], trade_no="SBUNDERWAY", amount_minor=6000, state=RefundState.SUCCESS)
        result = compare(house, {there.refund_no: there}, TRADES[2:])
        connection.execute("UPDATE payouts SET state = 'queued', failure = '' WHERE rail_trade_no = 'SBUNDERWAY'")
    assert result.held == {"hold_mismatch": 1}
    assert (result.rail_minor, result.our_minor, result.held_minor, result.difference_minor) == (6000, 0, 6000, 0)
