"""The atlas of trusted pictures, managed by people: build it now, leave pictures or clusters out, take them in again.

What is left out counts from the next building on; the atlas in use does not change under an inspection.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from huiliu.evidence.verification import atlas_store
from huiliu.evidence.verification.atlas_store import Growth, LeasedAtlas
from huiliu.evidence.verification.jobs import Built
from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Connection, Tx

ATLAS_LEASE = timedelta(minutes=5)
"""Prolonged while pictures are learnt."""
ATLAS_ATTEMPTS_MAX = 3
SAMPLES_FIRST = 12
"""The first atlas is built of this many trusted pictures; below it hardly a digit has been seen twice."""
GROWTH_SHARE, GROWTH_MIN = 0.1, 5
"""Then again whenever so many more, or fewer, are trusted."""
PLATFORMS_MAX = 10_000
SAMPLES_AT_ONCE_MAX = 500


async def want_atlas(tx: Tx) -> int | None:
    """Have a new version built; None when one is on its way."""
    version = await atlas_store.insert_wanted(tx)
    if version is not None:
        await _record(tx, "evidence.atlas_wanted", {"version": version})
    return version


async def retire_samples(tx: Tx, file_ids: Sequence[UUID]) -> int:
    """Leave these pictures out; returns how many were in."""
    return await _samples(tx, file_ids, is_retired=True)


async def restore_samples(tx: Tx, file_ids: Sequence[UUID]) -> int:
    """Take these pictures in again; returns how many were out."""
    return await _samples(tx, file_ids, is_retired=False)


async def retire_profile(tx: Tx, profile: str) -> int:
    """Leave every picture of one kind of screen out."""
    changed = await atlas_store.mark_profile(tx, profile, is_retired=True)
    if changed:
        await _record(tx, "evidence.atlas_retired", {"profile": profile, "samples": changed})
    return changed


async def restore_profile(tx: Tx, profile: str) -> int:
    """Take every picture of one kind of screen in again."""
    changed = await atlas_store.mark_profile(tx, profile, is_retired=False)
    if changed:
        await _record(tx, "evidence.atlas_restored", {"profile": profile, "samples": changed})
    return changed


async def retire_cluster(tx: Tx, cluster: str) -> bool:
    """Keep one cluster out of every atlas: an old system version, or pictures that turned out false."""
    changed = await atlas_store.insert_retired(tx, cluster)
    if changed:
        await _record(tx, "evidence.atlas_retired", {"cluster": cluster})
    return changed


async def restore_cluster(tx: Tx, cluster: str) -> bool:
    """Let one cluster in again."""
    changed = await atlas_store.delete_retired(tx, cluster)
    if changed:
        await _record(tx, "evidence.atlas_restored", {"cluster": cluster})
    return changed


def has_outgrown(growth: Growth) -> bool:
    """Whether the samples are so many more, or fewer, than the newest atlas was made of, that a new one is worth it."""
    live = min(growth.live, atlas_store.SAMPLES_BUILT_MAX)
    if live < SAMPLES_FIRST:
        return False
    return growth.built == 0 or abs(live - growth.built) >= max(GROWTH_MIN, round(growth.built * GROWTH_SHARE))


async def outgrown(connection: Connection) -> list[int]:
    """Platforms whose atlas is due for another building."""
    return [
        each.platform_id for each in await atlas_store.growth(connection, limit=PLATFORMS_MAX) if has_outgrown(each)
    ]


async def lease_atlas(connection: Connection, *, now: datetime) -> LeasedAtlas | None:
    """Take one version to build."""
    return await atlas_store.lease_atlas(connection, now=now, until=now + ATLAS_LEASE)


async def prolong(tx: Tx, atlas: LeasedAtlas) -> bool:
    """Go on building; False when another worker was given it."""
    return await atlas_store.prolong_atlas(tx, atlas, until=tx.now + ATLAS_LEASE)


async def atlas_built(tx: Tx, atlas: LeasedAtlas, *, samples: int, built: Built) -> bool:
    """The new version is in its folder: from now on inspections compare with it."""
    if not await atlas_store.mark_built(tx, atlas, samples=samples, glyphs=built.glyphs, clusters=built.clusters):
        return False
    body: dict[str, object] = {
        "version": atlas.version,
        "samples": samples,
        "clusters": len(built.clusters),
        "glyphs": built.glyphs,
    }
    await _record(tx, "evidence.atlas_built", body)
    return True


async def atlas_failed(tx: Tx, atlas: LeasedAtlas, *, samples: int) -> bool:
    """It was tried often enough; the version before stays in use."""
    return await atlas_store.mark_atlas_failed(tx, atlas, samples=samples)


async def _samples(tx: Tx, file_ids: Sequence[UUID], *, is_retired: bool) -> int:
    chosen = list(file_ids)[:SAMPLES_AT_ONCE_MAX]
    changed = await atlas_store.mark_samples(tx, chosen, is_retired=is_retired)
    if changed:
        kind = "evidence.atlas_retired" if is_retired else "evidence.atlas_restored"
        await _record(tx, kind, {"samples": changed})
    return changed


async def _record(tx: Tx, kind: str, body: dict[str, object]) -> None:
    await record(tx, platform_stream(tx.platform_id), Entry(kind, body))
