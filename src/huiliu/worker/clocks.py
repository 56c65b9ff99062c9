"""Fire the claims' timers: find what is due on every platform, then act in one transaction a claim."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from huiliu.claims.actions import clock_ran_out
from huiliu.deadlines.actions import due_timers
from huiliu.kit.db import Actor, ActorKind, Pool, across_platforms, transaction, utc_now
from huiliu.kit.errors import Conflict

log = structlog.get_logger("clocks")

CLOCK_NAME = "时限"


async def run_once(pool: Pool, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Act on every timer that is due now; returns how many clocks had a consequence.

    A claim that moves at the same moment wins: its timer is left, and is found stale or due again next time.
    """
    async with across_platforms(pool) as connection:
        timers = await due_timers(connection, clock())
    acted = 0
    for timer in timers:
        actor = Actor(ActorKind.SYSTEM, timer.platform_id, "clock", CLOCK_NAME)
        try:
            async with transaction(pool, actor, clock=clock) as tx:
                acted += await clock_ran_out(tx, timer)
        except Conflict:
            log.info("claim moved first", claim=str(timer.claim_id), clock=timer.kind.value)
        except (psycopg.InterfaceError, PoolTimeout):
            raise  # no database: nobody's clock can run
        except Exception:
            # One claim's trouble must not stop the others: the earliest is tried first, so it would stop them for good.
            log.exception("clock left running", claim=str(timer.claim_id), clock=timer.kind.value)
    return acted
