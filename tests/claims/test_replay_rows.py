"""Past claims for a back-test: as they stood at the first application, page by page, of one platform only."""

from __future__ import annotations

from datetime import timedelta

from huiliu.claims.actions import file_at_once, start_draft
from huiliu.claims.model import Reason, State
from huiliu.claims.page import claim_page
from huiliu.claims.replay_rows import claim_currencies, replay_rows
from huiliu.kit.db import Pool, transaction
from huiliu.kit.ids import new_id
from huiliu.kit.money import Money
from huiliu.people.actor import system_actor
from huiliu.policy.amount import OrderMoney, Used, refund_amount
from huiliu.policy.backtest.claim import ClaimRow
from huiliu.policy.backtest.replay import backtest
from huiliu.policy.backtest.report import Report
from huiliu.policy.evaluate import judge
from huiliu.policy.facts import to_facts
from huiliu.policy.model import Outcome
from huiliu.policy.reads import policy_in_force
from tests.claims.conftest import World, later
from tests.claims.steps import NOT_ARRIVED_SLOTS, approve, bought, filed, reject, show
from tests.conftest import NOW
from tests.make.orders import Line


async def rows(world: World, currency: str = "CNY") -> dict[str, ClaimRow]:
    """Every filed claim of 卡门 by its number, read two at a time."""
    found: list[ClaimRow] = []
    async with world.system() as tx:
        while page := await replay_rows(tx, after=found[-1].claim_no if found else "", currency=currency, limit=2):
            found += page
    assert len({row.claim_no for row in found}) == len(found)
    return {row.claim_no: row for row in found}


async def test_a_claim_reads_as_it_was_first_applied_for_and_as_it_was_decided(world: World) -> None:
    made = await bought(world, lines=(Line(paid_minor=100_00), Line(paid_minor=200_00)), fee_minor=100)
    waiting = await filed(world, made)
    rejected = await filed(world, await bought(world), slots=("paid_shot",))
    await reject(world, rejected.claim_no, "not_arrived_shot")
    paid = await filed(world, await bought(world))
    await approve(world, paid.claim_no, minor=40_00)

    found = await rows(world)

    first = found[waiting.claim_no]
    assert set(first.evidence) >= set(NOT_ARRIVED_SLOTS)
    assert (first.case.reason, first.case.age_seconds) == ("not_arrived", 30 * 60)
    assert (first.paid_minor, first.fee_minor, first.taken_minor) == (100_00, 34, 0), "a third of the fee, rounded up"
    assert first.decided is None
    assert (found[rejected.claim_no].decided, found[rejected.claim_no].decided_minor) == (Outcome.REJECT, None)
    assert (found[paid.claim_no].decided, found[paid.claim_no].decided_minor) == (Outcome.PART, 40_00)


async def test_what_was_learnt_after_the_first_application_does_not_change_its_facts(world: World) -> None:
    made = await bought(world, usage="part_used", units_total=10, units_used=4, unit="item", kind="service")
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

    assert (after.case, after.units, after.promised) == (before.case, Used(10, 4, "item"), Used(10, 4, "item"))
    assert set(after.evidence) == {*before.evidence, "difference"}


async def test_a_row_comes_to_what_the_claim_came_to(world: World) -> None:
    """The same facts, evidence and money, judged by the same version: a back-test of a version against itself is empty."""
    made = await bought(
        world, usage="part_used", units_total=10, units_used=4, unit="item", kind="membership", fee_minor=60
    )
    claim = await filed(world, made, reason=Reason.CHANGED_MIND, slots=())
    async with world.as_(world.staff("heshen")) as tx:
        page = await claim_page(tx, world.staff("heshen"), claim.claim_no)
    row = (await rows(world))[claim.claim_no]
    assert page.judgement.published is not None
    policy = page.judgement.published.policy

    verdict = judge(policy, to_facts(policy, row.case), frozenset(row.evidence), filed_at=NOW)
    paid, fee, taken = (Money(minor) for minor in (row.paid_minor, row.fee_minor, row.taken_minor))
    assert verdict.amount is not None
    money = refund_amount(
        verdict.amount, OrderMoney(paid=paid, fee=fee, refunded=taken, reserved=Money(0)), units=row.units
    )

    assert verdict == page.judgement.verdict
    assert money == page.judgement.amount
    assert money is not None
    assert money.refund == Money(60_00)


async def test_each_currency_is_read_by_itself(world: World) -> None:
    claim = await filed(world, await bought(world, currency="USD"))

    assert claim.claim_no not in await rows(world)
    assert list(await rows(world, "USD")) == [claim.claim_no]
    async with world.system() as tx:
        assert await claim_currencies(tx) == ["CNY", "USD"]


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

    assert (found[first.claim_no].taken_minor, found[first.claim_no].decided_minor) == (0, 30_00)
    assert (found[second.claim_no].taken_minor, found[second.claim_no].decided_minor) == (30_00, None)


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
        assert await claim_currencies(other) == []


async def claim_of_buyer(world: World, claim_no: str) -> State:
    """The state of what only its buyer sees yet."""
    async with world.system() as tx:
        return State(str(await tx.value("SELECT state FROM claims WHERE claim_no = %(no)s", no=claim_no)))


async def test_a_back_test_of_a_version_against_itself_changes_nothing(world: World) -> None:
    await filed(world, await bought(world))
    async with world.system() as tx:
        policy = (await policy_in_force(tx, NOW)).policy

    *_, report = backtest(policy, policy, (await rows(world)).values())

    assert isinstance(report, Report)
    assert (report.claims, report.changes) == (len(await rows(world)), ())
