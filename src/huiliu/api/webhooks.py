"""Where the platform's own server wants to be told, and what it was told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from huiliu.api.context import Answer, Call, answer
from huiliu.api.cursors import decode_cursor, encode_cursor
from huiliu.api.once import once
from huiliu.api.operation import Once, Operation
from huiliu.api.shapes import LIMIT_DEFAULT, Cursor, Limit
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound
from huiliu.notices.actions import create_endpoint, disable_endpoint, redeliver
from huiliu.notices.addresses import URL_MAX
from huiliu.notices.model import Delivery, DeliveryStatus, Endpoint, EventName
from huiliu.notices.reads import DeliveryFilter, list_deliveries, list_endpoints, load_endpoint
from huiliu.people.model import Scope


class EndpointIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An https address and the events it is told of."""

    url: Annotated[str, Meta(min_length=1, max_length=URL_MAX)]
    events: Annotated[tuple[EventName, ...], Meta(min_length=1, max_length=len(EventName))]


class EndpointOut(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is told. `disabled_at`: it no longer is."""

    id: UUID
    url: str
    events: tuple[EventName, ...]
    created_at: datetime
    disabled_at: datetime | None


class CreatedEndpointOut(EndpointOut, frozen=True, kw_only=True):
    """A new address. `secret` signs what is sent there and is shown only now."""

    secret: str


class EndpointsOut(msgspec.Struct, frozen=True):
    """Every address, those in use first."""

    endpoints: list[EndpointOut]


class DeliverySearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries."""

    endpoint_id: UUID | None = None
    state: DeliveryStatus | None = None
    cursor: Cursor = ""
    limit: Limit = LIMIT_DEFAULT


class DeliveryOut(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one address. `last_status`: http_<status>, timeout, connection_failed, private_address …

    `payload` is the exact text that is sent and signed.
    """

    id: UUID
    endpoint_id: UUID
    event: str
    state: DeliveryStatus
    attempts: int
    next_at: datetime | None
    last_status: str
    created_at: datetime
    done_at: datetime | None
    payload: str


class DeliveriesOut(msgspec.Struct, frozen=True):
    """A page of deliveries, newest first."""

    deliveries: list[DeliveryOut]
    next_cursor: str | None


async def add_endpoint(call: Call) -> Answer:
    """Register an address; its secret is in this answer only."""
    wanted = call.body(EndpointIn)

    async def effect(tx: Tx) -> Answer:
        created = await create_endpoint(
            tx,
            call.key,
            keyring=call.house.keyring,
            url=wanted.url,
            events=wanted.events,
            allow_private=call.house.settings.demo,
        )
        shown = created.endpoint
        return answer(
            CreatedEndpointOut(
                id=shown.id,
                url=shown.url,
                events=shown.events,
                created_at=shown.created_at,
                disabled_at=shown.disabled_at,
                secret=created.secret,
            ),
            status=201,
        )

    return await once(call, effect, seals=True)


async def show_endpoints(call: Call) -> Answer:
    """Every address of the platform."""
    async with call.transaction() as tx:
        found = await list_endpoints(tx, call.key)
    return answer(EndpointsOut([_endpoint_out(endpoint) for endpoint in found]))


async def remove_endpoint(call: Call) -> Answer:
    """Disable an address; what was still due is given up."""
    endpoint_id = _id(call.params["endpoint_id"])
    async with call.transaction() as tx:
        await disable_endpoint(tx, call.key, endpoint_id)
        return answer(_endpoint_out(await load_endpoint(tx, call.key, endpoint_id)))


async def show_deliveries(call: Call) -> Answer:
    """What was and will be sent, a page at a time."""
    wanted = call.query(DeliverySearch)
    which = DeliveryFilter(
        endpoint_id=wanted.endpoint_id,
        state=wanted.state,
        before=decode_cursor(wanted.cursor),
        limit=wanted.limit,
    )
    async with call.transaction() as tx:
        rows = await list_deliveries(tx, call.key, which)
    shown = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return answer(
        DeliveriesOut(
            [_delivery_out(row) for row in shown],
            encode_cursor(shown[-1].created_at, shown[-1].id) if more else None,
        )
    )


async def send_again(call: Call) -> Answer:
    """Send a delivery once more, now, under its own id."""
    delivery_id = _id(call.params["delivery_id"])

    async def effect(tx: Tx) -> Answer:
        return answer(_delivery_out(await redeliver(tx, call.key, delivery_id)), status=202)

    return await once(call, effect)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _endpoint_out(endpoint: Endpoint) -> EndpointOut:
    return EndpointOut(
        id=endpoint.id,
        url=endpoint.url,
        events=endpoint.events,
        created_at=endpoint.created_at,
        disabled_at=endpoint.disabled_at,
    )


def _delivery_out(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        event=delivery.event,
        state=delivery.state,
        attempts=delivery.attempts,
        next_at=delivery.next_at,
        last_status=delivery.last_status,
        created_at=delivery.created_at,
        done_at=delivery.done_at,
        payload=delivery.payload,
    )


_SCOPE = Scope.WEBHOOKS_WRITE
OPERATIONS = (
    Operation(
        id="createWebhookEndpoint",
        method="POST",
        path="/webhook-endpoints",
        scope=_SCOPE,
        takes=EndpointIn,
        gives=CreatedEndpointOut,
        status=201,
        run=add_endpoint,
        once=Once.HONOURED,
        example=EndpointIn(
            url="https://shop.example.com/huiliu", events=(EventName.CLAIM_DECIDED, EventName.CLAIM_REFUNDED)
        ),
    ),
    Operation(
        id="listWebhookEndpoints",
        method="GET",
        path="/webhook-endpoints",
        scope=_SCOPE,
        gives=EndpointsOut,
        run=show_endpoints,
    ),
    Operation(
        id="disableWebhookEndpoint",
        method="DELETE",
        path="/webhook-endpoints/{endpoint_id}",
        scope=_SCOPE,
        gives=EndpointOut,
        run=remove_endpoint,
    ),
    Operation(
        id="listWebhookDeliveries",
        method="GET",
        path="/webhook-deliveries",
        scope=_SCOPE,
        query=DeliverySearch,
        gives=DeliveriesOut,
        run=show_deliveries,
    ),
    Operation(
        id="redeliverWebhook",
        method="POST",
        path="/webhook-deliveries/{delivery_id}/redelivery",
        scope=_SCOPE,
        gives=DeliveryOut,
        status=202,
        run=send_again,
        once=Once.HONOURED,
    ),
)
