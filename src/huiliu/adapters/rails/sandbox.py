"""The sandbox rail's client: signed JSON over HTTP, every trouble on the way turned into a value.

It believes an answer only when the signature is right and names the request's own nonce; anything else is Unknown.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Meta

from huiliu.evidence.inspection.model import StatusCode
from huiliu.evidence.verification import payments
from huiliu.kit.db import utc_now
from huiliu.kit.money import Money
from huiliu.payouts.gateway import (
    Accepted,
    Bounced,
    Declined,
    Echo,
    Notification,
    NotReceived,
    RefundOrder,
    Reported,
    Result,
    Unknown,
    Verified,
    clean,
)

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
"""After this a call's fate is unknown; well inside the worker's lease."""
FRESH_SECONDS = 300
BODY_BYTES_MAX = 64_000
REASON_CHARS_MAX = 80

RETRIABLE = frozenset({"FREQUENCY_LIMITED", "SYSTEM_BUSY"})
"""Refusals that pass by themselves."""
IN_DOUBT = frozenset({"SYSTEM_ERROR", "DISCORDANT_REPEAT_REQUEST", "SIGN_ERROR", "NO_SUCH_INTERFACE"})
"""Codes that do not say what became of the refund: ask. DISCORDANT means that something exists under our number."""


class _Refund(msgspec.Struct, frozen=True, kw_only=True):
    refund_no: str
    rail_refund_no: str
    trade_no: str
    amount: int
    currency: str
    state: Literal["PROCESSING", "SUCCESS", "FAILED", "BOUNCED"]
    arrived_to: str = ""
    fail_code: str = ""
    event_id: str = ""


class _Payment(msgspec.Struct, frozen=True, kw_only=True):
    trade_no: str
    amount: Annotated[int, Meta(ge=1)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    paid_at: Annotated[int, Meta(ge=0, le=4_102_444_800)]
    state: Literal["SUCCESS", "REFUND"]


class _Error(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str


_Says = TypeVar("_Says", _Refund, _Payment)


class SandboxSeal:
    """The secret shared with the rail: signs requests, and believes only what the rail signed."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def read_notification(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notification | None:
        """The notification, or None when it is forged, stale or unreadable."""
        stamp, nonce = headers.get("rail-timestamp", ""), headers.get("rail-nonce", "")
        if not self.is_signed(headers.get("rail-signature", ""), "NOTIFY", stamp, nonce, body=body):
            return None
        if not _is_fresh(stamp, now):
            return None
        try:
            says = msgspec.json.decode(body, type=_Refund)
        except msgspec.MsgspecError:
            return None
        return Notification(clean(says.event_id), clean(says.refund_no), _fate(says), now)

    def mac(self, *parts: str, body: bytes) -> str:
        """Hex HMAC-SHA256 over the parts and the body, one line each."""
        message = "\n".join(parts).encode() + b"\n" + body
        return hmac.new(self._secret.encode(), message, hashlib.sha256).hexdigest()

    def is_signed(self, signature: str, *parts: str, body: bytes) -> bool:
        """Whether the signature is the one that the secret makes."""
        # As bytes: compare_digest refuses a header that is not ASCII with an exception.
        return hmac.compare_digest(self.mac(*parts, body=body).encode(), signature.encode())


