"""Pictures sent in pieces, as the script does: progress, going on, and every refusal as JSON."""

from __future__ import annotations

import re

import httpx

from huiliu.kit.text import Lang, say
from tests.make.pictures import encoded, png
from tests.make.screens import blurred, screen
from tests.web.conftest import Browser, Shop

PIECE = 1_000


async def test_an_upload_goes_on_where_it_stopped_and_becomes_evidence(xiaoman: Browser, shop: Shop) -> None:
    base = await _draft(xiaoman, shop)
    data = png(words="in pieces")
    upload = (await _json(xiaoman, "POST", base, slot="paid_shot", bytes_total=len(data), file_name="a.png")).json()
    await _piece(xiaoman, base, upload["id"], 0, data[:PIECE])
    asked = (await xiaoman.client.get(f"{base}/{upload['id']}")).json()
    assert asked["offset"] == PIECE
    early = await _piece(xiaoman, base, upload["id"], 0, data[:PIECE])
    assert early.status_code == 409
    assert early.json()["offset"] == PIECE
    done = await _piece(xiaoman, base, upload["id"], PIECE, data[PIECE:])
    assert done.json()["done"] is True
    page = (await xiaoman.get(base.replace("/uploads", "/draft"))).text
    assert re.search(r"/kamen/files/[0-9a-f-]{36}", page)
    assert (await xiaoman.client.get(f"{base}/{upload['id']}")).status_code == 410


async def test_a_piece_that_makes_no_picture_is_refused_and_forgotten(xiaoman: Browser, shop: Shop) -> None:
    base = await _draft(xiaoman, shop)
    data = b"MZ" + b"\0" * 500
    upload = (await _json(xiaoman, "POST", base, slot="paid_shot", bytes_total=len(data))).json()
    refused = await _piece(xiaoman, base, upload["id"], 0, data)
    assert 400 <= refused.status_code < 500
    assert refused.json()["title"]
    assert (await xiaoman.client.get(f"{base}/{upload['id']}")).status_code == 410


async def test_hostile_uploads_are_refused_in_words(xiaoman: Browser, zhoumo: Browser, shop: Shop) -> None:
    base = await _draft(xiaoman, shop)
    for wanted in ({"slot": "nonsense", "bytes_total": 10}, {"slot": "paid_shot", "bytes_total": 10**12},
                   {"slot": "paid_shot", "bytes_total": 0}, {"slot": "unused_declaration", "bytes_total": 10}):  # fmt: skip
        refused = await _json(xiaoman, "POST", base, **wanted)
        assert refused.status_code in {413, 422}, wanted
        assert refused.json()["next"]
    garbage = await xiaoman.client.post(base, content=b"{", headers=_headers(xiaoman))
    assert garbage.status_code == 422
    upload = (await _json(xiaoman, "POST", base, slot="paid_shot", bytes_total=2_000)).json()
    assert (await _piece(xiaoman, base, upload["id"], 0, b"x" * 3_000)).status_code == 422
    assert (await _piece(xiaoman, base, upload["id"], -1, b"x")).status_code == 422
    assert (await _piece(xiaoman, base, upload["id"], 0, b"x" * 1_100_000)).status_code == 413
    unproved = await xiaoman.client.patch(f"{base}/{upload['id']}", content=b"x", headers={"upload-offset": "0"})
    assert unproved.status_code == 403
    await zhoumo.get("/kamen/orders")
    assert (await _piece(zhoumo, base, upload["id"], 0, b"x")).status_code == 404
    assert (await _json(zhoumo, "POST", base, slot="paid_shot", bytes_total=10)).status_code == 404


async def _draft(browser: Browser, shop: Shop) -> str:
    made = await shop.sells()
    page = f"/kamen/orders/{made.order_no}/lines/1/claim"
    await browser.get(page)
    answer = await browser.post(page, {"reason": "not_arrived"})
    await browser.follow(answer)
    return str(answer.headers["location"]).replace("/draft", "/uploads")


async def _json(browser: Browser, method: str, path: str, **body: object) -> httpx.Response:
    return await browser.client.request(method, path, json=body, headers=_headers(browser))


async def _piece(browser: Browser, base: str, upload: str, offset: int, data: bytes) -> httpx.Response:
    headers = {**_headers(browser), "upload-offset": str(offset), "content-type": "application/octet-stream"}
    return await browser.client.patch(f"{base}/{upload}", content=data, headers=headers)


def _headers(browser: Browser) -> dict[str, str]:
    return {"x-form-token": browser.token}


async def test_a_blurred_picture_is_taken_and_its_sender_told_at_once_what_to_do(xiaoman: Browser, shop: Shop) -> None:
    base = await _draft(xiaoman, shop)
    data = encoded(blurred(screen(size=(540, 900)), 6), "PNG")
    upload = (await _json(xiaoman, "POST", base, slot="paid_shot", bytes_total=len(data))).json()
    done = (await _piece(xiaoman, base, upload["id"], 0, data)).json()
    assert done["done"] is True
    assert [said["title"] for said in done["problems"]] == [say(Lang.ZH, "evidence_look.problem.blurred.title")]
    assert done["problems"][0]["next"]


async def test_a_picture_is_served_so_that_it_can_do_nothing(xiaoman: Browser, shop: Shop) -> None:
    base = await _draft(xiaoman, shop)
    data = png(words="served")
    upload = (await _json(xiaoman, "POST", base, slot="paid_shot", bytes_total=len(data))).json()
    done = (await _piece(xiaoman, base, upload["id"], 0, data)).json()
    assert done["problems"] == []
    page = (await xiaoman.get(base.replace("/uploads", "/draft"))).text
    found = re.search(r"/kamen/files/[0-9a-f-]{36}", page)
    assert found is not None
    served = await xiaoman.client.get(found[0])
    assert served.headers["content-type"] == "image/png"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-disposition"] == "inline"
    assert served.headers["cross-origin-resource-policy"] == "same-origin"
    assert served.headers["cache-control"].startswith("private")
    policy = {part.strip() for part in served.headers["content-security-policy"].split(";")}
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'none'"} <= policy
    assert not any(part.startswith("script-src") for part in policy)
