"""A small HTTP/1.1 server on h11, because a faulty rail must be able to do what servers never do: hang up without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import h11

BODY_BYTES_MAX = 1_000_000
READ_BYTES = 65_536
IDLE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Question:
    """One request; header names are lower-case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One response."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Silence:
    """No response at all: keep the caller waiting for `seconds`, then hang up."""

    seconds: float


Handler: TypeAlias = Callable[[Question], Awaitable[Answer | Silence]]


async def serve(handler: Handler, *, host: str, port: int) -> asyncio.Server:
    """Start listening; port 0 takes a free one."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(handler, reader, writer)
        except (OSError, TimeoutError, h11.RemoteProtocolError):
            pass  # the caller went away or spoke no HTTP: nothing to tell it
        finally:
            writer.transport.abort()

    return await asyncio.start_server(connected, host, port)


async def _converse(handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = h11.Connection(h11.SERVER)
    while True:
        question = await _read(connection, reader)
        if question is None:
            return
        answer = await handler(question)
        if isinstance(answer, Silence):
            await _hang(reader, answer.seconds)
            return
        headers = {"content-length": str(len(answer.body)), "content-type": "application/json"} | answer.headers
        head = h11.Response(status_code=answer.status, headers=list(headers.items()))
        for event in (head, h11.Data(data=answer.body), h11.EndOfMessage()):
            writer.write(connection.send(event) or b"")
        await writer.drain()
        if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
            return
        connection.start_next_cycle()


async def _read(connection: h11.Connection, reader: asyncio.StreamReader) -> Question | None:
    head: h11.Request | None = None
    body = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await asyncio.wait_for(reader.read(READ_BYTES), IDLE_SECONDS))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > BODY_BYTES_MAX:
                return None
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
            return Question(head.method.decode(), head.target.decode("latin-1"), headers, body)
        else:
            return None  # ConnectionClosed or PAUSED


async def _hang(reader: asyncio.StreamReader, seconds: float) -> None:
    """Say nothing until the caller gives up or `seconds` are over."""
    try:
        await asyncio.wait_for(reader.read(READ_BYTES), seconds)
    except TimeoutError:
        return
