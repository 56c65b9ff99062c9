"""Named places where the fault harness may kill this process, to prove that dying there loses nothing.

HUILIU_KILL_AT=payout.after_begin:3 sends SIGKILL to the process the third time it reaches that point. Without the
variable a point costs one look into an empty dictionary.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping


def wanted_deaths(environ: Mapping[str, str]) -> dict[str, int]:
    """Read HUILIU_KILL_AT: at most one point, with how many more times it is to be survived plus one."""
    name, _, count = environ.get("HUILIU_KILL_AT", "").partition(":")
    return {name: int(count or "1")} if name else {}


_deaths = wanted_deaths(os.environ)


def point(name: str) -> None:
    """Die here if the harness wants it. Nothing runs afterwards: no rollback, no goodbye, as in a power cut."""
    if name not in _deaths:
        return
    _deaths[name] -= 1
    if _deaths[name] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
