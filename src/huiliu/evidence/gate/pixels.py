"""A stranger's picture as pixels in memory, decoded by a bounded child process. For workers and tools: needs numpy."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self, final

import msgspec
import numpy as np

from huiliu.evidence import errors
from huiliu.evidence.gate.fork_server import ForkServer
from huiliu.evidence.gate.limits import FACTS_BYTES_MAX, LENGTH, PIXELS, PIXELS_MAX, WALL_SECONDS_MAX
from huiliu.evidence.gate.refusals import refusal_of
from huiliu.evidence.gate.sniff import picture_type
from huiliu.evidence.inspection.model import Container
from huiliu.evidence.inspection.picture import Picture

PATIENCE_SECONDS = 2
"""How much longer than the child's own time its answer is waited for."""
FLAGS_MAX = 20
TEXT_MAX = 200


class _Past(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The child's account of the container."""

    jpeg_quality: int | None
    is_progressive: bool
    software: str
    taken_at: str
    has_location: bool
    has_metadata: bool
    has_editor_traces: bool
    trailing_bytes: int
    flags: tuple[str, ...]


class _Answer(msgspec.Struct, frozen=True):
    """The child's first words."""

    no: str = ""
    width: int = 0
    height: int = 0
    container: _Past | None = None


@final
class Opener:
    """Opens one picture after another, each in a fresh fork of one child process: milliseconds instead of a start.

    May be used from several threads; each picture has its own connection.
    """

    def __init__(self, server: ForkServer | None = None) -> None:
        self._server = server or ForkServer()

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.close()

    def open(self, data: bytes) -> Picture:
        """The upright pixels in full size. Raises the Refusal that says what is wrong with the file."""
        media_type = picture_type(data)
        with self._server.ask(PIXELS, seconds=WALL_SECONDS_MAX) as peer:
            peer.settimeout(WALL_SECONDS_MAX + PATIENCE_SECONDS)
            try:
                peer.sendall(data)
                peer.shutdown(socket.SHUT_WR)
                return _picture(peer, media_type)
            except OSError:  # killed, out of memory, crashed, too slow
                raise errors.GateFailed from None


_OPENER = Opener()


def open_picture(data: bytes) -> Picture:
    """The upright pixels of one picture, by a child that this program keeps. Raises Refusals."""
    return _OPENER.open(data)


def _picture(peer: socket.socket, media_type: str) -> Picture:
    """The child worked on hostile bytes, so its answer is checked like a stranger's."""
    (size,) = LENGTH.unpack(_exactly(peer, LENGTH.size))
    if size > FACTS_BYTES_MAX:
        raise errors.GateFailed
    try:
        answer = msgspec.json.decode(_exactly(peer, size), type=_Answer)
    except msgspec.DecodeError:
        raise errors.GateFailed from None
    if answer.no:
        raise refusal_of(answer.no)
    width, height = answer.width, answer.height
    if width < 1 or height < 1 or width * height > PIXELS_MAX or answer.container is None:
        raise errors.GateFailed
    rgb = np.frombuffer(_exactly(peer, width * height * 3), np.uint8).reshape(height, width, 3)
    luma = np.frombuffer(_exactly(peer, width * height), np.uint8).reshape(height, width)
    if peer.recv(1):
        raise errors.GateFailed
    return Picture(rgb, luma, _container(answer.container, media_type))


def _exactly(peer: socket.socket, size: int) -> bytearray:
    """So many bytes from the child, or GateFailed."""
    block = bytearray(size)
    view, got = memoryview(block), 0
    while got < size:  # bounded by size: recv_into gives at least one byte or says that the child is gone
        count = peer.recv_into(view[got:])
        if count == 0:
            raise errors.GateFailed
        got += count
    return block


def _container(past: _Past, media_type: str) -> Container:
    texts = (past.software, past.taken_at, *past.flags)
    if past.trailing_bytes < 0 or len(past.flags) > FLAGS_MAX or any(len(text) > TEXT_MAX for text in texts):
        raise errors.GateFailed
    if past.jpeg_quality is not None and not 1 <= past.jpeg_quality <= 100:
        raise errors.GateFailed
    return Container(
        media_type=media_type,
        jpeg_quality=past.jpeg_quality,
        is_progressive=past.is_progressive,
        software=past.software,
        taken_at=past.taken_at,
        has_location=past.has_location,
        has_metadata=past.has_metadata,
        has_editor_traces=past.has_editor_traces,
        trailing_bytes=past.trailing_bytes,
        flags=past.flags,
    )
