"""Everything that can be wrong with a request, told in the reader's language and in one shape."""

from __future__ import annotations

import json
import time
from uuid import uuid4

import httpx
import pytest

from huiliu.kit.errors import all_refusals
from huiliu.people.signatures import sign
from tests.api.conftest import Shop
from tests.conftest import NOW

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUND = {"order_no": "KM1", "reason": "not_arrived"}


async def send(shop: Shop, content: bytes, *, kind: str = "application/json", lang: str = "zh-CN") -> httpx.Response:
    headers = {**shop.headers, "Content-Type": kind, "Idempotency-Key": uuid4().hex, "Accept-Language": lang}
    return await shop.client.post("/api/v1/refunds", content=content, headers=headers)


@pytest.mark.parametrize(
    ("content", "status", "code", "facts"),
    [
        (b"", 400, "api.empty_body", {}),
        (b"  \n", 400, "api.empty_body", {}),
        (b'{"order_no": "KM1", ', 400, "api.malformed_json", {"byte": 20}),
        (b'{"order_no": NaN}', 400, "api.malformed_json", {"byte": 13}),
        (b"\xef\xbb\xbf{}", 400, "api.malformed_json", {"byte": 0}),
        ('{"order_no": "充值"}'.encode("gbk"), 400, "api.not_utf8", {"byte": 14}),
        ('{"order_no": "充值"}'.encode("utf-16"), 400, "api.not_utf8", {"byte": 0}),
        (b"[" * 5000, 422, "api.field_bad", {"field": "$", "problem": "type"}),
        (b'{"buyer": ' * 3000, 422, "api.field_bad", {"problem": "unknown"}),
        (b"[]", 422, "api.field_bad", {"field": "$", "wanted": "object", "given": "array"}),
        (b"null", 422, "api.field_bad", {"field": "$"}),
        (b"{}", 422, "api.field_bad", {"field": "order_no", "problem": "missing"}),
        (b'{"order_no": 5, "reason": "not_arrived"}', 422, "api.field_bad", {"field": "order_no", "given": "int"}),
        (b'{"order_no": "K", "reason": "x"}', 422, "api.field_bad", {"field": "reason", "problem": "choice"}),
    ],
)
async def test_a_body_that_cannot_be_read_says_where(
    shop: Shop, content: bytes, status: int, code: str, facts: dict[str, object]
) -> None:
    told = await send(shop, content)
    problem = told.json()
    assert (told.status_code, problem["code"]) == (status, code), told.text
    assert facts.items() <= problem["facts"].items(), problem["facts"]
    assert problem["status"] == status
    assert problem["type"] == f"/api/problems/{code}"
    assert "{" not in problem["title"] + problem["detail"]
    assert any("\u4e00" <= mark <= "\u9fff" for mark in problem["title"])


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json; charset=gbk", "application/x-www-form-urlencoded", ""]
)
async def test_a_body_declared_as_something_else_is_not_guessed_at(shop: Shop, kind: str) -> None:
    told = await send(shop, json.dumps(REFUND).encode(), kind=kind)
    assert (told.status_code, told.json()["code"]) == (415, "api.not_json")


async def test_utf8_may_be_said_aloud(shop: Shop) -> None:
    told = await send(shop, json.dumps(REFUND).encode(), kind="application/json; charset=UTF-8")
    assert told.json()["code"] == "not_found"


async def test_too_large_a_body_is_not_read(shop: Shop) -> None:
    told = await send(shop, b'{"order_no": "' + b"x" * 70_000)
    assert (told.status_code, told.json()["code"], told.json()["facts"]) == (413, "api.body_too_large", {"most": 65536})


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("en", "en"),
        ("en-GB,zh;q=0.5", "en"),
        ("zh-TW", "zh-CN"),
        ("fr", "zh-CN"),
        ("", "zh-CN"),
        ("en;q=0.2, zh;q=x", "en"),
    ],
)
async def test_the_readers_language_is_spoken(shop: Shop, asked: str, lang: str) -> None:
    told = await send(shop, b"{}", lang=asked)
    assert told.headers["content-language"] == lang
    assert told.json()["title"] == ("Field order_no is required" if lang == "en" else "字段 order_no 为必填项")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/orders/KM1/usage/x", 404),
        ("GET", "/api", 404),
        ("POST", "/api/nothing/at/all", 404),
        ("PATCH", "/api/v1/refunds", 405),
        ("GET", "/api/v1/refunds", 405),
        ("DELETE", "/api/v1/claims", 405),
    ],
)
async def test_framework_errors_have_the_same_shape(shop: Shop, method: str, path: str, status: int) -> None:
    told = await shop.client.request(method, path, headers=shop.headers)
    assert told.status_code == status, told.text
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json()["request_id"] == told.headers["x-request-id"]
    if status == 405:
        assert told.headers["allow"]


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Basic aGVsbG8="},
        {"Authorization": "Bearer hl_kamen_00000000000000000000000000000000_" + "x" * 43},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Bearer 密钥"},
    ],
)
async def test_without_a_valid_key_nothing_is_told(shop: Shop, header: dict[str, str]) -> None:
    encoded = {name: value.encode() for name, value in header.items()}
    told = await shop.client.get("/api/v1/orders", headers=encoded)
    assert told.status_code == 401, told.text
    assert told.headers["www-authenticate"].startswith("Bearer")


