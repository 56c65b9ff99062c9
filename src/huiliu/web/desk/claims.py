"""One claim on the desk, and what staff do with it: take, ask, decide, confirm. Each decision is previewed first."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup
from msgspec import Struct, structs

from huiliu.claims.model import STATEMENT_MAX, WORDS_MAX, State
from huiliu.claims.page import ClaimPage, claim_page
from huiliu.claims.reads import ClaimFilter, find_claims
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotAllowed, NotFound, Refusal
from huiliu.kit.money import Money
from huiliu.kit.text import Lang
from huiliu.ledger.reads import order_balance, statement
from huiliu.payouts.reads import attempts_of
from huiliu.people.model import Buyer, Permission, Staff
from huiliu.people.reads import load_platform
from huiliu.web.desk.claim_view import Books, DeskClaim, Line, desk_claim
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.desk.draft import DONE_BY, PANELS, PREVIEWED, Draft, perform, read_draft, was_done
from huiliu.web.desk.panel import Button, Panel, buttons, fresh_draft, is_open_to, open_form, use_ready
from huiliu.web.desk.preview import Rehearsal, rehearse, told
from huiliu.web.desk.queue import claim_url, neighbours
from huiliu.web.desk.seen import load_seen
from huiliu.web.desk.views import QueueLine
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

CLAIM_NO_MAX = 40
MARK_DIGITS_MAX = 9
OTHERS_SHOWN = 6
REFRESH_SECONDS = 25
"""How often an open claim asks whether a colleague or the buyer did anything meanwhile."""
FINANCE_SEES = frozenset({State.PAYING, State.REFUNDED, State.REJECTED, State.WITHDRAWN})


class ClaimShown(Struct, frozen=True, kw_only=True):
    """The claim page."""

    desk: Desk
    claim: DeskClaim
    view: str
    side: list[QueueLine]
    next_url: str
    buttons: tuple[Button, ...]
    panel: Panel | None
    notice: Notice | None
    news: tuple[Line, ...]
    """What happened since the reader looked."""
    since: int
    """The last line of the journal that the reader has seen; the page asks for news from there on."""
    kept_words: str
    """What was typed into a form that is no longer there."""
    done: str
    refresh_seconds: int = REFRESH_SECONDS
    words_max: int = WORDS_MAX
    statement_max: int = STATEMENT_MAX


class PreviewPage(Struct, frozen=True, kw_only=True):
    """What the buyer will read, what to weigh, and the button that does it."""

    desk: Desk
    claim_no: str
    title: str
    draft: Draft
    do: str
    read: Lang
    told: Markup
    told_confirmed: Markup | None
    amount: Money | None
    requested: Money
    proposed: Money | None
    missing: tuple[str, ...]
    limit: Money
    back_url: str


@get("/{slug:str}/desk/claims/{claim_no:str}")
async def claim(request: HttpRequest, visit: FromVisit, claim_no: FromPath[str]) -> Response[bytes]:
    """Everything about one claim on one screen."""
    staff = at_desk(visit)
    asked = request.query_params
    done = asked.get("done", "")
    return await _show(
        visit,
        staff,
        claim_no,
        view=asked.get("view", ""),
        panel=asked.get("do", ""),
        done=done if done in DONE_BY else "",
        since=asked.get("seen", ""),
    )


@post("/{slug:str}/desk/claims/{claim_no:str}/{what:str}", status_code=303)
async def act(
    request: HttpRequest, visit: FromVisit, claim_no: FromPath[str], what: FromPath[str]
) -> Response[bytes] | Redirect:
    """Write, preview or carry out one form of the decision bar."""
    staff = at_desk(visit)
    form = await read_form(request)
    draft = read_draft(form, _panel(what, form.text("panel", chars_max=20)))
    step, ready = form.text("step", chars_max=20), form.text("use", chars_max=60)
    if ready or step == "edit":
        return await _show(visit, staff, claim_no, view=draft.view, draft=draft, ready=ready)
    try:
        if draft.panel in PREVIEWED and step != "commit":
            return _preview(visit, draft, await rehearse(visit, staff, claim_no[:CLAIM_NO_MAX], draft))
        async with visit.as_staff() as tx:
            await perform(tx, staff, claim_no[:CLAIM_NO_MAX], draft)
    except Refusal as no:
        if no.status in {401, 404}:
            raise
        return await _refused(visit, staff, claim_no, draft, no)
    return see(_done_url(visit, claim_no, draft))


async def load_desk_claim(tx: Tx, visit: Visit, staff: Staff, claim_no: str) -> DeskClaim:
    """One claim whole. Raises NotFound; NotAllowed when this person's roles have nothing to do with it."""
    whole = await claim_page(tx, staff, claim_no[:CLAIM_NO_MAX])
    check_theirs(staff, whole)
    found = whole.claim
    buyer = Buyer(platform_id=tx.platform_id, contact_hash=found.contact_hash, order_ids=(found.order_id,))
    books = Books(
        balance=await order_balance(tx, found.order_id),
        statement=await statement(tx, found.order_id),
        attempts=await attempts_of(tx, staff, [payout.id for payout in whole.payouts]) if whole.payouts else [],
    )
    others = await find_claims(tx, buyer, ClaimFilter(limit=OTHERS_SHOWN))
    limit = (await load_platform(tx)).settings.second_person_over_minor
    return desk_claim(
        visit.lang,
        whole,
        now=visit.now,
        books=books,
        others=others,
        limit_minor=limit,
        seen=await load_seen(tx, visit, staff, whole),
    )


