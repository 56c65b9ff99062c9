"""What others do instead, for the same table: error level analysis for edits, perceptual hashes for re-use, one big model."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.inspection.model import FieldName, FieldRead
from huiliu.evidence.inspection.picture import Picture
from huiliu.evidence.reading.engine import Engine
from huiliu.evidence.reading.layout import load_layouts
from huiliu.evidence.reading.reader import Reader
from huiliu.evidence.reading.weights import Size

ELA = "ela"
ELA_QUALITY = 90
JUDGED = (FieldName.AMOUNT, FieldName.TRADE_NO, FieldName.PAID_AT, FieldName.STATUS)
MAD_MIN = 0.2
PDQ_BITS = 31
"""The distance within which PDQ's authors call two pictures the same."""


def error_level(picture: Picture, fields: Sequence[FieldRead]) -> float:
    """ELA per glyph: how far one character's recompression error is from that of the others in its field."""
    again = cv2.imdecode(
        cv2.imencode(".jpg", picture.luma, [cv2.IMWRITE_JPEG_QUALITY, ELA_QUALITY])[1], cv2.IMREAD_GRAYSCALE
    )
    error = np.abs(picture.luma.astype(np.int16) - np.asarray(again, np.int16))
    return max((_apart(error, field) for field in fields if field.name in JUDGED), default=0.0)


def _apart(error: NDArray[np.int16], field: FieldRead) -> float:
    box, count = field.box, max(1, len(field.text))
    piece = error[max(0, box.y) : box.y + box.height, max(0, box.x) : box.x + box.width]
    if piece.shape[1] < count or piece.shape[0] < 1:
        return 0.0
    cells = np.array([float(cell.mean()) for cell in np.array_split(piece, count, axis=1)])
    middle = float(np.median(cells))
    mad = float(np.median(np.abs(cells - middle)))
    return float(np.abs(cells - middle).max()) / max(mad, MAD_MIN)


def small_alone(*, threads: int) -> Reader:
    """The reader with the larger models in both steps: no cascade."""
    engine = Engine(Size.SMALL, threads=threads)
    return Reader(engine, engine, load_layouts(None))
