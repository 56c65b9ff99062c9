"""Publish a version. What is published is never changed; a new version takes over from its own instant on."""

from __future__ import annotations

from datetime import UTC, datetime

from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Tx
from huiliu.kit.ids import SHANGHAI, new_id
from huiliu.policy import store
from huiliu.policy.model import EffectiveInPast, PublishedPolicy
from huiliu.policy.parse import parse_policy
from huiliu.policy.reads import PARSED, find_by_content


async def publish(
    tx: Tx,
    source: str,
    effective_from: datetime | None = None,
    by: str = "",
    *,
    allow_past: bool = False,
) -> PublishedPolicy:
    """Put a policy in force for orders placed from `effective_from` on (the file's 生效 if None, else now).

    The same content published again is the version that already exists, with its own effective time. `by` defaults to the
    actor's name. `allow_past` fills in versions from before the platform's first publication here, as an import does;
    later history is never rewritten. Raises PolicyError, EffectiveInPast, InstantTaken.
    """
    policy = parse_policy(source)
    await store.lock_timeline(tx)
    existing = await find_by_content(tx, policy.content_hash)
    if existing is not None:
        return existing
    starts = (effective_from or policy.effective_from or tx.now).astimezone(UTC)
    if starts < tx.now and not (allow_past and await _is_before_history(tx, starts)):
        raise EffectiveInPast(effective_from=f"{starts.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
    published = PublishedPolicy(
        id=new_id(),
        platform_id=tx.platform_id,
        label=policy.label,
        name=policy.name,
        effective_from=starts,
        published_at=tx.now,
        published_by=by or tx.actor.name,
        policy=policy,
    )
    await store.insert_policy(
        tx, published.id, policy, source=source, effective_from=starts, published_by=published.published_by
    )
    await record(
        tx,
        platform_stream(tx.platform_id),
        Entry(
            "policy.published",
            {
                "policy_id": str(published.id),
                "label": policy.label,
                "name": policy.name,
                "content_hash": policy.content_hash.hex(),
                "effective_from": starts.isoformat(),
            },
        ),
    )
    PARSED.keep(policy)
    return published


async def _is_before_history(tx: Tx, starts: datetime) -> bool:
    """Whether nothing published in its own time judges orders of that instant."""
    first = await store.first_published_at(tx)
    return first is None or starts < first
