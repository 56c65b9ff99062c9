"""API keys and the nonces of signed requests."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from huiliu.kit.db import Tx


async def insert_key(
    tx: Tx, key_id: UUID, *, name: str, secret_hash: bytes, hmac_sealed: bytes, scopes: list[str]
) -> None:
    """Add a machine's key."""
    await tx.run(
        """
        INSERT INTO api_keys (platform_id, id, name, secret_hash, hmac_sealed, scopes, created_at)
        VALUES (%(platform)s, %(id)s, %(name)s, %(hash)s, %(sealed)s, %(scopes)s, %(now)s)
        """,
        platform=tx.platform_id,
        id=key_id,
        name=name,
        hash=secret_hash,
        sealed=hmac_sealed,
        scopes=scopes,
        now=tx.now,
    )


async def revoke_key(tx: Tx, key_id: UUID) -> bool:
    """Close a key; False when there is none or it is closed already."""
    return (
        await tx.run(
            """
            UPDATE api_keys SET revoked_at = %(now)s
             WHERE platform_id = %(platform)s AND id = %(id)s AND revoked_at IS NULL
            """,
            platform=tx.platform_id,
            id=key_id,
            now=tx.now,
        )
        == 1
    )


async def use_nonce(tx: Tx, nonce: str, *, expires_at: datetime) -> bool:
    """Note a signed request; False when it was seen before. The primary key decides between two at once."""
    return (
        await tx.run(
            """
            INSERT INTO request_nonces (platform_id, nonce, expires_at) VALUES (%(platform)s, %(nonce)s, %(expires)s)
            ON CONFLICT (platform_id, nonce) DO NOTHING
            """,
            platform=tx.platform_id,
            nonce=nonce,
            expires=expires_at,
        )
        == 1
    )
