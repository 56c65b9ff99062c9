"""A forger's tools: rub out a piece of a screenshot, draw characters into it, move pieces about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from huiliu.bench.evidence.stage import Rect, around
from huiliu.evidence.inspection.picture import Bytes

CHINESE_INDEX = 2
"""Noto's collection starts with Japanese; simplified Chinese is the third."""
SAMPLE, SEARCH = 8, 3
"""How many characters, and how many rows up and down, the base line is looked for with."""
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


def base_line(rgb: Bytes, text: str, rects: Sequence[Rect], *, brush: Brush, near: float) -> int:
    """The row on which the text stands: where the same text, drawn over it, covers it best. A forger tries it, too."""
    shown = [(letter, rect) for letter, rect in zip(text, rects, strict=True) if abs(rect[1] - rects[0][1]) < 1][
        :SAMPLE
    ]
    band = around([rect for _, rect in shown])
    piece = rgb[band.y : band.y + band.height, band.x : band.x + band.width]
    paper = ground(rgb, (band.x, band.y, band.width, band.height))
    ink = np.abs(piece.astype(np.float32) - paper.astype(np.float32)).max(axis=2).sum(axis=1)
    trial = np.empty_like(piece)
    trial[:] = paper
    for letter, rect in shown:
        pen = (rect[0] - band.x + (rect[2] - advance(letter, brush)) / 2, float(round(near) - band.y))
        draw(trial, letter, at=pen, brush=brush)
    drawn = np.abs(trial.astype(np.float32) - paper.astype(np.float32)).max(axis=2).sum(axis=1)
    misses = {row: float(np.abs(np.roll(drawn, row) - ink).sum()) for row in range(-SEARCH, SEARCH + 1)}
    return round(near) + min(misses, key=lambda row: misses[row])


def advance(text: str, brush: Brush) -> float:
    """How wide the text runs, in pixels."""
    return _font(brush).getlength(text)


def draw(rgb: Bytes, text: str, *, at: tuple[float, float], brush: Brush) -> None:
    """Draw text whose pen starts at `at` (left, base line), blended over what is there. Fractions of pixels count."""
    x, y = at
    left, upper = int(np.floor(x)) - 2, int(np.floor(y - brush.size * 1.3))
    width, height = int(np.ceil(advance(text, brush))) + 6, int(np.ceil(brush.size * 1.8)) + 2
    sheet = Image.new("L", (width, height), 0)
    ImageDraw.Draw(sheet).text((x - left, y - upper), text, font=_font(brush), fill=255, anchor="ls")
    _blend(rgb, np.asarray(sheet, np.float32) / np.float32(255), left=left, upper=upper, brush=brush)


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
    return ImageFont.truetype(str(brush.font), brush.size, index=index, layout_engine=ImageFont.Layout.BASIC)
