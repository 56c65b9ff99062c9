"""Tries are counted where a rollback, a restart and a second process cannot lose them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from huiliu.kit.db import Pool, transaction
from huiliu.kit.errors import TooMany
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import system_actor
from huiliu.people.model import Platform
from huiliu.people.rate import HOUR, Allowance, bucket, client_of, give_back, spend, spend_all
from tests.people.conftest import Clock


async def test_the_limit_is_exact_and_says_when_to_come_back(pool: Pool, shop: Platform, clock: Clock) -> None:
    clock.forward(timedelta(minutes=17, seconds=0.4))
    for _ in range(3):
        await spend(pool, shop.id, bucket="b", limit=3, clock=clock)
    with pytest.raises(TooMany) as refused:
        await spend(pool, shop.id, bucket="b", limit=3, clock=clock)
    assert refused.value.facts == {"retry_after": 43 * 60}
    clock.forward(timedelta(minutes=43))
    await spend(pool, shop.id, bucket="b", limit=3, clock=clock)


async def test_buckets_and_platforms_do_not_share(
    pool: Pool, shop: Platform, other_shop: Platform, clock: Clock
) -> None:
    await spend(pool, shop.id, bucket="b", limit=1, clock=clock)
    await spend(pool, shop.id, bucket="c", limit=1, clock=clock)
    await spend(pool, other_shop.id, bucket="b", limit=1, clock=clock)
    with pytest.raises(TooMany):
        await spend(pool, shop.id, bucket="b", limit=1, clock=clock)


async def test_tries_at_the_same_instant_are_all_counted(pool: Pool, shop: Platform, clock: Clock) -> None:
    tries = [spend(pool, shop.id, bucket="b", limit=5, clock=clock) for _ in range(12)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(answer is None for answer in answers) == 5
    assert sum(isinstance(answer, TooMany) for answer in answers) == 7


async def test_a_stopped_client_cannot_use_up_somebody_elses_tries(pool: Pool, shop: Platform, clock: Clock) -> None:
    client, order = Allowance("client", 1), Allowance("order", 2)
    await spend_all(pool, shop.id, allowances=(client, order), clock=clock)
    for _ in range(3):
        with pytest.raises(TooMany):
            await spend_all(pool, shop.id, allowances=(client, order), clock=clock)
    await spend(pool, shop.id, bucket="order", limit=2, clock=clock)


async def test_a_success_gives_its_try_back_but_never_more(pool: Pool, shop: Platform, clock: Clock) -> None:
    one = (Allowance("b", 1, HOUR),)
    await spend_all(pool, shop.id, allowances=one, clock=clock)
    async with transaction(pool, system_actor(shop.id), clock=clock) as tx:
        await give_back(tx, one)
        await give_back(tx, one)
    await spend_all(pool, shop.id, allowances=one, clock=clock)
    with pytest.raises(TooMany):
        await spend_all(pool, shop.id, allowances=one, clock=clock)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1%eth0", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("not an address", "unknown"),
        ("1.2.3.4, 5.6.7.8", "unknown"),
    ],
)
def test_an_address_stands_for_one_client(address: str, client: str) -> None:
    assert client_of(address) == client


def test_a_counters_name_is_short_and_tells_nothing(keyring: Keyring) -> None:
    name = bucket(keyring, "look_up_order", "KM" * 100_000)
    assert len(name) < 100
    assert "KM" not in name
    assert name != bucket(keyring, "look_up_address", "KM" * 100_000)
