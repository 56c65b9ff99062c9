"""Many files in several processes: in order, each with its own outcome, whoever dies."""

from __future__ import annotations

from pathlib import Path

import pytest

from huiliu.evidence.inspection.many import AtlasUnusable, Setup, Task, inspect_many
from huiliu.evidence.inspection.model import Verdict
from tests.evidence.inspection.conftest import TRUE, png
from tests.evidence.reading.pages import drawn


def test_each_file_has_its_outcome_in_order_and_a_bad_one_stops_nothing(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(png(drawn()))
    bad.write_bytes(b"GIF89a")
    tasks = [Task(path=str(path), expected=TRUE) for path in (bad, good, tmp_path / "absent.png", good)]
    outcomes = list(inspect_many(tasks, setup=Setup(threads=1), workers=2))
    assert [Path(it.path).name for it in outcomes] == ["bad.png", "good.png", "absent.png", "good.png"]
    verdicts = [None if it.inspection is None else it.inspection.verdict for it in outcomes]
    assert verdicts == [None, Verdict.CONSISTENT, None, Verdict.CONSISTENT]
    codes = [it.refusal.code for it in outcomes if it.inspection is None]
    assert codes == ["evidence.animated_picture", "evidence_checks.file_unreadable"]


def test_an_atlas_that_is_none_is_told_before_any_process_starts(tmp_path: Path) -> None:
    with pytest.raises(AtlasUnusable):
        list(inspect_many([Task(path="a"), Task(path="b")], setup=Setup(atlas=str(tmp_path)), workers=2))


def test_no_file_is_no_work() -> None:
    assert list(inspect_many([], setup=Setup(), workers=2)) == []
