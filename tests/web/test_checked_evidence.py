"""What the automatic check has seen, told on a buyer's pages: steps, values, what to do, gap, code, both texts, signature."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from msgspec import structs

from huiliu.evidence.inspection.model import Box, Check, CheckVerdict, FieldName, FieldRead, Inspection, Line, Verdict
from huiliu.evidence.slots import SlotCode
from huiliu.kit.db import Pool, transaction
from huiliu.kit.keyring import Keyring
from huiliu.kit.text import Lang, say
from huiliu.people.actor import system_actor
from huiliu.people.restrictions.model import Level
from huiliu.people.sessions import open_buyer_session
from tests.claims.conftest import World
from tests.conftest import NOW
from tests.make import orders
from tests.make.pictures import encoded, png
from tests.make.screens import blurred, screen
from tests.make.suspicions import inspection, put_inspection, restricted, somebody
from tests.web.conftest import Browser, Shop

BOX = Box(10, 400, 300, 40)
FILE = re.compile(r"/kamen/files/([0-9a-f-]{36})")
POLLS = "hx-trigger"
EVIL = "<script>alert(1)</script>"


def read(name: FieldName, value: str, text: str = "") -> FieldRead:
    """A field as a picture shows it."""
    return FieldRead(name=name, value=value, text=text or value, box=BOX, score=0.99)


def check(name: FieldName, expected: str, found: str, verdict: CheckVerdict, source: str = "order") -> Check:
    """A comparison with a record."""
    return Check(name=name.value, source=source, expected=expected, found=found, verdict=verdict, field=name)


def found(
    verdict: Verdict,
    *checks: Check,
    fields: tuple[FieldRead, ...] = (),
    missing: tuple[FieldName, ...] = (),
    reasons: tuple[str, ...] = (),
    lines: tuple[Line, ...] = (),
    page: str = "alipay_bill",
) -> Inspection:
    """What the check says of one picture."""
    made = inspection(*checks, verdict=verdict, findings=())
    return structs.replace(made, fields=fields, missing=missing, reasons=reasons, lines=lines, page=page, checks=checks)


async def test_an_upload_is_followed_step_by_step_until_it_is_done(xiaoman: Browser, shop: Shop) -> None:
    claim_no, file_id = await _sent(xiaoman, shop, "paid_shot")
    page = xiaoman.html
    assert f'hx-get="/kamen/claims/{claim_no}/slots/paid_shot"' in page
    assert [say(Lang.ZH, f"evidence_verification.step.{step}") in page for step in ("received", "reading")] == [
        True
    ] * 2
    assert "<noscript>" in page
    fragment = f"/kamen/claims/{claim_no}/slots/paid_shot"
    for state in ("received", "reading", "checking"):
        await _stands(shop, file_id, state)
        html = (await xiaoman.get(fragment)).text
        assert POLLS in html
        assert html.count('aria-current="step"') == 1
        assert say(Lang.ZH, f"evidence_verification.step_hint.{state}") in html
        assert "<html" not in html
    agreeing = check(FieldName.AMOUNT, "100.00", "100.00", CheckVerdict.AGREES)
    await inspected(shop, claim_no, file_id, found(Verdict.CONSISTENT, agreeing, fields=(
        read(FieldName.AMOUNT, "100.00", "-100.00"), read(FieldName.STATUS, "paid", EVIL))))  # fmt: skip
    html = (await xiaoman.get(fragment)).text
    assert POLLS not in html, "it stops by itself"
    assert say(Lang.ZH, "evidence_checks.verdict.consistent.name") in html
    assert "-100.00" in html, "as the picture prints it"
    assert say(Lang.ZH, "web_evidence.agrees") in html
    assert EVIL not in html
    assert POLLS not in (await xiaoman.get(f"/kamen/claims/{claim_no}/draft")).text


async def test_what_differs_is_said_once_a_field_with_what_to_do_and_no_account_in_clear(
    xiaoman: Browser, shop: Shop
) -> None:
    claim_no, file_id = await _sent(xiaoman, shop, "paid_shot")
    differs = CheckVerdict.CONTRADICTS
    checks = (
        check(FieldName.AMOUNT, "100.00", "1000.00", differs, "payment"),
        check(FieldName.AMOUNT, "100.00", "1000.00", differs),
        check(FieldName.ACCOUNT, "13912345678", "13800000000", differs),
        Check(name="trade_no_used", source="claims", expected="RF999", found="1", verdict=differs),
    )
    await inspected(shop, claim_no, file_id, found(
        Verdict.CONTRADICTED, *checks, fields=(read(FieldName.AMOUNT, "1000.00"),), missing=(FieldName.TRADE_NO,),
        reasons=("contradicts_amount", "contradicts_trade_no_used"),
    ))  # fmt: skip
    html = (await xiaoman.get(f"/kamen/claims/{claim_no}/draft")).text
    name = say(Lang.ZH, "evidence_checks.check.amount.name")
    assert html.count(f"<li>{name}") == 1
    assert "支付交易号" in html
    assert "如果传错了图" in html
    assert "13912345678" not in html
    assert "139****5678" in html
    assert "RF999" not in html
    assert "伪造" not in html.partition("</main>")[0].partition('id="slots"')[2]


async def test_a_bad_picture_is_told_at_once_without_scripts_and_nothing_typed_is_lost(
    xiaoman: Browser, shop: Shop
) -> None:
    draft = await _draft(xiaoman, shop)
    bad = encoded(blurred(screen(size=(540, 900)), 6), "PNG")
    answer = await xiaoman.post(
        draft,
        {"do": "confirm", "statement": "没到账", "amount": "80.00"},
        files={"file-paid_shot": ("a.png", bad, "image/png")},
    )
    html = (await xiaoman.follow(answer)).text
    assert say(Lang.ZH, "evidence_look.problem.blurred.title") in html
    assert say(Lang.ZH, "web_evidence.mend.again") in html
    assert say(Lang.ZH, "web_evidence.mend.anyway") in html
    assert 'value="80.00"' in html
    file = FILE.search(html)
    assert file is not None
    for told in (f"{file[1]}.<b>", "x.blurred", f"{file[1]}.nonsense", "blurred", "." * 500):
        assert "data-mend" not in (await xiaoman.get(f"{draft}?told={told}")).text
    claim_no = draft.split("/")[-2]
    await inspected(shop, claim_no, UUID(file[1]), found(Verdict.RETAKE, reasons=("blurred",)))
    again = (await xiaoman.get(f"{draft}?told={file[1]}.blurred")).text
    assert "data-mend" not in again, "the reading says it better"
    assert say(Lang.ZH, "evidence_checks.verdict.retake.name") in again


async def test_a_private_document_is_told_until_another_picture_came_and_a_failure_blames_nobody(
    xiaoman: Browser, shop: Shop
) -> None:
    claim_no, file_id = await _sent(xiaoman, shop, "paid_shot")
    fragment = f"/kamen/claims/{claim_no}/slots/paid_shot"
    await _stands(shop, file_id, "failed", problem="broken")
    html = (await xiaoman.get(fragment)).text
    assert say(Lang.ZH, "evidence_verification.problem_next.broken") in html
    await _stands(shop, file_id, "refused", problem="private_document")
    async with transaction(shop.pool, system_actor(shop.platform_id), clock=lambda: NOW) as tx:
        await tx.run("UPDATE evidence_files SET removed_at = %(now)s WHERE id = %(id)s", now=tx.now, id=file_id)
    advice = say(Lang.ZH, "evidence_verification.problem_next.private_document")
    page = (await xiaoman.get(f"/kamen/claims/{claim_no}/draft")).text
    assert advice in page
    assert str(file_id) not in page
    async with transaction(shop.pool, system_actor(shop.platform_id), clock=lambda: NOW) as tx:
        before = NOW - timedelta(minutes=5)
        sql = "UPDATE evidence_inspections SET received_at = %(at)s WHERE file_id = %(id)s"
        await tx.run(sql, at=before, id=file_id)
    await _send(xiaoman, f"/kamen/claims/{claim_no}/draft", "paid_shot", png(words="covered"))
    assert advice not in (await xiaoman.get(fragment)).text


async def test_nobody_else_sees_how_a_check_stands(xiaoman: Browser, zhoumo: Browser, shop: Shop) -> None:
    claim_no, _ = await _sent(xiaoman, shop, "paid_shot")
    fragment = f"/kamen/claims/{claim_no}/slots/paid_shot"
    assert (await zhoumo.get(fragment)).status_code == 404
    assert (await xiaoman.get(f"/kamen/claims/{claim_no}/slots/nonsense")).status_code == 422


async def test_a_code_is_issued_when_it_is_asked_for_and_stays_the_same(
    xiaoman: Browser, zhoumo: Browser, shop: Shop
) -> None:
    draft = await _draft(xiaoman, shop, reason="changed_mind", usage="unused", ordered_at=NOW - timedelta(hours=3))
    before = (await xiaoman.get(draft)).text
    assert "hl-code-word" not in before, "a page that is only read issues none"
    assert 'value="code:platform_check"' in before
    codes: list[str] = []
    for _ in range(2):
        fields = {"do": "code:platform_check", "statement": "写了一半", "amount": "100.00"}
        shown = (await xiaoman.follow(await xiaoman.post(draft, fields))).text
        assert "写了一半" in shown
        codes += re.findall(r'hl-code-word">([^<]+)<', shown)
    assert len(codes) == 2
    assert codes[0] == codes[1]
    for n in (1, 2, 3):
        assert say(Lang.ZH, f"web_evidence.code.how_{n}") in xiaoman.html
    await zhoumo.get("/kamen/orders")
    assert (await zhoumo.post(draft, {"do": "code:platform_check", "amount": "1"})).status_code == 404
    assert (await xiaoman.post(draft, {"do": "code:nonsense", "amount": "100.00"})).status_code == 422


async def test_a_restricted_buyer_is_told_on_every_page_and_shows_a_code_in_every_picture(
    open_browser: Callable[[], Browser], pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    world = World(pool, platform_id)
    buyer, contact = who = somebody(world)
    given, made = await restricted(world, keyring, level=Level.CODE_ONLY, who=who)
    async with world.system() as tx:
        other = await orders.order(tx, contact=contact, delivery_state="processing")
    browser = await _as_buyer(open_browser(), world, buyer.contact_hash)
    draft = await _begin(browser, other.order_no, "not_arrived")
    link = f"/kamen/restrictions/{made.id}"
    html = (await browser.get(draft)).text
    assert link in html
    for slot in ("platform_check", "other"):
        assert f'value="code:{slot}"' in html
    for path in (f"/kamen/orders/{other.order_no}", f"/kamen/claims/{given.claim_no}"):
        assert link in (await browser.get(path)).text, path


async def test_a_suspended_buyer_finds_the_reason_from_the_refusal(
    open_browser: Callable[[], Browser], pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    world = World(pool, platform_id)
    buyer, contact = who = somebody(world)
    await restricted(world, keyring, level=Level.SUSPENDED, who=who)
    async with world.system() as tx:
        other = await orders.order(tx, contact=contact)
    browser = await _as_buyer(open_browser(), world, buyer.contact_hash)
    page = f"/kamen/orders/{other.order_no}/lines/1/claim"
    await browser.get(page)
    answer = await browser.post(page, {"reason": "not_arrived"})
    assert answer.status_code == 403
    assert 'href="/kamen/restrictions"' in answer.text


async def test_the_time_gap_is_worked_out_from_the_pictures_and_fills_its_slot(xiaoman: Browser, shop: Shop) -> None:
    draft = await _draft(xiaoman, shop, delivery_state="unknown")
    claim_no = draft.split("/")[-2]
    assert say(Lang.ZH, "web_evidence.computed") not in (await xiaoman.get(draft)).text
    file_id = await _send(xiaoman, draft, "not_arrived_shot", png(words="nothing came"))
    gap = f"/kamen/claims/{claim_no}/slots/time_gap"
    assert POLLS in (await xiaoman.get(gap)).text, "it waits for the picture that it follows from"
    clock = (read(FieldName.CLOCK, "09:50"),)
    await inspected(shop, claim_no, file_id, found(Verdict.CONTRADICTED, fields=clock))
    assert "<svg" not in (await xiaoman.get(gap)).text.partition("hl-gap")[2]
    assert say(Lang.ZH, "web_evidence.computed") not in (await xiaoman.get(draft)).text
    await inspected(shop, claim_no, file_id, found(Verdict.UNVERIFIABLE, fields=clock))
    html = (await xiaoman.get(gap)).text
    assert POLLS not in html
    assert "<svg" in html
    assert "相隔 19 分钟仍未到账" in html, "paid at 09:31, by the clock of 09:50 nothing had come"
    page = (await xiaoman.get(draft)).text
    assert say(Lang.ZH, "web_evidence.computed") in page
    summary = (await xiaoman.follow(await xiaoman.post(draft, {"do": "confirm", "amount": "100.00"}))).text
    missing = say(Lang.ZH, "evidence.slot.time_gap.name")
    assert missing not in (re.search(r'name="incomplete".*?</span>', summary, re.S) or [""])[0]


async def test_promise_and_delivery_stand_side_by_side_with_the_differing_numbers_marked(
    xiaoman: Browser, shop: Shop
) -> None:
    made = await shop.sells(lines=[orders.Line("视频会员", "membership", promise="会员有效期30天，全站免广告")])
    draft = await _begin(xiaoman, made.order_no, "not_as_described")
    claim_no = draft.split("/")[-2]
    file_id = await _send(xiaoman, draft, "difference", png(words="seven days"))
    lines = tuple(Line(text=text, score=0.99, box=Box(10, y, 300, 40), quad=(0.0,) * 8)
                  for text, y in (("09:41", 5), (f"会员有效期7天，全站免广告{EVIL}", 200)))  # fmt: skip
    clock = FieldRead(name=FieldName.CLOCK, value="09:41", text="09:41", box=Box(10, 5, 300, 40), score=0.99)
    await inspected(shop, claim_no, file_id, found(Verdict.UNVERIFIABLE, fields=(clock,), lines=lines))
    await xiaoman.follow(await xiaoman.post(draft, {"do": "confirm", "amount": "100.00"}))
    version = re.search(r'name="version" value="(\d+)"', xiaoman.html)
    assert version is not None
    filed = await xiaoman.post(f"/kamen/claims/{claim_no}/submission", {"version": version[1], "incomplete": "1"})
    html = (await xiaoman.follow(filed)).text
    compared = html.partition('id="compare"')[2].partition("</section>")[0]
    marked = re.findall(r'<mark class="is-number"><span class="hl-out">[^<]*</span>([^<]+)</mark>', compared)
    assert marked == ["30天", "7天"]
    assert say(Lang.ZH, "web_evidence.compare.from_records") in compared
    assert "09:41" not in compared, "the phone's status bar is no part of the page"
    assert EVIL not in html
    assert "<textarea" not in compared
    assert 'id="compare"' in (await xiaoman.get(f"/kamen/claims/{claim_no}?lang=en")).text


async def test_a_signature_shows_words_time_name_version_and_hash(xiaoman: Browser, shop: Shop) -> None:
    draft = await _draft(xiaoman, shop, reason="changed_mind")
    fields = {"do": "sign", "signer": "林小满", "amount": "100.00"}
    html = (await xiaoman.follow(await xiaoman.post(draft, fields))).text
    signature = html.partition("hl-signature")[2].partition("</dl>")[0]
    for label in ("name", "at", "policy", "policy_hash", "words_hash"):
        assert say(Lang.ZH, f"web_evidence.signed.{label}") in signature
    assert "林小满" in signature
    assert len(re.findall(r"\b[0-9a-f]{12}\b", signature)) == 2
    async with transaction(shop.pool, system_actor(shop.platform_id), clock=lambda: NOW) as tx:
        digest = await tx.value(
            "SELECT encode(sha256, 'hex') FROM evidence_notes WHERE slot = %(slot)s ORDER BY added_at DESC, id DESC LIMIT 1",
            slot=SlotCode.UNUSED_DECLARATION.value,
        )
    assert isinstance(digest, str)
    assert digest[:12] in signature


async def _draft(browser: Browser, shop: Shop, *, reason: str = "not_arrived", **over: object) -> str:
    made = await shop.sells(**over)
    return await _begin(browser, made.order_no, reason)


async def _begin(browser: Browser, order_no: str, reason: str) -> str:
    page = f"/kamen/orders/{order_no}/lines/1/claim"
    await browser.get(page)
    answer = await browser.post(page, {"reason": reason})
    await browser.follow(answer)
    return str(answer.headers["location"])


async def _send(browser: Browser, draft: str, slot: str, data: bytes) -> UUID:
    """A picture by a form without scripts; the file's id."""
    before = set(FILE.findall((await browser.get(draft)).text))
    answer = await browser.post(
        draft, {"do": "save", "amount": "100.00"}, files={f"file-{slot}": ("a.png", data, "image/png")}
    )
    await browser.follow(answer)
    (fresh,) = set(FILE.findall(browser.html)) - before
    return UUID(fresh)


