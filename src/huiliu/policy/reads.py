"""Published versions. A platform's policies are public: whoever may see the platform may read the very version."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import final
from uuid import UUID

import msgspec

from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import SHANGHAI
from huiliu.policy.model import NoneInForce, Policy, PublishedPolicy
from huiliu.policy.parse import parse_policy

PARSED_MAX = 128
"""How many parsed versions one process keeps."""
LIST_MAX = 100


_published_kept: dict[tuple[int, UUID], PublishedPolicy] = {}


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table, without the source."""

    id: UUID
    platform_id: int
    label: str
    name: str
    content_hash: bytes
    effective_from: datetime
    published_at: datetime
    published_by: str
    proposed_by: str | None
    approved_by: str | None


async def policy_in_force(tx: Tx, at: datetime) -> PublishedPolicy:
    """The version that judges an order placed at `at`: the latest that took effect at or before. Raises NoneInForce."""
    row = await tx.one(
        PolicyRow,
        """
        SELECT id, platform_id, label, name, content_hash, effective_from, published_at, published_by,
               proposed_by, approved_by
          FROM policies
         WHERE platform_id = %(platform)s AND effective_from <= %(at)s
         ORDER BY effective_from DESC, id DESC
         LIMIT 1
        """,
        platform=tx.platform_id,
        at=at,
    )
    if row is None:
        raise NoneInForce(at=f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
    return await _published(tx, row)


async def load_policy(tx: Tx, policy_id: UUID) -> PublishedPolicy:
    """One published version, for a claim that it judged or a buyer who reads it. Raises NotFound.

    Kept in the process once read: a published version never changes.
    """
    key = (tx.platform_id, policy_id)
    known = _published_kept.get(key)
    if known is not None:
        return known
    row = await tx.one(
        PolicyRow,
        """
        SELECT id, platform_id, label, name, content_hash, effective_from, published_at, published_by,
               proposed_by, approved_by
          FROM policies
         WHERE platform_id = %(platform)s AND id = %(id)s
         LIMIT 1
        """,
        platform=tx.platform_id,
        id=policy_id,
    )
    if row is None:
        raise NotFound
    if len(_published_kept) >= PARSED_MAX:
        _published_kept.pop(next(iter(_published_kept)))
    _published_kept[key] = found = await _published(tx, row)
    return found


async def find_by_content(tx: Tx, content_hash: bytes) -> PublishedPolicy | None:
    """The version with exactly this content, if it was published."""
    row = await tx.one(
        PolicyRow,
        """
        SELECT id, platform_id, label, name, content_hash, effective_from, published_at, published_by,
               proposed_by, approved_by
          FROM policies
         WHERE platform_id = %(platform)s AND content_hash = %(hash)s
         LIMIT 1
        """,
        platform=tx.platform_id,
        hash=content_hash,
    )
    return None if row is None else await _published(tx, row)


async def label_is_taken(tx: Tx, label: str) -> bool:
    """Whether a published version carries this label."""
    found = await tx.value(
        "SELECT 1 FROM policies WHERE platform_id = %(platform)s AND label = %(label)s LIMIT 1",
        platform=tx.platform_id,
        label=label,
    )
    return found is not None


async def instant_is_taken(tx: Tx, at: datetime) -> bool:
    """Whether a published version takes effect at this very instant."""
    found = await tx.value(
        "SELECT 1 FROM policies WHERE platform_id = %(platform)s AND effective_from = %(at)s LIMIT 1",
        platform=tx.platform_id,
        at=at,
    )
    return found is not None


async def list_policies(tx: Tx, *, before: datetime | None = None, limit: int = LIST_MAX) -> list[PublishedPolicy]:
    """A page of versions, latest effective first; `before` is the last one's effective_from (no two are equal)."""
    rows = await tx.all(
        PolicyRow,
        """
        SELECT id, platform_id, label, name, content_hash, effective_from, published_at, published_by,
               proposed_by, approved_by
          FROM policies
         WHERE platform_id = %(platform)s AND (%(before)s::timestamptz IS NULL OR effective_from < %(before)s)
         ORDER BY effective_from DESC, id DESC
         LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        before=before,
        limit=min(limit, LIST_MAX),
    )
    return [await _published(tx, row) for row in rows]


async def policy_source(tx: Tx, policy_id: UUID) -> str:
    """The file as it was written, comments and all. Raises NotFound."""
    source = await tx.value(
        "SELECT source FROM policies WHERE platform_id = %(platform)s AND id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=policy_id,
    )
    if source is None:
        raise NotFound
    return str(source)


@final
class ParsedPolicies:
    """Parsed versions by content, the least recently used forgotten first; content never changes, so none goes stale."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._kept: OrderedDict[bytes, Policy] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, content_hash: bytes) -> Policy | None:
        """The policy of that content, if it is kept."""
        found = self._kept.get(content_hash)
        if found is not None:
            self._kept.move_to_end(content_hash)
        return found

    def keep(self, policy: Policy) -> None:
        """Keep one, and forget the one unused longest when there are too many."""
        self._kept[policy.content_hash] = policy
        self._kept.move_to_end(policy.content_hash)
        while len(self._kept) > self._size_max:
            self._kept.popitem(last=False)


PARSED = ParsedPolicies(PARSED_MAX)


async def _published(tx: Tx, row: PolicyRow) -> PublishedPolicy:
    """The row with its parsed rules; the source is read only by the first who needs this content in this process."""
    policy = PARSED.get(row.content_hash)
    if policy is None:
        policy = parse_policy(await policy_source(tx, row.id))
        if policy.content_hash != row.content_hash:
            raise PolicyChangedMeaning(row.label)
        PARSED.keep(policy)
    return PublishedPolicy(
        id=row.id,
        platform_id=row.platform_id,
        label=row.label,
        name=row.name,
        effective_from=row.effective_from,
        published_at=row.published_at,
        published_by=row.published_by,
        proposed_by=row.proposed_by or "",
        approved_by=row.approved_by or "",
        policy=policy,
    )


class PolicyChangedMeaning(Exception):
    """The stored text no longer reads as what was published: the row was tampered with, or this program reads it wrong.

    A bug or worse, never something to go on with: nobody may be judged by rules that were not published.
    """
