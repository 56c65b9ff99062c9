"""Deciding: who may, how much, by two people above the limit, and what the buyer is asked for in between."""

from __future__ import annotations

from uuid import uuid4

import pytest

from huiliu.claims.actions import (
    answer,
    ask_buyer,
    ask_platform,
    clock_ran_out,
    confirm,
    decide,
    escalate,
    file_claim,
    payout_bounced,
    payout_failed,
    payout_verified,
    prove,
    return_to_review,
    save_draft,
    take,
    withdraw,
)
from huiliu.claims.allowed import Do
from huiliu.claims.model import (
    AmountOutOfRange,
    ClaimChanged,
    Decision,
    DecisionIncomplete,
    DecisionKind,
    EvidenceMissing,
    MediatedAlready,
    MoveNotAllowed,
    NeedsPeople,
    NotYet,
    PublicState,
    Reason,
    RejectReason,
    SamePerson,
    State,
    WindowOver,
)
from huiliu.claims.page import claim_page
from huiliu.deadlines.actions import DueTimer
from huiliu.deadlines.model import ClockKind
from huiliu.kit.errors import NotAllowed
from huiliu.ledger.reads import order_balance
from huiliu.people.model import ApiKey, Scope
from tests.claims.conftest import World, later
from tests.claims.steps import approve, bought, claim_of, filed, money_of, payouts_of, reject, rejection, show

KEY_SCOPES = frozenset({Scope.CLAIMS_WRITE})


async def test_support_takes_asks_and_the_buyer_answers(world: World) -> None:
    result = await filed(world, await bought(world), slots=("paid_shot",))
    agent = world.staff("xiaogu")
    async with world.as_(agent) as tx:
        await take(tx, agent, result.claim_no, version=2)
    async with world.as_(agent) as tx:
        await ask_buyer(
            tx, agent, result.claim_no, version=3, slots=("account_compare",), words="请补充充值账号页面的截图"
        )
    claim = await claim_of(world, result.claim_no)
    assert (claim.state, claim.due_kind) == (State.WAITING_BUYER, ClockKind.MATERIAL)
    async with world.as_(world.buyer) as tx:
        page = await claim_page(tx, world.buyer, result.claim_no)
        assert page.public is PublicState.IN_REVIEW
        assert page.request is not None
        assert page.allowed[0].do is Do.ANSWER
    with pytest.raises(EvidenceMissing):
        async with world.as_(world.buyer, at=later(minutes=5)) as tx:
            await answer(tx, world.buyer, result.claim_no, version=4, words="", accept_incomplete=False)
    async with world.as_(world.buyer, at=later(minutes=5)) as tx:
        await show(tx, claim.id, "account_compare")
        await answer(tx, world.buyer, result.claim_no, version=4, words="已补充", accept_incomplete=False)
    assert (await claim_of(world, result.claim_no)).state is State.REVIEWING


async def test_what_was_there_before_does_not_answer_a_request(world: World) -> None:
    result = await filed(world, await bought(world))
    agent = world.staff("xiaogu")
    async with world.as_(agent, at=later(minutes=1)) as tx:
        await ask_buyer(tx, agent, result.claim_no, version=2, slots=("paid_shot",), words="看不清，请重拍")
    with pytest.raises(EvidenceMissing):
        async with world.as_(world.buyer, at=later(minutes=5)) as tx:
            await answer(tx, world.buyer, result.claim_no, version=3, words="", accept_incomplete=False)


async def test_an_agent_may_ask_but_not_decide_and_finance_neither(world: World) -> None:
    result = await filed(world, await bought(world))
    for login in ("xiaogu", "qianhui", "guanyan", "caiheng"):
        with pytest.raises(NotAllowed):
            await approve(world, result.claim_no, by=login)
    with pytest.raises(NotAllowed):
        async with world.as_(world.staff("qianhui")) as tx:
            await ask_buyer(tx, world.staff("qianhui"), result.claim_no, version=2, slots=("other",), words="请补充")


