"""Evidence files in a local folder: by hash, one folder a platform, written once and durably, checked when read.

<root>/<platform>/shown/ab/cd/<sha256>        what people see
<root>/<platform>/originals/ab/cd/<sha256>    what was uploaded, sealed with the keyring
<root>/<platform>/uploads/<upload id>         resumable uploads under way
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, final
from uuid import UUID, uuid4

import structlog
from cryptography.exceptions import InvalidTag

from huiliu.evidence.errors import FileDamaged, UploadGone, UploadIncomplete, WrongOffset
from huiliu.kit.keyring import Keyring

PIECE_BYTES = 256 * 1024
SWEPT_MAX = 10_000
"""Upload parts looked at in one sweep."""
FOLDER_MODE, FILE_MODE = 0o700, 0o600
"""Only the program's own user reads evidence."""

_log = structlog.stdlib.get_logger(__name__)


@final
class LocalFiles:
    """Keeps the Files protocol on a local disk. Every disk access runs in a thread."""

    def __init__(self, root: Path, keyring: Keyring) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        self._root = root
        self._keyring = keyring

    async def put(self, platform_id: int, data: bytes) -> bytes:
        """Keep a shown copy and return its SHA-256."""
        return await asyncio.to_thread(self._put, platform_id, data)

    async def read(self, platform_id: int, sha256: bytes) -> bytes:
        """A whole shown copy. Raises FileDamaged."""
        return b"".join([piece async for piece in self.stream(platform_id, sha256)])

    async def stream(self, platform_id: int, sha256: bytes) -> AsyncIterator[bytes]:
        """A shown copy piece by piece, verified first. Raises FileDamaged before any piece."""
        file = await asyncio.to_thread(_open_verified, self._path(platform_id, "shown", sha256), sha256)
        try:
            while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
                yield piece
        finally:
            file.close()

    async def put_original(self, platform_id: int, data: bytes) -> bytes:
        """Seal an upload as it came and return its SHA-256."""
        return await asyncio.to_thread(self._put_original, platform_id, data)

    async def original(self, platform_id: int, sha256: bytes) -> bytes:
        """Unseal an original. Raises FileDamaged."""
        return await asyncio.to_thread(self._original, platform_id, sha256)

    async def start_part(self, platform_id: int, upload_id: UUID) -> None:
        """Make an empty part; starting twice changes nothing."""
        await asyncio.to_thread(_start, self._part_path(platform_id, upload_id))

    async def append_part(self, platform_id: int, upload_id: UUID, *, offset: int, data: bytes) -> None:
        """Write a chunk at its offset and flush it to disk. Raises WrongOffset, UploadGone."""
        await asyncio.to_thread(_append, self._part_path(platform_id, upload_id), offset, data)

    async def part(self, platform_id: int, upload_id: UUID, *, bytes_total: int) -> bytes:
        """The first `bytes_total` bytes of an upload. Raises UploadGone, UploadIncomplete."""
        return await asyncio.to_thread(_whole, self._part_path(platform_id, upload_id), bytes_total)

    async def drop_part(self, platform_id: int, upload_id: UUID) -> None:
        """Forget an upload's bytes."""
        await asyncio.to_thread(self._part_path(platform_id, upload_id).unlink, missing_ok=True)

    async def sweep_parts(self, platform_id: int, *, before: datetime) -> int:
        """Forget what a crash left behind."""
        return await asyncio.to_thread(_sweep, self._root / str(platform_id) / "uploads", before.timestamp())

    def _path(self, platform_id: int, kind: str, sha256: bytes) -> Path:
        name = sha256.hex()
        return self._root / str(platform_id) / kind / name[:2] / name[2:4] / name

    def _part_path(self, platform_id: int, upload_id: UUID) -> Path:
        return self._root / str(platform_id) / "uploads" / upload_id.hex

    def _put(self, platform_id: int, data: bytes) -> bytes:
        sha256 = hashlib.sha256(data).digest()
        path = self._path(platform_id, "shown", sha256)
        if not _holds(path, sha256):
            _write(path, data)
        return sha256

    def _put_original(self, platform_id: int, data: bytes) -> bytes:
        sha256 = hashlib.sha256(data).digest()
        path = self._path(platform_id, "originals", sha256)
        if not path.exists():  # write-once: a sealed original is never replaced, not even by itself
            _write(path, self._keyring.seal_bytes(data, context=_context(platform_id, sha256)))
        return sha256

    def _original(self, platform_id: int, sha256: bytes) -> bytes:
        path = self._path(platform_id, "originals", sha256)
        try:
            data = self._keyring.open_bytes(path.read_bytes(), context=_context(platform_id, sha256))
        except (FileNotFoundError, InvalidTag, KeyError, UnicodeDecodeError, ValueError) as error:
            raise _damaged(sha256, type(error).__name__) from error
        if hashlib.sha256(data).digest() != sha256:
            raise _damaged(sha256, "hash")
        return data


def _context(platform_id: int, sha256: bytes) -> str:
    """Bound to its platform and hash: a sealed file copied to another name will not open."""
    return f"evidence.original:{platform_id}:{sha256.hex()}"


def _holds(path: Path, sha256: bytes) -> bool:
    """Whether a good copy is there; a damaged one is written afresh, since the right bytes are at hand."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == sha256
    except FileNotFoundError:
        return False


def _open_verified(path: Path, sha256: bytes) -> BinaryIO:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise _damaged(sha256, "missing") from error
    if hashlib.file_digest(file, "sha256").digest() != sha256:
        file.close()
        raise _damaged(sha256, "hash")
    file.seek(0)
    return file


def _damaged(sha256: bytes, why: str) -> FileDamaged:
    _log.error("evidence file damaged", sha256=sha256.hex(), why=why)
    return FileDamaged()


def _write(path: Path, data: bytes) -> None:
    """All or nothing, also when the power goes: the name appears only after the bytes are on disk."""
    _make_folder(path.parent)
    fresh = path.with_name(f".{uuid4().hex}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    """Folders that are new must survive a power cut too."""
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    for step in missing:
        _sync_folder(step.parent)


def _sync_folder(folder: Path) -> None:
    """The new name itself must survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _start(path: Path) -> None:
    _make_folder(path.parent)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, FILE_MODE))
    _sync_folder(path.parent)


def _append(path: Path, offset: int, data: bytes) -> None:
    """Write at the offset and never shorten: a late chunk of a cut connection cannot undo what came after it.

    The lock on the part file guards its bytes: two senders of one upload queue here.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY)
    except FileNotFoundError:
        raise UploadGone from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        if offset > size:
            raise WrongOffset(offset=size)
        written = 0
        while written < len(data):  # bounded by the chunk: a write takes at least one byte or raises
            written += os.pwrite(descriptor, data[written:], offset + written)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _whole(path: Path, bytes_total: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(bytes_total)
    except FileNotFoundError:
        raise UploadGone from None
    if len(data) < bytes_total:
        raise UploadIncomplete(got=len(data), total=bytes_total)
    return data


def _sweep(folder: Path, before: float) -> int:
    swept = 0
    if not folder.is_dir():
        return 0
    with os.scandir(folder) as entries:
        for _, entry in zip(range(SWEPT_MAX), entries, strict=False):
            with suppress(FileNotFoundError):  # finished by its owner at this very moment
                if entry.stat().st_mtime < before:
                    os.unlink(entry.path)
                    swept += 1
    return swept
