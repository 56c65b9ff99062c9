"""Server-side sessions, known by the hash of their token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Tx


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A live session with its member of staff, if it is one."""

    kind: str
    contact_hash: bytes | None
    order_ids: list[UUID]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    staff_id: UUID | None
    login: str | None
    name: str | None
    roles: list[str] | None


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """What a buyer's old session knew, to be taken over by the new one."""

    contact_hash: bytes | None
    order_ids: list[UUID]


async def insert_session(
    tx: Tx,
    token_hash: bytes,
    *,
    staff_id: UUID | None,
    contact_hash: bytes | None,
    order_ids: list[UUID],
    expires_at: datetime,
) -> None:
    """Open a session: a staff member's when `staff_id` is given, else a buyer's."""
    await tx.run(
        """
        INSERT INTO sessions (platform_id, token_hash, kind, staff_id, contact_hash, order_ids,
                              created_at, seen_at, expires_at)
        VALUES (%(platform)s, %(token)s, CASE WHEN %(staff)s::uuid IS NULL THEN 'buyer' ELSE 'staff' END,
                %(staff)s, %(contact)s, %(orders)s, %(now)s, %(now)s, %(expires)s)
        """,
        platform=tx.platform_id,
        token=token_hash,
        staff=staff_id,
        contact=contact_hash,
        orders=order_ids,
        now=tx.now,
        expires=expires_at,
    )


async def load_session(
    tx: Tx, token_hash: bytes, *, buyer_seen_after: datetime, staff_seen_after: datetime
) -> SessionRow | None:
    """The session, unless it has expired, lain idle too long, or its member of staff was disabled."""
    return await tx.one(
        SessionRow,
        """
        SELECT s.kind, s.contact_hash, s.order_ids, s.created_at, s.seen_at, s.expires_at,
               s.staff_id, p.login, p.name, p.roles
          FROM sessions s
          LEFT JOIN staff p ON p.platform_id = s.platform_id AND p.id = s.staff_id
         WHERE s.platform_id = %(platform)s AND s.token_hash = %(token)s AND s.expires_at > %(now)s
           AND s.seen_at > CASE s.kind WHEN 'staff' THEN %(staff_after)s ELSE %(buyer_after)s END
           AND p.disabled_at IS NULL
         LIMIT 1
        """,
        platform=tx.platform_id,
        token=token_hash,
        now=tx.now,
        staff_after=staff_seen_after,
        buyer_after=buyer_seen_after,
    )


async def touch_session(tx: Tx, token_hash: bytes) -> None:
    """Note that it is in use. A request that already does so holds the row; the others pass by, none waits."""
    await tx.run(
        """
        UPDATE sessions SET seen_at = %(now)s
         WHERE platform_id = %(platform)s AND token_hash = (
               SELECT token_hash FROM sessions WHERE platform_id = %(platform)s AND token_hash = %(token)s
                  FOR UPDATE SKIP LOCKED)
        """,
        platform=tx.platform_id,
        token=token_hash,
        now=tx.now,
    )


async def take_buyer_session(tx: Tx, token_hash: bytes, *, seen_after: datetime) -> CarriedRow | None:
    """Close a buyer's session and hand over what it knew; None when it was not a live buyer's session.

    Of two requests that take the same one, the DELETE lets only one have it.
    """
    return await tx.one(
        CarriedRow,
        """
        DELETE FROM sessions
         WHERE platform_id = %(platform)s AND token_hash = %(token)s AND kind = 'buyer'
           AND expires_at > %(now)s AND seen_at > %(after)s
        RETURNING contact_hash, order_ids
        """,
        platform=tx.platform_id,
        token=token_hash,
        now=tx.now,
        after=seen_after,
    )


async def delete_session(tx: Tx, token_hash: bytes) -> None:
    """Sign out here."""
    await tx.run(
        "DELETE FROM sessions WHERE platform_id = %(platform)s AND token_hash = %(token)s",
        platform=tx.platform_id,
        token=token_hash,
    )


async def delete_sessions_of_staff(tx: Tx, staff_id: UUID) -> int:
    """Sign a member of staff out everywhere."""
    return await tx.run(
        "DELETE FROM sessions WHERE platform_id = %(platform)s AND staff_id = %(staff)s",
        platform=tx.platform_id,
        staff=staff_id,
    )


async def delete_sessions_of_contact(tx: Tx, contact_hash: bytes) -> int:
    """Sign a buyer out everywhere."""
    return await tx.run(
        "DELETE FROM sessions WHERE platform_id = %(platform)s AND kind = 'buyer' AND contact_hash = %(contact)s",
        platform=tx.platform_id,
        contact=contact_hash,
    )
