"""From a frozen page object to an answer. Templates get `page`, `frame`, `t` and the filters below, and nothing else."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect
from msgspec import Struct

from huiliu.kit.errors import Refusal
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, has_words, refusal_words, say
from huiliu.people.restrictions.errors import Suspended
from huiliu.web import format as forms
from huiliu.web.assets import asset_url
from huiliu.web.cookies import cookie_name
from huiliu.web.form import FORM_COOKIE
from huiliu.web.visit import LANG_COOKIE, Caller, Visit

YEAR_SECONDS = 365 * 86_400
PACK_ABOVE_BYTES = 1_000


class Frame(Struct, frozen=True, kw_only=True):
    """What surrounds every page: whose it is, where we are, who is signed in."""

    lang: Lang
    now: datetime
    here: str
    other_lang_url: str
    form_token: str
    demo: bool
    platform_name: str
    home: str
    """The platform's address, e.g. /kamen; '' outside any platform."""
    buyer_name: str
    buyer_has_contact: bool
    staff_name: str
    in_desk: bool


class Notice(Struct, frozen=True):
    """A refusal in the reader's words, above the form that it is about."""

    title: str
    next: str
    field: str = ""
    leads_to_restrictions: bool = False
    """The reason, and the appeal, are on the buyer's own page about restrictions."""


class RefusalPage(Struct, frozen=True):
    """A page of its own for a refusal without a form: 404, 403, 413 ..."""

    status: int
    notice: Notice
    request_id: str
    back: str


def show(visit: Visit, template: str, page: object, *, status: int = 200) -> Response[bytes]:
    """Answer with a page of a platform."""
    frame = _frame(visit.caller, now=visit.now, visit=visit)
    return _answer(visit.caller, template, page, frame, status)


def show_plain(caller: Caller, template: str, page: object, *, status: int = 200) -> Response[bytes]:
    """Answer with a page outside any platform, or an error page for which nobody was asked who signed in."""
    return _answer(caller, template, page, _frame(caller, now=caller.house.clock(), visit=None), status)


def see(url: str) -> Redirect:
    """After a POST: 303, so that reloading repeats nothing."""
    return Redirect(url, status_code=303)


def notice_of(lang: Lang, refusal: Refusal) -> Notice:
    """What happened and what to do next, in the reader's language."""
    title, next_ = refusal_words(lang, refusal)
    field = refusal.facts.get("field")
    is_suspended = isinstance(refusal, Suspended)
    return Notice(title, next_, field if isinstance(field, str) else "", leads_to_restrictions=is_suspended)


def render(template: str, page: object, frame: Frame) -> str:
    """The HTML text."""
    words: Callable[..., str] = partial(say, frame.lang)
    return environment().get_template(template).render(page=page, frame=frame, t=words, asset=asset_url)


@cache
def environment() -> Environment:
    """Templates are compiled once; a name that does not exist is an error, and every value is escaped."""
    env = Environment(
        loader=PackageLoader("huiliu.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    for name, show_as in FILTERS.items():
        env.filters[name] = show_as  # pyright: ignore[reportArgumentType]  (Jinja's table is inferred from its built-ins)
    return env


def _answer(caller: Caller, template: str, page: object, frame: Frame, status: int) -> Response[bytes]:
    body = render(template, page, frame).encode()
    headers = {"cache-control": "no-store", "content-language": caller.lang.value, "vary": "accept-encoding, cookie"}
    if caller.packs and len(body) > PACK_ABOVE_BYTES:
        body = gzip.compress(body, 5)
        headers["content-encoding"] = "gzip"
    return Response(body, status_code=status, media_type="text/html", headers=headers, cookies=_cookies(caller))


def _cookies(caller: Caller) -> list[Cookie]:
    cookies: list[Cookie] = []
    if caller.form_cookie_is_new:
        cookies.append(kept_cookie(caller, FORM_COOKIE, caller.form_cookie, seconds=YEAR_SECONDS))
    if caller.lang_chosen:
        cookies.append(kept_cookie(caller, LANG_COOKIE, caller.lang.value, seconds=YEAR_SECONDS))
    return cookies


def kept_cookie(caller: Caller, name: str, value: str, *, seconds: int) -> Cookie:
    """A cookie that scripts cannot read and other sites' forms do not bring along."""
    return Cookie(
        key=cookie_name(caller.house, name),
        value=value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=caller.house.settings.secure_cookies,
    )


def drop_cookie(caller: Caller, name: str) -> Cookie:
    """Take a cookie back."""
    return kept_cookie(caller, name, "", seconds=0)


def _frame(caller: Caller, *, now: datetime, visit: Visit | None) -> Frame:
    platform = visit.platform if visit else caller.platform
    home = f"/{platform.slug}" if platform else ""
    name = (platform.name if caller.lang is Lang.ZH else platform.name_en) if platform else ""
    buyer = visit.buyer if visit else None
    return Frame(
        lang=caller.lang,
        now=now,
        here=caller.here,
        other_lang_url=caller.other_lang_url,
        form_token=caller.form_token,
        demo=caller.house.settings.demo,
        platform_name=name,
        home=home,
        buyer_name=buyer.name if buyer else "",
        buyer_has_contact=buyer is not None and buyer.contact_hash is not None,
        staff_name=visit.staff.name if visit and visit.staff else "",
        in_desk=bool(home) and caller.here.startswith(f"{home}/desk"),
    )


@pass_context
def _moment(context: Context, at: datetime, precision: str = "second") -> str:
    frame: Frame = context["frame"]
    return forms.moment(frame.lang, at, now=frame.now, precision=precision)


@pass_context
def _full_moment(context: Context, at: datetime) -> str:
    """With the year whatever it is: for what is printed and kept."""
    frame: Frame = context["frame"]
    return forms.moment(frame.lang, at)


@pass_context
def _short_moment(context: Context, at: datetime) -> tuple[str, str]:
    frame: Frame = context["frame"]
    return forms.short_moment(frame.lang, at)


@pass_context
def _remaining(context: Context, until: datetime) -> str:
    frame: Frame = context["frame"]
    return forms.remaining(frame.lang, until - frame.now)


@pass_context
def _said(context: Context, value: str, group: str) -> str:
    """The words of a coded value: 'delivered'|said('orders.delivery'); a value from outside that has none shows itself."""
    frame: Frame = context["frame"]
    key = f"{group}.{value}"
    return say(frame.lang, key) if has_words(key) else value


def _minor(amount_minor: int, currency: str = "CNY") -> str:
    return forms.amount(Money(amount_minor, currency))


FILTERS: dict[str, Callable[..., object]] = {
    "money": forms.amount,
    "minor": _minor,
    "size": forms.size,
    "moment": _moment,
    "full_moment": _full_moment,
    "short_moment": _short_moment,
    "remaining": _remaining,
    "said": _said,
}
