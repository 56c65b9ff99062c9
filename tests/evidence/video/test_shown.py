"""The shown copy of a video: playable, silent, and with nothing of the uploaded container in it."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest

from huiliu.evidence.errors import EmptyFile, FileTooLarge
from huiliu.evidence.gate.sniff import VIDEO_BYTES_MAX
from huiliu.evidence.video import errors, process
from huiliu.evidence.video.model import SHOWN_LONG_SIDE_MAX, SHOWN_PER_SECOND, SHOWN_SHORT_SIDE_MAX
from huiliu.evidence.video.shown import rebuild_video
from huiliu.evidence.video.watch import watch
from tests.evidence.video.clips import FTYP, HEIGHT, WIDTH, box, clip, page, shown_for

SECRET = b"31.2304+121.4737/my-secret-place"


async def test_the_shown_copy_shows_the_same_pages_at_the_same_times() -> None:
    original = clip(shown_for(page(1), page(2)))

    shown = await rebuild_video(original)

    look = watch(shown.data)
    assert (shown.width, shown.height) == (WIDTH, HEIGHT)
    assert look.facts.seconds == pytest.approx(2.0, abs=0.2)
    assert look.facts.frames_per_second == SHOWN_PER_SECOND
    assert [int(scene.seconds) for scene in look.scenes] == [0, 1]
    assert shown.original_sha256 == hashlib.sha256(original).digest()


async def test_nothing_of_the_container_survives() -> None:
    original = clip(shown_for(page(1))) + box(b"udta", box(b"\xa9xyz", SECRET)) + b"PK\x03\x04<script>"

    shown = await rebuild_video(original)

    for hidden in (SECRET, b"<script>", b"PK\x03\x04"):
        assert hidden not in shown.data + shown.poster


async def test_the_poster_is_a_sharp_frame_and_not_the_black_beginning() -> None:
    black = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)

    shown = await rebuild_video(clip([black] * 5 + [page(1)] * 15))

    poster = cv2.imdecode(np.frombuffer(shown.poster, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert poster is not None
    assert poster.shape == (HEIGHT, WIDTH, 3)
    assert poster.mean() > 100


async def test_a_large_video_is_shown_smaller_with_even_sides() -> None:
    shown = await rebuild_video(clip([page(1, width=1078, height=2398)] * 3))

    assert (shown.width, shown.height) == (540, 1200)
    assert shown.width <= SHOWN_SHORT_SIDE_MAX
    assert shown.height <= SHOWN_LONG_SIDE_MAX


async def test_few_frames_a_second_are_held_as_long_as_they_lasted() -> None:
    shown = await rebuild_video(clip([page(1), page(2), page(3)], fps=1))

    assert watch(shown.data).facts.seconds == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", EmptyFile),
        (FTYP + bytes(VIDEO_BYTES_MAX), FileTooLarge),
        (b"GIF89a" + bytes(99), errors.NotAVideo),
        (FTYP + bytes(3000), errors.BrokenVideo),
    ],
)
async def test_what_is_no_video_is_refused(data: bytes, wanted: type[Exception]) -> None:
    with pytest.raises(wanted):
        await rebuild_video(data)


async def test_a_video_that_says_it_is_short_and_is_not_is_refused_while_it_runs() -> None:
    made = clip([page(1)] * 80, fps=1)
    tables = [at for at in range(len(made)) if made[at : at + 4] in (b"mvhd", b"mdhd", b"tkhd", b"elst")]
    lying = bytearray(made)
    for at in tables:  # the declared lengths: what is left are the times of the frames themselves
        lying[at : at + 4] = b"free"

    with pytest.raises((errors.VideoTooLong, errors.BrokenVideo)):
        await rebuild_video(bytes(lying))


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        'import sys; sys.stdout.buffer.write(b\'{"width":9,"height":9,"bytes":5}\\n<html>\')',
        'import sys; sys.stdout.buffer.write(b\'{"width":9,"height":9,"bytes":4}\\n\\x1a\\x45\\xdf\\xa3<html>\')',
        'import sys; sys.stdout.buffer.write(b\'{"width":-9,"height":9,"bytes":4}\\n\\x1a\\x45\\xdf\\xa3\\x89PNG\\r\\n\\x1a\\n\')',
    ],
)
async def test_processes_that_die_or_lie_are_not_believed(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(process, "PROGRAM", program)

    with pytest.raises((errors.VideoFailed, errors.BrokenVideo)):
        await rebuild_video(FTYP + bytes(2_000_000))


async def test_frames_that_stop_in_the_middle_make_no_video(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoding process is killed: what came before must not pass for the whole."""
    half = process.PROGRAM.replace(
        "from huiliu",
        "\nif sys.argv[1] == 'frames':\n"
        "    sys.stdout.buffer.write(b'{\"width\": 200, \"height\": 200}\\n' + (b'F' + bytes(120000)) * 3)\n"
        "    sys.exit()\nfrom huiliu",
    )
    monkeypatch.setattr(process, "PROGRAM", half)

    with pytest.raises(errors.VideoFailed):
        await rebuild_video(FTYP + bytes(2000))
