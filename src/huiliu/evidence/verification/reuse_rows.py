"""Finding who else showed the same: rows of keys and near hashes, and the order in which two claims at once are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.evidence.reuse.keys import Key, KeyKind
from huiliu.evidence.reuse.verdict import MATCHES_MAX, Match
from huiliu.kit.db import Tx

NEAR_READ_MAX = 20_000
"""Near hashes read at once when the index catches up."""


async def lock_keys(tx: Tx, keys: Sequence[Key]) -> None:
    """Of two files with one key that are finished at once, one waits here and then sees the other.

    An advisory lock a key, in one order for everybody; a collision of two keys only makes somebody wait.
    """
    locks = sorted({int.from_bytes(key.digest[:8], "big", signed=True) for key in keys})
    await tx.value(
        "SELECT count(pg_advisory_xact_lock(lock)) FROM (SELECT unnest(%(locks)s::bigint[]) AS lock ORDER BY 1) AS sorted",
        locks=locks,
    )


async def key_matches(tx: Tx, claim_id: UUID, keys: Sequence[Key]) -> list[Match]:
    """Other claims' live files with one of these keys, the oldest first."""
    return await tx.all(
        Match,
        """
        SELECT k.kind, k.claim_id, c.claim_no, o.order_no, coalesce(encode(c.contact_hash, 'hex'), c.order_id::text) AS buyer,
               k.added_at, k.is_own,
               (SELECT t.digest FROM evidence_keys t
                 WHERE t.platform_id = k.platform_id AND t.file_id = k.file_id AND t.kind = 'trade_no' LIMIT 1) AS trade_no
          FROM unnest(%(kinds)s::text[], %(digests)s::bytea[]) AS mine (kind, digest)
          JOIN evidence_keys k ON k.platform_id = %(platform_id)s AND k.kind = mine.kind AND k.digest = mine.digest
          JOIN evidence_files f ON f.platform_id = k.platform_id AND f.id = k.file_id AND f.removed_at IS NULL
          JOIN claims c ON c.platform_id = k.platform_id AND c.id = k.claim_id
          JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
         WHERE k.claim_id <> %(claim_id)s
         ORDER BY k.added_at, k.file_id, k.kind LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        kinds=[key.kind.value for key in keys],
        digests=[key.digest for key in keys],
        limit=MATCHES_MAX,
    )


async def near_matches(tx: Tx, claim_id: UUID, bits: Mapping[UUID, int]) -> list[Match]:
    """Other claims' live files that look like this one: `bits` says how many of 256 differ, by file."""
    if not bits:
        return []
    rows = await tx.all(
        _NearRow,
        """
        SELECT f.id AS file_id, f.claim_id, c.claim_no, o.order_no,
               coalesce(encode(c.contact_hash, 'hex'), c.order_id::text) AS buyer, f.added_at
          FROM evidence_files f
          JOIN claims c ON c.platform_id = f.platform_id AND c.id = f.claim_id
          JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
         WHERE f.platform_id = %(platform_id)s AND f.id = ANY (%(files)s) AND f.claim_id <> %(claim_id)s
           AND f.removed_at IS NULL
         ORDER BY f.added_at, f.id LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        files=list(bits),
        limit=MATCHES_MAX,
    )
    return [
        Match(
            kind=KeyKind.NEAR,
            claim_id=row.claim_id,
            claim_no=row.claim_no,
            order_no=row.order_no,
            buyer=row.buyer,
            added_at=row.added_at,
            bits=bits[row.file_id],
        )
        for row in rows
    ]


async def refunded_claims(tx: Tx, claim_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these claims whose money went back, or is on its way."""
    if not claim_ids:
        return frozenset()
    rows = await tx.all(
        _Claim,
        """
        SELECT id FROM claims
         WHERE platform_id = %(platform_id)s AND id = ANY (%(ids)s) AND state IN ('paying', 'refunded')
         ORDER BY id LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        ids=list(claim_ids),
        limit=MATCHES_MAX,
    )
    return frozenset(row.id for row in rows)


class _Claim(msgspec.Struct, frozen=True):
    id: UUID


class _NearRow(msgspec.Struct, frozen=True, kw_only=True):
    file_id: UUID
    claim_id: UUID
    claim_no: str
    order_no: str
    buyer: str
    added_at: datetime


class NearHashRow(msgspec.Struct, frozen=True, kw_only=True):
    """One near hash as the index takes it."""

    file_id: UUID
    frame: int
    hash: bytes
    added_at: datetime


async def near_hashes(tx: Tx, *, since: datetime, after: tuple[datetime, UUID, int] | None) -> list[NearHashRow]:
    """The platform's near hashes from `since` on, page by page: `after` is the last row's place."""
    at, file_id, frame = after or (since, UUID(int=0), -1)
    return await tx.all(
        NearHashRow,
        """
        SELECT file_id, frame, hash, added_at FROM evidence_near
         WHERE platform_id = %(platform_id)s AND (added_at, file_id, frame) > (%(at)s, %(file_id)s, %(frame)s)
         ORDER BY added_at, file_id, frame LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        at=at,
        file_id=file_id,
        frame=frame,
        limit=NEAR_READ_MAX,
    )
