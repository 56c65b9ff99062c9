"""`huiliu policy backtest | claims`: past claims judged by another version, from a file or from the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from huiliu.claims.replay_rows import REPLAY_PAGE_MAX, replay_rows
from huiliu.cli.policy.apart import Died, run_apart
from huiliu.cli.policy.cases import PIPED_WIDTH
from huiliu.cli.policy.files import FILE, policy_or_exit, print_json, refuse, summary
from huiliu.cli.runtime import Runtime, open_runtime
from huiliu.cli.words import chosen_lang, lang_option
from huiliu.kit.db import transaction
from huiliu.kit.errors import Fact, Refusal
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, say
from huiliu.people.actor import Actor, system_actor
from huiliu.people.reads import platform_by_slug
from huiliu.policy.backtest.claim import ClaimRow
from huiliu.policy.backtest.file import ClaimsFile
from huiliu.policy.backtest.frame import ClaimsFileError
from huiliu.policy.backtest.replay import backtest
from huiliu.policy.backtest.report import Cell, Judged, Report, State
from huiliu.policy.backtest.rows import write_claims
from huiliu.policy.model import Policy
from huiliu.policy.wording import evidence_words, facts_words, list_words

SHOWN_MAX = 20
CURRENCY = click.option("--currency", default="CNY", show_default=True, help="Of the database's claims: which money.")


@click.command(name="backtest")
@click.argument("new", type=FILE)
@click.option("--against", "old", type=FILE, required=True, help="The version to compare with.")
@click.option("--claims", "claims", type=FILE, default=None, help="Parquet file of past claims.")
@click.option("--platform", "slug", default=None, help="Instead of a file: the past claims of this platform.")
@CURRENCY
@click.option("--changes", type=click.IntRange(0, 10_000), default=SHOWN_MAX, show_default=True, help="Claims listed.")
@click.option("--json", "as_json", is_flag=True, help="Print {ok, old, new, claims, changed, matrix, examples, ...}.")
@lang_option
@click.pass_context
def backtest_command(
    ctx: click.Context,
    *,
    new: Path,
    old: Path,
    claims: Path | None,
    slug: str | None,
    currency: str,
    changes: int,
    as_json: bool,
    lang: str | None,
) -> None:
    """What NEW would have made of past claims: outcomes side by side, money moved, the claims that change. Exit status 1
    when any does."""
    speech = chosen_lang(lang)
    if (claims is None) == (slug is None):
        raise click.UsageError("--claims FILE or --platform NAME")
    before = policy_or_exit(ctx, old, speech, as_json=as_json)
    after = policy_or_exit(ctx, new, speech, as_json=as_json)
    try:
        if slug is None and claims is not None:
            report, currency = _from_file(speech, before, after, claims, changes), "CNY"
        else:
            report = asyncio.run(_from_database(speech, before, after, slug or "", currency, changes))
    except Refusal as refusal:
        refuse(ctx, refusal, speech, as_json=as_json)
    if as_json:
        print_json(
            {
                "ok": not report.changed,
                "old": summary(before),
                "new": summary(after),
                "claims": report.claims,
                "changed": report.changed,
                "old_minor": report.old_minor,
                "new_minor": report.new_minor,
                "difference_minor": report.difference_minor,
                "old_unmeasured": report.old_unmeasured,
                "new_unmeasured": report.new_unmeasured,
                "matrix": [_cell_out(cell) for cell in report.cells],
                "agreement": report.agreement,
                "examples": report.changes,
                "problems": [],
            }
        )
    else:
        _print_report(speech, after, report, currency)
    ctx.exit(1 if report.changed else 0)


@click.command(name="claims")
@click.option("--platform", "slug", required=True, help="The platform's short name in addresses.")
@click.option("--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=True, help="Where to.")
@CURRENCY
@click.option("--json", "as_json", is_flag=True, help="Print {ok, file, claims}.")
@lang_option
def claims_command(*, slug: str, out: Path, currency: str, as_json: bool, lang: str | None) -> None:
    """Write a platform's past claims as a Parquet file for `backtest`. No names, accounts or pictures are in it."""
    speech = chosen_lang(lang)
    written = asyncio.run(_written(slug, currency, out))
    if as_json:
        print_json({"ok": True, "file": str(out), "claims": written, "problems": []})
    else:
        click.echo(say(speech, "policy.cli.claims_written", claims=written, file=out))


def _from_file(speech: Lang, before: Policy, after: Policy, claims: Path, changes: int) -> Report:
    """A damaged Parquet file can end the process that reads it, out of any handler's reach: so another one reads it."""
    try:
        found = run_apart(_read_and_replayed, speech, before, after, claims, changes)
    except Died as error:
        raise ClaimsFileError("damaged") from error
    if isinstance(found, Report):
        return found
    refusal = ClaimsFileError("damaged")
    refusal.facts = found
    raise refusal


