"""Orders and what became of a batch of them, as the API shows them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from huiliu.api.shapes import MoneyOut, money_out
from huiliu.kit.text import Lang, has_words, say
from huiliu.orders.model import (
    DeliveryState,
    ImportResult,
    Order,
    OrderDraft,
    OrderLine,
    OrderRow,
    OrderState,
    Precision,
    Problem,
    ProductKind,
    Rail,
    UsageState,
)


class RowOut(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item: created, updated, unchanged or rejected. A rejected one says where and why.

    `row` is its place in the batch, from 1. An item with several faults has a row for each.
    """

    row: int
    result: str
    order_no: str | None = None
    column: str | None = None
    code: str | None = None
    reason: str | None = None


class ImportOut(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch, in counts and row by row."""

    created: int
    updated: int
    unchanged: int
    rejected: int
    rows: list[RowOut]


class OrderRowOut(msgspec.Struct, frozen=True, kw_only=True):
    """One order in a list. `claim_no` is its newest claim."""

    order_no: str
    title: str
    kind: ProductKind
    line_count: int
    paid: MoneyOut
    refunded: MoneyOut
    rail: Rail
    state: OrderState
    ordered_at: datetime
    delivery_state: DeliveryState
    contact_masked: str
    account_differs: bool
    claim_no: str | None


class OrdersOut(msgspec.Struct, frozen=True):
    """A page of orders, newest first."""

    orders: list[OrderRowOut]
    next_cursor: str | None


class UsageOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the records say of the use of a line."""

    state: UsageState
    units_total: int | None
    units_used: int | None
    unit: str
    source: str
    record_ref: str
    observed_at: datetime


class LineOut(msgspec.Struct, frozen=True, kw_only=True):
    """One line as sold, with what was refunded of it."""

    line: int
    title: str
    kind: ProductKind
    promise: str
    quantity: int
    paid: MoneyOut
    reserved: MoneyOut
    refunded: MoneyOut
    usage: UsageOut | None


class OrderOut(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is kept. Contacts and accounts are masked."""

    order_no: str
    merchant: str
    state: OrderState
    rail: Rail
    rail_trade_no: str
    rail_order_no: str
    payer_account: str
    paid: MoneyOut
    fee: MoneyOut
    reserved: MoneyOut
    refunded: MoneyOut
    ordered_at: datetime
    ordered_precision: Precision
    paid_at: datetime | None
    delivered_at: datetime | None
    delivery_state: DeliveryState
    delivery_note: str
    contact_masked: str
    account_masked: str
    account_described: str
    account_differs: bool
    version: int
    updated_at: datetime
    lines: list[LineOut]


def import_out(lang: Lang, drafts: list[OrderDraft], unread: list[Problem], result: ImportResult) -> ImportOut:
    """What became of a batch, in the reader's words."""
    problems = [*unread, *result.rejected]
    refused = {problem.row for problem in problems}
    numbers = {draft.row: draft.order_no for draft in drafts}
    created = {one.order_no for one in result.created}
    updated = {one.order_no for one in result.updated}
    rows = [_rejected(lang, problem, numbers.get(problem.row)) for problem in problems]
    for row, order_no in numbers.items():
        if row not in refused:
            word = "created" if order_no in created else "updated" if order_no in updated else "unchanged"
            rows.append(RowOut(row=row, result=word, order_no=order_no))
    return ImportOut(
        created=len(result.created),
        updated=len(result.updated),
        unchanged=result.unchanged,
        rejected=len(refused),
        rows=sorted(rows, key=lambda each: each.row),
    )


def _rejected(lang: Lang, problem: Problem, order_no: str | None) -> RowOut:
    key = f"orders.problem.{problem.reason_code}"
    reason = say(lang, key, **problem.facts) if has_words(key) else problem.reason_code
    return RowOut(
        row=problem.row,
        result="rejected",
        order_no=order_no or None,
        column=problem.column,
        code=problem.reason_code,
        reason=reason,
    )


def row_out(row: OrderRow) -> OrderRowOut:
    """One order in a list."""
    return OrderRowOut(
        order_no=row.order_no,
        title=row.title,
        kind=row.kind,
        line_count=row.line_count,
        paid=money_out(row.paid),
        refunded=money_out(row.refunded),
        rail=row.rail,
        state=row.state,
        ordered_at=row.ordered_at,
        delivery_state=row.delivery_state,
        contact_masked=row.contact_masked,
        account_differs=row.account_differs,
        claim_no=row.claim_no,
    )


def order_out(order: Order) -> OrderOut:
    """One order with its lines."""
    return OrderOut(
        order_no=order.order_no,
        merchant=order.merchant,
        state=order.state,
        rail=order.rail,
        rail_trade_no=order.rail_trade_no,
        rail_order_no=order.rail_order_no,
        payer_account=order.payer_account,
        paid=money_out(order.paid),
        fee=money_out(order.fee),
        reserved=money_out(order.reserved),
        refunded=money_out(order.refunded),
        ordered_at=order.ordered_at,
        ordered_precision=order.ordered_precision,
        paid_at=order.paid_at,
        delivered_at=order.delivered_at,
        delivery_state=order.delivery_state,
        delivery_note=order.delivery_note,
        contact_masked=order.contact_masked,
        account_masked=order.account_masked,
        account_described=order.account_described,
        account_differs=order.account_differs,
        version=order.version,
        updated_at=order.updated_at,
        lines=[_line_out(line) for line in order.lines],
    )


def _line_out(line: OrderLine) -> LineOut:
    usage = line.usage
    return LineOut(
        line=line.line_no,
        title=line.title,
        kind=line.kind,
        promise=line.promise,
        quantity=line.quantity,
        paid=money_out(line.paid),
        reserved=money_out(line.reserved),
        refunded=money_out(line.refunded),
        usage=None
        if usage is None
        else UsageOut(
            state=usage.state,
            units_total=usage.units_total,
            units_used=usage.units_used,
            unit=usage.unit,
            source=usage.source,
            record_ref=usage.record_ref,
            observed_at=usage.observed_at,
        ),
    )
