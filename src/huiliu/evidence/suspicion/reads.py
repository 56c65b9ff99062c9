"""Suspicions for the desk, their grounds for whoever may read them, and what was held against people wrongly."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

import msgspec

from huiliu.evidence.inspection.model import Check, FieldName
from huiliu.evidence.suspicion.model import HOLDS_FOR, Grounds, Suspicion
from huiliu.evidence.suspicion.store import GROUNDS_CONTEXT
from huiliu.evidence.verification.model import CLAIM_CHECKS
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.keyring import Keyring
from huiliu.people.contacts import mask
from huiliu.people.model import Permission, Staff, Viewer, require
from huiliu.people.restrictions.reads import load_restriction

PAGE_MAX = 50
NAMES_MAX = 100
EXPORT_MAX = 1_000

_SELECT: LiteralString = """
SELECT s.id, s.claim_id, c.claim_no, s.order_id, s.file_id, f.slot, s.contact_hash, s.state, s.version, s.check_name,
       s.check_source, s.note, s.opened_by, s.opened_by_name, s.opened_at, s.level, s.days, s.clause, s.words, s.proposed_by,
       s.proposed_by_name, s.proposed_at, s.confirmed_by, s.confirmed_by_name, s.confirmed_at, s.closed_by, s.closed_by_name,
       s.closed_at, s.closing_note, r.id AS restriction_id, r.state AS restriction_state
  FROM evidence_suspicions s
  JOIN claims c ON c.platform_id = s.platform_id AND c.id = s.claim_id
  JOIN evidence_files f ON f.platform_id = s.platform_id AND f.id = s.file_id
  LEFT JOIN restrictions r ON r.platform_id = s.platform_id AND r.suspicion_id = s.id
"""


class View(StrEnum):
    """The lists of the desk."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    APPEALED = "appealed"
    CLOSED = "closed"


async def load_suspicion(tx: Tx, staff: Staff, suspicion_id: UUID) -> Suspicion:
    """One suspicion, for staff only. Raises NotFound, NotAllowed."""
    require(staff, Permission.VIEW_QUEUE)
    found = await tx.one(
        Suspicion,
        _SELECT + " WHERE s.platform_id = %(platform)s AND s.id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=suspicion_id,
    )
    if found is None:
        raise NotFound
    return found


async def suspicion_of(tx: Tx, restriction_id: UUID) -> Suspicion:
    """The finding behind a restriction that was loaded, so authorised, before."""
    found = await tx.one(
        Suspicion,
        _SELECT + " WHERE s.platform_id = %(platform)s AND r.id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=restriction_id,
    )
    assert found is not None, "a restriction without its finding"
    return found


