"""Who uses a platform and what each may do: buyers, staff, machines, the platform itself. Pure values, no driver."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from huiliu.kit.errors import NotAllowed
from huiliu.people.errors import ScopeMissing
from huiliu.people.restrictions.model import LADDER, LADDER_STEPS_MAX, MEMORY_DAYS, MEMORY_DAYS_MAX, Level

ORDERS_PER_LOOK_UP_SESSION_MAX = 20
"""Orders that one browser may hold open by look-ups; the oldest makes room."""
OFFICIAL_CHANNELS_MAX = 20
BUYER_NAME = "买家"
"""What a timeline calls a buyer: no name is ever asked for."""


class Role(StrEnum):
    """A hat that staff wear; one person may wear several, and two-person rules still need two people."""

    AGENT = "agent"
    REVIEWER = "reviewer"
    FINANCE = "finance"
    ARBITRATOR = "arbitrator"
    ADMIN = "admin"


class Permission(StrEnum):
    """Something that staff do and not everybody may."""

    VIEW_QUEUE = "view_queue"
    REPLY = "reply"
    REVIEW = "review"
    DECIDE = "decide"
    CONFIRM = "confirm"
    ARBITRATE = "arbitrate"
    FINANCE_VIEW = "finance_view"
    FINANCE_SETTLE = "finance_settle"
    READ_JOURNAL = "read_journal"
    IMPORT_ORDERS = "import_orders"
    PUBLISH_POLICY = "publish_policy"
    APPROVE_POLICY = "approve_policy"
    ADMINISTER = "administer"


PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.AGENT: frozenset({Permission.VIEW_QUEUE, Permission.REPLY, Permission.REVIEW}),
        Role.REVIEWER: frozenset(
            {Permission.VIEW_QUEUE, Permission.REPLY, Permission.REVIEW, Permission.DECIDE, Permission.CONFIRM}
        ),
        Role.FINANCE: frozenset({Permission.VIEW_QUEUE, Permission.FINANCE_VIEW, Permission.FINANCE_SETTLE}),
        Role.ARBITRATOR: frozenset(
            {
                Permission.VIEW_QUEUE,
                Permission.REPLY,
                Permission.REVIEW,
                Permission.CONFIRM,
                Permission.ARBITRATE,
                Permission.APPROVE_POLICY,
            }
        ),
        # An administrator hands out roles and so must not also decide about money by that hat alone.
        Role.ADMIN: frozenset(
            {
                Permission.VIEW_QUEUE,
                Permission.READ_JOURNAL,
                Permission.IMPORT_ORDERS,
                Permission.PUBLISH_POLICY,
                Permission.APPROVE_POLICY,
                Permission.ADMINISTER,
            }
        ),
    }
)
"""Role x permission: the only place that says who may do what."""


DECIDING_ROLES = frozenset({Role.REVIEWER, Role.FINANCE, Role.ARBITRATOR})
"""Roles that move money: whoever sets the limits and hands out the roles wears none of them."""


class Scope(StrEnum):
    """What a machine's key opens."""

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    CLAIMS_READ = "claims:read"
    CLAIMS_WRITE = "claims:write"
    POLICY_READ = "policy:read"
    WEBHOOKS_WRITE = "webhooks:write"


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works for one platform."""

    id: UUID
    platform_id: int
    login: str
    name: str
    roles: frozenset[Role]

    def may(self, permission: Permission) -> bool:
        """Whether any of this person's roles allows it."""
        return any(permission in PERMISSIONS[role] for role in self.roles)


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who proved a contact (a one-time code) or knows some orders' secrets (look-ups), or both."""

    platform_id: int
    contact_hash: bytes | None = None
    order_ids: tuple[UUID, ...] = ()
    name: str = BUYER_NAME

    def may_see(self, *, order_id: UUID, contact_hash: bytes | None) -> bool:
        """Whether an order with this id and contact is this buyer's to see."""
        return order_id in self.order_ids or (self.contact_hash is not None and self.contact_hash == contact_hash)


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A machine of the platform: the shop's own server."""

    id: UUID
    platform_id: int
    name: str
    scopes: frozenset[Scope]


Viewer: TypeAlias = Buyer | Staff | ApiKey


def require(viewer: Viewer, permission: Permission) -> Staff:
    """The staff member, if allowed. Raises NotAllowed for the wrong role, and for anybody who is not staff."""
    if isinstance(viewer, Staff) and viewer.may(permission):
        return viewer
    raise NotAllowed(permission=permission.value)


def require_scope(key: ApiKey, scope: Scope) -> None:
    """Raises ScopeMissing when the key was not made for this."""
    if scope not in key.scopes:
        raise ScopeMissing(scope=scope.value)


class ChannelKind(StrEnum):
    """Where official customer service may be reached."""

    CHAT = "chat"
    TICKET = "ticket"
    EMAIL = "email"
    QQ = "qq"
    QQ_GROUP = "qq_group"
    WECHAT = "wechat"
    PHONE = "phone"


class OfficialChannel(msgspec.Struct, frozen=True, kw_only=True):
    """One published contact, so that a buyer can tell a fake group number (山寨群号) from the real one."""

    kind: ChannelKind
    value: Annotated[str, Meta(min_length=1, max_length=120)]
    hours: Annotated[str, Meta(max_length=80)] = ""


class PlatformSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator sets for one platform; the shape of platforms.settings."""

    second_person_over_minor: Annotated[int, Meta(ge=0)] = 500_00
    """A refund above this needs a second person. 0: every refund does."""
    lookup_limit_per_hour: Annotated[int, Meta(ge=1, le=1000)] = 10
    """Failed look-ups of one order number; four digits are 10,000 guesses, so keep it low."""
    lookup_limit_per_address: Annotated[int, Meta(ge=1, le=10_000)] = 60
    """Failed look-ups from one network address an hour; many buyers share a carrier's address."""
    code_limit_per_hour: Annotated[int, Meta(ge=1, le=100)] = 5
    """One-time codes sent to one contact."""
    code_limit_per_address: Annotated[int, Meta(ge=1, le=10_000)] = 30
    restriction_ladder: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=LADDER_STEPS_MAX)] = LADDER
    """What is suggested after the first, the second ... finding of forged evidence that counts; the last step repeats."""
    restriction_memory_days: Annotated[int, Meta(ge=1, le=MEMORY_DAYS_MAX)] = MEMORY_DAYS
    """How long a finding counts: for the ladder, and for policies that ask 曾伪造凭证."""
    payee_names: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=80)], ...], Meta(max_length=10)] = ()
    """The names that rails print as the payee of this platform's payments. Without any, no payee is compared."""
    official_channels: Annotated[tuple[OfficialChannel, ...], Meta(max_length=OFFICIAL_CHANNELS_MAX)] = ()


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """One tenant: a shop that sells digital goods."""

    id: int
    slug: str
    name: str
    name_en: str
    settings: PlatformSettings
