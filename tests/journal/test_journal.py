"""The journal chains, cannot fork, and notices every kind of tampering."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from msgspec import structs

from huiliu.journal.actions import record, record_first
from huiliu.journal.model import Entry, Head, Row, broken_links, platform_stream
from huiliu.journal.reads import after, timeline
from huiliu.kit.db import Actor, Pool, Tx, transaction
from huiliu.kit.ids import new_id


async def rows_of(tx: Tx, stream: UUID) -> tuple[list[Row], dict[tuple[int, UUID], Head]]:
    rows = await tx.all(
        Row,
        "SELECT platform_id, stream, seq, at, actor_kind, actor_id, actor_name, kind, body, prev_hash, hash FROM journal"
        " WHERE stream = %(stream)s ORDER BY seq",
        stream=stream,
    )
    head = await tx.one(
        Head, "SELECT platform_id, stream, seq, hash FROM journal_heads WHERE stream = %(stream)s", stream=stream
    )
    assert head is not None
    return rows, {(tx.platform_id, stream): head}


async def three_rows(tx: Tx) -> tuple[list[Row], dict[tuple[int, UUID], Head]]:
    stream = new_id()
    await record_first(tx, stream, Entry("claim.filed", {"amount_minor": 6000, "words": "未到账，请退款"}))
    await record(tx, stream, Entry("claim.taken", {"by": "小顾"}), Entry("claim.approved", {"amount_minor": 6000}))
    return await rows_of(tx, stream)


async def test_a_chain_holds_from_its_first_row_to_its_head(tx: Tx) -> None:
    rows, heads = await three_rows(tx)
    assert [row.kind for row in rows] == ["claim.filed", "claim.taken", "claim.approved"]
    assert list(broken_links(rows, heads)) == []


def changed_body(rows: list[Row]) -> Sequence[Row]:
    return [rows[0], structs.replace(rows[1], body=rows[1].body.replace("小顾", "何审")), rows[2]]


def changed_actor(rows: list[Row]) -> Sequence[Row]:
    return [structs.replace(rows[0], actor_name="someone else"), *rows[1:]]


def removed_middle(rows: list[Row]) -> Sequence[Row]:
    return [rows[0], rows[2]]


def cut_tail(rows: list[Row]) -> Sequence[Row]:
    return rows[:2]


def removed_all(rows: list[Row]) -> Sequence[Row]:
    return rows[:0]


def swapped(rows: list[Row]) -> Sequence[Row]:
    return [rows[1], rows[0], rows[2]]


@pytest.mark.parametrize("tamper", [changed_body, changed_actor, removed_middle, cut_tail, removed_all, swapped])
async def test_every_kind_of_tampering_is_noticed(tx: Tx, tamper: object) -> None:
    rows, heads = await three_rows(tx)
    assert callable(tamper)
    assert list(broken_links(tamper(rows), heads)) != []


async def test_two_writers_of_one_stream_queue_instead_of_forking(pool: Pool, system: Actor) -> None:
    stream = new_id()

    async def write(number: int) -> None:
        async with transaction(pool, system) as tx:
            await record(tx, stream, Entry("claim.note", {"number": number}))

    await asyncio.gather(*(write(number) for number in range(12)))
    async with transaction(pool, system) as tx:
        rows, heads = await rows_of(tx, stream)
        assert len(rows) == 12
        assert list(broken_links(rows, heads)) == []


async def test_a_reader_by_cursor_waits_for_a_lower_id_that_is_not_committed_yet(pool: Pool, system: Actor) -> None:
    early, late = new_id(), new_id()
    async with transaction(pool, system) as tx:
        last = await tx.value("SELECT coalesce(max(id), 0) FROM journal")
        assert isinstance(last, int)
    async with transaction(pool, system) as slow:
        await record_first(slow, early, Entry("claim.filed", {"n": 1}))
        async with transaction(pool, system) as fast:
            await record_first(fast, late, Entry("claim.filed", {"n": 2}))
        async with transaction(pool, system) as reader:
            seen = [event.stream for event in await after(reader, last)]
            assert late not in seen, "taking the later row now would skip the earlier one for good"
    async with transaction(pool, system) as reader:
        seen = [event.stream for event in await after(reader, last)]
        assert seen.index(early) < seen.index(late)


async def test_the_timeline_gives_bodies_back_as_they_were(tx: Tx) -> None:
    stream = new_id()
    await record_first(
        tx, stream, Entry("claim.asked_buyer", {"slots": ["paid_shot"], "words": "请补充“支付成功”截图"})
    )
    (event,) = await timeline(tx, stream)
    assert event.body == {"slots": ["paid_shot"], "words": "请补充“支付成功”截图"}
    assert event.at == tx.now


def test_each_platform_has_its_own_stream() -> None:
    assert platform_stream(1) != platform_stream(2)
    assert platform_stream(1) == platform_stream(1)
