"""Who is signed in: server-side sessions, known by a random token of which only a hash is kept.

Every change of what a session may see makes a new token, so that a token planted in somebody's browser beforehand
(session fixation) never gains anything.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from huiliu.kit.db import Tx
from huiliu.people.model import ORDERS_PER_LOOK_UP_SESSION_MAX, Buyer, Role, Staff
from huiliu.people.store import sessions as store

TOKEN_BYTES = 32
TOKEN_LENGTH = 43
"""What TOKEN_BYTES are in unpadded base64url; anything else is not even looked up."""

BUYER_LIFE = timedelta(days=30)
BUYER_IDLE = timedelta(days=7)
STAFF_LIFE = timedelta(hours=12)
STAFF_IDLE = timedelta(hours=2)
SEEN_EVERY = timedelta(minutes=1)
"""A session is written at most this often: reading a page must not cost a write each time."""


@dataclass(frozen=True, slots=True)
class Session:
    """A live session and whose it is."""

    viewer: Buyer | Staff
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened. The token goes into the cookie and is known to nobody else."""

    token: str
    viewer: Buyer | Staff
    expires_at: datetime


async def load_session(tx: Tx, token: str) -> Session | None:
    """Who this token stands for on this platform, or None. Keeps the session from lying idle."""
    if not _is_token(token):
        return None
    hashed = token_hash(token)
    row = await store.load_session(
        tx, hashed, buyer_seen_after=tx.now - BUYER_IDLE, staff_seen_after=tx.now - STAFF_IDLE
    )
    if row is None:
        return None
    if row.seen_at <= tx.now - SEEN_EVERY:
        await store.touch_session(tx, hashed)
    return Session(_viewer(tx, row), row.created_at, row.expires_at)


async def open_staff_session(tx: Tx, staff: Staff, *, old_token: str | None = None) -> NewSession:
    """Sign a member of staff in; whatever session the browser had before is closed."""
    if old_token is not None and _is_token(old_token):
        await store.delete_session(tx, token_hash(old_token))
    token, expires_at = _fresh_token(), tx.now + STAFF_LIFE
    await store.insert_session(
        tx, token_hash(token), staff_id=staff.id, contact_hash=None, order_ids=[], expires_at=expires_at
    )
    return NewSession(token, staff, expires_at)


async def open_buyer_session(
    tx: Tx, *, contact_hash: bytes | None = None, order_id: UUID | None = None, old_token: str | None = None
) -> NewSession:
    """Give a buyer what they just proved: a contact, or one order.

    Orders that the browser's old session had looked up come along, newest last, at most
    ORDERS_PER_LOOK_UP_SESSION_MAX; a look-up keeps the contact, and proving another contact replaces it.
    """
    assert (contact_hash is None) != (order_id is None)
    carried = None
    if old_token is not None and _is_token(old_token):
        carried = await store.take_buyer_session(tx, token_hash(old_token), seen_after=tx.now - BUYER_IDLE)
    before = carried.order_ids if carried else []
    buyer = Buyer(
        platform_id=tx.platform_id,
        contact_hash=contact_hash or (carried.contact_hash if carried else None),
        order_ids=_with_newest(before, order_id),
    )
    token, expires_at = _fresh_token(), tx.now + BUYER_LIFE
    await store.insert_session(
        tx,
        token_hash(token),
        staff_id=None,
        contact_hash=buyer.contact_hash,
        order_ids=list(buyer.order_ids),
        expires_at=expires_at,
    )
    return NewSession(token, buyer, expires_at)


async def sign_out(tx: Tx, token: str) -> None:
    """Close this session; one that is closed already stays so."""
    if _is_token(token):
        await store.delete_session(tx, token_hash(token))


async def sign_out_everywhere(tx: Tx, viewer: Buyer | Staff) -> int:
    """Close every session of this person and say how many. A buyer who only looked orders up has no others."""
    if isinstance(viewer, Staff):
        return await store.delete_sessions_of_staff(tx, viewer.id)
    if viewer.contact_hash is None:
        return 0
    return await store.delete_sessions_of_contact(tx, viewer.contact_hash)


def token_hash(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no stretching."""
    return hashlib.sha256(token.encode()).digest()


def _viewer(tx: Tx, row: store.SessionRow) -> Buyer | Staff:
    if row.staff_id is None:
        return Buyer(platform_id=tx.platform_id, contact_hash=row.contact_hash, order_ids=tuple(row.order_ids))
    assert row.login is not None
    assert row.name is not None
    assert row.roles is not None
    return Staff(
        id=row.staff_id,
        platform_id=tx.platform_id,
        login=row.login,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
    )


def _with_newest(before: Sequence[UUID], order_id: UUID | None) -> tuple[UUID, ...]:
    if order_id is None:
        return tuple(before)
    kept = [known for known in before if known != order_id]
    return (*kept, order_id)[-ORDERS_PER_LOOK_UP_SESSION_MAX:]


def _fresh_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def _is_token(text: str) -> bool:
    return len(text) == TOKEN_LENGTH and text.isascii()
