"""The SQL of preparing a claim. Private to this feature."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.claims.model import Reason
from huiliu.kit.db import Tx


class Draft(msgspec.Struct, frozen=True):
    """A draft by its two names."""

    id: UUID
    claim_no: str


async def take_up_draft(tx: Tx, *, order_id: UUID, line_no: int, reason: Reason) -> Draft | None:
    """The line's draft, now for this reason, if there is one."""
    return await tx.one(
        Draft,
        "UPDATE claims SET reason = %(reason)s, updated_at = %(now)s WHERE platform_id = %(platform)s"
        " AND order_id = %(order)s AND line_no = %(line)s AND state = 'draft' RETURNING id, claim_no",
        platform=tx.platform_id,
        order=order_id,
        line=line_no,
        reason=reason.value,
        now=tx.now,
    )


async def drafts_since(tx: Tx, order_id: UUID, *, line_no: int, since: datetime) -> int:
    """How many claims of this line were started since then and never filed."""
    found = await tx.value(
        "SELECT count(*)::int FROM claims WHERE platform_id = %(platform)s AND order_id = %(order)s AND line_no = %(line)s"
        " AND filed_at IS NULL AND created_at > %(since)s",
        platform=tx.platform_id,
        order=order_id,
        line=line_no,
        since=since,
    )
    assert isinstance(found, int)
    return found
