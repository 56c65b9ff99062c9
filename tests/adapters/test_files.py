"""Files by hash on a local disk: written once, checked when read, originals sealed, uploads resumable."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from huiliu.adapters import files as files_module
from huiliu.adapters import parts
from huiliu.adapters.files import LocalFiles
from huiliu.adapters.sealed import BLOCK_BYTES, Damaged, SealedFile, seal
from huiliu.evidence.errors import FileDamaged, UploadGone, UploadIncomplete, WrongOffset
from huiliu.evidence.files import Files, keep_picture
from huiliu.kit.keyring import Keyring
from tests.make.pictures import jpeg

KAMEN, XINGKA = 1, 2
DATA = bytes(range(256)) * 3000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def store(root: Path, keyring: Keyring) -> LocalFiles:
    return LocalFiles(root, keyring)


def all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def one_file(folder: Path) -> Path:
    (found,) = all_files(folder)
    return found


def one_digest(folder: Path) -> bytes:
    return bytes.fromhex(one_file(folder).name)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_local_store_keeps_the_protocol(store: LocalFiles) -> None:
    kept: Files = store
    assert await kept.read(KAMEN, await kept.put(KAMEN, b"x")) == b"x"


async def test_what_is_put_is_read_whole_and_in_pieces(store: LocalFiles, root: Path) -> None:
    sha256 = await store.put(KAMEN, DATA)
    assert sha256 == hashlib.sha256(DATA).digest()
    pieces = [piece async for piece in store.stream(KAMEN, sha256)]
    assert b"".join(pieces) == DATA == await store.read(KAMEN, sha256)
    assert max(map(len, pieces)) <= BLOCK_BYTES
    name = sha256.hex()
    assert one_file(root) == root / "1" / "shown" / name[:2] / name[2:4] / name


async def test_only_the_owner_of_the_process_can_read_the_disk(store: LocalFiles, root: Path) -> None:
    await store.put(KAMEN, DATA)
    assert mode(one_file(root)) == 0o600
    assert mode(root) == 0o700


async def test_the_same_bytes_are_written_once(store: LocalFiles, root: Path) -> None:
    await store.put(KAMEN, DATA)
    before = one_file(root).stat()
    await asyncio.gather(*(store.put(KAMEN, DATA) for _ in range(8)))
    assert one_file(root).stat().st_ino == before.st_ino


async def test_many_that_put_the_same_at_once_leave_one_good_file(store: LocalFiles, root: Path) -> None:
    said = await asyncio.gather(*(store.put(KAMEN, DATA) for _ in range(12)))
    assert set(said) == {hashlib.sha256(DATA).digest()}
    assert await store.read(KAMEN, one_digest(root)) == DATA


async def test_one_platforms_file_is_not_there_for_another(store: LocalFiles) -> None:
    sha256 = await store.put(KAMEN, DATA)
    with pytest.raises(FileDamaged):
        await store.read(XINGKA, sha256)


async def test_a_shown_copy_lies_sealed_on_the_disk(store: LocalFiles, root: Path) -> None:
    await store.put(KAMEN, DATA)
    sealed = one_file(root).read_bytes()
    assert not any(DATA[at : at + 32] in sealed for at in range(0, 4096, 32))


async def test_a_clear_copy_from_before_is_read_and_sealed_by_the_next_upload(store: LocalFiles, root: Path) -> None:
    sha256 = await store.put(KAMEN, DATA)
    one_file(root).write_bytes(DATA)
    assert await store.read(KAMEN, sha256) == DATA
    await store.put(KAMEN, DATA)
    assert DATA[:64] not in one_file(root).read_bytes()
    assert await store.read(KAMEN, sha256) == DATA


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda _: b"",
    "clear and wrong": lambda _: b"x" + DATA[1:],
    "clear and longer": lambda _: DATA + b"x",
    "clear and shorter": lambda _: DATA[:-1],
    "a bit": lambda sealed: sealed[:500] + bytes([sealed[500] ^ 1]) + sealed[501:],
    "the last bit": lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
    "shorter": lambda sealed: sealed[:-1],
    "longer": lambda sealed: sealed + b"x",
    "the last block left out": lambda sealed: sealed[:16] + b"\0\0\0\2" + sealed[20 : 20 + 2 * (BLOCK_BYTES + 35)],
    "another key": lambda sealed: sealed.replace(b"k1:", b"k9:"),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_bytes_changed_on_disk_are_noticed_before_any_is_handed_out(
    store: LocalFiles, root: Path, damage: str
) -> None:
    sha256 = await store.put(KAMEN, DATA)
    path = one_file(root)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(FileDamaged):
        await anext(store.stream(KAMEN, sha256))
    with pytest.raises(FileDamaged):
        await store.read(KAMEN, sha256)


async def test_a_file_that_was_deleted_is_noticed(store: LocalFiles, root: Path) -> None:
    sha256 = await store.put(KAMEN, DATA)
    one_file(root).unlink()
    with pytest.raises(FileDamaged):
        await store.read(KAMEN, sha256)


@pytest.mark.parametrize("swap", ["order", "count"])
async def test_blocks_open_only_in_their_own_place_and_number(keyring: Keyring, swap: str) -> None:
    """Also between the check of the hash and the reading, when the file may be exchanged."""
    sealed = seal(keyring, DATA[: 2 * BLOCK_BYTES], context="x")
    first, second = sealed[20 : 20 + (len(sealed) - 20) // 2], sealed[20 + (len(sealed) - 20) // 2 :]
    changed = sealed[:20] + second + first if swap == "order" else sealed[:16] + b"\0\0\0\1" + first
    with pytest.raises(Damaged):
        list(SealedFile(io.BytesIO(changed), keyring, context="x").blocks())
    assert b"".join(SealedFile(io.BytesIO(sealed), keyring, context="x").blocks()) == DATA[: 2 * BLOCK_BYTES]


async def test_a_copy_moved_to_another_platform_does_not_open(store: LocalFiles, root: Path) -> None:
    sha256 = await store.put(KAMEN, DATA)
    sealed = one_file(root).read_bytes()
    await store.put(XINGKA, DATA)
    one_file(root / "2").write_bytes(sealed)
    with pytest.raises(FileDamaged):
        await store.read(XINGKA, sha256)


async def test_what_must_not_be_kept_is_destroyed(store: LocalFiles, root: Path) -> None:
    shown, original = await store.put(KAMEN, DATA), await store.put_original(KAMEN, DATA + b"!")
    await store.put(XINGKA, DATA)
    assert await store.destroy(KAMEN, shown)
    assert await store.destroy_original(KAMEN, original)
    assert all_files(root / "1") == []
    assert not await store.destroy(KAMEN, shown)
    assert not await store.destroy_original(KAMEN, original)
    assert await store.read(XINGKA, shown) == DATA


async def test_a_damaged_copy_is_healed_by_the_same_upload(store: LocalFiles, root: Path) -> None:
    sha256 = await store.put(KAMEN, DATA)
    one_file(root).write_bytes(b"rotten")
    assert await store.put(KAMEN, DATA) == sha256
    assert await store.read(KAMEN, sha256) == DATA


async def test_a_write_that_dies_leaves_no_half_file(
    store: LocalFiles, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(files_module.os, "fsync", dies)
    with pytest.raises(OSError, match="no space"):
        await store.put(KAMEN, DATA)
    monkeypatch.undo()
    assert all_files(root) == []
    assert await store.read(KAMEN, await store.put(KAMEN, DATA)) == DATA


async def test_an_original_is_sealed_and_opens_again(store: LocalFiles, root: Path) -> None:
    sha256 = await store.put_original(KAMEN, DATA)
    assert DATA[:64] not in one_file(root).read_bytes()
    assert await store.original(KAMEN, sha256) == DATA


async def test_an_original_is_written_once_and_never_replaced(store: LocalFiles, root: Path) -> None:
    await store.put_original(KAMEN, DATA)
    sealed = one_file(root).read_bytes()
    await store.put_original(KAMEN, DATA)
    assert one_file(root).read_bytes() == sealed


async def test_a_changed_moved_or_missing_original_does_not_open(store: LocalFiles, root: Path) -> None:
    sha256 = await store.put_original(KAMEN, DATA)
    path = one_file(root)
    sealed = path.read_bytes()
    stranger = await store.put_original(XINGKA, DATA)
    elsewhere = one_file(root / "2")
    elsewhere.write_bytes(sealed)
    for bad in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", b"k9:" + sealed[3:], b"\xff:" + sealed):
        path.write_bytes(bad)
        with pytest.raises(FileDamaged):
            await store.original(KAMEN, sha256)
    path.unlink()
    with pytest.raises(FileDamaged):
        await store.original(KAMEN, sha256)
    with pytest.raises(FileDamaged):
        await store.original(XINGKA, stranger)


async def test_a_picture_is_kept_as_shown_copy_and_sealed_original(store: LocalFiles) -> None:
    kept = await keep_picture(store, KAMEN, jpeg())
    assert await store.original(KAMEN, kept.original_sha256) == jpeg()
    shown = await store.read(KAMEN, kept.sha256)
    assert (len(shown), kept.media_type) == (kept.size, "image/jpeg")


async def test_a_part_grows_survives_repeats_and_is_forgotten(store: LocalFiles) -> None:
    upload = uuid4()
    await store.start_part(KAMEN, upload)
    await store.append_part(KAMEN, upload, offset=0, data=b"hello ")
    await store.append_part(KAMEN, upload, offset=6, data=b"world")
    await store.append_part(KAMEN, upload, offset=0, data=b"hello ")  # a late repeat must not cut the rest off
    await store.start_part(KAMEN, upload)
    assert await store.part(KAMEN, upload, bytes_total=11) == b"hello world"
    await store.drop_part(KAMEN, upload)
    await store.drop_part(KAMEN, upload)
    with pytest.raises(UploadGone):
        await store.part(KAMEN, upload, bytes_total=11)
    with pytest.raises(UploadGone):
        await store.append_part(KAMEN, upload, offset=0, data=b"late")


async def test_a_part_lies_sealed_on_the_disk_and_opens_for_its_own_upload_only(store: LocalFiles, root: Path) -> None:
    mine, other = uuid4(), uuid4()
    await store.start_part(KAMEN, mine)
    await store.append_part(KAMEN, mine, offset=0, data=b"secret words")
    path = root / "1" / "uploads" / mine.hex
    assert b"secret" not in path.read_bytes()
    path.rename(path.with_name(other.hex))
    with pytest.raises(UploadGone):
        await store.part(KAMEN, other, bytes_total=12)


async def test_a_chunk_torn_by_a_crash_is_sent_again(store: LocalFiles, root: Path) -> None:
    upload = uuid4()
    await store.start_part(KAMEN, upload)
    await store.append_part(KAMEN, upload, offset=0, data=b"hello ")
    await store.append_part(KAMEN, upload, offset=6, data=b"world")
    path = root / "1" / "uploads" / upload.hex
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(UploadIncomplete) as refused:
        await store.part(KAMEN, upload, bytes_total=11)
    assert refused.value.facts == {"got": 6, "total": 11}
    await store.append_part(KAMEN, upload, offset=6, data=b"there")
    assert await store.part(KAMEN, upload, bytes_total=11) == b"hello there"


async def test_zeros_that_a_crash_left_at_the_end_are_no_chunk(store: LocalFiles, root: Path) -> None:
    upload = uuid4()
    await store.start_part(KAMEN, upload)
    await store.append_part(KAMEN, upload, offset=0, data=b"hello ")
    path = root / "1" / "uploads" / upload.hex
    path.write_bytes(path.read_bytes() + b"\0" * 4000)
    assert await store.part(KAMEN, upload, bytes_total=6) == b"hello "
    await store.append_part(KAMEN, upload, offset=6, data=b"world")
    assert await store.part(KAMEN, upload, bytes_total=11) == b"hello world"


async def test_a_part_changed_on_disk_is_gone(store: LocalFiles, root: Path) -> None:
    upload = uuid4()
    await store.start_part(KAMEN, upload)
    await store.append_part(KAMEN, upload, offset=0, data=b"hello")
    path = root / "1" / "uploads" / upload.hex
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(UploadGone):
        await store.part(KAMEN, upload, bytes_total=5)


async def test_an_upload_in_endless_crumbs_ends(store: LocalFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "RECORDS_MAX", 3)
    upload = uuid4()
    await store.start_part(KAMEN, upload)
    for at in range(3):
        await store.append_part(KAMEN, upload, offset=at, data=b"x")
    with pytest.raises(UploadGone):
        await store.append_part(KAMEN, upload, offset=3, data=b"x")


async def test_a_part_has_no_holes_and_no_missing_end(store: LocalFiles) -> None:
    upload = uuid4()
    await store.start_part(KAMEN, upload)
    with pytest.raises(WrongOffset) as refused:
        await store.append_part(KAMEN, upload, offset=1, data=b"x")
    assert refused.value.facts == {"offset": 0}
    await store.append_part(KAMEN, upload, offset=0, data=b"abc")
    with pytest.raises(UploadIncomplete):
        await store.part(KAMEN, upload, bytes_total=4)
    assert await store.part(KAMEN, upload, bytes_total=2) == b"ab"


async def test_a_part_of_another_platform_is_gone(store: LocalFiles) -> None:
    upload = uuid4()
    await store.start_part(KAMEN, upload)
    with pytest.raises(UploadGone):
        await store.append_part(XINGKA, upload, offset=0, data=b"x")


async def test_what_a_crash_left_behind_is_swept_and_nothing_else(store: LocalFiles, root: Path) -> None:
    old, young = uuid4(), uuid4()
    await store.start_part(KAMEN, old)
    await store.start_part(KAMEN, young)
    await store.put(KAMEN, DATA)
    long_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    os.utime(root / "1" / "uploads" / old.hex, (long_ago, long_ago))
    assert await store.sweep_parts(KAMEN, before=datetime.now(UTC) - timedelta(days=1)) == 1
    assert await store.sweep_parts(XINGKA, before=datetime.now(UTC)) == 0
    await store.append_part(KAMEN, young, offset=0, data=b"x")
    assert await store.read(KAMEN, hashlib.sha256(DATA).digest()) == DATA
