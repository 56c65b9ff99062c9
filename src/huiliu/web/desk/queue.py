"""The queue: what waits for whom, the nearest deadline first."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response, get
from msgspec import Struct

from huiliu.claims.reads import QueueRow, QueueView, queue, queue_counts
from huiliu.kit.db import Tx
from huiliu.people.model import Permission, Staff
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.desk.views import (
    QueueLine,
    decode_after,
    encode_after,
    queue_line,
    search_view,
    view_named,
    views_of,
)
from huiliu.web.form import HttpRequest
from huiliu.web.page import show
from huiliu.web.visit import FromVisit, Visit

ROWS_SHOWN = 40
SIDE_SHOWN = 25
"""How many neighbours a claim page lists."""
TEXT_MAX = 100
CURSOR_MAX = 120
REFRESH_SECONDS = 30


class Tab(Struct, frozen=True):
    """A saved view with its count."""

    code: str
    url: str
    count: int
    is_here: bool


class QueuePage(Struct, frozen=True, kw_only=True):
    """The queue of one view, or what a search found."""

    desk: Desk
    tabs: tuple[Tab, ...]
    view: str
    q: str
    lines: tuple[QueueLine, ...]
    more_url: str
    here: str
    clear_url: str
    refresh_seconds: int = REFRESH_SECONDS


@get("/{slug:str}/desk/")
async def show_queue(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Saved views with counts, the claims of one of them, and a search over all."""
    staff = at_desk(visit, Permission.VIEW_QUEUE)
    asked = request.query_params
    q = asked.get("q", "").strip()[:TEXT_MAX]
    view = search_view(staff) if q else view_named(staff, asked.get("view", ""))
    after = decode_after(asked.get("after", "")[:CURSOR_MAX])
    async with visit.as_staff() as tx:
        counts = await queue_counts(tx, staff_id=staff.id)
        rows = await queue(tx, view, staff_id=staff.id, after=after, text=q, limit=ROWS_SHOWN)
    return show(visit, "desk/queue.html", _page(visit, staff, view, q, rows, counts))


async def neighbours(tx: Tx, visit: Visit, staff: Staff, *, view_code: str, here: str) -> tuple[str, list[QueueLine]]:
    """The view a claim was opened from and its first claims, for the claim page's left side."""
    view = view_named(staff, view_code)
    rows = (await queue(tx, view, staff_id=staff.id, limit=SIDE_SHOWN))[:SIDE_SHOWN]
    lines = [
        queue_line(
            visit.lang,
            row,
            url=claim_url(visit, row.claim_no, view.code),
            now=visit.now,
            is_here=row.claim_no == here,
        )
        for row in rows
    ]
    return view.code, lines


def claim_url(visit: Visit, claim_no: str, view: str = "") -> str:
    """A claim's address, remembering which view it was opened from."""
    return visit.url("desk", "claims", claim_no) + (f"?{urlencode({'view': view})}" if view else "")


def _page(
    visit: Visit, staff: Staff, view: QueueView, q: str, rows: list[QueueRow], counts: dict[str, int]
) -> QueuePage:
    shown, home = rows[:ROWS_SHOWN], visit.url("desk", "")
    asked = {"q": q} if q else {"view": view.code}
    more = {**asked, "after": encode_after(shown[-1])} if len(rows) > ROWS_SHOWN else {}
    keep = "" if q else view.code
    return QueuePage(
        desk=desk_of(visit, "queue"),
        tabs=tuple(
            Tab(it.code, f"{home}?{urlencode({'view': it.code})}", counts[it.code], not q and it.code == view.code)
            for it in views_of(staff)
        ),
        view=view.code,
        q=q,
        lines=tuple(
            queue_line(visit.lang, row, url=claim_url(visit, row.claim_no, keep), now=visit.now) for row in shown
        ),
        more_url=f"{home}?{urlencode(more)}" if more else "",
        here=f"{home}?{urlencode(asked)}",
        clear_url=home,
    )


handlers = (show_queue,)
