"""The gate: a stranger's file goes in, a fresh picture with nothing hidden in it comes out, or a clear 'no'."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from asyncio import AbstractEventLoop, Semaphore
from weakref import WeakKeyDictionary

import msgspec

from huiliu.evidence import errors
from huiliu.evidence.gate.fork_server import ForkServer
from huiliu.evidence.gate.limits import FACTS_BYTES_MAX, LENGTH, PIECE_BYTES, REBUILD, WALL_SECONDS_MAX
from huiliu.evidence.gate.refusals import refusal_of
from huiliu.evidence.gate.sniff import JPEG, PNG, picture_type
from huiliu.evidence.look.problems import PIXEL_PROBLEMS

PATIENCE_SECONDS = 2
"""How much longer than the child's own time its answer is waited for."""
LANES = os.cpu_count() or 2
"""Pictures decoded at the same time, each in a process of its own."""
WAITING_MAX = 64
"""Uploads that may queue for a lane; more are told to come back."""
SHOWN_BYTES_MAX = 24 * 1024 * 1024
"""More than any picture of ours can be: a child that sends more is not believed."""
ANSWER_BYTES_MAX = SHOWN_BYTES_MAX + FACTS_BYTES_MAX + LENGTH.size

_SERVER = ForkServer()


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """The shown copy, made from pixels alone, and what experts may want to know of the original."""

    data: bytes
    media_type: str
    width: int
    height: int
    sha256: bytes
    original_sha256: bytes
    trailing_bytes: int
    """Bytes after the end of the original picture; more than 0 is a hint, not a verdict."""
    problems: tuple[str, ...] = ()
    """What the sender should mend, codes of `look.problems.PIXEL_PROBLEMS`: told, not refused."""


class _Answer(msgspec.Struct, frozen=True):
    """The child's first line."""

    no: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0
    trailing: int = 0
    problems: tuple[str, ...] = ()


class _Queue:
    """The lanes of one event loop."""

    def __init__(self) -> None:
        self.lanes = Semaphore(LANES)
        self.waiting = 0


_QUEUES: WeakKeyDictionary[AbstractEventLoop, _Queue] = WeakKeyDictionary()


async def rebuild(data: bytes) -> Rebuilt:
    """Sniff, decode in a child process with bounded memory and time, and re-encode from the pixels.

    Raises the Refusal that says what was wrong with the file; a child that dies is a refusal too (GateFailed).
    """
    picture_type(data)
    queue = _QUEUES.setdefault(asyncio.get_running_loop(), _Queue())
    if queue.waiting >= WAITING_MAX:
        raise errors.GateBusy
    queue.waiting += 1
    try:
        async with queue.lanes:
            answer, encoded = await _decode(data)
    finally:
        queue.waiting -= 1
    return _rebuilt(data, answer, encoded)


def rebuild_here(data: bytes) -> Rebuilt:
    """The same for a program without an event loop: one picture after another, in the same kind of child process."""
    picture_type(data)
    with _SERVER.ask(REBUILD, seconds=WALL_SECONDS_MAX) as peer:
        peer.settimeout(WALL_SECONDS_MAX + PATIENCE_SECONDS)
        try:
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
            pieces, got = [b""], 0
            while got <= ANSWER_BYTES_MAX and (piece := peer.recv(PIECE_BYTES)):
                pieces.append(piece)
                got += len(piece)
        except OSError:  # killed, out of memory, crashed, too slow
            raise errors.GateFailed from None
    return _rebuilt(data, *_believe(b"".join(pieces)))


def _rebuilt(data: bytes, answer: _Answer, encoded: bytes) -> Rebuilt:
    if answer.no:
        raise refusal_of(answer.no)
    return Rebuilt(
        data=encoded,
        media_type=answer.media_type,
        width=answer.width,
        height=answer.height,
        sha256=hashlib.sha256(encoded).digest(),
        original_sha256=hashlib.sha256(data).digest(),
        trailing_bytes=answer.trailing,
        problems=answer.problems,
    )


async def _decode(data: bytes) -> tuple[_Answer, bytes]:
    """One child for one picture: what it may break, leak or use up ends with it."""
    loop = asyncio.get_running_loop()
    peer = await asyncio.to_thread(_SERVER.ask, REBUILD, seconds=WALL_SECONDS_MAX)
    pieces: list[bytes] = []
    got = 0
    with peer:
        peer.setblocking(False)
        try:
            async with asyncio.timeout(WALL_SECONDS_MAX + PATIENCE_SECONDS):
                await loop.sock_sendall(peer, data)
                peer.shutdown(socket.SHUT_WR)
                while got <= ANSWER_BYTES_MAX and (piece := await loop.sock_recv(peer, PIECE_BYTES)):
                    pieces.append(piece)
                    got += len(piece)
        except (TimeoutError, OSError):  # killed, out of memory, crashed
            raise errors.GateFailed from None
    return _believe(b"".join(pieces))


def _believe(output: bytes) -> tuple[_Answer, bytes]:
    """The child worked on hostile bytes, so its answer is checked like a stranger's."""
    size = int.from_bytes(output[: LENGTH.size], "big")
    if not 0 < size <= FACTS_BYTES_MAX:  # killed before it could say anything, or taken over
        raise errors.GateFailed
    head, encoded = output[LENGTH.size : LENGTH.size + size], output[LENGTH.size + size :]
    try:
        answer = msgspec.json.decode(head, type=_Answer)
    except msgspec.DecodeError:
        raise errors.GateFailed from None
    if answer.no:
        return answer, b""
    starts = {JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}.get(answer.media_type)
    if starts is None or not encoded.startswith(starts) or len(encoded) > SHOWN_BYTES_MAX:
        raise errors.GateFailed
    if answer.width < 1 or answer.height < 1 or answer.trailing < 0:
        raise errors.GateFailed
    if not PIXEL_PROBLEMS.issuperset(answer.problems) or len(answer.problems) > len(PIXEL_PROBLEMS):
        raise errors.GateFailed
    return answer, encoded
