"""The child process that touches a stranger's bytes: decodes one picture and writes a new one from its pixels.

Reads the file from stdin; writes one JSON line (what it is, or why not) and then the new file to stdout. It has no
environment, cannot write files, and ends when its memory or processor time is used up. Imports nothing but Pillow.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings

from PIL import Image
from PIL.Image import Transpose

MEMORY_BYTES_MAX = 1024 * 1024 * 1024
CPU_SECONDS_MAX = 10
PIXELS_MAX = 40_000_000
SIDE_MIN = 120
"""Below this nobody can read a screenshot; finer judgement of quality belongs to verification."""
SHOWN_SIDE_MAX = 2500
LONG_SHOT_RATIO = 3
"""From here on a picture is a scrolled screenshot: shrinking its long side to 2500 would make it unreadable."""
LONG_SHOT_WIDTH_MAX = 1080
LONG_SHOT_SIDE_MAX = 20_000
JPEG_QUALITY = 88
PNG_BYTES_MAX = 1_500_000
"""A screenshot that stays this small without loss is kept without loss; others become JPEG."""
PNG_PIXELS_MAX = 6_000_000
ORIENTATION_TAG = 0x0112
TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation; 1 and anything unknown lies right."""
FORMATS = ("JPEG", "PNG", "WEBP")


class No(Exception):
    """Why the picture is not taken: a code that gate.py turns into a refusal."""


def limit_process() -> None:
    """Give up memory, processor time and the right to write files before the first foreign byte is looked at."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the address space cannot be limited; the time limit still holds
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))


def rebuild(data: bytes) -> tuple[dict[str, str | int], bytes]:
    """A fresh picture from the pixels of `data`: nothing of the old container, its metadata or its tail survives."""
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    warnings.simplefilter("ignore")  # about odd EXIF; the pixel limit is checked by hand below
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise No("pixels") from None
    width, height = picture.size  # from the header: nothing is decoded yet
    if width * height > PIXELS_MAX:
        raise No("pixels")
    if min(width, height) < SIDE_MIN:
        raise No("small")
    # A JPEG with several pictures (MPO) is a still photo with a preview or a depth map.
    if getattr(picture, "is_animated", False) and picture.format != "MPO":
        raise No("animated")
    lossless = picture.format == "PNG"
    target = shown_size(width, height)
    picture.draft("RGB", target)  # a large JPEG is decoded straight to a smaller size
    picture.load()
    flat = flatten(picture)
    if flat.size != target:
        flat = flat.resize(target, Image.Resampling.LANCZOS)  # pyright: ignore[reportUnknownMemberType]  # names numpy
    how = TURNS.get(_orientation(picture))
    turned = flat if how is None else flat.transpose(how)
    fresh = Image.frombytes("RGB", turned.size, turned.tobytes())  # convert() and transpose() carry the old info along
    kind, encoded = encode(fresh, lossless=lossless)
    facts: dict[str, str | int] = {"media_type": kind, "width": fresh.width, "height": fresh.height}
    return {**facts, "trailing": trailing_bytes(data)}, encoded


def shown_size(width: int, height: int) -> tuple[int, int]:
    """The size of the shown copy: never larger than the original; long screenshots keep a readable width."""
    short, long = min(width, height), max(width, height)
    if long > LONG_SHOT_RATIO * short:
        scale = min(1.0, LONG_SHOT_WIDTH_MAX / short, LONG_SHOT_SIDE_MAX / long)
    else:
        scale = min(1.0, SHOWN_SIDE_MAX / long)
    return max(1, round(width * scale)), max(1, round(height * scale))


def flatten(picture: Image.Image) -> Image.Image:
    """Plain RGB on white: no palette, no transparency that hides something from one viewer only."""
    if picture.mode.startswith("I") or picture.mode == "F":
        wide = picture.convert("I")  # 16 bits a grey: convert("L") alone would clip almost everything to white
        picture = wide.point(lambda level: level * (1 / 256)).convert("L")  # pyright: ignore[reportUnknownMemberType]  # names numpy
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        return white
    return picture.convert("RGB")


def encode(picture: Image.Image, *, lossless: bool) -> tuple[str, bytes]:
    """PNG for a small flat screenshot, JPEG for everything else."""
    if lossless and picture.width * picture.height <= PNG_PIXELS_MAX:
        out = io.BytesIO()
        picture.save(out, "PNG")
        if out.tell() <= PNG_BYTES_MAX:
            return "image/png", out.getvalue()
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return "image/jpeg", out.getvalue()


def trailing_bytes(data: bytes) -> int:
    """How much follows the picture's own end: a second file may hide there. 0 when the end is not plain to see."""
    if data.startswith(b"\x89PNG"):
        at = 8
        while at + 12 <= len(data):  # bounded by the file: every chunk is at least 12 bytes
            size = int.from_bytes(data[at : at + 4], "big")
            end = at + 12 + size
            if data[at + 4 : at + 8] == b"IEND":
                return max(0, len(data) - end)
            at = end
        return 0
    if data.startswith(b"RIFF"):
        size = 8 + int.from_bytes(data[4:8], "little")
        return max(0, len(data) - size - (size & 1))
    last = data.rfind(b"\xff\xd9")
    return len(data) - last - 2 if last >= 0 else 0


def _orientation(picture: Image.Image) -> int:
    """How the phone was held. Broken EXIF must not cost the buyer the picture: it is then shown as it lies."""
    try:
        return int(picture.getexif().get(ORIENTATION_TAG, 1))
    except Exception:
        return 1


def main() -> None:
    """One picture in, one out. A crash, a kill or an unreadable answer is for the parent to refuse."""
    limit_process()
    try:
        facts, encoded = rebuild(sys.stdin.buffer.read())
    except No as no:
        facts, encoded = {"no": str(no)}, b""
    except MemoryError:
        facts, encoded = {"no": "memory"}, b""
    except Exception:  # Pillow raises OSError, SyntaxError, struct.error, ValueError ...: all mean the same to a buyer
        facts, encoded = {"no": "broken"}, b""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + encoded)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
