"""The SQL that writes endpoints and deliveries. Private to this feature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.kit.db import Connection, Tx
from huiliu.notices.model import DeliveryStatus, Told


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that this process may send until its lease runs out. `attempts` counts this sending."""

    platform_id: int
    id: UUID
    endpoint_id: UUID
    event: str
    payload: str
    attempts: int
    url: str
    secret_sealed: bytes


async def lock_endpoints(tx: Tx) -> int:
    """How many live endpoints there are. The platform's row guards their number: two registrations at once queue here."""
    await tx.run("SELECT 1 FROM platforms WHERE id = %(platform)s FOR NO KEY UPDATE", platform=tx.platform_id)
    count = await tx.value(
        "SELECT count(*)::int FROM webhook_endpoints WHERE platform_id = %(platform)s AND disabled_at IS NULL",
        platform=tx.platform_id,
    )
    assert isinstance(count, int)
    return count


async def insert_endpoint(tx: Tx, endpoint_id: UUID, *, url: str, secret_sealed: bytes, events: Sequence[str]) -> None:
    """A new address."""
    await tx.run(
        "INSERT INTO webhook_endpoints (platform_id, id, url, secret_sealed, events, created_at)"
        " VALUES (%(platform)s, %(id)s, %(url)s, %(secret)s, %(events)s, %(now)s)",
        platform=tx.platform_id,
        id=endpoint_id,
        url=url,
        secret=secret_sealed,
        events=list(events),
        now=tx.now,
    )


async def start_reading_here(tx: Tx) -> None:
    """With no endpoint nobody read the journal; the first one hears of what happens from now on, not of years before."""
    await tx.run(
        """
        INSERT INTO journal_cursors (platform_id, reader, last_xid)
        VALUES (%(platform)s, 'webhooks', pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)
        ON CONFLICT (platform_id, reader) DO UPDATE SET last_xid = greatest(journal_cursors.last_xid, excluded.last_xid)
        """,
        platform=tx.platform_id,
    )


async def lock_endpoint(tx: Tx, endpoint_id: UUID) -> None:
    """The endpoint row guards its own disabling, and is locked before any delivery of it: two answers of 410 at once
    would else each hold a delivery that the other wants to give up."""
    await tx.run(
        "SELECT 1 FROM webhook_endpoints WHERE platform_id = %(platform)s AND id = %(id)s FOR UPDATE",
        platform=tx.platform_id,
        id=endpoint_id,
    )


async def disable_endpoint(tx: Tx, endpoint_id: UUID) -> bool:
    """Stop telling an address and give up what was still due; False when it was disabled before or is not there."""
    changed = await tx.run(
        "UPDATE webhook_endpoints SET disabled_at = %(now)s"
        " WHERE platform_id = %(platform)s AND id = %(id)s AND disabled_at IS NULL",
        platform=tx.platform_id,
        id=endpoint_id,
        now=tx.now,
    )
    await tx.run(
        "UPDATE webhook_deliveries SET state = 'given_up', next_at = NULL, done_at = %(now)s"
        " WHERE platform_id = %(platform)s AND endpoint_id = %(id)s AND state = 'due'",
        platform=tx.platform_id,
        id=endpoint_id,
        now=tx.now,
    )
    return changed == 1


async def read_cursor(tx: Tx) -> int:
    """How far the journal was turned into deliveries."""
    last = await tx.value(
        "SELECT last_xid FROM journal_cursors WHERE platform_id = %(platform)s AND reader = 'webhooks' LIMIT 1",
        platform=tx.platform_id,
    )
    return last if isinstance(last, int) else 0


async def pull_back_cursor(tx: Tx) -> bool:
    """Mend a cursor from the future, which came with a copy restored from another server: go on from here, not never."""
    changed = await tx.run(
        """
        UPDATE journal_cursors SET last_xid = pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1
         WHERE platform_id = %(platform)s AND reader = 'webhooks'
           AND last_xid::text::xid8 >= pg_snapshot_xmax(pg_current_snapshot())
        """,
        platform=tx.platform_id,
    )
    return changed == 1


async def advance_cursor(tx: Tx, *, was: int, now: int) -> bool:
    """Everything up to `now` has its deliveries. Compare-and-set: of two workers that read the same, one goes on."""
    changed = await tx.run(
        "UPDATE journal_cursors SET last_xid = %(now_at)s"
        " WHERE platform_id = %(platform)s AND reader = 'webhooks' AND last_xid = %(was)s",
        platform=tx.platform_id,
        was=was,
        now_at=now,
    )
    return changed == 1


