"""A platform with its staff and its policy, committed once, so that races can be run on real connections."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from huiliu.kit.db import Actor, ActorKind, Pool, Tx, transaction
from huiliu.people.actor import actor_of
from huiliu.people.model import Buyer, Staff, Viewer
from tests.conftest import NOW
from tests.make.cast import hire_cast, publish_demo_policy, staff, xiaoman, zhoumo


@dataclass(frozen=True, slots=True)
class World:
    """Opens transactions as anybody of the cast, at any time."""

    pool: Pool
    platform_id: int

    def as_(self, viewer: Viewer, *, at: datetime = NOW) -> AbstractAsyncContextManager[Tx]:
        """A transaction of somebody's, at `at`."""
        return transaction(self.pool, actor_of(viewer), clock=lambda: at)

    def system(self, *, at: datetime = NOW) -> AbstractAsyncContextManager[Tx]:
        """A transaction of the program itself."""
        return transaction(self.pool, Actor(ActorKind.SYSTEM, self.platform_id, "system", "系统"), clock=lambda: at)

    @property
    def buyer(self) -> Buyer:
        """林小满."""
        return xiaoman(self.platform_id)

    @property
    def stranger(self) -> Buyer:
        """周末."""
        return zhoumo(self.platform_id)

    def staff(self, login: str) -> Staff:
        """One of the cast."""
        return staff(self.platform_id, login)


def later(**span: float) -> datetime:
    """NOW plus a span."""
    return NOW + timedelta(**span)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def furnished(pool: Pool, platform_id: int) -> None:
    async with transaction(pool, Actor(ActorKind.SYSTEM, platform_id, "system", "系统"), clock=lambda: NOW) as tx:
        await hire_cast(tx)
        await publish_demo_policy(tx)


@pytest.fixture
def world(pool: Pool, platform_id: int, furnished: None) -> World:
    """卡门 with its cast and its policy."""
    return World(pool, platform_id)
