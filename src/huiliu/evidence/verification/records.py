"""What the records say about the thing in a picture, by source: the order, the payment, the platform's own logs.

The rail's own word is asked for separately (`payments`). What is not known, or only known to the day, is left out: a
record that cannot decide must not accuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import structs

from huiliu.evidence.inspection.model import Expected, FieldName, StatusCode
from huiliu.evidence.slots import SlotCode
from huiliu.evidence.verification.payments import Answer, Paid
from huiliu.kit.db import Tx
from huiliu.kit.money import Money
from huiliu.people.restrictions.reads import contact_requires_code

ORDER, PAYMENT, RAIL, PLATFORM = "order", "payment", "rail", "platform"
YUAN = "CNY"
FINE = frozenset({"second", "minute"})
"""Precisions that can be compared with a printed time."""
OTHER_ACCOUNT_REASONS = frozenset({"topup_wrong"})
"""Reasons whose very claim is that two accounts differ."""
CODE_SLOTS = frozenset({SlotCode.PLATFORM_CHECK.value})
"""Slots that prove nothing without a one-time code: anybody can keep an old screenshot."""


class FileRecords(msgspec.Struct, frozen=True, kw_only=True):
    """A file, and what is on record about the order its claim is for."""

    file_id: UUID
    claim_id: UUID
    claim_no: str
    reason: str
    slot: str
    source: str
    added_at: datetime
    is_live: bool
    """Nobody has taken it back meanwhile."""
    buyer: str
    """Whatever tells one buyer from another: the contact, or without one the order."""
    contact_hash: bytes | None
    order_no: str
    rail: str
    rail_trade_no: str
    rail_order_no: str
    merchant: str
    currency: str
    paid_minor: int
    order_state: str
    paid_at: datetime | None
    paid_precision: str
    delivered_at: datetime | None
    delivered_precision: str
    delivery_state: str
    title: str
    account_sealed: bytes | None
    account_differs: bool
    platform_name: str
    platform_name_en: str
    payee_names: tuple[str, ...]
    usage_state: str | None
    code: str | None
    """The one-time code that was good for this slot when the file came."""
    atlas_version: int | None
    is_code_demanded: bool = False
    """Evidence of this buyer counts only with a one-time code."""

    @property
    def wants_code(self) -> bool:
        """Whether the picture counts only when a one-time code is seen in it."""
        return self.is_code_demanded or self.slot in CODE_SLOTS or self.code is not None

    @property
    def disputed(self) -> frozenset[FieldName]:
        """Fields that the buyer says are wrong: that they differ is the claim, not a contradiction of it."""
        is_other = self.reason in OTHER_ACCOUNT_REASONS or self.slot == SlotCode.ACCOUNT_COMPARE or self.account_differs
        return frozenset({FieldName.ACCOUNT, FieldName.PRODUCT}) if is_other else frozenset()


async def load_records(tx: Tx, file_id: UUID) -> FileRecords | None:
    """Everything on record for one file; None when there is no such file."""
    known = await tx.one(
        FileRecords,
        """
        SELECT f.id AS file_id, f.claim_id, c.claim_no, c.reason, f.slot, f.source, f.added_at,
               f.removed_at IS NULL AS is_live, c.contact_hash,
               coalesce(encode(c.contact_hash, 'hex'), c.order_id::text) AS buyer,
               o.order_no, o.rail, o.rail_trade_no, o.rail_order_no, o.merchant, o.currency, o.paid_minor,
               o.state AS order_state, o.paid_at, o.paid_precision, o.delivered_at, o.delivered_precision,
               o.delivery_state, l.title, o.account_sealed, o.account_differs, p.name AS platform_name,
               p.name_en AS platform_name_en,
               ARRAY(SELECT jsonb_array_elements_text(coalesce(p.settings->'payee_names', '[]'))) AS payee_names,
               (SELECT u.state FROM usage_facts u
                 WHERE u.platform_id = o.platform_id AND u.order_id = o.id AND u.line_no = l.line_no
                 ORDER BY u.observed_at DESC, u.id DESC LIMIT 1) AS usage_state,
               (SELECT k.code FROM evidence_codes k
                 WHERE k.platform_id = f.platform_id AND k.claim_id = f.claim_id AND k.slot = f.slot
                   AND k.issued_at <= f.added_at AND k.expires_at > f.added_at
                   AND (k.used_by_file IS NULL OR k.used_by_file = f.id OR k.used_at >= f.added_at)
                 ORDER BY k.issued_at DESC, k.id DESC LIMIT 1) AS code,
               (SELECT max(a.version) FROM evidence_atlases a
                 WHERE a.platform_id = f.platform_id AND a.state = 'ready') AS atlas_version
          FROM evidence_files f
          JOIN claims c ON c.platform_id = f.platform_id AND c.id = f.claim_id
          JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
          JOIN order_lines l ON l.platform_id = c.platform_id AND l.order_id = c.order_id AND l.line_no = c.line_no
          JOIN platforms p ON p.id = f.platform_id
         WHERE f.platform_id = %(platform_id)s AND f.id = %(file_id)s
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
    )
    if known is None or known.source != "buyer":
        return known
    return structs.replace(known, is_code_demanded=await contact_requires_code(tx, known.contact_hash))


