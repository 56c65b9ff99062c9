"""Lines of text become rows that a person reads."""

from __future__ import annotations

from huiliu.evidence.checks.rows import rows
from huiliu.evidence.inspection.model import Box, FieldName, FieldRead, Line


def line(text: str, x: int, y: int, height: int = 40) -> Line:
    """A line of text at its place."""
    return Line(text=text, score=0.99, box=Box(x, y, 200, height), quad=(0.0,) * 8)


def test_label_and_value_stand_in_one_row_whatever_order_they_were_found_in() -> None:
    found = [line("30天", 700, 204), line("有效期", 40, 200), line("  ", 40, 260), line("会员", 40, 90, height=60)]
    assert rows(found) == ("会员", "有效期  30天")


def test_neighbouring_rows_stay_apart() -> None:
    assert rows([line("a", 0, 0), line("b", 0, 30), line("c", 0, 60)]) == ("a", "b", "c")


def test_the_phones_status_bar_is_left_out_and_nothing_else() -> None:
    clock = FieldRead(name=FieldName.CLOCK, value="09:41", text="9:41", box=Box(30, 10, 90, 40), score=0.99)
    found = [line("9:41", 30, 10), line("5G 86%", 900, 14), line("有效期", 40, 200)]
    assert rows(found, clock=clock) == ("有效期",)
    assert rows([]) == ()
