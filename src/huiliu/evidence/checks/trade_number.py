"""The form of the rails' own payment numbers. Pure.

An assumption, to be verified on real numbers: Alipay's have 28 digits that start with yyyyMMdd, WeChat Pay's have 28 digits
that start with 42 and carry yyyyMMdd at places 10 to 17. So an unusual form by itself proves nothing; only a date
inside that is far from the payment does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

from huiliu.evidence.checks.times import DAY, Precision, Span
from huiliu.kit.ids import SHANGHAI

DIGITS = 28
DATE_DIGITS = 8
YEARS = range(2010, 2100)
"""A date outside was not meant as one."""


class Form(msgspec.Struct, frozen=True):
    """How one rail writes its numbers."""

    starts: str
    date_at: int
    words: str
    """What a check shows as expected."""


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "alipay_bill": Form("20", 0, "yyyyMMdd…, 28"),
        "wechat_bill": Form("42", 10, "42…yyyyMMdd…, 28"),
    }
)
"""By page."""


def has_form(number: str, form: Form) -> bool:
    """Whether the number looks as this rail's usually do."""
    is_number = number.isascii() and number.isdigit() and len(number) == DIGITS
    return is_number and number.startswith(form.starts) and number_day(number, form) is not None


def number_day(number: str, form: Form) -> Span | None:
    """The day that the number carries inside, if there is one where this rail puts it."""
    digits = number[form.date_at : form.date_at + DATE_DIGITS]
    if len(digits) < DATE_DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        start = datetime.strptime(digits, "%Y%m%d").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
    if start.year not in YEARS:
        return None
    return Span(start, start + DAY, Precision.DAY)
