"""What is done to orders: importing the platform's own, and adding what its log says of their use."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.keyring import Keyring
from huiliu.orders import store
from huiliu.orders.checks import check, check_usage
from huiliu.orders.model import (
    IMPORT_BATCH_MAX,
    BatchTooLarge,
    ImportedOrder,
    ImportResult,
    OrderDraft,
    Problem,
    UsageDraft,
    UsageRefused,
)
from huiliu.orders.records import Record, Stored, StoredLine, change_refused, content_hash_of, record_of


async def import_orders(tx: Tx, keyring: Keyring, drafts: Sequence[OrderDraft]) -> ImportResult:
    """Take over a batch of the platform's orders: bad ones are refused one by one, known content changes nothing.

    One batch a transaction: two batches in one could wait for another import in a circle. Raises BatchTooLarge.
    """
    if len(drafts) > IMPORT_BATCH_MAX:
        raise BatchTooLarge(given=len(drafts), most=IMPORT_BATCH_MAX)
    sound, rejected = _sound(tx, drafts)
    if not sound:
        return ImportResult(rejected=tuple(rejected))
    hashes = {draft.order_no: content_hash_of(draft, keyring, tx.platform_id) for draft in sound}
    await store.wait_for_imports(tx)
    created = await _create(tx, keyring, sound, hashes)
    known = [draft for draft in sound if draft.order_no not in created]
    updated, refused, unchanged = await _update(tx, keyring, known, hashes)
    rejected.extend(refused)
    written = [
        (one.id, draft) for draft in sound if (one := created.get(draft.order_no) or updated.get(draft.order_no))
    ]
    await _write_details(tx, written)
    await store.wait_as_usual(tx)
    result = ImportResult(
        created=tuple(_imported(one) for one in created.values()),
        updated=tuple(_imported(one) for one in updated.values()),
        unchanged=unchanged,
        rejected=tuple(rejected),
    )
    if written:
        await _journal(tx, result, [hashes[draft.order_no] for _, draft in written])
    return result


async def add_usage(tx: Tx, order_id: UUID, *, line_no: int, usage: UsageDraft) -> bool:
    """Add what the platform's own log says of a line's use; False when that was known. Raises UsageRefused, NotFound."""
    problem = next(iter(check_usage(usage, tx.now)), None)
    if problem is not None:
        raise UsageRefused(problem=problem[1], field=problem[0])
    exists = await tx.value(
        "SELECT 1 FROM order_lines WHERE platform_id = %(platform)s AND order_id = %(order)s AND line_no = %(line)s"
        " LIMIT 1",
        platform=tx.platform_id,
        order=order_id,
        line=line_no,
    )
    if exists is None:
        raise NotFound
    added = await store.append_usage(tx, [store.LineToWrite(order_id, line_no, usage)])
    if added:
        body = {"order_id": str(order_id), "line_no": line_no, "state": usage.state.value, "source": usage.source}
        await record(tx, platform_stream(tx.platform_id), Entry("orders.usage_added", body))
    return bool(added)


def _sound(tx: Tx, drafts: Sequence[OrderDraft]) -> tuple[list[OrderDraft], list[Problem]]:
    """The drafts that may be written, by order number, and what is wrong with the others."""
    sound: dict[str, OrderDraft] = {}
    rejected: list[Problem] = []
    for draft in drafts:
        problems = check(draft, tx.now)
        if not problems and draft.order_no in sound:
            facts = {"row": sound[draft.order_no].row, "order_no": draft.order_no}
            problems = [Problem(draft.row, "order_no", "order_repeated", facts)]
        if problems:
            rejected.extend(problems)
        else:
            sound[draft.order_no] = draft
    return [sound[order_no] for order_no in sorted(sound)], rejected


async def _create(
    tx: Tx, keyring: Keyring, drafts: Sequence[OrderDraft], hashes: dict[str, bytes]
) -> dict[str, Record]:
    """Insert what is new. What exists is left out first, so that a repeated import seals and sends nothing."""
    known = {one.order_no for one in await store.known_orders(tx, [draft.order_no for draft in drafts])}
    records = [
        record_of(draft, keyring=keyring, platform_id=tx.platform_id, content_hash=hashes[draft.order_no])
        for draft in drafts
        if draft.order_no not in known
    ]
    if not records:
        return {}
    inserted = await store.insert_orders(tx, records)
    return {one.order_no: one for one in records if one.id in inserted}


async def _update(
    tx: Tx, keyring: Keyring, drafts: Sequence[OrderDraft], hashes: dict[str, bytes]
) -> tuple[dict[str, Record], list[Problem], int]:
    """(updated, refused, unchanged): only orders whose content differs are locked."""
    known = {one.order_no: one for one in await store.known_orders(tx, [draft.order_no for draft in drafts])}
    changed = {
        known[draft.order_no].id: draft
        for draft in drafts
        if known[draft.order_no].content_hash != hashes[draft.order_no]
    }
    unchanged = len(drafts) - len(changed)
    if not changed:
        return {}, [], unchanged
    stored: dict[UUID, Stored] = {one.id: one for one in await store.lock_orders(tx, list(changed))}
    lines: dict[UUID, list[StoredLine]] = {}
    for line in await store.stored_lines(tx, list(changed)):
        lines.setdefault(line.order_id, []).append(line)
    updated: dict[str, Record] = {}
    refused: list[Problem] = []
    for order_id, draft in changed.items():
        problem = change_refused(draft, stored[order_id], lines.get(order_id, []))
        if problem is not None:
            refused.append(problem)
            continue
        updated[draft.order_no] = record_of(
            draft,
            keyring=keyring,
            platform_id=tx.platform_id,
            content_hash=hashes[draft.order_no],
            stored=stored[order_id],
        )
    if updated:
        await store.update_orders(tx, list(updated.values()))
    return updated, refused, unchanged


async def _write_details(tx: Tx, written: Sequence[tuple[UUID, OrderDraft]]) -> None:
    if not written:
        return
    await store.write_lines(tx, written)
    usages = [
        store.LineToWrite(order_id, line.line_no, line.usage)
        for order_id, draft in written
        for line in draft.lines
        if line.usage is not None
    ]
    if usages:
        await store.append_usage(tx, usages)


async def _journal(tx: Tx, result: ImportResult, hashes: Sequence[bytes]) -> None:
    """One entry a batch: how much, and a digest of exactly what."""
    body = {
        "created": len(result.created),
        "updated": len(result.updated),
        "unchanged": result.unchanged,
        "rejected": len({problem.row for problem in result.rejected}),
        "sha256": hashlib.sha256(b"".join(sorted(hashes))).hexdigest(),
    }
    await record(tx, platform_stream(tx.platform_id), Entry("orders.imported", body))


def _imported(one: Record) -> ImportedOrder:
    return ImportedOrder(
        order_id=one.id, order_no=one.order_no, rail=one.rail, currency=one.currency, paid_minor=one.paid_minor
    )
