"""The policy editor: a draft's clauses as a table, its text, its limits and examples; every save is one POST."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from huiliu.kit.errors import Invalid, NotFound, Refusal
from huiliu.people.model import Permission
from huiliu.policy.document import SOURCE_CHARS_MAX
from huiliu.policy.drafts.actions import discard, save_draft, start_draft, undo_save
from huiliu.policy.drafts.model import DraftChanged
from huiliu.policy.edit.edits import apply, clause_rows
from huiliu.policy.edit.model import (
    AddClause,
    ChangeClause,
    ChangeHead,
    ChangeLimits,
    DuplicateClause,
    Edit,
    MoveClause,
    RemoveCase,
    RemoveClause,
)
from huiliu.policy.model import Clause, PolicyError
from huiliu.policy.parse import parse_policy
from huiliu.web.desk.desk import at_desk
from huiliu.web.desk.workshop_form import clause_form, read_clause, read_limits_form
from huiliu.web.desk.workshop_page import (
    TABS,
    CheckedPage,
    Opened,
    bar_of,
    free_id,
    looked_through,
    new_clause,
    opened,
    show_editor,
)
from huiliu.web.form import Form, HttpRequest, read_form
from huiliu.web.page import see, show
from huiliu.web.visit import FromVisit, Visit

SOURCE_BODY_BYTES_MAX = 1_000_000
"""A whole policy file in a form of several parts, three bytes a Chinese letter."""
CLAUSE_ID_CHARS_MAX = 16
HEAD_CHARS_MAX = 500


@post("/{slug:str}/desk/policies/drafts", status_code=303)
async def start(request: HttpRequest, visit: FromVisit) -> Redirect:
    """A new draft: of a version, or of the one in force, or of a starter."""
    staff = at_desk(visit, Permission.PUBLISH_POLICY)
    wanted = (await read_form(request)).text("from", chars_max=40)
    async with visit.as_staff() as tx:
        draft = await start_draft(tx, staff, from_policy=_uuid(wanted) if wanted else None)
    return see(visit.url("desk", "policies", "drafts", str(draft.id)))


@get("/{slug:str}/desk/policies/drafts/{draft_id:uuid}")
async def editor(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes]:
    """The draft as a table, as text, its limits or its examples."""
    asked = request.query_params
    tab = asked.get("tab", "")
    return await show_editor(
        visit,
        await opened(visit, draft_id),
        tab=tab if tab in TABS else TABS[0],
        clause_id=asked.get("clause"),
        after=asked.get("after", ""),
    )


@post("/{slug:str}/desk/policies/drafts/{draft_id:uuid}/clauses", status_code=303)
async def clauses(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Change, add, move, repeat or remove a clause."""
    found = await opened(visit, draft_id, permission=Permission.PUBLISH_POLICY)
    form = await read_form(request)
    try:
        edit, shown = _clause_edit(form, found.draft.source)
        await _save(visit, found, form, apply(found.draft.source, (edit,)))
    except Refusal as no:
        return await _clause_refused(visit, draft_id, form, no)
    mark = f"?{urlencode({'done': '1'})}#c-{shown}" if shown else ""
    return see(f"{visit.url('desk', 'policies', 'drafts', str(draft_id))}{mark}")


