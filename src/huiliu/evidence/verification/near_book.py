"""Near hashes of every platform in a worker's memory. The rows stay the truth: a worker that starts reads them again.

Only workers import this: it brings numpy and faiss.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import final
from uuid import UUID

from huiliu.evidence.reuse.near import NearIndex
from huiliu.evidence.verification.reuse_rows import NearHashRow, near_hashes
from huiliu.kit.db import Actor, ActorKind, Pool, transaction

OVERLAP = timedelta(minutes=2)
"""A row is dated when its transaction began and seen when it commits: the last minutes are read again each time."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
PAGES_MAX = 2_000
"""Pages of hashes read in one go: 40 million."""
PLATFORMS_MAX = 1_000
"""Indexes kept; beyond this the one that was not used for longest goes and is read again when it is needed."""


@dataclass(slots=True)
class _Shelf:
    index: NearIndex = field(default_factory=NearIndex)
    files: list[UUID] = field(default_factory=list[UUID])
    numbers: dict[UUID, int] = field(default_factory=dict[UUID, int])
    read_to: datetime = BEGINNING
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@final
class NearBook:
    """Finds files of a platform that look like a given one."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._shelves: dict[int, _Shelf] = {}

    async def near(self, platform_id: int, hashes: Sequence[bytes]) -> Mapping[UUID, int]:
        """How many bits differ, by file, of everything near to any of `hashes`."""
        if not hashes:
            return {}
        shelf = self._shelves.pop(platform_id, None) or _Shelf()
        self._shelves[platform_id] = shelf
        if len(self._shelves) > PLATFORMS_MAX:
            del self._shelves[next(iter(self._shelves))]
        async with shelf.lock:
            await self._catch_up(platform_id, shelf)
            found = await asyncio.to_thread(shelf.index.near, hashes)
        return {shelf.files[number]: bits for number, bits in found}

    async def _catch_up(self, platform_id: int, shelf: _Shelf) -> None:
        since, after = shelf.read_to - OVERLAP, None
        actor = Actor(ActorKind.SYSTEM, platform_id, "near", "近似图索引")
        for _ in range(PAGES_MAX):
            async with transaction(self._pool, actor) as tx:
                rows = await near_hashes(tx, since=since, after=after)
            if not rows:
                return
            _take(shelf, rows)
            last = rows[-1]
            after = (last.added_at, last.file_id, last.frame)
            shelf.read_to = max(shelf.read_to, last.added_at)


def _take(shelf: _Shelf, rows: Sequence[NearHashRow]) -> None:
    """Every frame of a file comes in its one transaction, so a file that is known is known whole, but for a page's end."""
    fresh: list[NearHashRow] = []
    page_files: dict[UUID, int] = {}
    for row in rows:
        known = shelf.numbers.get(row.file_id)
        if known is not None and row.file_id not in page_files:
            continue
        if known is None:
            shelf.numbers[row.file_id] = page_files[row.file_id] = len(shelf.files)
            shelf.files.append(row.file_id)
        fresh.append(row)
    shelf.index.add([shelf.numbers[row.file_id] for row in fresh], [row.hash for row in fresh])
