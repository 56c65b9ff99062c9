"""Glyphs as small grey pictures (ink dark), for people who must see why."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BORDER = 2


def glyph_shot(ink: NDArray[np.uint8]) -> str:
    """A grey PNG in base64 of one glyph's ink (255 full), cut to its rows, with a border of paper."""
    rows = np.flatnonzero(ink.max(axis=1) > 40) if ink.size else np.zeros(0, np.intp)
    shown = ink[int(rows[0]) : int(rows[-1]) + 1] if rows.size else np.zeros((1, 1), np.uint8)
    paper = 255 - np.pad(shown, BORDER)
    buffer = io.BytesIO()
    Image.fromarray(paper).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def coverage_shot(coverage: NDArray[np.float32]) -> str:
    """The same from coverage between 0 and 1."""
    return glyph_shot(np.rint(np.clip(coverage, 0, 1) * 255).astype(np.uint8))
