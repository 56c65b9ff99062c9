"""The SQL that writes restrictions and appeals. Private to this feature; evidence.suspicion imposes and lifts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Tx
from huiliu.people.model import Staff
from huiliu.people.restrictions.errors import AppealDecided, RestrictionChanged
from huiliu.people.restrictions.model import Answer, Level, Restriction, State


async def insert_restriction(tx: Tx, restriction_id: UUID, *, suspicion_id: UUID, ends_at: datetime) -> bool:
    """Write down what was confirmed, copied from the suspicion's own row; False when there is none that is confirmed.

    restriction_once makes it one, restriction_as_confirmed ties every person, buyer and level to the suspicion.
    """
    return (
        await tx.run(
            """
            INSERT INTO restrictions (platform_id, id, suspicion_id, contact_hash, claim_id, order_id, first_level, level, clause,
                                      words, starts_at, first_ends_at, ends_at, proposed_by, proposed_by_name, confirmed_by,
                                      confirmed_by_name)
            SELECT s.platform_id, %(id)s, s.id, s.contact_hash, s.claim_id, s.order_id, s.level, s.level, s.clause, s.words,
                   s.confirmed_at, %(ends_at)s, %(ends_at)s, s.proposed_by, s.proposed_by_name, s.confirmed_by,
                   s.confirmed_by_name
              FROM evidence_suspicions s
             WHERE s.platform_id = %(platform)s AND s.id = %(suspicion)s AND s.state = 'confirmed'
            """,
            platform=tx.platform_id,
            id=restriction_id,
            suspicion=suspicion_id,
            ends_at=ends_at,
        )
        == 1
    )


async def move(
    tx: Tx,
    restriction: Restriction,
    target: State,
    *,
    level: Level | None = None,
    ends_at: datetime | None = None,
    appeal_due_at: datetime | None = None,
) -> None:
    """Compare-and-set: the restriction's row guards its appeal and its end. Raises RestrictionChanged."""
    is_lifted = target is State.LIFTED
    changed = await tx.run(
        """
        UPDATE restrictions
           SET state = %(target)s, version = version + 1, level = coalesce(%(level)s, level),
               ends_at = CASE WHEN %(is_lifted)s THEN starts_at ELSE coalesce(%(ends_at)s, ends_at) END,
               appeal_due_at = coalesce(%(due)s, appeal_due_at),
               lifted_at = CASE WHEN %(is_lifted)s THEN %(now)s::timestamptz END
         WHERE platform_id = %(platform)s AND id = %(id)s AND version = %(version)s AND state = %(state)s
        """,
        platform=tx.platform_id,
        id=restriction.id,
        version=restriction.version,
        state=restriction.state.value,
        target=target.value,
        level=None if level is None else level.value,
        ends_at=ends_at,
        due=appeal_due_at,
        is_lifted=is_lifted,
        now=tx.now,
    )
    if changed != 1:
        raise RestrictionChanged


async def insert_appeal(
    tx: Tx, restriction: Restriction, *, words: str, file_ids: Sequence[UUID], due_at: datetime, is_estimated: bool
) -> None:
    """Keep what the buyer wrote. appeal_once: there is one for a restriction."""
    await tx.run(
        """
        INSERT INTO restriction_appeals (platform_id, restriction_id, claim_id, proposed_by, confirmed_by, words, file_ids,
                                         appealed_at, due_at, is_due_estimated)
        VALUES (%(platform)s, %(id)s, %(claim)s, %(proposed_by)s, %(confirmed_by)s, %(words)s, %(files)s, %(now)s, %(due)s,
                %(is_estimated)s)
        """,
        platform=tx.platform_id,
        id=restriction.id,
        claim=restriction.claim_id,
        proposed_by=restriction.proposed_by,
        confirmed_by=restriction.confirmed_by,
        words=words,
        files=list(file_ids),
        now=tx.now,
        due=due_at,
        is_estimated=is_estimated,
    )


async def end_appeal(tx: Tx, staff: Staff, restriction_id: UUID, *, answer: Answer) -> None:
    """Write the answer under the appeal. Raises AppealDecided; appeal_decided_by_another refuses who took part."""
    changed = await tx.run(
        """
        UPDATE restriction_appeals
           SET outcome = %(outcome)s, reply = %(reply)s, decided_by = %(by)s, decided_by_name = %(by_name)s, decided_at = %(now)s
         WHERE platform_id = %(platform)s AND restriction_id = %(id)s AND outcome IS NULL
        """,
        platform=tx.platform_id,
        id=restriction_id,
        outcome=answer.outcome.value,
        reply=answer.reply,
        by=staff.id,
        by_name=staff.name,
        now=tx.now,
    )
    if changed != 1:
        raise AppealDecided


async def count_own_files(tx: Tx, claim_id: UUID, *, file_ids: Sequence[UUID]) -> int:
    """How many of these are live files that the buyer handed in on this claim."""
    found = await tx.value(
        "SELECT count(*)::int FROM evidence_files WHERE platform_id = %(platform)s AND claim_id = %(claim)s"
        " AND source = 'buyer' AND removed_at IS NULL AND id = ANY (%(ids)s)",
        platform=tx.platform_id,
        claim=claim_id,
        ids=list(file_ids),
    )
    assert isinstance(found, int)
    return found
