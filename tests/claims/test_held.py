"""Money that a policy would pay at once waits for the pictures it rests on, never for long, and never follows a lie."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from importlib.resources import files
from uuid import UUID

import pytest
import pytest_asyncio

from huiliu.claims.actions import Filed, file_claim, start_draft, withdraw
from huiliu.claims.actions.at_once import INSPECTION_WAIT
from huiliu.claims.model import Reason, State
from huiliu.claims.reads import load_claim
from huiliu.kit.db import Actor, ActorKind, Pool, transaction
from huiliu.policy.actions import publish
from huiliu.worker import holds
from tests.claims.conftest import NOW, World
from tests.claims.steps import bought, claim_of, filed, money_of, payouts_of, show
from tests.make.cast import hire_cast
from tests.make.orders import OrderIds

SLOT = "account_compare"
LATER = NOW + timedelta(seconds=5)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def furnished(pool: Pool, platform_id: int) -> None:
    """卡门, with a clause that pays at once on a picture that no record replaces."""
    source = files("huiliu.demo").joinpath("policy.yaml").read_text("utf-8")
    changed = source.replace(
        "    需: [支付截图]\n    可附: [充值账号对比, 其他]", "    需: [充值账号对比]\n    可附: [其他]"
    )
    assert changed != source
    async with transaction(pool, Actor(ActorKind.SYSTEM, platform_id, "system", "系统"), clock=lambda: NOW) as tx:
        await hire_cast(tx)
        await publish(tx, changed, allow_past=True)


async def applied(world: World, made: OrderIds | None = None, *, slots: tuple[str, ...] = (SLOT,)) -> Filed:
    """A wrong top-up, unused, with its pictures handed in a moment ago."""
    made = made or await bought(world, usage="unused")
    return await filed(world, made, reason=Reason.TOPUP_WRONG, slots=slots)


async def inspected(world: World, claim_id: UUID, verdict: str) -> None:
    """What the worker that inspects writes."""
    async with world.system(at=LATER) as tx:
        await tx.run(
            "UPDATE evidence_inspections SET state = 'done', due_at = NULL, verdict = %(verdict)s WHERE claim_id = %(id)s",
            verdict=verdict,
            id=claim_id,
        )


async def release(world: World, *, seconds: float = 5) -> int:
    """A worker's look at what is held."""
    return await holds.run_once(world.pool, clock=lambda: NOW + timedelta(seconds=seconds))


async def waiting(world: World, claim_id: UUID) -> tuple[object, object]:
    """(holds, timers) of a claim that are still to end."""
    async with world.system() as tx:
        open_holds = await tx.value(
            "SELECT count(*) FROM claim_holds WHERE claim_id = %(id)s AND released_at IS NULL", id=claim_id
        )
        timers = await tx.value("SELECT count(*) FROM timers WHERE claim_id = %(id)s AND fired_at IS NULL", id=claim_id)
    return open_holds, timers


async def test_a_required_picture_that_is_still_inspected_holds_the_money_until_it_is_done(world: World) -> None:
    made = await bought(world, usage="unused")
    result = await applied(world, made)
    assert (result.state, result.approved) == (State.FILED, None)
    assert await release(world) == 0
    await inspected(world, result.claim_id, "consistent")
    assert sum(await asyncio.gather(*(release(world) for _ in range(3)))) == 1
    assert (await claim_of(world, result.claim_no)).state is State.PAYING
    assert await money_of(world, made) == (100_00, 0)
    assert len(await payouts_of(world, result.claim_id)) == 1
    assert await waiting(world, result.claim_id) == (0, 0), "no review is due any more"


@pytest.mark.parametrize("verdict", ["unverifiable", "retake"])
async def test_what_cannot_be_verified_is_decided_as_it_was_before_there_were_inspections(
    world: World, verdict: str
) -> None:
    result = await applied(world)
    await inspected(world, result.claim_id, verdict)
    assert await release(world) == 1


async def test_a_picture_that_a_record_contradicts_is_a_person_s_case(world: World) -> None:
    result = await applied(world)
    await inspected(world, result.claim_id, "contradicted")
    assert await release(world) == 0
    assert await release(world, seconds=INSPECTION_WAIT.total_seconds()) == 0
    assert (await claim_of(world, result.claim_no)).state is State.FILED


async def test_when_nobody_inspects_the_money_goes_as_if_there_were_no_inspection(world: World) -> None:
    result = await applied(world)
    assert await release(world, seconds=INSPECTION_WAIT.total_seconds() - 1) == 0
    assert await release(world, seconds=INSPECTION_WAIT.total_seconds()) == 1
    assert (await claim_of(world, result.claim_no)).state is State.PAYING


async def test_a_picture_that_no_clause_requires_holds_nothing(world: World) -> None:
    made = await bought(world, usage="unused")
    result = await filed(world, made, reason=Reason.CHANGED_MIND, slots=("other",))
    assert result.state is State.PAYING


async def test_any_of_the_buyer_s_pictures_that_is_contradicted_already_stops_the_money(world: World) -> None:
    made = await bought(world, usage="unused")
    async with world.as_(world.buyer) as tx:
        claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.CHANGED_MIND)
        claim = await load_claim(tx, world.buyer, claim_no)
        await show(tx, claim.id, "other")
    await inspected(world, claim.id, "contradicted")
    async with world.as_(world.buyer) as tx:
        result = await file_claim(
            tx, world.buyer, claim_no, version=1, statement="", requested_minor=100_00, accept_incomplete=True
        )
    assert result.state is State.FILED
    assert await release(world, seconds=INSPECTION_WAIT.total_seconds()) == 0


async def test_a_private_document_that_was_destroyed_fills_no_slot(world: World) -> None:
    result = await applied(world)
    async with world.system(at=LATER) as tx:
        await tx.run(
            "UPDATE evidence_inspections SET state = 'refused', problem = 'private_document', due_at = NULL"
            " WHERE claim_id = %(id)s",
            id=result.claim_id,
        )
        await tx.run(
            "UPDATE evidence_files SET removed_at = %(now)s, removed_why = 'private' WHERE claim_id = %(id)s",
            id=result.claim_id,
            now=tx.now,
        )
    assert await release(world) == 0
    assert (await claim_of(world, result.claim_no)).state is State.FILED


async def test_a_claim_that_was_withdrawn_meanwhile_is_left_alone(world: World) -> None:
    result = await applied(world)
    claim = await claim_of(world, result.claim_no)
    async with world.as_(world.buyer) as tx:
        await withdraw(tx, world.buyer, result.claim_no, version=claim.version)
    await inspected(world, result.claim_id, "consistent")
    assert await release(world) == 0
    assert (await claim_of(world, result.claim_no)).state is State.WITHDRAWN
    assert await waiting(world, result.claim_id) == (0, 0), "nobody asks about it again"
