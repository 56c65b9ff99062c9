"""The one way to touch the database: a visible transaction that carries its clock and its actor."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import LiteralString, TypeAlias, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from psycopg import AsyncConnection, AsyncCursor, AsyncRawCursor, IntegrityError
from psycopg.rows import AsyncRowFactory, DictRow, dict_row, kwargs_row
from psycopg_pool import AsyncConnectionPool

from huiliu.kit.batch import Batch
from huiliu.kit.errors import refusal_for_constraint

COLUMN_TYPES = (bytes, date, datetime, UUID)
"""What the driver already hands over as it should be."""

LOCK_TIMEOUT_MS = 3_000
STATEMENT_TIMEOUT_MS = 15_000
APP_ROLE = "huiliu_app"
"""Owns nothing: row-level security applies to it, and it may not change or delete journal and ledger rows."""

Connection: TypeAlias = AsyncConnection[DictRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]
Row = TypeVar("Row")


class ActorKind(StrEnum):
    """Who acts; also who a line of the timeline is attributed to."""

    BUYER = "buyer"
    STAFF = "staff"
    MACHINE = "machine"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone acting on one platform. `id` is a staff, buyer or API-key id; `name` is what the timeline shows."""

    kind: ActorKind
    platform_id: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Tx:
    """One open transaction: the connection, one reading of the clock, and the actor. Every action's first argument."""

    connection: Connection
    now: datetime
    actor: Actor
    batch: Batch | None = None

    @property
    def platform_id(self) -> int:
        """The tenant every statement of this transaction is confined to."""
        return self.actor.platform_id

    async def one(self, kind: type[Row], sql: LiteralString, /, **params: object) -> Row | None:
        """The first row as a `kind` (columns are its keyword arguments), or None."""
        async with self.connection.cursor(row_factory=rows_as(kind)) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchone()

    async def all(self, kind: type[Row], sql: LiteralString, /, **params: object) -> list[Row]:
        """Every row as a `kind`; the statement carries the LIMIT."""
        async with self.connection.cursor(row_factory=rows_as(kind)) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchall()

    async def value(self, sql: LiteralString, /, **params: object) -> object:
        """The first column of the first row, or None."""
        cursor = await self.connection.execute(sql, params)
        row = await cursor.fetchone()
        return None if row is None else next(iter(row.values()))

    async def run(self, sql: LiteralString, /, **params: object) -> int:
        """Execute and return how many rows changed."""
        assert self.batch is None, "a batched transaction writes once, at its end, and cannot know yet"
        cursor = await self.connection.execute(sql, params)
        return cursor.rowcount

    async def queue(self, sql: LiteralString, /, **params: object) -> None:
        """Write without asking how many rows changed; in a batched transaction it joins the one statement at the end."""
        if self.batch is None:
            await self.connection.execute(sql, params)
        else:
            self.batch.add(sql, params)


def rows_as(kind: type[Row]) -> AsyncRowFactory[Row]:
    """Rows as `kind`: a msgspec.Struct gets its enumerations and tuples made and its types checked, a dataclass not."""
    if not issubclass(kind, msgspec.Struct):
        return kwargs_row(kind)

    def factory(cursor: AsyncCursor[object]) -> Callable[[Sequence[object]], Row]:
        result = cursor.pgresult
        assert result is not None
        # Not cursor.description, which makes an object a column at every execution.
        names = [(result.fname(number) or b"").decode() for number in range(result.nfields)]

        def make(values: Sequence[object]) -> Row:
            return msgspec.convert(dict(zip(names, values, strict=True)), kind, builtin_types=COLUMN_TYPES)

        return make

    return factory


def utc_now() -> datetime:
    """The clock of a running program; tests hand another one to `transaction`."""
    return datetime.now(UTC)


@asynccontextmanager
async def transaction(
    pool: Pool, actor: Actor, *, batched: bool = False, clock: Callable[[], datetime] = utc_now
) -> AsyncGenerator[Tx]:
    """One transaction, confined to the actor's platform; commits on leaving, rolls back on any exception.

    A violated constraint that has a Refusal leaves as that Refusal. `batched` is for the hot paths: reads happen when they
    are called, and everything queued is written as one statement on leaving, which is a transaction by itself; nothing
    but constraints and conditions inside that statement guards what was read.
    """
    try:
        async with _connection(pool, str(actor.platform_id)) as connection:
            if batched:
                batch = Batch()
                yield Tx(connection, clock(), actor, batch)
                await _send(connection, batch)
            else:
                async with connection.transaction():
                    yield Tx(connection, clock(), actor)
    except IntegrityError as error:
        refusal = refusal_for_constraint(error.diag.constraint_name)
        if refusal is None:
            raise
        raise refusal from error


async def _send(connection: Connection, batch: Batch) -> None:
    composed = batch.compose()
    if composed is not None:
        sql, params = composed
        await AsyncRawCursor(connection).execute(sql, params, prepare=True)


@asynccontextmanager
async def across_platforms(pool: Pool) -> AsyncGenerator[Connection]:
    """A transaction that sees every platform: for the worker to find what is due, and for the operator's commands."""
    async with _connection(pool, "*") as connection, connection.transaction():
        yield connection


def create_pool(url: str, *, size_max: int) -> Pool:
    """A closed pool whose connections run as the confined role; `async with pool:` opens it."""
    return AsyncConnectionPool(
        url,
        connection_class=AsyncConnection[DictRow],
        # Transactions are always opened by name, so a connection by itself need not be in one.
        kwargs={"row_factory": dict_row, "autocommit": True},
        min_size=1,
        max_size=size_max,
        open=False,
        configure=_configure,
    )


async def _configure(connection: Connection) -> None:
    await connection.execute(f"SET ROLE {APP_ROLE}")
    await connection.execute("SELECT set_config('lock_timeout', %s, false)", (str(LOCK_TIMEOUT_MS),))
    await connection.execute("SELECT set_config('statement_timeout', %s, false)", (str(STATEMENT_TIMEOUT_MS),))
    await connection.execute("SET timezone = 'UTC'")


_confined: WeakKeyDictionary[Connection, str] = WeakKeyDictionary()
"""Which platform each pooled connection was last confined to: most are used for the same one again."""


@asynccontextmanager
async def _connection(pool: Pool, platform: str) -> AsyncGenerator[Connection]:
    """A connection that sees one platform's rows. The confinement is committed by itself, so no rollback undoes it."""
    async with pool.connection() as connection:
        if _confined.get(connection) != platform:
            _confined.pop(connection, None)
            await connection.execute("SELECT set_config('huiliu.platform', %s, false)", (platform,))
            _confined[connection] = platform
        yield connection
