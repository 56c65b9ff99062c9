"""In force, appealed, answered, lifted: for the right people only, once, and also two at once."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from itertools import product
from typing import LiteralString
from uuid import UUID

import pytest
from msgspec import structs
from psycopg.errors import CheckViolation, ForeignKeyViolation, InsufficientPrivilege

from huiliu.claims.actions import answer_appeal, appeal_restriction, lift_restriction
from huiliu.evidence.actions import add_file
from huiliu.evidence.model import Kept
from huiliu.evidence.suspicion.model import HOLDS_FOR
from huiliu.evidence.suspicion.model import State as SuspicionState
from huiliu.evidence.suspicion.reads import View, false_alarms, load_suspicion, suspicions
from huiliu.kit.db import Actor, ActorKind, Pool, Tx, transaction
from huiliu.kit.errors import NotAllowed, NotFound, Refusal
from huiliu.kit.ids import SHANGHAI, new_id
from huiliu.kit.keyring import Keyring
from huiliu.people.model import ApiKey, Buyer, PlatformSettings, Scope
from huiliu.people.platforms import change_settings
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
    MOVES,
    WORDS_MAX,
    Answer,
    Level,
    Outcome,
    Restriction,
    Standing,
    State,
)
from huiliu.people.restrictions.reads import (
    contact_requires_code,
    load_appeal,
    load_restriction,
    next_step,
    open_appeals,
    requires_code,
    restrictions_of,
    restrictions_of_contact,
    standing,
)
from tests.claims.conftest import World, later
from tests.claims.test_races import both
from tests.conftest import NOW
from tests.make.suspicions import Shown, restricted, shown, somebody, suspected

ROUNDS = 4
UPHELD = Answer(outcome=Outcome.UPHELD, reply="订单没有改过价，金额仍不一致。")
LIFTED = Answer(outcome=Outcome.LIFTED, reply="订单改过价，截图是对的。")


async def appealed(world: World, made: tuple[Shown, Restriction], *, words: str = "我没有改过图") -> Restriction:
    given, restriction = made
    async with world.as_(given.buyer, at=later(hours=1)) as tx:
        return await appeal_restriction(tx, given.buyer, restriction.id, words=words)


async def answered(world: World, restriction: Restriction, answer: Answer, *, by: str = "caiheng") -> Restriction:
    staff = world.staff(by)
    async with world.as_(staff, at=later(hours=2)) as tx:
        return await answer_appeal(tx, staff, restriction.id, version=restriction.version, answer=answer)


async def stands(world: World, contact_hash: bytes | None, **span: float) -> Standing:
    async with world.system(at=later(**span)) as tx:
        return await standing(tx, contact_hash)


# -------------------------------------------------------------------------------------------------------- it works


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Level.WARNING, Standing(forged_before=True)),
        (Level.CODE_ONLY, Standing(forged_before=True, must_show_code=True)),
        (Level.NO_INSTANT, Standing(forged_before=True, must_show_code=True, needs_person=True)),
        (
            Level.SUSPENDED,
            Standing(forged_before=True, must_show_code=True, needs_person=True, suspended_until=later(days=7)),
        ),
    ],
)
async def test_each_level_does_what_the_milder_ones_do_and_ends_by_itself(
    world: World, keyring: Keyring, level: Level, expected: Standing
) -> None:
    given, _ = await restricted(world, keyring, level=level, days=7)
    contact = given.buyer.contact_hash
    assert await stands(world, contact) == expected
    assert await stands(world, contact, days=7, microseconds=-1) == expected
    assert await stands(world, contact, days=7) == Standing(forged_before=True), "the finding is remembered for longer"
    assert await stands(world, contact, days=731) == Standing()
    async with world.as_(given.buyer) as tx:
        assert await requires_code(tx, given.buyer) is expected.must_show_code
        assert await contact_requires_code(tx, contact) is expected.must_show_code
        assert await requires_code(tx, world.buyer) is False
    assert await stands(world, None) == Standing()


async def test_the_buyer_sees_appeals_and_is_answered(world: World, keyring: Keyring) -> None:
    given, made = await restricted(world, keyring, level=Level.SUSPENDED)
    restriction = await appealed(world, (given, made))
    assert restriction.state is State.APPEALED
    due = restriction.appeal_due_at
    assert due is not None
    # From Monday five working days on: the next Monday, at the end of business.
    assert due.astimezone(SHANGHAI).isoformat() == "2026-11-30T18:00:00+08:00"
    boss = world.staff("caiheng")
    async with world.as_(boss) as tx:
        rows = [row for row in await open_appeals(tx, boss) if row.restriction_id == made.id]
        assert [(row.due_at, row.is_mine, row.claim_no) for row in rows] == [(due, False, given.claim_no)]
        assert made.suspicion_id in {each.id for each in await suspicions(tx, boss, View.APPEALED)}
    mine = world.staff("heshen")
    async with world.as_(mine) as tx:
        assert next(row for row in await open_appeals(tx, mine) if row.restriction_id == made.id).is_mine
    after = await answered(world, restriction, UPHELD)
    assert (after.state, after.level, after.ends_at) == (State.UPHELD, Level.SUSPENDED, made.ends_at)
    async with world.as_(given.buyer) as tx:
        appeal = await load_appeal(tx, made.id)
        assert appeal is not None
        assert (appeal.words, appeal.outcome, appeal.reply) == ("我没有改过图", Outcome.UPHELD, UPHELD.reply)
        assert [each.id for each in await restrictions_of(tx, given.buyer)] == [made.id]
    assert (await stands(world, given.buyer.contact_hash, hours=3)).suspended_until == made.ends_at


async def test_lifted_restores_everything_from_the_start_and_feeds_the_thresholds(
    world: World, keyring: Keyring
) -> None:
    given, made = await restricted(world, keyring, level=Level.NO_INSTANT)
    after = await answered(world, await appealed(world, (given, made)), LIFTED)
    assert (after.state, after.ends_at, after.lifted_at) == (State.LIFTED, made.starts_at, later(hours=2))
    assert not after.holds(NOW)
    contact = given.buyer.contact_hash
    assert contact is not None
    for span in ({}, {"hours": 3}, {"days": 3}):
        assert await stands(world, contact, **span) == Standing()
    boss = world.staff("caiheng")
    async with world.as_(boss) as tx:
        assert (await load_suspicion(tx, boss, made.suspicion_id)).state is SuspicionState.LIFTED
        assert (await next_step(tx, contact)).counted == 0
        alarms = [each for each in await false_alarms(tx) if each.suspicion_id == made.suspicion_id]
        assert {(each.kind, each.how) for each in alarms} == {("check", "lifted"), ("signal", "lifted")}
        assert [each.id for each in await restrictions_of_contact(tx, boss, contact)] == [made.id]


async def test_lessened_is_milder_or_shorter_from_then_on(world: World, keyring: Keyring) -> None:
    given, made = await restricted(world, keyring, level=Level.SUSPENDED)
    milder = Answer(outcome=Outcome.LESSENED, reply="改为带验证码", level=Level.CODE_ONLY, ends_at=later(days=3))
    after = await answered(world, await appealed(world, (given, made)), milder)
    assert (after.state, after.level, after.ends_at) == (State.LESSENED, Level.CODE_ONLY, later(days=3))
    assert (after.first_level, after.first_ends_at) == (Level.SUSPENDED, made.ends_at)
    assert await stands(world, given.buyer.contact_hash, days=1) == Standing(forged_before=True, must_show_code=True)


async def test_a_colleague_takes_a_wrong_finding_back_without_an_appeal_also_when_it_has_run_out(
    world: World, keyring: Keyring
) -> None:
    boss = world.staff("caiheng")
    for span in ({"hours": 1}, {"days": 7}, {"days": 60}):
        given, made = await restricted(world, keyring, level=Level.SUSPENDED)
        async with world.as_(boss, at=later(**span)) as tx:
            after = await lift_restriction(tx, boss, made.id, version=1, note="时区不同")
        assert (after.state, after.ends_at) == (State.LIFTED, made.starts_at)
        assert await stands(world, given.buyer.contact_hash, **span) == Standing()


async def test_an_appeal_nobody_answers_in_time_suspends_the_restriction_until_somebody_does(
    world: World, keyring: Keyring
) -> None:
    given, made = await restricted(world, keyring, level=Level.SUSPENDED, days=30)
    restriction = await appealed(world, (given, made))
    due = restriction.appeal_due_at
    assert due is not None
    contact = given.buyer.contact_hash
    async with world.system(at=due - timedelta(seconds=1)) as tx:
        assert (await standing(tx, contact)).suspended_until == made.ends_at
    async with world.system(at=due) as tx:
        assert await standing(tx, contact) == Standing(forged_before=True)
    boss = world.staff("caiheng")
    async with world.as_(boss, at=due + timedelta(days=1)) as tx:
        await answer_appeal(tx, boss, made.id, version=restriction.version, answer=UPHELD)
        assert (await standing(tx, contact)).suspended_until == made.ends_at


async def test_the_next_step_of_the_ladder_counts_what_still_counts(world: World, keyring: Keyring) -> None:
    who = somebody(world)
    contact = who[0].contact_hash
    assert contact is not None
    async with world.system() as tx:
        assert (await next_step(tx, contact)).level is Level.WARNING
    await restricted(world, keyring, who=who)
    await restricted(world, keyring, who=who)
    async with world.system() as tx:
        step = await next_step(tx, contact)
        assert (step.counted, step.level) == (2, Level.NO_INSTANT)
    async with world.system(at=later(days=731)) as tx:
        assert (await next_step(tx, contact)).counted == 0


async def test_a_platform_sets_its_ladder_and_its_memory(world: World, keyring: Keyring) -> None:
    who = somebody(world)
    contact = who[0].contact_hash
    assert contact is not None
    await restricted(world, keyring, who=who)
    admin = world.staff("guanyan")
    async with world.as_(admin) as tx:
        await change_settings(
            tx,
            admin,
            settings=PlatformSettings(restriction_ladder=(Level.WARNING, Level.WARNING), restriction_memory_days=30),
        )
    try:
        async with world.system(at=later(days=29)) as tx:
            assert (await next_step(tx, contact)).level is Level.WARNING
            assert (await standing(tx, contact)).forged_before
        assert (await stands(world, contact, days=31)).forged_before is False
    finally:
        async with world.as_(admin) as tx:
            await change_settings(tx, admin, settings=PlatformSettings())


async def test_the_function_of_the_database_and_the_rule_agree(world: World, keyring: Keyring) -> None:
    given, made = await restricted(world, keyring, level=Level.SUSPENDED, days=30)
    boss = world.staff("caiheng")
    await appealed(world, (given, made))
    instants = [NOW - timedelta(seconds=1), NOW, later(days=3), later(days=8), later(days=30), later(days=31)]
    async with world.as_(boss) as tx:
        now_it_is = await load_restriction(tx, boss, made.id)
    for at in instants:
        async with world.system(at=at) as tx:
            assert (await standing(tx, given.buyer.contact_hash)).must_show_code is now_it_is.holds(at), at
    other = await suspected(world, keyring, await shown(world, keyring))
    for at, is_held in (
        (later(days=1), True),
        (NOW + HOLDS_FOR - timedelta(seconds=1), True),
        (NOW + HOLDS_FOR, False),
    ):
        async with world.system(at=at) as tx:
            assert (await standing(tx, other.contact_hash)).needs_person is is_held


async def test_the_journal_says_what_happened_and_nothing_personal(world: World, keyring: Keyring) -> None:
    given, made = await restricted(world, keyring, level=Level.NO_INSTANT)
    await answered(world, await appealed(world, (given, made), words="我的账号是 13812345678"), LIFTED)
    async with world.system() as tx:
        rows = await tx.connection.execute(
            "SELECT stream, kind, body FROM journal WHERE body LIKE %s OR body LIKE %s OR body LIKE %s ORDER BY id",
            (f"%{made.id}%", f"%{made.suspicion_id}%", "%13812345678%"),
        )
        found = [(row["stream"], row["kind"], row["body"]) for row in await rows.fetchall()]
    kinds = [kind for _, kind, _ in found]
    assert kinds == [
        "suspicion.opened",
        "suspicion.proposed",
        "suspicion.confirmed",
        "restriction.imposed",
        "restriction.appealed",
        "restriction.answered",
        "suspicion.lifted",
    ]
    for stream, kind, body in found:
        assert (stream == given.claim_id) is kind.startswith("restriction."), "a buyer reads no suspicion"
        assert not any(secret in body for secret in ("100.00", "1000.00", "13812345678", "金额对不上", "改过价"))


# ---------------------------------------------------------------------------------------------------- every refusal


async def test_nobody_else_sees_or_appeals_it(
    world: World, keyring: Keyring, pool: Pool, platforms: dict[str, int]
) -> None:
    given, made = await restricted(world, keyring)
    key = ApiKey(id=new_id(), platform_id=world.platform_id, name="商城", scopes=frozenset(Scope))
    async with world.as_(world.stranger) as tx:
        for viewer in (world.stranger, Buyer(platform_id=world.platform_id), key):
            with pytest.raises(NotFound):
                await load_restriction(tx, viewer, made.id)
        with pytest.raises(NotFound):
            await appeal_restriction(tx, world.stranger, made.id, words="x")
        assert await restrictions_of(tx, world.stranger) == []
    elsewhere = Buyer(platform_id=platforms["xingka"], contact_hash=given.buyer.contact_hash)
    actor = Actor(ActorKind.BUYER, platforms["xingka"], "x", "买家")
    async with transaction(pool, actor, clock=lambda: NOW) as tx:
        with pytest.raises(NotFound):
            await load_restriction(tx, elsewhere, made.id)
        assert await standing(tx, given.buyer.contact_hash) == Standing(), "never across platforms"
        assert await restrictions_of(tx, elsewhere) == []


async def test_who_looked_one_order_up_sees_only_what_arose_from_it(world: World, keyring: Keyring) -> None:
    given, made = await restricted(world, keyring)
    looked = Buyer(platform_id=world.platform_id, order_ids=(given.made.order_id,))
    other = Buyer(platform_id=world.platform_id, order_ids=(new_id(),))
    async with world.as_(looked) as tx:
        assert (await load_restriction(tx, looked, made.id)).id == made.id
        assert [each.id for each in await restrictions_of(tx, looked)] == [made.id]
        with pytest.raises(NotFound):
            await load_restriction(tx, other, made.id)
        assert await restrictions_of(tx, other) == []


async def test_an_appeal_is_one_has_words_and_names_the_buyers_own_files(world: World, keyring: Keyring) -> None:
    given, made = await restricted(world, keyring)
    other = await shown(world, keyring)
    buyer = given.buyer
    async with world.as_(world.staff("heshen")) as tx:
        digest = new_id().bytes * 2
        kept = Kept(sha256=digest, original_sha256=digest, media_type="image/png", size=1000, width=360, height=640)
        platforms_own = await add_file(tx, given.claim_id, slot="other", round=1, kept=kept)
    async with world.as_(buyer) as tx:
        with pytest.raises(AppealFiles):
            await appeal_restriction(tx, buyer, made.id, words="x", file_ids=[platforms_own])
        with pytest.raises(RestrictionIncomplete):
            await appeal_restriction(tx, buyer, made.id, words=" \n")
        with pytest.raises(RestrictionTooLong):
            await appeal_restriction(tx, buyer, made.id, words="长" * (WORDS_MAX + 1))
        with pytest.raises(AppealFiles):
            await appeal_restriction(tx, buyer, made.id, words="x", file_ids=[other.file_id])
        with pytest.raises(AppealFiles):
            await appeal_restriction(
                tx, buyer, made.id, words="x", file_ids=[new_id() for _ in range(APPEAL_FILES_MAX + 1)]
            )
        done = await appeal_restriction(tx, buyer, made.id, words="x", file_ids=[given.file_id, given.file_id])
        appeal = await load_appeal(tx, made.id)
        assert appeal is not None
        assert appeal.file_ids == (given.file_id,)
    with pytest.raises(AppealedAlready):
        await appealed(world, (given, made))
    await answered(world, done, UPHELD)
    with pytest.raises(AppealedAlready):
        await appealed(world, (given, made))


async def test_as_long_as_it_counts_it_may_be_appealed_and_no_longer(world: World, keyring: Keyring) -> None:
    given, made = await restricted(world, keyring)
    async with world.as_(given.buyer, at=later(days=731)) as tx:
        with pytest.raises(AppealTooLate):
            await appeal_restriction(tx, given.buyer, made.id, words="x")
    async with world.as_(given.buyer, at=later(days=700)) as tx:
        assert (await appeal_restriction(tx, given.buyer, made.id, words="x")).state is State.APPEALED
    boss = world.staff("caiheng")
    other_given, other = await restricted(world, keyring)
    async with world.as_(boss) as tx:
        await lift_restriction(tx, boss, other.id, version=1, note="x")
    with pytest.raises(AppealTooLate):
        await appealed(world, (other_given, other))


async def test_whoever_took_part_and_whoever_may_not_decide_does_not_answer(world: World, keyring: Keyring) -> None:
    restriction = await appealed(world, await restricted(world, keyring, level=Level.SUSPENDED))
    for login in ("heshen", "shenfu"):
        with pytest.raises(AppealOwnFinding):
            await answered(world, restriction, LIFTED, by=login)
    for login in ("xiaogu", "qianhui", "guanyan"):
        with pytest.raises(NotAllowed):
            await answered(world, restriction, LIFTED, by=login)
    with pytest.raises(AssertionError):
        async with world.system() as tx:
            await answer_appeal(tx, world.staff("caiheng"), restriction.id, version=2, answer=LIFTED)


async def test_an_answer_has_its_reply_is_milder_and_is_given_to_what_was_read(world: World, keyring: Keyring) -> None:
    made = await restricted(world, keyring, level=Level.NO_INSTANT)
    restriction = await appealed(world, made)
    with pytest.raises(RestrictionIncomplete):
        await answered(world, restriction, Answer(outcome=Outcome.UPHELD, reply=" "))
    for level, ends_at in (
        (None, None),
        (Level.SUSPENDED, None),
        (None, later(days=8)),
        (Level.NO_INSTANT, made[1].ends_at),
        (Level.WARNING, NOW - timedelta(days=1)),
        (Level.WARNING, later(hours=1)),
    ):
        with pytest.raises(NotMilder):
            await answered(
                world, restriction, Answer(outcome=Outcome.LESSENED, reply="x", level=level, ends_at=ends_at)
            )
    stale = structs.replace(restriction, version=1)
    with pytest.raises(RestrictionChanged):
        await answered(world, stale, UPHELD)
    with pytest.raises(RestrictionMoveNotAllowed):  # an open appeal is answered, not passed over
        async with world.as_(world.staff("caiheng")) as tx:
            await lift_restriction(tx, world.staff("caiheng"), restriction.id, version=2, note="x")
    unappealed = (await restricted(world, keyring))[1]
    with pytest.raises(RestrictionMoveNotAllowed):
        await answered(world, unappealed, UPHELD)


# ------------------------------------------------------------------------------------------------------ two at once


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_an_appeal_decided_twice_at_once_is_decided_once(world: World, keyring: Keyring, round_: int) -> None:
    given, made = await restricted(world, keyring)
    restriction = await appealed(world, (given, made))
    answers = await both(
        answered(world, restriction, LIFTED, by="caiheng"), answered(world, restriction, UPHELD, by="shenfu")
    )
    (kept,) = [answer for answer in answers if isinstance(answer, Restriction)]
    async with world.as_(given.buyer) as tx:
        appeal = await load_appeal(tx, made.id)
        assert appeal is not None
        assert appeal.outcome is not None
        assert appeal.outcome.value == kept.state.value
        assert (await standing(tx, given.buyer.contact_hash)).forged_before is (kept.state is State.UPHELD)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_lifting_and_appealing_at_once_is_one_of_them(world: World, keyring: Keyring, round_: int) -> None:
    given, made = await restricted(world, keyring)
    boss = world.staff("caiheng")

    async def lift() -> None:
        async with world.as_(boss) as tx:
            await lift_restriction(tx, boss, made.id, version=1, note="x")

    answers = await both(lift(), appealed(world, (given, made)))
    assert sum(not isinstance(answer, Refusal) for answer in answers) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_two_appeals_at_once_are_one(world: World, keyring: Keyring, round_: int) -> None:
    made = await restricted(world, keyring)
    answers = await both(appealed(world, made), appealed(world, made))
    assert sum(isinstance(answer, Restriction) for answer in answers) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_lifting_in_the_instant_it_runs_out_restores_all_the_same(
    world: World, keyring: Keyring, round_: int
) -> None:
    given, made = await restricted(world, keyring, level=Level.SUSPENDED)
    boss = world.staff("caiheng")
    span = timedelta(microseconds=round_ - 2)
    async with world.as_(boss, at=made.ends_at + span) as tx:
        await lift_restriction(tx, boss, made.id, version=1, note="x")
        assert await standing(tx, given.buyer.contact_hash) == Standing()


# ----------------------------------------------------------------------------------- straight at the database


async def force(tx: Tx, sql: LiteralString, **values: object) -> None:
    await tx.run(sql, **values)


async def test_a_restriction_without_its_confirmed_finding_cannot_be_written(world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring)
    found = await suspected(world, keyring, given)
    _, real = await restricted(world, keyring)
    sql: LiteralString = (
        "INSERT INTO restrictions (platform_id, id, suspicion_id, contact_hash, claim_id, order_id, first_level, level, clause,"
        " words, starts_at, first_ends_at, ends_at, proposed_by, proposed_by_name, confirmed_by, confirmed_by_name)"
        " VALUES (%(platform)s, %(id)s, %(suspicion)s, %(contact)s, %(claim)s, %(order)s, 'warning', 'warning', 'F0', 'x',"
        " %(now)s, %(ends)s, %(ends)s, %(a)s, 'a', %(a)s, 'a')"
    )
    values: dict[str, object] = {
        "platform": world.platform_id,
        "id": new_id(),
        "suspicion": found.id,
        "contact": given.buyer.contact_hash,
        "claim": given.claim_id,
        "order": given.made.order_id,
        "now": NOW,
        "ends": later(days=7),
        "a": world.staff("heshen").id,
    }
    with pytest.raises(ForeignKeyViolation):  # only suspected
        async with world.system() as tx:
            await force(tx, sql, **values)
    elsewhere = values | {"suspicion": real.suspicion_id, "claim": real.claim_id, "order": real.order_id}
    with pytest.raises(Exception, match=r"restriction_(once|as_confirmed)"):  # another buyer's finding
        async with world.system() as tx:
            await force(tx, sql, **elsewhere)
    with pytest.raises(InsufficientPrivilege):
        async with world.system() as tx:
            await force(
                tx, "UPDATE restrictions SET first_ends_at = ends_at + interval '1 day' WHERE id = %(id)s", id=real.id
            )


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("level = 'suspended'", NotMilder),
        ("ends_at = ends_at + interval '1 day'", NotMilder),
        ("ends_at = starts_at - interval '1 day'", NotMilder),
        ("state = 'lifted'", CheckViolation),
        ("lifted_at = now()", CheckViolation),
        ("state = 'appealed'", CheckViolation),
        ("state = 'lifted', lifted_at = now()", CheckViolation),
    ],
)
async def test_no_route_makes_it_harder_or_half_lifted(
    world: World, keyring: Keyring, change: LiteralString, error: type[Exception]
) -> None:
    _, made = await restricted(world, keyring)
    statement: LiteralString = "UPDATE restrictions SET " + change + " WHERE id = %(id)s"  # noqa: S608 - ours
    with pytest.raises(error):
        async with world.system() as tx:
            await force(tx, statement, id=made.id)


async def test_an_appeal_is_not_decided_by_whoever_took_part_nor_twice_whatever_the_route(
    world: World, keyring: Keyring
) -> None:
    restriction = await appealed(world, await restricted(world, keyring, level=Level.SUSPENDED))
    sql: LiteralString = (
        "UPDATE restriction_appeals SET outcome = 'upheld', reply = 'x', decided_by = %(by)s, decided_at = now()"
        " WHERE restriction_id = %(id)s"
    )
    for login in ("heshen", "shenfu"):
        with pytest.raises(AppealOwnFinding):
            async with world.system() as tx:
                await force(tx, sql, by=world.staff(login).id, id=restriction.id)
    with pytest.raises(ForeignKeyViolation):
        async with world.system() as tx:
            await force(tx, sql, by=UUID(int=999), id=restriction.id)
    await answered(world, restriction, UPHELD)
    with pytest.raises(AppealDecided):
        async with world.system() as tx:
            await force(tx, sql, by=world.staff("caiheng").id, id=restriction.id)
    # Nor by swapping the people it must not be.
    with pytest.raises(InsufficientPrivilege):
        async with world.system() as tx:
            await force(
                tx,
                "UPDATE restriction_appeals SET confirmed_by = decided_by WHERE restriction_id = %(id)s",
                id=restriction.id,
            )


@pytest.mark.parametrize(("start", "end"), [pair for pair in product(State, State) if pair[0] is not pair[1]])
async def test_the_database_knows_the_same_moves(world: World, keyring: Keyring, start: State, end: State) -> None:
    """Table x table, by statements that fill in what the target needs."""
    _, made = await restricted(world, keyring)
    steps = {
        State.IN_FORCE: (),
        State.APPEALED: (State.APPEALED,),
        State.UPHELD: (State.APPEALED, State.UPHELD),
        State.LESSENED: (State.APPEALED, State.LESSENED),
        State.LIFTED: (State.LIFTED,),
    }[start]
    for step in steps:
        async with world.system() as tx:
            await force(tx, STATEMENTS[step], id=made.id)

    async def move() -> None:
        async with world.system() as tx:
            await force(tx, STATEMENTS[end], id=made.id)

    await allowed_or_not(move(), is_allowed=(start, end) in {(state, target) for (state, _), target in MOVES.items()})


STATEMENTS: dict[State, LiteralString] = {
    State.IN_FORCE: "UPDATE restrictions SET state = 'in_force', lifted_at = NULL WHERE id = %(id)s",
    State.APPEALED: "UPDATE restrictions SET state = 'appealed', appeal_due_at = now(), lifted_at = NULL WHERE id = %(id)s",
    State.UPHELD: "UPDATE restrictions SET state = 'upheld', lifted_at = NULL WHERE id = %(id)s",
    State.LESSENED: "UPDATE restrictions SET state = 'lessened', lifted_at = NULL WHERE id = %(id)s",
    State.LIFTED: "UPDATE restrictions SET state = 'lifted', ends_at = starts_at, lifted_at = now() WHERE id = %(id)s",
}


async def allowed_or_not(step: Awaitable[None], *, is_allowed: bool) -> None:
    if is_allowed:
        await step
    else:
        with pytest.raises(RestrictionMoveNotAllowed):
            await step
