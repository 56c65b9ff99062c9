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
from pathlib import Path

import httpx

from huiliu.cli.simulate import BOOKS_NAME

START_SECONDS = 120
STOP_SECONDS = 40
POLL_SECONDS = 0.1
READY, STOPPED = "按 Ctrl-C 停止", "已停止"


class Stack:
    """A demonstration that can be started, stopped as Ctrl-C does, and started again."""

    def __init__(self, folder: Path) -> None:
        port, rail_port = _free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        self._said = folder / "said"
        self._data_dir = folder / "var"
        self._process: subprocess.Popen[bytes] | None = None
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("HUILIU_")} | {
            "HUILIU_DATA_DIR": str(self._data_dir),
            "HUILIU_PORT": str(port),
            "HUILIU_SANDBOX_RAIL_URL": f"http://127.0.0.1:{rail_port}",
        }

    def start(self) -> float:
        """Start it and wait until it says that it runs; returns how many seconds that took."""
        started = time.monotonic()
        with self._said.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "huiliu.cli.main", "demo", "--lang", "zh"],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        while READY not in self.said():
            assert self._process.poll() is None, self.said()
            assert time.monotonic() - started < START_SECONDS, self.said()
            time.sleep(POLL_SECONDS)
        assert httpx.get(f"{self.url}/demo", trust_env=False).status_code == 200
        return time.monotonic() - started

    def stop(self) -> None:
        """Interrupt it; it ends by itself, in good order, and says where the data is."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert process.returncode == 0, self.said()
        assert STOPPED in self.said()

    def said(self) -> str:
        """What the last start printed so far."""
        return self._said.read_text("utf-8")

    def command(self, *arguments: str, typed: str = "") -> str:
        """Run another `huiliu` command beside it and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "huiliu.cli.main", *arguments],
            env=self._environ,
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
        with closing(sqlite3.connect(f"file:{self._data_dir / BOOKS_NAME}?mode=ro", uri=True)) as books:
            sql = "SELECT m.amount_minor FROM moves m JOIN refunds USING (refund_no) WHERE trade_no = ? ORDER BY m.id"
            return [amount for (amount,) in books.execute(sql, (trade_no,))]


@contextmanager
def running_demo(folder: Path) -> Iterator[Stack]:
    """A started demonstration, stopped in the end."""
    stack = Stack(folder)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


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
