"""What a video's container says of its past: the program that wrote it, when, and whether it tells where. Pure, bounded.

Read by hand, because nothing else here reads it without handing the file to a decoder first. Sources: ISO/IEC 14496-12
(boxes), Apple's QuickTime File Format (udta, meta keys), RFC 8794 and RFC 9559 (EBML, Matroska).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

BOXES_MAX = 2_000
DEPTH_MAX = 8
TEXT_MAX = 120
KEYS_MAX = 64
FIRST_BYTES = 512 * 1024
"""How far x264 and its kind are looked for by the note they leave in the stream itself."""

MP4_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
EBML_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)

_PARENTS = frozenset((b"moov", b"trak", b"mdia", b"udta", b"meta", b"ilst", b"\xa9too", b"\xa9swr", b"\xa9enc"))
_TOOLS = frozenset((b"\xa9too", b"\xa9swr", b"\xa9enc"))
_PLACES = frozenset((b"\xa9xyz", b"loci"))
_STREAM_NOTE = re.compile(rb"(x26[45]) (?:- core|\(build) ?\d+")
_TOOLS_OF_EDITORS = re.compile(
    r"lav[fc]|ffmpeg|x26[45]|handbrake|premiere|after effects|final cut|imovie|capcut|jianying|剪映|必剪|快影"
    r"|inshot|kinemaster|videoleap|filmora|wondershare|camtasia|vegas|resolve|格式工厂|formatfactory|mkvmerge|gpac|videohandler",
    re.IGNORECASE,
)

_SEGMENT, _INFO = 0x18538067, 0x1549A966
_MUXING_APP, _WRITING_APP, _DATE = 0x4D80, 0x5741, 0x4461


class ContainerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Hints: every one can be stripped or forged."""

    encoder: str = ""
    created_at: str = ""
    has_location: bool = False
    is_reencoded: bool = False
    """A program that edits or converts named itself."""
    is_sound_only: bool = False
    """There are tracks, and none holds pictures."""


def container_facts(data: bytes) -> ContainerFacts:
    """What an MP4, MOV or WebM says of itself; nothing at all when it is not readable as one."""
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        (names, created), place, tracks = _webm(data), False, frozenset[bytes]()
    else:
        names, created, place, tracks = _mp4(data)
    note = _STREAM_NOTE.search(data, 0, FIRST_BYTES)
    if note is not None:
        names.append(note.group(0).decode("ascii"))
    said = [name for name in names if name]
    by_editor = [name for name in said if _TOOLS_OF_EDITORS.search(name)]
    return ContainerFacts(
        encoder=(by_editor or said or [""])[0],
        created_at=created,
        has_location=place,
        is_reencoded=bool(by_editor),
        is_sound_only=b"soun" in tracks and b"vide" not in tracks,
    )


def _mp4(data: bytes) -> tuple[list[str], str, bool, frozenset[bytes]]:
    tools, handlers, tracks = list[str](), list[str](), set[bytes]()
    created, place, keyed = "", False, False
    for kind, start, end in _boxes(data):
        body = data[start : min(end, start + 4 * TEXT_MAX)]
        if kind == b"mvhd":
            created = created or _mp4_time(body)
        elif kind == b"hdlr":
            tracks.add(body[8:12])
            handlers.append(_text(body[24:].lstrip(b"\x0c\x0d\x0e\x0f\x10\x11\x12")))
        elif kind in _PLACES:
            place = True
        elif kind == b"data" and not keyed:
            tools.append(_text(body[8:]))
        elif kind == b"keys":
            named = data[start:end]
            place = place or b".location." in named
            keyed = True  # values of numbered keys: model, maker, place; none is the program that wrote the file
        elif kind in _TOOLS and body[4:8] != b"data":
            tools.append(_text(body[4:]))
    return [*tools, *handlers], created, place, frozenset(tracks)


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start of body, end) of every box down to the ones that are read, the file's order, at most BOXES_MAX."""
    open_boxes = [(0, len(data))]
    for _ in range(BOXES_MAX):
        while open_boxes and open_boxes[-1][0] + 8 > open_boxes[-1][1]:
            open_boxes.pop()
        if not open_boxes:
            return
        at, limit = open_boxes[-1]
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = limit - at
        end = at + size
        if size < head or end > limit:
            end = limit  # cut or lying: what is left of the parent is all that can be believed
        open_boxes[-1] = (max(end, at + head), limit)
        yield kind, at + head, end
        if kind in _PARENTS and len(open_boxes) < DEPTH_MAX:
            open_boxes.append((at + head + _skip(kind, data[at + head : at + head + 8]), end))


def _skip(kind: bytes, body: bytes) -> int:
    """`meta` has four bytes of version before its boxes in MP4 files, and none in QuickTime's."""
    return 4 if kind == b"meta" and body[4:8] != b"hdlr" else 0


def _mp4_time(body: bytes) -> str:
    seconds = int.from_bytes(body[4:12], "big") if body[:1] == b"\x01" else int.from_bytes(body[4:8], "big")
    return _moment(MP4_EPOCH, seconds)


def _webm(data: bytes) -> tuple[list[str], str]:
    names, created = list[str](), ""
    for number, start, end in _elements(data):
        body = data[start : min(end, start + 4 * TEXT_MAX)]
        if number in (_WRITING_APP, _MUXING_APP):
            names.append(_text(body))
        elif number == _DATE:
            created = _moment(EBML_EPOCH, int.from_bytes(body[:8], "big", signed=True) // 10**9)
    return names, created


def _elements(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(id, start of body, end) of EBML elements, down into the segment's information and no further."""
    at, limit = 0, len(data)
    for _ in range(BOXES_MAX):
        if at >= limit:
            return
        number, at = _vint(data, at, keeps_marker=True)
        size, at = _vint(data, at, keeps_marker=False)
        if number is None or size is None:
            return
        end = min(at + size, limit)
        yield number, at, end
        at = at if number in (_SEGMENT, _INFO) else end


def _vint(data: bytes, at: int, *, keeps_marker: bool) -> tuple[int | None, int]:
    first = data[at] if at < len(data) else 0
    if not first:
        return None, at
    length = 9 - first.bit_length()
    value = int.from_bytes(data[at : at + length], "big")
    return value if keeps_marker else value & ((1 << (7 * length)) - 1), at + length


def _moment(epoch: datetime, seconds: int) -> str:
    """Nothing for the zero that most programs write."""
    if seconds <= 0:
        return ""
    try:
        return (epoch + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        return ""


def _text(body: bytes) -> str:
    """Printable words alone: what is shown on a page must not carry control characters."""
    words = body.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(
        letter for letter in words if letter.isprintable() and letter != "\N{REPLACEMENT CHARACTER}"
    ).strip()[:TEXT_MAX]
