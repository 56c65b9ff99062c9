"""One demonstration and one Chromium for the session; every person of a test has a browser profile of their own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.people import Crew
from tests.browser.stack import Stack, running_demo

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WAIVED = "HUILIU_TEST_WITHOUT_BROWSER"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The running demonstration. Not in pytest's own folder, which is closed to the user that the database runs as."""
    with (
        tempfile.TemporaryDirectory(prefix="huiliu-demo-", ignore_cleanup_errors=True) as folder,
        running_demo(Path(folder)) as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium, without a window."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None and os.environ.get(WAIVED) == "1":
        pytest.skip("no Chromium on the PATH")
    assert path is not None, f"no Chromium on the PATH; `make test` installs it, {WAIVED}=1 does without"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def crew(chromium: Browser, stack: Stack) -> AsyncIterator[Crew]:
    """Opens browsers for people; at the end none of their pages may have complained about anything."""
    opened = Crew(stack.url, chromium)
    yield opened
    await opened.go_home()
