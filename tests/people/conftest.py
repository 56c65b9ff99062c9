"""A platform of its own for each test, because sign-ins commit; the cast's staff; a clock that the test moves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from huiliu.kit.db import Pool, Tx, transaction
from huiliu.kit.keyring import Keyring
from huiliu.people import totp
from huiliu.people.actor import system_actor
from huiliu.people.model import Platform, PlatformSettings, Role, Staff
from huiliu.people.passwords import hash_password
from huiliu.people.platforms import create_platform
from huiliu.people.staff import create_staff, operator
from tests.conftest import NOW

PASSWORD = "退款中心 2026 口令"
ADDRESS = "203.0.113.7"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True, slots=True)
class Signer:
    """A member of staff together with what only they know."""

    staff: Staff
    password: str
    totp_secret: str

    def code(self, clock: Clock) -> str:
        return totp.code_at(self.totp_secret, now=clock.now)


Hire = Callable[..., Awaitable[Signer]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(loop_scope="session")
async def shop(pool: Pool, clock: Clock) -> Platform:
    """卡门, fresh."""
    return await create_platform(
        pool,
        f"kamen-{uuid4().hex[:12]}",
        name="卡门",
        name_en="Kamen",
        settings=PlatformSettings(lookup_limit_per_hour=5, code_limit_per_hour=5),
        clock=clock,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def other_shop(pool: Pool, clock: Clock) -> Platform:
    """星卡, which must see nothing of it."""
    return await create_platform(pool, f"xingka-{uuid4().hex[:12]}", name="星卡", name_en="Xingka", clock=clock)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def password_hash() -> str:
    """Hashing is slow on purpose; once is enough for all tests."""
    return await hash_password(PASSWORD)


@pytest.fixture
def hire(pool: Pool, keyring: Keyring, shop: Platform, clock: Clock, password_hash: str) -> Hire:
    """Adds a member of staff with an authenticator: 何审, a reviewer, unless told otherwise."""

    async def hire(login: str = "heshen", name: str = "何审", role: Role = Role.REVIEWER) -> Signer:
        secret = totp.new_secret()
        async with transaction(pool, system_actor(shop.id), clock=clock) as tx:
            staff = await create_staff(
                tx,
                operator(shop.id),
                keyring=keyring,
                login=login,
                name=name,
                roles={role},
                password_hash=password_hash,
                totp_secret=secret,
            )
        return Signer(staff, PASSWORD, secret)

    return hire


async def journal_kinds(tx: Tx) -> list[str]:
    """What the platform's stream says happened, in order."""

    @dataclass
    class Line:
        kind: str

    rows = await tx.all(
        Line, "SELECT kind FROM journal WHERE platform_id = %(p)s ORDER BY seq LIMIT 100", p=tx.platform_id
    )
    return [row.kind for row in rows]
