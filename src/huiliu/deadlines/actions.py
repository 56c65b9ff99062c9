"""Timers are rows: set when a claim starts to wait, cleared when it stops, fired by the worker."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.deadlines.model import ClockKind
from huiliu.kit.db import Connection, Tx

DUE_BATCH = 50


class DueTimer(msgspec.Struct, frozen=True):
    """A timer whose time has come."""

    platform_id: int
    claim_id: UUID
    kind: ClockKind
    due_at: datetime


async def set_timer(tx: Tx, claim_id: UUID, *, kind: ClockKind, due_at: datetime) -> None:
    """Let the claim be woken at `due_at`; a claim has one live timer, so any other is cleared."""
    await tx.queue(
        """
        WITH cleared AS (
            UPDATE timers SET fired_at = %(now)s
             WHERE platform_id = %(platform)s AND claim_id = %(claim)s AND kind <> %(kind)s AND fired_at IS NULL
        )
        INSERT INTO timers (platform_id, claim_id, kind, due_at) VALUES (%(platform)s, %(claim)s, %(kind)s, %(due)s)
        ON CONFLICT (platform_id, claim_id, kind) DO UPDATE SET due_at = excluded.due_at, fired_at = NULL
        """,
        platform=tx.platform_id,
        claim=claim_id,
        kind=kind.value,
        due=due_at,
        now=tx.now,
    )


async def clear_timers(tx: Tx, claim_id: UUID) -> None:
    """Nobody is waited for any more."""
    await tx.queue(
        "UPDATE timers SET fired_at = %(now)s"
        " WHERE platform_id = %(platform)s AND claim_id = %(claim)s AND fired_at IS NULL",
        platform=tx.platform_id,
        claim=claim_id,
        now=tx.now,
    )


async def take_timer(tx: Tx, timer: DueTimer) -> bool:
    """Mark a timer fired if it is still the one that was found due; False when it was moved or cleared meanwhile."""
    return (
        await tx.run(
            "UPDATE timers SET fired_at = %(now)s WHERE platform_id = %(platform)s AND claim_id = %(claim)s AND kind = %(kind)s"
            " AND due_at = %(due)s AND fired_at IS NULL",
            platform=tx.platform_id,
            claim=timer.claim_id,
            kind=timer.kind.value,
            due=timer.due_at,
            now=tx.now,
        )
        == 1
    )


async def due_timers(connection: Connection, now: datetime) -> list[DueTimer]:
    """The timers of every platform whose time has come, earliest first."""
    cursor = await connection.execute(
        "SELECT platform_id, claim_id, kind, due_at FROM timers WHERE fired_at IS NULL AND due_at <= %(now)s"
        " ORDER BY due_at, platform_id, claim_id LIMIT %(limit)s",
        {"now": now, "limit": DUE_BATCH},
    )
    return [msgspec.convert(row, DueTimer) for row in await cursor.fetchall()]
