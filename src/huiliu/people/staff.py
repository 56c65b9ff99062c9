"""Staff accounts: create, reset, disable."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.people.errors import LastAdmin, LoginMalformed, NameMalformed, RolesConflict
from huiliu.people.logins import LOGIN_LENGTH_MAX, LOGIN_LENGTH_MIN, normal_login
from huiliu.people.model import DECIDING_ROLES, Permission, Role, Staff, Viewer, require
from huiliu.people.store import sessions as session_store
from huiliu.people.store import staff as store
from huiliu.people.text import line_of_text

STAFF_NAME_MAX = 40
TOTP_CONTEXT = "staff.totp_sealed"
OPERATOR_ID = UUID(int=0)


def operator(platform_id: int) -> Staff:
    """Whoever may run commands on the server; acts as an administrator, and is nobody who can sign in."""
    return Staff(id=OPERATOR_ID, platform_id=platform_id, login="operator", name="运维", roles=frozenset({Role.ADMIN}))


async def create_staff(
    tx: Tx,
    viewer: Viewer,
    *,
    keyring: Keyring,
    login: str,
    name: str,
    roles: Collection[Role],
    password_hash: str,
    totp_secret: str | None = None,
) -> Staff:
    """Add somebody who works here. Without a TOTP secret the first sign-in sets the authenticator up.

    `password_hash` is made by `passwords.hash_password` before the transaction, because that is slow.
    Raises NotAllowed, LoginMalformed, NameMalformed; LoginTaken when the transaction ends.
    """
    require(viewer, Permission.ADMINISTER)
    assert roles, "somebody without a role can do nothing"
    if Role.ADMIN in roles and not DECIDING_ROLES.isdisjoint(roles):
        raise RolesConflict
    wanted = normal_login(login)
    if wanted is None:
        raise LoginMalformed(length_min=LOGIN_LENGTH_MIN, length_max=LOGIN_LENGTH_MAX)
    shown = line_of_text(name, STAFF_NAME_MAX)
    if shown is None:
        raise NameMalformed(length_max=STAFF_NAME_MAX)
    staff = Staff(id=new_id(), platform_id=tx.platform_id, login=wanted, name=shown, roles=frozenset(roles))
    worn = sorted(role.value for role in staff.roles)
    await store.insert_staff(
        tx,
        staff.id,
        login=wanted,
        name=shown,
        roles=worn,
        password_hash=password_hash,
        totp_sealed=keyring.seal(totp_secret, context=TOTP_CONTEXT) if totp_secret else None,
    )
    await record(
        tx,
        platform_stream(tx.platform_id),
        Entry("staff.created", {"staff_id": str(staff.id), "login": wanted, "name": shown, "roles": worn}),
    )
    return staff


async def reset_staff(tx: Tx, viewer: Viewer, *, staff_id: UUID, password_hash: str) -> None:
    """New password, authenticator to be set up again, signed out everywhere. Raises NotAllowed, NotFound."""
    require(viewer, Permission.ADMINISTER)
    if not await store.reset_staff(tx, staff_id, password_hash=password_hash):
        raise NotFound
    await session_store.delete_sessions_of_staff(tx, staff_id)
    await record(tx, platform_stream(tx.platform_id), Entry("staff.reset", {"staff_id": str(staff_id)}))


async def disable_staff(tx: Tx, viewer: Viewer, *, staff_id: UUID) -> None:
    """Close an account and sign it out everywhere; what the person did stays in the journal under their name.

    Raises NotAllowed, NotFound, LastAdmin.
    """
    require(viewer, Permission.ADMINISTER)
    admins = await store.lock_admins(tx)
    if admins == [staff_id]:
        raise LastAdmin
    if not await store.disable_staff(tx, staff_id):
        raise NotFound
    await session_store.delete_sessions_of_staff(tx, staff_id)
    await record(tx, platform_stream(tx.platform_id), Entry("staff.disabled", {"staff_id": str(staff_id)}))
