"""Sheets of orders as rows of cells: CSV in whatever encoding a Chinese office writes, and XLSX. Bounded throughout."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import msgspec
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from huiliu.orders.cells import Cell
from huiliu.orders.model import FileTooLarge, FileUnreadable

FILE_BYTES_MAX = 64 * 1024 * 1024
ROWS_MAX = 200_000
COLUMNS_MAX = 100
CELL_CHARACTERS_MAX = 32_767
"""Excel's own limit of one cell."""
UNPACKED_BYTES_MAX = 512 * 1024 * 1024
"""What a workbook may unpack to: a small file that grows beyond this is an attack, not a list of orders."""
UNPACKED_STRINGS_MAX = 128 * 1024 * 1024
"""Shared strings are held in memory while the rows stream."""
ENTRIES_MAX = 500
CHUNK_BYTES = 1024 * 1024
CERTAIN_UTF8_MARKS = 10
"""So many valid multi-byte marks before the first bad one: damaged UTF-8, not GBK that begins like it."""


class TableRow(msgspec.Struct, frozen=True):
    """One row: its number as a spreadsheet shows it (the headings are row 1), its cells, and numbers' display formats."""

    number: int
    cells: tuple[Cell, ...]
    formats: tuple[str, ...] = ()
    problem: str = ""
    """A reason code when this row could not even be split into cells."""
    lines: int = 1
    """How many lines of the file it took: an unclosed quotation mark swallows more than one."""


def read_table(path: Path, *, sheet: str = "") -> Iterator[TableRow]:
    """Every row of a CSV or XLSX file, headings first. Raises FileUnreadable, FileTooLarge; both may come midway."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise FileTooLarge(what="bytes", most=FILE_BYTES_MAX)
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(b"PK\x03\x04"):
        rows = _workbook_rows(path, sheet)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileUnreadable(detail="xls")
    elif not start.strip():
        raise FileUnreadable(detail="empty")
    else:
        rows = _text_rows(path, _encoding(path, start))
    for row in rows:
        if row.number > ROWS_MAX + 1:
            raise FileTooLarge(what="rows", most=ROWS_MAX)
        if len(row.cells) > COLUMNS_MAX:
            raise FileTooLarge(what="columns", most=COLUMNS_MAX)
        yield row


def _encoding(path: Path, start: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 with or without BOM, else GB18030 (which contains GBK)."""
    if start.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif b"\0" in start:
        even, odd = start[0::2].count(0), start[1::2].count(0)
        candidates = ["utf-16-be" if even > odd else "utf-16-le"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        valid_marks = _marks_before_error(path, encoding)
        if valid_marks is None:
            return encoding
        if encoding.startswith("utf-8") and valid_marks >= CERTAIN_UTF8_MARKS:
            break
    raise FileUnreadable(detail="encoding")


def _marks_before_error(path: Path, encoding: str) -> int | None:
    """None when the whole file decodes; else how many non-ASCII marks were valid before it did not."""
    decoder = codecs.getincrementaldecoder(encoding)()
    marks = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, "ignore")
                return marks + sum(not mark.isascii() for mark in good)
            marks += len(text) - len(text.encode("ascii", "ignore"))
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return marks
    return None


def _text_rows(path: Path, encoding: str) -> Iterator[TableRow]:
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    with path.open(encoding=encoding, newline="") as file:
        separator = _separator(file)
        reader = csv.reader(file, delimiter=separator, strict=True)
        number = 0
        while True:
            number += 1
            before = reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                # The reader starts afresh on the next line, so one broken row costs only itself.
                yield TableRow(number, (), problem="row_malformed", lines=reader.line_num - before)
                continue
            yield TableRow(number, tuple(cells))


def _separator(file: io.TextIOWrapper) -> str:
    """The one of , ; and tab that the first line has most of outside quotes; Excel's own `sep=;` line is obeyed."""
    first = file.readline(CELL_CHARACTERS_MAX)
    if first.lower().startswith("sep=") and len(first.strip()) == len("sep=;"):
        return first.strip()[-1]
    file.seek(0)
    plain = "".join(piece for index, piece in enumerate(first.split('"')) if index % 2 == 0)
    return max(",;\t", key=plain.count)


def _workbook_rows(path: Path, sheet: str) -> Iterator[TableRow]:
    _refuse_bomb(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        raise FileUnreadable(detail="workbook") from error
    try:
        names = [page.title for page in book.worksheets]
        if not names or (sheet and sheet not in names):
            raise FileUnreadable(detail="sheet")
        page = book[sheet or names[0]]
        # A written-down size may claim 17 billion cells; the rows themselves are read instead.
        page.reset_dimensions()
        for number, row in enumerate(page.iter_rows(max_row=ROWS_MAX + 2, max_col=COLUMNS_MAX + 1), 1):
            cells = [cell.value for cell in row]
            formats = [str(cell.number_format) if isinstance(cell.value, (int, float)) else "" for cell in row]
            while cells and cells[-1] is None:
                cells.pop()
            yield TableRow(number, tuple(_cell(value) for value in cells), tuple(formats[: len(cells)]))
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, EOFError) as error:
        raise FileUnreadable(detail="workbook") from error
    finally:
        book.close()


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, (str, int, float, bool, datetime, date, time)):
        return value
    return str(value) if isinstance(value, timedelta) else None


def _refuse_bomb(path: Path) -> None:
    """Look at what the archive says it unpacks to; zipfile stops at that size, so a lie is caught as damage."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise FileUnreadable(detail="workbook") from error
    if len(entries) > ENTRIES_MAX or sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX:
        raise FileTooLarge(what="unpacked", most=UNPACKED_BYTES_MAX)
    if any("sharedstrings" in entry.filename.lower() and entry.file_size > UNPACKED_STRINGS_MAX for entry in entries):
        raise FileTooLarge(what="unpacked", most=UNPACKED_STRINGS_MAX)
