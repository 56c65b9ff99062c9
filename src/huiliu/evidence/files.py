"""Where evidence bytes lie: the protocol that every store of files keeps. Nothing here runs inside a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol
from uuid import UUID

from huiliu.evidence.gate.rebuild import rebuild
from huiliu.evidence.gate.sniff import PICTURE_BYTES_MAX, VIDEO_BYTES_MAX, MediaKind, media_kind
from huiliu.evidence.model import Kept
from huiliu.evidence.scan import Scanner, ensure_clean
from huiliu.evidence.slots import Slot
from huiliu.evidence.video.model import SHOWN_TYPE
from huiliu.evidence.video.shown import rebuild_video


class Files(Protocol):
    """Files by hash, one platform's apart from another's. Written once, never changed.

    Reading raises FileDamaged when the bytes are missing or do not match their hash any more.
    """

    async def put(self, platform_id: int, data: bytes) -> bytes:
        """Keep a shown copy and return its SHA-256; the same bytes twice are kept once."""
        ...

    async def read(self, platform_id: int, sha256: bytes) -> bytes:
        """A whole shown copy, its hash checked."""
        ...

    def stream(self, platform_id: int, sha256: bytes) -> AsyncIterator[bytes]:
        """A shown copy piece by piece; its hash is checked before the first piece is handed out."""
        ...

    async def put_original(self, platform_id: int, data: bytes) -> bytes:
        """Seal an upload as it came, for experts, and return its SHA-256."""
        ...

    async def original(self, platform_id: int, sha256: bytes) -> bytes:
        """Unseal an original, its hash checked."""
        ...

    async def destroy(self, platform_id: int, sha256: bytes) -> bool:
        """Take a shown copy away for good and say whether it was there.

        For pictures that must not be kept, such as ID cards. That no other claim of the platform shows the same bytes
        is the caller's to know.
        """
        ...

    async def destroy_original(self, platform_id: int, sha256: bytes) -> bool:
        """Take a sealed original away for good and say whether it was there."""
        ...

    async def start_part(self, platform_id: int, upload_id: UUID) -> None:
        """Make room for a resumable upload."""
        ...

    async def append_part(self, platform_id: int, upload_id: UUID, *, offset: int, data: bytes) -> None:
        """Write a chunk durably at its offset. Raises WrongOffset before a gap, UploadGone for an upload unknown here."""
        ...

    async def part(self, platform_id: int, upload_id: UUID, *, bytes_total: int) -> bytes:
        """Every byte of a complete upload. Raises UploadGone, UploadIncomplete."""
        ...

    async def drop_part(self, platform_id: int, upload_id: UUID) -> None:
        """Forget an upload's bytes; nothing happens when they are gone already."""
        ...

    async def sweep_parts(self, platform_id: int, *, before: datetime) -> int:
        """Forget the bytes of uploads untouched since `before` and say how many: a crash may leave some behind."""
        ...


def upload_bytes_max(slot: Slot) -> int:
    """How much one file for this slot may weigh."""
    return VIDEO_BYTES_MAX if slot.takes_video else PICTURE_BYTES_MAX


async def keep_file(files: Files, platform_id: int, data: bytes, *, slot: Slot, scanner: Scanner | None = None) -> Kept:
    """Pass a picture, or a video where the slot takes one, through the gate, by what it is and not by its name.

    Raises what `keep_picture` and `keep_video` raise.
    """
    if media_kind(data, takes_video=slot.takes_video) is MediaKind.VIDEO:
        return await keep_video(files, platform_id, data, scanner=scanner)
    return await keep_picture(files, platform_id, data, scanner=scanner)


async def keep_video(files: Files, platform_id: int, data: bytes, *, scanner: Scanner | None = None) -> Kept:
    """The same for a video: its silent shown copy, one frame as its poster, and the sealed original."""
    shown = await rebuild_video(data)
    await ensure_clean(scanner, data)
    await files.put_original(platform_id, data)
    return Kept(
        sha256=await files.put(platform_id, shown.data),
        original_sha256=shown.original_sha256,
        media_type=SHOWN_TYPE,
        size=len(shown.data),
        width=shown.width,
        height=shown.height,
        poster_sha256=await files.put(platform_id, shown.poster),
    )


async def keep_picture(files: Files, platform_id: int, data: bytes, *, scanner: Scanner | None = None) -> Kept:
    """Pass a picture through the gate and keep both its shown copy and its sealed original.

    Call it outside any transaction, then `actions.add_file` with the result. Raises the gate's refusals, and with a
    scanner InfectedFile and ScannerDown; nothing is kept then.
    """
    rebuilt = await rebuild(data)
    await ensure_clean(scanner, data)
    await files.put_original(platform_id, data)
    sha256 = await files.put(platform_id, rebuilt.data)
    assert sha256 == rebuilt.sha256
    return Kept(
        sha256=sha256,
        original_sha256=rebuilt.original_sha256,
        media_type=rebuilt.media_type,
        size=len(rebuilt.data),
        width=rebuilt.width,
        height=rebuilt.height,
        trailing_bytes=rebuilt.trailing_bytes,
        problems=rebuilt.problems,
    )
