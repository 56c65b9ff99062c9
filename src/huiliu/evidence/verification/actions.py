"""What a worker writes about a file's inspection, each step in its caller's transaction. Nothing here is slow.

    lease_due     the file is `reading`, its attempt counted           } one transaction each; between them the file is read
    go_on         it is `checking`; the rail is asked next             } by another process and the rail is asked, outside
    finish        verdict, keys, journal, all at once, or
    refuse        a private document: out of sight, nothing kept, then its bytes destroyed, then `destroyed`
    give_up       tried often enough: a person looks

Only the attempt that is still the file's last one writes anything, so a worker that was thought dead changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from huiliu.evidence.inspection.model import CheckVerdict, FieldName, Inspection, Verdict
from huiliu.evidence.reuse.keys import Key, keys
from huiliu.evidence.reuse.verdict import reused
from huiliu.evidence.verification import atlas_store, reuse_rows, store
from huiliu.evidence.verification.jobs import Inspected
from huiliu.evidence.verification.judging import OtherUse, RailSaid, judged
from huiliu.evidence.verification.model import ATTEMPTS_MAX, Extra, Problem, Result
from huiliu.evidence.verification.records import FileRecords, expected_of, records_of
from huiliu.evidence.verification.sealing import seal_result
from huiliu.evidence.verification.store import Leased
from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import Connection, Tx
from huiliu.kit.keyring import Keyring

LEASE = timedelta(minutes=4)
"""Longer than a file may take, with its rail asked; what a dead worker held is taken again after this."""
PAUSES = (timedelta(seconds=2), timedelta(seconds=20))
"""Before the second and the third attempt."""

OpenAccount = Callable[[bytes], str]


async def lease_due(connection: Connection, *, now: datetime, limit: int) -> list[Leased]:
    """Take up to `limit` due files of any platform."""
    return await store.lease(connection, now=now, until=now + LEASE, limit=limit)


async def go_on(tx: Tx, leased: Leased) -> bool:
    """The file has been read; what it says is compared next. False: another worker has it by now."""
    return await store.mark_checking(tx, leased.file_id, attempt=leased.attempt, until=tx.now + LEASE)


async def finish(
    tx: Tx,
    leased: Leased,
    known: FileRecords,
    *,
    inspected: Inspected,
    said: RailSaid,
    near: Mapping[UUID, int],
    keyring: Keyring,
    open_account: OpenAccount,
) -> Inspection | None:
    """Write the verdict down with everything that follows from it; None when another worker was given the file."""
    expected = expected_of(known, open_account=open_account)
    found = keys(
        inspected.inspection.fields,
        original_sha256=leased.original_sha256,
        shown_sha256=leased.sha256,
        platform_id=tx.platform_id,
        keyring=keyring,
        expected=expected,
    )
    uses = await _uses(tx, known, found, near)
    done = judged(
        inspected.inspection,
        known,
        expected=expected,
        records=records_of(known, open_account=open_account),
        said=said,
        uses=uses,
    )
    extra = Extra(
        reuses=tuple(use.reuse for use in uses),
        frames=inspected.frames,
        frame_seconds=inspected.frame_seconds,
        video_problems=inspected.video_problems,
    )
    outcome = store.Outcome(
        verdict=done.verdict,
        page=done.page,
        reasons=done.reasons,
        signals=tuple(dict.fromkeys(finding.signal for finding in done.findings)),
        is_paid_by_rail=said.is_paid,
        result_sealed=seal_result(
            keyring, Result(inspection=done, extra=extra), platform_id=tx.platform_id, file_id=leased.file_id
        ),
        pipeline=inspected.pipeline,
        atlas_version=known.atlas_version if done.atlas == "compared" else None,
        profile=inspected.profile,
    )
    if not await store.mark_done(tx, leased.file_id, attempt=leased.attempt, outcome=outcome):
        return None
    await _remember(tx, leased, known, inspected=inspected, done=done, found=found)
    if is_trusted(done, known, said=said, profile=inspected.profile):
        await atlas_store.insert_sample(tx, leased.file_id, profile=inspected.profile, buyer=known.buyer)
    body = {"sha256": leased.sha256.hex(), "verdict": done.verdict.value, "reasons": list(done.reasons)}
    await record(tx, leased.claim_id, Entry("evidence.inspected", body))
    return done


def is_trusted(done: Inspection, known: FileRecords, *, said: RailSaid, profile: str) -> bool:
    """Whether the atlas may learn from a picture: everything agrees, the rail was paid, and no pixel speaks against it."""
    return (
        done.verdict is Verdict.CONSISTENT
        and said.is_paid
        and not done.findings
        and done.quality.is_screenshot
        and known.source == "buyer"
        and profile != ""
    )


async def refuse(tx: Tx, leased: Leased, *, problem: Problem = Problem.PRIVATE_DOCUMENT) -> bool:
    """Take somebody's private document out of sight and keep nothing of what was read. Destroy its bytes next."""
    if not await store.mark_refused(tx, leased.file_id, attempt=leased.attempt, problem=problem):
        return False
    if await store.mark_file_private(tx, leased.file_id):
        body = {"sha256": leased.sha256.hex(), "why": problem.value}
        await record(tx, leased.claim_id, Entry("evidence.refused", body))
    return True


