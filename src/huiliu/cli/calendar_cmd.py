"""`huiliu calendar`: which days are worked, and how to load a year once its notice is published."""

from __future__ import annotations

import asyncio
import csv
from datetime import date, datetime
from pathlib import Path

import click

from huiliu.cli.runtime import open_runtime
from huiliu.cli.words import terminal_lang
from huiliu.deadlines.calendar import WorkingCalendar, published_calendar
from huiliu.deadlines.reads import load_calendar
from huiliu.kit.db import across_platforms
from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import say

ROWS_MAX = 400


@click.group()
def calendar() -> None:
    """The working calendar that every deadline counts by."""


@calendar.command()
def show() -> None:
    """Until when the calendar is published, and the special days of this year that are still to come."""
    lang = terminal_lang()
    found = asyncio.run(_load())
    click.echo(say(lang, "deadlines.cli.covered", until=found.covered_until))
    today = datetime.now(SHANGHAI).date()
    for day, is_working in sorted(found.working.items()):
        if day >= today:
            key = "deadlines.cli.work" if is_working else "deadlines.cli.off"
            click.echo(f"{day}  {say(lang, key)}  {found.names.get(day, '')}")


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="Where the days were published, e.g. 国办发明电〔2026〕… or its address.")
def import_(*, file: Path, source: str) -> None:
    """Load special days from a CSV with the columns day (YYYY-MM-DD), kind (off or work), name."""
    lang = terminal_lang()
    try:
        rows = _read(file)
    except (ValueError, KeyError, csv.Error) as error:
        raise click.ClickException(say(lang, "deadlines.cli.bad_file", problem=str(error))) from error
    asyncio.run(_write(rows, source))
    click.echo(say(lang, "deadlines.cli.imported", count=len(rows)))


def _read(file: Path) -> list[tuple[date, str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = [
            (date.fromisoformat(row["day"].strip()), row["kind"].strip(), (row.get("name") or "").strip()[:40])
            for _, row in zip(range(ROWS_MAX), csv.DictReader(opened), strict=False)
        ]
    for day, kind, _ in rows:
        if kind not in ("off", "work"):
            raise ValueError(f"{day}: {kind}")
    return rows


async def _load() -> WorkingCalendar:
    async with open_runtime() as runtime, across_platforms(runtime.pool) as connection:
        return await load_calendar(connection, published_calendar())


async def _write(rows: list[tuple[date, str, str]], source: str) -> None:
    async with open_runtime() as runtime, across_platforms(runtime.pool) as connection:
        for day, kind, name in rows:
            await connection.execute(
                "INSERT INTO calendar_days (day, kind, name, source) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (day) DO UPDATE SET kind = excluded.kind, name = excluded.name, source = excluded.source",
                (day, kind, name, source),
            )
