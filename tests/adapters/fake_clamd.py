"""A clamd that speaks the real wire (clamd(8), INSTREAM) and knows one virus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
STREAM_MAX = 1024 * 1024


class FakeClamd:
    """What it was sent, and how it is to behave."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.reply: bytes | None = None
        self.is_mute = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One command on one connection, as clamd does outside a session."""
        try:
            writer.write(await self._answer(reader))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        if await reader.readuntil(b"\0") != b"zINSTREAM\0":
            return b"UNKNOWN COMMAND\0"
        data = b""
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            if len(data) + size > STREAM_MAX:
                return b"INSTREAM size limit exceeded. ERROR\0"
            data += await reader.readexactly(size)
        self.seen.append(data)
        if self.is_mute:
            await reader.read()  # until the other side gives up
        if self.reply is not None:
            return self.reply
        return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0"


@asynccontextmanager
async def clamd_on_tcp(clamd: FakeClamd) -> AsyncIterator[str]:
    """Its address as HUILIU_CLAMAV wants it."""
    server = await asyncio.start_server(clamd.serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@asynccontextmanager
async def clamd_on_socket(clamd: FakeClamd, path: Path) -> AsyncIterator[str]:
    """The same on a Unix socket."""
    server = await asyncio.start_unix_server(clamd.serve, path)
    try:
        yield str(path)
    finally:
        server.close()
