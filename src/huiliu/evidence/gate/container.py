"""What a picture file tells about its own past: who wrote it, what hides in it. Runs in the gate's child process.

Every one of these can be stripped or forged, so they are hints for people and never proof.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec
from PIL import ExifTags, Image
from PIL.JpegImagePlugin import JpegImageFile

Span: TypeAlias = tuple[int, int]
"""Where a part of a file lies: first byte, and the byte after the last."""

SEGMENTS_MAX = 20_000
"""Parts of one file that are looked at; a picture has a few dozen, a PNG with tiny IDATs some thousands."""
PICTURES_MAX = 8
"""Pictures in one JPEG file (MPO): the photo, a preview, a depth map."""
TEXT_MAX = 120
HEAD_BYTES = 64

_JPEG_STOP = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
"""What ends a run of compressed JPEG data: any marker but a stuffed byte or a restart."""
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_PROGRESSIVE = frozenset((0xC2, 0xC6, 0xCA, 0xCE))
_APPS_AND_COMMENT = frozenset((*range(0xE0, 0xF0), 0xFE))

EDITORS = (
    "photoshop",
    "lightroom",
    "adobe",
    "gimp",
    "snapseed",
    "picsart",
    "meitu",
    "美图",
    "xingtu",
    "醒图",
    "butter camera",
    "黄油相机",
    "faceu",
    "b612",
    "vsco",
    "canva",
    "figma",
    "pixelmator",
    "affinity",
    "paint.net",
    "photopea",
    "fotor",
    "polarr",
    "picsew",
    "inkscape",
    "coreldraw",
    "acdsee",
    "photoscape",
    "krita",
    "imagemagick",
)
"""Programs that change pictures. A messaging app or a phone's own camera is none."""
_METADATA = ("exif", "xmp", "icc_profile", "comment", "photoshop", "metadata")
"""Names under which Pillow keeps what a file says beside its pixels."""
_GENERATORS = (b"trainedAlgorithmicMedia", b"Stable Diffusion", b"Midjourney", b"DALL-E", b"TC260:AIGC", b'"AIGC"')
_SCRIPTS = re.compile(rb"<\?php|<script|<%@|javascript:|eval\(|onerror\s*=|#!/bin/", re.IGNORECASE)
_PAGES = re.compile(rb"<!doctype html|<html[\s>]|<svg[\s>]|<body[\s>]|<iframe[\s>]", re.IGNORECASE)
_LONG_MAGIC = ((b"<?php", "script_in_picture"), (b"<script", "script_in_picture"), (b"%PDF-1", "polyglot_pdf"))
"""Long enough not to occur in compressed pixels by chance, so the whole file is searched."""
_SHORT_MAGIC = (
    (b"PK\x03\x04", "polyglot_zip"),
    (b"PK\x05\x06", "polyglot_zip"),
    (b"Rar!\x1a\x07", "polyglot_rar"),
    (b"7z\xbc\xaf\x27\x1c", "polyglot_7z"),
    (b"%PDF-", "polyglot_pdf"),
    (b"\x7fELF", "polyglot_program"),
    (b"This program cannot be run in DOS mode", "polyglot_program"),
)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How a file is built: what is not pixels, where the picture ends, and how often its pixels are refined."""

    notes: tuple[Span, ...] = ()
    """Metadata and comments."""
    end: int
    is_followed: bool = True
    """Whether the walk came to the end; a file of more parts than any camera makes is not taken."""
    scans: int = 1
    is_progressive: bool = False


def layout_of(data: bytes) -> Layout:
    """Walk the file's own structure. Never raises: what cannot be followed ends where it stops making sense."""
    if data.startswith(b"\xff\xd8"):
        return _jpeg_layout(data)
    if data.startswith(b"\x89PNG"):
        return _png_layout(data)
    if data.startswith(b"RIFF"):
        return _riff_layout(data)
    return _box_layout(data)


