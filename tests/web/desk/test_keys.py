"""The desk in real Chromium: single keys, the evidence viewer, and the same pages with scripts off."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, Route, async_playwright, expect

from tests.web.desk.conftest import As, Bench

pytestmark = pytest.mark.browser

HOME = "http://kamen.test"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COMPOSE = """key => document.activeElement.dispatchEvent(
    new KeyboardEvent('keydown', {key: key, bubbles: true, cancelable: true, isComposing: true, keyCode: 229}))"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chromium() -> AsyncIterator[Chromium]:
    """The system's Chromium, without a window."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on the PATH")
    async with async_playwright() as playwright:
        arguments = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
        ]
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        await browser.close()


Opens = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def page_of(chromium: Chromium, app: Litestar, as_: As) -> AsyncIterator[Opens]:
    """Opens a page of the application under test for a member of the cast; no network, every request is answered here."""
    contexts = []

    async def opened(login: str, *, scripts: bool = True) -> Page:
        client = (await as_(login)).client

        async def answer(route: Route) -> None:
            asked = route.request
            sent = await asked.all_headers()
            kept = {name: value for name, value in sent.items() if name not in {"cookie", "accept-encoding", "host"}}
            got: httpx.Response = await client.request(
                asked.method, asked.url, headers={**kept, "accept-encoding": "identity"}, content=asked.post_data_buffer,
                follow_redirects=False,
            )  # fmt: skip
            headers = {
                name: value for name, value in got.headers.items() if name not in {"content-length", "set-cookie"}
            }
            await route.fulfill(status=got.status_code, headers=headers, body=got.content)

        context = await chromium.new_context(
            base_url=HOME, viewport={"width": 1440, "height": 900}, java_script_enabled=scripts, locale="zh-CN"
        )
        contexts.append(context)
        await context.route("**/*", answer)
        return await context.new_page()

    yield opened
    for context in contexts:
        await context.close()


async def test_single_keys_move_and_open_but_decide_nothing(page_of: Opens, bench: Bench) -> None:
    claim_no = await bench.filed()
    page = await page_of("heshen")
    await page.goto("/kamen/desk/?view=open")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator("tr.is-marked")).to_have_count(1)
    await page.keyboard.press("k")
    await page.keyboard.press("o")
    await page.wait_for_url("**/desk/claims/*")
    await page.goto(f"/kamen/desk/claims/{claim_no}")
    await page.keyboard.press("d")
    await expect(page.locator("input[name=panel][value=reject]")).to_have_count(1)
    await expect(page.locator("#p-reason")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("y")
    await expect(page.locator("input[name=panel][value=approve]")).to_have_count(1)
    assert await bench.decisions(claim_no) == []


async def test_keys_are_off_while_typing_while_composing_and_when_turned_off(page_of: Opens, bench: Bench) -> None:
    claim_no = await bench.filed()
    page = await page_of("heshen")
    await page.goto(f"/kamen/desk/claims/{claim_no}")
    await page.keyboard.press("m")
    words = page.locator("#p-words")
    await expect(words).to_be_focused()
    await page.keyboard.type("ydpm?")
    await expect(words).to_have_value("ydpm?")
    await expect(page.locator("input[name=panel][value=ask_buyer]")).to_have_count(1)
    await expect(page.locator("#keys")).to_be_hidden()
    await page.keyboard.press("Escape")
    for key in ("y", "d", "?"):
        await page.evaluate(COMPOSE, key)
    await expect(page.locator("input[name=panel][value=ask_buyer]")).to_have_count(1)
    await expect(page.locator("#keys")).to_be_hidden()
    await page.keyboard.press("?")
    await page.locator("[data-keys-toggle]").click()
    await page.locator("#keys [data-close]").click()
    await page.keyboard.press("d")
    await expect(page.locator("input[name=panel][value=ask_buyer]")).to_have_count(1)
    await page.reload()
    await page.keyboard.press("d")
    await expect(page.locator("form.hld-panel")).to_have_count(0)


async def test_a_claim_is_decided_with_scripts_off(page_of: Opens, bench: Bench) -> None:
    claim_no = await bench.filed()
    page = await page_of("heshen", scripts=False)
    await page.goto(f"/kamen/desk/?q={claim_no}")
    await page.locator("#queue a").first.click()
    await page.locator("#decide a", has_text="拒绝").click()
    await page.locator("#p-reason").select_option("other")
    await page.locator("#p-words").fill("不符合条款。")
    await page.locator("form.hld-panel .hl-btn-main").click()
    await expect(page.locator("[data-told]")).to_contain_text("不符合条款。")
    await page.locator(".hld-commit .hl-btn-bad").click()
    await expect(page.locator("[role=status]")).to_contain_text("已拒绝")
    assert await bench.decisions(claim_no) == [("reject", "final")]


async def test_a_ready_sentence_arrives_without_leaving_the_page(page_of: Opens, bench: Bench) -> None:
    claim_no = await bench.filed()
    page = await page_of("heshen")
    await page.goto(f"/kamen/desk/claims/{claim_no}")
    await page.keyboard.press("y")
    await page.locator(".hld-ready button").first.click()
    await expect(page.locator("#p-words")).to_have_value(
        "经核实，“英雄点券 1000 直充”确实没有到账，全额退回 ¥100.00。给您添麻烦了，抱歉。"
    )
    assert page.url.endswith(claim_no)
