"""What happens to a screenshot on its way to us: saved, sent through a messenger, cropped, photographed off a screen."""

from __future__ import annotations

import io
import random

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from huiliu.bench.evidence.truth import Kept, TruthField
from huiliu.evidence.inspection.model import Box
from huiliu.evidence.inspection.picture import Bytes

JPEG_FIRST, JPEG_AGAIN, JPEG_MESSENGER = (72, 92), (80, 95), (55, 75)
SMALL_SHARE, TWICE_SHARE = 0.5, 0.5
THUMBNAIL_WIDTH = 240
LONG_MAX = 20_000
LUBAN_SIDES = (1664, 4990, 10_240)
"""The steps of the compression algorithm that Chinese messengers' open-source copies use (Luban)."""
Matrix = NDArray[np.float64]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """The file as it arrives. `matrix` maps points of the screenshot to points of the picture."""

    data: bytes
    extension: str
    width: int
    height: int
    matrix: Matrix
    qualities: tuple[int, ...] = ()


def png(rgb: Bytes) -> bytes:
    """Lossless."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "PNG", compress_level=3)
    return out.getvalue()


def jpeg(rgb: Bytes, quality: int) -> bytes:
    """As phones write it: libjpeg's tables, chroma halved."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=quality)
    return out.getvalue()


