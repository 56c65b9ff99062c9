"""A bug of the program, or somebody inside it, tries to accuse without a record or without people: the database refuses."""

from __future__ import annotations

from itertools import product
from typing import LiteralString
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, InsufficientPrivilege, NotNullViolation

from huiliu.evidence.inspection.model import Verdict
from huiliu.evidence.suspicion.actions import propose
from huiliu.evidence.suspicion.errors import (
    LiftedByAnother,
    NoContradiction,
    SuspicionMoveNotAllowed,
    SuspicionNeedsPerson,
    SuspicionSamePerson,
    SuspicionStays,
)
from huiliu.evidence.suspicion.model import MOVES, State, Suspicion
from huiliu.kit.db import Tx
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.people.restrictions.model import Level
from tests.claims.conftest import World
from tests.make.suspicions import AGREES, Shown, inspection, restricted, sanction, shown, suspected

SEVERE_LEVELS = ("no_instant", "suspended")


async def insert(tx: Tx, given: Shown, **over: object) -> None:
    """A row straight into the table, as the confined role, whole unless told otherwise."""
    values: dict[str, object] = {
        "platform_id": tx.platform_id,
        "id": new_id(),
        "claim_id": given.claim_id,
        "order_id": given.made.order_id,
        "file_id": given.file_id,
        "contact_hash": given.buyer.contact_hash,
        "check_name": "amount",
        "check_source": "order",
        "check_verdict": "contradicts",
        "expected_mark": bytes(32),
        "found_mark": b"1" * 32,
        "grounds_sealed": b"x",
        "note": "x",
        "opened_by": UUID(int=2),
        "opened_by_name": "何审",
        "opened_at": tx.now,
        **over,
    }
    names = ", ".join(values)
    marks = ", ".join(f"%({name})s" for name in values)
    await tx.run(f"INSERT INTO evidence_suspicions ({names}) VALUES ({marks})", **values)  # noqa: S608  # pyright: ignore[reportArgumentType] - the point of this file


async def update(world: World, found: Suspicion | UUID, sql: LiteralString, **values: object) -> None:
    """Straight at the row, as the confined role."""
    suspicion_id = found if isinstance(found, UUID) else found.id
    async with world.system() as tx:
        statement: LiteralString = "UPDATE evidence_suspicions SET " + sql + " WHERE id = %(id)s"  # noqa: S608 - ours
        await tx.run(statement, id=suspicion_id, **values)


async def test_a_whole_row_passes_so_that_the_others_fail_for_their_own_reason(world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring)
    async with world.system() as tx:
        await insert(tx, given)


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"check_verdict": "agrees"}, NoContradiction),
        ({"check_verdict": "unknown"}, NoContradiction),
        ({"check_verdict": None}, NotNullViolation),
        ({"check_source": "page"}, CheckViolation),
        ({"check_source": "pixels"}, CheckViolation),
        ({"check_name": ""}, CheckViolation),
        ({"found_mark": bytes(32)}, CheckViolation),
        ({"expected_mark": None}, NotNullViolation),
        ({"grounds_sealed": None}, NotNullViolation),
        ({"grounds_sealed": b""}, CheckViolation),
        ({"opened_by": None}, NotNullViolation),
        ({"opened_by": UUID(int=999)}, ForeignKeyViolation),
        ({"note": ""}, CheckViolation),
        ({"contact_hash": b"somebody else"}, NoContradiction),
        ({"state": "confirmed"}, InsufficientPrivilege),
        ({"confirmed_by": UUID(int=2)}, InsufficientPrivilege),
        ({"proposed_by": UUID(int=2)}, InsufficientPrivilege),
    ],
    ids=str,
)
async def test_nothing_is_laid_before_people_without_a_contradiction_and_a_person(
    world: World, keyring: Keyring, over: dict[str, object], error: type[Exception]
) -> None:
    given = await shown(world, keyring)
    with pytest.raises(error):
        async with world.system() as tx:
            await insert(tx, given, **over)


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.CONTRADICTED])
async def test_the_machines_own_verdict_must_say_so(world: World, keyring: Keyring, verdict: Verdict) -> None:
    given = await shown(world, keyring, found=inspection(AGREES, verdict=verdict))
    with pytest.raises(NoContradiction):
        async with world.system() as tx:
            await insert(tx, given)


