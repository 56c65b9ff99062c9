"""Furnish a demonstration: two platforms, their people, orders and claims in every state. Once; then it is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.resources import files as resources

from huiliu.demo import shots
from huiliu.demo.cast import KAMEN, XINGKA, Hired, Stage, hire, prepare_staff, raise_platform
from huiliu.demo.pictures import Shot, draw
from huiliu.demo.rail_books import count_settled
from huiliu.demo.sales import Sale, draft, kamen_sales, xingka_sales
from huiliu.demo.scenes import KAMEN_STORIES, XINGKA_STORIES, Story
from huiliu.demo.theatre import Rail, Theatre
from huiliu.evidence.files import Files, keep_picture
from huiliu.evidence.model import Kept
from huiliu.kit.db import Pool, transaction
from huiliu.kit.errors import NotFound
from huiliu.kit.keyring import Keyring
from huiliu.orders.actions import import_orders
from huiliu.people.actor import system_actor
from huiliu.people.model import Platform
from huiliu.people.reads import active_staff, platform_by_slug
from huiliu.policy.actions import publish

PLAYS: tuple[tuple[Stage, str, tuple[Sale, ...], tuple[Story, ...]], ...] = (
    (KAMEN, "KM", kamen_sales(), KAMEN_STORIES),
    (XINGKA, "XK", xingka_sales(), XINGKA_STORIES),
)
"""(stage, the letters its order numbers start with, its orders, its claims)."""


async def load_demo(pool: Pool, keyring: Keyring, files: Files) -> None:
    """Make what is not there. Each platform is one transaction: it is furnished whole or not at all, and never twice."""
    rail = Rail()
    for stage, prefix, sales, stories in PLAYS:
        if await _is_furnished(pool, stage):
            rail.booked += await count_settled(pool, stage.slug)
            continue
        platform = await raise_platform(pool, stage)
        prepared, kept = await asyncio.gather(prepare_staff(stage), _pictures(files, platform.id))
        await _furnish(
            pool, keyring, platform, rail, prepared=prepared, kept=kept, prefix=prefix, sales=sales, stories=stories
        )


async def _is_furnished(pool: Pool, stage: Stage) -> bool:
    try:
        platform = await platform_by_slug(pool, stage.slug)
        async with transaction(pool, system_actor(platform.id)) as tx:
            await active_staff(tx, login=stage.staff[0].login)
    except NotFound:
        return False
    return True


async def _pictures(files: Files, platform_id: int) -> Mapping[Shot, Kept]:
    """Every picture through the gate, outside any transaction."""
    drawn = [await asyncio.to_thread(draw, shot) for shot in shots.ALL]
    kept = await asyncio.gather(*(keep_picture(files, platform_id, data) for data in drawn))
    return dict(zip(shots.ALL, kept, strict=True))


async def _furnish(
    pool: Pool,
    keyring: Keyring,
    platform: Platform,
    rail: Rail,
    *,
    prepared: list[Hired],
    kept: Mapping[Shot, Kept],
    prefix: str,
    sales: tuple[Sale, ...],
    stories: tuple[Story, ...],
) -> None:
    source = resources("huiliu.demo").joinpath("policy.yaml").read_text("utf-8")
    async with transaction(pool, system_actor(platform.id)) as tx:
        people = await hire(tx, keyring, prepared)
        policy = await publish(tx, source, allow_past=True)
        drafts = [draft(sale, tx.now, row=row, prefix=prefix) for row, sale in enumerate(sales, 1)]
        imported = await import_orders(tx, keyring, drafts)
        assert not imported.rejected, imported.rejected
        theatre = Theatre(
            tx=tx,
            keyring=keyring,
            staff=people,
            kept=kept,
            policy=policy,
            rail=rail,
            prefix=prefix,
        )
        for story in stories:
            await story(theatre)
