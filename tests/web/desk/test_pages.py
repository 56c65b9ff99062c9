"""The desk's pages: the queue in order, orders, payouts for finance, settings, and how every page is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest

from huiliu.claims.model import State
from huiliu.kit.db import Pool, transaction
from huiliu.people.actor import actor_of, system_actor
from huiliu.people.sessions import open_staff_session
from huiliu.web.assets import assets
from huiliu.web.desk import queue as queue_pages
from tests.conftest import NOW
from tests.web.conftest import Browser
from tests.web.desk.conftest import As, Bench

SCRIPT_BYTES_MAX = 6 * 1024


def numbers(html: str) -> list[str]:
    """The claims a queue lists, in order."""
    return re.findall(r'href="/kamen/desk/claims/(RF\w+)', html)


async def test_the_queue_lists_the_nearest_deadline_first_and_pages_through_all(
    as_: As, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_pages, "ROWS_SHOWN", 3)
    title = f"分页 {uuid4().hex[:8]}"
    made = [await bench.filed(title=title) for _ in range(8)]
    async with transaction(bench.pool, system_actor(bench.platform_id), clock=lambda: NOW) as tx:
        for days, claim_no in enumerate(reversed(made)):
            await tx.run(
                "UPDATE claims SET due_at = %(now)s + make_interval(hours => %(hours)s) WHERE claim_no = %(no)s",
                now=NOW, hours=-1 if days == 0 else 1 if days == 1 else days * 24, no=claim_no,
            )  # fmt: skip
    browser = await as_("heshen")
    url, seen = f"/kamen/desk/?q={title}", list[str]()
    for _ in range(4):
        html = (await browser.get(url)).text
        seen += numbers(html)
        more = re.search(r'id="more">.*?href="([^"]+)"', html, re.S)
        if more is None:
            break
        url = more.group(1).replace("&amp;", "&")
    assert seen == list(reversed(made))
    await browser.get(f"/kamen/desk/?q={title}")
    assert "已超时 1小时" in browser.html
    assert "剩 1小时" in browser.html


async def test_closed_claims_are_listed_latest_first(as_: As, bench: Bench) -> None:
    first, second = await bench.brought_to("rejected"), await bench.brought_to("rejected")
    async with transaction(bench.pool, system_actor(bench.platform_id), clock=lambda: NOW) as tx:
        await tx.run(
            "UPDATE claims SET updated_at = %(now)s + interval '1 hour' WHERE claim_no = %(no)s", now=NOW, no=first
        )
    listed = numbers((await (await as_("heshen")).get("/kamen/desk/?view=done")).text)
    assert listed[0] == first
    assert second in listed


async def test_search_finds_by_claim_order_and_product_whatever_the_state(as_: As, bench: Bench) -> None:
    title = f"星耀 {uuid4().hex[:8]}"
    claim_no = await bench.filed(title=title)
    browser = await as_("heshen")
    for q in (claim_no, claim_no.lower(), title, title[3:9]):
        assert numbers((await browser.get("/kamen/desk/", **{}) if not q else await browser.client.get("/kamen/desk/", params={"q": q})).text) == [claim_no]  # fmt: skip  # noqa: E501
    html = (await browser.client.get("/kamen/desk/", params={"q": "100%_没有"})).text
    assert "没有找到" in html
    # Finance searches only what finance sees.
    finance = await as_("qianhui")
    assert numbers((await finance.client.get("/kamen/desk/", params={"q": claim_no})).text) == []


@pytest.mark.parametrize("after", ["x", "2026-01-01~zz", "~", "2026-01-01T00:00:00~" + "0" * 32, "9" * 500])
async def test_a_page_position_that_was_made_up_is_refused(as_: As, after: str) -> None:
    answer = await (await as_("heshen")).client.get("/kamen/desk/", params={"after": after})
    assert answer.status_code == 422


async def test_an_empty_view_says_what_would_be_there(as_: As, bench: Bench, open_browser: Callable[[], Browser], pool: Pool, platforms: dict[str, int]) -> None:  # fmt: skip  # noqa: E501
    from huiliu.people.model import Role, Staff
    from tests.make.cast import hire_cast

    async with transaction(pool, system_actor(platforms["xingka"]), clock=lambda: NOW) as tx:
        await hire_cast(tx)
    member = Staff(
        id=bench.staff("heshen").id, platform_id=platforms["xingka"], login="heshen", name="何审",
        roles=frozenset({Role.REVIEWER}),
    )  # fmt: skip
    async with transaction(pool, actor_of(member), clock=lambda: NOW) as tx:
        session = await open_staff_session(tx, member)
    browser = open_browser()
    browser.client.cookies.set("hl_staff_xingka", session.token)
    for view in ("open", "due_soon", "mine", "to_confirm", "waiting_buyer", "waiting_platform", "mediating", "paying", "done"):  # fmt: skip
        assert "hl-msg" in (await browser.get(f"/xingka/desk/?view={view}")).text
    assert "没有符合条件的订单" in (await browser.get("/xingka/desk/orders")).text


async def test_an_order_warns_staff_of_a_recharge_account_that_differs(as_: As, bench: Bench) -> None:
    claim_no = await bench.filed(account_differs=True, account_described="1008****02", account="10086001")
    browser = await as_("xiaogu")
    page = await browser.get(f"/kamen/desk/claims/{claim_no}")
    assert "代充账号不一致" in page.text
    order_no = re.search(r"/kamen/desk/orders/(KM\w+)", page.text)
    assert order_no is not None
    order = await browser.get(f"/kamen/desk/orders/{order_no.group(1)}")
    assert "实际充到 100****01" in order.text
    assert claim_no in order.text
    assert "10086001" not in page.text + order.text  # never the whole account
    listed = await browser.client.get("/kamen/desk/orders", params={"q": order_no.group(1)})
    assert "代充账号不一致" in listed.text
    assert (await browser.get("/kamen/desk/orders/KM-NO-SUCH")).status_code == 404


async def test_the_claim_says_why_each_clause_does_or_does_not_apply(as_: As, bench: Bench) -> None:
    browser = await as_("heshen")
    html = (await browser.get(f"/kamen/desk/claims/{await bench.filed()}")).text
    whys = html.split("hld-reasons")[1].split("</ul>")[0]
    assert whys.count("<li") == 14
    assert "F1 充值未到账：适用。" in whys
    assert "不适用" in whys


async def test_a_payout_shows_its_ladder_and_the_books_to_finance(as_: As, bench: Bench) -> None:
    claim_no = await bench.brought_to("paying")
    browser = await as_("qianhui")
    html = (await browser.get(f"/kamen/desk/claims/{claim_no}")).text
    assert "打款与账目" in html
    assert "预留" in html
    listed = (await browser.get("/kamen/desk/payouts?state=queued")).text
    assert "借贷相等，差额 ¥0.00" in listed


async def test_finance_lets_a_held_payout_go_on_and_says_why(as_: As, bench: Bench) -> None:
    claim_no = await bench.brought_to("paying")
    payout = (await bench.payouts(claim_no))[0]
    async with transaction(bench.pool, system_actor(bench.platform_id), clock=lambda: NOW) as tx:
        await tx.run(
            "UPDATE payouts SET state = 'held', failure = 'hold_no_answer', next_at = NULL WHERE id = %(id)s", id=payout
        )
    browser = await as_("qianhui")
    html = (await browser.get("/kamen/desk/payouts")).text
    assert claim_no in html
    assert "多次查询都没有得到明确结果" in html
    url = f"/kamen/desk/payouts/{payout}/retry"
    empty = await browser.post(url, {"note": " "})
    assert empty.status_code == 422
    assert "请写明处理说明" in empty.text
    done = await browser.post(url, {"note": "商户后台显示处理中"})
    assert done.status_code == 303
    assert "已转回自动查询" in (await browser.follow(done)).text
    again = await browser.post(url, {"note": "再来一次"})
    assert again.status_code == 409
    assert 'value="再来一次"' in again.text or "再来一次" not in again.text
    assert (await (await as_("heshen")).post(url, {"note": "x"})).status_code == 403
    assert (await browser.post(f"/kamen/desk/payouts/{uuid4()}/retry", {"note": "x"})).status_code == 404


async def test_an_administrator_hires_resets_and_dismisses(as_: As) -> None:
    browser = await as_("guanyan")
    await browser.get("/kamen/desk/settings")
    login = "hired-" + uuid4().hex[:8]
    none = await browser.post("/kamen/desk/settings/people", {"login": login, "name": "甄新"})
    assert none.status_code == 422
    assert "没有选择角色" in none.text
    assert f'value="{login}"' in none.text
    made = await browser.post("/kamen/desk/settings/people", {"login": login, "name": "甄新", "roles": "agent"})
    assert made.status_code == 200
    shown = re.search(r"hld-shown-once[^>]*>([a-z2-9]{16})<", made.text)
    assert shown is not None
    assert shown.group(1) not in (await browser.get("/kamen/desk/settings")).text
    taken = await browser.post("/kamen/desk/settings/people", {"login": login, "name": "甄二", "roles": "agent"})
    assert taken.status_code == 409
    row = browser.html[browser.html.index(login) :]
    staff_id = re.search(r"people/([0-9a-f-]{36})/reset", row)
    assert staff_id is not None
    reset = await browser.post(f"/kamen/desk/settings/people/{staff_id.group(1)}/reset")
    assert "hld-shown-once" in reset.text
    assert shown.group(1) not in reset.text
    gone = await browser.post(f"/kamen/desk/settings/people/{staff_id.group(1)}/disable")
    assert gone.status_code == 303
    assert (await browser.post(f"/kamen/desk/settings/people/{uuid4()}/disable")).status_code == 404


async def test_a_key_is_shown_once_and_can_be_revoked(as_: As) -> None:
    browser = await as_("guanyan")
    await browser.get("/kamen/desk/settings")
    assert (await browser.post("/kamen/desk/settings/keys", {"key_name": "商城"})).status_code == 422
    made = await browser.post("/kamen/desk/settings/keys", {"key_name": "商城", "scopes": "orders:read"})
    token = re.search(r"hl_kamen_([0-9a-f]{32})_[\w-]{43}", made.text)
    assert token is not None
    later = (await browser.get("/kamen/desk/settings")).text
    assert token.group(0) not in later
    key = re.search(r"keys/([0-9a-f-]{36})/revoke", later)
    assert key is not None
    assert (await browser.post(f"/kamen/desk/settings/keys/{key.group(1)}/revoke")).status_code == 303


async def test_the_limit_for_one_person_takes_effect_at_once(as_: As, bench: Bench) -> None:
    admin, reviewer = await as_("guanyan"), await as_("heshen")
    await admin.get("/kamen/desk/settings")
    try:
        assert (await admin.post("/kamen/desk/settings/limit", {"amount": "50"})).status_code == 303
        claim_no = await bench.filed()
        await reviewer.get(f"/kamen/desk/claims/{claim_no}")
        assert "超过 ¥50.00 或政策要求" in reviewer.html
        version = str((await bench.claim(claim_no)).version)
        fields = {"panel": "approve", "version": version, "seen": "1", "step": "commit"}
        await reviewer.post(f"/kamen/desk/claims/{claim_no}/approval", fields)
        assert (await bench.claim(claim_no)).state is State.CONFIRMING
        for wrong in ("-1", "x", ""):
            assert (await admin.post("/kamen/desk/settings/limit", {"amount": wrong})).status_code == 422
    finally:
        await admin.post("/kamen/desk/settings/limit", {"amount": "500"})
    assert (await reviewer.post("/kamen/desk/settings/limit", {"amount": "1"})).status_code == 403


async def test_payees_and_the_ladder_of_restrictions_are_set_within_their_bounds(as_: As) -> None:
    admin, reviewer = await as_("guanyan"), await as_("heshen")
    await admin.get("/kamen/desk/settings")
    path = "/kamen/desk/settings/verification"
    good = {
        "payee_names": "卡门网络科技有限公司\n 卡门网络科技有限公司 \n\n卡门商店",
        "memory_days": "365",
        "ladder": "no_instant",
    }
    try:
        assert (await admin.post(path, good)).status_code == 303
        await admin.get("/kamen/desk/settings")
        assert "卡门网络科技有限公司\n卡门商店</textarea>" in admin.html
        assert 'value="365"' in admin.html
        assert admin.html.count('name="ladder"') == 1
        for wrong in ({"memory_days": "0"}, {"memory_days": "9999"}, {"ladder": "prison"}, {"payee_names": "长" * 81}):
            refused = await admin.post(path, good | wrong)
            assert refused.status_code == 422
            assert "卡门商店" in refused.text or "payee_names" in wrong
    finally:
        await admin.post(path, {"payee_names": "", "memory_days": "730", "ladder": "warning"})
    await reviewer.get("/kamen/desk")
    assert (await reviewer.post(path, good)).status_code == 403


async def test_every_page_of_the_desk_is_free_of_scripts_and_styles_inside(as_: As, bench: Bench) -> None:
    claim_no = await bench.brought_to("confirming")
    for login, paths in {
        "shenfu": ("/kamen/desk/", f"/kamen/desk/claims/{claim_no}?do=confirm", "/kamen/desk/orders", "/kamen/desk/policies"),
        "qianhui": ("/kamen/desk/payouts",),
        "guanyan": ("/kamen/desk/settings",),
    }.items():  # fmt: skip
        browser = await as_(login)
        for path in paths:
            html = (await browser.get(path)).text
            assert re.search(r"<script(?![^>]* src=)", html) is None, path
            assert "<style" not in html, path
            assert re.search(r"\sstyle=|\son[a-z]+=", html) is None, path


async def test_the_desk_is_whole_in_english(as_: As, bench: Bench) -> None:
    claim_no = await bench.brought_to("confirming")
    for login, path in (
        ("shenfu", "/kamen/desk/"),
        ("shenfu", f"/kamen/desk/claims/{claim_no}?do=return"),
        ("shenfu", "/kamen/desk/orders"),
        ("shenfu", "/kamen/desk/policies"),
        ("qianhui", "/kamen/desk/payouts"),
        ("guanyan", "/kamen/desk/settings"),
    ):
        browser = await as_(login)
        html = (await browser.get(f"{path}{'&' if '?' in path else '?'}lang=en")).text
        chrome = re.sub(
            r'<(td|dd|blockquote|aside)\b.*?</\1>|class="hld-(say|record|me|title|sub|strong)".*?</(p|div|span)>'
            r'|<p class="(hl-line-meta|hl-pre)">.*?</p>|<span class="hld-quiet">.*?</span>|title="[^"]*"|lang="zh-CN"[^<]*<',
            "", html, flags=re.S,
        )  # fmt: skip
        assert set(re.findall(r"[一-鿿]+", chrome)) <= {"中文", "何审"}, path


def test_the_desks_script_is_small_and_off_while_an_input_method_composes() -> None:
    script = assets()["desk.js"].plain
    assert len(script) <= SCRIPT_BYTES_MAX
    assert b"isComposing" in script
    assert b"keyCode === 229" in script


async def test_an_open_claim_hears_of_what_a_colleague_did(as_: As, bench: Bench) -> None:
    claim_no = await bench.filed()
    mine, theirs = await as_("heshen"), await as_("shenfu")
    html = (await mine.get(f"/kamen/desk/claims/{claim_no}")).text
    pulse = re.search(r'id="pulse"\s+hx-get="([^"]+)"', html)
    assert pulse is not None
    url = pulse.group(1).replace("&amp;", "&")
    assert "您打开之后" not in (await mine.get(url)).text
    fields = {"version": str((await bench.claim(claim_no)).version), "seen": "1"}
    assert (await theirs.post(f"/kamen/desk/claims/{claim_no}/assignment", fields)).status_code == 303
    await mine.get(url)
    assert "您打开之后" in mine.html
    assert "沈复 接手审核" in mine.html.split('id="pulse"')[1].split("</ul>")[0]
    for wrong in ("x", "-1", "9" * 400, "１"):
        assert (await mine.client.get(f"/kamen/desk/claims/{claim_no}", params={"seen": wrong})).status_code == 200


async def test_an_error_at_the_desk_leads_back_to_the_desk(as_: As) -> None:
    answer = await (await as_("heshen")).get("/kamen/desk/claims/RF-NO-SUCH")
    assert answer.status_code == 404
    assert 'href="/kamen/desk/"' in answer.text.split("<main")[1]
