"""Addresses and forms that no browser of ours makes: each is refused in words, none is a bug's page."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import pytest

from tests.web.conftest import Browser, Shop

NUL, LONG = "%00", "x" * 3000
STRANGE = (
    NUL,
    f"KM{NUL}1",
    LONG,
    "%ff%fe",
    "..%2f..",
    "%e2%80%ae",
    "'",
    "%22%3e%3cscript%3e",
    "0",
    "-1",
    "%0d%0aSet-Cookie:x=1",
)
BUYER = (
    "/kamen/claims/{}",
    "/kamen/claims/{}/draft",
    "/kamen/claims/{}/confirm",
    "/kamen/claims/{}/material",
    "/kamen/orders/{}",
    "/kamen/orders/{}/lines/1/claim",
    "/kamen/orders?q={}",
    "/kamen/orders?cursor={}",
    "/kamen/orders?from={}",
    "/kamen/orders?since={}&until={}",
    "/kamen/claims?before={}",
    "/kamen/?next={}",
    "/kamen/?o={}",
    "/kamen/policies/{}",
    "/kamen/files/{}",
    "/{}/",
    "/{}/desk/",
    "/static/{}",
    "/?lang={}",
)


@pytest.mark.parametrize("address", BUYER)
async def test_no_strange_address_is_a_bug(xiaoman: Browser, address: str) -> None:
    for part in STRANGE:
        answer = await xiaoman.get(address.replace("{}", part))
        assert answer.status_code < 500, (address, part)
        assert "set-cookie: x=1" not in str(answer.headers).lower()


@pytest.mark.parametrize("number", ["0", "-1", "32768", "99999999999999999999", "1.5", NUL])
async def test_no_strange_line_number_is_a_bug(xiaoman: Browser, shop: Shop, number: str) -> None:
    made = await shop.sells()
    answer = await xiaoman.get(f"/kamen/orders/{made.order_no}/lines/{number}/claim")
    assert answer.status_code in {400, 404}
    answer = await xiaoman.post(f"/kamen/orders/{made.order_no}/lines/{number}/claim", {"reason": "not_arrived"})
    assert answer.status_code in {400, 404}


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "0",
        "-1",
        "1e3",
        "9e999999",
        "-9e999999",
        "1e-999999",
        "NaN",
        "sNaN",
        "Infinity",
        "0.001",
        "99999999999999999999",
        "¥¥",
        "+",
    ],
)
async def test_no_strange_amount_is_a_bug_or_kept(xiaoman: Browser, shop: Shop, amount: str) -> None:
    made = await shop.sells()
    begun = await xiaoman.post(f"/kamen/orders/{made.order_no}/lines/1/claim", {"reason": "not_arrived"})
    page = begun.headers["location"]
    await xiaoman.get(page)
    answer = await xiaoman.post(page, {"amount": amount, "statement": "x", "do": "save"})
    assert answer.status_code == 422, (amount, answer.status_code)


STRANGE_FIELDS = (
    "",
    "\x00",
    "x" * 5000,
    "99999999999999999999",
    "-1",
    "９",
    "\ud7ff",
    "1\n2",
    "file:x",
    "remove:file:",
    "sign",
    "confirm",
)


@pytest.mark.parametrize(
    "field",
    [
        "version",
        "statement",
        "words",
        "do",
        "signer",
        "incomplete",
        "reason",
        "next",
        "secret",
        "order_no",
        "contact",
        "code",
        "login",
        "ticket",
    ],
)
async def test_no_strange_field_is_a_bug(xiaoman: Browser, shop: Shop, field: str) -> None:
    made = await shop.sells()
    begun = await xiaoman.post(f"/kamen/orders/{made.order_no}/lines/1/claim", {"reason": "not_arrived"})
    page = begun.headers["location"].removesuffix("/draft")
    for value in STRANGE_FIELDS:
        for address in (
            f"{page}/draft",
            f"{page}/submission",
            f"{page}/material",
            f"{page}/escalation",
            f"{page}/uploads",
            "/kamen/login",
            "/kamen/login-code",
            "/kamen/order-access",
            "/kamen/desk/login",
            "/kamen/desk/enrolment",
            "/demo",
        ):
            if (field, value) in {("incomplete", "1")}:
                continue
            usual = {
                "amount": "1",
                "version": "1",
                "contact": "13812345678",
                "code": "1",
                "order_no": made.order_no,
                "secret": "1",
                "login": "x",
                "password": "y",
                "platform": "kamen",
                "who": "buyer:x",
            }
            answer = await xiaoman.post(address, {**usual, field: value})
            assert answer.status_code < 500, (address, field, value)


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/x",
        "///evil.example/",
        "/%5Cevil.example/",
        "/%5C/evil.example/",
        "/%09/evil.example/",
        "/%0a/evil",
    ],
)
async def test_no_address_makes_a_page_link_to_another_site(visitor: Browser, path: str) -> None:
    answer = await visitor.client.get(f"http://kamen.test{path}")
    assert answer.status_code < 500
    links = re.findall(r'(?:href|action)="([^"]*)"', answer.text)
    assert links
    for link in links:
        meant = urljoin("http://kamen.test/", re.sub(r"[\t\r\n]", "", unescape(link)).replace("\\", "/"))
        assert meant.startswith("http://kamen.test/"), link
