from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import ImageDraw, ImageFont

from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.examine import examine
from huiliu.evidence.forgery.glyphs import cut_lines
from huiliu.evidence.forgery.matching import Scaling, match
from huiliu.evidence.forgery.measuring import Measurement, measure
from huiliu.evidence.forgery.scaling import refined
from huiliu.evidence.forgery.scoring import deviation
from huiliu.evidence.inspection.model import Box, FieldName, FieldRead, Line
from tests.evidence.forgery.screens import WIDTH, Screen, screen


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_scaled_glyph_is_foreseen_pixel_by_pixel(atlas: Atlas, is_dark: bool) -> None:
    cluster = next(each for each in atlas.clusters if each.is_dark is is_dark)
    shown, by = screen(600, is_dark=is_dark), 0.75
    lines, _ = shown.scaled(by)
    scaling = Scaling(round(WIDTH * by) / WIDTH, "lanczos")
    coarse: list[float] = []
    fine: list[float] = []
    for line in cut_lines(shown.picture(by=by), lines):
        matches = [
            (found.fit, at, found)
            for at, style in enumerate(cluster.styles)
            if (found := match(line, style, index=cluster.indexes[at], scaling=scaling)) is not None
        ]
        _, at, found = min(matches, key=lambda each: each[:2])
        coarse.append(found.fit)
        fine.append(refined(line, cluster.styles[at], found, index=cluster.indexes[at], scaling=scaling).fit)
    assert len(fine) == 6
    # Overshoot that white paper cuts off is what sums over a row cannot foresee.
    assert np.median(fine) < 0.1
    assert np.median(fine) < 0.8 * np.median(coarse)


def test_text_in_a_style_that_trusted_pages_never_showed_is_not_judged(atlas: Atlas) -> None:
    shown = screen(601)
    image, text, box = shown.image.copy(), "8235760149", shown.lines[-1].box
    below = Box(x=box.x, y=box.y + 60, width=300, height=34)
    for place, char in enumerate(text):
        for twice in (0, 2):
            at = (24 + 20 * place + twice, below.y)
            ImageDraw.Draw(image).text(at, char, font=ImageFont.load_default(24), fill="black")
    quad = tuple(float(each) for each in (below.x, below.y, 300, below.y, 300, below.y + 34, below.x, below.y + 34))
    line = Line(text=text, score=1.0, box=below, quad=quad)
    field = FieldRead(name=FieldName.LEVEL, value=text, text=text, box=below, score=1.0)
    bold = Screen(image, (*shown.lines, line), (*shown.fields, field), is_dark=False)
    assert len(cut_lines(bold.picture(), bold.lines)) == 7
    found = examine(bold.picture(), bold.lines, bold.fields, atlas)
    assert (found.atlas_state, found.findings) == ("compared", ())


def test_a_noisy_copy_is_measured_in_its_own_noise_and_coloured_text_more_leniently(atlas: Atlas) -> None:
    shown, by = screen(602), 0.7
    lines, fields = shown.scaled(by)
    scaled = measure(shown.picture(quality=60, by=by), lines, fields, atlas)
    native = measure(shown.picture(quality=60), shown.lines, shown.fields, atlas)
    assert (scaled.container, native.container) == ("scaled", "copy")
    for measured in (scaled, native):
        mark = measured.digits[0].marks[0]
        coloured = replace(mark, line=replace(mark.line, tint=1.0))
        assert deviation(coloured, measured) < 0.7 * deviation(mark, measured)
    mark = scaled.digits[0].marks[0]
    noisier = Measurement(scaled.container, scaled.profile, scaled.cut, noise=2 * scaled.noise)
    assert deviation(mark, noisier) < deviation(mark, scaled)
    assert deviation(native.digits[0].marks[0], replace(native, noise=9.0)) == native.digits[0].marks[0].stray


def test_a_light_page_is_not_held_against_dark_ones(atlas: Atlas) -> None:
    only_dark = Atlas(tuple(cluster for cluster in atlas.clusters if cluster.is_dark), atlas.pictures)
    shown = screen(603)
    assert examine(shown.picture(), shown.lines, shown.fields, only_dark).atlas_state == "unknown_profile"
