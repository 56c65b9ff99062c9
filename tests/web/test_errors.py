"""A bug of ours, and where a request comes from."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from litestar import Request, get

from huiliu.app import create_app
from huiliu.kit.db import Pool
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from huiliu.web.visit import client_address


@get("/broken")
async def broken() -> None:
    """Breaks."""
    raise RuntimeError("the card key is 1234-SECRET")


async def test_a_bug_says_nothing_of_the_inside_and_can_be_found_again(
    pool: Pool, keyring: Keyring, tmp_path: Path
) -> None:
    app = create_app(Settings(data_dir=tmp_path), pool=pool, keyring=keyring, more=[broken])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://kamen.test") as client:
        answer = await client.get("/broken", headers={"x-request-id": "0123456789abcdef"})
        assert answer.status_code == 500
        assert "我们这边出了问题" in answer.text
        assert "SECRET" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["x-request-id"] == "0123456789abcdef"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await client.get("/demo")).status_code == 404
        forged = await client.get("/broken", headers={"x-request-id": "<script>"})
        assert forged.headers["x-request-id"] != "<script>"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4", "6.6.6.6"),
        (2, "1.2.3.4", "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_say_who_the_client_is(proxies: int, forwarded: str, address: str) -> None:
    scope = {"type": "http", "client": ("10.0.0.1", 5), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert client_address(Request(scope), proxies) == address  # pyright: ignore[reportArgumentType]
