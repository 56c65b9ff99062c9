"""What the books say: balances, an order's statement, and the trial balance that must be zero."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.kit.db import Tx

STATEMENT_ROWS_MAX = 500


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """One account: minor units, credits minus debits; `pending_minor` is what is set aside and not yet resolved."""

    account_id: UUID
    kind: str
    name: str
    currency: str
    posted_minor: int
    pending_minor: int


class StatementRow(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer on an order's account; `amount_minor` is signed from the order's side."""

    id: UUID
    phase: str
    purpose: str
    amount_minor: int
    currency: str
    at: datetime


async def order_balance(tx: Tx, order_id: UUID) -> Balance | None:
    """The balance of one order's account, or None before its first refund."""
    return await tx.one(
        Balance,
        """
        SELECT a.id AS account_id, a.kind, a.name, a.currency,
               coalesce(sum(CASE WHEN t.phase IN ('single', 'post') THEN
                            CASE WHEN t.credit_id = a.id THEN t.amount_minor ELSE -t.amount_minor END END), 0)::bigint
                   AS posted_minor,
               coalesce(sum(t.amount_minor) FILTER (WHERE t.phase = 'pending' AND NOT EXISTS (
                   SELECT 1 FROM ledger_transfers r
                    WHERE r.platform_id = t.platform_id AND r.pending_id = t.id)), 0)::bigint AS pending_minor
          FROM ledger_accounts a
          LEFT JOIN ledger_transfers t ON t.platform_id = a.platform_id AND a.id IN (t.debit_id, t.credit_id)
         WHERE a.platform_id = %(platform)s AND a.id = %(order)s
         GROUP BY a.id, a.kind, a.name, a.currency
        """,
        platform=tx.platform_id,
        order=order_id,
    )


async def statement(tx: Tx, order_id: UUID) -> list[StatementRow]:
    """Every transfer of an order's account, oldest first."""
    return await tx.all(
        StatementRow,
        """
        SELECT t.id, t.phase, t.purpose, t.currency, t.at,
               CASE WHEN t.credit_id = %(order)s THEN t.amount_minor ELSE -t.amount_minor END AS amount_minor
          FROM ledger_transfers t
         WHERE t.platform_id = %(platform)s AND %(order)s IN (t.debit_id, t.credit_id)
         ORDER BY t.at, t.purpose <> 'payment', t.id LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        order=order_id,
        limit=STATEMENT_ROWS_MAX,
    )


async def trial_balance(tx: Tx) -> dict[str, int]:
    """Per currency, the sum over all accounts of credits minus debits of everything posted: always zero."""
    rows = await tx.all(
        _CurrencySum,
        """
        SELECT a.currency, sum(CASE WHEN t.credit_id = a.id THEN t.amount_minor ELSE -t.amount_minor END)::bigint AS minor
          FROM ledger_transfers t
          JOIN ledger_accounts a ON a.platform_id = t.platform_id AND a.id IN (t.debit_id, t.credit_id)
         WHERE t.platform_id = %(platform)s AND t.phase IN ('single', 'post')
         GROUP BY a.currency ORDER BY a.currency LIMIT 200
        """,
        platform=tx.platform_id,
    )
    return {row.currency: row.minor for row in rows}


class _CurrencySum(msgspec.Struct, frozen=True):
    currency: str
    minor: int
