"""Forget what has expired: sessions, one-time codes, nonces, counters."""

from __future__ import annotations

from datetime import timedelta

from huiliu.kit.db import Tx
from huiliu.people.store import sweeping as store

COUNTERS_KEPT = timedelta(days=1)
"""Longer than any window that is counted in."""


async def sweep_expired(tx: Tx) -> int:
    """Delete a bounded number of expired rows and say how many; the worker calls it for each platform, on a timer."""
    return await store.sweep(tx, counters_before=tx.now - COUNTERS_KEPT)
