"""One worker process: payouts, inspections, clocks, webhooks and sweeping, side by side, until it is told to stop.

Everything it does is a row with a due time, taken with SKIP LOCKED: any number of workers share the load, and a killed
one leaves nothing but leases that run out.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from huiliu.adapters.callbacks import Callbacks
from huiliu.adapters.files import LocalFiles
from huiliu.adapters.rails.registry import gateways, payment_queries, rail_client
from huiliu.evidence.model import UPLOAD_HOURS_MAX
from huiliu.evidence.uploads import expire_uploads
from huiliu.evidence.verification.lane import Lane
from huiliu.kit.db import Actor, ActorKind, Pool, across_platforms, create_pool, transaction, utc_now
from huiliu.kit.idempotency import SWEEP_ROWS_MAX
from huiliu.kit.idempotency import sweep as sweep_idempotency_keys
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from huiliu.people.sweeping import sweep_expired
from huiliu.worker import atlases, clocks, holds, inspections, payouts, webhooks

log = structlog.get_logger("worker")

CLOCKS_SECONDS = 1.0
WEBHOOKS_SECONDS = 0.5
HOLDS_SECONDS = 1.0
ATLASES_SECONDS = 5.0
SWEEP_SECONDS = 600.0
SWEEP_BATCHES_MAX = 60
"""Of SWEEP_ROWS_MAX each: 2,000 refunds a second and their answers are still forgotten in time."""
TROUBLE_SECONDS = 1.0
PLATFORMS_MAX = 10_000

Step = Callable[[], Awaitable[int]]


async def run(settings: Settings, url: str, keyring: Keyring) -> None:
    """Work until SIGINT or SIGTERM; calls under way are finished first."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    callbacks = Callbacks(allow_private=settings.demo)
    try:
        async with create_pool(url, size_max=settings.database_pool_max) as pool, rail_client() as client:
            desk = payouts.Desk(
                pool=pool, gateways=gateways(settings, client), lanes=settings.worker_lanes, pace=settings.payout_pace
            )
            files = LocalFiles(settings.files_dir, keyring)
            room = inspection_room(settings, pool, files, keyring, client)
            log.info("worker started", lanes=settings.worker_lanes, inspection_lanes=settings.lanes_of_inspection)
            async with asyncio.TaskGroup() as group:
                group.create_task(payouts.run(desk, stop))
                group.create_task(_every(CLOCKS_SECONDS, stop, "clocks", lambda: clocks.run_once(pool)))
                group.create_task(
                    _every(WEBHOOKS_SECONDS, stop, "webhooks", lambda: webhooks.run_once(pool, callbacks, keyring))
                )
                group.create_task(_every(HOLDS_SECONDS, stop, "holds", lambda: holds.run_once(pool)))
                if room is not None:
                    group.create_task(inspections.run(room, stop))
                    group.create_task(_every(ATLASES_SECONDS, stop, "atlases", lambda: atlases.run_once(room, stop)))
                    group.create_task(_every(SWEEP_SECONDS, stop, "atlas growth", lambda: atlases.want_outgrown(pool)))
                group.create_task(_every(SWEEP_SECONDS, stop, "sweep", lambda: sweep_once(pool, files)))
    finally:
        await callbacks.close()
    log.info("worker stopped")


def inspection_room(
    settings: Settings, pool: Pool, files: LocalFiles, keyring: Keyring, client: httpx.AsyncClient
) -> inspections.Room | None:
    """What this worker inspects evidence with; None when it is told to inspect nothing.

    The libraries that look at pictures are loaded here and not with the module: other workers do without them.
    """
    if not settings.lanes_of_inspection:
        return None
    from huiliu.evidence.verification.near_book import NearBook

    return inspections.Room(
        pool=pool,
        files=files,
        keyring=keyring,
        lanes=[Lane() for _ in range(settings.lanes_of_inspection)],
        near=NearBook(pool),
        queries=payment_queries(settings, client),
        atlas_root=settings.files_dir,
    )


async def sweep_once(pool: Pool, files: LocalFiles) -> int:
    """Forget what has expired: answers under idempotency keys, codes, sessions, counters, unfinished uploads."""
    swept = await _sweep_answers(pool)
    async with across_platforms(pool) as connection:
        cursor = await connection.execute("SELECT id FROM platforms ORDER BY id LIMIT %s", (PLATFORMS_MAX,))
        platforms = [row["id"] for row in await cursor.fetchall()]
    for platform_id in platforms:
        async with transaction(pool, Actor(ActorKind.SYSTEM, platform_id, "sweep", "系统")) as tx:
            swept += await sweep_expired(tx)
            swept += len(await expire_uploads(tx))
        await files.sweep_parts(platform_id, before=utc_now() - timedelta(hours=2 * UPLOAD_HOURS_MAX))
    return swept


async def _sweep_answers(pool: Pool) -> int:
    """Batch by batch, each its own transaction: a busy day leaves far more than one statement should delete."""
    swept = 0
    for _ in range(SWEEP_BATCHES_MAX):
        async with across_platforms(pool) as connection:
            deleted = await sweep_idempotency_keys(connection, utc_now())
        swept += deleted
        if deleted < SWEEP_ROWS_MAX:
            break
    return swept


async def _every(seconds: float, stop: asyncio.Event, name: str, step: Step) -> None:
    """Repeat a step with a pause. Its trouble is logged and tried again: one broken row must not stop the others."""
    while not stop.is_set():
        pause = seconds
        try:
            await step()
        except (psycopg.OperationalError, PoolTimeout) as error:
            log.warning("database unreachable", step=name, problem=str(error))
            pause = max(seconds, TROUBLE_SECONDS)
        except Exception:
            log.exception("step failed", step=name)
            pause = max(seconds, TROUBLE_SECONDS)
        try:
            await asyncio.wait_for(stop.wait(), pause)
        except TimeoutError:
            continue
