"""Sign a buyer in with a six-digit code sent to the contact of the order.

The answer to 'send me a code' never tells whether the contact has an order: a code is made and kept either way, and
only sent when it does. Send it after the answer, in the background, so that the time it takes tells nothing either.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from huiliu.kit.db import Pool, Tx, transaction, utc_now
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import system_actor
from huiliu.people.contacts import CONTACT_LENGTH_MAX, contact_hash, normalise
from huiliu.people.errors import CodeWrong, ContactMalformed
from huiliu.people.model import Platform
from huiliu.people.rate import Allowance, bucket, client_of, give_back, spend_all
from huiliu.people.sessions import NewSession, open_buyer_session
from huiliu.people.store import codes as store

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=10)
ATTEMPTS_MAX = 5
"""Of a million codes; with code_limit_per_hour codes an hour, guessing one takes years."""
FAILURES_PER_ADDRESS_MAX = 60
CONTACT_LENGTH_MIN = 4


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """What goes to the buyer, and nowhere else: never log it."""

    contact: str
    code: str

    def __repr__(self) -> str:
        return "CodeToSend(…)"


@dataclass(frozen=True, slots=True)
class CodeRequested:
    """The same for everybody, but for `to_send`, which the page must not depend on."""

    expires_at: datetime
    to_send: CodeToSend | None


async def request_code(
    pool: Pool,
    keyring: Keyring,
    *,
    platform: Platform,
    contact: str,
    address: str,
    clock: Callable[[], datetime] = utc_now,
) -> CodeRequested:
    """Make a code for this contact; a newer one replaces the older. Raises ContactMalformed, TooMany."""
    plain = _contact(contact)
    limits = platform.settings
    allowances = (
        Allowance(bucket(keyring, "code_address", client_of(address)), limits.code_limit_per_address),
        Allowance(bucket(keyring, "code_contact", plain), limits.code_limit_per_hour),
    )
    await spend_all(pool, platform.id, allowances=allowances, clock=clock)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    async with transaction(pool, system_actor(platform.id), clock=clock) as tx:
        hashed = contact_hash(keyring, tx.platform_id, plain)
        expires_at = tx.now + CODE_LIFE
        await store.insert_code(
            tx,
            new_id(),
            contact_hash=hashed,
            code_hash=_code_hash(keyring, tx.platform_id, hashed, code),
            expires_at=expires_at,
        )
        has_order = await _has_order(tx, hashed)
    return CodeRequested(expires_at, CodeToSend(plain, code) if has_order else None)


async def sign_in_with_code(
    pool: Pool,
    keyring: Keyring,
    *,
    platform: Platform,
    contact: str,
    code: str,
    address: str,
    old_token: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> NewSession:
    """Sign in whoever has the code. Raises ContactMalformed, CodeWrong, TooMany. A code works once, even for two at
    the same instant; a wrong try is committed before it is refused."""
    plain = _contact(contact)
    digits = code.strip()
    allowances = (
        Allowance(bucket(keyring, "code_try_address", client_of(address)), FAILURES_PER_ADDRESS_MAX),
    )  # fmt: skip
    await spend_all(pool, platform.id, allowances=allowances, clock=clock)
    async with transaction(pool, system_actor(platform.id), clock=clock) as tx:
        hashed = contact_hash(keyring, tx.platform_id, plain)
        session = None
        if await store.try_code(
            tx,
            contact_hash=hashed,
            code_hash=_code_hash(keyring, tx.platform_id, hashed, digits[: CODE_DIGITS + 1]),
            attempts_max=ATTEMPTS_MAX,
        ):
            session = await open_buyer_session(tx, contact_hash=hashed, old_token=old_token)
            await give_back(tx, allowances)
    if session is None:
        raise CodeWrong
    return session


def _contact(text: str) -> str:
    plain = normalise(text) if len(text) <= 2 * CONTACT_LENGTH_MAX else ""
    if not CONTACT_LENGTH_MIN <= len(plain) <= CONTACT_LENGTH_MAX or not plain.isprintable():
        raise ContactMalformed(length_max=CONTACT_LENGTH_MAX)
    return plain


def _code_hash(keyring: Keyring, platform_id: int, contact: bytes, code: str) -> bytes:
    # Keyed: a million codes are tried in a second by whoever has a copy of the table, but not without the key.
    printable = "".join(mark for mark in code if mark.isascii())
    return keyring.fingerprint(f"{contact.hex()}:{printable}", context=f"one_time_code:{platform_id}")


async def _has_order(tx: Tx, contact: bytes) -> bool:
    return (
        await tx.value(
            """
            SELECT EXISTS (SELECT 1 FROM orders WHERE platform_id = %(platform)s AND contact_hash = %(contact)s)
            """,
            platform=tx.platform_id,
            contact=contact,
        )
        is True
    )
