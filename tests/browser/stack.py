"""The whole product as its users run it: `huiliu demo` in processes of its own, on a data folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from huiliu.cli.simulate import BOOKS_NAME

START_SECONDS = 120
STOP_SECONDS = 40
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Stack:
    """A running demonstration."""

    url: str
    data_dir: Path
    environ: dict[str, str]

    def command(self, *arguments: str, typed: str = "") -> str:
        """Run another `huiliu` command beside it and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "huiliu.cli.main", *arguments],
            env=self.environ,
            input=typed,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def rail_moved(self, trade_no: str) -> list[int]:
        """Every movement of money on one payment, by the rail's own books."""
        with closing(sqlite3.connect(f"file:{self.data_dir / BOOKS_NAME}?mode=ro", uri=True)) as books:
            sql = "SELECT m.amount_minor FROM moves m JOIN refunds USING (refund_no) WHERE trade_no = ? ORDER BY m.id"
            return [amount for (amount,) in books.execute(sql, (trade_no,))]


@contextmanager
def running_demo(folder: Path) -> Iterator[Stack]:
    """Start it, wait until it answers, and stop it as Ctrl-C does; whatever it printed is shown when it fails."""
    data_dir = folder / "var"
    port, rail_port = _free_ports(2)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HUILIU_")}
    environ |= {
        "HUILIU_DATA_DIR": str(data_dir),
        "HUILIU_PORT": str(port),
        "HUILIU_SANDBOX_RAIL_URL": f"http://127.0.0.1:{rail_port}",
    }
    said = folder / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "huiliu.cli.main", "demo", "--lang", "zh"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    stack = Stack(f"http://127.0.0.1:{port}", data_dir, environ)
    try:
        _wait(process, f"{stack.url}/demo", said)
        yield stack
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0, said.read_text("utf-8")
    assert "已停止" in said.read_text("utf-8")


def _wait(process: subprocess.Popen[bytes], url: str, said: Path) -> None:
    """Until the web server answers; the demonstration prints its addresses only then."""
    give_up_at = time.monotonic() + START_SECONDS
    while "按 Ctrl-C 停止" not in said.read_text("utf-8"):
        assert process.poll() is None, said.read_text("utf-8")
        assert time.monotonic() < give_up_at, said.read_text("utf-8")
        time.sleep(POLL_SECONDS)
    assert httpx.get(url, trust_env=False).status_code == 200


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all at once so that none is named twice."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
