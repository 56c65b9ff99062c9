"""One atlas for all tests of this folder."""

from __future__ import annotations

import pytest

from huiliu.evidence.forgery.atlas import Atlas, AtlasBuilder
from tests.evidence.forgery.screens import Screen, screen


def built(screens: list[Screen]) -> Atlas:
    """An atlas of these screens as PNGs."""
    builder = AtlasBuilder()
    for each in screens:
        assert builder.add(each.picture(), each.lines, each.fields)
    return builder.build()


@pytest.fixture(scope="session")
def atlas() -> Atlas:
    return built([screen(seed) for seed in range(16)] + [screen(seed, is_dark=True) for seed in range(100, 108)])
