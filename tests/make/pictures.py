"""Makes pictures that pass the gate, and the bytes of files that must not."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageDraw

SIZE = (360, 640)


def picture(*, size: tuple[int, int] = SIZE, words: str = "paid 100.00") -> Image.Image:
    """A small screenshot-like picture; other words make another picture."""
    made = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(made)
    pen.rectangle((0, 0, size[0], 60), fill="#1d4ed8")
    pen.text((20, 100), words, fill="black")
    return made


def png(*, size: tuple[int, int] = SIZE, words: str = "paid 100.00") -> bytes:
    """A PNG that passes the gate."""
    return encoded(picture(size=size, words=words), "PNG")


def jpeg(*, size: tuple[int, int] = SIZE, words: str = "paid 100.00") -> bytes:
    """A JPEG that passes the gate."""
    return encoded(picture(size=size, words=words), "JPEG")


def encoded(made: Image.Image, kind: str, **options: object) -> bytes:
    """A picture's bytes in any of Pillow's formats."""
    out = io.BytesIO()
    made.save(out, kind, **options)
    return out.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """A tiny PNG that declares and really unpacks to a huge picture of zeros."""
    rows = zlib.compress(b"\0" * (1 << 22), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", rows)
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
