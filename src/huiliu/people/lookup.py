"""Find an order without an account: its number and the last digits of the contact, or the look-up password.

'No such order' and 'not yours' are one refusal and the same work. Four digits are few, so failures are counted for the
order and for the network client; whoever is stopped can still sign in with a one-time code.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Pool, Tx, transaction, utc_now
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import system_actor
from huiliu.people.contacts import lookup_hash, tail, tail_hash
from huiliu.people.errors import LookupFailed
from huiliu.people.model import Platform, PlatformSettings
from huiliu.people.rate import Allowance, bucket, client_of, give_back, spend_all
from huiliu.people.sessions import NewSession, open_buyer_session
from huiliu.people.text import line_of_text

ORDER_NO_MAX = 64
SECRET_MAX = 120
TAIL_MIN = 2
"""A contact shorter than this proves nothing."""

_NEVER = secrets.token_bytes(32)
"""Compared with when an order lacks a hash or does not exist: equal to nothing, for the same work."""


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """The order that was proved."""

    id: UUID
    order_no: str
    contact_masked: str


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The order, and the session that may now see it; put the token into the cookie."""

    order: FoundOrder
    session: NewSession


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    order_no: str
    contact_masked: str
    contact_tail_hash: bytes | None
    lookup_hash: bytes | None


async def look_up(
    pool: Pool,
    keyring: Keyring,
    *,
    platform: Platform,
    order_no: str,
    secret: str,
    address: str,
    old_token: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> LookedUp:
    """Open one order to whoever knows its secret. Raises LookupFailed, TooMany.

    The try is spent before, in a transaction of its own, so that a refusal cannot roll the count back.
    """
    allowances = _allowances(keyring, platform.settings, order_no=order_no, address=address)
    await spend_all(pool, platform.id, allowances=allowances, clock=clock)
    async with transaction(pool, system_actor(platform.id), clock=clock) as tx:
        order = await look_up_order(tx, keyring, order_no=order_no, secret=secret)
        session = await open_buyer_session(tx, order_id=order.id, old_token=old_token)
        await give_back(tx, allowances)
    return LookedUp(order, session)


def _allowances(keyring: Keyring, limits: PlatformSettings, *, order_no: str, address: str) -> list[Allowance]:
    client = bucket(keyring, "look_up_address", client_of(address))
    allowances = [Allowance(client, limits.lookup_limit_per_address)]
    number = line_of_text(order_no, ORDER_NO_MAX)
    if number is not None:  # what cannot be an order's number must not use up tries that are shared
        allowances.append(Allowance(bucket(keyring, "look_up_order", number), limits.lookup_limit_per_hour))
    return allowances


async def look_up_order(tx: Tx, keyring: Keyring, *, order_no: str, secret: str) -> FoundOrder:
    """The order, if the secret is its contact's last four characters or its look-up password. Raises LookupFailed.

    Counts nothing: `look_up` does; use this alone only where tries are limited otherwise.
    """
    typed = line_of_text(secret, SECRET_MAX)
    row = await tx.one(
        _Row,
        """
        SELECT id, order_no, contact_masked, contact_tail_hash, lookup_hash
          FROM orders
         WHERE platform_id = %(platform)s AND order_no = %(order_no)s
         LIMIT 1
        """,
        platform=tx.platform_id,
        order_no=line_of_text(order_no, ORDER_NO_MAX) or "",
    )
    given = typed or "-"
    tail_expected = row.contact_tail_hash if row else None
    password_expected = row.lookup_hash if row else None
    # Both are always computed and compared, whatever the first one says.
    knows_tail = hmac.compare_digest(tail_hash(keyring, tx.platform_id, given), tail_expected or _NEVER)
    knows_password = hmac.compare_digest(lookup_hash(keyring, tx.platform_id, given), password_expected or _NEVER)
    proves = typed is not None and ((knows_tail and len(tail(given)) >= TAIL_MIN) or knows_password)
    if row is None or not proves:
        raise LookupFailed
    return FoundOrder(row.id, row.order_no, row.contact_masked)
