"""Small made screens: text set as a phone sets it (whole rows, quarter columns), and digits that an editor drew over it."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from huiliu.evidence.inspection.model import Box, Container, FieldName, FieldRead, Line
from huiliu.evidence.inspection.picture import Picture

WIDTH, HEIGHT, FINE = 480, 420, 8
SIZES = {FieldName.CLOCK: 20, FieldName.TITLE: 28, FieldName.AMOUNT: 44}
ROW_SIZE = 24


@dataclass(frozen=True)
class Screen:
    """A picture with what a reader would find on it."""

    image: Image.Image
    lines: tuple[Line, ...]
    fields: tuple[FieldRead, ...]
    is_dark: bool

    def picture(self, *, quality: int | None = None, by: float = 1.0) -> Picture:
        """As a PNG or a JPEG, perhaps made smaller."""
        image = self.image
        if by != 1.0:
            size = (round(image.width * by), round(image.height * by))
            image = image.resize(size, Image.Resampling.LANCZOS)
        if quality is None:
            return _picture(image, image, Container(media_type="image/png"))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        plain = Image.open(io.BytesIO(buffer.getvalue()))
        grey = Image.open(io.BytesIO(buffer.getvalue()))
        grey.draft("L", None)
        return _picture(plain, grey, Container(media_type="image/jpeg", jpeg_quality=quality))

    def scaled(self, by: float) -> tuple[tuple[Line, ...], tuple[FieldRead, ...]]:
        """Lines and fields of the picture that is made smaller by this."""
        lines = tuple(_line(line.text, _smaller(line.box, by)) for line in self.lines)
        return lines, tuple(
            FieldRead(name=it.name, value=it.value, text=it.text, box=_smaller(it.box, by), score=1.0)
            for it in self.fields
        )


def screen(seed: int, *, is_dark: bool = False, zoom: float = 1.0, edited: FieldName | None = None) -> Screen:
    """One bill. `edited` has one of its digits drawn over; `zoom` is another phone's size of text."""
    rng = random.Random(seed)  # noqa: S311  # made pictures, not secrets
    paper, ink = ((17, 17, 17), (230, 230, 230)) if is_dark else ((255, 255, 255), (26, 26, 26))
    image = Image.new("RGB", (WIDTH, HEIGHT), paper)
    texts = {
        FieldName.CLOCK: f"{rng.randrange(24):02d}:{rng.randrange(60):02d}",
        FieldName.AMOUNT: f"{rng.randrange(1000, 99999) / 100:.2f}",
        FieldName.PAID_AT: f"2026-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
        FieldName.TRADE_NO: "".join(rng.choice("0123456789") for _ in range(22)),
        FieldName.ORDER_NO: "".join(rng.choice("0123456789") for _ in range(16)),
        FieldName.ACCOUNT: "1" + "".join(rng.choice("0123456789") for _ in range(10)),
    }
    lines: list[Line] = []
    fields: list[FieldRead] = []
    y = 14
    for name, text in texts.items():
        size = round(SIZES.get(name, ROW_SIZE) * zoom)
        x = 24 + rng.randrange(4) / 4
        box = _write(image, text, x, y, size, ink)
        if name is edited:
            text = _forged(image, text, x, y, size, paper, ink, rng)
        lines.append(_line(text, box))
        fields.append(FieldRead(name=name, value=text, text=text, box=box, score=1.0))
        y += round(size * 1.9)
    return Screen(image, tuple(lines), tuple(fields), is_dark)


def _write(image: Image.Image, text: str, x: float, y: int, size: int, ink: tuple[int, int, int]) -> Box:
    font = ImageFont.load_default(size)
    pen = ImageDraw.Draw(image)
    at = x
    for char in text:
        # A quarter of a column for every glyph, as Skia places them.
        pen.text((round(at * 4) / 4, y), char, font=font, fill=ink)
        at += font.getlength(char)
    return Box(x=int(x) - 3, y=y, width=int(at - x) + 6, height=round(size * 1.3))


def _forged(
    image: Image.Image, text: str, x: float, y: int, size: int, paper: tuple[int, int, int], ink: tuple[int, int, int],
    rng: random.Random,
) -> str:  # fmt: skip
    """A digit in the middle replaced by an editor: another rasteriser, between the rows, slightly larger."""
    font, place = ImageFont.load_default(size), len(text) // 2
    while not text[place].isdigit():
        place += 1
    char = rng.choice([each for each in "23568" if each != text[place]])
    left, width = x + font.getlength(text[:place]), font.getlength(text[place])
    cell = (round(left), y - 2, round(left + width), y + round(size * 1.3))
    image.paste(paper, cell)
    high = ImageFont.load_default(size * FINE * 1.012)
    mask = Image.new("L", ((cell[2] - cell[0] + 4) * FINE, (cell[3] - cell[1]) * FINE), 0)
    ImageDraw.Draw(mask).text((0.3 * FINE, 2.45 * FINE), char, font=high, fill=255)
    small = mask.resize((mask.width // FINE, mask.height // FINE), Image.Resampling.BOX)
    lighter = small.point([round(255 * (level / 255) ** 0.8) for level in range(256)])
    image.paste(Image.new("RGB", small.size, ink), cell[:2], lighter)
    return text[:place] + char + text[place + 1 :]


def _line(text: str, box: Box) -> Line:
    right, bottom = box.x + box.width, box.y + box.height
    quad = (box.x, box.y, right, box.y, right, bottom, box.x, bottom)
    return Line(text=text, score=1.0, box=box, quad=tuple(float(each) for each in quad))


def _smaller(box: Box, by: float) -> Box:
    return Box(x=round(box.x * by), y=round(box.y * by), width=round(box.width * by), height=round(box.height * by))


def _picture(image: Image.Image, grey: Image.Image, container: Container) -> Picture:
    return Picture(rgb=np.asarray(image.convert("RGB")), luma=np.asarray(grey.convert("L")), container=container)
