"""Honest bills of a test's orders, and the rail's books that confirm them."""

from __future__ import annotations

from datetime import timedelta

from huiliu.evidence.inspection.model import StatusCode
from huiliu.evidence.verification.payments import Paid
from huiliu.kit.money import Money
from tests.conftest import NOW
from tests.make.orders import OrderIds
from tests.worker.conftest import TRADE_NO, House

PAID_AT = NOW - timedelta(minutes=29)


def bill(made: OrderIds, **over: str) -> dict[str, str]:
    """What an honest Alipay bill of this order shows."""
    fields = {
        "amount": f"{made.paid_minor / 100:.2f}",
        "trade_no": TRADE_NO,
        "order_no": f"P{made.order_no}",
        "paid_at": "2026-11-23T09:31:00+08:00",
        "status": "paid",
    }
    return fields | over


def paid(house: House, amount_minor: int = 100_00, *, trade_no: str = TRADE_NO) -> None:
    """The rail has the payment in its books."""
    house.books.payments[trade_no] = Paid(
        trade_no=trade_no, amount=Money(amount_minor), paid_at=PAID_AT, status=StatusCode.PAID
    )


async def own_trade(house: House, number: int) -> tuple[OrderIds, str]:
    """An order with a trade number that no other test uses."""
    trade_no = f"20261123220014{number:014d}"
    return await house.bought(rail_trade_no=trade_no), trade_no
