"""Finding orders: by number and secret, by code, by search; and never somebody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from tests.conftest import NOW
from tests.make.orders import ZHOUMO_CONTACT, Line
from tests.web.conftest import Browser, Shop


async def test_an_order_opens_with_its_number_and_the_last_digits(visitor: Browser, shop: Shop) -> None:
    made = await shop.sells(title="点券 A1")
    await visitor.get("/kamen/")
    answer = await visitor.post("/kamen/order-access", {"order_no": made.order_no, "secret": "5678"})
    page = await visitor.follow(answer)
    assert page.status_code == 200
    assert "点券 A1" in page.text
    assert "138****5678" in page.text
    assert "13812345678" not in page.text


async def test_a_wrong_number_and_a_wrong_secret_read_alike_and_keep_the_number(visitor: Browser, shop: Shop) -> None:
    made = await shop.sells()
    await visitor.get("/kamen/")
    wrong_secret = await visitor.post("/kamen/order-access", {"order_no": made.order_no, "secret": "0000"})
    wrong_number = await visitor.post("/kamen/order-access", {"order_no": "KM0000000000", "secret": "5678"})
    assert wrong_secret.status_code == wrong_number.status_code == 404
    assert f'value="{made.order_no}"' in wrong_secret.text
    assert "0000" not in wrong_secret.text
    assert _without_particulars(wrong_secret.text) == _without_particulars(wrong_number.text)


async def test_a_code_signs_in_once_and_signing_out_closes_the_session(visitor: Browser, shop: Shop) -> None:
    made = await shop.sells()
    await visitor.get("/kamen/login?next=/kamen/orders?show=delivered")
    sent = await visitor.post("/kamen/login-code", {"contact": "138 1234 5678", "next": "/kamen/orders?show=delivered"})
    code = re.search(r'class="hl-num hl-strong">(\d{6})<', sent.text)
    assert code is not None
    wrong = await visitor.post("/kamen/login", {"contact": "13812345678", "code": "not-it"})
    assert wrong.status_code == 401
    entered = await visitor.post(
        "/kamen/login", {"contact": "13812345678", "code": code.group(1), "next": "/kamen/orders?show=delivered"}
    )
    assert entered.headers["location"] == "/kamen/orders?show=delivered"
    assert made.order_no in (await visitor.get(f"/kamen/orders?q={made.order_no}")).text
    left = await visitor.post("/kamen/sign-out")
    assert left.headers["location"] == "/kamen/"
    assert (await visitor.get("/kamen/orders")).status_code == 303


async def test_asking_for_a_code_looks_the_same_for_a_contact_without_orders(visitor: Browser) -> None:
    await visitor.get("/kamen/login")
    answer = await visitor.post("/kamen/login-code", {"contact": "13700000001"})
    assert answer.status_code == 200
    assert "137****0001" in answer.text
    assert "验证码已经发出" in answer.text
    assert (await visitor.post("/kamen/login-code", {"contact": "1"})).status_code == 422


async def test_somebody_elses_order_is_not_there(zhoumo: Browser, shop: Shop) -> None:
    made = await shop.sells(title="不该看到")
    for path in (f"/kamen/orders/{made.order_no}", f"/kamen/orders/{made.order_no}/lines/1/claim"):
        answer = await zhoumo.get(path)
        assert answer.status_code == 404
        assert "不该看到" not in answer.text
    assert "不该看到" not in (await zhoumo.get(f"/kamen/orders?q={made.order_no}")).text


async def test_search_finds_two_chinese_characters_a_number_a_time_and_a_state(xiaoman: Browser, shop: Shop) -> None:
    old = await shop.sells(title="苔原矿石礼包", ordered_at=NOW - timedelta(days=60))
    new = await shop.sells(title="苔原矿石月卡", delivery_state="failed", delivery_note="充值失败")
    by_word = (await xiaoman.get("/kamen/orders?q=矿石")).text
    assert old.order_no in by_word
    assert new.order_no in by_word
    by_number = (await xiaoman.get(f"/kamen/orders?q={old.order_no[-8:]}")).text
    assert old.order_no in by_number
    assert new.order_no not in by_number
    by_time = (await xiaoman.get("/kamen/orders?q=矿石&days=30")).text
    assert old.order_no not in by_time
    assert new.order_no in by_time
    by_state = (await xiaoman.get("/kamen/orders?q=矿石&show=not_arrived")).text
    assert old.order_no not in by_state
    assert new.order_no in by_state
    between = (await xiaoman.get("/kamen/orders?q=矿石&from=2026-09-20&to=2026-09-30")).text
    assert old.order_no in between
    assert new.order_no not in between


async def test_a_search_without_result_says_what_to_try(xiaoman: Browser) -> None:
    assert "没有符合条件的订单" in (await xiaoman.get("/kamen/orders?q=绝无此物")).text
    wrong = await xiaoman.get("/kamen/orders?from=yesterday")
    assert wrong.status_code == 200
    assert "不是日期" in wrong.text
    assert (await xiaoman.get(f"/kamen/orders?q={'长' * 61}")).status_code == 200
    broken = await xiaoman.get("/kamen/orders?cursor=nonsense")
    assert broken.status_code in {200, 422}


async def test_more_goes_on_where_the_list_ended(xiaoman: Browser, shop: Shop) -> None:
    numbers = {(await shop.sells(title=f"分页砂砾 {n}")).order_no for n in range(17)}
    first = (await xiaoman.get("/kamen/orders?q=砂砾")).text
    more = re.search(r'id="more"\s+href="([^"]+)"', first)
    assert more is not None
    second = (await xiaoman.get(more.group(1).replace("&amp;", "&"))).text
    seen_first = {number for number in numbers if number in first}
    seen_second = {number for number in numbers if number in second}
    assert len(seen_first) == 15
    assert seen_first | seen_second == numbers
    assert not seen_first & seen_second


async def test_what_a_shop_wrote_is_text_and_never_markup(xiaoman: Browser, shop: Shop) -> None:
    title = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    made = await shop.sells(lines=[Line(title=title, promise=title)], delivery_note=title)
    listed = f"/kamen/orders?q={made.order_no}"
    for path in (listed, f"/kamen/orders/{made.order_no}", f"/kamen/orders/{made.order_no}/lines/1/claim"):
        html = (await xiaoman.get(path)).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "&lt;script&gt;alert" in html


async def test_a_top_up_to_another_account_is_told_before_anything_is_filed(xiaoman: Browser, shop: Shop) -> None:
    made = await shop.sells(account="10086001", account_described="10086002", account_differs=True)
    for path in (f"/kamen/orders/{made.order_no}", f"/kamen/orders/{made.order_no}/lines/1/claim"):
        assert "实际充值的账号与订单描述不一致" in (await xiaoman.get(path)).text


async def test_the_demos_cast_signs_in_with_one_click(open_browser: Callable[[], Browser], shop: Shop) -> None:
    browser = open_browser()
    page = await browser.get("/demo")
    assert "林小满" in page.text
    assert "何审" in page.text
    entered = await browser.post("/demo", {"platform": "kamen", "who": f"buyer:{ZHOUMO_CONTACT}"})
    assert entered.headers["location"] == "/kamen/orders"
    assert (await browser.get("/kamen/orders")).status_code == 200
    staff = await browser.post("/demo", {"platform": "kamen", "who": f"staff:{shop.staff('heshen').id}"})
    assert staff.headers["location"] == "/kamen/desk/"
    for who in ("buyer:13700000000", "staff:nobody", "nonsense"):
        assert (await browser.post("/demo", {"platform": "kamen", "who": who})).status_code == 404


def _without_particulars(html: str) -> str:
    """The page without what differs on purpose: the number that was typed, and the proofs."""
    return re.sub(r'value="[^"]*"|data-form-token="[^"]*"', "", html)
