"""Past claims in a Parquet file: one row a claim. docs/guides/policy-claims-file.md is for those who write one.

    claim_no                text                 required
    reason, product_kind    words                required: the product's codes, or a policy's words for them
    age_seconds             whole number         required: from the order to the first application
    amount_minor            whole number         required: what was paid for the line, in minor units
    evidence                bit mask or list     required: accepted slots; a mask's bits are named in the metadata
    usage, delivery_state   words
    usage_proven, forged_before, exception_confirmed    truths
    product                 text
    fact:NAME, proven:NAME  a fact of the policy that the product does not know, and whether it is proven
    paid_minor, fee_minor, taken_minor                  whole numbers
    units_total, units_used, unit, time_total, time_used, promised_total, promised_used
    decided, decided_minor  an outcome's code, and the amount

A column of words is text (any encoding), or small whole numbers into a list of words in the file's metadata under
METADATA_KEY, where "" means unknown: `{"version": 1, "words": {"reason": ["not_arrived", ...]}, "evidence": ["paid_shot", ...]}`.
A truth is a Parquet boolean, or 0 and 1. Small numbers without gaps (nulls) are read fastest; everything else works.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

import polars as pl

from huiliu.policy.backtest.columns import ClaimColumns
from huiliu.policy.backtest.frame import (
    METADATA_KEY,
    ClaimsFileError,
    Frame,
    check_columns,
    is_read,
    read_layout,
)

ROWS_MAX = 200_000_000
ROWS_AT_ONCE = 1 << 20
"""What is in memory of a file at a time, per thread."""


@final
class ClaimsFile:
    """An opened file: its columns are checked, its rows are read piece by piece.

    Raises ClaimsFileError: not Parquet, too many rows, a missing column, a type or a word that does not fit. Words and
    numbers are checked as their rows are read.
    """

    def __init__(self, path: Path) -> None:
        try:
            metadata = pl.read_parquet_metadata(path)
            self._frame = pl.scan_parquet(path)
            schema = dict(self._frame.collect_schema())
            self.rows = int(self._frame.select(pl.len()).collect().item())
        except (pl.exceptions.PolarsError, OSError) as error:
            raise ClaimsFileError("not_parquet") from error
        if self.rows > ROWS_MAX:
            raise ClaimsFileError("too_many_rows", limit=ROWS_MAX)
        self.layout = read_layout(metadata.get(METADATA_KEY, "{}"))
        check_columns(schema, self.layout)
        self._columns = [name for name in schema if is_read(name) and name != "claim_no"]

    def pieces(self) -> Iterator[tuple[int, int]]:
        """(first row, number of rows) of each piece that is read at a time."""
        return ((first, min(ROWS_AT_ONCE, self.rows - first)) for first in range(0, self.rows, ROWS_AT_ONCE))

    def read(self, first: int, count: int) -> ClaimColumns:
        """A piece as columns. Raises ClaimsFileError: it is damaged, or holds a word or a number that cannot be."""

        def claim_nos(rows: Sequence[int]) -> list[str]:
            column = self._slice(["claim_no"], first, max(rows) + 1).to_series()
            return [str(column[row]) for row in rows]

        return Frame(self._slice(self._columns, first, count), self.layout).claims(claim_nos)

    def _slice(self, columns: list[str], first: int, count: int) -> pl.DataFrame:
        try:
            return self._frame.select(columns).slice(first, count).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise ClaimsFileError("damaged") from error
