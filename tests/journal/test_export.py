"""An exported journal can be checked on another machine, and every change of the file shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from huiliu.journal.actions import record
from huiliu.journal.export import export_journal, verify_export, verify_live
from huiliu.journal.model import Entry
from huiliu.kit.db import Actor, Pool, across_platforms, transaction
from huiliu.kit.ids import new_id


@pytest.fixture
async def exported(pool: Pool, system: Actor, tmp_path: Path) -> Path:
    async with transaction(pool, system) as tx:
        stream = new_id()
        await record(tx, stream, Entry("claim.filed", {"words": "未到账"}), Entry("claim.taken", {"by": "小顾"}))
    async with across_platforms(pool) as connection:
        await export_journal(connection, tmp_path / "journal.jsonl")
    return tmp_path / "journal.jsonl"


async def test_what_was_exported_holds(exported: Path) -> None:
    found = verify_export(exported)
    assert found.problems == []
    assert found.rows >= 2


async def test_the_live_journal_holds(pool: Pool, exported: Path) -> None:
    async with across_platforms(pool) as connection:
        found = await verify_live(connection)
    assert found.problems == []
    assert found.rows >= 2


@pytest.mark.parametrize(
    ("old", "new"),
    [("未到账", "已到账"), ("小顾", "小固"), ('"is":"head"', '"is":"heed"'), ("claim.filed", "claim.filet")],
)
async def test_any_changed_word_shows(exported: Path, old: str, new: str) -> None:
    text = exported.read_text("utf-8")
    assert old in text or old.replace('"', '\\"') in text
    exported.write_text(text.replace(old, new, 1), "utf-8")
    assert verify_export(exported).problems != []


@pytest.mark.parametrize("cut", [1, 2, 40])
async def test_a_cut_off_file_shows(exported: Path, cut: int) -> None:
    raw = exported.read_bytes()
    exported.write_bytes(raw[:-cut])
    if cut == 1:  # the last newline carries nothing
        assert verify_export(exported).problems == []
    else:
        assert verify_export(exported).problems != []


async def test_a_file_that_is_no_journal_is_a_finding_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for content in (b"", b"\xff\xfe\x00", b"{}\n", b"[" * 100_000):
        path.write_bytes(content)
        assert verify_export(path).problems != []
