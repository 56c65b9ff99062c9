"""A six-digit code signs a buyer in once, and asking for one tells nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from huiliu.kit.db import Pool, transaction
from huiliu.kit.errors import TooMany
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import system_actor
from huiliu.people.contacts import contact_hash
from huiliu.people.errors import CodeWrong, ContactMalformed
from huiliu.people.model import Buyer, Platform
from huiliu.people.one_time import ATTEMPTS_MAX, CodeRequested, request_code, sign_in_with_code
from huiliu.people.sessions import NewSession
from huiliu.people.sweeping import sweep_expired
from tests.make.orders import XIAOMAN_CONTACT, ZHOUMO_CONTACT, order
from tests.people.conftest import ADDRESS, Clock


class Portal:
    """The portal's code form; 林小满 has an order here and 周末 has none."""

    def __init__(self, pool: Pool, keyring: Keyring, shop: Platform, clock: Clock) -> None:
        self.pool, self.keyring, self.shop, self.clock = pool, keyring, shop, clock

    async def request(self, contact: str = XIAOMAN_CONTACT, *, address: str = ADDRESS) -> CodeRequested:
        return await request_code(
            self.pool, self.keyring, platform=self.shop, contact=contact, address=address, clock=self.clock
        )

    async def code(self) -> str:
        asked = await self.request()
        assert asked.to_send is not None
        return asked.to_send.code

    async def sign_in(self, code: str, contact: str = XIAOMAN_CONTACT, *, address: str = ADDRESS) -> NewSession:
        return await sign_in_with_code(
            self.pool, self.keyring, platform=self.shop, contact=contact, code=code, address=address, clock=self.clock
        )


@pytest.fixture
async def portal(pool: Pool, keyring: Keyring, shop: Platform, clock: Clock) -> Portal:
    async with transaction(pool, system_actor(shop.id), clock=clock) as tx:
        await order(tx, keyring=keyring)
    return Portal(pool, keyring, shop, clock)


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def test_the_code_signs_in_for_every_order_of_the_contact(portal: Portal) -> None:
    asked = await portal.request("+86 138-1234-5678")
    assert asked.to_send is not None
    assert asked.to_send.contact == XIAOMAN_CONTACT
    assert asked.to_send.code.isdigit()
    assert len(asked.to_send.code) == 6
    session = await portal.sign_in(f" {asked.to_send.code} ", "１３８１２３４５６７８")
    assert isinstance(session.viewer, Buyer)
    assert session.viewer.contact_hash == contact_hash(portal.keyring, portal.shop.id, XIAOMAN_CONTACT)


async def test_a_contact_without_an_order_gets_the_same_answer_and_nothing_is_sent(portal: Portal) -> None:
    hers, his = await portal.request(XIAOMAN_CONTACT), await portal.request(ZHOUMO_CONTACT)
    assert hers.to_send is not None
    assert his.to_send is None
    assert hers.expires_at == his.expires_at
    with pytest.raises(CodeWrong):
        await portal.sign_in("123456", ZHOUMO_CONTACT)
    async with transaction(portal.pool, system_actor(portal.shop.id), clock=portal.clock) as tx:
        kept = await tx.value("SELECT count(*) FROM one_time_codes WHERE platform_id = %(p)s", p=portal.shop.id)
    assert kept == 2, "the same is written for both"


async def test_a_code_works_once(portal: Portal) -> None:
    code = await portal.code()
    await portal.sign_in(code)
    with pytest.raises(CodeWrong):
        await portal.sign_in(code)


async def test_a_code_used_twice_at_once_opens_one_session(portal: Portal) -> None:
    code = await portal.code()
    answers = await asyncio.gather(*(portal.sign_in(code) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, NewSession) for one in answers) == 1
    assert sum(isinstance(one, CodeWrong) for one in answers) == 3


async def test_a_code_lasts_ten_minutes(portal: Portal) -> None:
    first = await portal.code()
    portal.clock.forward(timedelta(minutes=9, seconds=59))
    await portal.sign_in(first)
    second = await portal.code()
    portal.clock.forward(timedelta(minutes=10))
    with pytest.raises(CodeWrong):
        await portal.sign_in(second)


