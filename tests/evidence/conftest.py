"""A buyer's claim to put evidence on, and the people who do it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from huiliu.adapters.files import LocalFiles
from huiliu.kit.db import Actor, ActorKind, Pool, Tx, transaction
from huiliu.kit.ids import new_claim_no, new_id
from huiliu.kit.keyring import Keyring
from tests.conftest import NOW
from tests.make.orders import order


@pytest.fixture
def files(tmp_path: Path, keyring: Keyring) -> LocalFiles:
    """A files store of this test."""
    return LocalFiles(tmp_path / "files", keyring)


@dataclass(frozen=True)
class Cast:
    """Whoever touches evidence on 卡门."""

    buyer: Actor
    reviewer: Actor
    machine: Actor


@pytest.fixture
def cast(platform_id: int) -> Cast:
    """林小满, 何审 and 卡门's own system."""
    return Cast(
        Actor(ActorKind.BUYER, platform_id, "buyer-xiaoman", "林小满"),
        Actor(ActorKind.STAFF, platform_id, "staff-he", "何审"),
        Actor(ActorKind.MACHINE, platform_id, "key-1", "卡门接口"),
    )


async def make_claim(tx: Tx) -> UUID:
    """A draft claim of 林小满 on a fresh order."""
    made = await order(tx, delivery_state="processing")
    claim_id = new_id()
    await tx.run(
        """
        INSERT INTO claims (platform_id, id, claim_no, order_id, line_no, contact_hash, channel, reason, state, currency,
                            requested_minor, created_at, updated_at)
        VALUES (%(platform_id)s, %(id)s, %(no)s, %(order_id)s, 1, %(contact)s, 'portal', 'not_arrived', 'draft', 'CNY',
                10000, %(now)s, %(now)s)
        """,
        platform_id=tx.platform_id,
        id=claim_id,
        no=new_claim_no(tx.now),
        order_id=made.order_id,
        contact=made.contact_hash,
        now=tx.now,
    )
    return claim_id


async def submit_round(tx: Tx, claim_id: UUID, *, round: int) -> None:
    """What the claims feature writes when the buyer applies."""
    await tx.run(
        "INSERT INTO claim_rounds (platform_id, claim_id, round, statement, verdict, submitted_at)"
        " VALUES (%(platform_id)s, %(claim_id)s, %(round)s, '', '{}', %(now)s)",
        platform_id=tx.platform_id,
        claim_id=claim_id,
        round=round,
        now=tx.now,
    )


async def ask_for_material(tx: Tx, claim_id: UUID, *, of: str = "buyer") -> None:
    """What the claims feature writes when a reviewer asks for more."""
    await tx.run(
        "INSERT INTO claim_requests (platform_id, id, claim_id, of, slots, words, by_name, asked_at, due_at)"
        " VALUES (%(platform_id)s, %(id)s, %(claim_id)s, %(of)s, ARRAY['paid_shot'], '', '何审', %(now)s, %(now)s)",
        platform_id=tx.platform_id,
        id=new_id(),
        claim_id=claim_id,
        of=of,
        now=tx.now,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def claim_id(tx: Tx) -> UUID:
    """A draft claim inside the test's transaction."""
    return await make_claim(tx)


@pytest.fixture
def as_buyer(tx: Tx, cast: Cast) -> Tx:
    """The test's transaction in 林小满's hands."""
    return replace(tx, actor=cast.buyer)


@pytest.fixture
def as_reviewer(tx: Tx, cast: Cast) -> Tx:
    """The test's transaction in 何审's hands."""
    return replace(tx, actor=cast.reviewer)


@pytest_asyncio.fixture(loop_scope="session")
async def committed_claim(pool: Pool, system: Actor) -> AsyncIterator[UUID]:
    """A claim that other transactions can see, for the races."""
    async with transaction(pool, system, clock=lambda: NOW) as tx:
        made = await make_claim(tx)
    yield made


def buyers_transaction(pool: Pool, cast: Cast) -> AbstractAsyncContextManager[Tx]:
    """A transaction of its own in 林小满's hands."""
    return transaction(pool, cast.buyer, clock=lambda: NOW)
