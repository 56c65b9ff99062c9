"""`huiliu journal`: check the record, or write it to a file that somebody else can check."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from huiliu.cli.runtime import open_runtime
from huiliu.cli.words import terminal_lang
from huiliu.journal.export import EndLine, Verified, export_journal, verify_export, verify_live
from huiliu.kit.db import across_platforms
from huiliu.kit.text import say

PROBLEMS_SHOWN = 50


@click.group()
def journal() -> None:
    """The append-only record of everything that happened."""


@journal.command()
@click.option(
    "--export",
    "exported",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check this exported file instead of the live database; needs no database.",
)
@click.option("--expect", help="The digest noted down earlier; another one is a problem.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: rows, streams, problems, digest.")
@click.pass_context
def verify(ctx: click.Context, *, exported: Path | None, expect: str | None, as_json: bool) -> None:
    """Recompute every link. Exit status 1 when anything does not hold."""
    lang = terminal_lang()
    found = verify_export(exported) if exported else asyncio.run(_verify_live())
    if expect is not None and expect != found.digest:
        found = msgspec.structs.replace(found, problems=[*found.problems, say(lang, "journal.cli.other_digest")])
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        for problem in found.problems[:PROBLEMS_SHOWN]:
            click.echo(problem, err=True)
        key = "journal.cli.broken" if found.problems else "journal.cli.whole"
        click.echo(
            say(lang, key, rows=found.rows, streams=found.streams, problems=len(found.problems), digest=found.digest)
        )
    ctx.exit(1 if found.problems else 0)


@journal.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(*, file: Path) -> None:
    """Write the whole journal to FILE, one JSON line a row."""
    end = asyncio.run(_export(file))
    click.echo(say(terminal_lang(), "journal.cli.exported", rows=end.rows, file=file, digest=end.sha256))


async def _verify_live() -> Verified:
    async with open_runtime() as runtime, across_platforms(runtime.pool) as connection:
        return await verify_live(connection)


async def _export(path: Path) -> EndLine:
    async with open_runtime() as runtime, across_platforms(runtime.pool) as connection:
        return await export_journal(connection, path)
