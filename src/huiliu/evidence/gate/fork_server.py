"""The parent's side of the gate's child process: start it once, then hand it one picture after another.

Starting Python and its picture libraries takes a tenth of a second; forking a process that has them takes a few
milliseconds. The process starts with the first picture and ends with this one.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, final

from huiliu.evidence import errors
from huiliu.evidence.gate.limits import MESSAGE

SOURCE = Path(__file__).parents[3]
PROGRAM = f"import sys; sys.path.insert(0, {str(SOURCE)!r}); from huiliu.evidence.gate.child import main; main()"
STARTS_MAX = 2
"""A process that was killed is started again, once a request."""
CONTROL_SECONDS_MAX = 10.0
END_SECONDS_MAX = 5.0
ENVIRONMENT = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""No database address, no keys. One thread, because only a process with one thread is forked safely."""


@final
class ForkServer:
    """One process that forks a fresh child for each request. May be used from several threads."""

    def __init__(self, program: str = PROGRAM) -> None:
        self._program = program
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    def __enter__(self) -> Self:
        with self._lock:
            self._started()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The running process, or 0."""
        return self._process.pid if self._process is not None else 0

    def ask(self, task: bytes, *, seconds: float) -> socket.socket:
        """A connection to a new child that does `task` within `seconds` or is killed. Raises GateFailed."""
        ours, theirs = socket.socketpair()
        message = MESSAGE.pack(task, seconds)
        with theirs, self._lock:
            for _ in range(STARTS_MAX):
                try:
                    socket.send_fds(self._started(), [message], [theirs.fileno()])
                except OSError:
                    self._end()
                else:
                    return ours
        ours.close()
        raise errors.GateFailed

    def close(self) -> None:
        """End the process; the next `ask` would start a new one."""
        with self._lock:
            self._end()

    def _started(self) -> socket.socket:
        """The control socket of a living process. A fork of this program must not share its parent's."""
        if self._control is not None and self._owner == os.getpid():
            return self._control
        self._process = None
        control, theirs = socket.socketpair()
        control.settimeout(CONTROL_SECONDS_MAX)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-c", self._program],  # -I: neither folder nor PYTHON* variables may add code
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
            )
        self._control, self._owner = control, os.getpid()
        atexit.register(self.close)
        return control

    def _end(self) -> None:
        control, process = self._control, self._process
        self._control = self._process = None
        if control is not None:
            control.close()
        if process is None or self._owner != os.getpid():
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS_MAX)
        if process.returncode is None:
            process.kill()
            process.wait()
        atexit.unregister(self.close)
