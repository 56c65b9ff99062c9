"""Re-use, measured: are copies found, are different receipts kept apart, and how long does a look-up among millions take."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median, quantiles
from time import perf_counter

import msgspec
import numpy as np

from huiliu.evidence.inspection.model import Box, FieldName, FieldRead
from huiliu.evidence.reuse.keys import KeyKind, keys
from huiliu.evidence.reuse.near import HASH_BYTES, NearIndex
from huiliu.kit.keyring import KEY_BYTES, Keyring

RECEIPTS = 100_000
HASHES = 10_000_000
LOOK_UPS = 60
PLATFORM = 1
BUSY_DAY = datetime(2026, 11, 11, tzinfo=UTC)
PRICES = ("6.00", "30.00", "68.00", "98.00", "128.00", "198.00", "328.00", "648.00")
"""Everybody buys at few prices: what makes different payments look alike."""
ACCOUNTS = 10**8
BITS_TURNED = (0, 9, 31)
"""How far the hash asked for is from the one that is there."""


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """Of copies of known receipts: how many were found, and how many were taken for a copy of another one."""

    copies: int = 0
    found: int = 0
    wrong: int = 0


class LookUp(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds of one look-up among `hashes`."""

    hashes: int
    best_ms: float
    p50_ms: float
    p95_ms: float
    build_seconds: float


def recall(originals: Mapping[str, Iterable[FieldRead]], copies: Iterable[tuple[str, Iterable[FieldRead]]]) -> Recall:
    """Look for each copy (its receipt's name, what was read off it) by the keys of what was read off the originals."""
    ring = _ring()
    known = {digest: name for name, fields in originals.items() for digest in _digests(ring, fields, name)}
    asked = found = wrong = 0
    for number, (name, fields) in enumerate(copies):
        named = {known[digest] for digest in _digests(ring, fields, f"copy {number}") if digest in known}
        asked += 1
        found += name in named
        wrong += bool(named - {name})
    return Recall(copies=asked, found=found, wrong=wrong)


def collisions(count: int = RECEIPTS, *, seed: int = 1) -> int:
    """How many of `count` different receipts of one busy day on one platform share a key with an earlier one."""
    random, ring = Random(seed), _ring()  # noqa: S311  no secret
    seen, shared = set[bytes](), 0
    for number in range(count):
        digests = _digests(ring, _receipt(random, number), str(number))
        shared += not digests.isdisjoint(seen)
        seen |= digests
    return shared


def look_up(hashes: int = HASHES, *, seed: int = 1) -> LookUp:
    """Put random hashes into an index and time finding one by a hash that differs in a few bits; each must be found."""
    random = np.random.default_rng(seed)
    index, began = NearIndex(), perf_counter()
    rows = random.integers(0, 256, (hashes, HASH_BYTES), dtype=np.uint8)
    made = perf_counter() - began
    index.add(np.arange(hashes, dtype=np.int64), rows)
    built, times = perf_counter() - began - made, list[float]()
    for number in range(LOOK_UPS):
        at, turned = int(random.integers(hashes)), BITS_TURNED[number % len(BITS_TURNED)]
        wanted = np.unpackbits(rows[at])
        wanted[random.choice(len(wanted), turned, replace=False)] ^= 1
        asked = np.packbits(wanted).tobytes()
        began = perf_counter()
        found = index.near([asked])
        times.append((perf_counter() - began) * 1000)
        assert (at, turned) in found
    return LookUp(
        hashes=hashes,
        best_ms=min(times),
        p50_ms=median(times),
        p95_ms=quantiles(times, n=20)[-1],
        build_seconds=built,
    )


def _digests(ring: Keyring, fields: Iterable[FieldRead], file: str) -> frozenset[bytes]:
    """The keys by which a copy in another file can be found: the file's own hashes cannot."""
    made = keys(
        fields,
        original_sha256=file.encode(),
        shown_sha256=file.encode(),
        platform_id=PLATFORM,
        keyring=ring,
    )
    return frozenset(key.digest for key in made if key.kind not in (KeyKind.ORIGINAL, KeyKind.SHOWN))


def _receipt(random: Random, number: int) -> tuple[FieldRead, ...]:
    """A payment of the day; half of the receipts name an account, a quarter of all are cropped above their numbers."""
    paid_at = BUSY_DAY + timedelta(seconds=random.randrange(86_400))
    values = {
        FieldName.AMOUNT: random.choice(PRICES),
        FieldName.PAID_AT: paid_at.isoformat(),
        FieldName.PAYEE: "卡门数字",
    }
    if number % 2:
        values[FieldName.ACCOUNT] = f"138{random.randrange(ACCOUNTS):08}"
    if number % 4 != 1:
        values[FieldName.TRADE_NO] = f"{paid_at:%Y%m%d}22001{number:015}"
        values[FieldName.ORDER_NO] = f"KM{paid_at:%Y%m%d}{number:08}"
    box = Box(0, 0, 1, 1)
    return tuple(FieldRead(name=name, value=value, text=value, box=box, score=1.0) for name, value in values.items())


def _ring() -> Keyring:
    return Keyring(current="k", keys={"k": secrets.token_bytes(KEY_BYTES)}, lookup=secrets.token_bytes(KEY_BYTES))