async def test_a_newer_code_replaces_the_older(portal: Portal) -> None:
    first = await portal.code()
    portal.clock.forward(timedelta(seconds=1))
    second = await portal.code()
    if first != second:
        with pytest.raises(CodeWrong):
            await portal.sign_in(first)
    await portal.sign_in(second)


async def test_five_wrong_tries_spend_the_code_even_when_all_come_at_once(portal: Portal) -> None:
    code = await portal.code()
    wrong = [portal.sign_in(other(code), address=f"198.51.100.{n}") for n in range(ATTEMPTS_MAX)]
    answers = await asyncio.gather(*wrong, return_exceptions=True)
    assert all(isinstance(one, CodeWrong) for one in answers)
    with pytest.raises(CodeWrong):
        await portal.sign_in(code)


async def test_four_wrong_tries_leave_the_code_good(portal: Portal) -> None:
    code = await portal.code()
    for _ in range(ATTEMPTS_MAX - 1):
        with pytest.raises(CodeWrong):
            await portal.sign_in(other(code))
    await portal.sign_in(code)


async def test_somebody_elses_code_is_wrong(portal: Portal) -> None:
    hers = await portal.code()
    await portal.request(ZHOUMO_CONTACT)
    with pytest.raises(CodeWrong):
        await portal.sign_in(hers, ZHOUMO_CONTACT)


async def test_another_platform_does_not_know_the_code(
    portal: Portal, pool: Pool, keyring: Keyring, other_shop: Platform, clock: Clock
) -> None:
    code = await portal.code()
    with pytest.raises(CodeWrong):
        await Portal(pool, keyring, other_shop, clock).sign_in(code)


async def test_the_code_cannot_be_read_from_the_database(portal: Portal) -> None:
    code = await portal.code()
    async with transaction(portal.pool, system_actor(portal.shop.id), clock=portal.clock) as tx:
        row = await tx.value("SELECT (c.code_hash, c.contact_hash)::text FROM one_time_codes c LIMIT 1")
    assert isinstance(row, str)
    assert code.encode().hex() not in row
    assert XIAOMAN_CONTACT.encode().hex() not in row


@pytest.mark.parametrize("contact", [XIAOMAN_CONTACT, ZHOUMO_CONTACT])
async def test_codes_to_one_contact_are_limited_whether_or_not_it_has_an_order(portal: Portal, contact: str) -> None:
    for n in range(portal.shop.settings.code_limit_per_hour):
        await portal.request(contact, address=f"198.51.100.{n}")
    with pytest.raises(TooMany):
        await portal.request(f"+86{contact}", address="198.51.100.200")
    portal.clock.forward(timedelta(hours=1))
    await portal.request(contact)


async def test_codes_asked_for_from_one_address_are_limited(portal: Portal) -> None:
    for n in range(portal.shop.settings.code_limit_per_address):
        await portal.request(f"1390000{n:04d}")
    with pytest.raises(TooMany):
        await portal.request()
    await portal.request(address="198.51.100.9")


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\0" * 6, "９" * 6, "\ud800", "1" * 100_000])
async def test_what_is_not_the_code_is_wrong(portal: Portal, code: str) -> None:
    await portal.code()
    with pytest.raises(CodeWrong):
        await portal.sign_in(code)


@pytest.mark.parametrize("contact", ["", "   ", "abc", "x" * 121, "x" * 100_000, "abc\ud800def"])
async def test_a_malformed_contact_is_refused_at_once(portal: Portal, contact: str) -> None:
    with pytest.raises(ContactMalformed):
        await portal.request(contact)
    with pytest.raises(ContactMalformed):
        await portal.sign_in("123456", contact)


async def test_expired_codes_and_counters_are_swept(portal: Portal) -> None:
    await portal.code()
    portal.clock.forward(timedelta(days=2))
    async with transaction(portal.pool, system_actor(portal.shop.id), clock=portal.clock) as tx:
        assert await sweep_expired(tx) == 3  # one code, two counters
        assert await tx.value("SELECT count(*) FROM one_time_codes") == 0
        assert await tx.value("SELECT count(*) FROM rate_counters") == 0