async def test_another_claims_file_accuses_nobody(world: World, keyring: Keyring) -> None:
    given, other = await shown(world, keyring), await shown(world, keyring)
    with pytest.raises(NoContradiction):
        async with world.system() as tx:
            await insert(tx, given, file_id=other.file_id)
    with pytest.raises(NoContradiction):
        async with world.system() as tx:
            await insert(tx, given, claim_id=other.claim_id)


CONFIRM: LiteralString = (
    "state = 'confirmed', level = %(level)s, days = 7, clause = 'F0', words = 'x', proposed_by = %(first)s,"
    " proposed_at = now(), confirmed_by = %(second)s, confirmed_at = now()"
)


async def test_nothing_is_confirmed_without_the_person_or_the_words(world: World, keyring: Keyring) -> None:
    found = await suspected(world, keyring, await shown(world, keyring))
    first = world.staff("heshen").id
    with pytest.raises(SuspicionNeedsPerson):
        await update(world, found, "state = 'confirmed'")
    with pytest.raises(SuspicionNeedsPerson):
        await update(world, found, CONFIRM, level="warning", first=first, second=None)
    with pytest.raises(CheckViolation):
        await update(world, found, CONFIRM, level="warning", first=None, second=first)
    with pytest.raises(ForeignKeyViolation):
        await update(world, found, CONFIRM, level="warning", first=first, second=UUID(int=999))
    with pytest.raises(SuspicionNeedsPerson):
        await update(world, found, "confirmed_by = %(by)s, confirmed_at = now()", by=first)


@pytest.mark.parametrize("level", SEVERE_LEVELS)
async def test_the_severe_is_never_one_persons(world: World, keyring: Keyring, level: str) -> None:
    found = await suspected(world, keyring, await shown(world, keyring))
    first, second = world.staff("heshen").id, world.staff("shenfu").id
    for confirmer in (first, second):  # in one statement neither alone nor in a colleague's name
        with pytest.raises(SuspicionSamePerson):
            await update(world, found, CONFIRM, level=level, first=first, second=confirmer)
    async with world.as_(world.staff("heshen")) as tx:
        await propose(tx, world.staff("heshen"), found.id, version=1, sanction=sanction(Level(level)))
    with pytest.raises(SuspicionSamePerson):
        await update(world, found, "state = 'confirmed', confirmed_by = proposed_by, confirmed_at = now()")


async def test_what_was_proposed_is_what_is_confirmed(world: World, keyring: Keyring) -> None:
    found = await suspected(world, keyring, await shown(world, keyring))
    async with world.as_(world.staff("heshen")) as tx:
        await propose(tx, world.staff("heshen"), found.id, version=1, sanction=sanction(Level.NO_INSTANT))
    confirmed: LiteralString = "state = 'confirmed', confirmed_by = %(by)s, confirmed_at = now(), "
    for change in ("level = 'suspended'", "days = 9", "words = 'y'", "clause = 'F1'", "proposed_by = %(by)s"):
        with pytest.raises((SuspicionStays, SuspicionSamePerson)):
            await update(world, found, confirmed + change, by=world.staff("shenfu").id)


