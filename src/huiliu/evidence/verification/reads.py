"""What the inspections of files have come to, for pages. Every caller has loaded the claim for its viewer first.

Without `is_for_staff` nothing of other people's claims and no pixel signal is in what is returned, so a page that
forgets to say who looks shows the buyer's part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.evidence.checks.rows import rows
from huiliu.evidence.inspection.model import FieldName, FieldRead, Verdict
from huiliu.evidence.model import LISTED_MAX
from huiliu.evidence.verification.model import ClaimSummary, FileInspection, Problem, Step, for_buyer, summary
from huiliu.evidence.verification.sealing import open_result
from huiliu.kit.db import Tx
from huiliu.kit.keyring import Keyring


async def inspection_of(
    tx: Tx, file_ids: Sequence[UUID], *, keyring: Keyring | None = None, is_for_staff: bool = False
) -> Mapping[UUID, FileInspection]:
    """The inspections of these files; a file that is not to be inspected has none. With `keyring`, results are opened."""
    found = await tx.all(
        _Row,
        """
        SELECT i.file_id, i.claim_id, f.slot, i.state, i.attempts, i.received_at, i.reading_at, i.checking_at,
               i.finished_at, i.verdict, i.page, i.reasons, i.signals, nullif(i.problem, '') AS problem, i.is_paid_by_rail,
               i.pipeline, i.atlas_version, i.profile,
               CASE WHEN %(with_result)s THEN i.result_sealed END AS result_sealed
          FROM evidence_inspections i
          JOIN evidence_files f ON f.platform_id = i.platform_id AND f.id = i.file_id
         WHERE i.platform_id = %(platform_id)s AND i.file_id = ANY (%(ids)s)
         ORDER BY i.received_at, i.file_id LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        ids=list(file_ids),
        with_result=keyring is not None,
        limit=LISTED_MAX,
    )
    return _shown(tx, found, keyring=keyring, is_for_staff=is_for_staff)


async def inspections(
    tx: Tx, claim_id: UUID, *, keyring: Keyring | None = None, is_for_staff: bool = False
) -> Mapping[UUID, FileInspection]:
    """The inspections of a claim's live files and of those that were refused, by file."""
    found = await tx.all(
        _Row,
        """
        SELECT i.file_id, i.claim_id, f.slot, i.state, i.attempts, i.received_at, i.reading_at, i.checking_at,
               i.finished_at, i.verdict, i.page, i.reasons, i.signals, nullif(i.problem, '') AS problem, i.is_paid_by_rail,
               i.pipeline, i.atlas_version, i.profile,
               CASE WHEN %(with_result)s THEN i.result_sealed END AS result_sealed
          FROM evidence_inspections i
          JOIN evidence_files f ON f.platform_id = i.platform_id AND f.id = i.file_id
         WHERE i.platform_id = %(platform_id)s AND i.claim_id = %(claim_id)s
           AND (f.removed_at IS NULL OR i.state = 'refused')
         ORDER BY i.received_at, i.file_id LIMIT %(limit)s
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        with_result=keyring is not None,
        limit=LISTED_MAX,
    )
    return _shown(tx, found, keyring=keyring, is_for_staff=is_for_staff)


class ReadText(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of text that were read in one live file, and the fields. `lines` is empty where no text was kept."""

    file_id: UUID
    slot: str
    lines: tuple[str, ...]
    fields: tuple[FieldRead, ...]


async def read_texts(tx: Tx, claim_id: UUID, *, slots: Sequence[str], keyring: Keyring) -> tuple[ReadText, ...]:
    """What the live files in these slots say, in the order they came: for setting two texts side by side.

    Of the inspection nothing else leaves here, so that buyers may read it too.
    """
    found = await inspections(tx, claim_id, keyring=keyring, is_for_staff=True)
    return tuple(
        ReadText(
            file_id=each.file_id,
            slot=each.slot,
            lines=rows(each.inspection.lines, clock=each.inspection.field(FieldName.CLOCK)),
            fields=each.inspection.fields,
        )
        for each in found.values()
        if each.slot in slots and each.state is Step.DONE and each.inspection is not None
    )


async def claim_summary(tx: Tx, claim_id: UUID) -> ClaimSummary:
    """How a claim's files stand, in numbers."""
    return summary((await inspections(tx, claim_id)).values())


class Stands(msgspec.Struct, frozen=True):
    """What a claim's evidence means for a decision without a person."""

    contradicted: bool
    """A record says otherwise than one of the buyer's files."""
    under_way: bool
    """A slot that was asked about holds a file that is still being inspected, and no record of the platform's own."""


async def how_evidence_stands(tx: Tx, claim_id: UUID, *, required: Sequence[str]) -> Stands:
    """Whether anything speaks against, or is not known yet of, the files a decision would rest on."""
    found = await tx.one(
        Stands,
        """
        SELECT coalesce(bool_or(i.verdict = 'contradicted'), false) AS contradicted,
               coalesce(bool_or(i.state IN ('received', 'reading', 'checking') AND f.slot = ANY (%(required)s)
                                AND NOT EXISTS (SELECT 1 FROM evidence_notes n
                                                 WHERE n.platform_id = f.platform_id AND n.claim_id = f.claim_id
                                                   AND n.slot = f.slot AND n.kind = 'record' AND n.removed_at IS NULL)),
                        false) AS under_way
          FROM evidence_inspections i
          JOIN evidence_files f ON f.platform_id = i.platform_id AND f.id = i.file_id
         WHERE i.platform_id = %(platform_id)s AND i.claim_id = %(claim_id)s AND f.source = 'buyer'
           AND f.removed_at IS NULL
        """,
        platform_id=tx.platform_id,
        claim_id=claim_id,
        required=list(required),
    )
    assert found is not None
    return found


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    file_id: UUID
    claim_id: UUID
    slot: str
    state: Step
    attempts: int
    received_at: datetime
    reading_at: datetime | None
    checking_at: datetime | None
    finished_at: datetime | None
    verdict: Verdict | None
    page: str
    reasons: tuple[str, ...]
    signals: tuple[str, ...]
    problem: Problem | None
    is_paid_by_rail: bool
    pipeline: str
    atlas_version: int | None
    profile: str
    result_sealed: bytes | None


def _shown(
    tx: Tx, rows: Sequence[_Row], *, keyring: Keyring | None, is_for_staff: bool
) -> Mapping[UUID, FileInspection]:
    found: dict[UUID, FileInspection] = {}
    for row in rows:
        known = msgspec.structs.asdict(row)
        sealed = known.pop("result_sealed")
        result = None
        if keyring is not None and isinstance(sealed, bytes):
            # What another release wrote may have another shape: the verdict in the row stands without it.
            with suppress(msgspec.ValidationError):
                result = open_result(keyring, sealed, platform_id=tx.platform_id, file_id=row.file_id)
        each = FileInspection(**known, result=result)
        found[row.file_id] = each if is_for_staff else for_buyer(each)
    return found