async def _show(
    visit: Visit,
    staff: Staff,
    claim_no: str,
    *,
    view: str = "",
    panel: str = "",
    draft: Draft | None = None,
    ready: str = "",
    refusal: Refusal | None = None,
    done: str = "",
    since: str = "",
) -> Response[bytes]:
    async with visit.as_staff() as tx:
        found = await load_desk_claim(tx, visit, staff, claim_no)
        view, side = await neighbours(tx, visit, staff, view_code=view, here=found.whole.claim.claim_no)
    seen = _mark(draft.seen if draft else since, found)
    wanted = draft.panel if draft else panel
    form = None
    if is_open_to(found.whole, wanted) and wanted != "take":
        filled = draft or fresh_draft(found, wanted, view=view)
        if ready:
            filled = use_ready(visit.lang, found, filled, ready)
        # The page shows the claim as it now is, so what is sent from it is meant for that.
        now = structs.replace(filled, version=str(found.whole.claim.version), seen=str(found.last_seen))
        form = open_form(visit.lang, found, now)
    page = ClaimShown(
        desk=desk_of(visit, "queue"),
        claim=found,
        view=view,
        side=side,
        next_url=_next(side),
        buttons=buttons(found.whole, wanted if form else ""),
        panel=form,
        notice=notice_of(visit.lang, refusal) if refusal else None,
        news=tuple(line for line in found.lines if line.line.mark > seen),
        since=seen,
        kept_words="" if form or draft is None else draft.words or draft.note,
        done=done,
    )
    return show(visit, "desk/claim.html", page, status=refusal.status if refusal else 200)


async def _refused(visit: Visit, staff: Staff, claim_no: str, draft: Draft, no: Refusal) -> Response[bytes] | Redirect:
    """The claim as it now is, with what was typed; a second press of the same button is no refusal."""
    async with visit.as_staff() as tx:
        whole = await claim_page(tx, staff, claim_no[:CLAIM_NO_MAX])
    if was_done(whole.timeline, staff, draft):
        return see(_done_url(visit, claim_no, draft))
    return await _show(visit, staff, claim_no, view=draft.view, draft=draft, refusal=no)


def _preview(visit: Visit, draft: Draft, rehearsal: Rehearsal) -> Response[bytes]:
    before, last = rehearsal.before, rehearsal.confirmed or rehearsal.after
    since = before.timeline[-1].seq if before.timeline else 0
    read = draft.read or visit.lang
    proposal = next((row for row in before.decisions if row.state == "proposed"), None)
    page = PreviewPage(
        desk=desk_of(visit, "queue"),
        claim_no=before.claim.claim_no,
        title=before.case.title,
        draft=draft,
        do=PANELS[draft.panel].value,
        read=read,
        told=told(visit, read, rehearsal.after, since=since),
        told_confirmed=told(visit, read, last, since=since) if rehearsal.confirmed else None,
        amount=last.approved if draft.panel in {"approve", "part", "confirm"} else None,
        requested=before.requested,
        proposed=before.judgement.proposed,
        missing=before.judgement.missing if proposal is None else (),
        limit=Money(visit.platform.settings.second_person_over_minor, before.claim.currency),
        back_url=claim_url(visit, before.claim.claim_no, draft.view),
    )
    return show(visit, "desk/preview.html", page)


def _panel(what: str, named: str) -> str:
    """Which form an address and its `panel` field mean. Raises NotFound."""
    fitting = [panel for panel, do in PANELS.items() if do.value == what]
    if not fitting:
        raise NotFound
    return named if named in fitting else fitting[0]


def check_theirs(staff: Staff, whole: ClaimPage) -> None:
    """Finance sees what money was decided on; everybody else at the desk sees every claim. Raises NotAllowed."""
    sees_all = staff.may(Permission.REVIEW) or staff.may(Permission.ADMINISTER)
    if not sees_all and whole.claim.state not in FINANCE_SEES and not whole.payouts:
        raise NotAllowed(permission=Permission.REVIEW.value)


def _mark(text: str, found: DeskClaim) -> int:
    """A line of the journal as a form or an address names it; anything else means: up to date."""
    is_mark = text.isascii() and text.isdigit() and len(text) <= MARK_DIGITS_MAX
    return int(text) if is_mark else found.last_seen


def _next(side: list[QueueLine]) -> str:
    """The next claim of the view behind this one; from its beginning when this one has left the view."""
    here = next((number for number, line in enumerate(side) if line.is_here), -1)
    behind = [*side[here + 1 :], *side[: max(here, 0)]]
    return behind[0].url if behind else ""


def _done_url(visit: Visit, claim_no: str, draft: Draft) -> str:
    url = claim_url(visit, claim_no, draft.view)
    return f"{url}{'&' if '?' in url else '?'}done={draft.panel}"


handlers = (claim, act)
