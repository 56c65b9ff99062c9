"""A dropped digit leaves a hole: digits stand at even distances, and the first and last stand close to the box's ends.

Measured on 664 made numbers in four containers: the widest gap is 1.5 times the usual one, the first digit's middle at
most 0.58 of the line's height from the left end, the last one's 0.48 from the right. A lost digit adds about half a height.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

DIGITS_MIN = 3
"""Fewer digits in a line say too little about their distance."""
GAP_MAX = 1.55
SIGN_GAP_MAX = 1.95
"""From a sign (minus, yuan) to the first digit, in usual distances."""
POINT_GAP_MAX = 2.2
"""From the last digit before a decimal point to the first one after it, in usual distances."""
ACROSS_POINT = 1.5
"""How far two digits stand apart that have a point or colon between them, in usual distances."""
END_MAX = 0.68
"""Of the line's height, from the middle of the first or last digit to the end of the box."""
HOLE_CONFIDENCE = 0.3
POINTS = ".,:-/"
SIGNS = "-+¥￥"


def hole_confidence(text: str, middles: Sequence[float], *, width: float) -> float:
    """1.0, or a low value when a digit seems to be missing.

    `middles` are the characters' middles along the line, `width` its length, both in heights of the line.
    """
    if sum(_is_digit(char) for char in text) < DIGITS_MIN:
        return 1.0
    if _is_digit(text[0]) and middles[0] > END_MAX:
        return HOLE_CONFIDENCE
    if _is_digit(text[-1]) and width - middles[-1] > END_MAX:
        return HOLE_CONFIDENCE
    gaps = [middles[index + 1] - middles[index] for index in _pairs(text)]
    across = [
        (middles[index + 2] - middles[index]) / ACROSS_POINT
        for index in range(len(text) - 2)
        if _is_digit(text[index]) and text[index + 1] in POINTS and _is_digit(text[index + 2])
    ]
    if not gaps or len(gaps) + len(across) < DIGITS_MIN - 1:
        return 1.0
    usual = median(gaps + across)
    has_hole = max(gaps) > GAP_MAX * usual or _is_wide_at_point(text, middles, usual)
    return HOLE_CONFIDENCE if has_hole or _is_far_from_sign(text, middles, usual) else 1.0


def _is_wide_at_point(text: str, middles: Sequence[float], usual: float) -> bool:
    """A decimal point is narrow in every font: 12.00 with room for another digit was 128.00."""
    return any(
        middles[index + 1] - middles[index - 1] > POINT_GAP_MAX * usual
        for index in range(1, len(text) - 1)
        if text[index] in ".," and _is_digit(text[index - 1]) and _is_digit(text[index + 1])
    )


def _pairs(text: str) -> list[int]:
    return [index for index in range(len(text) - 1) if _is_digit(text[index]) and _is_digit(text[index + 1])]


def _is_far_from_sign(text: str, middles: Sequence[float], usual: float) -> bool:
    return text[0] in SIGNS and _is_digit(text[1]) and middles[1] - middles[0] > SIGN_GAP_MAX * usual


def _is_digit(char: str) -> bool:
    return char.isascii() and char.isdigit()
