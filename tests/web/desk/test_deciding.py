"""Deciding on the desk: previewed as the buyer reads it, once, by the right people, and never on a stale page."""

from __future__ import annotations

import asyncio
import re
from html import unescape

import pytest

from huiliu.claims.model import State
from huiliu.evidence.actions import add_file
from huiliu.evidence.model import Kept
from huiliu.kit.db import transaction
from huiliu.kit.ids import new_id
from huiliu.people.actor import system_actor
from tests.conftest import NOW
from tests.web.conftest import Browser
from tests.web.desk.conftest import WORDS, As, Bench, opened_form

REJECTION = {
    "panel": "reject",
    "reason": "evidence_missing",
    "clause": "F1",
    "slots": "not_arrived_shot",
    "words": WORDS,
}


def words_of(html: str) -> list[str]:
    """What a reader sees of some HTML, piece by piece."""
    bare = re.sub(r"<svg.*?</svg>|<button.*?</button>", "", html, flags=re.S)
    return [piece for text in re.split(r"<[^>]+>", bare) if (piece := " ".join(unescape(text).split()))]


def told_in(html: str) -> str:
    """The preview's buyer page."""
    start = html.index("data-told")
    return html[start : html.index('<div class="hld-weigh"')]


async def _previewed_then_done(
    browser: Browser, bench: Bench, claim_no: str, noun: str, fields: dict[str, str]
) -> list[str]:
    form = await opened_form(browser, bench, claim_no, **fields)
    before = await bench.claim(claim_no)
    preview = await browser.post(f"/kamen/desk/claims/{claim_no}/{noun}", form)
    assert preview.status_code == 200, preview.text[:500]
    assert await bench.claim(claim_no) == before  # a preview changes nothing at all
    done = await browser.post(f"/kamen/desk/claims/{claim_no}/{noun}", {**form, "step": "commit"})
    assert done.status_code == 303, done.text[:500]
    return words_of(told_in(preview.text))


@pytest.mark.parametrize(
    ("noun", "fields", "state"),
    [
        ("rejection", REJECTION, State.REJECTED),
        ("approval", {"panel": "approve", "clause": "F1", "words": "全额退回，抱歉。"}, State.PAYING),
        ("approval", {"panel": "part", "amount": "60", "clause": "F1", "words": "退回一部分。"}, State.PAYING),
        (
            "material-request",
            {"panel": "ask_buyer", "slots": "paid_shot", "words": "请补充支付截图。"},
            State.WAITING_BUYER,
        ),
        ("proof-request", {"panel": "ask_platform", "words": "请调取消耗记录。"}, State.WAITING_PLATFORM),
    ],
)
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_the_buyer_reads_what_the_preview_said(
    as_: As, xiaoman: Browser, bench: Bench, noun: str, fields: dict[str, str], state: State, lang: str
) -> None:
    claim_no = await bench.filed()
    told = await _previewed_then_done(await as_("heshen"), bench, claim_no, noun, {**fields, "read": lang})
    assert (await bench.claim(claim_no)).state is state
    read = words_of((await xiaoman.get(f"/kamen/claims/{claim_no}?lang={lang}")).text)
    assert len(told) > 5
    assert [piece for piece in told[1:] if piece not in read] == []
    if fields["panel"] != "ask_platform":  # what is asked of the platform is the platform's business
        assert fields["words"] in told


async def test_above_the_limit_the_preview_shows_what_is_read_after_the_second_person(
    as_: As, xiaoman: Browser, bench: Bench
) -> None:
    claim_no = await bench.filed(minor=600_00)
    maker, checker = await as_("heshen"), await as_("shenfu")
    words = "经核实没有到账，全额退回。"
    told = await _previewed_then_done(maker, bench, claim_no, "approval", {"panel": "approve", "words": words})
    assert words in told
    assert await bench.payouts(claim_no) == []
    assert words not in (await xiaoman.get(f"/kamen/claims/{claim_no}")).text
    told = await _previewed_then_done(checker, bench, claim_no, "confirmation", {"panel": "confirm"})
    assert words in told
    assert len(await bench.payouts(claim_no)) == 1
    assert words in (await xiaoman.get(f"/kamen/claims/{claim_no}")).text


