"""The inspecting process: loads its models once, then answers one question after another until its socket closes.

`python -m huiliu.evidence.verification.lane_process FD PROGRAM`; PROGRAM is module:function and makes the Bench.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from contextlib import ExitStack
from importlib import import_module
from typing import Protocol

import msgspec

from huiliu.evidence.verification.jobs import (
    ANSWER_BYTES_MAX,
    FRAME_BYTES_MAX,
    LENGTH,
    NotInspected,
    Question,
    Said,
)
from huiliu.evidence.verification.lane import READY
from huiliu.kit.errors import Refusal

MEMORY_BYTES_MAX = 3 * 1024 * 1024 * 1024
"""Of private memory. A 40-megapixel picture with its models needs a third of it; a runaway gets MemoryError, not the host."""


class Bench(Protocol):
    """What does the work in the process."""

    def answer(self, question: Question) -> Said:
        """Do what is asked. A Refusal means that the file cannot be opened."""
        ...


def serve(peer: socket.socket, bench: Bench) -> None:
    """Answer until the worker is gone."""
    peer.sendall(READY)
    while (frame := _frame(peer)) is not None:
        question: Question = msgspec.msgpack.decode(frame, type=Question)
        # Not to be caught: whatever hangs is ended by the kernel, and the worker sees the socket close.
        signal.setitimer(signal.ITIMER_REAL, question.seconds)
        said = msgspec.msgpack.encode(_answer(bench, question))
        signal.setitimer(signal.ITIMER_REAL, 0)
        if len(said) > ANSWER_BYTES_MAX:
            said = msgspec.msgpack.encode(NotInspected(is_refused=False, code="too_much"))
        peer.sendall(LENGTH.pack(len(said)) + said)


def _answer(bench: Bench, question: Question) -> Said:
    try:
        return bench.answer(question)
    except Refusal as refusal:
        return NotInspected(is_refused=True, code=refusal.code)
    except MemoryError:
        return NotInspected(is_refused=False, code="memory")
    except Exception as error:
        # Type and place only: the text of an exception may hold what was read off a picture.
        print(f"inspection broke: {type(error).__name__} at {_place(error)}", file=sys.stderr)  # noqa: T201 - the worker's log
        return NotInspected(is_refused=False, code=type(error).__name__)


def _place(error: Exception) -> str:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return "?" if at is None else f"{os.path.basename(at.tb_frame.f_code.co_filename)}:{at.tb_lineno}"


def _frame(peer: socket.socket) -> bytes | None:
    head = _exactly(peer, LENGTH.size)
    if head is None:
        return None
    (size,) = LENGTH.unpack(head)
    return None if size > FRAME_BYTES_MAX else _exactly(peer, size)


def _exactly(peer: socket.socket, size: int) -> bytes | None:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:  # bounded by size: recv_into gives at least one byte or says that the worker is gone
        count = peer.recv_into(view[got:])
        if count == 0:
            return None
        got += count
    return bytes(data)


def main() -> None:
    """Entry point of the process."""
    descriptor, program = int(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    module, _, function = program.partition(":")
    with socket.socket(fileno=descriptor) as peer, ExitStack() as stack:
        serve(peer, getattr(import_module(module), function)(stack))


if __name__ == "__main__":
    main()
