"""A load client that costs little itself: raw HTTP/1.1 on kept connections, one request under way on each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Protocol, final

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
RUN_SECONDS_MAX = 600.0


class Requests(Protocol):
    """Makes the bytes of the n-th request."""

    def __call__(self, number: int) -> bytes: ...


@final
class Load:
    """What a run saw: seconds per answer, and how many answers of each status."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.statuses: dict[int, int] = {}
        self.first_bad = b""
        self.elapsed = 0.0

    def note(self, seconds: float, status: int, answer: bytes) -> None:
        """One answer."""
        self.seconds.append(seconds)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status != 201 and not self.first_bad:
            self.first_bad = answer[:500]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.elapsed

    def percentile(self, share: float) -> float:
        """Milliseconds within which `share` of the answers came."""
        ranked = sorted(self.seconds)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000


async def run_load(port: int, *, connections: int, numbers: Iterator[int], make: Requests) -> Load:
    """Send a request for every number over `connections` connections and wait for all answers."""
    load = Load()
    loop = asyncio.get_running_loop()
    done = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for future in done:
        await loop.create_connection(lambda ended=future: _Connection(load, numbers, make, ended), "127.0.0.1", port)
    async with asyncio.timeout(RUN_SECONDS_MAX):
        await asyncio.gather(*done)
    load.elapsed = time.perf_counter() - started
    return load


@final
class _Connection(asyncio.Protocol):
    def __init__(self, load: Load, numbers: Iterator[int], make: Requests, done: asyncio.Future[None]) -> None:
        self._load = load
        self._numbers = numbers
        self._make = make
        self._done = done
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(  # pyright: ignore[reportIncompatibleMethodOverride] - every loop hands a TCP connection this
        self, transport: asyncio.Transport
    ) -> None:
        self._transport = transport
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("closed by the server"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(LENGTH)
        length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + len(HEAD_END) + length:
            return
        seconds = time.perf_counter() - self._sent_at
        self._load.note(seconds, int(self._buffer[9:12]), self._buffer)
        self._buffer = b""
        self._next()

    def _next(self) -> None:
        assert self._transport is not None
        number = next(self._numbers, None)
        if number is None:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._make(number))
