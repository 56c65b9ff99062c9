"""Shown copies at rest: sealed block by block, so that a large one is handed out without being in memory whole.

A file is `MAGIC`, then for each block its length (4 bytes) and the block under the keyring. A block is bound to its
platform, to the hash of the whole, to its place and to the number of blocks: none can be moved, swapped or left out.
Files from before this were kept in clear; they start like a picture and are still read.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import BinaryIO, final

from cryptography.exceptions import InvalidTag

from huiliu.kit.keyring import Keyring

MAGIC = b"huiliu sealed 1\n"
BLOCK_BYTES = 256 * 1024
BLOCKS_MAX = 1_000
_COUNT = struct.Struct("!I")
SEALED_BLOCK_BYTES_MAX = BLOCK_BYTES + 1024


class Damaged(Exception):
    """The bytes on disk are not what was written."""


def seal(keyring: Keyring, data: bytes, *, context: str) -> bytes:
    """The bytes to write for `data`."""
    blocks = [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]
    assert len(blocks) <= BLOCKS_MAX
    out = [MAGIC, _COUNT.pack(len(blocks))]
    for number, block in enumerate(blocks):
        sealed = keyring.seal_bytes(block, context=_context(context, number, of=len(blocks)))
        out += [_COUNT.pack(len(sealed)), sealed]
    return b"".join(out)


@final
class SealedFile:
    """An open file of a shown copy, sealed or from before."""

    def __init__(self, file: BinaryIO, keyring: Keyring, *, context: str) -> None:
        self._file = file
        self._keyring = keyring
        self._context = context
        self.is_sealed = file.read(len(MAGIC)) == MAGIC

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def blocks(self) -> Iterator[bytes]:
        """The plain bytes piece by piece. Raises Damaged."""
        if not self.is_sealed:
            self._file.seek(0)
            while piece := self._file.read(BLOCK_BYTES):
                yield piece
            return
        self._file.seek(len(MAGIC))
        count = self._count(BLOCKS_MAX)
        for number in range(count):
            sealed = self._exactly(self._count(SEALED_BLOCK_BYTES_MAX))
            try:
                yield self._keyring.open_bytes(sealed, context=_context(self._context, number, of=count))
            except (InvalidTag, KeyError, UnicodeDecodeError, ValueError) as error:
                raise Damaged(type(error).__name__) from error
        if self._file.read(1):
            raise Damaged("longer")

    def verify(self, sha256: bytes) -> None:
        """Read everything once. Raises Damaged unless it is what this hash names."""
        digest = hashlib.sha256()
        for block in self.blocks():
            digest.update(block)
        if digest.digest() != sha256:
            raise Damaged("hash")

    def _count(self, most: int) -> int:
        (count,) = _COUNT.unpack(self._exactly(_COUNT.size))
        if count > most:
            raise Damaged("length")
        return int(count)

    def _exactly(self, size: int) -> bytes:
        got = self._file.read(size)
        if len(got) != size:
            raise Damaged("shorter")
        return got


def _context(context: str, number: int, *, of: int) -> str:
    return f"{context}:{number}:{of}"
