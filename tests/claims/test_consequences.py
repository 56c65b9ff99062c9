"""What a suspicion and a restriction do to refund applications, and what they never do."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio

from huiliu.claims.actions import (
    answer_appeal,
    appeal_restriction,
    contact_to_tell,
    decide,
    escalate,
    file_at_once,
    file_claim,
    lift_restriction,
    start_draft,
)
from huiliu.claims.allowed import Do
from huiliu.claims.case import load_case
from huiliu.claims.model import Decision, DecisionKind, Reason, RejectReason, State
from huiliu.claims.page import claim_page
from huiliu.claims.reads import load_claim
from huiliu.evidence.suspicion.actions import dismiss
from huiliu.kit.db import Tx
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.kit.money import Money
from huiliu.people.model import ApiKey, Buyer, Scope
from huiliu.people.restrictions.errors import NeedsPerson, Suspended
from huiliu.people.restrictions.model import Answer, Level, Outcome
from huiliu.worker.reactions import REACTIONS
from tests.claims.conftest import World, later
from tests.claims.steps import reject, rejection
from tests.conftest import NOW
from tests.make.orders import OrderIds, order
from tests.make.suspicions import Shown, restricted, shown, somebody, suspected

Who = tuple[Buyer, str]
WRONG = Answer(outcome=Outcome.LIFTED, reply="订单改过价，截图是对的。")


@pytest_asyncio.fixture(loop_scope="session")
async def who(world: World) -> Who:
    """A buyer of this test's own."""
    return somebody(world)


def machine(world: World) -> ApiKey:
    return ApiKey(id=new_id(), platform_id=world.platform_id, name="商城", scopes=frozenset(Scope))


async def unused(world: World, who: Who, *, at: timedelta = timedelta()) -> OrderIds:
    """A line that the policy refunds without a person."""
    async with world.system(at=NOW + at) as tx:
        return await order(tx, contact=who[1], usage="unused", kind="card")


async def refund(world: World, made: OrderIds, *, at: timedelta = timedelta()) -> State:
    """What the shop's own server asks for its buyer."""
    key = machine(world)
    async with world.as_(key, at=NOW + at) as tx:
        filed = await file_at_once(
            tx,
            key,
            order_no=made.order_no,
            line_no=1,
            reason=Reason.CHANGED_MIND,
            statement="",
            amount=Money(made.paid_minor),
        )
    return filed.state


async def forged_before(tx: Tx, who: Who, made: OrderIds) -> bool:
    return (await load_case(tx, who[0], order_no=made.order_no, line_no=1)).forged_before


async def test_without_anything_the_policy_pays_at_once(world: World, who: Who) -> None:
    assert await refund(world, await unused(world, who)) is State.PAYING


async def test_an_open_suspicion_does_nothing_but_call_for_a_person(world: World, keyring: Keyring, who: Who) -> None:
    given = await shown(world, keyring, who=who)
    found = await suspected(world, keyring, given)
    made = await unused(world, who)
    async with world.as_(who[0]) as tx:
        assert await forged_before(tx, who, made) is False
        page = await claim_page(tx, who[0], given.claim_no)
        assert not [event for event in page.timeline if "suspicion" in event.kind], "the buyer reads nothing of it"
        assert await start_draft(tx, who[0], order_no=made.order_no, line_no=1, reason=Reason.CHANGED_MIND)
    assert await refund(world, await unused(world, who)) is State.FILED
    assert await refund(world, await unused(world, somebody(world))) is State.PAYING, "nobody else is touched"
    month = timedelta(days=30)
    assert await refund(world, await unused(world, who, at=month), at=month) is State.PAYING, "not for ever"
    reviewer = world.staff("heshen")
    async with world.as_(reviewer) as tx:
        await dismiss(tx, reviewer, found.id, version=1, note="看错了")
    assert await refund(world, await unused(world, who)) is State.PAYING


async def test_a_machine_neither_approves_nor_rejects_what_a_person_must_decide(
    world: World, keyring: Keyring, who: Who
) -> None:
    given = await shown(world, keyring, who=who)
    key = machine(world)
    async with world.as_(key) as tx:
        before = await claim_page(tx, key, given.claim_no)
        assert {Do.APPROVE, Do.REJECT} <= {each.do for each in before.allowed}
    await suspected(world, keyring, given)
    for decision in (Decision(kind=DecisionKind.APPROVE, clause="F1"), rejection()):
        with pytest.raises(NeedsPerson):
            async with world.as_(key) as tx:
                await decide(tx, key, given.claim_no, version=2, decision=decision)
    async with world.as_(key) as tx:
        page = await claim_page(tx, key, given.claim_no)
        assert not {Do.APPROVE, Do.REJECT} & {each.do for each in page.allowed}
    reviewer = world.staff("heshen")
    async with world.as_(reviewer) as tx:
        await decide(tx, reviewer, given.claim_no, version=2, decision=Decision(kind=DecisionKind.APPROVE, clause="F1"))


