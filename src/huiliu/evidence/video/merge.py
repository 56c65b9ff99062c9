"""Several scenes of one page, one set of fields: agreement is kept, contradiction is missing. Pure, no numpy."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from huiliu.evidence.inspection.model import FieldName, FieldRead

CLOCK_MINUTES_MAX = 2
"""How far a telephone's clock may go on during a minute of video."""
MINUTES_A_DAY = 24 * 60
MINUTE_LENGTH = len("2026-11-23T10:03")
HIDDEN = "*"

_TIMES = frozenset({FieldName.PAID_AT, FieldName.ORDERED_AT, FieldName.EXPIRES_AT})
_OF_ITS_SCENE = frozenset({FieldName.TITLE})
"""May be cut off or differ without contradiction: the best scene's is taken."""


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that the scenes agree on; boxes are those of the scene that `scene_of` names at the same place."""

    fields: tuple[FieldRead, ...]
    scene_of: tuple[int, ...]
    conflicting: tuple[FieldName, ...]
    """Read with different values: missing, never guessed."""
    best: int
    """The scene with the most fields, to look for traces of editing in and to show first."""


def merge(scenes: Sequence[Sequence[FieldRead]], *, sharpness: Sequence[float] = ()) -> Merged:
    """One set of fields out of several scenes', in their order of time. Needs at least one scene.

    A field that two scenes read differently is in conflict, but for: a time with and without seconds, an account more
    and less masked, a clock that goes on, and the title of another page.
    """
    weights = [*sharpness, *(0.0 for _ in range(len(scenes) - len(sharpness)))]
    best = max(range(len(scenes)), key=lambda at: (len(scenes[at]), weights[at]))
    taken: dict[FieldName, tuple[FieldRead, int]] = {}
    conflicting: dict[FieldName, None] = {}
    for at, fields in enumerate(scenes):
        for field in fields:
            before = taken.get(field.name)
            chosen = (field, at) if before is None else _better(before, (field, at), best)
            if chosen is None:
                conflicting[field.name] = None
            else:
                taken[field.name] = chosen
    kept = [pair for name, pair in taken.items() if name not in conflicting]
    return Merged(
        fields=tuple(field for field, _ in kept),
        scene_of=tuple(at for _, at in kept),
        conflicting=tuple(conflicting),
        best=best,
    )


def _better(before: tuple[FieldRead, int], now: tuple[FieldRead, int], best: int) -> tuple[FieldRead, int] | None:
    """Which of two readings of one field says more, or None when they contradict each other."""
    one, other = before[0], now[0]
    if one.name in _OF_ITS_SCENE:
        return now if now[1] == best else before
    if one.name is FieldName.CLOCK:
        return now if _goes_on(one.value, other.value) else None
    if one.name in _TIMES:
        if one.value[:MINUTE_LENGTH] != other.value[:MINUTE_LENGTH]:
            return None
        longer = max(before, now, key=lambda pair: (_has_seconds(pair[0].value), pair[0].score))
        return None if _has_seconds(one.value) and _has_seconds(other.value) and one.value != other.value else longer
    if one.name is FieldName.ACCOUNT and HIDDEN in one.value + other.value:
        return min(before, now, key=lambda pair: pair[0].value.count(HIDDEN)) if _fits(one.value, other.value) else None
    return max(before, now, key=lambda pair: pair[0].score) if one.value == other.value else None


def _has_seconds(value: str) -> bool:
    return value[MINUTE_LENGTH : MINUTE_LENGTH + 1] == ":"


def _goes_on(one: str, other: str) -> bool:
    try:
        (hour, minute), (later_hour, later_minute) = map(int, one.split(":")), map(int, other.split(":"))
    except ValueError:
        return one == other
    return ((later_hour - hour) * 60 + later_minute - minute) % MINUTES_A_DAY <= CLOCK_MINUTES_MAX


def _fits(one: str, other: str) -> bool:
    """A masked account and a fuller one that may be the same."""
    return len(one) == len(other) and all(a == b or HIDDEN in (a, b) for a, b in zip(one, other, strict=True))
