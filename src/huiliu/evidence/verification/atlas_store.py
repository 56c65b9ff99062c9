"""SQL that writes the atlas's rows: trusted samples, versions wanted and built, clusters retired. Private to verification."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.evidence.verification.model import AtlasCluster
from huiliu.kit.db import Connection, Tx, rows_as

SAMPLES_PER_BUYER_MAX = 2
"""Of one kind of screen. A cluster needs more pictures than that, so that nobody can teach the atlas a font alone."""
SAMPLES_BUILT_MAX = 2_000
"""The newest trusted pictures that one atlas is built of."""


async def insert_sample(tx: Tx, file_id: UUID, *, profile: str, buyer: str) -> bool:
    """Take a trusted picture, unless its buyer has given enough of this kind of screen already."""
    changed = await tx.run(
        """
        INSERT INTO evidence_atlas_samples (platform_id, file_id, profile, added_at)
        SELECT %(platform_id)s, %(file_id)s, %(profile)s, %(now)s
         WHERE (SELECT count(*) FROM evidence_atlas_samples s
                  JOIN evidence_inspections i ON i.platform_id = s.platform_id AND i.file_id = s.file_id
                  JOIN claims c ON c.platform_id = i.platform_id AND c.id = i.claim_id
                 WHERE s.platform_id = %(platform_id)s AND s.profile = %(profile)s
                   AND coalesce(encode(c.contact_hash, 'hex'), c.order_id::text) = %(buyer)s) < %(most)s
        ON CONFLICT DO NOTHING
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        profile=profile,
        buyer=buyer,
        most=SAMPLES_PER_BUYER_MAX,
        now=tx.now,
    )
    return changed == 1


async def mark_samples(tx: Tx, file_ids: Sequence[UUID], *, is_retired: bool) -> int:
    """Leave pictures out of what is built next, or take them in again."""
    return await tx.run(
        """
        UPDATE evidence_atlas_samples
           SET retired_at = CASE WHEN %(retired)s THEN %(now)s::timestamptz END,
               retired_by = CASE WHEN %(retired)s THEN %(by)s ELSE '' END
         WHERE platform_id = %(platform_id)s AND file_id = ANY (%(ids)s) AND (retired_at IS NULL) = %(retired)s
        """,
        platform_id=tx.platform_id,
        ids=list(file_ids),
        retired=is_retired,
        by=tx.actor.name,
        now=tx.now,
    )


async def mark_profile(tx: Tx, profile: str, *, is_retired: bool) -> int:
    """The same for every picture of one kind of screen."""
    return await tx.run(
        """
        UPDATE evidence_atlas_samples
           SET retired_at = CASE WHEN %(retired)s THEN %(now)s::timestamptz END,
               retired_by = CASE WHEN %(retired)s THEN %(by)s ELSE '' END
         WHERE platform_id = %(platform_id)s AND profile = %(profile)s AND (retired_at IS NULL) = %(retired)s
        """,
        platform_id=tx.platform_id,
        profile=profile,
        retired=is_retired,
        by=tx.actor.name,
        now=tx.now,
    )


async def insert_retired(tx: Tx, cluster: str) -> bool:
    """Keep a cluster out of every atlas that is built from now on."""
    changed = await tx.run(
        """
        INSERT INTO evidence_atlas_retired (platform_id, cluster, retired_at, retired_by)
        VALUES (%(platform_id)s, %(cluster)s, %(now)s, %(by)s) ON CONFLICT DO NOTHING
        """,
        platform_id=tx.platform_id,
        cluster=cluster,
        now=tx.now,
        by=tx.actor.name,
    )
    return changed == 1


async def delete_retired(tx: Tx, cluster: str) -> bool:
    """Let a cluster in again."""
    changed = await tx.run(
        "DELETE FROM evidence_atlas_retired WHERE platform_id = %(platform_id)s AND cluster = %(cluster)s",
        platform_id=tx.platform_id,
        cluster=cluster,
    )
    return changed == 1


async def insert_wanted(tx: Tx) -> int | None:
    """Ask for the next version; None when one is wanted or being built already (evidence_atlas_one_wanted)."""
    version = await tx.value(
        """
        INSERT INTO evidence_atlases (platform_id, version, state, due_at, wanted_at, wanted_by)
        SELECT %(platform_id)s, coalesce(max(version), 0) + 1, 'wanted', %(now)s, %(now)s, %(by)s
          FROM evidence_atlases WHERE platform_id = %(platform_id)s
        ON CONFLICT DO NOTHING
        RETURNING version
        """,
        platform_id=tx.platform_id,
        now=tx.now,
        by=tx.actor.name,
    )
    return version if isinstance(version, int) else None


class Growth(msgspec.Struct, frozen=True):
    """How far the samples have outgrown the atlas in use."""

    platform_id: int
    live: int
    built: int


