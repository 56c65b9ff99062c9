"""The gate takes pictures, gives back pictures with nothing hidden in them, and refuses everything else clearly."""

from __future__ import annotations

import asyncio
import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from huiliu.evidence import errors
from huiliu.evidence.gate import decoder
from huiliu.evidence.gate import rebuild as gate
from huiliu.evidence.gate.rebuild import rebuild
from huiliu.evidence.gate.sniff import PICTURE_BYTES_MAX, picture_type
from huiliu.kit.errors import Refusal
from tests.make.pictures import encoded, jpeg, picture, png, png_bomb
from tests.make.screens import blurred, screen

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


def opened(data: bytes) -> Image.Image:
    shown = Image.open(io.BytesIO(data))
    shown.load()
    return shown


async def test_a_screenshot_comes_out_as_png_of_the_same_size() -> None:
    rebuilt = await rebuild(png())
    assert (rebuilt.media_type, rebuilt.width, rebuilt.height) == ("image/png", 360, 640)
    assert opened(rebuilt.data).convert("RGB").tobytes() == picture().tobytes()


async def test_a_photo_comes_out_as_jpeg_no_longer_than_2500() -> None:
    rebuilt = await rebuild(encoded(Image.effect_noise((3000, 2000), 60).convert("RGB"), "JPEG"))
    assert (rebuilt.media_type, rebuilt.width, rebuilt.height) == ("image/jpeg", 2500, 1667)
    assert opened(rebuilt.data).size == (2500, 1667)


async def test_a_long_screenshot_keeps_a_readable_width() -> None:
    rebuilt = await rebuild(png(size=(1080, 12_000)))
    assert (rebuilt.width, rebuilt.height) == (1080, 12_000)


async def test_a_small_picture_is_never_enlarged() -> None:
    assert (await rebuild(jpeg(size=(200, 150)))).width == 200


async def test_the_same_picture_gives_the_same_bytes_twice() -> None:
    assert (await rebuild(png())).sha256 == (await rebuild(png())).sha256


def deep_grey() -> Image.Image:
    """16 bits a pixel: mid-grey with a black corner."""
    grey = Image.new("I;16", (200, 200), 30_000)
    grey.paste(0, (100, 100, 200, 200))
    return grey


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16"])
async def test_every_kind_of_png_is_shown_as_plain_colour(mode: str) -> None:
    source = deep_grey() if mode == "I;16" else picture().convert(mode)
    shown = opened((await rebuild(encoded(source, "PNG"))).data)
    assert shown.mode == "RGB"
    if mode == "I;16":
        assert shown.getpixel((5, 5)) == (117, 117, 117)


async def test_a_cmyk_jpeg_and_a_webp_are_taken() -> None:
    assert (await rebuild(encoded(picture().convert("CMYK"), "JPEG"))).media_type == "image/jpeg"
    assert (await rebuild(encoded(picture(), "WEBP"))).media_type == "image/jpeg"


async def test_a_transparent_picture_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    clear.paste((200, 0, 0, 255), (100, 100, 200, 200))
    shown = opened((await rebuild(encoded(clear, "PNG"))).data)
    assert shown.getpixel((10, 10)) == (255, 255, 255)
    assert shown.getpixel((150, 150)) == (200, 0, 0)