async def test_a_part_is_reserved_paid_and_settled_to_the_cent(world: World) -> None:
    made = await bought(world)
    result = await filed(world, made)
    assert await approve(world, result.claim_no, minor=60_00) is False
    assert await money_of(world, made) == (60_00, 0)
    (payout_id,) = await payouts_of(world, result.claim_id)
    async with world.system() as tx:
        await payout_verified(tx, payout_id)
    assert await money_of(world, made) == (0, 60_00)
    claim = await claim_of(world, result.claim_no)
    assert (claim.state, claim.approved_minor) == (State.REFUNDED, 60_00)
    async with world.system() as tx:
        balance = await order_balance(tx, made.order_id)
    assert balance is not None
    assert (balance.posted_minor, balance.pending_minor) == (40_00, 0)


async def test_the_rest_can_be_claimed_afterwards_but_not_a_cent_more(world: World) -> None:
    made = await bought(world)
    first = await filed(world, made)
    await approve(world, first.claim_no, minor=60_00)
    (payout_id,) = await payouts_of(world, first.claim_id)
    async with world.system() as tx:
        await payout_verified(tx, payout_id)
    with pytest.raises(AmountOutOfRange):
        await filed(world, made, minor=40_01)
    second = await filed(world, made, minor=40_00)
    await approve(world, second.claim_no)
    assert await money_of(world, made) == (40_00, 60_00)


async def test_above_the_limit_a_second_person_confirms_and_never_the_same(world: World) -> None:
    made = await bought(world, paid_minor=800_00)
    result = await filed(world, made, minor=800_00)
    assert await approve(world, result.claim_no) is True
    assert await money_of(world, made) == (0, 0), "nothing is set aside before the second person"
    claim = await claim_of(world, result.claim_no)
    assert claim.state is State.CONFIRMING
    with pytest.raises(SamePerson):
        async with world.as_(world.staff("heshen")) as tx:
            await confirm(tx, world.staff("heshen"), result.claim_no, version=claim.version)
    with pytest.raises(NotAllowed):
        async with world.as_(world.staff("xiaogu")) as tx:
            await confirm(tx, world.staff("xiaogu"), result.claim_no, version=claim.version)
    async with world.as_(world.staff("shenfu")) as tx:
        await confirm(tx, world.staff("shenfu"), result.claim_no, version=claim.version)
    assert await money_of(world, made) == (800_00, 0)


async def test_the_database_itself_refuses_one_person_in_both_roles(world: World) -> None:
    result = await filed(world, await bought(world, paid_minor=800_00), minor=800_00)
    await approve(world, result.claim_no)
    with pytest.raises(SamePerson):
        async with world.as_(world.staff("heshen")) as tx:
            await tx.run(
                "UPDATE claim_decisions SET second_id = by_id, second_name = by_name WHERE claim_id = %(claim)s",
                claim=result.claim_id,
            )


async def test_slices_below_the_limit_add_up(world: World) -> None:
    made = await bought(world, paid_minor=800_00)
    first = await filed(world, made, minor=400_00)
    assert await approve(world, first.claim_no) is False
    (payout_id,) = await payouts_of(world, first.claim_id)
    async with world.system() as tx:
        await payout_verified(tx, payout_id)
    second = await filed(world, made, minor=400_00)
    assert await approve(world, second.claim_no) is True, "400 + 400 is above 500, whatever the slices"


async def test_a_machine_key_decides_only_what_one_person_may(world: World) -> None:
    key = ApiKey(id=uuid4(), platform_id=world.platform_id, name="商城", scopes=KEY_SCOPES)
    large = await filed(world, await bought(world, paid_minor=800_00), minor=800_00)
    with pytest.raises(NeedsPeople):
        async with world.as_(key) as tx:
            await decide(tx, key, large.claim_no, version=2, decision=Decision(kind=DecisionKind.APPROVE, clause="F1"))
    small = await filed(world, await bought(world))
    async with world.as_(key) as tx:
        await decide(tx, key, small.claim_no, version=2, decision=Decision(kind=DecisionKind.APPROVE, clause="F1"))


