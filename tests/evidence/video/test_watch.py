"""A video looked at: its scenes, what it gives away, and everything that is refused on the way in."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from huiliu.evidence.errors import EmptyFile, FileTooLarge
from huiliu.evidence.gate.sniff import VIDEO_BYTES_MAX
from huiliu.evidence.reuse.near import distance
from huiliu.evidence.video import errors, process
from huiliu.evidence.video.limits import Task
from huiliu.evidence.video.model import KEYFRAMES_MAX, VideoProblem
from huiliu.evidence.video.process import answer_of
from huiliu.evidence.video.scenes import apart, thumbnail
from huiliu.evidence.video.watch import watch
from huiliu.kit.errors import Refusal
from tests.evidence.video.clips import FTYP, HEIGHT, WIDTH, box, clip, hand_held, page, shown_for


def nearest_page(shown: np.ndarray, pages: range) -> int:
    """Which page a frame shows."""
    thumbs = {number: thumbnail(page(number)[:, :, 0]) for number in pages}
    found = thumbnail(np.asarray(shown, dtype=np.uint8))
    return min(thumbs, key=lambda number: apart(thumbs[number], found))


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm"])
def test_every_page_that_is_shown_becomes_a_scene_in_order(kind: str) -> None:
    look = watch(clip(shown_for(page(1), page(2), page(3)), kind=kind))

    assert [nearest_page(scene.picture.luma, range(1, 4)) for scene in look.scenes] == [1, 2, 3]
    assert [int(scene.seconds) for scene in look.scenes] == [0, 1, 2]
    assert (look.facts.width, look.facts.height, look.facts.seconds) == (WIDTH, HEIGHT, 3.0)
    assert look.scenes[0].picture.rgb.shape == (HEIGHT, WIDTH, 3)
    assert look.scenes[0].picture.container.media_type == look.facts.media_type


def test_a_trembling_hand_still_shows_its_pages() -> None:
    look = watch(clip([*hand_held(page(1), 20), *hand_held(page(2), 20, seed=2)]))

    assert {nearest_page(scene.picture.luma, range(1, 3)) for scene in look.scenes} == {1, 2}
    assert look.facts.static_share < 0.2
    assert VideoProblem.STILL_AS_VIDEO not in look.facts.problems


def test_a_still_picture_made_into_a_video_is_told_and_read_once() -> None:
    look = watch(clip([page(1)] * 30))

    assert VideoProblem.STILL_AS_VIDEO in look.facts.problems
    assert (look.facts.static_share, len(look.scenes)) == (1.0, 1)


def test_who_wrote_the_file_and_how_short_it_is_are_told() -> None:
    look = watch(clip(shown_for(page(1))))

    assert {VideoProblem.REENCODED, VideoProblem.SHORT} <= set(look.facts.problems)
    assert look.facts.encoder.startswith("Lavf")


def test_a_picture_that_never_rests_is_told_and_still_read() -> None:
    noise = np.random.default_rng(3)
    frames = [
        noise.integers(0, 256, (HEIGHT // 40, WIDTH // 40, 3), dtype=np.uint8).repeat(40, 0).repeat(40, 1)
        for _ in range(20)
    ]

    look = watch(clip(frames))

    assert VideoProblem.NO_SCENE in look.facts.problems
    assert 0 < len(look.scenes) <= KEYFRAMES_MAX


def test_many_pages_are_cut_down_to_the_most_different() -> None:
    look = watch(clip(shown_for(*(page(number) for number in range(12)), frames=5)))

    assert len(look.scenes) == KEYFRAMES_MAX
    assert len({nearest_page(scene.picture.luma, range(12)) for scene in look.scenes}) == KEYFRAMES_MAX


def test_one_frame_is_a_video_too() -> None:
    assert len(watch(clip([page(1)])).scenes) == 1


def test_the_same_scene_in_another_container_is_near() -> None:
    first, second = watch(clip([page(5)] * 10)), watch(clip([page(5)] * 10, kind="webm"))

    assert distance(first.scenes[0].near.bits, second.scenes[0].near.bits) <= 31


def long_clip() -> bytes:
    return clip([page(1)] * 63, fps=1)


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (lambda: b"", EmptyFile),
        (lambda: FTYP + bytes(VIDEO_BYTES_MAX), FileTooLarge),
        (lambda: b"\x89PNG\r\n\x1a\n" + bytes(99), errors.NotAVideo),
        (lambda: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", errors.NotAVideo),
        (lambda: b"ffconcat version 1.0\nfile a.mp4\n", errors.NotAVideo),
        (lambda: clip([page(1)] * 3, kind="avi"), errors.NotAVideo),
        (long_clip, errors.VideoTooLong),
        (lambda: clip([page(1, width=100, height=400)] * 3), errors.VideoTooSmall),
        (lambda: FTYP + bytes(2000), errors.BrokenVideo),
        (lambda: clip([page(1)] * 5)[:1500], errors.BrokenVideo),
        (lambda: FTYP + box(b"moov", box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"soun", bytes(13))))), errors.VideoWithoutPicture),
    ],
)  # fmt: skip
def test_what_is_no_readable_video_is_refused_with_its_reason(made: object, wanted: type[Refusal]) -> None:
    assert callable(made)
    with pytest.raises(wanted):
        watch(made())


def test_a_codec_that_no_telephone_writes_stays_closed() -> None:
    with pytest.raises(errors.VideoCodecUnknown) as refused:
        answer_of(Task.LOOK, clip([page(1)] * 3, kind="avi"), bytes_max=10**9)

    assert refused.value.facts == {"codec": "mjpg"}


def test_a_playlist_reaches_no_file_even_past_the_sniffer(tmp_path: Path) -> None:
    """The relative name is one that FFmpeg calls safe, seen from the folder the process works in."""
    (tmp_path / "a.mp4").write_bytes(clip(shown_for(page(1))))
    inside = (tmp_path / "a.mp4").resolve().relative_to("/")

    for playlist in (f"ffconcat version 1.0\nfile {inside}\n", f"#EXTM3U\n#EXTINF:10,\n/{inside}\n#EXT-X-ENDLIST\n"):
        with pytest.raises(errors.BrokenVideo):
            answer_of(Task.LOOK, playlist.encode(), bytes_max=10**9)


@pytest.mark.parametrize(
    "program",
    [
        "pass",
        "print('not json')",
        "print('{}')",
        'print(\'{"codec":"h264","fps":30,"seconds":1,"width":9,"height":9,"static_share":0,"has_stable":true,"scenes":[]}\')',
        'print(\'{"codec":"h264","fps":30,"seconds":1,"width":9,"height":9,"static_share":0,"has_stable":true,"scenes":[[9,9,0,1]]}\')',
        'print(\'{"codec":"h264","fps":30,"seconds":1,"width":9,"height":9,"static_share":0,"has_stable":true,"scenes":[[-9,-9,0,1]]}\')',
        "print('x' * 10**6)",
        'print(\'{"no":"something new"}\')',
    ],
)
def test_a_process_that_dies_or_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(process, "PROGRAM", program)

    with pytest.raises(errors.VideoFailed):
        watch(FTYP + bytes(5_000_000))


def test_a_decoder_that_falls_over_a_file_is_the_files_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", "import os; os.abort()")

    with pytest.raises(errors.BrokenVideo):
        watch(FTYP + bytes(5_000_000))


def test_a_process_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr(process, "WALL_SECONDS_MAX", 0.2)

    with pytest.raises(errors.VideoFailed):
        watch(FTYP + bytes(5_000_000))


LIMITED = """
import json, os, socket
from huiliu.evidence.video import child, limits
out = os.dup(1)
child.limit_process(limits.Task.LOOK)
def does(what):
    try: what()
    except OSError: return False
    return True
print(json.dumps({
    "environment": sorted(os.environ),
    "opens": does(lambda: open("/etc/passwd")),
    "connects": does(lambda: socket.socket()),
    "starts": does(lambda: os.popen("true").read()),
}))
"""


def test_the_process_has_no_environment_and_can_open_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUILIU_DATABASE", "postgresql://secret")
    monkeypatch.setattr(process, "PROGRAM", process.PROGRAM.partition("from huiliu")[0] + LIMITED)

    head, _ = answer_of(Task.LOOK, b"", bytes_max=0)

    said = json.loads(head)
    assert "HUILIU_DATABASE" not in said.pop("environment")
    assert said == {"opens": False, "connects": False, "starts": False}


def test_broken_bytes_are_refused_or_watched_and_nothing_else() -> None:
    random, good = Random(11), clip(shown_for(page(1)))  # noqa: S311  no secret
    for _ in range(5):
        broken = bytearray(good)
        for _ in range(30):
            broken[random.randrange(40, len(broken))] = random.randrange(256)
        assert outcome(bytes(broken)).startswith(("watched", "evidence_video."))


def outcome(data: bytes) -> str:
    try:
        return "watched" if watch(data).scenes else "nothing"
    except Refusal as refusal:
        return refusal.code
