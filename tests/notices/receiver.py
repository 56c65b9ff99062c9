"""A shop's web server that behaves as badly as it is told to, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum


class Manner(StrEnum):
    """How one request is answered."""

    OK = "200"
    FAIL = "500"
    GONE = "410"
    REDIRECT = "302"
    SILENT = "silent"
    DRIP = "drip"
    FLOOD = "flood"
    GARBAGE = "garbage"
    HANG_UP = "hang_up"


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire; header names in lower case."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers in the manners given, the last one for ever; keeps what it got."""

    port: int = 0
    manners: list[Manner] = field(default_factory=lambda: [Manner.OK])
    received: list[Received] = field(default_factory=list[Received])
    flooded: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers["content-length"]))
            self.received.append(Received(headers, body))
            manner = self.manners.pop(0) if len(self.manners) > 1 else self.manners[0]
            await self._answer(manner, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, manner: Manner, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match manner:
            case Manner.SILENT:
                await reader.read()  # until the other side gives up
            case Manner.DRIP:
                while not reader.at_eof():  # one byte of header at a time, never the end
                    writer.write(b"H" if not self.flooded else b"x")
                    await writer.drain()
                    await asyncio.wait({asyncio.ensure_future(reader.read(1))}, timeout=0.05)
            case Manner.FLOOD:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                for _ in range(2_000):
                    self.flooded += 65_536
                    writer.write(b"x" * 65_536)
                    await writer.drain()
            case Manner.GARBAGE:
                writer.write(b"\x00\x01 this is not HTTP\r\n\r\n")
                await writer.drain()
            case Manner.HANG_UP:
                return
            case Manner.REDIRECT:
                writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/inside\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
            case _:
                writer.write(f"HTTP/1.1 {manner.value} X\r\nContent-Length: 2\r\n\r\nok".encode())
                await writer.drain()


@asynccontextmanager
async def receiving(*manners: Manner) -> AsyncIterator[Receiver]:
    """A receiver that listens until the block is left."""
    receiver = Receiver(manners=list(manners) or [Manner.OK])
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
