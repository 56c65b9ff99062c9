"""What staff do, step by step, at a desk."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import Locator, expect

from huiliu.people.totp import STEP_SECONDS, code_at
from tests.browser.people import Crew, Person, zh
from tests.browser.stack import Stack

QUEUE = re.compile(r"/kamen/desk/?$")


async def open_claim(staff: Person, claim_no: str) -> None:
    """Search the queue for a claim and open it."""
    await staff.open("/kamen/desk/")
    await staff.page.locator("#q").fill(claim_no)
    await staff.page.locator("#q").press("Enter")
    await staff.page.locator("#queue tr[data-row]", has_text=claim_no).get_by_role("link").click()
    await expect(staff.page.locator("#decide")).to_be_visible()


async def begin(staff: Person, panel: str) -> Locator:
    """Open one form of the decision bar."""
    await staff.page.locator(f"#decide a[href*='do={panel}']").first.click()
    form = staff.page.locator("form.hld-panel")
    await expect(form.locator(f"input[name=panel][value={panel}]")).to_have_count(1)
    return form


async def preview(staff: Person, form: Locator, *read: str) -> None:
    """See exactly what the buyer will read."""
    await form.get_by_role("button", name=zh("desk.panel.preview")).click()
    told = staff.page.locator("[data-told]")
    for words in read:
        await expect(told).to_contain_text(words)


async def commit(staff: Person, what: str) -> None:
    """Send what was previewed."""
    await staff.press(zh(f"desk.preview.send.{what}"))
    await expect(staff.page.locator("#decide")).to_be_visible()


async def ask_buyer(staff: Person, claim_no: str, slot: str, words: str) -> None:
    """Ask for one more piece of evidence."""
    await open_claim(staff, claim_no)
    form = await begin(staff, "ask_buyer")
    for box in await form.locator("input[name=slots]:checked").all():
        await box.uncheck()
    await form.locator(f"input[name=slots][value={slot}]").check()
    await form.locator("#p-words").fill(words)
    await preview(staff, form, words)
    await commit(staff, "ask_buyer")


async def approve(staff: Person, claim_no: str) -> None:
    """All that was asked for."""
    await open_claim(staff, claim_no)
    form = await begin(staff, "approve")
    await preview(staff, form)
    await commit(staff, "approve")


async def propose_part(staff: Person, claim_no: str, amount: str, words: str) -> None:
    """Part of it, above what one person may decide."""
    await open_claim(staff, claim_no)
    form = await begin(staff, "part")
    await form.locator("#p-amount").fill(amount)
    await form.locator("#p-words").fill(words)
    await preview(staff, form, words, amount)
    await commit(staff, "propose")


async def reject(staff: Person, claim_no: str, words: str) -> None:
    """No, with the reason, clause and missing evidence that the policy suggests."""
    await open_claim(staff, claim_no)
    form = await begin(staff, "reject")
    await form.locator("#p-words").fill(words)
    await preview(staff, form, words)
    await commit(staff, "reject")


async def confirm(staff: Person, claim_no: str) -> None:
    """The second person agrees."""
    await open_claim(staff, claim_no)
    form = await begin(staff, "confirm")
    await preview(staff, form)
    await commit(staff, "confirm")


async def forge_confirmation(staff: Person, claim_no: str) -> int:
    """Send the confirmation's form by hand, as somebody without a button would; returns the answer's status."""
    version = await (await begin(staff, "return")).locator("input[name=version]").input_value()
    token = await staff.page.locator("body").get_attribute("data-form-token")
    answer = await staff.page.request.post(
        f"{staff.home}/kamen/desk/claims/{claim_no}/confirmation",
        form={"_form": token or "", "panel": "confirm", "version": version, "step": "commit"},
        max_redirects=0,
    )
    return answer.status


async def with_password_and_authenticator(crew: Crew, stack: Stack, login: str) -> Person:
    """Sign in for real: a password reset by the operator, the authenticator set up, out again, and in with both."""
    password = "a password for the browser test"
    stack.command("staff", "reset", login, "--platform", "kamen", "--password-stdin", typed=password + "\n")
    person = await crew.visitor(desk=True)
    await person.open("/kamen/desk/")
    await _fill(person, login=login, password=password)
    secret = (await person.page.locator(".hld-secret").inner_text()).replace(" ", "")
    now = datetime.now(UTC)
    await _fill(person, code=code_at(secret, now=now))
    await expect(person.page).to_have_url(QUEUE)
    await person.press(zh("web.nav.sign_out"))
    # The first code is used up; an authenticator half a minute ahead shows the next one.
    await _fill(person, login=login, password=password, code=code_at(secret, now=now + timedelta(seconds=STEP_SECONDS)))
    await expect(person.page).to_have_url(QUEUE)
    return person


async def _fill(person: Person, **fields: str) -> None:
    for name, value in fields.items():
        await person.page.locator(f"input[name={name}]:visible").fill(value)
    await person.page.locator("form.hld-form button").click()
