"""卡门 with its policy and a key for its server; 星卡 with a key of its own. The API is the real application."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from litestar.exceptions import LitestarDeprecationWarning

from huiliu.app import create_app
from huiliu.kit.db import Actor, ActorKind, Pool, Tx, transaction
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from huiliu.people.actor import actor_of
from huiliu.people.api_keys import CreatedKey, create_key
from huiliu.people.model import Platform, PlatformSettings, Scope, Staff, Viewer
from tests.conftest import NOW
from tests.make.cast import hire_cast, publish_demo_policy, staff
from tests.make.orders import OrderIds, order


@dataclass
class Shop:
    """One platform's server as it calls the API, and the house behind it."""

    pool: Pool
    keyring: Keyring
    client: httpx.AsyncClient
    platform_id: int
    created: CreatedKey
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def as_(self, viewer: Viewer, *, at: datetime = NOW) -> AbstractAsyncContextManager[Tx]:
        """A transaction of somebody's, at `at`."""
        return transaction(self.pool, actor_of(viewer), clock=lambda: at)

    def system(self, *, at: datetime = NOW) -> AbstractAsyncContextManager[Tx]:
        """A transaction of the program itself."""
        return transaction(self.pool, Actor(ActorKind.SYSTEM, self.platform_id, "system", "系统"), clock=lambda: at)

    def staff(self, login: str) -> Staff:
        """One of the cast."""
        return staff(self.platform_id, login)

    async def order(self, **over: object) -> OrderIds:
        """A committed order of 林小满."""
        async with self.system() as tx:
            return await order(tx, keyring=self.keyring, **over)  # type: ignore[arg-type]

    async def get(self, path: str, **query: object) -> httpx.Response:
        """GET below /api/v1 with the shop's key."""
        params = {name: str(value) for name, value in query.items()}
        return await self.client.get(f"/api/v1{path}", params=params, headers=self.headers)

    async def post(self, path: str, body: object = None, *, key: str | None = "", **headers: str) -> httpx.Response:
        """POST below /api/v1; with a fresh idempotency key unless told which, or None for none."""
        sent = dict(self.headers)
        if key is not None:
            sent["Idempotency-Key"] = key or uuid4().hex
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return await self.client.post(f"/api/v1{path}", json=body, headers=sent)

    async def refund(self, made: OrderIds, *, key: str | None = "", **over: object) -> httpx.Response:
        """Ask for a refund of an order's first line: not arrived, unless told otherwise."""
        return await self.post("/refunds", {"order_no": made.order_no, "reason": "not_arrived", **over}, key=key)


async def new_key(pool: Pool, keyring: Keyring, platform: Platform, scopes: Collection[Scope]) -> CreatedKey:
    """A key made by the platform's administrator."""
    admin = staff(platform.id, "guanyan")
    async with transaction(pool, actor_of(admin), clock=lambda: NOW) as tx:
        return await create_key(tx, admin, keyring=keyring, platform=platform, name="商城服务器", scopes=scopes)


def platform_of(slug: str, platform_id: int) -> Platform:
    """A platform of the cast."""
    return Platform(id=platform_id, slug=slug, name=slug, name_en=slug, settings=PlatformSettings())


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """As in the demo, so that webhooks may go to this machine."""
    return Settings(data_dir=tmp_path_factory.mktemp("data"), demo=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def _furnished(pool: Pool, platforms: dict[str, int]) -> None:
    for platform_id in platforms.values():
        system = Actor(ActorKind.SYSTEM, platform_id, "system", "系统")
        async with transaction(pool, system, clock=lambda: NOW) as tx:
            if platform_id == platforms["kamen"]:
                await hire_cast(tx)
            await publish_demo_policy(tx)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(pool: Pool, keyring: Keyring, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the whole application; its clock stands at NOW."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LitestarDeprecationWarning)  # of how some pages declare their path parameters
        app = create_app(settings, pool=pool, keyring=keyring, clock=lambda: NOW)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://kamen.test") as opened:
        yield opened


Shops = Callable[..., object]


async def open_shop(
    pool: Pool, keyring: Keyring, client: httpx.AsyncClient, slug: str, platform_id: int, scopes: Collection[Scope]
) -> Shop:
    """A platform's server with a key of these scopes."""
    created = await new_key(pool, keyring, platform_of(slug, platform_id), scopes)
    headers = {"Authorization": f"Bearer {created.token}", "Accept-Language": "en"}
    return Shop(pool, keyring, client, platform_id, created, headers)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(
    pool: Pool, keyring: Keyring, client: httpx.AsyncClient, platforms: dict[str, int], _furnished: None
) -> Shop:
    """卡门's server, with every scope."""
    return await open_shop(pool, keyring, client, "kamen", platforms["kamen"], list(Scope))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def other_shop(
    pool: Pool, keyring: Keyring, client: httpx.AsyncClient, platforms: dict[str, int], _furnished: None
) -> Shop:
    """星卡's server, which must see nothing of 卡门's."""
    return await open_shop(pool, keyring, client, "xingka", platforms["xingka"], list(Scope))


def fresh_no() -> str:
    """An order number nobody has used."""
    return f"KM{new_id().hex[-12:].upper()}"


__all__ = ["Path", "Shop", "fresh_no", "open_shop"]
