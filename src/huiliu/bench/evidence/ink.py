"""A forger's tools: rub out a piece of a screenshot, draw characters into it, move pieces about."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from huiliu.bench.evidence.stage import Rect
from huiliu.evidence.inspection.picture import Bytes

FINE = 8
"""Glyphs are drawn this many times larger and averaged: exact coverage, no hinting, any sub-pixel position."""
CHINESE_INDEX = 2
"""Noto's collection starts with Japanese; simplified Chinese is the third."""
Alpha = NDArray[np.float32]


class Brush(msgspec.Struct, frozen=True, kw_only=True):
    """How characters are drawn. `gamma` 1.0 blends as browsers do, 1.45 as photo editors do."""

    font: Path
    size: float
    color: tuple[int, int, int]
    gamma: float = 1.0


def color_of(css: str) -> tuple[int, int, int]:
    """The numbers of rgb(...)."""
    red, green, blue = (int(float(part)) for part in re.findall(r"[\d.]+", css)[:3])
    return (red, green, blue)


def rub_out(rgb: Bytes, rect: Rect) -> None:
    """Fill a rectangle with the ground around it."""
    left, upper, right, lower = whole(rect, rgb)
    patch = rgb[upper:lower, left:right]
    patch[:] = ground(rgb, rect)


def ground(rgb: Bytes, rect: Rect) -> Bytes:
    """The commonest colour of a rectangle's top and bottom rows, where no ink is."""
    left, upper, right, lower = whole(rect, rgb)
    rim = np.concatenate((rgb[upper : upper + 2, left:right], rgb[lower - 2 : lower, left:right])).reshape(-1, 3)
    return np.median(rim, axis=0).astype(np.uint8)


def whole(rect: Rect, rgb: Bytes) -> tuple[int, int, int, int]:
    """Left, upper, right, lower in whole pixels inside the picture."""
    x, y, width, height = rect
    left, upper = max(0, round(x)), max(0, round(y))
    return left, upper, min(rgb.shape[1], round(x + width)), min(rgb.shape[0], round(y + height))


def base_line(rgb: Bytes, rects: tuple[Rect, ...]) -> int:
    """The row on which digits stand: the lowest row of their ink, plus one."""
    ends: list[int] = []
    for rect in rects:
        left, upper, right, lower = whole(rect, rgb)
        piece = rgb[upper:lower, left:right].astype(np.int16)
        inked = np.abs(piece - ground(rgb, rect).astype(np.int16)).max(axis=(1, 2)) > 60
        if inked.any():
            ends.append(upper + int(np.flatnonzero(inked)[-1]) + 1)
    # Round digits overshoot the line by a fraction of a pixel: the commoner row is the flat ones'.
    return int(np.median(ends)) if ends else round(rects[0][1] + rects[0][3] * 0.78)


def advance(text: str, brush: Brush) -> float:
    """How wide the text runs, in pixels."""
    return _font(brush).getlength(text) / FINE


def draw(rgb: Bytes, text: str, *, at: tuple[float, float], brush: Brush) -> None:
    """Draw text whose pen starts at `at` (left, base line), blended over what is there."""
    x, y = at
    font = _font(brush)
    left, upper = int(np.floor(x)) - 2, int(np.floor(y - brush.size * 1.3))
    width, height = int(np.ceil(advance(text, brush))) + 6, int(np.ceil(brush.size * 1.8)) + 2
    sheet = Image.new("L", (width * FINE, height * FINE), 0)
    pen = ImageDraw.Draw(sheet)
    pen.text((round((x - left) * FINE), round((y - upper) * FINE)), text, font=font, fill=255, anchor="ls")
    alpha = np.asarray(sheet, np.float32).reshape(height, FINE, width, FINE).mean(axis=(1, 3)) / 255
    _blend(rgb, alpha, left=left, upper=upper, brush=brush)


def _blend(rgb: Bytes, alpha: Alpha, *, left: int, upper: int, brush: Brush) -> None:
    x0, y0 = max(0, left), max(0, upper)
    x1, y1 = min(rgb.shape[1], left + alpha.shape[1]), min(rgb.shape[0], upper + alpha.shape[0])
    cover = alpha[y0 - upper : y1 - upper, x0 - left : x1 - left, None]
    under = (rgb[y0:y1, x0:x1].astype(np.float32) / 255) ** brush.gamma
    over = (np.array(brush.color, np.float32) / 255) ** brush.gamma
    mixed = (under * (1 - cover) + over * cover) ** (1 / brush.gamma) * 255
    touched = cover > 0
    rgb[y0:y1, x0:x1] = np.where(touched, np.clip(np.rint(mixed), 0, 255).astype(np.uint8), rgb[y0:y1, x0:x1])


def _font(brush: Brush) -> ImageFont.FreeTypeFont:
    index = CHINESE_INDEX if brush.font.suffix == ".ttc" else 0
    return ImageFont.truetype(str(brush.font), brush.size * FINE, index=index, layout_engine=ImageFont.Layout.BASIC)
