"""PP-OCRv6 on onnxruntime: where the text is, and what it says. One engine a process, loaded once, bounded threads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.inspection.model import Box, Line
from huiliu.evidence.inspection.picture import Bytes
from huiliu.evidence.reading.evenness import hole_confidence
from huiliu.evidence.reading.session import Session
from huiliu.evidence.reading.weights import Size, weights

Floats: TypeAlias = NDArray[np.float32]
Integers: TypeAlias = NDArray[np.int64]

SHORT_SIDE = {Size.TINY: 416, Size.SMALL: 640}
"""The detector looks at a tile whose short side is this. On a phone's screen text is tall enough to be found in much less
than full size: 416 loses no line that 736 finds, in a third of the time."""
FINE_FACTOR = 1.8
"""The second look at a picture whose text is small: a photo from afar, a computer's screen."""
FINE_BELOW = 13.0
"""Usual height of a region, in the detector's pixels, below which text is small."""
DETECT_SCALE_MAX = 2.0
DETECT_LONG_SIDE_MAX = 1_600
DETECT_GRID = 32
TILE_SHAPE_MAX = 2.6
"""Height over width of one tile; a longer screenshot is read in several."""
TILE_OVERLAP = 0.12
"""Of a tile's height: more than any line of text is tall."""
TILES_MAX = 40
REGIONS_MAX = 600
"""Text regions of one tile that are looked at."""
LINES_MAX = 1_500

INK_MIN = 0.3
REGION_MIN = 0.5
UNCLIP = 1.6
SIDE_MIN = 3

TEXT_HEIGHT = 48
STEP = 8
"""Pixels along the line for one of the recogniser's answers."""
TEXT_WIDTH_MIN = 96
TEXT_WIDTH_MAX = 3_200
WIDTH_GRID = 32
BATCH_PIXELS_MAX = 48 * 320 * 3
PADDING_MAX = 1.4
"""A line is read in one batch with others at most this much longer: what pads it costs as much as text."""
STRAIGHT_MAX = 0.012
"""Radians: a line closer to level than this is cut out as a rectangle."""
SCORE_MIN = 0.5
"""Below this a region is a picture or an icon, not text."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A strip of a long picture."""

    top: int
    bottom: int


