"""Each form takes what apps print, and nothing that lost or gained a character."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.evidence.reading.forms import Form, Limits, Parsed, clock, parse, plain

TRADE = Limits(lengths=(28,))
YUAN = st.integers(1, 99_999_999)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(microsecond=0))


def _parse(form: Form, text: str, limits: Limits | None = None) -> str | None:
    found = parse(form, text, limits=limits or Limits(), statuses={"交易成功": "paid"})
    return None if found is None else found.value


@given(YUAN, st.sampled_from(["{}", "-{}", "¥{}", "￥{}", "-¥{}", "{}元", "¥ {}", "+{}"]), st.booleans())
def test_an_amount_in_every_usual_form(cents: int, form: str, has_commas: bool) -> None:
    printed = f"{cents / 100:,.2f}" if has_commas else f"{cents / 100:.2f}"
    assert _parse(Form.AMOUNT, form.format(printed)) == f"{cents / 100:.2f}"


@given(YUAN, st.data())
def test_an_amount_that_lost_a_character_is_none_or_keeps_its_point_and_groups(cents: int, data: st.DataObject) -> None:
    """Only a digit before the point can go unnoticed by the form: the hole it leaves is noticed by the reader."""
    printed = f"{cents / 100:,.2f}"
    place = data.draw(st.integers(0, len(printed) - 1))
    value = _parse(Form.AMOUNT, printed[:place] + printed[place + 1 :])
    if value is not None and printed[place] == ",":
        assert value == f"{cents / 100:.2f}"
    elif value is not None:
        assert place < printed.index(".")
        assert len(printed.split(",")) == 1 or place < printed.index(",")


@pytest.mark.parametrize(
    "text",
    [
        "128",
        "¥128",
        "128元",
        "1,2800.00",
        "12,80.00",
        "1.280.00",
        "00.10",
        "--1.00",
        "-¥-1.00",
        "$1.00",
        "1.00 2.00",
        "１２",
    ],
)
def test_what_is_no_amount_where_two_decimals_are_printed(text: str) -> None:
    assert _parse(Form.AMOUNT, text) is None


def test_an_amount_without_decimals_needs_its_sign_of_currency() -> None:
    loose = Limits(decimals=False)
    assert [_parse(Form.AMOUNT, text, loose) for text in ("¥128", "128元", "128")] == ["128.00", "128.00", None]


@given(st.text("0123456789", min_size=20, max_size=36))
def test_digits_have_their_length_or_are_none(text: str) -> None:
    assert _parse(Form.DIGITS, text, TRADE) == (text if len(text) == 28 else None)


def test_lookalikes_inside_a_number_are_put_right_and_doubted() -> None:
    assert parse(Form.DIGITS, "2O26112022001430011422334455"[:28], limits=TRADE, statuses={}) == Parsed(
        "2026112022001430011422334455", True
    )
    assert _parse(Form.DIGITS, "2O26l12O22001430011422334455", TRADE) is None
    assert parse(Form.AMOUNT, "l28.OO", limits=Limits(), statuses={}) is None
    assert parse(Form.AMOUNT, "128.O0", limits=Limits(), statuses={}) == Parsed("128.00", True)
    assert parse(Form.CODE, "KMO123", limits=Limits(), statuses={}) == Parsed("KMO123", True)
    assert parse(Form.CODE, "KM-0123", limits=Limits(), statuses={}) == Parsed("KM-0123")


@given(
    INSTANTS,
    st.sampled_from(
        [
            "%Y-%m-%d %H:%M:%S",
            "%Y/%m/%d %H:%M:%S",
            "%Y.%m.%d %H:%M:%S",
            "%Y年%m月%d日 %H:%M:%S",
            "%Y-%m-%d%H:%M:%S",
            "%Y年%m月%d日%H：%M：%S",
        ]
    ),
)
def test_an_instant_in_every_usual_form(at: datetime, form: str) -> None:
    assert _parse(Form.INSTANT, at.strftime(form), Limits(seconds=True)) == f"{at.isoformat()}+08:00"


@given(INSTANTS, st.data())
def test_a_padded_instant_that_lost_any_digit_is_none(at: datetime, data: st.DataObject) -> None:
    printed = at.strftime("%Y-%m-%d %H:%M:%S")
    place = data.draw(st.integers(0, len(printed) - 1).filter(lambda place: printed[place] != " "))
    assert _parse(Form.INSTANT, printed[:place] + printed[place + 1 :], Limits(seconds=True)) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026年11月5日 14:03", "2026-11-05T14:03+08:00"),
        ("2026-11-20 14:03", "2026-11-20T14:03+08:00"),
        ("2026年11月20日 星期五 下午2:03", "2026-11-20T14:03+08:00"),
        ("2026年11月20日 上午12:03", "2026-11-20T00:03+08:00"),
        ("2026-11-20 24:03", None),
        ("2026-02-30 12:00", None),
        ("1999-11-20 12:00", None),
        ("2026-11/20 12:00", None),
        ("2026年11月20日 下午14:03", None),
        ("2026-11-20 9:03", None),
    ],
)
def test_instants(text: str, value: str | None) -> None:
    assert _parse(Form.INSTANT, text) == value


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]),
)
def test_a_date_in_every_usual_form(day: date, form: str) -> None:
    assert _parse(Form.DATE, day.strftime(form)) == day.isoformat()


def test_a_date_with_a_time_keeps_it() -> None:
    assert _parse(Form.DATE, "2026-11-20 23:59:59") == "2026-11-20T23:59:59+08:00"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("138****5678", "138****5678"),
        ("138***5678", "138****5678"),
        ("138 **** 5678", "138****5678"),
        ("138＊＊＊＊5678", "138****5678"),
        ("a***@qq.com", "a***@qq.com"),
        ("12345678", "12345678"),
        ("张三", None),
        ("abc", None),
    ],
)
def test_accounts(text: str, value: str | None) -> None:
    assert _parse(Form.ACCOUNT, text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("14:05", "14:05"), ("9:41", "09:41"), ("下午2:03", "14:03"), ("24:00", None), ("14:60", None), ("114:05", None)],
)
def test_clocks(text: str, value: str | None) -> None:
    assert clock(text) == value


def test_a_state_is_a_word_of_the_list_and_no_other() -> None:
    assert [_parse(Form.STATUS, text) for text in ("交易成功", " 交易 成功 ", "交易成功了", "成功")] == [
        "paid",
        "paid",
        None,
        None,
    ]


@given(st.text(max_size=200), st.sampled_from(list(Form)))
def test_any_text_is_read_or_refused_without_a_fall(text: str, form: Form) -> None:
    found = parse(form, text, limits=Limits(lengths=(28,)) if form is Form.DIGITS else Limits(), statuses={})
    assert found is None or found.value


def test_arrows_and_buttons_after_a_value_are_taken_off() -> None:
    assert plain("KM2026 复制 >") == "KM2026"
    assert plain("￥１２８．００") == "¥128.00"
