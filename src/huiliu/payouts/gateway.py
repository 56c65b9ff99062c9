"""What a payment rail must be able to do, and the answers it can give, as values.

An answer is only what the rail itself said. Timeout, disconnect, 5xx, bad signature or unreadable body is `Unknown`,
never `Declined`: the money may have moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from huiliu.kit.money import Money

TEXT_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """One refund, said the same way however often it is said. `refund_no` never changes for a payout."""

    refund_no: str
    rail_trade_no: str
    rail_order_no: str
    amount: Money
    paid: Money
    reason_words: str


@dataclass(frozen=True, slots=True)
class Echo:
    """Which refund the rail says it is talking about; compared with ours before anything is believed."""

    refund_no: str
    rail_trade_no: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Accepted:
    """受理: the rail has the refund and is working on it."""

    echo: Echo
    rail_refund_no: str = ""


@dataclass(frozen=True, slots=True)
class Reported:
    """通道自报: the answer to the sending call itself claims success. Not proof: a query must say it again."""

    echo: Echo
    rail_refund_no: str = ""
    arrived_to: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """已核实: a query or a signed notification says the money went back."""

    echo: Echo
    rail_refund_no: str = ""
    arrived_to: str = ""


@dataclass(frozen=True, slots=True)
class Declined:
    """The rail's own, readable 'no'. `retriable`: the same number may be sent again later without a person."""

    code: str
    words: str
    retriable: bool


@dataclass(frozen=True, slots=True)
class NotReceived:
    """The rail has never heard of this refund number: the only licence to send it again after an unknown."""


@dataclass(frozen=True, slots=True)
class Bounced:
    """The money went out and came back (account closed, card cancelled)."""

    echo: Echo
    words: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing that can be believed came back."""

    why: str


Result: TypeAlias = Accepted | Reported | Verified | Declined | NotReceived | Bounced | Unknown


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification whose signature is right. `id` is the rail's own, the same when it repeats itself."""

    id: str
    refund_no: str
    result: Result
    at: datetime


class NotificationReader(Protocol):
    """What checks that a notification is a rail's own; needs the rail's secret and no connection to it."""

    def read_notification(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notification | None:
        """The notification, or None when it is forged, stale or unreadable. Header names are lower-case."""
        ...


class Gateway(NotificationReader, Protocol):
    """One rail. Every method is safe to repeat with the same refund number and raises nothing for outside trouble.

    Texts in an answer are cleaned by the gateway: at most TEXT_CHARS_MAX characters, none of them a control character.
    """

    async def send(self, order: RefundOrder) -> Result:
        """Ask the rail to pay back. Never answers Verified: its success is only Reported."""
        ...

    async def query(self, order: RefundOrder) -> Result:
        """Ask what became of the refund number. Only the refund's own fate is Declined; a refused question is Unknown."""
        ...


def clean(text: str) -> str:
    """A rail's words made safe to keep and to show: a NUL would be refused by the database and lose a real answer."""
    return "".join(c for c in text[:TEXT_CHARS_MAX] if c.isprintable()).strip()


def mismatch(order: RefundOrder, result: Result) -> tuple[str, ...]:
    """What the rail's answer says differently from what was ordered; anything here is for a person, never a success."""
    match result:
        case Accepted(echo=echo) | Reported(echo=echo) | Verified(echo=echo) | Bounced(echo=echo):
            pairs = (
                ("refund_no", echo.refund_no == order.refund_no),
                ("rail_trade_no", echo.rail_trade_no == order.rail_trade_no),
                ("amount", echo.amount.amount_minor == order.amount.amount_minor),
                ("currency", echo.amount.currency == order.amount.currency),
            )
            return tuple(name for name, is_equal in pairs if not is_equal)
        case Declined() | NotReceived() | Unknown():
            return ()
