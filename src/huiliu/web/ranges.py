"""Part of a file, as players ask for it: one range of bytes (RFC 9110, 14). Safari plays no video without."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from huiliu.kit.errors import Refusal

_ONE_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})", re.ASCII)


class RangeOutside(Refusal):
    """Nothing of the file lies where the player asks. facts: size."""

    code = "web.range_outside"
    status = 416


def asked_range(header: str, *, size: int) -> tuple[int, int] | None:
    """(first, last) byte of the one range that is asked for, or None: send all. Several ranges are answered with all.

    Raises RangeOutside.
    """
    asked = _ONE_RANGE.fullmatch(header.strip())
    if asked is None or asked.group(0) == "bytes=-":
        return None
    first, last = asked.groups()
    if not first:  # the last so many bytes
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < int(first):
            return None
    if start > end:
        raise RangeOutside(size=size)
    return start, end


async def cut(pieces: AsyncIterator[bytes], first: int, last: int) -> AsyncIterator[bytes]:
    """Of a whole file's pieces only the bytes from `first` to `last`."""
    at = 0
    async for piece in pieces:
        part = piece[max(0, first - at) : max(0, last + 1 - at)]
        if part:
            yield part
        at += len(piece)
        if at > last:
            break
