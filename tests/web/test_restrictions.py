"""A buyer reads why evidence was held against them, appeals once, and nobody else sees anything of it."""

from __future__ import annotations

from collections.abc import Callable

from huiliu.claims.actions import answer_appeal
from huiliu.kit.db import Pool
from huiliu.kit.keyring import Keyring
from huiliu.people.model import Buyer
from huiliu.people.restrictions.model import Answer, Level, Outcome, Restriction
from huiliu.people.restrictions.reads import load_restriction
from huiliu.people.sessions import open_buyer_session
from tests.claims.conftest import World
from tests.make.suspicions import Shown, restricted, shown, somebody
from tests.web.conftest import Browser

Opened = Callable[[], Browser]
EVIL = "<script>alert(1)</script>我没有改过图"


async def test_the_reason_is_told_with_both_values_and_the_appeal_is_made_once(
    open_browser: Opened, pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    world = World(pool, platform_id)
    given, made = await restricted(world, keyring, level=Level.SUSPENDED)
    browser = await _as_buyer(open_browser(), world, given.buyer)
    orders = (await browser.get("/kamen/orders")).text
    assert "暂停新的退款申请" in orders
    assert f"/kamen/restrictions/{made.id}" in orders
    assert "我的限制" in orders
    page = (await browser.get(f"/kamen/restrictions/{made.id}")).text
    assert "图片上是1000.00" in page.replace(" ", "")
    assert given.claim_no in page
    assert "不是您这个人" in page
    assert "glyph" not in page, "what the pixels gave away would teach a forger"
    answer = await browser.post(f"/kamen/restrictions/{made.id}/appeal", {"words": EVIL, "file": str(given.file_id)})
    after = (await browser.follow(answer)).text
    assert "申诉中" in after
    assert "附 1 份凭证" in after
    assert EVIL not in after
    assert "提交申诉" not in after, "one appeal"
    again = await browser.post(f"/kamen/restrictions/{made.id}/appeal", {"words": "再来一次"})
    assert again.status_code == 409
    assert "已经申诉过了" in again.text


async def test_a_refused_appeal_keeps_what_was_written(
    open_browser: Opened, pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    world = World(pool, platform_id)
    given, made = await restricted(world, keyring)
    other = await shown(world, keyring)
    browser = await _as_buyer(open_browser(), world, given.buyer)
    path = f"/kamen/restrictions/{made.id}"
    await browser.get(path)
    for file in (str(other.file_id), "not-a-file"):
        answer = await browser.post(f"{path}/appeal", {"words": "截图是真的", "file": file})
        assert 400 <= answer.status_code < 500
        assert "截图是真的" in answer.text
    empty = await browser.post(f"{path}/appeal", {"words": "  "})
    assert 400 <= empty.status_code < 500
    assert "还缺少文字说明" in empty.text
    assert (await browser.post(f"{path}/appeal", {"words": "伪造的表单"}, token="00" * 32)).status_code == 403


async def test_a_lifted_one_says_sorry_and_no_longer_shows_on_other_pages(
    open_browser: Opened, pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    world = World(pool, platform_id)
    given, made = await restricted(world, keyring, level=Level.CODE_ONLY)
    browser = await _as_buyer(open_browser(), world, given.buyer)
    await browser.get(f"/kamen/restrictions/{made.id}")
    await browser.post(f"/kamen/restrictions/{made.id}/appeal", {"words": "订单改过价"})
    await _lifted(world, given, made)
    page = (await browser.get(f"/kamen/restrictions/{made.id}")).text
    assert "我们弄错了" in page
    orders = (await browser.get("/kamen/orders")).text
    assert "凭证须带核验码" not in orders
    listed = (await browser.get("/kamen/restrictions?lang=en")).text
    assert "My restrictions" in listed
    assert "taken back" in listed


async def test_nobody_elses_restriction_exists(
    open_browser: Opened, pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    world = World(pool, platform_id)
    _, made = await restricted(world, keyring)
    stranger = await _as_buyer(open_browser(), world, somebody(world)[0])
    assert (await stranger.get(f"/kamen/restrictions/{made.id}")).status_code == 404
    assert (await stranger.post(f"/kamen/restrictions/{made.id}/appeal", {"words": "x"})).status_code == 404
    assert "没有任何限制" in (await stranger.get("/kamen/restrictions")).text
    nobody = open_browser()
    assert (await nobody.get(f"/kamen/restrictions/{made.id}")).status_code in (303, 401)


async def _as_buyer(browser: Browser, world: World, buyer: Buyer) -> Browser:
    assert buyer.contact_hash is not None
    async with world.system() as tx:
        session = await open_buyer_session(tx, contact_hash=buyer.contact_hash)
    browser.client.cookies.set("hl_buyer_kamen", session.token)
    await browser.get("/kamen/")
    return browser


async def _lifted(world: World, given: Shown, made: Restriction) -> None:
    boss = world.staff("caiheng")
    async with world.as_(boss) as tx:
        now = await load_restriction(tx, boss, made.id)
        answer = Answer(outcome=Outcome.LIFTED, reply="订单改过价，截图是对的。")
        assert (await answer_appeal(tx, boss, made.id, version=now.version, answer=answer)).claim_no == given.claim_no
