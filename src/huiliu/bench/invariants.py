"""What must hold whatever was raced, killed or cut off: plain SQL over the whole database, and the journal's links.

Each check selects the rows that break it. They ask the tables, not the program: a rule that the program forgot, or a
constraint that somebody dropped, shows here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from huiliu.bench.seed import open_pool
from huiliu.journal.export import verify_live
from huiliu.kit.db import across_platforms

ROWS_MAX = 10_000
SHOWN_MAX = 5


class Kind(StrEnum):
    """What a broken rule would mean for the money."""

    OVER_REFUND = "over-refund"
    DOUBLE_PAYOUT = "double payout"
    LOST_CLAIM = "lost claim"
    BOOKS = "books"
    JOURNAL = "journal"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Problem:
    """One row, answer or line of the rail's books that breaks a rule."""

    kind: Kind
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.rule}: {self.what}"


CHECKS: tuple[tuple[Kind, str, LiteralString], ...] = (
    (
        Kind.OVER_REFUND,
        "an order gives back at most what was paid",
        """SELECT order_no FROM orders WHERE reserved_minor + refunded_minor > paid_minor
              OR reserved_minor < 0 OR refunded_minor < 0""",
    ),
    (
        Kind.OVER_REFUND,
        "a line gives back at most what was paid for it",
        """SELECT o.order_no || '/' || l.line_no FROM order_lines l
             JOIN orders o ON o.platform_id = l.platform_id AND o.id = l.order_id
            WHERE l.reserved_minor + l.refunded_minor > l.paid_minor""",
    ),
    (
        Kind.OVER_REFUND,
        "an order's payouts together are at most what was paid",
        """SELECT o.order_no FROM orders o JOIN payouts p ON p.platform_id = o.platform_id AND p.order_id = o.id
            WHERE p.state NOT IN ('failed', 'bounced', 'cancelled')
            GROUP BY o.platform_id, o.order_no, o.paid_minor HAVING sum(p.amount_minor) > o.paid_minor""",
    ),
    (
        Kind.OVER_REFUND,
        "at no time was more of an order set aside and refunded than was paid",
        """SELECT DISTINCT order_no FROM (
                  SELECT o.order_no, o.paid_minor,
                         sum(m.minor) OVER (PARTITION BY m.platform_id, m.account ORDER BY m.at, m.minor) AS taken
                    FROM (
                      SELECT platform_id, debit_id AS account, at, amount_minor AS minor FROM ledger_transfers
                       WHERE purpose = 'refund' AND phase = 'pending'
                       UNION ALL
                      SELECT platform_id, debit_id, at, -amount_minor FROM ledger_transfers
                       WHERE purpose = 'refund' AND phase = 'void'
                       UNION ALL
                      SELECT platform_id, credit_id, at, -amount_minor FROM ledger_transfers WHERE purpose = 'bounce'
                    ) m JOIN orders o ON o.platform_id = m.platform_id AND o.id = m.account
             ) history WHERE taken > paid_minor""",
    ),
    (
        Kind.DOUBLE_PAYOUT,
        "a claim has at most one payout that is paid or under way",
        """SELECT c.claim_no FROM claims c JOIN payouts p ON p.platform_id = c.platform_id AND p.claim_id = c.id
            WHERE p.state NOT IN ('failed', 'bounced', 'cancelled')
            GROUP BY c.platform_id, c.claim_no HAVING count(*) > 1""",
    ),
    (
        Kind.DOUBLE_PAYOUT,
        "a decision has at most one payout",
        "SELECT decision_id::text FROM payouts GROUP BY platform_id, decision_id HAVING count(*) > 1",
    ),
    (
        Kind.DOUBLE_PAYOUT,
        "a refund number stands for one payout",
        "SELECT refund_no FROM payouts GROUP BY refund_no HAVING count(*) > 1",
    ),
    (
        Kind.DOUBLE_PAYOUT,
        "a reservation is posted or voided once",
        """SELECT pending_id::text FROM ledger_transfers WHERE pending_id IS NOT NULL
            GROUP BY platform_id, pending_id HAVING count(*) > 1""",
    ),
    (
        Kind.DOUBLE_PAYOUT,
        "an order line has at most one claim under way",
        """SELECT o.order_no || '/' || c.line_no FROM claims c
             JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
            WHERE c.state NOT IN ('draft', 'refunded', 'rejected', 'withdrawn')
            GROUP BY o.platform_id, o.order_no, c.line_no HAVING count(*) > 1""",
    ),
    (
        Kind.DOUBLE_PAYOUT,
        "money is under way only for a claim that is being paid, and gone only for one that is refunded",
        """SELECT c.claim_no || ' is ' || c.state || ', its payout ' || p.state
             FROM payouts p JOIN claims c ON c.platform_id = p.platform_id AND c.id = p.claim_id
            WHERE p.state NOT IN ('failed', 'bounced', 'cancelled')
              AND c.state <> CASE p.state WHEN 'verified' THEN 'refunded' ELSE 'paying' END""",
    ),
    (
        Kind.DOUBLE_PAYOUT,
        "whoever confirmed is not whoever proposed",
        "SELECT id::text FROM claim_decisions WHERE second_id = by_id AND state = 'final'",
    ),
    (
        Kind.LOST_CLAIM,
        "a claim that is being paid has exactly one open payout",
        """SELECT c.claim_no FROM claims c LEFT JOIN payouts p ON p.platform_id = c.platform_id AND p.claim_id = c.id
                AND p.state NOT IN ('verified', 'failed', 'bounced', 'cancelled')
            WHERE c.state = 'paying' GROUP BY c.platform_id, c.claim_no HAVING count(p.id) <> 1""",
    ),
    (
        Kind.LOST_CLAIM,
        "a refunded claim has exactly one verified payout, or one that came back when the line had a newer claim",
        """SELECT c.claim_no FROM claims c LEFT JOIN payouts p ON p.platform_id = c.platform_id AND p.claim_id = c.id
            WHERE c.state = 'refunded' GROUP BY c.platform_id, c.claim_no
           HAVING count(*) FILTER (WHERE p.state = 'verified') <> 1 AND count(*) FILTER (WHERE p.state = 'bounced') = 0""",
    ),
    (
        Kind.LOST_CLAIM,
        "a final approval has exactly one payout",
        """SELECT d.id::text FROM claim_decisions d
             LEFT JOIN payouts p ON p.platform_id = d.platform_id AND p.decision_id = d.id
            WHERE d.state = 'final' AND d.kind <> 'reject' GROUP BY d.platform_id, d.id HAVING count(p.id) <> 1""",
    ),
    (
        Kind.LOST_CLAIM,
        "a claim that waits for a second person has exactly one proposal, and no other claim has",
        """SELECT c.claim_no FROM claims c LEFT JOIN claim_decisions d
               ON d.platform_id = c.platform_id AND d.claim_id = c.id AND d.state = 'proposed'
            GROUP BY c.platform_id, c.claim_no, c.state
           HAVING count(d.id) <> CASE c.state WHEN 'confirming' THEN 1 ELSE 0 END""",
    ),
    (
        Kind.LOST_CLAIM,
        "every application is told once in the journal",
        """SELECT c.claim_no FROM claims c LEFT JOIN journal j ON j.platform_id = c.platform_id AND j.stream = c.id
                AND j.kind IN ('claim.filed', 'claim.reapplied')
            WHERE c.filed_at IS NOT NULL GROUP BY c.platform_id, c.claim_no, c.round HAVING count(j.seq) <> c.round""",
    ),
    (
        Kind.LOST_CLAIM,
        "every kept answer to an application names a claim that exists",
        """SELECT k.key FROM idempotency_keys k
            WHERE k.scope LIKE '%%:fileRefund' AND NOT EXISTS (
                  SELECT 1 FROM claims c WHERE c.platform_id = k.platform_id
                     AND c.claim_no = convert_from(k.answer, 'UTF8')::jsonb ->> 'claim_no')""",
    ),
    (
        Kind.BOOKS,
        "orders and ledger agree on what is set aside and what was refunded",
        """SELECT o.order_no || ': order ' || o.reserved_minor || '+' || o.refunded_minor
                  || ', ledger ' || coalesce(b.pending, 0) || '+' || coalesce(b.refunded, 0)
             FROM orders o LEFT JOIN (
                  SELECT platform_id, account, sum(pending) AS pending, sum(refunded) AS refunded FROM (
                      SELECT t.platform_id, t.debit_id AS account,
                             CASE WHEN t.phase = 'pending' AND r.id IS NULL THEN t.amount_minor ELSE 0 END AS pending,
                             CASE WHEN t.phase = 'post' THEN t.amount_minor ELSE 0 END AS refunded
                        FROM ledger_transfers t LEFT JOIN ledger_transfers r
                          ON r.platform_id = t.platform_id AND r.pending_id = t.id
                       WHERE t.purpose = 'refund'
                       UNION ALL
                      SELECT platform_id, credit_id, 0, -amount_minor FROM ledger_transfers WHERE purpose = 'bounce'
                  ) moves GROUP BY platform_id, account
             ) b ON b.platform_id = o.platform_id AND b.account = o.id
            WHERE o.reserved_minor <> coalesce(b.pending, 0) OR o.refunded_minor <> coalesce(b.refunded, 0)""",
    ),
    (
        Kind.BOOKS,
        "what an order's account still holds is what was paid less what was refunded",
        """SELECT o.order_no FROM orders o JOIN (
                  SELECT platform_id, account, sum(minor) AS minor FROM (
                      SELECT platform_id, credit_id AS account, amount_minor AS minor FROM ledger_transfers
                       WHERE phase IN ('single', 'post')
                       UNION ALL
                      SELECT platform_id, debit_id, -amount_minor FROM ledger_transfers WHERE phase IN ('single', 'post')
                  ) sides GROUP BY platform_id, account
             ) b ON b.platform_id = o.platform_id AND b.account = o.id
            WHERE b.minor <> o.paid_minor - o.refunded_minor""",
    ),
    (
        Kind.BOOKS,
        "lines and payouts agree on what is set aside and what was refunded",
        """SELECT o.order_no || '/' || l.line_no FROM order_lines l
             JOIN orders o ON o.platform_id = l.platform_id AND o.id = l.order_id
             LEFT JOIN claims c ON c.platform_id = l.platform_id AND c.order_id = l.order_id AND c.line_no = l.line_no
             LEFT JOIN payouts p ON p.platform_id = c.platform_id AND p.claim_id = c.id
            GROUP BY o.platform_id, o.order_no, l.line_no, l.reserved_minor, l.refunded_minor
           HAVING l.refunded_minor <> coalesce(sum(p.amount_minor) FILTER (WHERE p.state = 'verified'), 0)
               OR l.reserved_minor <> coalesce(sum(p.amount_minor) FILTER (
                  WHERE p.state NOT IN ('verified', 'failed', 'bounced', 'cancelled')), 0)""",
    ),
    (
        Kind.BOOKS,
        "a payout, its decision and its reservation say the same amount",
        """SELECT p.refund_no FROM payouts p
             JOIN claim_decisions d ON d.platform_id = p.platform_id AND d.id = p.decision_id
             JOIN ledger_transfers t ON t.platform_id = p.platform_id AND t.id = p.transfer_id
            WHERE p.amount_minor <> t.amount_minor OR p.currency <> t.currency OR t.phase <> 'pending'
               OR p.amount_minor IS DISTINCT FROM d.amount_minor""",
    ),
    (
        Kind.BOOKS,
        "a reservation is posted when the payout is verified, voided when it failed, and open before",
        """SELECT p.refund_no || ' is ' || p.state || ', its reservation ' || coalesce(r.phase, 'open')
             FROM payouts p LEFT JOIN ledger_transfers r ON r.platform_id = p.platform_id AND r.pending_id = p.transfer_id
            WHERE coalesce(r.phase, 'open') <> CASE WHEN p.state IN ('verified', 'bounced') THEN 'post'
                                                    WHEN p.state IN ('failed', 'cancelled') THEN 'void' ELSE 'open' END""",
    ),
    (
        Kind.BOOKS,
        "every bounce is mirrored once",
        """SELECT c.claim_no FROM claims c
             LEFT JOIN payouts p ON p.platform_id = c.platform_id AND p.claim_id = c.id AND p.state = 'bounced'
            GROUP BY c.platform_id, c.id, c.claim_no
           HAVING coalesce(sum(p.amount_minor), 0) <> coalesce((
                  SELECT sum(t.amount_minor) FROM ledger_transfers t
                   WHERE t.platform_id = c.platform_id AND t.claim_id = c.id AND t.purpose = 'bounce'), 0)""",
    ),
    (
        Kind.BOOKS,
        "the trial balance is zero",
        """SELECT currency || ' ' || sum(minor) FROM (
                  SELECT a.currency, CASE WHEN t.credit_id = a.id THEN t.amount_minor ELSE -t.amount_minor END AS minor
                    FROM ledger_transfers t JOIN ledger_accounts a
                      ON a.platform_id = t.platform_id AND a.id IN (t.debit_id, t.credit_id)
                   WHERE t.phase IN ('single', 'post')
             ) sides GROUP BY currency HAVING sum(minor) <> 0""",
    ),
    (
        Kind.JOURNAL,
        "every payout is told once when instructed, and once when verified",
        """SELECT p.refund_no FROM payouts p LEFT JOIN journal j ON j.platform_id = p.platform_id AND j.stream = p.claim_id
                AND j.kind IN ('payout.instructed', 'payout.verified') AND j.body::jsonb ->> 'refund_no' = p.refund_no
            GROUP BY p.platform_id, p.refund_no, p.verified_at
           HAVING count(*) FILTER (WHERE j.kind = 'payout.instructed') <> 1
               OR count(*) FILTER (WHERE j.kind = 'payout.verified') <> (p.verified_at IS NOT NULL)::int""",
    ),
)


