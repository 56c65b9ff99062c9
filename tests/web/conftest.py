"""The pages over real HTTP with a real database, as a browser without scripts sees them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from html import unescape

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from huiliu.app import create_app
from huiliu.kit.db import Actor, ActorKind, Pool, transaction
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from huiliu.people.actor import system_actor
from huiliu.people.contacts import contact_hash
from huiliu.people.model import Staff
from huiliu.people.sessions import open_buyer_session
from tests.conftest import NOW
from tests.make.cast import hire_cast, publish_demo_policy, staff
from tests.make.orders import XIAOMAN_CONTACT, ZHOUMO_CONTACT, OrderIds, order

TOKEN = re.compile(r'name="_form" value="([0-9a-f]+)"')


class Browser:
    """A browser without scripts: keeps cookies, sends back the proof that its last page carried."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.token = ""
        self.html = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return self._seen(await self.client.get(path, headers=headers))

    async def post(
        self,
        path: str,
        fields: dict[str, str] | None = None,
        *,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        token: str | None = None,
    ) -> httpx.Response:
        """Send a form; the answer is not followed, so that 303 can be seen."""
        proof = self.token if token is None else token
        return self._seen(await self.client.post(path, data={**(fields or {}), "_form": proof}, files=files))

    async def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where a 303 says."""
        assert answer.status_code == 303, (answer.status_code, answer.text[:400])
        return await self.get(answer.headers["location"])

    def _seen(self, answer: httpx.Response) -> httpx.Response:
        found = TOKEN.search(answer.text) if answer.headers.get("content-type", "").startswith("text/html") else None
        if found:
            self.token = found.group(1)
        self.html = unescape(answer.text) if answer.headers.get("content-type", "").startswith("text/html") else ""
        return answer


@pytest.fixture(scope="module")
def app(pool: Pool, keyring: Keyring, tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    """The whole application on the test database, its clock standing still."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), demo=True)
    return create_app(settings, pool=pool, keyring=keyring, clock=lambda: NOW)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def furnished(pool: Pool, platform_id: int) -> None:
    """The cast and the policy, committed."""
    async with transaction(pool, Actor(ActorKind.SYSTEM, platform_id, "system", "系统"), clock=lambda: NOW) as tx:
        await hire_cast(tx)
        await publish_demo_policy(tx)


@pytest_asyncio.fixture(loop_scope="session")
async def open_browser(app: Litestar, furnished: None) -> AsyncIterator[Callable[[], Browser]]:
    """Opens browsers that nobody is signed in to."""
    clients: list[httpx.AsyncClient] = []

    def opened() -> Browser:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://kamen.test")
        clients.append(client)
        return Browser(client)

    yield opened
    for client in clients:
        await client.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(open_browser: Callable[[], Browser]) -> Browser:
    """Nobody in particular."""
    return open_browser()


@pytest_asyncio.fixture(loop_scope="session")
async def xiaoman(open_browser: Callable[[], Browser], pool: Pool, keyring: Keyring, platform_id: int) -> Browser:
    """林小满, signed in."""
    return await _signed_in(open_browser(), pool, keyring, platform_id, XIAOMAN_CONTACT)


@pytest_asyncio.fixture(loop_scope="session")
async def zhoumo(open_browser: Callable[[], Browser], pool: Pool, keyring: Keyring, platform_id: int) -> Browser:
    """周末, signed in, who must see nothing of hers."""
    return await _signed_in(open_browser(), pool, keyring, platform_id, ZHOUMO_CONTACT)


class Shop:
    """Makes orders and lets staff act, committed."""

    def __init__(self, pool: Pool, keyring: Keyring, platform_id: int) -> None:
        self.pool, self.keyring, self.platform_id = pool, keyring, platform_id

    async def sells(self, **over: object) -> OrderIds:
        """An order of 林小满's."""
        async with transaction(self.pool, system_actor(self.platform_id), clock=lambda: NOW) as tx:
            return await order(tx, keyring=self.keyring, **over)  # pyright: ignore[reportArgumentType]

    def staff(self, login: str) -> Staff:
        """One of the cast."""
        return staff(self.platform_id, login)


@pytest.fixture
def shop(pool: Pool, keyring: Keyring, platform_id: int) -> Shop:
    """卡门, selling."""
    return Shop(pool, keyring, platform_id)


async def _signed_in(browser: Browser, pool: Pool, keyring: Keyring, platform_id: int, contact: str) -> Browser:
    async with transaction(pool, system_actor(platform_id), clock=lambda: NOW) as tx:
        session = await open_buyer_session(tx, contact_hash=contact_hash(keyring, platform_id, contact))
    browser.client.cookies.set("hl_buyer_kamen", session.token)
    await browser.get("/kamen/")
    return browser
