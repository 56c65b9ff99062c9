"""What identifies a payment in a picture, so that showing it twice is noticed under any crop, photograph or recompression.

A key is a keyed hash: equal things of one platform are equal, and the table that keeps keys is no list of trade numbers.
It is kept as its kind, the 32 bytes, `is_own`, and whose file it was; an index on (platform, digest) finds its twins.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from huiliu.evidence.inspection.model import Expected, FieldName, FieldRead
from huiliu.kit.keyring import Keyring

KEYS_MAX = 8
"""More keys than one file can have."""
TRADE_NO_LENGTH_MIN = 16
ORDER_NO_LENGTH_MIN = 6
"""A shorter number is not specific enough to say that two pictures show one thing."""
ACCOUNT_LENGTH_MIN = 4
"""Visible characters an account needs: of a masked one, too many people share what is left."""
MINUTE_LENGTH = len("2026-11-23T10:03")
HIDDEN = "*"


class KeyKind(StrEnum):
    """What two files have in common. Words in evidence_reuse.toml."""

    TRADE_NO = "trade_no"
    """The rail's own number of the payment."""
    ORDER_NO = "order_no"
    PAYMENT = "payment"
    """Amount, time to the minute, and account."""
    ORIGINAL = "original"
    """The very bytes that were uploaded."""
    SHOWN = "shown"
    """The very pixels, whatever the container said."""
    NEAR = "near"
    """Never kept as a key: a camera photo or frame that looks the same, found by `near`."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key of one file. `is_own`: the records of the claim's own order say that this number is theirs."""

    kind: KeyKind
    digest: bytes
    is_own: bool = False


def keys(
    fields: Iterable[FieldRead],
    *,
    original_sha256: bytes,
    shown_sha256: bytes,
    platform_id: int,
    keyring: Keyring,
    expected: Expected | None = None,
) -> tuple[Key, ...]:
    """Every key of one file, in order of strength. `expected` are the records of the claim's own order.

    The trade and order numbers of the claim's own order are kept too: they convict whoever shows them elsewhere.
    """
    read = {field.name: field.value for field in fields}
    known = expected or Expected()
    found = [
        (KeyKind.TRADE_NO, _number(read.get(FieldName.TRADE_NO), TRADE_NO_LENGTH_MIN), _normal(known.trade_no or "")),
        (KeyKind.ORDER_NO, _number(read.get(FieldName.ORDER_NO), ORDER_NO_LENGTH_MIN), _normal(known.order_no or "")),
        (KeyKind.PAYMENT, payment_text(read), ""),
        (KeyKind.ORIGINAL, original_sha256.hex(), ""),
        (KeyKind.SHOWN, shown_sha256.hex(), ""),
    ]
    return tuple(
        Key(kind=kind, digest=digest(keyring, platform_id, kind=kind, value=value), is_own=value == own)
        for kind, value, own in found
        if value
    )


def digest(keyring: Keyring, platform_id: int, *, kind: KeyKind, value: str) -> bytes:
    """The 32 bytes under which a normal form is kept: no two platforms and no two kinds share one."""
    return keyring.fingerprint(value, context=f"evidence.key:{platform_id}:{kind.value}")


def payment_text(read: dict[FieldName, str]) -> str:
    """The normal form of (amount, time, account), empty when what was read is not specific enough.

    The payee does not do for the account: it is the platform itself, paid one of few prices many times a minute, and a
    stranger's receipt without its numbers is contradicted by the time of this order's payment anyway.
    """
    amount, paid_at = read.get(FieldName.AMOUNT, ""), _instant(read.get(FieldName.PAID_AT, ""))
    account = _normal(read.get(FieldName.ACCOUNT, ""))
    if not amount or paid_at is None or len(account.replace(HIDDEN, "")) < ACCOUNT_LENGTH_MIN:
        return ""
    return f"{amount}|{paid_at.isoformat(timespec='minutes')}|{account}"


def _number(value: str | None, length_min: int) -> str:
    number = _normal(value or "")
    return number if len(number) >= length_min else ""


def _normal(text: str) -> str:
    """One form of what is printed in several: full-width digits, spaces, hyphens, small letters."""
    wide = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in wide if letter.isalnum() or letter == HIDDEN)


def _instant(text: str) -> datetime | None:
    """A day alone says nothing: every platform is paid the same amount twice a day."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if len(text) >= MINUTE_LENGTH else None
    except (ValueError, OverflowError):
        return None
