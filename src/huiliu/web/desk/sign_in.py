"""The desk's door: password and authenticator code in one step, the first authenticator, and the way out."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.response import Redirect
from markupsafe import Markup
from msgspec import Struct

from huiliu.kit.errors import Refusal
from huiliu.people.errors import EnrolmentCodeWrong, EnrolmentStale
from huiliu.people.sessions import STAFF_LIFE, sign_out
from huiliu.people.sign_in import EnrolFirst, SignedIn, enrolment_again, finish_enrolment, sign_in
from huiliu.web.form import Form, HttpRequest, read_form
from huiliu.web.page import Notice, drop_cookie, kept_cookie, notice_of, see, show
from huiliu.web.visit import STAFF_COOKIE, FromVisit, Visit, next_url

LOGIN_MAX = 200
"""Longer input is nobody's; what people accept is checked behind this door."""
TICKET_MAX = 2_000
NEXT_MAX = 500


class LoginPage(Struct, frozen=True, kw_only=True):
    """Login, password, code."""

    login: str
    next: str
    notice: Notice | None = None


class EnrolPage(Struct, frozen=True, kw_only=True):
    """The authenticator to set up before anybody works here."""

    login: str
    next: str
    ticket: str
    qr: str
    secret: str
    notice: Notice | None = None


@get("/{slug:str}/desk/login")
async def login(request: HttpRequest, visit: FromVisit) -> Response[bytes] | Redirect:
    """The form, or straight in for somebody who is signed in."""
    wanted = next_url(visit.platform.slug, request.query_params.get("next", ""))
    if visit.staff is not None:
        return see(wanted or visit.url("desk", ""))
    return show(visit, "desk/login.html", LoginPage(login="", next=wanted))


@post("/{slug:str}/desk/login", status_code=303)
async def enter(request: HttpRequest, visit: FromVisit) -> Response[bytes] | Redirect:
    """Sign in. Every failure reads the same, whatever was wrong."""
    form = await read_form(request)
    given, wanted = _first(form, "login"), next_url(visit.platform.slug, _first(form, "next")[:NEXT_MAX])
    try:
        found = await sign_in(
            visit.house.pool,
            visit.house.keyring,
            platform=visit.platform,
            login=given[:LOGIN_MAX],
            password=_first(form, "password"),
            code=_first(form, "code")[:LOGIN_MAX],
            address=visit.address,
            old_token=visit.staff_token,
            clock=visit.house.clock,
        )
    except Refusal as no:
        page = LoginPage(login=given[:LOGIN_MAX], next=wanted, notice=notice_of(visit.lang, no))
        return show(visit, "desk/login.html", page, status=no.status)
    if isinstance(found, EnrolFirst):
        return show(visit, "desk/enrol.html", _enrol_page(found, login=given, wanted=wanted))
    return _let_in(visit, found, wanted)


@post("/{slug:str}/desk/authenticator", status_code=303)
async def enrol(request: HttpRequest, visit: FromVisit) -> Response[bytes] | Redirect:
    """Set the authenticator up with its first code; a wrong one shows the same QR code again."""
    form = await read_form(request)
    ticket, given = _first(form, "ticket")[:TICKET_MAX], _first(form, "login")[:LOGIN_MAX]
    wanted = next_url(visit.platform.slug, _first(form, "next")[:NEXT_MAX])
    house = visit.house
    try:
        found = await finish_enrolment(
            house.pool,
            house.keyring,
            platform=visit.platform,
            ticket=ticket,
            code=_first(form, "code")[:LOGIN_MAX],
            old_token=visit.staff_token,
            clock=house.clock,
        )
    except EnrolmentCodeWrong as no:
        again = enrolment_again(house.keyring, visit.platform, ticket=ticket, login=given)
        page = _enrol_page(again, login=given, wanted=wanted, notice=notice_of(visit.lang, no))
        return show(visit, "desk/enrol.html", page, status=no.status)
    except EnrolmentStale as no:
        page = LoginPage(login=given, next=wanted, notice=notice_of(visit.lang, no))
        return show(visit, "desk/login.html", page, status=no.status)
    return _let_in(visit, found, wanted)


@post("/{slug:str}/desk/sign-out", status_code=303)
async def leave(visit: FromVisit) -> Redirect:
    """Sign out here; other browsers stay signed in."""
    if visit.staff is not None and visit.staff_token:
        async with visit.as_staff() as tx:
            await sign_out(tx, visit.staff_token)
    answer = see(visit.url("desk", "login"))
    answer.cookies.append(drop_cookie(visit.caller, STAFF_COOKIE + visit.platform.slug))
    return answer


def _let_in(visit: Visit, found: SignedIn, wanted: str) -> Redirect:
    answer = see(wanted or visit.url("desk", ""))
    name, seconds = STAFF_COOKIE + visit.platform.slug, int(STAFF_LIFE.total_seconds())
    answer.cookies.append(kept_cookie(visit.caller, name, found.session.token, seconds=seconds))
    return answer


def _enrol_page(found: EnrolFirst, *, login: str, wanted: str, notice: Notice | None = None) -> EnrolPage:
    qr = Markup(found.qr_svg)  # noqa: S704  drawn by us from our own address, nothing of it is anybody's input
    return EnrolPage(
        login=login[:LOGIN_MAX], next=wanted, ticket=found.ticket, qr=qr, secret=found.secret, notice=notice
    )


def _first(form: Form, name: str) -> str:
    """A field as it was sent: a password is not trimmed, and a strange login is refused like any wrong one."""
    return form.fields.get(name, [""])[0]


handlers = (login, enter, enrol, leave)
