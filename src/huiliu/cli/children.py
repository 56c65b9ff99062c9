"""Processes that a parent starts, waits for and stops, in that order and nothing more: no silent restarts."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import final

from huiliu.cli.errors import NoFreePort

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 12.0
POLL_SECONDS = 0.1
LOG_LINES_SHOWN = 40
PORTS_TRIED_MAX = 50
SERVER_ERROR = 500


class ChildDied(Exception):
    """A process ended although nobody asked it to."""

    def __init__(self, name: str, log_tail: str) -> None:
        super().__init__(name)
        self.name = name
        self.log_tail = log_tail


@dataclass(frozen=True, slots=True)
class _Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def tail(self) -> str:
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES_SHOWN:])


@final
class Children:
    """The started processes; leaving the `with` stops them, the last one first."""

    def __init__(self, log_dir: Path, environ: Mapping[str, str]) -> None:
        self._log_dir = log_dir
        self._environ = dict(environ)
        self._children: list[_Child] = []

    def __enter__(self) -> Children:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for child in reversed(self._children):
            _stop(child.process)

    def start(self, name: str, *arguments: str) -> None:
        """Start `huiliu <arguments>` with its output in <log_dir>/<name>.log."""
        log = self._log_dir / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
                [sys.executable, "-m", "huiliu.cli.main", *arguments],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the parent alone, which then stops the children in order
            )
        self._children.append(_Child(name, process, log))

    def wait_for_answer(self, host: str, port: int) -> None:
        """Until the web server there answers at all. Raises ChildDied, TimeoutError."""
        give_up_at = time.monotonic() + START_SECONDS_MAX
        while not _answers(host, port):
            self.check()
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{host}:{port}")
            time.sleep(POLL_SECONDS)

    def watch(self) -> None:
        """Stay until a child dies (ChildDied) or a signal interrupts (KeyboardInterrupt)."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Raises ChildDied for the first child that is gone."""
        for child in self._children:
            if child.process.poll() is not None:
                raise ChildDied(child.name, child.tail())


@contextmanager
def stopping_on_signals() -> Generator[None]:
    """SIGTERM and SIGHUP stop the program as Ctrl-C does; while it stops, further ones are ignored."""
    wanted = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    before = {each: signal.signal(each, _interrupt) for each in wanted}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def free_port(host: str, wanted: int, *, but_not: int = 0) -> int:
    """`wanted`, or the next one up that nobody listens on. Raises NoFreePort."""
    last = min(wanted + PORTS_TRIED_MAX, 65536)
    for port in range(wanted, last):
        if port != but_not and _is_free(host, port):
            return port
    raise NoFreePort(first=wanted, last=last - 1)


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
