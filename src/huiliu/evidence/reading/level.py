"""Lines put level: on a photo of a screen rows lean and fan out, and a label must still find the value of its own row."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.inspection.model import Line

LONG_FROM = 2.2
"""Width over height from which a line's own direction can be trusted."""
LEAN_MAX = 0.5
OUTLIER = 0.03
LINES_FOR_FAN = 6


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A line where it would stand if the page were level; x and y in the picture's pixels."""

    line: Line
    text: str
    left: float
    right: float
    middle: float
    height: float

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.middle - self.height / 2

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.middle + self.height / 2


def level(lines: Sequence[Line]) -> tuple[Placed, ...]:
    """Every line in level coordinates, from top to bottom."""
    if not lines:
        return ()
    quads = np.array([line.quad for line in lines], np.float64).reshape(-1, 4, 2)
    left, right = (quads[:, 0] + quads[:, 3]) / 2, (quads[:, 1] + quads[:, 2]) / 2
    heights = (np.hypot(*(quads[:, 3] - quads[:, 0]).T) + np.hypot(*(quads[:, 2] - quads[:, 1]).T)) / 2
    centres = (left + right) / 2
    origin = centres.mean(axis=0)
    base, along, down = _lean(left, right, heights, centres - origin)
    x, y = centres[:, 0] - origin[0], centres[:, 1] - origin[1]
    rise = base * x + along * x * x / 2 + down * x * y
    middles = centres[:, 1] - rise
    shift = base * y
    placed = [
        Placed(
            line=line,
            text=line.text,
            left=float(left[index, 0] + shift[index]),
            right=float(right[index, 0] + shift[index]),
            middle=float(middles[index]),
            height=float(max(1.0, heights[index])),
        )
        for index, line in enumerate(lines)
    ]
    return tuple(sorted(placed, key=lambda item: (item.middle, item.left)))


def _lean(
    left: NDArray[np.float64], right: NDArray[np.float64], heights: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[float, float, float]:
    """The slope of text as base + along * x + down * y: a plane fitted to the directions of long lines."""
    run = right[:, 0] - left[:, 0]
    slopes = (right[:, 1] - left[:, 1]) / np.maximum(run, 1.0)
    is_long = (run > LONG_FROM * heights) & (np.abs(slopes) < LEAN_MAX)
    if not is_long.any():
        return 0.0, 0.0, 0.0
    slopes, weights, where = slopes[is_long], run[is_long], offset[is_long]
    usual = float(np.median(np.repeat(slopes, np.maximum(1, (weights / weights.max() * 20).astype(int)))))
    kept = np.abs(slopes - usual) < OUTLIER + abs(usual) / 2
    slopes, weights, where = slopes[kept], weights[kept], where[kept]
    if len(slopes) < LINES_FOR_FAN:
        return usual, 0.0, 0.0
    spread = np.maximum(np.abs(where).max(axis=0), 1.0)
    table = np.column_stack([np.ones(len(slopes)), where / spread])
    # A ridge keeps the fan at zero unless the lines agree on it.
    pull = np.diag([0.0, 0.05, 0.05]) * weights.sum()
    left_side: NDArray[np.float64] = table.T @ (table * weights[:, None]) + pull
    right_side: NDArray[np.float64] = table.T @ (slopes * weights)
    solved = np.asarray(np.linalg.solve(left_side, right_side), np.float64)
    return float(solved[0]), float(solved[1] / spread[0]), float(solved[2] / spread[1])
