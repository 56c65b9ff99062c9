"""A claim's rules and its clock are those of its order and its first application, whatever is published afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.resources import files

import pytest

from huiliu.claims.actions import Filed, file_claim, start_draft
from huiliu.claims.model import Reason
from huiliu.claims.page import ClaimPage, claim_page
from huiliu.claims.reads import load_claim
from huiliu.policy.actions import publish
from huiliu.policy.reads import policy_in_force
from tests.claims.conftest import World, later
from tests.claims.steps import bought, claim_of, reject
from tests.conftest import NOW

HARSH = (
    files("huiliu.demo")
    .joinpath("policy.yaml")
    .read_text("utf-8")
    .split("\n样例:", 1)[0]
    .replace('版本: "3"', '版本: "harsh"')
    .replace("24小时以内", "1分钟以内")
    .replace("1小时以内", "1分钟以内")
    .replace("超过1小时", "超过1分钟")
    .replace("  申请次数: 5\n", "  申请次数: 1\n")
)
"""The same clauses, with windows that nobody meets and a single application."""
HARSH_FROM = NOW + timedelta(minutes=10)


@pytest.fixture
async def harsher(world: World) -> None:
    """The harsher version is published, and in force ten minutes from now."""
    async with world.system() as tx:
        await publish(tx, HARSH, HARSH_FROM)


async def _page(world: World, claim_no: str, at: datetime) -> ClaimPage:
    async with world.as_(world.buyer, at=at) as tx:
        return await claim_page(tx, world.buyer, claim_no)


async def _file(world: World, claim_no: str, at: datetime) -> Filed:
    async with world.as_(world.buyer, at=at) as tx:
        claim = await load_claim(tx, world.buyer, claim_no)
        return await file_claim(
            tx,
            world.buyer,
            claim_no,
            version=claim.version,
            statement="",
            requested_minor=1_00,
            accept_incomplete=True,
        )


async def _drafted(world: World) -> str:
    made = await bought(world, ordered_at=NOW - timedelta(minutes=50), usage="unused", paid_minor=600_00)
    async with world.as_(world.buyer) as tx:
        return await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.TOPUP_WRONG)


async def test_a_later_version_and_a_later_time_change_nothing_for_a_filed_claim_nor_for_its_next_application(
    world: World, harsher: None
) -> None:
    claim_no = await _drafted(world)
    await _file(world, claim_no, NOW)
    filed = await claim_of(world, claim_no)
    before = await _page(world, claim_no, NOW)
    assert before.judgement.clause_id == "F2"

    after = await _page(world, claim_no, later(days=3))
    await reject(world, claim_no, "paid_shot")
    again = await _file(world, claim_no, later(days=6))

    assert after.judgement == before.judgement
    assert again.clause == "F2", "wrong top-up within 24 hours of the order: by its first application, it is"
    now = await claim_of(world, claim_no)
    assert (now.round, now.policy_id, now.facts, now.filed_at) == (2, filed.policy_id, filed.facts, NOW)
    assert now.facts["age_seconds"] == 50 * 60


async def test_a_draft_that_is_filed_when_another_version_is_in_force_is_judged_by_that_of_its_order(
    world: World, harsher: None
) -> None:
    claim_no = await _drafted(world)

    filed = await _file(world, claim_no, HARSH_FROM + timedelta(hours=1))

    claim = await claim_of(world, claim_no)
    assert filed.clause == "F2"
    assert claim.facts["age_seconds"] == (50 + 10 + 60) * 60
    async with world.system(at=HARSH_FROM) as tx:
        assert (await policy_in_force(tx, HARSH_FROM)).id != claim.policy_id


async def test_an_order_of_the_later_version_is_judged_by_it(world: World, harsher: None) -> None:
    made = await bought(world, ordered_at=HARSH_FROM, usage="unused", paid_minor=600_00)
    at = HARSH_FROM + timedelta(minutes=50)
    async with world.as_(world.buyer, at=at) as tx:
        claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.TOPUP_WRONG)

    filed = await _file(world, claim_no, at)

    assert filed.clause != "F2"
