"""What every answer carries: a request id, and headers that tell the browser to trust nothing but this site."""

from __future__ import annotations

import re
import time

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from huiliu.kit.ids import new_id

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "geolocation=(), microphone=(), camera=(self)",
    "cross-origin-opener-policy": "same-origin",
}
TRANSPORT = "max-age=31536000"
REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
SLOW_MS = 1_000

log = structlog.get_logger("huiliu.http")


class Envelope(ASGIMiddleware):
    """Wraps every answer: headers, request id (the proxy's when it is well formed), and one log line when slow or broken."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, *, over_https: bool) -> None:
        self._headers = dict(HEADERS, **({"strict-transport-security": TRANSPORT} if over_https else {}))

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on and dress the answer."""
        request_id = _request_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in self._headers.items():
                    if name not in headers:
                        headers[name] = value
                headers["x-request-id"] = request_id
                spent_ms = round((time.perf_counter() - started) * 1000)
                if message["status"] >= 500 or spent_ms > SLOW_MS:
                    log.warning("answered", path=scope["path"], status=message["status"], ms=spent_ms)
            await send(message)

        await next_app(scope, receive, dressed)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given = value.decode("latin-1")
            return given if REQUEST_ID.fullmatch(given) else new_id().hex
    return new_id().hex