def broken_rules(url: str) -> list[Problem]:
    """Every row that breaks a rule; nothing, one hopes. `url` must see every platform (the owner's connection)."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET statement_timeout = '120s'")
        return rules_broken_in(connection)


def rules_broken_in(connection: psycopg.Connection[TupleRow]) -> list[Problem]:
    """The same on an open connection, which may have changed something that it will not commit."""
    problems: list[Problem] = []
    for kind, rule, sql in CHECKS:
        limited = f"SELECT * FROM ({sql}) broken LIMIT %s"  # noqa: S608 - our own checks
        rows = connection.execute(limited, (ROWS_MAX,)).fetchall()
        problems += [Problem(kind, rule, str(row[0])) for row in rows]
    return problems


async def broken_links(url: str) -> list[Problem]:
    """What `huiliu journal verify` would say of this database."""
    async with open_pool(url) as pool, across_platforms(pool) as connection:
        found = await verify_live(connection)
    return [Problem(Kind.JOURNAL, "the chain is whole", problem) for problem in found.problems]


def lost(url: str, acknowledged: Iterable[str]) -> list[Problem]:
    """Claims that somebody was told of and that are not there."""
    told = set(acknowledged)
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute("SELECT claim_no FROM claims WHERE claim_no = ANY (%s)", (list(told),)).fetchall()
    missing = told - {str(row[0]) for row in rows}
    return [Problem(Kind.LOST_CLAIM, "what was answered is there", number) for number in sorted(missing)]


def count(problems: Iterable[Problem]) -> Counter[Kind]:
    """How many of each kind, for a table."""
    return Counter(problem.kind for problem in problems)


def shown(problems: Iterable[Problem]) -> list[str]:
    """The problems in words: a few of each rule, and how many more."""
    by_rule: dict[tuple[Kind, str], list[str]] = {}
    for problem in problems:
        by_rule.setdefault((problem.kind, problem.rule), []).append(problem.what)
    return [
        f"{kind}: {rule}: {', '.join(whats[:SHOWN_MAX])}"
        + (f" and {len(whats) - SHOWN_MAX} more" if len(whats) > SHOWN_MAX else "")
        for (kind, rule), whats in by_rule.items()
    ]
