"""The order line a claim is about, with everything a judgement needs, in one read."""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec

from huiliu.claims.model import AttemptsUsedUp, LiveClaimExists, NothingLeft, OrderClosed, OrderNotPaid
from huiliu.evidence.records import PlatformFacts, UsageRecord
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import Money
from huiliu.people.model import Buyer, PlatformSettings, Viewer
from huiliu.people.restrictions.errors import Suspended
from huiliu.people.restrictions.model import MEMORY_DAYS

DEFAULT_LIMIT_MINOR = PlatformSettings().second_person_over_minor


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One order line, its money, delivery and use, and what was already applied for on it. Amounts in minor units."""

    order_id: UUID
    order_no: str
    line_no: int
    contact_hash: bytes | None
    order_state: str
    rail: str
    rail_trade_no: str
    rail_order_no: str
    payer_account: str
    currency: str
    order_paid_minor: int
    order_taken_minor: int
    fee_minor: int
    paid_minor: int
    taken_minor: int
    title: str
    kind: str
    promise: str
    ordered_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    delivery_state: str
    ordered_precision: str
    paid_precision: str
    delivered_precision: str
    delivery_note: str
    account_masked: str
    account_described: str
    account_differs: bool
    usage_state: str | None
    units_total: int | None
    units_used: int | None
    unit: str | None
    usage_source: str | None
    usage_record: str | None
    usage_at: datetime | None
    rounds_used: int
    has_live: bool
    second_person_over_minor: int
    """Above this, counted over everything refunded on the order, a second person must confirm."""
    policy_in_force: UUID | None
    """The version in force when the order was placed."""
    forged_before: bool
    must_show_code: bool
    needs_person: bool
    """Nothing may be decided by itself or by a machine: a restriction says so, or people are looking at something."""
    suspended_until: datetime | None
    wronged_from: list[datetime]
    """The order's buyer was suspended wrongly, from then ..."""
    wronged_until: list[datetime]
    """... until then, one pair a suspension."""

    @property
    def left(self) -> Money:
        """What can still be refunded: of the line, and never more than of the order."""
        line = self.paid_minor - self.taken_minor
        return Money(min(line, self.order_paid_minor - self.order_taken_minor), self.currency)

    def is_above_limit(self, amount: Money) -> bool:
        """Whether one person, or the policy alone, may not decide this much: slices under the limit add up."""
        return self.order_taken_minor + amount.amount_minor > self.second_person_over_minor

    @property
    def known(self) -> PlatformFacts:
        """What the platform's own records say, to be attached as its evidence."""
        usage = None
        if self.usage_state is not None and self.usage_at is not None:
            usage = UsageRecord(
                state=self.usage_state,
                source=self.usage_source or "",
                observed_at=self.usage_at,
                units_total=self.units_total,
                units_used=self.units_used,
                unit=self.unit or "",
                record_ref=self.usage_record or "",
            )
        return PlatformFacts(
            order_no=self.order_no,
            product=self.title,
            promise=self.promise,
            rail=self.rail,
            rail_trade_no=self.rail_trade_no,
            paid=Money(self.paid_minor, self.currency),
            ordered_at=self.ordered_at,
            ordered_precision=self.ordered_precision,
            paid_at=self.paid_at,
            paid_precision=self.paid_precision,
            delivery_state=self.delivery_state,
            delivery_note=self.delivery_note,
            delivered_at=self.delivered_at,
            delivered_precision=self.delivered_precision,
            account_used=self.account_masked,
            account_described=self.account_described,
            account_differs=self.account_differs,
            usage=usage,
        )

    def age_seconds(self, at: datetime) -> int:
        """From the order to `at`, whole seconds; days on which the buyer was wrongly kept from applying do not count."""
        lost = 0.0
        for start, end in zip(self.wronged_from, self.wronged_until, strict=True):
            lost += max(0.0, (min(end, at) - max(start, self.ordered_at)).total_seconds())
        return max(0, int((at - self.ordered_at).total_seconds() - lost))

    @property
    def is_use_proven(self) -> bool:
        """Whether the platform has a record that proves the use (消耗记录), not just a word."""
        return bool(self.usage_record)


async def load_case(tx: Tx, viewer: Viewer, *, order_no: str, line_no: int) -> Case:
    """The line, if it is the viewer's to see. Raises NotFound."""
    case = await tx.one(
        Case,
        CASE_BY_ORDER_NO,
        platform=tx.platform_id,
        order_no=order_no,
        line=line_no,
        limit=DEFAULT_LIMIT_MINOR,
        now=tx.now,
        memory=MEMORY_DAYS,
    )
    return _visible(case, viewer)


