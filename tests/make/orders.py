"""Makes orders with plain SQL, so that a test of something else does not lean on the importer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from huiliu.kit.db import Tx
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.orders.search import grams, search_text
from huiliu.people.contacts import contact_hash, mask, tail_hash

XIAOMAN_CONTACT = "13812345678"
"""林小满, whose orders these are."""
ZHOUMO_CONTACT = "13987654321"
"""周末, who must see nothing of hers."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line to make; usage None means that no record of use exists."""

    title: str = "英雄点券 1000 直充"
    kind: str = "topup"
    paid_minor: int = 100_00
    promise: str = "下单后 10 分钟内到账"
    quantity: int = 1
    usage: str | None = None
    units_total: int | None = None
    units_used: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class OrderIds:
    """What a test needs to go on with the order that was made."""

    order_id: UUID
    order_no: str
    contact_hash: bytes
    line_nos: tuple[int, ...]
    paid_minor: int


def fake_contact_hash(contact: str) -> bytes:
    """The hash that `order` stores when it is given no keyring."""
    return hashlib.sha256(f"test contact {contact}".encode()).digest()


async def order(
    tx: Tx,
    *,
    keyring: Keyring | None = None,
    order_no: str | None = None,
    contact: str = XIAOMAN_CONTACT,
    lines: Sequence[Line] | None = None,
    title: str = "英雄点券 1000 直充",
    kind: str = "topup",
    paid_minor: int = 100_00,
    fee_minor: int = 0,
    usage: str | None = None,
    units_total: int | None = None,
    units_used: int | None = None,
    unit: str = "",
    currency: str = "CNY",
    rail: str = "sandbox",
    rail_trade_no: str | None = None,
    rail_order_no: str | None = None,
    state: str = "paid",
    delivery_state: str = "delivered",
    delivery_note: str = "",
    ordered_at: datetime | None = None,
    delivered_at: datetime | None = None,
    account: str = "10086001",
    account_described: str = "",
    account_differs: bool = False,
) -> OrderIds:
    """A paid and delivered order of 林小满, 30 minutes old, with one line of 100.00 yuan unless told otherwise.

    With a keyring the contact's hashes are real ones (people.contacts); without, `fake_contact_hash`.
    """
    made = lines or [
        Line(title, kind, paid_minor, usage=usage, units_total=units_total, units_used=units_used, unit=unit)
    ]
    order_id = new_id()
    number = order_no or f"KM{order_id.hex[-12:].upper()}"
    ordered = ordered_at or tx.now - timedelta(minutes=30)
    delivered = delivered_at or (ordered + timedelta(minutes=5) if delivery_state == "delivered" else None)
    found_by = search_text(number, *(line.title for line in made), delivery_note)
    hashed = contact_hash(keyring, tx.platform_id, contact) if keyring else fake_contact_hash(contact)
    tail = tail_hash(keyring, tx.platform_id, contact) if keyring else fake_contact_hash(contact[-4:])
    total = sum(line.paid_minor for line in made)
    await tx.run(
        """
        INSERT INTO orders (
            platform_id, id, order_no, merchant, contact_hash, contact_tail_hash, contact_sealed, contact_masked,
            rail, rail_trade_no, rail_order_no, payer_account, currency, paid_minor, fee_minor, state,
            ordered_at, paid_at, delivered_at, delivery_state, delivery_note, account_sealed, account_masked,
            account_described, account_differs, search_text, search_grams, content_hash, created_at, updated_at)
        VALUES (
            %(platform_id)s, %(id)s, %(order_no)s, '极速卡商', %(contact_hash)s, %(tail)s, %(contact_sealed)s,
            %(contact_masked)s, %(rail)s, %(trade)s, %(out_trade)s, '微信零钱', %(currency)s, %(paid)s, %(fee)s,
            %(state)s, %(ordered)s, %(paid_at)s, %(delivered)s, %(delivery_state)s, %(delivery_note)s,
            %(account_sealed)s, %(account_masked)s, %(described)s, %(differs)s, %(text)s, %(grams)s, %(content)s,
            %(now)s, %(now)s)
        """,
        platform_id=tx.platform_id,
        id=order_id,
        order_no=number,
        contact_hash=hashed,
        tail=tail,
        contact_sealed=keyring.seal(contact, context="orders.contact_sealed") if keyring else None,
        contact_masked=mask(contact),
        rail=rail,
        trade=f"T{order_id.hex}" if rail_trade_no is None else rail_trade_no,
        out_trade=f"P{number}" if rail_order_no is None else rail_order_no,
        currency=currency,
        paid=total,
        fee=fee_minor,
        state=state,
        ordered=ordered,
        paid_at=None if state == "unpaid" else ordered + timedelta(minutes=1),
        delivered=delivered,
        delivery_state=delivery_state,
        delivery_note=delivery_note,
        account_sealed=keyring.seal(account, context="orders.account_sealed") if keyring and account else None,
        account_masked=mask(account),
        described=account_described,
        differs=account_differs,
        text=found_by,
        grams=grams(found_by),
        content=hashlib.sha256(order_id.bytes).digest(),
        now=tx.now,
    )
    for line_no, line in enumerate(made, 1):
        await _line(tx, order_id, line_no=line_no, line=line)
    return OrderIds(order_id, number, hashed, tuple(range(1, len(made) + 1)), total)


async def _line(tx: Tx, order_id: UUID, *, line_no: int, line: Line) -> None:
    await tx.run(
        """
        INSERT INTO order_lines (platform_id, order_id, line_no, title, kind, promise, quantity, paid_minor)
        VALUES (%(platform_id)s, %(order_id)s, %(line_no)s, %(title)s, %(kind)s, %(promise)s, %(quantity)s, %(paid)s)
        """,
        platform_id=tx.platform_id,
        order_id=order_id,
        line_no=line_no,
        title=line.title,
        kind=line.kind,
        promise=line.promise,
        quantity=line.quantity,
        paid=line.paid_minor,
    )
    if line.usage is None:
        return
    await tx.run(
        """
        INSERT INTO usage_facts (platform_id, id, order_id, line_no, state, units_total, units_used, unit,
                                 source, record_ref, observed_at, recorded_at)
        VALUES (%(platform_id)s, %(id)s, %(order_id)s, %(line_no)s, %(state)s, %(total)s, %(used)s, %(unit)s,
                '平台发货系统', 'LOG-1', %(now)s, %(now)s)
        """,
        platform_id=tx.platform_id,
        id=new_id(),
        order_id=order_id,
        line_no=line_no,
        state=line.usage,
        total=line.units_total,
        used=line.units_used,
        unit=line.unit,
        now=tx.now,
    )
