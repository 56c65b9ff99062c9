"""The program's side of the processes for video: start them, feed them, and believe nothing they say unchecked."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import msgspec

from huiliu.evidence.gate.limits import SIDE_MIN
from huiliu.evidence.video import errors
from huiliu.evidence.video.container import container_facts
from huiliu.evidence.video.limits import HEAD_BYTES_MAX, THREADS, WALL_SECONDS_MAX, Task
from huiliu.evidence.video.model import SECONDS_MAX
from huiliu.kit.errors import Refusal

SOURCE = Path(__file__).parents[3]
PROGRAM = f"import sys; sys.path.insert(0, {str(SOURCE)!r}); from huiliu.evidence.video.child import main; main()"
ENVIRONMENT = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": str(THREADS)}
"""No database address, no keys."""
CODEC_MAX = 8
END_SECONDS_MAX = 5
"""How long a process that has said everything may take to be gone."""
CRASHES = frozenset(-sign for sign in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT))
"""A decoder falls over a file that is not as it says: nothing happens to anybody else."""


class _No(msgspec.Struct, frozen=True):
    no: str = ""


def answer_of(task: Task, data: bytes, *, bytes_max: int) -> tuple[bytes, bytes]:
    """(line of JSON, what follows it) from a fresh process that is given `data`. Raises the refusal it asks for."""
    with _process(task, stdin=subprocess.PIPE) as process:
        return _answer((process,), data, bytes_max=bytes_max, sent=data)


def packed_answer(data: bytes, *, bytes_max: int) -> tuple[bytes, bytes]:
    """The same from two processes: one that decodes and cannot write, and one that packs and never sees the file."""
    with (
        TemporaryDirectory(prefix="huiliu-video-") as folder,
        _process(Task.FRAMES, stdin=subprocess.PIPE) as decoder,
        _process(Task.PACK, stdin=decoder.stdout, folder=folder) as packer,
    ):
        assert decoder.stdout is not None
        decoder.stdout.close()  # so that the decoder notices when the packer has given up
        return _answer((decoder, packer), data, bytes_max=bytes_max, sent=data)


def _answer(
    chain: tuple[subprocess.Popen[bytes], ...], data: bytes, *, bytes_max: int, sent: bytes
) -> tuple[bytes, bytes]:
    first, last = chain[0], chain[-1]
    assert first.stdin is not None
    assert last.stdout is not None
    # Two helpers, since a pipe holds little: one feeds while this thread reads, the other ends what takes too long.
    feeder = threading.Thread(target=_feed, args=(first.stdin, sent), daemon=True)
    clock = threading.Timer(WALL_SECONDS_MAX, _kill, args=(chain,))
    clock.daemon = True
    feeder.start()
    clock.start()
    try:
        head = last.stdout.readline(HEAD_BYTES_MAX)
        rest = last.stdout.read(bytes_max + 1)
        has_crashed = any(_ended(process) in CRASHES for process in chain)
    finally:
        clock.cancel()
        _kill(chain)
        feeder.join()
    if has_crashed:
        raise errors.BrokenVideo
    if not head.endswith(b"\n") or len(rest) > bytes_max:  # killed, out of memory, crashed, taken over
        raise errors.VideoFailed
    try:
        no = msgspec.json.decode(head, type=_No).no
    except msgspec.DecodeError:
        raise errors.VideoFailed from None
    if no:
        raise refusal_of(no, data)
    return head, rest


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(END_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return None


def refusal_of(no: str, data: bytes) -> Refusal:
    """The refusal behind a process's code."""
    which, _, detail = no.partition(":")
    match which:
        case "too_long":
            return errors.VideoTooLong(max_seconds=SECONDS_MAX)
        case "too_large":
            return errors.VideoTooLarge(max_seconds=SECONDS_MAX)
        case "too_small":
            return errors.VideoTooSmall(min_side=SIDE_MIN)
        case "codec":
            plain = "".join(letter for letter in detail if letter.isascii() and letter.isalnum())
            return errors.VideoCodecUnknown(codec=plain[:CODEC_MAX] or "?")
        case "no_picture":
            return errors.VideoWithoutPicture()
        case "unopened":
            return errors.VideoWithoutPicture() if container_facts(data).is_sound_only else errors.BrokenVideo()
        case "broken":
            return errors.BrokenVideo()
        case _:
            return errors.VideoFailed()


@contextmanager
def _process(task: Task, *, stdin: int | IO[bytes] | None, folder: str = "/") -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-c", PROGRAM, task.value],  # -I: neither folder nor PYTHON* variables may add code
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        cwd=folder,
    )
    try:
        yield process
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not taken any more
                    stream.close()
        process.wait()


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with suppress(OSError):  # it has made up its mind before the end
        pipe.write(data)
    with suppress(OSError):
        pipe.close()


def _kill(chain: tuple[subprocess.Popen[bytes], ...]) -> None:
    for process in chain:
        process.kill()
