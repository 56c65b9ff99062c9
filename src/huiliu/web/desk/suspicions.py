"""疑点: what colleagues were asked to look at, by where it stands. Nothing here was decided by a machine."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from huiliu.evidence.checks.words import check_name
from huiliu.evidence.suspicion.model import Suspicion
from huiliu.evidence.suspicion.reads import View, suspicions
from huiliu.kit.errors import Invalid
from huiliu.people.restrictions.reads import AppealRow, open_appeals
from huiliu.web.buyer.timeline import slot_name
from huiliu.web.desk.desk import Desk, at_page, desk_of
from huiliu.web.form import HttpRequest
from huiliu.web.page import show
from huiliu.web.visit import FromVisit, Visit

ROWS_SHOWN = 30
CURSOR_MAX = 120


class ViewTab(Struct, frozen=True):
    """One of the lists."""

    code: str
    url: str
    is_here: bool


class SuspicionLine(Struct, frozen=True, kw_only=True):
    """One row."""

    found: Suspicion
    url: str
    check: str
    slot: str
    appeal: AppealRow | None
    is_late: bool


class SuspicionsPage(Struct, frozen=True, kw_only=True):
    """One list."""

    desk: Desk
    tabs: tuple[ViewTab, ...]
    view: str
    lines: tuple[SuspicionLine, ...]
    waiting_appeals: int
    more_url: str


@get("/{slug:str}/desk/suspicions")
async def show_suspicions(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """What waits, what was confirmed, what is appealed, what came to nothing."""
    staff = at_page(visit, "suspicions")
    asked = request.query_params
    view = next((it for it in View if it.value == asked.get("view", "")), View.OPEN)
    before = _decode(asked.get("before", "")[:CURSOR_MAX])
    async with visit.as_staff() as tx:
        rows = await suspicions(tx, staff, view, before=before, limit=ROWS_SHOWN)
        appeals = await open_appeals(tx, staff)
    by_restriction = {it.restriction_id: it for it in appeals}
    home, shown = visit.url("desk", "suspicions"), rows[:ROWS_SHOWN]
    more = {"view": view.value, "before": f"{shown[-1].opened_at.isoformat()}~{shown[-1].id.hex}"} if shown else {}
    page = SuspicionsPage(
        desk=desk_of(visit, "suspicions"),
        tabs=tuple(ViewTab(it.value, f"{home}?{urlencode({'view': it.value})}", it is view) for it in View),
        view=view.value,
        lines=tuple(_line(visit, it, by_restriction) for it in shown),
        waiting_appeals=len(appeals),
        more_url=f"{home}?{urlencode(more)}" if len(rows) > ROWS_SHOWN else "",
    )
    return show(visit, "desk/suspicions.html", page)


def _line(visit: Visit, found: Suspicion, appeals: dict[UUID, AppealRow]) -> SuspicionLine:
    appeal = appeals.get(found.restriction_id) if found.restriction_id else None
    return SuspicionLine(
        found=found,
        url=visit.url("desk", "suspicions", str(found.id)),
        check=check_name(visit.lang, found.check_name),
        slot=slot_name(visit.lang, found.slot),
        appeal=appeal,
        is_late=appeal is not None and appeal.due_at <= visit.now,
    )


def _decode(text: str) -> tuple[datetime, UUID] | None:
    """Where the next page begins; '' is the beginning. Raises Invalid."""
    if not text:
        return None
    at, _, row_id = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        found = UUID(hex=row_id)
    except ValueError:
        raise Invalid(field="cursor", problem="not_readable") from None
    if moment.tzinfo is None:
        raise Invalid(field="cursor", problem="not_readable")
    return moment, found


handlers = (show_suspicions,)
