"""The loop that looks at evidence: take a file, have it read, ask the rail, write the verdict. It may be killed anywhere.

    lease_due      one transaction: the file is `reading`, its attempt counted
    lane.ask       outside: a process of its own decodes and reads it, at most INSPECT_SECONDS
    go_on          one transaction: `checking`
    the rail       outside: is this payment ours, how much, when
    finish         one transaction with everything that follows

A worker that dies leaves a lease that runs out. Each lane has its own process, so a picture that kills one harms no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from huiliu.evidence.errors import FileDamaged
from huiliu.evidence.files import Files
from huiliu.evidence.inspection.model import FieldName, Inspection
from huiliu.evidence.verification import actions
from huiliu.evidence.verification.jobs import Answer, Inspect, Inspected, NotInspected, Question
from huiliu.evidence.verification.judging import RailSaid, rail_to_ask, trade_no_to_ask
from huiliu.evidence.verification.model import ATTEMPTS_MAX, Problem, Step
from huiliu.evidence.verification.payments import Answer as PaymentAnswer
from huiliu.evidence.verification.payments import Paid, PaymentQuery, Unknown
from huiliu.evidence.verification.records import FileRecords, expected_of, load_records
from huiliu.evidence.verification.store import Leased
from huiliu.kit import faults
from huiliu.kit.db import Actor, ActorKind, Pool, across_platforms, transaction, utc_now
from huiliu.kit.keyring import Keyring
from huiliu.kit.text import Lang, say
from huiliu.orders.model import ACCOUNT_CONTEXT

log = structlog.get_logger("inspections")

PICTURE_SECONDS = 60.0
VIDEO_SECONDS = 120.0
RAIL_SECONDS = 12.0
"""The last fence around a query, which has its own of 10 s."""
IDLE_SECONDS = (0.1, 0.25, 0.5, 1.0)
TROUBLE_SECONDS = 1.0
STOP_SECONDS = 15.0
"""How long files under way may take to finish when the worker is told to stop; after it they are given back."""


class Asked(Protocol):
    """What does the reading: `verification.lane.Lane` is the real one."""

    async def ask(self, question: Question) -> Answer:
        """The answer, or Died; never raises for what happens in there."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class Lookalikes(Protocol):
    """Finds pictures that look like a given one: `verification.near_book.NearBook` is the real one."""

    async def near(self, platform_id: int, hashes: Sequence[bytes]) -> Mapping[UUID, int]:
        """How many of 256 bits differ, by file."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What one worker inspects with."""

    pool: Pool
    files: Files
    keyring: Keyring
    lanes: Sequence[Asked]
    near: Lookalikes
    queries: Mapping[str, PaymentQuery] = field(default_factory=dict[str, PaymentQuery])
    atlas_root: Path
    """The files folder: a platform's atlases lie in <platform>/atlas/<version>."""
    clock: Callable[[], datetime] = utc_now

    def atlas_folder(self, platform_id: int, version: int) -> Path:
        """Where one version of a platform's atlas lies."""
        return self.atlas_root / str(platform_id) / "atlas" / f"{version:06d}"


async def run_once(room: Room) -> int:
    """Inspect what is due now, one file a lane; returns how many files were taken."""
    leased = await _lease(room, len(room.lanes))
    async with asyncio.TaskGroup() as group:
        for lane, each in zip(room.lanes, leased, strict=False):
            group.create_task(carry(room, lane, each))
    return len(leased)


async def run(room: Room, stop: asyncio.Event) -> None:
    """Inspect until `stop` is set, keeping every lane busy; then finish, or give back, what is under way."""
    free = list(room.lanes)
    under_way: dict[asyncio.Task[None], tuple[Asked, Leased]] = {}
    stopping = asyncio.create_task(stop.wait())
    idle = 0
    try:
        while not stop.is_set():
            try:
                leased = await _lease(room, len(free))
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("database unreachable", problem=str(error))
                await asyncio.wait({stopping}, timeout=TROUBLE_SECONDS)
                continue
            for each in leased:
                lane = free.pop()
                under_way[asyncio.create_task(_carry_safely(room, lane, each))] = lane, each
            idle = 0 if leased else min(idle + 1, len(IDLE_SECONDS) - 1)
            if not free or not leased:
                waited = {stopping, *under_way}
                await asyncio.wait(waited, timeout=IDLE_SECONDS[idle], return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in under_way if task.done()]:
                free.append(under_way.pop(task)[0])
        await _wind_up(room, under_way)
    finally:
        stopping.cancel()
        for lane in room.lanes:
            await lane.close()


async def _wind_up(room: Room, under_way: Mapping[asyncio.Task[None], tuple[Asked, Leased]]) -> None:
    if not under_way:
        return
    _, late = await asyncio.wait(under_way, timeout=STOP_SECONDS)
    for task in late:
        task.cancel()
        await asyncio.wait({task})
        leased = under_way[task][1]
        async with transaction(room.pool, _actor(leased), clock=room.clock) as tx:
            await actions.give_back(tx, leased)


async def _lease(room: Room, limit: int) -> list[Leased]:
    if limit <= 0:
        return []
    async with across_platforms(room.pool) as connection:
        leased = await actions.lease_due(connection, now=room.clock(), limit=limit)
    if leased:
        faults.point("inspection.after_lease")
    return leased


async def _carry_safely(room: Room, lane: Asked, leased: Leased) -> None:
    """One file's trouble must not stop the others: it is logged and its lease runs out."""
    try:
        await carry(room, lane, leased)
    except Exception:
        log.exception("file left to its lease", file=str(leased.file_id))


