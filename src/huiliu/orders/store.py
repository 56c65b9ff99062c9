"""SQL that writes orders, lines and usage facts, a batch a statement. Private to this feature."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from huiliu.kit.db import LOCK_TIMEOUT_MS, Tx
from huiliu.kit.ids import new_id
from huiliu.orders.model import IMPORT_BATCH_MAX, LINES_MAX, OrderDraft, UsageDraft
from huiliu.orders.records import Record, Stored, StoredLine

IMPORT_LOCK_TIMEOUT_MS = 12_000
"""Another import of the same orders is waited for; below the statement timeout, so the answer is still ours."""

_RECORDS = """
    unnest(%(id)s::uuid[], %(order_no)s::text[], %(merchant)s::text[], %(contact_hash)s::bytea[],
           %(contact_tail_hash)s::bytea[], %(contact_sealed)s::bytea[], %(contact_masked)s::text[],
           %(lookup_hash)s::bytea[], %(rail)s::text[], %(rail_trade_no)s::text[], %(rail_order_no)s::text[],
           %(payer_account)s::text[], %(currency)s::text[], %(paid_minor)s::bigint[], %(fee_minor)s::bigint[],
           %(state)s::text[], %(ordered_at)s::timestamptz[], %(ordered_precision)s::text[],
           %(paid_at)s::timestamptz[], %(paid_precision)s::text[], %(delivered_at)s::timestamptz[],
           %(delivered_precision)s::text[], %(delivery_state)s::text[], %(delivery_note)s::text[],
           %(account_sealed)s::bytea[], %(account_masked)s::text[], %(account_described)s::text[],
           %(account_differs)s::boolean[], %(search_text)s::text[], %(grams)s::text[], %(content_hash)s::bytea[])
    AS r (id, order_no, merchant, contact_hash, contact_tail_hash, contact_sealed, contact_masked, lookup_hash,
          rail, rail_trade_no, rail_order_no, payer_account, currency, paid_minor, fee_minor, state, ordered_at,
          ordered_precision, paid_at, paid_precision, delivered_at, delivered_precision, delivery_state,
          delivery_note, account_sealed, account_masked, account_described, account_differs, search_text, grams,
          content_hash)
