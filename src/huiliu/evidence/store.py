"""SQL that writes the evidence tables. Private to this feature."""

from __future__ import annotations

from uuid import UUID

import msgspec

from huiliu.evidence.model import Kept, NoteKind, Party
from huiliu.kit.db import Tx


class Room(msgspec.Struct, frozen=True):
    """What one party has put on a claim so far."""

    in_slot: int
    in_claim: int
    ever: int
    size: int


async def lock_claim(tx: Tx, claim_id: UUID) -> bool:
    """The claim's row guards every limit and every hand-in of its evidence: additions, removals, decisions queue here."""
    found = await tx.value(
        "SELECT 1 FROM claims WHERE platform_id = %(platform_id)s AND id = %(claim_id)s FOR NO KEY UPDATE",
        platform_id=tx.platform_id,
        claim_id=claim_id,
    )
    return found is not None


async def room(tx: Tx, claim_id: UUID, *, slot: str, source: Party) -> Room:
    """Count what the party has on the claim. Only binding under `lock_claim`."""
    found = await tx.one(
        Room,
        """
        SELECT count(*) FILTER (WHERE removed_at IS NULL AND slot = %(slot)s) AS in_slot,
               count(*) FILTER (WHERE removed_at IS NULL) AS in_claim,
               count(*) AS ever,
               coalesce(sum(bytes) FILTER (WHERE removed_at IS NULL), 0)::bigint AS size
          FROM evidence_files
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND source = %(source)s
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        slot=slot,
        source=source.value,
    )
    assert found is not None
    return found


async def same_file(tx: Tx, claim_id: UUID, *, slot: str, sha256: bytes) -> UUID | None:
    """The live file with the same picture in the same slot, if it was handed in before."""
    found = await tx.value(
        """
        SELECT id FROM evidence_files
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND slot = %(slot)s AND sha256 = %(sha256)s
           AND removed_at IS NULL
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        slot=slot,
        sha256=sha256,
    )
    return found if isinstance(found, UUID) else None


async def insert_file(
    tx: Tx, claim_id: UUID, *, file_id: UUID, slot: str, round: int, source: Party, kept: Kept, file_name: str
) -> None:
    """Write one file down. The unique index evidence_file_once backs up `same_file`."""
    await tx.run(
        """
        INSERT INTO evidence_files (platform_id, id, claim_id, slot, round, source, media_type, sha256,
                                    original_sha256, poster_sha256, bytes, width, height, file_name, by_name, added_at)
        VALUES (%(platform_id)s, %(id)s, %(claim_id)s, %(slot)s, %(round)s, %(source)s, %(media_type)s, %(sha256)s,
                %(original)s, %(poster)s, %(bytes)s, %(width)s, %(height)s, %(file_name)s, %(by_name)s, %(now)s)
        """,
        platform_id=tx.platform_id,
        id=file_id,
        claim_id=claim_id,
        slot=slot,
        round=round,
        source=source.value,
        media_type=kept.media_type,
        sha256=kept.sha256,
        original=kept.original_sha256,
        poster=kept.poster_sha256,
        bytes=kept.size,
        width=kept.width,
        height=kept.height,
        file_name=file_name,
        by_name=tx.actor.name,
        now=tx.now,
    )


async def is_round_closed(tx: Tx, claim_id: UUID, *, round: int) -> bool:
    """The round was submitted and no request to the buyer is open. Only binding under `lock_claim`."""
    closed = await tx.value(
        """
        SELECT EXISTS (SELECT 1 FROM claim_rounds
                        WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND round = %(round)s)
               AND NOT EXISTS (SELECT 1 FROM claim_requests
                                WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s
                                  AND of = 'buyer' AND answered_at IS NULL)
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        round=round,
    )
    return closed is True


class Item(msgspec.Struct, frozen=True):
    """What a removal must know of a file or note. `is_fixed`: its round was submitted and nobody asked for it since."""

    slot: str
    round: int
    source: str
    sha256: bytes
    is_fixed: bool


async def load_file_item(tx: Tx, claim_id: UUID, *, file_id: UUID) -> Item | None:
    """A live file of this claim. Fixed, unless it answers a request for material that is still open."""
    return await tx.one(
        Item,
        """
        SELECT f.slot, f.round, f.source, f.sha256,
               EXISTS (SELECT 1 FROM claim_rounds r
                        WHERE r.platform_id = f.platform_id AND r.claim_id = f.claim_id AND r.round = f.round)
               AND NOT EXISTS (SELECT 1 FROM claim_requests q
                                WHERE q.platform_id = f.platform_id AND q.claim_id = f.claim_id
                                  AND q.answered_at IS NULL AND q.asked_at <= f.added_at
                                  AND (q.of = 'buyer') = (f.source = 'buyer')) AS is_fixed
          FROM evidence_files f
         WHERE f.platform_id = %(platform_id)s AND f.claim_id = %(claim_id)s AND f.id = %(id)s
           AND f.removed_at IS NULL
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        id=file_id,
    )


async def load_note_item(tx: Tx, claim_id: UUID, *, note_id: UUID) -> Item | None:
    """A live note of this claim, by the same rule as files. What the records say by themselves is nobody's to remove."""
    return await tx.one(
        Item,
        """
        SELECT n.slot, n.round, n.source, n.sha256,
               n.kind = 'record'
               OR EXISTS (SELECT 1 FROM claim_rounds r
                           WHERE r.platform_id = n.platform_id AND r.claim_id = n.claim_id AND r.round = n.round)
               AND NOT EXISTS (SELECT 1 FROM claim_requests q
                                WHERE q.platform_id = n.platform_id AND q.claim_id = n.claim_id
                                  AND q.answered_at IS NULL AND q.asked_at <= n.added_at
                                  AND (q.of = 'buyer') = (n.source = 'buyer')) AS is_fixed
          FROM evidence_notes n
         WHERE n.platform_id = %(platform_id)s AND n.claim_id = %(claim_id)s AND n.id = %(id)s
           AND n.removed_at IS NULL
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        id=note_id,
    )


async def mark_file_removed(tx: Tx, claim_id: UUID, *, file_id: UUID) -> bool:
    """Take a file out of sight; its row stays."""
    changed = await tx.run(
        """
        UPDATE evidence_files SET removed_at = %(now)s
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND id = %(id)s AND removed_at IS NULL
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        id=file_id,
        now=tx.now,
    )
    return changed == 1


