"""Whether evidence is complete: per reason the slots, per slot the pages and what must be readable on them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

import msgspec

from huiliu.evidence.checks.gap import Gap
from huiliu.evidence.inspection.model import FieldName, Inspection, Verdict
from huiliu.evidence.reading.layout import Layouts, pages_for_slot
from huiliu.evidence.slots import SlotCode, suggested_slots

AnyOf = frozenset[FieldName]
"""One of these is enough."""

FIELDS_BY_SLOT: Mapping[SlotCode, tuple[AnyOf, ...]] = MappingProxyType(
    {
        SlotCode.PAID_SHOT: (
            frozenset({FieldName.AMOUNT}),
            frozenset({FieldName.STATUS}),
            frozenset({FieldName.PAID_AT}),
            frozenset({FieldName.TRADE_NO, FieldName.ORDER_NO}),
        ),
        SlotCode.NOT_ARRIVED_SHOT: (
            frozenset({FieldName.CLOCK}),
            frozenset({FieldName.STATUS}),
            frozenset({FieldName.ORDER_NO, FieldName.ACCOUNT}),
        ),
        SlotCode.OPENING_RECORD: (frozenset({FieldName.ORDERED_AT, FieldName.PAID_AT, FieldName.EXPIRES_AT}),),
        SlotCode.USAGE_TIME: (
            frozenset({FieldName.ACCOUNT}),
            frozenset({FieldName.LEVEL, FieldName.EXPIRES_AT}),
        ),
        SlotCode.DETAIL_PAGE: (frozenset({FieldName.PRODUCT, FieldName.AMOUNT}),),
        SlotCode.ACCOUNT_COMPARE: (frozenset({FieldName.ACCOUNT}),),
    }
)
"""What the points numbered in the example pictures come to. A slot that is not here takes any picture."""

DISPUTED_BY_REASON: Mapping[str, frozenset[FieldName]] = MappingProxyType(
    {
        "topup_wrong": frozenset({FieldName.ACCOUNT}),
        "below_standard": frozenset({FieldName.EXPIRES_AT}),
        "not_as_described": frozenset({FieldName.PRODUCT}),
    }
)
"""Fields whose difference from the record is what the buyer complains about; `compare` is told."""


class LackKind(StrEnum):
    """What is wrong with a slot."""

    EMPTY = "empty"
    RETAKE = "retake"
    OTHER_PAGE = "other_page"
    FIELD = "field"
    GAP = "gap"
    """Both pictures are there, and the time between them cannot be told."""


class Lack(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is still wanted, for `checks.words.lack_words`."""

    slot: SlotCode
    kind: LackKind
    any_of: tuple[FieldName, ...] = ()
    pages: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def lacking(
    required: Sequence[str],
    seen: Mapping[str, Sequence[Inspection]],
    *,
    layouts: Layouts,
    filled: frozenset[str] = frozenset(),
    gap: Gap | None = None,
) -> tuple[Lack, ...]:
    """What is still wanted for these slots (of the policy's clause, or `required_slots(reason)`).

    `seen` holds what was found out about each slot's pictures; several together may show what is wanted. `filled` are
    slots that the platform's records or signed words fill already.
    """
    found: list[Lack] = []
    for code in required:
        slot = SlotCode(code)
        if slot.value in filled or (slot is SlotCode.TIME_GAP and gap is not None):
            continue
        if slot is SlotCode.TIME_GAP:
            found += _gap_lacks(seen)
        else:
            found += _slot_lacks(slot, seen.get(slot.value, ()), layouts)
    return tuple(found)


def required_slots(reason: str) -> tuple[str, ...]:
    """The slots of a reason when no policy clause names its own."""
    return suggested_slots(reason)


def _slot_lacks(slot: SlotCode, pictures: Sequence[Inspection], layouts: Layouts) -> Iterator[Lack]:
    if not pictures:
        yield Lack(slot=slot, kind=LackKind.EMPTY)
        return
    usable = [picture for picture in pictures if picture.verdict is not Verdict.RETAKE]
    if not usable:
        yield Lack(slot=slot, kind=LackKind.RETAKE, reasons=pictures[-1].reasons)
        return
    wanted = FIELDS_BY_SLOT.get(slot, ())
    pages = pages_for_slot(slot, layouts)
    read = {field.name for picture in usable for field in picture.fields}
    # An app nobody described yet is unknown: it is for a person to look at, not for the buyer to take again.
    is_other = all(picture.page != "unknown" and picture.page not in pages for picture in usable)
    if wanted and pages and is_other:
        yield Lack(slot=slot, kind=LackKind.OTHER_PAGE, pages=pages)
        return
    if all(picture.page == "unknown" for picture in usable):
        return
    for any_of in wanted:
        if not any_of & read:
            yield Lack(slot=slot, kind=LackKind.FIELD, any_of=tuple(sorted(any_of)))


def _gap_lacks(seen: Mapping[str, Sequence[Inspection]]) -> Iterator[Lack]:
    """The gap follows from the two pictures; while one of them is not there, that one is what lacks."""
    if all(seen.get(slot.value) for slot in (SlotCode.PAID_SHOT, SlotCode.NOT_ARRIVED_SHOT)):
        yield Lack(slot=SlotCode.TIME_GAP, kind=LackKind.GAP)
    elif not seen.get(SlotCode.TIME_GAP.value):
        yield Lack(slot=SlotCode.TIME_GAP, kind=LackKind.EMPTY)