@post(
    "/{slug:str}/desk/policies/drafts/{draft_id:uuid}/source",
    status_code=303,
    request_max_body_size=SOURCE_BODY_BYTES_MAX,
)
async def source(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Keep the text as it was typed, readable or not."""
    found = await opened(visit, draft_id, permission=Permission.PUBLISH_POLICY)
    form = await read_form(request)
    typed = typed_source(form)
    try:
        async with visit.as_staff() as tx:
            await save_draft(tx, found.staff, draft_id, version=form.number("version"), source=typed)
    except Refusal as no:
        if no.status == 404:
            raise
        found = await opened(visit, draft_id)
        is_stale = isinstance(no, DraftChanged)
        return await show_editor(visit, found, tab="source", source=typed, refusal=no, stale=is_stale)
    return see(f"{visit.url('desk', 'policies', 'drafts', str(draft_id))}?tab=source")


@post("/{slug:str}/desk/policies/drafts/{draft_id:uuid}/limits", status_code=303)
async def limits(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Change names, version and limits."""
    found = await opened(visit, draft_id, permission=Permission.PUBLISH_POLICY)
    form = await read_form(request)
    try:
        edited = apply(found.draft.source, _limit_edits(form, found.draft.source))
        parse_policy(edited)
        await _save(visit, found, form, edited)
    except Refusal as no:
        return await _refused(visit, draft_id, no, tab="limits", typed=form.typed())
    return see(f"{visit.url('desk', 'policies', 'drafts', str(draft_id))}?tab=limits")


@post("/{slug:str}/desk/policies/drafts/{draft_id:uuid}/cases/removal", status_code=303)
async def remove_case(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Drop an example."""
    found = await opened(visit, draft_id, permission=Permission.PUBLISH_POLICY)
    form = await read_form(request)
    try:
        edited = apply(found.draft.source, (RemoveCase(form.text("name", chars_max=HEAD_CHARS_MAX)),))
        await _save(visit, found, form, edited)
    except Refusal as no:
        return await _refused(visit, draft_id, no, tab="cases")
    return see(f"{visit.url('desk', 'policies', 'drafts', str(draft_id))}?tab=cases")


@post("/{slug:str}/desk/policies/drafts/{draft_id:uuid}/undo", status_code=303)
async def undo(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Back to the text before."""
    found = await opened(visit, draft_id, permission=Permission.PUBLISH_POLICY)
    form = await read_form(request)
    tab = form.text("tab", chars_max=20)
    try:
        async with visit.as_staff() as tx:
            await undo_save(tx, found.staff, draft_id, version=form.number("version"))
    except Refusal as no:
        return await _refused(visit, draft_id, no, tab=tab if tab in TABS else TABS[0])
    return see(f"{visit.url('desk', 'policies', 'drafts', str(draft_id))}?{urlencode({'tab': tab})}")


@post("/{slug:str}/desk/policies/drafts/{draft_id:uuid}/removal", status_code=303)
async def put_away(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Discard the draft for good."""
    found = await opened(visit, draft_id, permission=Permission.PUBLISH_POLICY)
    form = await read_form(request)
    try:
        async with visit.as_staff() as tx:
            await discard(tx, found.staff, draft_id, version=form.number("version"))
    except Refusal as no:
        return await _refused(visit, draft_id, no, tab=TABS[0])
    return see(visit.url("desk", "policies"))


@post(
    "/{slug:str}/desk/policies/drafts/{draft_id:uuid}/preview",
    status_code=200,
    request_max_body_size=SOURCE_BODY_BYTES_MAX,
)
async def preview(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes]:
    """What the checks say of what is typed and not saved; nothing is kept."""
    found = await opened(visit, draft_id, permission=Permission.PUBLISH_POLICY)
    form = await read_form(request)
    bar = bar_of(visit, found)
    try:
        text = typed_source(form) if "source" in form.fields else _unsaved(form, found.draft.source)
    except Refusal:
        # Half a number is no reason to shout: the answer to what is saved stands until it is a whole one.
        text = found.draft.source
    looked = await looked_through(visit, found, text)
    page = CheckedPage(bar=bar, checked=looked.checked, changes=looked.changes, beside="clause" in form.fields)
    return show(visit, "desk/workshop_preview.html", page)


def typed_source(form: Form) -> str:
    """The text area as it was typed. Raises Invalid when it is longer than any file may be."""
    text = form.fields.get("source", [""])[0].replace("\r\n", "\n")
    if len(text) > 2 * SOURCE_CHARS_MAX:
        raise Invalid(field="source", problem="text_too_long")
    return text


def _unsaved(form: Form, saved: str) -> str:
    if "clause" in form.fields:
        return apply(saved, (_clause_edit(form, saved)[0],))
    return apply(saved, _limit_edits(form, saved))


def _clause_edit(form: Form, text: str) -> tuple[Edit, str]:
    """(the edit, the clause to look at afterwards). Raises PolicyError, QuantityUnread, Invalid."""
    policy = parse_policy(text)
    clause_id = form.text("clause", chars_max=CLAUSE_ID_CHARS_MAX)
    match form.text("do", chars_max=20):
        case "up":
            return MoveClause(clause_id, down=False), clause_id
        case "down":
            return MoveClause(clause_id, down=True), clause_id
        case "remove":
            return RemoveClause(clause_id), ""
        case "duplicate":
            new_id = free_id(policy, f"{clause_id[: CLAUSE_ID_CHARS_MAX - 4]}-")
            return DuplicateClause(clause_id, new_id), new_id
        case _:
            pass
    if not clause_id:
        clause = read_clause(form, policy, new_clause(policy))
        return AddClause(clause, form.text("after", chars_max=CLAUSE_ID_CHARS_MAX)), clause.id
    before = next((row.clause for row in clause_rows(text) if row.clause.id == clause_id), None)
    if before is None:
        raise NotFound
    wanted = read_clause(form, policy, before)
    return ChangeClause(clause_id, wanted), wanted.id


def _limit_edits(form: Form, text: str) -> tuple[Edit, ...]:
    policy = parse_policy(text)

    def line(name: str) -> str:
        return " ".join(form.text(name, chars_max=HEAD_CHARS_MAX).split("\n")).strip()

    head = ChangeHead(
        label=line("label"),
        name=line("name"),
        name_en=line("name_en"),
        text=line("text"),
        text_en=line("text_en"),
    )
    return (head, ChangeLimits(read_limits_form(form, policy.limits)))


async def _save(visit: Visit, found: Opened, form: Form, text: str) -> None:
    """Keep an edited text if it reads: a table can only go on from what reads."""
    parse_policy(text)
    async with visit.as_staff() as tx:
        await save_draft(tx, found.staff, found.draft.id, version=form.number("version"), source=text)


async def _clause_refused(visit: Visit, draft_id: UUID, form: Form, no: Refusal) -> Response[bytes]:
    """The form again with what was typed, beside what is saved now."""
    if no.status == 404:
        raise no
    found = await opened(visit, draft_id)
    shown = None
    clause_id = form.text("clause", chars_max=CLAUSE_ID_CHARS_MAX)
    if not form.text("do", chars_max=20):
        try:
            policy = parse_policy(found.draft.source)
            rows = {row.clause.id: row.clause for row in clause_rows(found.draft.source)}
            typed = _typed_clause(
                form, rows.get(clause_id, new_clause(policy)), lambda it: read_clause(form, policy, it)
            )
            after = form.text("after", chars_max=CLAUSE_ID_CHARS_MAX)
            shown = clause_form(visit.lang, policy, typed, clause_id=clause_id, after=after)
        except PolicyError:
            shown = None
    return await show_editor(visit, found, tab="clauses", form=shown, refusal=no, stale=isinstance(no, DraftChanged))


def _typed_clause(form: Form, before: Clause, read: Callable[[Clause], Clause]) -> Clause:
    """What was typed; where a number could not be read, at least the words."""
    try:
        return read(before)
    except Refusal:
        return msgspec.structs.replace(before, name=form.text("name"), text=form.text("text"))


async def _refused(
    visit: Visit, draft_id: UUID, no: Refusal, *, tab: str, typed: dict[str, str] | None = None
) -> Response[bytes]:
    if no.status == 404:
        raise no
    found = await opened(visit, draft_id)
    return await show_editor(visit, found, tab=tab, typed=typed, refusal=no, stale=isinstance(no, DraftChanged))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


handlers = (start, editor, clauses, source, limits, remove_case, undo, put_away, preview)