async def suspicions(
    tx: Tx, staff: Staff, view: View, *, before: tuple[datetime, UUID] | None = None, limit: int = PAGE_MAX
) -> list[Suspicion]:
    """A page of the desk's list, newest first, one more than `limit` when there is a next page. Raises NotAllowed."""
    require(staff, Permission.VIEW_QUEUE)
    return await tx.all(
        Suspicion,
        _SELECT
        + """
         WHERE s.platform_id = %(platform)s
           AND CASE %(view)s WHEN 'open' THEN s.state IN ('open', 'proposed')
                             WHEN 'confirmed' THEN s.state = 'confirmed' AND r.state IS DISTINCT FROM 'appealed'
                             WHEN 'appealed' THEN r.state = 'appealed'
                             ELSE s.state IN ('dismissed', 'lifted') END
           AND (%(at)s::timestamptz IS NULL OR (s.opened_at, s.id) < (%(at)s, %(before)s::uuid))
         ORDER BY s.opened_at DESC, s.id DESC LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        view=view.value,
        at=before[0] if before else None,
        before=before[1] if before else None,
        limit=min(limit, PAGE_MAX) + 1,
    )


async def suspicions_of_claim(tx: Tx, staff: Staff, claim_id: UUID) -> list[Suspicion]:
    """What was ever laid before colleagues about a claim's files, newest first. Raises NotAllowed."""
    require(staff, Permission.VIEW_QUEUE)
    return await tx.all(
        Suspicion,
        _SELECT + " WHERE s.platform_id = %(platform)s AND s.claim_id = %(claim)s"
        " ORDER BY s.opened_at DESC, s.id DESC LIMIT %(limit)s",
        platform=tx.platform_id,
        claim=claim_id,
        limit=PAGE_MAX,
    )


async def load_grounds(tx: Tx, staff: Staff, suspicion_id: UUID, *, keyring: Keyring) -> Grounds:
    """Every check with both its values, and every signal, as they were. Raises NotFound, NotAllowed."""
    await load_suspicion(tx, staff, suspicion_id)
    return await _grounds(tx, suspicion_id, keyring)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the buyer is told a restriction rests on: the one check, the file, and the claim."""

    claim_no: str
    file_id: UUID
    slot: str
    check: str
    source: str
    expected: str
    """'' when it is about somebody else's claim."""
    found: str


async def told_grounds(tx: Tx, viewer: Viewer, restriction_id: UUID, *, keyring: Keyring) -> Told:
    """What the buyer must know to appeal: what was seen and what the record says. Raises NotFound.

    No signal, which would be a recipe, and nothing of other people's claims.
    """
    restriction = await load_restriction(tx, viewer, restriction_id)
    found = await suspicion_of(tx, restriction.id)
    against = (await _grounds(tx, found.id, keyring)).against
    return Told(
        claim_no=found.claim_no,
        file_id=found.file_id,
        slot=found.slot,
        check=against.name,
        source=against.source,
        expected=_told_expected(against),
        found=against.found,
    )


def _told_expected(against: Check) -> str:
    """Whoever looked an order up by its number has not proved to be its buyer: the account on record stays masked."""
    if against.name in CLAIM_CHECKS:
        return ""
    return mask(against.expected) if against.field is FieldName.ACCOUNT else against.expected


async def has_open(tx: Tx, contact_hash: bytes | None) -> bool:
    """Whether something about this contact is undecided, so that a person decides its claims. Never tell the buyer."""
    found = await tx.value(
        "SELECT EXISTS (SELECT 1 FROM evidence_suspicions WHERE platform_id = %(platform)s AND contact_hash = %(contact)s"
        " AND state IN ('open', 'proposed') AND opened_at > %(since)s)",
        platform=tx.platform_id,
        contact=contact_hash,
        since=tx.now - HOLDS_FOR,
    )
    return found is True


class FalseAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """How often one check or signal spoke against somebody, and how often wrongly."""

    kind: str
    name: str
    dismissed: int
    lifted: int
    upheld: int
    """Findings it had a part in that stand."""


async def false_alarm_counts(tx: Tx, staff: Staff) -> list[FalseAlarms]:
    """Wrong accusations by check and by signal, the worst first, for the page of limits. Raises NotAllowed."""
    require(staff, Permission.VIEW_QUEUE)
    return await tx.all(
        FalseAlarms,
        """
        WITH spoke AS (
            SELECT id, state, 'check' AS kind, check_name AS name FROM evidence_suspicions WHERE platform_id = %(platform)s
            UNION
            SELECT s.id, s.state, 'signal', m.signal
              FROM evidence_suspicions s CROSS JOIN LATERAL jsonb_to_recordset(s.signals) AS m (signal text)
             WHERE s.platform_id = %(platform)s
        )
        SELECT kind, name, count(*) FILTER (WHERE state = 'dismissed')::int AS dismissed,
               count(*) FILTER (WHERE state = 'lifted')::int AS lifted,
               count(*) FILTER (WHERE state = 'confirmed')::int AS upheld
          FROM spoke
         GROUP BY kind, name
        HAVING count(*) FILTER (WHERE state IN ('dismissed', 'lifted', 'confirmed')) > 0
         ORDER BY lifted DESC, dismissed DESC, kind, name LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        limit=NAMES_MAX,
    )


class FalseAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """One wrong accusation by one check or signal: what thresholds are set by."""

    suspicion_id: UUID
    file_id: UUID
    kind: str
    name: str
    score: float | None
    score_limit: float | None
    how: str
    at: datetime


async def false_alarms(
    tx: Tx, *, after: tuple[datetime, UUID, str, str] | None = None, limit: int = EXPORT_MAX
) -> list[FalseAlarm]:
    """For calibration: every wrong accusation, oldest first; `after` is the last row's (at, suspicion_id, kind, name)."""
    return await tx.all(
        FalseAlarm,
        """
        SELECT suspicion_id, file_id, kind, name, score, score_limit, how, at FROM evidence_false_alarms
         WHERE platform_id = %(platform)s
           AND (%(at)s::timestamptz IS NULL OR (at, suspicion_id, kind, name) > (%(at)s, %(id)s::uuid, %(kind)s, %(name)s))
         ORDER BY at, suspicion_id, kind, name LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        at=after[0] if after else None,
        id=after[1] if after else None,
        kind=after[2] if after else "",
        name=after[3] if after else "",
        limit=min(limit, EXPORT_MAX),
    )


async def _grounds(tx: Tx, suspicion_id: UUID, keyring: Keyring) -> Grounds:
    sealed = await tx.value(
        "SELECT grounds_sealed FROM evidence_suspicions WHERE platform_id = %(platform)s AND id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=suspicion_id,
    )
    assert isinstance(sealed, bytes)
    return msgspec.json.decode(keyring.open(sealed, context=GROUNDS_CONTEXT), type=Grounds)
