"""What an order is here: the platform's own record of a sale, as far as a refund needs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from huiliu.kit.errors import Fact, Refusal
from huiliu.kit.money import Money

IMPORT_BATCH_MAX = 5_000
"""Orders in one call and one transaction."""
LINES_MAX = 50
"""Lines of one order."""

CONTACT_CONTEXT = "orders.contact_sealed"
ACCOUNT_CONTEXT = "orders.account_sealed"

CURRENCIES = frozenset({"CNY", "USD", "HKD", "EUR", "TWD", "SGD", "MYR", "GBP", "AUD", "CAD"})
"""ISO 4217 codes with two decimals that a rail here could refund; others are refused, not converted."""


class ProductKind(StrEnum):
    """What was sold: 直充, 卡密, 会员, 代练."""

    TOPUP = "topup"
    CARD = "card"
    MEMBERSHIP = "membership"
    SERVICE = "service"


class DeliveryState(StrEnum):
    """What the platform's own system says of the delivery."""

    PENDING = "pending"
    PROCESSING = "processing"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Precision(StrEnum):
    """How exactly a time is known; `not_after` means it happened then or earlier."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    NOT_AFTER = "not_after"


class OrderState(StrEnum):
    """Whether money came in."""

    UNPAID = "unpaid"
    PAID = "paid"
    CLOSED = "closed"


class Rail(StrEnum):
    """The way the money came, which is the way it goes back."""

    WECHATPAY = "wechatpay"
    ALIPAY = "alipay"
    EPAY = "epay"
    BALANCE = "balance"
    BANK = "bank"
    SANDBOX = "sandbox"


class UsageState(StrEnum):
    """未使用, 部分使用, 已使用."""

    UNUSED = "unused"
    PART_USED = "part_used"
    USED = "used"


class UsageDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says of the use of one line. `observed_at` None means: when it is imported."""

    state: UsageState
    units_total: int | None = None
    units_used: int | None = None
    unit: str = ""
    source: str
    record_ref: str = ""
    observed_at: datetime | None = None


class OrderLineDraft(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an order as the importer hands it in."""

    line_no: int = 1
    title: str
    kind: ProductKind
    paid_minor: int
    promise: str = ""
    quantity: int = 1
    usage: UsageDraft | None = None


class OrderDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An order as an importer hands it in: amounts in minor units, aware times; '' and None say nothing.

    `row` is its place in what was handed in (a sheet's row, an item's number), for the answer.
    """

    row: int
    order_no: str
    rail: Rail
    paid_minor: int
    ordered_at: datetime
    lines: tuple[OrderLineDraft, ...]
    delivery_state: DeliveryState
    state: OrderState = OrderState.PAID
    merchant: str = ""
    contact: str = ""
    lookup_password: str = ""
    rail_trade_no: str = ""
    rail_order_no: str = ""
    payer_account: str = ""
    currency: str = "CNY"
    fee_minor: int = 0
    ordered_precision: Precision = Precision.SECOND
    paid_at: datetime | None = None
    paid_precision: Precision = Precision.SECOND
    delivered_at: datetime | None = None
    delivered_precision: Precision = Precision.SECOND
    delivery_note: str = ""
    account: str = ""
    description: str = ""


class Problem(msgspec.Struct, frozen=True):
    """Why one row was refused: words are under orders.problem.<reason_code>; `column` is a field's name or ''."""

    row: int
    column: str
    reason_code: str
    facts: Mapping[str, Fact] = {}


class ImportedOrder(msgspec.Struct, frozen=True):
    """An order that an import wrote."""

    order_id: UUID
    order_no: str
    rail: str
    currency: str
    paid_minor: int


class ImportResult(msgspec.Struct, frozen=True):
    """What became of a batch; `rejected` holds one or more problems for each refused order."""

    created: tuple[ImportedOrder, ...] = ()
    updated: tuple[ImportedOrder, ...] = ()
    unchanged: int = 0
    rejected: tuple[Problem, ...] = ()


class UsageFact(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of the use of a line, and which record says so."""

    line_no: int
    state: UsageState
    units_total: int | None
    units_used: int | None
    unit: str
    source: str
    record_ref: str
    observed_at: datetime
    recorded_at: datetime


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line as sold, with what has been refunded of it."""

    line_no: int
    title: str
    kind: ProductKind
    promise: str
    quantity: int
    paid: Money
    reserved: Money
    refunded: Money
    usage: UsageFact | None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order with its lines, for a screen or for the policy. Contacts and accounts are masked."""

    order_id: UUID
    order_no: str
    merchant: str
    contact_hash: bytes | None
    contact_masked: str
    rail: Rail
    rail_trade_no: str
    rail_order_no: str
    payer_account: str
    paid: Money
    fee: Money
    reserved: Money
    refunded: Money
    state: OrderState
    ordered_at: datetime
    ordered_precision: Precision
    paid_at: datetime | None
    paid_precision: Precision
    delivered_at: datetime | None
    delivered_precision: Precision
    delivery_state: DeliveryState
    delivery_note: str
    account_masked: str
    account_described: str
    account_differs: bool
    version: int
    updated_at: datetime
    lines: tuple[OrderLine, ...]

    def line(self, line_no: int) -> OrderLine | None:
        """The line with this number, if the order has one."""
        return next((line for line in self.lines if line.line_no == line_no), None)


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """One order in a list."""

    order_id: UUID
    order_no: str
    title: str
    kind: ProductKind
    line_count: int
    paid: Money
    refunded: Money
    rail: Rail
    state: OrderState
    ordered_at: datetime
    ordered_precision: Precision
    delivery_state: DeliveryState
    delivery_note: str
    contact_masked: str
    account_differs: bool
    claim_no: str | None
    claim_state: str | None
    """The newest claim that was ever filed or begun on it."""


Row = TypeVar("Row")


class Page(msgspec.Struct, Generic[Row], frozen=True):
    """A stretch of a list; `next_cursor` None means that this was the end."""

    rows: tuple[Row, ...]
    next_cursor: str | None


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for: `number` is part of an order number, `text` is keywords; `to` is exclusive."""

    number: str = ""
    text: str = ""
    from_: datetime | None = None
    to: datetime | None = None
    states: tuple[OrderState, ...] = ()
    delivery: tuple[DeliveryState, ...] = ()
    reasons: tuple[str, ...] = ()
    has_claim: bool | None = None
    cursor: str = ""
    limit: int = 20


class BatchTooLarge(Refusal):
    """More orders than one call may carry. facts: given, most."""

    code = "orders.batch_too_large"
    status = 413


class BodyUnreadable(Refusal):
    """What was sent is not a JSON list of orders. facts: detail."""

    code = "orders.body_unreadable"
    status = 400


class FileUnreadable(Refusal):
    """The file cannot be read as a table. facts: detail."""

    code = "orders.file_unreadable"
    status = 422


class FileTooLarge(Refusal):
    """The file is beyond what one import takes. facts: what (bytes, rows, columns, unpacked), most."""

    code = "orders.file_too_large"
    status = 413


class ColumnsMissing(Refusal):
    """Columns that an order cannot do without were not found. facts: columns, seen."""

    code = "orders.columns_missing"
    status = 422


class ColumnTwice(Refusal):
    """Two columns both claim to be the same field. facts: column, first, second."""

    code = "orders.column_twice"
    status = 422


class MappingBad(Refusal):
    """The mapping file says something that makes no sense. facts: detail."""

    code = "orders.mapping_bad"
    status = 422


class UsageRefused(Refusal):
    """A fact about use contradicts itself. facts: problem (a reason code)."""

    code = "orders.usage_refused"
    status = 422
