"""Every comparison of a page with the records: what agrees, what contradicts, and what stays unknown."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.evidence.checks.compare import UsedElsewhere, compare
from huiliu.evidence.inspection.model import Check, CheckVerdict, Expected, FieldName, StatusCode
from tests.evidence.checks.made import at, contradictions, fields, one, read

AGREES, CONTRADICTS, UNKNOWN = CheckVerdict
PAID = at("2026-11-20 14:03:22")
UPLOADED = at("2026-11-20 16:30:00")
ALIPAY_NO = "2026112022001412345678901234"
WECHAT_NO = "4200002345202611201234567890"
TRUE = Expected(
    order_no="KM20261120001",
    amount="128.00",
    trade_no=ALIPAY_NO,
    paid_at=PAID,
    status="支付成功",
    payee="卡门数卡(深圳)科技有限公司",
    account="13812345678",
    product="100元话费直充",
    uploaded_at=UPLOADED,
)
BILL = fields(
    amount="128.00",
    order_no="KM20261120001",
    trade_no=ALIPAY_NO,
    paid_at="2026-11-20T14:03:22+08:00",
    status="paid",
    payee="卡门数卡（深圳）科技有限公司",
    clock="16:20",
)


def bill(**changed: str) -> tuple[Check, ...]:
    """The checks of a true bill with some fields changed, or taken away with an empty value."""
    values = {field.name.value: field.value for field in BILL} | changed
    return compare(fields(**{name: value for name, value in values.items() if value}), TRUE, page="alipay_bill")


def test_a_true_bill_agrees_in_everything_that_can_be_compared() -> None:
    checks = bill()
    assert contradictions(checks) == []
    agreeing = {check.name for check in checks if check.verdict is AGREES}
    assert agreeing >= {"order_no", "trade_no", "amount", "paid_at", "status", "payee", "clock", "trade_no_form"}
    assert agreeing >= {"trade_no_date", "date_exists", "paid_before_upload"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"amount": "1280.00"}, ["amount"]),
        ({"amount": "128.01"}, ["amount"]),
        ({"order_no": "KM20261120002"}, ["order_no"]),
        ({"trade_no": ALIPAY_NO[:-1] + "5"}, ["trade_no"]),
        ({"trade_no": "20261015" + ALIPAY_NO[8:]}, ["trade_no", "trade_no_date"]),
        ({"paid_at": "2026-11-20T14:06:23+08:00"}, ["paid_at"]),
        ({"paid_at": "2026-11-20T13:59+08:00"}, ["paid_at"]),
        ({"paid_at": "2026-11-19T14:03:22+08:00"}, ["paid_at"]),
        ({"paid_at": "2026-11-18T14:03:22+08:00"}, ["paid_at", "trade_no_date"]),
        ({"paid_at": "2026-11-20T18:03:22+08:00"}, ["paid_at", "paid_before_upload"]),
        ({"paid_at": "2026-11-31T14:03:22+08:00"}, ["date_exists"]),
        ({"payee": "幸运游戏充值中心"}, ["payee"]),
        ({"clock": "16:40"}, ["clock"]),
        ({"clock": "13:59"}, ["clock"]),
        ({"ordered_at": "2026-11-20T15:00:00+08:00"}, ["ordered_before_paid"]),
    ],
)
def test_each_forged_field_contradicts_by_its_own_check(changed: dict[str, str], expected: list[str]) -> None:
    assert contradictions(bill(**changed)) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "128"},
        {"paid_at": "2026-11-20T14:06:22+08:00"},
        {"paid_at": "2026-11-20T14:06+08:00"},
        {"paid_at": "2026-11-20T14:00:22+08:00"},
        {"paid_at": "2026-11-20"},
        {"clock": "14:00"},
        {"clock": "16:33"},
        {"payee": "*门数卡"},
        {"payee": "卡门数卡"},
        {"account": "138****5678"},
        {"account": "+86 138 1234 5678"},
        {"account": "小王"},
        {"product": "话费直充100元"},
        {"product": "全国移动快充"},
        {"status": "refunded"},
        {"status": "failed"},
        {"ordered_at": "2026-11-20T14:02:00+08:00"},
        {"order_no": "", "trade_no": "", "amount": ""},
    ],
)
def test_an_honest_variation_contradicts_nothing(changed: dict[str, str]) -> None:
    assert contradictions(bill(**changed)) == []


def test_another_number_in_the_same_products_name_contradicts() -> None:
    assert contradictions(bill(product="50元话费直充")) == ["product"]
    assert contradictions(bill(product="100元话费直充 3天内到账")) == []


def test_a_field_that_was_not_read_is_unknown_and_said_so() -> None:
    assert one(bill(amount=""), "amount") == Check(
        name="amount",
        source="order",
        expected="128.00",
        found="",
        verdict=UNKNOWN,
        field=FieldName.AMOUNT,
        note="not_read",
    )


def test_without_any_record_nothing_contradicts_and_nothing_agrees_but_the_page_itself() -> None:
    checks = compare(BILL, Expected(), page="alipay_bill")
    assert contradictions(checks) == []
    assert {check.source for check in checks} == {"page"}


def test_dates_alone_agree_roughly() -> None:
    assert one(bill(paid_at="2026-11-20"), "paid_at").note == "coarse"


# -------------------------------------------------------------------------------------------------------------- records


def test_each_record_gives_a_check_of_its_own() -> None:
    records = {"rail": Expected(amount="128.00"), "payment": Expected(amount="128.00")}
    checks = compare(BILL, TRUE, page="alipay_bill", records=records)
    assert {check.source for check in checks if check.name == "amount"} == {"order", "payment", "rail"}


def test_a_bill_that_agrees_with_the_rail_is_not_blamed_for_an_order_that_differs() -> None:
    coupon = compare(BILL, Expected(amount="150.00"), page="alipay_bill", records={"rail": Expected(amount="128.00")})
    assert contradictions(coupon) == []
    assert one(coupon, "amount", "order").note == "records_differ"


def test_a_bill_that_says_what_the_order_says_and_not_what_the_rail_says_is_contradicted() -> None:
    checks = compare(BILL, Expected(amount="128.00"), page="alipay_bill", records={"rail": Expected(amount="1.00")})
    assert one(checks, "amount", "rail").verdict is CONTRADICTS
    assert one(checks, "amount", "order").verdict is AGREES


@pytest.mark.parametrize("printed", ["150.00", "128.00"])
def test_a_shops_own_page_may_print_the_price_or_what_was_paid(printed: str) -> None:
    page = fields(amount=printed)
    records = {"rail": Expected(amount="128.00")}
    assert contradictions(compare(page, Expected(amount="150.00"), page="platform_order", records=records)) == []


@pytest.mark.parametrize("page", ["alipay_bill", "platform_order"])
def test_what_no_record_says_is_contradicted_on_any_page(page: str) -> None:
    records = {"rail": Expected(amount="128.00")}
    checks = compare(fields(amount="1280.00"), Expected(amount="150.00"), page=page, records=records)
    assert contradictions(checks) == ["amount", "amount"]


def test_what_the_buyer_complains_about_does_not_contradict_the_claim() -> None:
    page = fields(account="13900000000", amount="1.00")
    checks = compare(page, TRUE, page="platform_order", disputed=frozenset({FieldName.ACCOUNT}))
    assert contradictions(checks) == ["amount"]
    assert one(checks, "account").note == "disputed"


# --------------------------------------------------------------------------------------------------------------- status

NEVER = [StatusCode.PENDING, StatusCode.FAILED, StatusCode.CLOSED]


@pytest.mark.parametrize("printed", list(StatusCode))
@pytest.mark.parametrize("recorded", list(StatusCode))
def test_only_money_that_the_rail_never_saw_contradicts_a_status(printed: StatusCode, recorded: StatusCode) -> None:
    page = fields(status=printed.value)
    verdicts = {
        source: one(
            compare(page, Expected(), page="alipay_bill", records={source: Expected(status=recorded.value)}), "status"
        ).verdict
        for source in ("rail", "order", "platform", "payment")
    }
    impossible = printed in (StatusCode.PAID, StatusCode.REFUNDED, StatusCode.DELIVERED) and recorded in NEVER
    assert (verdicts["rail"] is CONTRADICTS) == impossible
    assert CONTRADICTS not in (verdicts["order"], verdicts["platform"], verdicts["payment"])
    if printed is recorded and printed is not StatusCode.UNKNOWN:
        assert verdicts["rail"] is AGREES


@pytest.mark.parametrize(
    ("recorded", "verdict"),
    [
        ("TRADE_SUCCESS", AGREES),
        ("TRADE_FINISHED", AGREES),
        ("SUCCESS", AGREES),
        ("REFUND", AGREES),
        ("WAIT_BUYER_PAY", CONTRADICTS),
        ("NOTPAY", CONTRADICTS),
        ("TRADE_CLOSED", UNKNOWN),
        ("支付成功", AGREES),
        ("whatever", UNKNOWN),
    ],
)
def test_a_rails_own_words_are_understood(recorded: str, verdict: CheckVerdict) -> None:
    checks = compare(fields(status="paid"), Expected(status=recorded), page="wechat_bill")
    assert one(checks, "status").verdict is verdict


# ---------------------------------------------------------------------------------------------------------------- times

MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)).map(
    lambda it: at(it.isoformat(sep=" ", timespec="seconds"))
)


@given(MOMENTS, st.integers(0, 24 * 60 - 1), st.integers(0, 24 * 60 - 1))
def test_no_honest_clock_contradicts_whatever_the_hour_and_the_day(paid: datetime, shown: int, uploaded: int) -> None:
    upload = paid + timedelta(minutes=max(shown, uploaded))
    clock = (paid + timedelta(minutes=min(shown, uploaded))).strftime("%H:%M")
    page = fields(clock=clock, paid_at=paid.isoformat())
    assert contradictions(compare(page, Expected(paid_at=paid, uploaded_at=upload), page="alipay_bill")) == []


@given(MOMENTS, st.integers(0, 12 * 60), st.integers(4, 11 * 60))
def test_a_clock_after_the_upload_contradicts_around_midnight_too(paid: datetime, minutes: int, late: int) -> None:
    upload = paid + timedelta(minutes=minutes)
    shown = upload + timedelta(minutes=late)
    clock = read(FieldName.CLOCK, f"{shown:%H:%M}", text=f"{shown:%p} {shown:%H:%M}")
    checks = compare((clock,), Expected(paid_at=paid, uploaded_at=upload), page="platform_order")
    assert one(checks, "clock").verdict is CONTRADICTS


def test_a_day_or_more_between_payment_and_upload_makes_a_clock_unknown() -> None:
    checks = compare(fields(clock="13:00"), Expected(paid_at=PAID, uploaded_at=PAID + timedelta(days=1)), page="x")
    assert (one(checks, "clock").verdict, one(checks, "clock").note) == (UNKNOWN, "over_a_day")


def test_a_clock_that_fits_only_by_twelve_hours_is_unknown() -> None:
    clock = read(FieldName.CLOCK, "03:20", text="3:20")
    checks = compare((clock,), Expected(paid_at=PAID, uploaded_at=UPLOADED), page="alipay_bill")
    assert (one(checks, "clock").verdict, one(checks, "clock").note) == (UNKNOWN, "twelve_hours")


def test_an_upload_before_the_recorded_payment_blames_nobody() -> None:
    checks = compare(fields(clock="13:00"), Expected(paid_at=PAID, uploaded_at=PAID - timedelta(hours=2)), page="x")
    assert one(checks, "clock").note == "records_differ"


@given(MOMENTS, st.integers(-180, 180))
def test_three_minutes_either_way_agree_across_midnight(paid: datetime, seconds: int) -> None:
    printed = paid + timedelta(seconds=seconds)
    checks = compare(fields(paid_at=printed.isoformat()), Expected(paid_at=paid), page="alipay_bill")
    assert one(checks, "paid_at").verdict is AGREES


@given(MOMENTS, st.integers(181, 10**6), st.sampled_from([1, -1]))
def test_anything_further_off_contradicts(paid: datetime, seconds: int, sign: int) -> None:
    printed = paid + timedelta(seconds=sign * seconds)
    checks = compare(fields(paid_at=printed.isoformat()), Expected(paid_at=paid), page="alipay_bill")
    assert one(checks, "paid_at").verdict is CONTRADICTS


@pytest.mark.parametrize(
    ("taken", "verdict"),
    [
        ("2026:11:20 16:29:00", AGREES),
        ("2026:11:20 22:00:00", AGREES),
        ("2026:11:21 16:30:00", CONTRADICTS),
        ("not a time", UNKNOWN),
    ],
)
def test_a_photo_from_after_its_upload_contradicts_beyond_any_time_zone(taken: str, verdict: CheckVerdict) -> None:
    checks = compare((), Expected(uploaded_at=UPLOADED), page="unknown", taken_at=taken)
    assert one(checks, "taken_at").verdict is verdict


# ---------------------------------------------------------------------------------------------------------- the rest


def test_both_amounts_of_a_page_must_agree() -> None:
    twice = (*fields(amount="128.00"), *fields(amount="728.00"))
    assert contradictions(compare(twice, Expected(), page="alipay_bill")) == ["amounts_agree"]
    assert one(compare(fields(amount="1.00") * 2, Expected(), page="alipay_bill"), "amounts_agree").verdict is AGREES


@pytest.mark.parametrize(
    ("page", "number", "verdict"),
    [
        ("alipay_bill", ALIPAY_NO, AGREES),
        ("wechat_bill", WECHAT_NO, AGREES),
        ("wechat_bill", ALIPAY_NO, UNKNOWN),
        ("alipay_bill", ALIPAY_NO[:-1], UNKNOWN),
        ("alipay_bill", "20261320" + ALIPAY_NO[8:], UNKNOWN),
    ],
)
def test_an_unusual_trade_number_proves_nothing_by_itself(page: str, number: str, verdict: CheckVerdict) -> None:
    checks = compare(fields(trade_no=number), Expected(), page=page)
    assert one(checks, "trade_no_form").verdict is verdict
    assert contradictions(checks) == []


def test_a_number_that_is_on_record_may_be_days_older_than_its_payment() -> None:
    paid = at("2026-11-24 10:00:00")
    late = Expected(trade_no=ALIPAY_NO, paid_at=paid)
    shown = fields(trade_no=ALIPAY_NO, paid_at="2026-11-24T10:00:00+08:00")
    assert contradictions(compare(shown, late, page="alipay_bill")) == []
    assert contradictions(compare(shown, Expected(paid_at=paid), page="alipay_bill")) == ["trade_no_date"]


def test_the_date_inside_a_trade_number_may_be_the_orders() -> None:
    paid_later = {"trade_no": ALIPAY_NO, "paid_at": "2026-11-25T10:00:00+08:00"}
    assert contradictions(compare(fields(**paid_later), Expected(), page="alipay_bill")) == ["trade_no_date"]
    ordered = fields(**paid_later, ordered_at="2026-11-20T10:00:00+08:00")
    assert contradictions(compare(ordered, Expected(), page="alipay_bill")) == []


@pytest.mark.parametrize(("refunded", "name"), [(False, "trade_no_used"), (True, "trade_no_refunded")])
def test_a_trade_number_used_in_another_claim_contradicts(refunded: bool, name: str) -> None:
    used = UsedElsewhere(trade_no=ALIPAY_NO, claim_no="RF261120AAAA", is_refunded=refunded)
    assert contradictions(compare(BILL, TRUE, page="alipay_bill", used_trade_no=used)) == [name]
    other = UsedElsewhere(trade_no=WECHAT_NO, claim_no="RF261120AAAA")
    assert contradictions(compare(BILL, TRUE, page="alipay_bill", used_trade_no=other)) == []


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [("7K3M9X", AGREES), ("7k3m 9x", AGREES), ("7K3M9W", UNKNOWN), ("7K3M9", UNKNOWN), ("7K3NPX", CONTRADICTS)],
)
def test_the_one_time_code_is_the_one_that_was_given(shown: str, verdict: CheckVerdict) -> None:
    assert one(compare(fields(code=shown), Expected(code="7K3M9X"), page="membership"), "code").verdict is verdict


@pytest.mark.parametrize(
    ("printed", "recorded", "verdict"),
    [
        ("2026-12-20", "2026-12-20", AGREES),
        ("2026-12-20", "2026-12-21T00:00:00+08:00", AGREES),
        ("2026-12-20T23:59:59+08:00", "2026-12-20", AGREES),
        ("2027-12-20", "2026-12-20", CONTRADICTS),
        ("永久", "2026-12-20", UNKNOWN),
    ],
)
def test_expiry_is_compared_by_the_day(printed: str, recorded: str, verdict: CheckVerdict) -> None:
    checks = compare(fields(expires_at=printed), Expected(expires_at=recorded), page="membership")
    assert one(checks, "expires_at").verdict is verdict


@pytest.mark.parametrize(
    ("clock", "delivered", "verdict"),
    [
        ("15:00", "2026-11-20 14:10:00", UNKNOWN),  # a page that was not loaded anew
        ("14:08", "2026-11-20 14:20:00", AGREES),
        ("14:10", "2026-11-20 14:09:00", UNKNOWN),
        ("", "2026-11-20 14:10:00", UNKNOWN),
    ],
)
def test_the_platforms_page_beside_its_log_accuses_nobody_of_a_stale_page(
    clock: str, delivered: str, verdict: CheckVerdict
) -> None:
    page = fields(status="not_delivered", **({"clock": clock} if clock else {}))
    known = Expected(paid_at=PAID, uploaded_at=UPLOADED, delivered_at=at(delivered))
    assert one(compare(page, known, page="platform_order"), "delivery").verdict is verdict
    assert not any(check.name == "delivery" for check in compare(page, known, page="membership"))


@pytest.mark.parametrize("printed", ["T200PKM20261120001", "KM20261120001_1", "km20261120001"])
def test_a_shops_letters_around_its_order_number_are_no_contradiction(printed: str) -> None:
    check = one(compare(fields(order_no=printed), TRUE, page="alipay_bill"), "order_no")
    assert check.verdict is AGREES


def test_the_number_on_a_bill_contradicts_only_what_the_rail_was_given() -> None:
    """Who imported orders without the number handed to the rail knows only what its own pages show."""
    shown = fields(order_no="PAY9938823881")
    told = {"order": Expected(order_no="KM20261120001"), "payment": Expected(order_no="PAY0000000001")}
    untold = {**told, "payment": Expected(amount="128.00")}
    assert contradictions(compare(shown, Expected(), page="alipay_bill", records=told)) == ["order_no", "order_no"]
    assert contradictions(compare(shown, Expected(), page="alipay_bill", records=untold)) == []
    assert contradictions(compare(shown, Expected(), page="platform_order", records=untold)) == ["order_no"]
