"""Who gets in where, and what each role may do: pages and actions, role by role."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from litestar import Litestar

from huiliu.claims.allowed import Do
from huiliu.claims.model import State
from huiliu.kit.db import Pool, transaction
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.people import sign_in
from huiliu.people.actor import actor_of, system_actor
from huiliu.people.model import Role, Staff
from huiliu.people.passwords import hash_password
from huiliu.people.sessions import open_staff_session
from huiliu.people.staff import create_staff, operator
from huiliu.people.totp import code_at, new_secret
from tests.conftest import NOW
from tests.web.conftest import Browser
from tests.web.desk.conftest import CAST, As, Bench, opened_form

PAGES = {
    "/kamen/desk/": set(CAST),
    "/kamen/desk/orders": set(CAST),
    "/kamen/desk/policies": set(CAST),
    "/kamen/desk/payouts": {"qianhui"},
    "/kamen/desk/suspicions": {"xiaogu", "heshen", "shenfu", "caiheng", "guanyan"},
    "/kamen/desk/atlas": {"caiheng", "guanyan"},
    "/kamen/desk/settings": {"guanyan"},
}
VIEWS = {
    "xiaogu": ["open", "due_soon", "mine", "waiting_buyer", "waiting_platform", "mediating", "paying", "done"],
    "heshen": ["open", "due_soon", "mine", "to_confirm", "waiting_buyer", "waiting_platform", "mediating", "paying", "done"],
    "caiheng": ["open", "due_soon", "mine", "to_confirm", "waiting_buyer", "waiting_platform", "mediating", "paying", "done"],
    "qianhui": ["paying", "done"],
    "guanyan": ["open", "due_soon", "to_confirm", "waiting_buyer", "waiting_platform", "mediating", "paying", "done"],
}  # fmt: skip
ACTIONS: dict[str, dict[str, set[str]]] = {
    # state of the claim: action: who may (何审 proposed what waits to be confirmed)
    "filed": {
        "assignment": {"xiaogu", "heshen", "shenfu", "caiheng"},
        "material-request": {"xiaogu", "heshen", "shenfu", "caiheng"},
        "proof-request": {"xiaogu", "heshen", "shenfu", "caiheng"},
        "approval": {"heshen", "shenfu"},
        "rejection": {"heshen", "shenfu"},
    },
    "waiting_platform": {"proof": {"xiaogu", "heshen", "shenfu", "caiheng"}},
    "confirming": {"confirmation": {"shenfu", "caiheng"}, "return": {"heshen", "shenfu", "caiheng"}},
    "mediating": {
        "approval": {"caiheng"},
        "rejection": {"caiheng"},
        "material-request": {"caiheng"},
    },
}
FIELDS = {
    "approval": {"panel": "approve"},
    "rejection": {"panel": "reject", "reason": "other", "clause": "F1", "words": "不符合条款。"},
    "material-request": {"panel": "ask_buyer", "slots": "paid_shot", "words": "请补充。"},
    "proof-request": {"words": "请举证。"},
    "proof": {"words": "记录在此。"},
    "return": {"note": "再看看"},
}


@pytest.mark.parametrize("login", CAST)
async def test_each_role_opens_its_pages_and_no_others(as_: As, login: str) -> None:
    browser = await as_(login)
    for path, allowed in PAGES.items():
        answer = await browser.get(path)
        assert answer.status_code == (200 if login in allowed else 403), path
        offered = f'href="{path}"' in (await browser.get("/kamen/desk/policies")).text
        assert offered == (login in allowed), path


@pytest.mark.parametrize("login", VIEWS)
async def test_each_role_sees_its_views(as_: As, login: str) -> None:
    browser = await as_(login)
    html = (await browser.get("/kamen/desk/")).text
    tabs = html.split('id="tabs"')[1].split("</nav>")[0]
    seen = [view for view in VIEWS["heshen"] if f'href="/kamen/desk/?view={view}"' in tabs]
    assert seen == VIEWS[login]


@pytest.mark.parametrize("login", CAST)
@pytest.mark.parametrize("state", ACTIONS)
async def test_each_role_does_its_actions_and_no_others(as_: As, bench: Bench, state: str, login: str) -> None:
    for noun, allowed in ACTIONS[state].items():
        claim_no = await bench.brought_to(state)
        browser = await as_(login)
        before = await bench.claim(claim_no)
        fields = {"version": str(before.version), "seen": "1", **FIELDS.get(noun, {}), "step": "commit"}
        answer = await browser.post(f"/kamen/desk/claims/{claim_no}/{noun}", fields)
        assert answer.status_code == (303 if login in allowed else 403), (noun, answer.text[:300])
        if login not in allowed:
            assert await bench.claim(claim_no) == before


@pytest.mark.parametrize("login", CAST)
@pytest.mark.parametrize(
    "state", ["filed", "reviewing", "waiting_buyer", "confirming", "mediating", "paying", "rejected"]
)
async def test_the_buttons_are_exactly_the_actions_that_work(as_: As, bench: Bench, state: str, login: str) -> None:
    claim_no = await bench.brought_to(state)
    browser = await as_(login)
    answer = await browser.get(f"/kamen/desk/claims/{claim_no}")
    sees = login != "qianhui" or state in {"paying", "rejected"}
    assert answer.status_code == (200 if sees else 403)
    expected = {noun for noun, who in ACTIONS.get(state, {}).items() if login in who}
    offered = {
        do.value
        for do, panel in (
            (Do.APPROVE, "approve"), (Do.REJECT, "reject"), (Do.ASK_BUYER, "ask_buyer"), (Do.CONFIRM, "confirm"),
            (Do.RETURN, "return"),
        )
        if f"do={panel}#decide" in answer.text
    }  # fmt: skip
    if state in {"filed", "confirming", "mediating"} and sees:
        shown = {"approval", "rejection", "material-request", "confirmation", "return"}
        assert offered == expected & shown
    if state in {"paying", "rejected"}:
        assert offered == set()


async def test_nobody_works_without_signing_in(visitor: Browser, bench: Bench) -> None:
    claim_no = await bench.filed()
    for path in ("/kamen/desk/", f"/kamen/desk/claims/{claim_no}", "/kamen/desk/payouts", "/kamen/desk/settings"):
        answer = await visitor.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/kamen/desk/login?next=")
    await visitor.get("/kamen/desk/login")
    answer = await visitor.post(f"/kamen/desk/claims/{claim_no}/approval", {"version": "2", "step": "commit"})
    assert answer.headers["location"] == "/kamen/desk/login"
    assert (await bench.claim(claim_no)).state is State.FILED


async def test_a_buyer_is_nobody_at_the_desk(xiaoman: Browser, bench: Bench) -> None:
    answer = await xiaoman.get(f"/kamen/desk/claims/{await bench.filed()}")
    assert answer.status_code == 303


@pytest.mark.parametrize("token", ["", "0" * 80])
async def test_a_form_from_elsewhere_decides_nothing(as_: As, bench: Bench, token: str) -> None:
    claim_no = await bench.filed()
    browser = await as_("heshen")
    form = await opened_form(browser, bench, claim_no, panel="approve", step="commit")
    answer = await browser.post(f"/kamen/desk/claims/{claim_no}/approval", form, token=token)
    assert answer.status_code == 403
    assert "什么都没有提交" in browser.html
    assert (await bench.claim(claim_no)).state is State.FILED


async def test_another_platforms_claim_is_not_there_in_any_way(
    open_browser: Callable[[], Browser], bench: Bench, pool: Pool, platforms: dict[str, int], keyring: Keyring
) -> None:
    claim_no = await bench.filed()
    reviewer = await _hired(pool, keyring, platforms["xingka"], "xk-" + new_id().hex[-8:], "-", secret=None)
    async with transaction(pool, actor_of(reviewer), clock=lambda: NOW) as tx:
        session = await open_staff_session(tx, reviewer)
    browser = open_browser()
    browser.client.cookies.set("hl_staff_xingka", session.token)
    browser.client.cookies.set("hl_staff_kamen", session.token)
    assert (await browser.get("/xingka/desk/")).status_code == 200
    assert (await browser.get(f"/xingka/desk/claims/{claim_no}")).status_code == 404
    fields = {"panel": "approve", "version": "2", "step": "commit"}
    assert (await browser.post(f"/xingka/desk/claims/{claim_no}/approval", fields)).status_code == 404
    assert f"desk/claims/{claim_no}" not in (await browser.get(f"/xingka/desk/?q={claim_no}")).text
    assert (await browser.get("/kamen/desk/")).status_code == 303  # a session of one platform opens no other
    assert (await bench.claim(claim_no)).state is State.FILED


@pytest.mark.parametrize("path", ["nothing", "approval/x", "submission", "withdrawal"])
async def test_an_action_that_is_not_the_desks_is_not_there(as_: As, bench: Bench, path: str) -> None:
    browser = await as_("heshen")
    answer = await browser.post(f"/kamen/desk/claims/{await bench.filed()}/{path}", {"version": "1"})
    assert answer.status_code in {404, 405}


# ------------------------------------------------------------------------------------------------------------ the door


async def test_password_and_code_let_in_and_out_again(
    open_browser: Callable[[], Browser], pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    login, secret = "door-" + new_id().hex[-8:], new_secret()
    await _hired(pool, keyring, platform_id, login, "一个足够长的密码短句", secret=secret)
    browser = open_browser()
    await browser.get("/kamen/desk/login?next=/kamen/desk/orders")
    fields = {
        "login": login,
        "password": "一个足够长的密码短句",
        "code": code_at(secret, now=NOW),
        "next": "/kamen/desk/orders",
    }
    answer = await browser.post("/kamen/desk/login", fields)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/kamen/desk/orders"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await browser.follow(answer)).status_code == 200
    assert (await browser.get("/kamen/desk/login")).status_code == 303
    left = await browser.post("/kamen/desk/sign-out")
    assert left.headers["location"] == "/kamen/desk/login"
    assert (await browser.get("/kamen/desk/")).status_code == 303


async def test_every_failure_reads_the_same_and_shows_no_password(
    open_browser: Callable[[], Browser], pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    login, secret = "door-" + new_id().hex[-8:], new_secret()
    await _hired(pool, keyring, platform_id, login, "一个足够长的密码短句", secret=secret)
    browser = open_browser()
    await browser.get("/kamen/desk/login")
    said: set[str] = set()
    for given in (
        {"login": login, "password": "wrong-password", "code": code_at(secret, now=NOW)},
        {"login": login, "password": "一个足够长的密码短句", "code": "000000"},
        {"login": login, "password": "一个足够长的密码短句", "code": ""},
        {"login": "nobody-at-all", "password": "wrong-password", "code": "123456"},
        {"login": "\0", "password": "\0", "code": "x" * 3000},
        {},
    ):
        answer = await browser.post("/kamen/desk/login", given)
        assert answer.status_code == 401
        assert "wrong-password" not in answer.text
        assert "足够长的密码" not in answer.text
        said.add(browser.html.split('id="notice"')[1].split("</div></div>")[0].split("<form")[0])
    assert len(said) == 1


async def test_the_first_sign_in_sets_the_authenticator_up(
    open_browser: Callable[[], Browser], pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    login = "new-" + new_id().hex[-8:]
    await _hired(pool, keyring, platform_id, login, "一个足够长的密码短句", secret=None)
    browser = open_browser()
    await browser.get("/kamen/desk/login")
    page = await browser.post("/kamen/desk/login", {"login": login, "password": "一个足够长的密码短句"})
    assert page.status_code == 200
    assert "<svg" in page.text.split("hld-qr")[1]
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    secret = re.search(r'hld-secret hl-num">([A-Z2-7]+)<', page.text)
    assert ticket is not None
    assert secret is not None
    fields = {"ticket": ticket.group(1), "login": login}
    wrong = await browser.post("/kamen/desk/authenticator", {**fields, "code": "000000"})
    assert wrong.status_code == 422
    assert secret.group(1) in wrong.text  # the same secret: what is in the app stays good
    right = await browser.post("/kamen/desk/authenticator", {**fields, "code": code_at(secret.group(1), now=NOW)})
    assert right.headers["location"] == "/kamen/desk/"
    assert (await browser.follow(right)).status_code == 200
    again = await browser.post("/kamen/desk/authenticator", {**fields, "code": code_at(secret.group(1), now=NOW)})
    assert again.status_code == 409
    forged = await browser.post("/kamen/desk/authenticator", {"ticket": "bm90aGluZw==", "login": login, "code": "1"})
    assert forged.status_code == 409


async def test_too_many_failures_from_one_address_are_told_how_long_to_wait(
    app: Litestar, furnished: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "FAILURES_PER_ADDRESS_MAX", 3)  # each costs a real password comparison
    transport = httpx.ASGITransport(app=app, client=("203.0.113.77", 4000))
    async with httpx.AsyncClient(transport=transport, base_url="http://kamen.test") as client:
        browser = Browser(client)
        await browser.get("/kamen/desk/login")
        statuses: list[int] = []
        for _ in range(4):
            answer = await browser.post("/kamen/desk/login", {"login": "someone", "password": "x", "code": "1"})
            statuses.append(answer.status_code)
    assert statuses == [401, 401, 401, 429]
    assert "秒后再试" in browser.html


@pytest.mark.parametrize("wanted", ["//evil.example/", "https://evil.example/", "/xingka/desk/", "/kamen/\\evil"])
async def test_signing_in_leads_to_no_other_site(as_: As, wanted: str) -> None:
    browser = await as_("heshen")
    answer = await browser.get("/kamen/desk/login?next=" + wanted)
    assert answer.headers["location"] == "/kamen/desk/"


async def _hired(
    pool: Pool, keyring: Keyring, platform_id: int, login: str, password: str, *, secret: str | None
) -> Staff:
    hashed = "-" if password == "-" else await hash_password(password)
    async with transaction(pool, system_actor(platform_id), clock=lambda: NOW) as tx:
        return await create_staff(
            tx,
            operator(platform_id),
            keyring=keyring,
            login=login,
            name="新来的",
            roles=[Role.REVIEWER],
            password_hash=hashed,
            totp_secret=secret,
        )
