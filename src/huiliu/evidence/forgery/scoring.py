"""One number a signal and field, before any limit. Every limit and every table of figures is about these numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from huiliu.evidence.forgery.glyphs import InkLine
from huiliu.evidence.forgery.measuring import Mark, Measured, Measurement, field_at
from huiliu.evidence.inspection.model import FieldName, FieldRead

GLYPH, STRING, NOISE = "glyph_profile", "string_profile", "background_noise"
STRINGS = frozenset({FieldName.STATUS})
"""Words that money hangs on and that only pixels can tell: no record says what another app's page shows."""
NOISE_FLOOR = 0.1
TINT_NOISE = 1.0
"""How much noisier than black text fully coloured one is in a JPEG, whose colours are stored at half the size."""
GRAIN_LINES_MIN = 3


@dataclass(frozen=True, slots=True)
class Scored:
    """How far one field is from untouched, by one signal."""

    signal: str
    field: FieldName
    score: float
    marks: tuple[Mark, ...] = ()
    lines: tuple[InkLine, ...] = ()


def scores(measured: Measurement, fields: Sequence[FieldRead]) -> tuple[Scored, ...]:
    """Everything that could be measured on the fields of one picture."""
    found: list[Scored] = []
    for group in measured.digits:
        if group.field is not None:
            # One forged digit is enough.
            worst = max((deviation(mark, measured) for mark in group.marks), default=0.0)
            found.append(Scored(GLYPH, group.field, worst, group.marks))
    for group in measured.words:
        if group.field is not None and group.field in STRINGS:
            # A word is drawn anew as a whole.
            found.append(Scored(STRING, group.field, _mean(group, measured), group.marks))
    return (*found, *_grain(measured, fields))


def deviation(mark: Mark, measured: Measurement) -> float:
    """One glyph's distance, in the measure that its container allows.

    A PNG shows every difference: the sum counts them all. In a JPEG noise is everywhere and a wrong shape in few rows: the
    root of squares weighs those. In a scaled copy all depends on size and quality: the page's own noise is the unit.
    """
    if measured.container == "png":
        return mark.distance
    stray = mark.stray / (1 + TINT_NOISE * mark.line.tint)
    return stray / (measured.noise + NOISE_FLOOR) if measured.container == "scaled" else stray


def _mean(group: Measured, measured: Measurement) -> float:
    return float(np.mean([deviation(mark, measured) for mark in group.marks])) if group.marks else 0.0


def _grain(measured: Measurement, fields: Sequence[FieldRead]) -> list[Scored]:
    """A value that was pasted from a JPEG brings its noise along; only a PNG is clean enough to show it."""
    if measured.container != "png" or len(measured.cut) < GRAIN_LINES_MIN:
        return []
    usual = float(np.median([line.grain for line in measured.cut]))
    found: list[Scored] = []
    for line in measured.cut:
        middle = len(line.glyphs) // 2
        name = field_at(line, middle, fields)
        if name is not None:
            found.append(Scored(NOISE, name, max(line.grain - usual, 0.0), lines=(line,)))
    return found