async def test_a_bad_cursor_or_query_is_named(shop: Shop) -> None:
    for path, query, code in (
        ("/claims", {"cursor": "garbage!"}, "api.cursor_bad"),
        ("/claims", {"cursor": "WyIxOTk5Il0"}, "api.cursor_bad"),
        ("/webhook-deliveries", {"cursor": "x" * 199}, "api.cursor_bad"),
        ("/orders", {"cursor": "AAAA"}, "invalid"),
        ("/claims", {"limit": "0"}, "api.field_bad"),
        ("/claims", {"limit": "many"}, "api.field_bad"),
        ("/claims", {"state": "filed"}, "api.field_bad"),
        ("/claims", {"status": "paid"}, "api.field_bad"),
        ("/orders", {"since": "2026-11-23"}, "api.field_bad"),
        ("/orders", {"text": "a\x00b"}, "api.field_bad"),
        ("/webhook-deliveries", {"endpoint_id": "7"}, "api.field_bad"),
    ):
        told = await shop.get(path, **query)
        assert (told.status_code, told.json()["code"]) == (422, code), (path, query, told.text)
    twice = await shop.client.get("/api/v1/claims?limit=1&limit=2", headers=shop.headers)
    assert twice.json()["facts"] == {"field": "limit", "problem": "twice"}


@pytest.mark.parametrize(
    "path", ["/policies/7", "/claims/%00", "/claims/%FF", "/orders/%E5%85%85", "/claims/" + "x" * 300]
)
async def test_a_number_that_cannot_exist_is_not_found(shop: Shop, path: str) -> None:
    told = await shop.client.get(f"/api/v1{path}", headers=shop.headers)
    assert told.status_code == 404, told.text


async def test_every_problem_has_a_page_that_its_type_points_to(shop: Shop) -> None:
    for code in {
        kind.code for kind in all_refusals() if kind.code.partition(".")[0] in ("api", "idempotency", "notices")
    }:
        page = await shop.client.get(f"/api/problems/{code}")
        assert page.status_code == 200, code
        assert set(page.json()["words"]) == {"zh-CN", "en"}
    assert (await shop.client.get("/api/problems/no.such")).status_code == 404


def signed(shop: Shop, path: str, body: bytes, *, at: int | None = None, nonce: str = "") -> dict[str, str]:
    timestamp, nonce = int(NOW.timestamp()) if at is None else at, nonce or uuid4().hex
    secret = shop.created.secret
    signature = sign(secret, method="POST", target=path, timestamp=timestamp, nonce=nonce, body=body)
    return {
        "Huiliu-Key": shop.created.token.rpartition("_" + secret)[0],
        "Huiliu-Timestamp": str(timestamp),
        "Huiliu-Nonce": nonce,
        "Huiliu-Signature": signature,
        "Content-Type": "application/json",
    }


async def test_a_signed_request_needs_no_bearer_and_is_accepted_once(shop: Shop) -> None:
    made = await shop.order()
    path, body = f"/api/v1/orders/{made.order_no}/usage?", b'{"state":"unused"}'
    headers = signed(shop, path.rstrip("?"), body)
    first = await shop.client.post(path.rstrip("?"), content=body, headers=headers)
    assert first.status_code == 200, first.text
    replayed = await shop.client.post(path.rstrip("?"), content=body, headers=headers)
    assert (replayed.status_code, replayed.json()["code"]) == (409, "people.replayed")


async def test_a_signature_covers_body_path_query_and_time(shop: Shop) -> None:
    made = await shop.order()
    path, body = f"/api/v1/orders/{made.order_no}/usage", b'{"state":"unused"}'
    forged = (
        (path, b'{"state":"used"}', signed(shop, path, body)),
        (path + "?a=1", body, signed(shop, path, body)),
        (f"/api/v1/orders/{made.order_no}X/usage", body, signed(shop, path, body)),
        (path, body, {**signed(shop, path, body), "Huiliu-Nonce": "another-nonce-000"}),
        (path, body, {**signed(shop, path, body), "Huiliu-Signature": "0" * 64}),
    )
    for target, sent, headers in forged:
        told = await shop.client.post(target, content=sent, headers=headers)
        assert (told.status_code, told.json()["code"]) == (401, "people.signature_invalid"), (target, told.text)
    stale = await shop.client.post(path, content=body, headers=signed(shop, path, body, at=int(NOW.timestamp()) - 301))
    assert (stale.status_code, stale.json()["code"]) == (401, "people.timestamp_stale")
    both = {**signed(shop, path, body), "Huiliu-Signature": "0" * 64, **shop.headers}
    told = await shop.client.post(path, content=body, headers=both)
    assert told.status_code == 401, "a wrong signature is not saved by a good bearer"
    assert (await shop.get(f"/orders/{made.order_no}")).json()["lines"][0]["usage"] is None


async def test_a_lock_that_is_held_too_long_is_said_to_be_busy(shop: Shop) -> None:
    made = await shop.order(kind="service", usage="part_used", units_total=10, units_used=4)
    filed = (await shop.refund(made, reason="below_standard")).json()
    begun = time.monotonic()
    async with shop.system() as held:
        await held.run("SELECT 1 FROM claims WHERE claim_no = %(no)s FOR UPDATE", no=filed["claim_no"])
        told = await shop.post(f"/claims/{filed['claim_no']}/withdrawal", {"version": 1})
    assert (told.status_code, told.json()["code"], told.headers["retry-after"]) == (503, "api.busy", "1")
    assert time.monotonic() - begun < 10
    assert (await shop.post(f"/claims/{filed['claim_no']}/withdrawal", {"version": 1})).json()["status"] is None