async def growth(connection: Connection, *, limit: int) -> list[Growth]:
    """Platforms with trusted pictures and no atlas under way: how many there are, how many the newest atlas was made of."""
    async with connection.cursor(row_factory=rows_as(Growth)) as cursor:
        await cursor.execute(
            """
            SELECT s.platform_id, count(*)::int AS live,
                   coalesce((SELECT a.samples FROM evidence_atlases a
                              WHERE a.platform_id = s.platform_id AND a.state IN ('ready', 'failed')
                              ORDER BY a.version DESC LIMIT 1), 0) AS built
              FROM evidence_atlas_samples s
             WHERE s.retired_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM evidence_atlases a
                                WHERE a.platform_id = s.platform_id AND a.state IN ('wanted', 'building'))
             GROUP BY s.platform_id ORDER BY s.platform_id LIMIT %(limit)s
            """,
            {"limit": limit},
        )
        return await cursor.fetchall()


class LeasedAtlas(msgspec.Struct, frozen=True, kw_only=True):
    """One version that this worker, and no other, builds until the lease ends."""

    platform_id: int
    version: int
    attempt: int


async def lease_atlas(connection: Connection, *, now: datetime, until: datetime) -> LeasedAtlas | None:
    """Take one version that is due; FOR UPDATE guards its row, SKIP LOCKED lets workers pass each other."""
    async with connection.cursor(row_factory=rows_as(LeasedAtlas)) as cursor:
        await cursor.execute(
            """
            WITH due AS (
                SELECT platform_id, version FROM evidence_atlases
                 WHERE due_at <= %(now)s ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            UPDATE evidence_atlases a SET state = 'building', due_at = %(until)s, attempts = a.attempts + 1
              FROM due WHERE a.platform_id = due.platform_id AND a.version = due.version
            RETURNING a.platform_id, a.version, a.attempts AS attempt
            """,
            {"now": now, "until": until},
        )
        return await cursor.fetchone()


async def prolong_atlas(tx: Tx, atlas: LeasedAtlas, *, until: datetime) -> bool:
    """Keep the lease while building goes on."""
    changed = await tx.run(
        """
        UPDATE evidence_atlases SET due_at = %(until)s
         WHERE platform_id = %(platform_id)s AND version = %(version)s AND attempts = %(attempt)s AND state = 'building'
        """,
        platform_id=tx.platform_id,
        version=atlas.version,
        attempt=atlas.attempt,
        until=until,
    )
    return changed == 1


async def mark_built(
    tx: Tx, atlas: LeasedAtlas, *, samples: int, glyphs: int, clusters: Sequence[AtlasCluster]
) -> bool:
    """The atlas lies in its folder: from now on it is compared with."""
    changed = await tx.run(
        """
        UPDATE evidence_atlases
           SET state = 'ready', due_at = NULL, built_at = %(now)s, samples = %(samples)s, profiles = %(profiles)s,
               glyphs = %(glyphs)s, clusters = %(clusters)s::jsonb
         WHERE platform_id = %(platform_id)s AND version = %(version)s AND attempts = %(attempt)s AND state = 'building'
        """,
        platform_id=tx.platform_id,
        version=atlas.version,
        attempt=atlas.attempt,
        now=tx.now,
        samples=samples,
        profiles=len(clusters),
        glyphs=glyphs,
        clusters=msgspec.json.encode(clusters).decode(),
    )
    return changed == 1


async def mark_atlas_failed(tx: Tx, atlas: LeasedAtlas, *, samples: int) -> bool:
    """It could not be built of so many pictures; the one before stays in use."""
    changed = await tx.run(
        """
        UPDATE evidence_atlases SET state = 'failed', due_at = NULL, samples = %(samples)s
         WHERE platform_id = %(platform_id)s AND version = %(version)s AND attempts = %(attempt)s AND state = 'building'
        """,
        platform_id=tx.platform_id,
        version=atlas.version,
        attempt=atlas.attempt,
        samples=samples,
    )
    return changed == 1


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """One live sample."""

    file_id: UUID
    original_sha256: bytes


async def trusted(tx: Tx) -> list[Trusted]:
    """The newest live samples, in the order in which an atlas learns them: the same pictures make the same atlas."""
    return await tx.all(
        Trusted,
        """
        SELECT file_id, original_sha256 FROM (
            SELECT s.file_id, f.original_sha256, s.added_at FROM evidence_atlas_samples s
              JOIN evidence_files f ON f.platform_id = s.platform_id AND f.id = s.file_id
             WHERE s.platform_id = %(platform_id)s AND s.retired_at IS NULL AND f.removed_at IS NULL
             ORDER BY s.added_at DESC, s.file_id LIMIT %(limit)s) AS newest
         ORDER BY added_at, file_id
        """,
        platform_id=tx.platform_id,
        limit=SAMPLES_BUILT_MAX,
    )


async def sealed_result(tx: Tx, file_id: UUID) -> bytes | None:
    """The sealed result of one file."""
    found = await tx.value(
        "SELECT result_sealed FROM evidence_inspections WHERE platform_id = %(platform_id)s AND file_id = %(file_id)s",
        platform_id=tx.platform_id,
        file_id=file_id,
    )
    return found if isinstance(found, bytes) else None
