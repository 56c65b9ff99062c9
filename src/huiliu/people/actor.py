"""From who is signed in to who the timeline says acted."""

from __future__ import annotations

from huiliu.kit.db import Actor, ActorKind
from huiliu.people.model import ApiKey, Buyer, Staff, Viewer

SYSTEM_NAME = "系统"


def actor_of(viewer: Viewer) -> Actor:
    """The transaction's actor. A buyer is known by a keyed hash or an order's id, never by the contact."""
    match viewer:
        case Staff():
            return Actor(ActorKind.STAFF, viewer.platform_id, str(viewer.id), viewer.name)
        case ApiKey():
            return Actor(ActorKind.MACHINE, viewer.platform_id, str(viewer.id), viewer.name)
        case Buyer():
            return Actor(ActorKind.BUYER, viewer.platform_id, _buyer_id(viewer), viewer.name)


def system_actor(platform_id: int) -> Actor:
    """The program itself: sign-ins before anybody is known, timers, the operator's commands."""
    return Actor(ActorKind.SYSTEM, platform_id, "system", SYSTEM_NAME)


def _buyer_id(buyer: Buyer) -> str:
    if buyer.contact_hash is not None:
        return f"contact:{buyer.contact_hash.hex()}"
    return f"order:{buyer.order_ids[-1]}" if buyer.order_ids else "visitor"
