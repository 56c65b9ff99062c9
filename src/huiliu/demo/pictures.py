"""Draws the screenshots that the demonstration's buyers hand in; nobody's real screen is copied."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from msgspec import Struct
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = (720, 1280)
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
"""Where systems keep a font with Chinese characters; without one, bars stand for the words."""
INK, SOFT, LINE, PAPER, GROUND = "#1f2a27", "#77827e", "#e2e7e4", "#ffffff", "#f3f5f4"
TONES = {"green": "#1a9f5c", "blue": "#2f6fdb", "red": "#d1453b", "grey": "#6d7773"}
MARGIN, ROW = 48, 92
BLUR_RADIUS = 9
PNG_EFFORT = 1
"""The gate packs the copy that is shown again; here only time matters, for the start waits."""
BAR_WIDTH = 22
"""How wide a bar is for each character that cannot be written."""


class Shot(Struct, frozen=True, kw_only=True):
    """One screenshot: the page's title, a large line, and rows of label and value. Equal shots are equal pictures."""

    app: str
    tone: str
    headline: str
    big: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    clock: str = "14:20"
    is_blurred: bool = False
    """As if the hand had shaken."""


def draw(shot: Shot) -> bytes:
    """The picture as a PNG."""
    picture = Image.new("RGB", SIZE, GROUND)
    pen = ImageDraw.Draw(picture)
    tone = TONES[shot.tone]
    pen.rectangle((0, 0, SIZE[0], 168), fill=tone)
    _write(pen, (MARGIN, 26), shot.clock, size=26, fill=PAPER)
    pen.rounded_rectangle((SIZE[0] - 110, 30, SIZE[0] - 56, 54), radius=6, outline=PAPER, width=3)
    pen.rectangle((SIZE[0] - 106, 34, SIZE[0] - 74, 50), fill=PAPER)
    _write(pen, (SIZE[0] // 2, 112), shot.app, size=36, fill=PAPER, anchor="mm")
    pen.rounded_rectangle((24, 200, SIZE[0] - 24, 470), radius=24, fill=PAPER)
    pen.ellipse((SIZE[0] // 2 - 38, 226, SIZE[0] // 2 + 38, 302), fill=tone)
    _mark(pen, shot.tone)
    _write(pen, (SIZE[0] // 2, 346), shot.headline, size=34, fill=INK, anchor="mm")
    _write(pen, (SIZE[0] // 2, 416), shot.big, size=54, fill=INK, anchor="mm")
    bottom = 510 + ROW * max(1, len(shot.rows))
    pen.rounded_rectangle((24, 500, SIZE[0] - 24, bottom), radius=24, fill=PAPER)
    for number, (label, value) in enumerate(shot.rows):
        y = 505 + ROW * number
        if number:
            pen.line((MARGIN, y, SIZE[0] - MARGIN, y), fill=LINE, width=2)
        _write(pen, (MARGIN, y + ROW // 2), label, size=28, fill=SOFT, anchor="lm")
        _write(pen, (SIZE[0] - MARGIN, y + ROW // 2), value, size=28, fill=INK, anchor="rm")
    if shot.is_blurred:
        picture = picture.filter(ImageFilter.GaussianBlur(BLUR_RADIUS))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=PNG_EFFORT)
    return out.getvalue()


def _mark(pen: ImageDraw.ImageDraw, tone: str) -> None:
    x, y = SIZE[0] // 2, 264
    if tone == "green":
        pen.line((x - 18, y + 1, x - 5, y + 14, x + 19, y - 13), fill=PAPER, width=7, joint="curve")
    elif tone == "red":
        pen.line((x - 14, y - 14, x + 14, y + 14), fill=PAPER, width=7)
        pen.line((x + 14, y - 14, x - 14, y + 14), fill=PAPER, width=7)
    else:
        pen.line((x, y - 18, x, y + 4), fill=PAPER, width=7)
        pen.ellipse((x - 4, y + 12, x + 4, y + 20), fill=PAPER)


def _write(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, *, size: int, fill: str, anchor: str = "lt"
) -> None:
    if not text:
        return
    font = font_of(size)
    if font is not None:
        pen.text(at, text, font=font, fill=fill, anchor=anchor)
        return
    width, height = len(text) * BAR_WIDTH * size // 32, size // 2
    x = at[0] - {"l": 0, "m": width // 2, "r": width}[anchor[0]]
    y = at[1] - (0 if anchor[1] == "t" else height // 2)
    pen.rounded_rectangle((x, y, x + width, y + height), radius=height // 2, fill=fill)


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont | None:
    """The first font of FONTS that this machine has."""
    path = next((path for path in FONTS if Path(path).is_file()), None)
    # Noto's collection starts with Japanese; simplified Chinese is the third.
    return None if path is None else ImageFont.truetype(path, size, index=2 if "NotoSansCJK" in path else 0)
