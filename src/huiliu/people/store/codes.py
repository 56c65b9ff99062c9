"""One-time codes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Tx


async def insert_code(tx: Tx, code_id: UUID, *, contact_hash: bytes, code_hash: bytes, expires_at: datetime) -> None:
    """Keep a code's keyed hash."""
    await tx.run(
        """
        INSERT INTO one_time_codes (platform_id, id, contact_hash, code_hash, expires_at, created_at)
        VALUES (%(platform)s, %(id)s, %(contact)s, %(code)s, %(expires)s, %(now)s)
        """,
        platform=tx.platform_id,
        id=code_id,
        contact=contact_hash,
        code=code_hash,
        expires=expires_at,
        now=tx.now,
    )


async def try_code(tx: Tx, *, contact_hash: bytes, code_hash: bytes, attempts_max: int) -> bool:
    """Count an attempt on the newest code and use it up if it matches, in one statement: of two at once the second
    waits on the row and then finds it used."""
    return (
        await tx.value(
            """
            UPDATE one_time_codes
               SET attempts = attempts + 1,
                   used_at = CASE WHEN code_hash = %(code)s THEN %(now)s::timestamptz END
             WHERE platform_id = %(platform)s AND used_at IS NULL AND expires_at > %(now)s AND attempts < %(max)s
               AND id = (SELECT id FROM one_time_codes
                          WHERE platform_id = %(platform)s AND contact_hash = %(contact)s
                          ORDER BY created_at DESC, id DESC LIMIT 1)
            RETURNING used_at IS NOT NULL
            """,
            platform=tx.platform_id,
            contact=contact_hash,
            code=code_hash,
            now=tx.now,
            max=attempts_max,
        )
        is True
    )
