"""The claim page, and what a buyer does there: answer, take back, call the platform in."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from huiliu.claims.actions import escalate, withdraw
from huiliu.claims.model import STATEMENT_MAX, State
from huiliu.claims.page import ClaimPage, claim_page
from huiliu.claims.reads import ClaimFilter, ClaimListRow, find_claims
from huiliu.evidence.slots import SlotCode
from huiliu.kit.db import Tx
from huiliu.kit.errors import Invalid, Refusal
from huiliu.people.model import Viewer
from huiliu.web.buyer.claim_view import ClaimView, claim_view
from huiliu.web.buyer.comparing import Compared, compared
from huiliu.web.buyer.look import GapShown, SlotPage, look, slot_page
from huiliu.web.buyer.restrictions import Held, holding
from huiliu.web.buyer.seen import slot_state
from huiliu.web.form import Form, HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

CLAIM_NO_MAX = 40
CLAIMS_SHOWN = 20
CURSOR_MAX = 100
REFRESH_SECONDS = 20
"""How often an open claim page asks whether anything happened."""


class ClaimShown(Struct, frozen=True, kw_only=True):
    """The page: the view, and what a refused action said."""

    view: ClaimView
    notice: Notice | None = None
    typed: dict[str, str]
    states: dict[str, SlotPage]
    """What the automatic check says, by slot."""
    gap: GapShown | None
    compared: Compared | None
    held: tuple[Held, ...]
    just_filed: bool = False
    refresh_seconds: int = REFRESH_SECONDS
    words_max: int = STATEMENT_MAX


class Act(Protocol):
    """An action on a claim in a transaction."""

    async def __call__(self, tx: Tx, viewer: Viewer, claim_no: str, form: Form) -> None: ...


class ClaimsPage(Struct, frozen=True, kw_only=True):
    """The buyer's claims, newest first."""

    rows: tuple[ClaimListRow, ...]
    more_url: str


@get("/{slug:str}/claims")
async def claims(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Every claim of the buyer with its state and deadline."""
    buyer = visit.signed_in_buyer()
    which = ClaimFilter(before=_cursor(request.query_params.get("before", "")), limit=CLAIMS_SHOWN)
    async with visit.as_buyer() as tx:
        found = await find_claims(tx, buyer, which)
    rows = tuple(found[:CLAIMS_SHOWN])
    more_url = ""
    if len(found) > CLAIMS_SHOWN:
        before = f"{rows[-1].created_at.isoformat()}~{rows[-1].id}"
        more_url = f"{visit.url('claims')}?{urlencode({'before': before})}"
    return show(visit, "buyer/claims.html", ClaimsPage(rows=rows, more_url=more_url))


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    """Where the list goes on. Raises Invalid."""
    if not text:
        return None
    at, _, claim_id = text[:CURSOR_MAX].partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return (moment, UUID(claim_id)) if moment.tzinfo else None
    except ValueError:
        raise Invalid(field="cursor", problem="not_readable") from None


@get("/{slug:str}/claims/{claim_no:str}")
async def claim(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes] | Redirect:
    """The page that matters: where the claim is, what happens next, and by when."""
    buyer = visit.signed_in_buyer()
    async with visit.as_buyer() as tx:
        whole = await claim_page(tx, buyer, claim_no[:CLAIM_NO_MAX])
        if whole.claim.state is State.DRAFT:
            return see(visit.url("claims", claim_no, "draft"))
        shown = await _shown(tx, visit, whole, just_filed=request.query_params.get("filed") == "1")
    return show(visit, "buyer/claim.html", shown)


async def _shown(
    tx: Tx,
    visit: Visit,
    whole: ClaimPage,
    *,
    notice: Notice | None = None,
    typed: dict[str, str] | None = None,
    just_filed: bool = False,
) -> ClaimShown:
    claim, case = whole.claim, whole.case
    seen = await look(tx, visit, claim, case=case)
    pages = [
        slot_page(claim.claim_no, slot_state(visit.lang, it.code.value, it.files, seen.found), seen)
        for it in whole.slots
    ]
    return ClaimShown(
        view=claim_view(visit.lang, whole, visit.now),
        notice=notice,
        typed=typed or {},
        states={page.state.slot: page for page in pages},
        # With files of its own the slot shows it.
        gap=None if any(it.code is SlotCode.TIME_GAP and it.files for it in whole.slots) else seen.gap,
        compared=await compared(tx, visit.lang, claim, case=case, keyring=visit.house.keyring),
        held=await holding(tx, visit),
        just_filed=just_filed,
    )


@post("/{slug:str}/claims/{claim_no:str}/withdrawal", status_code=303)
async def take_back(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes] | Redirect:
    """Take the claim back."""

    async def act(tx: Tx, viewer: Viewer, claim_no: str, form: Form) -> None:
        await withdraw(tx, viewer, claim_no, version=form.number("version"))

    return await _act(request, visit, claim_no, act)


@post("/{slug:str}/claims/{claim_no:str}/escalation", status_code=303)
async def call_platform(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes] | Redirect:
    """Call the platform in."""

    async def act(tx: Tx, viewer: Viewer, claim_no: str, form: Form) -> None:
        await escalate(tx, viewer, claim_no, version=form.number("version"), words=form.text("words"))

    return await _act(request, visit, claim_no, act)


async def _act(request: HttpRequest, visit: Visit, claim_no: str, act: Act) -> Response[bytes] | Redirect:
    """Do it and show the claim; a refusal shows the claim as it now is, with what was typed."""
    buyer = visit.signed_in_buyer()
    form = await read_form(request)
    try:
        async with visit.as_buyer() as tx:
            await act(tx, buyer, claim_no, form)
    except Refusal as no:
        async with visit.as_buyer() as tx:
            whole = await claim_page(tx, buyer, claim_no)
            shown = await _shown(tx, visit, whole, notice=notice_of(visit.lang, no), typed=form.typed())
        return show(visit, "buyer/claim.html", shown, status=no.status)
    return see(visit.url("claims", claim_no))


handlers = (claims, claim, take_back, call_platform)