async def test_before_anything_is_pressed_the_page_says_that_two_are_needed(as_: As, bench: Bench) -> None:
    browser = await as_("heshen")
    await browser.get(f"/kamen/desk/claims/{await bench.filed(minor=600_00)}")
    assert "超过 ¥500.00 或政策要求，需第二人复核" in browser.html
    await browser.get(f"/kamen/desk/claims/{await bench.filed(minor=400_00)}")
    assert "需第二人复核" not in browser.html


async def test_the_proposer_cannot_confirm_and_reads_why(as_: As, bench: Bench) -> None:
    claim_no = await bench.brought_to("confirming")
    maker = await as_("heshen")
    page = await maker.get(f"/kamen/desk/claims/{claim_no}")
    assert "提出的人不能自己复核" in maker.html
    assert "do=confirm" not in page.text
    form = await opened_form(maker, bench, claim_no, panel="confirm")
    for step in ("", "commit"):
        answer = await maker.post(f"/kamen/desk/claims/{claim_no}/confirmation", {**form, "step": step})
        assert answer.status_code == 403
        assert "提出退款的人不能自己复核" in maker.html
    assert (await bench.claim(claim_no)).state is State.CONFIRMING
    assert await bench.payouts(claim_no) == []


async def test_a_second_person_may_send_it_back_and_the_buyer_never_reads_why(
    as_: As, xiaoman: Browser, bench: Bench
) -> None:
    claim_no = await bench.brought_to("confirming")
    checker = await as_("shenfu")
    form = await opened_form(checker, bench, claim_no, panel="return", note="金额与记录不符")
    assert (await checker.post(f"/kamen/desk/claims/{claim_no}/return", form)).status_code == 303
    assert (await bench.claim(claim_no)).state is State.REVIEWING
    await checker.get(f"/kamen/desk/claims/{claim_no}")
    assert "金额与记录不符" in checker.html
    assert "买家看不到" in checker.html
    assert "金额与记录不符" not in (await xiaoman.get(f"/kamen/claims/{claim_no}")).text


async def test_a_stale_page_decides_nothing_says_what_happened_and_keeps_the_words(as_: As, bench: Bench) -> None:
    claim_no = await bench.filed()
    slow, quick = await as_("heshen"), await as_("shenfu")
    form = await opened_form(slow, bench, claim_no, **REJECTION)
    taken = await opened_form(quick, bench, claim_no)
    assert (await quick.post(f"/kamen/desk/claims/{claim_no}/assignment", taken)).status_code == 303
    for step in ("", "commit"):
        answer = await slow.post(f"/kamen/desk/claims/{claim_no}/rejection", {**form, "step": step})
        assert answer.status_code == 409
        assert "刚刚有了新进展" in slow.html
        assert "沈复 接手审核" in slow.html
        assert f">{WORDS}</textarea>" in slow.html
    assert await bench.decisions(claim_no) == []
    # The page now shows the present version, so the same words can be sent again.
    again = await opened_form(slow, bench, claim_no, **REJECTION)
    assert (await slow.post(f"/kamen/desk/claims/{claim_no}/rejection", {**again, "step": "commit"})).status_code == 303


async def test_when_a_colleague_has_decided_the_words_are_kept_to_be_copied(as_: As, bench: Bench) -> None:
    claim_no = await bench.filed()
    slow, quick = await as_("heshen"), await as_("shenfu")
    form = await opened_form(slow, bench, claim_no, **REJECTION)
    other = await opened_form(quick, bench, claim_no, panel="approve", step="commit")
    assert (await quick.post(f"/kamen/desk/claims/{claim_no}/approval", other)).status_code == 303
    answer = await slow.post(f"/kamen/desk/claims/{claim_no}/rejection", {**form, "step": "commit"})
    assert answer.status_code == 409
    assert WORDS in slow.html
    assert await bench.decisions(claim_no) == [("approve", "final")]


