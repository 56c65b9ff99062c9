"""What the gate's forked child does with a stranger's bytes: pixels out of them, and a new picture out of the pixels.

Everything here runs without environment, cannot write files, and ends when its memory or processor time is used up.
"""

from __future__ import annotations

import io
import resource
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import pi_heif  # pyright: ignore[reportMissingTypeStubs]  # has none
from PIL import AvifImagePlugin, Image
from PIL.Image import Transpose

from huiliu.evidence.gate.container import Layout, container_facts, layout_of
from huiliu.evidence.gate.landlock import give_up_everything
from huiliu.evidence.gate.limits import CPU_SECONDS_MAX, MEMORY_BYTES_MAX, PIXELS_MAX, SCANS_MAX, SIDE_MIN
from huiliu.evidence.look.problems import Problem
from huiliu.evidence.look.quality import measure

SHOWN_SIDE_MAX = 2500
LONG_SHOT_RATIO = 3
"""From here on a picture is a scrolled screenshot: shrinking its long side to 2500 would make it unreadable."""
LONG_SHOT_WIDTH_MAX = 1080
LONG_SHOT_SIDE_MAX = 20_000
JPEG_QUALITY = 88
PNG_BYTES_MAX = 1_500_000
"""A screenshot that stays this small without loss is kept without loss; others become JPEG."""
PNG_PIXELS_MAX = 6_000_000
BAND_ROWS = 32
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
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
WRITABLE = ("JPEG", "PNG", "WEBP", "AVIF")
SEVERAL_STILLS = frozenset(("MPO", "HEIF"))
"""A still photo with a preview, a depth map or its burst: the main picture counts."""

pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)  # pyright: ignore[reportUnknownMemberType]  # untyped
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the child may start no threads


class No(Exception):
    """Why the picture is not taken: a code that the parent turns into a refusal."""


def limit_process() -> None:
    """Give up memory, processor time, all files and sockets but the open ones, and further processes.

    It happens before the first foreign byte is looked at: whoever takes over the decoder can then neither read the key
    file nor call anybody.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the address space cannot be limited; the time limit still holds
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        bytes_max = pages * resource.getpagesize() + MEMORY_BYTES_MAX
        resource.setrlimit(resource.RLIMIT_AS, (bytes_max, bytes_max))
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    give_up_everything()
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def warm_up() -> None:
    """Decode a picture of each kind, so that every module is loaded: a child that may open nothing can load nothing."""
    page = Image.new("RGB", (300, 300), "white")
    page.paste("black", (100, 100, 200, 200))
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    for kind in WRITABLE:
        out = io.BytesIO()
        page.save(out, kind, exif=exif)
        for task in (rebuild, pixels):
            _, parts = task(out.getvalue())
            assert all(parts)


def opened(data: bytes) -> tuple[Image.Image, Layout]:
    """The picture, its header checked and nothing decoded yet, and how its file is built. Raises No."""
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    warnings.simplefilter("ignore")  # about odd EXIF; the pixel limit is checked by hand below
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise No("pixels") from None
    width, height = picture.size
    if width * height > PIXELS_MAX:
        raise No("pixels")
    if min(width, height) < SIDE_MIN:
        raise No("small")
    if getattr(picture, "is_animated", False) and picture.format not in SEVERAL_STILLS:
        raise No("animated")
    layout = layout_of(data)
    if layout.scans > SCANS_MAX or not layout.is_followed:
        raise No("broken")
    return picture, layout


def rebuild(data: bytes) -> tuple[Mapping[str, object], Iterable[bytes]]:
    """A fresh picture from the pixels of `data`: nothing of the old container, its metadata or its tail survives."""
    picture, layout = opened(data)
    lossless = picture.format == "PNG"
    target = shown_size(*picture.size)
    picture.draft("RGB", target)  # a large JPEG is decoded straight to a smaller size
    picture.load()
    flat = flatten(picture)
    if flat.size != target:
        flat = flat.resize(target, Image.Resampling.LANCZOS)  # pyright: ignore[reportUnknownMemberType]  # names numpy
    turned = upright(flat, orientation_of(picture))
    fresh = Image.new("RGB", turned.size)  # convert() and transpose() would carry the old comments along
    fresh.paste(turned)
    problems = measure(np.asarray(fresh.convert("L"))).problems
    if Problem.BLANK in problems:
        raise No("blank")
    kind, encoded = encode(fresh, lossless=lossless)
    facts = {
        "media_type": kind,
        "width": fresh.width,
        "height": fresh.height,
        "trailing": len(data) - layout.end,
        "problems": problems,
    }
    return facts, (encoded,)


def pixels(data: bytes) -> tuple[Mapping[str, object], Iterable[bytes]]:
    """The upright pixels in full size, RGB and luma, and what the container tells of its past."""
    picture, layout = opened(data)
    picture.load()
    how = orientation_of(picture)
    turned = upright(flatten(picture), how)
    luma = _own_luma(data, picture)
    grey = turned.convert("L") if luma is None else upright(luma, how)
    container = container_facts(data, picture, layout=layout)
    facts: dict[str, object] = {"width": turned.width, "height": turned.height, "container": container}
    return facts, (part for plane in (turned, grey) for part in _bands(plane))


def _bands(picture: Image.Image) -> Iterator[bytes]:
    """The pixels in small pieces that use the same memory again: fresh memory is what costs time in a fresh process."""
    for top in range(0, picture.height, BAND_ROWS):
        yield picture.crop((0, top, picture.width, min(top + BAND_ROWS, picture.height))).tobytes()


def _own_luma(data: bytes, picture: Image.Image) -> Image.Image | None:
    """A colour JPEG's luma as it was stored, not recomputed from RGB; None for what has no such channel."""
    if picture.format not in {"JPEG", "MPO"} or picture.mode != "RGB":
        return None
    again = Image.open(io.BytesIO(data), formats=FORMATS)
    again.draft("L", again.size)
    again.load()
    return again if again.mode == "L" and again.size == picture.size else None


def upright(picture: Image.Image, orientation: int) -> Image.Image:
    """The picture turned the way the phone was held."""
    how = TURNS.get(orientation)
    return picture if how is None else picture.transpose(how)


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
    return picture if picture.mode == "RGB" else picture.convert("RGB")


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


def orientation_of(picture: Image.Image) -> int:
    """How the phone was held. Broken EXIF must not cost the buyer the picture: it is then shown as it lies."""
    with suppress(Exception):  # Pillow raises whatever the broken bytes lead to
        return int(picture.getexif().get(ORIENTATION_TAG, 1))
    return 1
