"""`huiliu bench`: measure and attack the running product; each prints a table and fails on a broken invariant."""

from __future__ import annotations

import signal

import click

from huiliu.bench import faults as faults_bench
from huiliu.bench import races as races_bench
from huiliu.bench import refunds as refunds_bench


@click.group()
def bench() -> None:
    """Load and fault harnesses. They make a database of their own and leave nothing behind."""
    # SIGTERM ends a run as Ctrl-C does: with its processes and its database, not without them.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


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


@bench.command()
@click.option("--rounds", type=click.IntRange(1, 100_000), default=500, show_default=True, help="Races of each kind.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the pauses and the order within a race.")
@click.pass_context
def races(ctx: click.Context, *, rounds: int, seed: int) -> None:
    """Requests that arrive together, against two web processes. Exit status 1 on a broken invariant."""
    rows, problems = races_bench.bench_races(rounds=rounds, seed=seed)
    click.echo(races_bench.table(rows))
    for problem in problems:
        click.echo(f"BROKEN: {problem}", err=True)
    ctx.exit(1 if problems else 0)


@bench.command()
@click.option("--rounds", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Deaths at each point.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the moments at which something dies.")
@click.pass_context
def faults(ctx: click.Context, *, rounds: int, seed: int) -> None:
    """Kill and break everything on the way of a refund, then compare books with the rail. Exit status 1 on a difference."""
    found = faults_bench.bench_faults(rounds=rounds, seed=seed)
    click.echo(faults_bench.table(found))
    for problem in found.problems:
        click.echo(f"BROKEN: {problem}", err=True)
    ctx.exit(1 if found.problems else 0)
