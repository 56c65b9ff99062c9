"""Bytes of uploads under way: every chunk is sealed when it comes, because a cut upload may lie on the disk for a day.

A part is a log of records: header (sealed length, offset, plain length), then the chunk under the keyring, bound to its
upload and offset. Records are only ever added; a later one covers an earlier one where they overlap. What a crash tore
at the end, or left as zeros, is no record, and the next one is written over it.
"""

from __future__ import annotations

import fcntl
import os
import struct

import structlog
from cryptography.exceptions import InvalidTag

from huiliu.evidence.errors import UploadGone, UploadIncomplete, WrongOffset
from huiliu.kit.keyring import Keyring

RECORDS_MAX = 10_000
"""Chunks of one upload; browsers send a few dozen."""
_HEAD = struct.Struct("!IQI")

_log = structlog.stdlib.get_logger(__name__)


def append(path: str, keyring: Keyring, *, context: str, offset: int, data: bytes) -> None:
    """Add a chunk at its offset and flush it to disk. Raises WrongOffset before a gap, UploadGone for no such part.

    The lock on the part file guards its bytes: two senders of one upload queue here.
    """
    descriptor = _open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        records = _records(descriptor)
        size = max((start + length for _, start, _, length in records), default=0)
        if offset > size:
            raise WrongOffset(offset=size)
        if len(records) >= RECORDS_MAX:
            raise UploadGone
        end = sum(_HEAD.size + sealed for _, _, sealed, _ in records)
        sealed = keyring.seal_bytes(data, context=f"{context}:{offset}")
        record = _HEAD.pack(len(sealed), offset, len(data)) + sealed
        written = 0
        while written < len(record):  # bounded by the record: a write takes at least one byte or raises
            written += os.pwrite(descriptor, record[written:], end + written)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def whole(path: str, keyring: Keyring, *, context: str, bytes_total: int) -> bytes:
    """The first `bytes_total` bytes. Raises UploadGone, also for bytes that do not open, and UploadIncomplete."""
    descriptor = _open(path, os.O_RDONLY)
    try:
        records = _records(descriptor)
        size = max((start + length for _, start, _, length in records), default=0)
        if size < bytes_total:
            raise UploadIncomplete(got=size, total=bytes_total)
        data = bytearray(size)
        for at, start, sealed, length in records:
            chunk = os.pread(descriptor, sealed, at)
            data[start : start + length] = keyring.open_bytes(chunk, context=f"{context}:{start}")
    except (InvalidTag, KeyError, UnicodeDecodeError, ValueError) as error:
        _log.error("upload part does not open", why=type(error).__name__)
        raise UploadGone from error
    finally:
        os.close(descriptor)
    return bytes(data[:bytes_total])


def _open(path: str, flags: int) -> int:
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        raise UploadGone from None


def _records(descriptor: int) -> list[tuple[int, int, int, int]]:
    """(where the sealed bytes lie, offset, sealed length, plain length) of every whole record."""
    records: list[tuple[int, int, int, int]] = []
    size, at, reached = os.fstat(descriptor).st_size, 0, 0
    while at + _HEAD.size <= size and len(records) < RECORDS_MAX:
        sealed, offset, length = _HEAD.unpack(os.pread(descriptor, _HEAD.size, at))
        if at + _HEAD.size + sealed > size or offset > reached or not 0 < length < sealed:
            break
        records.append((at + _HEAD.size, offset, sealed, length))
        reached = max(reached, offset + length)
        at += _HEAD.size + sealed
    return records
