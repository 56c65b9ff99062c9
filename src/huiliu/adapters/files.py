"""Evidence files in a local folder: by hash, one folder a platform, written once and durably, checked when read.

<root>/<platform>/shown/ab/cd/<sha256>        what people see
<root>/<platform>/originals/ab/cd/<sha256>    what was uploaded
<root>/<platform>/uploads/<upload id>         resumable uploads under way

All three are sealed with the keyring; the names are hashes of the plain bytes. Somebody who gets the disk or its backup
without the key file sees how many pictures there are and how large, and no picture.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import final
from uuid import UUID, uuid4

import structlog
from cryptography.exceptions import InvalidTag

from huiliu.adapters import parts
from huiliu.adapters.sealed import Damaged, SealedFile, seal
from huiliu.evidence.errors import FileDamaged
from huiliu.kit.keyring import Keyring

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
        file = await asyncio.to_thread(self._open_verified, platform_id, sha256)
        try:
            blocks = file.blocks()
            while piece := await asyncio.to_thread(next, blocks, b""):
                yield piece
        finally:
            file.close()

    async def destroy(self, platform_id: int, sha256: bytes) -> bool:
        """Take a shown copy off the disk and say whether it was there."""
        return await asyncio.to_thread(_destroy, self._path(platform_id, "shown", sha256))

    async def destroy_original(self, platform_id: int, sha256: bytes) -> bool:
        """The same for a sealed original."""
        return await asyncio.to_thread(_destroy, self._path(platform_id, "originals", sha256))

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
        path, context = self._part_path(platform_id, upload_id), _part_context(platform_id, upload_id)
        await asyncio.to_thread(parts.append, str(path), self._keyring, context=context, offset=offset, data=data)

    async def part(self, platform_id: int, upload_id: UUID, *, bytes_total: int) -> bytes:
        """The first `bytes_total` bytes of an upload. Raises UploadGone, UploadIncomplete."""
        path, context = self._part_path(platform_id, upload_id), _part_context(platform_id, upload_id)
        return await asyncio.to_thread(parts.whole, str(path), self._keyring, context=context, bytes_total=bytes_total)

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
        if not self._holds(platform_id, sha256):
            _write(path, seal(self._keyring, data, context=_context("shown", platform_id, sha256)))
        return sha256

    def _open(self, platform_id: int, sha256: bytes) -> SealedFile:
        file = self._path(platform_id, "shown", sha256).open("rb")
        return SealedFile(file, self._keyring, context=_context("shown", platform_id, sha256))

    def _open_verified(self, platform_id: int, sha256: bytes) -> SealedFile:
        try:
            file = self._open(platform_id, sha256)
        except FileNotFoundError as error:
            raise _damaged(sha256, "missing") from error
        try:
            file.verify(sha256)
        except Damaged as error:
            file.close()
            raise _damaged(sha256, str(error)) from error
        return file

    def _holds(self, platform_id: int, sha256: bytes) -> bool:
        """Whether a good sealed copy is there; any other is written afresh, since the right bytes are at hand."""
        try:
            file = self._open(platform_id, sha256)
        except FileNotFoundError:
            return False
        try:
            file.verify(sha256)
        except Damaged:
            return False
        finally:
            file.close()
        return file.is_sealed

    def _put_original(self, platform_id: int, data: bytes) -> bytes:
        sha256 = hashlib.sha256(data).digest()
        path = self._path(platform_id, "originals", sha256)
        if not path.exists():  # write-once: a sealed original is never replaced, not even by itself
            _write(path, self._keyring.seal_bytes(data, context=_context("original", platform_id, sha256)))
        return sha256

    def _original(self, platform_id: int, sha256: bytes) -> bytes:
        path = self._path(platform_id, "originals", sha256)
        try:
            data = self._keyring.open_bytes(path.read_bytes(), context=_context("original", platform_id, sha256))
        except (FileNotFoundError, InvalidTag, KeyError, UnicodeDecodeError, ValueError) as error:
            raise _damaged(sha256, type(error).__name__) from error
        if hashlib.sha256(data).digest() != sha256:
            raise _damaged(sha256, "hash")
        return data


def _context(kind: str, platform_id: int, sha256: bytes) -> str:
    """Bound to its platform and hash: a sealed file copied to another name will not open."""
    return f"evidence.{kind}:{platform_id}:{sha256.hex()}"


def _part_context(platform_id: int, upload_id: UUID) -> str:
    return f"evidence.part:{platform_id}:{upload_id.hex}"


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


def _destroy(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    _sync_folder(path.parent)
    return True


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
