"""Staff sign in with a password and an authenticator code, or set the authenticator up the first time.

A try is counted in a transaction of its own before anything is compared; then the password is compared outside any
transaction (it is slow on purpose); then one conditional UPDATE uses the code up and opens the session.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from cryptography.exceptions import InvalidTag

from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Pool, Tx, transaction, utc_now
from huiliu.kit.keyring import Keyring
from huiliu.people import totp
from huiliu.people.actor import actor_of, system_actor
from huiliu.people.errors import EnrolmentCodeWrong, EnrolmentStale, SignInFailed
from huiliu.people.logins import normal_login
from huiliu.people.model import Platform, Role, Staff
from huiliu.people.passwords import Verified, verify_password
from huiliu.people.rate import Allowance, bucket, client_of, give_back, spend_all
from huiliu.people.sessions import NewSession, open_staff_session
from huiliu.people.staff import TOTP_CONTEXT
from huiliu.people.store import staff as store

LOCK_OUT = store.LockOut(free=5, base=timedelta(seconds=30), longest=timedelta(minutes=15))
"""Four wrong tries cost nothing, the fifth pauses the login 30 s, then 1, 2, 4, 8 and at most 15 minutes."""
FAILURES_PER_ADDRESS_MAX = 60
"""An hour: an office shares one address."""
ENROLMENT_LIFE = timedelta(minutes=10)
TICKET_LENGTH_MAX = 2_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The session to put into the cookie."""

    session: NewSession
    staff: Staff


@dataclass(frozen=True, slots=True)
class EnrolFirst:
    """The password was right and there is no authenticator yet: show the QR code and ask for its first code.

    The ticket goes into the form's hidden field: sealed, so the browser can neither read nor change it.
    """

    ticket: str
    uri: str
    qr_svg: str
    secret: str


class _Ticket(msgspec.Struct, frozen=True):
    staff_id: UUID
    secret: str
    password_mark: str
    expires_at: datetime


