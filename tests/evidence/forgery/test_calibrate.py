from __future__ import annotations

import tomllib

import pytest

from huiliu.evidence.forgery import calibrate
from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.forgery.calibrate import Calibrator, as_toml
from huiliu.evidence.forgery.examine import examine
from huiliu.evidence.forgery.limits import Limits, load_limits
from huiliu.evidence.inspection.model import FieldName
from tests.evidence.forgery.screens import screen


def test_limits_made_from_honest_pictures_let_them_pass_and_find_forgeries(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "NEGATIVES_MIN", 8)
    calibrator = Calibrator(atlas)
    honest = [screen(seed) for seed in range(500, 510)]
    for each in honest:
        calibrator.add(each.picture(quality=85), each.lines, each.fields)
    limits = calibrator.limits(Limits({"glyph_profile": {"png": 0.5, "jpeg": 9.0}}))
    assert limits.of("glyph_profile", "png") == 0.5
    assert 0 < limits.of("glyph_profile", "jpeg") < 0.3
    for each in honest:
        found = examine(each.picture(quality=85), each.lines, each.fields, atlas, limits=limits)
        assert found.findings == ()
    forged = screen(511, edited=FieldName.AMOUNT)
    assert examine(forged.picture(quality=85), forged.lines, forged.fields, atlas, limits=limits).findings != ()


def test_too_few_honest_pictures_change_nothing(atlas: Atlas) -> None:
    calibrator, old, shown = Calibrator(atlas), load_limits(), screen(512)
    calibrator.add(shown.picture(), shown.lines, shown.fields)
    assert calibrator.limits(old) == old
    assert calibrator.counts()["glyph_profile", "png"] == 1


def test_strange_phones_do_not_count(atlas: Atlas) -> None:
    calibrator, shown = Calibrator(atlas), screen(513, zoom=1.2)
    calibrator.add(shown.picture(), shown.lines, shown.fields)
    assert ("glyph_profile", "png") not in calibrator.counts()


def test_the_file_is_what_is_read_back() -> None:
    old = load_limits()
    assert tomllib.loads(as_toml(old, {("glyph_profile", "png"): 219})) == old.by_signal
