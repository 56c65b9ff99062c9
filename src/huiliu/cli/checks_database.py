"""The doctor's questions to the database: reachable, new enough, extensions, migrations, role, clock, calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import psycopg

from huiliu.cli.checks import Fact, Finding, Level, calendar_coverage, clocks, key_file, where
from huiliu.cli.errors import DatabaseUnreachable, EmbeddedDatabaseBroken
from huiliu.cli.runtime import has_sealed_values, started_server
from huiliu.deadlines.calendar import published_calendar, with_overrides
from huiliu.kit.db import APP_ROLE
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.migrate import pending
from huiliu.kit.settings import Settings

SERVER_VERSION_MIN = 150_000
"""PostgreSQL 15, as `server_version_num` counts."""

EXTENSIONS = ("pg_trgm", "btree_gin")
CALENDAR_ROWS_MAX = 4_000


def database_findings(settings: Settings) -> Iterator[Finding]:
    """Everything the database must have. An embedded server is started for it and stopped again."""
    try:
        with started_server(settings) as url, psycopg.connect(url, autocommit=True) as connection:
            yield from _findings(settings, url, connection)
    except DatabaseUnreachable as refusal:
        yield Finding("database", Level.FAIL, "unreachable", {"problem": str(refusal.facts["problem"])})
    except EmbeddedDatabaseBroken as refusal:
        yield Finding("database", Level.FAIL, "broken", {"log": str(refusal.facts["log"])})


def _findings(settings: Settings, url: str, connection: psycopg.Connection) -> Iterator[Finding]:
    yield _version(settings, url, connection)
    yield _extensions(connection)
    waiting = pending(url)
    yield _migrations(waiting, is_embedded=not settings.database_url)
    yield clocks(datetime.now(UTC), _database_clock(connection))
    yield key_file(settings.key_file, has_sealed_values=not waiting and has_sealed_values(url))
    yield _calendar([] if waiting else _calendar_rows(connection))
    if not waiting:
        yield _role(connection)


def _version(settings: Settings, url: str, connection: psycopg.Connection) -> Finding:
    version = connection.info.server_version
    facts: dict[str, Fact] = {"version": f"{version // 10_000}.{version % 10_000}", "where": where(url)}
    if version < SERVER_VERSION_MIN:
        return Finding("database", Level.FAIL, "old", facts)
    return Finding("database", Level.PASS, "ok" if settings.database_url else "embedded", facts)


def _extensions(connection: psycopg.Connection) -> Finding:
    rows = connection.execute(
        "SELECT name FROM pg_available_extensions WHERE name = ANY(%s) ORDER BY name LIMIT 20", (list(EXTENSIONS),)
    ).fetchall()
    absent = sorted(set(EXTENSIONS) - {row[0] for row in rows})
    if absent:
        return Finding("extensions", Level.FAIL, "missing", {"names": ", ".join(absent)})
    return Finding("extensions", Level.PASS, "ok", {"names": ", ".join(EXTENSIONS)})


def _migrations(waiting: list[str], *, is_embedded: bool) -> Finding:
    if not waiting:
        return Finding("migrations", Level.PASS, "ok")
    facts: dict[str, Fact] = {"names": ", ".join(waiting)}
    if is_embedded:
        return Finding("migrations", Level.PASS, "automatic", facts)
    return Finding("migrations", Level.FAIL, "pending", facts)


def _role(connection: psycopg.Connection) -> Finding:
    """The program gives its rights up by taking the confined role; it must exist, be ours to take, and be confined."""
    facts: dict[str, Fact] = {"role": APP_ROLE}
    row = connection.execute(
        "SELECT pg_has_role(current_user, oid, 'MEMBER'), rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s"
        " ORDER BY oid LIMIT 1",
        (APP_ROLE,),
    ).fetchone()
    if row is None or row[0] is not True:
        return Finding("role", Level.FAIL, "missing", facts)
    if row[1] is True:
        return Finding("role", Level.FAIL, "unconfined", facts)
    return Finding("role", Level.PASS, "ok", facts)


def _database_clock(connection: psycopg.Connection) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def _calendar_rows(connection: psycopg.Connection) -> list[tuple[date, str, str]]:
    sql = "SELECT day, kind, name FROM calendar_days ORDER BY day LIMIT %s"
    return [(row[0], row[1], row[2]) for row in connection.execute(sql, (CALENDAR_ROWS_MAX,)).fetchall()]


def _calendar(rows: list[tuple[date, str, str]]) -> Finding:
    own = {day: (kind == "work", name) for day, kind, name in rows}
    calendar = with_overrides(published_calendar(), own)
    return calendar_coverage(calendar, datetime.now(UTC).astimezone(SHANGHAI).date())
