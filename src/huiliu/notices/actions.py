"""Registering where a platform's server wants to be told, and turning what happened into deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from huiliu.journal.actions import record
from huiliu.journal.model import Entry, platform_stream
from huiliu.kit.db import Tx
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.notices import store
from huiliu.notices.addresses import check_url
from huiliu.notices.model import (
    ENDPOINTS_MAX,
    GONE,
    SECRET_CONTEXT,
    STATUS_TEXT_MAX,
    Delivery,
    DeliveryStatus,
    Endpoint,
    EndpointDisabled,
    EventName,
    EventsBad,
    Told,
    TooManyEndpoints,
    retry_after,
)
from huiliu.notices.reads import load_delivery, load_endpoint, may_manage
from huiliu.notices.signing import new_secret
from huiliu.people.model import Viewer


@dataclass(frozen=True, slots=True)
class CreatedEndpoint:
    """A new endpoint. `secret` is shown once."""

    endpoint: Endpoint
    secret: str

    def __repr__(self) -> str:
        return f"CreatedEndpoint({self.endpoint!r}, …)"


async def create_endpoint(
    tx: Tx, viewer: Viewer, *, keyring: Keyring, url: str, events: Sequence[EventName], allow_private: bool
) -> CreatedEndpoint:
    """Tell this address of these events from now on. Raises UrlBad, EventsBad, TooManyEndpoints, NotAllowed, ScopeMissing."""
    may_manage(viewer)
    check_url(url, allow_private=allow_private)
    if not events:
        raise EventsBad(event="-")
    live = await store.lock_endpoints(tx)
    if live >= ENDPOINTS_MAX:
        raise TooManyEndpoints(most=ENDPOINTS_MAX)
    if live == 0:
        await store.start_reading_here(tx)
    endpoint = Endpoint(id=new_id(), url=url, events=tuple(dict.fromkeys(events)), created_at=tx.now, disabled_at=None)
    secret = new_secret()
    names = [event.value for event in endpoint.events]
    sealed = keyring.seal(secret, context=SECRET_CONTEXT)
    await store.insert_endpoint(tx, endpoint.id, url=url, secret_sealed=sealed, events=names)
    body = {"endpoint_id": str(endpoint.id), "url": url, "events": names}
    await record(tx, platform_stream(tx.platform_id), Entry("webhooks.endpoint_created", body))
    return CreatedEndpoint(endpoint, secret)


async def disable_endpoint(tx: Tx, viewer: Viewer, endpoint_id: UUID) -> None:
    """Stop telling an address; what was still due is given up. A second time changes nothing. Raises NotFound."""
    await load_endpoint(tx, viewer, endpoint_id)
    await _disable(tx, endpoint_id, why="asked")


async def redeliver(tx: Tx, viewer: Viewer, delivery_id: UUID) -> Delivery:
    """Send a delivery again now, under the same id. Raises NotFound, EndpointDisabled, NotAllowed, ScopeMissing."""
    delivery = await load_delivery(tx, viewer, delivery_id)
    if (await load_endpoint(tx, viewer, delivery.endpoint_id)).disabled_at is not None:
        raise EndpointDisabled
    await store.send_again(tx, delivery_id)
    return await load_delivery(tx, viewer, delivery_id)


async def fan_out(tx: Tx, told: Sequence[Told], *, after_xid: int, up_to_xid: int) -> int:
    """Move the cursor and write a delivery for each event and endpoint that wants it; 0 when another worker did."""
    if not await store.advance_cursor(tx, was=after_xid, now=up_to_xid):
        return 0
    return await store.insert_deliveries(tx, told) if told else 0


async def record_sending(tx: Tx, leased: store.Leased, *, status_code: int | None, status: str) -> None:
    """Write down how a sending went: done, to be tried again by the schedule, or given up.

    410 Gone is the receiver's own way to say that the address is no more: the endpoint is disabled.
    """
    text = status[:STATUS_TEXT_MAX]
    if status_code == GONE:
        await store.lock_endpoint(tx, leased.endpoint_id)
    if status_code is not None and 200 <= status_code < 300:
        state, next_at = DeliveryStatus.DELIVERED, None
    else:
        wait = None if status_code == GONE else retry_after(leased.attempts)
        state = DeliveryStatus.GIVEN_UP if wait is None else DeliveryStatus.DUE
        next_at = None if wait is None else tx.now + wait
    written = await store.end_attempt(
        tx, leased.id, attempts=leased.attempts, state=state, status=text, next_at=next_at
    )
    if written and status_code == GONE:
        await _disable(tx, leased.endpoint_id, why="gone")


async def _disable(tx: Tx, endpoint_id: UUID, *, why: str) -> None:
    if await store.disable_endpoint(tx, endpoint_id):
        body = {"endpoint_id": str(endpoint_id), "why": why}
        await record(tx, platform_stream(tx.platform_id), Entry("webhooks.endpoint_disabled", body))
