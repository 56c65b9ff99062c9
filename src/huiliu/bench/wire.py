"""Requests that arrive together: raw HTTP/1.1 on kept connections, each known by the server process that serves it.

A library's client would spread two "simultaneous" requests by a millisecond or more. Here the bytes of all of them leave
in one go, or with pauses of the caller's choosing, over connections that different processes have accepted.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import final
from urllib.parse import urlencode

import psutil

HEAD_END = b"\r\n\r\n"
ANSWER_SECONDS_MAX = 30.0
PER_PROCESS = 3
OPENINGS_MAX = 400
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class LineBroken(ConnectionError):
    """The server hung up before it had answered: whether anything happened is not known."""


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request; underscores in header names become dashes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + HEAD_END + body


def json_post(path: str, body: bytes, token: str, *, key: str = "") -> bytes:
    """A call of the API; `key` is its Idempotency-Key."""
    more = {"Idempotency_Key": key} if key else {}
    return request("POST", path, body, Content_Type="application/json", Authorization=f"Bearer {token}", **more)


def form_post(path: str, fields: Mapping[str, str], *, cookies: Mapping[str, str]) -> bytes:
    """A browser's form."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    content = urlencode(fields).encode()
    return request("POST", path, content, Content_Type="application/x-www-form-urlencoded", Cookie=cookie)


@final
class Line(asyncio.Protocol):
    """One kept connection with at most one request under way."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None

    @property
    def is_open(self) -> bool:
        """Whether another request may be sent on it."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def local_port(self) -> int:
        """Our end, by which the other end's process is found."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def send(self, content: bytes) -> asyncio.Future[Answer]:
        """Write a whole request now; its answer comes later. LineBroken instead of an answer when the server dies."""
        assert self._waiting is None or self._waiting.done(), "one request at a time"
        self._waiting = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            self._waiting.set_exception(LineBroken("closed"))
        else:
            self._transport.write(content)
        return self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop's word that the connection stands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever still waits for an answer will not get one."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(LineBroken(str(exc or "closed by the server")))

    def data_received(self, data: bytes) -> None:
        """Collect until an answer is whole."""
        self._buffer += data
        head, found, rest = self._buffer.partition(HEAD_END)
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if len(rest) < int(headers.get("content-length", "0")):
            return
        self._buffer = b""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(Answer(int(first.split(" ", 2)[1]), headers, rest))


async def open_line(port: int) -> Line:
    """A connection to the server. Raises OSError when nobody listens."""
    _, line = await asyncio.get_running_loop().create_connection(Line, HOST, port)
    return line


@final
class Switchboard:
    """Lines to every process of one server, taken in turn so that a volley always reaches different processes."""

    def __init__(self, by_process: Mapping[int, Sequence[Line]]) -> None:
        self.processes = len(by_process)
        self._lines = [line for group in zip(*by_process.values(), strict=False) for line in group]
        self._turn = itertools.count()

    async def volley(self, requests: Sequence[bytes], *, pauses: Sequence[float] = ()) -> list[Answer]:
        """Send all at once, the n-th after pauses[n] seconds if given, each on a line of its own; the answers in order."""
        assert len(requests) <= len(self._lines)
        start = next(self._turn)
        lines = [self._lines[(start + number) % len(self._lines)] for number in range(len(requests))]
        answers: list[asyncio.Future[Answer]] = []
        for line, content, pause in itertools.zip_longest(lines, requests, pauses[: len(lines)], fillvalue=None):
            assert line is not None
            assert content is not None
            if pause:
                await asyncio.sleep(pause)
            answers.append(line.send(content))
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            return list(await asyncio.gather(*answers))

    async def each(self, requests: Sequence[bytes]) -> list[Answer]:
        """Send many, as fast as the lines allow and in no particular order; the answers in the requests' order."""
        answers: list[Answer | None] = [None] * len(requests)
        numbers = iter(range(len(requests)))

        async def work(line: Line) -> None:
            for number in numbers:
                answers[number] = await line.send(requests[number])

        await asyncio.gather(*(work(line) for line in self._lines))
        return [answer for answer in answers if answer is not None]

    def close(self) -> None:
        """Hang up everywhere."""
        for line in self._lines:
            line.close()


@asynccontextmanager
async def switchboard(port: int, *, server_pid: int, processes: int) -> AsyncGenerator[Switchboard]:
    """Open connections until `processes` of the server's processes have accepted PER_PROCESS each."""
    by_process: dict[int, list[Line]] = {}
    spare: list[Line] = []
    for _ in range(OPENINGS_MAX):
        if len(by_process) >= processes and all(len(lines) >= PER_PROCESS for lines in by_process.values()):
            break
        line = await open_line(port)
        # A process has accepted a connection for certain only once it has answered on it.
        await line.send(request("GET", "/nobody/"))
        pid = serving_process(server_pid, line.local_port)
        lines = by_process.setdefault(pid, [])
        (lines if len(lines) < PER_PROCESS else spare).append(line)
    for line in spare:
        line.close()
    if len(by_process) < processes:
        raise RuntimeError(f"{len(by_process)} of {processes} processes answer after {OPENINGS_MAX} connections")
    board = Switchboard(by_process)
    try:
        yield board
    finally:
        board.close()


def serving_process(server_pid: int, client_port: int) -> int:
    """Which of the server's processes holds the other end of our connection."""
    server = psutil.Process(server_pid)
    for process in (server, *server.children(recursive=True)):
        for held in process.net_connections("tcp"):
            if held.status == psutil.CONN_ESTABLISHED and held.raddr and held.raddr.port == client_port:
                return process.pid
    raise RuntimeError("no process of the server holds this connection")
