"""Keys for machines: hl_<platform>_<key id>_<secret>, as a bearer token or to sign requests with.

The gate remembers keys for a few seconds, so that a hot API costs no look-up per request; a revoked key therefore
stops within KEY_CACHE_SECONDS in every process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import final
from uuid import UUID

from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Pool, Tx, transaction, utc_now
from huiliu.kit.errors import NotFound
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import actor_of, system_actor
from huiliu.people.errors import KeyInvalid, NameMalformed, Replayed, SignatureInvalid
from huiliu.people.model import ApiKey, Permission, Platform, Scope, Viewer, require
from huiliu.people.reads import platform_by_slug
from huiliu.people.signatures import CLOCK_SKEW_MAX, check_time, is_signed_by, read_headers
from huiliu.people.store import keys as store
from huiliu.people.text import line_of_text

SECRET_BYTES = 32
KEY_NAME_MAX = 60
KEY_CACHE_SECONDS = 5.0
KEY_CACHE_MAX = 1_000
NONCE_KEPT_LONGER = timedelta(seconds=60)
"""Kept past the last moment at which the timestamp would still pass."""
BEARER_LENGTH_MAX = 200
HMAC_CONTEXT = "api_keys.hmac_sealed"

_KEY = re.compile(r"hl_(?P<slug>[a-z][a-z0-9-]{1,30})_(?P<id>[0-9a-f]{32})")
_BEARER = re.compile(r"(?P<key>hl_[a-z][a-z0-9-]{1,30}_[0-9a-f]{32})_(?P<secret>[A-Za-z0-9_-]{43})")
_NO_HASH = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key. `token` is shown once and kept nowhere; `secret`, its last part, is what requests are signed with."""

    key: ApiKey
    token: str
    secret: str

    def __repr__(self) -> str:
        return f"CreatedKey({self.key!r}, …)"


async def create_key(
    tx: Tx, viewer: Viewer, *, keyring: Keyring, platform: Platform, name: str, scopes: Collection[Scope]
) -> CreatedKey:
    """Make a key for a machine. Raises NotAllowed, NameMalformed."""
    require(viewer, Permission.ADMINISTER)
    assert platform.id == tx.platform_id
    assert scopes, "a key without a scope opens nothing"
    shown = line_of_text(name, KEY_NAME_MAX)
    if shown is None:
        raise NameMalformed(length_max=KEY_NAME_MAX)
    key = ApiKey(id=new_id(), platform_id=tx.platform_id, name=shown, scopes=frozenset(scopes))
    secret = base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode().rstrip("=")
    opened = sorted(scope.value for scope in key.scopes)
    await store.insert_key(
        tx,
        key.id,
        name=shown,
        secret_hash=_secret_hash(secret),
        hmac_sealed=keyring.seal(secret, context=HMAC_CONTEXT),
        scopes=opened,
    )
    await record(
        tx,
        platform_stream(tx.platform_id),
        Entry("key.created", {"key_id": str(key.id), "name": shown, "scopes": opened}),
    )
    return CreatedKey(key, f"hl_{platform.slug}_{key.id.hex}_{secret}", secret)


async def revoke_key(tx: Tx, viewer: Viewer, *, key_id: UUID) -> None:
    """Close a key; it stops working within KEY_CACHE_SECONDS. Raises NotAllowed, NotFound."""
    require(viewer, Permission.ADMINISTER)
    if not await store.revoke_key(tx, key_id):
        raise NotFound
    await record(tx, platform_stream(tx.platform_id), Entry("key.revoked", {"key_id": str(key_id)}))


@dataclass(frozen=True, slots=True)
class _KnownKey:
    key: ApiKey
    secret_hash: bytes
    signing_secret: str


@dataclass(frozen=True, slots=True)
class _KeyRow:
    id: UUID
    name: str
    scopes: list[str]
    secret_hash: bytes
    hmac_sealed: bytes


@final
class KeyGate:
    """Tells whose key a request carries. One for each process."""

    def __init__(
        self,
        pool: Pool,
        keyring: Keyring,
        *,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._keyring = keyring
        self._clock = clock
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[float, _KnownKey]] = OrderedDict()

    async def bearer(self, authorization: str) -> ApiKey:
        """The key of an Authorization header. Raises KeyInvalid, whatever is wrong with it."""
        scheme, _, token = authorization.strip().partition(" ")
        parts = _BEARER.fullmatch(token.strip()) if len(token) <= BEARER_LENGTH_MAX else None
        if scheme.lower() != "bearer" or parts is None:
            raise KeyInvalid
        known = await self._find(parts["key"])
        expected = _NO_HASH if known is None else known.secret_hash
        if not hmac.compare_digest(_secret_hash(parts["secret"]), expected) or known is None:
            raise KeyInvalid
        return known.key

    async def signed(self, headers: Mapping[str, str], *, method: str, target: str, body: bytes) -> ApiKey:
        """The key that signed this request; each is accepted once.

        `target` is the path and query exactly as sent. The nonce is noted last, so a forger cannot use up anybody's.
        Raises SignatureIncomplete, TimestampStale, SignatureInvalid, Replayed.
        """
        signed = read_headers(headers)
        now = self._clock()
        check_time(signed, now=now)
        known = await self._find(signed.key)
        secret = self._nobodys_secret if known is None else known.signing_secret
        if not is_signed_by(secret, signed, method=method, target=target, body=body) or known is None:
            raise SignatureInvalid
        expires_at = datetime.fromtimestamp(signed.timestamp, UTC) + CLOCK_SKEW_MAX + NONCE_KEPT_LONGER
        async with transaction(self._pool, actor_of(known.key), clock=self._clock) as tx:
            is_first = await store.use_nonce(tx, f"{known.key.id.hex}:{signed.nonce}", expires_at=expires_at)
        if not is_first:
            raise Replayed
        return known.key

    _nobodys_secret = secrets.token_urlsafe(SECRET_BYTES)

    async def _find(self, name: str) -> _KnownKey | None:
        remembered = self._known.get(name)
        if remembered is not None and remembered[0] > self._monotonic():
            return remembered[1]
        self._known.pop(name, None)
        parts = _KEY.fullmatch(name)
        known = await self._load(parts["slug"], UUID(hex=parts["id"])) if parts else None
        if known is not None:
            # Only real keys are remembered, so strangers' guesses cannot push them out.
            self._known[name] = (self._monotonic() + KEY_CACHE_SECONDS, known)
            while len(self._known) > KEY_CACHE_MAX:
                self._known.popitem(last=False)
        return known

    async def _load(self, slug: str, key_id: UUID) -> _KnownKey | None:
        try:
            platform = await platform_by_slug(self._pool, slug)
        except NotFound:
            return None
        async with transaction(self._pool, system_actor(platform.id), clock=self._clock) as tx:
            row = await tx.one(
                _KeyRow,
                """
                SELECT id, name, scopes, secret_hash, hmac_sealed
                  FROM api_keys
                 WHERE platform_id = %(platform)s AND id = %(id)s AND revoked_at IS NULL
                 LIMIT 1
                """,
                platform=tx.platform_id,
                id=key_id,
            )
        if row is None:
            return None
        key = ApiKey(
            id=row.id,
            platform_id=platform.id,
            name=row.name,
            scopes=frozenset(Scope(scope) for scope in row.scopes),
        )
        return _KnownKey(key, row.secret_hash, self._keyring.open(row.hmac_sealed, context=HMAC_CONTEXT))


def _secret_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
