"""The whole API as one router: its operations, its document, and what its problems mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import msgspec
from litestar import Response, Router, get, route
from litestar.exceptions import HTTPException

from huiliu.api import claims, orders, policies, refunds, webhooks
from huiliu.api.context import ApiHouse, ApiRequest, lang_of
from huiliu.api.errors import NoSuchRoute
from huiliu.api.openapi import document
from huiliu.api.operation import Operation
from huiliu.api.problems import answer_any, answer_bug, answer_http, answer_refusal
from huiliu.api.rails import rail_notifications
from huiliu.api.serving import handler_of
from huiliu.kit.errors import Refusal, all_refusals
from huiliu.kit.text import Lang, refusal_words
from huiliu.payouts.gateway import NotificationReader

OPERATIONS: tuple[Operation, ...] = (
    *orders.OPERATIONS,
    *refunds.OPERATIONS,
    *claims.OPERATIONS,
    *policies.OPERATIONS,
    *webhooks.OPERATIONS,
)
CODE_MAX = 80
NO_RAILS: Mapping[str, NotificationReader] = MappingProxyType({})


def api_router(house: ApiHouse, *, rails: Mapping[str, NotificationReader] = NO_RAILS) -> Router:
    """Everything under /api, ready to be mounted beside the pages. `rails`: whose notifications are taken in."""
    told = rail_notifications(house.pool, rails, pace=house.settings.payout_pace, clock=house.clock)
    v1 = Router("/v1", route_handlers=[*(handler_of(house, operation) for operation in OPERATIONS), told])
    return Router(
        "/api",
        route_handlers=[v1, openapi_json, problem_page, nothing_here],
        exception_handlers={Refusal: answer_refusal, HTTPException: answer_http, Exception: answer_bug},
        include_in_schema=False,
    )


def is_api(request: ApiRequest) -> bool:
    """Whether an address belongs to the API, for errors that routing raises before any router is reached."""
    path = request.scope["path"]
    return path == "/api" or path.startswith("/api/")


__all__ = ["OPERATIONS", "answer_any", "api_router", "is_api"]


@get("/openapi.json")
async def openapi_json(request: ApiRequest) -> Response[bytes]:
    """The document, in the reader's language; open to everybody, as it tells nothing of any platform."""
    lang = lang_of(request.headers.get("accept-language", ""))
    headers = {"Content-Language": lang.value, "Vary": "Accept-Language", "Cache-Control": "public, max-age=300"}
    return Response(_document(lang), media_type="application/json", headers=headers)


class ProblemPage(msgspec.Struct, frozen=True):
    """What a problem's code means, in both languages."""

    code: str
    status: int
    words: dict[str, dict[str, str]]


@get("/problems/{code:str}")
async def problem_page(request: ApiRequest) -> Response[bytes]:
    """The page that a problem's `type` points to. Raises NoSuchRoute."""
    code = str(request.path_params["code"])[:CODE_MAX]
    kind = _refusals().get(code)
    if kind is None:
        raise NoSuchRoute
    words: dict[str, dict[str, str]] = {}
    for lang in Lang:
        title, detail = refusal_words(lang, kind())
        words[lang.value] = {"title": title, "detail": detail}
    return Response(msgspec.json.encode(ProblemPage(code, kind.status, words)), media_type="application/json")


@route("/{rest:path}", http_method=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def nothing_here(request: ApiRequest) -> Response[bytes]:
    """Every other address below /api: a page of the web would answer in HTML."""
    raise NoSuchRoute


@cache
def _document(lang: Lang) -> bytes:
    return msgspec.json.encode(document(OPERATIONS, lang))


def _refusals() -> dict[str, type[Refusal]]:
    return {kind.code: kind for kind in all_refusals()}
