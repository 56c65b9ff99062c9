"""Two-phase money: what is set aside is paid or released, once, and the books always balance."""

from __future__ import annotations

from uuid import UUID

import pytest
from psycopg import Error
from psycopg.errors import CheckViolation

from huiliu.kit.db import Actor, Pool, Tx, transaction
from huiliu.kit.ids import new_id
from huiliu.kit.money import Money
from huiliu.ledger.actions import bounce, release, reserve, settle
from huiliu.ledger.model import AlreadyResolved
from huiliu.ledger.reads import order_balance, statement, trial_balance
from huiliu.orders.money import OverRefund, reserve_on_order, settle_on_order
from tests.make.orders import Line, order

HUNDRED = Money(100_00)


async def set_aside(tx: Tx, minor: int) -> tuple[UUID, UUID]:
    made = await order(tx)
    return made.order_id, await reserve(
        tx, order_id=made.order_id, rail="sandbox", paid=HUNDRED, amount=Money(minor), claim_id=new_id()
    )


async def balance(tx: Tx, order_id: UUID) -> tuple[int, int]:
    found = await order_balance(tx, order_id)
    assert found is not None
    return found.posted_minor, found.pending_minor


async def test_reserving_shows_as_pending_and_settling_as_gone(tx: Tx) -> None:
    order_id, transfer = await set_aside(tx, 60_00)
    assert await balance(tx, order_id) == (100_00, 60_00)
    await settle(tx, transfer)
    assert await balance(tx, order_id) == (40_00, 0)
    assert await trial_balance(tx) == {"CNY": 0}


async def test_releasing_gives_everything_back(tx: Tx) -> None:
    order_id, transfer = await set_aside(tx, 60_00)
    await release(tx, transfer)
    assert await balance(tx, order_id) == (100_00, 0)


async def test_a_bounce_mirrors_what_was_paid(tx: Tx) -> None:
    order_id, transfer = await set_aside(tx, 60_00)
    await settle(tx, transfer)
    await bounce(tx, transfer)
    assert await balance(tx, order_id) == (100_00, 0)
    assert [row.amount_minor for row in await statement(tx, order_id)] == [100_00, -60_00, -60_00, 60_00]
    assert await trial_balance(tx) == {"CNY": 0}


@pytest.mark.parametrize(
    ("first", "second"), [(settle, settle), (settle, release), (release, settle), (release, release)]
)
async def test_a_reservation_is_resolved_once(pool: Pool, system: Actor, first: object, second: object) -> None:
    assert callable(first)
    assert callable(second)
    async with transaction(pool, system) as tx:
        _, transfer = await set_aside(tx, 10_00)
        await first(tx, transfer)
    with pytest.raises(AlreadyResolved):
        async with transaction(pool, system) as tx:
            await second(tx, transfer)


async def test_the_database_refuses_a_settlement_that_says_another_amount(pool: Pool, system: Actor) -> None:
    async with transaction(pool, system) as tx:
        _, transfer = await set_aside(tx, 10_00)
    with pytest.raises(Exception, match=r"mirror"):
        async with transaction(pool, system) as tx:
            await tx.run(
                "INSERT INTO ledger_transfers SELECT platform_id, %(id)s, 'post', id, purpose, debit_id, credit_id,"
                " amount_minor + 1, currency, claim_id, at FROM ledger_transfers WHERE id = %(transfer)s",
                id=new_id(),
                transfer=transfer,
            )


async def test_a_transfer_without_two_sides_cannot_be_written(pool: Pool, system: Actor) -> None:
    async with transaction(pool, system) as tx:
        order_id, _ = await set_aside(tx, 10_00)
    with pytest.raises(CheckViolation):
        async with transaction(pool, system) as tx:
            await tx.run(
                "INSERT INTO ledger_transfers (platform_id, id, phase, purpose, debit_id, credit_id, amount_minor, currency, at)"
                " VALUES (%(platform)s, %(id)s, 'single', 'correction', %(order)s, %(order)s, 1, 'CNY', now())",
                platform=tx.platform_id,
                id=new_id(),
                order=order_id,
            )


@pytest.mark.parametrize("statement", ["UPDATE ledger_transfers SET amount_minor = 1", "DELETE FROM ledger_transfers"])
async def test_the_books_cannot_be_rewritten(pool: Pool, system: Actor, statement: str) -> None:
    with pytest.raises(Error, match="permission denied"):
        async with transaction(pool, system) as tx:
            await tx.connection.execute(statement.encode())


async def test_two_refunds_of_sixty_do_not_fit_into_a_hundred(tx: Tx) -> None:
    made = await order(tx)
    await reserve_on_order(tx, order_id=made.order_id, line_no=1, amount_minor=60_00)
    with pytest.raises(CheckViolation, match="not_over_refunded"):
        async with tx.connection.transaction():
            await reserve_on_order(tx, order_id=made.order_id, line_no=1, amount_minor=60_00)
    await settle_on_order(tx, order_id=made.order_id, line_no=1, amount_minor=60_00)
    await reserve_on_order(tx, order_id=made.order_id, line_no=1, amount_minor=40_00)


async def test_one_line_cannot_take_what_another_line_paid(pool: Pool, system: Actor) -> None:
    async with transaction(pool, system) as tx:
        made = await order(tx, lines=(Line(paid_minor=30_00), Line(paid_minor=70_00)), paid_minor=100_00)
    with pytest.raises(OverRefund):
        async with transaction(pool, system) as tx:
            await reserve_on_order(tx, order_id=made.order_id, line_no=1, amount_minor=30_01)
