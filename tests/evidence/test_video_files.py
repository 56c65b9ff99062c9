"""A slot's file is kept by what it is: a video as a fresh WebM with its poster and sealed original."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from uuid import UUID

import pytest

from huiliu.adapters.files import LocalFiles
from huiliu.evidence import errors, reads
from huiliu.evidence.actions import add_file
from huiliu.evidence.files import keep_file, keep_video, upload_bytes_max
from huiliu.evidence.gate.sniff import PICTURE_BYTES_MAX, VIDEO_BYTES_MAX
from huiliu.evidence.slots import slot_by_code
from huiliu.evidence.uploads import start_upload
from huiliu.kit.db import Tx
from tests.evidence.video.clips import clip, page, shown_for
from tests.make.pictures import png

PICTURES, BOTH = slot_by_code("paid_shot"), slot_by_code("not_arrived_shot")


async def test_a_video_becomes_a_file_with_a_poster(as_buyer: Tx, claim_id: UUID, files: LocalFiles) -> None:
    original = clip(shown_for(page(1)))

    kept = await keep_file(files, as_buyer.platform_id, original, slot=BOTH)
    file_id = await add_file(as_buyer, claim_id, slot=BOTH.code, round=1, kept=kept, file_name="录屏.mp4")

    file = await reads.load_file(as_buyer, file_id)
    assert (file.media_type, file.is_video, file.poster_sha256) == ("video/webm", True, kept.poster_sha256)
    assert len(await files.read(as_buyer.platform_id, file.sha256)) == file.size
    assert file.poster_sha256 is not None
    assert (await files.read(as_buyer.platform_id, file.poster_sha256)).startswith(b"\x89PNG")
    assert await files.original(as_buyer.platform_id, hashlib.sha256(original).digest()) == original


async def test_the_same_video_twice_is_kept_once(as_buyer: Tx, claim_id: UUID, files: LocalFiles) -> None:
    original = clip(shown_for(page(1)))
    first, second = [await keep_video(files, as_buyer.platform_id, original) for _ in range(2)]

    assert first == second
    twins = {await add_file(as_buyer, claim_id, slot=BOTH.code, round=1, kept=kept) for kept in (first, second)}
    assert len(twins) == 1


async def test_a_picture_in_a_slot_for_both_is_a_picture(as_buyer: Tx, files: LocalFiles) -> None:
    kept = await keep_file(files, as_buyer.platform_id, png(), slot=BOTH)

    assert (kept.media_type, kept.poster_sha256) == ("image/png", None)


async def test_a_slot_for_pictures_takes_no_video(as_buyer: Tx, claim_id: UUID, files: LocalFiles) -> None:
    with pytest.raises(errors.VideoNotHere):
        await keep_file(files, as_buyer.platform_id, clip([page(1)] * 3), slot=PICTURES)
    with pytest.raises(errors.FileTooLarge):
        await start_upload(as_buyer, claim_id, slot=PICTURES.code, bytes_total=PICTURE_BYTES_MAX + 1)


async def test_a_slot_for_both_takes_a_videos_weight_and_no_more(as_buyer: Tx, claim_id: UUID) -> None:
    assert upload_bytes_max(BOTH) == VIDEO_BYTES_MAX
    assert (await start_upload(as_buyer, claim_id, slot=BOTH.code, bytes_total=VIDEO_BYTES_MAX)).bytes_total
    with pytest.raises(errors.FileTooLarge):
        await start_upload(as_buyer, claim_id, slot=BOTH.code, bytes_total=VIDEO_BYTES_MAX + 1)


def test_taking_videos_needs_no_picture_libraries_in_the_web_process() -> None:
    script = "import sys, huiliu.evidence.uploads; print([n for n in ('numpy', 'cv2', 'faiss') if n in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"
