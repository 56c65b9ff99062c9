"""Pictures the wrong way round: pixels and coordinates turned, and turned back, by quarter turns."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from huiliu.evidence.inspection.model import Box, FieldRead, Line
from huiliu.evidence.inspection.picture import Bytes

TURNS = (0, 90, 180, 270)


def turned(rgb: Bytes, turn: int) -> Bytes:
    """The picture turned clockwise by 0, 90, 180 or 270 degrees."""
    return rgb if turn == 0 else np.ascontiguousarray(np.rot90(rgb, k=-(turn // 90)))


def line_back(line: Line, turn: int, *, width: int, height: int) -> Line:
    """A line found on the turned picture, in the pixels of the one that was given (`width` x `height`)."""
    if turn == 0:
        return line
    points = [point_back(x, y, turn, width=width, height=height) for x, y in _pairs(line.quad)]
    quad = tuple(round(value, 1) for point in points for value in point)
    return msgspec.structs.replace(line, quad=quad, box=box_back(line.box, turn, width=width, height=height))


def field_back(field: FieldRead, turn: int, *, width: int, height: int) -> FieldRead:
    """A field read on the turned picture, in the pixels of the one that was given."""
    if turn == 0:
        return field
    return msgspec.structs.replace(field, box=box_back(field.box, turn, width=width, height=height))


def box_back(box: Box, turn: int, *, width: int, height: int) -> Box:
    """A box found on the turned picture, in the pixels of the one that was given."""
    corners = [
        point_back(x, y, turn, width=width, height=height)
        for x, y in ((box.x, box.y), (box.x + box.width, box.y + box.height))
    ]
    left, right = sorted(int(x) for x, _ in corners)
    top, bottom = sorted(int(y) for _, y in corners)
    return Box(left, top, right - left, bottom - top)


def point_back(x: float, y: float, turn: int, *, width: int, height: int) -> tuple[float, float]:
    """A point of the turned picture in the one that was given."""
    match turn:
        case 90:
            return y, height - x
        case 180:
            return width - x, height - y
        case 270:
            return width - y, x
        case _:
            return x, y


def _pairs(quad: Sequence[float]) -> list[tuple[float, float]]:
    return [(quad[index], quad[index + 1]) for index in range(0, len(quad), 2)]
