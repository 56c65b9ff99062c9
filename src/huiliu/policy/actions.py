"""Publish a version. What is published is never changed; a new version takes over from its own instant on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Tx
from huiliu.kit.ids import SHANGHAI, new_id
from huiliu.policy import store
from huiliu.policy.drafts.checks import checks
from huiliu.policy.drafts.model import LabelTaken, TwoPeople
from huiliu.policy.model import EffectiveInPast, Policy, PublishedPolicy
from huiliu.policy.parse import parse_policy
from huiliu.policy.reads import PARSED, find_by_content, label_is_taken


async def publish(
    tx: Tx,
    source: str,
    effective_from: datetime | None = None,
    by: str = "",
    *,
    allow_past: bool = False,
) -> PublishedPolicy:
    """Put a policy in force for orders placed from `effective_from` on (the file's 生效 if None, else now).

    For whoever may run commands on the server; on the web a draft is approved by a second person (`drafts.approve`).
    The same content published again is the version that already exists, with its own effective time. `by` defaults to the
    actor's name. `allow_past` fills in versions from before the platform's first publication here, as an import does;
    later history is never rewritten. Raises PolicyError, Blocked, GoldenFails, LabelTaken, EffectiveInPast;
    InstantTaken when the transaction ends.
    """
    policy = parse_policy(source)
    existing = await find_by_content(tx, policy.content_hash)
    if existing is not None:
        return existing
    starts = (effective_from or policy.effective_from or tx.now).astimezone(UTC)
    await accepted(source, starts)
    await store.lock_timeline(tx)
    existing = await find_by_content(tx, policy.content_hash)
    if existing is not None:
        return existing
    if await label_is_taken(tx, policy.label):
        raise LabelTaken(label=policy.label)
    if starts < tx.now and not (allow_past and await _is_before_history(tx, starts)):
        raise EffectiveInPast(effective_from=f"{starts.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
    return await put_in_force(tx, policy, source=source, starts=starts, by=by or tx.actor.name)


async def accepted(source: str, starts: datetime) -> Policy:
    """The policy of a text that nothing stands in the way of from that instant on. Raises PolicyError, Blocked, GoldenFails.

    Checked on another thread: a large file takes a good part of a second, in which others want their answers.
    """
    return (await asyncio.to_thread(checks, source, on=starts.astimezone(SHANGHAI).date())).accepted()


async def put_in_force(
    tx: Tx,
    policy: Policy,
    *,
    source: str,
    starts: datetime,
    by: str,
    people: TwoPeople | None = None,
    policy_id: UUID | None = None,
) -> PublishedPolicy:
    """Write a checked version on the timeline, which the caller has locked, and into the journal."""
    published = PublishedPolicy(
        id=policy_id or new_id(),
        platform_id=tx.platform_id,
        label=policy.label,
        name=policy.name,
        effective_from=starts,
        published_at=tx.now,
        published_by=by,
        proposed_by="" if people is None else people.proposer,
        approved_by="" if people is None else people.approver,
        policy=policy,
    )
    await store.insert_policy(tx, published, source=source, people=people)
    body: dict[str, object] = {
        "policy_id": str(published.id),
        "label": policy.label,
        "name": policy.name,
        "content_hash": policy.content_hash.hex(),
        "effective_from": starts.isoformat(),
    }
    if people is not None:
        body |= {
            "draft_id": str(people.draft_id),
            "proposed_by": str(people.proposer_id),
            "approved_by": str(people.approver_id),
        }
    await record(tx, platform_stream(tx.platform_id), Entry("policy.published", body))
    PARSED.keep(policy)
    return published


async def _is_before_history(tx: Tx, starts: datetime) -> bool:
    """Whether nothing published in its own time judges orders of that instant."""
    first = await store.first_published_at(tx)
    return first is None or starts < first
