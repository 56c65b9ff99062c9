"""The one-time code: hard to guess, easy to read, found however it was written down."""

from __future__ import annotations

import pytest

from huiliu.evidence.inspection.model import Box, Line
from huiliu.evidence.video.code import ALPHABET, LENGTH, find_code, new_code, plain


def line(text: str) -> Line:
    return Line(text=text, score=0.9, box=Box(0, 0, 9, 9), quad=(0, 0, 9, 0, 9, 9, 0, 9))


def test_codes_are_of_the_alphabet_and_differ() -> None:
    codes = {new_code() for _ in range(200)}

    assert len(codes) == 200
    assert all(len(code) == LENGTH and set(code) <= set(ALPHABET) for code in codes)


def test_no_sign_is_taken_for_another_of_the_alphabet() -> None:
    assert len({plain(sign) for sign in ALPHABET}) == len(ALPHABET)


@pytest.mark.parametrize(
    "written",
    [
        "D5K2LW",
        "d5k2lw",
        "D5K 2LW",
        "D 5 K 2 L W",
        "D5K-2LW",
        "验证码：D5K2LW（回流）",
        "Ｄ５Ｋ２ＬＷ",
        "OSKZ1W",
        "0 5 K Z I W",
    ],
)
def test_a_code_is_found_however_it_is_written_or_misread(written: str) -> None:
    lines = [line("账单详情"), line(written)]

    assert find_code(lines, "D5K2LW") is lines[1]


@pytest.mark.parametrize("written", ["D5K2L", "D5K2LX", "D5K", "WL2K5D", ""])
def test_another_code_is_not_found(written: str) -> None:
    assert find_code([line(written), line("2LW")], "D5K2LW") is None


@pytest.mark.parametrize("nothing", ["", "  ", "D5K"])
def test_an_empty_or_short_code_is_never_found(nothing: str) -> None:
    assert find_code([line("D5K2LW"), line("")], nothing) is None
