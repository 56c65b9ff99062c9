"""One video as frames in time, inside a bounded process: FFmpeg decodes it from memory."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import final

import cv2
import numpy as np

from huiliu.evidence.gate.limits import SIDE_MIN
from huiliu.evidence.inspection.picture import Bytes
from huiliu.evidence.video.limits import THREADS, No
from huiliu.evidence.video.model import (
    CODECS,
    FRAMES_MAX,
    PIXELS_MAX,
    SECONDS_MAX,
    SECONDS_TOLERANCE,
    SHOWN_LONG_SIDE_MAX,
    SHOWN_SHORT_SIDE_MAX,
)

MS = 1000.0
FPS_MAX = 1000.0
FPS_GUESSED = 30.0
END_MS = (SECONDS_MAX + SECONDS_TOLERANCE) * MS


@final
class Video:
    """Raises No with a code: unopened, codec:<which>, too_long, too_large, too_small, no_picture."""

    def __init__(self, source: io.BytesIO) -> None:
        # Any binary stream is an IStreamReader to OpenCV; its stub does not know.
        self._capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, THREADS])  # pyright: ignore
        if not self._capture.isOpened():
            raise No("unopened")
        fourcc = int(self._number(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        self.codec = fourcc.to_bytes(4, "little").decode("ascii", "replace").lower()
        if self.codec not in CODECS:
            raise No("codec:" + "".join(letter for letter in self.codec if letter.isalnum()))
        fps = self._number(cv2.CAP_PROP_FPS)
        self.fps = fps if 0 < fps <= FPS_MAX else FPS_GUESSED
        self.end_ms = max(0.0, self._number(cv2.CAP_PROP_FRAME_COUNT)) / self.fps * MS
        if self.end_ms > END_MS:
            raise No("too_long")
        self.width, self.height = (
            int(self._number(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self._number(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        _check_size(self.width, self.height)

    def facts(self) -> dict[str, str | int | float]:
        """What is known once the samples were taken: declared lengths may lie."""
        seconds = self.end_ms / MS
        return {
            "codec": self.codec,
            "fps": self.fps,
            "seconds": seconds,
            "width": self.width,
            "height": self.height,
        }

    def samples(self, per_second: int, *, repeats: bool = False) -> Iterator[tuple[Bytes, float]]:
        """(frame, its milliseconds) at an even pace, or as often as there is one.

        With `repeats` a frame is given again while nothing follows: screen recorders write only what changes.
        """
        step, due = MS / per_second, 0.0
        frame: Bytes | None = None
        for at in self._moments():
            while repeats and frame is not None and due + step <= at:
                yield frame, due
                due += step
            if at < due:
                continue
            frame = self._frame()
            yield frame, at
            due = max(due + step, at) if repeats else (math.floor(at / step) + 1) * step
        while repeats and frame is not None and due < min(self.end_ms, END_MS):
            yield frame, due
            due += step
        if frame is None:
            raise No("no_picture")

    def _moments(self) -> Iterator[float]:
        """The time of each frame as it is decoded, from 0 and never backwards."""
        first, before = 0.0, -1.0
        for number in range(FRAMES_MAX):
            if not self._capture.grab():
                break
            at = self._number(cv2.CAP_PROP_POS_MSEC)
            if number == 0:
                first = at
            at -= first
            if not before < at:  # no times in the stream: its pace is all there is
                at = before + MS / self.fps if number else 0.0
            if at > END_MS:
                raise No("too_long")
            before = at
            yield at
        else:
            raise No("too_large")
        self.end_ms = min(max(self.end_ms, before + MS / self.fps), END_MS)

    def _frame(self) -> Bytes:
        is_there, frame = self._capture.retrieve()
        if not is_there or frame.ndim != 3:
            raise No("broken")
        height, width = frame.shape[:2]
        _check_size(width, height)
        self.width, self.height = width, height
        return np.asarray(frame, dtype=np.uint8)

    def _number(self, which: int) -> float:
        value = self._capture.get(which)
        return value if math.isfinite(value) else 0.0


def shown_size(width: int, height: int) -> tuple[int, int]:
    """The size of the shown copy: never larger, both sides even as the codec wants them."""
    short, long = min(width, height), max(width, height)
    scale = min(1.0, SHOWN_SHORT_SIDE_MAX / short, SHOWN_LONG_SIDE_MAX / long)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _check_size(width: int, height: int) -> None:
    if width * height > PIXELS_MAX:
        raise No("too_large")
    if min(width, height) < SIDE_MIN:
        raise No("too_small")
