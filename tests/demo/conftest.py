"""One furnished demonstration for the tests of a module."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio

from huiliu.adapters.files import LocalFiles
from huiliu.demo.load import load_demo
from huiliu.kit.db import Pool
from huiliu.kit.keyring import Keyring


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this demonstration's files are."""
    return tmp_path_factory.mktemp("demo")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def loaded(pool: Pool, keyring: Keyring, folder: Path) -> Pool:
    """A pool on the furnished database."""
    await load_demo(pool, keyring, LocalFiles(folder, keyring))
    return pool
