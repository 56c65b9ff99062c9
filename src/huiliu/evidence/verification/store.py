"""SQL that writes the queue of inspections, re-use keys and one-time codes. Private to verification."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.evidence.inspection.model import Verdict
from huiliu.evidence.reuse.keys import Key
from huiliu.evidence.verification.model import OneTimeCode, Problem, Step
from huiliu.kit.db import Connection, Tx, rows_as


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """One file that this worker, and no other, inspects until the lease ends. `attempt` is what its outcome must name."""

    platform_id: int
    file_id: UUID
    claim_id: UUID
    attempt: int
    state: Step
    media_type: str
    original_sha256: bytes
    sha256: bytes
    poster_sha256: bytes | None = None


async def enqueue(tx: Tx, claim_id: UUID, *, file_id: UUID) -> None:
    """Put a file into the queue, due now. In the transaction that adds it, so that none is ever forgotten."""
    await tx.run(
        """
        INSERT INTO evidence_inspections (platform_id, file_id, claim_id, state, due_at, received_at)
        VALUES (%(platform_id)s, %(file_id)s, %(claim_id)s, 'received', %(now)s, %(now)s)
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        claim_id=claim_id,
        now=tx.now,
    )


async def lease(connection: Connection, *, now: datetime, until: datetime, limit: int) -> list[Leased]:
    """Take up to `limit` due files of any platform, in one statement; each counts an attempt.

    FOR UPDATE guards each row, SKIP LOCKED lets two workers take disjoint ones. due_at becomes the end of the lease, so
    a file whose worker died is simply due again. A refused one comes back only until its bytes are destroyed.
    """
    async with connection.cursor(row_factory=rows_as(Leased)) as cursor:
        await cursor.execute(
            """
            WITH due AS (
                SELECT platform_id, file_id FROM evidence_inspections
                 WHERE due_at <= %(now)s
                 ORDER BY due_at, file_id LIMIT %(limit)s
                   FOR UPDATE SKIP LOCKED)
            UPDATE evidence_inspections i
               SET due_at = %(until)s, attempts = i.attempts + 1,
                   state = CASE WHEN i.state = 'refused' THEN i.state ELSE 'reading' END,
                   reading_at = CASE WHEN i.state = 'refused' THEN i.reading_at ELSE %(now)s END
              FROM due JOIN evidence_files f ON f.platform_id = due.platform_id AND f.id = due.file_id
             WHERE i.platform_id = due.platform_id AND i.file_id = due.file_id
            RETURNING i.platform_id, i.file_id, i.claim_id, i.attempts AS attempt, i.state, f.media_type,
                      f.original_sha256, f.sha256, f.poster_sha256
            """,
            {"now": now, "until": until, "limit": limit},
        )
        return await cursor.fetchall()


