"""Pages as lists of lines, and pages as drawn pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from huiliu.evidence.inspection.model import Box, Container, Line
from huiliu.evidence.inspection.picture import Picture

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
WIDTH = 1080
ROW = 90
TRADE_NO = "2026112022001430011422334455"
ALIPAY_ROWS = (
    ("支付时间", "2026-11-20 14:03:22"),
    ("付款方式", "余额宝"),
    ("商品说明", "星耀会员月卡"),
    ("收款方全称", "卡门数字科技有限公司"),
    ("订单号", TRADE_NO),
    ("商家订单号", "KM20261120140300123456"),
    ("账单分类", "充值缴费"),
)
ORDER_ROWS = (
    ("订单编号", "KM20261120140300123456"),
    ("下单时间", "2026-11-20 14:01:00"),
    ("支付时间", "2026-11-20 14:03:22"),
    ("充值账号", "138****5678"),
    ("商品名称", "星耀会员月卡"),
    ("实付金额", "¥128.00"),
)


def line(text: str, x: float, y: float, *, height: float = 56, score: float = 0.99, lean: float = 0.0) -> Line:
    """A line whose upper left corner is at (x, y); `lean` is how much it falls over its width, per pixel."""
    width = sum(0.5 if char.isascii() else 1.0 for char in text) * height * 0.72
    fall = lean * width
    quad = (x, y, x + width, y + fall, x + width, y + fall + height, x, y + height)
    box = Box(int(x), int(min(y, y + fall)), int(width), int(height + abs(fall)))
    return Line(text=text, score=score, weakest=score, box=box, quad=quad)


def right_line(text: str, right: float, y: float, *, height: float = 56, score: float = 0.99) -> Line:
    """A line that ends at x = `right`."""
    width = line(text, 0, y, height=height).box.width
    return line(text, right - width, y, height=height, score=score)


def rows(pairs: Sequence[tuple[str, str]], *, top: int = 760) -> list[Line]:
    """Labels at the left, values at the right; a value with line breaks takes several lines."""
    found: list[Line] = []
    y = top
    for label, value in pairs:
        found.append(line(label, 60, y))
        for number, part in enumerate(value.split("\n")):
            y += 0 if number == 0 else 62
            found.append(right_line(part, WIDTH - 60, y))
        y += ROW
    return found


def alipay(
    pairs: Sequence[tuple[str, str]] = ALIPAY_ROWS, *, amount: str = "-128.00", status: str = "交易成功"
) -> list[Line]:
    """An Alipay bill."""
    return [
        line("14:05", 60, 30, height=44),
        line("5G83%", 900, 30, height=40),
        line("账单详情", 430, 140, height=62),
        line("卡门数字商城", 420, 350),
        line(amount, 380, 440, height=110),
        line(status, 450, 590),
        *rows(pairs),
    ]


def order(pairs: Sequence[tuple[str, str]] = ORDER_ROWS, *, status: str = "充值成功") -> list[Line]:
    """A platform's order."""
    return [
        line("14:05", 60, 30, height=44),
        line("订单详情", 430, 140, height=62),
        line(status, 60, 300),
        *rows(pairs, top=500),
        line("联系客服", 700, 1500),
        line("申请售后", 900, 1500),
    ]


@dataclass(frozen=True, slots=True)
class Leaning:
    """How a photo of a screen leans: a slope that grows from top to bottom."""

    base: float
    down: float

    def of(self, lines: Sequence[Line]) -> list[Line]:
        """The lines as such a photo shows them."""
        found: list[Line] = []
        for item in lines:
            slope = self.base + self.down * item.box.y
            y = item.box.y + slope * item.box.x
            found.append(line(item.text, item.box.x, y, height=item.box.height, lean=slope))
        return found


def drawn(pairs: Sequence[tuple[str, str]] = ALIPAY_ROWS, *, width: int = 720, amount: str = "-128.00") -> Image.Image:
    """A drawn Alipay bill."""
    scale = width / WIDTH
    page = Image.new("RGB", (width, int((900 + ROW * len(pairs)) * scale)), "white")
    pen = ImageDraw.Draw(page)

    def font(size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(FONT, int(size * scale), index=2)

    pen.text((60 * scale, 30 * scale), "14:05", font=font(36), fill="black")
    pen.text((width / 2, 170 * scale), "账单详情", font=font(50), fill="black", anchor="mm")
    pen.text((width / 2, 380 * scale), "卡门数字商城", font=font(44), fill="black", anchor="mm")
    pen.text((width / 2, 500 * scale), amount, font=font(96), fill="black", anchor="mm")
    pen.text((width / 2, 610 * scale), "交易成功", font=font(40), fill="#777", anchor="mm")
    y = 760 * scale
    for label, value in pairs:
        pen.text((60 * scale, y), label, font=font(40), fill="#777")
        for part in value.split("\n"):
            pen.text((width - 60 * scale, y), part, font=font(40), fill="#222", anchor="ra")
            y += 62 * scale
        y += 28 * scale
    return page


def picture(page: Image.Image) -> Picture:
    """The picture as the gate hands it over."""
    return Picture(
        rgb=np.asarray(page.convert("RGB")),
        luma=np.asarray(page.convert("L")),
        container=Container(media_type="image/png"),
    )
