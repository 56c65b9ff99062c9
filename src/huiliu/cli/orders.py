"""`huiliu orders`: take over the platform's orders from a sheet. Exit status 1 when rows were refused, 0 otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from huiliu.cli.runtime import Runtime, open_runtime
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.kit.db import Actor, transaction
from huiliu.kit.text import Lang, say
from huiliu.orders.actions import import_orders
from huiliu.orders.mapping import MAPPING_BYTES_MAX, Mapping, parse_mapping
from huiliu.orders.model import ImportResult, MappingBad, Problem
from huiliu.orders.rejects import RejectFile, column_words, problem_words
from huiliu.orders.sheets import Sheet, SheetBatch, count_rows
from huiliu.people.actor import system_actor
from huiliu.people.reads import platform_by_slug

PROBLEMS_SHOWN_MAX = 10
"""On the terminal; the reject file has them all."""

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


class Summary(msgspec.Struct):
    """What --json prints."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected_rows: int = 0
    dry_run: bool = False
    rejects_file: str | None = None
    problems: list[Problem] = []
    """The first few."""


class _DryRun(Exception):
    """Leaves a batch's transaction without a trace."""


@click.group()
def orders() -> None:
    """The platform's orders."""


@orders.command(name="import")
@click.argument("file", type=_FILE)
@click.option("--platform", "slug", required=True, help="The platform's short name in addresses.")
@click.option("--mapping", "mapping_file", type=_FILE, help="TOML: columns, values, constants, units, time format.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Where refused rows go.")
@click.option("--dry-run", is_flag=True, help="Check everything against the database and write nothing to it.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@lang_option
@click.pass_context
def import_command(
    ctx: click.Context,
    *,
    file: Path,
    slug: str,
    mapping_file: Path | None,
    rejects: Path | None,
    dry_run: bool,
    as_json: bool,
    lang: str | None,
) -> None:
    """Import FILE (.csv in UTF-8, GBK or UTF-16, or .xlsx). A repeated import changes nothing.

    Refused rows are written with their reasons to FILE.rejects.csv. Exit status: 0 every row was taken, 1 rows were
    refused (the others are kept).
    """
    speech = chosen_lang(lang)
    mapping = _read_mapping(mapping_file)
    rejects = rejects or file.with_name(f"{file.name}.rejects.csv")
    if rejects.resolve() == file.resolve():
        raise click.BadParameter(str(rejects), param_hint="--rejects")
    summary = asyncio.run(_import(file, slug, mapping, rejects, speech, dry_run=dry_run, quiet=as_json))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2).decode())
    else:
        _print(summary, speech)
    ctx.exit(1 if summary.rejected_rows else 0)


async def _import(
    file: Path, slug: str, mapping: Mapping, rejects: Path, speech: Lang, *, dry_run: bool, quiet: bool
) -> Summary:
    summary = Summary(dry_run=dry_run)
    sheet = Sheet(file, mapping)  # before the server is started: a bad heading is told at once
    async with open_runtime() as runtime:
        actor = system_actor((await platform_by_slug(runtime.pool, slug)).id)
        with RejectFile(rejects, sheet.headings) as rejected, _progress(quiet=quiet) as progress:
            tick = _ticker(progress, say(speech, "orders.cli.reading", file=file.name), total=count_rows(file))
            for batch in sheet.batches():
                result = await _import_batch(runtime, actor, batch, dry_run=dry_run)
                problems = [*batch.problems, *_on_every_row(result.rejected, batch)]
                rejected.add(problems, batch.cells)
                _count(summary, result, problems)
                tick(batch.last_row)
            summary.rejected_rows = rejected.rows
    summary.rejects_file = str(rejects) if summary.rejected_rows else None
    return summary


async def _import_batch(runtime: Runtime, actor: Actor, batch: SheetBatch, *, dry_run: bool) -> ImportResult:
    """One transaction; a dry run does the very same and then takes it back."""
    result = ImportResult()
    if not batch.drafts:
        return result
    try:
        async with transaction(runtime.pool, actor) as tx:
            result = await import_orders(tx, runtime.keyring, batch.drafts)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return result


def _on_every_row(problems: tuple[Problem, ...], batch: SheetBatch) -> list[Problem]:
    """A refused order of several rows is refused on each, so that the reject file holds the whole order."""
    found = list(problems)
    for row in dict.fromkeys(problem.row for problem in problems):
        found.extend(
            Problem(other, "", "order_has_bad_row", {"row": row})
            for other in batch.rows_of.get(row, ())
            if other != row
        )
    return found


def _count(summary: Summary, result: ImportResult, problems: list[Problem]) -> None:
    summary.created += len(result.created)
    summary.updated += len(result.updated)
    summary.unchanged += result.unchanged
    summary.problems.extend(problems[: PROBLEMS_SHOWN_MAX - len(summary.problems)])


def _read_mapping(file: Path | None) -> Mapping:
    if file is None:
        return Mapping()
    with file.open("rb") as opened:
        raw = opened.read(MAPPING_BYTES_MAX + 1)
    try:
        return parse_mapping(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise MappingBad(detail=str(error)) from None


def _progress(*, quiet: bool) -> AbstractContextManager[Progress | None]:
    """A bar on the terminal's error stream, so that the answer can be piped."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        return nullcontext()
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def _ticker(progress: Progress | None, words: str, *, total: int | None) -> Callable[[int], None]:
    if progress is None:
        return lambda _: None
    task = progress.add_task(words, total=total)
    return lambda done: progress.update(task, completed=done)


def _print(summary: Summary, speech: Lang) -> None:
    counts = {
        "created": summary.created,
        "updated": summary.updated,
        "unchanged": summary.unchanged,
        "rejected": summary.rejected_rows,
    }
    click.echo(" · ".join(say(speech, f"orders.cli.{name}", count=count) for name, count in counts.items()))
    for problem in summary.problems:
        column = column_words(speech, problem.column)
        click.echo(f"  {problem.row} {column}: {problem_words(speech, problem)}".replace(" : ", ": "), err=True)
    if summary.rejects_file:
        click.echo(say(speech, "orders.cli.rejects_file", path=summary.rejects_file))
    else:
        click.echo(say(speech, "orders.cli.all_kept"))
    if summary.dry_run:
        click.echo(say(speech, "orders.cli.dry_run"))
