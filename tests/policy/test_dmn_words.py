"""What is said of a decision table: every code in both languages, situations as a table writes them, bounds as a policy does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from huiliu.kit.text import Lang, refusal_words, words
from huiliu.policy.conditions import read_when
from huiliu.policy.dmn.bounds import boundary, quantity_words, range_words
from huiliu.policy.dmn.lint import dmn_finding_words, dmn_situation_words, lint_dmn
from huiliu.policy.dmn.model import NotExportable, TableError
from huiliu.policy.dmn.read import read_dmn
from huiliu.policy.document import Mapping, Place, Report, Scalar
from huiliu.policy.model import FactKind, FactSpec, Range
from tests.policy.dmn.tables import HERE, table

SOURCE = "\n".join(
    path.read_text("utf-8") for path in (Path(__file__).parents[2] / "src/huiliu/policy/dmn").glob("*.py")
)


def test_every_code_has_words_and_every_word_its_code() -> None:
    said = {key for key in words(Lang.ZH) if re.match(r"dmn\.(problem|reason)\.", key)}
    raised = {f"dmn.problem.{code}" for code in re.findall(r'(?:FeelError|raise refused)\(.*?"(\w+)"', SOURCE)}
    raised |= set(re.findall(r'"(dmn\.(?:problem|reason)\.\w+)"', SOURCE))
    raised |= {f"dmn.reason.{code}" for code in re.findall(r'OrderError\("(\w+)"', SOURCE)}
    raised |= {f"dmn.reason.not_whole_{kind}" for kind in ("count", "amount", "duration")}

    assert said == raised


def test_both_languages_say_the_same_with_the_same_facts() -> None:
    def ours(lang: Lang) -> dict[str, set[str]]:
        return {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in words(lang).items() if key.startswith("dmn.")}

    assert ours(Lang.ZH) == ours(Lang.EN)
    for lang in Lang:
        for kind in (TableError, NotExportable):
            assert all(refusal_words(lang, kind()))


@pytest.mark.parametrize(
    ("name", "situation"),
    [
        ("shipping.dmn", 'Weight in kg (5..6), Country "DE","AT"'),
        ("loan.dmn", 'Credit score [600..850], Employment "unemployed", Monthly instalment <= 200'),
        ("holidays.dmn", "Age [16..17], Years of service [30..54]"),
        ("discount.dmn", 'Customer "private", Ordered on <= 2025-11-10,>= 2025-11-18, Delivery <= P3D'),
    ],
)
def test_a_situation_is_said_as_a_table_would_write_it(name: str, situation: str) -> None:
    dmn = read_dmn((HERE / name).read_bytes())
    finding = next(each for each in lint_dmn(dmn) if each.situation)

    assert dmn_situation_words(Lang.EN, dmn, finding.situation) == situation
    assert situation in dmn_finding_words(Lang.EN, dmn, finding)


def test_a_situation_of_yes_or_no_is_said_in_the_reader_s_language() -> None:
    dmn = read_dmn(table(("true", "1"), kind="boolean"))
    (finding,) = lint_dmn(dmn)

    assert [dmn_situation_words(lang, dmn, finding.situation) for lang in Lang] == ["in 0 否", "in 0 no"]


@pytest.mark.parametrize(
    ("kind", "low", "high", "said"),
    [
        (FactKind.DURATION, None, 3_600, "1小时以内"),
        (FactKind.DURATION, 3_601, 86_400, "超过1小时且1天以内"),
        (FactKind.DURATION, 3_600, 86_399, "1小时以上且不满1天"),
        (FactKind.DURATION, 1, None, "1秒以上"),
        (FactKind.AMOUNT, 50_000, None, "500元以上"),
        (FactKind.AMOUNT, None, 49_999, "不满500元"),
        (FactKind.AMOUNT, 1_234, 1_234, "12.34元以上且不满12.35元"),
        (FactKind.COUNT, 2, 5, "2次以上且5次以内"),
    ],
)
def test_a_range_is_said_by_its_rounder_bound_and_read_back_as_it_was(
    kind: FactKind, low: int | None, high: int | None, said: str
) -> None:
    text = range_words(kind, low, high)
    place = Place(1, 1)
    node = Mapping(((Scalar("数", place), Scalar(text, place)),), place)

    (test,) = read_when(Report(), node, {"数": FactSpec("数", kind, domain=Range(0, 10**6))})

    assert text == said
    assert test.ranges == (Range(low, high),)


def test_what_ends_at_a_bound_and_what_begins_there_name_the_same_number() -> None:
    for kind in (FactKind.DURATION, FactKind.AMOUNT, FactKind.COUNT):
        for first in range(90_000):
            number, above = boundary(kind, first)
            assert number == (first if above else first - 1)


def test_a_quantity_is_said_in_its_largest_whole_unit() -> None:
    said = [quantity_words(FactKind.DURATION, seconds) for seconds in (0, 59, 60, 5_400, 7_200, 172_800)]

    assert said == ["0秒", "59秒", "1分钟", "90分钟", "2小时", "2天"]
