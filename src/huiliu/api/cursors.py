"""Where a page of a list ended, as one opaque word."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from huiliu.api.errors import CursorBad

CURSOR_MAX = 120


class _Place(msgspec.Struct, frozen=True, array_like=True):
    at: datetime
    id: UUID


def encode_cursor(at: datetime, row_id: UUID) -> str:
    """The place after this row."""
    return base64.urlsafe_b64encode(msgspec.json.encode(_Place(at, row_id))).decode().rstrip("=")


def decode_cursor(text: str | None) -> tuple[datetime, UUID] | None:
    """The place a cursor stands for; None for no cursor. Raises CursorBad."""
    if not text:
        return None
    if len(text) > CURSOR_MAX or not text.isascii():
        raise CursorBad
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=_Place)
    except (binascii.Error, ValueError):  # msgspec's and the codec's errors are ValueErrors
        raise CursorBad from None
    return (place.at if place.at.tzinfo else place.at.replace(tzinfo=UTC)), place.id
