"""A journal as a file that another machine can check: one JSON line a row, then the heads, then a digest over all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

import msgspec

from huiliu.journal.model import Head, Row, broken_links
from huiliu.journal.reads import every_head, every_row
from huiliu.kit.db import Connection


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


FORMAT = "huiliu-journal-1"
LINE_BYTES_MAX = 1_000_000


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="is"):
    """What every line of the file has in common."""


class HeaderLine(Line, frozen=True, kw_only=True, tag="header"):
    """The first line."""

    format: str


class RowLine(Line, frozen=True, kw_only=True, tag="row"):
    """One journal row."""

    row: Row


class HeadLine(Line, frozen=True, kw_only=True, tag="head"):
    """The last link of a stream."""

    head: Head


class EndLine(Line, frozen=True, kw_only=True, tag="end"):
    """The last line: how many rows, and SHA-256 over every byte before it. Note the digest down elsewhere."""

    rows: int
    sha256: str


_decoder = msgspec.json.Decoder(HeaderLine | RowLine | HeadLine | EndLine)


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found. `digest` is the state of the whole journal in one line."""

    rows: int
    streams: int
    problems: list[str]
    digest: str


async def export_journal(connection: Connection, path: Path) -> EndLine:
    """Write everything the connection may see to `path`, streaming. Returns the last line."""
    digest = hashlib.sha256()
    rows = 0
    with path.open("wb") as file:
        _write(file, digest, HeaderLine(format=FORMAT))
        async for row in every_row(connection):
            _write(file, digest, RowLine(row=row))
            rows += 1
        for head in (await every_head(connection)).values():
            _write(file, digest, HeadLine(head=head))
        end = EndLine(rows=rows, sha256=digest.hexdigest())
        file.write(msgspec.json.encode(end) + b"\n")
    return end


def verify_export(path: Path) -> Verified:
    """Check an exported file with nothing but itself. Reads it twice, streaming; raises nothing for a broken file."""
    problems: list[str] = []
    heads: dict[tuple[int, UUID], Head] = {}
    digest = hashlib.sha256()
    end: EndLine | None = None
    rows = 0
    try:
        for raw, line in _lines(path):
            if end is not None:
                problems.append("there are lines after the end")
                break
            match line:
                case EndLine():
                    end = line
                case HeadLine():
                    heads[(line.head.platform_id, line.head.stream)] = line.head
                case RowLine():
                    rows += 1
                case HeaderLine():
                    if line.format != FORMAT:
                        problems.append(f"another format: {line.format}")
            if end is None:
                digest.update(raw)
        problems.extend(broken_links((line.row for _, line in _lines(path) if isinstance(line, RowLine)), heads))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problems.append(f"a line cannot be read: {error}")
    if end is None:
        problems.append("the file has no end: it was cut off")
    elif end.sha256 != digest.hexdigest() or end.rows != rows:
        problems.append("the file is not the one that was written: its digest differs")
    return Verified(rows=rows, streams=len(heads), problems=problems, digest=digest.hexdigest())


async def verify_live(connection: Connection) -> Verified:
    """Check a live database, one stream after another in memory that does not grow with the journal's length."""
    heads = await every_head(connection)
    problems: list[str] = []
    digest = hashlib.sha256()
    for key in sorted(heads, key=str):
        digest.update(heads[key].hash)
    rows = 0
    seen: set[tuple[int, UUID]] = set()
    batch: list[Row] = []
    async for row in every_row(connection):
        rows += 1
        if batch and (row.platform_id, row.stream) != (batch[0].platform_id, batch[0].stream):
            problems.extend(_check(batch, heads))
            seen.add((batch[0].platform_id, batch[0].stream))
            batch = []
        batch.append(row)
    if batch:
        problems.extend(_check(batch, heads))
        seen.add((batch[0].platform_id, batch[0].stream))
    problems.extend(f"{stream}: the whole stream is missing" for _, stream in sorted(set(heads) - seen, key=str))
    return Verified(rows=rows, streams=len(heads), problems=problems, digest=digest.hexdigest())


def _check(batch: list[Row], heads: dict[tuple[int, UUID], Head]) -> Iterator[str]:
    key = (batch[0].platform_id, batch[0].stream)
    yield from broken_links(batch, {key: heads[key]} if key in heads else {})


def _write(file: BinaryIO, digest: _Digest, line: Line) -> None:
    raw = msgspec.json.encode(line) + b"\n"
    digest.update(raw)
    file.write(raw)


def _lines(path: Path) -> Iterator[tuple[bytes, HeaderLine | RowLine | HeadLine | EndLine]]:
    with path.open("rb") as file:
        while raw := file.readline(LINE_BYTES_MAX):
            yield raw, _decoder.decode(raw)
