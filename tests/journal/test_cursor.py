"""Readers by cursor miss nothing, whatever order transactions begin, number their rows and commit in."""

from __future__ import annotations

import pytest

from huiliu.journal.actions import record_first
from huiliu.journal.model import Entry
from huiliu.journal.reads import after
from huiliu.kit.db import Actor, Pool, transaction
from huiliu.kit.ids import new_id

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_row_with_a_lower_id_that_commits_later_is_not_skipped(pool: Pool, system: Actor) -> None:
    older, younger = new_id(), new_id()
    async with transaction(pool, system) as tx:
        last = await tx.value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
        assert isinstance(last, int)
    async with transaction(pool, system) as began_first:
        await began_first.value("SELECT pg_current_xact_id()::text")
        async with transaction(pool, system) as began_second:
            await record_first(began_second, younger, Entry("claim.filed", {"n": 1}))
            await record_first(began_first, older, Entry("claim.filed", {"n": 2}))
            await began_first.connection.execute("SELECT 1")
            ids = await began_first.value("SELECT id FROM journal WHERE stream = %(s)s LIMIT 1", s=older)
            theirs = await began_second.value("SELECT id FROM journal WHERE stream = %(s)s LIMIT 1", s=younger)
            assert isinstance(ids, int)
            assert isinstance(theirs, int)
            assert ids > theirs, "the one that began first has the higher row"
    seen: list[object] = []
    async with transaction(pool, system) as reader:
        for event in await after(reader, last):
            seen.append(event.stream)
            last = event.xid
    assert [stream for stream in seen if stream in (older, younger)] == [older, younger]


async def test_a_reader_that_looks_in_between_still_gets_both(pool: Pool, system: Actor) -> None:
    first, second = new_id(), new_id()
    seen: list[object] = []

    async def read(last: int) -> int:
        async with transaction(pool, system) as reader:
            for event in await after(reader, last):
                seen.append(event.stream)
                last = event.xid
        return last

    async with transaction(pool, system) as tx:
        value = await tx.value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
        assert isinstance(value, int)
        last = value
    early = transaction(pool, system)
    tx_early = await early.__aenter__()
    await tx_early.value("SELECT pg_current_xact_id()::text")
    late = transaction(pool, system)
    tx_late = await late.__aenter__()
    await record_first(tx_late, second, Entry("claim.filed", {}))  # the lower id, in the younger transaction
    await record_first(tx_early, first, Entry("claim.filed", {}))
    await early.__aexit__(None, None, None)
    last = await read(last)
    await late.__aexit__(None, None, None)
    await read(last)
    assert [stream for stream in seen if stream in (first, second)] == [first, second]
