"""What the page of one suspicion shows, arranged from the finding, its grounds, the restriction and the appeal."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from huiliu.claims.reads import claim_by_id
from huiliu.claims.store import ClaimRow
from huiliu.evidence.model import FileRow
from huiliu.evidence.reads import load_file
from huiliu.evidence.suspicion.allowed import Allowed, Do, allowed
from huiliu.evidence.suspicion.model import HOLDS_FOR, NOTE_MAX, Grounds, State, Suspicion
from huiliu.evidence.suspicion.reads import load_grounds, load_suspicion
from huiliu.evidence.verification.reads import inspection_of
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound, Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import Lang
from huiliu.people.model import Staff
from huiliu.people.restrictions.model import (
    CLAUSE_MAX,
    DAYS_MOST,
    DAYS_USUAL,
    SEVERE,
    Appeal,
    Level,
    Outcome,
    Restriction,
)
from huiliu.people.restrictions.reads import Step, load_appeal, load_restriction, next_step, restrictions_of_contact
from huiliu.policy.reads import load_policy
from huiliu.policy.wording import clause_name
from huiliu.web.buyer.restrictions import Held, held_as
from huiliu.web.buyer.timeline import slot_name
from huiliu.web.desk.desk import Desk, desk_of
from huiliu.web.desk.looking import CheckRow, check_row, check_rows
from huiliu.web.desk.overlay import Overlay, overlay_of, signal_means, signal_name
from huiliu.web.desk.panel import Option
from huiliu.web.page import Notice, notice_of
from huiliu.web.visit import Visit

DONE = frozenset({"opened", *(do.value for do in Do)})


class Signal(Struct, frozen=True):
    """A pixel signal that spoke too: a hint, never the ground."""

    name: str
    means: str
    score: str
    limit: str


class LevelShown(Struct, frozen=True, kw_only=True):
    """One rung of the ladder in the form."""

    level: Level
    days_usual: int
    days_most: int
    is_severe: bool
    is_suggested: bool
    is_on: bool


class Happened(Struct, frozen=True, kw_only=True):
    """One line of the history. Words under desk_evidence.happened."""

    code: str
    who: str
    at: datetime
    words: str
    level: str
    days: int | None


class SuspicionPage(Struct, frozen=True, kw_only=True):
    """The page."""

    desk: Desk
    found: Suspicion
    against: CheckRow
    checks: tuple[CheckRow, ...]
    signals: tuple[Signal, ...]
    file: FileRow | None
    """None when the buyer has taken it back meanwhile."""
    overlay: Overlay | None
    slot: str
    history: tuple[Happened, ...]
    returned: str
    """Why a colleague sent the last proposal back."""
    lapses_at: datetime
    step: Step
    levels: tuple[LevelShown, ...]
    days: str
    clauses: tuple[Option, ...]
    allowed: tuple[Allowed, ...]
    version: int
    """Of what is acted on: the finding while it is open, the restriction afterwards."""
    held: Held | None
    appeal: Appeal | None
    outcomes: tuple[str, ...]
    milder: tuple[str, ...]
    latest_end: str
    others: tuple[Held, ...]
    typed: dict[str, str]
    do: str
    done: str
    told: str
    """1: a notice was sent; 0: nobody could be told."""
    notice: Notice | None
    note_max: int = NOTE_MAX
    clause_max: int = CLAUSE_MAX


async def load_page(
    visit: Visit,
    staff: Staff,
    suspicion_id: UUID,
    *,
    typed: dict[str, str] | None = None,
    do: str = "",
    done: str = "",
    told: str = "",
    no: Refusal | None = None,
) -> SuspicionPage:
    """Read one suspicion whole, as this person may act on it. Raises NotFound, NotAllowed."""
    async with visit.as_staff() as tx:
        found = await load_suspicion(tx, staff, suspicion_id)
        grounds = await load_grounds(tx, staff, suspicion_id, keyring=visit.house.keyring)
        claim = await claim_by_id(tx, found.claim_id)
        restriction = await load_restriction(tx, staff, found.restriction_id) if found.restriction_id else None
        appeal = await load_appeal(tx, restriction.id) if restriction else None
        step = await next_step(tx, found.contact_hash)
        others = await restrictions_of_contact(tx, staff, found.contact_hash)
        file = await _file(tx, found.file_id)
        overlay = await _overlay(tx, visit, file)
        clauses = await _clauses(tx, visit.lang, claim, chosen=(typed or {}).get("clause", ""))
    kept = typed or {}
    is_held = found.state is State.CONFIRMED and restriction is not None
    return SuspicionPage(
        desk=desk_of(visit, "suspicions"),
        found=found,
        against=check_row(visit.lang, grounds.against),
        checks=check_rows(visit.lang, grounds.checks),
        signals=_signals(visit.lang, grounds),
        file=file,
        overlay=overlay,
        slot=slot_name(visit.lang, found.slot),
        history=_history(found, restriction, appeal),
        returned=found.closing_note if found.closed_at is None else "",
        lapses_at=found.opened_at + HOLDS_FOR,
        step=step,
        levels=_levels(step, kept.get("level", "")),
        days=kept.get("days", "") or str(DAYS_USUAL[step.level]),
        clauses=clauses,
        allowed=allowed(staff, found),
        version=restriction.version if is_held and restriction else found.version,
        held=held_as(visit, restriction) if restriction else None,
        appeal=appeal,
        outcomes=tuple(it.value for it in Outcome),
        milder=tuple(it.value for it in Level if restriction and it.rank <= restriction.level.rank),
        latest_end=restriction.ends_at.astimezone(SHANGHAI).date().isoformat() if restriction else "",
        others=tuple(held_as(visit, it) for it in others if it.suspicion_id != found.id),
        typed=kept,
        do=do,
        done=done,
        told=told,
        notice=notice_of(visit.lang, no) if no else None,
    )


async def _file(tx: Tx, file_id: UUID) -> FileRow | None:
    try:
        return await load_file(tx, file_id)
    except NotFound:
        return None


async def _overlay(tx: Tx, visit: Visit, file: FileRow | None) -> Overlay | None:
    if file is None or file.is_video:
        return None
    found = await inspection_of(tx, [file.id], keyring=visit.house.keyring, is_for_staff=True)
    inspected = found[file.id].inspection if file.id in found else None
    return overlay_of(visit.lang, inspected) if inspected else None


async def _clauses(tx: Tx, lang: Lang, claim: ClaimRow, *, chosen: str) -> tuple[Option, ...]:
    """The clauses of the version that the order stands under; without one, the clause is typed."""
    if claim.policy_id is None:
        return ()
    policy = (await load_policy(tx, claim.policy_id)).policy
    return tuple(
        Option(code=it.id, name=f"{it.id} {clause_name(lang, it)}", is_on=it.id == chosen) for it in policy.clauses
    )


def _signals(lang: Lang, grounds: Grounds) -> tuple[Signal, ...]:
    return tuple(
        Signal(signal_name(lang, it.signal), signal_means(lang, it.signal), f"{it.score:.2f}", f"{it.limit:.2f}")
        for it in grounds.marks
    )


def _levels(step: Step, chosen: str) -> tuple[LevelShown, ...]:
    on = next((it for it in Level if it.value == chosen), step.level)
    return tuple(
        LevelShown(
            level=it,
            days_usual=DAYS_USUAL[it],
            days_most=DAYS_MOST[it],
            is_severe=it in SEVERE,
            is_suggested=it is step.level,
            is_on=it is on,
        )
        for it in Level
    )


def _history(found: Suspicion, restriction: Restriction | None, appeal: Appeal | None) -> tuple[Happened, ...]:
    level = found.level.value if found.level else ""
    lines = [
        _happened("opened", found.opened_by_name, found.opened_at, found.note),
        _happened("proposed", found.proposed_by_name, found.proposed_at, found.words, level, found.days),
        _happened("confirmed", found.confirmed_by_name, found.confirmed_at, "", level, found.days),
    ]
    if appeal is not None:
        lines.append(_happened("appealed", "", appeal.appealed_at, appeal.words))
        if appeal.outcome is not None:
            lines.append(
                _happened(f"answer_{appeal.outcome.value}", appeal.decided_by_name, appeal.decided_at, appeal.reply)
            )
    if found.closed_at is not None:
        was_answered = appeal is not None and appeal.outcome is Outcome.LIFTED
        closing = "" if was_answered else found.closing_note
        lines.append(_happened(found.state.value, found.closed_by_name, found.closed_at, closing))
    told = [line for line in lines if line is not None]
    return tuple(sorted(told, key=lambda line: line.at))


def _happened(
    code: str, who: str, at: datetime | None, words: str, level: str = "", days: int | None = None
) -> Happened | None:
    return None if at is None else Happened(code=code, who=who, at=at, words=words, level=level, days=days)