async def _sent(browser: Browser, shop: Shop, slot: str) -> tuple[str, UUID]:
    draft = await _draft(browser, shop)
    file_id = await _send(browser, draft, slot, png(words=f"sent {draft[-12:]}"))
    return draft.split("/")[-2], file_id


async def inspected(shop: Shop, claim_no: str, file_id: UUID, done: Inspection) -> None:
    """The worker is through with the file."""
    async with transaction(shop.pool, system_actor(shop.platform_id), clock=lambda: NOW) as tx:
        claim_id = await tx.value("SELECT id FROM claims WHERE claim_no = %(no)s", no=claim_no)
        assert isinstance(claim_id, UUID)
        await put_inspection(tx, shop.keyring, claim_id, file_id, found=done)
        await tx.run(
            "UPDATE evidence_inspections SET reasons = %(reasons)s WHERE file_id = %(id)s",
            reasons=list(done.reasons),
            id=file_id,
        )


async def _stands(shop: Shop, file_id: UUID, state: str, *, problem: str = "") -> None:
    """The worker is at this step with the file."""
    is_over = state in {"refused", "failed"}
    async with transaction(shop.pool, system_actor(shop.platform_id), clock=lambda: NOW) as tx:
        await tx.run(
            "UPDATE evidence_inspections SET state = %(state)s, problem = %(problem)s,"
            " due_at = CASE WHEN %(over)s THEN NULL ELSE due_at END,"
            " finished_at = CASE WHEN %(over)s THEN %(now)s::timestamptz END WHERE file_id = %(id)s",
            state=state,
            problem=problem,
            over=is_over,
            now=tx.now,
            id=file_id,
        )


async def _as_buyer(browser: Browser, world: World, hashed: bytes | None) -> Browser:
    assert hashed is not None
    async with world.system() as tx:
        session = await open_buyer_session(tx, contact_hash=hashed)
    browser.client.cookies.set("hl_buyer_kamen", session.token)
    await browser.get("/kamen/")
    return browser
