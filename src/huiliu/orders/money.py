"""The order's own money columns. Their CHECK (reserved + refunded <= paid) is the wall no bug gets over.

The order row is the guard: every refund of an order updates it, so two at once queue here and the second meets the CHECK.
"""

from __future__ import annotations

from uuid import UUID

from huiliu.kit.db import Tx
from huiliu.kit.errors import Refusal


class OverRefund(Refusal):
    """More would be refunded than was paid."""

    code = "orders.over_refund"
    status = 409
    constraint = "order_not_over_refunded"


class LineOverRefund(OverRefund):
    """More would be refunded than was paid for this line."""

    constraint = "line_not_over_refunded"


async def hold_order(tx: Tx, order_id: UUID) -> None:
    """Let nobody else's refund change the order until this transaction ends: for a rule that counts what it has refunded."""
    await tx.value(
        "SELECT 1 FROM orders WHERE platform_id = %(platform)s AND id = %(order)s FOR NO KEY UPDATE",
        platform=tx.platform_id,
        order=order_id,
    )


async def reserve_on_order(tx: Tx, *, order_id: UUID, line_no: int, amount_minor: int) -> None:
    """Set an amount aside on the order and its line. Raises OverRefund."""
    await _change(tx, order_id, line_no, reserved=amount_minor, refunded=0)


async def settle_on_order(tx: Tx, *, order_id: UUID, line_no: int, amount_minor: int) -> None:
    """What was set aside has been refunded."""
    await _change(tx, order_id, line_no, reserved=-amount_minor, refunded=amount_minor)


async def release_on_order(tx: Tx, *, order_id: UUID, line_no: int, amount_minor: int) -> None:
    """What was set aside is free again."""
    await _change(tx, order_id, line_no, reserved=-amount_minor, refunded=0)


async def bounce_on_order(tx: Tx, *, order_id: UUID, line_no: int, amount_minor: int) -> None:
    """What had been refunded came back."""
    await _change(tx, order_id, line_no, reserved=0, refunded=-amount_minor)


async def _change(tx: Tx, order_id: UUID, line_no: int, *, reserved: int, refunded: int) -> None:
    await tx.queue(
        """
        WITH guarded AS (
            UPDATE orders SET reserved_minor = reserved_minor + %(reserved)s, refunded_minor = refunded_minor + %(refunded)s
             WHERE platform_id = %(platform)s AND id = %(order)s RETURNING platform_id, id
        )
        UPDATE order_lines l
           SET reserved_minor = l.reserved_minor + %(reserved)s, refunded_minor = l.refunded_minor + %(refunded)s
          FROM guarded g
         WHERE l.platform_id = g.platform_id AND l.order_id = g.id AND l.line_no = %(line)s
        """,
        platform=tx.platform_id,
        order=order_id,
        line=line_no,
        reserved=reserved,
        refunded=refunded,
    )
