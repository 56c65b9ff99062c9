"""Shared fixtures: one real PostgreSQL, one migrated database, the cast's platforms, and a clock that stands still."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio

from huiliu.kit.db import Actor, ActorKind, Pool, Tx, create_pool, transaction
from huiliu.kit.embedded_pg import embedded_postgres
from huiliu.kit.keyring import Keyring, create_keyring, load_keyring
from huiliu.kit.migrate import migrate

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday 2026-11-23 10:00 in Shanghai."""


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server: HUILIU_TEST_SERVER, or an embedded one of this run.

    Not under pytest's own temporary folder: that one is closed to the unprivileged user the server runs as under root.
    """
    given = os.environ.get("HUILIU_TEST_SERVER")
    if given:
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="huiliu-pg-", ignore_cleanup_errors=True) as folder,
        embedded_postgres(Path(folder)) as url,
    ):
        yield url


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """A migrated, empty database that each module's own is copied from."""
    name = f"template_{uuid4().hex[:12]}"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
    migrate(_with_database(server_url, name))
    yield name
    _execute(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def db_url(server_url: str, template: str) -> Iterator[str]:
    """A fresh database for each test module: what one commits, no other reads."""
    name = f"test_{uuid4().hex[:12]}"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _with_database(server_url, name)
    _execute(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def platforms(db_url: str) -> dict[str, int]:
    """The cast's two platforms: 卡门, where everything happens, and 星卡, which must see none of it."""
    with psycopg.connect(db_url, autocommit=True) as connection:
        rows = connection.execute(
            "INSERT INTO platforms (slug, name, name_en)"
            " VALUES ('kamen', '卡门', 'Kamen'), ('xingka', '星卡', 'Xingka')"
            " ON CONFLICT (slug) DO UPDATE SET name = excluded.name RETURNING slug, id"
        ).fetchall()
    return dict(rows)


@pytest.fixture(scope="module")
def platform_id(platforms: dict[str, int]) -> int:
    """卡门's id."""
    return platforms["kamen"]


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """Fresh keys of this run."""
    path: Path = tmp_path_factory.mktemp("keys") / "keys.toml"
    create_keyring(path)
    return load_keyring(path)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pool(db_url: str) -> AsyncIterator[Pool]:
    """An open pool in the confined role."""
    opened = create_pool(db_url, size_max=20)
    async with opened:
        yield opened


@pytest.fixture
def system(platform_id: int) -> Actor:
    """The program itself, acting on 卡门."""
    return Actor(ActorKind.SYSTEM, platform_id, "system", "系统")


class RolledBack(Exception):
    """Leaves the test's transaction without a trace."""


@pytest_asyncio.fixture(loop_scope="session")
async def tx(pool: Pool, system: Actor) -> AsyncIterator[Tx]:
    """An open transaction as the system, at NOW; deferred constraints are checked, then everything is rolled back."""
    try:
        async with transaction(pool, system, clock=lambda: NOW) as opened:
            yield opened
            await opened.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            raise RolledBack
    except RolledBack:
        pass


def _with_database(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


def _execute(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())