async def mark_note_removed(tx: Tx, claim_id: UUID, *, note_id: UUID) -> bool:
    """Take a note out of sight; its row stays."""
    changed = await tx.run(
        """
        UPDATE evidence_notes SET removed_at = %(now)s
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND id = %(id)s AND removed_at IS NULL
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        id=note_id,
        now=tx.now,
    )
    return changed == 1


async def insert_note(
    tx: Tx,
    claim_id: UUID,
    *,
    note_id: UUID,
    slot: str,
    round: int,
    source: Party,
    kind: NoteKind,
    words: str,
    facts: str,
    sha256: bytes,
    by_name: str,
) -> UUID:
    """Write a note down and return its id; the very same words and facts in the same slot are kept once."""
    written = await tx.value(
        """
        WITH fresh AS (
            INSERT INTO evidence_notes (platform_id, id, claim_id, slot, round, source, kind, words, facts, sha256,
                                        by_name, added_at)
            VALUES (%(platform_id)s, %(id)s, %(claim_id)s, %(slot)s, %(round)s, %(source)s, %(kind)s, %(words)s,
                    %(facts)s, %(sha256)s, %(by_name)s, %(now)s)
            ON CONFLICT (platform_id, claim_id, slot, sha256) WHERE removed_at IS NULL DO NOTHING
            RETURNING id)
        SELECT id FROM fresh
        UNION ALL
        SELECT id FROM evidence_notes
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND slot = %(slot)s AND sha256 = %(sha256)s
           AND removed_at IS NULL
        """,
        platform_id=tx.platform_id,
        id=note_id,
        claim_id=claim_id,
        slot=slot,
        round=round,
        source=source.value,
        kind=kind.value,
        words=words,
        facts=facts,
        sha256=sha256,
        by_name=by_name,
        now=tx.now,
    )
    assert isinstance(written, UUID)  # the claim's row is locked: nobody removes the twin between the two looks
    return written


async def same_note(
    tx: Tx, claim_id: UUID, *, slot: str, round: int, source: Party, words: str, by_name: str
) -> UUID | None:
    """The live note with the same words by the same name in the same round, if there is one."""
    found = await tx.value(
        """
        SELECT id FROM evidence_notes
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND slot = %(slot)s AND round = %(round)s
           AND source = %(source)s AND words = %(words)s AND by_name = %(by_name)s AND removed_at IS NULL
         ORDER BY added_at, id LIMIT 1
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        slot=slot,
        round=round,
        source=source.value,
        words=words,
        by_name=by_name,
    )
    return found if isinstance(found, UUID) else None


async def count_notes(tx: Tx, claim_id: UUID, *, source: Party) -> int:
    """How many notes the party has written on the claim, removed ones included."""
    found = await tx.value(
        "SELECT count(*) FROM evidence_notes"
        " WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND source = %(source)s AND kind <> 'record'",
        platform_id=tx.platform_id,
        claim_id=claim_id,
        source=source.value,
    )
    assert isinstance(found, int)
    return found


async def replace_records(tx: Tx, claim_id: UUID, *, keep: list[bytes]) -> list[Item]:
    """Retire what the records said before and do not say any more; returns what was retired."""
    return await tx.all(
        Item,
        """
        UPDATE evidence_notes SET removed_at = %(now)s
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND kind = 'record' AND removed_at IS NULL
           AND sha256 <> ALL (%(keep)s::bytea[])
        RETURNING slot, round, source, sha256, true AS is_fixed
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        keep=keep,
        now=tx.now,
    )


class RecordNote(msgspec.Struct, frozen=True):
    """One record on its way in."""

    id: UUID
    slot: str
    words: str
    facts: str
    sha256: bytes


class Added(msgspec.Struct, frozen=True):
    """A record that was not there before."""

    slot: str
    sha256: bytes


async def insert_records(tx: Tx, claim_id: UUID, *, notes: list[RecordNote], round: int, by_name: str) -> list[Added]:
    """Write down what the records say, in one statement; what is there already stays and is not returned."""
    return await tx.all(
        Added,
        """
        INSERT INTO evidence_notes (platform_id, id, claim_id, slot, round, source, kind, words, facts, sha256,
                                    by_name, added_at)
        SELECT %(platform_id)s, n.id, %(claim_id)s, n.slot, %(round)s, 'platform', 'record', n.words, n.facts, n.sha256,
               %(by_name)s, %(now)s
          FROM unnest(%(ids)s::uuid[], %(slots)s::text[], %(words)s::text[], %(facts)s::text[], %(hashes)s::bytea[])
               AS n (id, slot, words, facts, sha256)
        ON CONFLICT (platform_id, claim_id, slot, sha256) WHERE removed_at IS NULL DO NOTHING
        RETURNING slot, sha256
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        round=round,
        by_name=by_name,
        now=tx.now,
        ids=[note.id for note in notes],
        slots=[note.slot for note in notes],
        words=[note.words for note in notes],
        facts=[note.facts for note in notes],
        hashes=[note.sha256 for note in notes],
    )
