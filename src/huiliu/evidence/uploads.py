"""Resumable uploads: the rows of an upload under way. Its bytes go to the files store, outside the transaction.

The order is always bytes first, row second: what a row says has come is on disk. One chunk, one request:

    async with transaction(...) as tx:  upload = await load_upload(tx, claim_id, upload_id=..., offset=...)
    await files.append_part(platform_id, upload.id, offset=offset, data=chunk)
    async with transaction(...) as tx:  upload = await append(tx, claim_id, upload_id=..., offset=..., size=len(chunk))
    if upload.is_complete:              # and again on an explicit request, should the line break right here
        kept = await keep_upload(files, platform_id, upload)
        async with transaction(...) as tx:  await finish(tx, claim_id, upload_id=..., round=..., kept=kept)
        await files.drop_part(platform_id, upload.id)
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from huiliu.evidence import errors, store, upload_store
from huiliu.evidence.actions import add_file, ensure_room, party_of
from huiliu.evidence.files import Files, keep_file, upload_bytes_max
from huiliu.evidence.gate.sniff import MIB
from huiliu.evidence.model import UPLOAD_HOURS_MAX, UPLOADS_OPEN_MAX, Kept, Party, Upload, tidy_name
from huiliu.evidence.scan import Scanner
from huiliu.evidence.slots import slot_by_code
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import new_id

EXPIRED_TAKEN_MAX = 500
"""Uploads forgotten in one sweep of a platform."""


async def start_upload(
    tx: Tx, claim_id: UUID, *, slot: str, bytes_total: int, file_name: str = "", source: Party | None = None
) -> Upload:
    """Open an upload of `bytes_total` bytes. Call `files.start_part` after the commit.

    Raises EmptyFile, FileTooLarge, TooManyUploads, NotFound and what `ensure_room` raises.
    """
    party = source or party_of(tx.actor)
    if bytes_total < 1:
        raise errors.EmptyFile
    most = upload_bytes_max(slot_by_code(slot))
    if bytes_total > most:
        raise errors.FileTooLarge(max_mib=most // MIB)
    if not await store.lock_claim(tx, claim_id):
        raise NotFound
    await ensure_room(tx, claim_id, slot=slot, source=party)
    if await upload_store.count_uploads(tx, claim_id, source=party) >= UPLOADS_OPEN_MAX:
        raise errors.TooManyUploads(max=UPLOADS_OPEN_MAX)
    upload = Upload(
        id=new_id(),
        claim_id=claim_id,
        slot=slot,
        source=party.value,
        file_name=tidy_name(file_name),
        bytes_total=bytes_total,
        bytes_got=0,
        created_at=tx.now,
        expires_at=tx.now + timedelta(hours=UPLOAD_HOURS_MAX),
    )
    await upload_store.insert_upload(
        tx,
        claim_id,
        upload_id=upload.id,
        slot=slot,
        source=party,
        file_name=upload.file_name,
        bytes_total=bytes_total,
        expires_at=upload.expires_at,
    )
    return upload


async def load_upload(
    tx: Tx, claim_id: UUID, *, upload_id: UUID, offset: int | None = None, source: Party | None = None
) -> Upload:
    """The party's own upload on this claim, where to go on. Raises UploadGone, and WrongOffset when `offset` differs."""
    upload = await upload_store.load_upload(tx, claim_id, upload_id=upload_id, source=source or party_of(tx.actor))
    if upload is None:
        raise errors.UploadGone
    if offset is not None and offset != upload.bytes_got:
        raise errors.WrongOffset(offset=upload.bytes_got)
    return upload


async def append(
    tx: Tx, claim_id: UUID, *, upload_id: UUID, offset: int, size: int, source: Party | None = None
) -> Upload:
    """Count a chunk that is on disk. Of two chunks for one offset one counts; the other gets WrongOffset.

    Raises UploadGone, WrongOffset, FileTooLarge.
    """
    before = await load_upload(tx, claim_id, upload_id=upload_id, offset=offset, source=source)
    if offset + size > before.bytes_total:
        raise errors.FileTooLarge(max_mib=upload_bytes_max(slot_by_code(before.slot)) // MIB)
    if not await upload_store.advance_upload(tx, upload_id, offset=offset, size=size):
        after = await load_upload(tx, claim_id, upload_id=upload_id, source=source)
        raise errors.WrongOffset(offset=after.bytes_got)
    return await load_upload(tx, claim_id, upload_id=upload_id, source=source)


async def keep_upload(files: Files, platform_id: int, upload: Upload, *, scanner: Scanner | None = None) -> Kept:
    """Pass a complete upload through the gate, outside any transaction.

    Raises UploadIncomplete, UploadGone and the gate's refusals; on a refusal of the file call `give_up`.
    """
    if not upload.is_complete:
        raise errors.UploadIncomplete(got=upload.bytes_got, total=upload.bytes_total)
    data = await files.part(platform_id, upload.id, bytes_total=upload.bytes_total)
    return await keep_file(files, platform_id, data, slot=slot_by_code(upload.slot), scanner=scanner)


async def finish(
    tx: Tx, claim_id: UUID, *, upload_id: UUID, round: int, kept: Kept, source: Party | None = None
) -> UUID:
    """Turn a complete upload into a file of its slot and return the file's id. Call `files.drop_part` after the commit.

    Two that finish at once make one file. Raises UploadGone, UploadIncomplete and what `add_file` raises (the upload
    then stays, so that the buyer can make room and finish again).
    """
    upload = await load_upload(tx, claim_id, upload_id=upload_id, source=source)
    if not upload.is_complete:
        raise errors.UploadIncomplete(got=upload.bytes_got, total=upload.bytes_total)
    file_id = await add_file(
        tx, claim_id, slot=upload.slot, round=round, kept=kept, file_name=upload.file_name, source=source
    )
    # add_file holds the claim's row, so a second finisher waits there, finds the same picture, and deletes nothing.
    await upload_store.take_upload(tx, upload_id)
    return file_id


async def give_up(tx: Tx, claim_id: UUID, *, upload_id: UUID, source: Party | None = None) -> None:
    """Forget an upload. Call `files.drop_part` after the commit. Raises UploadGone."""
    await load_upload(tx, claim_id, upload_id=upload_id, source=source)
    await upload_store.take_upload(tx, upload_id)


async def expire_uploads(tx: Tx) -> tuple[UUID, ...]:
    """Forget the platform's uploads whose time is up; hand each id to `files.drop_part` after the commit."""
    return tuple(sorted(upload.id for upload in await upload_store.take_expired(tx, limit=EXPIRED_TAKEN_MAX)))
