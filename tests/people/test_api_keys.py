"""Machines come in with a key or a signature; a forged, stale, replayed or foreign one stays outside."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from huiliu.kit.db import Pool, transaction
from huiliu.kit.errors import NotAllowed, NotFound
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import system_actor
from huiliu.people.api_keys import KEY_CACHE_SECONDS, CreatedKey, KeyGate, create_key, revoke_key
from huiliu.people.errors import (
    KeyInvalid,
    NameMalformed,
    Replayed,
    SignatureIncomplete,
    SignatureInvalid,
    TimestampStale,
)
from huiliu.people.model import ApiKey, Platform, Role, Scope
from huiliu.people.reads import key_list
from huiliu.people.signatures import sign
from huiliu.people.staff import operator
from huiliu.people.sweeping import sweep_expired
from tests.people.conftest import Clock, Hire, journal_kinds

BODY = '{"orders": [{"order_no": "KM1", "title": "点券"}]}'.encode()
TARGET = "/api/v1/orders?dry_run=0"
NONCE = "nonce-0123456789"


class Counter:
    """The process's own clock, for the cache."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Shop:
    """The shop's server and the gate it knocks at."""

    def __init__(self, pool: Pool, keyring: Keyring, platform: Platform, clock: Clock) -> None:
        self.pool, self.keyring, self.platform, self.clock = pool, keyring, platform, clock
        self.ticks = Counter()
        self.gate = self.new_gate()

    def new_gate(self) -> KeyGate:
        return KeyGate(self.pool, self.keyring, clock=self.clock, monotonic=self.ticks)

    async def key(self, *scopes: Scope, name: str = "商城服务器") -> CreatedKey:
        async with transaction(self.pool, system_actor(self.platform.id), clock=self.clock) as tx:
            return await create_key(
                tx,
                operator(self.platform.id),
                keyring=self.keyring,
                platform=self.platform,
                name=name,
                scopes=scopes or {Scope.ORDERS_WRITE},
            )

    async def revoke(self, key_id: UUID) -> None:
        async with transaction(self.pool, system_actor(self.platform.id), clock=self.clock) as tx:
            await revoke_key(tx, operator(self.platform.id), key_id=key_id)

    def headers(self, made: CreatedKey, *, nonce: str = NONCE, body: bytes = BODY, off: int = 0) -> dict[str, str]:
        """What an integrator writes from the documentation alone, not with our function."""
        timestamp = int(self.clock.now.timestamp()) + off
        signed = "\n".join(["POST", TARGET, str(timestamp), nonce, hashlib.sha256(body).hexdigest()])
        return {
            "Huiliu-Key": made.token.removesuffix(f"_{made.secret}"),
            "Huiliu-Timestamp": str(timestamp),
            "Huiliu-Nonce": nonce,
            "Huiliu-Signature": hmac.new(made.secret.encode(), signed.encode(), hashlib.sha256).hexdigest(),
        }

    async def send(
        self, headers: dict[str, str], *, method: str = "POST", target: str = TARGET, body: bytes = BODY
    ) -> ApiKey:
        return await self.gate.signed(headers, method=method, target=target, body=body)


@pytest.fixture
def server(pool: Pool, keyring: Keyring, shop: Platform, clock: Clock) -> Shop:
    return Shop(pool, keyring, shop, clock)


async def test_a_key_opens_with_its_scopes_and_says_its_platform(server: Shop) -> None:
    made = await server.key(Scope.ORDERS_WRITE, Scope.CLAIMS_READ)
    assert made.token == f"hl_{server.platform.slug}_{made.key.id.hex}_{made.secret}"
    key = await server.gate.bearer(f"Bearer {made.token}")
    assert key == made.key
    assert key.scopes == {Scope.ORDERS_WRITE, Scope.CLAIMS_READ}
    assert key.platform_id == server.platform.id
    assert await server.gate.bearer(f"bearer  {made.token} ") == key


async def test_the_secret_is_kept_nowhere_in_clear(server: Shop) -> None:
    made = await server.key()
    assert made.secret not in repr(made)
    async with transaction(server.pool, system_actor(server.platform.id), clock=server.clock) as tx:
        stored = await tx.value("SELECT string_agg(k::text, '') FROM api_keys k")
        told = await tx.value("SELECT string_agg(j::text, '') FROM journal j")
    for text in (stored, told):
        assert isinstance(text, str)
        assert made.secret not in text
        assert made.secret.encode().hex() not in text


