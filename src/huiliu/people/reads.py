"""What screens and commands show of platforms, staff and keys."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from psycopg.rows import kwargs_row

from huiliu.kit.db import Pool, Tx
from huiliu.kit.errors import NotFound
from huiliu.people.logins import normal_login
from huiliu.people.model import Permission, Platform, PlatformSettings, Role, Scope, Staff, Viewer, require

PLATFORM_CACHE_SECONDS = 5.0
"""Every request asks for its platform; changed settings take effect everywhere within this time."""
PLATFORMS_MAX = 1_000
STAFF_LIST_MAX = 500
KEY_LIST_MAX = 200
SLUG = re.compile(r"[a-z][a-z0-9-]{1,30}")


@dataclass(frozen=True, slots=True)
class StaffLine:
    """One line of the staff list."""

    id: UUID
    login: str
    name: str
    roles: tuple[Role, ...]
    has_authenticator: bool
    paused_until: datetime | None
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One line of the list of keys; the secret is not kept anywhere."""

    id: UUID
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class _PlatformRow:
    id: int
    slug: str
    name: str
    name_en: str
    settings: object


_cached: WeakKeyDictionary[Pool, dict[str, tuple[float, Platform]]] = WeakKeyDictionary()


async def platform_by_slug(pool: Pool, slug: str, *, monotonic: Callable[[], float] = time.monotonic) -> Platform:
    """The platform an address names. Raises NotFound. Remembered for PLATFORM_CACHE_SECONDS."""
    if SLUG.fullmatch(slug) is None:
        raise NotFound
    known = _cached.setdefault(pool, {})
    now = monotonic()
    remembered = known.get(slug)
    if remembered is not None and remembered[0] > now:
        return remembered[1]
    async with pool.connection() as connection, connection.cursor(row_factory=kwargs_row(_PlatformRow)) as cursor:
        await cursor.execute("SELECT id, slug, name, name_en, settings FROM platforms WHERE slug = %s LIMIT 1", (slug,))
        row = await cursor.fetchone()
    if row is None:
        raise NotFound
    platform = _platform(row)
    # Only existing platforms are remembered, so strangers' guesses cannot fill this.
    known[slug] = (now + PLATFORM_CACHE_SECONDS, platform)
    return platform


async def platform_list(pool: Pool) -> list[Platform]:
    """Every platform of the installation, for the operator's commands and the worker."""
    async with pool.connection() as connection, connection.cursor(row_factory=kwargs_row(_PlatformRow)) as cursor:
        await cursor.execute(
            "SELECT id, slug, name, name_en, settings FROM platforms ORDER BY slug LIMIT %s", (PLATFORMS_MAX,)
        )
        return [_platform(row) for row in await cursor.fetchall()]


async def load_platform(tx: Tx) -> Platform:
    """The transaction's platform with its settings as of now, for rules that must not lag behind the administrator."""
    row = await tx.one(
        _PlatformRow,
        "SELECT id, slug, name, name_en, settings FROM platforms WHERE id = %(platform)s LIMIT 1",
        platform=tx.platform_id,
    )
    assert row is not None
    return _platform(row)


def _platform(row: _PlatformRow) -> Platform:
    settings = msgspec.convert(row.settings, PlatformSettings)
    return Platform(id=row.id, slug=row.slug, name=row.name, name_en=row.name_en, settings=settings)


@dataclass(frozen=True, slots=True)
class _StaffLineRow:
    id: UUID
    login: str
    name: str
    roles: list[str]
    has_authenticator: bool
    paused_until: datetime | None
    disabled_at: datetime | None
    created_at: datetime


async def staff_list(tx: Tx, viewer: Viewer) -> list[StaffLine]:
    """Everybody who works here, the disabled last. Raises NotAllowed."""
    require(viewer, Permission.ADMINISTER)
    rows = await tx.all(
        _StaffLineRow,
        """
        SELECT id, login, name, roles, totp_sealed IS NOT NULL AS has_authenticator,
               CASE WHEN locked_until > %(now)s THEN locked_until END AS paused_until, disabled_at, created_at
          FROM staff
         WHERE platform_id = %(platform)s
         ORDER BY disabled_at IS NOT NULL, login
         LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        now=tx.now,
        limit=STAFF_LIST_MAX,
    )
    return [_staff_line(row) for row in rows]


async def staff_by_login(tx: Tx, viewer: Viewer, *, login: str) -> StaffLine:
    """One member of staff, disabled or not. Raises NotFound, NotAllowed."""
    require(viewer, Permission.ADMINISTER)
    return await _by_login(tx, login)


async def active_staff(tx: Tx, *, login: str) -> Staff:
    """Somebody who works here now; opens no door by itself. Raises NotFound."""
    line = await _by_login(tx, login)
    if line.disabled_at is not None:
        raise NotFound
    return Staff(id=line.id, platform_id=tx.platform_id, login=line.login, name=line.name, roles=frozenset(line.roles))


async def _by_login(tx: Tx, login: str) -> StaffLine:
    row = await tx.one(
        _StaffLineRow,
        """
        SELECT id, login, name, roles, totp_sealed IS NOT NULL AS has_authenticator,
               CASE WHEN locked_until > %(now)s THEN locked_until END AS paused_until, disabled_at, created_at
          FROM staff
         WHERE platform_id = %(platform)s AND login = %(login)s
         LIMIT 1
        """,
        platform=tx.platform_id,
        login=normal_login(login) or "",
        now=tx.now,
    )
    if row is None:
        raise NotFound
    return _staff_line(row)


def _staff_line(row: _StaffLineRow) -> StaffLine:
    return StaffLine(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=tuple(Role(role) for role in row.roles),
        has_authenticator=row.has_authenticator,
        paused_until=row.paused_until,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
    )


@dataclass(frozen=True, slots=True)
class _KeyLineRow:
    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None


async def key_list(tx: Tx, viewer: Viewer) -> list[KeyLine]:
    """The platform's keys, newest first. Raises NotAllowed."""
    require(viewer, Permission.ADMINISTER)
    rows = await tx.all(
        _KeyLineRow,
        """
        SELECT id, name, scopes, created_at, revoked_at
          FROM api_keys
         WHERE platform_id = %(platform)s
         ORDER BY created_at DESC, id DESC
         LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        limit=KEY_LIST_MAX,
    )
    return [
        KeyLine(row.id, row.name, tuple(Scope(scope) for scope in row.scopes), row.created_at, row.revoked_at)
        for row in rows
    ]
