"""Payouts for finance: what waits for a person, what was tried, and whether the books balance."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from huiliu.claims.reads import ClaimName, claim_names
from huiliu.kit.errors import Invalid, Refusal
from huiliu.kit.money import Money
from huiliu.ledger.reads import trial_balance
from huiliu.payouts.actions import NOTE_CHARS_MAX, retry_held
from huiliu.payouts.model import Payout, Rung, State, failure_key
from huiliu.payouts.reads import Attempt, Total, attempts_of, payouts_in_state, totals_of_platform
from huiliu.people.model import Permission, Staff
from huiliu.web.desk.desk import Desk, at_desk, desk_of
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

PAYOUTS_SHOWN = 30
CURSOR_MAX = 120
WANTS_PEOPLE = (State.HELD, State.UNKNOWN, State.FAILED, State.BOUNCED)
"""What finance looks at first."""
OTHERS = (State.QUEUED, State.SENDING, State.ACCEPTED, State.REPORTED, State.VERIFIED, State.CANCELLED)


class StateTile(Struct, frozen=True, kw_only=True):
    """One state with what it comes to."""

    state: State
    url: str
    count: int
    sums: tuple[Money, ...]
    is_here: bool
    wants_people: bool


class PayoutLine(Struct, frozen=True, kw_only=True):
    """One payout with its way so far."""

    payout: Payout
    claim: ClaimName | None
    ladder: tuple[Rung, ...]
    failure_key: str
    attempts: tuple[Attempt, ...]
    note: str
    """What was typed into a form that was refused."""


class PayoutsPage(Struct, frozen=True, kw_only=True):
    """The payouts of one state, totals and the trial balance."""

    desk: Desk
    tiles: tuple[StateTile, ...]
    state: State
    lines: tuple[PayoutLine, ...]
    trial: tuple[Money, ...]
    may_settle: bool
    more_url: str
    retried: bool
    notice: Notice | None = None
    note_max: int = NOTE_CHARS_MAX


@get("/{slug:str}/desk/payouts")
async def payouts(request: HttpRequest, visit: FromVisit) -> Response[bytes]:
    """Payouts by state, those that wait for a person first."""
    staff = at_desk(visit, Permission.FINANCE_VIEW)
    asked = request.query_params
    state = next((it for it in State if it.value == asked.get("state", "")), State.HELD)
    after = _decode_after(asked.get("after", "")[:CURSOR_MAX])
    return await _show(visit, staff, state, after=after, retried=asked.get("retried") == "1")


@post("/{slug:str}/desk/payouts/{payout_id:uuid}/retry", status_code=303)
async def retry(request: HttpRequest, visit: FromVisit, payout_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """A person has looked; the payout goes on, by asking first."""
    staff = at_desk(visit, Permission.FINANCE_SETTLE)
    note = (await read_form(request)).text("note")
    try:
        async with visit.as_staff() as tx:
            await retry_held(tx, payout_id, note=note)
    except Refusal as no:
        if no.status == 404:
            raise
        return await _show(visit, staff, State.HELD, refusal=no, typed=(payout_id, note))
    return see(f"{visit.url('desk', 'payouts')}?retried=1")


async def _show(
    visit: Visit,
    staff: Staff,
    state: State,
    *,
    after: tuple[datetime, UUID] | None = None,
    retried: bool = False,
    refusal: Refusal | None = None,
    typed: tuple[UUID, str] | None = None,
) -> Response[bytes]:
    async with visit.as_staff() as tx:
        found = await payouts_in_state(tx, staff, state, after=after, limit=PAYOUTS_SHOWN + 1)
        shown = found[:PAYOUTS_SHOWN]
        names = await claim_names(tx, [it.claim_id for it in shown]) if shown else {}
        tried = await attempts_of(tx, staff, [it.id for it in shown]) if shown else []
        totals = await totals_of_platform(tx, staff)
        trial = await trial_balance(tx)
    more = {"state": state.value, "after": _encode_after(shown[-1])} if len(found) > PAYOUTS_SHOWN else {}
    page = PayoutsPage(
        desk=desk_of(visit, "payouts"),
        tiles=tuple(_tile(visit, totals, it, state) for it in (*WANTS_PEOPLE, *OTHERS)),
        state=state,
        lines=tuple(_line(it, names, tried, visit.now, typed) for it in shown),
        trial=tuple(Money(minor, currency) for currency, minor in trial.items()),
        may_settle=staff.may(Permission.FINANCE_SETTLE),
        more_url=f"{visit.url('desk', 'payouts')}?{urlencode(more)}" if more else "",
        retried=retried,
        notice=notice_of(visit.lang, refusal) if refusal else None,
    )
    return show(visit, "desk/payouts.html", page, status=refusal.status if refusal else 200)


def _tile(visit: Visit, totals: list[Total], state: State, here: State) -> StateTile:
    rows = [row for row in totals if row.state == state]
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + row.amount_minor
    return StateTile(
        state=state,
        url=f"{visit.url('desk', 'payouts')}?{urlencode({'state': state.value})}",
        count=sum(row.count for row in rows),
        sums=tuple(Money(minor, currency) for currency, minor in sums.items()),
        is_here=state is here,
        wants_people=state in WANTS_PEOPLE,
    )


def _line(
    payout: Payout,
    names: dict[UUID, ClaimName],
    tried: list[Attempt],
    now: datetime,
    typed: tuple[UUID, str] | None,
) -> PayoutLine:
    return PayoutLine(
        payout=payout,
        claim=names.get(payout.claim_id),
        ladder=payout.ladder(now),
        failure_key=failure_key(payout.failure) if payout.failure else "",
        attempts=tuple(it for it in tried if it.payout_id == payout.id),
        note=typed[1] if typed and typed[0] == payout.id else "",
    )


def _encode_after(payout: Payout) -> str:
    return f"{payout.agreed_at.isoformat()}~{payout.id.hex}"


def _decode_after(text: str) -> tuple[datetime, UUID] | None:
    if not text:
        return None
    at, _, payout_id = text.partition("~")
    try:
        return datetime.fromisoformat(at), UUID(hex=payout_id)
    except ValueError:
        raise Invalid(field="cursor", problem="not_readable") from None


handlers = (payouts, retry)
