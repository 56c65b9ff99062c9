"""Two-phase money: reserve (pending), then settle (post) or release (void). Nothing is ever changed or deleted."""

from __future__ import annotations

from uuid import UUID

from huiliu.kit.db import Tx
from huiliu.kit.ids import new_id
from huiliu.kit.money import Money
from huiliu.ledger.model import order_account, payment_transfer, rail_account


async def reserve(tx: Tx, *, order_id: UUID, rail: str, paid: Money, amount: Money, claim_id: UUID) -> UUID:
    """Set `amount` of an order's payment aside for a refund; opens the order's account on first use.

    Returns the pending transfer. That not more than `paid` is set aside is the order row's CHECK, taken before.
    """
    transfer_id = new_id()
    await tx.queue(
        """
        WITH accounts AS (
            INSERT INTO ledger_accounts (platform_id, id, kind, name, currency)
            VALUES (%(platform)s, %(order)s, 'order', %(order)s::text, %(currency)s),
                   (%(platform)s, %(rail_account)s, 'rail', %(rail)s, %(currency)s)
            ON CONFLICT DO NOTHING
        ), payment AS (
            INSERT INTO ledger_transfers
                (platform_id, id, phase, purpose, debit_id, credit_id, amount_minor, currency, at)
            VALUES (%(platform)s, %(payment)s, 'single', 'payment', %(rail_account)s, %(order)s, %(paid)s, %(currency)s, %(now)s)
            ON CONFLICT (platform_id, id) DO NOTHING
        )
        INSERT INTO ledger_transfers
            (platform_id, id, phase, purpose, debit_id, credit_id, amount_minor, currency, claim_id, at)
        VALUES (%(platform)s, %(transfer)s, 'pending', 'refund', %(order)s, %(rail_account)s, %(amount)s, %(currency)s,
                %(claim)s, %(now)s)
        """,
        platform=tx.platform_id,
        order=order_account(order_id),
        rail_account=rail_account(tx.platform_id, rail, amount.currency),
        rail=rail,
        currency=amount.currency,
        payment=payment_transfer(order_id),
        paid=paid.amount_minor,
        transfer=transfer_id,
        amount=amount.amount_minor,
        claim=claim_id,
        now=tx.now,
    )
    return transfer_id


async def settle(tx: Tx, transfer_id: UUID) -> None:
    """The money left for good: post the pending transfer. Raises AlreadyResolved on a second try."""
    await _resolve(tx, transfer_id, phase="post")


async def release(tx: Tx, transfer_id: UUID) -> None:
    """The money stays: void the pending transfer. Raises AlreadyResolved on a second try."""
    await _resolve(tx, transfer_id, phase="void")


async def bounce(tx: Tx, transfer_id: UUID) -> UUID:
    """The money came back after it had left: mirror the posted transfer. Returns the mirror."""
    mirror = new_id()
    copied = await tx.run(
        """
        INSERT INTO ledger_transfers (platform_id, id, phase, purpose, debit_id, credit_id, amount_minor, currency, claim_id, at)
        SELECT t.platform_id, %(mirror)s, 'single', 'bounce', t.credit_id, t.debit_id, t.amount_minor, t.currency, t.claim_id,
               %(now)s
          FROM ledger_transfers t
         WHERE t.platform_id = %(platform)s AND t.pending_id = %(transfer)s AND t.phase = 'post'
        """,
        platform=tx.platform_id,
        mirror=mirror,
        transfer=transfer_id,
        now=tx.now,
    )
    assert copied == 1, "only a settled transfer can bounce"
    return mirror


async def _resolve(tx: Tx, transfer_id: UUID, *, phase: str) -> None:
    copied = await tx.run(
        """
        INSERT INTO ledger_transfers
            (platform_id, id, phase, pending_id, purpose, debit_id, credit_id, amount_minor, currency, claim_id, at)
        SELECT p.platform_id, %(id)s, %(phase)s, p.id, p.purpose, p.debit_id, p.credit_id, p.amount_minor, p.currency,
               p.claim_id, %(now)s
          FROM ledger_transfers p
         WHERE p.platform_id = %(platform)s AND p.id = %(transfer)s AND p.phase = 'pending'
        """,
        platform=tx.platform_id,
        id=new_id(),
        phase=phase,
        transfer=transfer_id,
        now=tx.now,
    )
    assert copied == 1, "no such reservation"
