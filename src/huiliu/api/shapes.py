"""What several routes speak of. Amounts are whole minor units (fen), times ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from huiliu.kit.money import AMOUNT_MINOR_MAX, Money

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
WORDS_MAX = 2000

OrderNo: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, description="The platform's own order number.")]
LineNo: TypeAlias = Annotated[int, Meta(ge=1, le=50, description="Which line of the order, from 1.")]
AmountMinor: TypeAlias = Annotated[int, Meta(ge=1, le=AMOUNT_MINOR_MAX, description="Minor units: 1234 is 12.34.")]
Currency: TypeAlias = Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$", description="ISO 4217.")]
Words: TypeAlias = Annotated[str, Meta(max_length=WORDS_MAX)]
Version: TypeAlias = Annotated[
    int, Meta(ge=1, le=2**31 - 1, description="The version you read; a claim that changed since is refused.")
]
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=LIMIT_MAX)]
Cursor: TypeAlias = Annotated[str, Meta(max_length=200, description="next_cursor of the page before.")]
Slot: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40)]


class MoneyOut(msgspec.Struct, frozen=True):
    """An amount."""

    amount_minor: int
    currency: str


class ByOut(msgspec.Struct, frozen=True):
    """Who did something: buyer, staff, machine or system, by the name the timeline shows."""

    kind: str
    name: str


class EventOut(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a claim; `seq` counts from 1 within the claim."""

    seq: int
    at: datetime
    kind: str
    by: ByOut
    facts: dict[str, object]


def money_out(money: Money) -> MoneyOut:
    """Money as it goes over the wire."""
    return MoneyOut(money.amount_minor, money.currency)


def utc(at: datetime | None) -> datetime | None:
    """A time as it goes over the wire: working-day deadlines are made in Shanghai's."""
    return None if at is None else at.astimezone(UTC)
