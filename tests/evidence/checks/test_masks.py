"""Masked, shortened and differently written names and numbers compare by what can be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.evidence.checks.masks import MASK, Likeness, name_likeness, normal, number_likeness

SAME, SEEN, NEAR, DIFFERENT, UNTELLABLE = Likeness


@pytest.mark.parametrize(
    ("printed", "recorded", "expected"),
    [
        ("13812345678", "13812345678", SAME),
        ("138 1234 5678", "13812345678", SAME),
        ("１３８１２３４５６７８", "13812345678", SAME),
        ("138****5678", "13812345678", SEEN),
        ("138***5678", "13812345678", SEEN),
        ("138●●●●5678", "138****5678", SEEN),
        ("138xxxx5678", "13812345678", SEEN),
        ("138…5678", "13812345678", SEEN),
        ("138****5678", "13812345679", DIFFERENT),
        ("139****5678", "13812345678", DIFFERENT),
        ("138****5678", "1385678", DIFFERENT),
        ("****", "13812345678", UNTELLABLE),
        ("138****", "****5678", UNTELLABLE),
        ("138****", "1381***5678", SEEN),
        ("ab***@qq.com", "abcd@qq.com", SEEN),
        ("ab***@163.com", "abcd@qq.com", DIFFERENT),
        ("KM2O261120001", "km20261120001", SAME),
        ("KM20261120001", "KM20261120007", DIFFERENT),
        ("", "13812345678", UNTELLABLE),
    ],
)
def test_numbers_agree_when_every_visible_character_does(printed: str, recorded: str, expected: Likeness) -> None:
    assert number_likeness(printed, recorded) is expected
    assert number_likeness(recorded, printed) is expected


@pytest.mark.parametrize(
    ("printed", "recorded", "expected"),
    [
        ("卡门数卡（深圳）科技有限公司", "卡门数卡(深圳)科技有限公司", SAME),
        ("卡门数卡科技", "卡门数卡(深圳)科技有限公司", SAME),
        ("卡门数卡", "杭州卡门数卡网络有限公司", SAME),
        ("星卡商行", "卡门数卡|星卡", SAME),
        ("*门数卡", "卡门数卡", SEEN),
        ("**明", "张小明", SEEN),
        ("*明", "张小红", DIFFERENT),
        ("卡门数卡科枝有限公司", "卡门数卡科技有限公司", NEAR),
        ("幸运游戏充值", "卡门数卡科技有限公司", DIFFERENT),
        ("**", "张小明", UNTELLABLE),
        ("卡门", "", UNTELLABLE),
    ],
)
def test_names_agree_under_brackets_width_and_legal_form(printed: str, recorded: str, expected: Likeness) -> None:
    assert name_likeness(printed, recorded) is expected


DIGITS = st.text("0123456789", min_size=6, max_size=28)


@given(DIGITS, st.data())
def test_any_masking_of_a_number_agrees_with_it(number: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(number) - 2))
    end = data.draw(st.integers(start + 1, len(number)))
    stars = data.draw(st.integers(1, 8))
    masked = number[:start] + MASK * stars + number[end:]
    expected = SEEN if start or end < len(number) else UNTELLABLE
    assert number_likeness(masked, number) is expected


@given(DIGITS, st.data())
def test_a_changed_visible_digit_never_agrees(number: str, data: st.DataObject) -> None:
    middle = len(number) // 2
    masked = number[: middle - 1] + "**" + number[middle + 1 :]
    shown = [i for i, letter in enumerate(masked) if letter != MASK]
    at = data.draw(st.sampled_from(shown))
    other = str((int(number[at]) + data.draw(st.integers(1, 9))) % 10)
    assert number_likeness(masked[:at] + other + masked[at + 1 :], number) is DIFFERENT


@given(st.text(max_size=40), st.text(max_size=40))
def test_comparing_is_symmetric_and_survives_anything(left: str, right: str) -> None:
    assert number_likeness(left, right) is number_likeness(right, left)
    name_likeness(left, right)


@given(st.text(max_size=200))
def test_a_normal_form_is_its_own(text: str) -> None:
    assert normal(normal(text)) == normal(text)


def test_a_pattern_made_to_be_slow_is_not() -> None:
    assert number_likeness("1*" * 59 + "1", "1" * 119 + "2") is DIFFERENT
    assert name_likeness("1*" * 59 + "1", "1" * 119 + "2") is NEAR
    assert number_likeness("*1" * 60, "1*" * 60) in Likeness