def container_facts(data: bytes, picture: Image.Image, *, layout: Layout) -> dict[str, object]:
    """What `inspection.model.Container` holds, as plain values for the way to the parent process."""
    notes = b"\0".join(data[first:last] for first, last in layout.notes)
    told = _told(picture)
    said = notes + b"\0" + "\0".join(told.values()).encode("utf-8", "replace")
    exif, has_place = _exif(picture)
    software = exif.get("software") or told.get("Software") or _creator(said)
    tail = data[layout.end :]
    return {
        "jpeg_quality": jpeg_quality(picture),
        "is_progressive": layout.is_progressive or bool(picture.info.get("interlace")),
        "software": _tidy(software),
        "taken_at": _tidy(exif.get("taken_at", "")),
        "has_location": has_place or b"GPSLatitude" in said or b"GPSCoordinates" in said,
        "has_metadata": bool(told) or any(picture.info.get(name) for name in _METADATA),
        "has_editor_traces": b"8BIM" in notes or _names_editor(said, software),
        "trailing_bytes": len(tail),
        "flags": _flags(data, said=said, tail=tail),
    }


def jpeg_quality(picture: Image.Image) -> int | None:
    """The libjpeg quality (1 to 100) whose luma and chroma tables these are; None for anybody else's tables."""
    if not isinstance(picture, JpegImageFile):
        return None
    tables = picture.quantization
    quality = _QUALITY_BY_STEPS.get(tuple(tables.get(0, ())))
    if quality is not None and 1 in tables and list(tables[1]) != _scaled(_CHROMA, quality):
        return None
    return quality


def _scaled(base: tuple[int, ...], quality: int) -> list[int]:
    """jpeg_set_quality of libjpeg: ITU T.81 annex K, scaled and kept within a byte."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return [min(max((step * scale + 50) // 100, 1), 255) for step in base]


def _jpeg_layout(data: bytes) -> Layout:
    notes: list[Span] = []
    scans, pictures, at, end = 0, 0, 0, len(data)
    is_progressive = is_series = False
    for _ in range(SEGMENTS_MAX):
        found = _JPEG_STOP.match(data, at) or _JPEG_STOP.search(data, at)
        if found is None:
            break
        marker, at = data[found.end() - 1], found.end()
        if marker == _EOI:
            end, pictures = at, pictures + 1
            if not (is_series and pictures < PICTURES_MAX and data.startswith(b"\xff\xd8\xff", _after_zeros(data, at))):
                break
            continue
        if marker in _WITHOUT_LENGTH:
            continue
        last = at + int.from_bytes(data[at : at + 2], "big")
        if marker in _APPS_AND_COMMENT:
            notes.append((at + 2, last))
            is_series = is_series or data.startswith(b"MPF\0", at + 2)
        is_progressive = is_progressive or marker in _PROGRESSIVE
        scans += marker == _SOS
        at = max(at, last)
    else:
        return Layout(end=len(data), is_followed=False)
    return Layout(notes=tuple(notes), end=end, scans=scans, is_progressive=is_progressive)


def _after_zeros(data: bytes, at: int) -> int:
    """Phones fill up the space between the pictures of one file."""
    while at < len(data) and data[at] == 0:  # bounded by the file
        at += 1
    return at


def _png_layout(data: bytes) -> Layout:
    notes: list[Span] = []
    at = 8
    for _ in range(SEGMENTS_MAX):
        if at + 12 > len(data):
            break
        last = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind == b"IEND":
            notes.append((at + 8, last - 4))
            return Layout(notes=tuple(notes), end=min(last, len(data)))
        if kind not in {b"IDAT", b"IHDR", b"PLTE"}:
            notes.append((at + 8, last - 4))
        at = last
    else:
        return Layout(end=len(data), is_followed=False)
    return Layout(notes=tuple(notes), end=len(data))


def _riff_layout(data: bytes) -> Layout:
    size = 8 + int.from_bytes(data[4:8], "little")
    end = min(len(data), size + (size & 1))
    notes: list[Span] = []
    at = 12
    for _ in range(SEGMENTS_MAX):
        if at + 8 > end:
            break
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] not in {b"VP8 ", b"VP8L", b"ALPH", b"VP8X"}:
            notes.append((at + 8, min(end, at + 8 + length)))
        at += 8 + length + (length & 1)
    else:
        return Layout(end=end, is_followed=False)
    return Layout(notes=tuple(notes), end=end)


def _box_layout(data: bytes) -> Layout:
    """HEIC and AVIF: boxes as in MP4. Metadata lies among the pixels of `mdat`, so both are looked through."""
    notes: list[Span] = []
    at = 0
    for _ in range(SEGMENTS_MAX):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0 and len(kind) == 4:  # to the end of the file
            size = len(data) - at
        if size < 8 or at + size > len(data) or not kind.isalnum():
            break
        notes.append((at + 8, at + size))
        at += size
    else:
        return Layout(end=at, is_followed=False)
    return Layout(notes=tuple(notes), end=at)


def _told(picture: Image.Image) -> dict[str, str]:
    """A PNG's text chunks, unpacked by Pillow within its own bounds, and comments of other formats."""
    told: dict[str, str] = {}
    for key, value in picture.info.items():
        if isinstance(value, str):
            told[str(key)] = value
    return told