@pytest.mark.parametrize(
    ("noun", "fields"),
    [("rejection", REJECTION), ("approval", {"panel": "approve"}), ("approval", {"panel": "part", "amount": "10.50"})],
)
async def test_a_double_click_makes_one_decision_and_looks_like_success(
    as_: As, bench: Bench, noun: str, fields: dict[str, str]
) -> None:
    claim_no = await bench.filed()
    browser = await as_("heshen")
    form = await opened_form(browser, bench, claim_no, **fields, step="commit")
    answers = [await browser.post(f"/kamen/desk/claims/{claim_no}/{noun}", form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await bench.decisions(claim_no)) == 1
    assert len(await bench.payouts(claim_no)) == (0 if noun == "rejection" else 1)


async def test_a_colleagues_same_decision_is_not_taken_for_ones_own(as_: As, bench: Bench) -> None:
    claim_no = await bench.filed()
    slow, quick = await as_("heshen"), await as_("shenfu")
    form = await opened_form(slow, bench, claim_no, panel="approve", step="commit")
    same = await opened_form(quick, bench, claim_no, panel="approve", step="commit")
    assert (await quick.post(f"/kamen/desk/claims/{claim_no}/approval", same)).status_code == 303
    assert (await slow.post(f"/kamen/desk/claims/{claim_no}/approval", form)).status_code == 409
    assert len(await bench.payouts(claim_no)) == 1


async def test_two_clicks_at_once_make_one_decision(as_: As, bench: Bench) -> None:
    claim_no = await bench.filed()
    browser, twin = await as_("heshen"), await as_("heshen")
    form = await opened_form(browser, bench, claim_no, panel="approve", step="commit")
    await twin.get(f"/kamen/desk/claims/{claim_no}")
    url = f"/kamen/desk/claims/{claim_no}/approval"
    answers = await asyncio.gather(*(each.post(url, form) for each in (browser, twin)))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(await bench.decisions(claim_no)) == 1
    assert len(await bench.payouts(claim_no)) == 1


@pytest.mark.parametrize(
    ("noun", "fields", "status", "says"),
    [
        ("approval", {"panel": "part", "amount": "无"}, 422, "不是金额"),
        ("approval", {"panel": "part", "amount": "0"}, 422, "不是金额"),
        ("approval", {"panel": "part", "amount": "-5"}, 422, "不是金额"),
        ("approval", {"panel": "part", "amount": "100.01"}, 422, "金额不对"),
        ("approval", {"panel": "part", "amount": "1.234"}, 422, "不是金额"),
        ("rejection", {**REJECTION, "reason": "because"}, 422, "还不完整"),
        ("rejection", {**REJECTION, "clause": ""}, 422, "还不完整"),
        ("rejection", {**REJECTION, "clause": "F1\0"}, 422, "不能显示"),
        ("rejection", {**REJECTION, "clause": "F" * 61}, 422, "文字太长"),
        ("rejection", {**REJECTION, "words": " "}, 422, "还不完整"),
        ("rejection", {**REJECTION, "slots": "passport"}, 422, "还不完整"),
        ("rejection", {**REJECTION, "words": "请看 {product}"}, 422, "占位符"),
        ("rejection", {**REJECTION, "words": "长" * 2_001}, 422, "太长"),
        ("rejection", {**REJECTION, "words": "a\x07b"}, 422, "不能显示"),
        ("material-request", {"panel": "ask_buyer", "words": "请补充"}, 422, "还不完整"),
        ("rejection", {**REJECTION, "version": "x"}, 422, "不是数字"),
        ("rejection", {**REJECTION, "version": "9" * 40}, 422, "不是数字"),
    ],
)
async def test_a_form_that_cannot_stand_is_refused_with_everything_kept(
    as_: As, bench: Bench, noun: str, fields: dict[str, str], status: int, says: str
) -> None:
    claim_no = await bench.filed()
    browser = await as_("heshen")
    form = {**await opened_form(browser, bench, claim_no), **fields}
    for step in ("", "commit"):
        answer = await browser.post(f"/kamen/desk/claims/{claim_no}/{noun}", {**form, "step": step})
        assert answer.status_code == status
        assert says in browser.html
        if fields.get("amount"):
            assert f'value="{fields["amount"]}"' in answer.text
    assert await bench.decisions(claim_no) == []
    assert (await bench.claim(claim_no)).state is State.FILED


async def test_a_ready_sentence_is_filled_with_the_case_and_put_behind_what_was_typed(as_: As, bench: Bench) -> None:
    claim_no = await bench.filed()
    browser = await as_("heshen")
    form = await opened_form(browser, bench, claim_no, **{**REJECTION, "words": "您好。"})
    await browser.post(f"/kamen/desk/claims/{claim_no}/rejection", {**form, "use": "reject.evidence_missing.1"})
    assert "您好。\n还缺少：未到账截图。请补上后再次申请" in browser.html
    assert await bench.decisions(claim_no) == []


async def test_going_back_from_the_preview_keeps_everything(as_: As, bench: Bench) -> None:
    claim_no = await bench.filed()
    browser = await as_("heshen")
    form = await opened_form(browser, bench, claim_no, **REJECTION, note="内部")
    await browser.post(f"/kamen/desk/claims/{claim_no}/rejection", form)
    await browser.post(f"/kamen/desk/claims/{claim_no}/rejection", {**form, "step": "edit"})
    assert f">{WORDS}</textarea>" in browser.html
    assert 'value="内部"' in browser.html
    assert re.search(r'value="not_arrived_shot" checked', browser.html)


async def test_the_platforms_record_becomes_evidence_and_the_claim_goes_back_to_review(as_: As, bench: Bench) -> None:
    claim_no = await bench.brought_to("waiting_platform")
    browser = await as_("xiaogu")
    form = await opened_form(
        browser, bench, claim_no, panel="prove", words="消耗记录 LOG-9：11月23日 09:12 使用 300 点"
    )
    assert (await browser.post(f"/kamen/desk/claims/{claim_no}/proof", form)).status_code == 303
    assert (await bench.claim(claim_no)).state is State.REVIEWING
    await browser.get(f"/kamen/desk/claims/{claim_no}")
    assert "消耗记录 LOG-9" in browser.html.split('id="timeline"')[0]


async def test_what_a_buyer_wrote_is_shown_as_text(as_: As, bench: Bench) -> None:
    claim_no = await bench.filed(statement="<script>alert(1)</script><img src=x onerror=alert(2)>", title='点券 "><b>&')
    claim, digest = await bench.claim(claim_no), new_id().bytes * 2
    kept = Kept(sha256=digest, original_sha256=digest, media_type="image/png", size=9, width=9, height=9)
    hostile = '"><img src=x onerror=alert(3)>.png'
    async with transaction(bench.pool, system_actor(bench.platform_id), clock=lambda: NOW) as tx:
        await add_file(tx, claim.id, slot="other", round=1, kept=kept, file_name=hostile)
    browser = await as_("heshen")
    assert hostile in unescape((await browser.get(f"/kamen/desk/claims/{claim_no}")).text)
    for path in (
        f"/kamen/desk/claims/{claim_no}",
        f"/kamen/desk/claims/{claim_no}?do=approve",
        "/kamen/desk/",
        f"/kamen/desk/?q={claim_no}",
        "/kamen/desk/orders",
    ):
        html = (await browser.get(path)).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert '"><b>' not in html
    form = await opened_form(browser, bench, claim_no, panel="approve", words="<i>好</i>")
    preview = await browser.post(f"/kamen/desk/claims/{claim_no}/approval", form)
    assert "<i>好" not in preview.text
    assert "&lt;i&gt;好" in preview.text
