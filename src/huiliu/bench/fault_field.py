"""What the faults are made in: a running installation, and clients who insist on an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec
import psycopg

from huiliu.bench.invariants import Kind, Problem
from huiliu.bench.rail_books import Comparison, RailSide, compare, still_open
from huiliu.bench.seed import Seeded, seed_orders
from huiliu.bench.stack import Stack
from huiliu.bench.wire import Answer, LineBroken, json_post, open_line

AMOUNT_MINOR = 60_00
CLIENTS = 8
INSIST_SECONDS_MAX = 60.0
ANSWER_SECONDS_MAX = 10.0
RETRY_SECONDS = 0.03
SETTLE_SECONDS_MAX = 150.0
"""A dead worker's lease runs 30 s, and a rail that was away is asked at widening intervals."""
POLL_SECONDS = 0.1
CREATED = 201
SERVER_ERROR = 500


@dataclass(slots=True, kw_only=True)
class Field:
    """The running installation, and what was found in it."""

    stack: Stack
    seeded: Seeded
    rail: RailSide
    random: Random
    acknowledged: dict[int, str] = field(default_factory=dict[int, str])
    """Order number -> the claim that was answered."""
    problems: list[Problem] = field(default_factory=list[Problem])
    next_order: int = 1
    again: int = 0
    """How often a client had to ask again."""

    def sell(self, count: int) -> range:
        """So many fresh orders of 100.00 yuan."""
        numbers = range(self.next_order, self.next_order + count)
        self.next_order += count
        seed_orders(self.stack.database_url, self.seeded.platform.id, first=numbers.start, count=count)
        return numbers

    async def refund(self, numbers: Sequence[int]) -> None:
        """Ask for a refund of each order, a few at a time, and insist until every one is answered."""
        waiting = iter(numbers)

        async def client() -> None:
            for number in waiting:
                await self.refund_one(number)

        await asyncio.gather(*(client() for _ in range(CLIENTS)))

    async def refund_one(self, number: int) -> None:
        """Ask with one key until there is an answer that is not the server's own trouble."""
        body = {"order_no": f"B{number}", "reason": "changed_mind", "amount_minor": AMOUNT_MINOR}
        content = json_post("/api/v1/refunds", msgspec.json.encode(body), self.seeded.tokens[0], key=f"fault-{number}")
        give_up_at = time.monotonic() + INSIST_SECONDS_MAX
        answer: Answer | None = None
        while time.monotonic() < give_up_at:
            answer = await _ask(self.stack.web_port, content)
            if answer is not None and answer.status < SERVER_ERROR:
                break
            self.again += 1
            await asyncio.sleep(RETRY_SECONDS)
        if answer is None or answer.status != CREATED:
            what = "no answer" if answer is None else f"{answer.status} {answer.body[:200]!r}"
            self.problems.append(Problem(Kind.ANSWER, "whoever insists is answered", f"B{number}: {what}"))
            return
        self.acknowledged[number] = msgspec.json.decode(answer.body, type=_Named).claim_no

    async def settled(self, numbers: range) -> None:
        """Until none of these orders' payouts is being carried any more, or patience ends; the books then show which."""
        trades, give_up_at = trades_of(numbers), time.monotonic() + SETTLE_SECONDS_MAX
        # Other processes do it, so there is no event to wait for.
        while self._is_open(trades) and time.monotonic() < give_up_at:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)

    def _is_open(self, trades: list[str]) -> bool:
        try:
            return still_open(self.stack.database_url, trades) > 0
        except psycopg.OperationalError:  # the database is one of the things that die
            return True

    def books(self, numbers: range) -> Comparison:
        """Our books of these orders beside the rail's."""
        return compare(self.stack.database_url, self.rail.refunds(), trades_of(numbers))


class _Named(msgspec.Struct, frozen=True):
    claim_no: str


def trades_of(numbers: range) -> list[str]:
    """The rail's numbers for these orders' payments."""
    return [f"SB{number}" for number in numbers]


async def _ask(port: int, content: bytes) -> Answer | None:
    """One request on a connection of its own; None when the server was not there, or died over it."""
    try:
        line = await open_line(port)
    except OSError:
        return None
    try:
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            return await line.send(content)
    except (LineBroken, TimeoutError):
        return None
    finally:
        line.close()
