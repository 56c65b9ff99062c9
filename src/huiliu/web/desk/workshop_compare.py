"""Two versions side by side: clause by clause what is written differently, and every situation that changes by it."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.text import Lang
from huiliu.people.model import Permission, Staff
from huiliu.policy.drafts.reads import list_drafts, load_draft
from huiliu.policy.model import Clause, Policy, PolicyError
from huiliu.policy.parse import parse_policy
from huiliu.policy.reads import list_policies, load_policy
from huiliu.policy.wording import period_words, policy_name
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.desk.workshop_changes import Changes, changes_between
from huiliu.web.desk.workshop_form import PERIODS, Choice
from huiliu.web.desk.workshop_page import DraftBar, Opened, bar_of, in_force_now
from huiliu.web.desk.workshop_words import ClauseLine, ProblemLine, clause_line, problem_lines
from huiliu.web.form import HttpRequest
from huiliu.web.page import show
from huiliu.web.visit import FromVisit, Visit

DRAFT = "draft-"
CODE_CHARS_MAX = 60
FIELDS = ("name", "when", "needs", "optional", "outcome", "formula", "exceptions", "automatic", "text")


class CompareRow(Struct, frozen=True, kw_only=True):
    """One clause in both versions; `status` is added, removed, changed or same."""

    id: str
    status: str
    old: ClauseLine | None
    new: ClauseLine | None
    changed: frozenset[str]


class LimitRow(Struct, frozen=True):
    """One limit in both."""

    name: str
    old: str
    new: str


class Compared(Struct, frozen=True, kw_only=True):
    """One of the two versions."""

    code: str
    policy: Policy | None
    name: str
    label: str
    is_draft: bool
    url: str
    problems: tuple[ProblemLine, ...] = ()


class ComparePage(Struct, frozen=True, kw_only=True):
    """Two versions, or the choice of two."""

    desk: Desk
    bar: DraftBar | None
    choices: tuple[Choice, ...]
    old: Compared | None
    new: Compared | None
    rows: tuple[CompareRow, ...]
    same: int
    limits: tuple[LimitRow, ...]
    changes: Changes | None


@get("/{slug:str}/desk/policies/compare")
async def compare(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Pick two versions, or see them side by side. Drafts only for whoever works on them."""
    staff = at_desk(visit)
    codes = [request.query_params.get(name, "")[:CODE_CHARS_MAX] for name in ("old", "new")]
    async with visit.as_staff() as tx:
        choices = await version_choices(tx, staff, visit.lang)
        sides = [await load_side(tx, staff, visit, code) if code else None for code in codes]
        bar = await draft_bar(tx, staff, visit, codes[1])
    old, new = sides
    changes, rows, limits = None, (), ()
    if old and new and old.policy and new.policy:
        base = bar.base if bar else ""
        changes = await changes_between(visit.lang, old.policy, new.policy, base=base)
        rows = compare_rows(visit.lang, old.policy, new.policy)
        limits = limit_rows(visit.lang, old.policy, new.policy)
    page = ComparePage(
        desk=desk_of(visit, "policies"),
        bar=bar,
        choices=choices,
        old=old,
        new=new,
        rows=tuple(row for row in rows if row.status != "same"),
        same=sum(row.status == "same" for row in rows),
        limits=limits,
        changes=changes,
    )
    return show(visit, "desk/workshop_compare.html", page)


async def version_choices(tx: Tx, staff: Staff, lang: Lang) -> tuple[Choice, ...]:
    """What can be picked: published versions, and drafts for whoever may see them."""
    found = [
        Choice(code=str(it.id), name=f"{policy_name(lang, it.policy)} · {it.label}") for it in await list_policies(tx)
    ]
    if _may_see_drafts(staff):
        drafts = await list_drafts(tx, staff)
        found += [Choice(code=f"{DRAFT}{it.id}", name=f"{it.name} · {it.label}", is_on=True) for it in drafts]
    return tuple(found)


async def load_side(tx: Tx, staff: Staff, visit: Visit, code: str) -> Compared:
    """A version or a draft by its code. Raises NotFound, NotAllowed."""
    if code.startswith(DRAFT):
        draft = await load_draft(tx, staff, _uuid(code.removeprefix(DRAFT)))
        url = visit.url("desk", "policies", "drafts", str(draft.id))
        try:
            policy = parse_policy(draft.source)
        except PolicyError as error:
            problems = problem_lines(visit.lang, error)
            return Compared(
                code=code, policy=None, name=draft.name, label=draft.label, is_draft=True, url=url, problems=problems
            )
        name = policy_name(visit.lang, policy)
        return Compared(code=code, policy=policy, name=name, label=policy.label, is_draft=True, url=url)
    published = await load_policy(tx, _uuid(code))
    return Compared(
        code=code,
        policy=published.policy,
        name=policy_name(visit.lang, published.policy),
        label=published.label,
        is_draft=False,
        url=visit.url("policies", str(published.id)),
    )


async def draft_bar(tx: Tx, staff: Staff, visit: Visit, code: str) -> DraftBar | None:
    """The bar of the draft that is compared, so that its other pages are at hand."""
    if not code.startswith(DRAFT):
        return None
    draft = await load_draft(tx, staff, _uuid(code.removeprefix(DRAFT)))
    return bar_of(visit, Opened(staff=staff, draft=draft, in_force=await in_force_now(tx)))


def compare_rows(lang: Lang, old: Policy, new: Policy) -> tuple[CompareRow, ...]:
    """Every clause of either, in the new version's order, what was removed where it stood."""
    names = [clause.id for clause in new.clauses]
    for i, clause in enumerate(old.clauses):
        if clause.id not in names:
            before = old.clauses[i - 1].id if i else ""
            names.insert(names.index(before) + 1 if before in names else 0, clause.id)
    return tuple(_row(lang, old, new, name) for name in names)


def limit_rows(lang: Lang, old: Policy, new: Policy) -> tuple[LimitRow, ...]:
    """The limits that differ."""
    rows = [LimitRow("applications", str(old.limits.applications), str(new.limits.applications))]
    for name in PERIODS:
        rows.append(LimitRow(name, *(period_words(lang, getattr(it.limits, name)) for it in (old, new))))
    return tuple(row for row in rows if row.old != row.new)


def _row(lang: Lang, old: Policy, new: Policy, name: str) -> CompareRow:
    one, two = old.clause(name), new.clause(name)
    lines = [None if it is None else clause_line(lang, policy, it) for policy, it in ((old, one), (new, two))]
    before, after = lines
    status = "added" if one is None else "removed" if two is None else "same" if one == two else "changed"
    changed = frozenset[str]()
    if one is not None and two is not None and before is not None and after is not None:
        changed = frozenset(field for field in FIELDS if _field(before, one, field) != _field(after, two, field))
    return CompareRow(id=name, status=status, old=before, new=after, changed=changed)


def _field(line: ClauseLine, clause: Clause, field: str) -> object:
    match field:
        case "name":
            return (clause.name, clause.name_en)
        case "text":
            return (clause.text, clause.text_en)
        case _:
            return getattr(line, field)


def _may_see_drafts(staff: Staff) -> bool:
    return staff.may(Permission.PUBLISH_POLICY) or staff.may(Permission.APPROVE_POLICY)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


handlers = (compare,)
