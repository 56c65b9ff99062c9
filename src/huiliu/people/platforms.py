"""Add a platform and change what its administrator may set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.types.json import Jsonb

from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Pool, Tx, across_platforms, utc_now
from huiliu.people.actor import system_actor
from huiliu.people.errors import NameMalformed, RolesConflict, SlugMalformed, SlugTaken
from huiliu.people.model import DECIDING_ROLES, Permission, Platform, PlatformSettings, Staff, Viewer, require
from huiliu.people.reads import SLUG, load_platform
from huiliu.people.text import line_of_text

PLATFORM_NAME_MAX = 80
SLUGS_RESERVED = frozenset(
    {"api", "assets", "demo", "docs", "favicon", "health", "healthz", "live", "metrics", "ready", "robots", "static"}
)
"""First parts of addresses that are not a platform's."""


@dataclass(frozen=True, slots=True)
class _Id:
    id: int


async def create_platform(
    pool: Pool,
    slug: str,
    *,
    name: str,
    name_en: str,
    settings: PlatformSettings | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Platform:
    """Add a tenant. Raises SlugMalformed, SlugTaken, NameMalformed. The operator's command; no platform exists yet
    that could confine it, so it opens its own transaction."""
    if SLUG.fullmatch(slug) is None or slug in SLUGS_RESERVED:
        raise SlugMalformed
    shown, shown_en = line_of_text(name, PLATFORM_NAME_MAX), line_of_text(name_en, PLATFORM_NAME_MAX)
    if shown is None or shown_en is None:
        raise NameMalformed(length_max=PLATFORM_NAME_MAX)
    chosen = settings or PlatformSettings()
    async with across_platforms(pool) as connection:
        tx = Tx(connection, clock(), system_actor(0))
        row = await tx.one(
            _Id,
            """
            INSERT INTO platforms (slug, name, name_en, settings, created_at)
            VALUES (%(slug)s, %(name)s, %(name_en)s, %(settings)s, %(now)s)
            ON CONFLICT (slug) DO NOTHING
            RETURNING id
            """,
            slug=slug,
            name=shown,
            name_en=shown_en,
            settings=Jsonb(msgspec.to_builtins(chosen)),
            now=tx.now,
        )
        if row is None:
            raise SlugTaken(slug=slug)
        own = Tx(connection, tx.now, system_actor(row.id))
        await record(own, platform_stream(row.id), Entry("platform.created", {"slug": slug, "name": shown}))
    return Platform(id=row.id, slug=slug, name=shown, name_en=shown_en, settings=chosen)


async def change_settings(tx: Tx, viewer: Viewer, *, settings: PlatformSettings) -> None:
    """Replace the platform's settings and write down what they were. Raises NotAllowed."""
    require(viewer, Permission.ADMINISTER)
    before = (await load_platform(tx)).settings
    is_raised = settings.second_person_over_minor > before.second_person_over_minor
    if is_raised and isinstance(viewer, Staff) and not DECIDING_ROLES.isdisjoint(viewer.roles):
        raise RolesConflict  # accounts from before the rule: nobody lifts the limit they themselves decide under
    await tx.run(
        "UPDATE platforms SET settings = %(settings)s WHERE id = %(platform)s",
        platform=tx.platform_id,
        settings=Jsonb(msgspec.to_builtins(settings)),
    )
    changed = {
        field: {
            "from": msgspec.to_builtins(getattr(before, field)),
            "to": msgspec.to_builtins(getattr(settings, field)),
        }
        for field in PlatformSettings.__struct_fields__
        if getattr(before, field) != getattr(settings, field)
    }
    if changed:
        await record(tx, platform_stream(tx.platform_id), Entry("platform.settings_changed", {"changed": changed}))