class Engine:
    """A detector and a recogniser of one size."""

    def __init__(self, size: Size, *, threads: int) -> None:
        files = weights(size)
        self.size = size
        self._characters = np.array(files.characters, dtype=object)
        self._detector = Session(files.detector, threads=threads)
        self._recogniser = Session(files.recogniser, threads=threads)

    def find(self, rgb: Bytes) -> Floats:
        """Quads (n, 4, 2) of all text regions, clockwise from the top left, in the picture's pixels."""
        side = SHORT_SIDE[self.size]
        quads = self._find(rgb, side)
        scale = side / max(1, min(rgb.shape[:2]))
        if len(quads) and float(np.median(_heights(quads))) * scale < FINE_BELOW:
            return self._find(rgb, int(side * FINE_FACTOR))
        return quads

    def _find(self, rgb: Bytes, side: int) -> Floats:
        found: list[Floats] = []
        strips = tiles(rgb.shape[0], rgb.shape[1])
        for index, strip in enumerate(strips):
            quads = self._regions(rgb[strip.top : strip.bottom], side)
            quads[:, :, 1] += strip.top
            middle = quads[:, :, 1].mean(axis=1)
            # A line in the overlap of two strips belongs to the one where it lies farther from the cut.
            first = (strip.top + strips[index - 1].bottom) / 2 if index else -1.0
            last = (strip.bottom + strips[index + 1].top) / 2 if index + 1 < len(strips) else float("inf")
            found.append(quads[(middle >= first) & (middle < last)])
        return np.concatenate(found)[:LINES_MAX] if found else np.zeros((0, 4, 2), np.float32)

    def recognise(self, rgb: Bytes, quads: Floats) -> tuple[Line, ...]:
        """What the regions say, from top to bottom; those that say nothing are left out."""
        crops = [_crop(rgb, quad) for quad in quads]
        lines = [
            _line(*said, quad=quads[index], shape=rgb.shape)
            for index, said in enumerate(self._texts(crops))
            if said[0].strip() and said[1] >= SCORE_MIN
        ]
        return tuple(sorted(lines, key=lambda line: (line.box.y + line.box.height // 2, line.box.x)))

    def scan(self, rgb: Bytes) -> tuple[Line, ...]:
        """All lines of text of a picture."""
        return self.recognise(rgb, self.find(rgb))

    def _regions(self, tile: Bytes, side: int) -> Floats:
        height, width = tile.shape[:2]
        scale = min(DETECT_SCALE_MAX, side / min(height, width), DETECT_LONG_SIDE_MAX / max(height, width))
        to_width, to_height = _grid(width * scale), _grid(height * scale)
        small = _resized(tile, to_width, to_height)
        blob = cv2.dnn.blobFromImage(small, 1 / 127.5, (to_width, to_height), (127.5, 127.5, 127.5), swapRB=True)
        map_ = self._detector.run(np.asarray(blob, np.float32))[0, 0]
        return _quads(map_, (width / to_width, height / to_height), (width, height))

    def _texts(self, crops: list[Bytes]) -> list[tuple[str, float, float]]:
        said: list[tuple[str, float, float]] = [("", 0.0, 0.0)] * len(crops)
        widths = [_text_width(crop) for crop in crops]
        order = sorted(range(len(crops)), key=widths.__getitem__)
        start = 0
        while start < len(order):
            stop = _batch_end(order, widths, start)
            chosen = order[start:stop]
            batch = _batch([crops[index] for index in chosen], [widths[index] for index in chosen])
            answers = self._recogniser.run(batch)
            best: Integers = answers.argmax(axis=2)
            sure: Floats = np.take_along_axis(answers, best[:, :, None], axis=2)[:, :, 0]
            for row, index in enumerate(chosen):
                said[index] = self._decode(best[row], sure[row], width=widths[index])
            start = stop
        return said

    def _decode(self, best: Integers, sure: Floats, *, width: int) -> tuple[str, float, float]:
        fresh = best != 0
        fresh[1:] &= best[1:] != best[:-1]
        steps = np.flatnonzero(fresh)
        if not len(steps):
            return "", 0.0, 0.0
        text = "".join(str(self._characters[index]) for index in best[steps])
        scores = sure[steps]
        inked = [float(score) for score, char in zip(scores, text, strict=True) if char != " "]
        weakest = min(inked, default=0.0)
        middles = [(float(step) + 0.5) * STEP / TEXT_HEIGHT for step in steps]
        whole = hole_confidence(text, middles, width=width / TEXT_HEIGHT)
        return text, float(scores.mean()), min(weakest, whole)


def tiles(height: int, width: int) -> tuple[Tile, ...]:
    """Strips with overlap that cover a long picture; one for an ordinary one. What lies below the last is not read."""
    tall = int(width * TILE_SHAPE_MAX)
    if height <= tall or tall < DETECT_GRID:
        return (Tile(0, height),)
    overlap = max(DETECT_GRID, int(tall * TILE_OVERLAP))
    count = min(TILES_MAX, math.ceil((height - overlap) / (tall - overlap)))
    tops = [index * (tall - overlap) for index in range(count)]
    return tuple(Tile(top, min(height, top + tall)) for top in tops)


def _grid(size: float) -> int:
    return max(DETECT_GRID, round(size / DETECT_GRID) * DETECT_GRID)


def _resized(picture: Bytes, width: int, height: int) -> Bytes:
    shrinking = width * 1.5 < picture.shape[1]
    way = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)


def _quads(ink: Floats, factor: tuple[float, float], limits: tuple[int, int]) -> Floats:
    mask = cv2.dilate((ink > INK_MIN).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    kept: list[Floats] = []
    for contour in contours[:REGIONS_MAX]:
        (x, y), (wide, tall), angle = cv2.minAreaRect(contour)
        if min(wide, tall) < SIDE_MIN:
            continue
        core = np.asarray(cv2.boxPoints(((x, y), (wide, tall), angle)), np.float32)
        if _mean_inside(ink, core) < REGION_MIN:
            continue
        margin = wide * tall * UNCLIP / (2 * (wide + tall))
        grown = cv2.boxPoints(((x, y), (wide + 2 * margin, tall + 2 * margin), angle))
        kept.append(_clockwise(np.asarray(grown, np.float32)))
    quads = np.array(kept, np.float32).reshape(-1, 4, 2)
    quads[:, :, 0] = np.clip(quads[:, :, 0] * factor[0], 0, limits[0] - 1)
    quads[:, :, 1] = np.clip(quads[:, :, 1] * factor[1], 0, limits[1] - 1)
    return quads


def _mean_inside(ink: Floats, core: Floats) -> float:
    left, top = np.clip(np.floor(core.min(axis=0)).astype(int), 0, None)
    right, bottom = np.ceil(core.max(axis=0)).astype(int)
    part = ink[top : bottom + 1, left : right + 1]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [(core - (left, top)).astype(np.int32)], (1,))
    return float(cv2.mean(part, mask)[0])


def _clockwise(points: Floats) -> Floats:
    by_x = points[np.argsort(points[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def _heights(quads: Floats) -> Floats:
    """The shorter side of each region: text that lies on its side is as tall as it is wide."""
    across = np.hypot(*(quads[:, 1] - quads[:, 0]).T)
    down = np.hypot(*(quads[:, 3] - quads[:, 0]).T)
    return np.minimum(across, down).astype(np.float32)


def _crop(rgb: Bytes, quad: Floats) -> Bytes:
    wide = max(_length(quad[0], quad[1]), _length(quad[3], quad[2]))
    tall = max(_length(quad[0], quad[3]), _length(quad[1], quad[2]))
    slope = abs(float(quad[1, 1] - quad[0, 1])) / max(1.0, wide)
    if slope < STRAIGHT_MAX:
        left, top = np.floor(quad.min(axis=0)).astype(int)
        right, bottom = np.ceil(quad.max(axis=0)).astype(int)
        cut = rgb[top : max(bottom, top + 1), left : max(right, left + 1)]
    else:
        size = (max(1, int(wide)), max(1, int(tall)))
        corners = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
        warp = cv2.getPerspectiveTransform(quad, corners)
        cut = np.asarray(
            cv2.warpPerspective(rgb, warp, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    return cut if cut.shape[0] < 1.5 * cut.shape[1] else np.asarray(np.rot90(cut), np.uint8)


def _length(start: Floats, end: Floats) -> float:
    return float(np.hypot(end[0] - start[0], end[1] - start[1]))


def _text_width(crop: Bytes) -> int:
    return min(TEXT_WIDTH_MAX, max(8, math.ceil(TEXT_HEIGHT * crop.shape[1] / crop.shape[0])))


def _batch_width(width: int) -> int:
    return max(TEXT_WIDTH_MIN, math.ceil(width / WIDTH_GRID) * WIDTH_GRID)


def _batch_end(order: list[int], widths: list[int], start: int) -> int:
    """As many lines of like width, from narrow to wide, as fit into one batch's pixels; at least one."""
    stop = start + 1
    while stop < len(order):
        width = _batch_width(widths[order[stop]])
        is_wasteful = width > PADDING_MAX * _batch_width(widths[order[start]])
        if is_wasteful or width * (stop + 1 - start) * TEXT_HEIGHT > BATCH_PIXELS_MAX:
            break
        stop += 1
    return stop


def _batch(crops: list[Bytes], widths: list[int]) -> Floats:
    batch = np.zeros((len(crops), 3, TEXT_HEIGHT, _batch_width(max(widths))), np.float32)
    for index, (crop, width) in enumerate(zip(crops, widths, strict=True)):
        sized = _resized(crop, width, TEXT_HEIGHT).astype(np.float32)
        batch[index, :, :, :width] = (sized[:, :, ::-1].transpose(2, 0, 1) - 127.5) / 127.5
    return batch


def _line(text: str, score: float, weakest: float, *, quad: Floats, shape: tuple[int, ...]) -> Line:
    left, top = (int(value) for value in np.floor(quad.min(axis=0)))
    right, bottom = (int(value) for value in np.ceil(quad.max(axis=0)))
    width, height = min(shape[1], right) - left, min(shape[0], bottom) - top
    return Line(
        text=text.strip(),
        score=round(score, 4),
        weakest=round(weakest, 4),
        box=Box(left, top, width, height),
        quad=tuple(round(float(value), 1) for value in quad.reshape(-1)),
    )
