"""What was decided about a buyer's evidence: why, until when, what still works, and the one appeal."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from huiliu.claims.actions import appeal_restriction
from huiliu.evidence.checks.words import check_words
from huiliu.evidence.inspection.model import Check, CheckVerdict
from huiliu.evidence.model import FileRow, Party
from huiliu.evidence.reads import live_files
from huiliu.evidence.slots import slot_by_code
from huiliu.evidence.suspicion.reads import Told, told_grounds
from huiliu.kit.db import Tx
from huiliu.kit.errors import Invalid, Refusal
from huiliu.kit.text import Lang
from huiliu.people.reads import load_platform
from huiliu.people.restrictions.model import WORDS_MAX, Appeal, Restriction
from huiliu.people.restrictions.reads import load_appeal, load_restriction, restrictions_of
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

FILES_SHOWN = 24


class Held(Struct, frozen=True, kw_only=True):
    """One restriction in words a buyer needs: how it stands now is a comparison of times, so it is asked here."""

    restriction: Restriction
    stands: str
    """A code with words under people_restrictions.state: a state, `ended` or `overdue`."""
    holds: bool


class RestrictionsPage(Struct, frozen=True, kw_only=True):
    """Everything that was ever decided about the buyer, what was undone too."""

    rows: tuple[Held, ...]


class Exhibit(Struct, frozen=True, kw_only=True):
    """A file of the claim that the appeal may name."""

    file: FileRow
    name: str
    is_chosen: bool


class RestrictionPage(Struct, frozen=True, kw_only=True):
    """One restriction whole."""

    held: Held
    told: Told
    slot_name: str
    contradiction: str
    """What was seen and what the record says, as one sentence."""
    appeal: Appeal | None
    may_appeal: bool
    counts_until: datetime
    exhibits: tuple[Exhibit, ...]
    typed: str = ""
    notice: Notice | None = None
    words_max: int = WORDS_MAX


@get("/{slug:str}/restrictions")
async def restrictions(visit: FromVisit) -> Response[bytes]:
    """The buyer's own restrictions, newest first."""
    async with visit.as_buyer() as tx:
        rows = await held_of(tx, visit)
    return show(visit, "buyer/restrictions.html", RestrictionsPage(rows=rows))


@get("/{slug:str}/restrictions/{restriction_id:uuid}")
async def restriction(visit: FromVisit, restriction_id: FromPath[UUID]) -> Response[bytes]:
    """One of them: both values, what it means, and the appeal."""
    async with visit.as_buyer() as tx:
        page = await _page(tx, visit, restriction_id)
    return show(visit, "buyer/restriction.html", page)


@post("/{slug:str}/restrictions/{restriction_id:uuid}/appeal", status_code=303)
async def appeal(request: HttpRequest, visit: FromVisit, restriction_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Appeal once. A refusal keeps what was written."""
    buyer = visit.signed_in_buyer()
    form = await read_form(request)
    chosen, words = form.all("file"), ""
    try:
        words = form.text("words")
        named = [_uuid(each) for each in chosen]
        async with visit.as_buyer() as tx:
            await appeal_restriction(tx, buyer, restriction_id, words=words, file_ids=named)
    except Refusal as no:
        async with visit.as_buyer() as tx:
            page = await _page(
                tx, visit, restriction_id, typed=words or form.typed().get("words", ""), chosen=chosen, no=no
            )
        return show(visit, "buyer/restriction.html", page, status=no.status)
    return see(visit.url("restrictions", str(restriction_id)))


async def held_of(tx: Tx, visit: Visit) -> tuple[Held, ...]:
    """The buyer's restrictions, those that no longer hold too."""
    return tuple(held_as(visit, each) for each in await restrictions_of(tx, visit.signed_in_buyer()))


async def holding(tx: Tx, visit: Visit) -> tuple[Held, ...]:
    """Those that hold now: what pages about orders and claims tell."""
    return tuple(each for each in await held_of(tx, visit) if each.holds)


async def _page(
    tx: Tx,
    visit: Visit,
    restriction_id: UUID,
    *,
    typed: str = "",
    chosen: list[str] | None = None,
    no: Refusal | None = None,
) -> RestrictionPage:
    found = await load_restriction(tx, visit.signed_in_buyer(), restriction_id)
    told = await told_grounds(tx, visit.signed_in_buyer(), restriction_id, keyring=visit.house.keyring)
    memory = (await load_platform(tx)).settings.restriction_memory_days
    files = await live_files(tx, found.claim_id)
    return RestrictionPage(
        held=held_as(visit, found),
        told=told,
        slot_name=slot_by_code(told.slot).name(visit.lang),
        contradiction=_contradiction(visit.lang, told),
        appeal=await load_appeal(tx, restriction_id),
        may_appeal=found.may_appeal(visit.now, memory),
        counts_until=found.may_appeal_until(memory),
        exhibits=tuple(
            Exhibit(file=file, name=slot_by_code(file.slot).name(visit.lang), is_chosen=str(file.id) in (chosen or ()))
            for file in files[-FILES_SHOWN:]
            if file.source == Party.BUYER
        ),
        typed=typed,
        notice=notice_of(visit.lang, no) if no else None,
    )


def held_as(visit: Visit, found: Restriction) -> Held:
    """How a restriction stands at this moment."""
    holds = found.holds(visit.now)
    stands = found.state.value
    if found.is_overdue(visit.now):
        stands = "overdue"
    elif found.lifted_at is None and found.ends_at <= visit.now:
        stands = "ended"
    return Held(restriction=found, stands=stands, holds=holds)


def _contradiction(lang: Lang, told: Told) -> str:
    return check_words(
        lang,
        Check(
            name=told.check,
            source=told.source,
            expected=told.expected,
            found=told.found,
            verdict=CheckVerdict.CONTRADICTS,
        ),
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(field="file", problem="not_readable") from None


handlers = (restrictions, restriction, appeal)
