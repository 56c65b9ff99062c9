"""The back-test: past claims under the version in force and under a draft, with progress on the page while it runs.

The answer is one page that arrives in pieces: its head, a line each time some claims are done, then the result. So it works
without scripts, keeps nothing in the process between requests, and stops when the reader goes away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date, timedelta

import structlog
from litestar import Response, get, post
from litestar.response import Stream
from msgspec import Struct

from huiliu.claims.replay_rows import claim_currencies, replay_rows
from huiliu.kit.errors import Invalid, Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, say
from huiliu.people.model import Staff
from huiliu.policy.backtest.claim import ClaimRow
from huiliu.policy.backtest.report import ChangedClaim, Judged, Progress, Report, State
from huiliu.policy.drafts.reads import require_workshop
from huiliu.policy.model import Policy
from huiliu.policy.wording import evidence_words, list_words
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.desk.workshop_compare import CODE_CHARS_MAX, Compared, draft_bar, load_side, version_choices
from huiliu.web.desk.workshop_form import Choice
from huiliu.web.desk.workshop_page import DraftBar
from huiliu.web.desk.workshop_words import facts_words
from huiliu.web.errors import Broken
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, show
from huiliu.web.visit import FromVisit, Visit

log = structlog.get_logger("huiliu.web")

CLAIMS_MAX = 50_000
"""Claims of one back-test on a page; the command takes a file of any length."""
CURRENCY = "CNY"
KEPT_DAYS = 90
KEPT_CLAIMS_MAX = 4_000
"""What is judged again while somebody waits for a proposal to be sent."""
LINES_MAX = 40
"""Lines of progress that one page carries."""
CHANGES_SHOWN = 100
DAYS = (30, 90, 365, 0)
"""Back how far; 0 is from the beginning."""
STATES = tuple(State)
MARK = b"<!-- here -->"
"""Where in the page the pieces go."""


class Figures(Struct, frozen=True, kw_only=True):
    """What of a back-test is kept with a proposal. Minor units of CNY."""

    days: int
    claims: int
    changed: int
    old_minor: int
    new_minor: int


class MatrixRow(Struct, frozen=True, kw_only=True):
    """Claims in one state by the old version, by their state by the new one."""

    state: str
    cells: tuple[tuple[str, int, str], ...]
    """(state by the new version, claims, what the new one pays more, in words)"""


class ChangedLine(Struct, frozen=True, kw_only=True):
    """One claim that is answered differently."""

    claim_no: str
    url: str
    case: str
    old_state: str
    new_state: str
    old: str
    new: str
    sign: str


class ReportShown(Struct, frozen=True, kw_only=True):
    """A back-test's result in words."""

    claims: int
    changed: int
    listed: int
    matrix: tuple[MatrixRow, ...]
    states: tuple[str, ...]
    old_total: str
    new_total: str
    difference: str
    direction: str
    """more, less or same: what the new version pays."""
    unmeasured: int
    decided: int
    agrees_old: int
    agrees_new: int
    changes: tuple[ChangedLine, ...]
    cut: bool


class ReplayPage(Struct, frozen=True, kw_only=True):
    """Which versions and since when; a result comes behind it in pieces."""

    desk: Desk
    bar: DraftBar | None
    choices: tuple[Choice, ...]
    old: Compared | None
    new: Compared | None
    days: int
    spans: tuple[int, ...]
    currency: str
    currencies: tuple[str, ...]
    running: bool
    notice: Notice | None
    can_run: bool


class PiecePage(Struct, frozen=True, kw_only=True):
    """One piece of the answer: a line of progress, the result, or why there is none."""

    done: int = 0
    total: int | None = None
    phase: str = ""
    report: ReportShown | None = None
    notice: Notice | None = None
    new_label: str = ""
    old_label: str = ""


