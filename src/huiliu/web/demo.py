"""The cast's one-click sign-ins. The routes exist only where the operator set HUILIU_DEMO."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get, post
from litestar.response import Redirect
from msgspec import Struct

from huiliu.kit.db import transaction
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import new_id
from huiliu.kit.text import Lang
from huiliu.people.actor import system_actor
from huiliu.people.contacts import contact_hash, mask
from huiliu.people.model import Platform, Role, Staff
from huiliu.people.reads import StaffLine, platform_by_slug, platform_list, staff_list
from huiliu.people.sessions import BUYER_LIFE, STAFF_LIFE, open_buyer_session, open_staff_session
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import kept_cookie, see, show_plain
from huiliu.web.visit import BUYER_COOKIE, STAFF_COOKIE, House, caller_of

WHO_MAX = 60


class CastBuyer(Struct, frozen=True):
    """A buyer of the cast: what the demo's orders were placed with."""

    name: str
    name_en: str
    contact: str


BUYERS = (
    CastBuyer("林小满", "Lin Xiaoman", "13812345678"),
    CastBuyer("周末", "Zhou Mo", "13987654321"),
)
"""Made up: no such person, no such number in use here."""


class Member(Struct, frozen=True):
    """Somebody one can be."""

    who: str
    name: str
    detail: str
    roles: tuple[str, ...]


class Stage(Struct, frozen=True):
    """One platform with its cast."""

    slug: str
    name: str
    buyers: tuple[Member, ...]
    staff: tuple[Member, ...]


class DemoPage(Struct, frozen=True):
    """Every platform's cast."""

    stages: tuple[Stage, ...]


@get("/demo")
async def cast(request: HttpRequest) -> Response[bytes]:
    """Who can be played, with one click."""
    caller = caller_of(request)
    house = _house(caller.house)
    stages = [await _stage(house, platform, caller.lang) for platform in await platform_list(house.pool)]
    return show_plain(caller, "demo.html", DemoPage(tuple(stages)))


@post("/demo", status_code=303)
async def enter(request: HttpRequest) -> Redirect:
    """Sign in as a member of the cast."""
    caller = caller_of(request)
    house = _house(caller.house)
    form = await read_form(request)
    platform = await platform_by_slug(house.pool, form.text("platform", chars_max=WHO_MAX))
    kind, _, which = form.text("who", chars_max=WHO_MAX).partition(":")
    async with transaction(house.pool, system_actor(platform.id), clock=house.clock) as tx:
        if kind == "buyer" and any(which == buyer.contact for buyer in BUYERS):
            session = await open_buyer_session(tx, contact_hash=contact_hash(house.keyring, platform.id, which))
            url, name, life = f"/{platform.slug}/orders", BUYER_COOKIE, BUYER_LIFE
        else:
            lines = await staff_list(tx, _stage_manager(platform))
            found = next((line for line in lines if str(line.id) == which and line.disabled_at is None), None)
            if found is None:
                raise NotFound
            session = await open_staff_session(tx, _staff(platform, found))
            url, name, life = f"/{platform.slug}/desk/", STAFF_COOKIE, STAFF_LIFE
    answer = see(url)
    seconds = int(life.total_seconds())
    answer.cookies.append(kept_cookie(caller, name + platform.slug, session.token, seconds=seconds))
    return answer


def _house(house: House) -> House:
    if not house.settings.demo:
        raise NotFound
    return house


async def _stage(house: House, platform: Platform, lang: Lang) -> Stage:
    async with transaction(house.pool, system_actor(platform.id), clock=house.clock) as tx:
        lines = await staff_list(tx, _stage_manager(platform))
    staff = [
        Member(f"staff:{line.id}", line.name, line.login, tuple(role.value for role in line.roles))
        for line in lines
        if line.disabled_at is None
    ]
    buyers = [
        Member(f"buyer:{it.contact}", it.name if lang is Lang.ZH else it.name_en, mask(it.contact), ()) for it in BUYERS
    ]
    name = platform.name if lang is Lang.ZH else platform.name_en
    return Stage(platform.slug, name, tuple(buyers), tuple(staff))


def _stage_manager(platform: Platform) -> Staff:
    """Listing staff is an administrator's right; in a demonstration everybody may see the cast."""
    nobody: UUID = new_id()
    return Staff(id=nobody, platform_id=platform.id, login="demo", name="demo", roles=frozenset({Role.ADMIN}))


def _staff(platform: Platform, line: StaffLine) -> Staff:
    return Staff(id=line.id, platform_id=platform.id, login=line.login, name=line.name, roles=frozenset(line.roles))


handlers = (cast, enter)
