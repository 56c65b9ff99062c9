"""The doctor finds what is wrong, says how to mend it, and fails only for what must be mended."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from huiliu.cli import checks
from huiliu.cli.checks import Level
from huiliu.cli.checks_database import database_findings
from huiliu.cli.doctor import sentences
from huiliu.cli.main import main
from huiliu.deadlines.calendar import published_calendar
from huiliu.kit.keyring import create_keyring
from huiliu.kit.settings import Settings
from huiliu.kit.text import Lang

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_a_healthy_database_has_nothing_to_mend(db_url: str, tmp_path: Path) -> None:
    found = {finding.check: finding for finding in database_findings(Settings(database_url=db_url, data_dir=tmp_path))}
    assert set(found) == {"database", "extensions", "migrations", "clock", "keys", "calendar", "role"}
    assert [check for check, finding in found.items() if finding.level is Level.FAIL and check != "keys"] == []


def test_a_silent_database_is_one_finding_and_no_traceback(tmp_path: Path) -> None:
    found = list(database_findings(Settings(database_url="postgresql://127.0.0.1:1/x", data_dir=tmp_path)))
    assert [(finding.check, finding.level, finding.what) for finding in found] == [
        ("database", Level.FAIL, "unreachable")
    ]


def test_the_key_file_is_missing_only_when_something_needs_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    assert checks.key_file(path, has_sealed_values=False).level is Level.PASS
    assert checks.key_file(path, has_sealed_values=True).what == "missing"


@pytest.mark.parametrize(("mode", "what"), [(0o600, "ok"), (0o640, "readable"), (0o604, "readable")])
def test_a_key_file_that_others_can_read_must_be_mended(tmp_path: Path, mode: int, what: str) -> None:
    path = tmp_path / "keys.toml"
    create_keyring(path)
    path.chmod(mode)
    assert checks.key_file(path, has_sealed_values=True).what == what


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"current = 'k1'\n[keys]\n", b"current='k1'\nlookup='!'\n[keys]\nk1='AA=='"]
)
def test_a_damaged_key_file_is_said_to_be_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.toml"
    path.write_bytes(content)
    path.chmod(0o600)
    assert checks.key_file(path, has_sealed_values=True).what == "damaged"


@pytest.mark.parametrize(
    ("today", "level"),
    [
        (date(2026, 10, 31), Level.PASS),
        (date(2026, 11, 1), Level.WARN),
        (date(2026, 12, 31), Level.WARN),
        (date(2027, 1, 1), Level.FAIL),
        (date(2025, 12, 31), Level.PASS),
    ],
)
def test_next_years_calendar_is_wanted_from_november_and_this_years_always(today: date, level: Level) -> None:
    assert checks.calendar_coverage(published_calendar(), today).level is level


@pytest.mark.parametrize(
    ("apart", "level"),
    [(0, Level.PASS), (2, Level.PASS), (3, Level.WARN), (60, Level.WARN), (61, Level.FAIL), (-61, Level.FAIL)],
)
def test_clocks_that_disagree_are_noticed_either_way(apart: int, level: Level) -> None:
    assert checks.clocks(NOW, NOW + timedelta(seconds=apart)).level is level


def test_a_folder_that_cannot_be_made_is_noticed(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder", "utf-8")
    assert checks.data_dir(blocked / "var").what == "not_writable"


@pytest.mark.parametrize(("free", "level"), [(10 * 1024**3, Level.PASS), (1024**3, Level.WARN), (1024**2, Level.FAIL)])
def test_a_full_disk_is_noticed_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=free))
    assert checks.disk_free(tmp_path / "not" / "yet").level is level


def test_a_password_in_the_address_is_not_shown() -> None:
    assert checks.where("postgresql://huiliu:secret@db:5432/huiliu") == "db:5432/huiliu"


def test_the_doctor_says_how_many_files_a_worker_inspects_at_a_time_and_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = checks.verification(Settings(inspection_lanes=2))
    assert (found.level, found.what, found.facts) == (Level.PASS, "ok", {"lanes": 2})
    assert checks.verification(Settings(inspection_lanes=0)).what == "off"
    monkeypatch.setattr(checks, "VISION", ("no_such_library",))
    found = checks.verification(Settings(inspection_lanes=1))
    assert (found.level, found.what) == (Level.FAIL, "missing")
    for lang in Lang:
        assert "no_such_library" in sentences(lang, found)[0]


def test_every_finding_speaks_both_languages(db_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=db_url, data_dir=tmp_path)
    for finding in [*checks.machine_findings(settings), *database_findings(settings)]:
        for lang in Lang:
            what, fix = sentences(lang, finding)
            assert what
            assert bool(fix) == (finding.level is not Level.PASS)


def test_the_command_fails_exactly_when_something_must_be_mended(
    db_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUILIU_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HUILIU_DATABASE_URL", db_url)
    monkeypatch.setattr("huiliu.cli.checks.ASSETS", ())
    monkeypatch.setattr("huiliu.cli.checks_database.has_sealed_values", lambda _url: False)
    well = CliRunner().invoke(main, ["doctor", "--json"])
    assert {line["level"] for line in json.loads(well.output)} <= {"pass", "warn"}
    assert well.exit_code == 0
    monkeypatch.setattr("huiliu.cli.checks.ASSETS", ("no-such-file.css",))
    ill = CliRunner().invoke(main, ["doctor", "--lang", "zh"])
    assert ill.exit_code == 1
    assert "no-such-file.css" in ill.output
    assert "需修复" in ill.output