class SandboxGateway:
    """One sandbox rail at one address. Keeps no state but the shared HTTP client's connections."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        url: str,
        secret: str,
        notify_url: str = "",
        total_seconds: float = TOTAL_SECONDS,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._seal = SandboxSeal(secret)
        self._notify_url = notify_url
        self._total_seconds = total_seconds
        self._clock = clock

    async def send(self, order: RefundOrder) -> Result:
        """Ask for the refund. A success in the answer is only Reported."""
        answer = await self._call(
            "POST",
            "/refunds",
            msgspec.json.encode(
                {
                    "refund_no": order.refund_no,
                    "trade_no": order.rail_trade_no,
                    "amount": order.amount.amount_minor,
                    "total": order.paid.amount_minor,
                    "currency": order.amount.currency,
                    "reason": order.reason_words[:REASON_CHARS_MAX],
                    "notify_url": self._notify_url,
                }
            ),
            kind=_Refund,
        )
        match answer:
            case _Refund(state="SUCCESS"):
                return Reported(_echo(answer), clean(answer.rail_refund_no), clean(answer.arrived_to))
            case _Refund():
                return _fate(answer)
            case _Error() if answer.code in IN_DOUBT:
                return Unknown(f"{clean(answer.code)}: {clean(answer.message)}")
            case _Error():
                return Declined(clean(answer.code), clean(answer.message), answer.code in RETRIABLE)
            case Unknown():
                return answer

    async def query(self, order: RefundOrder) -> Result:
        """Ask what became of the refund number."""
        answer = await self._call("GET", f"/refunds/{quote(order.refund_no, safe='')}", b"", kind=_Refund)
        match answer:
            case _Refund():
                return _fate(answer)
            case _Error(code="RESOURCE_NOT_EXISTS"):
                return NotReceived()
            case _Error():
                return Unknown(f"{clean(answer.code)}: {clean(answer.message)}")
            case Unknown():
                return answer

    async def payment(self, trade_no: str) -> payments.Answer:
        """Ask whether this merchant was paid under a trade number; an answer about another number is no answer."""
        answer = await self._call("GET", f"/payments/{quote(trade_no, safe='')}", b"", kind=_Payment)
        match answer:
            case _Payment() if answer.trade_no != trade_no:
                return payments.Unknown("the answer is about another payment")
            case _Payment():
                return payments.Paid(
                    trade_no=trade_no,
                    amount=Money(answer.amount, answer.currency),
                    paid_at=datetime.fromtimestamp(answer.paid_at, UTC),
                    status=StatusCode.REFUNDED if answer.state == "REFUND" else StatusCode.PAID,
                )
            case _Error(code="TRADE_NOT_EXIST"):
                return payments.NotOurs()
            case _Error():
                return payments.Unknown(f"{clean(answer.code)}: {clean(answer.message)}")
            case Unknown():
                return payments.Unknown(answer.why)

    def read_notification(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notification | None:
        """The notification, or None when it is forged, stale or unreadable."""
        return self._seal.read_notification(headers, body, now=now)

    async def _call(self, method: str, path: str, body: bytes, *, kind: type[_Says]) -> _Says | _Error | Unknown:
        stamp, nonce = str(int(self._clock().timestamp())), secrets.token_hex(16)
        headers = {
            "content-type": "application/json",
            "rail-timestamp": stamp,
            "rail-nonce": nonce,
            "rail-signature": self._seal.mac(method, path, stamp, nonce, body=body),
        }
        try:
            async with asyncio.timeout(self._total_seconds):
                request = self._client.build_request(
                    method,
                    self._url + path,
                    content=body,
                    headers=headers,
                    timeout=httpx.Timeout(self._total_seconds, connect=min(CONNECT_SECONDS, self._total_seconds)),
                )
                answer = await self._client.send(request, stream=True)
                try:
                    content = await _read(answer)
                finally:
                    await answer.aclose()
        except TimeoutError:
            return Unknown(f"no answer within {self._total_seconds:g} s")
        except httpx.HTTPError as error:
            return Unknown(f"{type(error).__name__} on the way")
        return self._believe(answer, content, nonce, kind=kind)

    def _believe(
        self, answer: httpx.Response, content: bytes, nonce: str, *, kind: type[_Says]
    ) -> _Says | _Error | Unknown:
        status = str(answer.status_code)
        stamp, signature = answer.headers.get("rail-timestamp", ""), answer.headers.get("rail-signature", "")
        if answer.is_server_error:
            return Unknown(f"HTTP {status}")
        if not self._seal.is_signed(signature, status, stamp, nonce, body=content):
            return Unknown(f"HTTP {status} without the rail's signature")
        try:
            return msgspec.json.decode(content, type=kind if answer.is_success else _Error)
        except msgspec.MsgspecError as error:
            return Unknown(f"HTTP {status}, unreadable: {clean(str(error))}")


async def _read(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > BODY_BYTES_MAX:
            raise httpx.DecodingError("the answer is too long")
    return content


def _fate(says: _Refund) -> Result:
    echo = _echo(says)
    match says.state:
        case "PROCESSING":
            return Accepted(echo, clean(says.rail_refund_no))
        case "SUCCESS":
            return Verified(echo, clean(says.rail_refund_no), clean(says.arrived_to))
        case "FAILED":
            return Declined(clean(says.fail_code) or "FAILED", "", False)
        case "BOUNCED":
            return Bounced(echo, clean(says.fail_code))


def _echo(says: _Refund) -> Echo:
    return Echo(says.refund_no, says.trade_no, Money(says.amount, says.currency))


def _is_fresh(stamp: str, now: datetime) -> bool:
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= len("99999999999")):
        return False
    return abs((now - datetime.fromtimestamp(int(stamp), UTC)).total_seconds()) <= FRESH_SECONDS
