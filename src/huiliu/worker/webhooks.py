"""Tell platforms' servers what happened: the journal becomes deliveries, and due deliveries are sent.

Nothing is called inside a transaction. A delivery is leased, sent, and then written down; a worker that dies in between
lets the lease run out and the delivery is sent again, under the same id: at least once, never lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from huiliu.adapters.callbacks import Answered, NoAnswer
from huiliu.claims.model import PublicState
from huiliu.claims.reads import ClaimName, claim_names
from huiliu.journal.reads import Event, after
from huiliu.kit.db import Actor, ActorKind, Pool, across_platforms, transaction, utc_now
from huiliu.kit.keyring import Keyring
from huiliu.notices import store
from huiliu.notices.actions import fan_out, record_sending
from huiliu.notices.model import SECRET_CONTEXT, Told
from huiliu.notices.reads import platforms_to_tell
from huiliu.notices.signing import headers
from huiliu.worker.reactions import REACTIONS

LEASE = timedelta(seconds=60)
"""Longer than a sending may take; a delivery of a dead worker is sent again after this."""
BATCH_MAX = 64
EACH_MAX = 8
"""How many deliveries of one endpoint are under way at once."""
FAN_OUT_ROUNDS_MAX = 20
"""Batches of the journal one platform gets in one run; the rest waits for the next."""
FORMAT_VERSION = 1

log = structlog.get_logger("webhooks")


class Caller(Protocol):
    """What sends; adapters.callbacks.Callbacks is the real one."""

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answered | NoAnswer:
        """Send one webhook; never raises for what the other side does."""
        ...


async def run_once(pool: Pool, client: Caller, keyring: Keyring, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Turn what is new in the journal into deliveries and send what is due; returns how many were sent."""
    async with across_platforms(pool) as connection:
        platforms = await platforms_to_tell(connection)
    for platform_id in platforms:
        await tell_platform(pool, platform_id, clock=clock)
    return await send_due(pool, client, keyring, clock=clock)


async def tell_platform(pool: Pool, platform_id: int, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Read on in one platform's journal until its end; returns how many deliveries were made."""
    made = 0
    for _ in range(FAN_OUT_ROUNDS_MAX):
        async with transaction(pool, _actor(platform_id), clock=clock) as tx:
            last_xid = await store.read_cursor(tx)
            events = await after(tx, last_xid)
            if not events:
                if await store.pull_back_cursor(tx):
                    log.warning("cursor mended", platform=platform_id, was=last_xid)
                return made
            wanted = [event for event in events if event.kind in REACTIONS]
            names = await claim_names(tx, list({event.stream for event in wanted})) if wanted else {}
            told = [told_of(event, names[event.stream]) for event in wanted if event.stream in names]
            told.sort(key=lambda each: each.journal_id)
            made += await fan_out(tx, told, after_xid=last_xid, up_to_xid=events[-1].xid)
    return made


async def send_due(pool: Pool, client: Caller, keyring: Keyring, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Send one batch of what is due, side by side; returns how many."""
    now = clock()
    async with across_platforms(pool) as connection:
        leased = await store.lease(connection, now=now, until=now + LEASE, each=EACH_MAX, limit=BATCH_MAX)
    async with asyncio.TaskGroup() as group:
        for each in leased:
            group.create_task(_send_safely(pool, client, keyring, each, clock))
    return len(leased)


def told_of(event: Event, name: ClaimName) -> Told:
    """The words of one event. `seq` orders the events of one claim, whatever order they arrive in."""
    reaction = REACTIONS[event.kind]
    status = reaction.status
    if event.kind == "claim.bounced" and not event.body.get("reopened"):
        status = PublicState.REFUNDED  # the line has another claim by now, so this one stays as it is
    body = {
        "version": FORMAT_VERSION,
        "event": reaction.event,
        "occurred_at": event.at,
        "seq": event.seq,
        "claim_no": name.claim_no,
        "order_no": name.order_no,
        "line": name.line_no,
        "status": status,
        "data": {field: event.body[field] for field in reaction.fields if field in event.body},
    }
    return Told(journal_id=event.id, at=event.at, event=reaction.event, payload=msgspec.json.encode(body).decode())


async def _send_safely(
    pool: Pool, client: Caller, keyring: Keyring, leased: store.Leased, clock: Callable[[], datetime]
) -> None:
    """One delivery's trouble must not stop other platforms': it is logged, and its lease runs out."""
    try:
        await _send(pool, client, keyring, leased, clock)
    except Exception:
        log.exception("delivery left to its lease", delivery=str(leased.id))


async def _send(
    pool: Pool, client: Caller, keyring: Keyring, leased: store.Leased, clock: Callable[[], datetime]
) -> None:
    body = leased.payload.encode()
    secret = keyring.open(leased.secret_sealed, context=SECRET_CONTEXT)
    signed = headers(
        secret, delivery_id=str(leased.id), event=leased.event, timestamp=int(clock().timestamp()), body=body
    )
    outcome = await client.post(leased.url, headers=signed, body=body)
    match outcome:
        case Answered(status_code):
            code, status = status_code, f"http_{status_code}"
        case NoAnswer(why):
            code, status = None, why
    async with transaction(pool, _actor(leased.platform_id), clock=clock) as tx:
        await record_sending(tx, leased, status_code=code, status=status)
    log.info("sent", delivery=str(leased.id), event_name=leased.event, attempt=leased.attempts, outcome=status)


def _actor(platform_id: int) -> Actor:
    return Actor(ActorKind.SYSTEM, platform_id, "webhooks", "回调")
