"""The walls that every feature leans on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine

from huiliu.kit.db import Actor, ActorKind, Pool, Tx, across_platforms, create_pool, transaction

CANCELLED_ROUNDS = 80


async def test_a_transaction_sees_only_its_own_platform(tx: Tx, pool: Pool, platforms: dict[str, int]) -> None:
    await tx.run("INSERT INTO rate_counters VALUES (%(platform)s, 'mine', now(), 1)", platform=platforms["kamen"])
    assert await tx.value("SELECT count(*) FROM rate_counters WHERE bucket = 'mine'") == 1
    stranger = Actor(ActorKind.SYSTEM, platforms["xingka"], "system", "系统")
    async with transaction(pool, stranger) as other:
        assert await other.value("SELECT count(*) FROM rate_counters WHERE bucket = 'mine'") == 0


async def test_the_running_role_cannot_rewrite_the_journal(pool: Pool, system: Actor) -> None:
    async with transaction(pool, system) as tx:
        assert await tx.value("SELECT has_table_privilege('journal', 'UPDATE')") is False
        assert await tx.value("SELECT has_table_privilege('journal', 'DELETE')") is False
        assert await tx.value("SELECT has_table_privilege('ledger_transfers', 'UPDATE')") is False


async def test_no_cancelled_task_leaves_a_connection_that_sees_another_platform(
    db_url: str, platforms: dict[str, int]
) -> None:
    """Two connections, three confinements, tasks cancelled at any await: between being switched and being noted too."""
    seen: list[tuple[str, object]] = []
    chance = random.Random(7)  # noqa: S311  the same awaits are hit every time

    async def confined(pool: Pool, slug: str, *, batched: bool) -> None:
        actor = Actor(ActorKind.SYSTEM, platforms[slug], "system", "系统")
        async with transaction(pool, actor, batched=batched) as tx:
            now = await tx.value("SELECT current_setting('huiliu.platform')")
            seen.append((str(platforms[slug]), now))
            await tx.value("SELECT 1 / (random() < 0.8)::int")  # now and then an error in the middle

    async def everywhere(pool: Pool) -> None:
        async with across_platforms(pool) as connection:
            cursor = await connection.execute("SELECT current_setting('huiliu.platform') AS now")
            row = await cursor.fetchone()
            seen.append(("*", row and row["now"]))

    async with create_pool(db_url, size_max=2) as pool:
        kinds: list[Callable[[], Coroutine[None, None, None]]] = [
            lambda: confined(pool, "kamen", batched=False),
            lambda: confined(pool, "xingka", batched=True),
            lambda: everywhere(pool),
        ]
        cancelled = 0
        for _ in range(CANCELLED_ROUNDS):
            tasks = [asyncio.create_task(chance.choice(kinds)()) for _ in range(3)]
            for _ in range(chance.randrange(12)):
                await asyncio.sleep(0)
            tasks[0].cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            cancelled += sum(isinstance(given, asyncio.CancelledError) for given in answers)
    assert cancelled > CANCELLED_ROUNDS // 4
    assert len(seen) > CANCELLED_ROUNDS
    assert [pair for pair in seen if pair[0] != pair[1]] == []
