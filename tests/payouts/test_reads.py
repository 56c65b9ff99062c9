"""Who sees which payouts, and whose a rail's number is."""

from __future__ import annotations

import pytest

from huiliu.kit.db import Actor, Pool, Tx, across_platforms, transaction
from huiliu.kit.errors import NotAllowed, NotFound
from huiliu.kit.ids import new_id
from huiliu.kit.money import Money
from huiliu.kit.settings import Settings
from huiliu.payouts.model import State
from huiliu.payouts.reads import find_by_refund_no, payouts_in_state, payouts_of_claim, totals
from huiliu.people.model import Buyer, Role, Staff
from huiliu.simulators.sandbox import SANDBOX_SECRET
from tests.make.orders import ZHOUMO_CONTACT, fake_contact_hash
from tests.make.payouts import PayoutIds, payout
from tests.payouts.conftest import Clock


@pytest.fixture
async def queued(pool: Pool, clock: Clock, system: Actor) -> PayoutIds:
    async with transaction(pool, system, clock=clock) as tx:
        return await payout(tx)


async def test_a_buyer_sees_the_payouts_of_her_own_claim_only(tx: Tx) -> None:
    ids = await payout(tx)
    hers = Buyer(platform_id=tx.platform_id, contact_hash=ids.order.contact_hash)
    found = await payouts_of_claim(tx, hers, ids.claim_id)
    assert [(shown.refund_no, shown.amount, shown.state) for shown in found] == [
        (ids.refund_no, Money(60_00), State.QUEUED)
    ]
    looked_up = Buyer(platform_id=tx.platform_id, order_ids=(ids.order.order_id,))
    assert len(await payouts_of_claim(tx, looked_up, ids.claim_id)) == 1
    zhoumo = Buyer(platform_id=tx.platform_id, contact_hash=fake_contact_hash(ZHOUMO_CONTACT))
    assert await payouts_of_claim(tx, zhoumo, ids.claim_id) == []
    assert await payouts_of_claim(tx, Buyer(platform_id=tx.platform_id), ids.claim_id) == []
    with pytest.raises(NotFound):
        await payouts_of_claim(tx, Buyer(platform_id=tx.platform_id + 1), ids.claim_id)


async def test_finance_lists_held_payouts_page_by_page_and_agents_do_not(tx: Tx) -> None:
    made = [(await payout(tx)).payout_id for _ in range(3)]
    await tx.run("UPDATE payouts SET state = 'held' WHERE id = ANY(%(ids)s)", ids=made)
    finance = _staff(tx, Role.FINANCE)
    first = await payouts_in_state(tx, finance, State.HELD, limit=2)
    last = first[-1]
    rest = await payouts_in_state(tx, finance, State.HELD, after=(last.agreed_at, last.id))
    assert {shown.id for shown in (*first, *rest)} >= set(made)
    assert not {shown.id for shown in first} & {shown.id for shown in rest}
    with pytest.raises(NotAllowed):
        await payouts_in_state(tx, _staff(tx, Role.AGENT), State.HELD)


def _staff(tx: Tx, role: Role) -> Staff:
    return Staff(id=new_id(), platform_id=tx.platform_id, login="qian", name="钱会", roles=frozenset({role}))


async def test_a_rail_s_number_finds_its_platform(pool: Pool, queued: PayoutIds, platform_id: int) -> None:
    async with across_platforms(pool) as connection:
        found = await find_by_refund_no(connection, queued.refund_no)
        assert found is not None
        assert (found.platform_id, found.payout_id, found.rail) == (platform_id, queued.payout_id, "sandbox")
        assert await find_by_refund_no(connection, "HLRnothing") is None
        assert any(line.rail == "sandbox" and line.amount_minor >= 60_00 for line in await totals(connection))


def test_both_sides_of_the_sandbox_start_with_the_same_secret() -> None:
    assert Settings().sandbox_rail_secret == SANDBOX_SECRET
