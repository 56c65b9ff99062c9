"""The whole program as it runs in production: its own process, real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

START_SECONDS_MAX = 30.0


@contextmanager
def served(db_url: str, data_dir: Path) -> Iterator[str]:
    """`huiliu serve` on a free port; yields its address and stops it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {**os.environ, "HUILIU_DATABASE_URL": db_url, "HUILIU_DATA_DIR": str(data_dir), "HUILIU_DEMO": "1"}
    log = data_dir / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "huiliu.cli.main", "serve", "--host", "127.0.0.1", "--port", str(port)],
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up_at = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            httpx.get(f"{url}/api/openapi.json", timeout=2)
        except httpx.TransportError:
            assert process.poll() is None, log.read_text("utf-8", errors="replace")
            assert time.monotonic() < give_up_at, "the server does not answer"
            time.sleep(0.1)
        else:
            return
