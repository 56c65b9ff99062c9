"""The calendar in force: what was published, with the operator's days on top."""

from __future__ import annotations

from datetime import datetime

import msgspec

from huiliu.deadlines.calendar import WorkingCalendar, published_calendar, with_overrides
from huiliu.kit.db import Connection, Tx

CALENDAR_ROWS_MAX = 4_000
CACHE_SECONDS = 60


class _Cached(msgspec.Struct, frozen=True):
    calendar: WorkingCalendar
    read_at: datetime


_cache: dict[str, _Cached] = {}


async def working_calendar(tx: Tx) -> WorkingCalendar:
    """The working calendar; an operator's change is seen by every process within a minute."""
    cached = _cache.get("calendar")
    if cached is not None and abs((tx.now - cached.read_at).total_seconds()) < CACHE_SECONDS:
        return cached.calendar
    calendar = await load_calendar(tx.connection, published_calendar())
    _cache["calendar"] = _Cached(calendar, tx.now)
    return calendar


async def load_calendar(connection: Connection, base: WorkingCalendar) -> WorkingCalendar:
    """`base` with the operator's days on top, read now."""
    cursor = await connection.execute(
        "SELECT day, kind, name FROM calendar_days ORDER BY day LIMIT %s", (CALENDAR_ROWS_MAX,)
    )
    rows = await cursor.fetchall()
    return with_overrides(base, {row["day"]: (row["kind"] == "work", row["name"]) for row in rows})
