from __future__ import annotations

import json
from pathlib import Path

import pytest

from huiliu.evidence.forgery.atlas import Atlas, AtlasBuilder
from huiliu.evidence.forgery.examine import examine
from huiliu.evidence.forgery.storage import MANIFEST, NUMBERS, AtlasDamaged
from huiliu.evidence.inspection.model import FieldName
from tests.evidence.forgery.conftest import built
from tests.evidence.forgery.screens import screen


def test_each_phone_and_theme_is_one_cluster(atlas: Atlas) -> None:
    assert [(cluster.width, cluster.is_dark, cluster.pictures) for cluster in atlas.clusters] == [
        (480, False, 16),
        (480, True, 8),
    ]


def test_another_size_of_font_is_another_cluster() -> None:
    both = built([screen(seed) for seed in range(6)] + [screen(seed, zoom=1.25) for seed in range(6)])
    assert sorted(cluster.pictures for cluster in both.clusters) == [6, 6]
    assert len({cluster.name for cluster in both.clusters}) == 2


def test_an_atlas_comes_back_from_its_folder_as_it_was(atlas: Atlas, tmp_path: Path) -> None:
    atlas.save(tmp_path)
    again = Atlas.load(tmp_path)
    assert again.version == atlas.version
    assert again.variants == atlas.variants
    forged = screen(300, edited=FieldName.TRADE_NO)
    before, after = (examine(forged.picture(), forged.lines, forged.fields, each) for each in (atlas, again))
    assert before.findings == after.findings != ()


def test_saving_again_replaces_both_files(atlas: Atlas, tmp_path: Path) -> None:
    atlas.save(tmp_path)
    less = atlas.retire(atlas.clusters[0].name)
    less.save(tmp_path)
    assert Atlas.load(tmp_path).version == less.version != atlas.version
    assert {path.name for path in tmp_path.iterdir()} == {NUMBERS, MANIFEST}


def test_a_damaged_atlas_is_refused(atlas: Atlas, tmp_path: Path) -> None:
    with pytest.raises(AtlasDamaged):
        Atlas.load(tmp_path)
    atlas.save(tmp_path)
    numbers, manifest = (tmp_path / NUMBERS).read_bytes(), (tmp_path / MANIFEST).read_bytes()
    (tmp_path / NUMBERS).write_bytes(numbers[:-50])
    with pytest.raises(AtlasDamaged):
        Atlas.load(tmp_path)
    # The numbers of another atlas of the same shape: nothing but the hash tells.
    other = tmp_path / "other"
    atlas.retire(atlas.clusters[1].name).save(other)
    (tmp_path / NUMBERS).write_bytes((other / NUMBERS).read_bytes())
    (tmp_path / MANIFEST).write_bytes(
        (other / MANIFEST).read_bytes().replace(b'"numbers_sha256": "', b'"numbers_sha256": "0')
    )
    with pytest.raises(AtlasDamaged):
        Atlas.load(tmp_path)
    (tmp_path / NUMBERS).write_bytes(numbers)
    (tmp_path / MANIFEST).write_bytes(manifest)
    told = json.loads(manifest)
    told["clusters"][0]["styles"][0]["chars"].append("9")
    (tmp_path / MANIFEST).write_text(json.dumps(told), "utf-8")
    with pytest.raises(AtlasDamaged):
        Atlas.load(tmp_path)
    (tmp_path / MANIFEST).write_bytes(b"{}")
    with pytest.raises(AtlasDamaged):
        Atlas.load(tmp_path)


def test_retiring_a_cluster_makes_its_phone_unknown(atlas: Atlas) -> None:
    shown = screen(301)
    name = next(cluster.name for cluster in atlas.clusters if not cluster.is_dark)
    assert examine(shown.picture(), shown.lines, shown.fields, atlas).atlas_state == "compared"
    assert examine(shown.picture(), shown.lines, shown.fields, atlas.retire(name)).atlas_state == "unknown_profile"


def test_merging_keeps_the_cluster_that_saw_more(atlas: Atlas) -> None:
    small, other = built([screen(seed) for seed in range(5)]), built([screen(seed, zoom=1.3) for seed in range(5)])
    merged = small.merge(atlas).merge(other)
    assert sorted(cluster.pictures for cluster in merged.clusters) == [5, 8, 16]


def test_the_page_that_manages_it_sees_counts_and_samples(atlas: Atlas) -> None:
    first = atlas.describe()[0]
    assert (first.width, first.heights, first.pictures, first.digits_known) == (480, (420,), 16, 10)
    assert all(style.variants for style in first.styles)
    assert {char for style in first.styles for char, shot in style.samples if shot} >= set("0123456789")


def test_one_picture_vouches_for_nothing_not_even_for_itself() -> None:
    builder = AtlasBuilder()
    for _ in range(1):
        shown = screen(1)
        builder.add(shown.picture(), shown.lines, shown.fields)
    assert builder.build().clusters == ()


def test_a_forgery_in_ten_pictures_does_not_teach_its_shape() -> None:
    honest, forged = (
        [screen(seed) for seed in range(18)],
        [screen(seed, edited=FieldName.TRADE_NO) for seed in (50, 51)],
    )
    poisoned = built([*honest[:6], forged[0], *honest[6:12], forged[1], *honest[12:]])
    caught = screen(52, edited=FieldName.TRADE_NO)
    assert [it.field for it in examine(caught.picture(), caught.lines, caught.fields, poisoned).findings] == [
        FieldName.TRADE_NO
    ]
    for each in forged:
        assert examine(each.picture(), each.lines, each.fields, poisoned).findings != ()


def test_poor_copies_and_almost_empty_pages_are_not_learnt() -> None:
    builder, shown = AtlasBuilder(), screen(1)
    assert not builder.add(shown.picture(quality=60), shown.lines, shown.fields)
    assert not builder.add(shown.picture(), shown.lines[:2], ())
    assert builder.build().clusters == ()


def test_the_same_pictures_in_another_order_know_as_much() -> None:
    forwards, backwards = (built([screen(seed) for seed in order]) for order in (range(10), range(9, -1, -1)))
    assert forwards.variants == backwards.variants


def test_what_the_dark_theme_has_not_shown_is_lent_by_the_light_one() -> None:
    light, dark = [screen(seed) for seed in range(16)], [screen(seed, is_dark=True) for seed in (1, 2, 3)]
    alone, lent = built(dark), built([*light, *dark])
    of_dark = next(cluster for cluster in lent.clusters if cluster.is_dark)
    assert of_dark.pictures == 3
    assert sum(len(style.chars) for style in of_dark.styles) > alone.variants
    shown = screen(400, is_dark=True)
    assert examine(shown.picture(), shown.lines, shown.fields, lent).findings == ()
