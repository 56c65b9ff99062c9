"""Fields from lines: strict labels, strict lengths, nothing guessed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from huiliu.evidence.inspection.model import FieldName, Line
from huiliu.evidence.reading.extract import Extracted, extract
from huiliu.evidence.reading.layout import UNKNOWN_PAGE, Layouts
from tests.evidence.reading.pages import ALIPAY_ROWS, ORDER_ROWS, TRADE_NO, Leaning, alipay, line, order, right_line


def test_a_bill_yields_every_field(layouts: Layouts) -> None:
    found = extract(alipay(), layouts)
    assert (found.page, found.missing, found.doubtful) == ("alipay_bill", (), frozenset())
    assert _values(found) == {
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


def test_an_order_yields_every_field(layouts: Layouts) -> None:
    found = extract(order(), layouts)
    assert (found.page, found.missing) == ("platform_order", ())
    assert _values(found) == {
        "clock": "14:05",
        "title": "订单详情",
        "order_no": "KM20261120140300123456",
        "ordered_at": "2026-11-20T14:01:00+08:00",
        "paid_at": "2026-11-20T14:03:22+08:00",
        "account": "138****5678",
        "product": "星耀会员月卡",
        "amount": "128.00",
        "status": "delivered",
    }


@pytest.mark.parametrize("place", range(0, 28, 3))
def test_a_dropped_digit_makes_a_trade_number_missing(place: int, layouts: Layouts) -> None:
    short = TRADE_NO[:place] + TRADE_NO[place + 1 :]
    found = extract(alipay(_with("订单号", short)), layouts)
    assert FieldName.TRADE_NO in found.missing


@pytest.mark.parametrize(
    "printed",
    [
        "2026-11-20 14:03",
        "2026-11-2 14:03:22",
        "2026-11-20 4:03:22",
        "2026-13-20 14:03:22",
        "2026-11-20 14:0322",
        "11-20 14:03:22",
    ],
)
def test_a_damaged_time_is_missing(printed: str, layouts: Layouts) -> None:
    found = extract(alipay(_with("支付时间", printed)), layouts)
    assert FieldName.PAID_AT in found.missing


def test_one_labels_value_never_stands_in_for_another(layouts: Layouts) -> None:
    """创建时间 beside a lost 支付时间 is when it was ordered, not when it was paid."""
    renamed = [(("创建时间" if label == "支付时间" else label), value) for label, value in ALIPAY_ROWS]
    found = extract(alipay(renamed), layouts)
    assert FieldName.PAID_AT in found.missing
    assert _values(found)["ordered_at"] == "2026-11-20T14:03:22+08:00"


def test_swapped_labels_swap_nothing_else(layouts: Layouts) -> None:
    """A 22-character number under 订单号 is no trade number, whatever stands under 商家订单号."""
    swapped = dict(ALIPAY_ROWS)
    swapped["订单号"], swapped["商家订单号"] = swapped["商家订单号"], swapped["订单号"]
    found = extract(alipay(tuple(swapped.items())), layouts)
    assert FieldName.TRADE_NO in found.missing
    assert _values(found)["order_no"] == TRADE_NO


def test_a_label_without_its_value_takes_none_from_the_row_below(layouts: Layouts) -> None:
    lines = [item for item in alipay() if item.text != TRADE_NO]
    found = extract(lines, layouts)
    assert FieldName.TRADE_NO in found.missing
    assert _values(found)["order_no"] == "KM20261120140300123456"


def test_two_different_amounts_for_one_field_are_none(layouts: Layouts) -> None:
    found = extract(order([*ORDER_ROWS, ("支付金额", "¥12.00")]), layouts)
    assert "amount" not in _values(found)
    found = extract([*alipay(), line("-12.00", 380, 250, height=108)], layouts)
    assert FieldName.AMOUNT in found.missing


def test_the_same_amount_told_twice_is_one(layouts: Layouts) -> None:
    found = extract(order([*ORDER_ROWS, ("支付金额", "128.00元")]), layouts)
    assert _values(found)["amount"] == "128.00"


def test_a_weaker_label_counts_only_when_no_better_one_is_there_and_is_doubtful(layouts: Layouts) -> None:
    both = extract(order([*ORDER_ROWS, ("订单金额", "¥138.00")]), layouts)
    assert _values(both)["amount"] == "128.00"
    assert not both.is_weak
    alone = extract(order([*ORDER_ROWS[:-1], ("订单金额", "¥138.00")]), layouts)
    assert _values(alone)["amount"] == "138.00"
    assert alone.is_weak
    assert FieldName.AMOUNT in alone.doubtful


def test_a_better_label_whose_value_is_damaged_blocks_the_weaker_one(layouts: Layouts) -> None:
    found = extract(order([*ORDER_ROWS[:-1], ("实付金额", "¥12800"[:2] + "?.00"), ("订单金额", "¥138.00")]), layouts)
    assert "amount" not in _values(found)


@pytest.mark.parametrize("at", [14, 20, 26])
def test_a_number_that_goes_on_in_the_next_line_is_one(at: int, layouts: Layouts) -> None:
    found = extract(alipay(_with("订单号", f"{TRADE_NO[:at]}\n{TRADE_NO[at:]}")), layouts)
    assert _values(found)["trade_no"] == TRADE_NO
    assert _values(found)["order_no"] == "KM20261120140300123456"


def test_an_order_number_is_never_half_of_one_that_goes_on(layouts: Layouts) -> None:
    found = extract(alipay(_with("商家订单号", "KM2026112014030\n0123456")), layouts)
    assert _values(found)["order_no"] == "KM20261120140300123456"


def test_a_hint_under_a_number_is_not_part_of_it(layouts: Layouts) -> None:
    found = extract(alipay(_with("商家订单号", "KM20261120140300123456\n可在支持的商户扫码退款")), layouts)
    assert _values(found)["order_no"] == "KM20261120140300123456"


def test_a_value_in_two_boxes_is_put_together(layouts: Layouts) -> None:
    lines = [item for item in alipay() if item.text != "2026-11-20 14:03:22"]
    lines += [right_line("2026-11-20", 850, 760), right_line("14:03:22", WIDTH_END, 760)]
    assert _values(extract(lines, layouts))["paid_at"] == "2026-11-20T14:03:22+08:00"


def test_two_columns_are_not_one_value(layouts: Layouts) -> None:
    lines = [item for item in alipay() if item.text != TRADE_NO]
    lines += [line(TRADE_NO[:10], 250, 760 + 4 * 90), right_line(TRADE_NO[10:], WIDTH_END, 760 + 4 * 90)]
    assert FieldName.TRADE_NO in extract(lines, layouts).missing


def test_a_value_ends_where_the_next_label_of_its_row_begins(layouts: Layouts) -> None:
    row = [line("实付金额", 60, 950), line("¥128.00", 260, 950), line("数量", 440, 950), line("1", 540, 950)]
    found = extract([*order(ORDER_ROWS[:-1]), *row], layouts)
    assert _values(found)["amount"] == "128.00"


def test_label_and_value_in_one_box(layouts: Layouts) -> None:
    joined = [line(f"{label}：{value}", 60, 500 + 90 * row) for row, (label, value) in enumerate(ORDER_ROWS)]
    found = extract([*order([]), *joined], layouts)
    assert _values(found)["order_no"] == "KM20261120140300123456"
    assert _values(found)["amount"] == "128.00"
    assert _values(found)["product"] == "星耀会员月卡"


def test_a_copy_button_is_no_part_of_a_number(layouts: Layouts) -> None:
    found = extract(order([("订单编号", "KM20261120140300123456 复制"), *ORDER_ROWS[1:]]), layouts)
    assert _values(found)["order_no"] == "KM20261120140300123456"


@pytest.mark.parametrize(
    "leaning",
    [
        Leaning(0.06, 0.0),
        Leaning(-0.07, 0.0),
        Leaning(-0.04, 0.00006),
        Leaning(0.05, -0.00007),
        Leaning(-0.1, 0.0001),
        Leaning(0.1, -0.0001),
    ],
)
def test_rows_that_lean_and_fan_out_keep_their_values(leaning: Leaning, layouts: Layouts) -> None:
    found = extract(leaning.of(alipay()), layouts)
    assert (found.page, found.missing) == ("alipay_bill", ())
    assert _values(found)["trade_no"] == TRADE_NO
    assert _values(found)["paid_at"] == "2026-11-20T14:03:22+08:00"


def test_a_label_misread_by_an_unsure_reader_counts_and_is_doubtful(layouts: Layouts) -> None:
    found = extract(_with_line(alipay(), "支付时间", "支忖时间", score=0.6), layouts)
    assert _values(found)["paid_at"] == "2026-11-20T14:03:22+08:00"
    assert FieldName.PAID_AT in found.doubtful


@pytest.mark.parametrize("label", ["交付时间", "支付时刻", "支付日间"])
def test_a_label_that_was_surely_read_is_taken_at_its_word(label: str, layouts: Layouts) -> None:
    found = extract(_with_line(alipay(), "支付时间", label, score=0.99), layouts)
    assert FieldName.PAID_AT in found.missing


def test_an_unsure_value_is_doubtful(layouts: Layouts) -> None:
    found = extract(_with_line(alipay(), TRADE_NO, TRADE_NO, score=0.5), layouts)
    assert FieldName.TRADE_NO in found.doubtful


@pytest.mark.parametrize(
    ("status", "code"),
    [("交易成功", "paid"), ("退款成功", "refunded"), ("交易关闭", "closed"), ("等待付款", "pending")],
)
def test_states_of_a_bill(status: str, code: str, layouts: Layouts) -> None:
    assert _values(extract(alipay(status=status), layouts))["status"] == code


@pytest.mark.parametrize(
    ("printed", "read"), [("黃金会员年卡", "黄金会员年卡"), ("年卡（含电视端）", "年卡(含电视端)"), ("年卡(含电视", "")]
)
def test_a_text_with_an_open_bracket_goes_on_somewhere_and_is_missing(
    printed: str, read: str, layouts: Layouts
) -> None:
    values = _values(extract(alipay(_with("商品说明", printed)), layouts))
    assert values.get("product", "").replace("（", "(").replace("）", ")") == read


def test_two_different_states_on_one_page_are_none(layouts: Layouts) -> None:
    found = extract([*alipay(), line("交易关闭", 450, 655)], layouts)
    assert FieldName.STATUS in found.missing


@pytest.mark.parametrize("amount", ["-128.00", "128.00", "¥128.00", "￥128.00", "-¥128.00", "128.00元", "+128.00"])
def test_the_big_figure_in_any_form(amount: str, layouts: Layouts) -> None:
    assert _values(extract(alipay(amount=amount), layouts))["amount"] == "128.00"


@pytest.mark.parametrize("label", ["余额", "优惠", "钱包余额"])
def test_a_tall_figure_behind_words_is_not_what_was_paid(label: str, layouts: Layouts) -> None:
    page = [item for item in alipay() if item.text != "-128.00"]
    told = [*page, line(label, 100, 440, height=60), line("500.00", 380, 440, height=110)]
    assert FieldName.AMOUNT in extract(told, layouts).missing


@pytest.mark.parametrize("amount", ["12800", "128.0", "128.000", "1.280.00", "1,28.00", "0128.00", "128-00"])
def test_a_damaged_amount_is_missing(amount: str, layouts: Layouts) -> None:
    assert FieldName.AMOUNT in extract(alipay(amount=amount), layouts).missing


@pytest.mark.parametrize("printed", ["已退款(￥5.00)", "已退款（¥1,005.00）", "已退款 (5.00元)"])
def test_a_state_that_tells_how_much_went_back_is_a_state(printed: str, layouts: Layouts) -> None:
    assert _values(extract(alipay(status=printed), layouts))["status"] == "refunded"


@pytest.mark.parametrize("printed", ["2:05 PM", "2:05pm", "2:05 p.m.", "2:05 下午", "下午2:05", "2:05 PM ◂"])
def test_a_clock_that_says_its_half_of_the_day_is_told_in_24_hours(printed: str, layouts: Layouts) -> None:
    found = extract([line(printed, 60, 30, height=44), *alipay()[1:]], layouts)
    assert _values(found)["clock"] == "14:05"


def test_the_clock_is_in_the_topmost_row_only(layouts: Layouts) -> None:
    without = [item for item in alipay() if item.text not in ("14:05", "5G83%")]
    assert "clock" not in _values(extract([*without, line("14:05", 60, 2000)], layouts))


def test_a_page_without_title_and_status_bar_is_still_known_by_its_labels(layouts: Layouts) -> None:
    found = extract([item for item in alipay() if item.box.y > 300], layouts)
    assert (found.page, found.missing) == ("alipay_bill", ())
    assert "title" not in _values(found)


def test_a_page_of_another_language_invents_nothing(layouts: Layouts) -> None:
    lines = [
        line("9:41", 60, 30),
        line("Order details", 400, 140),
        *[line(text, 60, 400 + 90 * row) for row, text in enumerate(("Order number", "Total", "Status", "Placed on"))],
        *[
            right_line(text, 1000, 400 + 90 * row)
            for row, text in enumerate((TRADE_NO, "$128.00", "Paid", "Nov 20, 2026"))
        ],
    ]
    found = extract(lines, layouts)
    assert found.page == UNKNOWN_PAGE
    assert _values(found) == {"clock": "09:41"}


def test_nothing_on_a_picture_is_nothing(layouts: Layouts) -> None:
    assert extract([], layouts) == Extracted(page=UNKNOWN_PAGE, fields=(), doubtful=frozenset())


def test_the_one_time_code_is_read_behind_its_words(layouts: Layouts) -> None:
    assert _values(extract([*order(), line("核验码：7K3M9Q", 60, 1700)], layouts))["code"] == "7K3M9Q"
    two = [*order(), line("核验码：7K3M9Q", 60, 1700), line("核验码：7K3M9P", 60, 1800)]
    assert "code" not in _values(extract(two, layouts))


def _goods(name: str, *below: str) -> list[Line]:
    """An order whose goods stand in a card beside their picture."""
    without = order([pair for pair in ORDER_ROWS if pair[0] != "商品名称"])
    return [*without, *[line(text, 300, 380 + 58 * row) for row, text in enumerate((name, *below))]]


def test_the_goods_in_a_card_are_its_first_line(layouts: Layouts) -> None:
    found = extract(_goods("星耀会员月卡", "卡门旗舰店"), layouts)
    assert _values(found)["product"] == "星耀会员月卡"


def test_after_a_full_line_nobody_can_tell_the_goods_from_the_shop(layouts: Layouts) -> None:
    found = extract(_goods("橙光视频会员年卡含电视端直充秒到", "卡门旗舰店"), layouts)
    assert "product" not in _values(found)


@pytest.mark.parametrize(
    ("height", "name"),
    [(56, "橙光视频会员年卡含电视端直充秒到账卡门专供限量"), (46, "橙光视频会员年卡含电视端直充秒到账"), (50, None)],
)
def test_a_products_name_goes_on_after_a_full_line(height: int, name: str | None, layouts: Layouts) -> None:
    lines = [
        line("商品详情", 430, 140, height=62),
        line("¥168.00", 315, 600, height=90),
        line("橙光视频会员年卡含电视端直充秒到账", 315, 720),
        line("卡门专供限量", 315, 784, height=height),
        right_line("自动发货", WIDTH_END, 1000),
        *[line(text, 60 + 330 * column, 2_000) for column, text in enumerate(("收藏", "加入购物车", "立即购买"))],
    ]
    found = extract(lines, layouts)
    assert found.page == "product_page"
    assert _values(found).get("product") == name


WIDTH_END = 1020


def _values(found: Extracted) -> dict[str, str]:
    return {field.name.value: field.value for field in found.fields}


def _with(label: str, value: str) -> list[tuple[str, str]]:
    return [(name, value if name == label else old) for name, old in ALIPAY_ROWS]


def _with_line(lines: Sequence[Line], text: str, other: str, *, score: float) -> list[Line]:
    return [
        line(other, item.box.x, item.box.y, height=item.box.height, score=score) if item.text == text else item
        for item in lines
    ]