def _exif(picture: Image.Image) -> tuple[dict[str, str], bool]:
    """The program and the time that EXIF names, and whether it names a place. Broken EXIF says nothing."""
    said: dict[str, str] = {}
    try:
        exif = picture.getexif()
        software = exif.get(ExifTags.Base.Software)
        taken = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        place = bool(exif.get_ifd(ExifTags.IFD.GPSInfo))
    except Exception:  # Pillow raises whatever the broken bytes lead to
        return said, False
    if isinstance(software, str):
        said["software"] = _as_meant(software)
    if isinstance(taken, str):
        said["taken_at"] = taken
    return said, place


def _as_meant(text: str) -> str:
    """EXIF's text is ASCII by the book, so it is read as Latin-1; Chinese programs write UTF-8 there."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _creator(said: bytes) -> str:
    found = re.search(rb"CreatorTool[\"'>=\s]{1,4}([^\"'<\0]{1,80})", said)
    return found.group(1).decode("utf-8", "replace") if found else ""


def _names_editor(said: bytes, software: str) -> bool:
    """An editor in the program's name, or in XMP's history of the file; a colour profile by Adobe is none."""
    lower = software.lower()
    history = b"\n".join(re.findall(rb"(?:softwareAgent|CreatorTool)[^\n]{0,120}", said)).decode("utf-8", "replace")
    return any(name in lower or name in history.lower() for name in EDITORS)


def _flags(data: bytes, *, said: bytes, tail: bytes) -> list[str]:
    flags: set[str] = set()
    for place in (said, tail):
        flags |= {flag for magic, flag in _SHORT_MAGIC if magic in place}
    flags |= {flag for magic, flag in _LONG_MAGIC if magic in data}
    if _SCRIPTS.search(said):
        flags.add("script_in_comment")
    if _PAGES.search(said) or _PAGES.search(tail):
        flags.add("polyglot_html")
    if _SCRIPTS.search(tail):
        flags.add("script_in_tail")
    if tail.startswith((b"MZ", b"#!")):
        flags.add("polyglot_program")
    if b"ftyp" in tail[4:HEAD_BYTES]:
        flags.add("video_in_tail")
    if tail.strip(b"\0\r\n "):
        flags.add("trailing_data")
    if any(mark in said for mark in _GENERATORS):
        flags.add("generator_named")
    return sorted(flags)


def _tidy(text: str) -> str:
    return "".join(letter for letter in text[:TEXT_MAX] if letter.isprintable()).strip()


_LUMA = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA = (
    *(17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99),
    *(24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99),
    *(99,) * 32,
)
_QUALITY_BY_STEPS = {tuple(_scaled(_LUMA, quality)): quality for quality in range(1, 101)}
