"""From a draft to what is stored, and which changes of a stored order are refused. Pure but for the keyring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.orders.accounts import account_differs, accounts_in, may_be_same
from huiliu.orders.model import ACCOUNT_CONTEXT, CONTACT_CONTEXT, OrderDraft, OrderLineDraft, Problem
from huiliu.orders.search import grams, search_text
from huiliu.people.contacts import contact_hash, lookup_hash, mask, tail_hash


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `orders` as an import writes it."""

    id: UUID
    order_no: str
    merchant: str
    contact_hash: bytes | None
    contact_tail_hash: bytes | None
    contact_sealed: bytes | None
    contact_masked: str
    lookup_hash: bytes | None
    rail: str
    rail_trade_no: str
    rail_order_no: str
    payer_account: str
    currency: str
    paid_minor: int
    fee_minor: int
    state: str
    ordered_at: datetime
    ordered_precision: str
    paid_at: datetime | None
    paid_precision: str
    delivered_at: datetime | None
    delivered_precision: str
    delivery_state: str
    delivery_note: str
    account_sealed: bytes | None
    account_masked: str
    account_described: str
    account_differs: bool
    search_text: str
    content_hash: bytes

    @property
    def grams(self) -> str:
        """The grams by blanks, for string_to_array: PostgreSQL cannot unnest an array of arrays."""
        return " ".join(grams(self.search_text))


class Stored(Record, frozen=True, kw_only=True):
    """An order as it lies in the database, locked for this import."""

    taken_minor: int
    """Reserved and refunded: what the paid amount may never fall below."""
    is_locked: bool
    """A live claim, an approved one, or money under way: what judges it must stand still."""


class StoredLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it lies in the database."""

    order_id: UUID
    line_no: int
    title: str
    kind: str
    promise: str
    quantity: int
    paid_minor: int
    taken_minor: int


def content_hash_of(draft: OrderDraft, keyring: Keyring, platform_id: int) -> bytes:
    """Equal for equal content, whichever row or zone it was written in; keyed, because it covers the contact."""
    canonical = msgspec.structs.replace(
        draft,
        row=0,
        ordered_at=draft.ordered_at.astimezone(UTC),
        paid_at=draft.paid_at and draft.paid_at.astimezone(UTC),
        delivered_at=draft.delivered_at and draft.delivered_at.astimezone(UTC),
    )
    text = msgspec.json.encode(canonical, order="deterministic").decode()
    return keyring.fingerprint(text, context=f"orders.content:{platform_id}")


def record_of(
    draft: OrderDraft, *, keyring: Keyring, platform_id: int, content_hash: bytes, stored: Stored | None = None
) -> Record:
    """What to write for a draft. What it does not say keeps what is stored: a sheet with fewer columns forgets nothing."""
    account = draft.account or (
        keyring.open(stored.account_sealed, context=ACCOUNT_CONTEXT) if stored and stored.account_sealed else ""
    )
    described, differs = _described(draft, account, stored)
    note, delivered_at, delivered_precision = _delivery(draft, stored)
    contact = draft.contact
    return Record(
        id=stored.id if stored else new_id(),
        order_no=draft.order_no,
        merchant=draft.merchant or (stored.merchant if stored else ""),
        contact_hash=_or(contact and contact_hash(keyring, platform_id, contact), stored and stored.contact_hash),
        contact_tail_hash=_or(
            contact and tail_hash(keyring, platform_id, contact), stored and stored.contact_tail_hash
        ),
        contact_sealed=_or(
            contact and keyring.seal(contact, context=CONTACT_CONTEXT), stored and stored.contact_sealed
        ),
        contact_masked=mask(contact) or (stored.contact_masked if stored else ""),
        lookup_hash=_or(
            draft.lookup_password and lookup_hash(keyring, platform_id, draft.lookup_password),
            stored and stored.lookup_hash,
        ),
        rail=draft.rail.value,
        rail_trade_no=draft.rail_trade_no or (stored.rail_trade_no if stored else ""),
        rail_order_no=draft.rail_order_no or (stored.rail_order_no if stored else ""),
        payer_account=mask(draft.payer_account) or (stored.payer_account if stored else ""),
        currency=draft.currency,
        paid_minor=draft.paid_minor,
        fee_minor=draft.fee_minor,
        state=draft.state.value,
        ordered_at=draft.ordered_at,
        ordered_precision=draft.ordered_precision.value,
        paid_at=draft.paid_at or (stored.paid_at if stored else None),
        paid_precision=stored.paid_precision if stored and draft.paid_at is None else draft.paid_precision.value,
        delivered_at=delivered_at,
        delivered_precision=delivered_precision,
        delivery_state=draft.delivery_state.value,
        delivery_note=note,
        account_sealed=keyring.seal(account, context=ACCOUNT_CONTEXT) if account else None,
        account_masked=mask(account),
        account_described=described,
        account_differs=differs,
        search_text=search_text(draft.order_no, *(line.title for line in draft.lines), note),
        content_hash=content_hash,
    )


def change_refused(draft: OrderDraft, stored: Stored, lines: Sequence[StoredLine]) -> Problem | None:
    """Why a stored order may not become this draft, or None."""
    if draft.paid_minor < stored.taken_minor:
        return Problem(draft.row, "paid", "paid_below_refunded", {"taken_minor": stored.taken_minor})
    known = {line.line_no: line for line in lines}
    gone = sorted(known.keys() - {line.line_no for line in draft.lines})
    if gone:
        return Problem(draft.row, "line_no", "line_vanished", {"line_no": gone[0]})
    for line in draft.lines:
        before = known.get(line.line_no)
        if before and line.paid_minor < before.taken_minor:
            return Problem(draft.row, "line_paid", "paid_below_refunded", {"taken_minor": before.taken_minor})
    if not stored.is_locked:
        return None
    column = next(_frozen_changes(draft, stored, known), None)
    return Problem(draft.row, column, "order_locked", {"order_no": draft.order_no}) if column else None


def _frozen_changes(draft: OrderDraft, stored: Stored, lines: dict[int, StoredLine]) -> Iterator[str]:
    """The columns that a claim leans on and this draft would change. A number that was blank may be filled in."""
    if draft.currency != stored.currency:
        yield "currency"
    if draft.rail.value != stored.rail:
        yield "rail"
    if stored.rail_trade_no and draft.rail_trade_no not in ("", stored.rail_trade_no):
        yield "rail_trade_no"
    if stored.rail_order_no and draft.rail_order_no not in ("", stored.rail_order_no):
        yield "rail_order_no"
    if draft.paid_minor != stored.paid_minor:
        yield "paid"
    if draft.fee_minor != stored.fee_minor:
        yield "fee"
    if draft.state.value != stored.state:
        yield "state"
    if draft.ordered_at != stored.ordered_at:
        yield "ordered_at"
    for line in draft.lines:
        before = lines.get(line.line_no)
        if before is None:
            yield "line_no"
        elif _snapshot(line) != (before.title, before.kind, before.promise, before.quantity, before.paid_minor):
            yield "title"


def _snapshot(line: OrderLineDraft) -> tuple[str, str, str, int, int]:
    return (line.title, line.kind.value, line.promise, line.quantity, line.paid_minor)


def _described(draft: OrderDraft, account: str, stored: Stored | None) -> tuple[str, bool]:
    """(masked account that the description names, whether it is another than the one really used)."""
    text = " ".join([draft.description, *(line.title for line in draft.lines)])
    named = accounts_in(text)
    if not named:
        kept = stored.account_described if stored else ""
        return kept, bool(kept) and bool(account) and not may_be_same(kept, account)
    shown = next((one for one in named if account and may_be_same(one, account)), named[0])
    return mask(shown), account_differs(text, account)


def _delivery(draft: OrderDraft, stored: Stored | None) -> tuple[str, datetime | None, str]:
    if stored is None or stored.delivery_state != draft.delivery_state.value:
        return draft.delivery_note, draft.delivered_at, draft.delivered_precision.value
    if draft.delivered_at is None:
        return draft.delivery_note or stored.delivery_note, stored.delivered_at, stored.delivered_precision
    return draft.delivery_note or stored.delivery_note, draft.delivered_at, draft.delivered_precision.value


def _or(fresh: bytes | str | None, stored: bytes | None) -> bytes | None:
    return fresh if isinstance(fresh, bytes) else stored
