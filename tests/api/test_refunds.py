"""POST /refunds: the busiest route, and every way in which it says no."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from huiliu.people.model import Scope
from tests.api.conftest import Shop, fresh_no, open_shop
from tests.conftest import NOW
from tests.make.orders import XIAOMAN_CONTACT, ZHOUMO_CONTACT, Line

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_failed_topup_is_approved_by_the_policy_at_once(shop: Shop) -> None:
    made = await shop.order(delivery_state="failed", usage="unused")
    answered = await shop.refund(made)
    assert answered.status_code == 201, answered.text
    told = answered.json()
    assert (told["status"], told["sub_state"]) == ("in_review", "paying")
    assert told["approved"] == {"amount_minor": 100_00, "currency": "CNY"}
    assert told["due_at"] is None
    claim = (await shop.get(f"/claims/{told['claim_no']}")).json()
    assert claim["order_no"] == made.order_no
    assert [each["kind"] for each in claim["timeline"]] == ["claim.filed", "claim.approved", "payout.instructed"]
    assert claim["payouts"][0]["ladder"][0] == {"step": "agreed", "at": "2026-11-23T02:00:00Z", "is_done": True}


async def test_what_the_policy_leaves_to_people_waits_with_a_due_time(shop: Shop) -> None:
    made = await shop.order(kind="service", title="代练 王者 10 星", usage="part_used", units_total=10, units_used=4)
    answered = await shop.refund(made, reason="below_standard", statement="只打了四星")
    assert answered.status_code == 201, answered.text
    told = answered.json()
    assert (told["status"], told["sub_state"], told["approved"]) == ("pending", "filed", None)
    assert told["due_at"] is not None
    claim = (await shop.get(f"/claims/{told['claim_no']}")).json()
    assert {each["action"] for each in claim["allowed"] if each["is_now"]} >= {"approval", "rejection", "withdrawal"}


async def test_less_than_the_policy_gives_is_the_buyers_right(shop: Shop) -> None:
    made = await shop.order(delivery_state="failed", usage="unused")
    told = (await shop.refund(made, amount_minor=40_00, currency="CNY")).json()
    assert told["approved"] == {"amount_minor": 40_00, "currency": "CNY"}


@pytest.mark.parametrize(
    ("over", "status", "code"),
    [
        ({"amount_minor": 0}, 422, "api.field_bad"),
        ({"amount_minor": -1}, 422, "api.field_bad"),
        ({"amount_minor": 100_01}, 422, "claims.amount_out_of_range"),
        ({"amount_minor": 10**30}, 422, "api.field_bad"),
        ({"amount_minor": 1.5}, 422, "api.field_bad"),
        ({"amount_minor": "100"}, 422, "api.field_bad"),
        ({"amount_minor": True}, 422, "api.field_bad"),
        ({"amount_minor": 1, "currency": "USD"}, 422, "claims.currency_differs"),
        ({"amount_minor": 1, "currency": "人民币"}, 422, "api.field_bad"),
        ({"currency": "USD"}, 422, "api.field_bad"),
        ({"reason": "because"}, 422, "api.field_bad"),
        ({"line": 2}, 404, "not_found"),
        ({"line": 0}, 422, "api.field_bad"),
        ({"line": 51}, 422, "api.field_bad"),
        ({"order_no": "KM-NOT-THERE"}, 404, "not_found"),
        ({"order_no": ""}, 422, "api.field_bad"),
        ({"order_no": "订单"}, 404, "not_found"),
        ({"order_no": "A\u0000B"}, 400, "api.malformed_json"),
        ({"statement": "长" * 2001}, 422, "api.field_bad"),
        ({"ammount_minor": 100}, 422, "api.field_bad"),
        ({"buyer": {"contact": ZHOUMO_CONTACT}}, 404, "not_found"),
    ],
)
async def test_a_request_that_cannot_be_is_refused_and_leaves_nothing(
    shop: Shop, over: dict[str, object], status: int, code: str
) -> None:
    made = await shop.order(delivery_state="failed", usage="unused")
    answered = await shop.refund(made, **over)
    assert (answered.status_code, answered.json()["code"]) == (status, code), answered.text
    assert answered.headers["content-type"] == "application/problem+json"
    assert (await shop.get("/claims", order_no=made.order_no)).json()["claims"] == []


@pytest.mark.parametrize(("state", "code"), [("closed", "claims.order_closed"), ("unpaid", "claims.order_not_paid")])
async def test_an_order_that_is_closed_or_unpaid_is_refused(shop: Shop, state: str, code: str) -> None:
    made = await shop.order(state=state)
    answered = await shop.refund(made)
    assert (answered.status_code, answered.json()["code"]) == (409, code)


async def test_the_buyer_who_is_named_must_be_the_orders(shop: Shop) -> None:
    made = await shop.order(delivery_state="failed", usage="unused")
    answered = await shop.refund(made, buyer={"contact": f" {XIAOMAN_CONTACT[:3]} {XIAOMAN_CONTACT[3:]} "})
    assert answered.status_code == 201, answered.text


async def test_a_line_has_one_live_claim(shop: Shop) -> None:
    made = await shop.order(delivery_state="failed", usage="unused")
    assert (await shop.refund(made)).status_code == 201
    again = await shop.refund(made)
    assert (again.status_code, again.json()["code"]) == (409, "claims.live_claim_exists")


async def test_two_requests_at_once_for_one_line_make_one_claim(shop: Shop) -> None:
    for _ in range(8):
        made = await shop.order(delivery_state="failed", usage="unused")
        both = await asyncio.gather(shop.refund(made, amount_minor=60_00), shop.refund(made, amount_minor=60_00))
        assert sorted(each.status_code for each in both) == [201, 409], [each.text for each in both]
        assert len((await shop.get("/claims", order_no=made.order_no)).json()["claims"]) == 1
        order = (await shop.get(f"/orders/{made.order_no}")).json()
        assert order["reserved"]["amount_minor"] == 60_00


async def test_two_lines_of_one_order_are_refunded_apart(shop: Shop) -> None:
    lines = [Line(paid_minor=30_00, usage="unused"), Line(paid_minor=70_00, usage="unused")]
    made = await shop.order(lines=lines, delivery_state="failed")
    both = await asyncio.gather(shop.refund(made), shop.refund(made, line=2))
    assert [each.status_code for each in both] == [201, 201], [each.text for each in both]
    assert (await shop.get(f"/orders/{made.order_no}")).json()["reserved"]["amount_minor"] == 100_00


async def test_a_key_without_the_scope_is_told_which(shop: Shop) -> None:
    poor = await open_shop(shop.pool, shop.keyring, shop.client, "kamen", shop.platform_id, [Scope.ORDERS_READ])
    made = await shop.order()
    answered = await poor.refund(made)
    assert (answered.status_code, answered.json()["code"]) == (403, "people.scope_missing")
    assert answered.json()["facts"] == {"scope": "claims:write"}


async def test_another_platforms_order_is_not_there(shop: Shop, other_shop: Shop) -> None:
    made = await shop.order(delivery_state="failed", usage="unused")
    answered = await other_shop.refund(made)
    assert (answered.status_code, answered.json()["code"]) == (404, "not_found")
    filed = (await shop.refund(made)).json()
    for path in (f"/claims/{filed['claim_no']}", f"/claims/{filed['claim_no']}/timeline", f"/orders/{made.order_no}"):
        assert (await other_shop.get(path)).status_code == 404
    withdrawn = await other_shop.post(f"/claims/{filed['claim_no']}/withdrawal", {"version": 1})
    assert withdrawn.status_code == 404


async def test_eligibility_says_beforehand_what_a_refund_then_does(shop: Shop) -> None:
    made = await shop.order(delivery_state="failed", usage="unused")
    told = (await shop.post("/eligibility", {"order_no": made.order_no, "reason": "not_arrived"})).json()
    assert (told["can_apply"], told["outcome"], told["decides_at_once"]) == (True, "full", True)
    assert told["proposed"] == {"amount_minor": 100_00, "currency": "CNY"}
    assert told["goes_back_to"] == "微信零钱"
    assert (await shop.get("/claims", order_no=made.order_no)).json()["claims"] == [], "asking changes nothing"
    filed = (await shop.refund(made)).json()
    assert (filed["clause"], filed["approved"]) == (told["clause"], told["proposed"])
    blocked = (await shop.post("/eligibility", {"order_no": made.order_no, "reason": "not_arrived"})).json()
    assert (blocked["can_apply"], blocked["blocked_by"]["code"]) == (False, "claims.live_claim_exists")


async def test_an_order_from_before_every_policy_is_for_people(shop: Shop) -> None:
    made = await shop.order(ordered_at=NOW - timedelta(days=3000))
    told = (await shop.refund(made)).json()
    assert (told["sub_state"], told["approved"]) == ("filed", None)


async def test_an_unknown_order_number_gets_the_same_answer_as_somebody_elses(shop: Shop, other_shop: Shop) -> None:
    theirs = await other_shop.order()
    answers = [
        await shop.refund(theirs),
        await shop.post("/refunds", {"order_no": fresh_no(), "reason": "not_arrived"}),
    ]
    bodies = [{**each.json(), "request_id": ""} for each in answers]
    assert bodies[0] == bodies[1]
