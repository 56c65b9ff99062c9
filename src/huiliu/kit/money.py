"""Money in integer minor units, and the two ways it is ever divided."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum

import msgspec

AMOUNT_MINOR_MAX = 10_000_000_00
"""The largest amount one order may carry: ten million yuan, in fen."""

MINOR_PER_MAJOR = 100
SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "HKD": "HK$"}


class Rounding(StrEnum):
    """Which way the fraction of a cent goes. Never to the nearest: the policy must say who gets it."""

    FAVOUR_BUYER = "favour_buyer"
    FAVOUR_PLATFORM = "favour_platform"


class Money(msgspec.Struct, frozen=True, order=True):
    """An amount in minor units (fen) of one currency."""

    amount_minor: int
    currency: str = "CNY"

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount_minor - self._same(other), self.currency)

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def _same(self, other: Money) -> int:
        assert self.currency == other.currency, f"{self.currency} and {other.currency} do not add up"
        return other.amount_minor

    def part(self, numerator: int, denominator: int, rounding: Rounding = Rounding.FAVOUR_BUYER) -> Money:
        """This amount times numerator/denominator; the odd fraction of a minor unit goes where `rounding` says."""
        assert 0 <= numerator <= denominator
        assert denominator > 0
        scaled = self.amount_minor * numerator
        if rounding is Rounding.FAVOUR_BUYER:
            return Money(-(-scaled // denominator), self.currency)
        return Money(scaled // denominator, self.currency)

    def major(self) -> str:
        """The plain decimal that rails and files carry: 1234 -> '12.34'."""
        sign = "-" if self.amount_minor < 0 else ""
        whole, cents = divmod(abs(self.amount_minor), MINOR_PER_MAJOR)
        return f"{sign}{whole}.{cents:02d}"

    def __str__(self) -> str:
        sign = "-" if self.amount_minor < 0 else ""
        whole, cents = divmod(abs(self.amount_minor), MINOR_PER_MAJOR)
        return f"{sign}{SYMBOLS.get(self.currency, self.currency + ' ')}{whole:,}.{cents:02d}"


def parse_minor(text: str) -> int:
    """'12.34' -> 1234. Accepts ¥, commas and full-width digits.

    Raises ValueError: not a number, more than two decimals, not finite, or beyond AMOUNT_MINOR_MAX.
    """
    cleaned = text.strip().translate(_FULL_WIDTH).lstrip("¥￥").replace(",", "").removesuffix("元").strip()
    try:
        amount = Decimal(cleaned)
    except InvalidOperation:
        raise ValueError("not an amount") from None
    if not amount.is_finite():
        raise ValueError("not an amount")
    if amount.copy_abs() > AMOUNT_MINOR_MAX:  # before any arithmetic: 9e999999 has a value, but no hundredfold
        raise ValueError("beyond the largest amount")
    minor = amount * MINOR_PER_MAJOR
    if minor != minor.to_integral_value():
        raise ValueError("more than two decimals")
    if abs(minor) > AMOUNT_MINOR_MAX:
        raise ValueError("beyond the largest amount")
    return int(minor)


_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，", "0123456789.,")
