"""One-time codes on the form: which slots want one and which are live. A page that is only read issues none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from huiliu.evidence.slots import Slot, SlotCode, SlotKind, Supplier
from huiliu.evidence.verification.codes import live_code
from huiliu.kit.db import Tx


class CodeWanted(Struct, frozen=True, kw_only=True):
    """A slot that counts only with a code in the picture. `code` is '' until the buyer asks for one."""

    code: str = ""
    until: datetime | None = None
    is_demanded: bool
    """A restriction wants it in every picture; else the slot itself does."""


def wants_code(slot: Slot, *, is_demanded: bool) -> bool:
    """Whether pictures of this slot must show a code: always a platform check, and any when a restriction says so."""
    if slot.kind is SlotKind.SIGNED_WORDS or slot.supplier is Supplier.PLATFORM:
        return False
    return is_demanded or slot.code is SlotCode.PLATFORM_CHECK


async def codes_wanted(tx: Tx, claim_id: UUID, slots: Iterable[Slot], *, is_demanded: bool) -> Mapping[str, CodeWanted]:
    """The slots that want a code, each with the one that is good now."""
    found: dict[str, CodeWanted] = {}
    for slot in slots:
        if wants_code(slot, is_demanded=is_demanded):
            live = await live_code(tx, claim_id, slot=slot.code.value)
            found[slot.code.value] = (
                CodeWanted(is_demanded=is_demanded)
                if live is None
                else CodeWanted(code=live.code, until=live.expires_at, is_demanded=is_demanded)
            )
    return found
