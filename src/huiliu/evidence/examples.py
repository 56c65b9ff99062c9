"""Example pictures of the slots, drawn here, so that people look rather than read. The numbers are the slot's points."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from huiliu.evidence.drawing import BAD, CALM, GOOD, GROUND, INK, LEFT, LINE, PAPER, RIGHT, SOFT, Pen
from huiliu.evidence.slots import CATALOGUE, Slot, SlotCode
from huiliu.kit.text import Lang, say

CENTRE = (LEFT + RIGHT) / 2
ORDER_NO, TRADE_NO, ACCOUNT, OTHER_ACCOUNT = "KM20261120001", "4200…8831", "138****5678", "138****5679"


@cache
def example_svg(slot: Slot | SlotCode, lang: Lang) -> str:
    """The example picture of a slot in the reader's language: inline SVG with an accessible title and description."""
    wanted = CATALOGUE[slot] if isinstance(slot, SlotCode) else slot
    pen = Pen()

    def words(key: str) -> str:
        return say(lang, f"evidence.example.{key}")

    _SCENES[wanted.code](pen, words)
    points = "; ".join(f"{number}. {point}" for number, point in enumerate(wanted.visible(lang), 1))
    title = say(lang, "evidence.example.title", name=wanted.name(lang))
    return pen.svg(f"example-{wanted.code.value.replace('_', '-')}", title=title, description=points)


Words = Callable[[str], str]


def _paid_shot(pen: Pen, words: Words) -> None:
    pen.phone(words("bill"))
    pen.circle(CENTRE, 96, 13, fill=GOOD)
    pen.path(f"M{CENTRE - 6} 96l4 5l8 -9", stroke=PAPER, width=2.4)
    pen.mark(1, CENTRE - 52, 116, 104, 30)
    pen.text(CENTRE, 138, "-100.00", size=22, anchor="middle", bold=True)
    pen.mark(2, CENTRE - 38, 152, 76, 22)
    pen.text(CENTRE, 167, words("paid"), size=12, width=66, anchor="middle", fill=GOOD, bold=True)
    pen.line(LEFT, 188, RIGHT, 188)
    pen.row(208, words("product"), words("topup"))
    pen.row(240, words("paid_at"), "11-20 14:03:22", mark=3)
    pen.row(272, words("trade_no"), TRADE_NO, mark=4)
    pen.row(304, words("merchant"), words("shop"))


def _not_arrived_shot(pen: Pen, words: Words) -> None:
    pen.phone(words("order_page"), clock="16:20", clock_mark=1)
    pen.rect(LEFT, 82, 44, 44, fill=GROUND)
    pen.path(f"M{LEFT + 12} 114l10 -16l8 10l5 -6l5 12z", stroke=SOFT, width=1.4)
    pen.text(LEFT + 54, 98, words("topup"), width=108, bold=True)
    pen.text(LEFT + 54, 116, "¥100.00", fill=SOFT)
    pen.mark(2, LEFT - 6, 140, RIGHT - LEFT + 12, 52)
    pen.text(CENTRE, 162, words("failed"), size=15, anchor="middle", fill=BAD, bold=True)
    pen.text(CENTRE, 181, words("nothing_arrived"), size=10, anchor="middle", fill=SOFT)
    pen.row(222, words("order_no"), ORDER_NO)
    pen.row(254, words("account"), ACCOUNT, mark=3)
    pen.row(286, words("paid_at"), "11-20 14:03:22")


def _time_gap(pen: Pen, words: Words) -> None:
    for x, clock, label, colour, number in ((24, "14:03", "paid", GOOD, 1), (168, "16:20", "not_yet", BAD, 2)):
        pen.rect(x, 34, 108, 168, stroke=INK, radius=14)
        pen.rect(x + 10, 92, 88, 10, fill=GROUND)
        pen.mark(number, x + 10, 48, 72, 26)
        pen.text(x + 42, 67, clock, size=18, width=56, anchor="middle", bold=True)
        pen.text(x + 54, 128, words(label), size=13, width=90, anchor="middle", fill=colour, bold=True)
        pen.rect(x + 10, 144, 88, 10, fill=GROUND)
    pen.mark(3, 30, 170, 96, 22)
    pen.text(78, 184, ORDER_NO, size=10, width=88, anchor="middle")
    pen.mark(3, 174, 170, 96, 22)
    pen.text(222, 184, ORDER_NO, size=10, width=88, anchor="middle")
    pen.line(60, 262, 240, 262, stroke=CALM, width=3)
    pen.circle(60, 262, 6, fill=GOOD)
    pen.circle(240, 262, 6, fill=BAD)
    pen.text(150, 250, words("gap"), size=14, anchor="middle", fill=CALM, bold=True)
    pen.text(60, 286, "14:03", anchor="middle", fill=SOFT)
    pen.text(240, 286, "16:20", anchor="middle", fill=SOFT)


