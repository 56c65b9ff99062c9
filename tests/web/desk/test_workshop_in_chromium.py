"""The workshop in a real browser: the checks follow what is typed, keys are enough, a phone shows it all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest_asyncio
from litestar import Litestar
from playwright.async_api import Page, expect

from huiliu.kit.db import Pool, transaction
from huiliu.people.actor import actor_of
from huiliu.policy.drafts.actions import start_draft
from huiliu.policy.drafts.reads import load_draft
from tests.conftest import NOW
from tests.make.cast import staff
from tests.web.chromium import NEEDS_CHROMIUM, PHONE_WIDTH, phone_of, served
from tests.web.desk.conftest import As

pytestmark = NEEDS_CHROMIUM


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(app: Litestar, furnished: None) -> AsyncIterator[str]:
    """Where the application is served."""
    async with served(app) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def phone(address: str, as_: As) -> AsyncIterator[Page]:
    """A phone on which 管砚 is signed in."""
    async with phone_of(await as_("guanyan"), address) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def draft(pool: Pool, platform_id: int, address: str) -> UUID:
    """A draft of the version in force."""
    member = staff(platform_id, "guanyan")
    async with transaction(pool, actor_of(member), clock=lambda: NOW) as tx:
        return (await start_draft(tx, member)).id


async def text_of(pool: Pool, platform_id: int, draft_id: UUID) -> str:
    """What is saved of it."""
    member = staff(platform_id, "guanyan")
    async with transaction(pool, actor_of(member), clock=lambda: NOW) as tx:
        return (await load_draft(tx, member, draft_id)).source


async def test_the_checks_follow_what_is_typed_and_nothing_is_saved_until_it_is(
    phone: Page, draft: UUID, pool: Pool, platform_id: int
) -> None:
    url = f"/kamen/desk/policies/drafts/{draft}"
    before = await text_of(pool, platform_id, draft)
    await phone.goto(f"{url}?clause=F5#c-F5")
    await phone.locator("[name=f2]").nth(4).fill("2")
    await expect(phone.locator("#brief")).to_have_text("1 处要改")
    await expect(phone.locator("#checked")).to_contain_text("对买家更好")
    assert await text_of(pool, platform_id, draft) == before
    await phone.get_by_role("button", name="保存").click()
    await expect(phone.locator("#c-F5")).to_contain_text("2小时以内")
    assert await text_of(pool, platform_id, draft) == before.replace(
        "1小时以内, 使用情况: 未使用", "2小时以内, 使用情况: 未使用"
    )
    await phone.goto(f"{url}?tab=source")
    source = await phone.input_value("#source")
    await phone.fill("#source", source.replace("则: 拒绝", "则: 不退", 1))
    jump = phone.locator("[data-line]")
    await expect(jump).to_contain_text("不认识")
    await jump.click()
    chosen = "(() => { const it = document.querySelector('#source'); return it.value.slice(it.selectionStart, it.selectionEnd) })()"
    assert await phone.evaluate(chosen) == "    则: 不退"


async def test_a_clause_moves_by_keys_and_the_focus_stays_on_its_button(
    phone: Page, draft: UUID, pool: Pool, platform_id: int
) -> None:
    await phone.goto(f"/kamen/desk/policies/drafts/{draft}")
    for place in (1, 0):
        await phone.focus("#up-F3")
        await phone.keyboard.press("Enter")
        await expect(phone.locator(".hlw-clauses > li").nth(place)).to_have_id("c-F3")
    await phone.locator("#down-F3").focus()
    await phone.keyboard.press("Enter")
    await expect(phone.locator(".hlw-clauses > li").nth(1)).to_have_id("c-F3")
    assert await phone.evaluate("document.activeElement.id") == "down-F3"


async def test_every_page_of_the_workshop_fits_a_phone(phone: Page, draft: UUID) -> None:
    url = f"/kamen/desk/policies/drafts/{draft}"
    await phone.goto(url)
    compare = await phone.locator("a[href*='compare?']").first.get_attribute("href")
    assert compare is not None
    tried = f"{url}/try?f0=不想要了&f2=2小时&f3=未使用&f5=100元&f6=no"
    pages = ["/kamen/desk/policies", url, f"{url}?clause=F7", f"{url}?tab=source", f"{url}?tab=limits", tried]
    for page in (*pages, f"{url}?tab=cases", f"{url}/proposal", compare, compare.replace("compare", "backtest")):
        for lang in ("zh-CN", "en"):
            await phone.goto(f"{page}{'&' if '?' in page else '?'}lang={lang}")
            assert await phone.evaluate("document.documentElement.scrollWidth") == PHONE_WIDTH, (page, lang)
            await phone.evaluate("document.documentElement.style.fontSize = '150%'")
            assert await phone.evaluate("document.documentElement.scrollWidth") == PHONE_WIDTH, (page, lang, "large")
    await phone.goto(compare.replace("compare", "backtest"))
    await phone.get_by_role("button", name="Run the back-test").click()
    await expect(phone.locator(".hlw-result")).to_be_visible()
