"""`huiliu bench`: measure and attack the running product; each prints a table and fails on a broken invariant."""

from __future__ import annotations

import click

from huiliu.bench import refunds as refunds_bench


@click.group()
def bench() -> None:
    """Load and fault harnesses. They make a database of their own and leave nothing behind."""


@bench.command()
@click.option("--each", type=click.IntRange(64, 1_000_000), default=8_000, show_default=True, help="Refunds a run.")
@click.option("--workers", type=click.IntRange(1, 16), default=1, show_default=True, help="Web processes.")
@click.pass_context
def refunds(ctx: click.Context, *, each: int, workers: int) -> None:
    """Refunds a second over HTTP, beside pgbench running the same SQL. Exit status 1 on a broken invariant."""
    rows, problems = refunds_bench.bench_refunds(each=each, workers=workers)
    click.echo(refunds_bench.table(rows, workers=workers))
    for missed in refunds_bench.missed_goals(rows):
        click.echo(f"below the goal: {missed}")
    for problem in problems:
        click.echo(f"BROKEN: {problem}", err=True)
    ctx.exit(1 if problems else 0)
