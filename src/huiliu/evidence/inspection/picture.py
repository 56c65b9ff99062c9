"""A decoded picture in memory: what every measuring part of verification works on. Needs numpy; web processes do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.inspection.model import Container

Bytes: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """The upright original's pixels, made by `gate.pixels.open_picture` in a bounded child process.

    `rgb` is (height, width, 3), `luma` (height, width): a JPEG's own luma channel, undistorted by colour conversion,
    since glyph profiles are compared at the level of single grey values.
    """

    rgb: Bytes
    luma: Bytes
    container: Container

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.luma.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.luma.shape[0])
