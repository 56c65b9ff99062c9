"""Past claims given one by one, from the database or a test: as columns, and as a Parquet file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from huiliu.policy.backtest.claim import ClaimRow
from huiliu.policy.backtest.columns import ClaimColumns
from huiliu.policy.backtest.frame import (
    FACT_PREFIX,
    METADATA_KEY,
    PROVEN_PREFIX,
    ClaimsFileError,
    Frame,
    Layout,
)
from huiliu.policy.model import FactValue
from huiliu.policy.words import SLOTS

ROW_GROUP = 1 << 20
WRITTEN_ROWS_MAX = 5_000_000
"""Rows that are in memory while a file is written."""
CODED_WORDS_MAX = 1 << 8
"""A column with more words than a byte can tell apart is written as text."""
TRUTHS = {False: 0, True: 1, None: 2}

Row = Mapping[str, "str | int | None"]


def columns_of(rows: Sequence[ClaimRow]) -> ClaimColumns:
    """Rows as columns. Raises ClaimsFileError: a row that could not stand in a file either."""
    frame, layout = frame_of(rows)
    return Frame(frame, layout).claims(lambda places: [rows[place].claim_no for place in places])


def write_claims(path: Path, rows: Iterable[ClaimRow]) -> int:
    """Write past claims as a file that is read fast; how many they were. Raises ClaimsFileError: more than fit memory."""
    kept: list[ClaimRow] = []
    for row in rows:
        if len(kept) >= WRITTEN_ROWS_MAX:
            raise ClaimsFileError("too_many_rows", limit=WRITTEN_ROWS_MAX)
        kept.append(row)
    frame, layout = frame_of(kept)
    write_frame(path, frame, layout)
    return len(kept)


def write_frame(path: Path, frame: pl.DataFrame, layout: Layout) -> None:
    """Write a table in the layout that is read fastest: small whole numbers, few large row groups."""
    metadata = {METADATA_KEY: msgspec.json.encode(layout).decode()}
    frame.write_parquet(path, compression="lz4", row_group_size=ROW_GROUP, metadata=metadata)


def frame_of(rows: Sequence[ClaimRow]) -> tuple[pl.DataFrame, Layout]:
    """Rows as the table that a file would hold: every column that some row has something for."""
    words: dict[str, list[str]] = {}
    found = {"claim_no": pl.Series("claim_no", [row.claim_no for row in rows], pl.String)}

    def add_words(name: str, texts: list[str]) -> None:
        codes = {text: i for i, text in enumerate(dict.fromkeys(("", *texts)))}
        if len(codes) > CODED_WORDS_MAX:
            found[name] = pl.Series(name, texts, pl.String)
            return
        words[name] = list(codes)
        found[name] = pl.Series(name, [codes[text] for text in texts], pl.UInt8)

    def add_numbers(name: str, numbers: list[int | None], *, kind: type[pl.DataType] = pl.Int64) -> None:
        small = all(number is None or number < 1 << 31 for number in numbers)
        found[name] = pl.Series(name, numbers, pl.Int32 if kind is pl.Int64 and small else kind)

    cases = [row.case for row in rows]
    add_words("reason", [case.reason for case in cases])
    add_words("product_kind", [case.product_kind for case in cases])
    add_words("usage", [case.usage or "" for case in cases])
    add_words("delivery_state", [case.delivery_state for case in cases])
    add_words("product", [case.product for case in cases])
    add_words("decided", ["" if row.decided is None else row.decided.value for row in rows])
    add_numbers("age_seconds", [max(0, case.age_seconds) for case in cases])
    add_numbers("amount_minor", [case.amount_minor for case in cases])
    add_numbers("usage_proven", [int(case.usage_proven) for case in cases], kind=pl.UInt8)
    add_numbers("forged_before", [int(case.forged_before) for case in cases], kind=pl.UInt8)
    add_numbers("exception_confirmed", [TRUTHS[case.exception_confirmed] for case in cases], kind=pl.UInt8)
    add_numbers("paid_minor", [row.paid_minor for row in rows])
    add_numbers("fee_minor", [row.fee_minor for row in rows])
    add_numbers("taken_minor", [row.taken_minor for row in rows])
    add_numbers("decided_minor", [row.decided_minor for row in rows])
    add_words("unit", ["" if row.units is None else row.units.unit for row in rows])
    for basis in ("units", "time", "promised"):
        uses = [row.units if basis == "units" else row.time if basis == "time" else row.promised for row in rows]
        if any(use is not None for use in uses):
            add_numbers(f"{basis}_total", [None if use is None else use.total for use in uses])
            add_numbers(f"{basis}_used", [None if use is None else use.used for use in uses])
    for name in dict.fromkeys(name for row in rows for name in (*row.facts, *row.proven)):
        _add_fact(found, name, [row.facts.get(name) for row in rows])
        found[PROVEN_PREFIX + name] = pl.Series(PROVEN_PREFIX + name, [name in row.proven for row in rows], pl.Boolean)
    kinds = sorted(SLOTS)
    bits = {code: 1 << i for i, code in enumerate(kinds)}
    for code in {code for row in rows for code in row.evidence} - SLOTS:
        raise ClaimsFileError("word", column="evidence", word=code)
    found["evidence"] = pl.Series(
        "evidence", [sum(bits[code] for code in set(row.evidence)) for row in rows], pl.UInt32
    )
    return pl.DataFrame(found), Layout(words=words, evidence=kinds)


def _add_fact(found: dict[str, pl.Series], name: str, values: list[FactValue | None]) -> None:
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1:
        raise ClaimsFileError(
            "column_type", column=FACT_PREFIX + name, word=", ".join(sorted(k.__name__ for k in kinds))
        )
    kind = pl.Boolean if bool in kinds else pl.Int64 if int in kinds else pl.String
    found[FACT_PREFIX + name] = pl.Series(FACT_PREFIX + name, values, kind)
