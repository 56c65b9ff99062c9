"""Accounts and transfers: a transfer is one row with a debit and a credit side, so it always balances."""

from __future__ import annotations

from uuid import UUID, uuid5

from huiliu.kit.errors import Refusal

RAIL_NAMESPACE = UUID("0d0f5c7e-6a46-4f0e-8f0a-0c2a3a9f6d11")


class AlreadyResolved(Refusal):
    """This reservation was already paid out or released; it cannot happen a second time."""

    code = "ledger.already_resolved"
    status = 409
    constraint = "ledger_resolved_once"


class MustMirror(Refusal):
    """A payout or release must say exactly what its reservation said."""

    code = "ledger.must_mirror"
    status = 409
    constraint = "ledger_mirrors_pending"


def order_account(order_id: UUID) -> UUID:
    """What the buyer paid and has not got back. An order's account has the order's own id."""
    return order_id


def rail_account(platform_id: int, rail: str, currency: str) -> UUID:
    """What passed through one rail in one currency."""
    return uuid5(RAIL_NAMESPACE, f"{platform_id}:{rail}:{currency}")


def payment_transfer(order_id: UUID) -> UUID:
    """The transfer that books the buyer's payment: a function of the order, so it is booked once."""
    return uuid5(order_id, "payment")
