"""What the check found, on the desk: drawn, explained, laid before colleagues by people, and hidden from everybody else."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest
from litestar import Litestar
from msgspec import structs

from huiliu.evidence.inspection.model import Verdict
from huiliu.kit.db import Pool
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.orders.model import CONTACT_CONTEXT
from huiliu.people.messages import Delivered, Delivery, Message
from tests.claims.conftest import World
from tests.make.suspicions import AGREES, PIXELS, Shown, inspection, shown
from tests.web.conftest import Browser
from tests.web.desk.conftest import As
from tests.web.desk.looking import PNG, another_platforms_file, drawn

SUSPECT = {"check": "amount", "note": "金额与订单不符"}
SANCTION = {"level": "warning", "days": "7", "clause": "F1", "words": "截图上的金额与订单记录不一致。"}
SUSPENSION = {**SANCTION, "level": "suspended"}


@pytest.fixture
def world(pool: Pool, platform_id: int, furnished: None) -> World:
    """卡门, for bringing claims with inspected pictures."""
    return World(pool, platform_id)


class Outbox:
    """A courier that keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def deliver(self, message: Message) -> Delivery:
        """Take it."""
        self.messages.append(message)
        return Delivered()


@pytest.fixture
def outbox(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """Carries the application's messages for one test."""
    made = Outbox()
    monkeypatch.setitem(app.state, "house", replace(app.state["house"], courier=made))
    return made


async def with_contact(world: World, keyring: Keyring) -> Shown:
    """An inspected picture of an order that kept its contact."""
    given = await shown(world, keyring)
    async with world.system() as tx:
        await tx.run(
            "UPDATE orders SET contact_sealed = %(sealed)s WHERE platform_id = %(platform)s AND id = %(id)s",
            sealed=keyring.seal("13800000001", context=CONTACT_CONTEXT),
            platform=tx.platform_id,
            id=given.made.order_id,
        )
    return given


def page_of(given: Shown) -> str:
    return f"/kamen/desk/claims/{given.claim_no}/files/{given.file_id}"


async def suspected(browser: Browser, given: Shown) -> str:
    """Raise a doubt; the address of its page."""
    await browser.get(page_of(given))
    answer = await browser.post(f"{page_of(given)}/suspicion", SUSPECT)
    assert answer.status_code == 303, answer.text[:500]
    return answer.headers["location"].partition("?")[0]


async def acted(browser: Browser, url: str, what: str, **fields: str) -> tuple[int, str]:
    """Fill a form of a suspicion's page in as its reader sees it now."""
    html = (await browser.get(url)).text
    version = re.search(r'name="version" value="(\d+)"', html)
    answer = await browser.post(f"{url}/{what}", {"version": version[1] if version else "0", **fields})
    return answer.status_code, answer.headers.get("location", "")


async def test_a_contradiction_is_a_chip_a_sentence_and_a_row_with_both_values(
    as_: As, world: World, keyring: Keyring
) -> None:
    given = await shown(world, keyring)
    browser = await as_("heshen")
    claim = (await browser.get(f"/kamen/desk/claims/{given.claim_no}")).text
    assert "金额不一致：图片上是 1000.00，订单记录是 100.00。" in claim
    assert f'href="{page_of(given)}"' in claim
    html = (await browser.get(page_of(given))).text
    assert all(value in html for value in ("1000.00", "100.00", "极速卡商", "逐项核对", "矛盾"))
    assert 'viewBox="0 0 1080 2400"' in html
    row = (await browser.get(f"/kamen/desk/?q={given.claim_no}")).text
    assert 'class="hld-chip is-bad"' in row


async def test_boxes_lie_in_the_originals_coordinates_and_lead_to_their_explanation(
    as_: As, world: World, keyring: Keyring
) -> None:
    given = await shown(world, keyring, found=drawn())
    html = (await (await as_("heshen")).get(page_of(given))).text
    assert re.search(r'class="hld-mark is-contradicts layer-1"\s+href="#fread1"', html)
    assert '<rect x="96" y="196" width="108" height="48"' in html
    assert 'id="f1"' in html
    assert re.search(r'href="#f1"', html)
    assert f'src="data:image/png;base64,{PNG}"' in html
    assert html.count('class="hld-ink"') == 1
    assert "<script>alert" not in html


async def test_a_stored_picture_that_is_no_png_is_not_shown(as_: As, world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring, found=drawn(raster='x" onerror="alert(1)', char="<script>alert(1)</script>"))
    html = (await (await as_("heshen")).get(page_of(given))).text
    assert "onerror" not in html
    assert "<script>alert" not in html


async def test_pixels_alone_offer_no_button_and_say_why(as_: As, world: World, keyring: Keyring) -> None:
    alone = inspection(AGREES, verdict=Verdict.UNVERIFIABLE, findings=(PIXELS,))
    given = await shown(world, keyring, found=alone)
    browser = await as_("heshen")
    html = (await browser.get(page_of(given))).text
    assert "像素不能单独用来处理任何人" in html
    assert "/suspicion" not in html.replace("/desk/suspicions", "")
    forged = await browser.post(f"{page_of(given)}/suspicion", SUSPECT)
    assert forged.status_code == 422
    assert "没有记录与这份凭证不一致" in forged.text


@pytest.mark.parametrize("atlas", ["unknown_profile", "none"])
async def test_an_unknown_phone_is_said_plainly(as_: As, world: World, keyring: Keyring, atlas: str) -> None:
    found = inspection(AGREES, verdict=Verdict.UNVERIFIABLE, findings=())
    given = await shown(world, keyring, found=structs.replace(found, atlas=atlas))
    html = (await (await as_("heshen")).get(page_of(given))).text
    assert "字形无法核验" in html


async def test_a_file_is_found_only_under_its_own_claim_and_platform(
    as_: As, world: World, keyring: Keyring, pool: Pool
) -> None:
    given, other = await shown(world, keyring), await shown(world, keyring)
    foreign = await another_platforms_file(pool, keyring)
    browser = await as_("heshen")
    for claim_no, file_id in (
        (given.claim_no, other.file_id),
        (given.claim_no, new_id()),
        (given.claim_no, foreign.file_id),
        (foreign.claim_no, foreign.file_id),
        ("RF000000000000AAAA", given.file_id),
    ):
        address = f"/kamen/desk/claims/{claim_no}/files/{file_id}"
        assert (await browser.get(address)).status_code == 404
        assert (await browser.post(f"{address}/suspicion", SUSPECT)).status_code == 404
    assert (await browser.get(f"/kamen/desk/suspicions/{new_id()}")).status_code == 404
    assert (await browser.post(f"/kamen/desk/suspicions/{new_id()}/dismissal", {"version": "1"})).status_code == 404


async def test_strangers_and_buyers_see_nothing(
    xiaoman: Browser, visitor: Browser, world: World, keyring: Keyring
) -> None:
    given = await shown(world, keyring)
    for browser in (xiaoman, visitor):
        for address in (page_of(given), "/kamen/desk/suspicions", "/kamen/desk/atlas"):
            assert (await browser.get(address)).status_code in {303, 401}


@pytest.mark.parametrize(("login", "status"), [("xiaogu", 303), ("heshen", 303), ("qianhui", 403), ("guanyan", 403)])
async def test_who_may_raise_a_doubt(as_: As, world: World, keyring: Keyring, login: str, status: int) -> None:
    given = await shown(world, keyring)
    answer = await (await as_(login)).post(f"{page_of(given)}/suspicion", SUSPECT)
    assert answer.status_code == status


async def test_a_form_from_elsewhere_is_refused(as_: As, world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring)
    browser = await as_("heshen")
    assert (await browser.post(f"{page_of(given)}/suspicion", SUSPECT, token="00" * 40)).status_code == 403
    assert (await browser.post("/kamen/desk/atlas/build", token="")).status_code == 403


async def test_what_was_typed_survives_a_refusal_and_a_second_doubt_is_none(
    as_: As, world: World, keyring: Keyring
) -> None:
    given = await shown(world, keyring)
    browser = await as_("heshen")
    await browser.get(page_of(given))
    wrong = await browser.post(f"{page_of(given)}/suspicion", {"check": "payee", "note": "留着这句话"})
    assert wrong.status_code == 422
    assert "留着这句话" in wrong.text
    await suspected(browser, given)
    again = await browser.post(f"{page_of(given)}/suspicion", SUSPECT)
    assert again.status_code == 409
    assert "hld-suspect" not in again.text


async def test_a_mild_level_is_in_force_at_once_and_its_buyer_is_told_after_the_commit(
    as_: As, world: World, keyring: Keyring, outbox: Outbox
) -> None:
    given = await with_contact(world, keyring)
    url = await suspected(await as_("xiaogu"), given)
    assert outbox.messages == []
    refused = await acted(await as_("heshen"), url, "proposal", **{**SANCTION, "days": "0"})
    assert (refused[0], outbox.messages) == (422, [])
    status, location = await acted(await as_("heshen"), url, "proposal", **SANCTION)
    assert (status, location.partition("?")[2]) == (303, "done=proposal&told=1")
    assert [SANCTION["words"] in it.text and "/kamen/restrictions/" in it.text for it in outbox.messages] == [True]
    html = (await (await as_("heshen")).get(f"/kamen/desk/claims/{given.claim_no}")).text
    assert 'id="restrictions"' in html
    lifted = await acted(await as_("caiheng"), url, "lifting", note="我们看错了单号")
    assert lifted[1].endswith("told=1")
    assert "我们看错了单号" in outbox.messages[1].text


async def test_an_order_without_a_contact_is_said_to_tell_nobody(
    as_: As, world: World, keyring: Keyring, outbox: Outbox
) -> None:
    given = await shown(world, keyring)
    browser = await as_("heshen")
    url = await suspected(browser, given)
    status, location = await acted(browser, url, "proposal", **SANCTION)
    assert (status, location.partition("?")[2]) == (303, "done=proposal&told=0")
    assert outbox.messages == []


async def test_a_severe_level_waits_for_another_person_and_no_forged_post_gets_round_it(
    as_: As, world: World, keyring: Keyring
) -> None:
    given = await shown(world, keyring)
    first, second = await as_("heshen"), await as_("shenfu")
    url = await suspected(first, given)
    assert (await acted(first, url, "proposal", **SUSPENSION))[0] == 303
    mine = (await first.get(url)).text
    assert "您提出的，请另一位同事确认" in mine
    assert f'action="{url}/confirmation"' not in mine
    assert (await acted(first, url, "confirmation"))[0] == 403
    assert (await acted(await as_("xiaogu"), url, "confirmation"))[0] == 403
    assert (await acted(await as_("qianhui"), url, "confirmation"))[0] == 403
    assert (await second.post(f"{url}/confirmation", {"version": "1"})).status_code == 409
    assert (await acted(second, url, "confirmation"))[0] == 303
    assert (await acted(second, url, "lifting", note="弄错了"))[0] == 403
    assert (await acted(await as_("caiheng"), url, "lifting", note="弄错了，抱歉"))[0] == 303
    assert "撤销认定" in (await second.get(url)).text


@pytest.mark.parametrize(
    ("over", "status"),
    [
        ({"days": "181"}, 422), ({"days": "0"}, 422), ({"days": "-1"}, 422), ({"days": "x"}, 422), ({"level": "prison"}, 422),
        ({"clause": ""}, 422), ({"clause": "Z99"}, 422), ({"words": ""}, 422), ({"words": "a\x00b"}, 422),
    ],
)  # fmt: skip
async def test_a_proposal_that_is_not_whole_keeps_its_words(
    as_: As, world: World, keyring: Keyring, over: dict[str, str], status: int
) -> None:
    given = await shown(world, keyring)
    browser = await as_("heshen")
    url = await suspected(browser, given)
    assert (await acted(browser, url, "proposal", **{**SANCTION, **over}))[0] in {status, 400}
    assert "待核实" in (await browser.get(url)).text


async def test_the_lists_hold_what_stands_there(as_: As, world: World, keyring: Keyring) -> None:
    given = await shown(world, keyring)
    browser = await as_("heshen")
    url = await suspected(browser, given)
    assert url in (await browser.get("/kamen/desk/suspicions")).text
    assert (await acted(browser, url, "return", note="x"))[0] == 409
    assert (await acted(browser, url, "dismissal", note="买家补充后对上了"))[0] == 303
    assert url not in (await browser.get("/kamen/desk/suspicions?view=open")).text
    assert url in (await browser.get("/kamen/desk/suspicions?view=closed")).text
    for cursor in ("x", "2026-01-01~zz", "~", f"2026-01-01T00:00:00~{UUID(int=1).hex}"):
        assert (await browser.get(f"/kamen/desk/suspicions?before={cursor}")).status_code in {400, 422}


async def test_the_empty_atlas_says_how_it_grows_and_only_its_managers_touch_it(as_: As) -> None:
    admin = await as_("guanyan")
    assert "没有人能手工添加" in (await admin.get("/kamen/desk/atlas")).text
    for login in ("xiaogu", "heshen", "qianhui"):
        browser = await as_(login)
        for what in ("build", "retire", "restore"):
            assert (await browser.post(f"/kamen/desk/atlas/{what}", {"cluster": "a"})).status_code == 403
    assert (await admin.post("/kamen/desk/atlas/retire", {"sample": "no-id"})).status_code in {400, 422}
    nobody = await admin.post("/kamen/desk/atlas/retire", {"sample": str(new_id())})
    assert nobody.headers["location"].endswith("done=same")
    once = await admin.post("/kamen/desk/atlas/retire", {"cluster": "720-light-1"})
    assert once.headers["location"].endswith("done=changed")
    assert (
        (await admin.post("/kamen/desk/atlas/retire", {"cluster": "720-light-1"})).headers["location"].endswith("same")
    )
    assert (
        (await admin.post("/kamen/desk/atlas/restore", {"cluster": "720-light-1"}))
        .headers["location"]
        .endswith("changed")
    )
    assert (await admin.post("/kamen/desk/atlas/build")).headers["location"].endswith("built")
    assert (await admin.post("/kamen/desk/atlas/build")).headers["location"].endswith("building")
