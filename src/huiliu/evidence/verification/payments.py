"""What a rail can be asked about a payment, and its answers as values. Its own word is the strongest record there is.

Both big rails answer only the merchant that was paid (Alipay alipay.trade.query, WeChat GET
/v3/pay/transactions/id/{transaction_id}), so "no such trade" means: not paid to us.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from huiliu.evidence.inspection.model import StatusCode
from huiliu.kit.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """The rail has this payment to us in its books."""

    trade_no: str
    amount: Money
    paid_at: datetime
    status: StatusCode
    """PAID, or what became of it since."""


@dataclass(frozen=True, slots=True)
class NotOurs:
    """The rail knows no payment to us under this number."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing that can be believed came back: it contradicts nobody and confirms nothing."""

    why: str


Answer: TypeAlias = Paid | NotOurs | Unknown


class PaymentQuery(Protocol):
    """One rail. Safe to repeat; raises nothing for outside trouble."""

    async def payment(self, trade_no: str) -> Answer:
        """Ask whether we were paid under this trade number."""
        ...
