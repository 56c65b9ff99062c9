"""From a draft to a version in force: everything that is looked at on one page, proposed by one, approved by another."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct, ValidationError, convert, to_builtins

from huiliu.kit.errors import Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.people.model import Permission, Staff
from huiliu.policy.drafts.actions import approve, propose, return_draft, take_back
from huiliu.policy.drafts.model import NOTE_CHARS_MAX, Draft, DraftMove
from huiliu.policy.parse import parse_policy
from huiliu.web.desk.desk import Desk, desk_of
from huiliu.web.desk.workshop_changes import Changes
from huiliu.web.desk.workshop_page import DraftBar, Opened, bar_of, looked_through, opened
from huiliu.web.desk.workshop_replay import Figures, figures
from huiliu.web.desk.workshop_words import Checked
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

MOMENT_CHARS_MAX = 25
BACKTEST = "backtest"
"""Where a proposal's report keeps the figures of its back-test."""


class EffectiveUnread(Refusal):
    """The effective time is no time."""

    code = "workshop.effective_unread"
    status = 422


class ProposalPage(Struct, frozen=True, kw_only=True):
    """The checks all together, and the step that is next for whoever looks."""

    desk: Desk
    bar: DraftBar
    checked: Checked
    changes: Changes | None
    may_propose: bool
    blocked: bool
    """Whether something found stands in the way of a proposal."""
    proposed_by: str
    proposed_at: datetime | None
    effective_from: datetime | None
    may_approve: bool
    may_return: bool
    may_take_back: bool
    why_not: str
    """Why this person may not approve: a code under workshop.why_not."""
    published_id: UUID | None
    figures: Figures | None
    """How past claims would move, as it was when it was proposed."""
    typed: dict[str, str]
    notice: Notice | None
    note_max: int = NOTE_CHARS_MAX


@get("/{slug:str}/desk/policies/drafts/{draft_id:uuid}/proposal")
async def proposal(visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes]:
    """What was found, and propose, approve or return."""
    return await _show(visit, draft_id)


@post("/{slug:str}/desk/policies/drafts/{draft_id:uuid}/proposal", status_code=303)
async def hand_over(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Propose, take back, return or approve."""
    found = await opened(visit, draft_id)
    form = await read_form(request)
    step = form.text("do", chars_max=20)
    try:
        version, note = form.number("version"), form.text("note")
        starts = _moment(form.text("effective_from", chars_max=MOMENT_CHARS_MAX)) if step == "propose" else None
        report = await _report(visit, found) if step == "propose" else None
        async with visit.as_staff() as tx:
            match step:
                case "approve":
                    await approve(tx, found.staff, draft_id, version=version)
                case "return":
                    await return_draft(tx, found.staff, draft_id, version=version, note=note)
                case "take_back":
                    await take_back(tx, found.staff, draft_id, version=version)
                case _:
                    await propose(
                        tx, found.staff, draft_id, version=version, effective_from=starts, note=note, report=report
                    )
    except Refusal as no:
        if no.status == 404:
            raise
        return await _show(visit, draft_id, refusal=no, typed=form.typed())
    return see(f"{visit.url('desk', 'policies', 'drafts', str(draft_id))}/proposal")


async def _show(
    visit: Visit, draft_id: UUID, *, refusal: Refusal | None = None, typed: dict[str, str] | None = None
) -> Response[bytes]:
    found = await opened(visit, draft_id)
    bar, draft = bar_of(visit, found), found.draft
    looked = await looked_through(visit, found, draft.source)
    why_not = _why_not(draft, found.staff)
    page = ProposalPage(
        desk=desk_of(visit, "policies"),
        bar=bar,
        checked=looked.checked,
        changes=looked.changes,
        may_propose=found.staff.may(Permission.PUBLISH_POLICY) and draft.may_move(DraftMove.PROPOSE),
        blocked=not looked.checks.may_be_proposed,
        proposed_by=draft.proposed_by_name,
        proposed_at=draft.proposed_at,
        effective_from=draft.effective_from,
        may_approve=draft.may_move(DraftMove.APPROVE) and not why_not,
        may_return=draft.may_move(DraftMove.RETURN)
        and found.staff.may(Permission.APPROVE_POLICY)
        and draft.may_return(found.staff.id),
        may_take_back=draft.may_move(DraftMove.TAKE_BACK) and draft.proposed_by == found.staff.id,
        why_not=why_not,
        published_id=draft.published_policy_id,
        figures=_figures(draft) if draft.may_move(DraftMove.APPROVE) else None,
        typed=typed or {},
        notice=notice_of(visit.lang, refusal) if refusal else None,
    )
    return show(visit, "desk/workshop_proposal.html", page, status=refusal.status if refusal else 200)


async def _report(visit: Visit, found: Opened) -> dict[str, object] | None:
    """What is kept beside the checks for the second person: how past claims would move."""
    if found.in_force is None:
        return None
    policy = await asyncio.to_thread(parse_policy, found.draft.source)
    return {BACKTEST: to_builtins(await figures(visit, found.in_force.policy, policy))}


def _figures(draft: Draft) -> Figures | None:
    try:
        return convert((draft.report or {}).get(BACKTEST), Figures)
    except ValidationError:
        return None


def _why_not(draft: Draft, staff: Staff) -> str:
    """Why this person may not approve, a code under workshop.why_not; '' when they may."""
    if not staff.may(Permission.APPROVE_POLICY):
        return "approve_role"
    if draft.proposed_by == staff.id:
        return "proposer"
    return "" if draft.may_approve(staff.id) else "author"


def _moment(text: str) -> datetime | None:
    """A time as a form's field has it, in Chinese time. Raises EffectiveUnread."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found.replace(tzinfo=SHANGHAI) if found.tzinfo is None else found).astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last day have no UTC
        raise EffectiveUnread from None


handlers = (proposal, hand_over)
