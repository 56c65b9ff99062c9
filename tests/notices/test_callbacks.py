"""The door to the outside: whatever the other side does, it is bounded and becomes one word."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from huiliu.adapters.callbacks import Answered, Callbacks, NoAnswer
from tests.notices.receiver import Manner, receiving

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECONDS = 0.6


@pytest_asyncio.fixture(loop_scope="session")
async def callbacks() -> AsyncIterator[Callbacks]:
    """As in the demo: this machine may be called."""
    opened = Callbacks(allow_private=True, total_seconds=SECONDS)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [
        (Manner.OK, Answered(200)),
        (Manner.FAIL, Answered(500)),
        (Manner.GONE, Answered(410)),
        (Manner.REDIRECT, Answered(302)),
        (Manner.SILENT, NoAnswer("timeout")),
        (Manner.DRIP, NoAnswer("timeout")),
        (Manner.GARBAGE, NoAnswer("protocol_error")),
        (Manner.HANG_UP, NoAnswer("protocol_error")),
        (Manner.FLOOD, Answered(200)),
    ],
)
async def test_each_manner_of_answering_becomes_one_outcome_in_bounded_time(
    callbacks: Callbacks, manner: Manner, outcome: Answered | NoAnswer
) -> None:
    async with receiving(manner) as shop:
        begun = time.monotonic()
        assert await callbacks.post(shop.url, headers={"X": "y"}, body=b"{}") == outcome
        assert time.monotonic() - begun < SECONDS + 1
        assert len(shop.received) == 1, "nothing is followed and nothing is sent twice"
        assert shop.flooded < 20_000_000, "an endless answer is cut off"


async def test_nobody_listening_is_a_failed_connection(callbacks: Callbacks) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert await callbacks.post(f"http://127.0.0.1:{port}/", headers={}, body=b"{}") == NoAnswer("connection_failed")


@pytest.mark.parametrize("host", ["a..b.example.com", ".example.com", "a" * 64 + ".example.com", "xn--a.com"])
async def test_a_name_that_cannot_be_looked_up_is_an_answer_not_an_exception(callbacks: Callbacks, host: str) -> None:
    assert isinstance(await callbacks.post(f"http://{host}/", headers={}, body=b"{}"), NoAnswer)


async def test_a_name_is_checked_where_it_leads_at_the_moment_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    # A resolver that answers with an inside address, as a hostile name server would between check and call.
    async def resolves_inside(*_: object, **__: object) -> list[object]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.8", 443)),
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolves_inside, raising=False)
    guarded = Callbacks(allow_private=False, total_seconds=SECONDS)
    answered = await guarded.post("https://rebinding.example.com/hooks", headers={}, body=b"{}")
    await guarded.close()
    assert answered == NoAnswer("private_address")


async def test_outside_of_the_demo_this_machine_is_never_called() -> None:
    guarded = Callbacks(allow_private=False, total_seconds=SECONDS)
    async with receiving() as shop:
        for url in (shop.url, shop.url.replace("http", "https"), f"https://localhost:{shop.port}/"):
            assert await guarded.post(url, headers={}, body=b"{}") == NoAnswer("private_address")
        assert shop.received == []
    await guarded.close()


async def test_the_host_header_is_the_names_not_the_addresses(callbacks: Callbacks) -> None:
    async with receiving() as shop:
        assert await callbacks.post(f"http://localhost:{shop.port}/hooks", headers={}, body=b"{}") == Answered(200)
        assert shop.received[0].headers["host"] == f"localhost:{shop.port}"