async def test_the_second_person_may_send_it_back_and_the_first_may_not_slip_past(world: World) -> None:
    made = await bought(world, paid_minor=800_00)
    result = await filed(world, made, minor=800_00)
    await approve(world, result.claim_no)
    claim = await claim_of(world, result.claim_no)
    async with world.as_(world.staff("shenfu")) as tx:
        await return_to_review(tx, world.staff("shenfu"), result.claim_no, version=claim.version, note="截图时间对不上")
    assert (await claim_of(world, result.claim_no)).state is State.REVIEWING
    assert await approve(world, result.claim_no) is True, "proposing again needs a second person again"


@pytest.mark.parametrize(
    "decision",
    [
        Decision(kind=DecisionKind.REJECT, clause="F1", words="不行"),
        Decision(kind=DecisionKind.REJECT, reason=RejectReason.OTHER, words="不行"),
        Decision(kind=DecisionKind.REJECT, reason=RejectReason.OTHER, clause="F1", words="  "),
        Decision(kind=DecisionKind.REJECT, reason=RejectReason.OTHER, clause="F99", words="不行"),
    ],
)
async def test_a_rejection_names_reason_clause_and_words(world: World, decision: Decision) -> None:
    result = await filed(world, await bought(world))
    with pytest.raises(DecisionIncomplete):
        async with world.as_(world.staff("heshen")) as tx:
            await decide(tx, world.staff("heshen"), result.claim_no, version=2, decision=decision)


async def test_deciding_what_was_not_the_page_you_saw_is_refused(world: World) -> None:
    result = await filed(world, await bought(world))
    with pytest.raises(ClaimChanged):
        async with world.as_(world.staff("heshen")) as tx:
            await decide(tx, world.staff("heshen"), result.claim_no, version=1, decision=rejection())


async def test_a_refusal_by_the_rail_frees_the_money_and_returns_the_claim(world: World) -> None:
    made = await bought(world)
    result = await filed(world, made)
    await approve(world, result.claim_no)
    (payout_id,) = await payouts_of(world, result.claim_id)
    async with world.system() as tx:
        await payout_failed(tx, payout_id, "account_closed")
    assert await money_of(world, made) == (0, 0)
    claim = await claim_of(world, result.claim_no)
    assert (claim.state, claim.approved_minor) == (State.REVIEWING, None)
    await approve(world, result.claim_no)
    assert await money_of(world, made) == (100_00, 0)


async def test_an_outcome_counts_once(world: World) -> None:
    made = await bought(world)
    result = await filed(world, made)
    await approve(world, result.claim_no)
    (payout_id,) = await payouts_of(world, result.claim_id)
    async with world.system() as tx:
        await payout_verified(tx, payout_id)
    with pytest.raises(MoveNotAllowed):
        async with world.system() as tx:
            await payout_verified(tx, payout_id)
    with pytest.raises(MoveNotAllowed):
        async with world.system() as tx:
            await payout_failed(tx, payout_id, "late")
    assert await money_of(world, made) == (0, 100_00)


async def test_a_bounce_gives_the_order_its_money_back_and_reopens_the_claim(world: World) -> None:
    made = await bought(world)
    result = await filed(world, made)
    await approve(world, result.claim_no)
    (payout_id,) = await payouts_of(world, result.claim_id)
    async with world.system() as tx:
        await payout_verified(tx, payout_id)
    async with world.system() as tx:
        await payout_bounced(tx, payout_id)
    assert await money_of(world, made) == (0, 0)
    assert (await claim_of(world, result.claim_no)).state is State.REVIEWING