async def carry(room: Room, lane: Asked, leased: Leased) -> None:
    """Everything about one file, from its lease to its verdict."""
    if leased.state is Step.REFUSED:  # its worker died before the bytes were destroyed
        await _destroy(room, leased)
        return
    if leased.attempt > ATTEMPTS_MAX:  # each time the worker itself died
        await _give_up(room, leased, Problem.TOO_HEAVY)
        return
    async with transaction(room.pool, _actor(leased), clock=room.clock) as tx:
        known = await load_records(tx, leased.file_id)
    if known is None or not known.is_live:
        await _give_up(room, leased, Problem.TAKEN_BACK)
        return
    try:
        data = await room.files.original(leased.platform_id, leased.original_sha256)
    except FileDamaged:
        await _give_up(room, leased, Problem.UNREADABLE)
        return
    match await lane.ask(_question(room, leased, known, data)):
        case Inspected(is_private=True):
            await _refuse(room, leased)
        case Inspected() as inspected:
            await _compare(room, leased, known, inspected)
        case NotInspected(is_refused=True):
            await _give_up(room, leased, Problem.UNREADABLE)
        case NotInspected() as not_inspected:
            log.error("inspection broke", file=str(leased.file_id), code=not_inspected.code)
            await _try_again(room, leased, Problem.BROKEN)
        case other:
            log.warning("inspecting process died", file=str(leased.file_id), why=str(other))
            await _try_again(room, leased, Problem.TOO_HEAVY)


def _question(room: Room, leased: Leased, known: FileRecords, data: bytes) -> Inspect:
    version = known.atlas_version
    return Inspect(
        media_type=leased.media_type,
        data=data,
        expected=expected_of(known, open_account=_account_opener(room)),
        atlas="" if version is None else str(room.atlas_folder(leased.platform_id, version)),
        seconds=VIDEO_SECONDS if leased.media_type.startswith("video/") else PICTURE_SECONDS,
    )


async def _compare(room: Room, leased: Leased, known: FileRecords, inspected: Inspected) -> None:
    async with transaction(room.pool, _actor(leased), clock=room.clock) as tx:
        if not await actions.go_on(tx, leased):
            return
    faults.point("inspection.after_reading")
    said = await _ask_rail(room, known, inspected.inspection)
    near = await room.near.near(leased.platform_id, (*inspected.near, *inspected.near_mirrored))
    faults.point("inspection.before_verdict")
    async with transaction(room.pool, _actor(leased), clock=room.clock) as tx:
        await actions.finish(
            tx,
            leased,
            known,
            inspected=inspected,
            said=said,
            near=near,
            keyring=room.keyring,
            open_account=_account_opener(room),
        )
    faults.point("inspection.after_verdict")


async def _ask_rail(room: Room, known: FileRecords, inspection: Inspection) -> RailSaid:
    """At most two questions: is the order's payment in the rail's books, and is the number in the picture ours at all."""
    query = room.queries.get(rail_to_ask(known, inspection.page))
    if query is None:
        return RailSaid()
    own = await _payment(query, known.rail_trade_no) if known.rail_trade_no else None
    other = trade_no_to_ask(inspection, known)
    if other is None:
        # Our own number that the rail does not know is a quarrel between records, and not the picture's fault.
        is_shown = inspection.field(FieldName.TRADE_NO) is not None and isinstance(own, Paid)
        return RailSaid(own=own, shown=own if is_shown else None)
    return RailSaid(own=own, shown=await _payment(query, other))


async def _payment(query: PaymentQuery, trade_no: str) -> PaymentAnswer:
    try:
        async with asyncio.timeout(RAIL_SECONDS):
            return await query.payment(trade_no)
    except TimeoutError:
        return Unknown(f"no answer within {RAIL_SECONDS:g} s")


async def _refuse(room: Room, leased: Leased) -> None:
    async with transaction(room.pool, _actor(leased), clock=room.clock) as tx:
        is_refused = await actions.refuse(tx, leased)
    faults.point("inspection.after_refusal")
    if is_refused:
        await _destroy(room, leased)


async def _destroy(room: Room, leased: Leased) -> None:
    """The row says refused already, so a death in here is made good by the next worker."""
    async with transaction(room.pool, _actor(leased), clock=room.clock) as tx:
        needed = await actions.needed_bytes(tx, leased)
    if not needed.shown:
        await room.files.destroy(leased.platform_id, leased.sha256)
        if leased.poster_sha256 is not None:
            await room.files.destroy(leased.platform_id, leased.poster_sha256)
    if not needed.original:
        await room.files.destroy_original(leased.platform_id, leased.original_sha256)
    async with transaction(room.pool, _actor(leased), clock=room.clock) as tx:
        await actions.destroyed(tx, leased)


async def _try_again(room: Room, leased: Leased, problem: Problem) -> None:
    async with transaction(room.pool, _actor(leased), clock=room.clock) as tx:
        await actions.try_again(tx, leased, problem=problem)


async def _give_up(room: Room, leased: Leased, problem: Problem) -> None:
    async with transaction(room.pool, _actor(leased), clock=room.clock) as tx:
        await actions.give_up(tx, leased, problem=problem)


def _account_opener(room: Room) -> Callable[[bytes], str]:
    return lambda sealed: room.keyring.open(sealed, context=ACCOUNT_CONTEXT)


def _actor(leased: Leased) -> Actor:
    return Actor(ActorKind.SYSTEM, leased.platform_id, "inspections", say(Lang.ZH, "evidence_verification.system"))
