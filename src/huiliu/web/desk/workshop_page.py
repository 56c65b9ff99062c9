"""The editor's page: a draft with its clauses, its text, its limits and its examples, and what the checks say of it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

from litestar import Response
from msgspec import Struct

from huiliu.kit.db import Tx
from huiliu.kit.errors import Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import Lang
from huiliu.people.model import Permission, Staff, require
from huiliu.policy.document import SOURCE_CHARS_MAX
from huiliu.policy.drafts.checks import Checks, checks
from huiliu.policy.drafts.model import Draft, DraftMove
from huiliu.policy.drafts.reads import load_draft
from huiliu.policy.edit.edits import clause_rows
from huiliu.policy.model import REFUNDS, Clause, NoneInForce, Outcome, Policy, PublishedPolicy
from huiliu.policy.reads import policy_in_force
from huiliu.policy.wording import policy_name
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.desk.workshop_changes import CHANGES_BESIDE, Changes, changes_words
from huiliu.web.desk.workshop_form import ClauseForm, clause_form, limit_fields
from huiliu.web.desk.workshop_words import Checked, ClauseLine, checked_words, clause_lines
from huiliu.web.page import Notice, notice_of, show
from huiliu.web.visit import Visit

TABS = ("clauses", "source", "limits", "cases")
NEW_CLAUSE_ID = ""


class DraftBar(Struct, frozen=True, kw_only=True):
    """What stands above every page of a draft: what it is, where it is, and what may be done with it."""

    id: UUID
    version: int
    base: str
    label: str
    name: str
    state: str
    edited_by: str
    edited_at: datetime
    note: str
    in_force_id: UUID | None
    in_force_label: str
    may_edit: bool
    """Whether this person may write now; `why_not` says why not, a code under workshop.why_not."""
    why_not: str
    can_undo: bool
    is_mine: bool


class EditorPage(Struct, frozen=True, kw_only=True):
    """A draft at work."""

    desk: Desk
    bar: DraftBar
    tab: str
    checked: Checked
    changes: Changes | None
    lines: tuple[ClauseLine, ...]
    form: ClauseForm | None
    limits: tuple[tuple[str, str], ...]
    head: tuple[tuple[str, str], ...]
    source: str
    saved_source: str
    """What somebody else saved meanwhile, beside what was typed."""
    notice: Notice | None
    stale: Stale | None
    refunds: frozenset[Outcome] = REFUNDS
    source_max: int = SOURCE_CHARS_MAX


class Stale(Struct, frozen=True):
    """Who saved meanwhile, and when."""

    name: str
    at: datetime


class CheckedPage(Struct, frozen=True, kw_only=True):
    """The fragment that is renewed as somebody types."""

    bar: DraftBar
    checked: Checked
    changes: Changes | None
    beside: bool
    """Whether a clause is being edited, with its one line of the checks beside the button that saves."""


class Looked(Struct, frozen=True, kw_only=True):
    """What was found in a text, and in words."""

    checks: Checks
    checked: Checked
    changes: Changes | None


class Opened(Struct, frozen=True, kw_only=True):
    """A draft, the version in force, and who looks."""

    staff: Staff
    draft: Draft
    in_force: PublishedPolicy | None


async def opened(visit: Visit, draft_id: UUID, *, permission: Permission | None = None) -> Opened:
    """Load a draft for somebody who may see drafts. Raises SignInFirst, NotAllowed, NotFound."""
    staff = at_desk(visit)
    if permission is not None:
        require(staff, permission)
    async with visit.as_staff() as tx:
        draft = await load_draft(tx, staff, draft_id)
        in_force = await in_force_now(tx)
    return Opened(staff=staff, draft=draft, in_force=in_force)


async def in_force_now(tx: Tx) -> PublishedPolicy | None:
    """The version in force, if there is one yet."""
    try:
        return await policy_in_force(tx, tx.now)
    except NoneInForce:
        return None


async def looked_through(visit: Visit, found: Opened, source: str) -> Looked:
    """The checks of a draft's text, saved or only typed, and how it differs from the version in force."""
    in_force, starts = found.in_force, found.draft.effective_from
    base = draft_url(visit, found.draft)
    # The law that counts is that of the day it takes effect: the proposal's, else the one the text names.
    day = None if starts is None else starts.astimezone(SHANGHAI).date()
    # Away from the event loop: a long policy takes its time.
    said = await asyncio.to_thread(checks, source, None if in_force is None else in_force.policy, on=day)
    changes = None
    if said.policy is not None and in_force is not None and said.changes is not None:
        old, new, lang = in_force.policy, said.policy, visit.lang
        changes = changes_words(lang, old, new, said.changes, base=base, shown=CHANGES_BESIDE)
    return Looked(checks=said, checked=checked_words(visit.lang, said, base=base), changes=changes)


