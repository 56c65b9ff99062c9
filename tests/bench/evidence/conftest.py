"""A few screens in every container, and one forgery of each kind, made once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from huiliu.bench.evidence.dataset import Plan, make, read_manifest
from huiliu.bench.evidence.stage import BROWSERS
from huiliu.bench.evidence.truth import Kept, Truth
from tests.browser.conftest import WAIVED

PLAN = Plan(seed="extra", count=2, containers=(Kept.PNG, Kept.HALF, Kept.CROP, Kept.UPSIDE_DOWN, Kept.PHOTO), forged=1)


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made in a process of its own, as the command does: playwright's loop and pytest's would meet otherwise."""
    if os.environ.get(WAIVED) == "1" and not any(shutil.which(name) for name in BROWSERS):
        pytest.skip("no Chromium on the PATH")
    folder = tmp_path_factory.mktemp("pictures")
    make(PLAN, folder, jobs=1)
    return folder


@pytest.fixture(scope="session")
def truths(made_folder: Path) -> list[Truth]:
    """The manifest of the made pictures."""
    return read_manifest(made_folder)