async def test_a_withdrawal_ends_everything_that_was_waiting(world: World) -> None:
    made = await bought(world, paid_minor=800_00)
    result = await filed(world, made, minor=800_00)
    await approve(world, result.claim_no)
    claim = await claim_of(world, result.claim_no)
    async with world.as_(world.buyer) as tx:
        await withdraw(tx, world.buyer, result.claim_no, version=claim.version)
    assert await money_of(world, made) == (0, 0)
    async with world.as_(world.buyer) as tx:
        page = await claim_page(tx, world.buyer, result.claim_no)
    assert page.public is None
    assert page.allowed == ()
    again = await filed(world, made, reason=Reason.NOT_ARRIVED, minor=800_00)
    assert again.claim_no != result.claim_no


async def test_money_on_its_way_cannot_be_withdrawn(world: World) -> None:
    result = await filed(world, await bought(world))
    await approve(world, result.claim_no)
    with pytest.raises(MoveNotAllowed):
        async with world.as_(world.buyer) as tx:
            await withdraw(tx, world.buyer, result.claim_no, version=3)


async def test_after_a_rejection_the_platform_can_be_called_in_for_a_week(world: World) -> None:
    result = await filed(world, await bought(world))
    await reject(world, result.claim_no)
    with pytest.raises(WindowOver):
        async with world.as_(world.buyer, at=later(days=8)) as tx:
            await escalate(tx, world.buyer, result.claim_no, version=3, words="")
    async with world.as_(world.buyer, at=later(days=6)) as tx:
        await escalate(tx, world.buyer, result.claim_no, version=3, words="平台没有看我的截图")
    with pytest.raises(NotAllowed):
        await approve(world, result.claim_no, by="heshen")
    await approve(world, result.claim_no, by="caiheng")
    assert (await claim_of(world, result.claim_no)).state is State.PAYING


async def test_before_the_review_is_overdue_it_is_too_early(world: World) -> None:
    result = await filed(world, await bought(world))
    with pytest.raises(NotYet):
        async with world.as_(world.buyer) as tx:
            await escalate(tx, world.buyer, result.claim_no, version=2, words="")
    async with world.as_(world.buyer) as tx:
        page = await claim_page(tx, world.buyer, result.claim_no)
    (escalation,) = [item for item in page.allowed if item.do is Do.ESCALATE]
    assert not escalation.is_now
    assert escalation.not_before == page.claim.due_at


async def test_an_overdue_review_goes_to_mediation_by_itself_once(world: World) -> None:
    result = await filed(world, await bought(world))
    claim = await claim_of(world, result.claim_no)
    assert claim.due_at is not None
    timer = DueTimer(world.platform_id, claim.id, ClockKind.REVIEW, claim.due_at)
    async with world.system(at=later(days=5)) as tx:
        assert await clock_ran_out(tx, timer)
    assert (await claim_of(world, result.claim_no)).state is State.MEDIATING
    async with world.system(at=later(days=5)) as tx:
        assert not await clock_ran_out(tx, timer)


async def test_a_clock_whose_claim_moved_on_does_nothing(world: World) -> None:
    result = await filed(world, await bought(world))
    claim = await claim_of(world, result.claim_no)
    assert claim.due_at is not None
    await approve(world, result.claim_no)
    async with world.system(at=later(days=5)) as tx:
        assert not await clock_ran_out(tx, DueTimer(world.platform_id, claim.id, ClockKind.REVIEW, claim.due_at))
    assert (await claim_of(world, result.claim_no)).state is State.PAYING


async def test_the_platform_that_does_not_prove_in_time_is_presumed_not_to_have_a_record(world: World) -> None:
    result = await filed(world, await bought(world, usage=None))
    agent = world.staff("xiaogu")
    async with world.as_(agent) as tx:
        await ask_platform(tx, agent, result.claim_no, version=2, words="买家称未使用，请出示消耗记录")
    claim = await claim_of(world, result.claim_no)
    assert (claim.state, claim.due_kind) == (State.WAITING_PLATFORM, ClockKind.PROOF)
    assert claim.due_at is not None
    async with world.system(at=later(days=3)) as tx:
        assert await clock_ran_out(tx, DueTimer(world.platform_id, claim.id, ClockKind.PROOF, claim.due_at))
    assert (await claim_of(world, result.claim_no)).state is State.REVIEWING


