"""From a contradiction to a person's finding: the way, every refusal, and two at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from itertools import product

import msgspec
import pytest

from huiliu.claims.actions import appeal_restriction, lift_restriction, propose_restriction
from huiliu.claims.model import DecisionIncomplete
from huiliu.evidence.inspection.model import Check, CheckVerdict, FieldName, Inspection, Verdict
from huiliu.evidence.model import Party
from huiliu.evidence.suspicion.actions import confirm, dismiss, open_suspicion, propose, return_to_open
from huiliu.evidence.suspicion.allowed import Do, allowed
from huiliu.evidence.suspicion.errors import (
    NoContradiction,
    NotTheBuyers,
    SuspectedAlready,
    SuspicionChanged,
    SuspicionIncomplete,
    SuspicionMoveNotAllowed,
    SuspicionSamePerson,
    SuspicionTooLong,
)
from huiliu.evidence.suspicion.model import MOVES, NOTE_MAX, RECORD_SOURCES, Move, State, contradictions
from huiliu.evidence.suspicion.reads import (
    View,
    false_alarm_counts,
    false_alarms,
    has_open,
    load_grounds,
    load_suspicion,
    suspicions,
    suspicions_of_claim,
    told_grounds,
)
from huiliu.kit.db import Actor, ActorKind, Pool, transaction
from huiliu.kit.errors import NotAllowed, NotFound, Refusal
from huiliu.kit.keyring import Keyring
from huiliu.kit.text import Lang, words
from huiliu.people.model import Role, Staff
from huiliu.people.restrictions.errors import AppealOwnFinding, DaysOutOfRange
from huiliu.people.restrictions.model import DAYS_MOST, SEVERE, Level
from tests.claims.conftest import World, later
from tests.conftest import NOW
from tests.make.suspicions import (
    AGREES,
    AMOUNT,
    OWN_PAGE,
    PIXELS,
    inspection,
    restricted,
    sanction,
    shown,
    somebody,
    suspected,
)

ROUNDS = 4


async def both(*steps: Awaitable[object]) -> list[object]:
    """Run together; refusals are answers, anything else is a bug."""
    answers = await asyncio.gather(*steps, return_exceptions=True)
    for given in answers:
        if isinstance(given, BaseException) and not isinstance(given, Refusal):
            raise given
    return answers


# ------------------------------------------------------------------------------------------------------- it works


async def test_a_contradiction_is_laid_before_colleagues_with_both_values_as_they_were(
    world: World, keyring: Keyring
) -> None:
    given = await shown(world, keyring)
    found = await suspected(world, keyring, given)
    assert (found.state, found.check_name, found.check_source) == (State.OPEN, AMOUNT.name, "order")
    assert (found.claim_no, found.file_id, found.slot) == (given.claim_no, given.file_id, "paid_shot")
    reviewer = world.staff("heshen")
    async with world.as_(reviewer) as tx:
        grounds = await load_grounds(tx, reviewer, found.id, keyring=keyring)
        assert (grounds.against.expected, grounds.against.found) == ("100.00", "1000.00")
        assert [check.name for check in grounds.checks] == [AMOUNT.name, AGREES.name]
        assert (grounds.marks[0].signal, grounds.marks[0].score) == (PIXELS.signal, PIXELS.score)
        kept = await tx.value("SELECT grounds_sealed FROM evidence_suspicions WHERE id = %(id)s", id=found.id)
        assert isinstance(kept, bytes)
        assert b"1000.00" not in kept, "accounts and amounts are sealed at rest"
        assert [each.id for each in await suspicions_of_claim(tx, reviewer, given.claim_id)] == [found.id]
    async with world.system() as tx:  # a later inspection that sees nothing wrong does not rewrite what was seen then
        clean = inspection(AGREES, verdict=Verdict.CONSISTENT)
        await tx.run(
            "UPDATE evidence_inspections SET verdict = 'consistent', result_sealed = 'x' WHERE file_id = %(id)s",
            id=given.file_id,
        )
        assert clean.verdict is Verdict.CONSISTENT
    async with world.as_(reviewer) as tx:
        assert (await load_grounds(tx, reviewer, found.id, keyring=keyring)).against.found == "1000.00"


@pytest.mark.parametrize("level", [level for level in Level if level not in SEVERE])
async def test_one_person_may_decide_a_mild_level(world: World, keyring: Keyring, level: Level) -> None:
    given, made = await restricted(world, keyring, level=level, days=30)
    assert (made.level, made.starts_at, made.ends_at) == (level, NOW, later(days=30))
    assert (made.claim_id, made.contact_hash) == (given.claim_id, given.buyer.contact_hash)
    assert (made.proposed_by, made.confirmed_by) == (world.staff("heshen").id, world.staff("heshen").id)


@pytest.mark.parametrize("level", sorted(SEVERE))
async def test_a_severe_level_waits_for_a_second_person(world: World, keyring: Keyring, level: Level) -> None:
    given = await shown(world, keyring)
    found = await suspected(world, keyring, given)
    first = world.staff("heshen")
    async with world.as_(first) as tx:
        assert await propose(tx, first, found.id, version=1, sanction=sanction(level)) is None
        assert await tx.value("SELECT count(*) FROM restrictions WHERE claim_id = %(id)s", id=given.claim_id) == 0
    with pytest.raises(SuspicionSamePerson):
        async with world.as_(first) as tx:
            await confirm(tx, first, found.id, version=2)
    second = world.staff("caiheng")
    async with world.as_(second, at=later(hours=1)) as tx:
        made = await confirm(tx, second, found.id, version=2)
    assert (made.level, made.starts_at) == (level, later(hours=1))
    assert (made.proposed_by, made.confirmed_by) == (first.id, second.id)


async def test_the_second_person_may_send_it_back_and_a_colleague_may_dismiss_it(
    world: World, keyring: Keyring
) -> None:
    given = await shown(world, keyring)
    found = await suspected(world, keyring, given)
    first, second = world.staff("heshen"), world.staff("shenfu")
    async with world.as_(first) as tx:
        await propose(tx, first, found.id, version=1, sanction=sanction(Level.SUSPENDED))
    async with world.as_(second) as tx:
        await return_to_open(tx, second, found.id, version=2, note="时区不同")
        back = await load_suspicion(tx, second, found.id)
    assert (back.state, back.level, back.proposed_by, back.closing_note) == (State.OPEN, None, None, "时区不同")
    async with world.as_(first) as tx:
        assert await has_open(tx, given.buyer.contact_hash)
        await dismiss(tx, first, found.id, version=3, note="订单改过价")
        assert not await has_open(tx, given.buyer.contact_hash)
        alarms = [each for each in await false_alarms(tx) if each.file_id == given.file_id]
    assert [(each.kind, each.name, each.score, each.how) for each in alarms] == [
        ("check", AMOUNT.name, None, "dismissed"),
        ("signal", PIXELS.signal, PIXELS.score, "dismissed"),
    ]
    # Dismissed is not proven innocent for ever: a colleague who knows more may lay it before others again.
    again = await suspected(world, keyring, given)
    assert again.id != found.id


async def test_the_desk_lists_what_is_open_confirmed_and_closed(world: World, keyring: Keyring) -> None:
    reviewer = world.staff("heshen")
    opened = await suspected(world, keyring, await shown(world, keyring))
    _, standing = await restricted(world, keyring)
    gone = await suspected(world, keyring, await shown(world, keyring))
    async with world.as_(reviewer) as tx:
        await dismiss(tx, reviewer, gone.id, version=1, note="看错了")
        ids = {view: {each.id for each in await suspicions(tx, reviewer, view)} for view in View}
        first = await suspicions(tx, reviewer, View.OPEN, limit=1)
        after = await suspicions(tx, reviewer, View.OPEN, before=(first[0].opened_at, first[0].id))
        counts = {(each.kind, each.name): each for each in await false_alarm_counts(tx, reviewer)}
    assert opened.id in ids[View.OPEN]
    assert standing.suspicion_id in ids[View.CONFIRMED]
    assert gone.id in ids[View.CLOSED]
    assert first[0].id not in {each.id for each in after}
    assert counts["check", AMOUNT.name].dismissed >= 1
    assert counts["signal", PIXELS.signal].upheld >= 1


async def test_the_buyer_is_told_what_was_seen_and_never_a_signal_or_somebody_elses_claim(
    world: World, keyring: Keyring
) -> None:
    given, made = await restricted(world, keyring)
    async with world.as_(given.buyer) as tx:
        told = await told_grounds(tx, given.buyer, made.id, keyring=keyring)
    assert (told.check, told.expected, told.found) == (AMOUNT.name, "100.00", "1000.00")
    assert PIXELS.signal not in msgspec.json.encode(told).decode()
    reuse = Check(
        name="trade_no_reused", source="claims", expected="RF261101AAAA", found="2026", verdict=CheckVerdict.CONTRADICTS
    )
    other = await shown(world, keyring, found=inspection(reuse))
    staff = world.staff("heshen")
    async with world.as_(staff) as tx:
        suspicion = await open_suspicion(tx, staff, other.file_id, keyring=keyring, check=reuse.name, note="重复")
        restriction = await propose(tx, staff, suspicion, version=1, sanction=sanction())
        assert restriction is not None
    async with world.as_(other.buyer) as tx:
        assert (await told_grounds(tx, other.buyer, restriction.id, keyring=keyring)).expected == ""


async def test_the_account_on_record_stays_masked_for_whoever_looked_the_order_up(
    world: World, keyring: Keyring
) -> None:
    account = Check(
        name="account",
        source="order",
        expected="13812345678",
        found="13999999999",
        verdict=CheckVerdict.CONTRADICTS,
        field=FieldName.ACCOUNT,
    )
    given = await shown(world, keyring, found=inspection(account))
    staff = world.staff("heshen")
    async with world.as_(staff) as tx:
        suspicion = await open_suspicion(tx, staff, given.file_id, keyring=keyring, check=account.name, note="不符")
        made = await propose(tx, staff, suspicion, version=1, sanction=sanction())
        assert made is not None
    async with world.as_(given.buyer) as tx:
        told = await told_grounds(tx, given.buyer, made.id, keyring=keyring)
    assert "13812345678" not in msgspec.json.encode(told).decode()


# --------------------------------------------------------------------------------------------------- every refusal


@pytest.mark.parametrize(
    "found",
    [
        inspection(AGREES, verdict=Verdict.UNVERIFIABLE),
        inspection(OWN_PAGE, verdict=Verdict.CONTRADICTED),
        inspection(msgspec.structs.replace(AMOUNT, verdict=CheckVerdict.UNKNOWN), verdict=Verdict.UNVERIFIABLE),
        inspection(msgspec.structs.replace(AMOUNT, expected="")),
        inspection(msgspec.structs.replace(AMOUNT, found="100.00")),
        inspection(AMOUNT, verdict=Verdict.UNVERIFIABLE),
    ],
    ids=["only pixels", "the page itself", "unknown", "no record", "equal values", "not the verdict"],
)
async def test_pixels_a_page_against_itself_and_the_unknown_accuse_nobody(
    world: World, keyring: Keyring, found: Inspection
) -> None:
    given = await shown(world, keyring, found=found)
    staff = world.staff("heshen")
    for check in {AMOUNT.name, OWN_PAGE.name, PIXELS.signal}:
        with pytest.raises(NoContradiction):
            async with world.as_(staff) as tx:
                await open_suspicion(tx, staff, given.file_id, keyring=keyring, check=check, note="可疑")


async def test_a_file_nobody_inspected_accuses_nobody(world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring)
    async with world.system() as tx:
        await tx.run(
            "UPDATE evidence_inspections SET state = 'failed', verdict = NULL, problem = 'broken', result_sealed = NULL"
            " WHERE file_id = %(id)s",
            id=given.file_id,
        )
    with pytest.raises(NoContradiction):
        await suspected(world, keyring, given)


def test_what_can_be_rested_on_is_a_record_that_contradicts() -> None:
    telephone = Check(
        name="clock", source="upload", expected="14:00/14:10", found="15:05", verdict=CheckVerdict.CONTRADICTS
    )
    taken = msgspec.structs.replace(telephone, name="taken_at")
    assert contradictions(inspection(AMOUNT, AGREES, OWN_PAGE, telephone, taken)) == (AMOUNT,), "a traveller's clock"
    assert "page" not in RECORD_SOURCES


async def test_only_staff_who_review_may_open_and_only_deciders_go_on(world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring)
    for login in ("qianhui", "guanyan"):
        with pytest.raises(NotAllowed):
            await suspected(world, keyring, given, by=login)
    found = await suspected(world, keyring, given)
    for login in ("xiaogu", "qianhui", "guanyan"):
        staff = world.staff(login)
        async with world.as_(staff) as tx:
            with pytest.raises(NotAllowed):
                await propose(tx, staff, found.id, version=1, sanction=sanction())
            with pytest.raises(NotAllowed):
                await confirm(tx, staff, found.id, version=1)
            with pytest.raises(NotAllowed):
                await return_to_open(tx, staff, found.id, version=1, note="x")
            with pytest.raises(NotAllowed):
                await dismiss(tx, staff, found.id, version=1, note="x")


async def test_no_job_and_no_machine_acts_in_a_persons_name(world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring)
    staff = world.staff("heshen")
    machine = Actor(ActorKind.MACHINE, world.platform_id, str(staff.id), staff.name)
    other = Actor(ActorKind.STAFF, world.platform_id, str(world.staff("shenfu").id), "沈复")
    for actor in (None, machine, other):
        opened = world.system() if actor is None else transaction(world.pool, actor, clock=lambda: NOW)
        async with opened as tx:
            with pytest.raises(AssertionError):
                await open_suspicion(tx, staff, given.file_id, keyring=keyring, check=AMOUNT.name, note="x")
    found = await suspected(world, keyring, given)
    async with world.system() as tx:
        with pytest.raises(AssertionError):
            await propose(tx, staff, found.id, version=1, sanction=sanction())


async def test_what_the_platform_put_in_is_not_held_against_the_buyer(world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring, source=Party.STAFF)
    with pytest.raises(NotTheBuyers):
        await suspected(world, keyring, given)


async def test_a_draft_and_another_platforms_file_are_not_there(
    world: World, keyring: Keyring, pool: Pool, platforms: dict[str, int]
) -> None:
    given = await shown(world, keyring)
    found = await suspected(world, keyring, given)
    stranger = Staff(
        id=world.staff("heshen").id,
        platform_id=platforms["xingka"],
        login="heshen",
        name="何审",
        roles=frozenset({Role.REVIEWER}),
    )
    actor = Actor(ActorKind.STAFF, platforms["xingka"], str(stranger.id), stranger.name)
    async with transaction(pool, actor, clock=lambda: NOW) as tx:
        with pytest.raises(NotFound):
            await open_suspicion(tx, stranger, given.file_id, keyring=keyring, check=AMOUNT.name, note="x")
        with pytest.raises(NotFound):
            await load_suspicion(tx, stranger, found.id)
        with pytest.raises(NotFound):
            await propose(tx, stranger, found.id, version=1, sanction=sanction())
        assert await suspicions(tx, stranger, View.OPEN) == []
        assert await false_alarms(tx) == []


async def test_a_file_is_looked_at_once_and_what_was_taken_back_never_again(world: World, keyring: Keyring) -> None:
    given, made = await restricted(world, keyring)
    with pytest.raises(SuspectedAlready):
        await suspected(world, keyring, given)
    boss = world.staff("caiheng")
    async with world.as_(boss) as tx:
        await lift_restriction(tx, boss, made.id, version=1, note="订单改过价")
    with pytest.raises(SuspectedAlready):
        await suspected(world, keyring, given)


async def test_a_proposal_is_complete_and_bounded(world: World, keyring: Keyring) -> None:
    found = await suspected(world, keyring, await shown(world, keyring))
    staff = world.staff("heshen")
    async with world.as_(staff) as tx:
        for level in Level:
            for days in (0, -1, DAYS_MOST[level] + 1):
                with pytest.raises(DaysOutOfRange):
                    await propose(tx, staff, found.id, version=1, sanction=sanction(level, days))
        for field in ("clause", "words"):
            empty = msgspec.structs.replace(sanction(), **{field: "  "})
            with pytest.raises(SuspicionIncomplete):
                await propose(tx, staff, found.id, version=1, sanction=empty)
        long = msgspec.structs.replace(sanction(), words="长" * (NOTE_MAX + 1))
        with pytest.raises(SuspicionTooLong):
            await propose(tx, staff, found.id, version=1, sanction=long)
        unknown = msgspec.structs.replace(sanction(), clause="F99")
        with pytest.raises(DecisionIncomplete):
            await propose_restriction(tx, staff, found.id, version=1, sanction=unknown)
        with pytest.raises(SuspicionIncomplete):
            await dismiss(tx, staff, found.id, version=1, note=" ")
        with pytest.raises(SuspicionChanged):
            await propose(tx, staff, found.id, version=7, sanction=sanction())


@pytest.mark.parametrize("state", State)
async def test_every_move_that_is_not_in_the_table_is_refused(world: World, keyring: Keyring, state: State) -> None:
    given = await shown(world, keyring)
    found = await suspected(world, keyring, given)
    first, second, boss = world.staff("heshen"), world.staff("shenfu"), world.staff("caiheng")
    version = 1
    if state is State.PROPOSED:
        async with world.as_(first) as tx:
            await propose(tx, first, found.id, version=1, sanction=sanction(Level.SUSPENDED))
        version = 2
    elif state in (State.CONFIRMED, State.LIFTED):
        async with world.as_(first) as tx:
            made = await propose(tx, first, found.id, version=1, sanction=sanction())
            assert made is not None
        version = 2
        if state is State.LIFTED:
            async with world.as_(boss) as tx:
                await lift_restriction(tx, boss, made.id, version=1, note="错了")
            version = 3
    elif state is State.DISMISSED:
        async with world.as_(first) as tx:
            await dismiss(tx, first, found.id, version=1, note="错了")
        version = 2

    async def take(move: Move) -> None:
        async with world.as_(second) as tx:
            match move:
                case Move.PROPOSE:
                    await propose(tx, second, found.id, version=version, sanction=sanction(Level.NO_INSTANT))
                case Move.CONFIRM if state is State.PROPOSED:
                    await propose(tx, second, found.id, version=version, sanction=sanction())
                case Move.CONFIRM:
                    await confirm(tx, second, found.id, version=version)
                case Move.RETURN:
                    await return_to_open(tx, second, found.id, version=version, note="x")
                case Move.DISMISS:
                    await dismiss(tx, second, found.id, version=version, note="x")
                case Move.LIFT:
                    raise SuspicionMoveNotAllowed  # by its restriction only: tests/people/restrictions

    for move in Move:
        # A colleague's milder proposal does not pass over one that waits; what was open is not confirmed by a second person.
        if (state, move) not in MOVES or move in (Move.CONFIRM, Move.LIFT):
            with pytest.raises(SuspicionMoveNotAllowed):
                await take(move)


def test_every_state_but_the_last_ones_leads_somewhere() -> None:
    leading = {state for state, _ in MOVES}
    assert set(State) - leading == {State.DISMISSED, State.LIFTED}
    assert {(state, move) for state, move in product(State, Move) if (state, move) in MOVES} == set(MOVES)


async def test_the_buttons_of_the_desk_are_what_the_actions_accept(world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring)
    found = await suspected(world, keyring, given)
    agent, first, second, boss = (world.staff(login) for login in ("xiaogu", "heshen", "shenfu", "caiheng"))

    async def buttons(staff: Staff) -> dict[Do, str]:
        async with world.as_(staff) as tx:
            now_it_is = await load_suspicion(tx, staff, found.id)
        return {each.do: each.why_not for each in allowed(staff, now_it_is)}

    assert await buttons(agent) == {}
    assert await buttons(first) == {Do.PROPOSE: "", Do.DISMISS: ""}
    async with world.as_(first) as tx:
        await propose(tx, first, found.id, version=1, sanction=sanction(Level.SUSPENDED))
    assert await buttons(first) == {Do.CONFIRM: "same_person", Do.RETURN: "", Do.DISMISS: ""}
    assert await buttons(second) == {Do.CONFIRM: "", Do.RETURN: "", Do.DISMISS: ""}
    async with world.as_(second) as tx:
        made = await confirm(tx, second, found.id, version=2)
    assert await buttons(first) == await buttons(second) == {Do.LIFT: "took_part"}
    assert await buttons(boss) == {Do.LIFT: ""}
    async with world.as_(given.buyer) as tx:
        assert made.may_appeal(NOW, 730)
        appealed = await appeal_restriction(tx, given.buyer, made.id, words="请再看")
        assert not appealed.may_appeal(NOW, 730)
    assert (await buttons(first), await buttons(boss)) == ({Do.ANSWER: "took_part"}, {Do.ANSWER: ""})
    for lang in Lang:
        assert all(f"evidence_suspicion.do.{each}" in words(lang) for each in Do)
        assert all(f"evidence_suspicion.why_not.{code}" in words(lang) for code in ("same_person", "took_part"))
        assert all(
            f"evidence_suspicion.{group}.{one}" in words(lang)
            for group, kind in (("state", State), ("view", View))
            for one in kind
        )
        assert all(f"evidence_suspicion.source.{source}" in words(lang) for source in RECORD_SOURCES)


async def test_who_took_part_does_not_lift(world: World, keyring: Keyring) -> None:
    _, made = await restricted(world, keyring, level=Level.NO_INSTANT)
    for login in ("heshen", "shenfu"):
        staff = world.staff(login)
        with pytest.raises(AppealOwnFinding):
            async with world.as_(staff) as tx:
                await lift_restriction(tx, staff, made.id, version=1, note="错了")


# ---------------------------------------------------------------------------------------------------- two at once


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_two_who_confirm_at_once_make_one_restriction(world: World, keyring: Keyring, round_: int) -> None:
    found = await suspected(world, keyring, await shown(world, keyring))
    first = world.staff("heshen")
    async with world.as_(first) as tx:
        await propose(tx, first, found.id, version=1, sanction=sanction(Level.SUSPENDED))

    async def second(login: str) -> None:
        staff = world.staff(login)
        async with world.as_(staff) as tx:
            await confirm(tx, staff, found.id, version=2)

    answers = await both(second("shenfu"), second("caiheng"))
    assert sum(answer is None for answer in answers) == 1
    async with world.system() as tx:
        assert await tx.value("SELECT count(*) FROM restrictions WHERE suspicion_id = %(id)s", id=found.id) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_confirming_and_dismissing_at_once_is_one_of_them(world: World, keyring: Keyring, round_: int) -> None:
    found = await suspected(world, keyring, await shown(world, keyring))
    one, other = world.staff("heshen"), world.staff("shenfu")

    async def hold() -> None:
        async with world.as_(one) as tx:
            await propose(tx, one, found.id, version=1, sanction=sanction())

    async def drop() -> None:
        async with world.as_(other) as tx:
            await dismiss(tx, other, found.id, version=1, note="看错了")

    answers = await both(hold(), drop())
    assert sum(answer is None for answer in answers) == 1
    async with world.as_(one) as tx:
        state = (await load_suspicion(tx, one, found.id)).state
        count = await tx.value("SELECT count(*) FROM restrictions WHERE suspicion_id = %(id)s", id=found.id)
    assert (state, count) in ((State.CONFIRMED, 1), (State.DISMISSED, 0))


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_two_who_open_at_once_open_one(world: World, keyring: Keyring, round_: int) -> None:
    given = await shown(world, keyring, who=somebody(world))
    answers = await both(suspected(world, keyring, given, by="heshen"), suspected(world, keyring, given, by="shenfu"))
    assert sum(isinstance(answer, SuspectedAlready) for answer in answers) == 1
