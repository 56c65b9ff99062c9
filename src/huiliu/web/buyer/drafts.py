"""Preparing a claim, checking it, handing it in; and answering when material was asked for.

One form holds statement, amount and every slot, so that without scripts nothing typed is lost by uploading a picture.
"""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from huiliu.claims.actions import answer, file_claim, save_draft
from huiliu.claims.allowed import Allowed, Do
from huiliu.claims.model import STATEMENT_MAX, ClaimChanged, MoveNotAllowed, State
from huiliu.claims.page import ClaimPage, claim_page
from huiliu.evidence.gate.sniff import MIB, PICTURE_BYTES_MAX
from huiliu.evidence.model import SIGNER_NAME_MAX
from huiliu.kit.db import Tx
from huiliu.kit.errors import Invalid, Refusal
from huiliu.kit.money import SYMBOLS, Money, parse_minor
from huiliu.web.buyer.claim_view import ClaimView, claim_view
from huiliu.web.buyer.codes import codes_wanted
from huiliu.web.buyer.look import look
from huiliu.web.buyer.mending import TOLD, mending
from huiliu.web.buyer.restrictions import Held, holding
from huiliu.web.buyer.slots import (
    Filling,
    SlotForm,
    count_records,
    get_code,
    put_picture,
    sign_declaration,
    slot_forms,
    take_back_evidence,
)
from huiliu.web.buyer.timeline import slot_name
from huiliu.web.form import Form, HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

UPLOAD_BODY_MAX = 6 * PICTURE_BYTES_MAX
"""A form without scripts may carry a picture for several slots at once."""
FILE_FIELD = "file-"
AMOUNT_MAX = 20


class DraftPage(Struct, frozen=True, kw_only=True):
    """The form of a claim in preparation, of one that is applied for again, or of an answer to a request."""

    mode: str
    """draft, again or answer."""
    view: ClaimView
    slots: tuple[SlotForm, ...]
    record_count: int
    missing: tuple[str, ...]
    most: Money
    statement: str
    amount: str
    symbol: str
    held: tuple[Held, ...]
    notice: Notice | None = None
    signer: str = ""
    statement_max: int = STATEMENT_MAX
    signer_max: int = SIGNER_NAME_MAX
    picture_mib: int = PICTURE_BYTES_MAX // MIB


class ConfirmPage(Struct, frozen=True, kw_only=True):
    """Everything once more before it is handed in."""

    view: ClaimView
    slots: tuple[SlotForm, ...]
    record_count: int
    missing: tuple[str, ...]
    is_again: bool
    notice: Notice | None = None


@get("/{slug:str}/claims/{claim_no:str}/draft")
async def draft(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes] | Redirect:
    """What is still needed, what is there, how much, and why."""
    return await _show_draft(visit, claim_no, told=request.query_params.get(TOLD, ""))


@post("/{slug:str}/claims/{claim_no:str}/draft", status_code=303, request_max_body_size=UPLOAD_BODY_MAX)
async def save(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes] | Redirect:
    """Keep what was typed and sent; then stay, or go on to the summary."""
    form = await read_form(request)
    do = form.text("do", chars_max=60)
    try:
        await _keep_typed(visit, claim_no, form)
        told = await _keep_evidence(visit, claim_no, form, do)
    except Refusal as no:
        return await _show_draft(visit, claim_no, form=form, refusal=_or_raise(no))
    if told:
        return see(f"{visit.url('claims', claim_no, 'draft')}?{urlencode({TOLD: told})}#slots")
    return see(visit.url("claims", claim_no, "confirm" if do == "confirm" else "draft"))


@get("/{slug:str}/claims/{claim_no:str}/confirm")
async def confirm(visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes] | Redirect:
    """The whole application on one page."""
    return await _show_confirm(visit, claim_no)


@post("/{slug:str}/claims/{claim_no:str}/submission", status_code=303)
async def submit(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes] | Redirect:
    """Hand the application in. The version makes a second tap harmless: it finds the claim handed in already."""
    buyer = visit.signed_in_buyer()
    form = await read_form(request)
    try:
        async with visit.as_buyer() as tx:
            whole = await claim_page(tx, buyer, claim_no)
            await file_claim(
                tx,
                buyer,
                claim_no,
                version=form.number("version"),
                statement=whole.claim.statement,
                requested_minor=whole.claim.requested_minor,
                accept_incomplete=form.text("incomplete") == "1",
            )
    except (ClaimChanged, MoveNotAllowed) as no:
        return await _show_confirm(visit, claim_no, refusal=no)
    except Refusal as no:
        return await _show_confirm(visit, claim_no, refusal=_or_raise(no))
    return see(visit.url("claims", claim_no) + "?filed=1")


@get("/{slug:str}/claims/{claim_no:str}/material")
async def material(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes] | Redirect:
    """What was asked for, and room to put it."""
    return await _show_draft(visit, claim_no, told=request.query_params.get(TOLD, ""), answering=True)


@post("/{slug:str}/claims/{claim_no:str}/material", status_code=303, request_max_body_size=UPLOAD_BODY_MAX)
async def hand_in(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes] | Redirect:
    """Answer the request; the claim goes back to whoever asked."""
    buyer = visit.signed_in_buyer()
    form = await read_form(request)
    do = form.text("do", chars_max=60)
    try:
        told = await _keep_evidence(visit, claim_no, form, do)
        if do == "confirm" and not told:
            async with visit.as_buyer() as tx:
                await answer(
                    tx,
                    buyer,
                    claim_no,
                    version=form.number("version"),
                    words=form.text("statement", chars_max=STATEMENT_MAX),
                    accept_incomplete=form.text("incomplete") == "1",
                )
            return see(visit.url("claims", claim_no))
    except Refusal as no:
        return await _show_draft(visit, claim_no, form=form, refusal=_or_raise(no), answering=True)
    # Not a redirect: the words are kept nowhere but in the form until they are handed in.
    return await _show_draft(visit, claim_no, form=form, told=told, answering=True)


