"""What the pixels and the container of one picture say. Every signal has its own limit; none is a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.limits import Limits, load_limits
from huiliu.evidence.forgery.matching import blur
from huiliu.evidence.forgery.measuring import Mark, Measurement, measure
from huiliu.evidence.forgery.scoring import GLYPH, NOISE, STRING, Scored, deviation, scores
from huiliu.evidence.forgery.shots import coverage_shot, glyph_shot
from huiliu.evidence.forgery.splitting import PAD_COLUMNS
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
    limits = limits or (atlas.limits if atlas else None) or load_limits()
    measured = measure(picture, lines, fields, atlas)
    findings = [*_beyond(scores(measured, fields), measured, limits), *of_container(picture.container)]
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


def _beyond(found: Sequence[Scored], measured: Measurement, limits: Limits) -> list[Finding]:
    findings: list[Finding] = []
    for each in found:
        limit = limits.of(each.signal, measured.container)
        if each.score > limit:
            findings.append(_finding(each, limit, measured))
    return findings


def _finding(scored: Scored, limit: float, measured: Measurement) -> Finding:
    ranked = sorted(scored.marks, key=lambda mark: -deviation(mark, measured))
    shown = [mark for mark in ranked if deviation(mark, measured) > limit][:PROOFS_MAX] or ranked[:1]
    boxes = [mark.line.box(mark.line.glyphs[mark.glyph]) for mark in shown]
    return Finding(
        signal=scored.signal,
        score=round(scored.score, 4),
        limit=limit,
        boxes=tuple(boxes or [line.whole for line in scored.lines]),
        field=scored.field,
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
        distance=round(deviation(mark, measured), 4),
        raster=coverage_shot(glyph.ink),
        reference=glyph_shot(style.rasters[mark.variant]),
        profile=tuple(round(float(value), 2) for value in glyph.profile[first:last]),
        reference_profile=tuple(round(float(value), 2) for value in laid[first:last]),
    )


def signals(
    picture: Picture,
    lines: Sequence[Line],
    fields: Sequence[FieldRead],
    atlas: Atlas | None,
    *,
    limits: Limits | None = None,
) -> dict[str, float]:
    """Every signal's highest score in units of its own limit, 0 where it could not be measured: for tables of what finds
    what. The units let messengers' copies at full size and scaled ones stand in one table.
    """
    limits = limits or (atlas.limits if atlas else None) or load_limits()
    measured = measure(picture, lines, fields, atlas)
    highest = {"editor_traces": float(picture.container.has_editor_traces)}
    for signal in (GLYPH, STRING, NOISE):
        of_signal = [each.score for each in scores(measured, fields) if each.signal == signal]
        highest[signal] = max(of_signal, default=0.0) / limits.of(signal, measured.container)
    return highest
