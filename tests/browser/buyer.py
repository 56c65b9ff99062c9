"""What a buyer does, step by step, on a telephone."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import expect

from tests.browser.people import Person, shot, zh

PATIENCE_SECONDS = 30
"""Longer than an open claim page takes to look for news by itself."""


async def find_order(buyer: Person, order_no: str) -> None:
    """Open an order by its number and the last four digits of the contact."""
    await buyer.open("/kamen/")
    await buyer.page.get_by_label(zh("web.find.order_no"), exact=True).fill(order_no)
    await buyer.page.get_by_label(zh("web.find.secret"), exact=True).fill("5678")
    await buyer.press(zh("web.find.open"))
    await expect(buyer.page).to_have_url(f"{buyer.home}/kamen/orders/{order_no}")


async def choose(buyer: Person, reason: str, *told: str) -> None:
    """Ask for a refund; what the policy says of the reason is there before anything is filled in."""
    await buyer.press(zh("web.order.claim"))
    # By its own value: the words of one reason also stand among the clauses that another does not meet.
    chosen = buyer.page.locator(f'input[name="reason"][value="{reason}"]')
    answer = buyer.page.locator("details.hl-reason", has=chosen)
    await answer.locator("summary").first.click()
    for words in told:
        await expect(answer).to_contain_text(words)
    await answer.locator("form button").click()
    await expect(buyer.page.locator("#slots-title")).to_be_visible()


async def upload(buyer: Person, slot: str, words: str) -> None:
    """Send a picture into a slot; the script shows that it is there without loading the page anew."""
    await buyer.page.locator(f"#f-file-{slot}").set_input_files(shot(words))
    await expect(buyer.page.locator(f"#slot-{slot} .hl-shot img")).to_have_count(1)


async def write(buyer: Person, words: str) -> None:
    """Say it in one's own words."""
    await buyer.page.locator("#f-statement").fill(words)


async def hand_in(buyer: Person, *, incomplete: bool = False, again: bool = False) -> str:
    """Look at the summary and apply; returns the claim's number."""
    await buyer.press(zh("web.draft.next"))
    if incomplete:
        await buyer.page.locator("input[name=incomplete]").check()
    await buyer.press(zh("web.confirm.submit_again" if again else "web.confirm.submit"))
    await expect(buyer.page).to_have_url(re.compile(r"/claims/RF\w+\?filed=1$"))
    return buyer.page.url.rpartition("/")[2].partition("?")[0]


async def sees(buyer: Person, status: str) -> None:
    """Load the page anew until it says so: what an impatient person does while the worker asks the rail."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await buyer.status().inner_text() != status:
            await buyer.page.reload()


async def sees_step(buyer: Person, step: str) -> None:
    """Load the page anew until that step of the ladder is done."""
    done = buyer.page.locator(".hl-ladder li.is-done", has_text=zh(f"web.rung.{step}"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await done.count():
            await buyer.page.reload()


async def sees_by_itself(buyer: Person, status: str) -> None:
    """The open page says so without being touched."""
    await expect(buyer.status()).to_have_text(status, timeout=PATIENCE_SECONDS * 1000)


async def reads_where_the_money_is(buyer: Person, amount: str) -> None:
    """The amount, and every step of the ladder up to 已核实."""
    await buyer.reads(amount, where=".hl-hero")
    done = buyer.page.locator(".hl-ladder li.is-done")
    for step in ("agreed", "accepted", "reported", "verified"):
        await expect(done.filter(has_text=zh(f"web.rung.{step}"))).to_have_count(1)
