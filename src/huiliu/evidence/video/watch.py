"""A video looked at: its stable scenes as pictures to read, and what is known of it as a whole. Needs numpy."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import msgspec
import numpy as np

from huiliu.evidence.errors import EmptyFile, FileTooLarge
from huiliu.evidence.gate.sniff import MIB, VIDEO_BYTES_MAX, video_type
from huiliu.evidence.inspection.model import Container
from huiliu.evidence.inspection.picture import Bytes, Picture
from huiliu.evidence.reuse.near import NearHash, near_hash
from huiliu.evidence.video import errors
from huiliu.evidence.video.container import ContainerFacts, container_facts
from huiliu.evidence.video.limits import Task
from huiliu.evidence.video.model import (
    KEYFRAMES_MAX,
    PIXELS_MAX,
    SECONDS_MAX,
    SECONDS_TOLERANCE,
    VideoFacts,
    VideoProblem,
)
from huiliu.evidence.video.process import answer_of

STILL_SHARE_MIN = 0.95
"""Above this nothing ever moved."""
SHORT_SECONDS = 2.0
CHANNELS = 3


@dataclass(frozen=True, slots=True)
class VideoScene:
    """One scene's sharpest frame, to be read like a picture."""

    picture: Picture
    seconds: float
    """Where in the video it is."""
    sharpness: float
    """Comparable between the scenes of one video."""
    near: NearHash


@dataclass(frozen=True, slots=True)
class VideoLook:
    """What `watch` found."""

    facts: VideoFacts
    scenes: tuple[VideoScene, ...]


class _Head(msgspec.Struct, frozen=True):
    codec: str
    fps: float
    seconds: float
    width: int
    height: int
    static_share: float
    has_stable: bool
    scenes: tuple[tuple[int, int, float, float], ...]
    """Width, height, milliseconds, sharpness."""


def watch(data: bytes) -> VideoLook:
    """Decode a video in a bounded process and choose what is worth reading, in the order of time.

    Raises the refusals of `video.errors`, EmptyFile, FileTooLarge.
    """
    if not data:
        raise EmptyFile
    if len(data) > VIDEO_BYTES_MAX:
        raise FileTooLarge(max_mib=VIDEO_BYTES_MAX // MIB)
    media_type = video_type(data)
    if media_type is None:
        raise errors.NotAVideo
    head, rest = answer_of(Task.LOOK, data, bytes_max=KEYFRAMES_MAX * PIXELS_MAX * CHANNELS)
    try:
        said = msgspec.json.decode(head, type=_Head)
    except msgspec.DecodeError:
        raise errors.VideoFailed from None
    past = container_facts(data)
    container = Container(
        media_type=media_type,
        software=past.encoder,
        taken_at=past.created_at,
        has_location=past.has_location,
    )
    scenes = _scenes(said, rest, container)
    facts = VideoFacts(
        media_type=media_type,
        codec="".join(letter for letter in said.codec[:8] if letter.isalnum()),
        seconds=round(min(max(said.seconds, 0.0), SECONDS_MAX + SECONDS_TOLERANCE), 2),
        frames_per_second=round(said.fps, 2),
        width=said.width,
        height=said.height,
        static_share=round(min(max(said.static_share, 0.0), 1.0), 3),
        encoder=past.encoder,
        created_at=past.created_at,
        has_location=past.has_location,
        problems=_problems(said, past),
    )
    return VideoLook(facts, scenes)


def _scenes(said: _Head, rest: bytes, container: Container) -> tuple[VideoScene, ...]:
    """The process worked on hostile bytes, so its sizes are checked like a stranger's."""
    if not 0 < len(said.scenes) <= KEYFRAMES_MAX:
        raise errors.VideoFailed
    found, at = list[VideoScene](), 0
    for width, height, ms, sharpness in said.scenes:
        size = width * height * CHANNELS
        if width < 1 or height < 1 or width * height > PIXELS_MAX or at + size > len(rest):
            raise errors.VideoFailed
        frame = np.frombuffer(rest, dtype=np.uint8, count=size, offset=at).reshape(height, width, CHANNELS)
        picture = _picture(frame, container)
        found.append(VideoScene(picture, round(ms / 1000, 2), sharpness, near_hash(picture.luma)))
        at += size
    return tuple(found)


def _picture(frame: Bytes, container: Container) -> Picture:
    rgb = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    luma = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    return Picture(rgb=rgb, luma=luma, container=container)


def _problems(said: _Head, past: ContainerFacts) -> tuple[VideoProblem, ...]:
    found = {
        VideoProblem.STILL_AS_VIDEO: said.static_share >= STILL_SHARE_MIN,
        VideoProblem.REENCODED: past.is_reencoded,
        VideoProblem.SHORT: said.seconds < SHORT_SECONDS,
        VideoProblem.NO_SCENE: not said.has_stable,
    }
    return tuple(problem for problem, is_there in found.items() if is_there)
