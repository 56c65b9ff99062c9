"""What commands stand on: settings, a migrated database, the pool, the keys, the files."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import msgspec
import psycopg

from huiliu.adapters.files import LocalFiles
from huiliu.cli.errors import (
    BadSetting,
    DatabaseUnreachable,
    EmbeddedDatabaseBroken,
    KeyFileMissing,
    MigrationsPending,
)
from huiliu.kit.db import Pool, create_pool
from huiliu.kit.embedded_pg import embedded_postgres
from huiliu.kit.keyring import Keyring, create_keyring, load_keyring
from huiliu.kit.migrate import migrate, pending
from huiliu.kit.settings import Settings, load_settings

CONNECT_TIMEOUT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything a command needs, open until `open_runtime` is left."""

    settings: Settings
    url: str
    pool: Pool
    keyring: Keyring
    files: LocalFiles


@asynccontextmanager
async def open_runtime(settings: Settings | None = None) -> AsyncGenerator[Runtime]:
    """The running program for the length of one command."""
    settings = settings or read_settings()
    with ready_database(settings) as url:
        keyring = ready_keyring(settings, url)
        async with create_pool(url, size_max=settings.database_pool_max) as pool:
            yield Runtime(settings, url, pool, keyring, LocalFiles(settings.files_dir, keyring))


def read_settings() -> Settings:
    """The settings, or the refusal that names the bad one."""
    try:
        return load_settings()
    except msgspec.ValidationError as error:
        # The library says `$.port`; the operator set HUILIU_PORT.
        problem = re.sub(r"`?\$\.(\w+)`?", lambda found: f"HUILIU_{found[1].upper()}", str(error))
        raise BadSetting(problem=problem) from error


@contextmanager
def ready_database(settings: Settings) -> Generator[str]:
    """The URL of a database that is up to date.

    The embedded server is started, and migrated by itself. An operator's own server is only looked at: when to migrate
    it is the operator's decision (`huiliu migrate`).
    """
    if settings.database_url:
        waiting = _pending(settings.database_url)
        if waiting:
            raise MigrationsPending(count=len(waiting))
        yield settings.database_url
        return
    with started_server(settings) as url:
        migrate(url)
        yield url


@contextmanager
def started_server(settings: Settings) -> Generator[str]:
    """The URL of a server that answers, embedded or the operator's, as it is."""
    if settings.database_url:
        _pending(settings.database_url)
        yield settings.database_url
        return
    server = embedded_postgres(settings.data_dir)
    try:
        url = server.__enter__()
    except (subprocess.SubprocessError, OSError, psycopg.OperationalError, AssertionError) as error:
        raise EmbeddedDatabaseBroken(log=str(settings.data_dir / "postgres" / "log")) from error
    try:
        yield url
    finally:
        server.__exit__(None, None, None)


def ready_keyring(settings: Settings, url: str) -> Keyring:
    """The keys; a first start makes them. With data in the database, missing keys are a loss and never replaced."""
    if not settings.key_file.exists():
        if has_sealed_values(url):
            raise KeyFileMissing(path=str(settings.key_file))
        create_keyring(settings.key_file)
    return load_keyring(settings.key_file)


def _pending(url: str) -> list[str]:
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_SECONDS):
            pass
        return pending(url)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(problem=str(error).splitlines()[0]) from error


def has_sealed_values(url: str) -> bool:
    """Whether a migrated database holds anything that only its own keys can open."""
    sql = "SELECT EXISTS (SELECT FROM orders) OR EXISTS (SELECT FROM staff) OR EXISTS (SELECT FROM api_keys)"
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()
    return row is not None and row[0] is True
