"""The process that touches strangers' bytes. It starts once, then forks a fresh, limited child for every picture.

Run by `fork_server.ForkServer` with the control socket as its stdin and an empty environment. Each message there is one
task letter, the seconds it may take, and a socket; a forked child reads the file from that socket until it ends, writes
its answer and is gone, with everything that the file may have broken, leaked or used up. When the control socket
closes, because whoever started this process has ended, so does this one.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from huiliu.evidence.gate import decoder
from huiliu.evidence.gate.limits import INPUT_BYTES_MAX, LENGTH, MESSAGE, PIECE_BYTES, PIXELS, REBUILD

REAP_SECONDS = 0.1


def read_all(peer: socket.socket) -> bytes:
    """Everything the parent sends, until it says that this was all."""
    pieces: list[bytes] = []
    got = 0
    while got <= INPUT_BYTES_MAX:
        piece = peer.recv(PIECE_BYTES)
        if not piece:
            break
        pieces.append(piece)
        got += len(piece)
    return b"".join(pieces)


def answer(peer: socket.socket, facts: Mapping[str, object], parts: Iterable[bytes]) -> None:
    """One length, one JSON text, then the bytes it tells of."""
    head = json.dumps(facts).encode()
    peer.sendall(LENGTH.pack(len(head)) + head)
    for part in parts:
        peer.sendall(part)


def _tell(work: Callable[[bytes], tuple[Mapping[str, object], Iterable[bytes]]], peer: socket.socket) -> None:
    data = read_all(peer)
    try:
        facts, parts = work(data)
    except decoder.No as no:
        facts, parts = {"no": str(no)}, ()
    except MemoryError:
        facts, parts = {"no": "memory"}, ()
    except Exception:  # Pillow raises OSError, SyntaxError, struct.error, ValueError ...: all mean the same to a buyer
        facts, parts = {"no": "broken"}, ()
    answer(peer, facts, parts)


def rebuild(peer: socket.socket) -> None:
    """The shown copy of a picture."""
    _tell(decoder.rebuild, peer)


def pixels(peer: socket.socket) -> None:
    """The picture's exact pixels and what its container tells."""
    _tell(decoder.pixels, peer)


TASKS: Mapping[bytes, Callable[[socket.socket], None]] = {REBUILD: rebuild, PIXELS: pixels}


def serve(tasks: Mapping[bytes, Callable[[socket.socket], None]]) -> None:
    """Fork a child for every message until the control socket closes."""
    control = socket.socket(fileno=0)
    children: dict[int, float] = {}
    gc.collect()
    gc.freeze()  # what is here stays shared between all children
    while True:  # ends with the parent
        _reap(children)
        ready, _, _ = select.select([control], [], [], REAP_SECONDS if children else None)
        if not ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE.size, 1)
        if len(message) < MESSAGE.size or not descriptors:
            break
        task, seconds = MESSAGE.unpack(message)
        pid = os.fork()
        if pid == 0:
            control.close()
            _run(tasks[task], descriptors[0])
        os.close(descriptors[0])
        children[pid] = time.monotonic() + seconds
    for pid in children:
        _kill(pid)
        os.waitpid(pid, 0)


def _run(task: Callable[[socket.socket], None], descriptor: int) -> None:
    """In the forked child: no way back into the loop, whatever happens."""
    status = 1
    try:
        decoder.limit_process()
        with socket.socket(fileno=descriptor) as peer:
            task(peer)
        status = 0
    finally:
        os._exit(status)


def _reap(children: dict[int, float]) -> None:
    """Take leave of children that are done, and end those whose time is up."""
    for pid in tuple(children):
        ended, _ = os.waitpid(pid, os.WNOHANG)
        if ended:
            del children[pid]
        elif time.monotonic() > children[pid]:
            _kill(pid)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Entry point of the process."""
    decoder.warm_up()
    serve(TASKS)
