"""What a file really is, by its first bytes: names and declared types are whatever the sender likes."""

from __future__ import annotations

from enum import StrEnum

from huiliu.evidence import errors
from huiliu.kit.errors import Refusal

PICTURE_BYTES_MAX = 12 * 1024 * 1024
VIDEO_BYTES_MAX = 60 * 1024 * 1024
"""How much a resumable upload could ever be."""
MIB = 1024 * 1024
LOOK_BYTES = 1024
"""How far into a file its kind is looked for."""

JPEG, PNG, WEBP, HEIC, AVIF = "image/jpeg", "image/png", "image/webp", "image/heic", "image/avif"
MP4, MOV, WEBM = "video/mp4", "video/quicktime", "video/webm"

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
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_MP4_BRANDS = frozenset(
    (
        *(b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"mp71", b"mmp4", b"dash", b"f4v "),
        *(b"avc1", b"hvc1", b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"3gp4", b"3gp5", b"3gp6", b"3g2a"),
    )
)
_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_OLD_MOV = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""QuickTime files from before `ftyp`."""
_MATROSKA = b"\x1a\x45\xdf\xa3"
_VIDEOS = (_MATROSKA, b"FLV", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"\x30\x26\xb2\x75", b"\x47\x40\x00")


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
    brands = _brands(data)
    if not brands.isdisjoint(_AVIF_BRANDS):
        return AVIF
    if not brands.isdisjoint(_HEIC_BRANDS):
        return HEIC
    return None


def video_type(data: bytes) -> str | None:
    """The media type of a video that may go on to be watched, or None: a closed list, by content."""
    if data.startswith(_MATROSKA):
        return WEBM if b"webm" in data[:LOOK_BYTES] else None
    if data[4:8] in _OLD_MOV and data[:4] != b"\0\0\0\0":
        return MOV
    brands = _brands(data)
    if data[8:12] in _SOUND_BRANDS or not brands.isdisjoint(_HEIC_BRANDS | _AVIF_BRANDS):
        return None
    if b"qt  " in brands:
        return MOV
    return MP4 if not brands.isdisjoint(_MP4_BRANDS) else None


class MediaKind(StrEnum):
    """What a slot may take."""

    PICTURE = "picture"
    VIDEO = "video"


def media_kind(data: bytes, *, takes_video: bool) -> MediaKind:
    """Whether a file is a still picture or a video, both fit to go on. Raises the refusal that says what else it is.

    A video where the slot takes none is refused with advice; the type itself is `picture_type`'s or `video_type`'s.
    """
    if takes_video and video_type(data) is not None:
        if len(data) > VIDEO_BYTES_MAX:
            raise errors.FileTooLarge(max_mib=VIDEO_BYTES_MAX // MIB)
        return MediaKind.VIDEO
    picture_type(data)
    return MediaKind.PICTURE


def _no(data: bytes) -> Refusal:
    head = data[:LOOK_BYTES]
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n\0").lower()
    if head[4:8] == b"ftyp" or video_type(head) is not None:
        return errors.VideoNotHere()
    if head.startswith((b"GIF87a", b"GIF89a")):
        return errors.AnimatedPicture()
    if head.startswith(_VIDEOS) or (head.startswith(b"RIFF") and head[8:12] == b"AVI "):
        return errors.VideoNotHere()
    if any(tag in text for tag in _PAGES):
        return errors.ActiveContent()
    if head.startswith(_PROGRAMS):
        return errors.ProgramFile()
    if b"%PDF-" in head or head.startswith(_DOCUMENTS):
        return errors.DocumentFile()
    if head.startswith(_ARCHIVES):
        return errors.ArchiveFile()
    return errors.NotAPicture()


def _brands(data: bytes) -> frozenset[bytes]:
    """The major and the compatible brands of an ISO media file: some phones write mif1 first."""
    if data[4:8] != b"ftyp":
        return frozenset()
    size = min(int.from_bytes(data[:4], "big"), len(data), LOOK_BYTES)
    return frozenset((data[8:12], *(data[at : at + 4] for at in range(16, size, 4))))
