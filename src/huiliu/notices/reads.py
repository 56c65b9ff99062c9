"""Endpoints and deliveries for the API. What they say is the platform's own, so only its staff and machines read them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from huiliu.kit.db import Connection, Tx
from huiliu.kit.errors import NotFound
from huiliu.notices.model import Delivery, DeliveryStatus, Endpoint, EventName
from huiliu.people.model import ApiKey, Permission, Scope, Viewer, require, require_scope

ENDPOINTS_SHOWN_MAX = 100
DELIVERIES_PAGE_MAX = 100
PLATFORMS_MAX = 1_000


class _EndpointRow(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    url: str
    events: list[str]
    created_at: datetime
    disabled_at: datetime | None


class DeliveryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries to list; `before` is the (created_at, id) of the last row of the page before."""

    endpoint_id: UUID | None = None
    state: DeliveryStatus | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = 20


def may_manage(viewer: Viewer) -> None:
    """Raises NotAllowed or ScopeMissing for whoever may not see or change what the platform's server is told."""
    if isinstance(viewer, ApiKey):
        require_scope(viewer, Scope.WEBHOOKS_WRITE)
    else:
        require(viewer, Permission.ADMINISTER)


async def list_endpoints(tx: Tx, viewer: Viewer) -> list[Endpoint]:
    """The platform's endpoints, live ones first, newest first. Raises NotAllowed, ScopeMissing."""
    may_manage(viewer)
    rows = await tx.all(
        _EndpointRow,
        "SELECT id, url, events, created_at, disabled_at FROM webhook_endpoints WHERE platform_id = %(platform)s"
        " ORDER BY disabled_at IS NOT NULL, created_at DESC, id LIMIT %(limit)s",
        platform=tx.platform_id,
        limit=ENDPOINTS_SHOWN_MAX,
    )
    return [_endpoint(row) for row in rows]


async def load_endpoint(tx: Tx, viewer: Viewer, endpoint_id: UUID) -> Endpoint:
    """One endpoint. Raises NotFound, NotAllowed, ScopeMissing."""
    may_manage(viewer)
    row = await tx.one(
        _EndpointRow,
        "SELECT id, url, events, created_at, disabled_at FROM webhook_endpoints"
        " WHERE platform_id = %(platform)s AND id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=endpoint_id,
    )
    if row is None:
        raise NotFound
    return _endpoint(row)


async def list_deliveries(tx: Tx, viewer: Viewer, which: DeliveryFilter) -> list[Delivery]:
    """What was and will be sent, newest first, one more than `limit` when there is a next page."""
    may_manage(viewer)
    return await tx.all(
        Delivery,
        """
        SELECT id, endpoint_id, event, payload, state, attempts, next_at, last_status, created_at, done_at
          FROM webhook_deliveries
         WHERE platform_id = %(platform)s
           AND (%(endpoint)s::uuid IS NULL OR endpoint_id = %(endpoint)s)
           AND (%(state)s::text IS NULL OR state = %(state)s)
           AND (%(at)s::timestamptz IS NULL OR (created_at, id) < (%(at)s, %(before)s::uuid))
         ORDER BY created_at DESC, id DESC LIMIT %(limit)s
        """,
        platform=tx.platform_id,
        endpoint=which.endpoint_id,
        state=which.state.value if which.state else None,
        at=which.before[0] if which.before else None,
        before=which.before[1] if which.before else None,
        limit=min(which.limit, DELIVERIES_PAGE_MAX) + 1,
    )


async def load_delivery(tx: Tx, viewer: Viewer, delivery_id: UUID) -> Delivery:
    """One delivery. Raises NotFound, NotAllowed, ScopeMissing."""
    may_manage(viewer)
    found = await tx.one(
        Delivery,
        "SELECT id, endpoint_id, event, payload, state, attempts, next_at, last_status, created_at, done_at"
        " FROM webhook_deliveries WHERE platform_id = %(platform)s AND id = %(id)s LIMIT 1",
        platform=tx.platform_id,
        id=delivery_id,
    )
    if found is None:
        raise NotFound
    return found


async def platforms_to_tell(connection: Connection) -> list[int]:
    """The platforms with a live endpoint, for the worker."""
    cursor = await connection.execute(
        "SELECT DISTINCT platform_id FROM webhook_endpoints WHERE disabled_at IS NULL"
        " ORDER BY platform_id LIMIT %(limit)s",
        {"limit": PLATFORMS_MAX},
    )
    return [row["platform_id"] for row in await cursor.fetchall()]


def _endpoint(row: _EndpointRow) -> Endpoint:
    return Endpoint(
        id=row.id,
        url=row.url,
        events=tuple(EventName(event) for event in row.events),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
