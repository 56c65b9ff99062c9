"""The second person: neither the proposer nor anybody who wrote a text of it, whatever the route and however many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import LiteralString

import pytest
from psycopg.errors import CheckViolation, DatabaseError, ForeignKeyViolation, InsufficientPrivilege, UniqueViolation

from huiliu.kit.db import Pool, Tx, transaction
from huiliu.kit.errors import NotAllowed, NotFound
from huiliu.kit.text import Lang, refusal_words
from huiliu.people.actor import actor_of
from huiliu.policy.drafts import actions as drafts
from huiliu.policy.drafts.model import (
    MOVES,
    AlreadyPublished,
    DraftChanged,
    DraftElsewhere,
    DraftMove,
    DraftState,
    EffectivePassed,
    LabelTaken,
    NotProposer,
    Overtaken,
    OwnProposal,
    OwnWork,
)
from huiliu.policy.drafts.reads import list_drafts, list_saves, load_draft
from huiliu.policy.model import InstantTaken
from tests.conftest import NOW
from tests.policy.workshop import SOON, Shop, new_shop, outcome, text


async def test_the_proposer_cannot_approve_or_return_their_own(shop: Shop) -> None:
    proposed = await shop.propose(await shop.start(text("v1")))

    with pytest.raises(OwnWork):
        await shop.approve(proposed, by="guanyan")
    with pytest.raises(OwnProposal):
        await shop.back(proposed, by="guanyan")
    with pytest.raises(NotProposer):
        await shop.take_back(proposed, by="fuguan")


async def test_whoever_edited_it_even_long_ago_cannot_approve_it(shop: Shop) -> None:
    draft = await shop.start(text("v1"), by="fuguan")
    draft = await shop.save(draft, text("v2"))
    draft = await shop.propose(await shop.undo(draft))

    with pytest.raises(OwnWork):
        await shop.approve(draft, by="fuguan")
    assert (await shop.approve(draft)).approved_by == "裁衡"


async def test_whoever_only_corrected_a_word_cannot_approve_it(shop: Shop) -> None:
    draft = await shop.save(await shop.start(text("v1")), text("v2"), by="fuguan")
    proposed = await shop.propose(draft)

    assert proposed.authors == (shop.staff("guanyan").id, shop.staff("fuguan").id)
    assert [proposed.may_approve(shop.staff(login).id) for login in ("guanyan", "fuguan", "caiheng")] == [
        False,
        False,
        True,
    ]
    with pytest.raises(OwnWork):
        await shop.approve(proposed, by="fuguan")


async def test_whoever_proposed_it_before_cannot_approve_it_later(shop: Shop) -> None:
    draft = await shop.propose(await shop.start(text("v1")), by="fuguan")
    draft = await shop.take_back(draft, by="fuguan")
    draft = await shop.propose(draft)

    with pytest.raises(OwnWork):
        await shop.approve(draft, by="fuguan")


async def test_a_second_administrator_who_wrote_nothing_may_approve(shop: Shop) -> None:
    assert (await shop.approve(await shop.propose(await shop.start(text("v1"))), by="fuguan")).approved_by == "副管"


@pytest.mark.parametrize("login", ["xiaogu", "heshen", "qianhui"])
async def test_others_neither_write_nor_approve_nor_read(shop: Shop, login: str) -> None:
    draft = await shop.start(text("v1"))
    proposed = await shop.propose(draft)

    for act in (
        shop.start(text("v2"), by=login),
        shop.save(proposed, text("v2"), by=login),
        shop.propose(proposed, by=login),
        shop.approve(proposed, by=login),
        shop.back(proposed, by=login),
        shop.take_back(proposed, by=login),
        shop.discard(proposed, by=login),
        shop.as_(login, lambda tx, who: load_draft(tx, who, draft.id)),
        shop.as_(login, lambda tx, who: list_drafts(tx, who)),
        shop.as_(login, lambda tx, who: list_saves(tx, who, draft.id)),
    ):
        with pytest.raises(NotAllowed):
            await act


async def test_the_arbitrator_approves_and_does_not_write(shop: Shop) -> None:
    draft = await shop.start(text("v1"))

    for act in (
        shop.start(text("v2"), by="caiheng"),
        shop.save(draft, text("v2"), by="caiheng"),
        shop.propose(draft, by="caiheng"),
        shop.discard(draft, by="caiheng"),
    ):
        with pytest.raises(NotAllowed):
            await act


async def test_another_platforms_draft_is_not_there(shop: Shop, pool: Pool) -> None:
    other = await new_shop(pool)
    proposed = await shop.propose(await shop.start(text("v1")))

    for act in (
        other.load(proposed),
        other.save(proposed, "x"),
        other.approve(proposed),
        other.back(proposed),
        other.take_back(proposed),
        other.discard(proposed),
        other.undo(proposed),
    ):
        with pytest.raises(NotFound):
            await act
    assert await other.as_("guanyan", lambda tx, who: list_drafts(tx, who)) == []
    assert await other.as_("guanyan", lambda tx, who: list_saves(tx, who, proposed.id)) == []


async def test_an_effective_time_that_passed_meanwhile_is_not_approved(shop: Shop) -> None:
    proposed = await shop.propose(await shop.start(text("v1")))

    with pytest.raises(EffectivePassed) as refused:
        await shop.approve(proposed, at=SOON + timedelta(seconds=1))

    assert "2026-11-24 10:00" in refusal_words(Lang.ZH, refused.value)[0]
    again = await shop.propose(await shop.back(proposed), starts=SOON + timedelta(days=1))
    assert (await shop.approve(again)).effective_from == SOON + timedelta(days=1)


async def test_what_another_version_took_meanwhile_is_not_approved(shop: Shop) -> None:
    content = await shop.propose(await shop.start(text("v1")))
    label = await shop.propose(await shop.start(text("v1", "拒绝")), starts=NOW + timedelta(days=2))
    instant = await shop.propose(await shop.start(text("v3")), starts=NOW + timedelta(days=3))
    await shop.publish(text("v1"), NOW + timedelta(days=3))

    for draft, refusal in ((content, AlreadyPublished), (label, LabelTaken), (instant, InstantTaken)):
        with pytest.raises(refusal):
            await shop.approve(draft)
        assert (await shop.load(draft)).state is DraftState.PROPOSED


async def test_what_was_compared_with_another_version_than_it_would_now_replace_is_not_approved(shop: Shop) -> None:
    """Two drafts from one version: approving both would silently undo the first."""
    await shop.publish(text("v1"))
    first = await shop.propose(await shop.start(text("v2")), starts=SOON)
    second = await shop.propose(await shop.start(text("v3")), starts=SOON + timedelta(days=1))
    at_once = await shop.propose(await shop.start(text("v4")), starts=None)
    await shop.approve(first)

    with pytest.raises(Overtaken) as refused:
        await shop.approve(second)
    assert "v2" in refusal_words(Lang.ZH, refused.value)[0]
    assert (await shop.approve(at_once, at=NOW + timedelta(hours=1))).label == "v4", (
        "until tomorrow it still replaces v1"
    )
    again = await shop.propose(await shop.back(second), starts=SOON + timedelta(days=1))
    assert (await shop.approve(again)).label == "v3"


async def test_two_drafts_of_one_label_approved_at_once_make_one_version(shop: Shop) -> None:
    one = await shop.propose(await shop.start(text("v1")))
    other = await shop.propose(await shop.start(text("v1", "拒绝")), starts=SOON - timedelta(hours=1))

    found = await asyncio.gather(outcome(shop.approve(one)), outcome(shop.approve(other)))

    assert sorted(found) == ["done", "drafts.label_taken"]


async def test_a_returned_draft_says_why_and_is_proposed_again(shop: Shop) -> None:
    returned = await shop.back(await shop.propose(await shop.start(text("v1"))), "冷静期太长")

    assert (returned.state, returned.note, returned.proposed_by) == (DraftState.DRAFT, "冷静期太长", None)
    assert (await shop.approve(await shop.propose(returned))).label == "v1"


@pytest.mark.parametrize("state", list(DraftState))
@pytest.mark.parametrize("move", list(DraftMove))
async def test_a_draft_moves_exactly_as_the_table_says(shop: Shop, state: DraftState, move: DraftMove) -> None:
    draft = await shop.start(text("v1"))
    if state in {DraftState.PROPOSED, DraftState.PUBLISHED}:
        draft = await shop.propose(draft)
    if state is DraftState.PUBLISHED:
        await shop.approve(draft)
        draft = await shop.load(draft)
    if state is DraftState.DISCARDED:
        draft = await shop.discard(draft)
    moves: dict[DraftMove, Callable[[], Awaitable[object]]] = {
        DraftMove.SAVE: lambda: shop.save(draft, text("v2")),
        DraftMove.PROPOSE: lambda: shop.propose(draft),
        DraftMove.TAKE_BACK: lambda: shop.take_back(draft),
        DraftMove.RETURN: lambda: shop.back(draft),
        DraftMove.APPROVE: lambda: shop.approve(draft),
        DraftMove.DISCARD: lambda: shop.discard(draft),
    }
    allowed = MOVES.get((state, move))

    if allowed is None:
        with pytest.raises(DraftElsewhere):
            await moves[move]()
    else:
        await moves[move]()

    assert (await shop.load(draft)).state is (allowed or state)


# --------------------------------------------------------------------------------------------- the database says so too


_PERSON = (
    "INSERT INTO policy_draft_people (platform_id, draft_id, staff_id, part, name, at)"
    " VALUES (%(platform)s, %(draft)s, %(author)s, 'approver', 'x', now())"
)
_TWO_PEOPLE = (
    "INSERT INTO policy_draft_people (platform_id, draft_id, staff_id, part, name, at)"
    " SELECT %(platform)s, %(draft)s, id, 'approver', 'x', now() FROM staff WHERE platform_id = %(platform)s"
    " AND id <> %(author)s"
)
_DRAFT = "UPDATE policy_drafts SET state = 'published', approved_by = %(author)s, published_policy_id = id WHERE id = %(draft)s"
_VERSION = (
    "INSERT INTO policies (platform_id, id, label, name, content_hash, source, effective_from, published_at,"
    " published_by, draft_id, proposed_by_id, proposed_by, approved_by_id, approved_by) VALUES (%(platform)s, %(draft)s,"
    " 'v1', 'x', sha256('x'), 'x', now(), now(), 'x', %(draft)s, "
)


@pytest.mark.parametrize(
    ("sql", "error", "constraint"),
    [
        (_PERSON, UniqueViolation, "policy_draft_one_part"),
        (_TWO_PEOPLE, UniqueViolation, "policy_draft_one_approver"),
        (_DRAFT, CheckViolation, "policy_draft_two_people"),
        (_VERSION + "%(author)s, 'x', %(author)s, 'x')", CheckViolation, "policy_two_people"),
        (_VERSION + "%(author)s, 'x', NULL, NULL)", CheckViolation, "policy_two_people"),
        (_VERSION + "%(author)s, 'x', %(other)s, 'x')", ForeignKeyViolation, "policy_approver"),
        (_VERSION + "%(other)s, 'x', %(author)s, 'x')", ForeignKeyViolation, "policy_proposer"),
        ("DELETE FROM policy_draft_people", InsufficientPrivilege, None),
        ("UPDATE policy_draft_people SET part = 'approver'", InsufficientPrivilege, None),
        ("DELETE FROM policy_drafts", InsufficientPrivilege, None),
        ("UPDATE policy_draft_saves SET source = 'x'", InsufficientPrivilege, None),
    ],
)
async def test_the_database_itself_lets_no_author_approve(
    shop: Shop, sql: LiteralString, error: type[DatabaseError], constraint: str | None
) -> None:
    """What is left when the program forgets: the list of people, the draft's CHECK and the version's foreign keys."""
    draft = await shop.propose(await shop.start(text("v1")))
    given = {
        "platform": shop.platform_id,
        "draft": draft.id,
        "author": shop.staff("guanyan").id,
        "other": shop.staff("caiheng").id,
    }
    async with transaction(shop.pool, actor_of(shop.staff("guanyan")), clock=lambda: NOW) as tx:
        with pytest.raises(error) as refused:
            async with tx.connection.transaction():
                await tx.run(sql, **given)

    assert refused.value.diag.constraint_name == constraint


async def test_two_approvals_at_once_make_one_version(shop: Shop) -> None:
    proposed = await shop.propose(await shop.start(text("v1")))

    found = await asyncio.gather(
        *(outcome(shop.approve(proposed, by=login)) for login in ("caiheng", "fuguan", "caiheng", "fuguan"))
    )

    assert found.count("done") == 1
    assert await shop.count("SELECT count(*)::int FROM policies") == 1
    assert await shop.count("SELECT count(*)::int FROM journal WHERE kind = 'policy.published'") == 1


@pytest.mark.parametrize("number", range(5))
async def test_an_approval_and_a_taking_back_at_once_leave_one_of_them(shop: Shop, number: int) -> None:
    proposed = await shop.propose(await shop.start(text("v1")))
    acts = [outcome(shop.approve(proposed)), outcome(shop.take_back(proposed))]

    found = await asyncio.gather(*(acts if number % 2 else reversed(acts)))

    assert found.count("done") == 1
    versions = await shop.count("SELECT count(*)::int FROM policies")
    assert ((await shop.load(proposed)).state, versions) in {(DraftState.PUBLISHED, 1), (DraftState.DRAFT, 0)}


async def test_a_save_between_the_look_and_the_approval_is_noticed(shop: Shop) -> None:
    """The one way to swap a text under an approval: take back, save, propose again; the version the approver saw is gone."""
    seen = await shop.propose(await shop.start(text("v1")))
    swapped = await shop.save(await shop.take_back(seen), text("v1", "拒绝"))
    await shop.propose(swapped)

    with pytest.raises(DraftChanged):
        await shop.approve(seen)


async def test_a_text_that_changes_while_an_approval_is_under_way_is_not_published(shop: Shop) -> None:
    proposed = await shop.propose(await shop.start(text("v1")))
    author = shop.staff("guanyan")

    async with transaction(shop.pool, actor_of(author), clock=lambda: NOW) as tx:
        reopened = await drafts.take_back(tx, author, proposed.id, version=proposed.version)
        await drafts.save_draft(tx, author, proposed.id, version=reopened.version, source=text("v1", "拒绝"))
        # The approver reads the proposal as it was and waits at the row that the author holds.
        late = asyncio.create_task(outcome(shop.approve(proposed)))
        await _somebody_waits(tx)

    assert await late == "drafts.changed"
    assert await shop.count("SELECT count(*)::int FROM policies") == 0


async def _somebody_waits(tx: Tx) -> None:
    """Until another connection waits for a lock in this database."""
    waiting: object = 0
    while not waiting:
        waiting = await tx.value(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        )


async def test_two_saves_at_once_keep_one_and_tell_the_other(shop: Shop) -> None:
    draft = await shop.start(text("v1"))

    found = await asyncio.gather(
        outcome(shop.save(draft, text("v2"))), outcome(shop.save(draft, text("v3"), by="fuguan"))
    )

    assert sorted(found) == ["done", "drafts.changed"]


async def test_drafts_are_listed_last_edited_first_a_page_at_a_time(shop: Shop) -> None:
    for number in range(3):
        await shop.as_(
            "guanyan",
            lambda tx, who, number=number: drafts.start_draft(tx, who, source=text(f"v{number}")),
            at=NOW + timedelta(minutes=number),
        )

    async with transaction(shop.pool, actor_of(shop.staff("caiheng")), clock=lambda: NOW) as tx:
        page = await list_drafts(tx, shop.staff("caiheng"), limit=1)
        rest = await list_drafts(tx, shop.staff("caiheng"), before=(page[0].edited_at, page[0].id))

    assert [row.label for row in page] == ["v2", "v1"]
    assert [row.label for row in rest] == ["v1", "v0"]