def with_exif(*, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "PHONE-MAKER"
    exif.get_ifd(0x8825)[2] = (39.0, 54.0, 20.0)  # the place where it was taken
    return encoded(picture(), "JPEG", exif=exif, comment=b"<?php system($_GET[0]); ?>")


async def test_place_phone_and_comments_are_gone() -> None:
    source = with_exif()
    assert b"PHONE-MAKER" in source
    assert b"<?php" in source
    rebuilt = await rebuild(source)
    assert b"PHONE-MAKER" not in rebuilt.data
    assert b"<?php" not in rebuilt.data
    assert b"Exif" not in rebuilt.data
    assert not opened(rebuilt.data).getexif()
    assert not {"exif", "comment", "icc_profile"} & set(opened(rebuilt.data).info)


async def test_text_inside_a_png_is_gone() -> None:
    told = PngInfo()
    told.add_text("Author", "SECRET-NAME")
    rebuilt = await rebuild(encoded(picture(), "PNG", pnginfo=told))
    assert b"SECRET-NAME" not in rebuilt.data


@pytest.mark.parametrize(("orientation", "size"), [(1, (360, 640)), (3, (360, 640)), (6, (640, 360)), (8, (640, 360))])
async def test_the_picture_is_turned_the_way_the_phone_was_held(orientation: int, size: tuple[int, int]) -> None:
    rebuilt = await rebuild(with_exif(orientation=orientation))
    assert (rebuilt.width, rebuilt.height) == size
    blue = {1: (180, 20), 3: (180, 620), 6: (620, 180), 8: (20, 180)}[orientation]
    red, _, strong = opened(rebuilt.data).getpixel(blue)
    assert strong > 150 > red


async def test_broken_exif_does_not_cost_the_picture() -> None:
    source = with_exif(orientation=6)
    at = source.index(b"Exif\0\0")
    assert (await rebuild(source[: at + 6] + b"\xff" * 12 + source[at + 18 :])).width in {360, 640}


async def test_a_page_hidden_behind_a_picture_does_not_survive_and_is_noted() -> None:
    for honest in (png(), jpeg(), encoded(picture(), "WEBP")):
        rebuilt = await rebuild(honest + HTML)
        assert b"<script" not in rebuilt.data
        assert rebuilt.trailing_bytes == len(HTML)
        assert (await rebuild(honest)).trailing_bytes == 0


async def test_a_zip_hidden_behind_a_picture_does_not_survive() -> None:
    rebuilt = await rebuild(jpeg() + zipped())
    assert b"PK\x03\x04" not in rebuilt.data
    assert rebuilt.trailing_bytes > 0


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("paid.png", png())
    return out.getvalue()


def moving(kind: str) -> bytes:
    return encoded(picture(), kind, save_all=True, append_images=[picture(words="other")], duration=200)


HOSTILE: dict[str, tuple[bytes, type[Refusal]]] = {
    "nothing": (b"", errors.EmptyFile),
    "gif": (moving("GIF"), errors.AnimatedPicture),
    "moving webp": (moving("WEBP"), errors.AnimatedPicture),
    "moving png": (moving("PNG"), errors.AnimatedPicture),
    "svg with a script": (SVG, errors.ActiveContent),
    "svg behind spaces": (b"\xef\xbb\xbf  \n" + SVG, errors.ActiveContent),
    "svg behind a comment": (b"<!-- a -->" + SVG, errors.ActiveContent),
    "html": (HTML, errors.ActiveContent),
    "html before a picture": (HTML + png(), errors.ActiveContent),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", errors.DocumentFile),
    "pdf behind rubbish": (b"\0" * 100 + b"%PDF-1.4", errors.DocumentFile),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0", errors.DocumentFile),
    "word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, errors.DocumentFile),
    "zip": (zipped(), errors.ArchiveFile),
    "rar": (b"Rar!\x1a\x07\x01\0" + b"\0" * 50, errors.ArchiveFile),
    "gzip": (b"\x1f\x8b\x08\0" + b"\0" * 50, errors.ArchiveFile),
    "exe": (b"MZ\x90\0\x03" + b"\0" * 200, errors.ProgramFile),
    "elf": (b"\x7fELF\x02\x01\x01" + b"\0" * 200, errors.ProgramFile),
    "shell script": (b"#!/bin/sh\nrm -rf /\n", errors.ProgramFile),
    "only a heic's head": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 90, errors.BrokenPicture),
    "heic that says mif1": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + b"\0" * 90, errors.BrokenPicture),
    "mp4": (b"\0\0\0\x18ftypisom\0\0\x02\0isommp42" + b"\0" * 90, errors.VideoNotHere),
    "mov": (b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + b"\0" * 90, errors.VideoNotHere),
    "webm": (b"\x1a\x45\xdf\xa3" + b"\0" * 90, errors.VideoNotHere),
    "tiff": (encoded(picture(), "TIFF"), errors.NotAPicture),
    "bmp": (encoded(picture(), "BMP"), errors.NotAPicture),
    "text": ("支付成功".encode(), errors.NotAPicture),
    "huge picture": (jpeg() + b"\0" * PICTURE_BYTES_MAX, errors.FileTooLarge),
    "60000 x 60000": (png_bomb(60_000, 60_000), errors.TooManyPixels),
    "9000 x 9000": (png_bomb(9_000, 9_000), errors.TooManyPixels),
    "just over the limit": (png_bomb(6_400, 6_400), errors.TooManyPixels),
    "lying header": (png_bomb(6_000, 6_000), errors.BrokenPicture),
    "8 x 900000": (png_bomb(8, 900_000), errors.TooFewPixels),
    "nought wide": (png_bomb(0, 500), errors.BrokenPicture),
    "all white": (encoded(Image.new("RGB", (1080, 2340), "white"), "PNG"), errors.BlankPicture),
    "all black and transparent": (encoded(Image.new("RGBA", (400, 400), (0, 0, 0, 0)), "PNG"), errors.BlankPicture),
    "thumbnail": (png(size=(64, 64)), errors.TooFewPixels),
    "jpeg cut in half": (jpeg()[: len(jpeg()) // 2], errors.BrokenPicture),
    "png cut in half": (png()[: len(png()) // 2], errors.BrokenPicture),
    "only a jpeg's head": (b"\xff\xd8\xff\xe0", errors.BrokenPicture),
    "only a png's head": (b"\x89PNG\r\n\x1a\n", errors.BrokenPicture),
    "webp head with rubbish": (b"RIFF\x10\0\0\0WEBPVP8 rubbish!", errors.BrokenPicture),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_not_a_still_picture_is_refused_with_its_own_advice(name: str) -> None:
    data, wanted = HOSTILE[name]
    with pytest.raises(Refusal) as refused:
        await rebuild(data)
    assert type(refused.value) is wanted


async def test_a_text_bomb_inside_a_png_is_harmless() -> None:
    told = PngInfo()
    told.add_text("Comment", "0" * 8_000_000, zip=True)
    try:
        rebuilt = await rebuild(encoded(picture(), "PNG", pnginfo=told))
    except errors.BrokenPicture:
        return
    assert rebuilt.width == 360


async def test_a_picture_of_almost_40_megapixels_fits_into_the_childs_memory() -> None:
    large = Image.new("RGBA", (6300, 6300), (10, 20, 30, 200))
    large.paste((255, 255, 255, 255), (0, 0, 3000, 3000))
    rebuilt = await rebuild(encoded(large, "PNG", compress_level=1))
    assert max(rebuilt.width, rebuilt.height) == 2500


async def test_more_uploads_than_can_wait_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "WAITING_MAX", 1)
    first = asyncio.create_task(rebuild(png()))
    await asyncio.sleep(0)
    with pytest.raises(errors.GateBusy):
        await rebuild(png())
    assert (await first).width == 360


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_sniffing_any_bytes_ends_in_a_type_or_a_refusal(data: bytes) -> None:
    try:
        said = picture_type(data)
    except Refusal as refusal:
        said = refusal.code
    assert said.startswith(("image/", "evidence."))


SEEDS = {"png": png(), "jpeg": with_exif(orientation=6), "webp": encoded(picture(), "WEBP")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(sorted(SEEDS)),
    edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.floats(0.2, 1.0),
)
def test_a_damaged_picture_gives_a_clean_picture_or_an_error_and_nothing_else(
    seed: str, edits: list[tuple[float, int]], cut: float
) -> None:
    """In process, for speed: the child turns every exception into a refusal; a crash would end this test."""
    data = bytearray(SEEDS[seed])
    for place, value in edits:
        data[int(place * len(data))] = value
    source = bytes(data[: int(len(data) * cut)])
    try:
        facts, (fresh,) = decoder.rebuild(source)
    except Exception:
        return
    shown = opened(fresh)
    assert (shown.width, shown.height) == (facts["width"], facts["height"])
    assert max(shown.size) <= decoder.LONG_SHOT_SIDE_MAX
    assert not shown.getexif()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(8, 4000), value=st.binary(min_size=1, max_size=8))
def test_a_mutated_upload_through_the_real_gate_is_a_picture_or_a_refusal(place: int, value: bytes) -> None:
    data = jpeg()
    at = place % len(data)
    try:
        said = asyncio.run(rebuild(data[:at] + value + data[at + len(value) :])).media_type
    except Refusal as refusal:
        said = refusal.code
    assert said.startswith(("image/", "evidence."))


async def test_quality_is_told_with_the_shown_copy() -> None:
    assert (await rebuild(encoded(screen(size=(540, 900)), "PNG"))).problems == ()
    assert (await rebuild(encoded(blurred(screen(size=(540, 900)), 6), "JPEG"))).problems == ("blurred",)
    assert (await rebuild(png(size=(200, 400)))).problems == ("thumbnail",)
