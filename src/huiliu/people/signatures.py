"""How a machine signs a request. Pure, so that the same few lines can be copied into a shop's own language.

Huiliu-Key:        hl_<platform>_<key id>
Huiliu-Timestamp:  seconds since 1970, within 300 s of the server
Huiliu-Nonce:      16 to 64 of [A-Za-z0-9_-], never used before with this key
Huiliu-Signature:  hex HMAC-SHA256(secret, METHOD \\n PATH[?QUERY] \\n TIMESTAMP \\n NONCE \\n hex SHA-256(body))
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from huiliu.people.errors import SignatureIncomplete, TimestampStale

HEADER_KEY = "Huiliu-Key"
HEADER_TIMESTAMP = "Huiliu-Timestamp"
HEADER_NONCE = "Huiliu-Nonce"
HEADER_SIGNATURE = "Huiliu-Signature"
CLOCK_SKEW_MAX = timedelta(seconds=300)
HEADER_LENGTH_MAX = 200

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SIGNATURE = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class SignedHeaders:
    """The four headers, well formed; whether they are true is another question."""

    key: str
    timestamp: int
    nonce: str
    signature: str


def read_headers(headers: Mapping[str, str]) -> SignedHeaders:
    """Take the four headers, whatever case they are written in. Raises SignatureIncomplete(header)."""
    given = {name.lower(): value for name, value in headers.items()}
    return SignedHeaders(
        key=_header(given, HEADER_KEY, re.compile(r"hl_.+")),
        timestamp=int(_header(given, HEADER_TIMESTAMP, _TIMESTAMP)),
        nonce=_header(given, HEADER_NONCE, _NONCE),
        signature=_header(given, HEADER_SIGNATURE, _SIGNATURE).lower(),
    )


def check_time(signed: SignedHeaders, *, now: datetime) -> None:
    """Raises TimestampStale with how far off it is, so that a wrong clock is found at once."""
    seconds_off = signed.timestamp - int(now.timestamp())
    allowed = int(CLOCK_SKEW_MAX.total_seconds())
    if abs(seconds_off) > allowed:
        raise TimestampStale(seconds_off=seconds_off, seconds_max=allowed)


def sign(secret: str, *, method: str, target: str, timestamp: int, nonce: str, body: bytes) -> str:
    """The signature of a request; `target` is the path and query exactly as sent."""
    signed = f"{method.upper()}\n{target}\n{timestamp}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.new(secret.encode(), signed.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def is_signed_by(secret: str, signed: SignedHeaders, *, method: str, target: str, body: bytes) -> bool:
    """Whether this secret made the signature, compared in constant time."""
    made = sign(secret, method=method, target=target, timestamp=signed.timestamp, nonce=signed.nonce, body=body)
    return hmac.compare_digest(made, signed.signature)


def _header(given: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    value = given.get(name.lower(), "").strip()
    if len(value) > HEADER_LENGTH_MAX or shape.fullmatch(value) is None:
        raise SignatureIncomplete(header=name)
    return value
