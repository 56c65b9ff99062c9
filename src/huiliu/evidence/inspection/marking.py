"""A copy of a picture with what was found drawn on it: fields green, contradictions red, findings orange, their
glyphs the redder the odder and, below the picture, beside trusted ones."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TypeAlias

from PIL import Image, ImageDraw

from huiliu.evidence.forgery.drawing import heated, with_proofs
from huiliu.evidence.inspection.model import Box, CheckVerdict, Inspection
from huiliu.evidence.inspection.picture import Picture

Colour: TypeAlias = tuple[int, int, int]

READ, CONTRADICTS, DOUBT = (21, 128, 61), (185, 28, 28), (217, 119, 6)
MARGIN, WIDTH_SHARE, LABEL_SHARE = 3, 300, 60
"""Pixels around a box; of the picture's width, a line's and a label's share."""
LABEL_MIN = 12


def marked(picture: Picture, inspection: Inspection) -> bytes:
    """The picture as PNG with each box and its code beside it. Nothing of the original file is in it but pixels."""
    canvas = Image.fromarray(heated(picture.rgb, inspection.findings))
    pen = ImageDraw.Draw(canvas)
    line = max(2, picture.width // WIDTH_SHARE)
    size = max(LABEL_MIN, picture.width // LABEL_SHARE)
    for box, label, colour in _marks(inspection):
        left, top = box.x - MARGIN, box.y - MARGIN
        right, bottom = box.x + box.width + MARGIN, box.y + box.height + MARGIN
        if right <= left or bottom <= top:
            continue
        pen.rectangle((left, top, right, bottom), outline=colour, width=line)
        pen.text((left, max(0, top - size - line)), label, fill=colour, font_size=size)
    out = BytesIO()
    with_proofs(canvas, inspection.findings).save(out, "PNG")
    return out.getvalue()


def _marks(inspection: Inspection) -> Iterator[tuple[Box, str, Colour]]:
    contradicting = {check.field for check in inspection.checks if check.verdict is CheckVerdict.CONTRADICTS}
    for finding in inspection.findings:
        yield from ((box, finding.signal, DOUBT) for box in finding.boxes)
    for field in inspection.fields:
        yield field.box, field.name.value, CONTRADICTS if field.name in contradicting else READ