async def sign_in(
    pool: Pool,
    keyring: Keyring,
    *,
    platform: Platform,
    login: str,
    password: str,
    code: str,
    address: str,
    old_token: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> SignedIn | EnrolFirst:
    """Let a member of staff in. Raises SignInFailed (one answer for every reason) and TooMany."""
    allowances = (Allowance(bucket(keyring, "sign_in_address", client_of(address)), FAILURES_PER_ADDRESS_MAX),)
    await spend_all(pool, platform.id, allowances=allowances, clock=clock)
    row = await _take_try(pool, platform.id, login=login, clock=clock)
    verified = await verify_password(None if row is None else row.password_hash, password)
    if row is None:
        log.info("sign_in_refused", platform=platform.slug, why="unknown, paused or disabled")
        raise SignInFailed
    staff = _staff(platform.id, row)
    if verified.is_right and row.totp_sealed is None:
        async with transaction(pool, actor_of(staff), clock=clock) as tx:
            await store.forget_failures(tx, row.id)
            await give_back(tx, allowances)
        return _enrol_first(keyring, platform, row, now=clock())
    session = await _finish(
        pool, keyring, row=row, staff=staff, verified=verified, code=code, old_token=old_token,
        allowances=allowances, clock=clock,
    )  # fmt: skip
    if session is None:
        raise SignInFailed
    return SignedIn(session, staff)


async def _take_try(
    pool: Pool, platform_id: int, *, login: str, clock: Callable[[], datetime]
) -> store.StaffRow | None:
    async with transaction(pool, system_actor(platform_id), clock=clock) as tx:
        # An impossible login asks the database too, so that it takes as long.
        return await store.take_sign_in_try(tx, normal_login(login) or "", lock_out=LOCK_OUT)


async def _finish(
    pool: Pool,
    keyring: Keyring,
    *,
    row: store.StaffRow,
    staff: Staff,
    verified: Verified,
    code: str,
    old_token: str | None,
    allowances: tuple[Allowance, ...],
    clock: Callable[[], datetime],
) -> NewSession | None:
    """Open the session, or write the failure down and return None; both commit."""
    async with transaction(pool, actor_of(staff), clock=clock) as tx:
        step = None
        if row.totp_sealed is not None:
            step = totp.step_of(keyring.open(row.totp_sealed, context=TOTP_CONTEXT), code, now=tx.now)
        if (
            not verified.is_right
            or step is None
            or not await store.accept_sign_in(tx, row, totp_step=step, rehashed=verified.rehashed)
        ):
            await _record(tx, "staff.sign_in_failed", staff)
            return None
        await give_back(tx, allowances)
        session = await open_staff_session(tx, staff, old_token=old_token)
        await _record(tx, "staff.signed_in", staff)
        return session


async def finish_enrolment(
    pool: Pool,
    keyring: Keyring,
    *,
    platform: Platform,
    ticket: str,
    code: str,
    old_token: str | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> SignedIn:
    """Set the authenticator up and sign in. Raises EnrolmentStale, EnrolmentCodeWrong (show the same page again)."""
    opened = _open_ticket(keyring, platform.id, ticket)
    if opened is None or opened.expires_at <= clock():
        raise EnrolmentStale
    step = totp.step_of(opened.secret, code, now=clock())
    if step is None:
        raise EnrolmentCodeWrong
    async with transaction(pool, system_actor(platform.id), clock=clock) as tx:
        row = await store.enrol(
            tx,
            opened.staff_id,
            totp_sealed=keyring.seal(opened.secret, context=TOTP_CONTEXT),
            totp_step=step,
            password_mark=bytes.fromhex(opened.password_mark),
        )
        if row is None:
            raise EnrolmentStale
        staff = _staff(platform.id, row)
        session = await open_staff_session(tx, staff, old_token=old_token)
        theirs = replace(tx, actor=actor_of(staff))
        await _record(theirs, "staff.enrolled", staff)
        await _record(theirs, "staff.signed_in", staff)
    return SignedIn(session, staff)


def enrolment_again(keyring: Keyring, platform: Platform, *, ticket: str, login: str) -> EnrolFirst:
    """The same page again after a wrong first code: the secret in the app stays good. Raises EnrolmentStale."""
    opened = _open_ticket(keyring, platform.id, ticket)
    if opened is None:
        raise EnrolmentStale
    uri = totp.enrolment_uri(opened.secret, login=login, platform_name=platform.name)
    return EnrolFirst(ticket, uri, totp.enrolment_qr(uri), opened.secret)


def _enrol_first(keyring: Keyring, platform: Platform, row: store.StaffRow, *, now: datetime) -> EnrolFirst:
    secret = totp.new_secret()
    content = _Ticket(row.id, secret, _mark(row.password_hash), now + ENROLMENT_LIFE)
    sealed = keyring.seal(msgspec.json.encode(content).decode(), context=_ticket_context(platform.id))
    uri = totp.enrolment_uri(secret, login=row.login, platform_name=platform.name)
    return EnrolFirst(base64.urlsafe_b64encode(sealed).decode(), uri, totp.enrolment_qr(uri), secret)


def _open_ticket(keyring: Keyring, platform_id: int, ticket: str) -> _Ticket | None:
    if len(ticket) > TICKET_LENGTH_MAX:
        return None
    try:
        sealed = base64.urlsafe_b64decode(ticket.encode())
        return msgspec.json.decode(keyring.open(sealed, context=_ticket_context(platform_id)), type=_Ticket)
    except (binascii.Error, ValueError, KeyError, InvalidTag, msgspec.DecodeError):
        return None


def _ticket_context(platform_id: int) -> str:
    return f"people.enrolment:{platform_id}"


def _mark(password_hash: str) -> str:
    """Binds a ticket to the password it was earned with: a reset in between makes it worthless."""
    return hashlib.sha256(password_hash.encode()).hexdigest()


def _staff(platform_id: int, row: store.StaffRow) -> Staff:
    roles = frozenset(Role(role) for role in row.roles)
    return Staff(id=row.id, platform_id=platform_id, login=row.login, name=row.name, roles=roles)


async def _record(tx: Tx, kind: str, staff: Staff) -> None:
    entry = Entry(kind, {"staff_id": str(staff.id), "login": staff.login})
    await record(tx, platform_stream(tx.platform_id), entry)
