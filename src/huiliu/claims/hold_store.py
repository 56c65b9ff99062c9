"""SQL that writes the waits of claims for their pictures' inspections. Private to this feature."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Tx


async def insert_hold(tx: Tx, claim_id: UUID, *, round_no: int, until: datetime) -> None:
    """Let a round's approval wait for its pictures to be inspected."""
    await tx.run(
        """
        INSERT INTO claim_holds (platform_id, claim_id, round, held_at, until)
        VALUES (%(platform)s, %(claim)s, %(round)s, %(now)s, %(until)s)
        """,
        platform=tx.platform_id,
        claim=claim_id,
        round=round_no,
        now=tx.now,
        until=until,
    )


async def take_hold(tx: Tx, claim_id: UUID, *, round_no: int) -> bool:
    """End the wait; False when somebody else has ended it."""
    changed = await tx.run(
        """
        UPDATE claim_holds SET released_at = %(now)s
         WHERE platform_id = %(platform)s AND claim_id = %(claim)s AND round = %(round)s AND released_at IS NULL
        """,
        platform=tx.platform_id,
        claim=claim_id,
        round=round_no,
        now=tx.now,
    )
    return changed == 1
