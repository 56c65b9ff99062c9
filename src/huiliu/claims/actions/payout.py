"""What a payout's outcome means for its claim. Called by the worker in the transaction that records the outcome."""

from __future__ import annotations

from uuid import UUID

import msgspec

from huiliu.claims import store
from huiliu.claims.actions.common import back_to_review
from huiliu.claims.model import Move, State
from huiliu.claims.reads import claim_by_id
from huiliu.claims.store import ClaimRow
from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import Tx
from huiliu.ledger.actions import bounce, release, settle
from huiliu.orders.money import bounce_on_order, release_on_order, settle_on_order
from huiliu.payouts.actions import Consequences


class _Paid(msgspec.Struct, frozen=True, kw_only=True):
    claim_id: UUID
    order_id: UUID
    transfer_id: UUID
    amount_minor: int
    currency: str


async def payout_verified(tx: Tx, payout_id: UUID) -> None:
    """The rail's own answer to a query says the money arrived: the books are settled and the claim is 已退款."""
    paid, claim = await _load(tx, payout_id)
    await store.move(tx, claim, Move.PAID)
    await settle(tx, paid.transfer_id)
    await settle_on_order(tx, order_id=paid.order_id, line_no=claim.line_no, amount_minor=paid.amount_minor)
    await record(tx, claim.id, Entry("claim.refunded", {"amount_minor": paid.amount_minor, "currency": paid.currency}))


async def payout_failed(tx: Tx, payout_id: UUID, failure: str) -> None:
    """The rail itself said no: the reservation is released and the claim goes back to people."""
    paid, claim = await _load(tx, payout_id)
    await back_to_review(tx, claim, Move.PAYOUT_FAILED)
    await release(tx, paid.transfer_id)
    await release_on_order(tx, order_id=paid.order_id, line_no=claim.line_no, amount_minor=paid.amount_minor)
    await record(tx, claim.id, Entry("claim.payout_failed", {"failure": failure, "amount_minor": paid.amount_minor}))


async def payout_bounced(tx: Tx, payout_id: UUID) -> None:
    """The money came back after it had arrived: the books mirror it; the claim is reopened unless the line has a new one."""
    paid, claim = await _load(tx, payout_id)
    # The order row guards its lines' claims here: a new claim's payout would queue behind this.
    await bounce_on_order(tx, order_id=paid.order_id, line_no=claim.line_no, amount_minor=paid.amount_minor)
    await bounce(tx, paid.transfer_id)
    body: dict[str, object] = {"amount_minor": paid.amount_minor, "currency": paid.currency}
    if claim.state is State.REFUNDED and not await _line_is_taken(tx, claim):
        await back_to_review(tx, claim, Move.BOUNCED)
        body["reopened"] = True
    await record(tx, claim.id, Entry("claim.bounced", body))


PAYOUT_CONSEQUENCES = Consequences(verified=payout_verified, failed=payout_failed, bounced=payout_bounced)
"""Whoever records a rail's answer, the worker or the door for notifications, follows it with these."""


async def _load(tx: Tx, payout_id: UUID) -> tuple[_Paid, ClaimRow]:
    paid = await tx.one(
        _Paid,
        "SELECT claim_id, order_id, transfer_id, amount_minor, currency FROM payouts"
        " WHERE platform_id = %(platform)s AND id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=payout_id,
    )
    assert paid is not None, "an outcome for a payout that does not exist"
    return paid, await claim_by_id(tx, paid.claim_id)


async def _line_is_taken(tx: Tx, claim: ClaimRow) -> bool:
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT 1 FROM claims WHERE platform_id = %(platform)s AND order_id = %(order)s"
            " AND line_no = %(line)s AND id <> %(id)s AND state NOT IN ('draft', 'refunded', 'rejected', 'withdrawn'))",
            platform=tx.platform_id,
            order=claim.order_id,
            line=claim.line_no,
            id=claim.id,
        )
    )
