"""The SQL that writes suspicions. Private to this feature."""

from __future__ import annotations

from uuid import UUID

import msgspec

from huiliu.evidence.suspicion.errors import SuspicionChanged
from huiliu.evidence.suspicion.model import Grounds, Mark, Sanction, State, Suspicion
from huiliu.kit.db import Tx
from huiliu.kit.keyring import Keyring
from huiliu.people.model import Staff

GROUNDS_CONTEXT = "evidence_suspicions.grounds_sealed"
MARK_CONTEXT = "evidence_suspicions.mark"


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an application, and whose it is."""

    id: UUID
    claim_id: UUID
    order_id: UUID
    source: str
    contact_hash: bytes | None


async def load_filed_file(tx: Tx, file_id: UUID) -> FileRow | None:
    """A live file of a claim that was applied for: what a buyer is still preparing is nobody else's to look at."""
    return await tx.one(
        FileRow,
        """
        SELECT f.id, f.claim_id, c.order_id, f.source, c.contact_hash
          FROM evidence_files f JOIN claims c ON c.platform_id = f.platform_id AND c.id = f.claim_id
         WHERE f.platform_id = %(platform)s AND f.id = %(id)s AND f.removed_at IS NULL AND c.filed_at IS NOT NULL
         LIMIT 1
        """,
        platform=tx.platform_id,
        id=file_id,
    )


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What a suspicion rests on, as it is stored: unreadable without the keys, and comparable without reading."""

    grounds: bytes
    expected_mark: bytes
    found_mark: bytes


def seal_grounds(keyring: Keyring, grounds: Grounds) -> Sealed:
    """Values name accounts and payees, so they are sealed; the two marks let the database see that they differ."""
    return Sealed(
        grounds=keyring.seal(msgspec.json.encode(grounds).decode(), context=GROUNDS_CONTEXT),
        expected_mark=keyring.fingerprint(grounds.against.expected, context=MARK_CONTEXT),
        found_mark=keyring.fingerprint(grounds.against.found, context=MARK_CONTEXT),
    )


async def insert_suspicion(
    tx: Tx, staff: Staff, suspicion_id: UUID, *, file: FileRow, grounds: Grounds, sealed: Sealed, note: str
) -> None:
    """Open one. suspicion_once guards the file, suspicion_needs_contradiction what it rests on."""
    await tx.run(
        """
        INSERT INTO evidence_suspicions (platform_id, id, claim_id, order_id, file_id, contact_hash, check_name, check_source,
                                         check_verdict, expected_mark, found_mark, grounds_sealed, signals, note,
                                         opened_by, opened_by_name, opened_at)
        VALUES (%(platform)s, %(id)s, %(claim)s, %(order)s, %(file)s, %(contact)s, %(check)s, %(source)s, %(verdict)s,
                %(expected)s, %(found)s, %(sealed)s, %(signals)s::jsonb, %(note)s, %(by)s, %(by_name)s, %(now)s)
        """,
        platform=tx.platform_id,
        id=suspicion_id,
        claim=file.claim_id,
        order=file.order_id,
        file=file.id,
        contact=file.contact_hash,
        check=grounds.against.name,
        source=grounds.against.source,
        verdict=grounds.against.verdict.value,
        expected=sealed.expected_mark,
        found=sealed.found_mark,
        sealed=sealed.grounds,
        signals=msgspec.json.encode([_signal(mark) for mark in grounds.marks]).decode(),
        note=note,
        by=staff.id,
        by_name=staff.name,
        now=tx.now,
    )


async def propose(tx: Tx, staff: Staff, found: Suspicion, *, target: State, sanction: Sanction) -> None:
    """Say what should follow; a level that one person may decide is confirmed by the same statement.

    The row guards its suspicion: state and version are compared and set. Raises SuspicionChanged.
    """
    is_confirmed = target is State.CONFIRMED
    _once(
        await tx.run(
            """
            UPDATE evidence_suspicions
               SET state = %(target)s, version = version + 1, level = %(level)s, days = %(days)s, clause = %(clause)s,
                   words = %(words)s, proposed_by = %(by)s, proposed_by_name = %(by_name)s, proposed_at = %(now)s,
                   confirmed_by = CASE WHEN %(is_confirmed)s THEN %(by)s::uuid END,
                   confirmed_by_name = CASE WHEN %(is_confirmed)s THEN %(by_name)s ELSE '' END,
                   confirmed_at = CASE WHEN %(is_confirmed)s THEN %(now)s::timestamptz END
             WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = %(state)s
            """,
            platform=tx.platform_id,
            id=found.id,
            version=found.version,
            state=found.state.value,
            target=target.value,
            level=sanction.level.value,
            days=sanction.days,
            clause=sanction.clause,
            words=sanction.words,
            by=staff.id,
            by_name=staff.name,
            is_confirmed=is_confirmed,
            now=tx.now,
        )
    )


async def confirm(tx: Tx, staff: Staff, found: Suspicion) -> None:
    """The second person agrees; suspicion_two_people refuses the first. Raises SuspicionChanged."""
    _once(
        await tx.run(
            """
            UPDATE evidence_suspicions
               SET state = 'confirmed', version = version + 1, confirmed_by = %(by)s, confirmed_by_name = %(by_name)s,
                   confirmed_at = %(now)s
             WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = %(state)s
            """,
            platform=tx.platform_id,
            id=found.id,
            version=found.version,
            state=found.state.value,
            by=staff.id,
            by_name=staff.name,
            now=tx.now,
        )
    )


async def reopen(tx: Tx, found: Suspicion, *, note: str) -> None:
    """The second person does not agree: what was proposed is taken off. Raises SuspicionChanged."""
    _once(
        await tx.run(
            """
            UPDATE evidence_suspicions
               SET state = 'open', version = version + 1, level = NULL, days = NULL, clause = '', words = '',
                   proposed_by = NULL, proposed_by_name = '', proposed_at = NULL, closing_note = %(note)s
             WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = %(state)s
            """,
            platform=tx.platform_id,
            id=found.id,
            version=found.version,
            state=found.state.value,
            note=note,
        )
    )


async def close(tx: Tx, staff: Staff, found: Suspicion, *, target: State, note: str) -> None:
    """Nothing is held against anybody, or not any more. Raises SuspicionChanged."""
    _once(
        await tx.run(
            """
            UPDATE evidence_suspicions
               SET state = %(target)s, version = version + 1, closed_by = %(by)s, closed_by_name = %(by_name)s,
                   closed_at = %(now)s, closing_note = %(note)s
             WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = %(state)s
            """,
            platform=tx.platform_id,
            id=found.id,
            version=found.version,
            state=found.state.value,
            target=target.value,
            by=staff.id,
            by_name=staff.name,
            note=note,
            now=tx.now,
        )
    )


async def insert_false_alarms(tx: Tx, found: Suspicion, *, how: State) -> None:
    """Remember the check and each signal that spoke against somebody wrongly, a signal once with its highest score."""
    await tx.run(
        """
        INSERT INTO evidence_false_alarms (platform_id, suspicion_id, kind, name, file_id, score, score_limit, how, at)
        SELECT s.platform_id, s.id, a.kind, a.name, s.file_id, a.score, a.score_limit, %(how)s, %(now)s
          FROM evidence_suspicions s
         CROSS JOIN LATERAL (
             SELECT 'check' AS kind, s.check_name AS name, NULL::float8 AS score, NULL::float8 AS score_limit
             UNION ALL
             SELECT 'signal', m.signal, max(m.score), min(m.score_limit)
               FROM jsonb_to_recordset(s.signals) AS m (signal text, score float8, score_limit float8)
              GROUP BY m.signal) a
         WHERE s.platform_id = %(platform)s AND s.id = %(id)s
        """,
        platform=tx.platform_id,
        id=found.id,
        how=how.value,
        now=tx.now,
    )


def _signal(mark: Mark) -> dict[str, object]:
    return {"signal": mark.signal, "score": mark.score, "score_limit": mark.limit}


def _once(changed: int) -> None:
    if changed != 1:
        raise SuspicionChanged
