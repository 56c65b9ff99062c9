"""Why a glyph is suspicious, drawn: heat on the picture, and a strip of suspicious glyphs beside trusted ones."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from huiliu.evidence.inspection.model import Finding
from huiliu.evidence.inspection.picture import Bytes

ODD, HEAT, PAPER, TEXT, TRUSTED = (194, 65, 12), (220, 38, 38), (255, 255, 255), (31, 41, 51), (21, 128, 61)
HEAT_MAX = 0.55
"""How much of a glyph the heat may cover at most: it has to stay legible."""
PROOFS_MAX = 12
CELL_WIDTH, GLYPH_HEIGHT, LABEL_HEIGHT, MARGIN = 96, 84, 18, 8


def heated(rgb: Bytes, findings: Sequence[Finding]) -> Bytes:
    """A copy of the pixels with each suspicious glyph the redder the farther it is from the nearest trusted one."""
    shown = rgb.copy()
    for finding in findings:
        for proof in finding.glyphs:
            share = HEAT_MAX * min(1.0, proof.distance / (2 * max(finding.limit, 1e-3)))
            x, y = max(0, proof.box.x), max(0, proof.box.y)
            patch = shown[y : y + proof.box.height, x : x + proof.box.width]
            patch[:] = np.rint(patch * (1 - share) + np.array(HEAT, np.float32) * share).astype(np.uint8)
    return shown


def with_proofs(image: Image.Image, findings: Sequence[Finding]) -> Image.Image:
    """The picture with a strip below it: each suspicious glyph (orange) beside its nearest trusted one (green)."""
    proofs = [proof for finding in findings for proof in finding.glyphs][:PROOFS_MAX]
    if not proofs:
        return image
    columns = max(1, image.width // (CELL_WIDTH * 2))
    rows = -(-len(proofs) // columns)
    cell = GLYPH_HEIGHT + LABEL_HEIGHT + 2 * MARGIN
    sheet = Image.new("RGB", (max(image.width, 2 * CELL_WIDTH), image.height + rows * cell), PAPER)
    sheet.paste(image, (0, 0))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(LABEL_HEIGHT - 4)
    for at, proof in enumerate(proofs):
        x, y = (at % columns) * CELL_WIDTH * 2, image.height + (at // columns) * cell + MARGIN
        for place, (shot, colour) in enumerate(((proof.raster, ODD), (proof.reference, TRUSTED))):
            left = x + place * CELL_WIDTH
            glyph = _glyph(shot)
            sheet.paste(glyph, (left + (CELL_WIDTH - glyph.width) // 2, y + (GLYPH_HEIGHT - glyph.height) // 2))
            pen.rectangle((left + 4, y, left + CELL_WIDTH - 4, y + GLYPH_HEIGHT), outline=colour, width=2)
        pen.text((x + 6, y + GLYPH_HEIGHT + 2), f"{proof.distance:.2f}", fill=TEXT, font=font)
    return sheet


def _glyph(shot: str) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(shot))).convert("RGB")
    by = min((CELL_WIDTH - 12) / image.width, (GLYPH_HEIGHT - 6) / image.height)
    # Whole pixels, not smoothed: what a person compares is the raster.
    size = (max(1, round(image.width * by)), max(1, round(image.height * by)))
    return image.resize(size, Image.Resampling.NEAREST)
