"""Staff: accounts, lock-out, authenticators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from huiliu.kit.db import Tx


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member of staff with what proves it; never leaves the feature."""

    id: UUID
    login: str
    name: str
    roles: list[str]
    password_hash: str
    totp_sealed: bytes | None


@dataclass(frozen=True, slots=True)
class LockOut:
    """After `free` failures each further one pauses the login: `base`, doubled each time, never above `longest`."""

    free: int
    base: timedelta
    longest: timedelta


async def insert_staff(
    tx: Tx, staff_id: UUID, *, login: str, name: str, roles: list[str], password_hash: str, totp_sealed: bytes | None
) -> None:
    """Add a member of staff; the constraint staff_login refuses a login that is taken."""
    await tx.run(
        """
        INSERT INTO staff (platform_id, id, login, name, roles, password_hash, totp_sealed, created_at)
        VALUES (%(platform)s, %(id)s, %(login)s, %(name)s, %(roles)s, %(hash)s, %(totp)s, %(now)s)
        """,
        platform=tx.platform_id,
        id=staff_id,
        login=login,
        name=name,
        roles=roles,
        hash=password_hash,
        totp=totp_sealed,
        now=tx.now,
    )


async def take_sign_in_try(tx: Tx, login: str, *, lock_out: LockOut) -> StaffRow | None:
    """Count a failure before the password is even looked at (success takes it back), so that guesses made at the
    same instant are counted like any others. None: no such login, paused, or disabled."""
    return await tx.one(
        StaffRow,
        """
        UPDATE staff
           SET failures = failures + 1,
               locked_until = CASE WHEN failures + 1 >= %(free)s
                   THEN %(now)s + LEAST(%(base)s * power(2, LEAST(failures + 1 - %(free)s, 20)), %(longest)s) END
         WHERE platform_id = %(platform)s AND login = %(login)s AND disabled_at IS NULL
           AND (locked_until IS NULL OR locked_until <= %(now)s)
        RETURNING id, login, name, roles, password_hash, totp_sealed
        """,
        platform=tx.platform_id,
        login=login,
        now=tx.now,
        free=lock_out.free,
        base=lock_out.base,
        longest=lock_out.longest,
    )


async def accept_sign_in(tx: Tx, row: StaffRow, *, totp_step: int, rehashed: str | None) -> bool:
    """Forget the failures and use the code up. False when the code was used already, or when the person was disabled
    or reset while the password was being checked."""
    return (
        await tx.run(
            """
            UPDATE staff
               SET failures = 0, locked_until = NULL, totp_last = %(step)s,
                   password_hash = COALESCE(%(rehashed)s, password_hash)
             WHERE platform_id = %(platform)s AND id = %(id)s AND disabled_at IS NULL
               AND totp_last < %(step)s AND password_hash = %(seen)s AND totp_sealed = %(totp)s
            """,
            platform=tx.platform_id,
            id=row.id,
            step=totp_step,
            rehashed=rehashed,
            seen=row.password_hash,
            totp=row.totp_sealed,
        )
        == 1
    )


async def forget_failures(tx: Tx, staff_id: UUID) -> None:
    """The password was right and no authenticator is set up yet: nothing was guessed."""
    await tx.run(
        "UPDATE staff SET failures = 0, locked_until = NULL WHERE platform_id = %(platform)s AND id = %(id)s",
        platform=tx.platform_id,
        id=staff_id,
    )


async def enrol(tx: Tx, staff_id: UUID, *, totp_sealed: bytes, totp_step: int, password_mark: bytes) -> StaffRow | None:
    """Set up the authenticator once. None when one is set up already, or the person was reset or disabled since."""
    return await tx.one(
        StaffRow,
        """
        UPDATE staff SET totp_sealed = %(totp)s, totp_last = %(step)s, failures = 0, locked_until = NULL
         WHERE platform_id = %(platform)s AND id = %(id)s AND disabled_at IS NULL
           AND totp_sealed IS NULL AND totp_last < %(step)s AND sha256(convert_to(password_hash, 'UTF8')) = %(mark)s
        RETURNING id, login, name, roles, password_hash, totp_sealed
        """,
        platform=tx.platform_id,
        id=staff_id,
        totp=totp_sealed,
        step=totp_step,
        mark=password_mark,
    )


async def reset_staff(tx: Tx, staff_id: UUID, *, password_hash: str) -> bool:
    """A new password, no authenticator, no pause. totp_last stays: an old code never becomes new again."""
    return (
        await tx.run(
            """
            UPDATE staff SET password_hash = %(hash)s, totp_sealed = NULL, failures = 0, locked_until = NULL
             WHERE platform_id = %(platform)s AND id = %(id)s AND disabled_at IS NULL
            """,
            platform=tx.platform_id,
            id=staff_id,
            hash=password_hash,
        )
        == 1
    )


async def disable_staff(tx: Tx, staff_id: UUID) -> bool:
    """Close the account; False when it is closed already."""
    return (
        await tx.run(
            """
            UPDATE staff SET disabled_at = %(now)s
             WHERE platform_id = %(platform)s AND id = %(id)s AND disabled_at IS NULL
            """,
            platform=tx.platform_id,
            id=staff_id,
            now=tx.now,
        )
        == 1
    )


async def lock_admins(tx: Tx) -> list[UUID]:
    """Everybody who can administer the platform. Locks their rows: of two who disable each other, one waits."""
    rows = await tx.all(
        _Id,
        """
        SELECT id FROM staff
         WHERE platform_id = %(platform)s AND disabled_at IS NULL AND 'admin' = ANY(roles)
         ORDER BY id LIMIT 1000 FOR UPDATE
        """,
        platform=tx.platform_id,
    )
    return [row.id for row in rows]


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID
