"""Counters of tries."""

from __future__ import annotations

from datetime import datetime

from huiliu.kit.db import Tx


async def count_try(tx: Tx, bucket: str, *, window_start: datetime, limit: int) -> bool:
    """Count one try; False when the bucket is full. One atomic upsert: simultaneous tries queue on the row."""
    return (
        await tx.run(
            """
            INSERT INTO rate_counters AS r (platform_id, bucket, window_start, used)
            VALUES (%(platform)s, %(bucket)s, %(start)s, 1)
            ON CONFLICT (platform_id, bucket, window_start) DO UPDATE SET used = r.used + 1 WHERE r.used < %(limit)s
            """,
            platform=tx.platform_id,
            bucket=bucket,
            start=window_start,
            limit=limit,
        )
        == 1
    )


async def uncount_try(tx: Tx, bucket: str, *, window_start: datetime) -> None:
    """Take one try back."""
    await tx.run(
        """
        UPDATE rate_counters SET used = used - 1
         WHERE platform_id = %(platform)s AND bucket = %(bucket)s AND window_start = %(start)s AND used > 0
        """,
        platform=tx.platform_id,
        bucket=bucket,
        start=window_start,
    )
