"""What the pixels and the container of one picture say. Every signal has its own limit; none is a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.glyphs import PAD_COLUMNS
from huiliu.evidence.forgery.limits import Limits, load_limits
from huiliu.evidence.forgery.matching import blur
from huiliu.evidence.forgery.measuring import Mark, Measured, Measurement, measure
from huiliu.evidence.forgery.shots import coverage_shot, glyph_shot
from huiliu.evidence.inspection.model import Container, FieldRead, Finding, GlyphProof, Line
from huiliu.evidence.inspection.picture import Picture

PROOFS_MAX = 6
"""Glyphs shown for one finding, the worst first."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found, and whether there was anything to compare with."""

    atlas_state: str
    """none, unknown_profile or compared."""
    findings: tuple[Finding, ...]


def examine(
    picture: Picture,
    lines: Sequence[Line],
    fields: Sequence[FieldRead],
    atlas: Atlas | None,
    *,
    limits: Limits | None = None,
) -> Examined:
    """Findings of one picture; an unknown phone or font yields none from its glyphs."""
    limits = limits or load_limits()
    measured = measure(picture, lines, fields, atlas)
    findings = [*_of_glyphs(measured, limits), *of_container(picture.container)]
    if atlas is None or not atlas.clusters:
        return Examined("none", tuple(findings))
    return Examined("compared" if measured.profile else "unknown_profile", tuple(findings))


def of_container(container: Container) -> list[Finding]:
    """What the file says about its own past: hints, since all of it can be stripped or written."""
    findings: list[Finding] = []
    if container.has_editor_traces:
        findings.append(Finding(signal="editor_traces", score=1.0, limit=0.5, boxes=(), note=container.software))
    if container.flags:
        note = ", ".join(container.flags)
        findings.append(Finding(signal="container_history", score=1.0, limit=0.5, boxes=(), note=note))
    return findings


def _of_glyphs(measured: Measurement, limits: Limits) -> list[Finding]:
    findings: list[Finding] = []
    for signal, groups in (("glyph_profile", measured.digits), ("string_profile", measured.words)):
        limit = limits.of(signal, measured.container)
        for group in groups:
            if group.field is not None and score_of(signal, group) > limit:
                findings.append(_finding(signal, group, limit, measured))
    return findings


def score_of(signal: str, group: Measured) -> float:
    """The number that is held against the limit: one digit is enough, a word is redrawn as a whole."""
    return group.worst if signal == "glyph_profile" else group.mean


def _finding(signal: str, group: Measured, limit: float, measured: Measurement) -> Finding:
    ranked = sorted(group.marks, key=lambda mark: -mark.distance)
    shown = [mark for mark in ranked if mark.distance > limit][:PROOFS_MAX] or ranked[:1]
    return Finding(
        signal=signal,
        score=round(score_of(signal, group), 4),
        limit=limit,
        boxes=tuple(mark.line.box(mark.line.glyphs[mark.glyph]) for mark in shown),
        field=group.field,
        glyphs=tuple(_proof(mark, measured) for mark in shown),
    )


def _proof(mark: Mark, measured: Measurement) -> GlyphProof:
    """The suspicious glyph, the nearest trusted one, and both profiles over the same rows."""
    assert measured.profile is not None
    glyph = mark.line.glyphs[mark.glyph]
    style = measured.profile.cluster.styles[mark.style]
    scaling = measured.profile.scaling
    rows = mark.line.coverage.shape[0]
    reference = style.profiles[mark.variant]
    if scaling is None:
        shift = round(mark.offset)
        laid = np.array([reference[at + shift] if 0 <= at + shift < reference.size else 0.0 for at in range(rows)])
    else:
        matrix = blur(rows, reference.size, factor=scaling.factor, offset=mark.offset, kernel=scaling.kernel)
        laid = np.maximum(matrix @ reference, 0) * scaling.factor
    first, last = max(0, glyph.top - PAD_COLUMNS), min(rows, glyph.bottom + PAD_COLUMNS)
    return GlyphProof(
        char=glyph.char,
        box=mark.line.box(glyph),
        distance=round(mark.distance, 4),
        raster=coverage_shot(mark.line.raster(glyph)),
        reference=glyph_shot(style.rasters[mark.variant]),
        profile=tuple(round(float(value), 2) for value in glyph.profile[first:last]),
        reference_profile=tuple(round(float(value), 2) for value in laid[first:last]),
    )


def signals(
    picture: Picture, lines: Sequence[Line], fields: Sequence[FieldRead], atlas: Atlas | None
) -> dict[str, float]:
    """The raw score of every signal, 0 where it could not be measured: for tables of what finds what."""
    measured = measure(picture, lines, fields, atlas)
    return {
        "glyph_profile": max((group.worst for group in measured.digits if group.field), default=0.0),
        "string_profile": max((group.mean for group in measured.words if group.field), default=0.0),
        "editor_traces": float(picture.container.has_editor_traces),
        "container_history": float(bool(picture.container.flags)),
    }
