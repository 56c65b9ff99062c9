"""The child's short 'no' as the refusal that people read."""

from __future__ import annotations

from huiliu.evidence import errors
from huiliu.evidence.gate.limits import PIXELS_MAX, SIDE_MIN
from huiliu.kit.errors import Refusal

PIXELS_PER_MEGAPIXEL = 1_000_000


def refusal_of(no: str) -> Refusal:
    """What was wrong with the picture; an unknown code means that it could not be read."""
    match no:
        case "pixels":
            return errors.TooManyPixels(max_megapixels=PIXELS_MAX // PIXELS_PER_MEGAPIXEL)
        case "small":
            return errors.TooFewPixels(min_side=SIDE_MIN)
        case "animated":
            return errors.AnimatedPicture()
        case "blank":
            return errors.BlankPicture()
        case "memory":
            return errors.GateFailed()
        case _:
            return errors.BrokenPicture()
