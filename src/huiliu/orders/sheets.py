"""A sheet's rows into drafts of orders, in batches, so that memory does not grow with the file.

Rows of one order stand next to each other and differ in their line number. One bad row refuses its whole order:
half an order would refund wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from huiliu.kit.errors import Fact
from huiliu.orders.cells import Cell
from huiliu.orders.mapping import Mapping, match_columns
from huiliu.orders.model import LINES_MAX, FileUnreadable, OrderDraft, Problem
from huiliu.orders.rows import BadOrder, RowValues, draft_of, read_row
from huiliu.orders.tables import CHUNK_BYTES, TableRow, read_table

BATCH_ORDERS = 1_000
"""Orders in one transaction of a file import: short enough that nobody waits on its locks."""


class SheetBatch(msgspec.Struct, frozen=True):
    """A stretch of the sheet: orders to import, rows already refused, and the raw cells of all of them by row number."""

    drafts: tuple[OrderDraft, ...]
    problems: tuple[Problem, ...]
    cells: dict[int, tuple[Cell, ...]]
    rows_of: dict[int, tuple[int, ...]]
    """A draft's `row` -> every row it was made of."""
    last_row: int


class _Collected:
    """A batch while it is being collected."""

    def __init__(self) -> None:
        self.drafts: list[OrderDraft] = []
        self.problems: list[Problem] = []
        self.cells: dict[int, tuple[Cell, ...]] = {}
        self.rows_of: dict[int, tuple[int, ...]] = {}

    def refuse(self, row: TableRow, problem: Problem) -> None:
        self.cells[row.number] = row.cells
        self.problems.append(problem)

    def batch(self, last_row: int) -> SheetBatch:
        return SheetBatch(tuple(self.drafts), tuple(self.problems), self.cells, self.rows_of, last_row)


class Sheet:
    """One opened sheet: its headings, which column is which field, and its batches, read once."""

    def __init__(self, path: Path, mapping: Mapping) -> None:
        self._rows = read_table(path, sheet=mapping.sheet)
        self._mapping = mapping
        first = next((row for row in self._rows if any(cell not in (None, "") for cell in row.cells)), None)
        if first is None:
            raise FileUnreadable(detail="empty")
        self.headings = tuple("" if cell is None else str(cell).strip() for cell in first.cells)
        self.columns = match_columns(list(self.headings), mapping)
        self._seen: set[str] = set()

    def heading(self, field: str) -> str:
        """What the sheet itself calls a field; '' when it has no such column."""
        return self.headings[self.columns[field]] if field in self.columns else ""

    def batches(self, size: int = BATCH_ORDERS) -> Iterator[SheetBatch]:
        """Every order of the sheet, `size` at a time."""
        collected = _Collected()
        group: list[RowValues] = []
        last_row = 1
        for row in self._rows:
            last_row = row.number
            if row.problem:
                collected.refuse(row, Problem(row.number, "", row.problem, {"lines": row.lines}))
                continue
            if all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in row.cells):
                continue
            if self._wider(row):
                collected.refuse(row, Problem(row.number, "", "row_too_wide", {"most": len(self.headings)}))
                continue
            values = read_row(row, self.columns, self._mapping)
            if group and (values.order_no != group[0].order_no or not values.order_no):
                self._close(group, collected)
                group = []
                if len(collected.cells) >= size:
                    yield collected.batch(last_row - 1)
                    collected = _Collected()
            if len(group) > LINES_MAX:
                collected.refuse(row, Problem(row.number, "line_no", "too_many_lines", {"most": LINES_MAX}))
                continue
            collected.cells[row.number] = row.cells
            group.append(values)
        if group:
            self._close(group, collected)
        yield collected.batch(last_row)

    def _wider(self, row: TableRow) -> bool:
        """A separator too many shifts every later cell into the wrong field."""
        return any(cell not in (None, "") for cell in row.cells[len(self.headings) :])

    def _close(self, group: list[RowValues], collected: _Collected) -> None:
        order_no, first = group[0].order_no, group[0].row
        problems = [problem for values in group for problem in values.problems]
        if order_no and order_no in self._seen:
            problems.append(Problem(first, "order_no", "order_rows_apart", {"order_no": order_no}))
        self._seen.add(order_no)
        draft: OrderDraft | None = None
        if not problems:
            try:
                draft = draft_of(group)
            except BadOrder as bad:
                problems.append(bad.problem)
        if draft is None:
            collected.problems.extend(problems)
            told = {problem.row for problem in problems}
            facts: dict[str, Fact] = {"row": min(told)}
            collected.problems.extend(
                Problem(values.row, "", "order_has_bad_row", facts) for values in group if values.row not in told
            )
        else:
            collected.drafts.append(draft)
            collected.rows_of[draft.row] = tuple(values.row for values in group)


def count_rows(path: Path) -> int | None:
    """About how many rows a text file has, for a progress bar; None when only reading it all would tell."""
    lines = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if lines == 0 and chunk.startswith(b"PK"):
                return None
            lines += chunk.count(b"\n")
    return lines
