"""From a decision to a payout instruction: reserve on the order, reserve in the ledger, write down what the worker will send."""

from __future__ import annotations

from uuid import UUID

from huiliu.claims.case import Case
from huiliu.journal.model import Entry
from huiliu.kit.db import Tx
from huiliu.kit.money import Money
from huiliu.ledger.actions import reserve
from huiliu.orders.money import reserve_on_order
from huiliu.payouts.actions import instruct


async def pay_out(tx: Tx, case: Case, *, claim_id: UUID, decision_id: UUID, amount: Money) -> Entry:
    """Commit to a payout; the money itself leaves later, in the worker. Raises OverRefund. Returns what to journal."""
    await reserve_on_order(tx, order_id=case.order_id, line_no=case.line_no, amount_minor=amount.amount_minor)
    paid = Money(case.order_paid_minor, case.currency)
    transfer_id = await reserve(tx, order_id=case.order_id, rail=case.rail, paid=paid, amount=amount, claim_id=claim_id)
    refund_no = await instruct(
        tx,
        claim_id=claim_id,
        order_id=case.order_id,
        decision_id=decision_id,
        rail=case.rail,
        rail_trade_no=case.rail_trade_no,
        rail_order_no=case.rail_order_no or case.order_no,
        amount=amount,
        paid=paid,
        transfer_id=transfer_id,
    )
    return Entry(
        "payout.instructed",
        {"refund_no": refund_no, "amount_minor": amount.amount_minor, "currency": amount.currency, "rail": case.rail},
    )
