"""People at their browsers. They click what a person clicks and wait for what a person reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, FilePayload, Locator, Page, expect

from huiliu.kit.text import Lang, say
from tests.make.pictures import png

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
WAIT_MS = 20_000
"""The longest that anything on a page may take; the payout is the slowest."""


def zh(key: str, **facts: object) -> str:
    """Words of a page in Chinese."""
    return say(Lang.ZH, key, **facts)


def shot(words: str) -> FilePayload:
    """A picture to upload; other words make another picture."""
    return FilePayload(name=f"{words}.png", mimeType="image/png", buffer=png(words=words))


@dataclass
class Person:
    """Somebody with a browser of their own."""

    home: str
    page: Page
    complaints: list[str] = field(default_factory=list[str])
    refused: bool = False
    """Whether a refusal (4xx) is expected now: Chromium writes one console line for each."""

    async def open(self, path: str) -> None:
        """Go to an address below the site."""
        await self.page.goto(self.home + path)

    async def reads(self, text: str, *, where: str = "main") -> None:
        """Wait until the page says so."""
        await expect(self.page.locator(where).first).to_contain_text(text)

    def status(self) -> Locator:
        """The claim's public word, the page's heading."""
        return self.page.locator("#status")

    async def press(self, name: str) -> None:
        """Press the button or follow the link with these words."""
        page = self.page
        await (
            page.get_by_role("button", name=name)
            .or_(page.get_by_role("link", name=name))
            .locator("visible=true")
            .first.click()
        )

    def heard(self, message: ConsoleMessage) -> None:
        """A console line: only Chromium's note about an expected refusal is no complaint."""
        if message.type not in ("error", "warning"):
            return
        if self.refused and "Failed to load resource" in message.text:
            return
        self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def failed(self, error: Error) -> None:
        """A script that threw."""
        self.complaints.append(f"script: {error.message}")


class Crew:
    """Everybody of one test."""

    def __init__(self, home: str, chromium: Browser) -> None:
        self._home, self._chromium = home, chromium
        self._contexts: list[BrowserContext] = []
        self._people: list[Person] = []

    async def visitor(self, *, scripts: bool = True, desk: bool = False) -> Person:
        """Somebody whom the site does not know yet: on a phone, or at a desk."""
        context = await self._chromium.new_context(
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport=DESK if desk else PHONE,  # pyright: ignore[reportArgumentType] - ViewportSize by its shape
            java_script_enabled=scripts,
        )
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        self._contexts.append(context)
        page = await context.new_page()
        person = Person(self._home, page)
        page.on("console", person.heard)
        page.on("pageerror", person.failed)
        self._people.append(person)
        return person

    async def cast(self, name: str, *, desk: bool, platform: str = "卡门") -> Person:
        """One of the cast, signed in by the demonstration's one click."""
        person = await self.visitor(desk=desk)
        await person.open("/demo")
        stage = person.page.locator("section", has=person.page.get_by_role("heading", name=platform, exact=True))
        await stage.locator("form", has_text=name).get_by_role("button").click()
        await expect(person.page).to_have_url(re.compile(r"/desk/?$" if desk else r"/orders$"))
        return person

    async def staff(self, name: str) -> Person:
        """Somebody of 卡门's staff at the desk."""
        return await self.cast(name, desk=True)

    async def buyer(self, name: str) -> Person:
        """A buyer of 卡门's, signed in."""
        return await self.cast(name, desk=False)

    async def go_home(self) -> None:
        """Close every browser; nobody's console may hold an error, a warning or a policy violation."""
        for context in self._contexts:
            await context.close()
        complaints = [complaint for person in self._people for complaint in person.complaints]
        assert complaints == []
