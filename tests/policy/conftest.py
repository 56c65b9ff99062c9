"""A fresh platform for what has to be committed."""

from __future__ import annotations

import pytest_asyncio

from huiliu.kit.db import Pool
from tests.policy.workshop import Shop, new_shop


@pytest_asyncio.fixture(loop_scope="session")
async def shop(pool: Pool) -> Shop:
    """A platform with its cast and no policy yet."""
    return await new_shop(pool)
