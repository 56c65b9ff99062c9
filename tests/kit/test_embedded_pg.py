"""The server that comes along starts wherever it is started, and leaves nothing running."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from huiliu.kit.embedded_pg import embedded_postgres


def test_it_starts_under_a_language_this_machine_lacks_and_after_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    with embedded_postgres(tmp_path) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT lower('ÄÖ') || current_setting('jit')").fetchone() == ("äöoff",)
        pid_file = tmp_path / "postgres" / "postmaster.pid"
        notes = pid_file.read_text("utf-8")
    assert os.environ["LC_ALL"] == "xx_XX.UTF-8"
    assert not pid_file.exists()

    # The machine died and came back, and the noted process id is now somebody else's: ours.
    pid_file.write_text(notes.replace(notes.split("\n", 1)[0], str(os.getpid()), 1), "utf-8")
    with embedded_postgres(tmp_path) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not pid_file.exists()
