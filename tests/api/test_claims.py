"""Claims step by step through the API, each step naming the version it saw."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from huiliu.claims.actions import escalate, start_draft
from huiliu.claims.model import Reason
from huiliu.kit.db import Pool
from huiliu.kit.keyring import Keyring
from huiliu.people.model import Buyer
from tests.api.conftest import Shop
from tests.claims.conftest import World
from tests.conftest import NOW
from tests.make.suspicions import shown

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def filed(shop: Shop, **over: object) -> str:
    """A claim that waits for people, and its number."""
    made = await shop.order(
        kind="service", title="代练 王者 10 星", usage="part_used", units_total=10, units_used=4, **over
    )
    told = await shop.refund(made, reason="below_standard", statement="只打了四星")
    assert told.status_code == 201, told.text
    return str(told.json()["claim_no"])


async def version_of(shop: Shop, claim_no: str) -> int:
    return int((await shop.get(f"/claims/{claim_no}")).json()["version"])


REJECTION = {"reason": "evidence_missing", "clause": "F3", "missing": ["paid_shot"], "words": "请补充支付成功截图。"}


async def test_a_claim_is_asked_about_answered_and_approved_in_part(shop: Shop) -> None:
    claim_no = await filed(shop)
    asked = await shop.post(
        f"/claims/{claim_no}/material-request",
        {"version": 1, "slots": ["promise_compare"], "words": "请补充承诺对比图"},
    )
    assert (asked.status_code, asked.json()["sub_state"]) == (200, "waiting_buyer"), asked.text
    whole = (await shop.get(f"/claims/{claim_no}")).json()
    assert whole["asked"]["slots"] == ["promise_compare"]
    incomplete = await shop.post(f"/claims/{claim_no}/material", {"version": 2, "words": "没有截图"})
    assert (incomplete.status_code, incomplete.json()["code"]) == (422, "claims.evidence_missing")
    answered = await shop.post(
        f"/claims/{claim_no}/material", {"version": 2, "words": "没有截图", "accept_incomplete": True}
    )
    assert answered.json()["sub_state"] == "reviewing", answered.text
    approved = await shop.post(f"/claims/{claim_no}/approval", {"version": 3, "amount_minor": 50_00, "words": "退五成"})
    assert approved.json()["approved"] == {"amount_minor": 50_00, "currency": "CNY"}, approved.text
    assert (approved.json()["status"], approved.json()["sub_state"]) == ("in_review", "paying")
    whole = (await shop.get(f"/claims/{claim_no}")).json()
    assert (whole["decisions"][0]["kind"], whole["decisions"][0]["by"]["kind"]) == ("part", "machine")
    kinds = [event["kind"] for event in (await shop.get(f"/claims/{claim_no}/timeline")).json()["events"]]
    assert kinds[-2:] == ["claim.approved", "payout.instructed"]
    assert "claim.asked_buyer" in kinds


async def test_a_rejected_claim_is_applied_for_again(shop: Shop) -> None:
    claim_no = await filed(shop)
    rejected = await shop.post(f"/claims/{claim_no}/rejection", {"version": 1, **REJECTION})
    assert (rejected.status_code, rejected.json()["status"]) == (200, "rejected"), rejected.text
    again = await shop.post(
        f"/claims/{claim_no}/reapplication", {"version": 2, "statement": "补充说明", "accept_incomplete": True}
    )
    assert (again.status_code, again.json()["round"]) == (200, 2), again.text
    assert again.json()["status"] in ("pending", "in_review")


async def test_a_rejection_without_its_reason_clause_or_words_is_refused(shop: Shop) -> None:
    claim_no = await filed(shop)
    for missing in ("reason", "clause", "words"):
        body = {name: value for name, value in REJECTION.items() if name != missing}
        told = await shop.post(f"/claims/{claim_no}/rejection", {"version": 1, **body})
        assert (told.status_code, told.json()["facts"]["field"]) == (422, missing)
    blank = await shop.post(f"/claims/{claim_no}/rejection", {"version": 1, **REJECTION, "words": "  "})
    assert (blank.status_code, blank.json()["code"]) == (422, "claims.decision_incomplete")
    assert await version_of(shop, claim_no) == 1


async def test_a_step_on_an_old_version_is_refused(shop: Shop) -> None:
    claim_no = await filed(shop)
    assert (await shop.post(f"/claims/{claim_no}/rejection", {"version": 1, **REJECTION})).status_code == 200
    stale = await shop.post(f"/claims/{claim_no}/withdrawal", {"version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "claims.changed")
    late = await shop.post(f"/claims/{claim_no}/approval", {"version": 2})
    assert (late.status_code, late.json()["code"]) == (409, "claims.move_not_allowed")


async def test_approving_against_withdrawing_has_one_winner(shop: Shop) -> None:
    for _ in range(5):
        claim_no = await filed(shop)
        both = await asyncio.gather(
            shop.post(f"/claims/{claim_no}/approval", {"version": 1, "amount_minor": 50_00}),
            shop.post(f"/claims/{claim_no}/withdrawal", {"version": 1}),
        )
        assert sorted(each.status_code for each in both) == [200, 409], [each.text for each in both]
        whole = (await shop.get(f"/claims/{claim_no}")).json()
        assert (whole["sub_state"], len(whole["payouts"])) in (("paying", 1), ("withdrawn", 0))


async def test_above_the_limit_a_machine_is_told_that_it_takes_people(shop: Shop) -> None:
    claim_no = await filed(shop, paid_minor=900_00)
    told = await shop.post(f"/claims/{claim_no}/approval", {"version": 1, "amount_minor": 500_01})
    assert (told.status_code, told.json()["code"]) == (403, "claims.needs_people")
    assert await version_of(shop, claim_no) == 1


@pytest.mark.parametrize("amount", [0, -1, 100_01])
async def test_an_approval_stays_within_what_was_asked_for(shop: Shop, amount: int) -> None:
    claim_no = await filed(shop)
    told = await shop.post(f"/claims/{claim_no}/approval", {"version": 1, "amount_minor": amount})
    assert told.status_code == 422, told.text


async def test_a_mediation_is_not_for_machines_to_decide(shop: Shop) -> None:
    claim_no = await filed(shop)
    early = await shop.post(f"/claims/{claim_no}/escalation", {"version": 1, "words": "太慢"})
    assert (early.status_code, early.json()["code"]) == (409, "claims.not_yet")
    async with shop.as_(shop.created.key, at=NOW + timedelta(days=30)) as tx:
        await escalate(tx, shop.created.key, claim_no, version=1, words="超时未处理")
    for noun, body in (
        ("approval", {}),
        ("rejection", REJECTION),
        ("material-request", {"slots": ["paid_shot"], "words": "请补充"}),
    ):
        told = await shop.post(f"/claims/{claim_no}/{noun}", {"version": 2, **body})
        assert (told.status_code, told.json()["code"]) == (403, "claims.needs_people"), told.text
    actions = {each["action"] for each in (await shop.get(f"/claims/{claim_no}")).json()["allowed"]}
    assert actions == {"withdrawal"}


async def test_what_is_allowed_can_be_done_and_what_is_not_cannot(shop: Shop) -> None:
    claim_no = await filed(shop)
    allowed = {each["action"]: each for each in (await shop.get(f"/claims/{claim_no}")).json()["allowed"]}
    assert {name for name, each in allowed.items() if each["is_now"]} == {
        "approval",
        "rejection",
        "material-request",
        "withdrawal",
    }
    assert allowed["escalation"]["not_before"] is not None
    assert (await shop.post(f"/claims/{claim_no}/material", {"version": 1})).status_code == 409
    assert (await shop.post(f"/claims/{claim_no}/reapplication", {"version": 1})).status_code == 409


async def test_an_unknown_slot_or_claim_is_refused(shop: Shop) -> None:
    claim_no = await filed(shop)
    told = await shop.post(
        f"/claims/{claim_no}/material-request", {"version": 1, "slots": ["no_such_slot"], "words": "请补充"}
    )
    assert told.status_code == 422, told.text
    assert (await shop.post("/claims/RF000000NONE/withdrawal", {"version": 1})).status_code == 404


async def test_lists_filter_by_the_buyers_word_and_page_by_cursor(shop: Shop) -> None:
    made = await shop.order(lines=None, delivery_state="failed", usage="unused")
    number = (await shop.refund(made)).json()["claim_no"]
    found = (await shop.get("/claims", order_no=made.order_no, status="in_review")).json()["claims"]
    assert [row["claim_no"] for row in found] == [number]
    assert (await shop.get("/claims", order_no=made.order_no, status="refunded")).json()["claims"] == []
    for _ in range(3):
        await filed(shop)
    seen: list[str] = []
    cursor = ""
    for _ in range(200):
        page = (await shop.get("/claims", limit=3, cursor=cursor)).json()
        seen.extend(row["claim_no"] for row in page["claims"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert number in seen


async def test_a_draft_of_a_buyer_is_not_the_shops_to_read(shop: Shop) -> None:
    made = await shop.order()
    buyer = Buyer(platform_id=shop.platform_id, order_ids=(made.order_id,))
    async with shop.as_(buyer) as tx:
        claim_no = await start_draft(tx, buyer, order_no=made.order_no, line_no=1, reason=Reason.CHANGED_MIND)
    assert (await shop.get(f"/claims/{claim_no}")).status_code == 404
    assert (await shop.get("/claims", order_no=made.order_no)).json()["claims"] == []


async def test_policies_are_listed_and_read_with_their_very_text(shop: Shop, other_shop: Shop) -> None:
    listed = (await shop.get("/policies")).json()["policies"]
    shown = (await shop.get(f"/policies/{listed[0]['id']}")).json()
    assert shown["clauses"]
    assert shown["source"].strip()
    assert len(shown["content_hash"]) == 64
    third = next(clause for clause in shown["clauses"] if clause["id"] == "F3")
    assert third["amount"] == {"basis": "units", "fee_returned": True, "rounding": "favour_buyer", "cap_minor": None}
    assert (await other_shop.get(f"/policies/{listed[0]['id']}")).status_code == 404


async def test_a_claim_tells_how_the_check_of_each_file_stands_as_its_buyer_is_told(
    shop: Shop, pool: Pool, keyring: Keyring, platform_id: int
) -> None:
    contradicted = await shown(World(pool, platform_id), keyring)
    whole = (await shop.get(f"/claims/{contradicted.claim_no}")).json()
    (told,) = whole["inspections"]
    assert (told["file_id"], told["slot"]) == (str(contradicted.file_id), "paid_shot")
    assert (told["state"], told["verdict"], told["problem"]) == ("done", "contradicted", None)
    assert "expected" not in told, "values stay with the buyer and the platform's people"
    assert (await shop.get(f"/claims/{await filed(shop)}")).json()["inspections"] == []
