"""From what happened to a signed message at the shop's server: told once, tried again, given up, never lost."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from huiliu.adapters.callbacks import Callbacks
from huiliu.claims.actions import payout_verified
from huiliu.kit.db import across_platforms
from huiliu.notices.actions import fan_out as move_on
from huiliu.notices.actions import record_sending
from huiliu.notices.model import BACKOFF
from huiliu.notices.store import advance_cursor, lease, read_cursor
from huiliu.people.model import Scope
from huiliu.worker.webhooks import run_once, send_due, tell_platform
from tests.api.conftest import Shop, open_shop
from tests.conftest import NOW
from tests.make.orders import XIAOMAN_CONTACT
from tests.notices.receiver import Manner, Receiver, receiving

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVERYTHING = ["claim.filed", "claim.decided", "claim.withdrawn", "claim.refunded", "payout.instructed"]
TRIES = 200


@pytest_asyncio.fixture(loop_scope="session")
async def sender() -> AsyncIterator[Callbacks]:
    """As the worker of a demo, but impatient."""
    opened = Callbacks(allow_private=True, total_seconds=0.5)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def _no_endpoints_left(shop: Shop) -> AsyncIterator[None]:
    yield
    for each in (await shop.get("/webhook-endpoints")).json()["endpoints"]:
        if each["disabled_at"] is None:
            await shop.client.delete(f"/api/v1/webhook-endpoints/{each['id']}", headers=shop.headers)


async def register(shop: Shop, receiver: Receiver, *events: str) -> dict[str, Any]:
    told = await shop.post("/webhook-endpoints", {"url": receiver.url, "events": list(events) or EVERYTHING})
    assert told.status_code == 201, told.text
    return told.json()


async def fan_out(shop: Shop, *, expect: int) -> None:
    """Read the journal until so many deliveries were made: other databases' open transactions hold the reader back."""
    made = 0
    for _ in range(TRIES):
        made += await tell_platform(shop.pool, shop.platform_id, clock=lambda: NOW)
        if made >= expect:
            break
        await asyncio.sleep(0.05)
    assert made == expect


async def send(shop: Shop, sender: Callbacks, *, at: datetime = NOW) -> int:
    return await send_due(shop.pool, sender, shop.keyring, clock=lambda: at)


