"""Put the policy checks and their oracles to the same made policies, and count where they differ."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType

from huiliu.bench import policy_asks, policy_asks_batch, policy_asks_diff, policy_asks_solver, policy_asks_space
from huiliu.bench.policy_asks_lint import LINT_CHECKS
from huiliu.bench.policy_count import Count, Subject
from huiliu.bench.policy_maker import made
from huiliu.bench.policy_oracle import Oracle
from huiliu.bench.policy_parts import repeatable
from huiliu.bench.policy_versions import changed
from huiliu.bench.policy_z3 import solver

CHUNK = 50
"""Policies handed to a process at once."""
PROGRESS_EACH = 500
"""Policies between two lines of progress."""
ROWS_SHOWN = 3
"""Disagreements shown for each check."""

Check = Callable[[Subject, Count], None]
CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "file read back": policy_asks.ask_file,
        "decide": policy_asks.ask_judge,
        "explain": policy_asks.ask_explain,
        "advise": policy_asks.ask_advise,
        "advice followed to a refund": policy_asks.ask_advice_followed,
        "table of cells": policy_asks_space.ask_table,
        "what boxes leave uncovered": policy_asks_space.ask_space,
        **LINT_CHECKS,
        "batch": policy_asks_batch.ask_batch,
        "batch: many bands": policy_asks_batch.ask_many_cuts,
        "diff": policy_asks_diff.ask_diff,
        "z3: gap, conflict, shadowed": policy_asks_solver.ask_cover,
        "z3: advise": policy_asks_solver.ask_advise,
    }
)
SOLVED = "z3: "
"""How the names of the checks begin that need the solver."""


def agree(
    policies: int,
    *,
    seed: int,
    workers: int,
    checks: Mapping[str, Check] = CHECKS,
    progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Count]:
    """Ask everything of `policies` made policies, the first from `seed` on. Policy i is the one of seed + i alone."""
    names = tuple(checks)
    total = {name: Count() for name in names}
    chunks = [range(first, min(first + CHUNK, seed + policies)) for first in range(seed, seed + policies, CHUNK)]
    done = 0
    for chunk, counts in zip(chunks, _counted(chunks, names, workers), strict=True):
        for name, count in counts.items():
            total[name].add(count)
        done += len(chunk)
        progress(done)
    return total


def chosen_checks() -> tuple[dict[str, Check], str]:
    """What can be asked here, and what is to be said about it."""
    if solver() is not None:
        return dict(CHECKS), ""
    without = {name: check for name, check in CHECKS.items() if not name.startswith(SOLVED)}
    return without, "z3 is not installed (pip install z3-solver): its questions were not asked."


def table(counts: Mapping[str, Count], *, seed: int, seconds: float, workers: int, note: str = "") -> str:
    """The counts as a Markdown table, and the first disagreements with the seed that shows them again."""
    lines = [
        f"`huiliu bench policy-agree --seed {seed}`: {seconds:.0f} s with {workers} processes.",
        *([note] if note else []),
        "",
        "| check | policies | questions | with something to find | disagreements |",
        "| :--- | ---: | ---: | ---: | ---: |",
    ]
    for name, count in counts.items():
        numbers = (count.policies, count.questions, count.positive, count.disagreements)
        lines.append(f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |")
    for name, count in counts.items():
        lines += [f"DISAGREES: {name}: {example}" for example in count.examples[:ROWS_SHOWN]]
    return "\n".join(lines)


def ask_all(seeds: Iterable[int], names: Iterable[str]) -> dict[str, Count]:
    """Everything about a few policies, in this process."""
    counts = {name: Count() for name in names}
    for seed in seeds:
        random = repeatable(seed)
        policy = made(random)
        version, oracle = changed(random, policy), Oracle(policy)
        for name, count in counts.items():
            count.policies += 1
            subject = Subject(seed, repeatable(f"{seed} {name}"), policy, version, oracle)
            try:
                CHECKS[name](subject, count)
            except Exception as error:  # a check that raises does not agree, whatever it raises
                where = traceback.extract_tb(error.__traceback__)[-1]
                found = f"{type(error).__name__}: {error} in {Path(where.filename).name}, line {where.lineno}"
                count.ask(seed, "raised", found=found, expected="an answer")
    return counts


def _counted(chunks: list[range], names: tuple[str, ...], workers: int) -> Iterator[dict[str, Count]]:
    if workers == 1:
        yield from (ask_all(chunk, names) for chunk in chunks)
        return
    # Fresh processes: a forked one would inherit whatever the command line has opened.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(ask_all, chunks, [names] * len(chunks))


def first_disagreement(policies: int, *, seed: int, seconds: float) -> str:
    """The first check that disagrees, '' if none does within the time: for builds that are broken on purpose."""
    checks, _ = chosen_checks()
    until = time.monotonic() + seconds
    for one in range(seed, seed + policies):
        for name, count in ask_all([one], checks).items():
            if count.disagreements:
                return f"{name}: {count.examples[0]}"
        if time.monotonic() > until:
            break
    return ""


if __name__ == "__main__":
    sys.stdout.write(first_disagreement(int(sys.argv[1]), seed=int(sys.argv[2]), seconds=float(sys.argv[3])))
