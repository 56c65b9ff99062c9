"""From an order to an application: told at once, complete or knowingly incomplete, never twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from huiliu.claims.actions import decide, file_at_once, file_claim, payout_verified, save_draft, start_draft, withdraw
from huiliu.claims.model import (
    AmountOutOfRange,
    AttemptsUsedUp,
    ClaimChanged,
    CurrencyDiffers,
    Decision,
    DecisionKind,
    DraftsTooMany,
    EvidenceMissing,
    LiveClaimExists,
    NothingLeft,
    OrderClosed,
    OrderNotPaid,
    Reason,
    State,
    TextTooLong,
    WindowOver,
)
from huiliu.claims.page import claim_page
from huiliu.claims.reads import load_claim
from huiliu.kit.errors import NotFound
from huiliu.kit.money import Money
from tests.claims.conftest import NOW, World, later
from tests.claims.steps import approve, bought, claim_of, filed, money_of, payouts_of, reject, show


async def test_a_complete_claim_waits_for_a_reviewer_with_a_deadline(world: World) -> None:
    result = await filed(world, await bought(world))
    claim = await claim_of(world, result.claim_no)
    assert claim.state is State.FILED
    assert claim.due_at is not None
    assert claim.due_at > NOW
    assert claim.verdict is not None
    assert (claim.verdict["outcome"], claim.verdict["clause"], claim.verdict["missing"]) == ("full", "F1", [])


async def test_unused_within_the_hour_is_paid_out_at_once_by_the_policy(world: World) -> None:
    made = await bought(world, usage="unused")
    result = await filed(world, made, reason=Reason.CHANGED_MIND, slots=())
    assert result.state is State.PAYING
    assert result.approved == Money(100_00)
    assert await money_of(world, made) == (100_00, 0)
    assert len(await payouts_of(world, result.claim_id)) == 1


async def test_the_version_in_force_when_ordered_judges_whatever_comes_later(world: World) -> None:
    made = await bought(world, ordered_at=NOW - timedelta(days=400))
    result = await filed(world, made)
    claim = await claim_of(world, result.claim_no)
    assert claim.policy_id is None, "no version was in force 400 days ago"
    assert claim.verdict is not None
    assert claim.verdict["outcome"] == "person"


async def test_missing_evidence_is_named_and_may_be_accepted_knowingly(world: World) -> None:
    made = await bought(world)
    async with world.as_(world.buyer) as tx:
        claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
        claim = await load_claim(tx, world.buyer, claim_no)
        await show(tx, claim.id, "paid_shot")
    with pytest.raises(EvidenceMissing) as refused:
        async with world.as_(world.buyer) as tx:
            await file_claim(
                tx, world.buyer, claim_no, version=1, statement="", requested_minor=1, accept_incomplete=False
            )
    assert "not_arrived_shot" in str(refused.value.facts["slots"])
    async with world.as_(world.buyer) as tx:
        await file_claim(tx, world.buyer, claim_no, version=1, statement="", requested_minor=1, accept_incomplete=True)
    assert (await claim_of(world, claim_no)).state is State.FILED


@pytest.mark.parametrize("minor", [0, -1, 100_01, 10**12])
async def test_an_amount_outside_what_is_left_is_refused(world: World, minor: int) -> None:
    made = await bought(world)
    with pytest.raises(AmountOutOfRange):
        await filed(world, made, minor=minor)


async def test_a_statement_has_a_bound(world: World) -> None:
    made = await bought(world)
    async with world.as_(world.buyer) as tx:
        claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
    with pytest.raises(TextTooLong):
        async with world.as_(world.buyer) as tx:
            await save_draft(tx, world.buyer, claim_no, reason=None, statement="长" * 2001, requested_minor=1)


async def test_starting_twice_takes_up_the_same_draft(world: World) -> None:
    made = await bought(world)
    numbers: list[str] = []
    for reason in (Reason.NOT_ARRIVED, Reason.CHANGED_MIND):
        async with world.as_(world.buyer) as tx:
            numbers.append(await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=reason))
    assert numbers[0] == numbers[1]
    async with world.as_(world.buyer) as tx:
        assert (await load_claim(tx, world.buyer, numbers[0])).reason is Reason.CHANGED_MIND


async def test_a_line_has_one_claim_under_way(world: World) -> None:
    made = await bought(world)
    await filed(world, made)
    with pytest.raises(LiveClaimExists):
        async with world.as_(world.buyer) as tx:
            await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.CHANGED_MIND)


@pytest.mark.parametrize(("state", "refusal"), [("unpaid", OrderNotPaid), ("closed", OrderClosed)])
async def test_an_order_without_money_to_give_back_is_refused(
    world: World, state: str, refusal: type[Exception]
) -> None:
    made = await bought(world, state=state)
    with pytest.raises(refusal):
        async with world.as_(world.buyer) as tx:
            await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)


async def test_what_was_refunded_whole_cannot_be_asked_for_again(world: World) -> None:
    made = await bought(world)
    async with world.system() as tx:
        await tx.run("UPDATE orders SET refunded_minor = paid_minor WHERE id = %(id)s", id=made.order_id)
    with pytest.raises(NothingLeft):
        async with world.as_(world.buyer) as tx:
            await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)


async def test_another_buyers_order_and_claim_do_not_exist(world: World) -> None:
    made = await bought(world)
    with pytest.raises(NotFound):
        async with world.as_(world.stranger) as tx:
            await start_draft(tx, world.stranger, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
    result = await filed(world, made)
    with pytest.raises(NotFound):
        async with world.as_(world.stranger) as tx:
            await claim_page(tx, world.stranger, result.claim_no)


async def test_staff_do_not_read_what_a_buyer_is_still_writing(world: World) -> None:
    made = await bought(world)
    async with world.as_(world.buyer) as tx:
        claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
    with pytest.raises(NotFound):
        await claim_of(world, claim_no)


async def test_a_rejected_claim_applies_again_without_retyping_and_succeeds(world: World) -> None:
    made = await bought(world)
    first = await filed(world, made, slots=("paid_shot",))
    await reject(world, first.claim_no, "not_arrived_shot")
    async with world.as_(world.buyer, at=later(days=1)) as tx:
        page = await claim_page(tx, world.buyer, first.claim_no)
        assert page.rejection is not None
        assert (page.rejection.clause, page.rejection.missing) == ("F1", ["not_arrived_shot"])
        assert page.attempts_left == 4
        await show(tx, page.claim.id, "not_arrived_shot", round=2)
        await file_claim(
            tx,
            world.buyer,
            first.claim_no,
            version=page.claim.version,
            statement=page.claim.statement,
            requested_minor=page.claim.requested_minor,
            accept_incomplete=False,
        )
    again = await claim_of(world, first.claim_no)
    assert (again.state, again.round) == (State.FILED, 2)
    await approve(world, first.claim_no)
    assert (await claim_of(world, first.claim_no)).state is State.PAYING


async def test_waiting_to_apply_again_does_not_move_the_claims_clock(world: World) -> None:
    made = await bought(world, usage="unused", ordered_at=NOW - timedelta(minutes=59), paid_minor=600_00)
    async with world.as_(world.buyer) as tx:
        claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.TOPUP_WRONG)
        await file_claim(tx, world.buyer, claim_no, version=1, statement="", requested_minor=1, accept_incomplete=True)
    await reject(world, claim_no, "paid_shot")
    async with world.as_(world.buyer, at=later(days=6)) as tx:
        page = await claim_page(tx, world.buyer, claim_no)
    assert page.judgement.clause_id == "F2", "judged as of the first application, within 24 hours"


async def test_applying_again_ends_with_its_window_and_its_number(world: World) -> None:
    made = await bought(world)
    result = await filed(world, made, slots=())
    await reject(world, result.claim_no, "paid_shot")
    claim = await claim_of(world, result.claim_no)
    with pytest.raises(WindowOver):
        async with world.as_(world.buyer, at=later(days=8)) as tx:
            await file_claim(
                tx,
                world.buyer,
                result.claim_no,
                version=claim.version,
                statement="",
                requested_minor=1,
                accept_incomplete=True,
            )
    for _ in range(4):
        claim = await claim_of(world, result.claim_no)
        async with world.as_(world.buyer) as tx:
            await file_claim(
                tx,
                world.buyer,
                result.claim_no,
                version=claim.version,
                statement="",
                requested_minor=1,
                accept_incomplete=True,
            )
        await reject(world, result.claim_no, "paid_shot")
    claim = await claim_of(world, result.claim_no)
    assert claim.round == 5
    with pytest.raises(AttemptsUsedUp):
        async with world.as_(world.buyer) as tx:
            await file_claim(
                tx,
                world.buyer,
                result.claim_no,
                version=claim.version,
                statement="",
                requested_minor=1,
                accept_incomplete=True,
            )
    with pytest.raises(AttemptsUsedUp):  # nor by starting over under another reason
        async with world.as_(world.buyer) as tx:
            await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.CHANGED_MIND)


async def test_filing_what_changed_meanwhile_is_refused(world: World) -> None:
    made = await bought(world)
    result = await filed(world, made)
    with pytest.raises(ClaimChanged):
        async with world.as_(world.buyer) as tx:
            await file_claim(
                tx, world.buyer, result.claim_no, version=1, statement="", requested_minor=1, accept_incomplete=True
            )


async def test_a_shop_files_and_is_paid_in_one_step(world: World) -> None:
    made = await bought(world, usage="unused")
    async with world.system() as tx:
        result = await file_at_once(
            tx,
            world.staff("heshen"),
            order_no=made.order_no,
            line_no=1,
            reason=Reason.CHANGED_MIND,
            statement="",
            amount=Money(60_00),
        )
    assert (result.state, result.approved) == (State.PAYING, Money(60_00))
    assert await money_of(world, made) == (60_00, 0)


async def test_a_shop_cannot_ask_in_another_currency(world: World) -> None:
    made = await bought(world)
    with pytest.raises(CurrencyDiffers):
        async with world.system() as tx:
            await file_at_once(
                tx,
                world.staff("heshen"),
                order_no=made.order_no,
                line_no=1,
                reason=Reason.NOT_ARRIVED,
                statement="",
                amount=Money(1, "USD"),
            )


async def test_asking_for_less_than_the_policy_gives_is_the_buyers_right_and_for_more_needs_a_person(
    world: World,
) -> None:
    made = await bought(world, usage="part_used", units_total=30, units_used=12, unit="day", kind="membership")
    result = await filed(world, made, reason=Reason.CHANGED_MIND, slots=())
    claim = await claim_of(world, result.claim_no)
    assert claim.state is State.FILED
    assert claim.verdict is not None
    assert claim.verdict["proposed_minor"] == 60_00
    with pytest.raises(AmountOutOfRange):
        async with world.as_(world.staff("heshen")) as tx:
            await decide(
                tx,
                world.staff("heshen"),
                result.claim_no,
                version=claim.version,
                decision=Decision(kind=DecisionKind.PART, amount_minor=100_01, clause="F7"),
            )


async def test_a_deadline_in_a_year_without_published_holidays_says_that_it_is_an_estimate(world: World) -> None:
    at = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)
    made = await bought(world, ordered_at=at)
    async with world.as_(world.buyer, at=at) as tx:
        claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
        await file_claim(tx, world.buyer, claim_no, version=1, statement="", requested_minor=1, accept_incomplete=True)
        page = await claim_page(tx, world.buyer, claim_no)
    assert page.due is not None
    assert page.due.is_estimated


async def test_a_large_order_stays_large_after_a_part_was_refunded(world: World) -> None:
    made = await bought(world, usage="unused", paid_minor=600_00)
    async with world.system() as tx:
        await tx.run("UPDATE orders SET refunded_minor = 20000 WHERE id = %(id)s", id=made.order_id)
        await tx.run("UPDATE order_lines SET refunded_minor = 20000 WHERE order_id = %(id)s", id=made.order_id)
    result = await filed(world, made, reason=Reason.CHANGED_MIND, minor=400_00, slots=())
    assert result.state is State.FILED, "above 500 yuan a person looks, however little of it is left"


async def test_an_order_that_was_closed_meanwhile_is_not_applied_for_again(world: World) -> None:
    made = await bought(world)
    result = await filed(world, made)
    await reject(world, result.claim_no, "paid_shot")
    async with world.system() as tx:
        await tx.run("UPDATE orders SET state = 'closed' WHERE id = %(id)s", id=made.order_id)
    version = (await claim_of(world, result.claim_no)).version
    with pytest.raises(OrderClosed):
        async with world.as_(world.buyer) as tx:
            await file_claim(
                tx,
                world.buyer,
                result.claim_no,
                version=version,
                statement="",
                requested_minor=100_00,
                accept_incomplete=True,
            )


async def test_what_needs_two_people_is_not_paid_by_the_policy_alone(world: World) -> None:
    made = await bought(world, usage="unused", paid_minor=490_00)
    async with world.system() as tx:
        await tx.run(
            "UPDATE platforms SET settings = '{\"second_person_over_minor\": 20000}' WHERE id = %(id)s",
            id=world.platform_id,
        )
    try:
        result = await filed(world, made, reason=Reason.CHANGED_MIND, minor=490_00, slots=())
        assert result.state is State.FILED
        assert await approve(world, result.claim_no) is True
        small = await filed(world, await bought(world, usage="unused"), reason=Reason.CHANGED_MIND, slots=())
        assert small.state is State.PAYING
    finally:
        async with world.system() as tx:
            await tx.run("UPDATE platforms SET settings = '{}' WHERE id = %(id)s", id=world.platform_id)


async def test_drafts_cannot_be_started_and_thrown_away_for_ever(world: World) -> None:
    made = await bought(world)
    for _ in range(10):
        async with world.as_(world.buyer) as tx:
            claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
            await withdraw(tx, world.buyer, claim_no, version=1)
    with pytest.raises(DraftsTooMany):
        async with world.as_(world.buyer) as tx:
            await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
    async with world.as_(world.buyer, at=later(days=2)) as tx:
        assert await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)


async def test_small_slices_that_were_paid_count_as_applications(world: World) -> None:
    made = await bought(world, usage="unused")
    for _ in range(5):
        result = await filed(world, made, reason=Reason.CHANGED_MIND, minor=1, slots=())
        (payout_id,) = await payouts_of(world, result.claim_id)
        async with world.system() as tx:
            await payout_verified(tx, payout_id)
    with pytest.raises(AttemptsUsedUp):
        await filed(world, made, reason=Reason.CHANGED_MIND, minor=1, slots=())


async def test_what_is_only_presumed_unused_is_not_paid_without_a_person(world: World) -> None:
    result = await filed(world, await bought(world, usage=None), reason=Reason.CHANGED_MIND, slots=())
    assert result.state is State.FILED
