"""Write to the journal: the one table that timelines, notices and webhooks read."""

from __future__ import annotations

from uuid import UUID

import msgspec
from msgspec import structs

from huiliu.journal.model import GENESIS, Entry, Head, Row, canonical, link_hash
from huiliu.kit.db import Tx

ENTRIES_MAX = 20
"""How many entries one step may write at once."""


async def record(tx: Tx, stream: UUID, *entries: Entry) -> None:
    """Append entries to a stream, each chained to the one before."""
    await _append(tx, await _lock_head(tx, stream), entries)


async def record_first(tx: Tx, stream: UUID, *entries: Entry) -> None:
    """Append to a stream that this very transaction creates: no look at its head is needed."""
    await _append(tx, Head(tx.platform_id, stream, 0, GENESIS), entries)


async def _lock_head(tx: Tx, stream: UUID) -> Head:
    """The head row guards its stream: two writers queue here, so the chain cannot fork."""
    for _ in range(2):
        head = await tx.one(
            Head,
            "SELECT platform_id, stream, seq, hash FROM journal_heads"
            " WHERE platform_id = %(platform)s AND stream = %(stream)s FOR UPDATE",
            platform=tx.platform_id,
            stream=stream,
        )
        if head is not None:
            return head
        await tx.run(
            "INSERT INTO journal_heads (platform_id, stream, seq, hash) VALUES (%(platform)s, %(stream)s, 0, %(hash)s)"
            " ON CONFLICT DO NOTHING",
            platform=tx.platform_id,
            stream=stream,
            hash=GENESIS,
        )
    raise AssertionError("a journal head vanished")


async def _append(tx: Tx, head: Head, entries: tuple[Entry, ...]) -> None:
    assert 1 <= len(entries) <= ENTRIES_MAX
    rows: list[Row] = []
    seq, digest = head.seq, head.hash
    for entry in entries:
        seq += 1
        row = Row(
            platform_id=tx.platform_id,
            stream=head.stream,
            seq=seq,
            at=tx.now,
            actor_kind=tx.actor.kind.value,
            actor_id=tx.actor.id,
            actor_name=tx.actor.name,
            kind=entry.kind,
            body=canonical(entry.body),
            prev_hash=digest,
            hash=b"",
        )
        digest = link_hash(row)
        rows.append(structs.replace(row, hash=digest))
    await tx.queue(
        """
        WITH head AS (
            INSERT INTO journal_heads (platform_id, stream, seq, hash)
            VALUES (%(platform)s, %(stream)s, %(last_seq)s, %(last_hash)s)
            ON CONFLICT (platform_id, stream) DO UPDATE SET seq = excluded.seq, hash = excluded.hash
        )
        INSERT INTO journal (platform_id, stream, seq, at, actor_kind, actor_id, actor_name, kind, body, prev_hash, hash)
        SELECT %(platform)s, %(stream)s, r.seq, %(at)s, %(actor_kind)s, %(actor_id)s, %(actor_name)s,
               r.kind, r.body, decode(r.prev_hash, 'hex'), decode(r.hash, 'hex')
          FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (seq int, kind text, body text, prev_hash text, hash text)
        """,
        platform=tx.platform_id,
        stream=head.stream,
        last_seq=seq,
        last_hash=digest,
        at=tx.now,
        actor_kind=tx.actor.kind.value,
        actor_id=tx.actor.id,
        actor_name=tx.actor.name,
        rows=msgspec.json.encode([_sent(row) for row in rows]).decode(),
    )


def _sent(row: Row) -> dict[str, object]:
    return {
        "seq": row.seq,
        "kind": row.kind,
        "body": row.body,
        "prev_hash": row.prev_hash.hex(),
        "hash": row.hash.hex(),
    }
