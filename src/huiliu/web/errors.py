"""Every 'no' and every bug as a page in the reader's language."""

from __future__ import annotations

import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from huiliu.kit.errors import Invalid, NotFound, Refusal, SignInFirst
from huiliu.web.form import HttpRequest
from huiliu.web.page import Notice, RefusalPage, notice_of, see, show_plain
from huiliu.web.visit import caller_of

log = structlog.get_logger("huiliu.web")


class TooLarge(Refusal):
    """More was sent than this page takes."""

    code = "web.too_large"
    status = 413


class WrongMethod(Refusal):
    """This address is not opened that way: usually a form's address opened as a page."""

    code = "web.wrong_method"
    status = 405


class Broken(Refusal):
    """A bug of ours; nothing was changed."""

    code = "web.broken"
    status = 500


HTTP_REFUSALS: dict[int, type[Refusal]] = {404: NotFound, 405: WrongMethod, 413: TooLarge}


def answer_refusal(request: HttpRequest, refusal: Refusal) -> Response[bytes] | Redirect:
    """A refusal that no form showed; 'sign in first' leads to where one can."""
    caller = caller_of(request)
    if isinstance(refusal, SignInFirst):
        slug = request.url.path.split("/")[1]
        door = f"/{slug}/desk/login" if request.url.path.startswith(f"/{slug}/desk") else f"/{slug}/"
        wanted = caller.here if request.method == "GET" else ""
        return see(f"{door}?{_query(wanted)}" if wanted else door)
    return _page(request, refusal.status, notice_of(caller.lang, refusal))


def answer_http(request: HttpRequest, error: HTTPException) -> Response[bytes]:
    """What the HTTP layer itself refuses: no such address, wrong method, too large, unreadable."""
    refusal = HTTP_REFUSALS.get(error.status_code)
    if refusal is None and error.status_code < 500:
        refusal = Unreadable
    if refusal is None:
        return answer_bug(request, error)
    return _page(request, error.status_code, notice_of(caller_of(request).lang, refusal()))


class Unreadable(Invalid):
    """The request does not follow the rules of HTTP or of this page."""

    code = "web.unreadable"
    status = 400


def answer_bug(request: HttpRequest, error: Exception) -> Response[bytes]:
    """Something we did not foresee. It is logged with its request id, which the page shows."""
    log.error("bug", path=request.url.path, method=request.method, exc_info=error)
    return _page(request, 500, notice_of(caller_of(request).lang, Broken()))


def _page(request: HttpRequest, status: int, notice: Notice) -> Response[bytes]:
    caller = caller_of(request)
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    home = f"/{caller.platform.slug}/" if caller.platform else "/"
    back = f"{home}desk/" if caller.here.startswith(f"{home}desk/") else home
    page = RefusalPage(status, notice, str(request_id), back)
    return show_plain(caller, "refusal.html", page, status=status)


def _query(wanted: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"next": wanted})