async def test_whatever_is_wrong_with_a_bearer_key_the_answer_is_the_same(server: Shop, other_shop: Platform) -> None:
    made, other = await server.key(), await server.key()
    head = made.token.removesuffix(made.secret)
    for wrong in (
        "",
        made.token,
        f"Basic {made.token}",
        "Bearer",
        "Bearer ",
        f"Bearer {head}",
        f"Bearer {head}{other.secret}",
        f"Bearer {head}{made.secret[:-1]}",
        f"Bearer {head}{'A' * 43}",
        f"Bearer hl_{server.platform.slug}_{uuid4().hex}_{made.secret}",
        f"Bearer hl_{other_shop.slug}_{made.key.id.hex}_{made.secret}",
        f"Bearer hl_no-such-shop_{made.key.id.hex}_{made.secret}",
        f"Bearer {made.token}\0",
        f"Bearer {made.token} extra",
        f"Bearer {made.token.upper()}",
        "Bearer " + "x" * 100_000,
        "Bearer hl_é_" + "é" * 43,
    ):
        with pytest.raises(KeyInvalid) as refused:
            await server.gate.bearer(wrong)
        assert refused.value.facts == {}
    assert await server.gate.bearer(f"Bearer {made.token}") == made.key


async def test_a_revoked_key_stops_within_the_cache_time_and_at_once_for_a_new_process(server: Shop) -> None:
    made = await server.key()
    await server.gate.bearer(f"Bearer {made.token}")
    await server.revoke(made.key.id)
    with pytest.raises(KeyInvalid):
        await server.new_gate().bearer(f"Bearer {made.token}")
    server.ticks.now = KEY_CACHE_SECONDS
    with pytest.raises(KeyInvalid):
        await server.gate.bearer(f"Bearer {made.token}")
    with pytest.raises(SignatureInvalid):
        await server.send(server.headers(made))
    with pytest.raises(NotFound):
        await server.revoke(made.key.id)


async def test_a_remembered_key_still_needs_its_secret(server: Shop) -> None:
    made = await server.key()
    await server.gate.bearer(f"Bearer {made.token}")
    with pytest.raises(KeyInvalid):
        await server.gate.bearer(f"Bearer {made.token.removesuffix(made.secret)}{'A' * 43}")


async def test_a_platform_cannot_revoke_another_platforms_key(
    server: Shop, pool: Pool, keyring: Keyring, other_shop: Platform, clock: Clock
) -> None:
    made = await server.key()
    with pytest.raises(NotFound):
        await Shop(pool, keyring, other_shop, clock).revoke(made.key.id)
    await server.gate.bearer(f"Bearer {made.token}")


async def test_only_an_administrator_handles_keys(server: Shop, hire: Hire) -> None:
    heshen = (await hire()).staff
    made = await server.key()
    async with transaction(server.pool, system_actor(server.platform.id), clock=server.clock) as tx:
        with pytest.raises(NotAllowed):
            await create_key(
                tx, heshen, keyring=server.keyring, platform=server.platform, name="x", scopes={Scope.ORDERS_READ}
            )
        with pytest.raises(NotAllowed):
            await create_key(
                tx, made.key, keyring=server.keyring, platform=server.platform, name="x", scopes={Scope.ORDERS_READ}
            )
        with pytest.raises(NotAllowed):
            await revoke_key(tx, heshen, key_id=made.key.id)
        with pytest.raises(NotAllowed):
            await key_list(tx, heshen)
    admin = (await hire("guanyan", "管砚", Role.ADMIN)).staff
    await server.revoke(made.key.id)
    async with transaction(server.pool, system_actor(server.platform.id), clock=server.clock) as tx:
        (line,) = await key_list(tx, admin)
        assert (line.id, line.revoked_at) == (made.key.id, server.clock.now)
        assert (await journal_kinds(tx))[1:] == ["staff.created", "key.created", "staff.created", "key.revoked"]


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\nb", "\0"])
async def test_malformed_key_names_are_refused(server: Shop, name: str) -> None:
    with pytest.raises(NameMalformed):
        await server.key(name=name)


async def test_a_signature_made_from_the_documentation_is_accepted(server: Shop) -> None:
    made = await server.key()
    assert await server.send(server.headers(made)) == made.key
    lower = {name.lower(): value.upper() if name == "Huiliu-Signature" else value
             for name, value in server.headers(made, nonce="another-nonce-0123").items()}  # fmt: skip
    assert await server.send(lower) == made.key


