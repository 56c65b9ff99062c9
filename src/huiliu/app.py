"""The composition root: settings become a pool, keys and one ASGI application with pages and API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from litestar import Litestar, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler

from huiliu.adapters.clamav import open_scanner
from huiliu.adapters.files import LocalFiles
from huiliu.adapters.mail import open_courier
from huiliu.adapters.rails.registry import notification_readers
from huiliu.api.context import ApiHouse
from huiliu.api.routing import answer_any, api_router, is_api
from huiliu.kit.db import Pool, create_pool, utc_now
from huiliu.kit.keyring import Keyring, load_keyring
from huiliu.kit.settings import Settings, load_settings
from huiliu.people.api_keys import KeyGate
from huiliu.people.messages import Courier
from huiliu.web.errors import answer_bug, answer_http
from huiliu.web.form import HttpRequest
from huiliu.web.headers import Envelope
from huiliu.web.routes import pages
from huiliu.web.visit import House


def create_app(
    settings: Settings | None = None,
    *,
    pool: Pool | None = None,
    keyring: Keyring | None = None,
    courier: Courier | None = None,
    clock: Callable[[], datetime] = utc_now,
    more: Sequence[ControllerRouterHandler] = (),
) -> Litestar:
    """The web process. Given a pool it uses that one and leaves it open; else it opens and closes its own.

    The database must be migrated and the key file must exist: `huiliu serve` sees to both.
    """
    settings = settings or load_settings()
    keyring = keyring or load_keyring(settings.key_file)
    own_pool = pool is None
    opened = pool or create_pool(settings.database_url, size_max=settings.database_pool_max)
    files = LocalFiles(settings.files_dir, keyring)
    house = House(
        pool=opened,
        keyring=keyring,
        settings=settings,
        files=files,
        courier=courier or open_courier(settings),
        scanner=open_scanner(settings),
        clock=clock,
    )

    api = api_router(_api(opened, keyring, settings, clock), rails=notification_readers(settings))

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None]:
        if not own_pool:
            yield
            return
        async with opened:
            yield

    return Litestar(
        route_handlers=[pages(), api, *more],
        lifespan=[lifespan],
        middleware=[Envelope(over_https=settings.secure_cookies)],
        exception_handlers={Exception: _answer_error},
        state=State({"house": house}),
        openapi_config=None,
        logging_config=None,
    )


def _api(pool: Pool, keyring: Keyring, settings: Settings, clock: Callable[[], datetime]) -> ApiHouse:
    gate = KeyGate(pool, keyring, clock=clock)
    return ApiHouse(pool=pool, keyring=keyring, gate=gate, settings=settings, clock=clock)


def _answer_error(request: HttpRequest, error: Exception) -> Response[bytes]:
    """What routing itself raises, before the pages or the API are reached: each answers in its own form."""
    if is_api(request):
        return answer_any(request, error)
    return answer_http(request, error) if isinstance(error, HTTPException) else answer_bug(request, error)
