"""A container's account of its past: read where it stands, bounded where it lies."""

from __future__ import annotations

from random import Random

import pytest

from huiliu.evidence.video.container import TEXT_MAX, container_facts
from tests.evidence.video.clips import FTYP, box, clip, page

SECONDS_SINCE_1904 = 3_846_700_800
"""2025-11-23T00:00:00 UTC."""


def handler(kind: bytes, name: bytes) -> bytes:
    return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), kind, bytes(12), name, b"\0")))


def made_by(name: bytes) -> bytes:
    tool = box(b"\xa9too", box(b"data", bytes(8), name))
    return box(b"udta", box(b"meta", bytes(4), box(b"hdlr", bytes(24)), box(b"ilst", tool)))


def mvhd(seconds: int = SECONDS_SINCE_1904) -> bytes:
    return box(b"mvhd", bytes(4), seconds.to_bytes(4, "big"), bytes(92))


def test_a_telephones_own_recording_names_no_editor() -> None:
    found = container_facts(FTYP + box(b"mdat", bytes(99)) + box(b"moov", mvhd(), handler(b"vide", b"VideoHandle")))

    assert (found.encoder, found.is_reencoded, found.has_location) == ("VideoHandle", False, False)
    assert found.created_at == "2025-11-23T00:00:00+00:00"


@pytest.mark.parametrize("name", ["Lavf61.7.100", "HandBrake 1.9.2 2025012300", "剪映 6.0"])
def test_an_editor_that_names_itself_is_told(name: str) -> None:
    found = container_facts(FTYP + box(b"moov", mvhd(0), handler(b"vide", b"x"), made_by(name.encode())))

    assert (found.encoder, found.is_reencoded, found.created_at) == (name, True, "")


def test_quicktimes_own_form_of_the_name_is_read() -> None:
    plain = box(b"\xa9swr", b"\0\x08\x55\xc4", b"iMovie 3")

    assert container_facts(FTYP + box(b"moov", box(b"udta", plain))).encoder == "iMovie 3"


def test_the_note_that_x264_leaves_in_the_stream_is_found() -> None:
    found = container_facts(FTYP + box(b"mdat", bytes(40), b"x264 - core 164 r3108", bytes(40)) + box(b"moov", mvhd()))

    assert (found.encoder, found.is_reencoded) == ("x264 - core 164", True)


@pytest.mark.parametrize(
    "place",
    [
        box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7+31.2304+121.4737/")),
        box(b"meta", box(b"hdlr", bytes(24)), box(b"keys", bytes(12), b"mdtacom.apple.quicktime.location.ISO6709")),
    ],
)
def test_a_place_in_the_file_is_noticed(place: bytes) -> None:
    assert container_facts(FTYP + box(b"moov", mvhd(), place)).has_location


def test_numbered_values_of_a_telephone_are_not_taken_for_its_program() -> None:
    keys = box(b"keys", bytes(12), b"mdtacom.apple.quicktime.model")
    values = box(b"ilst", box(b"\0\0\0\1", box(b"data", bytes(8), b"iPhone 15")))
    found = container_facts(FTYP + box(b"moov", box(b"meta", box(b"hdlr", bytes(24)), keys, values)))

    assert (found.encoder, found.is_reencoded) == ("", False)


def test_sound_alone_is_known_by_its_tracks() -> None:
    assert container_facts(FTYP + box(b"moov", handler(b"soun", b"s"))).is_sound_only
    assert not container_facts(FTYP + box(b"moov", handler(b"soun", b"s"), handler(b"vide", b"v"))).is_sound_only


def test_a_webm_says_who_wrote_it() -> None:
    found = container_facts(clip([page(1)] * 3, kind="webm"))

    assert found.encoder.startswith("Lavf")
    assert found.is_reencoded


@pytest.mark.parametrize(
    "lie",
    [
        b"",
        FTYP,
        FTYP + b"\xff\xff\xff\xffmoov" + bytes(20),
        FTYP + b"\0\0\0\1moov" + b"\xff" * 8 + bytes(20),
        FTYP + b"\0\0\0\0moov" + b"\0\0\0\0trak" * 9_000,
        FTYP + b"\0\0\0\7moov" * 20_000,
        FTYP + box(b"moov", mvhd(2**32 - 1), b"\0\0\0\x10\xa9too"),
        b"\x1a\x45\xdf\xa3" + b"\0" * 30,
        b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01" + b"\xff" * 7,
        b"\x1a\x45\xdf\xa3\x80" + b"\x81\x80" * 50_000,
    ],
)
def test_a_lying_container_says_nothing_and_takes_no_time(lie: bytes) -> None:
    assert container_facts(lie).encoder == ""


def test_names_are_cut_and_cleaned() -> None:
    found = container_facts(FTYP + box(b"moov", made_by(b"Lavf\x1b[31m\xff" + b"a" * 2 * TEXT_MAX)))

    assert found.encoder.startswith("Lavf[31maaa")
    assert len(found.encoder) == TEXT_MAX


def test_no_broken_byte_breaks_the_reader() -> None:
    random = Random(7)  # noqa: S311  no secret
    for good in (clip([page(1)] * 3), clip([page(1)] * 3, kind="webm")):
        for _ in range(300):
            broken = bytearray(good)
            for _ in range(8):
                broken[random.randrange(min(len(broken), 4000))] = random.randrange(256)
            container_facts(bytes(broken[: random.randrange(len(broken))]))
