"""The pictures on 林小满's telephone, as files, so that whoever plays her has something to hand in."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from huiliu.demo.cast import KAMEN
from huiliu.demo.pictures import draw
from huiliu.demo.sales import PAY_DELAY
from huiliu.demo.shots import OWN_ORDER, SALES, own_shots
from huiliu.kit.db import Pool, transaction
from huiliu.people.actor import system_actor
from huiliu.people.reads import platform_by_slug


async def write_own_pictures(pool: Pool, folder: Path) -> None:
    """Draw them if the folder is not there, from the order as it is in the database."""
    if await asyncio.to_thread(folder.exists):
        return
    platform = await platform_by_slug(pool, KAMEN.slug)
    async with transaction(pool, system_actor(platform.id)) as tx:
        paid_at = await tx.value(
            "SELECT paid_at FROM orders WHERE platform_id = %(platform)s AND order_no = %(order_no)s",
            platform=platform.id,
            order_no=f"KM{OWN_ORDER}",
        )
    if isinstance(paid_at, datetime):
        await asyncio.to_thread(_write, folder, paid_at - PAY_DELAY + SALES[OWN_ORDER].age)


def _write(folder: Path, now: datetime) -> None:
    half = folder.with_name(f"{folder.name}.part")
    half.mkdir(parents=True, exist_ok=True)
    for name, shot in own_shots(now).items():
        (half / f"{name}.png").write_bytes(draw(shot))
    half.rename(folder)