async def test_a_proof_in_time_returns_the_claim_to_review(world: World) -> None:
    result = await filed(world, await bought(world))
    agent = world.staff("xiaogu")
    async with world.as_(agent) as tx:
        await ask_platform(tx, agent, result.claim_no, version=2, words="请出示消耗记录")
    async with world.as_(agent) as tx:
        await prove(tx, agent, result.claim_no, version=3, words="已附核销记录")
    assert (await claim_of(world, result.claim_no)).state is State.REVIEWING


async def test_buyers_do_not_read_what_staff_say_among_themselves(world: World) -> None:
    made = await bought(world, paid_minor=800_00)
    result = await filed(world, made, minor=800_00)
    await approve(world, result.claim_no)
    claim = await claim_of(world, result.claim_no)
    async with world.as_(world.staff("shenfu")) as tx:
        await return_to_review(tx, world.staff("shenfu"), result.claim_no, version=claim.version, note="怀疑是老客")
    async with world.as_(world.buyer) as tx:
        page = await claim_page(tx, world.buyer, result.claim_no)
    assert "怀疑是老客" not in repr(page.timeline)
    assert page.decisions == []
    assert page.history is None


async def _called_in(world: World, claim_no: str) -> None:
    version = (await claim_of(world, claim_no)).version
    async with world.as_(world.buyer) as tx:
        await escalate(tx, world.buyer, claim_no, version=version, words="")


async def test_nobody_below_the_arbitrator_overrules_the_arbitrators_no(world: World) -> None:
    result = await filed(world, await bought(world))
    await reject(world, result.claim_no, "paid_shot")
    await _called_in(world, result.claim_no)
    await reject(world, result.claim_no, "paid_shot", by="caiheng")
    claim = await claim_of(world, result.claim_no)
    async with world.as_(world.buyer) as tx:
        await file_claim(
            tx,
            world.buyer,
            result.claim_no,
            version=claim.version,
            statement="",
            requested_minor=100_00,
            accept_incomplete=True,
        )
    key = ApiKey(id=uuid4(), platform_id=world.platform_id, name="商城", scopes=KEY_SCOPES)
    version = (await claim_of(world, result.claim_no)).version
    with pytest.raises(NeedsPeople):
        async with world.as_(key) as tx:
            await decide(tx, key, result.claim_no, version=version, decision=Decision(kind=DecisionKind.APPROVE))
    with pytest.raises(NotAllowed):
        await approve(world, result.claim_no, by="heshen")
    assert not await approve(world, result.claim_no, by="caiheng")


async def test_what_was_typed_and_never_handed_in_is_not_arbitrated(world: World) -> None:
    made = await bought(world)
    result = await filed(world, made, minor=30_00)
    await reject(world, result.claim_no, "paid_shot")
    async with world.as_(world.buyer) as tx:
        await save_draft(tx, world.buyer, result.claim_no, reason=None, statement="再想想", requested_minor=100_00)
    await _called_in(world, result.claim_no)
    claim = await claim_of(world, result.claim_no)
    assert (claim.requested_minor, claim.statement) == (30_00, "付款两小时了还没有到账")
    await approve(world, result.claim_no, by="caiheng")
    assert await money_of(world, made) == (30_00, 0)


async def test_the_platform_is_called_in_once_for_a_claim(world: World) -> None:
    result = await filed(world, await bought(world))
    await reject(world, result.claim_no)
    async with world.as_(world.buyer) as tx:
        await escalate(tx, world.buyer, result.claim_no, version=3, words="")
    await reject(world, result.claim_no, by="caiheng")
    claim = await claim_of(world, result.claim_no)
    with pytest.raises(MediatedAlready):
        async with world.as_(world.buyer) as tx:
            await escalate(tx, world.buyer, result.claim_no, version=claim.version, words="")
    async with world.as_(world.buyer) as tx:
        page = await claim_page(tx, world.buyer, result.claim_no)
    assert {item.do: item.why_not for item in page.allowed}[Do.ESCALATE] == "mediated_already"
