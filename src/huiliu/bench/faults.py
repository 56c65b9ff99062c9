"""Break everything on the way of a refund, then compare the rail's own books with ours, number by number."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from huiliu.bench.fault_cases import CASES, Case
from huiliu.bench.fault_field import Field
from huiliu.bench.invariants import Kind, Problem, broken_links, broken_rules, lost, shown
from huiliu.bench.outages import WEB_PROCESSES, WORKER, owns_database, start_worker
from huiliu.bench.rail_books import Comparison, RailSide
from huiliu.bench.seed import Seeded, seed_platform
from huiliu.bench.stack import Stack, fresh_stack, machine

PACE = "0.002"
"""Of the asking schedule: 10 ms, 30 ms, 120 ms, 0.6 s, 1.2 s, 2.4 s, 3.6 s, then every 7.2 s."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    deaths: int
    books: Comparison
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a run came to; `problems` is what was broken (nothing, one hopes)."""

    rows: list[Row]
    acknowledged: int
    again: int
    problems: list[str]


def bench_faults(*, rounds: int, seed: int = 1, cases: Sequence[Case] = CASES) -> Found:
    """Make every fault and compare the books."""
    with fresh_stack(HUILIU_PAYOUT_PACE=PACE) as stack:
        seeded = asyncio.run(seed_platform(stack.database_url, stack.keyring))
        stack.start_rail()
        stack.start_web(workers=WEB_PROCESSES)
        with RailSide(stack.rail_port) as rail:
            random = Random(seed)  # noqa: S311 - a draw that can be repeated
            return asyncio.run(_run(stack, seeded, rail, random, rounds=rounds, cases=cases))


def table(found: Found) -> str:
    """The rows as a Markdown table with what it ran on."""
    lines = [
        f"`huiliu bench faults` on {machine()}; {WEB_PROCESSES} web processes, worker, rail, database and clients on the"
        " same cores. Amounts in fen.",
        "",
        "| fault | deaths | payouts | paid once | came back | refused | held | unknown left | rail | ours | held there"
        " | difference | seconds |",
        "| :--- | ---: | ---: | ---: | ---: | ---: | :--- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in found.rows:
        books = row.books
        held = ", ".join(f"{number} {why}" for why, number in sorted(books.held.items())) or "0"
        ends = f"{books.payouts} | {books.paid_once} | {books.came_back} | {books.refused} | {held} | {books.open}"
        money = f"{books.rail_minor} | {books.our_minor} | {books.held_minor} | {books.difference_minor}"
        lines.append(f"| {row.name} | {row.deaths} | {ends} | {money} | {row.seconds:.1f} |")
    lines += [
        "",
        f"{found.acknowledged} refunds were acknowledged; clients had to ask {found.again} times more for that.",
    ]
    return "\n".join(lines)


async def _run(
    stack: Stack, seeded: Seeded, rail: RailSide, random: Random, *, rounds: int, cases: Sequence[Case]
) -> Found:
    field = Field(stack=stack, seeded=seeded, rail=rail, random=random)
    rows: list[Row] = []
    numbers = range(0)
    doomed: list[tuple[Case, range, int, asyncio.Task[float]]] = []
    for case in cases:
        if case.needs_database and not owns_database(stack):
            continue
        if case.has_worker and WORKER not in stack.processes:
            start_worker(stack)
        began = time.monotonic()
        numbers = numbers if case.repeats_last else field.sell(rounds * case.per_round)
        deaths = await case.inject(field, numbers, rounds)
        if case.has_worker:
            seconds = await _until_settled(field, numbers, began)
            rows.append(_row(field, case, numbers, deaths, seconds))
        else:  # the leases of the dead run out while the next cases go on
            doomed.append((case, numbers, deaths, asyncio.create_task(_until_settled(field, numbers, began))))
    if doomed and WORKER not in stack.processes:
        start_worker(stack)
    late = [_row(field, case, numbers, deaths, await task) for case, numbers, deaths, task in doomed]
    field.problems += [*broken_rules(stack.database_url), *await broken_links(stack.database_url)]
    field.problems += lost(stack.database_url, field.acknowledged.values())
    return Found([*late, *rows], len(field.acknowledged), field.again, shown(field.problems))


async def _until_settled(field: Field, numbers: range, began: float) -> float:
    await field.settled(numbers)
    return time.monotonic() - began


def _row(field: Field, case: Case, numbers: range, deaths: int, seconds: float) -> Row:
    books = field.books(numbers)
    field.problems += books.problems
    if books.payouts != len(numbers):
        what = f"{case.name}: {books.payouts} of {len(numbers)}"
        field.problems.append(Problem(Kind.LOST_CLAIM, "every acknowledged refund has its payout", what))
    if books.held and not case.held_is_right:
        field.problems.append(Problem(Kind.BOOKS, "nothing is left to a person", f"{case.name}: {books.held}"))
    return Row(case.name, deaths, books, seconds)
