"""Importing orders: every row answers for itself, and repeating changes nothing."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec import structs

from huiliu.journal.model import platform_stream
from huiliu.kit.db import Actor, Pool, Tx, transaction
from huiliu.kit.errors import NotFound
from huiliu.kit.keyring import Keyring
from huiliu.kit.text import Lang
from huiliu.orders.actions import add_usage, import_orders
from huiliu.orders.model import (
    CONTACT_CONTEXT,
    IMPORT_BATCH_MAX,
    BatchTooLarge,
    DeliveryState,
    ImportResult,
    OrderDraft,
    OrderLineDraft,
    OrderState,
    ProductKind,
    Rail,
    UsageDraft,
    UsageRefused,
    UsageState,
)
from huiliu.orders.money import reserve_on_order
from huiliu.orders.rejects import problem_words
from huiliu.people.contacts import contact_hash
from tests.conftest import NOW


def draft(order_no: str = "KM1", **over: object) -> OrderDraft:
    """A paid, delivered order of 100.00 yuan."""
    made = OrderDraft(
        row=2,
        order_no=order_no,
        rail=Rail.WECHATPAY,
        rail_trade_no="4200001",
        paid_minor=100_00,
        ordered_at=NOW - timedelta(hours=1),
        delivery_state=DeliveryState.DELIVERED,
        contact="+86 138 1234 5678",
        account="13812345678",
        description="代充XX服务 账号 138****5678",
        lines=(OrderLineDraft(title="英雄点券 1000", kind=ProductKind.TOPUP, paid_minor=100_00),),
    )
    return structs.replace(made, **over)


def reasons(result: ImportResult) -> list[tuple[int, str, str]]:
    """(row, column, reason_code) of everything refused; each can be said in both languages."""
    assert all(problem_words(lang, problem) for problem in result.rejected for lang in Lang)
    return [(problem.row, problem.column, problem.reason_code) for problem in result.rejected]


async def entries(tx: Tx) -> int:
    found = await tx.value(
        "SELECT count(*) FROM journal WHERE stream = %(stream)s AND kind = 'orders.imported'",
        stream=platform_stream(tx.platform_id),
    )
    assert isinstance(found, int)
    return found


async def test_an_imported_order_keeps_its_facts_and_hides_its_secrets(tx: Tx, keyring: Keyring) -> None:
    result = await import_orders(tx, keyring, [draft()])
    assert [(one.order_no, one.rail, one.currency, one.paid_minor) for one in result.created] == [
        ("KM1", "wechatpay", "CNY", 100_00)
    ]
    cursor = await tx.connection.execute("SELECT * FROM orders WHERE order_no = 'KM1'")
    row = await cursor.fetchone()
    assert row is not None
    assert row["contact_hash"] == contact_hash(keyring, tx.platform_id, "13812345678")
    assert keyring.open(row["contact_sealed"], context=CONTACT_CONTEXT) == "+86 138 1234 5678"
    assert (row["contact_masked"], row["account_masked"]) == ("138****5678", "138****5678")
    assert (row["account_described"], row["account_differs"]) == ("138****5678", False)
    assert not any("13812345678" in value for value in row.values() if isinstance(value, str))


async def test_a_repeated_import_changes_nothing_at_all(tx: Tx, keyring: Keyring) -> None:
    usage = UsageDraft(state=UsageState.UNUSED, source="日志")
    line = OrderLineDraft(title="点卡", kind=ProductKind.CARD, paid_minor=100_00, usage=usage)
    await import_orders(tx, keyring, [draft(lines=(line,))])
    before = await _everything(tx)
    again = await import_orders(tx, keyring, [draft(lines=(line,), row=77)])
    assert (again.created, again.updated, again.unchanged, again.rejected) == ((), (), 1, ())
    assert await _everything(tx) == before


async def test_a_changed_order_is_updated_and_what_it_does_not_say_is_kept(tx: Tx, keyring: Keyring) -> None:
    before = await entries(tx)
    await import_orders(tx, keyring, [draft(lookup_password="abc")])
    changed = draft(
        contact="", account="", description="", delivery_state=DeliveryState.FAILED, delivery_note="号码不存在"
    )
    result = await import_orders(tx, keyring, [changed])
    assert [one.order_no for one in result.updated] == ["KM1"]
    cursor = await tx.connection.execute("SELECT * FROM orders WHERE order_no = 'KM1'")
    row = await cursor.fetchone()
    assert row is not None
    assert (row["delivery_state"], row["delivery_note"], row["version"]) == ("failed", "号码不存在", 2)
    assert row["contact_masked"] == row["account_masked"] == "138****5678"
    assert row["lookup_hash"] is not None
    assert "号码不存在" in row["search_text"]
    assert "号码" in row["search_grams"]
    assert await entries(tx) == before + 2


async def test_one_bad_order_refuses_only_itself(tx: Tx, keyring: Keyring) -> None:
    line = draft().lines[0]
    result = await import_orders(
        tx,
        keyring,
        [
            draft("A1", row=2, paid_minor=0, lines=(structs.replace(line, paid_minor=0),)),
            draft("A2", row=3, paid_minor=-5, lines=(structs.replace(line, paid_minor=-5),)),
            draft("A3", row=4, paid_minor=10**12, lines=(structs.replace(line, paid_minor=10**12),)),
            draft("A4", row=5, currency="XBT"),
            draft("A5", row=6, fee_minor=100_01),
            draft("A6", row=7, lines=(structs.replace(line, paid_minor=99_99),)),
            draft("A7", row=8, ordered_at=NOW + timedelta(days=1)),
            draft("A8", row=9, paid_at=NOW - timedelta(days=1)),
            draft("A9", row=10, delivery_note="坏\x00字"),
            draft("1.23E+15", row=11),
            draft("A B", row=12),
            draft("A10", row=13, lines=(line, structs.replace(line, paid_minor=0))),
            draft("A11", row=14, state=OrderState.UNPAID),
            draft("A12", row=15, lines=()),
            draft("A13", row=16, ordered_at=NOW.replace(tzinfo=None)),
            draft("A14", row=17, delivery_note="\ud800"),
            draft("GOOD", row=18),
            draft("GOOD", row=19),
        ],
    )
    assert [one.order_no for one in result.created] == ["GOOD"]
    assert reasons(result) == [
        (2, "paid", "amount_not_positive"),
        (3, "paid", "amount_not_positive"),
        (3, "line_paid", "amount_negative"),
        (4, "paid", "amount_too_large"),
        (4, "line_paid", "amount_too_large"),
        (5, "currency", "currency_unknown"),
        (6, "fee", "fee_beyond_paid"),
        (7, "line_paid", "lines_do_not_add_up"),
        (8, "ordered_at", "time_in_future"),
        (9, "paid_at", "paid_before_ordered"),
        (10, "delivery_note", "control_character"),
        (11, "order_no", "scientific_number"),
        (12, "order_no", "number_characters"),
        (13, "line_no", "line_repeated"),
        (14, "paid", "unpaid_with_amount"),
        (15, "lines", "missing"),
        (16, "ordered_at", "time_without_zone"),
        (17, "delivery_note", "control_character"),
        (19, "order_no", "order_repeated"),
    ]


async def test_an_import_never_lowers_what_was_paid_below_what_was_refunded(tx: Tx, keyring: Keyring) -> None:
    created = (await import_orders(tx, keyring, [draft()])).created[0]
    await reserve_on_order(tx, order_id=created.order_id, line_no=1, amount_minor=60_00)
    cheaper = structs.replace(draft().lines[0], paid_minor=50_00)
    result = await import_orders(tx, keyring, [draft(paid_minor=50_00, lines=(cheaper,))])
    assert reasons(result) == [(2, "paid", "paid_below_refunded")]
    dearer = structs.replace(draft().lines[0], paid_minor=150_00)
    result = await import_orders(tx, keyring, [draft(paid_minor=150_00, lines=(dearer,))])
    assert reasons(result) == [(2, "paid", "order_locked")]
    assert await tx.value("SELECT paid_minor FROM orders WHERE order_no = 'KM1'") == 100_00


@pytest.mark.parametrize(
    ("column", "over"),
    [
        ("currency", {"currency": "USD"}),
        ("rail", {"rail": Rail.ALIPAY}),
        ("rail_trade_no", {"rail_trade_no": "4200002"}),
        ("ordered_at", {"ordered_at": NOW - timedelta(days=3)}),
        ("state", {"state": OrderState.CLOSED}),
    ],
)
async def test_a_live_claim_freezes_what_it_is_judged_by(
    tx: Tx, keyring: Keyring, column: str, over: dict[str, object]
) -> None:
    created = (await import_orders(tx, keyring, [draft()])).created[0]
    await _claim(tx, created.order_id, state="reviewing")
    assert reasons(await import_orders(tx, keyring, [structs.replace(draft(), **over)])) == [
        (2, column, "order_locked")
    ]
    late = draft(rail_order_no="OUT-1", delivery_state=DeliveryState.FAILED)
    assert len((await import_orders(tx, keyring, [late])).updated) == 1


async def test_a_draft_of_a_claim_freezes_nothing(tx: Tx, keyring: Keyring) -> None:
    created = (await import_orders(tx, keyring, [draft()])).created[0]
    await _claim(tx, created.order_id, state="draft")
    assert len((await import_orders(tx, keyring, [draft(rail=Rail.ALIPAY)])).updated) == 1


async def test_a_line_that_vanishes_is_refused(tx: Tx, keyring: Keyring) -> None:
    line = structs.replace(draft().lines[0], paid_minor=50_00)
    await import_orders(tx, keyring, [draft(lines=(line, structs.replace(line, line_no=2)))])
    assert reasons(await import_orders(tx, keyring, [draft()])) == [(2, "line_no", "line_vanished")]


async def test_facts_of_use_are_added_only_when_they_are_news(tx: Tx, keyring: Keyring) -> None:
    created = (await import_orders(tx, keyring, [draft()])).created[0]
    usage = UsageDraft(state=UsageState.PART_USED, units_total=30, units_used=10, unit="day", source="会员系统")
    assert await add_usage(tx, created.order_id, line_no=1, usage=usage) is True
    assert await add_usage(tx, created.order_id, line_no=1, usage=usage) is False
    later = structs.replace(usage, units_used=11)
    assert await add_usage(tx, created.order_id, line_no=1, usage=later) is True
    assert await tx.value("SELECT count(*) FROM usage_facts WHERE order_id = %(id)s", id=created.order_id) == 2
    with pytest.raises(UsageRefused):
        await add_usage(tx, created.order_id, line_no=1, usage=structs.replace(usage, units_used=31))
    with pytest.raises(UsageRefused):
        await add_usage(tx, created.order_id, line_no=1, usage=structs.replace(usage, state=UsageState.UNUSED))
    with pytest.raises(NotFound):
        await add_usage(tx, created.order_id, line_no=9, usage=usage)
    with pytest.raises(NotFound):
        await add_usage(tx, uuid4(), line_no=1, usage=usage)


async def test_two_imports_of_the_same_orders_at_once_create_each_order_once(
    pool: Pool, system: Actor, keyring: Keyring
) -> None:
    run = uuid4().hex[:8]
    drafts = [draft(f"{run}-{number}") for number in range(200)]

    async def one(batch: list[OrderDraft]) -> ImportResult:
        async with transaction(pool, system, clock=lambda: NOW) as tx:
            return await import_orders(tx, keyring, batch)

    results = await asyncio.gather(one(drafts), one(list(reversed(drafts))), one(drafts))
    assert sum(len(result.created) for result in results) == 200
    assert sum(result.unchanged for result in results) == 400
    assert all(not result.rejected and not result.updated for result in results)


async def test_a_batch_beyond_the_limit_is_refused_whole(tx: Tx, keyring: Keyring) -> None:
    with pytest.raises(BatchTooLarge):
        await import_orders(tx, keyring, [draft()] * (IMPORT_BATCH_MAX + 1))


async def test_the_same_number_on_another_platform_is_another_order(
    tx: Tx, pool: Pool, keyring: Keyring, platforms: dict[str, int], system: Actor
) -> None:
    await import_orders(tx, keyring, [draft("BOTH")])
    stranger = structs_actor(system, platforms["xingka"])
    async with transaction(pool, stranger, clock=lambda: NOW) as other:
        result = await import_orders(other, keyring, [draft("BOTH")])
        assert len(result.created) == 1
        cursor = await other.connection.execute("SELECT contact_hash FROM orders WHERE order_no = 'BOTH'")
        theirs = await cursor.fetchall()
    ours = await tx.value("SELECT contact_hash FROM orders WHERE order_no = 'BOTH'")
    assert [row["contact_hash"] for row in theirs] != [ours]


def structs_actor(actor: Actor, platform_id: int) -> Actor:
    return Actor(actor.kind, platform_id, actor.id, actor.name)


async def _everything(tx: Tx) -> list[object]:
    return [
        await tx.value("SELECT jsonb_agg(to_jsonb(o) ORDER BY o.id) FROM orders o WHERE o.order_no = 'KM1'"),
        await tx.value(
            "SELECT jsonb_agg(to_jsonb(l) ORDER BY l.line_no) FROM order_lines l"
            " JOIN orders o ON o.id = l.order_id WHERE o.order_no = 'KM1'"
        ),
        await tx.value(
            "SELECT jsonb_agg(to_jsonb(u) ORDER BY u.id) FROM usage_facts u"
            " JOIN orders o ON o.id = u.order_id WHERE o.order_no = 'KM1'"
        ),
        await tx.value("SELECT count(*) FROM orders"),
        await tx.value("SELECT count(*) FROM usage_facts"),
        await tx.value("SELECT count(*) FROM journal"),
    ]


async def _claim(tx: Tx, order_id: object, *, state: str) -> None:
    await tx.run(
        "INSERT INTO claims (platform_id, id, claim_no, order_id, line_no, channel, reason, state, currency,"
        " requested_minor, created_at, updated_at) VALUES (%(platform)s, %(id)s, %(no)s, %(order)s, 1, 'portal',"
        " 'not_arrived', %(state)s, 'CNY', 100, %(now)s, %(now)s)",
        platform=tx.platform_id,
        id=uuid4(),
        no=f"RF{uuid4().hex[:12]}",
        order=order_id,
        state=state,
        now=tx.now,
    )
