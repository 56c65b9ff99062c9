"""Ends the waits of claims for their pictures' inspections, on every platform, one transaction a claim."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from huiliu.claims.actions import due_holds, release_hold
from huiliu.kit.db import Actor, ActorKind, Pool, across_platforms, transaction, utc_now
from huiliu.kit.errors import Conflict
from huiliu.people.actor import SYSTEM_NAME

log = structlog.get_logger("holds")


async def run_once(pool: Pool, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Decide every held claim whose wait is over; returns how many were approved."""
    async with across_platforms(pool) as connection:
        holds = await due_holds(connection, clock())
    approved = 0
    for hold in holds:
        try:
            async with transaction(
                pool, Actor(ActorKind.SYSTEM, hold.platform_id, "holds", SYSTEM_NAME), clock=clock
            ) as tx:
                approved += await release_hold(tx, hold)
        except Conflict:
            log.info("claim moved first", claim=str(hold.claim_id))
        except (psycopg.InterfaceError, PoolTimeout):
            raise  # no database: nobody's wait can end
        except Exception:
            # One claim's trouble must not stop the others.
            log.exception("hold left", claim=str(hold.claim_id))
    return approved
