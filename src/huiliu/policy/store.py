"""SQL that writes the policies table. Rows are never changed: the program has no right to update or delete them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Tx
from huiliu.policy.model import Policy


async def lock_timeline(tx: Tx) -> None:
    """Queue behind another publication of this platform.

    The platform's own row guards its timeline of versions. NO KEY UPDATE lets orders and claims, which only reference
    the platform, go on meanwhile.
    """
    await tx.run("SELECT 1 FROM platforms WHERE id = %(platform)s LIMIT 1 FOR NO KEY UPDATE", platform=tx.platform_id)


async def first_published_at(tx: Tx) -> datetime | None:
    """When the platform published its first version here."""
    found = await tx.value(
        "SELECT min(published_at) FROM policies WHERE platform_id = %(platform)s", platform=tx.platform_id
    )
    assert found is None or isinstance(found, datetime)
    return found


async def insert_policy(
    tx: Tx, policy_id: UUID, policy: Policy, *, source: str, effective_from: datetime, published_by: str
) -> None:
    """Put a version on the timeline. policy_effective_once refuses a second one at the same instant."""
    await tx.run(
        """
        INSERT INTO policies (platform_id, id, label, name, content_hash, source, effective_from, published_at, published_by)
        VALUES (%(platform)s, %(id)s, %(label)s, %(name)s, %(hash)s, %(source)s, %(effective_from)s, %(now)s, %(by)s)
        """,
        platform=tx.platform_id,
        id=policy_id,
        label=policy.label,
        name=policy.name,
        hash=policy.content_hash,
        source=source,
        effective_from=effective_from,
        now=tx.now,
        by=published_by,
    )
