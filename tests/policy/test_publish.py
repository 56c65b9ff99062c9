"""Versions on the timeline: published once, never in the past, chosen by the order's own time, raced by two people."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from psycopg.errors import InsufficientPrivilege, UniqueViolation

from huiliu.kit.db import Actor, ActorKind, Pool, Tx, transaction
from huiliu.kit.errors import NotFound, Refusal
from huiliu.kit.text import Lang, refusal_words
from huiliu.policy.actions import publish
from huiliu.policy.drafts.model import Blocked, GoldenFails, LabelTaken
from huiliu.policy.model import EffectiveInPast, InstantTaken, NoneInForce, PolicyError
from huiliu.policy.parse import parse_policy
from huiliu.policy.reads import (
    ParsedPolicies,
    PolicyChangedMeaning,
    list_policies,
    load_policy,
    policy_in_force,
    policy_source,
)
from tests.conftest import NOW
from tests.policy.files import EXAMPLE, small
from tests.policy.workshop import CIRCLE, GOLDEN, new_platform, text


def version(label: str) -> str:
    """A small policy whose content is its own by its label."""
    clause = "  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 则: 全额退款}"
    return small(clause).replace("版本: 1", f"版本: {label}")


def actor(platform_id: int) -> Actor:
    return Actor(ActorKind.STAFF, platform_id, "admin", "管砚")


async def test_a_published_version_reads_back_as_it_was_written(tx: Tx) -> None:
    published = await publish(tx, version("v1"), NOW)

    loaded = await load_policy(tx, published.id)

    assert loaded == published
    assert (loaded.label, loaded.published_by, loaded.effective_from) == ("v1", tx.actor.name, NOW)
    assert await policy_source(tx, published.id) == version("v1")


async def test_publishing_is_in_the_journal(tx: Tx) -> None:
    published = await publish(tx, version("v1"), NOW)

    body = await tx.value("SELECT body FROM journal WHERE kind = 'policy.published' ORDER BY id DESC LIMIT 1")

    assert str(published.id) in str(body)
    assert published.policy.content_hash.hex() in str(body)


async def test_the_version_in_force_at_the_orders_time_judges_it(tx: Tx) -> None:
    first = await publish(tx, version("v1"), NOW - timedelta(days=30), allow_past=True)
    second = await publish(tx, version("v2"), NOW)
    third = await publish(tx, version("v3"), NOW + timedelta(days=30))

    async def label(at: datetime) -> str:
        return (await policy_in_force(tx, at)).label

    assert await label(first.effective_from) == "v1"
    assert await label(second.effective_from - timedelta(microseconds=1)) == "v1"
    assert await label(second.effective_from) == "v2"
    assert await label(third.effective_from - timedelta(seconds=1)) == "v2"
    assert await label(third.effective_from + timedelta(days=999)) == "v3"


async def test_before_the_first_version_nothing_is_in_force(tx: Tx) -> None:
    await publish(tx, version("v1"), NOW)

    with pytest.raises(NoneInForce) as refused:
        await policy_in_force(tx, NOW - timedelta(seconds=1))

    assert "2026-11-23 09:59" in refusal_words(Lang.ZH, refused.value)[0]


async def test_the_same_content_is_one_version_whatever_its_layout(tx: Tx) -> None:
    first = await publish(tx, version("v1"), NOW)

    again = await publish(tx, version("v1") + "\n# 又一次\n", NOW + timedelta(days=1))

    assert again == first
    assert (
        await tx.value("SELECT count(*) FROM policies WHERE platform_id = %(p)s AND label = 'v1'", p=tx.platform_id)
        == 1
    )


async def test_two_versions_may_not_start_at_one_instant(tx: Tx) -> None:
    await publish(tx, version("v1"), NOW)

    with pytest.raises(UniqueViolation) as raised:
        async with tx.connection.transaction():
            await publish(tx, version("v2"), NOW)

    assert raised.value.diag.constraint_name == InstantTaken.constraint


async def test_the_second_at_one_instant_is_told_so(pool: Pool) -> None:
    platform_id = await new_platform(pool)
    async with transaction(pool, actor(platform_id), clock=lambda: NOW) as tx:
        await publish(tx, version("v1"), NOW)

    with pytest.raises(InstantTaken):
        async with transaction(pool, actor(platform_id), clock=lambda: NOW) as tx:
            await publish(tx, version("v2"), NOW)


async def test_a_version_may_not_judge_orders_of_the_past(tx: Tx) -> None:
    with pytest.raises(EffectiveInPast):
        await publish(tx, version("v1"), NOW - timedelta(seconds=1))


async def test_the_files_own_instant_counts_when_none_is_given(tx: Tx) -> None:
    future = version("v1") + "\n生效: 2027-01-01T00:00:00+08:00\n"

    published = await publish(tx, future)

    assert published.effective_from == datetime(2026, 12, 31, 16, tzinfo=UTC)
    with pytest.raises(EffectiveInPast):
        await publish(tx, EXAMPLE)
    assert (await publish(tx, version("v2"))).effective_from == NOW


async def test_history_before_the_first_publication_may_be_filled_in_but_none_after_it(pool: Pool) -> None:
    platform_id = await new_platform(pool)
    later = NOW + timedelta(days=10)
    async with transaction(pool, actor(platform_id), clock=lambda: NOW) as tx:
        await publish(tx, version("v2"), NOW - timedelta(days=5), allow_past=True)
    async with transaction(pool, actor(platform_id), clock=lambda: later) as tx:
        await publish(tx, version("v1"), NOW - timedelta(days=50), allow_past=True)

        with pytest.raises(EffectiveInPast):
            await publish(tx, version("v3"), NOW + timedelta(days=1), allow_past=True)


async def test_a_file_that_does_not_read_is_not_published(tx: Tx) -> None:
    with pytest.raises(PolicyError) as refused:
        await publish(tx, version("v1").replace("全额退款", "全退"), NOW)

    assert refused.value.problems[0].line == 11
    assert "第 11 行" in refusal_words(Lang.ZH, refused.value)[0]
    assert "line 11" in refusal_words(Lang.EN, refused.value)[0]


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        (CIRCLE, Blocked),
        (text("v1", rest=GOLDEN.format(outcome="拒绝")), GoldenFails),
        (text("v0", "拒绝"), LabelTaken),
    ],
)
async def test_neither_an_error_nor_a_failing_example_nor_a_used_label_is_published_from_the_server_either(
    tx: Tx, source: str, refusal: type[Refusal]
) -> None:
    await publish(tx, text("v0"), NOW - timedelta(days=1), allow_past=True)

    with pytest.raises(refusal):
        await publish(tx, source, NOW)


async def test_what_the_server_published_names_no_two_people(tx: Tx) -> None:
    published = await publish(tx, version("v1"), NOW)

    assert (published.proposed_by, published.approved_by) == ("", "")


async def test_another_platforms_versions_are_not_there(tx: Tx, platforms: dict[str, int], pool: Pool) -> None:
    published = await publish(tx, version("v1"), NOW)

    async with transaction(pool, actor(platforms["xingka"]), clock=lambda: NOW) as other:
        with pytest.raises(NotFound):
            await load_policy(other, published.id)
        with pytest.raises(NoneInForce):
            await policy_in_force(other, NOW)
        with pytest.raises(NotFound):
            await policy_source(other, published.id)
        assert await list_policies(other) == []


async def test_versions_are_listed_latest_first_a_page_at_a_time(tx: Tx) -> None:
    for day in range(3):
        await publish(tx, version(f"v{day}"), NOW + timedelta(days=day))

    page = await list_policies(tx, limit=2)
    rest = await list_policies(tx, before=page[-1].effective_from)

    assert [published.label for published in (*page, *rest)][:3] == ["v2", "v1", "v0"]


async def test_the_program_itself_cannot_change_or_delete_a_published_version(tx: Tx) -> None:
    await publish(tx, version("v1"), NOW)

    for sql in ("UPDATE policies SET label = 'v9'", "DELETE FROM policies"):
        with pytest.raises(InsufficientPrivilege):
            async with tx.connection.transaction():
                await tx.connection.execute(sql.encode())


async def test_a_source_that_does_not_read_as_what_was_published_judges_nobody(tx: Tx) -> None:
    policy_id = uuid4()
    await tx.run(
        "INSERT INTO policies (platform_id, id, label, name, content_hash, source, effective_from, published_at, published_by)"
        " VALUES (%(p)s, %(id)s, 'v1', '小政策', %(hash)s, %(source)s, %(now)s, %(now)s, '管砚')",
        p=tx.platform_id,
        id=policy_id,
        hash=parse_policy(version("tampered")).content_hash,
        source=version("tampered").replace("全额退款", "拒绝"),
        now=NOW,
    )

    with pytest.raises(PolicyChangedMeaning):
        await load_policy(tx, policy_id)


async def test_a_version_is_parsed_once(tx: Tx) -> None:
    published = await publish(tx, version("v1"), NOW)

    assert (await load_policy(tx, published.id)).policy is (await policy_in_force(tx, NOW)).policy


def test_few_parsed_versions_are_kept_and_the_unused_go_first() -> None:
    kept = ParsedPolicies(2)
    one, two, three = (parse_policy(version(f"kept{number}")) for number in range(3))
    kept.keep(one)
    kept.keep(two)
    assert kept.get(one.content_hash) is one

    kept.keep(three)

    assert (kept.get(two.content_hash), kept.get(one.content_hash), len(kept)) == (None, one, 2)


async def test_two_people_publishing_the_same_at_once_make_one_version(pool: Pool) -> None:
    platform_id = await new_platform(pool)

    async def once() -> object:
        async with transaction(pool, actor(platform_id), clock=lambda: NOW) as tx:
            return (await publish(tx, version("v1"), NOW)).id

    for_all = await asyncio.gather(*(once() for _ in range(6)))

    assert len(set(for_all)) == 1


async def test_of_two_different_versions_for_one_instant_exactly_one_wins(pool: Pool) -> None:
    platform_id = await new_platform(pool)

    async def once(label: str) -> str:
        try:
            async with transaction(pool, actor(platform_id), clock=lambda: NOW) as tx:
                return (await publish(tx, version(label), NOW)).label
        except Refusal as refusal:
            return refusal.code

    results = await asyncio.gather(*(once(f"v{number}") for number in range(6)))

    assert sorted(results)[:5] == ["policy.instant_taken"] * 5
    async with transaction(pool, actor(platform_id), clock=lambda: NOW) as tx:
        assert [published.label for published in await list_policies(tx)] == [max(results)]
