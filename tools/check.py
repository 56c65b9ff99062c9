"""`make check`: every static check, side by side, each with its own line; what failed is shown in full at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sysconfig.get_path("scripts"))
TEMPLATES = "src/huiliu/web/templates"
SIDE_BY_SIDE = 2
LINES_SHOWN_MAX = 60


@dataclass(frozen=True, slots=True)
class Check:
    """One tool and its command line."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What a check said."""

    check: Check
    is_clean: bool
    output: str


CHECKS = (
    Check("types (basedpyright)", ("basedpyright", "--warnings")),
    Check("style (ruff check)", ("ruff", "check", "--output-format", "concise")),
    Check("form (ruff format)", ("ruff", "format", "--check", "--output-format", "concise")),
    Check("layers (lint-imports)", ("lint-imports",)),
    Check("templates (djlint --lint)", ("djlint", "--lint", "--quiet", TEMPLATES)),
    Check("their form (djlint --check)", ("djlint", "--check", TEMPLATES)),
    Check("own rules (check_source)", ("python", "-m", "tools.check_source")),
)


def main() -> int:
    """Run every check, even after one failed, so that one run tells everything."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        results = list(threads.map(_run, CHECKS))
    failed = [result for result in results if not result.is_clean]
    for result in failed:
        lines = result.output.strip().splitlines()
        print(f"\n--- {result.check.name}", *lines[:LINES_SHOWN_MAX], sep="\n")
        if len(lines) > LINES_SHOWN_MAX:
            print(f"... and {len(lines) - LINES_SHOWN_MAX} lines more: {' '.join(result.check.command)}")
    if failed:
        print("\n`make format` mends style and form where a tool can.")
        print(f"{len(failed)} of {len(results)} checks failed: {', '.join(result.check.name for result in failed)}")
    return 1 if failed else 0


def _run(check: Check) -> Result:
    started = time.monotonic()
    program, *arguments = check.command
    environ = dict(os.environ) | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [BIN / program, *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"  {verdict:6} {check.name:28} {time.monotonic() - started:5.1f} s", flush=True)
    return Result(check, done.returncode == 0, done.stdout + done.stderr)


if __name__ == "__main__":
    sys.exit(main())
