"""Opening, proposing, confirming, dismissing, lifting: each a person's act, in the caller's transaction.

There is no way in but these: the file's own inspection in which a record contradicts the picture, and a signed-in member
of staff. The restriction that follows is written in the same transaction.
"""

from __future__ import annotations

from uuid import UUID

from huiliu.evidence.inspection.model import Verdict
from huiliu.evidence.suspicion import store
from huiliu.evidence.suspicion.errors import (
    LiftedByAnother,
    NobodyToHold,
    NoContradiction,
    NotTheBuyers,
    SuspicionChanged,
    SuspicionIncomplete,
    SuspicionMoveNotAllowed,
    SuspicionSamePerson,
    SuspicionTooLong,
)
from huiliu.evidence.suspicion.model import (
    MOVES,
    NOTE_MAX,
    Move,
    Sanction,
    State,
    Suspicion,
    contradiction,
    grounds_of,
)
from huiliu.evidence.suspicion.reads import load_suspicion, suspicion_of
from huiliu.evidence.verification.reads import inspection_of
from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.people.model import Permission, Staff, require
from huiliu.people.restrictions import actions as restrictions
from huiliu.people.restrictions.actions import check_acting
from huiliu.people.restrictions.errors import DaysOutOfRange
from huiliu.people.restrictions.model import (
    CLAUSE_MAX,
    DAYS_MOST,
    SEVERE,
    Answer,
    Outcome,
    Restriction,
    span_is_allowed,
)


async def open_suspicion(tx: Tx, staff: Staff, file_id: UUID, *, keyring: Keyring, check: str, note: str) -> UUID:
    """Lay a buyer's file before colleagues, resting on the named check of its inspection, which is kept as it is now.

    The buyer notices nothing but that a person decides.

    Raises NotFound, NotAllowed, NoContradiction, NotTheBuyers, NobodyToHold, SuspectedAlready, SuspicionIncomplete.
    """
    check_acting(tx, staff)
    require(staff, Permission.REVIEW)
    file = await store.load_filed_file(tx, file_id)
    if file is None:
        raise NotFound
    inspected = (await inspection_of(tx, [file_id], keyring=keyring, is_for_staff=True)).get(file_id)
    inspection = None if inspected is None else inspected.inspection
    against = None if inspection is None else contradiction(inspection, check)
    if inspection is None or against is None or inspection.verdict is not Verdict.CONTRADICTED:
        raise NoContradiction
    if file.source != "buyer":
        raise NotTheBuyers
    if file.contact_hash is None:
        raise NobodyToHold
    told = _words("note", note)
    grounds = grounds_of(inspection, against)
    suspicion_id, sealed = new_id(), store.seal_grounds(keyring, grounds)
    await store.insert_suspicion(tx, staff, suspicion_id, file=file, grounds=grounds, sealed=sealed, note=told)
    found = await load_suspicion(tx, staff, suspicion_id)
    await _record(tx, found, "opened", check=against.name, source=against.source)
    return suspicion_id


async def propose(tx: Tx, staff: Staff, suspicion_id: UUID, *, version: int, sanction: Sanction) -> Restriction | None:
    """Say what should follow. A mild level is in force at once; None: a severe one waits for a second person.

    Raises NotFound, NotAllowed, SuspicionChanged, SuspicionMoveNotAllowed, SuspicionIncomplete, DaysOutOfRange.
    """
    check_acting(tx, staff)
    require(staff, Permission.CONFIRM)
    found = await _at_version(tx, staff, suspicion_id, version)
    told = _checked(sanction)
    is_severe = told.level in SEVERE
    target = _after(found, Move.PROPOSE if is_severe else Move.CONFIRM, only_from=State.OPEN)
    await store.propose(tx, staff, found, target=target, sanction=told)
    await _record(tx, found, "proposed" if is_severe else "confirmed", level=told.level.value, days=told.days)
    return None if is_severe else await restrictions.impose(tx, staff, suspicion_id, days=told.days)


async def confirm(tx: Tx, staff: Staff, suspicion_id: UUID, *, version: int) -> Restriction:
    """The second person agrees, and what was proposed is in force from now.

    Raises NotFound, NotAllowed, SuspicionSamePerson, SuspicionChanged, SuspicionMoveNotAllowed.
    """
    check_acting(tx, staff)
    require(staff, Permission.CONFIRM)
    found = await _at_version(tx, staff, suspicion_id, version)
    _after(found, Move.CONFIRM, only_from=State.PROPOSED)
    if found.proposed_by == staff.id:
        raise SuspicionSamePerson
    assert found.days is not None, "proposed without a length"
    assert found.level is not None, "proposed without a level"
    await store.confirm(tx, staff, found)
    await _record(tx, found, "confirmed", level=found.level.value, days=found.days)
    return await restrictions.impose(tx, staff, suspicion_id, days=found.days)


