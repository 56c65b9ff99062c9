"""What the gate does with one file, told step by step: for the command line and for whoever wonders about a refusal."""

from __future__ import annotations

import hashlib
import time

import msgspec

from huiliu.evidence import errors
from huiliu.evidence.gate.pixels import open_picture
from huiliu.evidence.gate.rebuild import rebuild_here
from huiliu.evidence.gate.sniff import PICTURE_BYTES_MAX, picture_type, video_type
from huiliu.evidence.inspection.model import Container
from huiliu.kit.errors import Refusal

MILLISECONDS = 1000


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """One file at the gate. A refused one has a `refusal` and no shown copy."""

    accepted: bool
    refusal: str = ""
    """The code of the refusal; its words are what the buyer reads."""
    media_type: str = ""
    """What the file is by its content, when that is known."""
    size: int
    sha256: str
    """Of the file as it came, hex: what the sealed original is kept under."""
    stripped: tuple[str, ...] = ()
    """What is not in the shown copy any more: metadata, location, software, editor, trailing_bytes."""
    flags: tuple[str, ...] = ()
    """What seems hidden in it; words in evidence_look.toml under [flag]."""
    problems: tuple[str, ...] = ()
    """What the sender should mend; words in evidence_look.toml under [problem]."""
    trailing_bytes: int = 0
    container: Container | None = None
    shown_sha256: str = ""
    shown_media_type: str = ""
    shown_size: int = 0
    width: int = 0
    height: int = 0
    """Of the shown copy."""
    milliseconds: float = 0.0
    """For the shown copy: what an uploader waits for."""


def report(data: bytes) -> GateReport:
    """Pass a file through the gate and tell all about it. A refusal is a part of the answer, never raised."""
    sha256 = hashlib.sha256(data).hexdigest()
    began = time.perf_counter()
    try:
        rebuilt = rebuild_here(data)
    except Refusal as refusal:
        spent = (time.perf_counter() - began) * MILLISECONDS
        return GateReport(
            accepted=False,
            refusal=refusal.code,
            media_type=_media_type(data),
            size=len(data),
            sha256=sha256,
            milliseconds=round(spent, 1),
        )
    spent = (time.perf_counter() - began) * MILLISECONDS
    container = open_picture(data).container
    return GateReport(
        accepted=True,
        media_type=container.media_type,
        size=len(data),
        sha256=sha256,
        stripped=_stripped(container),
        flags=container.flags,
        problems=rebuilt.problems,
        trailing_bytes=container.trailing_bytes,
        container=container,
        shown_sha256=rebuilt.sha256.hex(),
        shown_media_type=rebuilt.media_type,
        shown_size=len(rebuilt.data),
        width=rebuilt.width,
        height=rebuilt.height,
        milliseconds=round(spent, 1),
    )


def _media_type(data: bytes) -> str:
    try:
        return picture_type(data[:PICTURE_BYTES_MAX])
    except Refusal as refusal:
        return video_type(data) or "" if isinstance(refusal, errors.VideoNotHere) else ""


def _stripped(container: Container) -> tuple[str, ...]:
    found = {
        "location": container.has_location,
        "time": bool(container.taken_at),
        "software": bool(container.software),
        "editor": container.has_editor_traces,
        "metadata": container.has_metadata,
        "trailing_bytes": container.trailing_bytes > 0,
    }
    return tuple(name for name, there in found.items() if there)
