"""Several writes as one statement: composed right, atomic, and never mixing one statement's names with another's."""

from __future__ import annotations

import pytest
from psycopg.errors import NotNullViolation

from huiliu.kit.batch import Batch
from huiliu.kit.db import Actor, Pool, transaction


def test_the_same_parameter_is_sent_once_and_different_ones_keep_apart() -> None:
    batch = Batch()
    batch.add("INSERT INTO a (x, y) VALUES (%(x)s, %(y)s)", {"x": 1, "y": "one"})
    batch.add("INSERT INTO b (x, y) VALUES (%(x)s, %(y)s)", {"x": 1, "y": "two"})
    composed = batch.compose()
    assert composed is not None
    sql, params = composed
    assert params == [1, "one", "two"]
    assert b"INSERT INTO b (x, y) VALUES ($1, $3)" in sql


def test_text_is_never_shared_because_the_server_may_need_it_as_two_types() -> None:
    batch = Batch()
    batch.add("INSERT INTO a (x) VALUES (%(x)s)", {"x": "same"})
    batch.add("INSERT INTO b (x) VALUES (%(x)s::jsonb)", {"x": "same"})
    composed = batch.compose()
    assert composed is not None
    assert len(composed[1]) == 2


def test_a_statements_own_names_do_not_meet_anothers_or_a_literal() -> None:
    batch = Batch()
    for number in (1, 2):
        batch.add(
            "WITH payment AS (UPDATE a SET x = %(x)s RETURNING id) INSERT INTO b SELECT id, 'payment' FROM payment",
            {"x": number},
        )
    composed = batch.compose()
    assert composed is not None
    sql = composed[0].decode()
    assert "payment_0 AS (UPDATE" in sql
    assert "'payment' FROM payment_1" in sql


def test_an_empty_batch_sends_nothing() -> None:
    assert Batch().compose() is None


async def test_a_batch_is_one_transaction(pool: Pool, system: Actor) -> None:
    async def write(*used: int | None) -> None:
        async with transaction(pool, system, batched=True) as tx:
            for number, each in enumerate(used):
                await tx.queue(
                    "INSERT INTO rate_counters VALUES (%(platform)s, %(bucket)s, now(), %(used)s)",
                    platform=tx.platform_id,
                    bucket=f"batch{number}",
                    used=each,
                )
            assert len(used) == 2, "before anything was sent"

    with pytest.raises(NotNullViolation):
        await write(1, None)
    with pytest.raises(AssertionError, match="before anything"):
        await write(1)
    async with transaction(pool, system) as tx:
        assert await tx.value("SELECT count(*) FROM rate_counters WHERE bucket LIKE 'batch%%'") == 0


async def test_a_batched_transaction_refuses_to_write_twice(pool: Pool, system: Actor) -> None:
    with pytest.raises(AssertionError, match="writes once"):
        async with transaction(pool, system, batched=True) as tx:
            await tx.run("DELETE FROM rate_counters WHERE bucket = 'x'")


async def test_a_connection_that_served_one_platform_shows_nothing_of_it_to_the_next(
    pool: Pool, system: Actor, platforms: dict[str, int]
) -> None:
    stranger = Actor(system.kind, platforms["xingka"], "system", "系统")
    async with transaction(pool, system) as tx:
        await tx.run("INSERT INTO rate_counters VALUES (%(platform)s, 'confined', 'epoch', 1)", platform=tx.platform_id)
    for _ in range(30):
        async with transaction(pool, stranger) as tx:
            assert await tx.value("SELECT count(*) FROM rate_counters WHERE bucket = 'confined'") == 0
        async with transaction(pool, stranger, batched=True) as tx:
            assert await tx.value("SELECT count(*) FROM rate_counters WHERE bucket = 'confined'") == 0
        with pytest.raises(NotNullViolation):  # a rollback must not undo the confinement of the next user
            async with transaction(pool, system) as tx:
                await tx.run("INSERT INTO rate_counters VALUES (%(platform)s, NULL, now(), 1)", platform=tx.platform_id)