def _opening_record(pen: Pen, words: Words) -> None:
    pen.phone(words("my_services"))
    pen.rect(LEFT - 4, 84, RIGHT - LEFT + 8, 68, fill=CALM, radius=10)
    pen.text(LEFT + 8, 112, words("membership"), size=14, width=140, fill=PAPER, bold=True)
    pen.text(LEFT + 8, 134, words("opened"), fill=PAPER)
    pen.row(186, words("service"), words("membership"), mark=1)
    pen.row(222, words("opened_at"), "11-18 09:30", mark=2)
    pen.row(258, words("account"), ACCOUNT, mark=3)
    pen.row(294, words("order_no"), ORDER_NO)


def _usage_time(pen: Pen, words: Words) -> None:
    pen.phone(words("usage_page"))
    pen.mark(1, LEFT - 6, 82, RIGHT - LEFT + 12, 42)
    pen.circle(LEFT + 16, 103, 14, fill=LINE)
    pen.circle(LEFT + 16, 98, 5, fill=SOFT)
    pen.path(f"M{LEFT + 7} 112a9 7 0 0 1 18 0", stroke=SOFT, width=1, fill=SOFT)
    pen.text(LEFT + 40, 107, ACCOUNT, size=13, width=120, bold=True)
    pen.row(160, words("expires"), "2026-12-18", mark=2)
    pen.mark(3, LEFT - 6, 188, RIGHT - LEFT + 12, 64)
    pen.text(LEFT, 208, words("used_days"), bold=True, width=160)
    pen.rect(LEFT, 222, RIGHT - LEFT, 10, fill=PAPER, stroke=LINE, radius=5)
    pen.rect(LEFT, 222, (RIGHT - LEFT) / 10, 10, fill=CALM, radius=5)
    pen.text(RIGHT, 246, words("left_days"), size=10, anchor="end", fill=SOFT)
    pen.rect(LEFT, 272, RIGHT - LEFT, 10, fill=GROUND)
    pen.rect(LEFT, 292, 110, 10, fill=GROUND)


def _compare(pen: Pen, words: Words, *, left: str, right: str, lines: tuple[tuple[str, str, int | None], ...]) -> None:
    """Two sheets side by side; a mark frames the same line on both."""
    for x, heading, colour, number in ((22, left, CALM, 1), (156, right, BAD, 2)):
        pen.rect(x, 40, 122, 260, stroke=INK, radius=12)
        pen.mark(number, x + 8, 54, 106, 30)
        pen.text(x + 61, 74, words(heading), size=12, width=98, anchor="middle", fill=colour, bold=True)
    for at, (here, there, number) in enumerate(lines):
        y = 122 + at * 56
        if number is not None:
            pen.mark(number, 26, y - 18, 248, 30)
        pen.text(83, y, words(here), size=12, width=108, anchor="middle", bold=number is not None)
        pen.text(217, y, words(there), size=12, width=108, anchor="middle", bold=number is not None)
        if number is None:
            pen.line(34, y + 20, 132, y + 20)
            pen.line(168, y + 20, 266, y + 20)


def _promise_compare(pen: Pen, words: Words) -> None:
    lines = (("promise_kind", "promise_kind", None), ("promise_level", "real_level", 3), ("days_30", "days_30", None))
    _compare(pen, words, left="promised", right="delivered", lines=lines)


def _difference(pen: Pen, words: Words) -> None:
    lines = (("membership", "membership", None), ("page_days", "real_days", 3), ("price_line", "price_line", None))
    _compare(pen, words, left="page_says", right="received", lines=lines)


def _detail_page(pen: Pen, words: Words) -> None:
    pen.phone(words("product_page"))
    pen.rect(LEFT - 4, 78, RIGHT - LEFT + 8, 72, fill=GROUND, radius=8)
    pen.path(f"M{CENTRE - 30} 138l20 -32l16 20l10 -12l14 24z", stroke=SOFT, width=1.4)
    pen.mark(1, LEFT - 6, 160, RIGHT - LEFT + 12, 26)
    pen.text(LEFT, 178, words("membership"), size=13, bold=True)
    pen.mark(2, LEFT - 6, 198, RIGHT - LEFT + 12, 66)
    for at, key in enumerate(("feature_1", "feature_2", "feature_3")):
        pen.circle(LEFT + 3, 213 + at * 19, 2, fill=INK)
        pen.text(LEFT + 12, 217 + at * 19, words(key), width=150)
    pen.mark(3, LEFT - 6, 276, 82, 28)
    pen.text(LEFT, 296, "¥100.00", size=15, fill=BAD, bold=True, width=76)
    pen.rect(RIGHT - 66, 278, 66, 26, fill=CALM, radius=13)
    pen.text(RIGHT - 33, 295, words("buy"), anchor="middle", fill=PAPER, width=58)


