"""Near-copies of camera photos and video frames: a 256-bit perceptual hash, and an exact look-up among millions.

The hash is PDQ's published method (Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing
Algorithm", 2019; reference code in facebook/ThreatExchange, pdq/): luma, smoothed to 64 x 64, the low 16 x 16 cosine
coefficients, each above their median is a 1. It is not for screenshots: 69 of 100 pairs of different receipts of one
template lie within its distance. See docs/decisions/0020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias, final

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

from huiliu.evidence.inspection.picture import Bytes
from huiliu.evidence.reuse.verdict import NEAR_BITS_MAX

Floats: TypeAlias = NDArray[np.float32]
Ids: TypeAlias = NDArray[np.int64]
Distances: TypeAlias = NDArray[np.int32]

HASH_BITS = 256
HASH_BYTES = HASH_BITS // 8
SIDE = 64
LOW = 16
QUALITY_MIN = 50
"""PDQ's own: below it a picture is too flat for its hash to mean anything."""
QUALITY_MAX = 100
GRADIENT_SCALE, GRADIENT_PARTS = 100.0 / 255.0, 90.0
NEAR_FOUND_MAX = 200
"""Near-copies of one picture that are reported; more say nothing new."""


def _cosines() -> Floats:
    rows = np.arange(1, LOW + 1, dtype=np.float64)[:, None]
    columns = 2 * np.arange(SIDE, dtype=np.float64)[None, :] + 1
    return (np.sqrt(2.0 / SIDE) * np.cos(np.pi / 2 / SIDE * rows * columns)).astype(np.float32)


_COSINES = _cosines()
_MIRROR: Floats = np.where(np.arange(LOW) % 2 == 0, -1, 1).astype(np.float32)[None, :]
"""Mirroring turns the sign of every coefficient whose horizontal frequency is odd; they count from 1."""


@final
class NearHash:
    """A picture's hash as it lies, its mirrored twin's, and how much there is to hash."""

    __slots__ = ("bits", "mirrored", "quality")

    def __init__(self, bits: bytes, mirrored: bytes, quality: int) -> None:
        self.bits = bits
        self.mirrored = mirrored
        self.quality = quality

    @property
    def is_telling(self) -> bool:
        """A flat picture abstains: all blank walls look alike."""
        return self.quality >= QUALITY_MIN


def near_hash(luma: Bytes) -> NearHash:
    """The hash of an upright picture's luma.

    The mirrored twin costs nothing and undoes the commonest trick with videos; the other six turns are not looked for:
    a photograph lies upright after its EXIF orientation, and each more turn is one more chance of a false match.
    """
    small = _shrunk(luma)
    low: Floats = np.asarray(_COSINES @ small @ _COSINES.T, dtype=np.float32)
    return NearHash(_packed(low), _packed(low * _MIRROR), _quality(small))


def distance(one: bytes, other: bytes) -> int:
    """How many of the 256 bits differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _shrunk(luma: Bytes) -> Floats:
    """Averages of 64 x 64 areas: as smooth as PDQ's two passes of a box filter, and the same from left and right."""
    return np.asarray(cv2.resize(luma.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _quality(small: Floats) -> int:
    down = np.trunc(np.diff(small, axis=0) * GRADIENT_SCALE)
    across = np.trunc(np.diff(small, axis=1) * GRADIENT_SCALE)
    total = float(np.abs(down).sum() + np.abs(across).sum())
    return min(QUALITY_MAX, int(total / GRADIENT_PARTS))


def _packed(low: Floats) -> bytes:
    return np.packbits(low.ravel() > np.median(low)).tobytes()


class _Index(Protocol):
    """What is used of faiss, with its types said."""

    ntotal: int

    def add_with_ids(self, x: Bytes, ids: Ids) -> None: ...

    def remove_ids(self, sel: faiss.IDSelector) -> int: ...

    def range_search(self, x: Bytes, thresh: int) -> tuple[Ids, Distances, Ids]: ...


@final
class NearIndex:
    """Hashes of one platform in memory: 32 + 8 bytes each, every one compared, so nothing is missed or tuned.

    A worker builds it from rows at its start and adds what comes; the rows stay the truth.
    """

    def __init__(self) -> None:
        self._index: _Index = faiss.IndexBinaryIDMap(faiss.IndexBinaryFlat(HASH_BITS))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Sequence[int] | Ids, hashes: Sequence[bytes] | Bytes) -> None:
        """Take hashes under the caller's numbers; several hashes may share one (the frames of a video)."""
        if len(ids):
            self._index.add_with_ids(_rows(hashes), np.ascontiguousarray(ids, dtype=np.int64))

    def remove(self, ids: Sequence[int]) -> int:
        """Forget every hash under these numbers and say how many there were."""
        return int(self._index.remove_ids(faiss.IDSelectorBatch(np.ascontiguousarray(ids, dtype=np.int64))))

    def near(self, hashes: Sequence[bytes], *, bits: int = NEAR_BITS_MAX) -> tuple[tuple[int, int], ...]:
        """(number, differing bits) of everything within `bits` of any of `hashes`, nearest first, each number once."""
        if not len(self) or not hashes:
            return ()
        # faiss finds what is strictly nearer than the radius.
        _, distances, ids = self._index.range_search(_rows(hashes), bits + 1)
        best: dict[int, int] = {}
        for at in np.lexsort((ids, distances)).tolist():
            best.setdefault(int(ids[at]), int(distances[at]))
        return tuple(best.items())[:NEAR_FOUND_MAX]


def _rows(hashes: Sequence[bytes] | Bytes) -> Bytes:
    if isinstance(hashes, np.ndarray):
        return np.ascontiguousarray(hashes)
    return np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(-1, HASH_BYTES)
