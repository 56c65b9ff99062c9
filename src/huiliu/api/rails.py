"""Where payment rails tell us unasked what became of a refund. No API key: the rail's own signature opens this door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from huiliu.api.context import ApiRequest
from huiliu.claims.actions import PAYOUT_CONSEQUENCES
from huiliu.kit.db import Actor, ActorKind, Pool, across_platforms, transaction, utc_now
from huiliu.kit.errors import NotFound
from huiliu.payouts.actions import Consequences, record_notification
from huiliu.payouts.gateway import NotificationReader
from huiliu.payouts.model import NotificationForged
from huiliu.payouts.reads import find_by_refund_no
from huiliu.people.actor import SYSTEM_NAME

PATH = "/rails/{rail:str}/notifications"
BODY_BYTES_MAX = 64_000


def rail_notifications(
    pool: Pool,
    readers: Mapping[str, NotificationReader],
    *,
    pace: float = 1.0,
    clock: Callable[[], datetime] = utc_now,
    consequences: Consequences = PAYOUT_CONSEQUENCES,
) -> HTTPRouteHandler:
    """The handler of POST /rails/{rail}/notifications: 200 once it is in the books, also when it is told again."""

    async def take(request: ApiRequest) -> Response[bytes]:
        rail = str(request.path_params["rail"])
        reader = readers.get(rail)
        if reader is None:
            raise NotFound
        told = reader.read_notification(dict(request.headers.items()), await request.body(), now=clock())
        if told is None:
            raise NotificationForged
        async with across_platforms(pool) as connection:
            found = await find_by_refund_no(connection, told.refund_no)
        if found is None or found.rail != rail:
            raise NotFound
        actor = Actor(ActorKind.SYSTEM, found.platform_id, f"rail:{rail}", SYSTEM_NAME)
        async with transaction(pool, actor, clock=clock) as tx:
            outcome = await record_notification(tx, found.payout_id, told, pace=pace)
            await consequences.follow(tx, found.payout_id, outcome)
        return Response(b"{}", media_type="application/json")

    return HTTPRouteHandler(
        PATH,
        http_method="POST",
        status_code=200,
        name="take_rail_notification",
        request_max_body_size=BODY_BYTES_MAX,
        include_in_schema=False,  # rails call it, not platforms
    )(take)
