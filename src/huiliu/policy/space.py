"""Exact questions about all cases: boxes of cells packed into one number, and the search for what cubes leave uncovered.

Each axis has its cells as bits and one guard bit above them. Adding every cell to a box carries into the guard of exactly
those axes that are not empty, so whether boxes meet is one AND, one addition and one mask, however many facts there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import final

from huiliu.policy.table import Axis, Box

STEPS_MAX = 600_000
"""Comparisons of a box with a rule's that one check may make before it says that it did not get to the end: about two
seconds at worst. 500 clauses as platforms write them need half of it."""


class OutOfSteps(Exception):
    """A check compared as many boxes as it may. What it found so far is true; that there is no more is not shown."""


@final
class Steps:
    """How many comparisons a check may still make."""

    def __init__(self, steps_max: int | None = None) -> None:
        self._left = STEPS_MAX if steps_max is None else steps_max

    def take(self, comparisons: int = 1) -> None:
        """Count what a box is compared with. Raises OutOfSteps."""
        self._left -= comparisons
        if self._left < 0:
            raise OutOfSteps


@final
class Space:
    """The product of some axes, and boxes of it as numbers."""

    def __init__(self, axes: Sequence[Axis]) -> None:
        self.axes = tuple(axes)
        offsets: list[int] = []
        place = 0
        for axis in self.axes:
            offsets.append(place)
            place += len(axis.samples) + 1
        self.offsets = tuple(offsets)
        self.fields = tuple(axis.all << offset for axis, offset in zip(self.axes, offsets, strict=True))
        """Per axis, the bits of its cells."""
        self.all = sum(self.fields)
        """Every case."""
        self.guards = sum(field + (1 << offset) for field, offset in zip(self.fields, offsets, strict=True))
        """A full field plus its lowest bit is its guard bit."""
        self._field_of = {field + (1 << offset): field for field, offset in zip(self.fields, offsets, strict=True)}

    def pack(self, box: Box) -> int:
        """A box of masks as one number."""
        return sum(mask << offset for mask, offset in zip(box, self.offsets, strict=True))

    def unpack(self, packed: int) -> Box:
        """A number as a box of masks."""
        return tuple((packed & field) >> offset for field, offset in zip(self.fields, self.offsets, strict=True))

    def is_empty(self, packed: int) -> bool:
        """Whether some axis has no cell left."""
        return (packed + self.all) & self.guards != self.guards

    def cell(self, axis: int, index: int) -> int:
        """The bit of one cell of one axis."""
        return 1 << (self.offsets[axis] + index)

    def at(self, packed: int, axis: int, cells: int) -> int:
        """A box with one axis set to `cells` (a mask from bit 0)."""
        return (packed & ~self.fields[axis]) | (cells << self.offsets[axis])

    def differing(self, one: int, two: int) -> Iterator[int]:
        """The fields in which two boxes differ."""
        rest = ((one ^ two) + self.all) & self.guards
        while rest:
            low = rest & -rest
            yield self._field_of[low]
            rest ^= low


def outside(space: Space, box: int, minus: Iterable[int], steps: Steps) -> Iterator[int]:
    """Disjoint boxes that hold every case of `box` in no cube of `minus`. Raises OutOfSteps, after what it has found.

    Splits on the cube that cuts the fewest axes: one that cuts a single axis only shrinks the box, without a branch.
    """
    full, guards = space.all, space.guards
    stack: list[tuple[int, list[int]]] = [] if space.is_empty(box) else [(box, list(minus))]
    while stack:
        box, cubes = stack.pop()
        steps.take(1 + len(cubes))
        touching: list[int] = []
        best, fewest = -1, len(space.axes) + 1
        for cube in cubes:
            meet = box & cube
            if (meet + full) & guards != guards:
                continue
            cuts = (((box ^ meet) + full) & guards).bit_count()
            if not cuts:
                break
            touching.append(cube)
            if cuts < fewest:
                best, fewest = cube, cuts
        else:
            if not touching:
                yield box
                continue
            stack.extend((piece, touching) for piece in pieces(space, box, best))


def pieces(space: Space, box: int, cube: int) -> Iterator[int]:
    """The box without a cube that meets it, as disjoint boxes."""
    left = box
    for field in space.differing(box, box & cube):
        yield left & ~(field & cube)
        left &= ~field | cube


def find(space: Space, box: int, minus: Iterable[int], steps: Steps) -> int | None:
    """A box of cases of `box` in no cube of `minus`; None is a proof that there is none. Raises OutOfSteps."""
    return next(outside(space, box, minus, steps), None)


def merged(space: Space, boxes: Iterable[int]) -> list[int]:
    """The same cases in fewer disjoint boxes: boxes that differ in one axis only become one, as long as any do."""
    found = list(boxes)
    is_shrinking = True
    while is_shrinking:
        before = len(found)
        for field in space.fields:
            united: dict[int, int] = {}
            for box in found:
                rest = box & ~field
                united[rest] = united.get(rest, 0) | box
            found = list(united.values())
        is_shrinking = len(found) < before
    return found
