"""The atlas of trusted pictures as its management page needs it: versions, clusters, samples, measured false alarms."""

from __future__ import annotations

import msgspec

from huiliu.evidence.verification.model import (
    AtlasCluster,
    AtlasRow,
    Profile,
    RetiredCluster,
    Sample,
    SignalAlarms,
)
from huiliu.kit.db import Tx

VERSIONS_LISTED_MAX = 20
CLUSTERS_LISTED_MAX = 200
SAMPLES_LISTED_MAX = 100
SIGNALS_LISTED_MAX = 40


async def atlas_versions(tx: Tx) -> list[AtlasRow]:
    """The last versions, newest first; the first that is `ready` is the one in use."""
    return await tx.all(
        AtlasRow,
        """
        SELECT version, state, wanted_at, wanted_by, built_at, samples, profiles, glyphs
          FROM evidence_atlases
         WHERE platform_id = %(platform_id)s
         ORDER BY version DESC LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        limit=VERSIONS_LISTED_MAX,
    )


async def current_atlas(tx: Tx) -> int | None:
    """The version that inspections compare with."""
    found = await tx.value(
        "SELECT max(version) FROM evidence_atlases WHERE platform_id = %(platform_id)s AND state = 'ready'",
        platform_id=tx.platform_id,
    )
    return found if isinstance(found, int) else None


class _Clusters(msgspec.Struct, frozen=True):
    clusters: str


async def clusters(tx: Tx, *, version: int) -> tuple[AtlasCluster, ...]:
    """What one version holds, the best-known cluster first."""
    row = await tx.one(
        _Clusters,
        "SELECT clusters::text AS clusters FROM evidence_atlases"
        " WHERE platform_id = %(platform_id)s AND version = %(version)s",
        platform_id=tx.platform_id,
        version=version,
    )
    return () if row is None else msgspec.json.decode(row.clusters, type=tuple[AtlasCluster, ...])


async def retired_clusters(tx: Tx) -> list[RetiredCluster]:
    """Clusters that are left out of what is built next, the latest first."""
    return await tx.all(
        RetiredCluster,
        """
        SELECT cluster, retired_at, retired_by FROM evidence_atlas_retired
         WHERE platform_id = %(platform_id)s
         ORDER BY retired_at DESC, cluster LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        limit=CLUSTERS_LISTED_MAX,
    )


async def profiles(tx: Tx) -> list[Profile]:
    """Trusted pictures by kind of screen, the commonest first."""
    return await tx.all(
        Profile,
        """
        SELECT i.profile, count(s.file_id) FILTER (WHERE s.retired_at IS NULL)::int AS live,
               count(s.retired_at)::int AS retired,
               count(*) FILTER (WHERE i.atlas_version IS NOT NULL)::int AS compared,
               count(*) FILTER (WHERE i.atlas_version IS NOT NULL AND i.signals <> '{}')::int AS accused,
               max(s.added_at) AS newest_at
          FROM evidence_inspections i
          LEFT JOIN evidence_atlas_samples s ON s.platform_id = i.platform_id AND s.file_id = i.file_id
         WHERE i.platform_id = %(platform_id)s AND i.is_paid_by_rail AND i.verdict IN ('consistent', 'unverifiable')
           AND i.profile <> ''
         GROUP BY i.profile
         ORDER BY live DESC, i.profile LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        limit=CLUSTERS_LISTED_MAX,
    )


async def samples(tx: Tx, *, profile: str) -> list[Sample]:
    """The trusted pictures of one profile, newest first."""
    return await tx.all(
        Sample,
        """
        SELECT s.file_id, i.claim_id, c.claim_no, s.profile, i.page, i.signals, s.added_at, s.retired_at, s.retired_by
          FROM evidence_atlas_samples s
          JOIN evidence_inspections i ON i.platform_id = s.platform_id AND i.file_id = s.file_id
          JOIN claims c ON c.platform_id = i.platform_id AND c.id = i.claim_id
         WHERE s.platform_id = %(platform_id)s AND s.profile = %(profile)s
         ORDER BY s.added_at DESC, s.file_id LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        profile=profile,
        limit=SAMPLES_LISTED_MAX,
    )


async def false_alarms(tx: Tx) -> list[SignalAlarms]:
    """For each signal, how often it accused a picture whose payment the rail confirmed and that no record contradicts."""
    return await tx.all(
        SignalAlarms,
        """
        WITH trusted AS (
            SELECT signals FROM evidence_inspections
             WHERE platform_id = %(platform_id)s AND is_paid_by_rail AND verdict IN ('consistent', 'unverifiable')
        )
        SELECT signal, count(*)::int AS accused, (SELECT count(*) FROM trusted)::int AS trusted
          FROM trusted, unnest(trusted.signals) AS signal
         GROUP BY signal
         ORDER BY accused DESC, signal LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        limit=SIGNALS_LISTED_MAX,
    )
