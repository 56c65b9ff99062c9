"""Whether a picture is clear, from its pixels alone: a few milliseconds, so that it is told before anything is sent.

Sharpness is looked at on the scale of a page: the picture is shrunk to about 540 pixels across first, because a photo of
12 megapixels may be soft from pixel to pixel and still show every digit.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.inspection.model import Quality
from huiliu.evidence.inspection.picture import Bytes, Picture
from huiliu.evidence.look.problems import Problem

Operation: TypeAlias = "np.ufunc"

PAGE_SIDE = 540
BAND_SHAPE = 3.0
"""Of a longer picture, bands of rows are looked at that together are this many times as high as wide."""
BANDS = 6
EDGE_STEP = 2
EDGE_WINDOW = 9
"""Contrast is looked for as far as an edge may reach before it is a blur: four pixels to each side."""
EDGE_CONTRAST_MIN = 40
EDGES_MIN = 300
"""With fewer there is nothing like text."""
SHARPNESS_PERCENTILE = 95
FLAT_SAMPLES = 100_000
MEDIAN_SIDE = 5

SHARPNESS_MIN = 0.45
"""Chosen where OCR begins to lose 28 px text on a page of 1080 px: there the measure is 0.40 to 0.48."""
FLAT_SHARE_MIN = 0.7
"""Screenshots have 0.79 and more, also at half size and through a messaging app; photos of a screen 0.65 at most."""
THUMBNAIL_SIDE_MAX = 240
BLANK_RANGE = 16
DARK_MAX = 110
"""The brightest points of a page: even dark mode has white text."""
BRIGHT_MIN = 200


def look(picture: Picture) -> Quality:
    """Sharpness, kind and faults of a whole picture."""
    return measure(picture.luma)


def measure(luma: Bytes) -> Quality:
    """The same from (height, width) grey values. `problems` are codes of `Problem`."""
    height, width = luma.shape
    page = _page(luma)
    sharpness = sharpness_of(page)
    flat_share = flat_share_of(luma)
    is_screenshot = is_flat(flat_share)
    problems = _problems(page, side=min(height, width), sharpness=sharpness, is_screenshot=is_screenshot)
    return Quality(
        width=int(width),
        height=int(height),
        sharpness=round(sharpness, 3),
        flat_share=round(flat_share, 3),
        is_screenshot=is_screenshot,
        problems=problems,
    )


def _problems(page: Bytes, *, side: int, sharpness: float, is_screenshot: bool) -> tuple[Problem, ...]:
    darkest, dark, brightest = (float(level) for level in np.percentile(page, (0.05, 5, 99.95)))
    if brightest - darkest < BLANK_RANGE:
        return (Problem.BLANK,)
    found: list[Problem] = []
    if side <= THUMBNAIL_SIDE_MAX:
        found.append(Problem.THUMBNAIL)
    if brightest < DARK_MAX:
        found.append(Problem.DARK)
    elif not is_screenshot and dark > BRIGHT_MIN:
        found.append(Problem.BRIGHT)
    if sharpness < SHARPNESS_MIN:
        found.append(Problem.BLURRED)
    return tuple(found)


def sharpness_of(page: Bytes) -> float:
    """p95 of (gradient over two pixels / local contrast) where there is contrast: 1 for a hard edge, 0 without text."""
    reach = EDGE_WINDOW // 2
    if min(page.shape) <= EDGE_WINDOW + EDGE_STEP:
        return 0.0
    contrast = _window(page, np.maximum) - _window(page, np.minimum)
    rows, columns = contrast.shape
    core = page[reach : reach + rows, reach : reach + columns]
    below = page[reach + EDGE_STEP : reach + EDGE_STEP + rows, reach : reach + columns]
    beside = page[reach : reach + rows, reach + EDGE_STEP : reach + EDGE_STEP + columns]
    where = contrast >= EDGE_CONTRAST_MIN
    if np.count_nonzero(where) < EDGES_MIN:
        return 0.0
    core, below, beside, contrast = core[where], below[where], beside[where], contrast[where]
    gradient = np.maximum(_distance(core, below), _distance(core, beside))
    return float(np.percentile(gradient / contrast.astype(np.float32), SHARPNESS_PERCENTILE))


def is_flat(share: float) -> bool:
    """Whether so many pixels equal their surroundings that no camera took the picture."""
    return share >= FLAT_SHARE_MIN


def flat_share_of(luma: Bytes) -> float:
    """Share of pixels equal to their 5 x 5 median, on a regular sample: a camera's noise leaves few."""
    height, width = luma.shape
    reach = MEDIAN_SIDE // 2
    step = max(MEDIAN_SIDE, int((height * width / FLAT_SAMPLES) ** 0.5))
    centre = luma[reach : height - reach : step, reach : width - reach : step]
    darker = np.zeros(centre.shape, np.uint8)
    brighter = np.zeros(centre.shape, np.uint8)
    for down in range(MEDIAN_SIDE):
        for right in range(MEDIAN_SIDE):
            other = luma[down : height - 2 * reach + down : step, right : width - 2 * reach + right : step]
            darker += other < centre
            brighter += other > centre
    half = MEDIAN_SIDE**2 // 2
    return float(((darker <= half) & (brighter <= half)).mean())


def _page(luma: Bytes) -> Bytes:
    """The picture about 540 pixels across, by averaging whole blocks; of a long one, some bands."""
    height, width = luma.shape
    rows_max = int(BAND_SHAPE * width)
    if height > rows_max:
        band = rows_max // BANDS
        tops = [(height - band) * number // (BANDS - 1) for number in range(BANDS)]
        luma = np.concatenate([luma[top : top + band] for top in tops])
    factor = round(min(luma.shape) / PAGE_SIDE)
    return _shrunk(luma, factor) if factor > 1 else luma


def _shrunk(luma: Bytes, factor: int) -> Bytes:
    rows, columns = luma.shape[0] // factor, luma.shape[1] // factor
    total = np.zeros((rows, columns), np.uint32)
    for down in range(factor):
        for right in range(factor):
            total += luma[down : rows * factor : factor, right : columns * factor : factor]
    return (total // (factor * factor)).astype(np.uint8)


def _window(page: Bytes, operation: Operation) -> Bytes:
    """The largest or smallest value of each 9 x 9 window, by doubling: four steps an axis instead of nine."""
    for axis in (0, 1):
        span = 1
        while span < EDGE_WINDOW:
            step = min(span, EDGE_WINDOW - span)
            near, far = (page[:-step], page[step:]) if axis == 0 else (page[:, :-step], page[:, step:])
            page = operation(near, far)
            span += step
    return page


def _distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.maximum(one, other) - np.minimum(one, other)
