"""What one refund costs the database, counted at the driver: a change that adds a round trip is noticed here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from psycopg import AsyncConnection

from tests.api.conftest import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def counted(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[int]]:
    """How often the driver waited for the server: each is one round trip."""
    waits: list[int] = []
    original = AsyncConnection.wait

    def noticing(steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Only what really waits counts: switching autocommit on an idle connection says nothing to the server."""
        ready: Any = None
        has_waited = False
        while True:
            try:
                wanted = steps.send(ready)
            except StopIteration as ended:
                return ended.value
            if not has_waited:
                waits.append(1)
            has_waited = True
            ready = yield wanted

    async def wait(self: AsyncConnection[Any], gen: Generator[Any, Any, Any], interval: float = 0.1) -> Any:
        return await original(self, noticing(gen), interval)

    with monkeypatch.context() as patched:
        patched.setattr(AsyncConnection, "wait", wait)
        yield waits


async def test_a_refund_that_the_policy_approves_is_one_read_and_one_write(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(25):  # until every pooled connection has its statements prepared and its platform set
        await shop.refund(await shop.order(delivery_state="failed", usage="unused"))
    made = await shop.order(delivery_state="failed", usage="unused")
    async with counted(monkeypatch) as waits:
        told = await shop.refund(made)
    assert told.json()["sub_state"] == "paying"
    assert len(waits) == 2, f"{len(waits)} round trips"


async def test_a_refused_refund_looks_once_for_a_kept_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await shop.order(delivery_state="failed", usage="unused")
    await shop.refund(made)
    async with counted(monkeypatch) as waits:
        assert (await shop.refund(made)).status_code == 409
    assert len(waits) <= 4, f"{len(waits)} round trips"
