"""A resumable upload goes on after a cut line, ends as one file, and belongs to one party on one claim."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from huiliu.adapters.files import LocalFiles
from huiliu.evidence import errors, reads
from huiliu.evidence.gate.sniff import PICTURE_BYTES_MAX
from huiliu.evidence.model import UPLOAD_HOURS_MAX, UPLOADS_OPEN_MAX, Upload
from huiliu.evidence.uploads import append, expire_uploads, finish, give_up, keep_upload, load_upload, start_upload
from huiliu.kit.db import Pool, Tx
from huiliu.kit.errors import NotFound, Refusal
from tests.conftest import NOW
from tests.evidence.conftest import Cast, buyers_transaction, make_claim
from tests.make.pictures import jpeg, png


async def sent(tx: Tx, files: LocalFiles, upload: Upload, chunk: bytes) -> Upload:
    """One chunk the way the web does it: bytes to disk, then the row."""
    at = (await load_upload(tx, upload.claim_id, upload_id=upload.id, offset=upload.bytes_got)).bytes_got
    await files.append_part(tx.platform_id, upload.id, offset=at, data=chunk)
    return await append(tx, upload.claim_id, upload_id=upload.id, offset=at, size=len(chunk))


async def started(tx: Tx, files: LocalFiles, claim_id: UUID, data: bytes, *, slot: str = "paid_shot") -> Upload:
    upload = await start_upload(tx, claim_id, slot=slot, bytes_total=len(data), file_name="支付.png")
    await files.start_part(tx.platform_id, upload.id)
    return upload


async def complete(tx: Tx, files: LocalFiles, claim_id: UUID, data: bytes) -> Upload:
    return await sent(tx, files, await started(tx, files, claim_id, data), data)


async def test_an_upload_goes_on_where_the_line_broke(as_buyer: Tx, claim_id: UUID, files: LocalFiles) -> None:
    data = png()
    upload = await started(as_buyer, files, claim_id, data)
    upload = await sent(as_buyer, files, upload, data[:1000])
    # The line breaks after bytes reached the disk but before the row said so: the sender asks and sends them again.
    await files.append_part(as_buyer.platform_id, upload.id, offset=1000, data=data[1000:1500])
    resumed = await load_upload(as_buyer, claim_id, upload_id=upload.id)
    assert (resumed.bytes_got, resumed.is_complete) == (1000, False)
    resumed = await sent(as_buyer, files, resumed, data[1000:])
    assert resumed.is_complete
    kept = await keep_upload(files, as_buyer.platform_id, resumed)
    file_id = await finish(as_buyer, claim_id, upload_id=upload.id, round=1, kept=kept)
    file = await reads.load_file(as_buyer, file_id)
    assert (file.slot, file.file_name, file.media_type, file.claim_id) == (
        "paid_shot",
        "支付.png",
        "image/png",
        claim_id,
    )
    assert await files.read(as_buyer.platform_id, file.sha256)
    assert await files.original(as_buyer.platform_id, kept.original_sha256) == data


async def test_a_chunk_at_the_wrong_place_is_refused_and_told_where_to_go_on(
    as_buyer: Tx, claim_id: UUID, files: LocalFiles
) -> None:
    upload = await sent(as_buyer, files, await started(as_buyer, files, claim_id, png()), b"12345")
    for offset in (0, 4, 6, 10**14):
        with pytest.raises(errors.WrongOffset) as refused:
            await append(as_buyer, claim_id, upload_id=upload.id, offset=offset, size=1)
        assert refused.value.facts == {"offset": 5}
        with pytest.raises(errors.WrongOffset):
            await load_upload(as_buyer, claim_id, upload_id=upload.id, offset=offset)


async def test_more_bytes_than_announced_are_refused(as_buyer: Tx, claim_id: UUID, files: LocalFiles) -> None:
    upload = await started(as_buyer, files, claim_id, b"123")
    with pytest.raises(errors.FileTooLarge):
        await append(as_buyer, claim_id, upload_id=upload.id, offset=0, size=4)


@pytest.mark.parametrize(
    ("size", "wanted"), [(0, errors.EmptyFile), (-1, errors.EmptyFile), (PICTURE_BYTES_MAX + 1, errors.FileTooLarge)]
)
async def test_an_upload_of_an_impossible_size_never_starts(
    as_buyer: Tx, claim_id: UUID, size: int, wanted: type[Refusal]
) -> None:
    with pytest.raises(wanted):
        await start_upload(as_buyer, claim_id, slot="paid_shot", bytes_total=size)


async def test_only_so_many_uploads_are_open_at_once(as_buyer: Tx, as_reviewer: Tx, claim_id: UUID) -> None:
    for _ in range(UPLOADS_OPEN_MAX):
        await start_upload(as_buyer, claim_id, slot="paid_shot", bytes_total=10)
    with pytest.raises(errors.TooManyUploads):
        await start_upload(as_buyer, claim_id, slot="paid_shot", bytes_total=10)
    await start_upload(as_reviewer, claim_id, slot="other", bytes_total=10)
    tomorrow = replace(as_buyer, now=NOW + timedelta(hours=UPLOAD_HOURS_MAX))
    await start_upload(tomorrow, claim_id, slot="paid_shot", bytes_total=10)


async def test_an_upload_starts_only_where_a_file_could_end(as_buyer: Tx, claim_id: UUID) -> None:
    for slot, wanted in (
        ("nothing", errors.UnknownSlot),
        ("unused_declaration", errors.WrongForm),
        ("platform_proof", errors.PlatformSlot),
    ):
        with pytest.raises(wanted):
            await start_upload(as_buyer, claim_id, slot=slot, bytes_total=10)
    with pytest.raises(NotFound):
        await start_upload(as_buyer, uuid4(), slot="paid_shot", bytes_total=10)


async def test_an_upload_belongs_to_one_claim_and_one_party(
    as_buyer: Tx, as_reviewer: Tx, claim_id: UUID, files: LocalFiles
) -> None:
    upload = await complete(as_buyer, files, claim_id, png())
    kept = await keep_upload(files, as_buyer.platform_id, upload)
    other = await make_claim(as_buyer)
    for tx, claim in ((as_buyer, other), (as_reviewer, claim_id)):
        with pytest.raises(errors.UploadGone):
            await load_upload(tx, claim, upload_id=upload.id)
        with pytest.raises(errors.UploadGone):
            await append(tx, claim, upload_id=upload.id, offset=0, size=1)
        with pytest.raises(errors.UploadGone):
            await finish(tx, claim, upload_id=upload.id, round=1, kept=kept)
        with pytest.raises(errors.UploadGone):
            await give_up(tx, claim, upload_id=upload.id)


async def test_an_upload_that_is_not_complete_does_not_become_a_file(
    as_buyer: Tx, claim_id: UUID, files: LocalFiles
) -> None:
    whole = await complete(as_buyer, files, claim_id, png())
    kept = await keep_upload(files, as_buyer.platform_id, whole)
    upload = await sent(as_buyer, files, await started(as_buyer, files, claim_id, png()), png()[:100])
    with pytest.raises(errors.UploadIncomplete):
        await keep_upload(files, as_buyer.platform_id, upload)
    with pytest.raises(errors.UploadIncomplete):
        await finish(as_buyer, claim_id, upload_id=upload.id, round=1, kept=kept)


async def test_an_upload_that_is_no_picture_is_refused_at_its_end(
    as_buyer: Tx, claim_id: UUID, files: LocalFiles
) -> None:
    upload = await complete(as_buyer, files, claim_id, b"%PDF-1.7 not a picture")
    with pytest.raises(errors.DocumentFile):
        await keep_upload(files, as_buyer.platform_id, upload)
    await give_up(as_buyer, claim_id, upload_id=upload.id)
    with pytest.raises(errors.UploadGone):
        await load_upload(as_buyer, claim_id, upload_id=upload.id)


async def test_two_that_finish_at_once_make_one_file(
    pool: Pool, cast: Cast, committed_claim: UUID, files: LocalFiles
) -> None:
    async with buyers_transaction(pool, cast) as tx:
        upload = await complete(tx, files, committed_claim, jpeg())
    kept = await keep_upload(files, cast.buyer.platform_id, upload)

    async def end() -> UUID | str:
        try:
            async with buyers_transaction(pool, cast) as tx:
                return await finish(tx, committed_claim, upload_id=upload.id, round=1, kept=kept)
        except Refusal as refusal:
            return refusal.code

    said = set(await asyncio.gather(*(end() for _ in range(6))))
    assert len(said - {"evidence.upload_gone"}) == 1
    async with buyers_transaction(pool, cast) as tx:
        assert len(await reads.live_files(tx, committed_claim)) == 1


async def test_two_chunks_for_one_place_count_once(
    pool: Pool, cast: Cast, committed_claim: UUID, files: LocalFiles
) -> None:
    data = png()
    async with buyers_transaction(pool, cast) as tx:
        upload = await started(tx, files, committed_claim, data)

    async def send() -> str:
        await files.append_part(cast.buyer.platform_id, upload.id, offset=0, data=data[:700])
        try:
            async with buyers_transaction(pool, cast) as tx:
                await append(tx, committed_claim, upload_id=upload.id, offset=0, size=700)
        except errors.WrongOffset as refusal:
            return str(refusal.facts["offset"])
        return "counted"

    assert sorted(await asyncio.gather(*(send() for _ in range(5)))) == ["700"] * 4 + ["counted"]
    async with buyers_transaction(pool, cast) as tx:
        upload = await sent(tx, files, await load_upload(tx, committed_claim, upload_id=upload.id), data[700:])
    assert await files.part(cast.buyer.platform_id, upload.id, bytes_total=len(data)) == data


async def test_expired_uploads_are_forgotten_and_only_those(as_buyer: Tx, claim_id: UUID, files: LocalFiles) -> None:
    old = await started(as_buyer, files, claim_id, png())
    later = replace(as_buyer, now=NOW + timedelta(hours=UPLOAD_HOURS_MAX))
    young = await started(later, files, claim_id, png())
    with pytest.raises(errors.UploadGone):
        await load_upload(later, claim_id, upload_id=old.id)
    gone = await expire_uploads(later)
    assert old.id in gone
    assert young.id not in gone
    assert (await load_upload(later, claim_id, upload_id=young.id)).slot == "paid_shot"
    assert await expire_uploads(later) == ()


async def test_an_upload_into_a_full_slot_stays_until_there_is_room(
    as_buyer: Tx, claim_id: UUID, files: LocalFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await complete(as_buyer, files, claim_id, png())
    kept = await keep_upload(files, as_buyer.platform_id, upload)
    monkeypatch.setattr("huiliu.evidence.actions.FILES_PER_SLOT_MAX", 0)
    with pytest.raises(errors.SlotFull):
        await finish(as_buyer, claim_id, upload_id=upload.id, round=1, kept=kept)
    monkeypatch.undo()
    assert await finish(as_buyer, claim_id, upload_id=upload.id, round=1, kept=kept)