def _read_and_replayed(
    speech: Lang, before: Policy, after: Policy, claims: Path, changes: int
) -> Report | dict[str, Fact]:
    """The report, or the facts of the refusal: an exception with arguments of its own does not pass between processes."""
    try:
        return _replayed(speech, before, after, ClaimsFile(claims), changes)
    except ClaimsFileError as error:
        return error.facts


async def _from_database(speech: Lang, before: Policy, after: Policy, slug: str, currency: str, changes: int) -> Report:
    async with open_runtime() as runtime:
        actor = system_actor((await platform_by_slug(runtime.pool, slug)).id)
        rows = _rows(runtime, actor, currency, asyncio.get_running_loop())
        return await asyncio.to_thread(_replayed, speech, before, after, rows, changes)


async def _written(slug: str, currency: str, out: Path) -> int:
    async with open_runtime() as runtime:
        actor = system_actor((await platform_by_slug(runtime.pool, slug)).id)
        rows = _rows(runtime, actor, currency, asyncio.get_running_loop())
        return await asyncio.to_thread(write_claims, out, rows)


def _rows(runtime: Runtime, actor: Actor, currency: str, loop: asyncio.AbstractEventLoop) -> Iterator[ClaimRow]:
    """The claims page by page, each in a transaction of its own, for a thread that works on them meanwhile."""

    async def page(after: str) -> list[ClaimRow]:
        async with transaction(runtime.pool, actor) as tx:
            return await replay_rows(tx, after=after, currency=currency, limit=REPLAY_PAGE_MAX)

    after = ""
    while rows := asyncio.run_coroutine_threadsafe(page(after), loop).result():
        yield from rows
        after = rows[-1].claim_no


def _replayed(
    speech: Lang, before: Policy, after: Policy, claims: ClaimsFile | Iterable[ClaimRow], changes: int
) -> Report:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) if console.is_terminal else nullcontext() as bar:
        task = bar.add_task(say(speech, "policy.cli.replaying"), total=None) if bar is not None else None
        for step in backtest(before, after, claims, changes_max=changes):
            if isinstance(step, Report):
                return step
            if bar is not None and task is not None:
                bar.update(task, completed=step.done, total=step.total)
    raise AssertionError("a back-test ends with its report")


def _print_report(speech: Lang, rules: Policy, report: Report, currency: str) -> None:
    shown = Table(title=say(speech, "policy.cli.matrix", claims=report.claims), title_justify="left")
    for column in ("old", "new", "claims", "old_money", "new_money", "difference"):
        justify = "left" if column in ("old", "new") else "right"
        shown.add_column(say(speech, f"policy.cli.matrix_column.{column}"), justify=justify)
    for cell in report.cells:
        moved = cell.new_minor - cell.old_minor
        sums = (str(Money(minor, currency)) for minor in (cell.old_minor, cell.new_minor, moved))
        style = "" if cell.old is cell.new else "bold"
        shown.add_row(_state(speech, cell.old), _state(speech, cell.new), f"{cell.claims:,}", *sums, style=style)
    console = Console(width=None if Console().is_terminal else PIPED_WIDTH)
    console.print(shown)
    for change in report.changes:
        old, new = (_judged_words(speech, it, currency) for it in (change.old, change.new))
        click.echo(say(speech, "policy.cli.changed", claim=change.claim_no, old=old, new=new))
        click.echo(f"    {facts_words(speech, rules, change.facts)}")
    if report.changed > len(report.changes):
        click.echo(say(speech, "policy.cli.more_changes", number=report.changed - len(report.changes)))
    unmeasured = max(report.old_unmeasured, report.new_unmeasured)
    if unmeasured:
        click.echo(say(speech, "policy.cli.unmeasured", claims=unmeasured))
    difference = Money(report.difference_minor, currency)
    click.echo(say(speech, "policy.cli.replayed", claims=report.claims, changed=report.changed, difference=difference))


def _judged_words(speech: Lang, judged: Judged, currency: str) -> str:
    words = _state(speech, judged.state)
    if judged.clause:
        words = f"{words} {judged.clause}"
    if judged.missing:
        missing = list_words(speech, [evidence_words(speech, code) for code in judged.missing])
        return say(speech, "policy.cli.answer_missing", answer=words, missing=missing)
    return words if not judged.refund_minor else f"{words} {Money(judged.refund_minor, currency)}"


def _state(speech: Lang, state: State) -> str:
    return say(speech, f"policy.cli.state.{state.value}")


def _cell_out(cell: Cell) -> dict[str, object]:
    return {
        "old": cell.old,
        "new": cell.new,
        "claims": cell.claims,
        "old_minor": cell.old_minor,
        "new_minor": cell.new_minor,
        "difference_minor": cell.new_minor - cell.old_minor,
    }
