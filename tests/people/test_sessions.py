"""A session is a random token; what it may see changes only together with the token."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from huiliu.kit.db import Pool, transaction
from huiliu.kit.ids import new_id
from huiliu.people.actor import system_actor
from huiliu.people.model import ORDERS_PER_LOOK_UP_SESSION_MAX, Buyer, Platform
from huiliu.people.sessions import (
    NewSession,
    Session,
    load_session,
    open_buyer_session,
    open_staff_session,
    sign_out,
    sign_out_everywhere,
)
from huiliu.people.sweeping import sweep_expired
from tests.people.conftest import Clock, Hire

HERS, HIS = b"h" * 32, b"z" * 32


class Browser:
    """Opens and shows sessions on one platform."""

    def __init__(self, pool: Pool, shop: Platform, clock: Clock) -> None:
        self.pool, self.shop, self.clock = pool, shop, clock

    async def prove(
        self, *, contact: bytes | None = None, order: UUID | None = None, old: str | None = None
    ) -> NewSession:
        async with transaction(self.pool, system_actor(self.shop.id), clock=self.clock) as tx:
            return await open_buyer_session(tx, contact_hash=contact, order_id=order, old_token=old)

    async def load(self, token: str) -> Session | None:
        async with transaction(self.pool, system_actor(self.shop.id), clock=self.clock) as tx:
            return await load_session(tx, token)

    async def buyer(self, token: str) -> Buyer | None:
        session = await self.load(token)
        if session is None:
            return None
        assert isinstance(session.viewer, Buyer)
        return session.viewer

    async def seen_at(self) -> datetime:
        async with transaction(self.pool, system_actor(self.shop.id), clock=self.clock) as tx:
            seen = await tx.value("SELECT seen_at FROM sessions WHERE platform_id = %(p)s LIMIT 1", p=self.shop.id)
        assert isinstance(seen, datetime)
        return seen


@pytest.fixture
def browser(pool: Pool, shop: Platform, clock: Clock) -> Browser:
    return Browser(pool, shop, clock)


async def test_the_token_itself_is_not_in_the_database(browser: Browser) -> None:
    opened = await browser.prove(contact=HERS)
    async with transaction(browser.pool, system_actor(browser.shop.id)) as tx:
        rows = await tx.value("SELECT string_agg(s::text, '') FROM sessions s")
    assert isinstance(rows, str)
    assert opened.token not in rows
    assert opened.token.encode().hex() not in rows


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é" * 43, "\0" * 43, "x" * 100_000])
async def test_a_made_up_token_is_nobody(browser: Browser, token: str) -> None:
    await browser.prove(contact=HERS)
    assert await browser.load(token) is None


async def test_a_token_of_one_platform_opens_nothing_on_another(
    browser: Browser, other_shop: Platform, pool: Pool, clock: Clock
) -> None:
    opened = await browser.prove(contact=HERS)
    next_door = Browser(pool, other_shop, clock)
    assert await next_door.load(opened.token) is None
    carried = await next_door.prove(order=new_id(), old=opened.token)
    assert isinstance(carried.viewer, Buyer)
    assert carried.viewer.contact_hash is None, "nothing was carried over"
    assert await browser.buyer(opened.token) is not None, "and nothing was closed"


async def test_a_buyers_session_ends_after_seven_idle_days(browser: Browser, clock: Clock) -> None:
    opened = await browser.prove(contact=HERS)
    for _ in range(4):
        clock.forward(timedelta(days=6, hours=23))
        assert await browser.load(opened.token) is not None
    idle = await browser.prove(contact=HERS)
    clock.forward(timedelta(days=7))
    assert await browser.load(idle.token) is None


async def test_a_buyers_session_ends_after_thirty_days_however_busy(browser: Browser, clock: Clock) -> None:
    opened = await browser.prove(contact=HERS)
    for _ in range(5):
        clock.forward(timedelta(days=6))
        still_open = await browser.load(opened.token) is not None
        assert still_open is (clock.now < opened.expires_at)
    assert opened.expires_at == clock.now


async def test_a_staff_session_ends_after_two_idle_hours_and_after_twelve(
    browser: Browser, clock: Clock, hire: Hire
) -> None:
    heshen = (await hire()).staff

    async def come_in() -> str:
        async with transaction(browser.pool, system_actor(browser.shop.id), clock=clock) as tx:
            return (await open_staff_session(tx, heshen)).token

    token = await come_in()
    for _ in range(6):
        assert await browser.load(token) is not None
        clock.forward(timedelta(hours=1, minutes=59))
    assert await browser.load(token) is not None
    clock.forward(timedelta(minutes=6))
    assert await browser.load(token) is None
    token = await come_in()
    clock.forward(timedelta(hours=2))
    assert await browser.load(token) is None


async def test_being_seen_is_written_at_most_once_a_minute(browser: Browser, clock: Clock) -> None:
    opened = await browser.prove(contact=HERS)
    start = clock.now
    clock.forward(timedelta(seconds=59))
    await browser.load(opened.token)
    assert await browser.seen_at() == start
    clock.forward(timedelta(seconds=1))
    await browser.load(opened.token)
    assert await browser.seen_at() == clock.now


async def test_requests_of_one_session_do_not_wait_for_each_other(browser: Browser, clock: Clock) -> None:
    opened = await browser.prove(contact=HERS)
    clock.forward(timedelta(minutes=5))
    async with transaction(browser.pool, system_actor(browser.shop.id), clock=clock) as slow:
        assert await load_session(slow, opened.token) is not None
        async with asyncio.timeout(2):  # shorter than the lock timeout
            assert await browser.load(opened.token) is not None


async def test_a_planted_token_never_gains_anything(browser: Browser) -> None:
    """Session fixation: 周末 puts his look-up session's token into 林小满's browser and waits for her to sign in."""
    his_order, her_order = new_id(), new_id()
    planted = await browser.prove(order=his_order)
    looked_up = await browser.prove(order=her_order, old=planted.token)
    assert looked_up.token != planted.token
    assert await browser.load(planted.token) is None
    signed_in = await browser.prove(contact=HERS, old=looked_up.token)
    assert signed_in.token not in (planted.token, looked_up.token)
    assert await browser.load(looked_up.token) is None
    assert await browser.load(planted.token) is None


async def test_a_token_the_attacker_made_up_is_not_adopted(browser: Browser) -> None:
    made_up = "a" * 43
    opened = await browser.prove(contact=HERS, old=made_up)
    assert opened.token != made_up
    assert await browser.load(made_up) is None


async def test_look_ups_add_up_and_the_oldest_makes_room(browser: Browser) -> None:
    orders = [new_id() for _ in range(ORDERS_PER_LOOK_UP_SESSION_MAX + 2)]
    token = None
    for order in orders:
        token = (await browser.prove(order=order, old=token)).token
    assert token is not None
    token = (await browser.prove(order=orders[-1], old=token)).token
    buyer = await browser.buyer(token)
    assert buyer is not None
    assert buyer.order_ids == tuple(orders[2:])


async def test_signing_in_keeps_what_was_looked_up_and_a_new_contact_replaces_the_old(browser: Browser) -> None:
    order = new_id()
    first = await browser.prove(order=order)
    hers = await browser.prove(contact=HERS, old=first.token)
    assert await browser.buyer(hers.token) == Buyer(platform_id=browser.shop.id, contact_hash=HERS, order_ids=(order,))
    his = await browser.prove(contact=HIS, old=hers.token)
    buyer = await browser.buyer(his.token)
    assert buyer is not None
    assert buyer.contact_hash == HIS


async def test_of_two_requests_that_take_one_session_only_one_has_it(browser: Browser) -> None:
    first = await browser.prove(contact=HERS)
    both = await asyncio.gather(*(browser.prove(order=new_id(), old=first.token) for _ in range(2)))
    contacts = {one.viewer.contact_hash for one in both if isinstance(one.viewer, Buyer)}
    assert contacts == {HERS, None}


async def test_an_expired_session_is_not_carried_over(browser: Browser, clock: Clock) -> None:
    old = await browser.prove(contact=HERS)
    clock.forward(timedelta(days=7))
    fresh = await browser.prove(order=new_id(), old=old.token)
    assert isinstance(fresh.viewer, Buyer)
    assert fresh.viewer.contact_hash is None


async def test_signing_out_here_and_everywhere(browser: Browser, hire: Hire) -> None:
    here, phone, his = [await browser.prove(contact=contact) for contact in (HERS, HERS, HIS)]
    look_up = await browser.prove(order=new_id())
    staff = (await hire()).staff
    async with transaction(browser.pool, system_actor(browser.shop.id), clock=browser.clock) as tx:
        desk = await open_staff_session(tx, staff)
        await sign_out(tx, here.token)
        await sign_out(tx, here.token)
        await sign_out(tx, "never was one")
    assert await browser.load(here.token) is None
    assert await browser.load(phone.token) is not None
    async with transaction(browser.pool, system_actor(browser.shop.id), clock=browser.clock) as tx:
        assert isinstance(look_up.viewer, Buyer)
        assert await sign_out_everywhere(tx, look_up.viewer) == 0
        assert await sign_out_everywhere(tx, Buyer(platform_id=browser.shop.id, contact_hash=HERS)) == 1
        assert await sign_out_everywhere(tx, staff) == 1
    assert await browser.load(phone.token) is None
    assert await browser.load(desk.token) is None
    assert await browser.load(his.token) is not None


async def test_a_staff_sign_in_closes_the_browsers_old_session(browser: Browser, hire: Hire) -> None:
    staff = (await hire()).staff
    async with transaction(browser.pool, system_actor(browser.shop.id), clock=browser.clock) as tx:
        first = await open_staff_session(tx, staff)
        second = await open_staff_session(tx, staff, old_token=first.token)
    assert await browser.load(first.token) is None
    assert await browser.load(second.token) is not None


async def test_what_has_expired_is_swept_and_the_rest_stays(browser: Browser, clock: Clock) -> None:
    old = await browser.prove(contact=HERS)
    clock.forward(timedelta(days=30))
    fresh = await browser.prove(contact=HERS)
    async with transaction(browser.pool, system_actor(browser.shop.id), clock=clock) as tx:
        assert await sweep_expired(tx) == 1
        assert await sweep_expired(tx) == 0
    assert await browser.load(old.token) is None
    assert await browser.load(fresh.token) is not None
