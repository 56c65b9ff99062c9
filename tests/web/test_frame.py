"""Every page: its language, its headers, its weight, and what it refuses."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import httpx
import pytest

from huiliu.app import create_app
from huiliu.kit.db import Pool
from huiliu.kit.keyring import Keyring
from huiliu.kit.settings import Settings
from huiliu.web.assets import assets
from huiliu.web.form import form_token, new_form_cookie
from huiliu.web.headers import CONTENT_POLICY
from huiliu.web.visit import next_url
from tests.conftest import NOW
from tests.web.conftest import Browser

KB = 1024
WEIGHT_KB_MAX = 60


async def test_a_page_tells_the_browser_to_trust_nothing_else(visitor: Browser) -> None:
    answer = await visitor.get("/kamen/")
    headers = answer.headers
    assert answer.status_code == 200
    assert headers["content-security-policy"] == CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
    assert "frame-ancestors 'none'" in CONTENT_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


async def test_no_page_carries_script_or_style_inside(visitor: Browser, xiaoman: Browser) -> None:
    for browser, path in ((visitor, "/kamen/"), (visitor, "/demo"), (xiaoman, "/kamen/orders"), (visitor, "/none")):
        html = (await browser.get(path)).text
        assert re.search(r"<script(?![^>]* src=)", html) is None, path
        assert "<style" not in html, path
        assert re.search(r"\sstyle=|\son[a-z]+=", html) is None, path


async def test_the_reader_chooses_the_language_and_it_stays(visitor: Browser) -> None:
    assert 'lang="zh-CN"' in (await visitor.get("/kamen/")).text
    assert 'lang="en"' in (await visitor.get("/kamen/", **{"accept-language": "en-GB,en;q=0.9,zh;q=0.1"})).text
    switched = await visitor.get("/kamen/?lang=en&o=KM1")
    assert 'value="KM1"' in switched.text
    assert "Open the order" in switched.text
    assert "Open the order" in (await visitor.get("/kamen/")).text
    assert "查看订单" in (await visitor.get("/kamen/?lang=zh-CN")).text


@pytest.mark.parametrize(
    "path", ["/kamen/nothing", "/nobody/", "/nobody/orders/1", "/kamen/policies/not-an-id", "/x" * 200]
)
async def test_an_address_of_nothing_says_so_in_the_readers_language(visitor: Browser, path: str) -> None:
    answer = await visitor.get(path)
    assert answer.status_code == 404
    assert "没有找到" in answer.text
    english = await visitor.get(f"{path}?lang=en")
    assert "Nothing found" in english.text


async def test_an_address_opened_the_wrong_way_says_so(visitor: Browser) -> None:
    answer = await visitor.get("/kamen/order-access")
    assert answer.status_code == 405
    assert "不能直接打开" in answer.text


@pytest.mark.parametrize("token", ["", "0" * 80, "nonsense"])
async def test_a_form_without_its_proof_changes_nothing(visitor: Browser, token: str) -> None:
    await visitor.get("/kamen/")
    answer = await visitor.post("/kamen/order-access", {"order_no": "KM1", "secret": "5678"}, token=token)
    assert answer.status_code == 403
    assert "什么都没有提交" in answer.text


async def test_a_proof_made_for_another_browser_is_refused(visitor: Browser) -> None:
    await visitor.get("/kamen/")
    answer = await visitor.post("/kamen/login-code", {"contact": "13812345678"}, token=form_token(new_form_cookie()))
    assert answer.status_code == 403


async def test_a_form_from_another_site_is_refused_even_with_its_proof(visitor: Browser) -> None:
    await visitor.get("/kamen/")
    answer = await visitor.client.post(
        "/kamen/login-code",
        data={"contact": "13812345678", "_form": visitor.token},
        headers={"sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403


async def test_a_form_larger_than_any_of_ours_is_refused(visitor: Browser) -> None:
    await visitor.get("/kamen/")
    answer = await visitor.post("/kamen/login-code", {"contact": "1" * 300_000})
    assert answer.status_code == 413
    assert "太大" in answer.text


async def test_static_files_are_kept_for_a_year_under_their_own_name(visitor: Browser) -> None:
    html = (await visitor.get("/kamen/")).text
    found = re.search(r'href="(/static/[0-9a-f]{10}/huiliu\.css)"', html)
    assert found is not None
    style = await visitor.client.get(found.group(1))
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    old = await visitor.client.get("/static/0000000000/huiliu.css")
    assert old.headers["cache-control"] == "no-cache"
    assert (await visitor.client.get("/static/x/../../app.py")).status_code == 404


async def test_a_buyer_page_weighs_little(xiaoman: Browser) -> None:
    html = (await xiaoman.get("/kamen/orders")).text
    names = [*re.findall(r"/static/[0-9a-z]+/([\w./-]+\.(?:css|js))", html), "pictures.js", "upload.js"]
    heaviest = sum(len(assets()[name].packed) for name in dict.fromkeys(names) if name in assets())
    assert heaviest <= WEIGHT_KB_MAX * KB
    assert all(len(assets()[name].plain) <= 6 * KB for name in names if name in {"pictures.js", "upload.js"})
    assert len(gzip.compress(html.encode())) <= 20 * KB


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("/kamen/orders/KM1?x=1", "/kamen/orders/KM1?x=1"),
        ("//evil.test/kamen/", ""),
        ("https://evil.test/kamen/", ""),
        ("/kamen//evil.test", ""),
        ("/kamen/\\evil.test", ""),
        ("/xingka/orders", ""),
        ("/kamen/\r\nset-cookie: a=b", ""),
        ("", ""),
    ],
)
def test_signing_in_leads_nowhere_else(wanted: str, allowed: str) -> None:
    assert next_url("kamen", wanted) == allowed


async def test_who_is_not_signed_in_is_led_to_the_door_and_back(visitor: Browser) -> None:
    answer = await visitor.get("/kamen/orders?show=claimed")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/kamen/?next=%2Fkamen%2Forders%3Fshow%3Dclaimed"
    page = await visitor.follow(answer)
    assert 'name="next" value="/kamen/orders?show=claimed"' in page.text


async def test_over_https_a_neighbouring_subdomain_can_plant_no_cookie(
    pool: Pool, keyring: Keyring, furnished: None, tmp_path: Path
) -> None:
    app = create_app(Settings(data_dir=tmp_path, secure_cookies=True), pool=pool, keyring=keyring, clock=lambda: NOW)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://kamen.test")
    async with client:
        browser = Browser(client)
        page = await browser.get("/kamen/?lang=zh-CN")
        for cookie in page.headers.get_list("set-cookie"):
            assert cookie.startswith("__Host-")
            assert "secure" in cookie.lower()
            assert "httponly" in cookie.lower()
            assert "path=/;" in f"{cookie.lower()};"
            assert "domain" not in cookie.lower()
        sent = await browser.post("/kamen/order-access", {"order_no": "KM1", "secret": "1234"})
        assert sent.status_code == 404, "our own form is taken: the order is not there"
        planted = {"cookie": "hl_form=mine"}
        client.cookies.clear()
        forged = await client.post(
            "/kamen/order-access",
            data={"order_no": "KM1", "secret": "1234", "_form": form_token("mine")},
            headers=planted,
        )
        assert forged.status_code == 403
        assert "没有保存 Cookie" in forged.text
