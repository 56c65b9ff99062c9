"""A worker's room to inspect evidence in: real database, real files, real processes; only what reads is scripted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from huiliu.adapters.files import LocalFiles
from huiliu.evidence.actions import add_file
from huiliu.evidence.files import keep_picture
from huiliu.evidence.verification.lane import Lane
from huiliu.evidence.verification.model import FileInspection
from huiliu.evidence.verification.near_book import NearBook
from huiliu.evidence.verification.payments import Answer, NotOurs
from huiliu.evidence.verification.reads import inspection_of
from huiliu.kit.db import Actor, ActorKind, Pool, Tx, transaction
from huiliu.kit.ids import new_claim_no, new_id
from huiliu.kit.keyring import Keyring
from huiliu.worker import inspections
from huiliu.worker.inspections import Room
from tests.conftest import NOW
from tests.make.fake_bench import PROGRAM
from tests.make.orders import OrderIds, order

TRADE_NO = "2026112322001412345678901234"


@dataclass
class Clock:
    """A clock that a test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def advance(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@dataclass
class Books:
    """A rail's word on payments; what is not in here is not ours."""

    payments: dict[str, Answer] = field(default_factory=dict[str, Answer])
    asked: list[str] = field(default_factory=list[str])

    async def payment(self, trade_no: str) -> Answer:
        """What the rail says."""
        self.asked.append(trade_no)
        return self.payments.get(trade_no, NotOurs())


@dataclass(frozen=True)
class House:
    """What a test of inspections works with."""

    pool: Pool
    platform_id: int
    keyring: Keyring
    files: LocalFiles
    room: Room
    clock: Clock
    books: Books

    def system(self) -> Actor:
        """The program itself."""
        return Actor(ActorKind.SYSTEM, self.platform_id, "system", "系统")

    def buyer(self) -> Actor:
        """林小满."""
        return Actor(ActorKind.BUYER, self.platform_id, "buyer-xiaoman", "林小满")

    async def bought(self, **over: object) -> OrderIds:
        """A paid order through a rail that can be asked."""
        given: dict[str, object] = {"rail": "alipay", "rail_trade_no": TRADE_NO, "keyring": self.keyring} | over
        async with transaction(self.pool, self.system(), clock=self.clock) as tx:
            return await order(tx, **given)  # pyright: ignore[reportArgumentType] - the maker's own keywords

    async def claim(self, made: OrderIds | None = None, *, reason: str = "not_arrived") -> UUID:
        """A draft claim on an order."""
        made = made or await self.bought()
        async with transaction(self.pool, self.system(), clock=self.clock) as tx:
            return await draft(tx, made, reason=reason)

    async def hand_in(self, claim_id: UUID, data: bytes, *, slot: str = "paid_shot") -> UUID:
        """A picture of the buyer's, through the gate, into a slot."""
        kept = await keep_picture(self.files, self.platform_id, data)
        async with transaction(self.pool, self.buyer(), clock=self.clock) as tx:
            return await add_file(tx, claim_id, slot=slot, round=1, kept=kept)

    async def inspect(self, file_id: UUID, *, rounds: int = 1) -> FileInspection:
        """Let the worker work, then look as staff do."""
        for _ in range(rounds):
            await inspections.run_once(self.room)
        return await self.found(file_id)

    async def found(self, file_id: UUID, *, is_for_staff: bool = True) -> FileInspection:
        """A file's inspection as it is now."""
        async with transaction(self.pool, self.system(), clock=self.clock) as tx:
            got = await inspection_of(tx, [file_id], keyring=self.keyring, is_for_staff=is_for_staff)
        return got[file_id]

    async def journal(self, claim_id: UUID) -> list[str]:
        """The kinds of a claim's journal, oldest first."""
        async with transaction(self.pool, self.system(), clock=self.clock) as tx:
            cursor = await tx.connection.execute("SELECT kind FROM journal WHERE stream = %s ORDER BY seq", (claim_id,))
            return [row["kind"] for row in await cursor.fetchall()]

    async def value(self, sql: str, **params: object) -> object:
        """One value of the database."""
        async with transaction(self.pool, self.system(), clock=self.clock) as tx:
            return await tx.value(sql, **params)  # pyright: ignore[reportArgumentType] - a test's own statement

    def with_lanes(self, lanes: Sequence[inspections.Asked]) -> House:
        """The same with other processes."""
        return replace(self, room=replace(self.room, lanes=lanes))


async def draft(tx: Tx, made: OrderIds, *, reason: str = "not_arrived") -> UUID:
    """A draft claim on an order, as the claims feature writes it."""
    claim_id = new_id()
    await tx.run(
        """
        INSERT INTO claims (platform_id, id, claim_no, order_id, line_no, contact_hash, channel, reason, state, currency,
                            requested_minor, created_at, updated_at)
        VALUES (%(platform_id)s, %(id)s, %(no)s, %(order_id)s, 1, %(contact)s, 'portal', %(reason)s, 'draft', 'CNY',
                10000, %(now)s, %(now)s)
        """,
        platform_id=tx.platform_id,
        id=claim_id,
        no=new_claim_no(tx.now),
        order_id=made.order_id,
        contact=made.contact_hash,
        reason=reason,
        now=tx.now,
    )
    return claim_id


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lane() -> AsyncIterator[Lane]:
    """One inspecting process for a module's tests."""
    made = Lane(PROGRAM)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def files_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As lasting as the module's database, whose rows point there."""
    return tmp_path_factory.mktemp("evidence")


@pytest.fixture
def house(pool: Pool, platform_id: int, keyring: Keyring, files_root: Path, lane: Lane) -> House:
    """卡门 with a worker that has one lane and a rail that can be asked."""
    files, clock, books = LocalFiles(files_root, keyring), Clock(), Books()
    room = Room(
        pool=pool,
        files=files,
        keyring=keyring,
        lanes=[lane],
        near=NearBook(pool),
        queries={"alipay": books},
        atlas_root=files_root,
        clock=clock,
    )
    return House(pool, platform_id, keyring, files, room, clock, books)
