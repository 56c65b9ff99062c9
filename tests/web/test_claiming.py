"""A claim's whole way without scripts: told at once, evidence, summary, submitted once, followed, answered, applied again."""

from __future__ import annotations

import re

from huiliu.claims.actions import ask_buyer, decide, take
from huiliu.claims.model import Decision, DecisionKind, RejectReason
from huiliu.claims.reads import load_claim
from huiliu.kit.db import transaction
from huiliu.people.actor import actor_of
from tests.conftest import NOW
from tests.make.orders import Line, OrderIds
from tests.make.pictures import jpeg, png
from tests.web.conftest import Browser, Shop

EVIL = '<script>alert("x")</script>'


async def test_every_reason_is_answered_before_anything_is_filled_in(xiaoman: Browser, shop: Shop) -> None:
    made = await shop.sells(kind="topup", usage="part_used", units_total=30, units_used=12, unit="day")
    html = (await xiaoman.get(f"/kamen/orders/{made.order_no}/lines/1/claim")).text
    assert html.count('name="reason" value="') == 5
    assert "可退" in html
    assert "/kamen/policies/" in html
    assert "支付成功截图" in html
    assert "原路退回" in html
    assert "最晚" in html
    assert html.count("其他条款为什么不适用") == 5
    assert "F5 一小时内且未使用：不适用。" in html
    assert html.count("针对其他退款原因的条款。") == 5
    assert "风控" not in html


async def test_a_claim_is_prepared_checked_and_handed_in_once_without_scripts(xiaoman: Browser, shop: Shop) -> None:
    made = await shop.sells()
    claim_no = await _begun(xiaoman, made, "not_arrived")
    draft = f"/kamen/claims/{claim_no}/draft"
    sent = await xiaoman.post(
        draft,
        {"do": "save", "statement": EVIL, "amount": "80.50"},
        files={"file-not_arrived_shot": ("../..\\shot.png", png(), "image/png")},
    )
    page = await xiaoman.follow(sent)
    assert EVIL not in page.text
    assert EVIL in xiaoman.html
    assert 'value="80.50"' in page.text
    picture = re.search(r"/kamen/files/[0-9a-f-]{36}", page.text)
    assert picture is not None
    shown = await xiaoman.client.get(picture.group())
    assert shown.headers["content-type"].startswith("image/")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert shown.content[:4] != b""
    summary = await xiaoman.follow(await xiaoman.post(draft, {"do": "confirm", "statement": EVIL, "amount": "80.50"}))
    assert "¥80.50" in summary.text
    version = _version(summary.text)
    submitted = await xiaoman.post(f"/kamen/claims/{claim_no}/submission", {"version": version, "incomplete": "1"})
    claim = await xiaoman.follow(submitted)
    assert "待审核" in claim.text
    assert "如果超时" in claim.text
    assert "申请已提交" in claim.text
    assert "还剩" in claim.text
    again = await xiaoman.post(f"/kamen/claims/{claim_no}/submission", {"version": version, "incomplete": "1"})
    assert again.headers["location"] == f"/kamen/claims/{claim_no}"
    assert (await xiaoman.follow(again)).text.count("提交了退款申请") == 1


async def test_a_refused_form_keeps_everything_that_was_typed(xiaoman: Browser, shop: Shop) -> None:
    claim_no = await _begun(xiaoman, await shop.sells(), "not_arrived")
    for amount in ("0", "-5", "100.01", "lots", "1.234", "9" * 19):
        answer = await xiaoman.post(
            f"/kamen/claims/{claim_no}/draft", {"do": "confirm", "statement": "等了两小时", "amount": amount}
        )
        assert answer.status_code == 422, amount
        assert f'value="{amount}"' in answer.text
        assert "等了两小时" in answer.text
        assert 'role="alert"' in answer.text


