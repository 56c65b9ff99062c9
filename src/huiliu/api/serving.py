"""From a route's value to a handler: who calls and with which key, may they, then the route's own work."""

from __future__ import annotations

import re
from collections.abc import Mapping

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from huiliu.api.context import ApiHouse, ApiRequest, Call, Mark, lang_of, request_hash
from huiliu.api.errors import KeyBad, KeyMissing, KeyNeeded, NotJson
from huiliu.api.operation import Once, Operation
from huiliu.kit.errors import NotFound
from huiliu.kit.idempotency import KEY_MAX
from huiliu.people.model import ApiKey, require_scope
from huiliu.people.signatures import HEADER_KEY, HEADER_SIGNATURE

PARAM_MAX = 128

_JSON = re.compile(r'application/json(\s*;\s*charset\s*=\s*"?utf-?8"?)?\s*', re.IGNORECASE)
_KEY = re.compile(rf"[!-~]{{1,{KEY_MAX}}}")
_PARAM = re.compile(r"\{(\w+)\}")


def handler_of(house: ApiHouse, operation: Operation) -> HTTPRouteHandler:
    """The Litestar handler of one operation."""

    async def serve(request: ApiRequest) -> Response[bytes]:
        made = await operation.run(await open_call(house, operation, request))
        headers = {"Idempotent-Replayed": "true"} if made.is_replay else {}
        return Response(made.content, status_code=made.status, media_type="application/json", headers=headers)

    return HTTPRouteHandler(
        _PARAM.sub(r"{\1:str}", operation.path),
        http_method=operation.method,
        status_code=operation.status,
        name=operation.id,
        operation_id=operation.id,
        request_max_body_size=operation.body_max,
        include_in_schema=False,  # the document is made from the operations themselves
    )(serve)


async def open_call(house: ApiHouse, operation: Operation, request: ApiRequest) -> Call:
    """The call, once its key, scope, media type and idempotency key are in order.

    Raises KeyMissing, KeyInvalid, Signature…, ScopeMissing, NotJson, KeyNeeded, KeyBad, NotFound.
    """
    raw = await request.body() if request.method != "GET" else b""
    target = target_of(request)
    key = await _key_of(house, request, target, raw)
    require_scope(key, operation.scope)
    if operation.takes is not None and raw:
        _check_media_type(request)
    return Call(
        house=house,
        operation_id=operation.id,
        key=key,
        lang=lang_of(request.headers.get("accept-language", "")),
        params=_params(request.path_params),
        query_pairs=tuple(request.query_params.multi_items()),
        raw=raw,
        mark=_mark(operation, request, target, raw),
    )


def target_of(request: ApiRequest) -> str:
    """Path and query exactly as sent: what a signature covers."""
    raw_path = request.scope["raw_path"] if "raw_path" in request.scope else request.scope["path"].encode()
    query = request.scope["query_string"]
    return (raw_path.partition(b"?")[0] + (b"?" + query if query else b"")).decode("utf-8", "surrogateescape")


async def _key_of(house: ApiHouse, request: ApiRequest, target: str, raw: bytes) -> ApiKey:
    headers = request.headers
    if HEADER_SIGNATURE.lower() in headers or HEADER_KEY.lower() in headers:
        return await house.gate.signed(dict(headers.items()), method=request.method, target=target, body=raw)
    authorization = headers.get("authorization", "")
    if not authorization:
        raise KeyMissing
    return await house.gate.bearer(authorization)


def _check_media_type(request: ApiRequest) -> None:
    """JSON is UTF-8 by its standard: a body declared as anything else is not guessed at."""
    given = request.headers.get("content-type", "")
    if _JSON.fullmatch(given.strip()) is None:
        raise NotJson(given=given[:60] if given.isprintable() else "?")


def _params(given: Mapping[str, object]) -> dict[str, str]:
    """Path parameters as text; one that no number here could be names nothing."""
    params = {name: str(value) for name, value in given.items()}
    if any(len(value) > PARAM_MAX or not value.isprintable() for value in params.values()):
        raise NotFound
    return params


def _mark(operation: Operation, request: ApiRequest, target: str, raw: bytes) -> Mark | None:
    if operation.once is Once.IGNORED:
        return None
    key = request.headers.get("idempotency-key")
    if key is None:
        if operation.once is Once.REQUIRED:
            raise KeyNeeded
        return None
    if _KEY.fullmatch(key) is None:
        raise KeyBad(most=KEY_MAX)
    return Mark(key, request_hash(method=request.method, target=target, body=raw))