async def deliveries(shop: Shop, endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    return (await shop.get("/webhook-deliveries", endpoint_id=endpoint["id"])).json()["deliveries"]


async def a_refund(shop: Shop) -> str:
    made = await shop.order(delivery_state="failed", usage="unused")
    return str((await shop.refund(made)).json()["claim_no"])


async def test_the_shop_is_told_what_happened_signed_and_without_contacts(shop: Shop, sender: Callbacks) -> None:
    async with receiving() as receiver:
        endpoint = await register(shop, receiver)
        claim_no = await a_refund(shop)
        await fan_out(shop, expect=3)
        assert await send(shop, sender) == 3
        told = {each.headers["huiliu-event"]: each for each in receiver.received}
        assert set(told) == {"claim.filed", "claim.decided", "payout.instructed"}
        for each in receiver.received:
            signed = each.headers["huiliu-timestamp"].encode() + b"." + each.body
            made = hmac.new(endpoint["secret"].encode(), signed, hashlib.sha256).hexdigest()
            assert hmac.compare_digest(made, each.headers["huiliu-signature"])
            assert XIAOMAN_CONTACT not in each.body.decode()
        filed, decided = (json.loads(told[name].body) for name in ("claim.filed", "claim.decided"))
        assert (filed["claim_no"], filed["status"], filed["seq"]) == (claim_no, "pending", 1)
        assert (decided["status"], decided["data"]["amount_minor"], decided["seq"]) == ("in_review", 100_00, 2)
        listed = await deliveries(shop, endpoint)
        assert {(each["state"], each["last_status"], each["attempts"]) for each in listed} == {
            ("delivered", "http_200", 1)
        }
        assert await send(shop, sender, at=NOW + timedelta(days=3)) == 0, "what was delivered is not sent again"


async def test_only_what_was_asked_for_is_told_and_only_once(shop: Shop, sender: Callbacks) -> None:
    async with receiving() as receiver:
        endpoint = await register(shop, receiver, "claim.decided")
        await a_refund(shop)
        await fan_out(shop, expect=1)
        both = await asyncio.gather(*(run_once(shop.pool, sender, shop.keyring, clock=lambda: NOW) for _ in range(4)))
        assert sum(both) == 1
        assert [each.headers["huiliu-event"] for each in receiver.received] == ["claim.decided"]
        assert len(await deliveries(shop, endpoint)) == 1


async def test_two_workers_reading_at_once_make_each_delivery_once(shop: Shop) -> None:
    async with receiving() as receiver:
        endpoint = await register(shop, receiver, "claim.filed")
        for _ in range(5):
            await a_refund(shop)
        made = 0
        for _ in range(TRIES):
            made += sum(
                await asyncio.gather(*(tell_platform(shop.pool, shop.platform_id, clock=lambda: NOW) for _ in range(3)))
            )
            if made >= 5:
                break
            await asyncio.sleep(0.05)
        assert made == len(await deliveries(shop, endpoint)) == 5


async def test_a_failing_shop_is_tried_again_by_the_schedule_until_it_answers(shop: Shop, sender: Callbacks) -> None:
    async with receiving(Manner.FAIL, Manner.SILENT, Manner.DRIP, Manner.HANG_UP, Manner.OK) as receiver:
        endpoint = await register(shop, receiver, "claim.filed")
        await a_refund(shop)
        await fan_out(shop, expect=1)
        at = NOW
        for wait, status in zip(BACKOFF, ("http_500", "timeout", "timeout", "protocol_error"), strict=False):
            assert await send(shop, sender, at=at) == 1
            (each,) = await deliveries(shop, endpoint)
            assert (each["state"], each["last_status"]) == ("due", status)
            assert datetime.fromisoformat(each["next_at"]) == at + wait
            assert await send(shop, sender, at=at + wait - timedelta(seconds=1)) == 0, "not before its time"
            at += wait
        assert await send(shop, sender, at=at) == 1
        (each,) = await deliveries(shop, endpoint)
        assert (each["state"], each["attempts"], each["last_status"]) == ("delivered", 5, "http_200")
        assert len({got.headers["huiliu-delivery"] for got in receiver.received}) == 1, "one id through all tries"
        assert len({got.body for got in receiver.received}) == 1


async def test_a_shop_that_never_answers_is_given_up_and_can_be_told_again_by_hand(
    shop: Shop, sender: Callbacks
) -> None:
    async with receiving(*[Manner.FAIL] * 9, Manner.OK) as receiver:
        endpoint = await register(shop, receiver, "claim.filed")
        await a_refund(shop)
        await fan_out(shop, expect=1)
        at = NOW
        for wait in (*BACKOFF, timedelta()):
            assert await send(shop, sender, at=at) == 1
            at += wait
        (each,) = await deliveries(shop, endpoint)
        assert (each["state"], each["attempts"], each["next_at"]) == ("given_up", 9, None)
        again = await shop.post(f"/webhook-deliveries/{each['id']}/redelivery")
        assert (again.status_code, again.json()["state"]) == (202, "due"), again.text
        assert await send(shop, sender) == 1
        assert (await deliveries(shop, endpoint))[0]["state"] == "delivered"


async def test_gone_disables_the_endpoint_and_gives_up_what_was_due(shop: Shop, sender: Callbacks) -> None:
    async with receiving(Manner.GONE) as receiver:
        endpoint = await register(shop, receiver)
        await a_refund(shop)
        await fan_out(shop, expect=3)
        await send(shop, sender)
        assert {each["state"] for each in await deliveries(shop, endpoint)} == {"given_up"}
        listed = (await shop.get("/webhook-endpoints")).json()["endpoints"]
        assert next(each for each in listed if each["id"] == endpoint["id"])["disabled_at"] is not None
        delivery = (await deliveries(shop, endpoint))[0]
        refused = await shop.post(f"/webhook-deliveries/{delivery['id']}/redelivery")
        assert (refused.status_code, refused.json()["code"]) == (409, "notices.endpoint_disabled")


async def test_a_redirect_is_not_followed(shop: Shop, sender: Callbacks) -> None:
    async with receiving(Manner.REDIRECT) as receiver:
        endpoint = await register(shop, receiver, "claim.filed")
        await a_refund(shop)
        await fan_out(shop, expect=1)
        await send(shop, sender)
        (each,) = await deliveries(shop, endpoint)
        assert (each["state"], each["last_status"]) == ("due", "http_302")


async def test_a_worker_that_died_while_sending_is_made_up_for_after_its_lease(shop: Shop, sender: Callbacks) -> None:
    async with receiving() as receiver:
        endpoint = await register(shop, receiver, "claim.filed")
        await a_refund(shop)
        await fan_out(shop, expect=1)

        class Dies:
            async def post(self, url: str, *, headers: object, body: bytes) -> Any:
                raise SystemError("killed")

        assert await send_due(shop.pool, Dies(), shop.keyring, clock=lambda: NOW) == 1
        assert await send(shop, sender) == 0, "leased: nobody else sends it yet"
        assert await send(shop, sender, at=NOW + timedelta(seconds=61)) == 1
        assert [each["state"] for each in await deliveries(shop, endpoint)] == ["delivered"]
        assert len(receiver.received) == 1


async def test_one_shops_impossible_address_stops_nobody_elses_webhooks(shop: Shop, sender: Callbacks) -> None:
    async with receiving() as receiver:
        other, endpoint = await register(shop, receiver, "claim.filed"), await register(shop, receiver, "claim.filed")
        async with shop.system() as tx:
            await tx.run(
                "UPDATE webhook_endpoints SET url = 'http://a..b.example.com/' WHERE id = %(id)s::uuid", id=other["id"]
            )
        await a_refund(shop)
        await fan_out(shop, expect=2)
        assert await send(shop, sender) == 2
        assert [each["state"] for each in await deliveries(shop, endpoint)] == ["delivered"]
        assert [each["attempts"] for each in await deliveries(shop, other)] == [1]


async def test_a_secret_that_cannot_be_opened_stops_nobody_elses_webhooks(shop: Shop, sender: Callbacks) -> None:
    async with receiving() as receiver:
        other, endpoint = await register(shop, receiver, "claim.filed"), await register(shop, receiver, "claim.filed")
        async with shop.system() as tx:
            await tx.run(
                "UPDATE webhook_endpoints SET secret_sealed = 'x'::bytea WHERE id = %(id)s::uuid", id=other["id"]
            )
        await a_refund(shop)
        await fan_out(shop, expect=2)
        assert await send(shop, sender) == 2
        assert [each["state"] for each in await deliveries(shop, endpoint)] == ["delivered"]


async def test_a_worker_that_was_too_slow_does_not_undo_what_another_has_done(shop: Shop, sender: Callbacks) -> None:
    async with receiving() as receiver:
        endpoint = await register(shop, receiver, "claim.filed")
        await a_refund(shop)
        await fan_out(shop, expect=1)
        async with across_platforms(shop.pool) as connection:
            (slow,) = await lease(connection, now=NOW, until=NOW + timedelta(seconds=60), each=8, limit=8)
        assert await send(shop, sender, at=NOW + timedelta(seconds=61)) == 1, "its lease has run out"
        async with shop.system(at=NOW + timedelta(seconds=62)) as tx:
            await record_sending(tx, slow, status_code=500, status="http_500")
        (each,) = await deliveries(shop, endpoint)
        assert (each["state"], each["last_status"]) == ("delivered", "http_200")


async def test_of_two_workers_that_read_the_same_only_one_moves_the_cursor(shop: Shop) -> None:
    async with receiving() as receiver:
        await register(shop, receiver, "claim.filed")
        async with shop.system() as tx:
            last = await read_cursor(tx)
        async with shop.system() as tx:
            assert await advance_cursor(tx, was=last, now=last + 2)
        async with shop.system() as tx:
            assert await move_on(tx, [], after_xid=last, up_to_xid=last + 1) == 0
            assert await read_cursor(tx) == last + 2, "it does not go back"


async def test_one_slow_shop_does_not_take_the_whole_batch(shop: Shop, sender: Callbacks) -> None:
    async with receiving(Manner.SILENT) as slow, receiving() as quick:
        await register(shop, slow, "claim.filed")
        await register(shop, quick, "claim.filed")
        for _ in range(12):
            await a_refund(shop)
        await fan_out(shop, expect=24)
        assert await send(shop, sender) == 16, "eight of each"
        assert (len(slow.received), len(quick.received)) == (8, 8)


async def test_an_endpoint_hears_nothing_from_before_it_was_there(shop: Shop) -> None:
    await a_refund(shop)
    async with receiving() as receiver:
        async with shop.system(at=NOW + timedelta(hours=1)) as tx:
            await tx.run("SELECT 1")
        endpoint = await register(shop, receiver, "claim.filed")
        await a_refund(shop)
        await fan_out(shop, expect=1)
        assert len(await deliveries(shop, endpoint)) == 1


async def test_money_back_is_told_when_it_is_verified(shop: Shop, sender: Callbacks) -> None:
    async with receiving() as receiver:
        await register(shop, receiver, "claim.refunded")
        claim_no = await a_refund(shop)
        async with shop.system() as tx:
            payout_id = await tx.value(
                "SELECT p.id FROM payouts p JOIN claims c ON c.platform_id = p.platform_id AND c.id = p.claim_id"
                " WHERE c.platform_id = %(platform)s AND c.claim_no = %(no)s LIMIT 1",
                platform=shop.platform_id,
                no=claim_no,
            )
            await payout_verified(tx, payout_id)  # type: ignore[arg-type]
        await fan_out(shop, expect=1)
        await send(shop, sender)
        told = json.loads(receiver.received[0].body)
        assert (told["event"], told["status"], told["claim_no"]) == ("claim.refunded", "refunded", claim_no)
        assert (await shop.get("/claims", order_no=told["order_no"])).json()["claims"][0]["status"] == "refunded"


async def test_a_cursor_from_another_server_does_not_silence_the_shop(shop: Shop) -> None:
    async with receiving() as receiver:
        await register(shop, receiver, "claim.filed")
        async with shop.system() as tx:
            await tx.run("UPDATE journal_cursors SET last_xid = 1000000000000 WHERE reader = 'webhooks'")
        await tell_platform(shop.pool, shop.platform_id, clock=lambda: NOW)
        await a_refund(shop)
        await fan_out(shop, expect=1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "file:///etc/passwd", "events": ["claim.filed"]}, "notices.url_bad"),
        ({"url": "https://u:p@shop.example.com/", "events": ["claim.filed"]}, "notices.url_bad"),
        ({"url": "https://shop.example.com/", "events": []}, "api.field_bad"),
        ({"url": "https://shop.example.com/", "events": ["claim.unheard_of"]}, "api.field_bad"),
        ({"url": "", "events": ["claim.filed"]}, "api.field_bad"),
    ],
)
async def test_an_endpoint_that_cannot_be_called_is_refused(shop: Shop, body: object, code: str) -> None:
    told = await shop.post("/webhook-endpoints", body)
    assert (told.status_code, told.json()["code"]) == (422, code), told.text


