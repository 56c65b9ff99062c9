"""Past claims as a back-test reads them: what was known when they were first applied for, and what became of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.kit.db import Tx
from huiliu.policy.model import CaseFacts

REPLAY_PAGE_MAX = 2_000
"""Claims read in one statement."""


_BEFORE_ALL = UUID(int=0)


class ReplayRow(msgspec.Struct, frozen=True, kw_only=True):
    """One filed claim. Amounts in minor units of `currency`.

    `facts` are as frozen at the first application. Money and use are those of the line as they stood then: what other
    claims had taken of it, and the newest record of use that was in. Evidence is everything handed in over all rounds.
    """

    id: UUID
    claim_no: str
    filed_at: datetime
    currency: str
    policy_id: UUID | None
    facts: CaseFacts
    evidence: tuple[str, ...]
    paid_minor: int
    order_paid_minor: int
    order_fee_minor: int
    already_minor: int
    units_total: int | None
    units_used: int | None
    unit: str | None
    decided: str | None
    """approve, part or reject: the last final decision, or None while there is none."""
    decided_minor: int | None
    decided_clause: str | None
    paid_out_minor: int
    """What the rail has confirmed."""


async def replay_rows(tx: Tx, *, after: UUID | None = None, limit: int = REPLAY_PAGE_MAX) -> list[ReplayRow]:
    """A page of the platform's filed claims in the order of their ids; `after` is the last row's id.

    Reads only. A claim that is filed while the pages are read may be on a later page, never on two.
    """
    return await tx.all(
        ReplayRow,
        """
        -- The page first, by itself: row-level security hides from the planner how many rows there are, and without this
        -- it joins a whole platform for every page.
        WITH c AS MATERIALIZED (
            SELECT platform_id, id, claim_no, order_id, line_no, filed_at, currency, policy_id, facts FROM claims
             WHERE platform_id = %(platform)s AND filed_at IS NOT NULL AND id > %(after)s
             ORDER BY id LIMIT %(limit)s
        )
        SELECT c.id, c.claim_no, c.filed_at, c.currency, c.policy_id, c.facts,
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
                   AND p.agreed_at < c.filed_at AND p.state NOT IN ('failed', 'bounced', 'cancelled')) AS already_minor,
               u.units_total, u.units_used, u.unit, d.kind AS decided, d.amount_minor AS decided_minor,
               d.clause AS decided_clause,
               (SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM payouts p
                 WHERE p.platform_id = c.platform_id AND p.claim_id = c.id AND p.state = 'verified') AS paid_out_minor
          FROM c
          JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
          JOIN order_lines l ON l.platform_id = c.platform_id AND l.order_id = c.order_id AND l.line_no = c.line_no
          LEFT JOIN LATERAL (
              SELECT units_total, units_used, unit FROM usage_facts u
               WHERE u.platform_id = c.platform_id AND u.order_id = c.order_id AND u.line_no = c.line_no
                 AND u.recorded_at <= c.filed_at
               ORDER BY observed_at DESC, id DESC LIMIT 1) u ON true
          LEFT JOIN LATERAL (
              SELECT kind, amount_minor, clause FROM claim_decisions d
               WHERE d.platform_id = c.platform_id AND d.claim_id = c.id AND d.state = 'final'
               ORDER BY at DESC, id DESC LIMIT 1) d ON true
         ORDER BY c.id LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        after=after or _BEFORE_ALL,
        limit=min(limit, REPLAY_PAGE_MAX),
    )