@pytest.mark.parametrize("level", Level)
async def test_a_confirmed_finding_is_a_fact_for_policies_until_it_is_lifted_or_forgotten(
    world: World, keyring: Keyring, who: Who, level: Level
) -> None:
    _, restriction = await restricted(world, keyring, level=level, who=who)
    made = await unused(world, who)
    async with world.as_(who[0]) as tx:
        assert await forged_before(tx, who, made)
    async with world.as_(who[0], at=later(days=729)) as tx:
        assert await forged_before(tx, who, made)
    async with world.as_(who[0], at=later(days=731)) as tx:
        assert await forged_before(tx, who, made) is False
    boss = world.staff("caiheng")
    async with world.as_(boss) as tx:
        await lift_restriction(tx, boss, restriction.id, version=1, note="错了")
        assert await forged_before(tx, who, made) is False
    assert await refund(world, made) is State.PAYING


async def test_the_policys_clause_for_forged_evidence_hands_the_claim_to_a_person(
    world: World, keyring: Keyring, who: Who
) -> None:
    await restricted(world, keyring, level=Level.WARNING, who=who)
    made = await unused(world, who)
    assert await refund(world, made) is State.FILED
    key = machine(world)
    async with world.as_(key) as tx:
        stored = await tx.value("SELECT verdict->>'clause' FROM claims WHERE order_id = %(id)s", id=made.order_id)
    assert stored == "F0"


async def test_no_instant_holds_also_where_the_policy_asks_nothing_about_forging(
    world: World, keyring: Keyring, who: Who
) -> None:
    await restricted(world, keyring, level=Level.NO_INSTANT, who=who)
    made = await unused(world, who)
    async with world.as_(who[0]) as tx:
        assert (await load_case(tx, who[0], order_no=made.order_no, line_no=1)).needs_person
    async with world.as_(who[0], at=later(days=7)) as tx:
        case = await load_case(tx, who[0], order_no=made.order_no, line_no=1)
        assert (case.needs_person, case.forged_before) == (False, True)


async def test_suspended_refuses_what_is_new_and_says_until_when(world: World, keyring: Keyring, who: Who) -> None:
    made, begun = await unused(world, who), await unused(world, who)
    async with world.as_(who[0]) as tx:
        number = await start_draft(tx, who[0], order_no=begun.order_no, line_no=1, reason=Reason.CHANGED_MIND)
    await restricted(world, keyring, level=Level.SUSPENDED, who=who)
    with pytest.raises(Suspended) as refused:
        async with world.as_(who[0]) as tx:
            await start_draft(tx, who[0], order_no=made.order_no, line_no=1, reason=Reason.CHANGED_MIND)
    assert refused.value.facts == {"until": "2026-11-30 10:00"}
    with pytest.raises(Suspended):
        await refund(world, made)
    async with world.as_(who[0]) as tx:
        version = (await load_claim(tx, who[0], number)).version
        with pytest.raises(Suspended):  # what was only being prepared is new as well
            await file_claim(
                tx, who[0], number, version=version, statement="", requested_minor=100_00, accept_incomplete=True
            )
    looked = Buyer(platform_id=world.platform_id, order_ids=(made.order_id,))
    with pytest.raises(Suspended):  # looking the order up is no way around it
        async with world.as_(looked) as tx:
            await start_draft(tx, looked, order_no=made.order_no, line_no=1, reason=Reason.CHANGED_MIND)
    async with world.as_(who[0], at=later(days=7)) as tx:
        await start_draft(tx, who[0], order_no=made.order_no, line_no=1, reason=Reason.CHANGED_MIND)


async def test_suspended_goes_on_with_what_is_under_way_reads_appeals_and_calls_the_platform_in(
    world: World, keyring: Keyring, who: Who
) -> None:
    older = await shown(world, keyring, who=who)
    rejected = await shown(world, keyring, who=who)
    await reject(world, rejected.claim_no)
    _, restriction = await restricted(world, keyring, level=Level.SUSPENDED, who=who)
    async with world.as_(who[0], at=later(minutes=1)) as tx:
        assert (await claim_page(tx, who[0], older.claim_no)).claim.state is State.FILED
        await escalate(tx, who[0], rejected.claim_no, version=3, words="请平台看一下")
        await appeal_restriction(tx, who[0], restriction.id, words="请再看一次")
    other = await shown_and_rejected(world, keyring, who)
    async with world.as_(who[0], at=later(minutes=2)) as tx:
        again = await file_claim(
            tx,
            who[0],
            other.claim_no,
            version=3,
            statement="补充了",
            requested_minor=100_00,
            accept_incomplete=True,
        )
    assert again.state is State.FILED


