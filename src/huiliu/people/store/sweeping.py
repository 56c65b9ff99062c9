"""Deleting what has expired."""

from __future__ import annotations

from datetime import datetime

from huiliu.kit.db import Tx

SWEEP_ROWS_MAX = 5_000
"""Rows one sweep deletes from one table: short locks, and the next sweep goes on."""


async def sweep(tx: Tx, *, counters_before: datetime) -> int:
    """Delete what has expired, a bounded number of rows a table."""
    return (
        await tx.run(
            """
            DELETE FROM sessions WHERE platform_id = %(platform)s AND token_hash IN (
                SELECT token_hash FROM sessions WHERE platform_id = %(platform)s AND expires_at <= %(now)s
                 ORDER BY expires_at, token_hash LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
            """,
            platform=tx.platform_id,
            now=tx.now,
            limit=SWEEP_ROWS_MAX,
        )
        + await tx.run(
            """
            DELETE FROM one_time_codes WHERE platform_id = %(platform)s AND id IN (
                SELECT id FROM one_time_codes WHERE platform_id = %(platform)s AND expires_at <= %(now)s
                 ORDER BY expires_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
            """,
            platform=tx.platform_id,
            now=tx.now,
            limit=SWEEP_ROWS_MAX,
        )
        + await tx.run(
            """
            DELETE FROM request_nonces WHERE platform_id = %(platform)s AND nonce IN (
                SELECT nonce FROM request_nonces WHERE platform_id = %(platform)s AND expires_at <= %(now)s
                 ORDER BY expires_at, nonce LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
            """,
            platform=tx.platform_id,
            now=tx.now,
            limit=SWEEP_ROWS_MAX,
        )
        + await tx.run(
            """
            DELETE FROM rate_counters WHERE platform_id = %(platform)s AND (bucket, window_start) IN (
                SELECT bucket, window_start FROM rate_counters
                 WHERE platform_id = %(platform)s AND window_start < %(before)s
                 ORDER BY window_start, bucket LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
            """,
            platform=tx.platform_id,
            before=counters_before,
            limit=SWEEP_ROWS_MAX,
        )
    )
