"""Builds the atlas of trusted pictures: wanted by a person or outgrown, taken by one worker, learnt in its own process.

A worker that dies in the middle leaves a lease that runs out; what it learnt is learnt again. The version before stays in
use until the new one lies whole in its folder and its row says ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from huiliu.evidence.errors import FileDamaged
from huiliu.evidence.verification import atlas_actions
from huiliu.evidence.verification.atlas_reads import retired_clusters
from huiliu.evidence.verification.atlas_store import (
    SAMPLES_BUILT_MAX,
    LeasedAtlas,
    Trusted,
    sealed_result,
    trusted,
)
from huiliu.evidence.verification.jobs import Build, Built, Died, Learn, Learnt
from huiliu.evidence.verification.lane import Lane
from huiliu.evidence.verification.sealing import open_result
from huiliu.kit.db import Actor, ActorKind, Pool, across_platforms, transaction, utc_now
from huiliu.kit.text import Lang, say
from huiliu.worker.inspections import Asked, Room

log = structlog.get_logger("atlases")

LEARN_SECONDS = 30.0
BUILD_SECONDS = 120.0
PROLONG_EVERY = 20
"""Pictures learnt between two looks at the lease."""


def building_lane() -> Lane:
    """A process that keeps what it learnt until the atlas is built."""
    return Lane(questions_max=SAMPLES_BUILT_MAX + 2)


async def want_outgrown(pool: Pool, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Have an atlas built wherever much more is trusted than the last one was made of; returns how many."""
    async with across_platforms(pool) as connection:
        platforms = await atlas_actions.outgrown(connection)
    wanted = 0
    for platform_id in platforms:
        async with transaction(pool, _actor(platform_id), clock=clock) as tx:
            wanted += await atlas_actions.want_atlas(tx) is not None
    return wanted


async def run_once(room: Room, stop: asyncio.Event, *, make_lane: Callable[[], Asked] = building_lane) -> int:
    """Build one version that is due; returns 1 when there was one."""
    async with across_platforms(room.pool) as connection:
        atlas = await atlas_actions.lease_atlas(connection, now=room.clock())
    if atlas is None:
        return 0
    lane = make_lane()
    try:
        await _build(room, atlas, lane, stop)
    finally:
        await lane.close()
    return 1


async def _build(room: Room, atlas: LeasedAtlas, lane: Asked, stop: asyncio.Event) -> None:
    async with transaction(room.pool, _actor(atlas.platform_id), clock=room.clock) as tx:
        if atlas.attempt > atlas_actions.ATLAS_ATTEMPTS_MAX:
            await atlas_actions.atlas_failed(tx, atlas, samples=0)
            return
        samples = await trusted(tx)
        retired = tuple(each.cluster for each in await retired_clusters(tx))
    taken = 0
    for number, sample in enumerate(samples):
        if stop.is_set() or (number % PROLONG_EVERY == 0 and not await _prolong(room, atlas)):
            return
        learnt = await _learn(room, atlas, lane, sample)
        if learnt is None:
            return
        taken += learnt
    folder = str(room.atlas_folder(atlas.platform_id, atlas.version))
    answer = await lane.ask(Build(folder=folder, retired=retired, seconds=BUILD_SECONDS))
    async with transaction(room.pool, _actor(atlas.platform_id), clock=room.clock) as tx:
        match answer:
            # Fewer than were sent: the process was replaced on the way and forgot what it had learnt.
            case Built() if answer.samples == taken and answer.clusters:
                await atlas_actions.atlas_built(tx, atlas, samples=len(samples), built=answer)
            case Built() if answer.samples == taken:  # too little to know anything: the one before knows more
                await atlas_actions.atlas_failed(tx, atlas, samples=len(samples))
            case Died() | Built():
                log.warning("atlas not built", platform=atlas.platform_id, version=atlas.version)
            case _:
                await atlas_actions.atlas_failed(tx, atlas, samples=len(samples))


async def _learn(room: Room, atlas: LeasedAtlas, lane: Asked, sample: Trusted) -> bool | None:
    """Whether the picture was taken; None when the process is gone, and with it all that it had learnt."""
    async with transaction(room.pool, _actor(atlas.platform_id), clock=room.clock) as tx:
        sealed = await sealed_result(tx, sample.file_id)
    if sealed is None:
        return False
    result = open_result(room.keyring, sealed, platform_id=atlas.platform_id, file_id=sample.file_id)
    try:
        data = await room.files.original(atlas.platform_id, sample.original_sha256)
    except FileDamaged:
        return False
    found = result.inspection
    answer = await lane.ask(Learn(data=data, lines=found.lines, fields=found.fields, seconds=LEARN_SECONDS))
    match answer:
        case Learnt():
            return answer.was_taken
        case Died():
            return None
        case _:
            return False


async def _prolong(room: Room, atlas: LeasedAtlas) -> bool:
    async with transaction(room.pool, _actor(atlas.platform_id), clock=room.clock) as tx:
        return await atlas_actions.prolong(tx, atlas)


def _actor(platform_id: int) -> Actor:
    return Actor(ActorKind.SYSTEM, platform_id, "atlas", say(Lang.ZH, "evidence_verification.atlas.by_schedule"))
