"""The pages in a real browser: the application behind its real server, and a phone that is signed in."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar
from playwright.async_api import Page, async_playwright

from tests.web.conftest import Browser

CHROMIUM = shutil.which("chromium")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE_WIDTH, PHONE_HEIGHT = 360, 740
START_SECONDS_MAX = 10
NEEDS_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium fonts-noto-cjk"),
]


@asynccontextmanager
async def served(app: Litestar) -> AsyncIterator[str]:
    """The application behind the real server, on a free port; its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = Server(app, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    serving = asyncio.create_task(server.serve())
    await _reachable(port)
    yield f"http://127.0.0.1:{port}"
    server.stop()
    await serving


@asynccontextmanager
async def phone_of(browser: Browser, address: str, *, expected: str = "\0") -> AsyncIterator[Page]:
    """A phone with the same sessions as `browser`; anything it complains about, but `expected`, fails the test."""
    async with async_playwright() as player:
        chromium = await player.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        context = await chromium.new_context(
            base_url=address, viewport={"width": PHONE_WIDTH, "height": PHONE_HEIGHT}, locale="zh-CN", has_touch=True
        )
        for name, value in browser.client.cookies.items():
            await context.add_cookies([{"name": name, "value": value, "url": address}])
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        await chromium.close()
        assert [said for said in complaints if expected not in said] == []


async def _reachable(port: int) -> None:
    async with asyncio.timeout(START_SECONDS_MAX):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
