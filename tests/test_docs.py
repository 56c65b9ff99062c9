"""What the documents name exists: a renamed constraint, module or state is renamed there too."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "huiliu"
NOT_YET = {"conversations/", "tests/web/", "web/desk/"}
"""Places that recipes tell to make."""


@pytest.mark.parametrize(
    "name",
    ["ARCHITECTURE.md", "CONTRIBUTING.md", *sorted(f"decisions/{p.name}" for p in (ROOT / "docs/decisions").iterdir())],
)
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    path = ROOT / name if (ROOT / name).exists() else ROOT / "docs" / name
    # A name with <a part to fill in>, or NNNN, is one that its reader will make.
    named = {each for each in _quoted(path) if re.fullmatch(r"[\w.*-]+/[\w./*-]*|[\w-]+\.(py|toml|json|md)", each)}
    named = {each for each in named if "NNNN" not in each}
    assert [each for each in sorted(named - NOT_YET) if not _is_there(each)] == []


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "docs/decisions").iterdir()))
def test_every_name_that_enforces_a_decision_is_in_the_code(name: str) -> None:
    _, _, enforced = (ROOT / "docs/decisions" / name).read_text("utf-8").partition("Enforced by:")
    names = {
        each for each in re.findall(r"`([a-z_.]+)`", enforced) if "_" in each and not each.endswith((".py", ".md"))
    }
    assert [each for each in sorted(names) if not _is_in_code(each)] == []


def test_every_code_name_of_the_glossary_is_in_the_code() -> None:
    missing: list[str] = []
    for line in (ROOT / "docs/glossary.md").read_text("utf-8").splitlines():
        cells = line.split("|")
        for each in re.findall(r"`([\w./]+)`", cells[-2] if len(cells) == 5 else ""):
            if each.endswith("/"):
                missing += [] if (SOURCE / each).is_dir() else [each]
            elif not _is_in_code(each):
                missing.append(each)
    assert missing == []


def test_the_glossary_has_one_line_an_idea() -> None:
    rows = [
        line.split("|")[1].strip()
        for line in (ROOT / "docs/glossary.md").read_text("utf-8").splitlines()
        if line.startswith("| ")
    ]
    assert len(rows) > 60
    assert len(rows) == len(set(rows))


def _quoted(path: Path) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", path.read_text("utf-8")))


def _is_there(name: str) -> bool:
    places = (ROOT, SOURCE, SOURCE / "web", SOURCE / "kit", ROOT / "docs")
    if any((place / name).exists() or list(place.glob(name)) for place in places):
        return True
    # A bare file name stands for the file of that name in every feature.
    return "/" not in name and any(SOURCE.rglob(name))


def _is_in_code(name: str) -> bool:
    return re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", _code()) is not None


@cache
def _code() -> str:
    files = [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.sql"), *(ROOT / "tools").glob("*.py")]
    return "\n".join(path.read_text("utf-8") for path in files)
