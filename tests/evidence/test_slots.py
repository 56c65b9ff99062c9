"""Every slot has a name, two to four points and an example picture in both languages; every 'no' has words."""

from __future__ import annotations

import re
from string import Formatter
from xml.etree import ElementTree

import pytest

from huiliu.evidence import errors
from huiliu.evidence.examples import example_svg
from huiliu.evidence.slots import (
    CATALOGUE,
    SLOTS_BY_REASON,
    VISIBLE_POINTS_MAX,
    SlotCode,
    Supplier,
    slot_by_code,
    suggested_slots,
)
from huiliu.kit.errors import Refusal, all_refusals
from huiliu.kit.text import Lang, refusal_words, words

SVG = "{http://www.w3.org/2000/svg}"
REFUSALS = [kind for kind in all_refusals() if kind.code.startswith("evidence.")]


def test_the_catalogue_is_closed_and_complete() -> None:
    assert set(CATALOGUE) == set(SlotCode)
    assert [slot.code for slot in CATALOGUE.values() if slot.supplier is Supplier.PLATFORM] == ["platform_proof"]


@pytest.mark.parametrize("lang", Lang)
def test_every_slot_has_a_name_and_two_to_four_short_points(lang: Lang) -> None:
    names = {slot.name(lang) for slot in CATALOGUE.values()}
    assert len(names) == len(CATALOGUE)
    for slot in CATALOGUE.values():
        assert 2 <= len(slot.visible(lang)) <= VISIBLE_POINTS_MAX
        assert all(len(point) <= 60 for point in slot.visible(lang))


def test_every_reason_suggests_slots_that_exist() -> None:
    reasons = {"topup_wrong", "not_arrived", "below_standard", "not_as_described", "changed_mind"}
    assert set(SLOTS_BY_REASON) == reasons
    for reason in reasons:
        assert all(slot_by_code(code) for code in suggested_slots(reason))
    assert suggested_slots("anything else") == ("other",)


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("code", SlotCode)
def test_every_slot_has_an_example_picture_that_numbers_its_points(code: SlotCode, lang: Lang) -> None:
    slot = CATALOGUE[code]
    source = example_svg(slot, lang)
    assert source == example_svg(code, lang)
    root = ElementTree.fromstring(source)  # noqa: S314  # our own drawing
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert slot.name(lang) in str(title.text)
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    numbers = {str(number) for number in range(1, len(slot.visible(lang)) + 1)}
    texts = {str(node.text) for node in root.iter(f"{SVG}text") if node.get("font-weight") == "700"}
    assert texts == numbers
    assert all(point in str(description.text) for point in slot.visible(lang))


@pytest.mark.parametrize("lang", Lang)
def test_example_pictures_carry_nothing_that_runs_loads_or_styles(lang: Lang) -> None:
    for code in SlotCode:
        source = example_svg(code, lang)
        assert not re.search(r"<script|<style|style=|href|<image|url\(|on\w+=|@font-face", source)
        assert len(source) < 12_000


def test_ids_of_two_pictures_on_one_page_differ() -> None:
    ids = [found for code in SlotCode for found in re.findall(r' id="([^"]+)"', example_svg(code, Lang.ZH))]
    assert len(ids) == len(set(ids))


def test_an_unknown_slot_is_refused_with_a_short_echo() -> None:
    with pytest.raises(errors.UnknownSlot) as refused:
        slot_by_code("x" * 1000)
    assert refused.value.facts == {"slot": "x" * 40}


@pytest.mark.parametrize("lang", Lang)
@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.code)
def test_every_no_has_words_in_every_language(kind: type[Refusal], lang: Lang) -> None:
    title, after = refusal_words(lang, kind())
    assert title
    assert after


def evidence_words(lang: Lang) -> dict[str, str]:
    return {key: text for key, text in words(lang).items() if key.startswith("evidence.")}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    chinese, english = evidence_words(Lang.ZH), evidence_words(Lang.EN)
    assert set(chinese) == set(english)
    for key, text in chinese.items():
        assert placeholders(text) == placeholders(english[key]), key


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_no_words_are_for_a_no_that_does_not_exist() -> None:
    told = {key.split(".")[2] for key in evidence_words(Lang.ZH) if key.startswith("evidence.errors.")}
    assert told == {kind.code.removeprefix("evidence.") for kind in REFUSALS}
