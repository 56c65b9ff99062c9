"""Past claims for a back-test: as they stood at the first application, page by page, of one platform only."""

from __future__ import annotations

from datetime import timedelta

from huiliu.claims.actions import file_at_once, start_draft
from huiliu.claims.model import Reason, State
from huiliu.claims.replay_rows import ReplayRow, replay_rows
from huiliu.kit.db import Pool, transaction
from huiliu.kit.ids import new_id
from huiliu.kit.money import Money
from huiliu.people.actor import system_actor
from tests.claims.conftest import World, later
from tests.claims.steps import NOT_ARRIVED_SLOTS, approve, bought, filed, reject, show
from tests.conftest import NOW


async def rows(world: World) -> dict[str, ReplayRow]:
    """Every filed claim of 卡门 by its number, read two at a time."""
    found: list[ReplayRow] = []
    async with world.system() as tx:
        while page := await replay_rows(tx, after=found[-1].id if found else None, limit=2):
            found += page
    assert len({row.id for row in found}) == len(found)
    return {row.claim_no: row for row in found}


async def test_a_claim_reads_as_it_was_first_applied_for_and_as_it_was_decided(world: World) -> None:
    made = await bought(world, fee_minor=60)
    waiting = await filed(world, made)
    rejected = await filed(world, await bought(world), slots=("paid_shot",))
    await reject(world, rejected.claim_no, "not_arrived_shot")
    paid = await filed(world, await bought(world))
    await approve(world, paid.claim_no, minor=40_00)

    found = await rows(world)

    first = found[waiting.claim_no]
    assert set(first.evidence) >= set(NOT_ARRIVED_SLOTS)
    assert (first.facts.reason, first.facts.age_seconds, first.filed_at) == ("not_arrived", 30 * 60, NOW)
    assert (first.paid_minor, first.order_paid_minor, first.order_fee_minor) == (100_00, 100_00, 60)
    assert (first.decided, first.paid_out_minor, first.policy_id is None) == (None, 0, False)
    assert (found[rejected.claim_no].decided, found[rejected.claim_no].decided_minor) == ("reject", None)
    assert (found[paid.claim_no].decided, found[paid.claim_no].decided_minor) == ("part", 40_00)


async def test_what_was_learnt_after_the_first_application_does_not_change_its_facts(world: World) -> None:
    made = await bought(world, usage="part_used", units_total=10, units_used=4, unit="item")
    claim = await filed(world, made, reason=Reason.CHANGED_MIND, slots=())
    before = (await rows(world))[claim.claim_no]
    async with world.system(at=later(hours=1)) as tx:
        await tx.run(
            "INSERT INTO usage_facts (platform_id, id, order_id, line_no, state, units_total, units_used, unit, source,"
            " record_ref, observed_at, recorded_at) VALUES (%(platform)s, %(id)s, %(order)s, 1, 'used', 10, 10, 'item',"
            " '供应商', 'R-1', %(now)s, %(now)s)",
            platform=world.platform_id,
            id=new_id(),
            order=made.order_id,
            now=tx.now,
        )
        await show(tx, claim.claim_id, "difference")

    after = (await rows(world))[claim.claim_no]

    assert (after.facts, after.units_total, after.units_used, after.unit) == (before.facts, 10, 4, "item")
    assert set(after.evidence) == {*before.evidence, "difference"}


async def test_what_another_claim_took_of_the_line_is_gone_and_its_own_payout_is_not(world: World) -> None:
    made = await bought(world, usage="unused")
    async with world.system() as tx:
        first = await file_at_once(
            tx,
            world.staff("heshen"),
            order_no=made.order_no,
            line_no=1,
            reason=Reason.CHANGED_MIND,
            statement="",
            amount=Money(30_00),
        )
        assert first.state is State.PAYING
        await tx.run("UPDATE claims SET state = 'refunded' WHERE id = %(id)s", id=first.claim_id)
        await tx.run(
            "UPDATE payouts SET state = 'verified', agreed_at = %(at)s WHERE claim_id = %(id)s",
            id=first.claim_id,
            at=NOW - timedelta(minutes=1),
        )
    second = await filed(world, made, slots=(), minor=1_00)

    found = await rows(world)

    assert (found[first.claim_no].already_minor, found[first.claim_no].paid_out_minor) == (0, 30_00)
    assert (found[second.claim_no].already_minor, found[second.claim_no].paid_out_minor) == (30_00, 0)


async def test_neither_what_is_not_filed_nor_what_is_another_platforms_is_read(
    world: World, pool: Pool, platforms: dict[str, int]
) -> None:
    made = await bought(world)
    async with world.as_(world.buyer) as tx:
        draft_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
    assert (await claim_of_buyer(world, draft_no)) is State.DRAFT

    assert draft_no not in await rows(world)
    async with transaction(pool, system_actor(platforms["xingka"])) as other:
        assert await replay_rows(other) == []


async def claim_of_buyer(world: World, claim_no: str) -> State:
    """The state of what only its buyer sees yet."""
    async with world.system() as tx:
        return State(str(await tx.value("SELECT state FROM claims WHERE claim_no = %(no)s", no=claim_no)))