async def needed_bytes(tx: Tx, leased: Leased) -> store.Shared:
    """Which of a refused file's bytes another file of the platform stands on: those must stay."""
    return await store.shared_bytes(tx, leased.file_id, sha256=leased.sha256, original_sha256=leased.original_sha256)


async def destroyed(tx: Tx, leased: Leased) -> bool:
    """A refused file's bytes are gone."""
    return await store.mark_destroyed(tx, leased.file_id, attempt=leased.attempt)


async def try_again(tx: Tx, leased: Leased, *, problem: Problem) -> bool:
    """Let the file be taken again after a pause, or leave it to a person when it was tried often enough."""
    if leased.attempt >= ATTEMPTS_MAX:
        return await give_up(tx, leased, problem=problem)
    pause = PAUSES[min(leased.attempt, len(PAUSES)) - 1]
    return await store.mark_due(tx, leased.file_id, attempt=leased.attempt, due_at=tx.now + pause)


async def give_back(tx: Tx, leased: Leased) -> bool:
    """Let another worker take the file at once; the attempt does not count, because it was never made."""
    return await store.mark_due(tx, leased.file_id, attempt=leased.attempt, due_at=tx.now, back=True)


async def give_up(tx: Tx, leased: Leased, *, problem: Problem) -> bool:
    """Leave the file to a person."""
    if not await store.mark_failed(tx, leased.file_id, attempt=leased.attempt, problem=problem):
        return False
    body = {"sha256": leased.sha256.hex(), "why": problem.value}
    await record(tx, leased.claim_id, Entry("evidence.not_inspected", body))
    return True


async def _uses(tx: Tx, known: FileRecords, found: Sequence[Key], near: Mapping[UUID, int]) -> tuple[OtherUse, ...]:
    await reuse_rows.lock_keys(tx, found)
    matches = [
        *await reuse_rows.key_matches(tx, known.claim_id, found),
        *await reuse_rows.near_matches(tx, known.claim_id, near),
    ]
    findings = reused(found, matches, order_no=known.order_no, buyer=known.buyer)
    refunded = await reuse_rows.refunded_claims(tx, [each.claim_id for each in findings])
    return tuple(OtherUse(reuse=each, is_refunded=each.claim_id in refunded) for each in findings)


async def _remember(
    tx: Tx, leased: Leased, known: FileRecords, *, inspected: Inspected, done: Inspection, found: Sequence[Key]
) -> None:
    await store.insert_keys(tx, leased.claim_id, file_id=leased.file_id, keys=found)
    if inspected.near:
        await store.insert_near(tx, leased.claim_id, file_id=leased.file_id, hashes=inspected.near)
    shown = next((check for check in done.checks if check.field is FieldName.CODE), None)
    if known.code is not None and shown is not None and shown.verdict is CheckVerdict.AGREES:
        await store.use_code(tx, leased.claim_id, slot=known.slot, code=known.code, file_id=leased.file_id)
