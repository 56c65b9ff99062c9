from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.drawing import heated, with_proofs
from huiliu.evidence.forgery.examine import examine, of_container, signals
from huiliu.evidence.forgery.limits import CONTAINERS, load_limits
from huiliu.evidence.inspection.model import Box, Container, FieldName, Line
from huiliu.evidence.inspection.picture import Picture
from huiliu.kit.text import has_words
from tests.evidence.forgery.screens import Screen, screen

HONEST = range(200, 206)
EDITABLE = (FieldName.TRADE_NO, FieldName.AMOUNT, FieldName.PAID_AT)


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("quality", [None, 90, 70])
def test_honest_pictures_have_no_finding(atlas: Atlas, quality: int | None, is_dark: bool) -> None:
    for seed in HONEST:
        shown = screen(seed, is_dark=is_dark)
        found = examine(shown.picture(quality=quality), shown.lines, shown.fields, atlas)
        assert (found.atlas_state, found.findings) == ("compared", ())


@pytest.mark.parametrize("edited", EDITABLE)
@pytest.mark.parametrize("quality", [None, 90, 70])
def test_a_digit_drawn_by_an_editor_is_found_where_it_is(atlas: Atlas, quality: int | None, edited: FieldName) -> None:
    shown = screen(210, edited=edited)
    found = examine(shown.picture(quality=quality), shown.lines, shown.fields, atlas).findings
    assert [(it.signal, it.field) for it in found] == [("glyph_profile", edited)]
    (finding,) = found
    assert finding.score > finding.limit > 0
    field = next(it for it in shown.fields if it.name is edited)
    middle = field.box.x + field.box.width / 2
    # The editor drew over the digit in the middle.
    assert any(abs(box.x + box.width / 2 - middle) < field.box.height for box in finding.boxes)


def test_a_finding_shows_the_glyph_beside_a_trusted_one(atlas: Atlas) -> None:
    shown = screen(211, edited=FieldName.AMOUNT)
    (finding,) = examine(shown.picture(), shown.lines, shown.fields, atlas).findings
    proof = finding.glyphs[0]
    amount = next(it for it in shown.fields if it.name is FieldName.AMOUNT)
    assert proof.char in amount.text
    assert amount.box.x <= proof.box.x < amount.box.x + amount.box.width
    assert len(proof.profile) == len(proof.reference_profile) > proof.box.height
    assert np.abs(np.subtract(proof.profile, proof.reference_profile)).sum() > 1
    for shot in (proof.raster, proof.reference):
        image = Image.open(io.BytesIO(base64.b64decode(shot)))
        assert (image.format, image.mode) == ("PNG", "L")
        assert image.getextrema()[0] < 128


@pytest.mark.parametrize("by", [0.97, 0.7, 0.55])
def test_copies_made_smaller_are_compared_with_native_pages(atlas: Atlas, by: float) -> None:
    for seed in (220, 221):
        honest, forged = screen(seed), screen(seed, edited=FieldName.AMOUNT)
        assert _examined(honest, atlas, by) == ("compared", [])
        assert _examined(forged, atlas, by) == ("compared", [FieldName.AMOUNT])


def _examined(shown: Screen, atlas: Atlas, by: float) -> tuple[str, list[FieldName | None]]:
    lines, fields = shown.scaled(by)
    found = examine(shown.picture(quality=80, by=by), lines, fields, atlas)
    return found.atlas_state, [it.field for it in found.findings]


@pytest.mark.parametrize("zoom", [0.92, 1.06, 1.3])
def test_an_unknown_size_of_font_is_never_a_finding(atlas: Atlas, zoom: float) -> None:
    for edited in (None, FieldName.AMOUNT):
        shown = screen(230, zoom=zoom, edited=edited)
        found = examine(shown.picture(), shown.lines, shown.fields, atlas)
        assert (found.atlas_state, found.findings) == ("unknown_profile", ())


def test_without_an_atlas_nothing_is_said_about_glyphs(atlas: Atlas) -> None:
    shown = screen(231, edited=FieldName.AMOUNT)
    for none in (None, Atlas((), 0)):
        found = examine(shown.picture(), shown.lines, shown.fields, none)
        assert (found.atlas_state, found.findings) == ("none", ())


