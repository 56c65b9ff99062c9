"""A WebM (VP8, no sound) and a poster from plain frames, inside a process that never sees the uploaded file."""

from __future__ import annotations

import json
import os
import sys
from typing import BinaryIO

import cv2
import numpy as np

from huiliu.evidence.inspection.picture import Bytes
from huiliu.evidence.video.limits import END, HEAD_BYTES_MAX, MORE, NO, No
from huiliu.evidence.video.model import (
    POSTER_BYTES_MAX,
    SECONDS_MAX,
    SHOWN_BYTES_MAX,
    SHOWN_LONG_SIDE_MAX,
    SHOWN_PER_SECOND,
)
from huiliu.evidence.video.scenes import halved, sharpness

NAME = "shown.webm"
HEAD_BYTES = 1024
TRACK_NUMBER = b"\x73\xc5\x88"
"""Matroska's TrackUID with its length, 8 bytes. Source: RFC 9559, 5.1.4.1.2."""
FIXED_NUMBER = bytes(7) + b"\1"
FRAMES_PACKED_MAX = (SECONDS_MAX + 2) * SHOWN_PER_SECOND
POSTER_FROM_FRAMES = 5 * SHOWN_PER_SECOND
"""The poster is the sharpest frame of the first seconds: the very first is often black."""


def packed(source: BinaryIO) -> tuple[dict[str, int], bytes, bytes]:
    """(size, WebM, PNG) of the frames that `child.frames` sends. Raises No when they end before their end mark."""
    width, height = _size(source)
    best: tuple[float, Bytes] | None = None
    target = _place()
    writer = cv2.VideoWriter(NAME, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"VP80"), SHOWN_PER_SECOND, (width, height))
    if not writer.isOpened():
        raise No("failed")
    for number in range(FRAMES_PACKED_MAX + 1):
        frame = _next(source, width, height)
        if frame is None:
            break
        if number == FRAMES_PACKED_MAX:
            raise No("too_long")
        if number < POSTER_FROM_FRAMES:
            found = sharpness(halved(frame))
            best = (found, frame) if best is None or found > best[0] else best
        writer.write(frame)
    writer.release()
    with open(target, "rb") as file:
        file.seek(0)
        video = without_chance(file.read(SHOWN_BYTES_MAX + 1))
    if best is None:
        raise No("no_picture")
    is_done, poster = cv2.imencode(".png", best[1])
    if not is_done or len(poster) > POSTER_BYTES_MAX or len(video) >= SHOWN_BYTES_MAX:
        raise No("failed")
    return {"width": width, "height": height}, video, poster.tobytes()


def _size(source: BinaryIO) -> tuple[int, int]:
    head = json.loads(source.readline(HEAD_BYTES_MAX) or b'{"no": "failed"}')
    if "no" in head:
        raise No(str(head["no"]))
    width, height = int(head["width"]), int(head["height"])
    if not (0 < width <= SHOWN_LONG_SIDE_MAX and 0 < height <= SHOWN_LONG_SIDE_MAX):
        raise No("failed")
    return width, height


def _next(source: BinaryIO, width: int, height: int) -> Bytes | None:
    mark = source.read(1)
    if mark == END:
        return None
    if mark == NO:
        raise No(str(json.loads(NO + source.readline(HEAD_BYTES_MAX))["no"]))
    size = width * height * 3
    pixels = source.read(size) if mark == MORE else b""
    if len(pixels) < size:
        raise No("failed")
    return np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 3)


def without_chance(video: bytes) -> bytes:
    """The muxer numbers its track at random; with a fixed number the same upload makes the same bytes, kept once."""
    at = video.find(TRACK_NUMBER, 0, HEAD_BYTES)
    if at < 0:
        return video
    number = video[at + len(TRACK_NUMBER) : at + len(TRACK_NUMBER) + len(FIXED_NUMBER)]
    return video[:HEAD_BYTES].replace(number, FIXED_NUMBER) + video[HEAD_BYTES:]


def _place() -> int | str:
    """Where the muxer writes: it wants a name that ends in .webm, and on Linux that name leads into memory.

    The working folder is this process's own; whoever started it removes it.
    """
    if sys.platform != "linux":
        return NAME
    memory = os.memfd_create(NAME)
    os.symlink(f"/proc/self/fd/{memory}", NAME)
    return memory