async def test_required_evidence_is_named_and_can_be_left_out_only_on_purpose(xiaoman: Browser, shop: Shop) -> None:
    claim_no = await _begun(xiaoman, await shop.sells(), "below_standard")
    summary = (await xiaoman.get(f"/kamen/claims/{claim_no}/confirm")).text
    assert "我暂时没有" in summary
    version = _version(summary)
    refused = await xiaoman.post(f"/kamen/claims/{claim_no}/submission", {"version": version})
    assert refused.status_code == 422
    assert "还缺少必需的凭证" in refused.text
    taken = await xiaoman.post(f"/kamen/claims/{claim_no}/submission", {"version": version, "incomplete": "1"})
    assert taken.status_code == 303


async def test_a_file_that_is_no_picture_is_refused_and_the_words_stay(xiaoman: Browser, shop: Shop) -> None:
    claim_no = await _begun(xiaoman, await shop.sells(), "not_arrived")
    answer = await xiaoman.post(
        f"/kamen/claims/{claim_no}/draft",
        {"do": "save", "statement": "别弄丢我的字", "amount": "100.00"},
        files={"file-paid_shot": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")},
    )
    assert answer.status_code == 415
    assert "别弄丢我的字" in answer.text
    unknown = await xiaoman.post(
        f"/kamen/claims/{claim_no}/draft",
        {"do": "save", "statement": "x", "amount": "1"},
        files={"file-nonsense": ("a.png", png(), "image/png")},
    )
    assert unknown.status_code == 422


async def test_evidence_can_be_taken_back_until_it_is_handed_in(xiaoman: Browser, shop: Shop) -> None:
    claim_no = await _begun(xiaoman, await shop.sells(), "not_arrived")
    draft = f"/kamen/claims/{claim_no}/draft"
    fields = {"statement": "", "amount": "100.00"}
    files = {"file-not_arrived_shot": ("a.jpg", jpeg(words="take back"), "image/jpeg")}
    page = await xiaoman.follow(await xiaoman.post(draft, {**fields, "do": "save"}, files=files))
    remove = re.search(r'value="(remove:file:[0-9a-f-]{36})"', page.text)
    assert remove is not None
    page = await xiaoman.follow(await xiaoman.post(draft, {**fields, "do": remove.group(1)}))
    assert remove.group(1) not in page.text
    gone = await xiaoman.post(draft, {**fields, "do": remove.group(1)})
    assert gone.status_code == 404


async def test_the_declaration_is_signed_on_the_page(xiaoman: Browser, shop: Shop) -> None:
    made = await shop.sells(kind="membership")
    claim_no = await _begun(xiaoman, made, "changed_mind")
    draft = f"/kamen/claims/{claim_no}/draft"
    assert "本人声明" in (await xiaoman.get(draft)).text
    nameless = await xiaoman.post(draft, {"do": "sign", "amount": "100.00", "statement": "", "signer": " "})
    assert nameless.status_code == 422
    signed = await xiaoman.post(draft, {"do": "sign", "amount": "100.00", "statement": "", "signer": EVIL[:30]})
    page = await xiaoman.follow(signed)
    assert "本人签署" in page.text
    assert "<script>alert" not in page.text


async def test_somebody_elses_claim_is_not_there_in_any_way(xiaoman: Browser, zhoumo: Browser, shop: Shop) -> None:
    claim_no = await _filed(xiaoman, await shop.sells())
    base = f"/kamen/claims/{claim_no}"
    for path in (base, f"{base}/draft", f"{base}/confirm", f"{base}/material"):
        assert (await zhoumo.get(path)).status_code == 404, path
    await zhoumo.get("/kamen/orders")
    for path in ("draft", "submission", "withdrawal", "escalation", "material"):
        answer = await zhoumo.post(f"{base}/{path}", {"version": "2", "do": "confirm", "amount": "1", "statement": ""})
        assert answer.status_code == 404, path
    assert "待审核" in (await xiaoman.get(base)).text


async def test_a_picture_is_shown_to_its_buyer_and_the_staff_only(
    xiaoman: Browser, zhoumo: Browser, visitor: Browser, shop: Shop
) -> None:
    claim_no = await _begun(xiaoman, await shop.sells(), "not_arrived")
    fields = {"do": "save", "statement": "", "amount": "100.00"}
    files = {"file-paid_shot": ("a.png", png(words="mine"), "image/png")}
    page = await xiaoman.follow(await xiaoman.post(f"/kamen/claims/{claim_no}/draft", fields, files=files))
    found = re.search(r"/kamen/files/[0-9a-f-]{36}", page.text)
    assert found is not None
    path = found.group()
    assert (await xiaoman.client.get(path)).status_code == 200
    assert (await zhoumo.client.get(path)).status_code == 404
    assert (await visitor.client.get(path)).status_code == 303
    assert (await xiaoman.client.get(path.replace("/kamen/", "/xingka/"))).status_code == 303


async def test_withdrawing_ends_the_claim_and_a_stale_page_is_told(xiaoman: Browser, shop: Shop) -> None:
    claim_no = await _filed(xiaoman, await shop.sells())
    page = (await xiaoman.get(f"/kamen/claims/{claim_no}")).text
    assert "确认撤回" in page
    stale = await xiaoman.post(f"/kamen/claims/{claim_no}/withdrawal", {"version": "1"})
    assert stale.status_code == 409
    assert "刚刚有了新进展" in stale.text
    done = await xiaoman.follow(await xiaoman.post(f"/kamen/claims/{claim_no}/withdrawal", {"version": _version(page)}))
    assert "已撤回" in done.text
    assert "确认撤回" not in done.text


async def test_calling_the_platform_in_too_early_says_from_when(xiaoman: Browser, shop: Shop) -> None:
    claim_no = await _filed(xiaoman, await shop.sells())
    page = (await xiaoman.get(f"/kamen/claims/{claim_no}")).text
    assert re.search(r"申请平台介入：11月2\d日\(周.\) 18:00 起可以", page)
    early = await xiaoman.post(f"/kamen/claims/{claim_no}/escalation", {"version": _version(page), "words": "请看看"})
    assert early.status_code == 409


async def test_what_is_asked_for_is_answered_and_the_claim_goes_back(xiaoman: Browser, shop: Shop) -> None:
    claim_no = await _filed(xiaoman, await shop.sells())
    await _asked(shop, claim_no)
    page = await xiaoman.get(f"/kamen/claims/{claim_no}")
    assert "等待您补充材料" in page.text
    assert "审核计时已暂停" in page.text
    form = (await xiaoman.get(f"/kamen/claims/{claim_no}/material")).text
    assert "要看得到日期" in form
    fields = {"version": _version(form), "statement": "这是新的截图", "do": "save"}
    files = {"file-not_arrived_shot": ("b.png", png(words="with a date"), "image/png")}
    kept = await xiaoman.post(f"/kamen/claims/{claim_no}/material", fields, files=files)
    assert kept.status_code == 200
    assert "这是新的截图" in kept.text
    done = await xiaoman.post(f"/kamen/claims/{claim_no}/material", {**fields, "do": "confirm"})
    page = await xiaoman.follow(done)
    assert "这是新的截图" in page.text
    assert "等待您补充材料" not in re.split("协商记录", page.text)[0]


async def test_a_rejected_claim_says_what_would_turn_it_and_is_applied_for_again(xiaoman: Browser, shop: Shop) -> None:
    claim_no = await _filed(xiaoman, await shop.sells(), words="第一次写的说明")
    await _rejected(shop, claim_no)
    page = (await xiaoman.get(f"/kamen/claims/{claim_no}")).text
    assert "已拒绝" in page
    assert "补上 未到账截图" in page
    assert "还可以申请 4 次" in page
    form = (await xiaoman.get(f"/kamen/claims/{claim_no}/draft")).text
    assert "第一次写的说明" in form
    fields = {"do": "confirm", "statement": "第一次写的说明", "amount": "100.00"}
    files = {"file-not_arrived_shot": ("c.png", png(words="second"), "image/png")}
    summary = await xiaoman.follow(await xiaoman.post(f"/kamen/claims/{claim_no}/draft", fields, files=files))
    assert "确认再次提交" in summary.text
    done = await xiaoman.post(
        f"/kamen/claims/{claim_no}/submission", {"version": _version(summary.text), "incomplete": "1"}
    )
    page = await xiaoman.follow(done)
    assert "待审核" in page.text
    assert "第 2 次申请" in page.text


async def test_the_claim_page_is_whole_in_english(xiaoman: Browser, shop: Shop) -> None:
    made = await shop.sells(lines=[Line(title="Game points", promise="within ten minutes")])
    claim_no = await _filed(xiaoman, made)
    await _rejected(shop, claim_no)
    html = (await xiaoman.get(f"/kamen/claims/{claim_no}?lang=en")).text
    chrome = re.sub(r"<blockquote.*?</blockquote>|<dd>.*?</dd>|<h2 [^>]*>|<title>.*?</title>", "", html, flags=re.S)
    left_over = set(re.findall(r"[一-鿿]+", chrome)) - {"中文", "何审"}
    assert left_over == set()
    await xiaoman.get("/kamen/?lang=zh-CN")


async def test_the_policy_page_shows_the_very_version_and_no_risk_rule(xiaoman: Browser, shop: Shop) -> None:
    made = await shop.sells()
    order_page = (await xiaoman.get(f"/kamen/orders/{made.order_no}")).text
    link = re.search(r"/kamen/policies/[0-9a-f-]{36}", order_page)
    assert link is not None
    html = (await xiaoman.get(link.group())).text
    assert "F6" in html
    assert "超过一小时但确未使用" in html
    assert "风控" not in html


async def _begun(browser: Browser, made: OrderIds, reason: str) -> str:
    page = f"/kamen/orders/{made.order_no}/lines/1/claim"
    await browser.get(page)
    answer = await browser.post(page, {"reason": reason})
    found = re.fullmatch(r"/kamen/claims/(RF[0-9A-Z]+)/draft", answer.headers["location"])
    assert found is not None
    await browser.follow(answer)
    return found.group(1)


async def _filed(browser: Browser, made: OrderIds, *, words: str = "付款两小时没有到账") -> str:
    claim_no = await _begun(browser, made, "not_arrived")
    fields = {"do": "confirm", "statement": words, "amount": "100.00"}
    summary = await browser.follow(await browser.post(f"/kamen/claims/{claim_no}/draft", fields))
    done = await browser.post(
        f"/kamen/claims/{claim_no}/submission", {"version": _version(summary.text), "incomplete": "1"}
    )
    assert done.status_code == 303
    return claim_no


async def _asked(shop: Shop, claim_no: str) -> None:
    agent = shop.staff("heshen")
    async with transaction(shop.pool, actor_of(agent), clock=lambda: NOW) as tx:
        claim = await load_claim(tx, agent, claim_no)
        await take(tx, agent, claim_no, version=claim.version)
        claim = await load_claim(tx, agent, claim_no)
        words = "请补一张未到账截图，要看得到日期"
        await ask_buyer(tx, agent, claim_no, version=claim.version, slots=("not_arrived_shot",), words=words)


async def _rejected(shop: Shop, claim_no: str) -> None:
    reviewer = shop.staff("heshen")
    decision = Decision(
        kind=DecisionKind.REJECT,
        reason=RejectReason.EVIDENCE_MISSING,
        clause="F1",
        missing=("not_arrived_shot",),
        words="缺少未到账截图",
    )
    async with transaction(shop.pool, actor_of(reviewer), clock=lambda: NOW) as tx:
        claim = await load_claim(tx, reviewer, claim_no)
        await decide(tx, reviewer, claim_no, version=claim.version, decision=decision)


def _version(html: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', html)
    assert found is not None
    return found.group(1)


async def test_the_list_of_claims_goes_on_and_shows_nobody_elses(xiaoman: Browser, zhoumo: Browser, shop: Shop) -> None:
    mine = {await _begun(xiaoman, await shop.sells(), "not_arrived") for _ in range(21)}
    seen: set[str] = set()
    path = "/kamen/claims"
    while path:
        html = (await xiaoman.get(path)).text
        seen |= set(re.findall(r"RF[0-9A-Z]{14}", html))
        more = re.search(r'id="more"\s+href="([^"]+)"', html)
        path = more.group(1).replace("&amp;", "&") if more else ""
    assert mine <= seen
    assert not mine & set(re.findall(r"RF[0-9A-Z]{14}", (await zhoumo.get("/kamen/claims")).text))
    assert (await xiaoman.get("/kamen/claims?before=nonsense")).status_code == 422
