"""The same request twice, at once, with another body, and after a crash: one effect, one answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from huiliu.kit.db import across_platforms
from huiliu.kit.idempotency import sweep
from tests.api.conftest import Shop, fresh_no
from tests.conftest import NOW

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_same_request_again_gets_the_first_answer_byte_for_byte(shop: Shop) -> None:
    made = await shop.order(delivery_state="failed", usage="unused")
    first = await shop.refund(made, key="once-1" + made.order_no)
    again = await shop.refund(made, key="once-1" + made.order_no)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert len((await shop.get("/claims", order_no=made.order_no)).json()["claims"]) == 1


async def test_the_same_key_with_another_body_is_refused(shop: Shop) -> None:
    made, other = await shop.order(delivery_state="failed"), await shop.order(delivery_state="failed", usage="unused")
    key = "once-2" + made.order_no
    assert (await shop.refund(made, key=key)).status_code == 201
    for refused in (await shop.refund(other, key=key), await shop.refund(made, key=key, amount_minor=1)):
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency.other_body")
    assert (await shop.get("/claims", order_no=other.order_no)).json()["claims"] == []


async def test_many_at_once_with_one_key_make_one_claim_and_all_get_its_answer(shop: Shop) -> None:
    for _ in range(5):
        made = await shop.order(delivery_state="failed", usage="unused")
        answers = await asyncio.gather(*(shop.refund(made, key="many" + made.order_no) for _ in range(6)))
        assert {each.status_code for each in answers} == {201}, [each.text for each in answers]
        assert len({each.content for each in answers}) == 1
        assert sum("idempotent-replayed" not in each.headers for each in answers) == 1
        assert len((await shop.get("/claims", order_no=made.order_no)).json()["claims"]) == 1


async def test_many_at_once_that_wait_for_people_make_one_claim_too(shop: Shop) -> None:
    made = await shop.order(kind="service", usage="part_used", units_total=10, units_used=4)
    sent = [shop.refund(made, key="wait" + made.order_no, reason="below_standard") for _ in range(6)]
    answers = await asyncio.gather(*sent)
    assert {each.status_code for each in answers} == {201}, [each.text for each in answers]
    assert len({each.content for each in answers}) == 1


async def test_a_refusal_is_not_kept_so_the_retry_may_succeed(shop: Shop) -> None:
    number, key = fresh_no(), "later" + fresh_no()
    body = {"order_no": number, "reason": "not_arrived"}
    assert (await shop.post("/refunds", body, key=key)).status_code == 404
    await shop.order(order_no=number, delivery_state="failed", usage="unused")
    assert (await shop.post("/refunds", body, key=key)).status_code == 201


async def test_a_key_is_its_own_on_every_route_and_for_every_caller(shop: Shop, other_shop: Shop) -> None:
    mine, theirs = await shop.order(delivery_state="failed"), await other_shop.order(delivery_state="failed")
    key = "shared" + mine.order_no
    assert (await shop.refund(mine, key=key)).status_code == 201
    assert (await other_shop.refund(theirs, key=key)).status_code == 201
    usage = await shop.post(f"/orders/{mine.order_no}/usage", {"state": "unused"}, key=key)
    assert usage.status_code == 200, usage.text


async def test_the_path_is_part_of_the_request(shop: Shop) -> None:
    one, two = await shop.order(), await shop.order()
    key = "path" + one.order_no
    assert (await shop.post(f"/orders/{one.order_no}/usage", {"state": "used"}, key=key)).status_code == 200
    other = await shop.post(f"/orders/{two.order_no}/usage", {"state": "used"}, key=key)
    assert other.json()["code"] == "idempotency.other_body"


async def test_a_refund_without_a_key_is_not_begun(shop: Shop) -> None:
    made = await shop.order(delivery_state="failed")
    missing = await shop.refund(made, key=None)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency.key_needed")
    for bad in ("k" * 201, "has space", "\t"):
        refused = await shop.refund(made, key=bad)
        assert refused.status_code == 400, bad
    assert (await shop.get("/claims", order_no=made.order_no)).json()["claims"] == []


async def test_a_crash_before_the_commit_leaves_neither_the_effect_nor_the_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await shop.order()
    key, path = "crash" + made.order_no, f"/orders/{made.order_no}/usage"

    async def dies(*_: object, **__: object) -> None:
        raise RuntimeError("the process is gone")

    with monkeypatch.context() as patched:
        patched.setattr("huiliu.api.once.keep", dies)
        broken = await shop.post(path, {"state": "unused", "record_ref": "LOG-9"}, key=key)
    assert (broken.status_code, broken.json()["code"]) == (500, "api.broken")
    assert "gone" not in broken.text
    assert (await shop.get(f"/orders/{made.order_no}")).json()["lines"][0]["usage"] is None
    after = await shop.post(path, {"state": "unused", "record_ref": "LOG-9"}, key=key)
    assert (after.status_code, after.json()["added"]) == (200, True)


async def test_the_secret_in_a_kept_answer_is_sealed(shop: Shop) -> None:
    body = {"url": "https://shop.example.com/hooks", "events": ["claim.filed"]}
    first = await shop.post("/webhook-endpoints", body, key="sealed-endpoint")
    again = await shop.post("/webhook-endpoints", body, key="sealed-endpoint")
    assert first.status_code == 201, first.text
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    async with shop.system() as tx:
        kept = await tx.value("SELECT answer FROM idempotency_keys WHERE key = 'sealed-endpoint' LIMIT 1")
    assert isinstance(kept, bytes)
    assert b"whsec_" not in kept
    assert (
        await shop.client.delete(f"/api/v1/webhook-endpoints/{first.json()['id']}", headers=shop.headers)
    ).is_success


async def test_answers_are_kept_a_day_and_then_forgotten(shop: Shop) -> None:
    made = await shop.order(delivery_state="failed")
    key = "old" + made.order_no
    first = await shop.refund(made, key=key)
    async with across_platforms(shop.pool) as connection:
        await sweep(connection, NOW + timedelta(hours=23, minutes=59))
    assert (await shop.refund(made, key=key)).content == first.content
    async with across_platforms(shop.pool) as connection:
        assert await sweep(connection, NOW + timedelta(hours=24, seconds=1)) > 0
    assert (await shop.refund(made, key=key)).json()["code"] == "claims.live_claim_exists"
