"""Attack the running product with requests that arrive together, and ask the database and the rail what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from huiliu.bench.invariants import Kind, Problem, broken_links, broken_rules, count, lost, shown
from huiliu.bench.race_arena import Arena, Tally, people
from huiliu.bench.race_cases import CASES, Case
from huiliu.bench.rail_books import RailSide, compare
from huiliu.bench.seed import Seeded, open_pool, seed_platform
from huiliu.bench.stack import Stack, fresh_stack, machine
from huiliu.bench.wire import switchboard

WEB_PROCESSES = 2
"""Races must cross processes: within one, a lock of the interpreter could hide what the database does not guard."""
PACE = "0.004"
"""The worker asks the rail 20 ms after sending, so that its answers meet the notifications."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    rounds: int
    winners: int
    refused: int
    found: dict[Kind, int]
    seconds: float


def bench_races(*, rounds: int, seed: int = 1, cases: Sequence[Case] = CASES) -> tuple[list[Row], list[str]]:
    """Run every case; returns the rows and what was broken (nothing, one hopes)."""
    with fresh_stack(HUILIU_PAYOUT_PACE=PACE) as stack:
        seeded = asyncio.run(seed_platform(stack.database_url, stack.keyring, keys=2))
        stack.start_rail()
        stack.start_web(workers=WEB_PROCESSES)
        stack.start("worker", "worker")
        return asyncio.run(_run(stack, seeded, rounds=rounds, random=Random(seed), cases=cases))  # noqa: S311 - a draw that can be repeated


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table with what it ran on."""
    lines = [
        f"`huiliu bench races` on {machine()}; {WEB_PROCESSES} web processes, a worker, the rail, the database and the"
        " attacker on the same cores.",
        "",
        "| case | rounds | winners | refused | over-refunds | double payouts | lost claims | other | seconds |",
        "| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        named = [row.found.get(kind, 0) for kind in (Kind.OVER_REFUND, Kind.DOUBLE_PAYOUT, Kind.LOST_CLAIM)]
        other = sum(row.found.values()) - sum(named)
        numbers = " | ".join(str(number) for number in (row.rounds, row.winners, row.refused, *named, other))
        lines.append(f"| {row.name} | {numbers} | {row.seconds:.1f} |")
    return "\n".join(lines)


async def _run(
    stack: Stack, seeded: Seeded, *, rounds: int, random: Random, cases: Sequence[Case]
) -> tuple[list[Row], list[str]]:
    rows: list[Row] = []
    seen: set[Problem] = set()
    with RailSide(stack.rail_port) as rail:
        async with open_pool(stack.database_url) as pool:
            cookies, staff, buyer = await people(pool, stack, seeded)
            next_order = 1
            for case in cases:
                # Fresh connections for each: while one case settles the server hangs up on idle ones.
                async with switchboard(
                    stack.web_port, server_pid=stack.processes["web"].pid, processes=WEB_PROCESSES
                ) as board:
                    arena = Arena(
                        stack=stack,
                        seeded=seeded,
                        pool=pool,
                        board=board,
                        rail=rail,
                        cookies=cookies,
                        staff=staff,
                        buyer=buyer,
                        random=random,
                        next_order=next_order,
                    )
                    row, problems = await _run_case(arena, case, rounds, seen)
                next_order = arena.next_order
                rows.append(row)
                seen |= problems
    return rows, shown(sorted(seen, key=str))


async def _run_case(arena: Arena, case: Case, rounds: int, seen: set[Problem]) -> tuple[Row, set[Problem]]:
    numbers, tally, began = arena.sell(rounds), Tally(), time.monotonic()
    await case.run(arena, tally, numbers)
    await arena.settled(numbers)
    seconds = time.monotonic() - began
    url = arena.stack.database_url
    books = compare(url, arena.rail.refunds(), [f"SB{number}" for number in numbers])
    if books.refused:
        books.wrong("the rail never had to stop a refund", f"{case.name}: {books.refused}", kind=Kind.OVER_REFUND)
    found = {
        *tally.problems,
        *books.problems,
        *broken_rules(url),
        *await broken_links(url),
        *lost(url, tally.acknowledged),
    }
    new = found - seen  # what an earlier case broke is not this one's doing
    return Row(case.name, rounds, tally.winners or books.payouts, tally.refused, dict(count(new)), seconds), new