async def shown_and_rejected(world: World, keyring: Keyring, who: Who) -> Shown:
    """Filed the day before, when nothing held, and turned down."""
    given = await shown(world, keyring, who=who, at=NOW - timedelta(days=1))
    await reject(world, given.claim_no)
    return given


async def test_days_of_a_wrong_suspension_do_not_make_the_order_older(world: World, keyring: Keyring, who: Who) -> None:
    _, restriction = await restricted(world, keyring, level=Level.SUSPENDED, who=who)
    made = await unused(world, who)
    boss = world.staff("caiheng")
    async with world.as_(boss, at=later(days=3)) as tx:
        case = await load_case(tx, who[0], order_no=made.order_no, line_no=1)
        whole = case.age_seconds(tx.now)
        await lift_restriction(tx, boss, restriction.id, version=1, note="错了")
        case = await load_case(tx, who[0], order_no=made.order_no, line_no=1)
        assert whole - case.age_seconds(tx.now) == 3 * 86_400
        assert case.age_seconds(NOW) == 30 * 60, "what was filed before it began has the age it had"
        assert case.age_seconds(later(days=30)) == 27 * 86_400 + 30 * 60
    async with world.system(at=later(days=2)) as tx:  # bought in the middle of it: only the days since then were lost
        since = await order(tx, contact=who[1], ordered_at=later(days=2))
    async with world.as_(who[0], at=later(days=10)) as tx:
        case = await load_case(tx, who[0], order_no=since.order_no, line_no=1)
        assert case.age_seconds(tx.now) == 7 * 86_400


async def test_a_wrong_finding_gives_the_rejected_claim_its_windows_again(
    world: World, keyring: Keyring, who: Who
) -> None:
    given, restriction = await restricted(world, keyring, level=Level.WARNING, who=who)
    await reject(world, given.claim_no)
    async with world.as_(who[0], at=later(days=6)) as tx:
        appealed = await appeal_restriction(tx, who[0], restriction.id, words="订单改过价")
    boss = world.staff("caiheng")
    async with world.as_(boss, at=later(days=8)) as tx:  # past the seven days to apply again
        await answer_appeal(tx, boss, restriction.id, version=appealed.version, answer=WRONG)
    async with world.as_(who[0], at=later(days=9)) as tx:
        page = await claim_page(tx, who[0], given.claim_no)
        reapply = next(each for each in page.allowed if each.do is Do.REAPPLY)
        assert reapply.is_now
        assert [event.kind for event in page.timeline if event.kind.startswith("restriction.")] == [
            "restriction.imposed",
            "restriction.appealed",
            "restriction.answered",
        ]
        await file_claim(
            tx,
            who[0],
            given.claim_no,
            version=page.claim.version,
            statement="",
            requested_minor=100_00,
            accept_incomplete=True,
        )


async def test_a_claim_that_is_under_way_is_left_alone_by_lifting(world: World, keyring: Keyring, who: Who) -> None:
    given, restriction = await restricted(world, keyring, who=who)
    boss = world.staff("caiheng")
    async with world.as_(boss) as tx:
        before = await load_claim(tx, boss, given.claim_no)
        await lift_restriction(tx, boss, restriction.id, version=1, note="错了")
        assert await load_claim(tx, boss, given.claim_no) == before


async def test_the_notice_goes_to_the_orders_contact(world: World, keyring: Keyring, who: Who) -> None:
    _, restriction = await restricted(world, keyring, who=who)
    async with world.system() as tx:
        assert await contact_to_tell(tx, restriction, keyring=keyring) is None, "this order kept none"
        made = await order(tx, keyring=keyring, contact="a@example.com")
        await tx.run(
            "UPDATE orders SET contact_sealed = (SELECT contact_sealed FROM orders WHERE id = %(from)s) WHERE id = %(to)s",
            **{"from": made.order_id, "to": restriction.order_id},
        )
        assert await contact_to_tell(tx, restriction, keyring=keyring) == "a@example.com"


def test_the_platforms_server_is_told_of_restrictions_and_never_of_suspicions() -> None:
    told = {kind for kind, reaction in REACTIONS.items() if reaction.event.value == "restriction.changed"}
    assert told == {"restriction.imposed", "restriction.answered", "restriction.lifted"}
    assert not [kind for kind in REACTIONS if kind.startswith("suspicion.")]


def test_a_rejection_reason_says_nothing_of_forging() -> None:
    """A claim is turned down for what its evidence lacks; what follows for the buyer is another decision."""
    assert not [reason for reason in RejectReason if "forg" in reason.value]
