"""ClamAV's daemon, asked over its own wire: INSTREAM as clamd(8) describes it, on TCP or a Unix socket."""

from __future__ import annotations

import asyncio
import re
import struct
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from typing import final

import structlog

from huiliu.evidence.scan import Clean, Infected, ScanAnswer, Scanner, Unreachable
from huiliu.kit.settings import Settings

SCAN_SECONDS_MAX = 20.0
CHUNK_BYTES = 256 * 1024
REPLY_BYTES_MAX = 1024
NAME_MAX = 120

_COMMAND = b"zINSTREAM\0"
_SIZE = struct.Struct("!I")
_FOUND = re.compile(r"stream: (?P<name>.+) FOUND")

_log = structlog.stdlib.get_logger(__name__)


class BadScannerSetting(Exception):
    """HUILIU_CLAMAV is neither host:port nor the path of a Unix socket."""


def open_scanner(settings: Settings) -> Scanner | None:
    """The scanner these settings name, or none. Raises BadScannerSetting."""
    return Clamd(settings.clamav) if settings.clamav else None


@final
class Clamd:
    """One clamd. A connection for each file: that is how clamd wants it without sessions."""

    def __init__(self, address: str, *, seconds_max: float = SCAN_SECONDS_MAX) -> None:
        host, _, port = address.rpartition(":")
        self._path = address if address.startswith("/") else ""
        if not self._path and not (host and port.isascii() and port.isdigit() and int(port) < 65_536):
            raise BadScannerSetting(address)
        self._host, self._port = (host.strip("[]"), int(port)) if not self._path else ("", 0)
        self._seconds_max = seconds_max

    async def scan(self, data: bytes) -> ScanAnswer:
        """Send the bytes and read clamd's one line. Keeps the protocol `Scanner`."""
        try:
            async with asyncio.timeout(self._seconds_max):
                answer = _answer(await self._asked(data))
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            answer = Unreachable(type(error).__name__)
        match answer:
            case Unreachable(why):
                _log.error("clamd gave no verdict", why=why)
            case Infected(name):
                _log.warning("clamd found malware in an upload", name=name)
            case Clean():
                pass
        return answer

    async def _asked(self, data: bytes) -> bytes:
        reader, writer = await self._connect()
        try:
            with suppress(ConnectionError):  # it stops listening when a file is too large, and says so first
                writer.write(_COMMAND)
                for at in range(0, len(data), CHUNK_BYTES):
                    chunk = data[at : at + CHUNK_BYTES]
                    writer.write(_SIZE.pack(len(chunk)) + chunk)
                    await writer.drain()
                writer.write(_SIZE.pack(0))
                await writer.drain()
            return await reader.readuntil(b"\0")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _connect(self) -> tuple[StreamReader, StreamWriter]:
        if self._path:
            return await asyncio.open_unix_connection(self._path, limit=REPLY_BYTES_MAX)
        return await asyncio.open_connection(self._host, self._port, limit=REPLY_BYTES_MAX)


def _answer(reply: bytes) -> ScanAnswer:
    """`stream: OK`, `stream: NAME FOUND`, or something that is no verdict (`INSTREAM size limit exceeded. ERROR`)."""
    said = reply.rstrip(b"\0\n").decode("utf-8", "replace")
    if said == "stream: OK":
        return Clean()
    found = _FOUND.fullmatch(said)
    return Infected(found["name"][:NAME_MAX]) if found else Unreachable(said[:NAME_MAX])
