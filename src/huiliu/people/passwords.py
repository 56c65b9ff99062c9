"""Staff passwords: argon2id off the event loop, and the same work for a login that does not exist."""

from __future__ import annotations

import base64
import secrets
import unicodedata
from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from huiliu.people.errors import PasswordWeak

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 200
"""Longer input costs us work and nobody any safety."""
HASHES_AT_ONCE = 2
"""Each takes 64 MiB and a core for a moment; more at once would starve the requests of people already signed in."""

# RFC 9106, section 4: the second recommended option (64 MiB).
TIME_COST = 3
MEMORY_KIB = 64 * 1024
LANES = 4
SALT_BYTES = 16
HASH_BYTES = 32

GENERATED_LENGTH = 16
GENERATED_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher(
    time_cost=TIME_COST,
    memory_cost=MEMORY_KIB,
    parallelism=LANES,
    hash_len=HASH_BYTES,
    salt_len=SALT_BYTES,
    type=Type.ID,
)
_limiter = CapacityLimiter(HASHES_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Verified:
    """How a password compared; `rehashed` is to be stored when the cost parameters have been raised since."""

    is_right: bool
    rehashed: str | None = None


async def hash_password(password: str) -> str:
    """What to store for a new password. Raises PasswordWeak. Slow: never inside a transaction."""
    plain = _plain(password)
    if plain is None or len(plain) < PASSWORD_LENGTH_MIN:
        raise PasswordWeak(length_min=PASSWORD_LENGTH_MIN, length_max=PASSWORD_LENGTH_MAX)
    return await to_thread.run_sync(_hasher.hash, plain, limiter=_limiter)


async def verify_password(stored: str | None, password: str) -> Verified:
    """Compare with what is stored; None (nobody has this login) does the same work and is never right."""
    return await to_thread.run_sync(_verify, stored, _plain(password), limiter=_limiter)


def generate_password() -> str:
    """A first password to hand to somebody: about 79 bits, no characters that look alike."""
    return "".join(secrets.choice(GENERATED_ALPHABET) for _ in range(GENERATED_LENGTH))


def _verify(stored: str | None, plain: str | None) -> Verified:
    try:
        _hasher.verify(stored or _NOBODY, plain or "")
    except (VerificationError, InvalidHashError):
        return Verified(is_right=False)
    if stored is None or plain is None:
        return Verified(is_right=False)
    return Verified(is_right=True, rehashed=_hasher.hash(plain) if _hasher.check_needs_rehash(stored) else None)


def _plain(password: str) -> str | None:
    """One form for every keyboard, or None when it cannot be anybody's password."""
    if len(password) > PASSWORD_LENGTH_MAX or any(unicodedata.category(mark) in ("Cc", "Cs") for mark in password):
        return None
    plain = unicodedata.normalize("NFKC", password)
    return plain if len(plain) <= PASSWORD_LENGTH_MAX else None


def _unpadded(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")


_NOBODY = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={TIME_COST},p={LANES}"
    f"${_unpadded(secrets.token_bytes(SALT_BYTES))}${_unpadded(secrets.token_bytes(HASH_BYTES))}"
)
"""No password has this hash; comparing with it costs exactly what a real comparison costs."""
