"""Read the journal: one stream for a timeline, everything by cursor for webhooks, all of it for verification."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import kwargs_row

from huiliu.journal.model import Head, Row
from huiliu.kit.db import Connection, Tx

TIMELINE_ROWS_MAX = 500
CURSOR_ROWS_MAX = 500


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A journal row as readers want it: `body` is parsed, `xid` is the transaction that wrote it."""

    id: int
    xid: int
    stream: UUID
    seq: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    kind: str
    body: dict[str, object]


async def timeline(tx: Tx, stream: UUID) -> list[Event]:
    """A stream from its beginning, oldest first."""
    return await tx.all(
        Event,
        "SELECT id, xid::text::bigint AS xid, stream, seq, at, actor_kind, actor_id, actor_name, kind, body::jsonb AS body"
        " FROM journal WHERE platform_id = %(platform)s AND stream = %(stream)s ORDER BY seq LIMIT %(limit)s",
        platform=tx.platform_id,
        stream=stream,
        limit=TIMELINE_ROWS_MAX,
    )


async def after(tx: Tx, last_xid: int) -> list[Event]:
    """The platform's rows of the transactions after a cursor, each transaction whole; the next cursor is the last xid.

    The cursor counts transactions, not rows, and stops below the oldest one still running: a row's id is given out
    before its commit, and even a transaction that began earlier may take a higher id than one that commits later, so
    a cursor of ids would skip rows.
    """
    return await tx.all(
        Event,
        "SELECT id, xid::text::bigint AS xid, stream, seq, at, actor_kind, actor_id, actor_name, kind, body::jsonb AS body"
        " FROM journal WHERE platform_id = %(platform)s AND xid > %(last)s::text::xid8"
        " AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid FETCH FIRST %(limit)s ROWS WITH TIES",
        platform=tx.platform_id,
        last=last_xid,
        limit=CURSOR_ROWS_MAX,
    )


async def every_row(connection: Connection) -> AsyncIterator[Row]:
    """Every visible row in chain order, streamed from the server so that memory stays flat."""
    async with connection.cursor("journal_rows", row_factory=kwargs_row(Row)) as cursor:
        await cursor.execute(
            "SELECT platform_id, stream, seq, at, actor_kind, actor_id, actor_name, kind, body, prev_hash, hash"
            " FROM journal ORDER BY platform_id, stream, seq"
        )
        async for row in cursor:
            yield row


async def every_head(connection: Connection) -> dict[tuple[int, UUID], Head]:
    """Every visible stream's head."""
    async with connection.cursor(row_factory=kwargs_row(Head)) as cursor:
        await cursor.execute("SELECT platform_id, stream, seq, hash FROM journal_heads WHERE seq > 0")
        return {(head.platform_id, head.stream): head async for head in cursor}
