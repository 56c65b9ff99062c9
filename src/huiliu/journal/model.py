"""What a journal row is and how its hash is made. Pure: a verifier on another machine needs only this file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid5

import msgspec

GENESIS = b"\0" * 32
"""What the first row of every stream points back to."""

PLATFORM_NAMESPACE = UUID("6f0c8d4e-5b0a-4a52-9a55-0f7f3d1c2b10")


class Entry(msgspec.Struct, frozen=True):
    """Something that happened, before it is chained: 'claim.filed' and its facts."""

    kind: str
    body: Mapping[str, object]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One chained row, as stored and as exported. Hashes are 32 bytes; `at` is aware UTC to the microsecond."""

    platform_id: int
    stream: UUID
    seq: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    kind: str
    body: str
    prev_hash: bytes
    hash: bytes


class Head(msgspec.Struct, frozen=True):
    """The last link of a stream, kept apart so that a cut-off tail is noticed."""

    platform_id: int
    stream: UUID
    seq: int
    hash: bytes


def platform_stream(platform_id: int) -> UUID:
    """The stream of everything on a platform that is not one claim's."""
    return uuid5(PLATFORM_NAMESPACE, str(platform_id))


def canonical(body: Mapping[str, object]) -> str:
    """The one way a body is written: keys sorted, no spaces, UTF-8."""
    return msgspec.json.encode(body, order="sorted").decode()


def link_hash(row: Row) -> bytes:
    """SHA-256 over the previous hash and every other column of the row."""
    head = f"{row.platform_id}\n{row.stream}\n{row.seq}\n{row.at.astimezone(UTC).isoformat(timespec='microseconds')}\n"
    who = f"{row.actor_kind}\n{row.actor_id}\n{row.actor_name}\n{row.kind}\n"
    return hashlib.sha256(row.prev_hash + head.encode() + who.encode() + row.body.encode()).digest()


def broken_links(rows: Iterable[Row], heads: Mapping[tuple[int, UUID], Head]) -> Iterable[str]:
    """Walk rows ordered by (platform, stream, seq) and say, one line each, what does not hold. Nothing said: all is well."""
    at: tuple[int, UUID] | None = None
    last_seq, last_hash = 0, GENESIS
    unseen = set(heads)
    for row in rows:
        key = (row.platform_id, row.stream)
        if key != at:
            if at is not None:
                yield from _end_of_stream(at, last_seq, last_hash, heads)
            at, last_seq, last_hash = key, 0, GENESIS
            unseen.discard(key)
        if row.seq != last_seq + 1:
            yield f"{row.stream}: row {last_seq + 1} is missing (next is {row.seq})"
        elif row.prev_hash != last_hash:
            yield f"{row.stream}: row {row.seq} does not point to row {last_seq}"
        if link_hash(row) != row.hash:
            yield f"{row.stream}: row {row.seq} ({row.kind}) was changed after it was written"
        last_seq, last_hash = row.seq, row.hash
    if at is not None:
        yield from _end_of_stream(at, last_seq, last_hash, heads)
    for _, stream in sorted(unseen, key=str):
        yield f"{stream}: the whole stream is missing"


def _end_of_stream(
    key: tuple[int, UUID], seq: int, digest: bytes, heads: Mapping[tuple[int, UUID], Head]
) -> Iterable[str]:
    head = heads.get(key)
    if head is None:
        yield f"{key[1]}: rows without a recorded head"
    elif (head.seq, head.hash) != (seq, digest):
        yield f"{key[1]}: ends at row {seq}, its head says {head.seq}: rows were cut off or added"
