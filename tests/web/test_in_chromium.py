"""The pages in a real browser: the content policy lets our scripts work, an upload survives a cut, a phone shows it all."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest_asyncio
from litestar import Litestar
from PIL import Image
from playwright.async_api import FilePayload, Page, Route

from huiliu.evidence.gate.sniff import MIB
from huiliu.evidence.inspection.model import Verdict
from tests.make.pictures import encoded
from tests.make.screens import blurred, screen
from tests.web.chromium import NEEDS_CHROMIUM, PHONE_WIDTH, phone_of, served
from tests.web.conftest import Browser, Shop
from tests.web.test_checked_evidence import found, inspected

TARGET_PX_MIN = 43.5

pytestmark = NEEDS_CHROMIUM


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address(app: Litestar, furnished: None) -> AsyncIterator[str]:
    """Where the application is served."""
    async with served(app) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def phone(address: str, xiaoman: Browser) -> AsyncIterator[Page]:
    """A phone on which 林小满 is signed in; the lines that a test cuts are no complaint."""
    async with phone_of(xiaoman, address, expected="net::ERR_FAILED") as page:
        yield page


async def test_an_upload_goes_on_after_the_line_was_cut(
    phone: Page, xiaoman: Browser, shop: Shop, tmp_path: Path
) -> None:
    draft = await _draft(xiaoman, shop)
    shot = tmp_path / "noise.png"
    Image.effect_noise((900, 900), 90).save(shot)
    cut = [2]

    async def lossy(route: Route) -> None:
        if route.request.method == "PATCH" and cut[0]:
            cut[0] -= 1
            await (route.abort() if cut[0] == 0 else route.continue_())
            return
        await route.continue_()

    await phone.route("**/uploads/**", lossy)
    await phone.goto(draft)
    await phone.fill("#f-statement", "还没写完的说明")
    await phone.set_input_files("#f-file-paid_shot", shot)
    await phone.wait_for_selector("#slot-paid_shot .hl-shot img", timeout=30_000)
    assert cut == [0]
    assert await phone.input_value("#f-statement") == "还没写完的说明"


async def test_a_check_is_followed_to_its_end_without_loading_the_page_again(
    phone: Page, xiaoman: Browser, shop: Shop
) -> None:
    draft = await _draft(xiaoman, shop)
    await phone.goto(draft)
    await phone.fill("#f-statement", "还没写完的说明")
    bad = FilePayload(name="a.png", mimeType="image/png", buffer=encoded(blurred(screen(size=(540, 900)), 6), "PNG"))
    await phone.set_input_files("#f-file-paid_shot", bad)
    await phone.wait_for_selector("#slot-paid_shot [data-mend]")
    await phone.wait_for_selector("#seen-paid_shot .hl-look-steps")
    file = re.search(r"/files/([0-9a-f-]{36})", await phone.inner_html("#slot-paid_shot"))
    assert file is not None
    await inspected(shop, draft.split("/")[-2], UUID(file[1]), found(Verdict.RETAKE, reasons=("blurred",)))
    await phone.wait_for_selector("#seen-paid_shot >> text=请重新上传")
    assert await phone.locator("#slot-paid_shot [data-mend]").count() == 0
    assert await phone.locator("#seen-paid_shot[hx-trigger]").count() == 0
    assert await phone.input_value("#f-statement") == "还没写完的说明"
    assert await phone.evaluate("document.documentElement.scrollWidth") == PHONE_WIDTH


async def test_a_picture_goes_as_it_is_unless_it_would_be_refused_for_its_size(
    phone: Page, xiaoman: Browser, shop: Shop
) -> None:
    draft = await _draft(xiaoman, shop)

    async def with_low_limit(route: Route) -> None:
        answer = await route.fetch()
        html = await answer.text()
        assert 'data-picture-mib="12"' in html
        await route.fulfill(response=answer, body=html.replace('data-picture-mib="12"', 'data-picture-mib="1"'))

    await phone.route(f"**{draft}", with_low_limit)
    await phone.goto(draft)
    await phone.route("**/uploads", lambda route: route.abort())
    large = noise((1800, 1200), "JPEG", quality=95)
    sent = [(noise((1000, 700), "PNG"), "png"), (noise((900, 700), "JPEG", quality=80), "jpeg"), (large, "jpeg")]
    totals: list[int] = []
    for data, kind in (*sent, (noise((1800, 1200), "PNG"), "png")):
        shot = FilePayload(name=f"{len(totals)}.{kind}", mimeType=f"image/{kind}", buffer=data)
        async with phone.expect_request("**/uploads") as asked:
            await phone.set_input_files("#f-file-paid_shot", shot)
        totals.append(json.loads((await asked.value).post_data or "{}")["bytes_total"])
        await phone.wait_for_selector("#f-file-paid_shot:enabled")
        if kind == "png" or data is not large:
            assert totals[-1] == len(data), "every pixel as it was"
    assert totals[2] <= MIB < len(large)


def noise(size: tuple[int, int], kind: str, **options: int) -> bytes:
    """A picture that does not compress."""
    return encoded(Image.effect_noise(size, 90).convert("RGB"), kind, **options)


async def test_every_page_fits_a_phone_with_large_targets(phone: Page, xiaoman: Browser, shop: Shop) -> None:
    made = await shop.sells(account_described="10086002", account_differs=True)
    draft = await _draft(xiaoman, shop)
    paths = ("/kamen/", "/kamen/login", "/kamen/orders", f"/kamen/orders/{made.order_no}", draft)
    for path in (*paths, f"/kamen/orders/{made.order_no}/lines/1/claim", draft.replace("/draft", "/confirm"), "/demo"):
        for lang in ("zh-CN", "en"):
            await phone.goto(f"{path}?lang={lang}")
            assert await phone.evaluate("document.documentElement.scrollWidth") == PHONE_WIDTH, (path, lang)
            assert await phone.evaluate(SMALL_TARGETS, TARGET_PX_MIN) == [], (path, lang)
            await phone.evaluate("document.documentElement.style.fontSize = '200%'")
            assert await phone.evaluate("document.documentElement.scrollWidth") == PHONE_WIDTH, (
                path,
                lang,
                "large text",
            )


async def test_the_whole_application_works_by_touch(phone: Page, shop: Shop) -> None:
    made = await shop.sells()
    await phone.goto(f"/kamen/orders/{made.order_no}")
    await phone.get_by_role("link", name="申请退款").click()
    await phone.get_by_text("充值未到账").first.click()
    await phone.get_by_role("button", name="用这个原因申请").first.click()
    await phone.get_by_role("button", name="下一步：核对").click()
    incomplete = phone.locator("input[name=incomplete]")
    if await incomplete.count():
        await incomplete.check()
    await phone.get_by_role("button", name="确认提交").click()
    await phone.wait_for_selector("text=申请已提交")
    assert await phone.locator(".hl-hero h1").inner_text() == "待审核"
    assert re.search(r"还剩 \d+天", await phone.locator("[data-due]").inner_text())
    await phone.get_by_text("撤回申请").click()
    await phone.get_by_role("button", name="确认撤回").click()
    await phone.wait_for_selector("text=您已撤回")


SMALL_TARGETS = """least => [...document.querySelectorAll('a,button,input:not([type=hidden]),select,textarea,summary')]
    .filter(it => { const box = it.getBoundingClientRect();
        return box.width > 8 && box.height > 0 && box.height < least && !it.closest('p,dd,li,.hl-check,.hl-out'); })
    .map(it => it.outerHTML.slice(0, 120))"""


async def _draft(browser: Browser, shop: Shop) -> str:
    made = await shop.sells()
    page = f"/kamen/orders/{made.order_no}/lines/1/claim"
    await browser.get(page)
    answer = await browser.post(page, {"reason": "not_arrived"})
    return str(answer.headers["location"])
