"""One inspecting process as its worker sees it: ask it one thing at a time; if it dies, that is the answer.

Each lane has a process of its own, so that a picture which kills one takes no other picture along. It is spawned, not
forked: a worker has connections and threads. Its socket closes with the worker, however that ends, and so does it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from typing import final

import msgspec
import psutil
import structlog

from huiliu.evidence.verification.jobs import ANSWER_BYTES_MAX, FRAME_BYTES_MAX, LENGTH, Answer, Died, Question, Said

REAL = "huiliu.evidence.verification.inspecting:load"
"""What the process runs; tests name another."""
START_SECONDS_MAX = 60.0
"""Models are loaded before the first answer; a busy host needs patience."""
PATIENCE_SECONDS = 5.0
"""How much longer than the process's own limit its answer is waited for."""
QUESTIONS_MAX = 200
"""After so many the process is replaced, so that nothing that leaks can grow for ever."""
RESIDENT_BYTES_MAX = 1_100 * 1024 * 1024
"""A process that is larger after its answer is replaced. Asked from outside: its own peak (ru_maxrss) starts with that of
the process which spawned it."""
READY = b"ready"
SECRETS = ("HUILIU_",)
"""Settings name the database and its password: an inspecting process gets none of them."""

log = structlog.get_logger("inspections")


@final
class Lane:
    """One process, started with the first question and started again after it died."""

    def __init__(self, program: str = REAL, *, threads: int = 1, questions_max: int = QUESTIONS_MAX) -> None:
        self._program = program
        self._threads = threads
        self._questions_max = questions_max
        self._process: Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._asked = 0

    @property
    def pid(self) -> int:
        """The running process, or 0."""
        return 0 if self._process is None else self._process.pid

    async def ask(self, question: Question) -> Answer:
        """The process's answer, or Died. Never raises for what the process does."""
        if self._asked >= self._questions_max:
            await self.close()
        try:
            if self._process is None:
                async with asyncio.timeout(START_SECONDS_MAX):
                    await self._start()
            async with asyncio.timeout(question.seconds + PATIENCE_SECONDS):
                said = await self._ask(question)
            if self._resident_bytes() > RESIDENT_BYTES_MAX:
                await self.close()
            return said
        except TimeoutError:
            why = "no answer in time"
        except (OSError, EOFError) as error:
            why = f"the process ended: {type(error).__name__}"
        except msgspec.MsgspecError as error:
            why = f"nonsense: {error}"
        except BaseException:
            await self.close()  # a half-read answer must not be taken for the next one
            raise
        await self.close()
        return Died(why=why)

    def _resident_bytes(self) -> int:
        try:
            return psutil.Process(self.pid).memory_info().rss
        except psutil.Error:  # it has just ended: the next question finds out
            return 0

    async def close(self) -> None:
        """End the process; the next question starts another."""
        process, writer = self._process, self._writer
        self._process = self._reader = self._writer = None
        self._asked = 0
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _start(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "huiliu.evidence.verification.lane_process",
                    str(theirs.fileno()),
                    self._program,
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env=_environment(self._threads),
                    start_new_session=True,  # Ctrl-C is the worker's, which lets the lanes finish
                )
            ours.setblocking(False)
            self._reader, self._writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()
            raise
        if await self._reader.readexactly(len(READY)) != READY:
            raise EOFError("no inspecting process")
        log.info("inspecting process ready", pid=self.pid)

    async def _ask(self, question: Question) -> Said:
        assert self._reader is not None
        assert self._writer is not None
        self._asked += 1
        frame = msgspec.msgpack.encode(question)
        assert len(frame) <= FRAME_BYTES_MAX
        self._writer.writelines((LENGTH.pack(len(frame)), frame))
        await self._writer.drain()
        (size,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
        if size > ANSWER_BYTES_MAX:
            raise EOFError("the answer is too long")
        return msgspec.msgpack.decode(await self._reader.readexactly(size), type=Said)


def _environment(threads: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
    # Several processes share the cores: each library that would start a thread a core is told how many are its own.
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    return kept | limits
