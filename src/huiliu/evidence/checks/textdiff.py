"""Two texts side by side with what differs marked: what was promised against what was delivered. Pure.

Numbers are read with their units, so that 30天 against 7天 is one difference of a number and 三十天 against 30天 is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from huiliu.evidence.checks.alignment import align
from huiliu.evidence.checks.masks import normal
from huiliu.evidence.checks.quantities import Quantity, quantities

TEXT_CHARS_MAX = 2_000
"""Of each side; what follows is left out and said to be."""
TOKENS_MAX = 800

_WORD = re.compile(r"[A-Za-z]+|\d+|\s+|.", re.DOTALL)


class Kind(StrEnum):
    """How a stretch of the two texts compares."""

    SAME = "same"
    LEFT_ONLY = "left_only"
    RIGHT_ONLY = "right_only"
    CHANGED = "changed"


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch, as it stands on either side."""

    kind: Kind
    left: str = ""
    right: str = ""
    is_number: bool = False
    """A number of the same thing differs here: 30天 and 7天. To be shown more strongly than other words."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The whole comparison."""

    segments: tuple[Segment, ...]
    is_cut: bool = False
    """One text was too long to be compared wholly."""

    @property
    def is_same(self) -> bool:
        """Nothing differs but spaces, punctuation and the way numbers are written."""
        return all(segment.kind is Kind.SAME for segment in self.segments) and not self.is_cut

    @property
    def numbers(self) -> tuple[Segment, ...]:
        """The differences of numbers alone."""
        return tuple(segment for segment in self.segments if segment.is_number)


class _Token(msgspec.Struct, frozen=True):
    text: str
    key: str
    quantity: Quantity | None = None

    @property
    def worth(self) -> int:
        """What finding it on both sides says: a number much, a comma little."""
        if self.quantity is not None:
            return 4
        return 1 if not self.key.strip() else 2 + (len(self.key) > 1)


def text_difference(left: str, right: str) -> Difference:
    """Align two texts. Joining the segments' sides gives the compared texts back, letter by letter."""
    ours, theirs = _tokens(left[:TEXT_CHARS_MAX]), _tokens(right[:TEXT_CHARS_MAX])
    is_cut = max(len(left), len(right)) > TEXT_CHARS_MAX or max(len(ours), len(theirs)) > TOKENS_MAX
    ours, theirs = ours[:TOKENS_MAX], theirs[:TOKENS_MAX]
    segments: list[Segment] = []
    worth = [token.worth for token in ours]
    for block in align([it.key for it in ours], [it.key for it in theirs], weights=worth):
        left_part, right_part = ours[block.i1 : block.i2], theirs[block.j1 : block.j2]
        if block.is_same:
            segments.append(_segment(Kind.SAME, left_part, right_part))
        else:
            segments += _changed(left_part, right_part)
    return Difference(segments=tuple(_joined(segments)), is_cut=is_cut)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    for number in quantities(text):
        found += _words(text[at : number.start])
        unit = number.family or "number"
        found.append(_Token(number.text, f"{number.value.normalize():f} {unit}", number))
        at = number.end
    return found + _words(text[at:])


def _words(text: str) -> list[_Token]:
    return [_Token(part, normal(part) or " ") for part in _WORD.findall(text)]


def _changed(ours: Sequence[_Token], theirs: Sequence[_Token]) -> Iterator[Segment]:
    """Numbers of the same thing are set against each other; around them, what is left is text."""
    i = j = 0
    for at, token in enumerate(ours):
        if token.quantity is None:
            continue
        partner = next((k for k in range(j, len(theirs)) if _measures_same(token, theirs[k])), None)
        if partner is None:
            continue
        yield from _plain(ours[i:at], theirs[j:partner])
        # Equal numbers are worth matching whatever surrounds them, so these two differ.
        yield _segment(Kind.CHANGED, [token], [theirs[partner]], is_number=True)
        i, j = at + 1, partner + 1
    yield from _plain(ours[i:], theirs[j:])


def _measures_same(token: _Token, other: _Token) -> bool:
    return token.quantity is not None and other.quantity is not None and token.quantity.family == other.quantity.family


def _plain(ours: Sequence[_Token], theirs: Sequence[_Token]) -> Iterator[Segment]:
    if not ours and not theirs:
        return
    if all(not token.key.strip() for token in (*ours, *theirs)):  # only spaces and punctuation
        yield _segment(Kind.SAME, ours, theirs)
    elif ours and theirs:
        yield _segment(Kind.CHANGED, ours, theirs)
    else:
        yield _segment(Kind.LEFT_ONLY if ours else Kind.RIGHT_ONLY, ours, theirs)


def _segment(kind: Kind, ours: Sequence[_Token], theirs: Sequence[_Token], *, is_number: bool = False) -> Segment:
    left, right = ("".join(token.text for token in side) for side in (ours, theirs))
    return Segment(kind=kind, left=left, right=right, is_number=is_number)


def _joined(segments: Sequence[Segment]) -> Iterator[Segment]:
    """Neighbours of one kind are one segment; each number stands alone."""
    held: Segment | None = None
    for segment in segments:
        if held is not None and held.kind is segment.kind and not (held.is_number or segment.is_number):
            held = Segment(kind=held.kind, left=held.left + segment.left, right=held.right + segment.right)
            continue
        if held is not None:
            yield held
        held = segment
    if held is not None:
        yield held
