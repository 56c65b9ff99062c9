"""Commands stand on a migrated database and on the right keys, or on none."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from huiliu.cli.errors import KeyFileMissing, MigrationsPending
from huiliu.cli.runtime import open_runtime, ready_database, ready_keyring
from huiliu.kit.settings import Settings


@pytest.fixture
def settings(db_url: str, tmp_path: Path) -> Settings:
    """An operator's own database, and an empty data folder."""
    return Settings(database_url=db_url, data_dir=tmp_path)


async def test_a_runtime_reaches_the_database_as_the_confined_role(
    settings: Settings, empty_of_sealed_values: None
) -> None:
    async with open_runtime(settings) as runtime, runtime.pool.connection() as connection:
        row = await (await connection.execute("SELECT current_user AS name")).fetchone()
    assert row == {"name": "huiliu_app"}


def test_an_operators_database_is_never_migrated_behind_their_back(server_url: str, tmp_path: Path) -> None:
    name = f"bare_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    head, _, query = server_url.partition("?")
    url = f"{head.rsplit('/', 1)[0]}/{name}?{query}"
    try:
        with pytest.raises(MigrationsPending), ready_database(Settings(database_url=url, data_dir=tmp_path)):
            raise AssertionError("a database without tables was handed out")
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT to_regclass('orders')").fetchone() == (None,)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_a_first_start_makes_keys_that_only_their_owner_reads_and_the_next_keeps_them(
    settings: Settings, empty_of_sealed_values: None
) -> None:
    first = ready_keyring(settings, settings.database_url)
    again = ready_keyring(settings, settings.database_url)
    assert again.open(first.seal("13812345678", context="t.c"), context="t.c") == "13812345678"
    assert settings.key_file.stat().st_mode & 0o777 == 0o600


def test_keys_are_never_made_anew_over_sealed_values(settings: Settings, sealed_value: None) -> None:
    with pytest.raises(KeyFileMissing):
        ready_keyring(settings, settings.database_url)
    assert not settings.key_file.exists()


@pytest.fixture
def sealed_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that holds one."""
    monkeypatch.setattr("huiliu.cli.runtime.has_sealed_values", lambda _url: True)


@pytest.fixture
def empty_of_sealed_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that holds none."""
    monkeypatch.setattr("huiliu.cli.runtime.has_sealed_values", lambda _url: False)
