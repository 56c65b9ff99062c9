"""The door for rails: signed, fresh and ours, or nothing happens; told twice, it happens once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.testing import AsyncTestClient

from huiliu.adapters.rails.registry import notification_readers
from huiliu.api.context import ApiHouse
from huiliu.api.routing import api_router
from huiliu.kit.db import Actor, Pool, across_platforms, transaction
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from huiliu.payouts.actions import lease_due
from huiliu.people.api_keys import KeyGate
from huiliu.simulators.signing import notification_headers
from tests.make.payouts import PayoutIds, payout
from tests.payouts.conftest import Clock, journal_of, state_of

SETTINGS = Settings(sandbox_rail_secret="a secret of this shop's own")
SECRET = SETTINGS.sandbox_rail_secret
DOOR = "/api/v1/rails/{}/notifications"


@pytest_asyncio.fixture(loop_scope="session")
async def client(pool: Pool, keyring: Keyring) -> AsyncIterator[AsyncTestClient[Litestar]]:
    house = ApiHouse(pool=pool, keyring=keyring, gate=KeyGate(pool, keyring), settings=SETTINGS)
    app = Litestar([api_router(house, rails=notification_readers(SETTINGS))], openapi_config=None)
    async with AsyncTestClient(app) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def sent(pool: Pool, clock: Clock, system: Actor) -> PayoutIds:
    """A payout whose sending is under way."""
    async with across_platforms(pool) as connection:
        await connection.execute("UPDATE payouts SET next_at = NULL WHERE next_at IS NOT NULL")
    clock.now = datetime.now(UTC)
    async with transaction(pool, system, clock=clock) as tx:
        ids = await payout(tx)
    async with across_platforms(pool) as connection:
        assert len(await lease_due(connection, now=clock.now, limit=10)) == 1
    return ids


def told(ids: PayoutIds, **over: object) -> bytes:
    says: dict[str, object] = {
        "refund_no": ids.refund_no,
        "rail_refund_no": "501",
        "trade_no": ids.trade_no,
        "amount": ids.amount_minor,
        "currency": "CNY",
        "state": "SUCCESS",
        "arrived_to": "用户零钱",
        "event_id": f"{ids.refund_no}.SUCCESS",
    }
    return msgspec.json.encode(says | over)


async def test_a_signed_notification_closes_the_refund_and_again_changes_nothing(
    client: AsyncTestClient[Litestar], pool: Pool, system: Actor, sent: PayoutIds
) -> None:
    async def tell() -> int:
        body = told(sent)
        return (
            await client.post(DOOR.format("sandbox"), content=body, headers=notification_headers(SECRET, body))
        ).status_code

    assert await asyncio.gather(tell(), tell(), tell()) == [200, 200, 200]
    assert await state_of(pool, system, sent) == "verified"
    kinds = await journal_of(pool, system, sent)
    assert (kinds.count("payout.verified"), kinds.count("claim.refunded")) == (1, 1)


async def test_a_forged_or_altered_notification_is_turned_away(
    client: AsyncTestClient[Litestar], pool: Pool, system: Actor, sent: PayoutIds
) -> None:
    body = told(sent)
    signed = notification_headers(SECRET, body)
    for headers, content in (
        ({}, body),
        (notification_headers("guessed", body), body),
        (signed, told(sent, amount=1)),
        (signed | {"rail-timestamp": "1"}, body),
    ):
        answer = await client.post(DOOR.format("sandbox"), content=content, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "payouts.notification_forged"
    assert await state_of(pool, system, sent) == "sending"


@pytest.mark.parametrize("rail", ["alipay", "balance", "nothing"])
async def test_a_notification_at_another_rail_s_door_or_of_no_refund_of_ours_finds_nothing(
    client: AsyncTestClient[Litestar], pool: Pool, system: Actor, sent: PayoutIds, rail: str
) -> None:
    for body, door in ((told(sent), rail), (told(sent, refund_no="HLR404"), "sandbox")):
        answer = await client.post(DOOR.format(door), content=body, headers=notification_headers(SECRET, body))
        assert answer.status_code == 404
    assert await state_of(pool, system, sent) == "sending"


async def test_a_flood_is_cut_off(client: AsyncTestClient[Litestar]) -> None:
    answer = await client.post(DOOR.format("sandbox"), content=b"x" * 1_000_000)
    assert answer.status_code == 413