def test_a_value_pasted_from_a_jpeg_brings_its_noise(atlas: Atlas) -> None:
    shown = screen(232)
    box = next(it.box for it in shown.fields if it.name is FieldName.ACCOUNT)
    place = (box.x - 8, box.y - 8, box.x + box.width + 8, box.y + box.height + 8)
    buffer = io.BytesIO()
    shown.image.save(buffer, "JPEG", quality=75)
    image = shown.image.copy()
    image.paste(Image.open(io.BytesIO(buffer.getvalue())).crop(place), place[:2])
    pasted = Screen(image, shown.lines, shown.fields, is_dark=False)
    signals_found = {
        (it.signal, it.field) for it in examine(pasted.picture(), shown.lines, shown.fields, atlas).findings
    }
    assert ("background_noise", FieldName.ACCOUNT) in signals_found
    assert {field for _, field in signals_found} == {FieldName.ACCOUNT}


def test_a_file_that_names_an_editor_says_so() -> None:
    named = Container(media_type="image/png", software="Adobe Photoshop 25", has_editor_traces=True)
    assert [(it.signal, it.note) for it in of_container(named)] == [("editor_traces", "Adobe Photoshop 25")]
    assert [it.signal for it in of_container(Container(media_type="image/png", flags=("polyglot_zip",)))] == [
        "container_history"
    ]
    assert of_container(Container(media_type="image/jpeg", software="HUAWEI")) == []


def test_nonsense_from_the_reader_is_survived(atlas: Atlas) -> None:
    shown = screen(233)
    odd = [
        Line(text="9" * 64, score=0.1, box=Box(x=-50, y=-50, width=9999, height=9999), quad=(0.0,) * 8),
        Line(text="", score=0.0, box=Box(x=0, y=0, width=0, height=0), quad=()),
        Line(text="12:00", score=1.0, box=Box(x=479, y=419, width=80, height=30), quad=(479, 419, 559, 419, 559, 449, 479, 449)),
    ]  # fmt: skip
    found = examine(shown.picture(), [*odd, *shown.lines], shown.fields, atlas)
    assert (found.atlas_state, found.findings) == ("compared", ())
    blank = Picture(np.zeros((1, 1, 3), np.uint8), np.zeros((1, 1), np.uint8), Container(media_type="image/png"))
    assert examine(blank, shown.lines, shown.fields, atlas).findings == ()
    assert examine(shown.picture(), (), (), atlas).atlas_state == "unknown_profile"


def test_misread_digits_are_not_called_forged_on_a_page_that_does_not_fit(atlas: Atlas) -> None:
    shown = screen(234)
    wrong = [Line(text=line.text[::-1], score=line.score, box=line.box, quad=line.quad) for line in shown.lines]
    assert examine(shown.picture(), wrong, shown.fields, atlas).findings == ()


def test_scores_are_in_units_of_the_limits(atlas: Atlas) -> None:
    forged, honest = screen(235, edited=FieldName.AMOUNT), screen(235)
    found = signals(forged.picture(), forged.lines, forged.fields, atlas)
    (finding,) = examine(forged.picture(), forged.lines, forged.fields, atlas).findings
    assert found["glyph_profile"] == pytest.approx(finding.score / finding.limit, rel=1e-3)
    assert max(signals(honest.picture(), honest.lines, honest.fields, atlas).values()) < 1


def test_findings_are_drawn_with_their_proofs(atlas: Atlas) -> None:
    shown = screen(236, edited=FieldName.AMOUNT)
    picture = shown.picture()
    findings = examine(picture, shown.lines, shown.fields, atlas).findings
    hot = heated(picture.rgb, findings)
    changed = np.argwhere((hot != picture.rgb).any(axis=2))
    box = findings[0].glyphs[0].box
    assert changed.min(axis=0)[0] >= min(proof.box.y for proof in findings[0].glyphs)
    assert any(box.y <= y < box.y + box.height and box.x <= x < box.x + box.width for y, x in changed)
    sheet = with_proofs(Image.fromarray(hot), findings)
    assert sheet.height > picture.height
    assert with_proofs(Image.fromarray(hot), ()).height == picture.height


def test_every_signal_has_a_limit_and_words() -> None:
    limits = load_limits()
    for container in CONTAINERS:
        for signal in ("glyph_profile", "string_profile"):
            assert 0 < limits.of(signal, container) < 5
    assert limits.of("background_noise", "jpeg") == limits.of("no_such", "png") == float("inf")
    for signal in (*limits.by_signal, "editor_traces", "container_history"):
        assert has_words(f"evidence_forgery.signal.{signal}")
