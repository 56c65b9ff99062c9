"""The rail's side of its signatures. Written apart from the client's on purpose: a mistake in one shows in the other."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

FRESH_SECONDS = 300
NONCES_MAX = 100_000


def mac(secret: str, *parts: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over the parts and the body, one line each."""
    message = "".join(f"{part}\n" for part in parts).encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def notification_headers(secret: str, body: bytes) -> dict[str, str]:
    """What proves to the merchant that a notification is the rail's."""
    stamp, nonce = str(int(time.time())), secrets.token_hex(16)
    return {
        "content-type": "application/json",
        "rail-timestamp": stamp,
        "rail-nonce": nonce,
        "rail-signature": mac(secret, "NOTIFY", stamp, nonce, body=body),
    }


class Doorkeeper:
    """Lets in requests that carry the merchant's signature, are fresh, and were not seen before."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._seen: dict[str, None] = {}

    def admits(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bool:
        """Whether the request is the merchant's own and new."""
        stamp, nonce = headers.get("rail-timestamp", ""), headers.get("rail-nonce", "")
        wanted = mac(self._secret, method, target, stamp, nonce, body=body)
        if not hmac.compare_digest(wanted, headers.get("rail-signature", "")):
            return False
        if not stamp.isdecimal() or abs(time.time() - int(stamp)) > FRESH_SECONDS or nonce in self._seen:
            return False
        self._seen[nonce] = None
        if len(self._seen) > NONCES_MAX:
            del self._seen[next(iter(self._seen))]
        return True

    def sign(self, status: int, nonce: str, body: bytes) -> dict[str, str]:
        """Headers of an answer; the request's nonce is inside, so an answer cannot be played to another question."""
        stamp = str(int(time.time()))
        return {"rail-timestamp": stamp, "rail-signature": mac(self._secret, str(status), stamp, nonce, body=body)}
