"""Identifiers: time-ordered keys for machines, short checked numbers for people."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

SHANGHAI = ZoneInfo("Asia/Shanghai")
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0/O and no 1/I: these numbers are read out over the telephone."""

RANDOM_DIGITS = 8


def new_id() -> UUID:
    """A UUIDv7: ordered by time, so index pages stay hot."""
    return uuid7()


def new_claim_no(now: datetime) -> str:
    """RF + date + 8 random digits, e.g. RF261123K7M3QX2P. Reads aloud, sorts by day, cannot be guessed."""
    return f"RF{now.astimezone(SHANGHAI):%y%m%d}{_random(RANDOM_DIGITS)}"


def refund_no(payout_id: UUID) -> str:
    """The one number a rail ever hears for a payout: a function of its id, so no retry can make another.

    35 characters of [0-9a-zA-Z]: within WeChat Pay's 1-64 and over epay's silently ignored <=5.
    """
    return f"HLR{payout_id.hex}"


def _random(length: int) -> str:
    # One draw for all digits: 32 letters are 5 of each byte's 8 bits, so every digit is equally likely.
    return "".join(ALPHABET[byte & 31] for byte in secrets.token_bytes(length))
