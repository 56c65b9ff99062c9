"""Drafts: written, proposed, approved by somebody who wrote none of it, and every way to get around that."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from huiliu.kit.errors import NotFound, Refusal
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import Lang, refusal_words
from huiliu.policy.document import SOURCE_CHARS_MAX
from huiliu.policy.drafts import actions as drafts
from huiliu.policy.drafts.checks import checks
from huiliu.policy.drafts.model import (
    DRAFTS_OPEN_MAX,
    NOTE_CHARS_MAX,
    REPORT_BYTES_MAX,
    SAVES_KEPT_MAX,
    AlreadyPublished,
    Blocked,
    DraftChanged,
    DraftState,
    DraftTooLong,
    DraftUnstorable,
    EffectiveFar,
    GoldenFails,
    LabelTaken,
    NoteMalformed,
    NothingToUndo,
    ReportTooLong,
    TooManyDrafts,
    TwoInstants,
)
from huiliu.policy.drafts.reads import list_saves
from huiliu.policy.model import EffectiveInPast, InstantTaken, PolicyError
from huiliu.policy.reads import load_policy, policy_source
from tests.conftest import NOW
from tests.policy.workshop import CIRCLE, GOLDEN, SOON, Shop, as_draft, outcome, text


async def test_a_draft_becomes_the_version_in_force_with_its_two_people(shop: Shop) -> None:
    started = await shop.start(text("v1"))
    saved = await shop.save(started, text("v2") + "# 谈过了\n")
    proposed = await shop.propose(saved, note="提高透明度")

    published = await shop.approve(proposed)

    assert (published.label, published.effective_from) == ("v2", SOON)
    assert (published.proposed_by, published.approved_by, published.published_by) == ("管砚", "裁衡", "裁衡")
    done = await shop.load(proposed)
    assert (done.state, done.published_policy_id, done.approved_by_name) == (DraftState.PUBLISHED, published.id, "裁衡")
    loaded = await shop.as_("guanyan", lambda tx, _: load_policy(tx, published.id))
    assert loaded == published
    assert await shop.as_("guanyan", lambda tx, _: policy_source(tx, published.id)) == text("v2") + "# 谈过了\n"


async def test_every_step_is_in_the_journal(shop: Shop) -> None:
    draft = await shop.start(text("v1"))
    draft = await shop.save(draft, text("v2"))
    draft = await shop.take_back(await shop.propose(draft))
    draft = await shop.back(await shop.propose(draft))
    await shop.discard(await shop.start(text("v9")))
    await shop.approve(await shop.propose(draft))

    kinds = await shop.as_("guanyan", lambda tx, _: tx.value("SELECT string_agg(kind, ' ' ORDER BY seq) FROM journal"))

    assert str(kinds).split() == [
        *("policy.draft_started", "policy.draft_saved", "policy.proposed", "policy.taken_back", "policy.proposed"),
        *("policy.returned", "policy.draft_started", "policy.draft_discarded", "policy.proposed", "policy.published"),
    ]


async def test_a_draft_starts_from_the_version_in_force_or_a_named_one_or_a_starter(shop: Shop) -> None:
    starter = as_draft(await shop.as_("guanyan", drafts.start_draft))
    assert checks(starter.source).may_be_proposed
    assert starter.base_policy_id is None
    first = await shop.publish(text("v1") + "# 第一版\n")
    second = await shop.publish(text("v2"), NOW + timedelta(days=2))

    current = as_draft(await shop.as_("guanyan", drafts.start_draft))
    named = as_draft(await shop.as_("guanyan", lambda tx, who: drafts.start_draft(tx, who, from_policy=second.id)))

    assert (current.source, current.base_policy_id, current.label) == (text("v1") + "# 第一版\n", first.id, "v1")
    assert (named.source, named.base_policy_id) == (text("v2"), second.id)
    with pytest.raises(NotFound):
        await shop.as_("guanyan", lambda tx, who: drafts.start_draft(tx, who, from_policy=uuid4()))


async def test_what_does_not_read_is_kept_as_typed_and_not_proposed(shop: Shop) -> None:
    draft = await shop.start(text("v1"))

    broken = await shop.save(draft, "策略: [\r\n  半句")

    assert (broken.source, broken.label, broken.name) == ("策略: [\n  半句", "v1", "小政策")
    with pytest.raises(PolicyError):
        await shop.propose(broken)
    assert (await shop.load(broken)).state is DraftState.DRAFT


async def test_the_same_text_saved_again_changes_nothing(shop: Shop) -> None:
    draft = await shop.start(text("v1"))

    assert await shop.save(draft, text("v1").replace("\n", "\r\n"), by="fuguan") == draft
    assert draft.authors == (shop.staff("guanyan").id,)


async def test_a_stale_version_is_refused_and_nothing_is_overwritten(shop: Shop) -> None:
    draft = await shop.start(text("v1"))
    newer = await shop.save(draft, text("v2"), by="fuguan")

    for act in (shop.save(draft, text("v3")), shop.propose(draft), shop.discard(draft), shop.undo(draft)):
        with pytest.raises(DraftChanged):
            await act
    assert (await shop.load(draft)).source == newer.source


async def test_undo_goes_back_text_by_text_and_goes_on_from_there(shop: Shop) -> None:
    draft = await shop.start(text("v1"))
    for label in ("v2", "v3"):
        draft = await shop.save(draft, text(label))

    draft = await shop.undo(draft)
    assert draft.label == "v2"
    draft = await shop.undo(draft)
    assert draft.label == "v1"
    with pytest.raises(NothingToUndo):
        await shop.undo(draft)
    draft = await shop.save(draft, text("v4"))
    draft = await shop.undo(draft)
    assert draft.label == "v1"


async def test_only_the_last_texts_are_kept_and_undo_ends_there(shop: Shop) -> None:
    draft = await shop.start(text("v0"))
    for number in range(1, SAVES_KEPT_MAX + 5):
        draft = await shop.save(draft, text(f"v{number}"))

    saves = await shop.as_("guanyan", lambda tx, who: list_saves(tx, who, draft.id))
    assert isinstance(saves, list)
    assert len(saves) == SAVES_KEPT_MAX  # pyright: ignore[reportUnknownArgumentType] - a list of saves

    for _ in range(SAVES_KEPT_MAX // 2):
        draft = await shop.undo(draft)
    with pytest.raises(NothingToUndo):
        await shop.undo(draft)


# ------------------------------------------------------------------------------------------------ what is not proposed


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        ("", PolicyError),
        (CIRCLE, Blocked),
        (text("v2", rest=GOLDEN.format(outcome="拒绝")), GoldenFails),
        (text("v0"), AlreadyPublished),
        (text("v0") + "# 只是注释\n", AlreadyPublished),
        (text("v0", "拒绝"), LabelTaken),
    ],
)
async def test_what_is_not_fit_to_be_published_is_not_proposed(shop: Shop, source: str, refusal: type[Refusal]) -> None:
    await shop.publish(text("v0"))
    draft = await shop.start(source)

    with pytest.raises(refusal) as refused:
        await shop.propose(draft)

    assert "…" not in "".join(refusal_words(Lang.ZH, refused.value) + refusal_words(Lang.EN, refused.value))
    assert (await shop.load(draft)).state is DraftState.DRAFT


async def test_neither_the_past_nor_the_far_future_nor_a_taken_instant_is_proposed(shop: Shop) -> None:
    await shop.publish(text("v0"), SOON)
    draft = await shop.start(text("v2"))

    for starts, refusal in (
        (NOW - timedelta(seconds=1), EffectiveInPast),
        (NOW + timedelta(days=36_500), EffectiveFar),
        (SOON, InstantTaken),
    ):
        with pytest.raises(refusal):
            await shop.propose(draft, starts=starts)


async def test_the_files_own_instant_counts_when_none_is_given(shop: Shop) -> None:
    past = await shop.start(text("v2", rest="生效: 2025-12-01T00:00:00+08:00"))
    future = await shop.start(text("v3", rest="生效: 2027-01-01T00:00:00+08:00"))
    without = await shop.start(text("v4"))

    with pytest.raises(EffectiveInPast):
        await shop.propose(past, starts=None)
    assert (await shop.approve(await shop.propose(future, starts=None))).effective_from.isoformat() == (
        "2026-12-31T16:00:00+00:00"
    )
    proposed = await shop.propose(without, starts=None)
    assert proposed.effective_from is None
    assert (await shop.approve(proposed, at=SOON)).effective_from == SOON


async def test_the_file_does_not_say_another_instant_than_the_proposal(shop: Shop) -> None:
    """Buyers read the file."""
    draft = await shop.start(text("v3", rest="生效: 2027-01-01T00:00:00+08:00"))

    with pytest.raises(TwoInstants):
        await shop.propose(draft, starts=SOON)
    same = datetime(2027, 1, 1, tzinfo=SHANGHAI)
    assert (await shop.propose(draft, starts=same)).effective_from == same


@pytest.mark.parametrize("key", ["生效", "effective_from"])
async def test_a_draft_of_a_version_leaves_out_when_that_version_took_effect(shop: Shop, key: str) -> None:
    dated = text("v1").replace("版本: v1\n", f"版本: v1\n{key}: {NOW.isoformat()}   # 含本时刻\n")
    await shop.publish(dated)

    draft = as_draft(await shop.as_("guanyan", drafts.start_draft))

    assert draft.source == text("v1")


async def test_what_was_checked_is_kept_with_the_proposal(shop: Shop) -> None:
    await shop.publish(text("v0", rest=GOLDEN.format(outcome="全额退款")))
    draft = await shop.start(text("v1"))

    proposed = await shop.propose(draft, report={"backtest": {"changed": 3}})

    assert proposed.report is not None
    assert proposed.report["backtest"] == {"changed": 3}
    found = proposed.report["checks"]
    assert isinstance(found, dict)
    assert found["golden_dropped"] == ["充错了"]
    assert (await shop.take_back(proposed)).report is None


async def test_huge_or_unstorable_texts_notes_and_reports_are_refused(shop: Shop) -> None:
    draft = await shop.start(text("v1"))

    with pytest.raises(DraftTooLong):
        await shop.save(draft, "#" * (SOURCE_CHARS_MAX + 1))
    for odd in ("a\0b", "a\ud800b"):
        with pytest.raises(DraftUnstorable):
            await shop.save(draft, odd)
    for note in ("长" * (NOTE_CHARS_MAX + 1), "a\u202eb"):
        with pytest.raises(NoteMalformed):
            await shop.propose(draft, note=note)
    with pytest.raises(ReportTooLong):
        await shop.propose(draft, report={"much": "x" * REPORT_BYTES_MAX})
    saved = await shop.save(draft, "#" * SOURCE_CHARS_MAX)
    assert len(saved.source) == SOURCE_CHARS_MAX


async def test_drafts_do_not_pile_up_for_ever(shop: Shop) -> None:
    for _ in range(DRAFTS_OPEN_MAX):
        last = await shop.start("x")

    with pytest.raises(TooManyDrafts):
        await shop.start("x")
    await shop.discard(last)  # pyright: ignore[reportPossiblyUnboundVariable] - the range is not empty
    await shop.start("x")


async def test_the_last_free_place_for_a_draft_goes_to_one_of_those_who_want_it_at_once(shop: Shop) -> None:
    for _ in range(DRAFTS_OPEN_MAX - 1):
        await shop.start("x")

    found = await asyncio.gather(*(outcome(shop.start("x")) for _ in range(6)))

    assert sorted(found) == ["done", *["drafts.too_many"] * 5]
