"""Finding one's orders: an order number with its secret, or a contact with a one-time code."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.response import Redirect
from msgspec import Struct

from huiliu.kit.errors import Refusal
from huiliu.people.contacts import CONTACT_LENGTH_MAX, mask
from huiliu.people.lookup import ORDER_NO_MAX, SECRET_MAX, look_up
from huiliu.people.messages import one_time_message
from huiliu.people.one_time import CodeRequested, CodeToSend, request_code, sign_in_with_code
from huiliu.people.sessions import BUYER_LIFE, NewSession, sign_out
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import Notice, drop_cookie, kept_cookie, notice_of, see, show
from huiliu.web.visit import BUYER_COOKIE, FromVisit, Visit, next_url

NEXT_MAX = 500


class FindPage(Struct, frozen=True, kw_only=True):
    """The portal: by order number, or by contact and code."""

    way: str
    """order, contact or code."""
    next: str = ""
    order_no: str = ""
    contact: str = ""
    contact_masked: str = ""
    demo_code: str = ""
    notice: Notice | None = None
    wrong: str = ""

    @property
    def next_query(self) -> str:
        """Keeps where the visitor wanted to go while they change tabs."""
        return f"?{urlencode({'next': self.next})}" if self.next else ""


@get("/{slug:str}/")
async def portal(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Find an order by its number. A link may fill the number in: /kamen/?o=KM2026."""
    wanted = _next(visit, request.query_params.get("next", ""))
    order_no = request.query_params.get("o", "")[:ORDER_NO_MAX]
    return show(visit, "buyer/find.html", FindPage(way="order", next=wanted, order_no=order_no))


@post("/{slug:str}/order-access", status_code=303)
async def open_order(request: HttpRequest, visit: FromVisit) -> Response[bytes] | Redirect:
    """Open one order to whoever knows its secret; wrong number and wrong secret read alike."""
    form = await read_form(request)
    wanted = _next(visit, form.text("next", chars_max=NEXT_MAX))
    house = visit.house
    try:
        found = await look_up(
            house.pool,
            house.keyring,
            platform=visit.platform,
            order_no=form.text("order_no", chars_max=ORDER_NO_MAX),
            secret=form.text("secret", chars_max=SECRET_MAX),
            address=visit.address,
            old_token=visit.buyer_token,
            clock=house.clock,
        )
    except Refusal as no:
        page = FindPage(way="order", next=wanted, order_no=form.typed().get("order_no", ""), notice=_said(visit, no))
        return show(visit, "buyer/find.html", page, status=no.status)
    return _enter(visit, found.session, wanted or visit.url("orders", found.order.order_no))


@get("/{slug:str}/login")
async def login(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Sign in with a one-time code: which contact?"""
    wanted = _next(visit, request.query_params.get("next", ""))
    return show(visit, "buyer/find.html", FindPage(way="contact", next=wanted))


@post("/{slug:str}/login-code", status_code=200)
async def send_code(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Make a code and ask for it; the page is the same whether or not the contact ever ordered."""
    form = await read_form(request)
    wanted = _next(visit, form.text("next", chars_max=NEXT_MAX))
    house = visit.house
    try:
        contact = form.text("contact", chars_max=CONTACT_LENGTH_MAX)
        made = await request_code(
            house.pool,
            house.keyring,
            platform=visit.platform,
            contact=contact,
            address=visit.address,
            clock=house.clock,
        )
    except Refusal as no:
        page = FindPage(
            way="contact",
            next=wanted,
            contact=form.typed().get("contact", ""),
            notice=_said(visit, no),
            wrong="contact",
        )
        return show(visit, "buyer/find.html", page, status=no.status)
    answer = show(visit, "buyer/find.html", _code_page(visit, contact, wanted, made))
    if made.to_send is not None and house.courier is not None:
        # After the answer, so that the time it takes tells nobody whether the contact has an order.
        answer.background = BackgroundTask(_deliver, visit, made.to_send)
    return answer


@post("/{slug:str}/login", status_code=303)
async def sign_in(request: HttpRequest, visit: FromVisit) -> Response[bytes] | Redirect:
    """Sign in whoever has the code."""
    form = await read_form(request)
    wanted = _next(visit, form.text("next", chars_max=NEXT_MAX))
    house = visit.house
    contact = form.text("contact", chars_max=CONTACT_LENGTH_MAX)
    try:
        session = await sign_in_with_code(
            house.pool,
            house.keyring,
            platform=visit.platform,
            contact=contact,
            code=form.text("code", chars_max=12),
            address=visit.address,
            old_token=visit.buyer_token,
            clock=house.clock,
        )
    except Refusal as no:
        page = FindPage(
            way="code",
            next=wanted,
            contact=contact,
            contact_masked=mask(contact),
            notice=_said(visit, no),
            wrong="code",
        )
        return show(visit, "buyer/find.html", page, status=no.status)
    return _enter(visit, session, wanted or visit.url("orders"))


@post("/{slug:str}/sign-out", status_code=303)
async def leave(visit: FromVisit) -> Redirect:
    """Close the session, here and on the server."""
    if visit.buyer_token:
        async with visit.as_buyer() as tx:
            await sign_out(tx, visit.buyer_token)
    answer = see(visit.url(""))
    answer.cookies.append(drop_cookie(visit.caller, BUYER_COOKIE + visit.platform.slug))
    return answer


def _code_page(visit: Visit, contact: str, wanted: str, made: CodeRequested) -> FindPage:
    shown = made.to_send.code if visit.house.settings.demo and made.to_send else ""
    return FindPage(way="code", next=wanted, contact=contact, contact_masked=mask(contact), demo_code=shown)


async def _deliver(visit: Visit, to_send: CodeToSend) -> None:
    assert visit.house.courier is not None
    await visit.house.courier.deliver(one_time_message(visit.lang, visit.platform, to_send))


def _enter(visit: Visit, session: NewSession, url: str) -> Redirect:
    answer = see(url)
    name = BUYER_COOKIE + visit.platform.slug
    answer.cookies.append(kept_cookie(visit.caller, name, session.token, seconds=int(BUYER_LIFE.total_seconds())))
    return answer


def _next(visit: Visit, wanted: str) -> str:
    return next_url(visit.platform.slug, wanted[:NEXT_MAX])


def _said(visit: Visit, refusal: Refusal) -> Notice:
    return notice_of(visit.lang, refusal)


handlers = (portal, open_order, login, send_code, sign_in, leave)
