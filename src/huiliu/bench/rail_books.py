"""The rail's side: set its faults, read its own books, and compare them with ours, refund by refund and to the cent."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, final

import httpx
import msgspec
import psycopg

from huiliu.bench.invariants import Kind, Problem
from huiliu.bench.stack import BENCH_RAIL_SECRET
from huiliu.simulators.books import Refund, RefundState, Totals
from huiliu.simulators.plan import Plan, Rule
from huiliu.simulators.signing import mac

CALL_SECONDS = 10.0
OPEN = frozenset({"queued", "sending", "unknown", "accepted", "reported"})
"""States in which a payout is still being carried; everything else is an end or a person's case."""


@final
class RailSide:
    """Signed calls to the running rail, as its operator."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=CALL_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def plan(self, *rules: Rule) -> None:
        """Replace the fault plan."""
        self._call("POST", "/plan", msgspec.json.encode(Plan(rules=rules)))

    def totals(self) -> Totals:
        """The rail's books in a few numbers."""
        return msgspec.json.decode(self._call("GET", "/books"), type=Totals)

    def refunds(self) -> dict[str, Refund]:
        """Every refund in the rail's books, by our number for it."""
        found: dict[str, Refund] = {}
        after = ""
        while page := msgspec.json.decode(self._call("GET", f"/books/refunds?after={after}"), type=list[Refund]):
            found.update({refund.refund_no: refund for refund in page})
            after = page[-1].rail_refund_no
        return found

    def _call(self, method: str, path: str, body: bytes = b"") -> bytes:
        stamp, nonce = str(int(time.time())), secrets.token_hex(8)
        signature = mac(BENCH_RAIL_SECRET, method, path, stamp, nonce, body=body)
        headers = {"rail-timestamp": stamp, "rail-nonce": nonce, "rail-signature": signature}
        answer = self._client.request(method, path, content=body, headers=headers)
        answer.raise_for_status()
        return answer.content


@dataclass(slots=True)
class Comparison:
    """The two books beside each other. Amounts in minor units; `held` says why, and how many of each."""

    payouts: int = 0
    paid_once: int = 0
    came_back: int = 0
    refused: int = 0
    held: dict[str, int] = field(default_factory=dict[str, int])
    open: int = 0
    rail_minor: int = 0
    our_minor: int = 0
    held_minor: int = 0
    """What the rail says it paid while we hold the payout for a person."""
    problems: list[Problem] = field(default_factory=list[Problem])

    @property
    def difference_minor(self) -> int:
        """What the rail moved and our books neither show as refunded nor hold for a person."""
        return self.rail_minor - self.our_minor - self.held_minor

    def wrong(self, rule: str, what: str, *, kind: Kind = Kind.BOOKS) -> None:
        """Note what does not agree."""
        self.problems.append(Problem(kind, rule, what))


@dataclass(frozen=True, slots=True)
class _Ours:
    refund_no: str
    trade_no: str
    state: str
    failure: str
    amount_minor: int
    settled_minor: int


def compare(url: str, refunds: dict[str, Refund], trades: Collection[str]) -> Comparison:
    """Compare what the rail booked on these payments with what our ledger says of them."""
    result = Comparison()
    ours = _our_payouts(url, trades)
    theirs = {number: refund for number, refund in refunds.items() if refund.trade_no in set(trades)}
    for number in theirs.keys() - ours.keys():
        result.wrong("the rail has only refunds that we instructed", number, kind=Kind.DOUBLE_PAYOUT)
    for payout in ours.values():
        _compare_one(result, payout, theirs.get(payout.refund_no))
    result.payouts = len(ours)
    result.rail_minor = sum(refund.amount_minor for refund in theirs.values() if refund.state is RefundState.SUCCESS)
    result.our_minor = sum(payout.settled_minor for payout in ours.values())
    if result.difference_minor != 0:
        result.wrong("the rail's books equal ours to the cent", f"they differ by {result.difference_minor}")
    return result


def _compare_one(result: Comparison, ours: _Ours, theirs: Refund | None) -> None:
    """One refund number: same amount, and an end that says the same on both sides."""
    there = None if theirs is None else theirs.state
    if theirs is not None and theirs.amount_minor != ours.amount_minor:
        result.wrong("a refund has the same amount on both sides", ours.refund_no)
    match ours.state:
        case "verified":
            agrees = there is RefundState.SUCCESS
            result.paid_once += agrees
        case "bounced":
            agrees = there is RefundState.BOUNCED
            result.came_back += agrees
        case "failed":
            agrees = there in (None, RefundState.FAILED, RefundState.BOUNCED)
            result.came_back += there is RefundState.BOUNCED
            result.refused += there is not RefundState.BOUNCED
        case "held":
            agrees = True
            result.held[ours.failure] = result.held.get(ours.failure, 0) + 1
            result.held_minor += ours.amount_minor if there is RefundState.SUCCESS else 0
        case "cancelled":
            agrees = there is None
        case _:
            agrees = False
            result.open += 1
    if not agrees:
        result.wrong("each refund ended alike on both sides", f"{ours.refund_no} is {ours.state} here, {there} there")


def _our_payouts(url: str, trades: Collection[str]) -> dict[str, _Ours]:
    """Every payout of these payments, with what the ledger (not the payout's own state) says has left for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            """
            SELECT p.refund_no, p.rail_trade_no, p.state, p.failure, p.amount_minor,
                   (coalesce((SELECT sum(t.amount_minor) FROM ledger_transfers t WHERE t.platform_id = p.platform_id
                                 AND t.pending_id = p.transfer_id AND t.phase = 'post'), 0)
                    - CASE WHEN p.state = 'bounced' THEN
                      (SELECT coalesce(sum(b.amount_minor), 0) FROM ledger_transfers b WHERE b.platform_id = p.platform_id
                          AND b.claim_id = p.claim_id AND b.purpose = 'bounce') ELSE 0 END)::bigint
              FROM payouts p WHERE p.rail_trade_no = ANY (%s)
            """,
            (list(trades),),
        ).fetchall()
    return {str(row[0]): _Ours(*row) for row in rows}


def still_open(url: str, trades: Collection[str]) -> int:
    """How many payouts of these payments are still being carried."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM payouts WHERE rail_trade_no = ANY (%s) AND state = ANY (%s)",
            (list(trades), list(OPEN)),
        ).fetchone()
    assert row is not None
    return int(row[0])
