"""What a file really is, by its first bytes: names and declared types are whatever the sender likes."""

from __future__ import annotations

from huiliu.evidence import errors
from huiliu.kit.errors import Refusal

PICTURE_BYTES_MAX = 12 * 1024 * 1024
VIDEO_BYTES_MAX = 60 * 1024 * 1024
"""How much a resumable upload could ever be; no video is taken yet."""
MIB = 1024 * 1024
LOOK_BYTES = 1024
"""How far into a file its kind is looked for."""

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"

_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!", b"dex\n")
_ARCHIVES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
)
_DOCUMENTS = (b"\xd0\xcf\x11\xe0", b"{\\rtf", b"%!PS", b"\xc5\xd0\xd3\xc6")
_PAGES = (b"<svg", b"<html", b"<!doctype", b"<?xml", b"<script", b"<body", b"<head", b"<?php", b"<iframe", b"<img")
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"))
_VIDEOS = (b"\x1a\x45\xdf\xa3", b"FLV", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"\x30\x26\xb2\x75", b"\x47\x40\x00")


def picture_type(data: bytes) -> str:
    """The media type of a picture that may go on to be decoded.

    Raises the refusal that tells the sender what this file is and what to send instead.
    """
    if not data:
        raise errors.EmptyFile
    kind = _picture(data)
    if kind is None:
        raise _no(data)
    if len(data) > PICTURE_BYTES_MAX:
        raise errors.FileTooLarge(max_mib=PICTURE_BYTES_MAX // MIB)
    return kind


def _picture(data: bytes) -> str | None:
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP
    return None


def _no(data: bytes) -> Refusal:
    head = data[:LOOK_BYTES]
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n\0").lower()
    if head[4:8] == b"ftyp":
        return errors.HeicPicture() if _is_heic(head) else errors.VideoNotYet()
    if head.startswith((b"GIF87a", b"GIF89a")):
        return errors.AnimatedPicture()
    if head.startswith(_VIDEOS) or (head.startswith(b"RIFF") and head[8:12] == b"AVI "):
        return errors.VideoNotYet()
    if any(tag in text for tag in _PAGES):
        return errors.ActiveContent()
    if head.startswith(_PROGRAMS):
        return errors.ProgramFile()
    if b"%PDF-" in head or head.startswith(_DOCUMENTS):
        return errors.DocumentFile()
    if head.startswith(_ARCHIVES):
        return errors.ArchiveFile()
    return errors.NotAPicture()


def _is_heic(head: bytes) -> bool:
    """The major brand, or a compatible one: some phones write mif1 first."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, size, 4))}
    return not brands.isdisjoint(_HEIC_BRANDS)
