"""Cells of decision tables: every form of unary test is read exactly, everything else is refused with its reason."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiliu.kit.text import Lang, words
from huiliu.policy.dmn.feel import FeelError, Span, Unary, ValueKind, parse_unary


@pytest.mark.parametrize(
    ("text", "met", "unmet"),
    [
        ("18", ["18"], ["17", "18.5"]),
        ("-3.50", ["-3.5"], ["3.5"]),
        (".5", ["0.5"], ["5"]),
        ("< 18", ["17.9"], ["18"]),
        ("<=18", ["18"], ["18.0001"]),
        ("> 0", ["0.001"], ["0"]),
        (">= 0", ["0"], ["-0.001"]),
        ("[1..5]", ["1", "5"], ["0.9", "5.1"]),
        ("(1..5]", ["1.1", "5"], ["1"]),
        ("]1..5[", ["1.1", "4.9"], ["1", "5"]),
        ("[1..5)", ["1"], ["5"]),
        ("1, 2,[7..8]", ["1", "2", "7.5"], ["1.5"]),
        ("not(1, >= 5)", ["2"], ["1", "5"]),
        ("not(not_a)", [], []),
    ],
)
def test_numbers_are_tested_exactly(text: str, met: list[str], unmet: list[str]) -> None:
    if not met:
        with pytest.raises(FeelError):
            parse_unary(text)
        return
    test = parse_unary(text)

    assert all(test.holds(Fraction(value)) for value in met)
    assert not any(test.holds(Fraction(value)) for value in unmet)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ('date("2024-02-29")', ValueKind.DATE, Fraction(738945)),
        ('@"2024-02-29"', ValueKind.DATE, Fraction(738945)),
        ('duration("PT1H")', ValueKind.DURATION, Fraction(3600)),
        ('duration("P1DT0.5S")', ValueKind.DURATION, Fraction(172801, 2)),
        ('duration("-P1Y2M")', ValueKind.MONTHS, Fraction(-14)),
        ('time("08:30:00")', ValueKind.TIME, Fraction(30600)),
        ('date and time("1970-01-02T00:00:00")', ValueKind.LOCAL_MOMENT, Fraction(86400)),
        ('date and time("1970-01-01T08:00:01+08:00")', ValueKind.MOMENT, Fraction(1)),
        ('"a \\"b\\""', ValueKind.TEXT, 'a "b"'),
        ("true", ValueKind.BOOLEAN, True),
    ],
)
def test_every_kind_of_value_is_read(text: str, kind: ValueKind, value: object) -> None:
    test = parse_unary(text)

    assert (test.kind, test.values) == (kind, (value,))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("null", "null"),
        ("x > 5", "name"),
        ("5 5", "feel_syntax"),
        ("[1..5", "feel_syntax"),
        ("[5..1]", "interval_empty"),
        ("(5..5]", "interval_empty"),
        ('< "a"', "no_order"),
        ("not(5", "feel_syntax"),
        ("1,", "feel_syntax"),
        ("1e5", "feel_syntax"),
        ("“a”", "feel_syntax"),
        ('1, "a"', "mixed_kinds"),
        ('date("2024-02-30")', "temporal"),
        ('date("20240228")', "temporal"),
        ('time("25:00:00")', "temporal"),
        ('duration("P1M1D")', "temporal"),
        ('duration("P")', "temporal"),
        (f'duration("P{"9" * 400}D")', "temporal"),
        ("9" * 31, "number"),
        (",".join(["1"] * 300), "too_many_items"),
        ("x" * 6000, "cell_too_long"),
        ("date(x)", "name"),
        ('concat("a")', "name"),
    ],
)
def test_what_is_not_a_unary_test_is_refused(text: str, code: str) -> None:
    with pytest.raises(FeelError) as caught:
        parse_unary(text)

    assert caught.value.code == code


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_unary_test_or_refused(text: str) -> None:
    try:
        test = parse_unary(text)
    except FeelError as error:
        test = Unary()
        assert any(f"dmn.problem.{error.code}" in words(lang) for lang in Lang)  # noqa: PT017 either is right
    assert test.is_any or test.values or test.spans


def test_a_span_knows_its_ends() -> None:
    span = Span(Fraction(1), True, Fraction(2), False)

    assert [Fraction(n, 2) in span for n in (1, 2, 3, 4)] == [False, True, True, False]
