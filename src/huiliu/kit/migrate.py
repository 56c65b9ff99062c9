"""Plain SQL migrations, forward only, each in one transaction, one runner at a time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

import psycopg

ADVISORY_LOCK = 0x48554C  # 'HUL': two starting processes must not migrate at once
LOCK_TIMEOUT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Migration:
    """One file NNNN_noun.sql."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """What the database remembers, so that an edited old file is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class MigrationChanged(Exception):
    """A migration that already ran was edited afterwards; write a new one instead."""


def migrations() -> list[Migration]:
    """Every migration in order."""
    folder = files("huiliu.migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [Migration(name, folder.joinpath(name).read_text("utf-8")) for name in names]


def migrate(url: str) -> list[str]:
    """Bring the database up to date and return the names of what ran. Raises MigrationChanged."""
    ran: list[str] = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations"
            " (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = dict(connection.execute("SELECT name, sha256 FROM schema_migrations").fetchall())
        for migration in migrations():
            if migration.name in done:
                if done[migration.name] != migration.sha256:
                    raise MigrationChanged(migration.name)
                continue
            with connection.transaction():
                connection.execute("SELECT set_config('lock_timeout', %s, true)", (str(LOCK_TIMEOUT_MS),))
                connection.execute(migration.sql.encode())
                connection.execute(
                    "INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)", (migration.name, migration.sha256)
                )
            ran.append(migration.name)
    return ran


def pending(url: str) -> list[str]:
    """The names of migrations that have not run; for doctor."""
    with psycopg.connect(url) as connection:
        exists = connection.execute("SELECT to_regclass('schema_migrations')").fetchone()
        if exists is None or exists[0] is None:
            return [migration.name for migration in migrations()]
        done = {row[0] for row in connection.execute("SELECT name FROM schema_migrations").fetchall()}
    return [migration.name for migration in migrations() if migration.name not in done]
