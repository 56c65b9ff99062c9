"""SQL that writes the policies table. Rows are never changed: the program has no right to update or delete them."""

from __future__ import annotations

from datetime import datetime

from huiliu.kit.db import Tx
from huiliu.policy.drafts.model import TwoPeople
from huiliu.policy.model import PublishedPolicy


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


async def insert_policy(tx: Tx, published: PublishedPolicy, *, source: str, people: TwoPeople | None) -> None:
    """Put a version on the timeline. policy_effective_once refuses a second one at the same instant."""
    await tx.run(
        """
        INSERT INTO policies (platform_id, id, label, name, content_hash, source, effective_from, published_at, published_by,
                              draft_id, proposed_by_id, proposed_by, approved_by_id, approved_by)
        VALUES (%(platform)s, %(id)s, %(label)s, %(name)s, %(hash)s, %(source)s, %(effective_from)s, %(now)s, %(by)s,
                %(draft)s, %(proposer_id)s, %(proposer)s, %(approver_id)s, %(approver)s)
        """,
        platform=tx.platform_id,
        id=published.id,
        label=published.label,
        name=published.name,
        hash=published.policy.content_hash,
        source=source,
        effective_from=published.effective_from,
        now=tx.now,
        by=published.published_by,
        draft=people and people.draft_id,
        proposer_id=people and people.proposer_id,
        proposer=people and people.proposer,
        approver_id=people and people.approver_id,
        approver=people and people.approver,
    )