async def test_a_platform_has_only_so_many_endpoints_even_at_once(shop: Shop) -> None:
    body = {"url": "https://shop.example.com/hooks", "events": ["claim.filed"]}
    told = await asyncio.gather(*(shop.post("/webhook-endpoints", body) for _ in range(13)))
    assert sorted(each.status_code for each in told) == [201] * 10 + [409] * 3
    assert {each.json()["code"] for each in told if each.status_code == 409} == {"notices.too_many_endpoints"}


async def test_another_platforms_endpoints_and_deliveries_are_not_there(
    shop: Shop, other_shop: Shop, sender: Callbacks
) -> None:
    async with receiving() as receiver:
        endpoint = await register(shop, receiver, "claim.filed")
        await a_refund(shop)
        await fan_out(shop, expect=1)
        (delivery,) = await deliveries(shop, endpoint)
        assert endpoint["id"] not in (await other_shop.get("/webhook-endpoints")).text
        assert (await other_shop.get("/webhook-deliveries")).json()["deliveries"] == []
        assert (await other_shop.post(f"/webhook-deliveries/{delivery['id']}/redelivery")).status_code == 404
        gone = await shop.client.delete(f"/api/v1/webhook-endpoints/{endpoint['id']}", headers=other_shop.headers)
        assert gone.status_code == 404


async def test_endpoints_need_their_own_scope_and_show_no_secret_twice(shop: Shop) -> None:
    poor = await open_shop(shop.pool, shop.keyring, shop.client, "kamen", shop.platform_id, [Scope.CLAIMS_WRITE])
    assert (await poor.get("/webhook-endpoints")).status_code == 403
    async with receiving() as receiver:
        endpoint = await register(shop, receiver)
        assert endpoint["secret"] not in (await shop.get("/webhook-endpoints")).text
    async with across_platforms(shop.pool) as connection:
        cursor = await connection.execute(
            "SELECT secret_sealed FROM webhook_endpoints ORDER BY created_at, id LIMIT 50"
        )
        assert all(endpoint["secret"].encode() not in row["secret_sealed"] for row in await cursor.fetchall())
