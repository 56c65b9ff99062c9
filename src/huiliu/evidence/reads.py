"""What a claim's evidence is. Every caller has loaded the claim for its viewer first: loading it authorised these."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from huiliu.evidence.model import LISTED_MAX, FileRow, NoteRow, SlotView
from huiliu.evidence.slots import slot_by_code
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound


async def slots_for(tx: Tx, claim_id: UUID, *, required: Sequence[str], optional: Sequence[str]) -> list[SlotView]:
    """The evidence list: required slots, then optional ones, then any other that holds something. Raises UnknownSlot."""
    files, notes = await live_files(tx, claim_id), await live_notes(tx, claim_id)
    filled = [*(file.slot for file in files), *(note.slot for note in notes)]
    codes = dict.fromkeys([*required, *optional, *filled])
    return [
        SlotView(
            slot=slot_by_code(code),
            required=code in required,
            files=tuple(file for file in files if file.slot == code),
            notes=tuple(note for note in notes if note.slot == code),
        )
        for code in codes
    ]


class _Code(msgspec.Struct, frozen=True):
    slot: str


async def have(tx: Tx, claim_id: UUID) -> frozenset[str]:
    """The slots with at least one live item: what the policy is told is there.

    The time gap is there as well once it can be computed: the payment's time is on record or on a bill that agrees with
    the records, and the not-arrived picture was read and nothing contradicts it (`verification.gaps`).
    """
    rows = await tx.all(
        _Code,
        """
        SELECT slot FROM evidence_files
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND removed_at IS NULL
        UNION
        SELECT slot FROM evidence_notes
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND removed_at IS NULL
        UNION
        SELECT 'time_gap' AS slot
          FROM claims c
          JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
          JOIN evidence_files f ON f.platform_id = c.platform_id AND f.claim_id = c.id AND f.removed_at IS NULL
          JOIN evidence_inspections i ON i.platform_id = f.platform_id AND i.file_id = f.id AND i.state = 'done'
         WHERE c.platform_id = %(platform_id)s AND c.id = %(claim_id)s
         GROUP BY o.paid_at, o.paid_precision
        HAVING bool_or(f.slot = 'not_arrived_shot' AND i.verdict IN ('consistent', 'unverifiable'))
           AND (o.paid_at IS NOT NULL AND o.paid_precision IN ('second', 'minute')
                OR bool_or(f.slot = 'paid_shot' AND i.verdict = 'consistent'))
         ORDER BY slot LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        limit=LISTED_MAX,
    )
    return frozenset(row.slot for row in rows)


async def live_files(tx: Tx, claim_id: UUID) -> list[FileRow]:
    """The claim's files of all rounds, in the order they came."""
    return await tx.all(
        FileRow,
        """
        SELECT id, claim_id, slot, round, source, media_type, sha256, bytes AS size, width, height, file_name, by_name,
               added_at, poster_sha256
          FROM evidence_files
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND removed_at IS NULL
         ORDER BY added_at, id LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        limit=LISTED_MAX,
    )


async def live_notes(tx: Tx, claim_id: UUID) -> list[NoteRow]:
    """The claim's notes of all rounds, in the order they came."""
    return await tx.all(
        NoteRow,
        """
        SELECT id, claim_id, slot, round, source, kind, words, facts, sha256, by_name, added_at
          FROM evidence_notes
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND removed_at IS NULL
         ORDER BY added_at, id LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        limit=LISTED_MAX,
    )


async def load_file(tx: Tx, file_id: UUID) -> FileRow:
    """A live file, to be served to whoever may see its `claim_id`: check that first. Raises NotFound."""
    file = await tx.one(
        FileRow,
        """
        SELECT id, claim_id, slot, round, source, media_type, sha256, bytes AS size, width, height, file_name, by_name,
               added_at, poster_sha256
          FROM evidence_files
         WHERE platform_id = %(platform_id)s AND id = %(id)s AND removed_at IS NULL
        """,
        platform_id=tx.platform_id,
        id=file_id,
    )
    if file is None:
        raise NotFound
    return file
