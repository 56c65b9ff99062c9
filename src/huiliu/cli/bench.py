"""`huiliu bench`: measure and attack the running product; each prints a table and fails on a broken invariant."""

from __future__ import annotations

import signal
import time

import click
import msgspec

from huiliu.bench import faults as faults_bench
from huiliu.bench import policy as policy_bench
from huiliu.bench import policy_agree as agree_bench
from huiliu.bench import policy_mutants as mutants_bench
from huiliu.bench import races as races_bench
from huiliu.bench import refunds as refunds_bench
from huiliu.cli.bench_evidence import evidence, evidence_pictures


@click.group()
def bench() -> None:
    """Load and fault harnesses. They make a database of their own and leave nothing behind."""
    # SIGTERM ends a run as Ctrl-C does: with its processes and its database, not without them.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


bench.add_command(evidence)
bench.add_command(evidence_pictures)


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


@bench.command("policy-agree")
@click.option("--policies", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True, help="Made policies.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the first policy; the next has the next seed.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes.")
@click.pass_context
def policy_agree(ctx: click.Context, *, policies: int, seed: int, workers: int) -> None:
    """The policy checks against oracles that try every case, and z3. Exit status 1 on a disagreement."""
    checks, note = agree_bench.chosen_checks()
    began = time.monotonic()

    def progress(done: int) -> None:
        if done % agree_bench.PROGRESS_EACH == 0:
            click.echo(f"{done} of {policies} policies, {time.monotonic() - began:.0f} s", err=True)

    counts = agree_bench.agree(policies, seed=seed, workers=workers, checks=checks, progress=progress)
    click.echo(agree_bench.table(counts, seed=seed, seconds=time.monotonic() - began, workers=workers, note=note))
    ctx.exit(1 if any(count.disagreements for count in counts.values()) else 0)


@bench.command("policy-mutants")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Broken builds at a time.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the first policy they are tried on.")
@click.pass_context
def policy_mutants(ctx: click.Context, *, workers: int, seed: int) -> None:
    """Broken builds of the policy checks: does the agreement notice? Exit status 1 below 95 %, or if a bug no longer fits."""
    if wrong := mutants_bench.sound(seed=seed):
        raise click.ClickException(f"the build that is not broken disagrees already: {wrong}")
    try:
        results = mutants_bench.try_mutations(
            workers=workers,
            seed=seed,
            progress=lambda result: click.echo(f"{result.mutation.name}: {result.check or 'NOT NOTICED'}", err=True),
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(mutants_bench.table(results))
    ctx.exit(0 if mutants_bench.caught_percent(results) >= mutants_bench.CAUGHT_MIN_PERCENT else 1)


@bench.command("policy")
@click.option("--quick", is_flag=True, help="Little of everything, to see that it works.")
@click.option("--json", "as_json", is_flag=True, help="The lines as JSON.")
@click.pass_context
def policy(ctx: click.Context, *, quick: bool, as_json: bool) -> None:
    """Judging one case and ten million, back-tests and checks, beside other engines. Exit status 1 on a wrong answer."""
    sizes = policy_bench.QUICK if quick else policy_bench.Sizes()
    rows, problems = policy_bench.bench_policy(sizes, progress=lambda task: click.echo(f"done: {task}", err=True))
    if as_json:
        click.echo(msgspec.json.encode({"rows": rows, "problems": problems}).decode())
    else:
        click.echo(policy_bench.table(rows))
    for problem in problems:
        click.echo(f"WRONG: {problem}", err=True)
    ctx.exit(1 if problems else 0)
