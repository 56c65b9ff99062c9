"""Makes payouts ready to be sent: order, claim in `paying`, final decision, reservation, instruction. Plain SQL up to there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Tx
from huiliu.kit.ids import new_claim_no, new_id, refund_no
from huiliu.kit.money import Money
from huiliu.ledger.actions import reserve
from huiliu.orders.money import reserve_on_order
from huiliu.payouts.actions import instruct
from tests.make.orders import OrderIds, order


@dataclass(frozen=True, slots=True)
class PayoutIds:
    """What a test needs to go on with the payout that was made."""

    payout_id: UUID
    refund_no: str
    claim_id: UUID
    decision_id: UUID
    transfer_id: UUID
    order: OrderIds
    trade_no: str
    amount_minor: int
    paid_minor: int


async def payout(
    tx: Tx,
    *,
    amount_minor: int = 60_00,
    paid_minor: int = 100_00,
    rail: str = "sandbox",
    trade_no: str | None = None,
    card_arrives_at: datetime | None = None,
) -> PayoutIds:
    """A queued payout of 60.00 of 林小满's order of 100.00. Its trade number starts with SB, which open books accept."""
    trade = trade_no or f"SB{new_id().hex}"
    ids = await order(tx, rail=rail, paid_minor=paid_minor, rail_trade_no=trade)
    claim_id, decision_id = new_id(), new_id()
    await tx.run(
        """
        INSERT INTO claims (platform_id, id, claim_no, order_id, line_no, contact_hash, channel, reason, state, currency,
                            requested_minor, approved_minor, created_at, filed_at, round_filed_at, updated_at)
        VALUES (%(platform)s, %(id)s, %(no)s, %(order)s, 1, %(contact)s, 'portal', 'not_arrived', 'paying', 'CNY',
                %(amount)s, %(amount)s, %(now)s, %(now)s, %(now)s, %(now)s)
        """,
        platform=tx.platform_id,
        id=claim_id,
        no=new_claim_no(tx.now),
        order=ids.order_id,
        contact=ids.contact_hash,
        amount=amount_minor,
        now=tx.now,
    )
    await tx.run(
        """
        INSERT INTO claim_decisions (platform_id, id, claim_id, round, kind, amount_minor, by_kind, by_id, by_name, at, state)
        VALUES (%(platform)s, %(id)s, %(claim)s, 1, 'approve', %(amount)s, 'staff', 'heshen', '何审', %(now)s, 'final')
        """,
        platform=tx.platform_id,
        id=decision_id,
        claim=claim_id,
        amount=amount_minor,
        now=tx.now,
    )
    amount, paid = Money(amount_minor), Money(paid_minor)
    await reserve_on_order(tx, order_id=ids.order_id, line_no=1, amount_minor=amount_minor)
    transfer_id = await reserve(tx, order_id=ids.order_id, rail=rail, paid=paid, amount=amount, claim_id=claim_id)
    number = await instruct(
        tx,
        claim_id=claim_id,
        order_id=ids.order_id,
        decision_id=decision_id,
        rail=rail,
        rail_trade_no=trade,
        rail_order_no=ids.order_no,
        amount=amount,
        paid=paid,
        transfer_id=transfer_id,
        card_arrives_at=card_arrives_at,
    )
    payout_id = UUID(number.removeprefix("HLR"))
    assert refund_no(payout_id) == number
    return PayoutIds(payout_id, number, claim_id, decision_id, transfer_id, ids, trade, amount_minor, paid_minor)
