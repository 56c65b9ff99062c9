"""Furnish a demonstration: two platforms, their people, orders and claims in every state. Once; then it is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.resources import files as resources

from msgspec import Struct

from huiliu.demo.cast import KAMEN, XINGKA, Hired, Stage, hire, prepare_staff, raise_platform
from huiliu.demo.pictures import Shot, draw
from huiliu.demo.rail_books import count_settled
from huiliu.demo.sales import Sale, draft, kamen_sales, xingka_sales
from huiliu.demo.scenes import KAMEN_STORIES, XINGKA_STORIES, Story
from huiliu.demo.shots import Shots, kamen_shots, xingka_shots
from huiliu.demo.theatre import Rail, Theatre
from huiliu.demo.workshop import draft_policies
from huiliu.evidence.files import Files, keep_picture
from huiliu.evidence.model import Kept
from huiliu.kit.db import Pool, transaction, utc_now
from huiliu.kit.errors import NotFound
from huiliu.kit.keyring import Keyring
from huiliu.orders.actions import import_orders
from huiliu.people.actor import system_actor
from huiliu.people.model import Platform
from huiliu.people.reads import active_staff, platform_by_slug
from huiliu.policy.actions import publish


class Play(Struct, frozen=True, kw_only=True):
    """Everything that one platform is furnished with. `prefix`: the letters its order numbers start with."""

    stage: Stage
    prefix: str
    sales: tuple[Sale, ...]
    shots: Callable[[datetime], Shots]
    stories: tuple[Story, ...]


PLAYS = (
    Play(stage=KAMEN, prefix="KM", sales=kamen_sales(), shots=kamen_shots, stories=(*KAMEN_STORIES, draft_policies)),
    Play(stage=XINGKA, prefix="XK", sales=xingka_sales(), shots=xingka_shots, stories=XINGKA_STORIES),
)


async def load_demo(pool: Pool, keyring: Keyring, files: Files) -> None:
    """Make what is not there. Each platform is one transaction: it is furnished whole or not at all, and never twice."""
    rail = Rail()
    for play in PLAYS:
        if await _is_furnished(pool, play.stage):
            rail.booked += await count_settled(pool, play.stage.slug)
            continue
        platform = await raise_platform(pool, play.stage)
        now = utc_now()  # one reading: pictures show the very times that the orders have
        shots = play.shots(now)
        prepared, kept = await asyncio.gather(
            prepare_staff(play.stage),
            _pictures(files, platform.id, [shot for each in shots.values() for shot in each.values()]),
        )
        await _furnish(pool, keyring, platform, rail, now=now, play=play, prepared=prepared, shots=shots, kept=kept)


async def _is_furnished(pool: Pool, stage: Stage) -> bool:
    try:
        platform = await platform_by_slug(pool, stage.slug)
        async with transaction(pool, system_actor(platform.id)) as tx:
            await active_staff(tx, login=stage.staff[0].login)
    except NotFound:
        return False
    return True


async def _pictures(files: Files, platform_id: int, shots: Iterable[Shot]) -> Mapping[Shot, Kept]:
    """Every picture once through the gate, outside any transaction."""
    different = tuple(dict.fromkeys(shots))

    async def keep(shot: Shot) -> Kept:
        return await keep_picture(files, platform_id, await asyncio.to_thread(draw, shot))

    return dict(zip(different, await asyncio.gather(*map(keep, different)), strict=True))


async def _furnish(
    pool: Pool,
    keyring: Keyring,
    platform: Platform,
    rail: Rail,
    *,
    now: datetime,
    play: Play,
    prepared: list[Hired],
    shots: Shots,
    kept: Mapping[Shot, Kept],
) -> None:
    source = resources("huiliu.demo").joinpath("policy.yaml").read_text("utf-8")
    async with transaction(pool, system_actor(platform.id), clock=lambda: now) as tx:
        people = await hire(tx, keyring, prepared)
        policy = await publish(tx, source, allow_past=True)
        drafts = [draft(sale, tx.now, row=row, prefix=play.prefix) for row, sale in enumerate(play.sales, 1)]
        imported = await import_orders(tx, keyring, drafts)
        assert not imported.rejected, imported.rejected
        theatre = Theatre(
            tx=tx,
            keyring=keyring,
            staff=people,
            shots=shots,
            kept=kept,
            policy=policy,
            rail=rail,
            prefix=play.prefix,
        )
        for story in play.stories:
            await story(theatre)