async def insert_deliveries(tx: Tx, told: Sequence[Told]) -> int:
    """One delivery an event and live endpoint that asked for it and was there when it happened. webhook_once guards repeats."""
    return await tx.run(
        """
        INSERT INTO webhook_deliveries
            (platform_id, id, endpoint_id, journal_id, event, payload, state, next_at, created_at)
        SELECT %(platform)s, gen_random_uuid(), e.id, t.journal_id, t.event, t.payload, 'due', %(now)s, %(now)s
          FROM unnest(%(ids)s::bigint[], %(ats)s::timestamptz[], %(events)s::text[], %(payloads)s::text[])
               WITH ORDINALITY AS t (journal_id, at, event, payload, n)
          JOIN webhook_endpoints e ON e.platform_id = %(platform)s AND e.disabled_at IS NULL
               AND t.event = ANY (e.events) AND e.created_at <= t.at
         ORDER BY t.n, e.id
        ON CONFLICT (platform_id, endpoint_id, journal_id) DO NOTHING
        """,
        platform=tx.platform_id,
        now=tx.now,
        ids=[each.journal_id for each in told],
        ats=[each.at for each in told],
        events=[each.event.value for each in told],
        payloads=[each.payload for each in told],
    )


async def lease(connection: Connection, *, now: datetime, until: datetime, each: int, limit: int) -> list[Leased]:
    """Take due deliveries of every platform: at most `each` of one endpoint, so that a slow shop holds nobody else up.

    The delivery row is the guard: SKIP LOCKED passes over those that another worker is taking at this moment, and the
    moved next_at hides them afterwards.
    """
    cursor = await connection.execute(
        """
        WITH due AS (
            SELECT d.platform_id, d.id, e.url, e.secret_sealed
              FROM webhook_endpoints e
             CROSS JOIN LATERAL (
                   SELECT w.platform_id, w.id, w.next_at FROM webhook_deliveries w
                    WHERE w.platform_id = e.platform_id AND w.endpoint_id = e.id AND w.state = 'due' AND w.next_at <= %(now)s
                    ORDER BY w.next_at, w.id LIMIT %(each)s FOR UPDATE SKIP LOCKED) d
             WHERE e.disabled_at IS NULL
             ORDER BY d.next_at, d.id LIMIT %(limit)s
        )
        UPDATE webhook_deliveries w
           SET next_at = %(until)s, attempts = w.attempts + 1
          FROM due
         WHERE w.platform_id = due.platform_id AND w.id = due.id
        RETURNING w.platform_id, w.id, w.endpoint_id, w.event, w.payload, w.attempts, due.url, due.secret_sealed
        """,
        {"now": now, "until": until, "each": each, "limit": limit},
    )
    return [msgspec.convert(row, Leased) for row in await cursor.fetchall()]


async def end_attempt(
    tx: Tx, delivery_id: UUID, *, attempts: int, state: DeliveryStatus, status: str, next_at: datetime | None
) -> bool:
    """Write down how a sending went; False when the row has moved on since (a later lease, a disabled endpoint)."""
    return (
        await tx.run(
            """
        UPDATE webhook_deliveries
           SET state = %(state)s, next_at = %(next_at)s, last_status = %(status)s,
               done_at = CASE WHEN %(state)s = 'due' THEN NULL ELSE %(now)s::timestamptz END
         WHERE platform_id = %(platform)s AND id = %(id)s AND state = 'due' AND attempts = %(attempts)s
        """,
            platform=tx.platform_id,
            id=delivery_id,
            attempts=attempts,
            state=state.value,
            status=status,
            next_at=next_at,
            now=tx.now,
        )
        == 1
    )


async def send_again(tx: Tx, delivery_id: UUID) -> None:
    """Begin a delivery's schedule anew, under its own id so that a receiver can tell a repeat."""
    await tx.run(
        "UPDATE webhook_deliveries SET state = 'due', next_at = %(now)s, attempts = 0, done_at = NULL"
        " WHERE platform_id = %(platform)s AND id = %(id)s",
        platform=tx.platform_id,
        id=delivery_id,
        now=tx.now,
    )
