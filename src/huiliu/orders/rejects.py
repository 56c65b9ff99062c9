"""The file of refused rows: what was wrong in both languages, then the row as it was, ready to be corrected and re-imported."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from huiliu.kit.text import Lang, say
from huiliu.orders.cells import Cell
from huiliu.orders.model import Problem

REASONS_PER_ROW_MAX = 10
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def problem_words(lang: Lang, problem: Problem) -> str:
    """What is wrong with a row and what to do about it."""
    return say(lang, f"orders.problem.{problem.reason_code}", **problem.facts)


def column_words(lang: Lang, column: str) -> str:
    """What a field is called; '' for a problem of the whole row."""
    return say(lang, f"orders.field.{column}") if column else ""


class RejectFile:
    """Written as the import goes; nothing is created until a row is refused, and only its owner can read it."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        self.path = path
        self.rows = 0
        self._headings = headings
        self._file: TextIO | None = None

    def __enter__(self) -> RejectFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, problems: Iterable[Problem], cells: dict[int, tuple[Cell, ...]]) -> None:
        """Write every refused row of a batch once, with all its reasons."""
        by_row: dict[int, list[Problem]] = {}
        for problem in problems:
            by_row.setdefault(problem.row, []).append(problem)
        for row in sorted(by_row):
            self._write(row, by_row[row][:REASONS_PER_ROW_MAX], cells.get(row, ()))

    def _write(self, row: int, problems: Sequence[Problem], cells: Sequence[Cell]) -> None:
        if self._file is None:
            self._file = _private_file(self.path)
            own = [" ".join(say(lang, f"orders.rejects.{name}") for lang in Lang) for name in ("row", "column")]
            why = [f"{say(lang, 'orders.rejects.reason')} {lang.value}" for lang in Lang]
            csv.writer(self._file).writerow([*own, *why, *(harmless(heading) for heading in self._headings)])
        columns = "；".join(dict.fromkeys(_column(problem.column) for problem in problems if problem.column))
        why = ["；".join(_told(lang, problem) for problem in problems) for lang in Lang]
        originals = [harmless(_plain(cell)) for cell in cells]
        csv.writer(self._file).writerow([row, columns, *(harmless(text) for text in why), *originals])
        self.rows += 1


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; the import takes the apostrophe off again."""
    return f"'{text}" if text.startswith(_STARTS_FORMULA) else text


def _column(column: str) -> str:
    return " ".join(column_words(lang, column) for lang in Lang)


def _told(lang: Lang, problem: Problem) -> str:
    words = problem_words(lang, problem)
    return f"{column_words(lang, problem.column)}: {words}" if problem.column else words


def _plain(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def _private_file(path: Path) -> TextIO:
    """UTF-8 with BOM, so that Excel reads the Chinese; contacts are in it, so others do not read it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="")
