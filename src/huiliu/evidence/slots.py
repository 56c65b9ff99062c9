"""The closed catalogue of evidence slots: what each wants, in which form, and whose burden it is.

Their words (name, what must be visible) live in locale/<lang>/evidence.toml under [slot.<code>].
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from huiliu.evidence.errors import UnknownSlot
from huiliu.kit.text import Lang, has_words, say

VISIBLE_POINTS_MAX = 4


class SlotCode(StrEnum):
    """The slots that policies may name. A new one needs words in both languages and an example picture."""

    PAID_SHOT = "paid_shot"
    NOT_ARRIVED_SHOT = "not_arrived_shot"
    TIME_GAP = "time_gap"
    OPENING_RECORD = "opening_record"
    USAGE_TIME = "usage_time"
    PROMISE_COMPARE = "promise_compare"
    DETAIL_PAGE = "detail_page"
    DIFFERENCE = "difference"
    UNUSED_DECLARATION = "unused_declaration"
    PLATFORM_CHECK = "platform_check"
    ACCOUNT_COMPARE = "account_compare"
    PLATFORM_PROOF = "platform_proof"
    OTHER = "other"


class SlotKind(StrEnum):
    """The form a slot takes."""

    PICTURE = "picture"
    PICTURE_OR_VIDEO = "picture_or_video"
    SIGNED_WORDS = "signed_words"


class Supplier(StrEnum):
    """Whose burden a slot is. The platform's own records may fill a buyer's slot; never the other way round."""

    BUYER = "buyer"
    PLATFORM = "platform"


class Slot(msgspec.Struct, frozen=True):
    """One named place for evidence."""

    code: SlotCode
    kind: SlotKind = SlotKind.PICTURE
    supplier: Supplier = Supplier.BUYER

    @property
    def takes_video(self) -> bool:
        """Whether a video may stand here as well as pictures."""
        return self.kind is SlotKind.PICTURE_OR_VIDEO

    def name(self, lang: Lang) -> str:
        """What the slot is called on a page."""
        return say(lang, f"evidence.slot.{self.code}.name")

    def visible(self, lang: Lang) -> tuple[str, ...]:
        """What must be seen in it, two to four short points; the example picture numbers them in this order."""
        keys = (f"evidence.slot.{self.code}.see_{number}" for number in range(1, VISIBLE_POINTS_MAX + 1))
        return tuple(say(lang, key) for key in keys if has_words(key))


CATALOGUE: Mapping[SlotCode, Slot] = MappingProxyType(
    {
        slot.code: slot
        for slot in (
            Slot(SlotCode.PAID_SHOT),
            Slot(SlotCode.NOT_ARRIVED_SHOT, SlotKind.PICTURE_OR_VIDEO),
            Slot(SlotCode.TIME_GAP),
            Slot(SlotCode.OPENING_RECORD),
            Slot(SlotCode.USAGE_TIME, SlotKind.PICTURE_OR_VIDEO),
            Slot(SlotCode.PROMISE_COMPARE),
            Slot(SlotCode.DETAIL_PAGE),
            Slot(SlotCode.DIFFERENCE, SlotKind.PICTURE_OR_VIDEO),
            Slot(SlotCode.UNUSED_DECLARATION, SlotKind.SIGNED_WORDS),
            Slot(SlotCode.PLATFORM_CHECK, SlotKind.PICTURE_OR_VIDEO),
            Slot(SlotCode.ACCOUNT_COMPARE),
            Slot(SlotCode.PLATFORM_PROOF, supplier=Supplier.PLATFORM),
            Slot(SlotCode.OTHER, SlotKind.PICTURE_OR_VIDEO),
        )
    }
)

SLOTS_BY_REASON: Mapping[str, tuple[SlotCode, ...]] = MappingProxyType(
    {
        "not_arrived": (SlotCode.PAID_SHOT, SlotCode.NOT_ARRIVED_SHOT, SlotCode.TIME_GAP),
        "topup_wrong": (SlotCode.PAID_SHOT, SlotCode.ACCOUNT_COMPARE),
        "below_standard": (SlotCode.OPENING_RECORD, SlotCode.USAGE_TIME, SlotCode.PROMISE_COMPARE),
        "not_as_described": (SlotCode.DETAIL_PAGE, SlotCode.DIFFERENCE),
        "changed_mind": (SlotCode.UNUSED_DECLARATION, SlotCode.PLATFORM_CHECK),
    }
)
"""What to suggest when the policy's clause names no evidence; suggested, never required."""


def slot_by_code(code: str) -> Slot:
    """The slot of this code. Raises UnknownSlot."""
    try:
        return CATALOGUE[SlotCode(code)]
    except ValueError:
        raise UnknownSlot(slot=code[:40]) from None


def suggested_slots(reason: str) -> tuple[str, ...]:
    """What usually helps for this reason; an unknown reason suggests the open slot."""
    return tuple(code.value for code in SLOTS_BY_REASON.get(reason, (SlotCode.OTHER,)))
