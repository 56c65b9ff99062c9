"""Break the policy checks on purpose, one small bug at a time, and see whether the agreement with the oracles notices."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

import huiliu
from huiliu.bench.policy_mutations import MUTATIONS, Mutation

POLICIES = 1_500
"""Made policies that a broken build is tried on before it counts as not noticed."""
SECONDS = 60.0
"""How long it is tried at most."""
GRACE_SECONDS = 30.0
"""Beyond SECONDS: a broken build that no longer ends is noticed by that."""
CAUGHT_MIN_PERCENT = 95
PACKAGE = Path(huiliu.__file__).parent


class Result(msgspec.Struct, frozen=True):
    """What became of one broken build."""

    mutation: Mutation
    caught_by: str
    """The check and the disagreement; empty when nothing noticed."""

    @property
    def check(self) -> str:
        """The check alone."""
        return self.caught_by.partition(": seed")[0]


def try_mutations(
    mutations: Sequence[Mutation] = MUTATIONS,
    *,
    workers: int = 2,
    seed: int = 1,
    policies: int = POLICIES,
    progress: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Each mutation in a copy of the package of its own. Raises ValueError where one no longer applies to the source."""
    rotten = [mutation.name for mutation in mutations if not mutation.applies(PACKAGE)]
    if rotten:
        raise ValueError(f"no longer in the source exactly once: {', '.join(rotten)}")

    def tried(mutation: Mutation) -> Result:
        result = Result(mutation, _tried(mutation, seed=seed, policies=policies))
        progress(result)
        return result

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(tried, mutations))


def sound(*, seed: int = 1, policies: int = POLICIES) -> str:
    """What the same run says of the code as it is: nothing, or every mutation would count as noticed."""
    return _tried(None, seed=seed, policies=policies)


def caught_percent(results: Sequence[Result]) -> float:
    """How many of the broken builds were noticed."""
    return 100 * sum(bool(result.caught_by) for result in results) / len(results)


def table(results: Sequence[Result]) -> str:
    """One line for each broken build."""
    caught = sum(bool(result.caught_by) for result in results)
    lines = [
        f"`huiliu bench policy-mutants`: {caught} of {len(results)} broken builds noticed.",
        "",
        "| module | bug | noticed by |",
        "| :--- | :--- | :--- |",
    ]
    lines += [
        f"| {result.mutation.module} | {result.mutation.breaks} | {result.check or 'NOTHING'} |" for result in results
    ]
    return "\n".join(lines)


def _tried(mutation: Mutation | None, *, seed: int, policies: int) -> str:
    with tempfile.TemporaryDirectory(prefix="huiliu-mutant-") as folder:
        copy = Path(folder) / PACKAGE.name
        _copy(copy)
        if mutation is not None:
            mutation.apply(copy)
        environ = os.environ | {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "huiliu.bench.policy_agree", str(policies), str(seed), str(SECONDS)]
        try:
            ran = subprocess.run(  # noqa: S603 - our own module
                command, env=environ, capture_output=True, text=True, timeout=SECONDS + GRACE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return "it never ended"
    if ran.returncode:
        return f"it did not start: {ran.stderr.strip().rpartition(chr(10))[2][:200]}"
    return ran.stdout


def _copy(copy: Path) -> None:
    """The package with a policy engine of its own; everything else is linked to, which is quick and cannot be changed here."""
    copy.mkdir()
    for path in PACKAGE.iterdir():
        if path.name == "policy":
            shutil.copytree(path, copy / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.name != "__pycache__":
            (copy / path.name).symlink_to(path)
