"""The look-up tables of a batch: from a class and a code to the next class, filled as combinations occur."""

from __future__ import annotations

from typing import TypeAlias, final

import numpy as np
import numpy.typing as npt

from huiliu.policy.model import Flag

Settled: TypeAlias = "tuple[tuple[int, ...], tuple[tuple[bool, bool], ...], bool, tuple[Flag, ...]] | int"
"""(clauses that lead to the outcome, for each whether it needs no person and whether it goes by a presumption, conflict,
flags); before it is settled, or with facts unknown that may matter, the whole key."""
ClassKey: TypeAlias = "tuple[Settled, int]"
"""What tells classes apart: what is left of the rules, and which of the evidence that matters has been seen so far."""

CELLS_MAX = 1 << 23
"""The most cells of one table: 32 MiB."""

ABSENT = -1


@final
class ClassTable:
    """One look-up. Cell `class * width + code` holds where the next class begins in the next table, or ABSENT.

    A reader needs no lock: cells only ever change from ABSENT, and a class has its cells before any cell leads to it.
    """

    def __init__(self, width: int, *, cells_max: int = CELLS_MAX) -> None:
        self.width = width
        self.keys: list[ClassKey] = []
        self.cells = np.full(width, ABSENT, np.int32)
        self._classes_max = max(1, cells_max // width)
        self._numbers: dict[ClassKey, int] = {}

    def begin_of(self, key: ClassKey) -> int:
        """Where the cells of a class begin, made if it is new; ABSENT when the table is full."""
        found = self._numbers.get(key)
        if found is None:
            found = len(self.keys)
            if found >= self._classes_max:
                return ABSENT
            if (found + 1) * self.width > len(self.cells):
                room = min(2 * found, self._classes_max) * self.width
                grown = np.full(room, ABSENT, np.int32)
                grown[: len(self.cells)] = self.cells
                self.cells = grown
            self.keys.append(key)
            self._numbers[key] = found
        return found * self.width

    def take(self, index: npt.NDArray[np.int32], out: npt.NDArray[np.int32]) -> bool:
        """Look up every cell in `index`; whether all of them were there."""
        np.take(self.cells, index, out=out, mode="clip")
        return bool(out.min() >= 0)


def distinct_rows(
    words: npt.NDArray[np.uint64],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Of rows of 64-bit words: the place of the first of each distinct row, and for each row which of those it is."""
    mixed = words[:, 0].copy()
    for i in range(1, words.shape[1]):
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= words[:, i]
    _, first, inverse = np.unique(mixed, return_index=True, return_inverse=True)
    if words.shape[1] > 1 and not np.array_equal(words, words[first[inverse]]):  # two rows were mixed into one number
        _, first, inverse = np.unique(words, axis=0, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)
