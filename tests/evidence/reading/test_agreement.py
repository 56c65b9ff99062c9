"""Two engines, one picture: what is sure and undenied counts, what they dispute is missing."""

from __future__ import annotations

import msgspec
import pytest

from huiliu.evidence.inspection.model import Box, FieldName, FieldRead
from huiliu.evidence.reading.extract import Extracted
from huiliu.evidence.reading.reader import agreed


def _read(value: str | None, *, doubtful: bool = False, page: str = "alipay_bill") -> Extracted:
    field = None
    if value is not None:
        field = FieldRead(name=FieldName.AMOUNT, value=value, text=value, box=Box(0, 0, 1, 1), score=0.9)
    return Extracted(
        page=page,
        fields=(field,) if field else (),
        doubtful=frozenset({FieldName.AMOUNT}) if doubtful else frozenset(),
        required=(FieldName.AMOUNT,),
    )


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        (_read("128.00"), _read("128.00"), "128.00"),
        (_read("128.00"), _read("12.00"), None),
        (_read("128.00", doubtful=True), _read("12.00"), "12.00"),
        (_read("128.00"), _read("12.00", doubtful=True), "128.00"),
        (_read("128.00", doubtful=True), _read("12.00", doubtful=True), None),
        (_read("128.00", doubtful=True), _read("128.00", doubtful=True), "128.00"),
        (_read(None), _read("128.00"), "128.00"),
        (_read(None), _read("128.00", doubtful=True), None),
        (_read("128.00", doubtful=True), _read(None), None),
        (_read("128.00"), _read(None), "128.00"),
        (_read(None), _read(None), None),
    ],
)
def test_two_readings_of_one_field(first: Extracted, second: Extracted, value: str | None) -> None:
    found = agreed(first, second)
    field = found.field(FieldName.AMOUNT)
    assert (field.value if field else None) == value
    assert found.missing == (() if value else (FieldName.AMOUNT,))
    assert found.doubtful == frozenset()


def test_values_of_words_may_differ_in_spaces() -> None:
    one, other = _read("月卡 30天"), _read("月卡30 天")
    assert agreed(one, other).field(FieldName.AMOUNT) is not None


def test_when_the_engines_see_two_pages_only_what_one_is_sure_of_counts() -> None:
    known, unknown = _read("128.00"), _read("12.00", page="unknown")
    assert agreed(unknown, known).field(FieldName.AMOUNT) == known.field(FieldName.AMOUNT)
    assert agreed(known, unknown).field(FieldName.AMOUNT) == known.field(FieldName.AMOUNT)
    unsure = msgspec.structs.replace(known, doubtful=frozenset({FieldName.AMOUNT}))
    assert agreed(unknown, unsure).missing == (FieldName.AMOUNT,)
