"""Rows of a photo that lean, and fan out, stand level afterwards."""

from __future__ import annotations

import pytest

from huiliu.evidence.inspection.model import Line
from huiliu.evidence.reading.level import level
from tests.evidence.reading.pages import line

ROWS = range(200, 2_000, 100)


def _fan(base: float, down: float) -> list[Line]:
    lines: list[Line] = []
    for y in ROWS:
        slope = base + down * (y - 1_100)
        lines += [line("收款方全称", 60, y, lean=slope), line("卡门科技", 900, y + slope * 840, lean=slope)]
    return lines


@pytest.mark.parametrize("base", [0.0, 0.08, -0.08])
@pytest.mark.parametrize("down", [0.0, 0.00008, -0.00008])
def test_label_and_value_of_one_row_stand_at_one_height(base: float, down: float) -> None:
    placed = level(_fan(base, down))
    labels = sorted((item for item in placed if item.text == "收款方全称"), key=lambda item: item.line.box.y)
    values = sorted((item for item in placed if item.text == "卡门科技"), key=lambda item: item.middle)
    assert max(abs(one.middle - other.middle) for one, other in zip(labels, values, strict=True)) < 15


def test_one_odd_line_turns_nothing() -> None:
    odd = line("大字水印文字倾斜", 300, 900, lean=0.4)
    placed = level([*_fan(0.0, 0.0), odd])
    assert max(abs(item.middle - item.line.box.y - 28) for item in placed if item.line is not odd) < 3


def test_no_lines_are_no_lines() -> None:
    assert level([]) == ()
