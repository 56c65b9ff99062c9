"""What a reviewer is shown of the automatic check on a claim's page: chips, the time gap, both texts, what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from huiliu.claims.page import ClaimPage
from huiliu.evidence.slots import SlotCode
from huiliu.evidence.suspicion.model import Suspicion
from huiliu.evidence.suspicion.reads import suspicions_of_claim
from huiliu.evidence.verification.reads import inspections
from huiliu.kit.db import Tx
from huiliu.people.model import Staff
from huiliu.people.restrictions.reads import restrictions_of_contact
from huiliu.web.buyer.comparing import Compared, compared
from huiliu.web.buyer.look import GapShown, gap_shown
from huiliu.web.buyer.restrictions import Held, held_as
from huiliu.web.desk.looking import Chip, FileSeen, file_seen, refused_of, summary_chips
from huiliu.web.visit import Visit


class EvidenceSeen(Struct, frozen=True, kw_only=True):
    """Everything the check and people's findings add to a claim's page."""

    chips: tuple[Chip, ...]
    files: Mapping[UUID, FileSeen]
    refused: Mapping[str, int]
    """By slot: private documents that were not kept."""
    gap: GapShown | None
    compared: Compared | None
    suspicions: tuple[Suspicion, ...]
    held: tuple[Held, ...]
    """What was ever decided about this buyer, newest first."""


async def load_seen(tx: Tx, visit: Visit, staff: Staff, whole: ClaimPage) -> EvidenceSeen:
    """The same for a claim that was loaded, so authorised, before."""
    claim, keyring = whole.claim, visit.house.keyring
    found = await inspections(tx, claim.id, keyring=keyring, is_for_staff=True)
    shown = ((file_id, file_seen(visit.lang, each)) for file_id, each in found.items())
    has_own_gap = any(it.code is SlotCode.TIME_GAP and it.files for it in whole.slots)
    contact = claim.contact_hash
    held = await restrictions_of_contact(tx, staff, contact) if contact is not None else []
    return EvidenceSeen(
        chips=summary_chips(found),
        files={file_id: it for file_id, it in shown if it is not None},
        refused=refused_of(found),
        gap=None if has_own_gap else gap_shown(visit.lang, found, claim=claim, case=whole.case),
        compared=await compared(tx, visit.lang, claim, case=whole.case, keyring=keyring),
        suspicions=tuple(await suspicions_of_claim(tx, staff, claim.id)),
        held=tuple(held_as(visit, each) for each in held),
    )
