"""What was found, drawn over the picture: boxes, heat on each glyph, and the proof of a glyph beside its reference. Pure.

Coordinates are those of the upright original. The drawing has the original's size as its view box and is stretched over
whatever copy of the picture is shown, so nothing has to be measured in the browser.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator

from msgspec import Struct

from huiliu.evidence.checks.words import check_words, field_words, signal_words
from huiliu.evidence.inspection.model import Box, CheckVerdict, Finding, GlyphProof, Inspection
from huiliu.kit.text import Lang, has_words, say
from huiliu.web.desk.looking import field_tone

LAYERS_MAX = 8
"""Signals with a switch of their own; the style sheet has as many rules."""
MARKS_MAX = 200
PROOFS_SHOWN_MAX = 12
MARGIN = 4
CHART_WIDTH, CHART_HEIGHT = 160, 120
HEAT_MIN, HEAT_SPAN = 0.15, 0.3
"""How opaque a glyph at its limit is, and how much more one far beyond."""
HEAT_FAR = 3.0
"""A distance of so many limits is as hot as it gets."""
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
READ = "read"


class Mark(Struct, frozen=True, kw_only=True):
    """One rectangle of the drawing. `target` is the id of the row that explains it. tone: a check's verdict, or doubt."""

    x: int
    y: int
    width: int
    height: int
    layer: int
    target: str
    tone: str
    words: str
    heat: float = 0.0


class Layer(Struct, frozen=True, kw_only=True):
    """What can be switched on and off: the fields that were read, and each signal."""

    number: int
    name: str
    tone: str
    count: int


class Proof(Struct, frozen=True, kw_only=True):
    """One glyph beside the reference, as pictures and as two lines of ink per row."""

    char: str
    distance: str
    raster: str
    reference: str
    ink: str
    reference_ink: str
    """Paths of the chart: `M0 0L…`, rows downwards, ink to the right."""
    rows: int


class FindingShown(Struct, frozen=True, kw_only=True):
    """One finding with its explanation."""

    target: str
    layer: int
    name: str
    means: str
    field: str
    score: str
    limit: str
    note: str
    proofs: tuple[Proof, ...]
    is_drawn: bool


class Overlay(Struct, frozen=True, kw_only=True):
    """Everything to draw on one picture."""

    width: int
    height: int
    layers: tuple[Layer, ...]
    marks: tuple[Mark, ...]
    findings: tuple[FindingShown, ...]


def overlay_of(lang: Lang, seen: Inspection, *, prefix: str = "f") -> Overlay:
    """The drawing of one picture; `prefix` keeps the ids of several on one page apart."""
    signals = {signal: at + 2 for at, signal in enumerate(dict.fromkeys(it.signal for it in seen.findings))}
    numbered = {signal: min(at, LAYERS_MAX) for signal, at in signals.items()}
    marks = [*_fields(lang, seen, prefix), *_findings(lang, seen.findings, numbered, prefix)][:MARKS_MAX]
    inside = tuple(mark for mark in marks if mark.width > 0 and mark.height > 0)
    layers = [Layer(number=1, name=say(lang, "desk_evidence.layer_read"), tone=READ, count=len(seen.fields))]
    for signal, number in numbered.items():
        count = sum(1 for it in seen.findings if it.signal == signal)
        if all(number != it.number for it in layers):
            layers.append(Layer(number=number, name=signal_name(lang, signal), tone="doubt", count=count))
    return Overlay(
        width=max(1, seen.quality.width),
        height=max(1, seen.quality.height),
        layers=tuple(layers),
        marks=inside,
        findings=tuple(
            _shown(lang, it, layer=numbered[it.signal], target=f"{prefix}{at}")
            for at, it in enumerate(seen.findings, 1)
        ),
    )


def signal_name(lang: Lang, signal: str) -> str:
    """What a signal is called; one that a later release named shows its code."""
    own = f"desk_evidence.signal.{signal}.name"
    named = signal_words(lang, signal)
    return say(lang, own) if named == signal and has_words(own) else named


