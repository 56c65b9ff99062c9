"""Where a page of orders ends, as an opaque word. It grants nothing: every page is confined to its viewer anyway."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from uuid import UUID

from huiliu.kit.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = b"\x01"
_LENGTH = 1 + 8 + 16
_MICROSECONDS_MAX = 253_402_300_799_000_000  # the end of the year 9999


def encode_cursor(at: datetime, order_id: UUID) -> str:
    """The place just after this order, newest first."""
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    packed = _VERSION + microseconds.to_bytes(8, "big") + order_id.bytes
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    """(time, order id) of a cursor. Raises Invalid for anything that `encode_cursor` did not write."""
    try:
        packed = base64.b64decode(cursor.encode("ascii") + b"==", altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Invalid(field="cursor", problem="unreadable") from None
    microseconds = int.from_bytes(packed[1:9], "big")
    if len(packed) != _LENGTH or packed[:1] != _VERSION or microseconds > _MICROSECONDS_MAX:
        raise Invalid(field="cursor", problem="unreadable")
    return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=packed[9:])