def expected_of(known: FileRecords, *, open_account: Callable[[bytes], str]) -> Expected:
    """Everything the database knows, as one expectation: what the inspecting process is given."""
    by_source = records_of(known, open_account=open_account)
    merged: dict[str, object] = {}
    for record in (by_source[ORDER], by_source[PAYMENT], by_source[PLATFORM]):
        for name, value in msgspec.structs.asdict(record).items():
            if value is not None:
                merged.setdefault(name, value)
    return msgspec.convert(merged, Expected)


def records_of(known: FileRecords, *, open_account: Callable[[bytes], str]) -> Mapping[str, Expected]:
    """The same by source, so that each check says whose record it was compared with."""
    is_paid = known.order_state == "paid" or known.paid_at is not None
    amount = _yuan(Money(known.paid_minor, known.currency)) if is_paid else None
    account = open_account(known.account_sealed) if known.account_sealed else None
    is_delivered = known.delivery_state == "delivered" and known.delivered_precision in FINE
    return {
        ORDER: Expected(
            order_no=known.order_no,
            amount=amount,
            payee=_payees(known),
            account=account or None,
            product=known.title,
            uploaded_at=known.added_at,
            code=known.code,
        ),
        PAYMENT: Expected(
            order_no=known.rail_order_no or None,
            trade_no=known.rail_trade_no or None,
            amount=amount,
            paid_at=known.paid_at if known.paid_precision in FINE else None,
            status=StatusCode.PAID if is_paid else None,
        ),
        PLATFORM: Expected(
            status=_delivery_status(known.delivery_state),
            delivered_at=known.delivered_at if is_delivered else None,
        ),
    }


def rail_record(answer: Answer) -> Expected | None:
    """What the rail itself says of a payment to us; None when it said nothing that can be believed."""
    if not isinstance(answer, Paid):
        return None
    return Expected(
        trade_no=answer.trade_no, amount=_yuan(answer.amount), paid_at=answer.paid_at, status=answer.status.value
    )


def _payees(known: FileRecords) -> str | None:
    """Only names that the platform has told us: a bill prints a company's name, which no shop's name need be like."""
    if not known.payee_names:
        return None
    names = (*known.payee_names, known.merchant, known.platform_name, known.platform_name_en)
    return "|".join(dict.fromkeys(name.replace("|", " ") for name in names if name))


def _delivery_status(state: str) -> str | None:
    match state:
        case "delivered":
            return StatusCode.DELIVERED
        case "pending" | "processing":
            return StatusCode.NOT_DELIVERED
        case _:
            return None


def _yuan(amount: Money) -> str | None:
    """Pages of these rails print yuan; another currency compares with nothing."""
    return amount.major() if amount.currency == YUAN else None
