"""What a file is, by its content: pictures and videos that may go on, each where it is taken."""

from __future__ import annotations

import pytest

from huiliu.evidence import errors
from huiliu.evidence.gate.sniff import VIDEO_BYTES_MAX, MediaKind, media_kind, picture_type, video_type
from tests.make.heic import HEIC
from tests.make.pictures import encoded, jpeg, picture, png

PICTURES = {
    "image/png": png(),
    "image/jpeg": jpeg(),
    "image/webp": encoded(picture(), "WEBP"),
    "image/avif": encoded(picture(), "AVIF"),
    "image/heic": HEIC,
}
VIDEOS = {
    "mp4": (b"\0\0\0\x18ftypisom\0\0\2\0isommp42" + b"\0" * 90, "video/mp4"),
    "mp4 of a phone": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42hvc1" + b"\0" * 90, "video/mp4"),
    "mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 90, "video/quicktime"),
    "old mov": (b"\0\0\4\0moov\0\0\0\x6cmvhd" + b"\0" * 90, "video/quicktime"),
    "webm": (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x84webm" + b"\0" * 90, "video/webm"),
}
OTHERS = {
    "avi": b"RIFF\x10\0\0\0AVI LIST",
    "mkv": b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska" + b"\0" * 90,
    "flv": b"FLV\1\5" + b"\0" * 90,
    "audio": b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom"[:24] + b"\0" * 90,
}


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_is_known_by_its_content(kind: str) -> None:
    assert picture_type(PICTURES[kind]) == kind
    assert video_type(PICTURES[kind]) is None
    assert media_kind(PICTURES[kind], takes_video=True) is MediaKind.PICTURE


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_is_taken_only_where_videos_are(name: str) -> None:
    data, kind = VIDEOS[name]
    assert video_type(data) == kind
    assert media_kind(data, takes_video=True) is MediaKind.VIDEO
    with pytest.raises(errors.VideoNotHere):
        media_kind(data, takes_video=False)


@pytest.mark.parametrize("name", OTHERS)
def test_other_films_and_sounds_are_taken_nowhere(name: str) -> None:
    assert video_type(OTHERS[name]) is None
    with pytest.raises(errors.VideoNotHere):
        media_kind(OTHERS[name], takes_video=True)


def test_a_video_has_its_own_largest_size() -> None:
    data = VIDEOS["mp4"][0]
    assert media_kind(data + b"\0" * (20 * 1024 * 1024), takes_video=True) is MediaKind.VIDEO
    with pytest.raises(errors.FileTooLarge):
        media_kind(data + b"\0" * VIDEO_BYTES_MAX, takes_video=True)
