"""SQL that writes uploads under way. Private to this feature."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.evidence.model import Party, Upload
from huiliu.kit.db import Tx


async def insert_upload(
    tx: Tx,
    claim_id: UUID,
    *,
    upload_id: UUID,
    slot: str,
    source: Party,
    file_name: str,
    bytes_total: int,
    expires_at: datetime,
) -> None:
    """Open a resumable upload."""
    await tx.run(
        """
        INSERT INTO evidence_uploads (platform_id, id, claim_id, slot, source, file_name, bytes_total, created_at,
                                      expires_at)
        VALUES (%(platform_id)s, %(id)s, %(claim_id)s, %(slot)s, %(source)s, %(file_name)s, %(total)s, %(now)s,
                %(expires_at)s)
        """,
        platform_id=tx.platform_id,
        id=upload_id,
        claim_id=claim_id,
        slot=slot,
        source=source.value,
        file_name=file_name,
        total=bytes_total,
        now=tx.now,
        expires_at=expires_at,
    )


async def count_uploads(tx: Tx, claim_id: UUID, *, source: Party) -> int:
    """Uploads of the party under way on the claim."""
    found = await tx.value(
        "SELECT count(*) FROM evidence_uploads WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s"
        " AND source = %(source)s AND expires_at > %(now)s",
        platform_id=tx.platform_id,
        claim_id=claim_id,
        source=source.value,
        now=tx.now,
    )
    assert isinstance(found, int)
    return found


async def load_upload(tx: Tx, claim_id: UUID, *, upload_id: UUID, source: Party) -> Upload | None:
    """The party's own upload on this claim that has not expired."""
    return await tx.one(
        Upload,
        """
        SELECT id, claim_id, slot, source, file_name, bytes_total, bytes_got, created_at, expires_at
          FROM evidence_uploads
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND id = %(id)s AND source = %(source)s
           AND expires_at > %(now)s
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        id=upload_id,
        source=source.value,
        now=tx.now,
    )


async def advance_upload(tx: Tx, upload_id: UUID, *, offset: int, size: int) -> bool:
    """Compare and set: of two chunks for the same offset only one counts."""
    changed = await tx.run(
        """
        UPDATE evidence_uploads SET bytes_got = bytes_got + %(size)s
         WHERE platform_id = %(platform_id)s AND id = %(id)s AND bytes_got = %(offset)s
           AND bytes_got + %(size)s <= bytes_total
        """,
        platform_id=tx.platform_id,
        id=upload_id,
        offset=offset,
        size=size,
    )
    return changed == 1


async def take_upload(tx: Tx, upload_id: UUID) -> bool:
    """Delete the upload's row: of two that finish it at once, one gets True."""
    changed = await tx.run(
        "DELETE FROM evidence_uploads WHERE platform_id = %(platform_id)s AND id = %(id)s",
        platform_id=tx.platform_id,
        id=upload_id,
    )
    return changed == 1


class Expired(msgspec.Struct, frozen=True):
    """An upload that ran out of time."""

    id: UUID


async def take_expired(tx: Tx, *, limit: int) -> list[Expired]:
    """Delete the oldest expired uploads of the platform; rows that another sweep holds are left to it."""
    return await tx.all(
        Expired,
        """
        DELETE FROM evidence_uploads
         WHERE platform_id = %(platform_id)s AND id IN (
               SELECT id FROM evidence_uploads
                WHERE platform_id = %(platform_id)s AND expires_at <= %(now)s
                ORDER BY expires_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
        RETURNING id
        """,
        platform_id=tx.platform_id,
        now=tx.now,
        limit=limit,
    )