"""


class Known(msgspec.Struct, frozen=True):
    """An order that exists, as far as deciding whether anything changed needs it."""

    id: UUID
    order_no: str
    content_hash: bytes


class LineToWrite(msgspec.Struct, frozen=True):
    """A usage draft with the line it belongs to."""

    order_id: UUID
    line_no: int
    usage: UsageDraft


async def wait_for_imports(tx: Tx) -> None:
    """Let this transaction wait for another import of the same orders, instead of failing at once."""
    await tx.run("SELECT set_config('lock_timeout', %(ms)s, true)", ms=str(IMPORT_LOCK_TIMEOUT_MS))


async def wait_as_usual(tx: Tx) -> None:
    """Back to the short waits of everything else."""
    await tx.run("SELECT set_config('lock_timeout', %(ms)s, true)", ms=str(LOCK_TIMEOUT_MS))


async def insert_orders(tx: Tx, records: Sequence[Record]) -> set[UUID]:
    """Write the orders that do not exist yet and return their ids.

    Two imports of one order meet at the unique order number: the second waits for the first and then skips. Both
    write in the order of order numbers, so they cannot wait for each other in a circle.
    """
    inserted = await tx.all(
        _Id,
        """
        INSERT INTO orders (platform_id, id, order_no, merchant, contact_hash, contact_tail_hash, contact_sealed,
               contact_masked, lookup_hash, rail, rail_trade_no, rail_order_no, payer_account, currency, paid_minor,
               fee_minor, state, ordered_at, ordered_precision, paid_at, paid_precision, delivered_at,
               delivered_precision, delivery_state, delivery_note, account_sealed, account_masked, account_described,
               account_differs, search_text, search_grams, content_hash, created_at, updated_at)
        SELECT %(platform)s, r.id, r.order_no, r.merchant, r.contact_hash, r.contact_tail_hash, r.contact_sealed,
               r.contact_masked, r.lookup_hash, r.rail, r.rail_trade_no, r.rail_order_no, r.payer_account, r.currency,
               r.paid_minor, r.fee_minor, r.state, r.ordered_at, r.ordered_precision, r.paid_at, r.paid_precision,
               r.delivered_at, r.delivered_precision, r.delivery_state, r.delivery_note, r.account_sealed,
               r.account_masked, r.account_described, r.account_differs, r.search_text,
               string_to_array(r.grams, ' '), r.content_hash, %(now)s, %(now)s
          FROM """  # noqa: S608  literals only: Tx takes nothing else
        + _RECORDS
        + """
        ON CONFLICT ON CONSTRAINT order_no_once DO NOTHING
        RETURNING id
        """,
        **_columns(tx, records),
    )
    return {row.id for row in inserted}


async def update_orders(tx: Tx, records: Sequence[Record]) -> None:
    """Write the new content of orders that this transaction has locked."""
    await tx.run(
        """
        UPDATE orders o
           SET merchant = r.merchant, contact_hash = r.contact_hash, contact_tail_hash = r.contact_tail_hash,
               contact_sealed = r.contact_sealed, contact_masked = r.contact_masked, lookup_hash = r.lookup_hash,
               rail = r.rail, rail_trade_no = r.rail_trade_no, rail_order_no = r.rail_order_no,
               payer_account = r.payer_account, currency = r.currency, paid_minor = r.paid_minor,
               fee_minor = r.fee_minor, state = r.state, ordered_at = r.ordered_at,
               ordered_precision = r.ordered_precision, paid_at = r.paid_at, paid_precision = r.paid_precision,
               delivered_at = r.delivered_at, delivered_precision = r.delivered_precision,
               delivery_state = r.delivery_state, delivery_note = r.delivery_note, account_sealed = r.account_sealed,
               account_masked = r.account_masked, account_described = r.account_described,
               account_differs = r.account_differs, search_text = r.search_text,
               search_grams = string_to_array(r.grams, ' '), content_hash = r.content_hash,
               version = o.version + 1, updated_at = %(now)s
          FROM """  # noqa: S608  literals only: Tx takes nothing else
        + _RECORDS
        + " WHERE o.platform_id = %(platform)s AND o.id = r.id",
        **_columns(tx, records),
    )


async def known_orders(tx: Tx, order_nos: Sequence[str]) -> list[Known]:
    """Which of these order numbers exist, and with what content."""
    return await tx.all(
        Known,
        "SELECT id, order_no, content_hash FROM orders WHERE platform_id = %(platform)s"
        " AND order_no = ANY(%(numbers)s::text[]) ORDER BY order_no LIMIT %(most)s",
        platform=tx.platform_id,
        numbers=list(order_nos),
        most=IMPORT_BATCH_MAX,
    )


async def lock_orders(tx: Tx, ids: Sequence[UUID]) -> list[Stored]:
    """The orders about to change. The order row guards its money columns: a refund being reserved waits, or we do."""
    await tx.run(
        "SELECT 1 FROM orders WHERE platform_id = %(platform)s AND id = ANY(%(ids)s::uuid[])"
        " ORDER BY order_no LIMIT %(most)s FOR UPDATE",
        platform=tx.platform_id,
        ids=list(ids),
        most=IMPORT_BATCH_MAX,
    )
    # A claim being filed holds its line's key share: locking the lines as well makes it visible to the next statement.
    await tx.run(
        "SELECT 1 FROM order_lines WHERE platform_id = %(platform)s AND order_id = ANY(%(ids)s::uuid[])"
        " ORDER BY order_id, line_no LIMIT %(most)s FOR UPDATE",
        platform=tx.platform_id,
        ids=list(ids),
        most=IMPORT_BATCH_MAX * LINES_MAX,
    )
    return await tx.all(
        Stored,
        """
        SELECT o.id, o.order_no, o.merchant, o.contact_hash, o.contact_tail_hash, o.contact_sealed, o.contact_masked,
               o.lookup_hash, o.rail, o.rail_trade_no, o.rail_order_no, o.payer_account, o.currency, o.paid_minor,
               o.fee_minor, o.state, o.ordered_at, o.ordered_precision, o.paid_at, o.paid_precision, o.delivered_at,
               o.delivered_precision, o.delivery_state, o.delivery_note, o.account_sealed, o.account_masked,
               o.account_described, o.account_differs, o.search_text, o.content_hash,
               o.reserved_minor + o.refunded_minor AS taken_minor,
               o.reserved_minor + o.refunded_minor > 0 OR EXISTS (
                   SELECT 1 FROM claims c
                    WHERE c.platform_id = o.platform_id AND c.order_id = o.id
                      AND (c.approved_minor IS NOT NULL OR c.state IN ('filed', 'reviewing', 'waiting_buyer',
                           'waiting_platform', 'confirming', 'paying', 'mediating'))) AS is_locked
          FROM orders o
         WHERE o.platform_id = %(platform)s AND o.id = ANY(%(ids)s::uuid[])
         ORDER BY o.order_no LIMIT %(most)s
        """,
        platform=tx.platform_id,
        ids=list(ids),
        most=IMPORT_BATCH_MAX,
    )


async def stored_lines(tx: Tx, ids: Sequence[UUID]) -> list[StoredLine]:
    """Every line of these orders."""
    return await tx.all(
        StoredLine,
        "SELECT order_id, line_no, title, kind, promise, quantity, paid_minor,"
        " reserved_minor + refunded_minor AS taken_minor FROM order_lines"
        " WHERE platform_id = %(platform)s AND order_id = ANY(%(ids)s::uuid[])"
        " ORDER BY order_id, line_no LIMIT %(most)s",
        platform=tx.platform_id,
        ids=list(ids),
        most=IMPORT_BATCH_MAX * LINES_MAX,
    )


async def write_lines(tx: Tx, drafts: Sequence[tuple[UUID, OrderDraft]]) -> None:
    """Write the lines of new and changed orders."""
    lines = [(order_id, line) for order_id, draft in drafts for line in draft.lines]
    await tx.run(
        """
        INSERT INTO order_lines (platform_id, order_id, line_no, title, kind, promise, quantity, paid_minor)
        SELECT %(platform)s, r.* FROM unnest(%(orders)s::uuid[], %(numbers)s::smallint[], %(titles)s::text[],
               %(kinds)s::text[], %(promises)s::text[], %(quantities)s::int[], %(paid)s::bigint[]) AS r
        ON CONFLICT (platform_id, order_id, line_no) DO UPDATE
           SET title = excluded.title, kind = excluded.kind, promise = excluded.promise,
               quantity = excluded.quantity, paid_minor = excluded.paid_minor
        """,
        platform=tx.platform_id,
        orders=[order_id for order_id, _ in lines],
        numbers=[line.line_no for _, line in lines],
        titles=[line.title for _, line in lines],
        kinds=[line.kind.value for _, line in lines],
        promises=[line.promise for _, line in lines],
        quantities=[line.quantity for _, line in lines],
        paid=[line.paid_minor for _, line in lines],
    )


async def append_usage(tx: Tx, usages: Sequence[LineToWrite]) -> int:
    """Add facts about use, and return how many were news: what the newest row of that time already says is left out."""
    return await tx.run(
        """
        INSERT INTO usage_facts (platform_id, id, order_id, line_no, state, units_total, units_used, unit, source,
               record_ref, observed_at, recorded_at)
        SELECT %(platform)s, r.*, %(now)s
          FROM unnest(%(ids)s::uuid[], %(orders)s::uuid[], %(numbers)s::smallint[], %(states)s::text[],
                      %(totals)s::bigint[], %(used)s::bigint[], %(units)s::text[], %(sources)s::text[],
                      %(refs)s::text[], %(observed)s::timestamptz[])
               AS r (id, order_id, line_no, state, units_total, units_used, unit, source, record_ref, observed_at)
         WHERE NOT EXISTS (
               SELECT 1 FROM (
                   SELECT u.* FROM usage_facts u
                    WHERE u.platform_id = %(platform)s AND u.order_id = r.order_id AND u.line_no = r.line_no
                      AND u.observed_at <= r.observed_at
                    ORDER BY u.observed_at DESC, u.id DESC LIMIT 1) held
                WHERE (held.state, held.units_total, held.units_used, held.unit, held.source, held.record_ref)
                      IS NOT DISTINCT FROM (r.state, r.units_total, r.units_used, r.unit, r.source, r.record_ref))
        """,
        platform=tx.platform_id,
        now=tx.now,
        ids=[new_id() for _ in usages],
        orders=[line.order_id for line in usages],
        numbers=[line.line_no for line in usages],
        states=[line.usage.state.value for line in usages],
        totals=[line.usage.units_total for line in usages],
        used=[line.usage.units_used for line in usages],
        units=[line.usage.unit for line in usages],
        sources=[line.usage.source for line in usages],
        refs=[line.usage.record_ref for line in usages],
        observed=[line.usage.observed_at or tx.now for line in usages],
    )


class _Id(msgspec.Struct, frozen=True):
    id: UUID


_FIELDS = [field.name for field in msgspec.structs.fields(Record)]


def _columns(tx: Tx, records: Sequence[Record]) -> dict[str, object]:
    columns: dict[str, object] = {name: [getattr(record, name) for record in records] for name in _FIELDS}
    return columns | {"grams": [record.grams for record in records], "platform": tx.platform_id, "now": tx.now}
