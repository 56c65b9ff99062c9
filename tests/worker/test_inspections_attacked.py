"""Hostile and unlucky buyers at the real queue: who is blamed for one payment or picture in two claims, and who is not."""

from __future__ import annotations

import hashlib

import pytest

from huiliu.evidence.actions import remove_file
from huiliu.evidence.errors import FileDamaged
from huiliu.evidence.inspection.model import Verdict
from huiliu.evidence.verification.codes import issue_code
from huiliu.evidence.verification.model import Problem, Step
from huiliu.kit.db import transaction
from tests.make.fake_bench import scripted
from tests.make.orders import ZHOUMO_CONTACT, OrderIds
from tests.worker.bills import bill, own_trade, paid
from tests.worker.conftest import House


async def unrecorded(house: House, **over: object) -> OrderIds:
    """An order that was imported without the rail's numbers."""
    made = await house.bought(rail_trade_no="", **over)
    async with transaction(house.pool, house.system()) as tx:
        await tx.run("UPDATE orders SET rail_order_no = '' WHERE id = %(id)s", id=made.order_id)
    return made


async def test_who_showed_a_payment_first_does_not_own_it_when_no_record_says_whose_it_is(house: House) -> None:
    trade_no = f"20261123220014{901:014d}"
    thief, owner = await unrecorded(house, contact=ZHOUMO_CONTACT), await unrecorded(house)
    paid(house, trade_no=trade_no)
    shown = bill(owner, trade_no=trade_no, order_no=owner.order_no)
    await house.inspect(await house.hand_in(await house.claim(thief), scripted("901 stolen", fields=shown)))
    found = await house.inspect(await house.hand_in(await house.claim(owner), scripted("901", fields=shown)))
    assert (found.verdict, found.reasons) == (Verdict.UNVERIFIABLE, ("not_identified",))


async def test_a_thief_who_handed_in_the_very_file_first_does_not_turn_its_owner_into_one(house: House) -> None:
    owner, _ = await own_trade(house, 902)
    thief = await house.bought(contact=ZHOUMO_CONTACT, rail_trade_no="")
    page = scripted("902", fields={"order_no": owner.order_no, "status": "not_delivered"}, page="platform_order")
    await house.inspect(await house.hand_in(await house.claim(thief), page, slot="not_arrived_shot"))
    found = await house.inspect(await house.hand_in(await house.claim(owner), page, slot="not_arrived_shot"))
    assert found.verdict is Verdict.CONSISTENT


async def test_an_order_without_a_contact_may_be_applied_for_again_with_the_same_file(house: House) -> None:
    made, _ = await own_trade(house, 903)
    page = scripted("903", fields={"status": "not_delivered", "amount": "100.00"}, page="membership")
    found = None
    for _ in range(2):
        claim_id = await house.claim(made)
        async with transaction(house.pool, house.system()) as tx:
            await tx.run("UPDATE claims SET contact_hash = NULL WHERE id = %(id)s", id=claim_id)
        found = await house.inspect(await house.hand_in(claim_id, page, slot="not_arrived_shot"))
        async with transaction(house.pool, house.system(), clock=house.clock) as tx:
            await tx.run(
                "UPDATE claims SET state = 'withdrawn', filed_at = created_at, closed_at = %(now)s WHERE id = %(id)s",
                id=claim_id,
                now=tx.now,
            )
    assert found is not None
    assert found.verdict is not Verdict.CONTRADICTED
    assert found.result is not None
    assert found.result.extra.reuses == ()


async def test_two_pictures_handed_in_with_one_code_both_show_it_whoever_is_read_first(house: House) -> None:
    made, trade_no = await own_trade(house, 904)
    claim_id = await house.claim(made)
    async with transaction(house.pool, house.system(), clock=house.clock) as tx:
        code = (await issue_code(tx, claim_id)).code
    fields = bill(made, trade_no=trade_no, code=code)
    files = [
        await house.hand_in(claim_id, scripted(f"904 {at}", fields=fields), slot="platform_check") for at in range(2)
    ]
    for _ in files:
        house.clock.advance(seconds=5)
        await house.inspect(files[0])
    assert [(await house.found(file)).verdict for file in files] == [Verdict.CONSISTENT] * 2
    late = await house.hand_in(claim_id, scripted("904 late", fields=fields), slot="platform_check")
    assert (await house.inspect(late)).reasons == ("missing_code",)


async def test_a_shop_s_own_payment_number_contradicts_nobody_when_it_was_never_told_to_us(house: House) -> None:
    trade_no = f"20261123220014{905:014d}"
    made = await unrecorded(house)
    async with transaction(house.pool, house.system()) as tx:
        await tx.run("UPDATE orders SET rail_trade_no = %(no)s WHERE id = %(id)s", no=trade_no, id=made.order_id)
    fields = bill(made, trade_no=trade_no, order_no="PAY9938823881")
    found = await house.inspect(await house.hand_in(await house.claim(made), scripted("905", fields=fields)))
    assert found.verdict is Verdict.CONSISTENT


async def test_an_identity_card_that_was_taken_back_unread_and_came_again_leaves_no_bytes(house: House) -> None:
    claim_id = await house.claim()
    card = scripted("906 card", do="private")
    taken_back = await house.hand_in(claim_id, card)
    async with transaction(house.pool, house.buyer(), clock=house.clock) as tx:
        await remove_file(tx, claim_id, file_id=taken_back)
    assert (await house.inspect(taken_back)).problem is Problem.TAKEN_BACK
    again = await house.inspect(await house.hand_in(claim_id, card))
    assert again.state is Step.REFUSED
    with pytest.raises(FileDamaged):
        await house.files.original(house.platform_id, hashlib.sha256(card).digest())
