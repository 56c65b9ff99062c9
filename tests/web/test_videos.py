"""Videos as evidence: taken by the slots that allow them, played in parts, seen by nobody else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from huiliu.kit.text import Lang, say
from huiliu.web.ranges import RangeOutside, asked_range, cut
from tests.evidence.video.clips import clip, page, shown_for
from tests.make.pictures import png
from tests.web.conftest import Browser, Shop

PIECE = 1_000_000


async def test_a_video_is_taken_shown_with_its_poster_and_played_in_parts(
    xiaoman: Browser, zhoumo: Browser, shop: Shop
) -> None:
    form = await draft(xiaoman, shop)
    answer = await send(xiaoman, form, slot="not_arrived_shot", data=clip(shown_for(page(1), page(2))))
    assert answer["done"] is True

    shown = (await xiaoman.get(form)).text
    tag = re.search(r"<video[^>]*>", shown)
    assert tag is not None
    assert "controls" in tag[0]
    source, poster = (re.search(rf'{name}="(/kamen/files/[^"]+)"', tag[0]) for name in ("src", "poster"))
    assert source is not None
    assert poster is not None

    whole = await xiaoman.client.get(source[1])
    assert (whole.status_code, whole.headers["content-type"], whole.headers["accept-ranges"]) == (
        200,
        "video/webm",
        "bytes",
    )
    assert whole.content.startswith(b"\x1a\x45\xdf\xa3")
    part = await xiaoman.client.get(source[1], headers={"range": "bytes=100-199"})
    assert (part.status_code, part.headers["content-range"]) == (206, f"bytes 100-199/{len(whole.content)}")
    assert part.content == whole.content[100:200]
    rest = await xiaoman.client.get(source[1], headers={"range": "bytes=100-", "if-range": whole.headers["etag"]})
    assert rest.content == whole.content[100:]
    changed = await xiaoman.client.get(source[1], headers={"range": "bytes=100-199", "if-range": '"another"'})
    assert changed.status_code == 200
    outside = await xiaoman.client.get(source[1], headers={"range": f"bytes={len(whole.content)}-"})
    assert outside.status_code == 416
    picture = await xiaoman.client.get(poster[1])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.content.startswith(b"\x89PNG")
    await zhoumo.get("/kamen/orders")
    for path in (source[1], poster[1]):
        assert (await zhoumo.client.get(path)).status_code == 404


async def test_a_video_is_taken_from_a_form_without_scripts(xiaoman: Browser, shop: Shop) -> None:
    form = await draft(xiaoman, shop)
    assert say(Lang.ZH, "evidence_video.slot_hint", seconds=60, mib=60) in (await xiaoman.get(form)).text

    answer = await xiaoman.post(
        form,
        {"do": "save", "statement": "", "amount": "100.00"},
        files={"file-not_arrived_shot": ("a.mov", clip([page(1)] * 5, kind="mov"), "video/quicktime")},
    )

    assert "<video" in (await xiaoman.follow(answer)).text


async def test_a_picture_has_no_poster(xiaoman: Browser, shop: Shop) -> None:
    form = await draft(xiaoman, shop)
    await send(xiaoman, form, slot="paid_shot", data=png(words="no poster"))
    found = re.search(r"/kamen/files/[0-9a-f-]{36}", (await xiaoman.get(form)).text)
    assert found is not None

    assert (await xiaoman.client.get(found[0] + "/poster")).status_code == 404


@pytest.mark.parametrize(
    ("slot", "data", "code"),
    [
        ("paid_shot", clip([page(1)] * 3), "evidence.video_not_here"),
        ("not_arrived_shot", clip([page(1)] * 63, fps=1), "evidence_video.too_long"),
        ("not_arrived_shot", clip([page(1)] * 3)[:900], "evidence_video.broken"),
        ("not_arrived_shot", b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/\n", "evidence.not_a_picture"),
    ],
)
async def test_what_cannot_be_taken_says_why_and_what_to_do(
    xiaoman: Browser, shop: Shop, slot: str, data: bytes, code: str
) -> None:
    answer = await send(xiaoman, await draft(xiaoman, shop), slot=slot, data=data)

    assert answer["code"] == code
    assert answer["title"]
    assert answer["next"]


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=0-", (0, 99)),
        ("bytes=10-500", (10, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-500", (0, 99)),
        ("", None),
        ("bytes=-", None),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("items=0-5", None),
        ("bytes=٣-٤", None),
        (f"bytes=0-{'9' * 40}", None),
    ],
)
def test_one_range_is_understood_and_anything_else_means_all(header: str, wanted: tuple[int, int] | None) -> None:
    assert asked_range(header, size=100) == wanted


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(header: str) -> None:
    with pytest.raises(RangeOutside):
        asked_range(header, size=100)


async def test_a_range_is_cut_out_of_any_pieces() -> None:
    async def pieces(size: int) -> AsyncIterator[bytes]:
        for at in range(0, 100, size):
            yield bytes(range(at, min(at + size, 100)))

    for size in (1, 7, 50, 100):
        for first, last in ((0, 0), (0, 99), (13, 14), (49, 50), (99, 99)):
            assert b"".join([part async for part in cut(pieces(size), first, last)]) == bytes(range(first, last + 1))


async def draft(browser: Browser, shop: Shop) -> str:
    """A draft claim's form."""
    made = await shop.sells()
    start = f"/kamen/orders/{made.order_no}/lines/1/claim"
    await browser.get(start)
    answer = await browser.post(start, {"reason": "not_arrived"})
    await browser.follow(answer)
    return str(answer.headers["location"])


async def send(browser: Browser, form: str, *, slot: str, data: bytes) -> dict[str, object]:
    """The file in one piece, as the script sends it; what the page was told."""
    uploads, headers = form.replace("/draft", "/uploads"), {"x-form-token": browser.token}
    begun = await browser.client.post(
        uploads, json={"slot": slot, "bytes_total": len(data), "file_name": "a.mp4"}, headers=headers
    )
    assert len(data) < PIECE
    answer = await browser.client.patch(
        f"{uploads}/{begun.json()['id']}",
        content=data,
        headers={**headers, "upload-offset": "0", "content-type": "application/octet-stream"},
    )
    told: dict[str, object] = answer.json()
    return told
