"""Why a video is not taken. The words are in locale/<lang>/evidence_video.toml under [errors]."""

from __future__ import annotations

from huiliu.kit.errors import Refusal


class VideoTooLong(Refusal):
    """facts: max_seconds."""

    code = "evidence_video.too_long"
    status = 422


class VideoTooLarge(Refusal):
    """More pixels or frames than can be looked at. facts: max_seconds."""

    code = "evidence_video.too_large"
    status = 422


class VideoTooSmall(Refusal):
    """A thumbnail: nobody could read it. facts: min_side."""

    code = "evidence_video.too_small"
    status = 422


class VideoWithoutPicture(Refusal):
    """Sound alone, or not one frame that can be decoded."""

    code = "evidence_video.no_picture"
    status = 422


class VideoCodecUnknown(Refusal):
    """A way of packing pictures that is not opened here. facts: codec."""

    code = "evidence_video.codec"
    status = 415


class BrokenVideo(Refusal):
    """It starts like a video and cannot be read."""

    code = "evidence_video.broken"
    status = 422


class VideoFailed(Refusal):
    """Looking at it took too long or too much memory and was stopped."""

    code = "evidence_video.failed"
    status = 422


class NotAVideo(Refusal):
    """Nothing that is known as a video."""

    code = "evidence_video.not_a_video"
    status = 415
