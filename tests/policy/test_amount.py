"""Amounts: the sum, who gets the odd fraction, fees, caps, and what is already back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.kit.money import Money, Rounding
from huiliu.kit.text import Lang
from huiliu.policy.amount import Amount, OrderMoney, Used, formula, refund_amount
from huiliu.policy.model import AmountRule, Basis

FULL = AmountRule(Basis.FULL)
BY_UNITS = AmountRule(Basis.UNITS)
BY_TIME = AmountRule(Basis.TIME)


def money(paid: int = 100_00, *, fee: int = 0, refunded: int = 0, reserved: int = 0) -> OrderMoney:
    return OrderMoney(paid=Money(paid), fee=Money(fee), refunded=Money(refunded), reserved=Money(reserved))


def computed(rule: AmountRule, of: OrderMoney, units: Used | None = None, time: Used | None = None) -> Amount:
    amount = refund_amount(rule, of, units=units, time=time)
    assert amount is not None
    return amount


def test_the_unused_part_comes_back_and_the_sum_is_written_out() -> None:
    amount = computed(BY_UNITS, money(), Used(30, 12, "day"))

    assert amount.refund == Money(60_00)
    assert formula(Lang.ZH, amount) == "已付 ¥100.00 × 未使用 18/30 天 = ¥60.00（不足一分的部分归您）"
    assert formula(Lang.EN, amount) == "Paid ¥100.00 × unused 18/30 days = ¥60.00 (any fraction of a cent goes to you)"


def test_the_odd_fraction_goes_where_the_clause_says() -> None:
    buyers = computed(BY_UNITS, money(100_00), Used(3, 1, "item"))
    platforms = computed(AmountRule(Basis.UNITS, rounding=Rounding.FAVOUR_PLATFORM), money(100_00), Used(3, 1, "item"))

    assert (buyers.refund, platforms.refund) == (Money(66_67), Money(66_66))
    assert formula(Lang.ZH, platforms).endswith("= ¥66.66（不足一分的部分舍去）")


def test_a_full_refund_returns_the_fee_unless_the_clause_keeps_it() -> None:
    returned = computed(FULL, money(fee=2_00))
    kept = computed(AmountRule(Basis.FULL, fee_returned=False), money(fee=2_00))

    assert (returned.refund, kept.refund) == (Money(100_00), Money(98_00))
    assert formula(Lang.ZH, returned) == "已付 ¥100.00"
    assert formula(Lang.ZH, kept) == "已付 ¥100.00 − 手续费 ¥2.00 = ¥98.00"


def test_a_kept_fee_is_taken_off_before_the_part_is() -> None:
    amount = computed(AmountRule(Basis.UNITS, fee_returned=False), money(fee=2_00), Used(2, 1, "item"))

    assert amount.refund == Money(49_00)
    assert formula(Lang.ZH, amount) == "（已付 ¥100.00 − 手续费 ¥2.00） × 未使用 1/2 件 = ¥49.00（不足一分的部分归您）"


def test_earlier_refunds_are_taken_off_what_the_clause_gives() -> None:
    amount = computed(BY_UNITS, money(refunded=20_00, reserved=5_00), Used(30, 12, "day"))

    assert amount.refund == Money(35_00)
    assert formula(Lang.ZH, amount).endswith("，减去已退或在途的 ¥25.00，本次退 ¥35.00")


def test_with_more_back_already_than_the_clause_gives_nothing_is_left() -> None:
    assert computed(BY_UNITS, money(refunded=70_00), Used(30, 12, "day")).refund == Money(0)


def test_a_cap_holds_and_is_named_only_when_it_bites() -> None:
    capped = computed(AmountRule(Basis.FULL, cap_minor=50_00), money())
    loose = computed(AmountRule(Basis.FULL, cap_minor=500_00), money())

    assert (capped.refund, loose.refund) == (Money(50_00), Money(100_00))
    assert formula(Lang.ZH, capped) == "已付 ¥100.00，按条款最多退 ¥50.00"
    assert formula(Lang.ZH, loose) == "已付 ¥100.00"


def test_time_is_measured_by_the_period_or_by_use_recorded_in_days() -> None:
    by_period = computed(BY_TIME, money(), None, Used(30, 15, "day"))
    by_days_used = computed(BY_TIME, money(), Used(30, 12, "day"))

    assert (by_period.refund, by_days_used.refund) == (Money(50_00), Money(60_00))
    assert refund_amount(BY_TIME, money(), units=Used(30, 12, "coin")) is None


@pytest.mark.parametrize("use", [None, Used(0, 0), Used(30, 31), Used(30, -1), Used(-1, 0)])
def test_without_a_sensible_measure_of_use_a_person_must_say(use: Used | None) -> None:
    assert refund_amount(BY_UNITS, money(), units=use) is None


def test_an_unknown_unit_is_shown_as_the_shop_writes_it_and_none_leaves_no_gap() -> None:
    assert "3/4 钻石 = " in formula(Lang.ZH, computed(BY_UNITS, money(), Used(4, 1, "钻石")))
    assert "3/4 = " in formula(Lang.ZH, computed(BY_UNITS, money(), Used(4, 1)))


@given(
    paid=st.integers(0, 10**9),
    fee=st.integers(0, 10**9),
    back=st.integers(0, 10**9),
    total=st.integers(1, 10**6),
    used=st.integers(0, 10**6),
    kept=st.booleans(),
    rounding=st.sampled_from(list(Rounding)),
    cap=st.none() | st.integers(1, 10**9),
)
def test_never_less_than_nothing_nor_more_than_is_left(
    paid: int, fee: int, back: int, total: int, used: int, kept: bool, rounding: Rounding, cap: int | None
) -> None:
    rule = AmountRule(Basis.UNITS, not kept, rounding, cap)
    of = money(paid, fee=min(fee, paid), refunded=min(back, paid))

    amount = computed(rule, of, Used(total, min(used, total)))

    exact = (paid - (min(fee, paid) if kept else 0)) * (total - min(used, total))
    given_back = amount.refund.amount_minor + min(back, paid)
    assert 0 <= amount.refund.amount_minor <= paid - min(back, paid)
    if cap is None and amount.refund:
        assert abs(given_back * total - exact) < total, "off by less than one minor unit"
        assert (given_back * total >= exact) or rounding is Rounding.FAVOUR_PLATFORM
    if cap is not None:
        assert amount.refund.amount_minor <= cap