@get("/{slug:str}/desk/policies/backtest")
async def replay(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Choose two versions and a time."""
    asked = request.query_params
    staff = at_desk(visit)
    require_workshop(staff)
    page = await _page(visit, staff, asked.get("old", ""), asked.get("new", ""), days=DAYS[1], currency=CURRENCY)
    return show(visit, "desk/workshop_backtest.html", page)


@post("/{slug:str}/desk/policies/backtest", status_code=200)
async def run(request: HttpRequest, visit: FromVisit) -> Response[bytes] | Stream:
    """Run it: the page first, then progress, then the result."""
    staff = at_desk(visit)
    require_workshop(staff)
    form = await read_form(request)
    codes = [form.text(name, chars_max=CODE_CHARS_MAX) for name in ("old", "new")]
    days, currency = form.number("days"), form.text("currency", chars_max=3)
    if days not in DAYS:
        raise Invalid(field="days", problem="not_a_number")
    page = await _page(visit, staff, codes[0], codes[1], days=days, currency=currency, running=True)
    old, new = page.old, page.new
    if old is None or new is None or old.policy is None or new.policy is None:
        return show(visit, "desk/workshop_backtest.html", page)
    # Pieces cannot share one gzip stream with the page's usual packing, so this page goes out plain.
    plain = replace(visit, caller=replace(visit.caller, packs=False))
    shell = show(plain, "desk/workshop_backtest.html", page)
    since = None if not days else visit.now.astimezone(SHANGHAI).date() - timedelta(days=days)
    pieces = _pieces(plain, old.policy, new.policy, since, page.currency, (old.label, new.label))
    return Stream(
        _wrapped(shell.content, pieces),
        status_code=200,
        media_type="text/html; charset=utf-8",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        cookies=shell.cookies,
    )


async def past_claims(
    visit: Visit, since: date | None, currency: str, most: int = CLAIMS_MAX
) -> AsyncIterator[list[ClaimRow]]:
    """The platform's filed claims page by page, each in a short transaction of its own, never more than `most`."""
    after = "" if since is None else f"RF{since:%y%m%d}"  # every number starts with its day
    left = most
    while left > 0:
        async with visit.as_staff() as tx:
            page = await replay_rows(tx, after=after, currency=currency)
        if not page:
            return
        yield page[:left]
        left -= len(page)
        after = page[-1].claim_no


async def _pieces(
    visit: Visit, old: Policy, new: Policy, since: date | None, currency: str, labels: tuple[str, str]
) -> AsyncIterator[bytes]:
    rows: list[ClaimRow] = []
    try:
        async for page in past_claims(visit, since, currency):
            rows += page
            yield _piece(visit, PiecePage(phase="read", done=len(rows)))
        lines = 0
        steps = _backtest(old, new, rows, changes_max=CHANGES_SHOWN)
        while (step := await asyncio.to_thread(_next, steps)) is not None:
            if isinstance(step, Report):
                shown = report_shown(visit, new, step, currency, cut=len(rows) >= CLAIMS_MAX)
                yield _piece(visit, PiecePage(report=shown, old_label=labels[0], new_label=labels[1]))
            elif lines < LINES_MAX:
                lines += 1
                yield _piece(visit, PiecePage(phase="judged", done=step.done, total=step.total))
    except Refusal as no:
        yield _piece(visit, PiecePage(notice=notice_of(visit.lang, no)))
    except Exception as error:
        # The answer has begun, so no error page can take its place: the reader is told where the result would be.
        log.error("bug", path=visit.caller.here, method="POST", exc_info=error)
        yield _piece(visit, PiecePage(notice=notice_of(visit.lang, Broken())))


def report_shown(visit: Visit, new: Policy, report: Report, currency: str, *, cut: bool) -> ReportShown:
    """A result in words."""
    lang = visit.lang
    agreed = report.agreement
    return ReportShown(
        claims=report.claims,
        changed=report.changed,
        listed=len(report.changes),
        matrix=_matrix(report, currency),
        states=tuple(state.value for state in STATES),
        old_total=str(Money(report.old_minor, currency)),
        new_total=str(Money(report.new_minor, currency)),
        difference=signed(report.difference_minor, currency),
        direction=_direction(report.difference_minor),
        unmeasured=report.new_unmeasured,
        decided=0 if agreed is None else agreed.claims,
        agrees_old=0 if agreed is None else agreed.old_outcomes,
        agrees_new=0 if agreed is None else agreed.new_outcomes,
        changes=tuple(_changed(visit, lang, new, change, currency) for change in report.changes[:CHANGES_SHOWN]),
        cut=cut,
    )


async def figures(visit: Visit, old: Policy, new: Policy) -> Figures:
    """The few figures of a back-test that are kept with a proposal, over the claims of the last while."""
    since = visit.now.astimezone(SHANGHAI).date() - timedelta(days=KEPT_DAYS)
    rows: list[ClaimRow] = []
    async for page in past_claims(visit, since, CURRENCY, KEPT_CLAIMS_MAX):
        rows += page
    report = await asyncio.to_thread(_whole, old, new, rows)
    return Figures(
        days=KEPT_DAYS,
        claims=report.claims,
        changed=report.changed,
        old_minor=report.old_minor,
        new_minor=report.new_minor,
    )


def _backtest(old: Policy, new: Policy, rows: list[ClaimRow], *, changes_max: int) -> Iterator[Progress | Report]:
    """Judge the claims by both versions. The column libraries behind it are loaded by the first who asks, on the thread
    that works, and not by every web process at its start."""
    from huiliu.policy.backtest.replay import backtest

    yield from backtest(old, new, rows, total=len(rows), changes_max=changes_max)


def _whole(old: Policy, new: Policy, rows: list[ClaimRow]) -> Report:
    """The last thing that a back-test yields."""
    *_, report = _backtest(old, new, rows, changes_max=0)
    assert isinstance(report, Report), "a back-test ends with its report"
    return report


def signed(minor: int, currency: str) -> str:
    """'+¥12.00', '−¥12.00', '¥0.00'."""
    sign = "+" if minor > 0 else "−" if minor < 0 else ""
    return f"{sign}{Money(abs(minor), currency)}"


def _matrix(report: Report, currency: str) -> tuple[MatrixRow, ...]:
    cells = {(cell.old, cell.new): cell for cell in report.cells if cell.claims}
    rows: list[MatrixRow] = []
    for old in STATES:
        found = [(new, cells.get((old, new))) for new in STATES]
        if any(cell is not None for _, cell in found):
            rows.append(
                MatrixRow(
                    state=old.value,
                    cells=tuple(
                        (
                            new.value,
                            0 if cell is None else cell.claims,
                            ""
                            if cell is None or cell.old_minor == cell.new_minor
                            else signed(cell.new_minor - cell.old_minor, currency),
                        )
                        for new, cell in found
                    ),
                )
            )
    return tuple(rows)


def _changed(visit: Visit, lang: Lang, new: Policy, change: ChangedClaim, currency: str) -> ChangedLine:
    return ChangedLine(
        claim_no=change.claim_no,
        url=visit.url("desk", "claims", change.claim_no),
        case=facts_words(lang, new, change.facts, change.evidence),
        old_state=change.old.state.value,
        new_state=change.new.state.value,
        old=_judged(lang, change.old, currency),
        new=_judged(lang, change.new, currency),
        sign=_direction((change.new.refund_minor or 0) - (change.old.refund_minor or 0)),
    )


def _judged(lang: Lang, judged: Judged, currency: str) -> str:
    parts = [judged.clause] if judged.clause else []
    if judged.refund_minor:
        parts.append(str(Money(judged.refund_minor, currency)))
    if judged.missing:
        lacking = list_words(lang, [evidence_words(lang, code) for code in judged.missing])
        parts.append(say(lang, "workshop.missing", evidence=lacking))
    if judged.ask:
        parts.append(say(lang, "workshop.replay.ask", facts=list_words(lang, list(judged.ask))))
    return " · ".join(parts)


def _direction(minor: int) -> str:
    return "more" if minor > 0 else "less" if minor < 0 else "same"


def _next(steps: Iterator[Progress | Report]) -> Progress | Report | None:
    return next(steps, None)


async def _wrapped(shell: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    head, _, tail = shell.partition(MARK)
    yield head
    async for piece in pieces:
        yield piece
    yield tail


def _piece(visit: Visit, page: PiecePage) -> bytes:
    return show(visit, "desk/workshop_piece.html", page).content


async def _page(
    visit: Visit, staff: Staff, old: str, new: str, *, days: int, currency: str, running: bool = False
) -> ReplayPage:
    async with visit.as_staff() as tx:
        choices = await version_choices(tx, staff, visit.lang)
        sides = [await load_side(tx, staff, visit, code[:CODE_CHARS_MAX]) if code else None for code in (old, new)]
        bar = await draft_bar(tx, staff, visit, new[:CODE_CHARS_MAX])
        currencies = tuple(await claim_currencies(tx))
    known = currency if currency in currencies or not currencies else currencies[0]
    return ReplayPage(
        desk=desk_of(visit, "policies"),
        bar=bar,
        choices=choices,
        old=sides[0],
        new=sides[1],
        days=days,
        spans=DAYS,
        currency=known,
        currencies=currencies,
        running=running,
        notice=None,
        can_run=all(side is not None and side.policy is not None for side in sides),
    )


handlers = (replay, run)
