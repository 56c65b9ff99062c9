"""The models, loaded once for all tests."""

from __future__ import annotations

import pytest

from huiliu.evidence.reading.layout import Layouts, load_layouts
from huiliu.evidence.reading.reader import Reader


@pytest.fixture(scope="session")
def reader() -> Reader:
    """The reader with the built-in layouts."""
    return Reader.load(threads=2)


@pytest.fixture(scope="session")
def layouts() -> Layouts:
    """The built-in layouts."""
    return load_layouts()
