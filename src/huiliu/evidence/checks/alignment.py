"""Aligning two rows of tokens in time that is bounded whatever they hold. Pure.

difflib needs minutes for some texts of a few thousand letters. This takes length times length steps, and prefers runs to
scattered single letters, which nobody can read side by side.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import msgspec

OPEN_COST = 2
"""What beginning a run of equal tokens costs: a single common letter between differing words is not worth it."""
_NO_RUN = -(10**9)
_NEITHER, _SKIP_LEFT, _SKIP_RIGHT, _MATCH_NEW, _MATCH_ON = range(5)


class Block(msgspec.Struct, frozen=True):
    """left[i1:i2] stands beside right[j1:j2]; equal or not."""

    is_same: bool
    i1: int
    i2: int
    j1: int
    j2: int


def align(left: Sequence[str], right: Sequence[str], *, weights: Sequence[int]) -> Iterator[Block]:
    """Blocks that cover both rows in order, same and different in turns. `weights` says what matching left[i] is worth."""
    head = _common(left, right)
    tail = _common(left[head:][::-1], right[head:][::-1])
    middle = len(left) - tail, len(right) - tail
    matched = [(i, i) for i in range(head)]
    inner = _best(left[head : middle[0]], right[head : middle[1]], weights[head : middle[0]])
    matched += [(i + head, j + head) for i, j in inner]
    matched += [(middle[0] + k, middle[1] + k) for k in range(tail)]
    yield from _blocks(matched, len(left), len(right))


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    length = 0
    for ours, theirs in zip(left, right, strict=False):
        if ours != theirs:
            break
        length += 1
    return length


def _best(left: Sequence[str], right: Sequence[str], weights: Sequence[int]) -> list[tuple[int, int]]:
    """The matched places of the alignment with the greatest worth."""
    width = len(right) + 1
    # `worth` is the best so far, `running` the best whose last tokens match, `came` where the best came from.
    worth, running = array("l", [0]) * width, array("l", [_NO_RUN]) * width
    came = [bytearray([_NEITHER]) * width for _ in range(len(left) + 1)]
    follows = [bytearray(width) for _ in range(len(left) + 1)]
    for i, ours in enumerate(left, 1):
        above, run_above = worth[:], running[:]
        running = array("l", [_NO_RUN]) * width
        worth[0] = 0
        row, follow, weight = came[i], follows[i], weights[i - 1]
        for j in range(1, width):
            best, step = (above[j], _SKIP_LEFT) if above[j] >= worth[j - 1] else (worth[j - 1], _SKIP_RIGHT)
            if ours == right[j - 1]:
                goes_on = run_above[j - 1] >= above[j - 1] - OPEN_COST
                running[j] = weight + (run_above[j - 1] if goes_on else above[j - 1] - OPEN_COST)
                follow[j] = goes_on
                if running[j] > best:
                    best, step = running[j], _MATCH_NEW
            worth[j], row[j] = best, step
    return _walked_back(came, follows)


def _walked_back(came: Sequence[bytearray], follows: Sequence[bytearray]) -> list[tuple[int, int]]:
    i, j = len(came) - 1, len(came[0]) - 1
    pairs: list[tuple[int, int]] = []
    in_run = False
    while i > 0 and j > 0:
        step = _MATCH_ON if in_run else came[i][j]
        if step in (_MATCH_NEW, _MATCH_ON):
            pairs.append((i - 1, j - 1))
            in_run = bool(follows[i][j])
            i, j = i - 1, j - 1
        elif step == _SKIP_LEFT:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _blocks(matched: Sequence[tuple[int, int]], left: int, right: int) -> Iterator[Block]:
    i = j = 0
    start: tuple[int, int] | None = None
    for at, to in (*matched, (left, right)):
        if (at, to) == (i, j) and at < left and to < right and start is not None:
            i, j = at + 1, to + 1
            continue
        if start is not None:
            yield Block(True, start[0], i, start[1], j)
            start = None
        if at > i or to > j:
            yield Block(False, i, at, j, to)
        if (at, to) != (left, right):
            start, i, j = (at, to), at + 1, to + 1
