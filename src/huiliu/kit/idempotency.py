"""Answers kept under the caller's own key, so that a request that is sent again gets its first answer, not a second effect.

The answer is written in the transaction of the effect: a crash leaves both or neither. The primary key is what two
requests at once meet at: the second waits for the first to commit, fails, is rolled back whole, and replays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from huiliu.kit.db import Connection, Tx
from huiliu.kit.errors import Refusal

KEY_MAX = 200
KEPT = timedelta(hours=24)
SWEEP_ROWS_MAX = 20_000
"""One sweep deletes at most so many rows: it must not hold anything up."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given once."""

    request_hash: bytes
    status: int
    answer: bytes


class OtherBody(Refusal):
    """This key was used for another request; which of the two is meant, nobody can know."""

    code = "idempotency.other_body"
    status = 422


class Answered(Refusal):
    """Another request with this key was first, a moment ago; its answer is there to be replayed."""

    code = "idempotency.answered"
    status = 409
    constraint = "idempotency_key_once"


async def find(tx: Tx, *, scope: str, key: str, request_hash: bytes) -> Kept | None:
    """The answer given under this key, if one was. Raises OtherBody when it was given to another request."""
    kept = await tx.one(
        Kept,
        "SELECT request_hash, status, answer FROM idempotency_keys"
        " WHERE platform_id = %(platform)s AND scope = %(scope)s AND key = %(key)s LIMIT 1",
        platform=tx.platform_id,
        scope=scope,
        key=key,
    )
    if kept is not None and kept.request_hash != request_hash:
        raise OtherBody
    return kept


async def keep(tx: Tx, *, scope: str, key: str, request_hash: bytes, status: int, answer: bytes) -> None:
    """Keep an answer with its effect, as the transaction's last statement. Raises Answered when another was first."""
    await tx.queue(
        """
        INSERT INTO idempotency_keys (platform_id, scope, key, request_hash, status, answer, created_at)
        VALUES (%(platform)s, %(scope)s, %(key)s, %(hash)s, %(status)s, %(answer)s, %(now)s)
        """,
        platform=tx.platform_id,
        scope=scope,
        key=key,
        hash=request_hash,
        status=status,
        answer=answer,
        now=tx.now,
    )


async def sweep(connection: Connection, now: datetime) -> int:
    """Forget answers older than KEPT, on every platform; returns how many. Repeat while it returns SWEEP_ROWS_MAX."""
    cursor = await connection.execute(
        """
        DELETE FROM idempotency_keys
         WHERE (platform_id, scope, key) IN (
               SELECT platform_id, scope, key FROM idempotency_keys WHERE created_at < %(before)s LIMIT %(most)s)
        """,
        {"before": now - KEPT, "most": SWEEP_ROWS_MAX},
    )
    return cursor.rowcount
