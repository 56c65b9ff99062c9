"""Whatever checks can say exists in both languages and reads as a sentence."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import huiliu.evidence.checks as package
from huiliu.evidence.checks.compare import UsedElsewhere, compare
from huiliu.evidence.checks.verdict import REASONS
from huiliu.evidence.checks.words import (
    check_words,
    field_words,
    page_words,
    reason_words,
    source_words,
    verdict_meaning,
    verdict_words,
)
from huiliu.evidence.inspection.model import Check, CheckVerdict, Expected, FieldName, StatusCode, Verdict
from huiliu.evidence.look.problems import Problem
from huiliu.evidence.reading.layout import load_layouts
from huiliu.kit.text import Lang, has_words, words
from tests.evidence.checks.made import at, fields

CODE = "\n".join(path.read_text("utf-8") for path in sorted(Path(package.__path__[0]).glob("*.py")))
NAMES = sorted({key.split(".")[2] for key in words(Lang.EN) if key.startswith("evidence_checks.check.")})
PRIVATE_KINDS = ("id_card", "bank_card", "passport", "driving_licence")
PAID, UPLOADED = at("2026-11-20 14:03:22"), at("2026-11-20 16:30:00")


def test_every_note_that_the_code_gives_has_words() -> None:
    given = set(re.findall(r"(?:UNKNOWN|AGREES|CONTRADICTS), \"(\w+)\"", CODE)) | set(
        re.findall(r"note=\"(\w+)\"", CODE)
    )
    given |= set(re.findall(r"else \(?\"(\w+)\"", CODE)) & {"coarse"}
    assert len(given) > 10
    assert [note for note in sorted(given) if not has_words(f"evidence_checks.note.{note}")] == []


def test_every_check_that_the_code_names_has_words() -> None:
    named = {
        node.value.value
        for node in ast.walk(ast.parse(CODE.replace("from __future__ import annotations", "")))
        if isinstance(node, ast.keyword) and node.arg == "name" and isinstance(node.value, ast.Constant)
    } | set(re.findall(r"_page\(\"(\w+)\"", CODE))
    assert len(named) > 5
    assert named <= set(NAMES)


@pytest.mark.parametrize("lang", list(Lang))
def test_verdicts_reasons_fields_and_pages_have_words(lang: Lang) -> None:
    for verdict in Verdict:
        assert verdict_words(lang, verdict) != verdict_meaning(lang, verdict)
    for reason in (
        *REASONS,
        *Problem,
        *PRIVATE_KINDS,
        *(f"contradicts_{name}" for name in NAMES),
        *(f"missing_{it}" for it in FieldName),
    ):
        assert reason_words(lang, reason) != reason
    assert all(field_words(lang, name) for name in FieldName)
    assert [page for page in (*load_layouts(), "unknown") if page_words(lang, page) == page] == []
    assert page_words(lang, "somebodys_own_page") == "somebodys_own_page"
    assert source_words(lang, "rail") != "rail"


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("verdict", list(CheckVerdict))
@pytest.mark.parametrize("name", NAMES)
def test_every_check_speaks_for_every_verdict(name: str, verdict: CheckVerdict, lang: Lang) -> None:
    field = FieldName(name) if name in set(FieldName) else None
    said = check_words(
        lang, Check(name=name, source="order", expected="A-1", found="B-2", verdict=verdict, field=field)
    )
    assert said.endswith(("。", "."))
    assert "{" not in said
    assert "B-2" in said or "A-1" in said


@pytest.mark.parametrize("lang", list(Lang))
def test_real_checks_are_said_with_values_that_people_write(lang: Lang) -> None:
    page = fields(amount="128.00", paid_at="2026-11-20T15:03:22+08:00", status="paid", clock="13:00", trade_no="1")
    known = Expected(amount="1.00", paid_at=PAID, status="closed", uploaded_at=UPLOADED)
    used = UsedElsewhere(trade_no="1", claim_no="RF261120AAAA")
    said = [check_words(lang, it) for it in compare(page, known, page="alipay_bill", used_trade_no=used)]
    text = "\n".join(said)
    assert "2026-11-20 14:03:22" in text
    assert "T15:03" not in text
    assert "+08:00" not in text
    assert "closed" not in text or lang is Lang.EN
    assert "RF261120AAAA" in text


def test_a_long_value_is_shortened() -> None:
    check = Check(name="product", source="order", expected="长" * 500, found="x", verdict=CheckVerdict.UNKNOWN)
    assert len(check_words(Lang.ZH, check)) < 200


def test_statuses_have_names() -> None:
    assert all(has_words(f"evidence_checks.status.{code}") for code in StatusCode)


def test_accusing_words_are_nowhere_in_what_people_read() -> None:
    spoken = [text for lang in Lang for key, text in words(lang).items() if key.startswith("evidence_checks.")]
    assert [text for text in spoken if re.search(r"伪造|造假|骗|作弊|fake|forg|fraud|cheat", text, re.IGNORECASE)] == []
