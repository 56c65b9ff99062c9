"""EXPECT.json is read strictly: what is not understood is refused by its name before anything is inspected."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiliu.evidence.checks.expectations import EXPECTATIONS_BYTES_MAX, BadExpectation, read_expectations
from huiliu.evidence.inspection.model import Expected
from tests.evidence.checks.made import at


def shared(text: str) -> Expected:
    """The expectation of a file that holds one."""
    found = read_expectations(text.encode()).of("any.png")
    assert found is not None
    return found


@pytest.mark.parametrize("amount", ['"128.00"', '"128"', "128", "128.0", '"¥128.00"', '"128元"'])
def test_an_amount_may_be_text_or_number(amount: str) -> None:
    assert shared(f'{{"amount": {amount}}}').amount == "128.00"


def test_a_number_with_decimals_stays_exact() -> None:
    assert shared('{"amount": 1234567.89}').amount == "1234567.89"


def test_a_time_without_an_offset_is_chinas() -> None:
    known = shared('{"paid_at": "2026-11-20T14:03:22", "uploaded_at": "2026-11-20T06:30:00Z"}')
    assert (known.paid_at, known.uploaded_at) == (at("2026-11-20 14:03:22"), at("2026-11-20 14:30:00"))


def test_several_payees_and_unquoted_numbers_are_understood() -> None:
    known = shared('{"payee": ["卡门", "星卡"], "order_no": 12345678, "status": null}')
    assert (known.payee, known.order_no, known.status) == ("卡门|星卡", "12345678", None)


@pytest.mark.parametrize(
    "text",
    [
        '{"a.png": {"amount": 1}, "b.png": {"amount": 2}}',
        '[{"file": "a.png", "amount": 1}, {"file": "b.png", "amount": 2}]',
    ],
)
def test_each_file_may_have_its_own(text: str) -> None:
    known = read_expectations(text.encode())
    assert [known.of("some/folder/a.png"), known.of("b.png")] == [Expected(amount="1.00"), Expected(amount="2.00")]
    assert known.of("c.png") is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"amuont": 1}', "amuont"),
        ('{"a.png": {"amuont": 1}}', "a.png: amuont"),
        ('[{"file": "a.png", "amuont": 1}]', "[0].amuont"),
        ('[{"amount": 1}]', "[0]"),
        ('{"amount": "a lot"}', "amount"),
        ('{"amount": 1.234}', "amount"),
        ('{"amount": true}', "amount"),
        ('{"amount": [1]}', "amount"),
        ('{"amount": NaN}', "NaN"),
        ('{"amount": 1e999999999}', "amount"),
        ('{"paid_at": "yesterday"}', "paid_at"),
        ('{"paid_at": 20261120}', "paid_at"),
        ('{"paid_at": "2026-11-20"}', "paid_at"),
        ('{"paid_at": "9999-12-31T23:59:59-14:00"}', "paid_at"),
        ('{"uploaded_at": "0001-01-01T00:00:00+14:00"}', "uploaded_at"),
        ('{"product": "\\ud800"}', "product"),
        ('{"order_no": ""}', "order_no"),
        ('{"order_no": {}}', "order_no"),
        ('{"order_no": "1", "order_no": "2"}', "order_no"),
        ('"text"', "EXPECT.json"),
        ("{", "line 1"),
        ("[" * 100_000, ""),
        ("", "line 1"),
    ],
)
def test_what_is_not_understood_is_named(text: str, named: str) -> None:
    with pytest.raises(BadExpectation) as refused:
        read_expectations(text.encode())
    assert named in str(refused.value.facts["detail"])


def test_a_file_that_is_too_large_or_no_text_is_refused() -> None:
    for raw in (b" " * (EXPECTATIONS_BYTES_MAX + 1), b"\xff\xfe\x00"):
        with pytest.raises(BadExpectation):
            read_expectations(raw)


KEY = st.sampled_from(["amount", "paid_at", "payee", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_read_or_refused(value: object) -> None:
    with suppress(BadExpectation):
        read_expectations(json.dumps(value).encode())