def decoded(data: bytes) -> Bytes:
    """The pixels of a file that was made here."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def keep(rgb: Bytes, kept: Kept, rng: random.Random, *, title_bottom: int = 0) -> Sent:
    """The screenshot in this container. `title_bottom` is where the title bar ends, for crops."""
    match kept:
        case Kept.PNG:
            return _sent(png(rgb), rgb, _scaling(1.0))
        case Kept.JPG:
            return _saved(rgb, rng, _scaling(1.0), first=JPEG_FIRST)
        case Kept.WECHAT:
            small, by = messenger_size(rgb, rng)
            return _saved(small, rng, _scaling(by), first=JPEG_MESSENGER, twice=0.0)
        case Kept.HALF:
            small, by = resized(rgb, rgb.shape[1] // 2)
            return _saved(small, rng, _scaling(by), first=(80, 92), twice=0.0)
        case Kept.CROP:
            cut = title_bottom + rng.randrange(0, 12)
            return _saved(rgb[cut:], rng, _moving(0, -cut), first=(85, 95), twice=0.0)
        case Kept.BLUR:
            sigma = rgb.shape[1] * rng.uniform(0.0052, 0.0075)
            return _saved(
                np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), np.uint8), rng, _scaling(1.0), first=(75, 90)
            )
        case Kept.UPSIDE_DOWN:
            turned = np.ascontiguousarray(rgb[::-1, ::-1])
            height, width = rgb.shape[:2]
            return _saved(
                turned, rng, np.array([[-1, 0, width], [0, -1, height], [0, 0, 1]], np.float64), first=(80, 92)
            )
        case Kept.THUMBNAIL:
            small, by = resized(rgb, THUMBNAIL_WIDTH)
            return _saved(small, rng, _scaling(by), first=(70, 85), twice=0.0)
        case Kept.LONG:
            return _saved(rgb[:LONG_MAX], rng, _scaling(1.0), first=(75, 88), twice=0.0)
        case Kept.PHOTO:
            photo, matrix = photographed(rgb, rng)
            return _saved(photo, rng, matrix, first=(85, 93), twice=0.0)


def keep_again(rgb: Bytes, kept: Kept, rng: random.Random) -> Sent:
    """What a forger does after editing a decoded file: save it in its container once more, at its size."""
    if kept is Kept.PNG:
        return _sent(png(rgb), rgb, _scaling(1.0))
    quality = rng.randint(*(JPEG_MESSENGER if kept is Kept.WECHAT else JPEG_AGAIN))
    return _sent(jpeg(rgb, quality), rgb, _scaling(1.0), qualities=(quality,))


def resized(rgb: Bytes, width: int) -> tuple[Bytes, float]:
    """Scaled to a width by Lanczos, as picture libraries do, and by how much."""
    by = width / rgb.shape[1]
    small = Image.fromarray(rgb).resize((width, max(1, round(rgb.shape[0] * by))), Image.Resampling.LANCZOS)
    return np.asarray(small), by


def messenger_size(rgb: Bytes, rng: random.Random) -> tuple[Bytes, float]:
    """Half of the copies in the messenger's own size, half in that of its small previews."""
    if rng.random() < SMALL_SHARE:
        return resized(rgb, rng.randrange(720, 961) if rgb.shape[1] > 720 else 720)
    height, width = rgb.shape[:2]
    long_side, ratio = max(height, width), min(height, width) / max(height, width)
    step = 1
    if ratio > 0.5625:
        step = 1 if long_side < LUBAN_SIDES[0] else 2 if long_side < LUBAN_SIDES[1] else 4
    elif ratio > 0.5:
        step = max(1, long_side // 1280)
    else:
        step = -(-long_side // round(1280 / ratio))
    return (rgb, 1.0) if step == 1 else resized(rgb, width // step)


def _saved(
    rgb: Bytes, rng: random.Random, matrix: Matrix, *, first: tuple[int, int], twice: float = TWICE_SHARE
) -> Sent:
    """As a JPEG; some were saved by one program and then by another."""
    quality = rng.randint(*first)
    data = jpeg(rgb, quality)
    if rng.random() >= twice:
        return _sent(data, rgb, matrix, qualities=(quality,))
    again = rng.randint(*JPEG_AGAIN)
    return _sent(jpeg(decoded(data), again), rgb, matrix, qualities=(quality, again))


def _sent(data: bytes, rgb: Bytes, matrix: Matrix, *, qualities: tuple[int, ...] = ()) -> Sent:
    extension = "jpg" if qualities else "png"
    height, width = rgb.shape[:2]
    return Sent(data=data, extension=extension, width=width, height=height, matrix=matrix, qualities=qualities)


def _scaling(by: float) -> Matrix:
    return np.diag([by, by, 1.0])


def _moving(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


# ------------------------------------------------------------------------------------------------- photo of a screen

PHOTO_WIDTHS = (1100, 1500)


def photographed(rgb: Bytes, rng: random.Random) -> tuple[Bytes, Matrix]:
    """A camera's picture of a screen: sub-pixel stripes, perspective, uneven light, mild blur, sensor noise."""
    width = rng.randint(*PHOTO_WIDTHS)
    screen, by = resized(rgb, round(width * 0.86))
    noise = np.random.default_rng(rng.getrandbits(32))
    lit = screen.astype(np.float32) * rng.uniform(0.82, 0.98)
    weak = rng.uniform(0.72, 0.9)
    for channel in range(3):
        stripes = np.full(lit.shape[1], weak, np.float32)
        stripes[channel::3] = 1.15
        lit[:, :, channel] *= stripes[None, :]
    height = round(screen.shape[0] * rng.uniform(1.04, 1.12))
    sheet = np.full((height, width, 3), rng.uniform(25, 110), np.float32)
    matrix = _seen_from_aside(screen.shape[1], screen.shape[0], width, height, rng)
    cv2.warpPerspective(
        lit, matrix, (width, height), dst=sheet, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )
    blurred: NDArray[np.float32] = np.asarray(cv2.GaussianBlur(sheet, (0, 0), rng.uniform(0.6, 1.0)), np.float32)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    slope = rng.uniform(-0.18, 0.18) * (xs / width - 0.5) + rng.uniform(-0.18, 0.18) * (ys / height - 0.5)
    blurred = blurred * (1 + slope)[:, :, None] + noise.standard_normal(blurred.shape, np.float32) * np.float32(
        rng.uniform(1.5, 4.5)
    )
    return np.clip(blurred, 0, 255).astype(np.uint8), matrix @ _scaling(by)


def _seen_from_aside(inner_w: int, inner_h: int, outer_w: int, outer_h: int, rng: random.Random) -> Matrix:
    free_x, free_y = (outer_w - inner_w) / 2, (outer_h - inner_h) / 2
    corners = (
        (free_x, free_y),
        (free_x + inner_w, free_y),
        (free_x + inner_w, free_y + inner_h),
        (free_x, free_y + inner_h),
    )
    moved = [(x + rng.uniform(-0.8, 0.8) * free_x, y + rng.uniform(-0.8, 0.8) * free_y) for x, y in corners]
    plain = np.array(((0, 0), (inner_w, 0), (inner_w, inner_h), (0, inner_h)), np.float32)
    return np.asarray(cv2.getPerspectiveTransform(plain, np.array(moved, np.float32)), np.float64)


# ------------------------------------------------------------------------------------------------------------- boxes


def moved_box(box: Box, matrix: Matrix) -> Box:
    """The upright box around where the corners of `box` went."""
    corners = np.array(
        [
            [box.x, box.y, 1],
            [box.x + box.width, box.y, 1],
            [box.x + box.width, box.y + box.height, 1],
            [box.x, box.y + box.height, 1],
        ],
        np.float64,
    )
    points = corners @ matrix.T
    flat = points[:, :2] / points[:, 2:]
    left, upper = (int(np.floor(value)) for value in flat.min(axis=0))
    right, lower = (int(np.ceil(value)) for value in flat.max(axis=0))
    return Box(x=left, y=upper, width=right - left, height=lower - upper)


def moved_fields(fields: tuple[TruthField, ...], sent: Sent) -> tuple[TruthField, ...]:
    """The fields as they stand in the file; what was cut off is gone."""
    moved = (msgspec.structs.replace(each, box=moved_box(each.box, sent.matrix)) for each in fields)
    return tuple(each for each in moved if each.box.y >= 0)
