from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from huiliu.evidence.forgery.glyphs import InkLine, cut_line, cut_lines
from huiliu.evidence.inspection.model import Box, Container, Line
from huiliu.evidence.inspection.picture import Picture
from tests.evidence.forgery.screens import screen


def line(text: str, box: Box, *, rise: float = 0.0) -> Line:
    x, y, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    return Line(text=text, score=1.0, box=box, quad=(x, y, right, y + rise, right, bottom + rise, x, bottom))


def written(text: str, *, size: int = 30, gap: float = 0.0, ink: str = "black") -> tuple[Picture, Line]:
    image = Image.new("RGB", (700, 80), "white")
    font, at = ImageFont.load_default(size), 20.0
    for char in text:
        ImageDraw.Draw(image).text((at, 20), char, font=font, fill=ink)
        at += font.getlength(char) + gap
    picture = Picture(np.asarray(image), np.asarray(image.convert("L")), Container(media_type="image/png"))
    return picture, line(text, Box(x=14, y=18, width=int(at) - 6, height=round(size * 1.35)))


def cut(text: str, *, size: int = 30, gap: float = 0.0, ink: str = "black") -> InkLine | None:
    picture, there = written(text, size=size, gap=gap, ink=ink)
    return cut_line(picture, there)


def test_every_character_gets_its_own_ink() -> None:
    found = cut("2026-03-28 15:26")
    assert found is not None
    assert "".join(glyph.char for glyph in found.glyphs) == "2026-03-2815:26"
    assert all(one.right <= two.left for one, two in zip(found.glyphs, found.glyphs[1:], strict=False))
    zero = next(glyph for glyph in found.glyphs if glyph.char == "0")
    assert zero.rows > 2 * next(glyph for glyph in found.glyphs if glyph.char == "-").rows


def test_light_ink_on_dark_paper_is_measured_alike() -> None:
    light, dark = screen(1), screen(1, is_dark=True)
    ones, others = cut_lines(light.picture(), light.lines), cut_lines(dark.picture(), dark.lines)
    assert [each.text for each in ones] == [each.text for each in others]
    assert not any(each.is_dark for each in ones)
    assert all(each.is_dark for each in others)
    for one, other in zip(ones, others, strict=True):
        assert np.abs(one.glyphs[0].profile - other.glyphs[0].profile).max() < 0.2


def test_a_misread_line_is_left_alone() -> None:
    picture, there = written("123456")
    assert cut_line(picture, line("123456", there.box)) is not None
    for misread in ("123", "12.456", "1234567890123", "一二三四五六七八"):
        assert cut_line(picture, line(misread, there.box)) is None


def test_digits_that_touch_part_where_the_ink_is_faintest() -> None:
    found = cut("8036", gap=-2.0)
    assert found is not None
    assert [glyph.char for glyph in found.glyphs] == list("8036")
    widths = [glyph.right - glyph.left for glyph in found.glyphs]
    assert max(widths) < 2 * min(widths)


def test_text_too_faint_to_measure_is_left_alone() -> None:
    assert cut("123456", ink="#f0f0f0") is None


def test_coloured_ink_is_known_as_such() -> None:
    red, black = cut("123456", ink="#e02020"), cut("123456")
    assert red is not None
    assert black is not None
    assert red.tint > 0.5 > 0.05 > black.tint


@pytest.mark.parametrize(
    "box",
    [
        Box(x=0, y=0, width=0, height=0),
        Box(x=10, y=10, width=100, height=0),
        Box(x=-500, y=-500, width=100, height=40),
        Box(x=5000, y=5000, width=100, height=40),
        Box(x=460, y=400, width=100, height=60),
        Box(x=-20, y=-20, width=9000, height=9000),
        Box(x=0, y=0, width=480, height=200),
        Box(x=100, y=100, width=-40, height=-40),
    ],
)
def test_boxes_that_make_no_sense_are_left_alone(box: Box) -> None:
    assert cut_line(screen(1).picture(), line("123456789", box)) is None


def test_turned_lines_and_lines_without_corners_are_left_alone() -> None:
    picture, there = written("123456")
    assert cut_line(picture, line("123456", there.box, rise=12.0)) is None
    for quad in ((), (1.0,) * 8, (float("nan"),) * 8):
        assert cut_line(picture, Line(text="123456", score=1.0, box=there.box, quad=quad)) is None


def test_very_long_and_empty_texts_are_left_alone() -> None:
    picture, there = written("123456")
    for text in ("", "   ", "1" * 3000):
        assert cut_line(picture, line(text, there.box)) is None


def test_a_dash_is_no_digit_however_it_was_read() -> None:
    picture, there = written("12-456")
    assert cut_line(picture, line("12-456", there.box)) is not None
    assert cut_line(picture, line("123456", there.box)) is None


def test_text_on_a_photo_is_left_alone() -> None:
    picture, there = written("123456")
    noisy = np.random.default_rng(1).integers(0, 256, picture.luma.shape, np.uint8)
    luma = np.where(picture.luma < 128, np.uint8(0), noisy)
    assert cut_line(Picture(picture.rgb, luma, picture.container), there) is None


def test_a_dot_under_the_arm_of_a_seven_is_a_glyph_of_its_own() -> None:
    apart, image = cut("127.50"), Image.new("RGB", (700, 80), "white")
    font, at = ImageFont.load_default(30), 20.0
    for char in "127.50":
        # Kerning draws the dot under the seven's arm: no column of paper parts them.
        at -= 6 if char == "." else 0
        ImageDraw.Draw(image).text((at, 20), char, font=font, fill="black")
        at += font.getlength(char)
    picture = Picture(np.asarray(image), np.asarray(image.convert("L")), Container(media_type="image/png"))
    kerned = cut_line(picture, line("127.50", Box(x=14, y=18, width=int(at) - 6, height=41)))
    assert apart is not None
    assert kerned is not None
    assert [glyph.char for glyph in kerned.glyphs] == list("127.50")
    for one, other in zip(apart.glyphs, kerned.glyphs, strict=True):
        assert np.abs(one.profile - other.profile).sum() < 0.06 * one.profile.sum()
    seven, dot, five = (kerned.box(glyph) for glyph in kerned.glyphs[2:5])
    assert seven.x < dot.x < seven.x + seven.width
    assert dot.x + dot.width <= five.x + 2
