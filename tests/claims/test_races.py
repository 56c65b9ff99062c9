"""Two at once, on real connections: one wins, the other is told, and no cent leaves twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest
from psycopg import AsyncConnection

from huiliu.claims.actions import confirm, decide, file_at_once, file_claim, start_draft, withdraw
from huiliu.claims.model import ClaimChanged, Decision, DecisionKind, Reason, RejectReason, State
from huiliu.claims.reads import load_claim
from huiliu.kit.db import Tx
from huiliu.kit.errors import Refusal
from huiliu.kit.money import Money
from tests.claims.conftest import World
from tests.claims.steps import approve, bought, claim_of, filed, money_of, payouts_of
from tests.make.orders import Line

ROUNDS = 8


async def both(*steps: Awaitable[object]) -> list[object]:
    """Run together; refusals are answers, anything else is a bug."""
    answers = await asyncio.gather(*steps, return_exceptions=True)
    for given in answers:
        if isinstance(given, BaseException) and not isinstance(given, Refusal):
            raise given
    return answers


def won(answers: list[object]) -> int:
    return sum(not isinstance(given, Refusal) for given in answers)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_two_machine_refunds_of_sixty_on_a_hundred_make_one(world: World, round_: int) -> None:
    made = await bought(world, usage="unused")

    async def refund() -> None:
        async with world.system() as tx:
            await file_at_once(
                tx,
                world.staff("heshen"),
                order_no=made.order_no,
                line_no=1,
                reason=Reason.CHANGED_MIND,
                statement="",
                amount=Money(60_00),
            )

    assert won(await both(refund(), refund())) == 1
    assert await money_of(world, made) == (60_00, 0)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_two_lines_at_once_cannot_take_more_than_the_order_paid(world: World, round_: int) -> None:
    made = await bought(world, lines=(Line(paid_minor=60_00, usage="unused"), Line(paid_minor=60_00, usage="unused")))
    async with world.system() as tx:  # a coupon over the whole order: the lines' prices add up to more than was paid
        await tx.run("UPDATE orders SET paid_minor = 10000 WHERE id = %(id)s", id=made.order_id)

    async def refund(line_no: int) -> None:
        async with world.system() as tx:
            await file_at_once(
                tx,
                world.staff("heshen"),
                order_no=made.order_no,
                line_no=line_no,
                reason=Reason.CHANGED_MIND,
                statement="",
                amount=Money(60_00),
            )

    assert won(await both(refund(1), refund(2))) == 1
    assert await money_of(world, made) == (60_00, 0)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_two_reviewers_make_one_payout(world: World, round_: int) -> None:
    made = await bought(world)
    result = await filed(world, made)
    answers = await both(approve(world, result.claim_no, by="heshen"), approve(world, result.claim_no, by="shenfu"))
    assert won(answers) == 1
    assert len(await payouts_of(world, result.claim_id)) == 1
    assert await money_of(world, made) == (100_00, 0)


async def test_who_decides_second_is_told_that_the_claim_moved_and_not_that_nothing_is_left(
    world: World, db_url: str
) -> None:
    made = await bought(world)
    result = await filed(world, made)
    whole = Decision(kind=DecisionKind.APPROVE, clause="F1")
    version = (await claim_of(world, result.claim_no)).version

    async def second() -> None:
        async with world.as_(world.staff("shenfu")) as tx:
            await decide(tx, world.staff("shenfu"), result.claim_no, version=version, decision=whole)

    async with await AsyncConnection.connect(db_url, autocommit=True) as gate:
        async with world.as_(world.staff("heshen")) as tx:
            await decide(tx, world.staff("heshen"), result.claim_no, version=version, decision=whole)
            # A gate on the orders: the second reads the claim as it was, but the order as the first has left it.
            closed = asyncio.create_task(gate.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE; COMMIT"))
            await _waiting(tx, 1)
            late = asyncio.create_task(second())
            await _waiting(tx, 2)
        await closed
    with pytest.raises(ClaimChanged):
        await late


async def _waiting(tx: Tx, count: int) -> None:
    """Until so many wait for a lock in this database."""
    waiting = -1
    while waiting != count:
        waiting = await tx.value(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_approving_and_withdrawing_at_once_has_one_outcome(world: World, round_: int) -> None:
    made = await bought(world)
    result = await filed(world, made)
    version = (await claim_of(world, result.claim_no)).version

    async def take_back() -> None:
        async with world.as_(world.buyer) as tx:
            await withdraw(tx, world.buyer, result.claim_no, version=version)

    assert won(await both(approve(world, result.claim_no), take_back())) == 1
    claim = await claim_of(world, result.claim_no)
    paid = len(await payouts_of(world, result.claim_id))
    assert (claim.state, paid) in {(State.PAYING, 1), (State.WITHDRAWN, 0)}
    assert await money_of(world, made) == (100_00 * paid, 0)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_a_double_click_files_once(world: World, round_: int) -> None:
    made = await bought(world)
    async with world.as_(world.buyer) as tx:
        claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
        version = (await load_claim(tx, world.buyer, claim_no)).version

    async def click() -> None:
        async with world.as_(world.buyer) as tx:
            await file_claim(
                tx, world.buyer, claim_no, version=version, statement="", requested_minor=1, accept_incomplete=True
            )

    assert won(await both(click(), click(), click())) == 1
    assert (await claim_of(world, claim_no)).round == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_two_confirmations_make_one_payout(world: World, round_: int) -> None:
    made = await bought(world, paid_minor=800_00)
    result = await filed(world, made, minor=800_00)
    await approve(world, result.claim_no, by="heshen")
    version = (await claim_of(world, result.claim_no)).version

    async def second(login: str) -> None:
        async with world.as_(world.staff(login)) as tx:
            await confirm(tx, world.staff(login), result.claim_no, version=version)

    assert won(await both(second("shenfu"), second("caiheng"), second("shenfu"))) == 1
    assert len(await payouts_of(world, result.claim_id)) == 1


async def test_rejecting_and_approving_at_once_has_one_outcome(world: World) -> None:
    made = await bought(world)
    result = await filed(world, made)
    version = (await claim_of(world, result.claim_no)).version

    async def turn_down() -> None:
        async with world.as_(world.staff("shenfu")) as tx:
            await decide(
                tx,
                world.staff("shenfu"),
                result.claim_no,
                version=version,
                decision=Decision(kind=DecisionKind.REJECT, reason=RejectReason.OTHER, clause="F1", words="不符合"),
            )

    assert won(await both(approve(world, result.claim_no), turn_down())) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_two_lines_approved_at_once_are_counted_together_for_the_second_person(world: World, round_: int) -> None:
    made = await bought(world, lines=(Line(paid_minor=400_00), Line(paid_minor=400_00)))
    numbers: list[str] = []
    for line_no in (1, 2):
        async with world.as_(world.buyer) as tx:
            number = await start_draft(
                tx, world.buyer, order_no=made.order_no, line_no=line_no, reason=Reason.NOT_ARRIVED
            )
            version = (await load_claim(tx, world.buyer, number)).version
            await file_claim(
                tx, world.buyer, number, version=version, statement="", requested_minor=400_00, accept_incomplete=True
            )
        numbers.append(number)
    answers = await both(*(approve(world, number) for number in numbers))
    assert sorted(map(str, answers)) == ["False", "True"], "800 of one order by one person, above the limit of 500"
    assert await money_of(world, made) == (400_00, 0)
