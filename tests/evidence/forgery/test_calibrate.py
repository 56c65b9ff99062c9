from __future__ import annotations

import tomllib
from pathlib import Path

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


def test_limits_travel_with_the_atlas_they_were_made_for(atlas: Atlas, tmp_path: Path) -> None:
    strict = atlas.with_limits(Limits({"glyph_profile": {"png": 1e-4}}))
    strict.save(tmp_path)
    again, shown = Atlas.load(tmp_path), screen(514)
    assert again.limits == strict.limits
    assert again.version == strict.version != atlas.version
    assert examine(shown.picture(), shown.lines, shown.fields, atlas).findings == ()
    edited = screen(514, edited=FieldName.AMOUNT)
    loose = atlas.with_limits(Limits({"glyph_profile": {"png": 99.0}}))
    assert examine(edited.picture(), edited.lines, edited.fields, loose).findings == ()
    assert examine(edited.picture(), edited.lines, edited.fields, again).findings[0].limit == 1e-4
    assert atlas.with_limits(load_limits()).retire("none").limits == load_limits()
