"""Anybody does anything in any order, with what they saw now or earlier: what is published has always been seen by two."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from huiliu.kit.errors import Refusal
from huiliu.policy.drafts.model import Draft, DraftState
from huiliu.policy.model import PublishedPolicy
from huiliu.policy.reads import policy_source
from tests.conftest import NOW
from tests.policy.workshop import Shop, text

PEOPLE = ("guanyan", "fuguan", "fuguan", "caiheng", "heshen")
STEPS = 300
ACTS = ("save", "save", "undo", "propose", "propose", "take_back", "return", "approve", "approve", "approve")


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_people_do_in_whatever_order_no_author_ever_approves(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable walk
    seen: list[Draft] = [await shop.start(text(f"v{seed}"))]
    wrote: dict[str, set[str]] = {str(seen[0].id): {"guanyan"}}
    texts: dict[str, str] = {}
    published: list[tuple[str, str, PublishedPolicy]] = []
    done = 0
    for step in range(STEPS):
        who, act, draft = (
            chance.choice(PEOPLE),
            chance.choice((*ACTS, *ACTS, "discard")),
            chance.choice([*seen[-3:], *seen[-1:] * 6]),
        )
        key = str(draft.id)
        starts = NOW + timedelta(days=1, minutes=step)
        try:
            match act:
                case "save":
                    after = await shop.save(draft, text(f"v{seed}-{step}"), by=who)
                case "undo":
                    after = await shop.undo(draft, by=who)
                case "propose":
                    after = await shop.propose(draft, by=who, starts=starts)
                    texts[key] = after.source
                case "take_back":
                    after = await shop.take_back(draft, by=who)
                case "return":
                    after = await shop.back(draft, by=who)
                case "discard":
                    after = await shop.discard(draft, by=who)
                case _:
                    published.append((key, who, await shop.approve(draft, by=who)))
                    after = await shop.load(draft)
        except Refusal:
            continue
        done += 1
        assert after.version == draft.version + 1, "only what was looked at last can be moved"
        if act in {"save", "undo", "propose"}:
            wrote[key].add(who)
        seen.append(after)
        if after.state in {DraftState.PUBLISHED, DraftState.DISCARDED}:
            seen.append(await shop.start(text(f"v{seed}-{step}-next")))
            wrote[str(seen[-1].id)] = {"guanyan"}

    assert published, f"{done} of {STEPS} steps were taken"
    for key, who, policy in published:
        assert who not in wrote[key]
        assert policy.approved_by == shop.staff(who).name
        assert await shop.as_("guanyan", lambda tx, _, it=policy: policy_source(tx, it.id)) == texts[key]
    assert len({policy.id for _, _, policy in published}) == len(published)
    assert await shop.count("SELECT count(*)::int FROM policies") == len(published)
