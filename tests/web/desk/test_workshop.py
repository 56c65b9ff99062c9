"""The policy workshop: drafts edited as a table and as text, cases tried, versions compared, proposed and approved by two."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from huiliu.kit.db import Pool, transaction
from huiliu.kit.ids import SHANGHAI
from huiliu.people.actor import actor_of
from huiliu.policy.drafts.model import Draft
from huiliu.policy.drafts.reads import load_draft
from huiliu.policy.parse import parse_policy
from tests.conftest import NOW
from tests.make.cast import staff
from tests.policy.workshop import new_shop, text
from tests.web.conftest import Browser
from tests.web.desk.conftest import As, Bench

POLICIES = "/kamen/desk/policies"
VERSION = re.compile(r'name="version" value="(\d+)"')


async def started(browser: Browser) -> str:
    """A fresh draft of the version in force; its address."""
    await browser.get(POLICIES)
    answer = await browser.post(f"{POLICIES}/drafts", {"from": ""})
    assert answer.status_code == 303, browser.html
    await browser.follow(answer)
    return str(answer.headers["location"])


async def draft_of(pool: Pool, platform_id: int, url: str) -> Draft:
    """The draft as it is stored."""
    member = staff(platform_id, "guanyan")
    async with transaction(pool, actor_of(member), clock=lambda: NOW) as tx:
        return await load_draft(tx, member, UUID(url.rsplit("/", 1)[1]))


def version_in(browser: Browser) -> str:
    found = VERSION.search(browser.html)
    assert found is not None
    return found.group(1)


def fields_of(html: str, form_id: str) -> dict[str, list[str]]:
    """What a browser would send of a form, as it stands."""
    start = html.index(f'id="{form_id}"')
    body = html[start : html.index("</form>", start)]
    sent: dict[str, list[str]] = {}
    for tag in re.finditer(r"<input\b[^>]*>|<select\b.*?</select>|<textarea\b.*?</textarea>", body, re.S):
        text = tag.group(0)
        name = re.search(r'\bname="([^"]+)"', text)
        if name is None:
            continue
        if text.startswith("<input"):
            kind = re.search(r'\btype="(\w+)"', text)
            if kind and kind.group(1) == "checkbox" and not re.search(r"\schecked\b", text):
                continue
            value = re.search(r'\bvalue="([^"]*)"', text)
            sent.setdefault(name.group(1), []).append(value.group(1) if value else "")
        elif text.startswith("<select"):
            chosen = re.search(r'<option value="([^"]*)"[^>]*\sselected', text) or re.search(r'value="([^"]*)"', text)
            sent.setdefault(name.group(1), []).append(chosen.group(1) if chosen else "")
        else:
            sent.setdefault(name.group(1), []).append(re.sub(r"<[^>]+>", "", text).removeprefix("\n"))
    return sent


async def send(browser: Browser, url: str, fields: dict[str, list[str]]) -> int:
    answer = await browser.client.post(url, data={**fields, "_form": browser.token})
    browser.html = answer.text
    if answer.status_code == 303:
        await browser.follow(answer)
    return answer.status_code


@pytest.mark.parametrize("clause", ["F2", "F7", "F9", "F0"])
async def test_a_clause_form_saved_as_it_stands_changes_no_letter(
    as_: As, pool: Pool, platform_id: int, clause: str
) -> None:
    browser = await as_("guanyan")
    url = await started(browser)
    before = (await draft_of(pool, platform_id, url)).source
    await browser.get(f"{url}?clause={clause}")
    assert await send(browser, f"{url}/clauses", fields_of(browser.html, "clause-form")) == 303
    assert (await draft_of(pool, platform_id, url)).source == before


async def test_a_boundary_is_changed_with_words_number_and_unit(as_: As, pool: Pool, platform_id: int) -> None:
    browser = await as_("guanyan")
    url = await started(browser)
    before = (await draft_of(pool, platform_id, url)).source
    await browser.get(f"{url}?clause=F5")
    fields = fields_of(browser.html, "clause-form")
    assert fields["f2"] == ["", "", "小时", "within", "1", "小时"]
    fields["f2"][4] = "2"
    assert await send(browser, f"{url}/clauses", fields) == 303
    source = (await draft_of(pool, platform_id, url)).source
    assert source == before.replace("下单时长: 1小时以内, 使用情况: 未使用", "下单时长: 2小时以内, 使用情况: 未使用")
    assert "▲" in browser.html


async def test_pages_of_a_draft_open_in_both_languages(as_: As) -> None:
    browser = await as_("guanyan")
    url = await started(browser)
    in_force = re.search(r"compare\?old=([0-9a-f-]+)", browser.html)
    assert in_force is not None
    draft = url.rsplit("/", 1)[1]
    pages = [url, f"{url}?tab=source", f"{url}?tab=limits", f"{url}?tab=cases", f"{url}?clause=", f"{url}/try"]
    pages += [f"{url}/proposal", f"{POLICIES}/compare", f"{POLICIES}/compare?old={in_force.group(1)}&new=draft-{draft}"]
    pages += [f"{url}/try?f0=不想要了&f2=2小时&f3=未使用&f5=100元&f6=no&e=unused_declaration"]
    for page in pages:
        for lang in ("zh-CN", "en"):
            answer = await browser.get(f"{page}{'&' if '?' in page else '?'}lang={lang}")
            assert answer.status_code == 200, (page, answer.text[:2000])


async def test_a_draft_is_called_in_the_readers_language(as_: As) -> None:
    browser = await as_("guanyan")
    url = await started(browser)

    for page in (POLICIES, url):
        english = (await browser.get(f"{page}?lang=en")).text
        chinese = (await browser.get(f"{page}?lang=zh-CN")).text
        assert "Kamen refund policy · version" in english
        assert "卡门平台退款政策 · 第" in chinese


async def test_a_back_test_shows_how_past_claims_would_move(as_: As, bench: Bench) -> None:
    await bench.brought_to("paying")
    browser = await as_("guanyan")
    url = await started(browser)
    in_force = re.search(r"compare\?old=([0-9a-f-]+)", browser.html)
    assert in_force is not None
    await browser.get(f"{url}?clause=F1")
    fields = fields_of(browser.html, "clause-form")
    fields["needs"] = ["paid_shot"]
    assert await send(browser, f"{url}/clauses", fields) == 303
    new = f"draft-{url.rsplit('/', 1)[1]}"
    page = await browser.get(f"{POLICIES}/backtest?old={in_force.group(1)}&new={new}")
    assert page.status_code == 200
    answer = await browser.post(
        f"{POLICIES}/backtest", {"old": in_force.group(1), "new": new, "days": "0", "currency": "CNY"}
    )
    assert answer.status_code == 200
    assert "笔申请…" in browser.html
    assert "结果变化" in browser.html
    assert browser.html.rstrip().endswith("</html>")


async def test_one_proposes_and_another_approves_and_the_first_reads_why_not(as_: As) -> None:
    writer = await as_("guanyan")
    url = await started(writer)
    await writer.get(f"{url}?tab=limits")
    label = uuid4().hex[:8]
    fields = fields_of(writer.html, "limits-form")
    fields["label"], fields["cooling"] = [label], ["36小时"]
    assert await send(writer, f"{url}/limits", fields) == 303
    await writer.get(f"{url}/proposal")
    starts = f"{NOW.astimezone(SHANGHAI) + timedelta(days=20):%Y-%m-%dT%H:%M}"
    sent = {"version": version_in(writer), "do": "propose", "effective_from": starts, "note": "冷静期延长"}
    await writer.follow(await writer.post(f"{url}/proposal", sent))
    assert "您是提交人，需要另一个人来批准。" in writer.html
    assert "提交时回测最近 90 天" in writer.html
    refused = await writer.post(f"{url}/proposal", {"version": version_in(writer), "do": "approve"})
    assert refused.status_code == 403
    arbitrator = await as_("caiheng")
    await arbitrator.get(f"{url}/proposal")
    assert "冷静期延长" in arbitrator.html
    back = {"version": version_in(arbitrator), "do": "return", "note": "请说明理由"}
    await arbitrator.follow(await arbitrator.post(f"{url}/proposal", back))
    await writer.get(url)
    assert "请说明理由" in writer.html
    await writer.get(f"{url}/proposal")
    sent["version"] = version_in(writer)
    await writer.follow(await writer.post(f"{url}/proposal", sent))
    await arbitrator.get(f"{url}/proposal")
    done = await arbitrator.post(f"{url}/proposal", {"version": version_in(arbitrator), "do": "approve"})
    await arbitrator.follow(done)
    assert "已经发布。" in arbitrator.html
    await arbitrator.get(POLICIES)
    assert f"第 {label} 版" in arbitrator.html
    assert "管砚 提交，裁衡 批准" in arbitrator.html


async def test_who_saved_meanwhile_is_told_and_both_texts_stay(as_: As, pool: Pool, platform_id: int) -> None:
    one, two = await as_("guanyan"), await as_("guanyan")
    url = await started(one)
    await two.get(f"{url}?tab=source")
    old_version = version_in(two)
    source = (await draft_of(pool, platform_id, url)).source
    assert await send(one, f"{url}/source", {"version": [old_version], "source": [f"# 先保存的人\n{source}"]}) == 303
    assert await send(two, f"{url}/source", {"version": [old_version], "source": [f"# 后来的人\n{source}"]}) == 409
    assert "管砚 在" in two.html
    assert "# 先保存的人" in two.html
    assert "# 后来的人" in two.html
    assert (await draft_of(pool, platform_id, url)).source.startswith("# 先保存的人")
    assert await send(two, f"{url}/source", {"version": [version_in(two)], "source": [f"# 后来的人\n{source}"]}) == 303
    await one.get(f"{url}?clause=F5")
    fields = fields_of(one.html, "clause-form")
    fields["version"] = [old_version]
    fields["name"] = ["我改的名字"]
    assert await send(one, f"{url}/clauses", fields) == 409
    assert "我改的名字" in one.html
    assert (
        "一小时内且未使用" not in (await draft_of(pool, platform_id, url)).source
        or "我改的名字" not in (await draft_of(pool, platform_id, url)).source
    )


async def test_only_writers_and_approvers_see_drafts_and_nobody_elses_platform_has_them(
    as_: As, visitor: Browser, pool: Pool
) -> None:
    writer = await as_("guanyan")
    url = await started(writer)
    reader = await as_("heshen")
    assert "草稿" not in (await reader.get(POLICIES)).text
    for page in (url, f"{url}/try", f"{url}/proposal", f"{POLICIES}/compare?new=draft-{url.rsplit('/', 1)[1]}"):
        assert (await reader.get(page)).status_code == 403
    assert (await reader.get(f"{POLICIES}/compare")).status_code == 200
    assert (await reader.post(f"{POLICIES}/drafts", {"from": ""})).status_code == 403
    assert (await reader.get(f"{POLICIES}/backtest")).status_code == 403
    assert (await writer.get(f"{POLICIES}/drafts/{uuid4()}")).status_code == 404
    elsewhere = await new_shop(pool)
    theirs = await elsewhere.start(text("1"))
    for page in (f"{theirs.id}", f"{theirs.id}/try", f"{theirs.id}/proposal"):
        assert (await writer.get(f"{POLICIES}/drafts/{page}")).status_code == 404
    assert (await writer.get(f"{POLICIES}/compare?new=draft-{theirs.id}")).status_code == 404
    assert await send(writer, f"{POLICIES}/drafts/{theirs.id}/source", {"version": ["1"], "source": ["x"]}) == 404
    arbitrator = await as_("caiheng")
    assert (await arbitrator.get(url)).status_code == 200
    assert 'id="clause-form"' not in (await arbitrator.get(f"{url}?clause=F1")).text
    assert (await arbitrator.post(f"{url}/source", {"version": "1", "source": "x"})).status_code == 403
    assert (await visitor.get(url)).status_code in {303, 401}


async def test_text_that_does_not_read_is_kept_and_told_by_line_and_column(
    as_: As, pool: Pool, platform_id: int
) -> None:
    browser = await as_("guanyan")
    url = await started(browser)
    broken = (await draft_of(pool, platform_id, url)).source.replace("则: 拒绝", "则: 不退", 1)
    line = broken[: broken.index("则: 不退")].count("\n") + 1
    await browser.get(f"{url}?tab=source")
    preview = await browser.client.post(f"{url}/preview", data={"source": broken, "_form": browser.token})
    assert f"第 {line} 行第 8 列" in preview.text
    assert (await draft_of(pool, platform_id, url)).source != broken
    assert await send(browser, f"{url}/source", {"version": [version_in(browser)], "source": [broken]}) == 303
    assert f'data-line="{line}"' in browser.html
    # The table can only show what reads.
    await browser.get(url)
    assert 'aria-current="page">YAML 原文' in browser.html
    assert (await browser.get(f"{url}/try")).status_code == 200


async def test_clauses_are_added_repeated_moved_removed_and_it_is_undone(as_: As, pool: Pool, platform_id: int) -> None:
    browser = await as_("guanyan")
    url = await started(browser)

    async def names() -> list[str]:
        return [clause.id for clause in parse_policy((await draft_of(pool, platform_id, url)).source).clauses]

    async def do(step: str, clause: str) -> int:
        await browser.get(url)
        fields = {"version": [version_in(browser)], "clause": [clause], "do": [step]}
        return await send(browser, f"{url}/clauses", fields)

    before = await names()
    assert await do("down", "F1") == 303
    assert (await names())[:2] == ["F2", "F1"]
    assert await do("duplicate", "F2") == 303
    assert (await names())[:3] == ["F2", "F2-1", "F1"]
    assert await do("remove", "F2-1") == 303
    assert await do("up", "F2") == 409
    await browser.get(f"{url}?clause=&after=F2")
    fields = fields_of(browser.html, "clause-form")
    fields |= {"name": ["新的"], "f1": ["卡密"], "outcome": ["person"]}
    assert await send(browser, f"{url}/clauses", fields) == 303
    assert (await names())[:3] == ["F2", fields["id"][0], "F1"]
    for _ in range(4):
        await browser.get(url)
        assert await send(browser, f"{url}/undo", {"version": [version_in(browser)], "tab": ["clauses"]}) == 303
    assert await names() == before


async def test_a_tried_case_is_answered_by_both_versions_and_kept_as_an_example(
    as_: As, pool: Pool, platform_id: int, bench: Bench
) -> None:
    browser = await as_("guanyan")
    url = await started(browser)
    await browser.get(f"{url}/try?f0=不想要了&f2=2小时&f3=未使用&f5=100元&f6=no&e=unused_declaration")
    assert browser.html.count("F6 超过一小时但确未使用") >= 2
    assert "已付 ¥100.00" in browser.html
    assert "平台核验截图" in browser.html
    kept = {
        "version": [version_in(browser)],
        "name": ["两小时没用"],
        "f0": ["不想要了"],
        "f2": ["2小时"],
        "f3": ["未使用"],
    }
    assert await send(browser, f"{url}/cases", kept) == 303
    golden = parse_policy((await draft_of(pool, platform_id, url)).source).golden[-1]
    assert golden.name == "两小时没用"
    made = await bench.shop.sells(paid_minor=88_00)
    await browser.get(f"{url}/try?order={made.order_no}&reason=changed_mind")
    assert "已付 ¥88.00" in browser.html
    assert (await browser.get(f"{url}/try?order=NOSUCH")).status_code == 404
    assert (await browser.get(f"{url}/try?f2=昨天&f0=胡说")).status_code == 200
    assert "读不懂这一项" in browser.html


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("clauses", {}),
        ("clauses", {"version": ["x"], "clause": ["F1"], "do": ["up"]}),
        ("clauses", {"version": ["1"], "clause": ["F1"], "id": ["F1"], "name": ["甲" * 81], "outcome": ["full"]}),
        ("clauses", {"version": ["1"], "clause": ["F1"], "id": ["F1"], "name": ["\x00"], "outcome": ["nobody"]}),
        ("clauses", {"version": ["1"], "clause": ["F5"], "id": ["F5"], "name": ["甲"], "f2": ["over", "9" * 40, "天", "", "", ""]}),
        ("clauses", {"version": ["1"], "clause": ["../.."], "do": ["remove"]}),
        ("clauses", {f"x{i}": ["1"] for i in range(100)}),
        ("source", {"version": ["1"], "source": ["\x00"]}),
        ("source", {"version": ["1"], "source": ["a: &a [1]\nb: *a"]}),
        ("source", {"version": ["1"], "source": ["[" * 5_000]}),
        ("source", {"version": ["99999999999999999999"], "source": ["x"]}),
        ("preview", {"source": ["\ud7ff" + "{" * 9_000]}),
        ("preview", {"clause": ["F1"], "id": ["F1"], "name": [": #"], "cap": ["−1"]}),
        ("limits", {"version": ["1"], "label": ["*"], "name": ["!"], "review": ["1e9天"], "applications": ["٣"]}),
        ("cases", {"version": ["1"], "name": ["甲"], "f2": ["9" * 60], "e": ["nothing"]}),
        ("cases/removal", {"version": ["1"], "name": ["没有这个"]}),
        ("proposal", {"version": ["1"], "do": ["propose"], "effective_from": ["昨天"]}),
        ("proposal", {"version": ["1"], "do": ["propose"], "effective_from": ["0001-01-01T00:00"], "note": ["\x07"]}),
        ("proposal", {"version": ["1"], "do": ["approve"]}),
        ("undo", {"version": ["1"], "tab": ["../../x"]}),
    ],
)  # fmt: skip
async def test_hostile_forms_are_answered_and_change_nothing(
    as_: As, pool: Pool, platform_id: int, path: str, fields: dict[str, list[str]]
) -> None:
    browser = await as_("guanyan")
    url = await started(browser)
    before = await draft_of(pool, platform_id, url)
    answer = await browser.client.post(f"{url}/{path}", data={**fields, "_form": browser.token})
    assert answer.status_code < 500, answer.text[:1_000]
    after = await draft_of(pool, platform_id, url)
    assert after.state is before.state
    readable_or_refused = path == "source" and answer.status_code == 303
    assert readable_or_refused or after.source == before.source
    for page in ("", "?tab=source", "/try", "/proposal"):
        assert (await browser.get(f"{url}{page}")).status_code == 200
    await browser.get(url)
    await send(browser, f"{url}/removal", {"version": [version_in(browser)]})


@pytest.mark.parametrize("instant", ["0001-01-01T00:00", "9999-12-31T23:59-23:59"])
async def test_an_instant_beyond_the_calendar_is_refused_in_words(as_: As, instant: str) -> None:
    writer = await as_("guanyan")
    url = await started(writer)
    await writer.get(f"{url}?tab=limits")
    fields = fields_of(writer.html, "limits-form")
    fields["label"] = [uuid4().hex[:8]]
    assert await send(writer, f"{url}/limits", fields) == 303
    await writer.get(f"{url}/proposal")
    sent = {"version": version_in(writer), "do": "propose", "effective_from": instant}
    assert (await writer.post(f"{url}/proposal", sent)).status_code == 422


@pytest.mark.parametrize("query", ["old=x&new=y", "old=&new=", "new=draft-", "new=draft-zz", "old=" + "9" * 200])
async def test_comparing_what_is_not_there_is_not_found(as_: As, query: str) -> None:
    browser = await as_("guanyan")
    for page in ("compare", "backtest"):
        assert (await browser.get(f"{POLICIES}/{page}?{query}")).status_code in {200, 404}
