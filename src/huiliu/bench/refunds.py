"""How many refunds a second the whole durable path takes, over HTTP, beside pgbench running the same SQL."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import psycopg
import uvloop

from huiliu.bench.client import Load, run_load
from huiliu.bench.same_sql import refund_script, run_pgbench
from huiliu.bench.seed import Seeded, seed_orders, seed_platform
from huiliu.bench.stack import Stack, fresh_stack, machine
from huiliu.kit.money import Money

AMOUNT = Money(60_00)
CONNECTIONS = (1, 4, 16, 64)
WARM_UP = 400
GOAL_CONNECTIONS = 16
GOAL_RATE = 1_000.0
GOAL_RATIO = 0.5
GOAL_P99_MS = 50.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    connections: int
    rate: float
    p50_ms: float
    p99_ms: float
    pgbench_rate: float
    web_us: float
    resident_mib: float

    @property
    def ratio(self) -> float:
        """Of pgbench's rate."""
        return self.rate / self.pgbench_rate


def bench_refunds(*, each: int, workers: int) -> tuple[list[Row], list[str]]:
    """Run every number of connections; returns the rows and what invariant was broken (nothing, one hopes)."""
    with fresh_stack() as stack:
        seeded = uvloop.run(seed_platform(stack.database_url, stack.keyring))
        stack.start_web(workers=workers)
        first, made = 1, 0
        seed_orders(stack.database_url, seeded.platform.id, first=first, count=WARM_UP)
        warm = _http(stack, seeded, connections=8, first=first, count=WARM_UP)
        first, made = first + WARM_UP, made + WARM_UP
        problems = _answered(warm, WARM_UP)
        rows: list[Row] = []
        script = stack.folder / "refund.sql"
        for connections in CONNECTIONS:
            count = each // connections * connections if connections > 1 else max(each // 4, 1)
            seed_orders(stack.database_url, seeded.platform.id, first=first, count=2 * count)
            script.write_text(
                uvloop.run(refund_script(stack.database_url, seeded, sample=first, amount=AMOUNT)), "utf-8"
            )
            pg_rate, _ = run_pgbench(
                stack.database_url,
                script,
                platform_id=seeded.platform.id,
                clients=connections,
                first=first + count,
                count=count,
            )
            busy = stack.cpu_seconds("web")
            load = _http(stack, seeded, connections=connections, first=first, count=count)
            busy = (stack.cpu_seconds("web") - busy) / count * 1e6
            problems += _answered(load, count)
            first, made = first + 2 * count, made + 2 * count
            memory = stack.resident_mib("web")
            rows.append(Row(connections, load.rate, load.percentile(0.5), load.percentile(0.99), pg_rate, busy, memory))
        problems += _books(stack.database_url, made)
        return rows, problems


def table(rows: list[Row], *, workers: int) -> str:
    """The rows as a Markdown table with what it ran on."""
    lines = [
        f"`huiliu bench refunds` on {machine()}; {workers} web process(es), database and load client on the same cores.",
        "",
        "| connections | refunds/s | p50 ms | p99 ms | pgbench, same SQL /s | ratio | web CPU µs/refund | web MiB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.connections} | {row.rate:,.0f} | {row.p50_ms:.1f} | {row.p99_ms:.1f} | {row.pgbench_rate:,.0f} |"
        f" {row.ratio:.2f} | {row.web_us:,.0f} | {row.resident_mib:.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


def missed_goals(rows: list[Row]) -> list[str]:
    """Which of the goals at 16 connections were not reached in this run."""
    goal = next(row for row in rows if row.connections == GOAL_CONNECTIONS)
    missed: list[str] = []
    if goal.rate < GOAL_RATE:
        missed.append(f"{goal.rate:,.0f} refunds/s, wanted {GOAL_RATE:,.0f}")
    if goal.ratio < GOAL_RATIO:
        missed.append(f"{goal.ratio:.2f} of pgbench, wanted {GOAL_RATIO}")
    if goal.p99_ms > GOAL_P99_MS:
        missed.append(f"p99 {goal.p99_ms:.1f} ms, wanted {GOAL_P99_MS:.0f}")
    return missed


def _http(stack: Stack, seeded: Seeded, *, connections: int, first: int, count: int) -> Load:
    token = seeded.tokens[0].encode()

    def make(number: int) -> bytes:
        body = b'{"order_no":"B%d","reason":"changed_mind","amount_minor":%d}' % (number, AMOUNT.amount_minor)
        return (
            b"POST /api/v1/refunds HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %b\r\n"
            b"Content-Type: application/json\r\nIdempotency-Key: bench-%d\r\nContent-Length: %d\r\n\r\n%b"
        ) % (token, number, len(body), body)

    numbers = iter(range(first, first + count))
    return uvloop.run(run_load(stack.web_port, connections=connections, numbers=numbers, make=make))


def _answered(load: Load, count: int) -> list[str]:
    if load.statuses == {201: count}:
        return []
    return [f"answers {load.statuses} instead of {count} x 201; the first other one: {load.first_bad!r}"]


def _books(url: str, made: int) -> list[str]:
    """Orders, ledger, payouts, journal and idempotency must agree on how much was promised."""
    checks = {
        "reserved on orders": "SELECT coalesce(sum(reserved_minor), 0) FROM orders",
        "pending in the ledger": "SELECT coalesce(sum(amount_minor), 0) FROM ledger_transfers WHERE phase = 'pending'",
        "instructed to pay": "SELECT coalesce(sum(amount_minor), 0) FROM payouts",
        "approved on claims": "SELECT coalesce(sum(approved_minor), 0) FROM claims WHERE state = 'paying'",
    }
    wanted = made * AMOUNT.amount_minor
    with psycopg.connect(url) as connection:
        found = {name: connection.execute(sql.encode()).fetchone() for name, sql in checks.items()}
    return [
        f"{name}: {row and row[0]} instead of {wanted}"
        for name, row in itertools.chain(found.items())
        if row is None or row[0] != wanted
    ]
