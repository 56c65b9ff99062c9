"""Imposing, appealing, answering, lifting, each in its caller's transaction.

`impose`, `answer` and `lift` are called by evidence.suspicion, which keeps the finding in step; `appeal` by claims, which
knows the working calendar.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import ActorKind, Tx
from huiliu.kit.ids import new_id
from huiliu.people.model import Buyer, Permission, Staff, require
from huiliu.people.reads import load_platform
from huiliu.people.restrictions import store
from huiliu.people.restrictions.errors import (
    AppealDecided,
    AppealedAlready,
    AppealFiles,
    AppealOwnFinding,
    AppealTooLate,
    NotMilder,
    RestrictionChanged,
    RestrictionIncomplete,
    RestrictionMoveNotAllowed,
    RestrictionTooLong,
)
from huiliu.people.restrictions.model import (
    APPEAL_FILES_MAX,
    MOVE_OF,
    MOVES,
    WORDS_MAX,
    Answer,
    Move,
    Outcome,
    Restriction,
    State,
)
from huiliu.people.restrictions.reads import load_appeal, load_restriction


def check_words(field: str, text: str) -> str:
    """The text without outer blanks. Raises RestrictionIncomplete, RestrictionTooLong."""
    told = text.strip()
    if not told:
        raise RestrictionIncomplete(field=field)
    if len(told) > WORDS_MAX:
        raise RestrictionTooLong(field=field, most=WORDS_MAX)
    return told


def check_acting(tx: Tx, staff: Staff) -> None:
    """A consequence is a person's own act: no job and no machine may do it in somebody's name."""
    assert tx.actor.kind is ActorKind.STAFF, "only a signed-in member of staff acts here"
    assert tx.actor.id == str(staff.id), "nobody acts in somebody else's name"


async def impose(tx: Tx, staff: Staff, suspicion_id: UUID, *, days: int) -> Restriction:
    """Put the confirmed finding in force from now, for `days` natural days. Raises RestrictionChanged when it is not confirmed."""
    check_acting(tx, staff)
    restriction_id = new_id()
    ends_at = tx.now + timedelta(days=days)
    if not await store.insert_restriction(tx, restriction_id, suspicion_id=suspicion_id, ends_at=ends_at):
        raise RestrictionChanged
    made = await load_restriction(tx, staff, restriction_id)
    body = {
        "restriction": str(made.id),
        "level": made.level.value,
        "ends_at": made.ends_at.isoformat(),
        "clause": made.clause,
    }
    await record(tx, made.claim_id, Entry("restriction.imposed", body))
    return made


async def appeal(
    tx: Tx,
    buyer: Buyer,
    restriction_id: UUID,
    *,
    words: str,
    file_ids: Sequence[UUID],
    due_at: datetime,
    is_estimated: bool,
) -> Restriction:
    """The buyer's one appeal. Past `due_at` without an answer the restriction stops holding until there is one.

    Raises NotFound, AppealedAlready, AppealTooLate, AppealFiles, RestrictionIncomplete, RestrictionTooLong.
    """
    restriction = await load_restriction(tx, buyer, restriction_id)
    told = check_words("words", words)
    if restriction.state is State.LIFTED:
        raise AppealTooLate
    if (restriction.state, Move.APPEAL) not in MOVES:
        raise AppealedAlready
    memory = (await load_platform(tx)).settings.restriction_memory_days
    if tx.now > restriction.may_appeal_until(memory):
        raise AppealTooLate
    named = tuple(dict.fromkeys(file_ids))
    if len(named) > APPEAL_FILES_MAX:
        raise AppealFiles(most=APPEAL_FILES_MAX)
    if named and await store.count_own_files(tx, restriction.claim_id, file_ids=named) != len(named):
        raise AppealFiles(most=APPEAL_FILES_MAX)
    await store.move(tx, restriction, State.APPEALED, appeal_due_at=due_at)
    await store.insert_appeal(tx, restriction, words=told, file_ids=named, due_at=due_at, is_estimated=is_estimated)
    body = {"restriction": str(restriction.id), "files": len(named), "due_at": due_at.isoformat()}
    await record(tx, restriction.claim_id, Entry("restriction.appealed", body))
    return await load_restriction(tx, buyer, restriction_id)


async def answer(tx: Tx, staff: Staff, restriction_id: UUID, *, version: int, decided: Answer) -> Restriction:
    """Decide an appeal: somebody who had no part in the finding.

    Raises NotFound, NotAllowed, AppealOwnFinding, AppealDecided, RestrictionChanged, NotMilder, RestrictionIncomplete.
    """
    check_acting(tx, staff)
    require(staff, Permission.CONFIRM)
    restriction = await load_restriction(tx, staff, restriction_id)
    told = Answer(
        outcome=decided.outcome,
        reply=check_words("reply", decided.reply),
        level=decided.level if decided.outcome is Outcome.LESSENED else None,
        ends_at=decided.ends_at if decided.outcome is Outcome.LESSENED else None,
    )
    _check_another(restriction, staff)
    open_appeal = await load_appeal(tx, restriction_id)
    if open_appeal is not None and open_appeal.outcome is not None:
        raise AppealDecided
    if restriction.version != version:
        raise RestrictionChanged
    target = MOVES.get((restriction.state, MOVE_OF[told.outcome]))
    if target is None or open_appeal is None:
        raise RestrictionMoveNotAllowed(state=restriction.state.value, move=MOVE_OF[told.outcome].value)
    if told.outcome is Outcome.LESSENED:
        _check_milder(tx, restriction, told)
    await store.move(tx, restriction, target, level=told.level, ends_at=told.ends_at)
    await store.end_appeal(tx, staff, restriction_id, answer=told)
    after = await load_restriction(tx, staff, restriction_id)
    await record(tx, restriction.claim_id, Entry("restriction.answered", _changed(after, told.outcome)))
    return after


async def lift(tx: Tx, staff: Staff, restriction_id: UUID, *, version: int) -> Restriction:
    """Undo a restriction without an appeal: it ended as it began.

    Raises NotFound, NotAllowed, AppealOwnFinding, RestrictionChanged, RestrictionMoveNotAllowed.
    """
    check_acting(tx, staff)
    require(staff, Permission.CONFIRM)
    restriction = await load_restriction(tx, staff, restriction_id)
    _check_another(restriction, staff)
    if restriction.version != version:
        raise RestrictionChanged
    target = MOVES.get((restriction.state, Move.LIFT))
    if target is None or restriction.state is State.APPEALED:  # an appeal is answered, not passed over
        raise RestrictionMoveNotAllowed(state=restriction.state.value, move=Move.LIFT.value)
    await store.move(tx, restriction, target)
    after = await load_restriction(tx, staff, restriction_id)
    await record(tx, restriction.claim_id, Entry("restriction.lifted", _changed(after, Outcome.LIFTED)))
    return after


def _check_another(restriction: Restriction, staff: Staff) -> None:
    if staff.id in (restriction.proposed_by, restriction.confirmed_by):
        raise AppealOwnFinding


def _check_milder(tx: Tx, restriction: Restriction, told: Answer) -> None:
    level, ends_at = told.level or restriction.level, told.ends_at or restriction.ends_at
    is_no_harder = level.rank <= restriction.level.rank and ends_at <= restriction.ends_at
    if told.ends_at is not None and told.ends_at < tx.now:  # what held until now held: to undo that is to lift it
        raise NotMilder
    if not is_no_harder or (level, ends_at) == (restriction.level, restriction.ends_at):
        raise NotMilder


def _changed(after: Restriction, outcome: Outcome) -> dict[str, object]:
    return {
        "restriction": str(after.id),
        "outcome": outcome.value,
        "level": after.level.value,
        "ends_at": after.ends_at.isoformat(),
    }
