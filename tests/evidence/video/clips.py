"""Small clips for the tests, made by OpenCV's own writer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from huiliu.evidence.inspection.picture import Bytes

WIDTH, HEIGHT = 240, 400
CODECS = {"mp4": "mp4v", "mov": "mp4v", "webm": "VP80", "avi": "MJPG"}


def page(number: int, *, width: int = WIDTH, height: int = HEIGHT) -> Bytes:
    """A page of an app: a title and lines, different for each number."""
    shown = np.full((height, width, 3), 245, dtype=np.uint8)
    noise = np.random.default_rng(number)
    cv2.putText(shown, f"Page {number}", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (30, 30, 30), 2)
    for line in range(8):
        cv2.rectangle(
            shown, (20, 70 + line * 38), (40 + int(noise.integers(20, 170)), 92 + line * 38), (60, 60, 60), -1
        )
    return shown


def clip(frames: Iterable[Bytes], *, kind: str = "mp4", fps: float = 10) -> bytes:
    """A video of these frames."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip.{kind}"
        writer: cv2.VideoWriter | None = None
        for frame in frames:
            if writer is None:
                size = (frame.shape[1], frame.shape[0])
                writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*CODECS[kind]), fps, size)
            writer.write(frame)
        assert writer is not None
        assert writer.isOpened()
        writer.release()
        return path.read_bytes()


def shown_for(*pages: Bytes, frames: int = 10) -> list[Bytes]:
    """Each page for a second."""
    return [shown for shown in pages for _ in range(frames)]


def hand_held(shown: Bytes, frames: int, *, seed: int = 1) -> list[Bytes]:
    """The page as a trembling hand films it."""
    noise = np.random.default_rng(seed)
    made = list[Bytes]()
    for _ in range(frames):
        by = noise.integers(-3, 4, 2)
        moved = cv2.warpAffine(shown, np.array([[1, 0, by[0]], [0, 1, by[1]]], dtype=np.float32), (WIDTH, HEIGHT))
        grain = noise.normal(0, 6, moved.shape)
        made.append(np.clip(moved.astype(np.float32) + grain, 0, 255).astype(np.uint8))
    return made


def box(kind: bytes, *bodies: bytes) -> bytes:
    """One box of an MP4."""
    body = b"".join(bodies)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
