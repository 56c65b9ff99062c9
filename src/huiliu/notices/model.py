"""What a platform's own server is told, where, how often it is tried."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from huiliu.kit.errors import Refusal

ENDPOINTS_MAX = 10
"""Live endpoints of one platform."""
SECRET_CONTEXT = "webhook_endpoints.secret_sealed"  # noqa: S105 - names a column
BACKOFF = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""After the first sending and these retries, almost two days, a delivery is given up; it can be sent again by hand."""
STATUS_TEXT_MAX = 200
GONE = 410


class EventName(StrEnum):
    """What an endpoint may ask to be told of."""

    CLAIM_FILED = "claim.filed"
    CLAIM_MATERIAL_REQUESTED = "claim.material_requested"
    CLAIM_MATERIAL_ADDED = "claim.material_added"
    CLAIM_DECIDED = "claim.decided"
    CLAIM_ESCALATED = "claim.escalated"
    CLAIM_WITHDRAWN = "claim.withdrawn"
    CLAIM_REFUNDED = "claim.refunded"
    CLAIM_REOPENED = "claim.reopened"
    PAYOUT_INSTRUCTED = "payout.instructed"
    PAYOUT_ACCEPTED = "payout.accepted"
    PAYOUT_REPORTED = "payout.reported"
    PAYOUT_VERIFIED = "payout.verified"
    PAYOUT_FAILED = "payout.failed"
    PAYOUT_BOUNCED = "payout.bounced"
    PAYOUT_HELD = "payout.held"
    RESTRICTION_CHANGED = "restriction.changed"


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    DUE = "due"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is told; the secret is shown once, when it is made."""

    id: UUID
    url: str
    events: tuple[EventName, ...]
    created_at: datetime
    disabled_at: datetime | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint."""

    id: UUID
    endpoint_id: UUID
    event: str
    payload: str
    state: DeliveryStatus
    attempts: int
    next_at: datetime | None
    last_status: str
    created_at: datetime
    done_at: datetime | None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What an event says to the outside, before it is addressed to anybody."""

    journal_id: int
    at: datetime
    event: EventName
    payload: str


class UrlBad(Refusal):
    """Not an address that a webhook can be sent to. facts: problem (a key under notices.url_problem)."""

    code = "notices.url_bad"
    status = 422


class EventsBad(Refusal):
    """No event, or one that does not exist. facts: event."""

    code = "notices.events_bad"
    status = 422


class TooManyEndpoints(Refusal):
    """The platform has as many live endpoints as it may. facts: most."""

    code = "notices.too_many_endpoints"
    status = 409


class EndpointDisabled(Refusal):
    """The endpoint no longer gets anything."""

    code = "notices.endpoint_disabled"
    status = 409


def retry_after(attempts: int) -> timedelta | None:
    """How long after the `attempts`-th failed sending the next one is due; None: it is given up."""
    return BACKOFF[attempts - 1] if attempts <= len(BACKOFF) else None
