"""Reading, for a buyer's pages, what the automatic check has found; and the fragment that renews itself meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from markupsafe import Markup
from msgspec import Struct

from huiliu.claims.case import Case, load_case_by_id
from huiliu.claims.reads import load_claim
from huiliu.claims.store import ClaimRow
from huiliu.evidence.checks.timeline import timeline_svg
from huiliu.evidence.checks.words import gap_sources_words
from huiliu.evidence.reads import live_files
from huiliu.evidence.slots import SlotCode, slot_by_code
from huiliu.evidence.verification.gaps import gap_of
from huiliu.evidence.verification.model import FileInspection
from huiliu.evidence.verification.reads import inspections
from huiliu.kit.db import Tx
from huiliu.kit.text import Lang
from huiliu.web.buyer.seen import SlotState, slot_state
from huiliu.web.page import show
from huiliu.web.visit import FromVisit, Visit

CLAIM_NO_MAX = 40
POLL_MS = 1_500
"""How often a slot's fragment is asked for while something of it is under way."""
FINE = frozenset({"second", "minute"})
"""Precisions of the payment's time from which a gap can be measured."""
GAP_SLOTS = frozenset({SlotCode.PAID_SHOT, SlotCode.NOT_ARRIVED_SHOT})
"""The time gap follows from these."""


class GapShown(Struct, frozen=True):
    """The gap as a small picture, with who bears the time of payment out."""

    picture: Markup
    sources: str


class Seen(Struct, frozen=True, kw_only=True):
    """What the check has found in one claim."""

    found: Mapping[UUID, FileInspection]
    gap: GapShown | None

    @property
    def gap_is_under_way(self) -> bool:
        """Whether a file that the time gap follows from is being read."""
        return any(it.is_under_way and it.slot in GAP_SLOTS for it in self.found.values())


class SlotPage(Struct, frozen=True, kw_only=True):
    """The fragment of one slot."""

    claim_no: str
    state: SlotState
    gap: GapShown | None
    polls: bool
    poll_ms: int = POLL_MS


@get("/{slug:str}/claims/{claim_no:str}/slots/{slot:str}")
async def slot(visit: FromVisit, claim_no: FromPath[str], slot: FromPath[str]) -> Response[bytes]:
    """How far the check of one slot's files is."""
    code = slot_by_code(slot).code.value
    async with visit.as_buyer() as tx:
        claim = await load_claim(tx, visit.signed_in_buyer(), claim_no[:CLAIM_NO_MAX])
        case = await load_case_by_id(tx, order_id=claim.order_id, line_no=claim.line_no)
        files = await live_files(tx, claim.id)
        seen = await look(tx, visit, claim, case=case)
    here = tuple(file for file in files if file.slot == code)
    page = slot_page(claim.claim_no, slot_state(visit.lang, code, here, seen.found), seen)
    return show(visit, "buyer/slot.html", page)


async def look(tx: Tx, visit: Visit, claim: ClaimRow, *, case: Case) -> Seen:
    """Everything the check has found in a claim that was loaded for its buyer."""
    found = await inspections(tx, claim.id, keyring=visit.house.keyring)
    return Seen(found=found, gap=gap_shown(visit.lang, found, claim=claim, case=case))


def slot_page(claim_no: str, state: SlotState, seen: Seen) -> SlotPage:
    """A slot's fragment; that of the time gap renews itself as long as a picture it follows from is being read."""
    is_gap = state.slot == SlotCode.TIME_GAP
    return SlotPage(
        claim_no=claim_no,
        state=state,
        gap=seen.gap if is_gap else None,
        polls=state.is_under_way or (is_gap and seen.gap_is_under_way),
    )


def gap_shown(lang: Lang, found: Mapping[UUID, FileInspection], *, claim: ClaimRow, case: Case) -> GapShown | None:
    """The time gap as its buyer and whoever judges it see it, once the pictures show it."""
    paid_at = case.paid_at if case.paid_precision in FINE else None
    gap = gap_of(found.values(), recorded={} if paid_at is None else {"payment": paid_at})
    if gap is None:
        return None
    delivered_at = case.delivered_at if case.delivered_precision in FINE else None
    drawn = timeline_svg(gap, lang, delivered_at=delivered_at, ident=f"gap-{claim.claim_no}")
    # Drawn by us from times and our own words, which are escaped there.
    return GapShown(Markup(drawn), gap_sources_words(lang, gap))  # noqa: S704


handlers = (slot,)
