"""Platforms are added by the operator and set up by their own administrators."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from huiliu.kit.db import Pool, transaction
from huiliu.kit.errors import NotAllowed, NotFound
from huiliu.people.actor import actor_of, system_actor
from huiliu.people.errors import NameMalformed, SlugMalformed, SlugTaken
from huiliu.people.model import ChannelKind, OfficialChannel, Platform, PlatformSettings, Role
from huiliu.people.platforms import change_settings, create_platform
from huiliu.people.reads import PLATFORM_CACHE_SECONDS, load_platform, platform_by_slug, platform_list
from tests.people.conftest import Clock, Hire, journal_kinds


async def test_a_platform_is_found_by_its_short_name(pool: Pool, shop: Platform) -> None:
    assert await platform_by_slug(pool, shop.slug) == shop
    assert shop in await platform_list(pool)
    async with transaction(pool, system_actor(shop.id)) as tx:
        assert await load_platform(tx) == shop
        assert await journal_kinds(tx) == ["platform.created"]


@pytest.mark.parametrize("slug", ["", "no-such", "KAMEN", "卡门", "x" * 100_000, "\0", "../etc", "a b"])
async def test_any_other_name_is_not_found(pool: Pool, shop: Platform, slug: str) -> None:
    with pytest.raises(NotFound):
        await platform_by_slug(pool, slug)


@pytest.mark.parametrize("slug", ["", "k", "Kamen", "1shop", "-x", "a_b", "x" * 32, "api", "static", "\0"])
async def test_a_short_name_must_fit_into_an_address_and_not_hide_a_page(pool: Pool, slug: str) -> None:
    with pytest.raises(SlugMalformed):
        await create_platform(pool, slug, name="卡门", name_en="Kamen")


async def test_a_short_name_is_taken_once_even_by_two_at_once(pool: Pool) -> None:
    slug = f"twice-{uuid4().hex[:8]}"
    both = [create_platform(pool, slug, name="卡门", name_en="Kamen") for _ in range(2)]
    answers = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(one, Platform) for one in answers) == 1
    assert sum(isinstance(one, SlugTaken) for one in answers) == 1


@pytest.mark.parametrize(("name", "name_en"), [("", "Kamen"), ("卡门", " "), ("x" * 81, "Kamen"), ("卡\n门", "Kamen")])
async def test_a_platform_needs_names_that_can_be_shown(pool: Pool, name: str, name_en: str) -> None:
    with pytest.raises(NameMalformed):
        await create_platform(pool, f"unnamed-{uuid4().hex[:8]}", name=name, name_en=name_en)


async def test_an_administrator_changes_settings_and_the_journal_says_from_what_to_what(
    pool: Pool, shop: Platform, other_shop: Platform, hire: Hire, clock: Clock
) -> None:
    admin = (await hire("guanyan", "管砚", Role.ADMIN)).staff
    reviewer = (await hire()).staff
    wanted = PlatformSettings(
        second_person_over_minor=1_00, official_channels=(OfficialChannel(kind=ChannelKind.QQ_GROUP, value="123456"),)
    )
    ticks = 0.0
    assert (await platform_by_slug(pool, shop.slug, monotonic=lambda: ticks)).settings == shop.settings
    async with transaction(pool, actor_of(admin), clock=clock) as tx:
        with pytest.raises(NotAllowed):
            await change_settings(tx, reviewer, settings=wanted)
        await change_settings(tx, admin, settings=wanted)
        await change_settings(tx, admin, settings=wanted)
        told = await tx.value("SELECT body FROM journal WHERE kind = 'platform.settings_changed'")
        assert (await journal_kinds(tx)).count("platform.settings_changed") == 1, "no change, no line"
        assert isinstance(told, str)
        assert '"second_person_over_minor":{"from":50000,"to":100}' in told
        assert (await load_platform(tx)).settings == wanted
    ticks = 2 * PLATFORM_CACHE_SECONDS
    assert (await platform_by_slug(pool, shop.slug, monotonic=lambda: ticks + 10**9)).settings == wanted
    async with transaction(pool, system_actor(other_shop.id)) as tx:
        assert (await load_platform(tx)).settings == PlatformSettings()