async def test_changing_anything_that_was_signed_is_noticed(server: Shop) -> None:
    made, other = await server.key(), await server.key()
    good = server.headers(made)
    later = str(int(good["Huiliu-Timestamp"]) + 1)
    forged = [
        (good, "PUT", TARGET, BODY),
        (good, "POST", "/api/v1/orders", BODY),
        (good, "POST", TARGET + "&x=1", BODY),
        (good, "POST", TARGET, BODY + b" "),
        (good, "POST", TARGET, b""),
        (good | {"Huiliu-Timestamp": later}, "POST", TARGET, BODY),
        (good | {"Huiliu-Nonce": "nonce-9876543210"}, "POST", TARGET, BODY),
        (good | {"Huiliu-Signature": "0" * 64}, "POST", TARGET, BODY),
        (good | {"Huiliu-Key": server.headers(other)["Huiliu-Key"]}, "POST", TARGET, BODY),
        (good | {"Huiliu-Key": f"hl_{server.platform.slug}_{uuid4().hex}"}, "POST", TARGET, BODY),
        (good | {"Huiliu-Key": "hl_" + "x" * 190}, "POST", TARGET, BODY),
    ]
    for headers, method, target, body in forged:
        with pytest.raises(SignatureInvalid) as refused:
            await server.send(headers, method=method, target=target, body=body)
        assert refused.value.facts == {}
    assert await server.send(good) == made.key, "and no forgery used the nonce up"


async def test_another_platforms_key_signs_nothing_here(server: Shop, other_shop: Platform) -> None:
    made = await server.key()
    headers = server.headers(made) | {"Huiliu-Key": f"hl_{other_shop.slug}_{made.key.id.hex}"}
    with pytest.raises(SignatureInvalid):
        await server.send(headers)


async def test_a_signed_request_is_accepted_once_even_by_two_processes_at_once(server: Shop) -> None:
    made = await server.key()
    headers = server.headers(made)
    gates = [server.new_gate() for _ in range(3)]
    answers = await asyncio.gather(
        *(gate.signed(headers, method="POST", target=TARGET, body=BODY) for gate in gates), return_exceptions=True
    )
    assert sum(isinstance(one, ApiKey) for one in answers) == 1
    assert sum(isinstance(one, Replayed) for one in answers) == 2
    with pytest.raises(Replayed):
        await server.send(headers)


async def test_two_keys_may_choose_the_same_nonce(server: Shop) -> None:
    one, two = await server.key(), await server.key()
    assert await server.send(server.headers(one)) == one.key
    assert await server.send(server.headers(two)) == two.key


@pytest.mark.parametrize("off", [-301, 301, -(10**6), 10**9])
async def test_a_stale_timestamp_is_refused_with_how_far_off_it_is(server: Shop, off: int) -> None:
    made = await server.key()
    with pytest.raises(TimestampStale) as refused:
        await server.send(server.headers(made, off=off))
    assert refused.value.facts == {"seconds_off": off, "seconds_max": 300}


@pytest.mark.parametrize("off", [-300, 300])
async def test_a_replay_is_noticed_for_as_long_as_its_timestamp_passes(server: Shop, off: int) -> None:
    made = await server.key()
    headers = server.headers(made, off=off)
    await server.send(headers)
    server.clock.forward(timedelta(seconds=300 + off))  # the last moment at which the timestamp still passes
    async with transaction(server.pool, system_actor(server.platform.id), clock=server.clock) as tx:
        await sweep_expired(tx)
    with pytest.raises(Replayed):
        await server.send(headers)
    server.clock.forward(timedelta(minutes=20))
    async with transaction(server.pool, system_actor(server.platform.id), clock=server.clock) as tx:
        assert await sweep_expired(tx) == 1
    with pytest.raises(TimestampStale):
        await server.send(headers)


@pytest.mark.parametrize("header", ["Huiliu-Key", "Huiliu-Timestamp", "Huiliu-Nonce", "Huiliu-Signature"])
async def test_a_missing_or_malformed_header_is_named(server: Shop, header: str) -> None:
    made = await server.key()
    good = server.headers(made)
    for wrong in ({}, {header: ""}, {header: "é"}, {header: "x" * 100_000}, {header: "-1"}, {header: "\0"}):
        headers = {name: value for name, value in good.items() if name != header} | wrong
        with pytest.raises(SignatureIncomplete) as refused:
            await server.send(headers)
        assert refused.value.facts == {"header": header}


def test_the_documented_example_stays_true() -> None:
    assert (
        sign("secret", method="post", target="/api/v1/orders", timestamp=1795399200, nonce="n" * 16, body=b"{}")
        == hmac.new(
            b"secret",
            b"POST\n/api/v1/orders\n1795399200\nnnnnnnnnnnnnnnnn\n"
            b"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            hashlib.sha256,
        ).hexdigest()
    )
