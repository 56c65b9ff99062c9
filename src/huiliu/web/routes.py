"""The pages as one router, and what every handler of it is given: the visit."""

from __future__ import annotations

from dataclasses import replace

from litestar import Response, Router, get
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from huiliu.kit.db import Tx, transaction
from huiliu.kit.errors import NotFound, Refusal
from huiliu.kit.text import Lang
from huiliu.people.actor import system_actor
from huiliu.people.model import Buyer, Platform, Staff
from huiliu.people.reads import platform_by_slug, platform_list
from huiliu.people.sessions import load_session
from huiliu.web import demo
from huiliu.web.assets import static_file
from huiliu.web.buyer import claims, drafts, find, look, orders, policies, reasons, restrictions, uploads
from huiliu.web.cookies import sent_cookie
from huiliu.web.desk import mount as desk
from huiliu.web.errors import answer_bug, answer_http, answer_refusal
from huiliu.web.form import HttpRequest, only_our_forms
from huiliu.web.page import see, show_plain
from huiliu.web.visit import BUYER_COOKIE, STAFF_COOKIE, Visit, caller_of, client_address

BODY_BYTES_MAX = 256_000
"""A form without files. Routes that take files raise it for themselves."""
PLATFORMS_SHOWN_MAX = 50


class Door(Struct, frozen=True):
    """One platform on the first page of an installation."""

    slug: str
    name: str


class DoorsPage(Struct, frozen=True):
    """The installation's platforms."""

    doors: tuple[Door, ...]


async def visit_of(request: HttpRequest, slug: FromPath[str]) -> Visit:
    """Whose pages, who is signed in. Raises NotFound for an unknown platform or an address that can name nothing."""
    # PostgreSQL's text cannot hold U+0000, so nothing here has it in its name and no search can find it.
    if any("\0" in text for text in (request.url.path, *request.query_params.values())):
        raise NotFound
    caller = caller_of(request)
    house = caller.house
    platform = await platform_by_slug(house.pool, slug)
    caller = replace(caller, platform=platform)
    request.state["caller"] = caller
    buyer, staff = await _signed_in(request, platform)
    return Visit(
        caller=caller,
        platform=platform,
        buyer=buyer,
        staff=staff,
        now=house.clock(),
        address=client_address(request, house.settings.trusted_proxies),
        buyer_token=sent_cookie(request, BUYER_COOKIE + slug) or None,
        staff_token=sent_cookie(request, STAFF_COOKIE + slug) or None,
    )


@get("/")
async def doors(request: HttpRequest) -> Response[bytes] | Redirect:
    """The installation's platforms; with only one, straight to it."""
    caller = caller_of(request)
    found = await platform_list(caller.house.pool)
    named = tuple(Door(it.slug, it.name if caller.lang is Lang.ZH else it.name_en) for it in found)
    shown = named[:PLATFORMS_SHOWN_MAX]
    return see(f"/{shown[0].slug}/") if len(shown) == 1 else show_plain(caller, "doors.html", DoorsPage(shown))


def pages() -> Router:
    """Every HTML page."""
    return Router(
        path="/",
        route_handlers=[
            doors,
            static_file,
            *demo.handlers,
            *find.handlers,
            *orders.handlers,
            *reasons.handlers,
            *claims.handlers,
            *drafts.handlers,
            *uploads.handlers,
            *look.handlers,
            *policies.handlers,
            *restrictions.handlers,
            *desk.handlers,
        ],
        dependencies={"visit": Provide(visit_of)},
        before_request=only_our_forms,
        exception_handlers={Refusal: answer_refusal, HTTPException: answer_http, Exception: answer_bug},
        request_max_body_size=BODY_BYTES_MAX,
        include_in_schema=False,
    )


async def _signed_in(request: HttpRequest, platform: Platform) -> tuple[Buyer | None, Staff | None]:
    tokens = [sent_cookie(request, name + platform.slug) for name in (BUYER_COOKIE, STAFF_COOKIE)]
    if not any(tokens):
        return None, None
    house = caller_of(request).house
    async with transaction(house.pool, system_actor(platform.id), clock=house.clock) as tx:
        viewers = [await _viewer(tx, token) for token in tokens]
    buyer = next((viewer for viewer in viewers if isinstance(viewer, Buyer)), None)
    return buyer, next((viewer for viewer in viewers if isinstance(viewer, Staff)), None)


async def _viewer(tx: Tx, token: str | None) -> Buyer | Staff | None:
    session = await load_session(tx, token) if token else None
    return session.viewer if session else None
