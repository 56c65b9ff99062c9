"""Limits on tries, counted in the database so that every web process and every restart counts alike.

A try is spent in a short transaction of its own *before* it is judged: a refused request rolls back and must not take
the count with it, and tries made at the same instant must not slip through between reading and writing.
Windows are fixed, so the worst burst is twice the limit around a window's edge.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from huiliu.kit.db import Pool, Tx, transaction, utc_now
from huiliu.kit.errors import TooMany
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import system_actor
from huiliu.people.store import rates

HOUR = timedelta(hours=1)
IPV6_CLIENT_BITS = 64
"""One subscriber gets a whole /64, so its addresses count as one client."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many tries of one kind in one window."""

    bucket: str
    limit: int
    window: timedelta = HOUR


def bucket(keyring: Keyring, kind: str, value: str) -> str:
    """The counter's name: of bounded length, and no address or contact can be read from it."""
    return f"{kind}:{keyring.fingerprint(value, context=f'rate:{kind}').hex()}"


def client_of(address: str) -> str:
    """The network client an address stands for; anything that is no address is one client together."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_CLIENT_BITS), strict=False))


async def spend(
    pool: Pool,
    platform_id: int,
    *,
    bucket: str,
    limit: int,
    window: timedelta = HOUR,
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Use up one try of one bucket. Raises TooMany(retry_after in seconds)."""
    await spend_all(pool, platform_id, allowances=(Allowance(bucket, limit, window),), clock=clock)


async def spend_all(
    pool: Pool,
    platform_id: int,
    *,
    allowances: Sequence[Allowance],
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Use up one try of each, in order, stopping at the first that is full. Raises TooMany(retry_after in seconds).

    Give the client's own bucket first: then a client that is already stopped cannot use up somebody else's tries.
    """
    full: int | None = None
    async with transaction(pool, system_actor(platform_id), clock=clock) as tx:
        for allowance in allowances:
            start = _window_start(tx.now, allowance.window)
            if not await rates.count_try(tx, allowance.bucket, window_start=start, limit=allowance.limit):
                full = _seconds_up(start + allowance.window - tx.now)
                break
    if full is not None:
        raise TooMany(retry_after=full)


async def give_back(tx: Tx, allowances: Sequence[Allowance]) -> None:
    """Return the tries of something that succeeded: only failures are to be limited."""
    for allowance in allowances:
        await rates.uncount_try(tx, allowance.bucket, window_start=_window_start(tx.now, allowance.window))


def _window_start(now: datetime, window: timedelta) -> datetime:
    seconds = int(window.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)


def _seconds_up(left: timedelta) -> int:
    return max(1, -int(-left.total_seconds() // 1))
