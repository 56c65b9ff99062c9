"""Videos in words: how long and large one may be, and what is found out about it beside its pictures. Pure, no driver."""

from __future__ import annotations

from enum import StrEnum

import msgspec

SECONDS_MAX = 60
SECONDS_TOLERANCE = 1.0
"""Recorders stop late."""
PIXELS_MAX = 4096 * 2304
"""Of one frame: a 4K recording."""
FRAMES_MAX = 60 * 240
"""A slow-motion minute."""
SAMPLES_PER_SECOND = 5
"""Frames looked at; between two of them nobody can read a page."""
KEYFRAMES_MAX = 6
"""Scenes that are read like pictures."""
KEYFRAME_SIDE_MAX = 1440
"""The short side of a frame that is read: no telephone's screen has more."""
CODECS = frozenset({"h264", "avc1", "hevc", "hvc1", "hev1", "vp80", "vp90", "fmp4", "mp4v", "xvid", "av01"})
"""What telephones, their screen recorders and messengers write. Every other decoder stays unused."""

SHOWN_TYPE = "video/webm"
SHOWN_PER_SECOND = 6
SHOWN_SHORT_SIDE_MAX, SHOWN_LONG_SIDE_MAX = 540, 1200
"""Large enough to read a receipt's large text; the scenes that were read are shown at full size beside it."""
SHOWN_BYTES_MAX = 32 * 1024 * 1024
POSTER_TYPE = "image/png"
POSTER_BYTES_MAX = 4 * 1024 * 1024


class VideoProblem(StrEnum):
    """What a person should know of a video before believing it. Hints, never verdicts; words in evidence_video.toml."""

    STILL_AS_VIDEO = "still_as_video"
    """Nothing ever moves: one picture filmed into a video."""
    REENCODED = "reencoded"
    """An editor or converter, not a telephone, wrote the file."""
    SHORT = "short"
    """Too short to show anything happening."""
    NO_SCENE = "no_scene"
    """The picture never stands still long enough to be read."""


class VideoFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a video as a whole."""

    media_type: str
    codec: str
    seconds: float
    frames_per_second: float
    width: int
    height: int
    static_share: float
    """Share of the looked-at frames that equal the one before: 1 for a still picture, 0 for a hand-held camera."""
    encoder: str = ""
    """The program that wrote the file, as it calls itself: "Lavf61.7.100", "HandBrake 1.9"."""
    created_at: str = ""
    """ISO 8601, as the container says; anybody can write anything there."""
    has_location: bool = False
    problems: tuple[VideoProblem, ...] = ()
