"""An order opens to whoever knows its number and its secret, and tells nobody else that it exists."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from huiliu.kit.db import Pool, transaction
from huiliu.kit.errors import TooMany
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import system_actor
from huiliu.people.contacts import lookup_hash
from huiliu.people.errors import LookupFailed
from huiliu.people.lookup import LookedUp, look_up, look_up_order
from huiliu.people.model import Buyer, Platform
from huiliu.people.sessions import load_session
from tests.make.orders import OrderIds, order
from tests.people.conftest import ADDRESS, Clock

PASSWORD = "芝麻开门"


class Portal:
    """The portal's look-up form, and an order of 林小满 behind it."""

    def __init__(self, pool: Pool, keyring: Keyring, shop: Platform, clock: Clock) -> None:
        self.pool, self.keyring, self.shop, self.clock = pool, keyring, shop, clock

    async def look_up(
        self, order_no: str, secret: str, *, address: str = ADDRESS, old_token: str | None = None
    ) -> LookedUp:
        return await look_up(
            self.pool,
            self.keyring,
            platform=self.shop,
            order_no=order_no,
            secret=secret,
            address=address,
            old_token=old_token,
            clock=self.clock,
        )

    async def order(self, order_no: str = "KM20261123001", *, password: str | None = PASSWORD) -> OrderIds:
        async with transaction(self.pool, system_actor(self.shop.id), clock=self.clock) as tx:
            made = await order(tx, keyring=self.keyring, order_no=order_no)
            if password is not None:
                await tx.run(
                    "UPDATE orders SET lookup_hash = %(hash)s WHERE platform_id = %(p)s AND id = %(id)s",
                    hash=lookup_hash(self.keyring, self.shop.id, password),
                    p=self.shop.id,
                    id=made.order_id,
                )
        return made


@pytest.fixture
def portal(pool: Pool, keyring: Keyring, shop: Platform, clock: Clock) -> Portal:
    return Portal(pool, keyring, shop, clock)


@pytest.mark.parametrize("secret", ["5678", " 5678 ", "５６７８", "13812345678", PASSWORD])
async def test_the_last_digits_or_the_password_open_the_order(portal: Portal, secret: str) -> None:
    made = await portal.order()
    found = await portal.look_up(f" {made.order_no} ", secret)
    assert found.order.id == made.order_id
    assert found.order.contact_masked == "138****5678"
    async with transaction(portal.pool, system_actor(portal.shop.id), clock=portal.clock) as tx:
        session = await load_session(tx, found.session.token)
    assert session is not None
    assert session.viewer == Buyer(platform_id=portal.shop.id, order_ids=(made.order_id,))


async def test_no_such_order_and_not_yours_are_the_same_answer(portal: Portal) -> None:
    made = await portal.order()
    for order_no, secret in (
        (made.order_no, "4321"),
        (made.order_no, ""),
        (made.order_no, "8"),
        (made.order_no, "x" * 100_000),
        ("KM00000000000", "5678"),
        ("", ""),
        ("\0", "\0"),
        ("x" * 100_000, "5678"),
        ("' OR 1=1 --", "5678"),
        ("\ud800", "\ud800"),
    ):
        with pytest.raises(LookupFailed) as refused:
            await portal.look_up(order_no, secret, address=f"198.51.100.{len(secret) % 200}")
        assert refused.value.facts == {}


async def test_an_order_without_a_contact_or_password_opens_to_nobody(portal: Portal) -> None:
    made = await portal.order(password=None)
    async with transaction(portal.pool, system_actor(portal.shop.id), clock=portal.clock) as tx:
        await tx.run("UPDATE orders SET contact_tail_hash = NULL WHERE platform_id = %(p)s", p=portal.shop.id)
    for secret in ("5678", "", "-", " "):
        with pytest.raises(LookupFailed):
            await portal.look_up(made.order_no, secret)


async def test_a_contact_of_one_character_proves_nothing(portal: Portal) -> None:
    async with transaction(portal.pool, system_actor(portal.shop.id), clock=portal.clock) as tx:
        made = await order(tx, keyring=portal.keyring, contact="8")
    with pytest.raises(LookupFailed):
        await portal.look_up(made.order_no, "8")


async def test_another_platforms_order_is_no_order(
    portal: Portal, pool: Pool, keyring: Keyring, other_shop: Platform, clock: Clock
) -> None:
    made = await portal.order()
    with pytest.raises(LookupFailed):
        await Portal(pool, keyring, other_shop, clock).look_up(made.order_no, "5678")


async def test_failures_of_one_order_are_limited_from_wherever_they_come(portal: Portal) -> None:
    made = await portal.order()
    for n in range(portal.shop.settings.lookup_limit_per_hour):
        with pytest.raises(LookupFailed):
            await portal.look_up(made.order_no, f"{n:04d}", address=f"198.51.100.{n}")
    with pytest.raises(TooMany) as refused:
        await portal.look_up(made.order_no, "5678", address="198.51.100.200")
    assert refused.value.facts == {"retry_after": 3600}
    portal.clock.forward(timedelta(hours=1))
    await portal.look_up(made.order_no, "5678")


async def test_an_order_that_does_not_exist_is_limited_just_like_one_that_does(portal: Portal) -> None:
    for n in range(portal.shop.settings.lookup_limit_per_hour):
        with pytest.raises(LookupFailed):
            await portal.look_up("KM404", f"{n:04d}", address=f"198.51.100.{n}")
    with pytest.raises(TooMany):
        await portal.look_up("KM404", "5678", address="198.51.100.200")


async def test_failures_of_one_address_are_limited_over_all_orders(portal: Portal) -> None:
    made = await portal.order()
    for n in range(portal.shop.settings.lookup_limit_per_address):
        with pytest.raises(LookupFailed):
            await portal.look_up(f"KM{n}", "5678")
    with pytest.raises(TooMany):
        await portal.look_up(made.order_no, "5678")
    await portal.look_up(made.order_no, "5678", address="198.51.100.9")


async def test_success_uses_no_tries_up(portal: Portal) -> None:
    made = await portal.order()
    for _ in range(portal.shop.settings.lookup_limit_per_hour * 2):
        await portal.look_up(made.order_no, "5678")


async def test_guesses_at_the_same_instant_are_all_counted(portal: Portal) -> None:
    made = await portal.order()
    guesses = [portal.look_up(made.order_no, f"{n:04d}") for n in range(12)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(one, LookupFailed) for one in answers) == portal.shop.settings.lookup_limit_per_hour
    assert sum(isinstance(one, TooMany) for one in answers) == 12 - portal.shop.settings.lookup_limit_per_hour


async def test_a_second_look_up_adds_to_the_browsers_session(portal: Portal) -> None:
    first, second = await portal.order("KM1"), await portal.order("KM2")
    one = await portal.look_up("KM1", "5678")
    both = await portal.look_up("KM2", "5678", old_token=one.session.token)
    assert isinstance(both.session.viewer, Buyer)
    assert both.session.viewer.order_ids == (first.order_id, second.order_id)


async def test_a_failed_look_up_leaves_the_browsers_session_as_it_was(portal: Portal) -> None:
    await portal.order("KM1")
    one = await portal.look_up("KM1", "5678")
    with pytest.raises(LookupFailed):
        await portal.look_up("KM2", "5678", old_token=one.session.token)
    async with transaction(portal.pool, system_actor(portal.shop.id), clock=portal.clock) as tx:
        assert await load_session(tx, one.session.token) is not None
        assert (await look_up_order(tx, portal.keyring, order_no="KM1", secret="5678")).order_no == "KM1"