async def mark_checking(tx: Tx, file_id: UUID, *, attempt: int, until: datetime) -> bool:
    """What was read is now compared; the lease starts anew. False: another worker has the file by now."""
    changed = await tx.run(
        """
        UPDATE evidence_inspections SET state = 'checking', checking_at = %(now)s, due_at = %(until)s
         WHERE platform_id = %(platform_id)s AND file_id = %(file_id)s AND attempts = %(attempt)s AND state = 'reading'
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        attempt=attempt,
        until=until,
        now=tx.now,
    )
    return changed == 1


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is written when an inspection is done."""

    verdict: Verdict
    page: str
    reasons: tuple[str, ...]
    signals: tuple[str, ...]
    is_paid_by_rail: bool
    result_sealed: bytes
    pipeline: str
    atlas_version: int | None
    profile: str


async def mark_done(tx: Tx, file_id: UUID, *, attempt: int, outcome: Outcome) -> bool:
    """Write the verdict down, once: only the attempt that is still the last one may."""
    changed = await tx.run(
        """
        UPDATE evidence_inspections
           SET state = 'done', due_at = NULL, finished_at = %(now)s, verdict = %(verdict)s, page = %(page)s,
               reasons = %(reasons)s, signals = %(signals)s, problem = '', is_paid_by_rail = %(is_paid)s,
               result_sealed = %(sealed)s, pipeline = %(pipeline)s, atlas_version = %(atlas)s, profile = %(profile)s
         WHERE platform_id = %(platform_id)s AND file_id = %(file_id)s AND attempts = %(attempt)s
           AND state IN ('reading', 'checking')
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        attempt=attempt,
        now=tx.now,
        verdict=outcome.verdict.value,
        page=outcome.page,
        reasons=list(outcome.reasons),
        signals=list(outcome.signals),
        is_paid=outcome.is_paid_by_rail,
        sealed=outcome.result_sealed,
        pipeline=outcome.pipeline,
        atlas=outcome.atlas_version,
        profile=outcome.profile,
    )
    return changed == 1


async def mark_failed(tx: Tx, file_id: UUID, *, attempt: int, problem: Problem) -> bool:
    """Leave the file to a person: nothing will try again by itself."""
    changed = await tx.run(
        """
        UPDATE evidence_inspections SET state = 'failed', due_at = NULL, finished_at = %(now)s, problem = %(problem)s
         WHERE platform_id = %(platform_id)s AND file_id = %(file_id)s AND attempts = %(attempt)s
           AND state IN ('reading', 'checking')
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        attempt=attempt,
        now=tx.now,
        problem=problem.value,
    )
    return changed == 1


async def mark_due(tx: Tx, file_id: UUID, *, attempt: int, due_at: datetime, back: bool = False) -> bool:
    """Let the file be taken again at `due_at`. `back`: the attempt does not count, for it was never made."""
    changed = await tx.run(
        """
        UPDATE evidence_inspections SET due_at = %(due_at)s, attempts = attempts - %(back)s
         WHERE platform_id = %(platform_id)s AND file_id = %(file_id)s AND attempts = %(attempt)s AND due_at IS NOT NULL
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        attempt=attempt,
        due_at=due_at,
        back=int(back),
    )
    return changed == 1


async def mark_refused(tx: Tx, file_id: UUID, *, attempt: int, problem: Problem) -> bool:
    """Refuse the file and keep nothing of what was read. It stays due until its bytes are destroyed as well."""
    changed = await tx.run(
        """
        UPDATE evidence_inspections
           SET state = 'refused', finished_at = %(now)s, problem = %(problem)s, verdict = NULL, page = '', reasons = '{}',
               signals = '{}', result_sealed = NULL, profile = ''
         WHERE platform_id = %(platform_id)s AND file_id = %(file_id)s AND attempts = %(attempt)s
           AND state IN ('reading', 'checking')
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        attempt=attempt,
        now=tx.now,
        problem=problem.value,
    )
    return changed == 1


async def mark_file_private(tx: Tx, file_id: UUID) -> bool:
    """Take a private document out of sight for good, whatever round it stands in; its file name goes too."""
    changed = await tx.run(
        """
        UPDATE evidence_files SET removed_at = coalesce(removed_at, %(now)s), removed_why = 'private', file_name = ''
         WHERE platform_id = %(platform_id)s AND id = %(id)s AND removed_why = ''
        """,
        platform_id=tx.platform_id,
        id=file_id,
        now=tx.now,
    )
    return changed == 1


class Shared(msgspec.Struct, frozen=True):
    """Whether a live file, or one that was taken back but is nobody's private document, still stands on these bytes."""

    shown: bool
    original: bool


async def shared_bytes(tx: Tx, file_id: UUID, *, sha256: bytes, original_sha256: bytes) -> Shared:
    """Whether other files of the platform need the same bytes, which must then stay.

    What was taken back before anybody read it needs none: nobody knows that it is not the same private document.
    """
    found = await tx.one(
        Shared,
        """
        WITH others AS (
            SELECT f.sha256, f.original_sha256 FROM evidence_files f
             WHERE f.platform_id = %(platform_id)s AND f.id <> %(id)s AND f.removed_why = ''
               AND (f.sha256 = %(sha256)s OR f.original_sha256 = %(original)s)
               AND (f.removed_at IS NULL OR EXISTS (
                       SELECT 1 FROM evidence_inspections i
                        WHERE i.platform_id = f.platform_id AND i.file_id = f.id AND i.state = 'done')))
        SELECT EXISTS (SELECT 1 FROM others WHERE sha256 = %(sha256)s) AS shown,
               EXISTS (SELECT 1 FROM others WHERE original_sha256 = %(original)s) AS original
        """,
        platform_id=tx.platform_id,
        id=file_id,
        sha256=sha256,
        original=original_sha256,
    )
    assert found is not None
    return found


async def mark_destroyed(tx: Tx, file_id: UUID, *, attempt: int) -> bool:
    """The bytes of a refused file are gone: there is nothing left to do."""
    changed = await tx.run(
        """
        UPDATE evidence_inspections SET destroyed_at = %(now)s, due_at = NULL
         WHERE platform_id = %(platform_id)s AND file_id = %(file_id)s AND attempts = %(attempt)s AND state = 'refused'
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        attempt=attempt,
        now=tx.now,
    )
    return changed == 1


async def insert_keys(tx: Tx, claim_id: UUID, *, file_id: UUID, keys: Sequence[Key]) -> None:
    """Remember what the file shows, so that the next one to show it is noticed."""
    await tx.run(
        """
        INSERT INTO evidence_keys (platform_id, kind, digest, file_id, claim_id, is_own, added_at)
        SELECT %(platform_id)s, k.kind, k.digest, %(file_id)s, %(claim_id)s, k.is_own, %(now)s
          FROM unnest(%(kinds)s::text[], %(digests)s::bytea[], %(own)s::boolean[]) AS k (kind, digest, is_own)
        ON CONFLICT DO NOTHING
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        claim_id=claim_id,
        now=tx.now,
        kinds=[key.kind.value for key in keys],
        digests=[key.digest for key in keys],
        own=[key.is_own for key in keys],
    )


async def insert_near(tx: Tx, claim_id: UUID, *, file_id: UUID, hashes: Sequence[bytes]) -> None:
    """Remember what the picture, or each scene of a video, looks like: 256 bits each."""
    await tx.run(
        """
        INSERT INTO evidence_near (platform_id, file_id, frame, hash, claim_id, added_at)
        SELECT %(platform_id)s, %(file_id)s, n.frame - 1, n.hash, %(claim_id)s, %(now)s
          FROM unnest(%(hashes)s::bytea[]) WITH ORDINALITY AS n (hash, frame)
        ON CONFLICT DO NOTHING
        """,
        platform_id=tx.platform_id,
        file_id=file_id,
        claim_id=claim_id,
        now=tx.now,
        hashes=list(hashes),
    )


async def insert_code(tx: Tx, code: OneTimeCode) -> None:
    """Write a one-time code down. Only under the claim's lock."""
    await tx.run(
        """
        INSERT INTO evidence_codes (platform_id, id, claim_id, slot, code, issued_at, expires_at)
        VALUES (%(platform_id)s, %(id)s, %(claim_id)s, %(slot)s, %(code)s, %(issued_at)s, %(expires_at)s)
        """,
        platform_id=tx.platform_id,
        id=code.id,
        claim_id=code.claim_id,
        slot=code.slot,
        code=code.code,
        issued_at=code.issued_at,
        expires_at=code.expires_at,
    )


async def use_code(tx: Tx, claim_id: UUID, *, slot: str, code: str, file_id: UUID) -> bool:
    """Remember in which file a code was first seen: it is used up. A file taken back meanwhile uses nothing up."""
    changed = await tx.run(
        """
        UPDATE evidence_codes SET used_by_file = %(file_id)s, used_at = %(now)s
         WHERE platform_id = %(platform_id)s AND claim_id = %(claim_id)s AND slot = %(slot)s AND code = %(code)s
           AND used_by_file IS NULL
           AND EXISTS (SELECT 1 FROM evidence_files f WHERE f.platform_id = %(platform_id)s AND f.id = %(file_id)s
                          AND f.removed_at IS NULL)
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        slot=slot,
        code=code,
        file_id=file_id,
        now=tx.now,
    )
    return changed == 1
