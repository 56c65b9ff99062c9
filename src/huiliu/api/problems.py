"""Every 'no' as problem+json (RFC 9457) in the reader's language. A bug is opaque: the words of it stay in the log."""

from __future__ import annotations

import msgspec
import psycopg
import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from psycopg_pool import PoolTimeout

from huiliu.api.context import ApiRequest, lang_of
from huiliu.api.errors import BodyTooLarge, Broken, Busy, NoSuchRoute, Unreadable, WrongMethod
from huiliu.kit.errors import Fact, Refusal
from huiliu.kit.ids import new_id
from huiliu.kit.text import Lang, has_words, refusal_words, say

PROBLEM_TYPE = "application/problem+json"
PROBLEM_PATH = "/api/problems/"
BUSY_SECONDS = 1

log = structlog.get_logger("huiliu.api")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong (title), what to do next (detail), and the same for machines (code, facts)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    facts: dict[str, str | int | bool | None]
    request_id: str


def answer_refusal(request: ApiRequest, refusal: Refusal) -> Response[bytes]:
    """A refusal by its own status and words."""
    return _respond(request, refusal)


def answer_http(request: ApiRequest, error: HTTPException) -> Response[bytes]:
    """What the HTTP layer itself refuses, in the same shape."""
    match error.status_code:
        case 404:
            return _respond(request, NoSuchRoute())
        case 405:
            allow = {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}
            return _respond(request, WrongMethod(method=request.method), headers=allow)
        case 413:
            return _respond(request, BodyTooLarge(most=body_max(request)))
        case status if status < 500:
            return _respond(request, Unreadable())
        case _:
            return answer_bug(request, error)


def answer_bug(request: ApiRequest, error: Exception) -> Response[bytes]:
    """What nobody foresaw: logged with its request id, which is all that the caller is told."""
    if isinstance(error, psycopg.OperationalError | PoolTimeout):
        # A lock or statement that took too long, a database that restarts: the same request may well succeed later.
        log.warning("busy", path=request.url.path, method=request.method, problem=type(error).__name__)
        return _respond(request, Busy(retry_after=BUSY_SECONDS))
    request_id = request_id_of(request)
    log.error("bug", path=request.url.path, method=request.method, request_id=request_id, exc_info=error)
    return _respond(request, Broken())


def answer_any(request: ApiRequest, error: Exception) -> Response[bytes]:
    """Whatever was raised outside of the API's own router: by routing itself, for an address below /api."""
    if isinstance(error, Refusal):
        return answer_refusal(request, error)
    return answer_http(request, error) if isinstance(error, HTTPException) else answer_bug(request, error)


def request_id_of(request: ApiRequest) -> str:
    """The id that the log and the answer's X-Request-Id carry."""
    known = structlog.contextvars.get_contextvars().get("request_id")
    if isinstance(known, str) and known:
        return known
    made: str = request.state.setdefault("request_id", new_id().hex)
    return made


def body_max(request: ApiRequest) -> int:
    """How many bytes this route takes; 0 when it is no route."""
    limit = request.route_handler.resolve_request_max_body_size() if "route_handler" in request.scope else 0
    return limit or 0


def words_of(lang: Lang, refusal: Refusal) -> tuple[str, str]:
    """Title and detail. A field's problem has words of its own, which stand inside the sentence."""
    problem = refusal.facts.get("problem")
    if refusal.code != "api.field_bad" or not isinstance(problem, str):
        return refusal_words(lang, refusal)
    key = f"api.field.{problem}" if has_words(f"api.field.{problem}") else "api.field.other"
    said = say(lang, key, **{"given": "", "wanted": "", "bound": "", **refusal.facts})
    spoken = Refusal(**{**refusal.facts, "problem": said})
    return _with_code(lang, spoken, refusal.code)


def _with_code(lang: Lang, refusal: Refusal, code: str) -> tuple[str, str]:
    feature, _, what = code.rpartition(".")
    facts = refusal.facts
    return say(lang, f"{feature}.errors.{what}.title", **facts), say(lang, f"{feature}.errors.{what}.next", **facts)


def _respond(request: ApiRequest, refusal: Refusal, *, headers: dict[str, str] | None = None) -> Response[bytes]:
    lang = lang_of(request.headers.get("accept-language", ""))
    title, detail = words_of(lang, refusal)
    request_id = request_id_of(request)
    facts: dict[str, Fact] = dict(refusal.facts)
    problem = Problem(
        type=PROBLEM_PATH + refusal.code,
        title=title,
        status=refusal.status,
        detail=detail,
        code=refusal.code,
        facts=facts,
        request_id=request_id,
    )
    sent = {"Content-Language": lang.value, "Vary": "Accept-Language", "X-Request-Id": request_id, **(headers or {})}
    if refusal.status == 401:
        sent["WWW-Authenticate"] = 'Bearer realm="huiliu"'
    if isinstance(seconds := facts.get("retry_after"), int):
        sent["Retry-After"] = str(max(1, seconds))
    content = msgspec.json.encode(problem)
    return Response(content, status_code=refusal.status, media_type=PROBLEM_TYPE, headers=sent)
