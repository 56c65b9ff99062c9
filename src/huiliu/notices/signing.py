"""How a webhook is signed. Pure, so that a shop can copy these few lines into its own language.

Huiliu-Signature: hex HMAC-SHA256(secret, TIMESTAMP + "." + body), the secret as the text it was shown as.
webhook-signature: the same by the Standard Webhooks specification 1.0 ("v1," + base64), for its ready-made libraries.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix every Standard Webhooks secret begins with
SECRET_BYTES = 32
TOLERANCE_SECONDS = 300
"""How old a timestamp a receiver should still accept."""


def new_secret() -> str:
    """A fresh secret, in the form that Standard Webhooks libraries read."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, *, timestamp: int, body: bytes) -> str:
    """The Huiliu-Signature of a body sent at `timestamp` (seconds since 1970)."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def sign_standard(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The webhook-signature of the same message by the Standard Webhooks specification."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


def headers(secret: str, *, delivery_id: str, event: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Every header of one sending. The delivery's id stays the same through all of its retries."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Huiliu-Webhooks/1",
        "Huiliu-Event": event,
        "Huiliu-Delivery": delivery_id,
        "Huiliu-Timestamp": str(timestamp),
        "Huiliu-Signature": sign(secret, timestamp=timestamp, body=body),
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_standard(secret, message_id=delivery_id, timestamp=timestamp, body=body),
    }