async def _keep_typed(visit: Visit, claim_no: str, form: Form) -> None:
    statement = form.text("statement", chars_max=STATEMENT_MAX)
    requested_minor = _amount(form)
    async with visit.as_buyer() as tx:
        await save_draft(
            tx,
            visit.signed_in_buyer(),
            claim_no,
            reason=None,
            statement=statement,
            requested_minor=requested_minor,
        )


async def _keep_evidence(visit: Visit, claim_no: str, form: Form, do: str) -> str:
    """What is wrong with a picture that was taken is returned as an address says it: its sender may send a better one."""
    told = ""
    for field, upload in form.files.items():
        if field.startswith(FILE_FIELD):
            taken = await put_picture(visit, claim_no, slot=field.removeprefix(FILE_FIELD), upload=upload)
            told = taken.told if taken.problems else told
    what, _, which = do.partition(":")
    if what == "code":
        async with visit.as_buyer() as tx:
            await get_code(tx, visit, claim_no, slot=which)
    if what == "remove":
        async with visit.as_buyer() as tx:
            await take_back_evidence(tx, visit, claim_no, what=which)
    signer = form.text("signer")
    if what == "sign" or (what == "confirm" and signer):
        async with visit.as_buyer() as tx:
            whole = await claim_page(tx, visit.signed_in_buyer(), claim_no)
            await sign_declaration(tx, visit, claim_no, whole=whole, name=signer)
    return told


async def _show_draft(
    visit: Visit,
    claim_no: str,
    *,
    form: Form | None = None,
    refusal: Refusal | None = None,
    told: str = "",
    answering: bool = False,
) -> Response[bytes] | Redirect:
    async with visit.as_buyer() as tx:
        whole = await claim_page(tx, visit.signed_in_buyer(), claim_no)
        filling = await _filling(tx, visit, whole, told=told)
        held = await holding(tx, visit)
    mode = _mode(whole)
    if mode is None or (mode == "answer") != answering:
        return see(visit.url("claims", claim_no))
    typed = form.typed() if form else {}
    slots = slot_forms(visit.lang, whole, filling)
    kept = "" if mode == "answer" else whole.claim.statement
    page = DraftPage(
        mode=mode,
        view=claim_view(visit.lang, whole, visit.now),
        slots=slots,
        record_count=count_records(slots),
        missing=_missing(visit, whole, slots),
        held=held,
        most=whole.case.left,
        statement=typed.get("statement", kept),
        amount=typed.get("amount", whole.requested.major()),
        symbol=SYMBOLS.get(whole.claim.currency, whole.claim.currency),
        signer=typed.get("signer", ""),
        notice=notice_of(visit.lang, refusal) if refusal else None,
    )
    return show(visit, "buyer/draft.html", page, status=refusal.status if refusal else 200)


async def _show_confirm(visit: Visit, claim_no: str, *, refusal: Refusal | None = None) -> Response[bytes] | Redirect:
    async with visit.as_buyer() as tx:
        whole = await claim_page(tx, visit.signed_in_buyer(), claim_no)
        filling = await _filling(tx, visit, whole)
    if _mode(whole) not in {"draft", "again"}:
        return see(visit.url("claims", claim_no))
    slots = slot_forms(visit.lang, whole, filling)
    page = ConfirmPage(
        view=claim_view(visit.lang, whole, visit.now),
        slots=slots,
        record_count=count_records(slots),
        missing=_missing(visit, whole, slots),
        is_again=whole.claim.state is State.REJECTED,
        notice=notice_of(visit.lang, refusal) if refusal else None,
    )
    return show(visit, "buyer/confirm.html", page, status=refusal.status if refusal else 200)


async def _filling(tx: Tx, visit: Visit, whole: ClaimPage, *, told: str = "") -> Filling:
    """What the check has found so far, the one-time codes, and what was just seen of a picture."""
    wanted = [view.slot for view in whole.slots]
    return Filling(
        seen=await look(tx, visit, whole.claim, case=whole.case),
        codes=await codes_wanted(tx, whole.claim.id, wanted, is_demanded=whole.case.must_show_code),
        mend=mending(visit.lang, told),
    )


def _mode(whole: ClaimPage) -> str | None:
    """Which form this claim has now, by what the buyer may do."""
    modes = {Do.SUBMIT: "draft", Do.REAPPLY: "again", Do.ANSWER: "answer"}
    can: list[Allowed] = [it for it in whole.allowed if it.is_now and it.do in modes]
    return modes[can[0].do] if can else None


def _missing(visit: Visit, whole: ClaimPage, slots: tuple[SlotForm, ...]) -> tuple[str, ...]:
    if whole.request is not None:
        return tuple(slot.name for slot in slots if slot.required and not slot.complete)
    return tuple(slot_name(visit.lang, code) for code in whole.judgement.missing)


def _amount(form: Form) -> int:
    try:
        return parse_minor(form.text("amount", chars_max=AMOUNT_MAX))
    except ValueError:
        raise Invalid(field="amount", problem="not_an_amount") from None


def _or_raise(refusal: Refusal) -> Refusal:
    """What is not there, or not this buyer's, has no form to show."""
    if refusal.status in {401, 404}:
        raise refusal
    return refusal


handlers = (draft, save, confirm, submit, material, hand_in)
