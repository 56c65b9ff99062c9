"""Clocks fire once, on every platform, and step back from a claim that moves at the same moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from huiliu.adapters.files import LocalFiles
from huiliu.claims.model import State
from huiliu.kit.keyring import Keyring
from huiliu.worker import clocks
from huiliu.worker.main import sweep_once
from tests.claims.conftest import NOW, World, furnished, world  # noqa: F401 - fixtures by their names
from tests.claims.steps import approve, bought, claim_of, filed


async def test_an_overdue_review_is_escalated_once_by_however_many_workers(world: World) -> None:  # noqa: F811
    result = await filed(world, await bought(world))
    in_a_week = NOW + timedelta(days=7)
    acted = await asyncio.gather(*(clocks.run_once(world.pool, clock=lambda: in_a_week) for _ in range(3)))
    assert sum(acted) >= 1
    assert (await claim_of(world, result.claim_no)).state is State.MEDIATING
    async with world.system() as tx:
        events = await tx.value(
            "SELECT count(*) FROM journal WHERE stream = %(claim)s AND kind = 'claim.escalated'", claim=result.claim_id
        )
    assert events == 1


async def test_nothing_is_due_before_its_time(world: World) -> None:  # noqa: F811
    await filed(world, await bought(world))
    assert await clocks.run_once(world.pool, clock=lambda: NOW) == 0


async def test_a_decision_and_a_clock_at_once_have_one_outcome(world: World) -> None:  # noqa: F811
    result = await filed(world, await bought(world))
    in_a_week = NOW + timedelta(days=7)
    answers = await asyncio.gather(
        approve(world, result.claim_no),
        clocks.run_once(world.pool, clock=lambda: in_a_week),
        return_exceptions=True,
    )
    assert len(answers) == 2
    assert (await claim_of(world, result.claim_no)).state in (State.PAYING, State.MEDIATING)


async def test_a_claim_that_nobody_can_read_stops_no_other_clock(world: World) -> None:  # noqa: F811
    broken = await filed(world, await bought(world))
    whole = await filed(world, await bought(world))
    async with world.system() as tx:
        await tx.run("UPDATE claims SET reason = 'of_a_newer_version' WHERE id = %(id)s", id=broken.claim_id)
        await tx.run("UPDATE timers SET due_at = %(at)s WHERE claim_id = %(id)s", at=NOW, id=broken.claim_id)
    await clocks.run_once(world.pool, clock=lambda: NOW + timedelta(days=7))
    assert (await claim_of(world, whole.claim_no)).state is State.MEDIATING
    async with world.system() as tx:
        await tx.run("UPDATE claims SET reason = 'not_arrived' WHERE id = %(id)s", id=broken.claim_id)


@pytest.mark.usefixtures("world")
async def test_sweeping_an_installation_with_nothing_old_forgets_nothing_of_use(
    world: World,  # noqa: F811
    keyring: Keyring,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    result = await filed(world, await bought(world))
    await sweep_once(world.pool, LocalFiles(tmp_path_factory.mktemp("files"), keyring))
    assert (await claim_of(world, result.claim_no)).state is State.FILED
