"""The resumable-upload protocol on the wire (tus 1.0.0, core + creation + expiration + termination): headers only, pure.

Source: https://tus.io/protocols/resumable-upload. Names of headers are lower-case where read, as ASGI gives them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

import msgspec

from huiliu.evidence import errors
from huiliu.evidence.model import FILE_NAME_MAX, Upload
from huiliu.evidence.sniff import PICTURE_BYTES_MAX

TUS_VERSION = "1.0.0"
TUS_EXTENSIONS = "creation,expiration,termination"
CHUNK_TYPE = "application/offset+octet-stream"
METADATA_LENGTH_MAX = 2048
METADATA_PAIRS_MAX = 10
DIGITS_MAX = 15
"""More digits than any length we could take; int() of a megabyte of digits would be an attack."""


class Creation(msgspec.Struct, frozen=True, kw_only=True):
    """What a POST asks for."""

    bytes_total: int
    slot: str
    file_name: str


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """What a PATCH announces; `size` is None when the sender does not say."""

    offset: int
    size: int | None


def read_creation(headers: Mapping[str, str]) -> Creation:
    """POST: Upload-Length and Upload-Metadata (slot, filename). Raises UnsupportedProtocol, BadUploadHeader."""
    _check_version(headers)
    told = read_metadata(headers.get("upload-metadata", ""))
    return Creation(
        bytes_total=_number(headers, "upload-length"),
        slot=told.get("slot", ""),
        file_name=told.get("filename", "")[-FILE_NAME_MAX:],
    )


def read_chunk(headers: Mapping[str, str]) -> Chunk:
    """PATCH: Upload-Offset and the chunk's type. Raises UnsupportedProtocol, BadUploadHeader, WrongChunkType."""
    _check_version(headers)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != CHUNK_TYPE:
        raise errors.WrongChunkType
    size = _number(headers, "content-length") if "content-length" in headers else None
    return Chunk(offset=_number(headers, "upload-offset"), size=size)


def check_request(headers: Mapping[str, str]) -> None:
    """HEAD and DELETE carry the protocol's version only. Raises UnsupportedProtocol."""
    _check_version(headers)


def read_metadata(header: str) -> dict[str, str]:
    """'slot cGFpZF9zaG90,filename 5pSv5LuYLnBuZw==' -> names and decoded texts. Raises BadUploadHeader."""
    pairs = [pair.strip() for pair in header.split(",")] if header.strip() else []
    if len(header) > METADATA_LENGTH_MAX or len(pairs) > METADATA_PAIRS_MAX:
        raise errors.BadUploadHeader(header="Upload-Metadata")
    told: dict[str, str] = {}
    for pair in pairs:
        name, _, encoded = pair.partition(" ")
        try:
            value = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise errors.BadUploadHeader(header="Upload-Metadata") from None
        if not name or name in told or "\0" in value:
            raise errors.BadUploadHeader(header="Upload-Metadata")
        told[name] = value
    return told


def options_headers() -> dict[str, str]:
    """204 to OPTIONS: what this server can do."""
    return {
        "Tus-Resumable": TUS_VERSION,
        "Tus-Version": TUS_VERSION,
        "Tus-Extension": TUS_EXTENSIONS,
        "Tus-Max-Size": str(PICTURE_BYTES_MAX),
    }


def created_headers(upload: Upload, *, location: str) -> dict[str, str]:
    """201 to POST: where the chunks go, and until when."""
    return {"Tus-Resumable": TUS_VERSION, "Location": location, "Upload-Expires": _http_date(upload.expires_at)}


def offset_headers(upload: Upload) -> dict[str, str]:
    """200 to HEAD, 204 to PATCH: where to go on. Never cached, or a sender would resume at an old place."""
    return {
        "Tus-Resumable": TUS_VERSION,
        "Upload-Offset": str(upload.bytes_got),
        "Upload-Length": str(upload.bytes_total),
        "Upload-Expires": _http_date(upload.expires_at),
        "Cache-Control": "no-store",
    }


def ended_headers() -> dict[str, str]:
    """204 to DELETE, and every refusal."""
    return {"Tus-Resumable": TUS_VERSION}


def _check_version(headers: Mapping[str, str]) -> None:
    if headers.get("tus-resumable") != TUS_VERSION:
        raise errors.UnsupportedProtocol(version=TUS_VERSION)


def _number(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise errors.BadUploadHeader(header=name.title())
    return int(text)


def _http_date(at: datetime) -> str:
    return format_datetime(at, usegmt=True)
