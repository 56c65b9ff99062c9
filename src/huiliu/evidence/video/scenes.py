"""Which moments of a video are worth reading: it is cut into stable scenes, and the most different ones are chosen."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TypeAlias, final

import cv2
import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.inspection.picture import Bytes
from huiliu.evidence.video.model import KEYFRAME_SIDE_MAX, KEYFRAMES_MAX

Thumb: TypeAlias = NDArray[np.float32]

THUMB_SIDE = 64
SAME_LEVELS = 0.2
"""Mean grey levels (of 255) by which two thumbnails of an unmoving picture differ at most: what codecs leave."""
STEADY_LEVELS, STEADY_LEVELS_MAX = 1.0, 4.0
"""From one sample to the next, and from a scene's first: below the one any picture stands still, above the other none.

Between them it depends on the video: a hand trembles all the time, a screen recording does not at all. Two pages of one
app differ by about 4, a page scrolled by a third by about 11."""
TREMBLE = 2.5
"""How many times its usual movement a video may move within one scene."""
DISTINCT_LEVELS = 0.15
"""Two scenes nearer than this, or nearer than the video's usual movement, show the same page: one of them is enough."""
SCENE_SAMPLES_MIN = 2
"""A scene shorter than this is a movement in passing."""
SCENES_MAX = 24
"""Scenes whose best frame is kept while the video runs."""


@dataclass(slots=True)
class Scene:
    """A stretch in which the picture stands still, with its sharpest frame."""

    first: Thumb
    thumb: Thumb
    frame: Bytes
    sharpness: float
    at_ms: float
    samples: int = 1

    @property
    def is_stable(self) -> bool:
        """Long enough for somebody to have shown it."""
        return self.samples >= SCENE_SAMPLES_MIN


@final
class Cutter:
    """Takes one sample after another; keeps what may be worth reading within a fixed amount of memory."""

    def __init__(self) -> None:
        self._closed: list[Scene] = []
        self._open: Scene | None = None
        self._before: Thumb | None = None
        self._moves = list[float]()

    @property
    def static_share(self) -> float:
        """Share of the samples that equal the one before; one frame alone is a still picture."""
        return sum(move < SAME_LEVELS for move in self._moves) / len(self._moves) if self._moves else 1.0

    def add(self, frame: Bytes, *, at_ms: float) -> None:
        """One sampled frame (height, width, BGR)."""
        grey = halved(frame)
        thumb = thumbnail(grey)
        if self._before is not None:
            self._moves.append(apart(thumb, self._before))
        self._before = thumb
        scene = self._open
        if scene is None or max(self._moves[-1], apart(thumb, scene.first)) >= self._steady():
            self._close()
            self._open = Scene(thumb, thumb, _kept(frame), sharpness(grey), at_ms)
            return
        scene.samples += 1
        found = sharpness(grey)
        if found > scene.sharpness or scene.samples == SCENE_SAMPLES_MIN:  # the first may still be blending over
            scene.thumb, scene.frame, scene.sharpness, scene.at_ms = thumb, _kept(frame), found, at_ms

    def chosen(self, most: int = KEYFRAMES_MAX) -> tuple[list[Scene], bool]:
        """The most different scenes in the order of time, and whether any of them is stable."""
        self._close()
        stable = [scene for scene in self._closed if scene.is_stable]
        distinct = max(DISTINCT_LEVELS, self._usual_move())
        return farthest(stable or self._closed, most, distinct=distinct), bool(stable)

    def _usual_move(self) -> float:
        return min(median(self._moves), STEADY_LEVELS_MAX) if self._moves else 0.0

    def _steady(self) -> float:
        return min(STEADY_LEVELS_MAX, max(STEADY_LEVELS, TREMBLE * self._usual_move()))

    def _close(self) -> None:
        if self._open is not None:
            self._closed.append(self._open)
            self._open = None
        if len(self._closed) > SCENES_MAX:
            self._drop_one()

    def _drop_one(self) -> None:
        """A passing movement goes first, then the less sharp of the two scenes that are most alike."""
        passing = [scene for scene in self._closed if not scene.is_stable]
        if passing:
            worst = min(passing, key=lambda scene: scene.sharpness)
        else:
            pairs = ((one, other) for at, one in enumerate(self._closed) for other in self._closed[:at])
            nearest = min(pairs, key=lambda pair: apart(pair[0].thumb, pair[1].thumb))
            worst = min(nearest, key=lambda scene: scene.sharpness)
        self._closed = [scene for scene in self._closed if scene is not worst]


def farthest(scenes: list[Scene], most: int, *, distinct: float) -> list[Scene]:
    """Farthest-point choice: first the sharpest, then always the one that is least like any chosen before."""
    if not scenes:
        return []
    left = list(scenes)
    first = max(left, key=lambda scene: scene.sharpness)
    chosen, left = [first], [scene for scene in left if scene is not first]
    while left and len(chosen) < most:
        distance, at = max(
            (min(apart(scene.thumb, it.thumb) for it in chosen), -number) for number, scene in enumerate(left)
        )
        if distance < distinct:
            break
        chosen.append(left.pop(-at))
    return sorted(chosen, key=lambda scene: scene.at_ms)


def thumbnail(grey: Bytes) -> Thumb:
    """A small grey picture in which noise and single letters are gone."""
    return np.asarray(cv2.resize(grey, (THUMB_SIDE, THUMB_SIDE), interpolation=cv2.INTER_AREA), dtype=np.float32)


def apart(one: Thumb, other: Thumb) -> float:
    """Mean difference in grey levels."""
    return float(np.abs(one - other).mean())


def halved(frame: Bytes) -> Bytes:
    """The frame's grey at half its size: no codec keeps finer detail reliably, and the rest is quicker for it."""
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def sharpness(grey: Bytes) -> float:
    """How much edge there is; comparable only between frames of one video."""
    return float(np.abs(np.asarray(cv2.Laplacian(grey, cv2.CV_16S), dtype=np.int16)).mean())


def _kept(frame: Bytes) -> Bytes:
    """A copy, since the decoder writes the next frame over this one."""
    height, width = frame.shape[:2]
    scale = KEYFRAME_SIDE_MAX / min(height, width)
    if scale >= 1:
        return frame.copy()
    return fitted(frame, round(width * scale), round(height * scale))


def fitted(frame: Bytes, width: int, height: int) -> Bytes:
    """The frame at another size."""
    return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
