"""A platform with a policy, a machine key and as many fresh orders as a run needs, written in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import psycopg

from huiliu.kit.db import Pool, create_pool, transaction
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import system_actor
from huiliu.people.api_keys import create_key
from huiliu.people.model import Platform, Scope
from huiliu.people.platforms import create_platform
from huiliu.people.staff import operator
from huiliu.policy.actions import publish

PAID_MINOR = 100_00
POOL_MAX = 20


@dataclass(frozen=True, slots=True)
class Seeded:
    """The platform and the tokens of its machines."""

    platform: Platform
    tokens: tuple[str, ...]


async def seed_platform(url: str, keyring: Keyring, *, keys: int = 1) -> Seeded:
    """卡门 with the demo policy and `keys` machine keys that may do everything."""
    async with create_pool(url, size_max=2) as pool:
        platform = await create_platform(pool, "kamen", name="卡门", name_en="Kamen")
        async with transaction(pool, system_actor(platform.id)) as tx:
            source = files("huiliu.demo").joinpath("policy.yaml").read_text("utf-8")
            await publish(tx, source, allow_past=True)
            tokens = [
                (
                    await create_key(
                        tx,
                        operator(platform.id),
                        keyring=keyring,
                        platform=platform,
                        name=f"bench {number}",
                        scopes=frozenset(Scope),
                    )
                ).token
                for number in range(keys)
            ]
    return Seeded(platform, tuple(tokens))


def seed_orders(url: str, platform_id: int, *, first: int, count: int, usage: str | None = "unused") -> None:
    """Orders B<first> .. B<first+count-1>, each of one line of 100.00 yuan, bought just now.

    The id of order B<i> is md5('order' || i), so that a script that knows i knows the order.
    """
    with psycopg.connect(url) as connection:
        connection.execute(
            """
            WITH o AS (
                INSERT INTO orders (platform_id, id, order_no, rail, rail_trade_no, rail_order_no, currency, paid_minor, state,
                                    ordered_at, paid_at, delivered_at, delivery_state, content_hash, created_at, updated_at)
                SELECT %(platform)s, md5('order' || i)::uuid, 'B' || i, 'sandbox', 'SB' || i, 'P' || i, 'CNY', %(paid)s, 'paid',
                       now(), now(), now(), 'delivered', '\\x00', now(), now()
                  FROM generate_series(%(first)s::int, %(last)s::int) i
                RETURNING platform_id, id
            ), l AS (
                INSERT INTO order_lines (platform_id, order_id, line_no, title, kind, paid_minor)
                SELECT platform_id, id, 1, '英雄点券 1000 直充', 'topup', %(paid)s FROM o
                RETURNING platform_id, order_id
            )
            INSERT INTO usage_facts (platform_id, id, order_id, line_no, state, source, record_ref, observed_at, recorded_at)
            SELECT platform_id, gen_random_uuid(), order_id, 1, %(usage)s, '平台发货系统', 'LOG', now(), now() FROM l
             WHERE %(usage)s::text IS NOT NULL
            """,
            {
                "platform": platform_id,
                "paid": PAID_MINOR,
                "first": first,
                "last": first + count - 1,
                "usage": usage,
            },
        )
    with psycopg.connect(url, autocommit=True) as connection:
        # A fresh database plans for empty tables until its statistics catch up, which would be measured here.
        connection.execute("VACUUM (ANALYZE)")


def open_pool(url: str) -> Pool:
    """A pool as the program's own."""
    return create_pool(url, size_max=POOL_MAX)
