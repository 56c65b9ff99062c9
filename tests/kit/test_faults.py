"""Points to die at: they kill exactly when told, and are nothing otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from huiliu.kit.faults import wanted_deaths

REACH_THREE_TIMES = "from huiliu.kit.faults import point\nfor i in range(3): point('a.b'); print(i, flush=True)"


def _run(**environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", REACH_THREE_TIMES],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_nothing_happens_unless_wanted() -> None:
    assert (_run().returncode, _run(HUILIU_KILL_AT="other.point").returncode) == (0, 0)
    assert wanted_deaths({}) == {}


def test_the_process_dies_the_nth_time_it_gets_there() -> None:
    died = _run(HUILIU_KILL_AT="a.b:2")
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "0\n")
    assert _run(HUILIU_KILL_AT="a.b").stdout == ""
