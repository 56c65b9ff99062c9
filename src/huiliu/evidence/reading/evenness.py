"""A dropped digit leaves a hole: digits of one number stand at even distances, so a wide gap means one was not read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

RUN_MIN = 5
"""Fewer digits in a row say too little about their distance."""
GAP_MAX = 1.72
"""Times the usual distance. A narrow 1 beside a wide 0 stays below; a hole of one digit is at 2."""
HOLE_CONFIDENCE = 0.3


def gap_confidence(text: str, steps: Sequence[int]) -> float:
    """1.0, or a low value when a run of digits in `text` has a hole; `steps` are the characters' places along the line."""
    run: list[int] = []
    for char, step in zip(text, steps, strict=True):
        if char.isascii() and char.isdigit():
            run.append(step)
            continue
        if _has_hole(run):
            return HOLE_CONFIDENCE
        run = []
    return HOLE_CONFIDENCE if _has_hole(run) else 1.0


def _has_hole(run: list[int]) -> bool:
    if len(run) < RUN_MIN:
        return False
    gaps = [later - earlier for earlier, later in pairwise(run)]
    usual = median(gaps)
    return max(gaps) > max(GAP_MAX * usual, usual + 1)