def draft_url(visit: Visit, draft: Draft) -> str:
    """Where a draft's pages begin."""
    return visit.url("desk", "policies", "drafts", str(draft.id))


def _name(lang: Lang, draft: Draft, in_force: PublishedPolicy | None) -> str:
    """A draft keeps the Chinese name; in English it is called as the version in force is, if that is its name."""
    if in_force is not None and in_force.name == draft.name:
        return policy_name(lang, in_force.policy)
    return draft.name


def bar_of(visit: Visit, found: Opened) -> DraftBar:
    """The bar of a draft for whoever is signed in."""
    draft, staff = found.draft, found.staff
    may_write = staff.may(Permission.PUBLISH_POLICY)
    is_open = draft.may_move(DraftMove.SAVE)
    return DraftBar(
        id=draft.id,
        version=draft.version,
        base=draft_url(visit, draft),
        label=draft.label,
        name=_name(visit.lang, draft, found.in_force),
        state=draft.state.value,
        edited_by=draft.edited_by_name,
        edited_at=draft.edited_at,
        note=draft.note,
        in_force_id=found.in_force.id if found.in_force else None,
        in_force_label=found.in_force.label if found.in_force else "",
        may_edit=may_write and is_open,
        why_not="" if may_write and is_open else draft.state.value if not is_open else "role",
        can_undo=draft.save_no > 1,
        is_mine=draft.proposed_by == staff.id,
    )


async def show_editor(
    visit: Visit,
    found: Opened,
    *,
    tab: str,
    clause_id: str | None = None,
    after: str = "",
    form: ClauseForm | None = None,
    source: str | None = None,
    typed: dict[str, str] | None = None,
    refusal: Refusal | None = None,
    stale: bool = False,
) -> Response[bytes]:
    """The editor with the saved text, and whatever was typed and not saved in its form."""
    draft = found.draft
    bar = bar_of(visit, found)
    looked = await looked_through(visit, found, draft.source)
    policy = looked.checks.policy
    if policy is None and tab != "source":
        tab = "source"  # a table can only show what reads
    if policy is not None and form is None and tab == "clauses" and clause_id is not None and bar.may_edit:
        form = opened_form(visit.lang, draft.source, policy, clause_id, after)
    page = EditorPage(
        desk=desk_of(visit, "policies"),
        bar=bar,
        tab=tab,
        checked=looked.checked,
        changes=looked.changes,
        lines=() if policy is None else clause_lines(visit.lang, draft.source, policy, looked.checks.findings),
        form=form,
        limits=() if policy is None else limit_fields(policy.limits, typed or {}, english=visit.lang is Lang.EN),
        head=() if policy is None else _head(policy, typed or {}),
        source=draft.source if source is None else source,
        saved_source=draft.source if stale and source is not None else "",
        notice=notice_of(visit.lang, refusal) if refusal else None,
        stale=Stale(draft.edited_by_name, draft.edited_at) if stale else None,
    )
    return show(visit, "desk/workshop.html", page, status=refusal.status if refusal else 200)


def opened_form(lang: Lang, source: str, policy: Policy, clause_id: str, after: str) -> ClauseForm | None:
    """The form of a clause, or of a new one behind `after`; None for a clause that is not there."""
    rows = clause_rows(source)
    if clause_id == NEW_CLAUSE_ID:
        behind = next((row.clause.id for row in rows if row.clause.id == after), rows[-1].clause.id)
        return clause_form(lang, policy, new_clause(policy), clause_id=NEW_CLAUSE_ID, after=behind)
    clause = next((row.clause for row in rows if row.clause.id == clause_id), None)
    return None if clause is None else clause_form(lang, policy, clause, clause_id=clause.id)


def new_clause(policy: Policy) -> Clause:
    """An empty clause under the next free number."""
    return Clause(id=free_id(policy, "F"), name="", when=(), outcome=Outcome.PERSON)


def free_id(policy: Policy, start: str) -> str:
    """The first number behind `start` that no clause has."""
    taken = {clause.id for clause in policy.clauses} | {extra.id for extra in policy.extras}
    number = 1
    while f"{start}{number}" in taken:
        number += 1
    return f"{start}{number}"


def _head(policy: Policy, typed: dict[str, str]) -> tuple[tuple[str, str], ...]:
    each = (("label", policy.label), ("name", policy.name), ("name_en", policy.name_en), ("text", policy.text))
    return tuple((name, typed.get(name, words)) for name, words in (*each, ("text_en", policy.text_en)))
