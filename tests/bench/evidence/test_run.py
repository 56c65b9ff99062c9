"""The harness from end to end, in small: made pictures through the whole pipeline, figures out."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from huiliu.bench.evidence.harness import Sizes, bench_evidence, report
from huiliu.bench.evidence.trial import read_seen, try_all
from huiliu.bench.evidence.truth import Attack, Kept, Truth
from huiliu.cli.bench_evidence import evidence, evidence_pictures
from huiliu.evidence.forgery.atlas import Atlas
from huiliu.evidence.inspection.model import Verdict


@pytest.fixture
def data(made_folder: Path, tmp_path: Path) -> Path:
    """As the command keeps it: the pictures of the test seed, and an atlas that knows nothing."""
    (tmp_path / "test").symlink_to(made_folder)
    (tmp_path / "train").symlink_to(made_folder)
    (tmp_path / "atlas").mkdir()
    Atlas((), 0).save(tmp_path / "atlas")
    return tmp_path


def test_made_pictures_go_through_the_whole_pipeline(data: Path) -> None:
    sizes = Sizes(test=1, forged=0)
    sections = ("reading", "related")
    read, judged = bench_evidence(data, sections=sections, sizes=sizes, atlas=data / "atlas", workers=1)
    assert "| reading | silent wrong values on readable pictures | 0 in 500 pictures | 0 | met |" in report(read)
    assert judged.broken == ()
    seen = read_seen(data)
    assert {each.truth.container.value for each in seen} == {"png", "half", "crop", "photo", "upside_down"}
    assert [each.truth.file for each in seen if each.verdict is Verdict.CONTRADICTED] == []
    assert all(each.page == each.truth.kind and each.cpu_ms > 0 for each in seen)


def test_every_forgery_reads_as_the_forger_wanted(data: Path, truths: list[Truth]) -> None:
    forged = [each for each in truths if each.attack is not Attack.NONE and each.container is Kept.PNG]
    for seen in try_all(data / "test", forged, atlas=None, workers=1):
        assert seen.truth.attacked is not None
        name = seen.truth.attacked.field
        printed = next(field.value for field in seen.truth.fields if field.name is name)
        assert seen.fields.get(name) == printed, seen.truth.file


def test_a_section_that_does_not_exist_is_named() -> None:
    answer = CliRunner().invoke(evidence, ["--only", "reading,astrology"])
    assert answer.exit_code == 2
    assert "astrology" in answer.output


def test_without_a_browser_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    answer = CliRunner().invoke(
        evidence_pictures, ["--seed", "extra", "--count", "1", "--jobs", "1", "--out", str(tmp_path)]
    )
    assert answer.exit_code == 1
    assert "browser.py" in answer.output