def signal_means(lang: Lang, signal: str) -> str:
    """Why a reviewer should look there."""
    own = f"desk_evidence.signal.{signal}.means"
    return say(lang, own if has_words(own) else "desk_evidence.signal.other.means")


def _fields(lang: Lang, seen: Inspection, prefix: str) -> Iterator[Mark]:
    for at, field in enumerate(seen.fields, 1):
        told = [check_words(lang, it) for it in seen.checks if it.field is field.name]
        contradicts = [it for it in seen.checks if it.field is field.name and it.verdict is CheckVerdict.CONTRADICTS]
        words = [check_words(lang, it) for it in contradicts] or told
        name = field_words(lang, field.name.value)
        yield _mark(
            field.box,
            layer=1,
            target=f"{prefix}read{at}",
            tone=field_tone(field.name, seen.checks),
            words=words[0] if words else f"{name}{say(lang, 'web.colon')}{field.text or field.value}",
        )


def _findings(lang: Lang, findings: Iterable[Finding], layers: dict[str, int], prefix: str) -> Iterator[Mark]:
    for at, finding in enumerate(findings, 1):
        layer, target = layers[finding.signal], f"{prefix}{at}"
        words = f"{signal_name(lang, finding.signal)}{say(lang, 'web.colon')}{signal_means(lang, finding.signal)}"
        for box in finding.boxes:
            yield _mark(box, layer=layer, target=target, tone="doubt", words=words)
        for glyph in finding.glyphs:
            told = say(lang, "desk_evidence.glyph", char=glyph.char, distance=f"{glyph.distance:.2f}")
            hot = HEAT_MIN + HEAT_SPAN * min(1.0, glyph.distance / max(finding.limit, 1e-6) / HEAT_FAR)
            yield _mark(glyph.box, layer=layer, target=target, tone="heat", words=told, heat=round(hot, 2), margin=0)


def _mark(box: Box, *, layer: int, target: str, tone: str, words: str, heat: float = 0.0, margin: int = MARGIN) -> Mark:
    return Mark(
        x=box.x - margin,
        y=box.y - margin,
        width=box.width + 2 * margin,
        height=box.height + 2 * margin,
        layer=layer,
        target=target,
        tone=tone,
        words=words,
        heat=heat,
    )


def _shown(lang: Lang, finding: Finding, *, layer: int, target: str) -> FindingShown:
    return FindingShown(
        target=target,
        layer=layer,
        name=signal_name(lang, finding.signal),
        means=signal_means(lang, finding.signal),
        field="" if finding.field is None else field_words(lang, finding.field.value),
        score=f"{finding.score:.2f}",
        limit=f"{finding.limit:.2f}",
        note=finding.note[:120],
        proofs=tuple(_proof(glyph) for glyph in finding.glyphs[:PROOFS_SHOWN_MAX]),
        is_drawn=bool(finding.boxes),
    )


def _proof(glyph: GlyphProof) -> Proof:
    most = max((*glyph.profile, *glyph.reference_profile, 1e-6))
    rows = max(len(glyph.profile), len(glyph.reference_profile), 1)
    return Proof(
        char=glyph.char,
        distance=f"{glyph.distance:.2f}",
        raster=png_address(glyph.raster),
        reference=png_address(glyph.reference),
        ink=_path(glyph.profile, most=most, rows=rows),
        reference_ink=_path(glyph.reference_profile, most=most, rows=rows),
        rows=rows,
    )


def png_address(text: str) -> str:
    """A stored picture as an address for an <img>; '' for what is not a PNG, so that nothing else can be smuggled in."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return f"data:image/png;base64,{text}" if data.startswith(PNG_HEAD) else ""


def _path(profile: tuple[float, ...], *, most: float, rows: int) -> str:
    points = (
        f"{max(0.0, ink) / most * CHART_WIDTH:.1f} {(at + 0.5) / rows * CHART_HEIGHT:.1f}"
        for at, ink in enumerate(profile)
    )
    joined = "L".join(points)
    return f"M{joined}" if joined else ""
