"""Restrictions for screens and rules. Loading is authorising: what a viewer may not see does not exist."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

import msgspec

from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.people.model import ApiKey, Buyer, Permission, Staff, Viewer, require
from huiliu.people.reads import load_platform
from huiliu.people.restrictions.model import MEMORY_DAYS, Appeal, Level, Restriction, Standing, suggested

LISTED_MAX = 50

_SELECT: LiteralString = """
SELECT r.id, r.suspicion_id, r.contact_hash, r.claim_id, c.claim_no, r.order_id, r.first_level, r.level, r.state, r.version,
       r.clause, r.words, r.starts_at, r.first_ends_at, r.ends_at, r.proposed_by, r.proposed_by_name, r.confirmed_by,
       r.confirmed_by_name, r.appeal_due_at, r.lifted_at
  FROM restrictions r
  JOIN claims c ON c.platform_id = r.platform_id AND c.id = r.claim_id
"""


async def load_restriction(tx: Tx, viewer: Viewer, restriction_id: UUID) -> Restriction:
    """One restriction, for the buyer it is about or for staff. Raises NotFound, NotAllowed.

    Somebody who only looked orders up sees what arose from one of these orders and nothing else of its contact.
    """
    found = await tx.one(
        Restriction,
        _SELECT + " WHERE r.platform_id = %(platform)s AND r.id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=restriction_id,
    )
    match viewer:
        case Staff():
            require(viewer, Permission.VIEW_QUEUE)
        case Buyer():
            if found is None or not viewer.may_see(order_id=found.order_id, contact_hash=found.contact_hash):
                raise NotFound
        case ApiKey():
            raise NotFound  # its server is told by webhook; the rest is between the platform's people and the buyer
    if found is None:
        raise NotFound
    return found


async def restrictions_of(tx: Tx, buyer: Buyer) -> list[Restriction]:
    """The buyer's own restrictions, newest first, ended and lifted ones too: what was wrong should be seen to be undone."""
    return await tx.all(
        Restriction,
        _SELECT
        + " WHERE r.platform_id = %(platform)s AND (r.contact_hash = %(contact)s OR r.order_id = ANY (%(orders)s))"
        " ORDER BY r.starts_at DESC, r.id DESC LIMIT %(limit)s",
        platform=tx.platform_id,
        contact=buyer.contact_hash,
        orders=list(buyer.order_ids),
        limit=LISTED_MAX,
    )


async def restrictions_of_contact(tx: Tx, staff: Staff, contact_hash: bytes) -> list[Restriction]:
    """What was ever decided about one contact, newest first, for whoever decides about it again. Raises NotAllowed."""
    require(staff, Permission.VIEW_QUEUE)
    return await tx.all(
        Restriction,
        _SELECT + " WHERE r.platform_id = %(platform)s AND r.contact_hash = %(contact)s"
        " ORDER BY r.starts_at DESC, r.id DESC LIMIT %(limit)s",
        platform=tx.platform_id,
        contact=contact_hash,
        limit=LISTED_MAX,
    )


async def load_appeal(tx: Tx, restriction_id: UUID) -> Appeal | None:
    """The appeal against a restriction that was loaded, so authorised, before."""
    return await tx.one(
        Appeal,
        "SELECT words, file_ids, appealed_at, due_at, is_due_estimated, outcome, reply, decided_by, decided_by_name, decided_at"
        " FROM restriction_appeals WHERE platform_id = %(platform)s AND restriction_id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=restriction_id,
    )


async def standing(tx: Tx, contact_hash: bytes | None) -> Standing:
    """What holds for a contact now. An order without a contact is nobody's, and nothing holds for it."""
    if contact_hash is None:
        return Standing()
    found = await tx.one(
        Standing,
        "SELECT forged_before, must_show_code, needs_person, suspended_until"
        " FROM contact_standing(%(platform)s, %(contact)s, %(now)s, %(memory)s)",
        platform=tx.platform_id,
        contact=contact_hash,
        now=tx.now,
        memory=MEMORY_DAYS,
    )
    assert found is not None
    return found


async def requires_code(tx: Tx, buyer: Buyer) -> bool:
    """Whether this buyer's pictures must show the one-time code of their slot. By contact; for one claim ask contact_requires_code."""
    return (await standing(tx, buyer.contact_hash)).must_show_code


async def contact_requires_code(tx: Tx, contact_hash: bytes | None) -> bool:
    """The same by the contact of a claim or an order, also for somebody who looked just that order up."""
    return (await standing(tx, contact_hash)).must_show_code


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What the ladder says of one contact: how many findings count, and the level that comes next."""

    counted: int
    level: Level


async def next_step(tx: Tx, contact_hash: bytes) -> Step:
    """The level that the platform's ladder suggests for this contact; lifted and forgotten findings do not count."""
    settings = (await load_platform(tx)).settings
    counted = await tx.value(
        "SELECT count(*)::int FROM restrictions WHERE platform_id = %(platform)s AND contact_hash = %(contact)s"
        " AND state <> 'lifted' AND starts_at > %(since)s",
        platform=tx.platform_id,
        contact=contact_hash,
        since=tx.now - timedelta(days=settings.restriction_memory_days),
    )
    assert isinstance(counted, int)
    return Step(counted=counted, level=suggested(settings.restriction_ladder, counted=counted))


class AppealRow(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal that waits, in the desk's list. `is_mine`: this member of staff took part and cannot decide it."""

    restriction_id: UUID
    claim_no: str
    level: Level
    starts_at: datetime
    appealed_at: datetime
    due_at: datetime
    is_mine: bool


async def open_appeals(
    tx: Tx, staff: Staff, *, after: tuple[datetime, UUID] | None = None, limit: int = LISTED_MAX
) -> list[AppealRow]:
    """Appeals nobody has decided, earliest due first; `after` is the last row's (due_at, restriction_id). Raises NotAllowed."""
    require(staff, Permission.VIEW_QUEUE)
    return await tx.all(
        AppealRow,
        """
        SELECT a.restriction_id, c.claim_no, r.level, r.starts_at, a.appealed_at, a.due_at,
               %(staff)s IN (a.proposed_by, a.confirmed_by) AS is_mine
          FROM restriction_appeals a
          JOIN restrictions r ON r.platform_id = a.platform_id AND r.id = a.restriction_id
          JOIN claims c ON c.platform_id = a.platform_id AND c.id = a.claim_id
         WHERE a.platform_id = %(platform)s AND a.outcome IS NULL AND r.state = 'appealed'
           AND (%(at)s::timestamptz IS NULL OR (a.due_at, a.restriction_id) > (%(at)s, %(after)s))
         ORDER BY a.due_at, a.restriction_id LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        staff=staff.id,
        at=after[0] if after else None,
        after=after[1] if after else None,
        limit=min(limit, LISTED_MAX) + 1,
    )
