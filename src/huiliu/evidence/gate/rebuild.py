"""The gate: a stranger's file goes in, a fresh picture with nothing hidden in it comes out, or a clear 'no'."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from asyncio import AbstractEventLoop, Semaphore
from pathlib import Path
from weakref import WeakKeyDictionary

import msgspec

from huiliu.evidence import errors
from huiliu.evidence.gate import decoder
from huiliu.evidence.gate.sniff import JPEG, PNG, picture_type
from huiliu.kit.errors import Refusal

DECODE_SECONDS_MAX = 30
"""Wall clock for one picture. The child's own limit on processor time is the strict one; a busy host needs patience."""
LANES = os.cpu_count() or 2
"""Pictures decoded at the same time, each in a process of its own."""
WAITING_MAX = 64
"""Uploads that may queue for a lane; more are told to come back."""
SHOWN_BYTES_MAX = 24 * 1024 * 1024
"""More than any picture of ours can be: a child that sends more is not believed."""
PIXELS_PER_MEGAPIXEL = 1_000_000

_CHILD = Path(decoder.__file__)


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


class _Answer(msgspec.Struct, frozen=True):
    """The child's first line."""

    no: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0
    trailing: int = 0


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
    if answer.no:
        raise _refusal(answer.no)
    return Rebuilt(
        data=encoded,
        media_type=answer.media_type,
        width=answer.width,
        height=answer.height,
        sha256=hashlib.sha256(encoded).digest(),
        original_sha256=hashlib.sha256(data).digest(),
        trailing_bytes=answer.trailing,
    )


async def _decode(data: bytes) -> tuple[_Answer, bytes]:
    """One child for one picture: what it may break, leak or use up ends with it."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",  # neither the working folder nor PYTHON* variables may add code
        str(_CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LANG": "C.UTF-8"},  # no database address, no keys
    )
    try:
        async with asyncio.timeout(DECODE_SECONDS_MAX):
            output, _ = await child.communicate(data)
    except TimeoutError:
        raise errors.GateFailed from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return _believe(output)


def _believe(output: bytes) -> tuple[_Answer, bytes]:
    """The child worked on hostile bytes, so its answer is checked like a stranger's."""
    head, _, encoded = output.partition(b"\n")
    try:
        answer = msgspec.json.decode(head, type=_Answer)
    except msgspec.DecodeError:  # killed, out of memory, crashed: there is no answer
        raise errors.GateFailed from None
    if answer.no:
        return answer, b""
    starts = {JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}.get(answer.media_type)
    if starts is None or not encoded.startswith(starts) or len(encoded) > SHOWN_BYTES_MAX:
        raise errors.GateFailed
    if answer.width < 1 or answer.height < 1 or answer.trailing < 0:
        raise errors.GateFailed
    return answer, encoded


def _refusal(no: str) -> Refusal:
    match no:
        case "pixels":
            return errors.TooManyPixels(max_megapixels=decoder.PIXELS_MAX // PIXELS_PER_MEGAPIXEL)
        case "small":
            return errors.TooFewPixels(min_side=decoder.SIDE_MIN)
        case "animated":
            return errors.AnimatedPicture()
        case "memory":
            return errors.GateFailed()
        case _:
            return errors.BrokenPicture()
