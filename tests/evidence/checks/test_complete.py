"""What is still wanted for a reason, slot by slot, in words that say what to do."""

from __future__ import annotations

import msgspec
import pytest

from huiliu.evidence.checks.complete import FIELDS_BY_SLOT, Lack, LackKind, lacking, required_slots
from huiliu.evidence.checks.gap import time_gap
from huiliu.evidence.checks.words import lack_words
from huiliu.evidence.inspection.model import Container, FieldName, FieldRead, Inspection, Verdict
from huiliu.evidence.reading.layout import load_layouts
from huiliu.evidence.slots import CATALOGUE, SlotCode
from huiliu.kit.text import Lang
from tests.evidence.checks.made import CLEAR, at, fields, read

LAYOUTS = load_layouts()
BILL = fields(amount="128.00", status="paid", paid_at="2026-11-20T14:03:22+08:00", trade_no="1" * 28)
ORDER = fields(clock="16:20", status="not_delivered", order_no="KM1")


def inspection(page: str, found: tuple[FieldRead, ...], verdict: Verdict = Verdict.CONSISTENT) -> Inspection:
    """What was found out about one picture."""
    return Inspection(
        verdict=verdict,
        reasons=("blurred",) if verdict is Verdict.RETAKE else (),
        page=page,
        quality=CLEAR,
        container=Container(media_type="image/png"),
        fields=found,
        missing=(),
        checks=(),
        findings=(),
    )


def test_two_good_pictures_and_their_gap_are_a_complete_claim() -> None:
    seen = {"paid_shot": [inspection("alipay_bill", BILL)], "not_arrived_shot": [inspection("platform_order", ORDER)]}
    gap = time_gap(BILL[2], ORDER[0], recorded={}, uploaded_at=at("2026-11-20 16:30:00"))
    assert lacking(required_slots("not_arrived"), seen, layouts=LAYOUTS, gap=gap) == ()


def test_an_empty_claim_lacks_every_slot() -> None:
    told = lacking(required_slots("not_arrived"), {}, layouts=LAYOUTS)
    assert [(it.slot.value, it.kind) for it in told] == [
        ("paid_shot", LackKind.EMPTY),
        ("not_arrived_shot", LackKind.EMPTY),
        ("time_gap", LackKind.EMPTY),
    ]


@pytest.mark.parametrize("gone", [FieldName.AMOUNT, FieldName.STATUS, FieldName.PAID_AT, FieldName.TRADE_NO])
def test_each_field_that_cannot_be_seen_is_named(gone: FieldName) -> None:
    seen = {"paid_shot": [inspection("alipay_bill", tuple(it for it in BILL if it.name is not gone))]}
    (told,) = lacking(["paid_shot"], seen, layouts=LAYOUTS)
    assert told.kind is LackKind.FIELD
    assert gone in told.any_of


def test_either_number_is_enough() -> None:
    found = (*BILL[:3], read(FieldName.ORDER_NO, "KM1"))
    assert lacking(["paid_shot"], {"paid_shot": [inspection("alipay_bill", found)]}, layouts=LAYOUTS) == ()


def test_two_pictures_of_a_slot_may_show_it_together() -> None:
    halves = [inspection("alipay_bill", BILL[:2]), inspection("alipay_bill", BILL[2:])]
    assert lacking(["paid_shot"], {"paid_shot": halves}, layouts=LAYOUTS) == ()


def test_a_bad_picture_is_asked_for_again_with_its_reason() -> None:
    seen = {"paid_shot": [inspection("alipay_bill", BILL, Verdict.RETAKE)]}
    (told,) = lacking(["paid_shot"], seen, layouts=LAYOUTS)
    assert (told.kind, told.reasons) == (LackKind.RETAKE, ("blurred",))


def test_another_kind_of_page_is_said_to_be_one() -> None:
    (told,) = lacking(["paid_shot"], {"paid_shot": [inspection("membership", BILL)]}, layouts=LAYOUTS)
    assert told.kind is LackKind.OTHER_PAGE
    assert "alipay_bill" in told.pages


def test_a_page_of_an_app_nobody_described_is_left_to_a_person() -> None:
    assert lacking(["paid_shot"], {"paid_shot": [inspection("unknown", ())]}, layouts=LAYOUTS) == ()


def test_what_the_platform_supplies_is_not_asked_of_the_buyer() -> None:
    assert lacking(["paid_shot", "time_gap"], {}, layouts=LAYOUTS, filled=frozenset({"paid_shot", "time_gap"})) == ()


def test_both_pictures_without_a_gap_say_why() -> None:
    seen = {"paid_shot": [inspection("alipay_bill", BILL)], "not_arrived_shot": [inspection("platform_order", ORDER)]}
    (told,) = lacking(["time_gap"], seen, layouts=LAYOUTS)
    assert told.kind is LackKind.GAP


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("kind", list(LackKind))
def test_every_lack_is_said_with_the_slots_name(kind: LackKind, lang: Lang) -> None:
    lack = Lack(
        slot=SlotCode.PAID_SHOT,
        kind=kind,
        any_of=(FieldName.TRADE_NO,),
        pages=("alipay_bill",),
        reasons=("read_unsure",),
    )
    said = lack_words(lang, lack)
    assert CATALOGUE[SlotCode.PAID_SHOT].name(lang) in said
    assert "{" not in said


def test_every_slot_that_wants_fields_has_a_page_that_may_show_each_of_them() -> None:
    for slot, wanted in FIELDS_BY_SLOT.items():
        pages = [layout for layout in LAYOUTS.values() if slot in layout.slots]
        assert pages, slot
        shown = {FieldName.CLOCK, FieldName.TITLE, FieldName.CODE} | {name for it in pages for name in it.fields}
        assert all(any_of & shown for any_of in wanted), slot


def test_an_inspection_passes_between_processes_whole() -> None:
    made = inspection("alipay_bill", BILL)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Inspection) == made
