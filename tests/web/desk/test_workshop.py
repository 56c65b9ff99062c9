"""The policy workshop: drafts edited as a table and as text, cases tried, versions compared, proposed and approved by two."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from huiliu.kit.db import Pool, transaction
from huiliu.people.actor import actor_of
from huiliu.policy.draft_model import Draft
from huiliu.policy.draft_reads import load_draft
from tests.conftest import NOW
from tests.make.cast import staff
from tests.web.conftest import Browser
from tests.web.desk.conftest import As

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
