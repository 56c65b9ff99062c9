"""Handing orders over and reading them back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from huiliu.people.model import Scope
from tests.api.conftest import Shop, fresh_no, open_shop
from tests.conftest import NOW

pytestmark = pytest.mark.asyncio(loop_scope="session")


def an_order(**over: object) -> dict[str, object]:
    return {
        "order_no": fresh_no(),
        "rail": "wechatpay",
        "paid_minor": 30_00,
        "ordered_at": "2026-11-23T09:40:00+08:00",
        "delivery_state": "failed",
        "contact": "13812345678",
        "lines": [{"title": "视频会员 30 天", "kind": "membership"}],
        **over,
    }


async def test_a_batch_is_answered_row_by_row_and_a_repeat_changes_nothing(shop: Shop) -> None:
    good, bad = an_order(), an_order(paid_minor=-5)
    batch = {"orders": [good, bad, {**an_order(), "rail": 7}, good]}
    told = await shop.post("/orders", batch)
    assert told.status_code == 200, told.text
    rows = told.json()["rows"]
    assert [(row["row"], row["result"], row["column"]) for row in rows if row["row"] != 2] == [
        (1, "created", None),
        (3, "rejected", "rail"),
        (4, "rejected", "order_no"),
    ]
    assert {row["column"] for row in rows if row["row"] == 2} >= {"paid"}
    assert all(row["reason"] and row["code"] for row in rows if row["result"] == "rejected")
    assert (told.json()["created"], told.json()["rejected"]) == (1, 3)
    again = (await shop.post("/orders", {"orders": [good]})).json()
    assert [row["result"] for row in again["rows"]] == ["unchanged"]
    changed = (await shop.post("/orders", {"orders": [{**good, "delivery_note": "库存不足"}]})).json()
    assert [row["result"] for row in changed["rows"]] == ["updated"]


async def test_an_order_that_was_handed_over_can_be_refunded_at_once(shop: Shop) -> None:
    order = an_order(rail_trade_no="4200001234202611230001", paid_at="2026-11-23T09:41:00+08:00")
    assert (await shop.post("/orders", {"orders": [order]})).json()["created"] == 1
    told = await shop.post("/refunds", {"order_no": order["order_no"], "reason": "not_arrived"})
    assert (told.status_code, told.json()["sub_state"]) == (201, "paying"), told.text


async def test_an_order_is_shown_without_contact_or_account_in_clear(shop: Shop) -> None:
    order = an_order(account="10086001", lookup_password="hunter22")
    await shop.post("/orders", {"orders": [order]})
    shown = await shop.get(f"/orders/{order['order_no']}")
    assert shown.status_code == 200
    for secret in ("13812345678", "10086001", "hunter22"):
        assert secret not in shown.text
    assert shown.json()["paid"] == {"amount_minor": 30_00, "currency": "CNY"}


async def test_a_list_is_walked_to_its_end_by_cursor_and_skips_nothing(shop: Shop) -> None:
    mark = fresh_no()[-8:]
    orders = [an_order(order_no=f"W{mark}{i}", ordered_at=f"2026-11-22T09:0{i % 3}:00+08:00") for i in range(7)]
    await shop.post("/orders", {"orders": orders})
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        page = (await shop.get("/orders", number=mark, limit=2, cursor=cursor)).json()
        seen.extend(row["order_no"] for row in page["orders"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(str(each["order_no"]) for each in orders)
    assert len(seen) == len(set(seen))


async def test_another_platform_sees_none_of_it(shop: Shop, other_shop: Shop) -> None:
    order = an_order()
    await shop.post("/orders", {"orders": [order]})
    assert (await other_shop.get("/orders", number=order["order_no"])).json()["orders"] == []
    usage = await other_shop.post(f"/orders/{order['order_no']}/usage", {"state": "used"})
    assert usage.status_code == 404
    created = (await other_shop.post("/orders", {"orders": [order]})).json()
    assert created["created"] == 1, "the same number on another platform is another order"


@pytest.mark.parametrize("body", [{}, {"orders": {}}, {"orders": None}, {"orders": "x"}])
async def test_what_is_no_list_of_orders_is_refused_whole(shop: Shop, body: object) -> None:
    told = await shop.post("/orders", body)
    assert (told.status_code, told.json()["code"]) == (422, "api.field_bad")


async def test_the_most_that_a_batch_may_hold_is_taken_and_one_more_is_not(shop: Shop) -> None:
    row = {"order_no": "x"}
    told = await shop.post("/orders", {"orders": [row] * 5000})
    assert (told.status_code, told.json()["rejected"]) == (200, 5000), told.text[:300]
    more = await shop.post("/orders", {"orders": [row] * 5001})
    assert (more.status_code, more.json()["code"]) == (413, "orders.batch_too_large")


async def test_a_batch_in_gbk_says_so(shop: Shop) -> None:
    body = json.dumps({"orders": [an_order()]}, ensure_ascii=False).encode("gbk")
    headers = {**shop.headers, "Content-Type": "application/json"}
    told = await shop.client.post("/api/v1/orders", content=body, headers=headers)
    assert (told.status_code, told.json()["code"]) == (400, "api.not_utf8")


async def test_usage_is_added_once_and_contradictions_are_refused(shop: Shop) -> None:
    made = await shop.order()
    path = f"/orders/{made.order_no}/usage"
    fact = {"state": "part_used", "units_total": 30, "units_used": 12, "unit": "day", "record_ref": "L7"}
    fact["observed_at"] = (NOW - timedelta(minutes=1)).isoformat()
    assert (await shop.post(path, fact)).json()["added"] is True
    assert (await shop.post(path, fact)).json()["added"] is False
    usage = (await shop.get(f"/orders/{made.order_no}")).json()["lines"][0]["usage"]
    assert (usage["units_used"], usage["record_ref"]) == (12, "L7")
    for bad, code in (
        ({"state": "part_used", "units_total": 10, "units_used": 11}, "orders.usage_refused"),
        ({"state": "used", "units_total": 10, "units_used": 0}, "orders.usage_refused"),
        ({"state": "used", "units_used": -1}, "api.field_bad"),
        ({"state": "gone"}, "api.field_bad"),
        ({"state": "used", "observed_at": "2026-11-23T10:00:00"}, "api.field_bad"),
        ({"state": "used", "observed_at": "2030-01-01T00:00:00Z"}, "orders.usage_refused"),
    ):
        told = await shop.post(path, bad)
        assert (told.status_code, told.json()["code"]) == (422, code), (bad, told.text)
    assert (await shop.post(path, {"state": "used", "line": 2})).status_code == 404
    assert (await shop.post("/orders/KM-NONE/usage", {"state": "used"})).status_code == 404


async def test_reading_and_writing_orders_are_scopes_of_their_own(shop: Shop) -> None:
    reader = await open_shop(shop.pool, shop.keyring, shop.client, "kamen", shop.platform_id, [Scope.ORDERS_READ])
    assert (await reader.get("/orders")).status_code == 200
    assert (await reader.post("/orders", {"orders": []})).json()["code"] == "people.scope_missing"
