"""Who is asking, on which platform, in which language: what every handler of a page starts from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from litestar.di import NamedDependency

from huiliu.evidence.files import Files
from huiliu.evidence.scan import Scanner
from huiliu.kit.db import Pool, Tx, transaction, utc_now
from huiliu.kit.errors import SignInFirst
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from huiliu.kit.text import Lang
from huiliu.people.actor import actor_of
from huiliu.people.messages import Courier
from huiliu.people.model import Buyer, Platform, Staff
from huiliu.web.cookies import sent_cookie
from huiliu.web.form import FORM_COOKIE, HttpRequest, form_token, new_form_cookie

LANG_COOKIE = "hl_lang"
LANG_PARAM = "lang"
BUYER_COOKIE = "hl_buyer_"
STAFF_COOKIE = "hl_staff_"
ADDRESS_UNKNOWN = "unknown"
PATH_MARKS = "/:@!$&'()*+,;=-._~"
"""What a path may hold as it is."""


@dataclass(frozen=True, slots=True)
class House:
    """What the composition root hands to the pages."""

    pool: Pool
    keyring: Keyring
    settings: Settings
    files: Files
    courier: Courier | None = None
    """Who carries one-time codes to buyers; None sends nothing."""
    scanner: Scanner | None = None
    """Who looks through uploads for malware; None when the operator set none."""
    clock: Callable[[], datetime] = utc_now


@dataclass(frozen=True, slots=True)
class Caller:
    """The part of a request that is known before any database is asked: enough for an error page."""

    house: House
    lang: Lang
    here: str
    """Path and query, without the language switch."""
    packs: bool
    form_cookie: str
    form_cookie_is_new: bool
    lang_chosen: bool
    htmx: bool
    platform: Platform | None = None

    @property
    def form_token(self) -> str:
        """A fresh proof for the forms of one page."""
        return form_token(self.form_cookie)

    @property
    def other_lang_url(self) -> str:
        """This page in the other language."""
        other = Lang.EN if self.lang is Lang.ZH else Lang.ZH
        return f"{self.here}{'&' if '?' in self.here else '?'}{LANG_PARAM}={other.value}"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to one platform's pages."""

    caller: Caller
    platform: Platform
    buyer: Buyer | None
    staff: Staff | None
    now: datetime
    address: str
    """The network address, for rate limits."""
    buyer_token: str | None = None
    staff_token: str | None = None
    """The session tokens as the browser sent them, for renewing and signing out."""

    @property
    def lang(self) -> Lang:
        """The reader's language."""
        return self.caller.lang

    @property
    def house(self) -> House:
        """The pool, the keys, the settings."""
        return self.caller.house

    def url(self, *parts: str) -> str:
        """An address below this platform: visit.url("orders", no)."""
        return "/".join((f"/{self.platform.slug}", *parts))

    def signed_in_buyer(self) -> Buyer:
        """The buyer. Raises SignInFirst."""
        if self.buyer is None:
            raise SignInFirst
        return self.buyer

    def signed_in_staff(self) -> Staff:
        """The member of staff. Raises SignInFirst."""
        if self.staff is None:
            raise SignInFirst
        return self.staff

    def as_buyer(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction in which the buyer (or a visitor nobody knows yet) acts."""
        return self._transaction(self.buyer or Buyer(platform_id=self.platform.id))

    def as_staff(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction in which the signed-in member of staff acts. Raises SignInFirst."""
        return self._transaction(self.signed_in_staff())

    def _transaction(self, viewer: Buyer | Staff) -> AbstractAsyncContextManager[Tx]:
        return transaction(self.house.pool, actor_of(viewer), clock=self.house.clock)


FromVisit = NamedDependency[Visit]
"""How a handler asks for the visit."""


def caller_of(request: HttpRequest) -> Caller:
    """Read language, form cookie and address line; never fails, so error pages can use it."""
    kept: Caller | None = request.state.get("caller")
    if kept is not None:
        return kept
    house: House = request.app.state["house"]
    cookie = sent_cookie(request, FORM_COOKIE)
    chosen = _lang(request.query_params.get(LANG_PARAM, ""))
    query = [(name, value) for name, value in request.query_params.multi_items() if name != LANG_PARAM]
    caller = Caller(
        house=house,
        lang=chosen or _lang(sent_cookie(request, LANG_COOKIE)) or _accepted(request),
        here=_address(request.url.path) + (f"?{urlencode(query)}" if query else ""),
        packs="gzip" in request.headers.get("accept-encoding", ""),
        form_cookie=cookie or new_form_cookie(),
        form_cookie_is_new=not cookie,
        lang_chosen=chosen is not None,
        htmx=request.headers.get("hx-request") == "true",
    )
    request.state["caller"] = caller
    return caller


def next_url(slug: str, wanted: str) -> str:
    """A safe place to go after signing in: below this platform, or ''. Nobody is sent to another site."""
    safe = wanted.startswith(f"/{slug}/") and "//" not in wanted and "\\" not in wanted
    return wanted if safe and wanted.isprintable() else ""


def client_address(request: HttpRequest, trusted_proxies: int) -> str:
    """The client's address: the socket's, or what the last trusted proxy saw."""
    if trusted_proxies:
        seen = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        if len(seen) >= trusted_proxies:
            return seen[-trusted_proxies]
    return request.client.host if request.client else ADDRESS_UNKNOWN


def _address(path: str) -> str:
    """The path as a link of this site: //elsewhere, /\\elsewhere and a path with a tab in it would lead to another."""
    return "/" + quote(path.lstrip("/\\"), safe=PATH_MARKS)


def _lang(text: str) -> Lang | None:
    return next((lang for lang in Lang if lang.value == text), None)


def _accepted(request: HttpRequest) -> Lang:
    for part in request.headers.get("accept-language", "").lower().split(","):
        tag = part.partition(";")[0].strip()
        if tag.startswith("zh"):
            return Lang.ZH
        if tag.startswith("en"):
            return Lang.EN
    return Lang.ZH
