"""Past claims as a back-test reads them: what was known when they were first applied for, and what became of them."""

from __future__ import annotations

import msgspec

from huiliu.claims.judgement import line_fee
from huiliu.claims.model import DecisionKind
from huiliu.kit.db import Tx
from huiliu.kit.money import Money
from huiliu.orders.model import ProductKind
from huiliu.policy.amount import Used
from huiliu.policy.backtest.claim import ClaimRow
from huiliu.policy.model import CaseFacts, Outcome
from huiliu.policy.words import SLOTS

REPLAY_PAGE_MAX = 2_000
"""Claims read in one statement."""
CURRENCIES_MAX = 20
_OUTCOMES = {
    DecisionKind.APPROVE: Outcome.FULL,
    DecisionKind.PART: Outcome.PART,
    DecisionKind.REJECT: Outcome.REJECT,
}


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    claim_no: str
    currency: str
    facts: CaseFacts
    evidence: tuple[str, ...]
    paid_minor: int
    order_paid_minor: int
    order_fee_minor: int
    taken_minor: int
    units_total: int | None
    units_used: int | None
    unit: str | None
    decided: DecisionKind | None
    decided_minor: int | None


async def replay_rows(
    tx: Tx, *, after: str = "", currency: str = "CNY", limit: int = REPLAY_PAGE_MAX
) -> list[ClaimRow]:
    """A page of the platform's filed claims in one currency, by claim number; `after` is the last row's. [] is the end.

    The case is as frozen at the first application. Money and use are those of the line as they stood then: what other
    claims had taken of it, and the newest record of use that was in. Evidence is everything handed in over all rounds; the
    decision is the last final one. Reads only; a claim that is filed meanwhile is on a later page or on none.
    """
    rows = await tx.all(
        _Row,
        """
        -- The page first, by itself: row-level security hides from the planner how many rows there are, and without this
        -- it joins a whole platform for every page.
        WITH c AS MATERIALIZED (
            SELECT platform_id, id, claim_no, order_id, line_no, filed_at, currency, facts FROM claims
             WHERE platform_id = %(platform)s AND filed_at IS NOT NULL AND currency = %(currency)s AND claim_no > %(after)s
             ORDER BY claim_no LIMIT %(limit)s
        )
        SELECT c.claim_no, c.currency, c.facts,
               ARRAY(SELECT slot FROM evidence_files f WHERE f.platform_id = c.platform_id AND f.claim_id = c.id
                        AND f.removed_at IS NULL
                     UNION
                     SELECT slot FROM evidence_notes n WHERE n.platform_id = c.platform_id AND n.claim_id = c.id
                        AND n.removed_at IS NULL
                     ORDER BY slot) AS evidence,
               l.paid_minor, o.paid_minor AS order_paid_minor, o.fee_minor AS order_fee_minor,
               (SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM payouts p
                  JOIN claims b ON b.platform_id = p.platform_id AND b.id = p.claim_id
                 WHERE p.platform_id = c.platform_id AND b.order_id = c.order_id AND b.line_no = c.line_no AND b.id <> c.id
                   AND p.agreed_at < c.filed_at AND p.state NOT IN ('failed', 'bounced', 'cancelled')) AS taken_minor,
               u.units_total, u.units_used, u.unit, d.kind AS decided, d.amount_minor AS decided_minor
          FROM c
          JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
          JOIN order_lines l ON l.platform_id = c.platform_id AND l.order_id = c.order_id AND l.line_no = c.line_no
          LEFT JOIN LATERAL (
              SELECT units_total, units_used, unit FROM usage_facts u
               WHERE u.platform_id = c.platform_id AND u.order_id = c.order_id AND u.line_no = c.line_no
                 AND u.recorded_at <= c.filed_at
               ORDER BY observed_at DESC, id DESC LIMIT 1) u ON true
          LEFT JOIN LATERAL (
              SELECT kind, amount_minor FROM claim_decisions d
               WHERE d.platform_id = c.platform_id AND d.claim_id = c.id AND d.state = 'final'
               ORDER BY at DESC, id DESC LIMIT 1) d ON true
         ORDER BY c.claim_no LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        after=after,
        currency=currency,
        limit=min(limit, REPLAY_PAGE_MAX),
    )
    return [_claim(row) for row in rows]


async def claim_currencies(tx: Tx) -> list[str]:
    """The currencies that claims of this platform were filed in: sums are only ever of one."""
    found = await tx.value(
        "SELECT array_agg(currency) FROM (SELECT DISTINCT currency FROM claims WHERE platform_id = %(platform)s"
        " AND filed_at IS NOT NULL ORDER BY currency LIMIT %(limit)s) c",
        platform=tx.platform_id,
        limit=CURRENCIES_MAX,
    )
    return msgspec.convert(found or [], list[str])


def _claim(row: _Row) -> ClaimRow:
    use = None
    if row.units_total is not None and row.units_used is not None:
        use = Used(row.units_total, row.units_used, row.unit or "")
    fee = line_fee(Money(row.order_fee_minor, row.currency), row.paid_minor, row.order_paid_minor)
    return ClaimRow(
        claim_no=row.claim_no,
        case=row.facts,
        # What the platform handed in as its own proof is no evidence that a policy can ask for.
        evidence=tuple(code for code in row.evidence if code in SLOTS),
        paid_minor=row.paid_minor,
        fee_minor=fee.amount_minor,
        taken_minor=row.taken_minor,
        units=use,
        # For a service its record of use says what was delivered of what was promised.
        promised=use if row.facts.product_kind == ProductKind.SERVICE else None,
        decided=None if row.decided is None else _OUTCOMES[row.decided],
        decided_minor=row.decided_minor,
    )
