"""What the text tells about a picture: whether there is a page on it, in which language, whole, upright, nobody's papers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from huiliu.evidence.inspection.model import Box, Container, FieldName, FieldRead, Line
from huiliu.evidence.inspection.picture import Picture
from huiliu.evidence.look.page import page_problems
from huiliu.evidence.look.problems import Problem
from tests.make.screens import photographed, screen

BILL = ("账单详情", "12:05", "订单编号 2026112400012345678", "支付成功 128.00 元", "创建时间 2026-11-24 18:03:05")
ENGLISH = ("Order details", "Order number 2026112400012345678", "Payment completed", "Created on November 24")
JAPANESE = ("注文の詳細", "お支払いが完了しました", "ご利用ありがとうございます", "お届け先を確認してください")
ID_CARD = (
    "姓名 张三",
    "性别 男 民族 汉",
    "出生 1990 年 1 月 1 日",
    "住址 北京市海淀区",
    "公民身份号码 110101199001011237",
)
PAID = (FieldName.TITLE, FieldName.CLOCK, FieldName.AMOUNT)


def shot() -> Picture:
    return opened(screen(size=(540, 900)))


def photo() -> Picture:
    return opened(photographed(screen(size=(540, 900))))


def opened(image: Image.Image) -> Picture:
    rgb = np.asarray(image.convert("RGB"))
    return Picture(rgb, np.asarray(image.convert("L")), Container(media_type="image/png"))


def lines(texts: Sequence[str], *, turn: int = 0) -> tuple[Line, ...]:
    """Each text as a line 300 pixels long that runs as a picture turned by so many degrees shows it."""
    right, down = {0: (300.0, 0.0), 90: (0.0, 300.0), 180: (-300.0, 0.0), 270: (0.0, -300.0)}[turn]
    return tuple(
        Line(text=text, score=0.98, box=Box(300, 300, 300, 30), quad=(300, 300, 300 + right, 300 + down, 0, 0, 0, 0))
        for text in texts
    )


def fields(names: Sequence[FieldName]) -> tuple[FieldRead, ...]:
    return tuple(FieldRead(name=name, value="x", text="x", box=Box(0, 0, 9, 9), score=0.9) for name in names)


def test_a_whole_page_has_no_problem() -> None:
    assert page_problems(shot(), lines(BILL), "alipay_bill", (), fields=fields(PAID)) == ()
    assert page_problems(shot(), lines(BILL), "unknown", ()) == ()


@pytest.mark.parametrize("texts", [(), ("A",), ("、", "。")])
def test_a_screenshot_without_words_is_named(texts: tuple[str, ...]) -> None:
    assert page_problems(shot(), lines(texts), "unknown", ()) == (Problem.NO_TEXT,)


@pytest.mark.parametrize("texts", [(), ("NIKE",), ("营业中", "欢迎光临")])
def test_a_photo_of_a_person_or_a_thing_is_named(texts: tuple[str, ...]) -> None:
    assert page_problems(photo(), lines(texts), "unknown", ()) == (Problem.NO_PAGE,)


@pytest.mark.parametrize("texts", [ENGLISH, JAPANESE])
def test_another_language_is_named(texts: tuple[str, ...]) -> None:
    assert page_problems(shot(), lines(texts), "unknown", ()) == (Problem.OTHER_LANGUAGE,)


def test_a_chinese_page_full_of_product_names_is_chinese() -> None:
    mixed = (*BILL, "Honor of Kings Battle Pass Season 38 Premium", "Sent by Kamen Store")
    assert page_problems(shot(), lines(mixed), "unknown", ()) == ()


@pytest.mark.parametrize(
    ("turn", "problem"), [(180, Problem.UPSIDE_DOWN), (90, Problem.SIDEWAYS), (270, Problem.SIDEWAYS)]
)
def test_a_picture_that_lies_wrong_is_named(turn: int, problem: Problem) -> None:
    assert page_problems(shot(), lines(BILL, turn=turn), "unknown", ()) == (problem,)


def test_one_line_down_the_margin_turns_no_page() -> None:
    assert page_problems(shot(), (*lines(BILL), *lines(("水印",), turn=90)), "unknown", ()) == ()


def test_a_title_and_a_status_bar_that_were_cut_off_are_named() -> None:
    told = page_problems(shot(), lines(BILL), "alipay_bill", (), fields=fields((FieldName.AMOUNT,)))
    assert told == (Problem.TITLE_CUT, Problem.STATUS_BAR_CUT)
    assert page_problems(photo(), lines(BILL), "alipay_bill", (), fields=fields((FieldName.TITLE,))) == ()


def test_an_id_card_is_named_and_nothing_else_about_it() -> None:
    assert page_problems(photo(), lines(ID_CARD), "unknown", ()) == (Problem.PRIVATE,)
