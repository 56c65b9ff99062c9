"""The bootstrap does what is needed, does nothing twice, and is confused by nobody's shell."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from tools import bootstrap

ROOT = Path(bootstrap.__file__).resolve().parent.parent


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse((ROOT / "tools/bootstrap.py").read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_the_tools_never_change_a_version_that_runs_in_production() -> None:
    run, dev = (_versions(ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))
    assert {name: (version, dev.get(name)) for name, version in run.items() if dev.get(name) != version} == {}
    assert len(run) > 30


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_hashes(name: str) -> None:
    entries = re.split(r"^(?=[\w.-]+==)", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    locked = _versions(ROOT / "requirements-dev.lock")
    declared = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.split(r"[\[<>=;! ]", each, maxsplit=1)[0].lower() for each in declared}
    assert names - set(locked) == set()


def test_every_npm_package_is_pinned_and_hashed() -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    for kind in ("dependencies", "devDependencies"):
        assert lock["packages"][""][kind] == package[kind]
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package[kind].values())
    assert all("integrity" in package for path, package in lock["packages"].items() if path)


def test_a_stamp_of_the_development_lock_counts_for_running_but_not_the_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    (tmp_path / ".huiliu-dev").write_text(bootstrap._stamp("dev"), "utf-8")
    assert bootstrap._is_stamped("run")
    (tmp_path / ".huiliu-dev").unlink()
    (tmp_path / ".huiliu-run").write_text(bootstrap._stamp("run"), "utf-8")
    assert bootstrap._is_stamped("run")
    assert not bootstrap._is_stamped("dev")


def test_files_fetched_for_development_serve_a_run_but_not_the_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "VENDOR", tmp_path)
    for name in bootstrap.ASSETS:
        (tmp_path / name).touch()
    stamp = tmp_path / ".huiliu-assets"
    stamp.write_text(bootstrap._assets_stamp("dev"), "utf-8")
    monkeypatch.setattr(bootstrap, "FONTS", tmp_path)
    assert bootstrap._assets_are_current("dev")
    assert bootstrap._assets_are_current("run")
    monkeypatch.setattr(bootstrap, "FONTS", tmp_path / "removed")
    assert not bootstrap._assets_are_current("dev")
    stamp.write_text(bootstrap._assets_stamp("run"), "utf-8")
    assert bootstrap._assets_are_current("run")
    assert not bootstrap._assets_are_current("dev")


def test_a_changed_lock_is_installed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    (tmp_path / ".huiliu-run").write_text("made from another lock", "utf-8")
    assert not bootstrap._is_stamped("run")


def test_a_failing_command_shows_its_whole_output(capfd: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", "print('no such package'); raise SystemExit(1)"]
    with pytest.raises(bootstrap.Stop, match="no such package"):
        bootstrap._run(command, environ={}, label="packages")


def test_an_unknown_part_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["everything"]) == 2


def _versions(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text("utf-8"), re.MULTILINE))