async def test_what_was_confirmed_stays_and_its_grounds_cannot_be_rewritten(world: World, keyring: Keyring) -> None:
    given, made = await restricted(world, keyring, level=Level.NO_INSTANT)
    async with world.system() as tx:
        for column in ("grounds_sealed", "check_name", "contact_hash", "file_id", "opened_by", "signals"):
            assert (
                await tx.value("SELECT has_column_privilege('evidence_suspicions', %(c)s, 'UPDATE')", c=column) is False
            )
        for column in ("contact_hash", "suspicion_id", "starts_at", "first_ends_at", "first_level", "confirmed_by"):
            assert await tx.value("SELECT has_column_privilege('restrictions', %(c)s, 'UPDATE')", c=column) is False
        for table in ("evidence_suspicions", "restrictions", "restriction_appeals", "evidence_false_alarms"):
            assert await tx.value("SELECT has_table_privilege(%(t)s, 'DELETE')", t=table) is False
        assert await tx.value("SELECT has_table_privilege('evidence_false_alarms', 'UPDATE')") is False
    for change in ("confirmed_by = %(by)s", "proposed_by = %(by)s", "level = 'warning'", "confirmed_at = now()"):
        with pytest.raises((SuspicionStays, SuspicionSamePerson, ForeignKeyViolation)):
            await update(world, made.suspicion_id, change, by=world.staff("caiheng").id)
    with pytest.raises(LiftedByAnother):
        await update(world, made.suspicion_id, "state = 'lifted', closed_by = confirmed_by, closed_at = now()")
    assert given.claim_id == made.claim_id


ROW: dict[State, LiteralString] = {
    State.OPEN: "",
    State.PROPOSED: ", level = 'warning', days = 7, clause = 'F0', words = 'x', proposed_by = %(a)s, proposed_at = now()",
    State.CONFIRMED: ", level = 'warning', days = 7, clause = 'F0', words = 'x', proposed_by = %(a)s, proposed_at = now(),"
    " confirmed_by = %(a)s, confirmed_at = now()",
    State.DISMISSED: ", closed_by = %(a)s, closed_at = now()",
    State.LIFTED: ", level = 'warning', days = 7, clause = 'F0', words = 'x', proposed_by = %(a)s, proposed_at = now(),"
    " confirmed_by = %(a)s, confirmed_at = now(), closed_by = %(b)s, closed_at = now()",
}
"""What each state needs beside its name."""
BY_ONE: LiteralString = ", confirmed_by = %(a)s, confirmed_at = now()"
CLEAR: LiteralString = (
    "level = NULL, days = NULL, clause = '', words = '', proposed_by = NULL, proposed_at = NULL, confirmed_by = NULL,"
    " confirmed_at = NULL, closed_by = NULL, closed_at = NULL"
)
STEPS: dict[State, tuple[LiteralString, ...]] = {
    State.OPEN: (),
    State.PROPOSED: ("state = 'proposed'" + ROW[State.PROPOSED],),
    State.CONFIRMED: ("state = 'confirmed'" + ROW[State.CONFIRMED],),
    State.DISMISSED: ("state = 'dismissed'" + ROW[State.DISMISSED],),
    State.LIFTED: (
        "state = 'confirmed'" + ROW[State.CONFIRMED],
        "state = 'lifted', closed_by = %(b)s, closed_at = now()",
    ),
}


@pytest.mark.parametrize(("start", "end"), [pair for pair in product(State, State) if pair[0] is not pair[1]])
async def test_the_database_knows_the_same_moves(world: World, keyring: Keyring, start: State, end: State) -> None:
    """Table x table: every pair of states, by a statement that fills in what the target needs and nothing else."""
    found = await suspected(world, keyring, await shown(world, keyring))
    people = {"a": world.staff("heshen").id, "b": world.staff("caiheng").id}
    for step in STEPS[start]:
        await update(world, found, step, **people)
    targets: dict[State, LiteralString] = {
        State.OPEN: "state = 'open', " + CLEAR,
        State.PROPOSED: "state = 'proposed'" + (ROW[State.PROPOSED] if start is State.OPEN else ""),
        State.CONFIRMED: "state = 'confirmed'" + (ROW[State.CONFIRMED] if start is State.OPEN else BY_ONE),
        State.DISMISSED: "state = 'dismissed', closed_by = %(a)s, closed_at = now()",
        State.LIFTED: "state = 'lifted', closed_by = %(b)s, closed_at = now()",
    }
    if (start, end) in {(state, to) for (state, _), to in MOVES.items()}:
        await update(world, found, targets[end], **people)
    else:
        with pytest.raises((SuspicionMoveNotAllowed, SuspicionStays)):
            await update(world, found, targets[end], **people)