async def load_case_by_id(tx: Tx, *, order_id: UUID, line_no: int) -> Case:
    """The line of a claim that was already found to be visible."""
    case = await tx.one(
        Case,
        _CASE_SQL + " AND o.id = %(order_id)s LIMIT 1",
        platform=tx.platform_id,
        order_id=order_id,
        line=line_no,
        limit=DEFAULT_LIMIT_MINOR,
        now=tx.now,
        memory=MEMORY_DAYS,
    )
    assert case is not None, "a claim without its order line"
    return case


def check_claimable(case: Case, *, attempts_max: int) -> None:
    """Whether a new claim may be started at all. Raises the reason why not."""
    check_open(case)
    if case.suspended_until is not None:
        raise Suspended(until=f"{case.suspended_until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
    if case.has_live:
        raise LiveClaimExists
    if case.left.amount_minor <= 0:
        raise NothingLeft
    if case.rounds_used >= attempts_max:
        raise AttemptsUsedUp(limit=attempts_max)


def check_open(case: Case) -> None:
    """Whether this page may refund the order at all. Raises OrderClosed, OrderNotPaid."""
    if case.order_state == "closed":
        raise OrderClosed
    if case.order_state != "paid":
        raise OrderNotPaid


def _visible(case: Case | None, viewer: Viewer) -> Case:
    if case is None:
        raise NotFound
    if isinstance(viewer, Buyer) and not viewer.may_see(order_id=case.order_id, contact_hash=case.contact_hash):
        raise NotFound
    return case


_CASE_SQL = """
SELECT o.id AS order_id, o.order_no, l.line_no, o.contact_hash, o.state AS order_state, o.rail, o.rail_trade_no,
       o.rail_order_no, o.payer_account, o.currency, o.paid_minor AS order_paid_minor,
       o.reserved_minor + o.refunded_minor AS order_taken_minor, o.fee_minor, l.paid_minor,
       l.reserved_minor + l.refunded_minor AS taken_minor, l.title, l.kind, l.promise, o.ordered_at, o.paid_at, o.delivered_at,
       o.delivery_state, o.ordered_precision, o.paid_precision, o.delivered_precision, o.delivery_note, o.account_masked,
       o.account_described, o.account_differs, u.state AS usage_state, u.units_total, u.units_used, u.unit,
       u.source AS usage_source, u.record_ref AS usage_record, u.observed_at AS usage_at,
       (SELECT count(*)::int FROM claims c JOIN claim_rounds r ON r.platform_id = c.platform_id AND r.claim_id = c.id
         WHERE c.platform_id = o.platform_id AND c.order_id = o.id AND c.line_no = l.line_no
       ) AS rounds_used,
       EXISTS (SELECT 1 FROM claims c WHERE c.platform_id = o.platform_id AND c.order_id = o.id AND c.line_no = l.line_no
                  AND c.state IN ('filed', 'reviewing', 'waiting_buyer', 'waiting_platform', 'confirming', 'paying',
                                  'mediating')) AS has_live,
       (SELECT p.id FROM policies p WHERE p.platform_id = o.platform_id AND p.effective_from <= o.ordered_at
         ORDER BY p.effective_from DESC LIMIT 1) AS policy_in_force,
       (SELECT coalesce((settings->>'second_person_over_minor')::bigint, %(limit)s::bigint) FROM platforms
         WHERE platforms.id = o.platform_id) AS second_person_over_minor,
       b.forged_before, b.must_show_code, b.needs_person, b.suspended_until, b.wronged_from, b.wronged_until
  FROM orders o
  JOIN order_lines l ON l.platform_id = o.platform_id AND l.order_id = o.id AND l.line_no = %(line)s
  LEFT JOIN LATERAL (
      SELECT state, units_total, units_used, unit, source, record_ref, observed_at FROM usage_facts u
       WHERE u.platform_id = o.platform_id AND u.order_id = o.id AND u.line_no = l.line_no
       ORDER BY observed_at DESC, id DESC LIMIT 1) u ON true
 CROSS JOIN LATERAL contact_standing(o.platform_id, o.contact_hash, %(now)s, %(memory)s) b
 WHERE o.platform_id = %(platform)s
"""

CASE_BY_ORDER_NO: LiteralString = _CASE_SQL + " AND o.order_no = %(order_no)s LIMIT 1"
"""The read of the hot path; the load harness runs the same one."""
