"""The harness counts right: exact and wrong values, forgeries found and honest people accused, rates at fixed false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from huiliu.bench.evidence.figures import Figure, Found
from huiliu.bench.evidence.measure_pixels import pixels
from huiliu.bench.evidence.measure_text import reading, related
from huiliu.bench.evidence.rivals import error_level
from huiliu.bench.evidence.trial import Seen, expected, read_seen, write_seen
from huiliu.bench.evidence.truth import Attack, Attacked, Expect, Kept, PageKind, Truth, TruthField
from huiliu.evidence.inspection.model import Box, Container, FieldName, FieldRead, Verdict
from huiliu.evidence.inspection.picture import Picture

BOX = Box(0, 0, 80, 20)
FIELDS = (
    TruthField(name=FieldName.AMOUNT, value="128.00", text="-128.00", box=BOX),
    TruthField(name=FieldName.PRODUCT, value="话费 50 元（快）", text="话费 50 元（快）", box=BOX),
)
HONEST = Truth(
    file="a.png", seed="extra", base=1, kind=PageKind.ALIPAY_BILL, device="a720", device_known=True, dark=False,
    container=Kept.PNG, attack=Attack.NONE, width=10, height=10, fields=FIELDS,
    expect=Expect(amount="128.00", paid_at="2026-11-20T10:00:00+08:00"),
)  # fmt: skip
READ = {FieldName.AMOUNT: "128.00", FieldName.PRODUCT: "话费50元(快)"}
SEEN = Seen(truth=HONEST, verdict=Verdict.CONSISTENT, page="alipay_bill", fields=READ)
FORGED = replace(
    SEEN,
    truth=replace(
        HONEST, attack=Attack.PS_LIKE, attacked=Attacked(field=FieldName.AMOUNT, before="-128.00", after="-728.00", box=BOX)
    ),
    verdict=Verdict.CONTRADICTED,
    contradicting=("amount",),
)  # fmt: skip


def test_spaces_of_a_product_do_not_matter_and_everything_else_does() -> None:
    assert _figure(reading([SEEN]), "exactly right").measured == "100.00 %"
    wrong = replace(SEEN, fields={**READ, FieldName.AMOUNT: "123.00"})
    found = reading([SEEN, wrong])
    assert _figure(found, "exactly right").measured == "75.00 %"
    assert _figure(found, "silent wrong values on readable").measured == "1"
    assert not _figure(found, "silent wrong values on readable").is_met


def test_a_value_that_nobody_printed_is_a_wrong_one_and_a_missing_one_is_not() -> None:
    invented = replace(SEEN, fields={**READ, FieldName.TRADE_NO: "1"})
    assert _figure(reading([invented]), "silent wrong values on readable").measured == "1"
    missing = replace(SEEN, fields={FieldName.AMOUNT: "128.00"})
    assert _figure(reading([missing]), "silent wrong values on readable").measured == "0"


def test_blurred_pictures_count_apart_and_pages_without_a_layout_not_at_all() -> None:
    blurred = replace(SEEN, truth=replace(HONEST, container=Kept.BLUR), fields={FieldName.AMOUNT: "1.00"})
    blank = replace(SEEN, truth=replace(HONEST, kind=PageKind.BLANK), fields={FieldName.AMOUNT: "1.00"})
    found = reading([SEEN, blurred, blank])
    assert _figure(found, "silent wrong values on readable").measured == "0"
    assert _figure(found, "silent wrong values on blurred").measured == "1"


def test_forgeries_that_were_read_and_not_contradicted_are_missed() -> None:
    missed = replace(FORGED, verdict=Verdict.UNVERIFIABLE, contradicting=())
    unread = replace(missed, fields={})
    found = related([SEEN, FORGED, missed, unread])
    assert _figure(found, "contradicted, where it was read").measured == "50.00 %"
    assert _figure(found, "all such forgeries").measured == "33.33 %"


def test_a_time_within_the_tolerance_and_a_status_are_no_forgery_that_a_record_must_find() -> None:
    assert FORGED.truth.attacked is not None
    for attacked in (
        replace(FORGED.truth.attacked, field=FieldName.PAID_AT, shift_seconds=-180),
        replace(FORGED.truth.attacked, field=FieldName.STATUS),
    ):
        near = replace(FORGED, truth=replace(FORGED.truth, attacked=attacked))
        assert _figure(related([near]), "all such forgeries").of == "0"


def test_honest_people_accused_are_counted_and_pixels_alone_break_the_run() -> None:
    accused = replace(SEEN, verdict=Verdict.CONTRADICTED, contradicting=("amount",))
    found = related([SEEN, accused])
    assert _figure(found, "honest pictures called contradicted").measured == "50.00 %"
    assert found.broken == ()
    blurred = replace(accused, truth=replace(HONEST, container=Kept.BLUR))
    assert _figure(related([SEEN, blurred]), "honest blurred").measured == "100.00 %"
    by_pixels = replace(SEEN, verdict=Verdict.CONTRADICTED)
    assert len(related([by_pixels]).broken) == 1


def test_rates_are_taken_at_what_one_honest_picture_in_a_hundred_passes() -> None:
    clean = [replace(SEEN, scores={"glyph_profile": at / 1000, "ela": 1.0}) for at in range(200)]
    forged = [replace(FORGED, scores={"glyph_profile": score, "ela": 1.0}) for score in (0.15, 0.5, 0.5, 0.5)]
    found = pixels([*clean, *forged])
    figure = _figure(found, "digits redrawn by an editor, PNG")
    assert figure.measured == "0.75"
    assert figure.rival == "ELA per glyph 0.00"
    assert not figure.is_met
    assert any("| ps_like | 4 | 0.50 / 0.00 | 0.94 / 0.75 | 0.94 / 0.75 |" in table for table in found.tables), (
        found.tables
    )


def test_error_levels_stand_out_where_one_character_was_pasted() -> None:
    noise = np.random.default_rng(1)
    luma = np.full((24, 84), 250, np.uint8)
    luma[4:20, 40:46] = noise.integers(0, 255, (16, 6))
    rgb = np.repeat(luma[:, :, None], 3, axis=2)
    field = FieldRead(name=FieldName.AMOUNT, value="1", text="12345678", box=BOX, score=1.0)
    picture = Picture(rgb=rgb, luma=luma, container=Container(media_type="image/png"))
    plain = Picture(rgb=rgb, luma=np.full_like(luma, 250), container=picture.container)
    assert error_level(picture, [field]) > 10 > error_level(plain, [field])


def test_records_become_what_the_pipeline_compares_with(tmp_path_factory: pytest.TempPathFactory) -> None:
    known = expected(HONEST.expect)
    assert (known.amount, known.order_no) == ("128.00", None)
    assert known.paid_at is not None
    assert known.paid_at.isoformat() == "2026-11-20T10:00:00+08:00"
    folder = tmp_path_factory.mktemp("seen")
    write_seen(folder, [SEEN, FORGED])
    assert read_seen(folder) == [SEEN, FORGED]


def _figure(found: Found, words: str) -> Figure:
    (figure,) = (each for each in found.figures if words in each.what)
    return figure
