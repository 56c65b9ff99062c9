"""One row of a sheet into typed values, and the rows of one order into its draft. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from huiliu.orders.cells import BadCell, Cell, identifier_of, integer_of, minor_of, text_of, time_of
from huiliu.orders.mapping import Mapping
from huiliu.orders.model import (
    DeliveryState,
    OrderDraft,
    OrderLineDraft,
    OrderState,
    Precision,
    Problem,
    ProductKind,
    Rail,
    UsageDraft,
    UsageState,
)
from huiliu.orders.tables import TableRow
from huiliu.orders.words import (
    FIELDS,
    IDENTIFIER_FIELDS,
    INTEGER_FIELDS,
    LINE_FIELDS,
    MONEY_FIELDS,
    REQUIRED,
    TIME_FIELDS,
    VALUES,
)

IMPORT_SOURCE = "import"
"""Where a usage fact of a sheet comes from when the sheet does not say."""

Value = TypeVar("Value")


class BadOrder(Exception):
    """The rows of one order do not make an order."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason_code)
        self.problem = problem


class RowValues(msgspec.Struct, frozen=True):
    """What one row says, field by field, and what in it could not be read."""

    row: int
    order_no: str
    texts: dict[str, str] = {}
    numbers: dict[str, int] = {}
    times: dict[str, tuple[datetime, Precision]] = {}
    problems: list[Problem] = []


def read_row(row: TableRow, columns: dict[str, int], mapping: Mapping) -> RowValues:
    """Every field of a row, from its column or from the mapping's constants."""
    values = RowValues(row.number, "", {}, {}, {}, [])
    for field in FIELDS:
        index = columns.get(field)
        cell = row.cells[index] if index is not None and index < len(row.cells) else None
        shown_as = row.formats[index] if index is not None and index < len(row.formats) else ""
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            cell = mapping.constants.get(field)
        try:
            if cell is not None:
                _read(values, field, cell, shown_as, mapping)
            elif field in REQUIRED:
                raise BadCell("missing")
        except BadCell as bad:
            values.problems.append(Problem(row.number, field, bad.reason_code, bad.facts))
    return msgspec.structs.replace(values, order_no=values.texts.get("order_no", ""))


def _read(values: RowValues, field: str, cell: Cell, shown_as: str, mapping: Mapping) -> None:
    if field in MONEY_FIELDS:
        values.numbers[field] = minor_of(cell, unit=mapping.amount_unit)
    elif field in INTEGER_FIELDS:
        values.numbers[field] = integer_of(cell)
    elif field in TIME_FIELDS:
        values.times[field] = time_of(cell, time_format=mapping.time_format, zone=mapping.zone)
    elif field in IDENTIFIER_FIELDS:
        values.texts[field] = identifier_of(cell, number_format=shown_as)
    elif field in VALUES:
        values.texts[field] = _code(field, text_of(cell), mapping)
    else:
        values.texts[field] = text_of(cell, keep_lines=field == "promise")


def _code(field: str, text: str, mapping: Mapping) -> str:
    code = mapping.code(field, text)
    if code is None and field == "currency":
        return text.upper()  # the closed list of currencies refuses it with its own words
    if code is None:
        raise BadCell("value_unknown", value=text[:40])
    return code


def draft_of(rows: Sequence[RowValues]) -> OrderDraft:
    """The order that these rows describe together. Raises BadOrder."""
    first = rows[0]
    merged = RowValues(first.row, first.order_no, dict(first.texts), dict(first.numbers), dict(first.times))
    for row in rows[1:]:
        _merge(merged, row)
    paid = merged.numbers.get("paid", 0)
    lines = tuple(_line(row, paid=paid, alone=len(rows) == 1) for row in rows)
    ordered = _time(merged, "ordered_at")
    assert ordered is not None  # a required field: a row without it never gets here
    ordered_at, ordered_precision = ordered
    paid_at, paid_precision = _time(merged, "paid_at") or (None, Precision.SECOND)
    delivered_at, delivered_precision = _time(merged, "delivered_at") or (None, Precision.SECOND)
    text = merged.texts.get
    return OrderDraft(
        row=first.row,
        order_no=first.order_no,
        merchant=text("merchant", ""),
        contact=text("contact", ""),
        lookup_password=text("lookup_password", ""),
        rail=Rail(merged.texts["rail"]),
        rail_trade_no=text("rail_trade_no", ""),
        rail_order_no=text("rail_order_no", ""),
        payer_account=text("payer_account", ""),
        currency=text("currency", "CNY"),
        paid_minor=paid,
        fee_minor=merged.numbers.get("fee", 0),
        state=OrderState(text("state", "paid")),
        ordered_at=ordered_at,
        ordered_precision=ordered_precision,
        paid_at=paid_at,
        paid_precision=paid_precision,
        delivered_at=delivered_at,
        delivered_precision=delivered_precision,
        delivery_state=DeliveryState(merged.texts["delivery_state"]),
        delivery_note=text("delivery_note", ""),
        account=text("account", ""),
        description=text("description", ""),
        lines=lines,
    )


def _merge(merged: RowValues, row: RowValues) -> None:
    """Fold a later row in: what belongs to the order must say the same again, or nothing."""
    _agree(row.texts, merged.texts, row.row)
    _agree(row.numbers, merged.numbers, row.row)
    _agree(row.times, merged.times, row.row)


def _agree(said: dict[str, Value], known: dict[str, Value], row: int) -> None:
    for field, value in said.items():
        if field not in LINE_FIELDS and known.setdefault(field, value) != value:
            raise BadOrder(Problem(row, field, "row_disagrees", {}))


def _line(row: RowValues, *, paid: int, alone: bool) -> OrderLineDraft:
    amount = row.numbers.get("line_paid")
    if amount is None and not alone:
        raise BadOrder(Problem(row.row, "line_paid", "missing", {}))
    if not alone and "line_no" not in row.numbers:
        raise BadOrder(Problem(row.row, "line_no", "missing", {}))
    return OrderLineDraft(
        line_no=row.numbers.get("line_no", 1),
        title=row.texts.get("title", ""),
        kind=ProductKind(row.texts["kind"]),
        promise=row.texts.get("promise", ""),
        quantity=row.numbers.get("quantity", 1),
        paid_minor=paid if amount is None else amount,
        usage=_usage(row),
    )


def _usage(row: RowValues) -> UsageDraft | None:
    if "usage_state" not in row.texts:
        if any(field in row.numbers for field in ("units_total", "units_used")):
            raise BadOrder(Problem(row.row, "usage_state", "missing", {}))
        return None
    observed = row.times.get("usage_at")
    return UsageDraft(
        state=UsageState(row.texts["usage_state"]),
        units_total=row.numbers.get("units_total"),
        units_used=row.numbers.get("units_used"),
        unit=row.texts.get("unit", ""),
        source=row.texts.get("usage_source") or IMPORT_SOURCE,
        record_ref=row.texts.get("usage_ref", ""),
        observed_at=observed[0] if observed else None,
    )


def _time(values: RowValues, field: str) -> tuple[datetime, Precision] | None:
    """The time and its precision: the one it was written with, or the one another column states."""
    read = values.times.get(field)
    stated = values.texts.get(f"{field.removesuffix('_at')}_precision")
    if read is None or stated is None:
        return read
    return read[0], Precision(stated)
