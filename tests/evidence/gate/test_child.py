"""The child that touches strangers' bytes can do nothing but answer, and whatever it answers is doubted."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from huiliu.evidence import errors
from huiliu.evidence.gate import rebuild as gate
from huiliu.evidence.gate.fork_server import SOURCE, ForkServer
from huiliu.evidence.gate.landlock import SCOPES_FROM, landlock_version
from huiliu.evidence.gate.rebuild import rebuild
from tests.make.pictures import png


def child(work: str) -> ForkServer:
    """A gate whose forked child does this instead of decoding: what the parent makes of it is tested."""
    return ForkServer(
        f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n"
        "import os, signal, socket, time\n"
        "from huiliu.evidence.gate.child import answer, read_all, serve\n"
        f"def work(peer):\n    data = read_all(peer)\n    {work}\n"
        "serve({b'R': work, b'P': work})\n"
    )


async def test_a_child_that_is_killed_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    with child("os.kill(os.getpid(), signal.SIGKILL)") as server:
        monkeypatch.setattr(gate, "_SERVER", server)
        with pytest.raises(errors.GateFailed):
            await rebuild(png())


async def test_a_child_that_hangs_is_killed_and_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It may open nothing, so it says who it is as the time at which a file was touched."""
    said = tmp_path / "pid"
    said.touch()
    with child(f"os.utime({str(said)!r}, (os.getpid(), 0))\n    while True: time.sleep(1)") as server:
        monkeypatch.setattr(gate, "_SERVER", server)
        monkeypatch.setattr(gate, "WALL_SECONDS_MAX", 0.5)
        with pytest.raises(errors.GateFailed):
            await rebuild(png())
        try:
            watched = os.pidfd_open(int(said.stat().st_atime))
        except ProcessLookupError:
            return
        ended, _, _ = select.select([watched], [], [], 10)
        os.close(watched)
        assert ended


async def test_a_process_that_was_killed_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with ForkServer() as server:
        monkeypatch.setattr(gate, "_SERVER", server)
        first = await rebuild(png())
        os.kill(server.pid, signal.SIGKILL)
        os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 - it was killed a moment ago
        assert (await rebuild(png())).sha256 == first.sha256


@pytest.mark.parametrize(
    "said",
    [
        "peer.sendall(b'rubbish, and more of it')",
        "peer.sendall(b'\\0\\0\\0\\7rubbish')",
        "answer(peer, {'media_type': 'text/html', 'width': 9, 'height': 9, 'trailing': 0}, [b'<html>'])",
        "answer(peer, {'media_type': 'image/png', 'width': 9, 'height': 9, 'trailing': 0}, [b'<html>'])",
        "answer(peer, {'media_type': 'image/png', 'width': -1, 'height': 9}, [b'\\x89PNG\\r\\n\\x1a\\n'])",
        "answer(peer, {'no': 'x' * 20000}, [])",
    ],
)
async def test_a_child_that_was_taken_over_is_not_believed(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    with child(said) as server:
        monkeypatch.setattr(gate, "_SERVER", server)
        with pytest.raises(errors.GateFailed):
            await rebuild(png())


ATTEMPTS = {
    "memory": "bytearray(2 * 1024 ** 3)",
    "write": "open(FOLDER + '/out', 'wb', 0).write(b'x')",
    "read": "open(FOLDER + '/key').read()",
    "delete": "os.unlink(FOLDER + '/key')",
    "run": "os.execv('/bin/true', ['true'])",
    "call": "socket.socket()",
    "signal": "os.kill(os.getppid(), 0)",
}
"""What a decoder that was taken over would try."""


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_the_child_can_do_nothing_but_answer(attempt: str, tmp_path: Path) -> None:
    if landlock_version() < {"delete": 1, "run": 1, "signal": SCOPES_FROM}.get(attempt, 0):
        pytest.skip("this kernel cannot forbid it")
    (tmp_path / "key").write_text("secret")
    work = (
        f"FOLDER = {str(tmp_path)!r}\n"
        f"    try:\n        {ATTEMPTS[attempt]}; said = 'could'\n"
        "    except (MemoryError, OSError): said = 'could not'\n"
        "    answer(peer, {'said': said}, [])"
    )
    with child(work) as server:
        assert told_by(server) == b'{"said": "could not"}'
    assert (tmp_path / "key").exists()


async def test_the_child_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUILIU_DATABASE_URL", "postgresql://secret")
    with child("answer(peer, {'knows': sorted(os.environ)}, [])") as server:
        assert told_by(server) == b'{"knows": ["LANG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]}'


def told_by(server: ForkServer) -> bytes:
    """A child's JSON."""
    with server.ask(b"R", seconds=5) as peer:
        peer.settimeout(10)
        peer.shutdown(socket.SHUT_WR)
        told = b""
        while piece := peer.recv(4096):
            told += piece
    return told[4:]


def test_the_web_process_takes_pictures_without_loading_a_picture_library() -> None:
    script = (
        "import asyncio, sys, huiliu.app, huiliu.worker.main\n"
        "from huiliu.evidence.gate.rebuild import rebuild\n"
        "rebuilt = asyncio.run(rebuild(sys.stdin.buffer.read()))\n"
        "print(rebuilt.width, sorted({'numpy', 'PIL', 'pi_heif', 'cv2', 'onnxruntime', 'faiss'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], input=png(), capture_output=True, timeout=60, check=True)
    assert done.stdout.split() == [b"360", b"[]"]


@pytest.mark.skipif(sys.platform != "linux", reason="watches a process that is not its own child")
def test_the_picture_process_ends_with_the_program_that_started_it() -> None:
    script = (
        "import asyncio, os, sys\n"
        "from huiliu.evidence.gate import rebuild as gate\n"
        "asyncio.run(gate.rebuild(sys.stdin.buffer.read()))\n"
        "print(gate._SERVER.pid, flush=True)\n"
        "os._exit(1)\n"  # as a crash or a kill would: no way to say goodbye
    )
    done = subprocess.run([sys.executable, "-c", script], input=png(), capture_output=True, timeout=60, check=False)
    try:
        watched = os.pidfd_open(int(done.stdout))
    except ProcessLookupError:
        return
    ended, _, _ = select.select([watched], [], [], 10)
    os.close(watched)
    assert ended