def _unused_declaration(pen: Pen, words: Words) -> None:
    pen.rect(46, 24, 208, 312, stroke=INK, radius=6)
    pen.text(150, 58, words("declaration"), size=16, width=180, anchor="middle", bold=True)
    pen.mark(1, 60, 78, 180, 108)
    for at, key in enumerate(("declare_1", "declare_2", "declare_3")):
        pen.text(70, 104 + at * 26, words(key), size=12, width=160)
    pen.line(70, 174, 200, 174)
    pen.mark(2, 96, 208, 144, 44)
    pen.text(104, 234, words("signer"), fill=SOFT, width=44)
    pen.path("M156 238c6 -22 12 -18 10 -4s8 -14 14 -10s-4 14 4 10s10 -16 16 -8s4 8 14 0", stroke=CALM, width=2)
    pen.mark(3, 96, 272, 144, 34)
    pen.text(104, 293, words("signed_at"), fill=SOFT, width=40)
    pen.text(232, 293, "2026-11-20 14:20", anchor="end", width=84)


def _platform_check(pen: Pen, words: Words) -> None:
    pen.phone(words("bag"), clock="15:08", clock_mark=3)
    pen.mark(1, LEFT - 6, 82, RIGHT - LEFT + 12, 30)
    pen.text(LEFT, 101, words("role"), width=160, bold=True)
    pen.mark(2, LEFT - 6, 128, RIGHT - LEFT + 12, 96)
    pen.rect(CENTRE - 30, 152, 60, 40, stroke=INK, radius=3)
    pen.path(f"M{CENTRE - 34} 140h68v14h-68zM{CENTRE} 140v52", stroke=INK, width=1.4)
    pen.text(CENTRE, 213, words("unopened"), size=12, anchor="middle", fill=GOOD, bold=True)
    for at in range(4):
        pen.rect(LEFT + at * 43, 244, 38, 38, fill=GROUND, radius=6)
        pen.rect(LEFT + at * 43, 292, 38, 38, fill=GROUND, radius=6)


def _account_compare(pen: Pen, words: Words) -> None:
    for y, label, account, number in ((60, "account_in_order", ACCOUNT, 1), (190, "account_used", OTHER_ACCOUNT, 2)):
        pen.rect(40, y, 220, 84, stroke=INK, radius=12)
        pen.text(56, y + 26, words(label), size=12, width=180, fill=SOFT)
        pen.mark(number, 52, y + 38, 200, 36)
        pen.text(62, y + 61, account[:-1], size=18, width=150, bold=True)
        pen.mark(3, 190, y + 44, 32, 24)
        pen.text(202, y + 61, account[-1], size=18, anchor="middle", fill=BAD, bold=True)
    pen.circle(150, 167, 14, fill=BAD)
    pen.path("M143 164h14M143 170h14M155 159l-10 16", stroke=PAPER, width=2)


def _platform_proof(pen: Pen, words: Words) -> None:
    pen.rect(22, 50, 256, 240, stroke=INK, radius=8)
    pen.rect(22, 50, 256, 34, fill=GROUND, radius=8)
    for x, key in ((36, "log_time"), (116, "log_item"), (196, "log_no")):
        pen.text(x, 72, words(key), width=70, fill=SOFT, bold=True)
    rows = (("11-20 14:31", "LOG-88120"), ("11-20 15:02", "LOG-88121"), ("11-21 09:15", "LOG-88140"))
    pen.mark(1, 28, 96, 76, 180)
    pen.mark(2, 110, 96, 74, 180)
    pen.mark(3, 190, 96, 80, 180)
    for at, (time, number) in enumerate(rows):
        y = 128 + at * 56
        pen.text(34, y, time, width=64)
        pen.text(116, y, words("log_used"), width=62)
        pen.text(196, y, number, width=68)
        if at:
            pen.line(28, y - 34, 272, y - 34)


def _other(pen: Pen, words: Words) -> None:
    pen.rect(70, 50, 150, 190, stroke=LINE, radius=10)
    pen.rect(84, 66, 150, 190, stroke=INK, radius=10)
    pen.mark(1, 96, 80, 126, 100)
    pen.path("M108 166l28 -42l22 26l14 -16l24 32z", stroke=SOFT, width=1.6)
    pen.circle(196, 102, 8, fill=LINE)
    pen.mark(2, 96, 196, 126, 40)
    pen.text(104, 220, words("time_or_number"), width=110)
    pen.circle(150, 300, 20, fill=CALM)
    pen.path("M141 300h18M150 291v18", stroke=PAPER, width=3)


_SCENES: dict[SlotCode, Callable[[Pen, Words], None]] = {
    SlotCode.PAID_SHOT: _paid_shot,
    SlotCode.NOT_ARRIVED_SHOT: _not_arrived_shot,
    SlotCode.TIME_GAP: _time_gap,
    SlotCode.OPENING_RECORD: _opening_record,
    SlotCode.USAGE_TIME: _usage_time,
    SlotCode.PROMISE_COMPARE: _promise_compare,
    SlotCode.DETAIL_PAGE: _detail_page,
    SlotCode.DIFFERENCE: _difference,
    SlotCode.UNUSED_DECLARATION: _unused_declaration,
    SlotCode.PLATFORM_CHECK: _platform_check,
    SlotCode.ACCOUNT_COMPARE: _account_compare,
    SlotCode.PLATFORM_PROOF: _platform_proof,
    SlotCode.OTHER: _other,
}
