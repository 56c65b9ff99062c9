"""Promise beside delivery: every letter is kept, numbers are compared with their units, and no text makes it slow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.evidence.checks.alignment import align
from huiliu.evidence.checks.quantities import quantities, same_but_for_numbers
from huiliu.evidence.checks.textdiff import TEXT_CHARS_MAX, TOKENS_MAX, Kind, text_difference

SAME, LEFT, RIGHT, CHANGED = Kind
CHINESE = st.text("会员天个月有效期流量GB 一三十0123,.，元¥级", max_size=60)


def shown(left: str, right: str) -> list[tuple[Kind, str, str, bool]]:
    """The segments as plain tuples."""
    return [(it.kind, it.left, it.right, it.is_number) for it in text_difference(left, right).segments]


def test_a_number_of_the_same_thing_stands_against_the_other() -> None:
    assert shown("有效期30天，流量50G", "有效期7天，流量20G") == [
        (SAME, "有效期", "有效期", False),
        (CHANGED, "30天", "7天", True),
        (SAME, "，流量", "，流量", False),
        (CHANGED, "50G", "20G", True),
    ]


def test_words_that_differ_are_marked_on_their_side() -> None:
    assert shown("支持安卓与苹果手机", "只支持安卓手机") == [
        (RIGHT, "", "只", False),
        (SAME, "支持安卓", "支持安卓", False),
        (LEFT, "与苹果", "", False),
        (SAME, "手机", "手机", False),
    ]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("三十天会员", "30天会员"),
        ("一年会员", "12个月会员"),
        ("¥1,280.00", "1280元"),
        ("50GB 流量", "50g流量"),
        ("有效期30天。", "有效期 30 天"),
        ("２４小时到账", "24小时到账"),
        ("", ""),
    ],
)
def test_another_way_of_writing_is_no_difference(left: str, right: str) -> None:
    assert text_difference(left, right).is_same


@pytest.mark.parametrize(
    ("left", "right", "number"),
    [
        ("一个月会员", "十五天会员", False),  # a month is not counted in days
        ("60级", "42级", True),
        ("9.5折", "8折", True),
        ("2026-12-20到期", "2026年11月27日到期", True),
        ("100元话费", "50元话费", True),
    ],
)
def test_numbers_differ_strongly_only_when_they_measure_one_thing(left: str, right: str, number: bool) -> None:
    found = text_difference(left, right)
    assert not found.is_same
    assert bool(found.numbers) is number


@given(CHINESE, CHINESE)
def test_no_letter_is_lost_or_invented(left: str, right: str) -> None:
    segments = text_difference(left, right).segments
    assert "".join(it.left for it in segments) == left
    assert "".join(it.right for it in segments) == right
    assert all(it.left or it.right for it in segments)


@given(CHINESE)
def test_a_text_is_the_same_as_itself(text: str) -> None:
    assert text_difference(text, text).is_same


@given(st.text(max_size=80), st.text(max_size=80))
def test_turning_the_sides_turns_the_answer(left: str, right: str) -> None:
    there, back = text_difference(left, right), text_difference(right, left)
    assert there.is_same == back.is_same
    assert {it.kind for it in there.segments} <= set(Kind)


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_blocks_cover_both_sides_in_order_and_match_only_equals(left: list[str], right: list[str]) -> None:
    at = (0, 0)
    for block in align(left, right, weights=[2] * len(left)):
        assert (block.i1, block.j1) == at
        at = block.i2, block.j2
        assert (left[block.i1 : block.i2] == right[block.j1 : block.j2]) or not block.is_same
        assert block.i2 - block.i1 + block.j2 - block.j1 > 0
    assert at == (len(left), len(right))


@pytest.mark.parametrize(
    ("left", "right"), [("一" * 9000, "一二" * 4000), ("我你" * 1000, "你" * 2000), ("1天" * 1000, "2天" * 1000)]
)
def test_texts_made_to_be_slow_are_cut_and_say_so(left: str, right: str) -> None:
    found = text_difference(left, right)
    assert found.is_cut
    assert not found.is_same
    assert sum(len(it.left) for it in found.segments) <= TEXT_CHARS_MAX
    assert len(found.segments) <= 2 * TOKENS_MAX


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30天", [(Decimal(43200), "minutes")]),
        ("三十日", [(Decimal(43200), "minutes")]),
        ("两个小时", [(Decimal(120), "minutes")]),
        ("一百二十级", [(Decimal(120), "level")]),
        ("Lv.60", [(Decimal(60), "level")]),
        ("等级：60", [(Decimal(60), "level")]),
        ("¥1,280.50", [(Decimal("1280.50"), "yuan")]),
        ("1.5万金币", [(Decimal(15000), "coins")]),
        ("2T网盘", [(Decimal(2097152), "megabytes")]),
        ("2026年11月20日", [(Decimal(20261120), "date")]),
        ("11月5日", [(Decimal(1105), "date")]),
        ("半年", []),
        ("", []),
    ],
)
def test_a_number_is_read_with_what_it_measures(text: str, expected: list[tuple[Decimal, str]]) -> None:
    assert [(it.value, it.family) for it in quantities(text)] == expected


@given(st.text(max_size=200))
def test_reading_numbers_survives_any_text(text: str) -> None:
    at = 0
    for number in quantities(text):
        assert text[number.start : number.end] == number.text
        assert number.start >= at
        at = number.end


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("视频会员30天", "视频会员7天", True),
        ("视频会员30天", "视频会员30天（赠7天）", False),
        ("视频会员30天", "音乐年卡一张 7天", False),
        ("视频会员", "视频会员7天", False),
    ],
)
def test_products_differ_by_number_only_when_their_words_are_one(left: str, right: str, expected: bool) -> None:
    assert same_but_for_numbers(left, right) is expected
