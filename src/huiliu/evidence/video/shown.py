"""The shown copy of a video: frames out of a bounded process, packed again by another; nothing of the container survives."""

from __future__ import annotations

import asyncio
import hashlib
import os
from asyncio import AbstractEventLoop, Semaphore
from weakref import WeakKeyDictionary

import msgspec

from huiliu.evidence.errors import EmptyFile, FileTooLarge, GateBusy
from huiliu.evidence.gate.sniff import MIB, VIDEO_BYTES_MAX, video_type
from huiliu.evidence.video import errors
from huiliu.evidence.video.model import POSTER_BYTES_MAX, SHOWN_BYTES_MAX, SHOWN_LONG_SIDE_MAX
from huiliu.evidence.video.process import packed_answer

LANES = max(1, (os.cpu_count() or 2) // 2)
"""Videos packed at the same time: each keeps two processes busy."""
WAITING_MAX = 16
"""Uploads that may queue for a lane; more are told to come back."""
_WEBM_STARTS, _PNG_STARTS = b"\x1a\x45\xdf\xa3", b"\x89PNG\r\n\x1a\n"


class ShownVideo(msgspec.Struct, frozen=True, kw_only=True):
    """A silent WebM made from pixels alone, and one sharp frame of it as a PNG."""

    data: bytes
    poster: bytes
    width: int
    height: int
    original_sha256: bytes


class _Head(msgspec.Struct, frozen=True):
    width: int
    height: int
    bytes: int


class _Queue:
    """The lanes of one event loop."""

    def __init__(self) -> None:
        self.lanes = Semaphore(LANES)
        self.waiting = 0


_QUEUES: WeakKeyDictionary[AbstractEventLoop, _Queue] = WeakKeyDictionary()


async def rebuild_video(data: bytes) -> ShownVideo:
    """Pass a video through the gate. A minute of video takes up to half a minute of two cores.

    Raises the refusals of `video.errors`, EmptyFile, FileTooLarge, GateBusy.
    """
    if not data:
        raise EmptyFile
    if len(data) > VIDEO_BYTES_MAX:
        raise FileTooLarge(max_mib=VIDEO_BYTES_MAX // MIB)
    if video_type(data) is None:
        raise errors.NotAVideo
    queue = _QUEUES.setdefault(asyncio.get_running_loop(), _Queue())
    if queue.waiting >= WAITING_MAX:
        raise GateBusy
    queue.waiting += 1
    try:
        async with queue.lanes:
            head, rest = await asyncio.to_thread(packed_answer, data, bytes_max=SHOWN_BYTES_MAX + POSTER_BYTES_MAX)
    finally:
        queue.waiting -= 1
    return _believe(head, rest, data)


def _believe(head: bytes, rest: bytes, data: bytes) -> ShownVideo:
    try:
        said = msgspec.json.decode(head, type=_Head)
    except msgspec.DecodeError:
        raise errors.VideoFailed from None
    video, poster = rest[: said.bytes], rest[said.bytes :]
    sizes_fit = 0 < said.width <= SHOWN_LONG_SIDE_MAX and 0 < said.height <= SHOWN_LONG_SIDE_MAX
    if not (sizes_fit and said.bytes > 0 and video.startswith(_WEBM_STARTS) and poster.startswith(_PNG_STARTS)):
        raise errors.VideoFailed
    return ShownVideo(
        data=video,
        poster=poster,
        width=said.width,
        height=said.height,
        original_sha256=hashlib.sha256(data).digest(),
    )