async def return_to_open(tx: Tx, staff: Staff, suspicion_id: UUID, *, version: int, note: str) -> None:
    """The second person does not agree with what was proposed; whoever proposed it may take it back the same way."""
    check_acting(tx, staff)
    require(staff, Permission.CONFIRM)
    found = await _at_version(tx, staff, suspicion_id, version)
    _after(found, Move.RETURN)
    await store.reopen(tx, found, note=_words("note", note))
    await _record(tx, found, "returned")


async def dismiss(tx: Tx, staff: Staff, suspicion_id: UUID, *, version: int, note: str) -> None:
    """Nothing is held against the buyer; the check and the signals are remembered as a false alarm."""
    check_acting(tx, staff)
    require(staff, Permission.CONFIRM)
    found = await _at_version(tx, staff, suspicion_id, version)
    target = _after(found, Move.DISMISS)
    await store.close(tx, staff, found, target=target, note=_words("note", note))
    await store.insert_false_alarms(tx, found, how=target)
    await _record(tx, found, "dismissed")


async def decide_appeal(tx: Tx, staff: Staff, restriction_id: UUID, *, version: int, decided: Answer) -> Restriction:
    """Answer a buyer's appeal; lifted undoes the finding too, so that nothing of it counts any more.

    Raises what people.restrictions.actions.answer raises.
    """
    after = await restrictions.answer(tx, staff, restriction_id, version=version, decided=decided)
    if decided.outcome is Outcome.LIFTED:
        await _lift_finding(tx, staff, after, note=decided.reply.strip())
    return after


async def lift(tx: Tx, staff: Staff, restriction_id: UUID, *, version: int, note: str) -> Restriction:
    """A colleague sees that the finding was wrong: it is undone without waiting for an appeal.

    Raises NotFound, NotAllowed, AppealOwnFinding, RestrictionChanged, RestrictionMoveNotAllowed (an appeal is open:
    answer it).
    """
    told = _words("note", note)
    after = await restrictions.lift(tx, staff, restriction_id, version=version)
    await _lift_finding(tx, staff, after, note=told)
    return after


async def _lift_finding(tx: Tx, staff: Staff, after: Restriction, *, note: str) -> None:
    found = await suspicion_of(tx, after.id)
    if staff.id in (found.proposed_by, found.confirmed_by):
        raise LiftedByAnother
    target = _after(found, Move.LIFT)
    await store.close(tx, staff, found, target=target, note=note[:NOTE_MAX])
    await store.insert_false_alarms(tx, found, how=target)
    await _record(tx, found, "lifted")


async def _at_version(tx: Tx, staff: Staff, suspicion_id: UUID, version: int) -> Suspicion:
    found = await load_suspicion(tx, staff, suspicion_id)
    if found.version != version:
        raise SuspicionChanged
    return found


def _after(found: Suspicion, move: Move, *, only_from: State | None = None) -> State:
    target = MOVES.get((found.state, move))
    if target is None or only_from not in (None, found.state):
        raise SuspicionMoveNotAllowed(state=found.state.value, move=move.value)
    return target


def _checked(sanction: Sanction) -> Sanction:
    clause = sanction.clause.strip()
    if not clause:
        raise SuspicionIncomplete(field="clause")
    if len(clause) > CLAUSE_MAX:
        raise SuspicionTooLong(field="clause", most=CLAUSE_MAX)
    if not span_is_allowed(sanction.level, sanction.days):
        raise DaysOutOfRange(most=DAYS_MOST[sanction.level])
    words = _words("words", sanction.words)
    return Sanction(level=sanction.level, days=sanction.days, clause=clause, words=words)


def _words(field: str, text: str) -> str:
    told = text.strip()
    if not told:
        raise SuspicionIncomplete(field=field)
    if len(told) > NOTE_MAX:
        raise SuspicionTooLong(field=field, most=NOTE_MAX)
    return told


async def _record(tx: Tx, found: Suspicion, what: str, **facts: str | int) -> None:
    """In the platform's own stream: a claim's is read by its buyer, and nobody is told of what is only suspected."""
    body: dict[str, object] = {"suspicion": str(found.id), "claim_no": found.claim_no, **facts}
    await record(tx, platform_stream(tx.platform_id), Entry(f"suspicion.{what}", body))
