"""What surrounds every page of the desk: who works, and which pages their roles open."""

from __future__ import annotations

from msgspec import Struct

from huiliu.kit.errors import NotAllowed
from huiliu.people.model import Permission, Role, Staff, require
from huiliu.web.visit import Visit

PAGES: tuple[tuple[str, str, frozenset[Permission]], ...] = (
    ("queue", "", frozenset({Permission.VIEW_QUEUE})),
    ("suspicions", "suspicions", frozenset({Permission.REVIEW, Permission.CONFIRM, Permission.ADMINISTER})),
    ("orders", "orders", frozenset({Permission.VIEW_QUEUE})),
    ("payouts", "payouts", frozenset({Permission.FINANCE_VIEW})),
    ("policies", "policies", frozenset({Permission.VIEW_QUEUE})),
    ("atlas", "atlas", frozenset({Permission.ADMINISTER, Permission.ARBITRATE})),
    ("settings", "settings", frozenset({Permission.ADMINISTER})),
)
"""(code, address below /desk/, any one of these permissions opens it)."""


class Place(Struct, frozen=True):
    """One entry of the desk's navigation."""

    code: str
    url: str
    is_here: bool


class Desk(Struct, frozen=True, kw_only=True):
    """The frame of a desk page."""

    places: tuple[Place, ...]
    name: str
    roles: tuple[Role, ...]


def at_desk(visit: Visit, permission: Permission = Permission.VIEW_QUEUE) -> Staff:
    """The signed-in member of staff who may be here. Raises SignInFirst, NotAllowed."""
    return require(visit.signed_in_staff(), permission)


def at_page(visit: Visit, code: str) -> Staff:
    """The signed-in member of staff whose roles open this entry of PAGES. Raises SignInFirst, NotAllowed."""
    staff = visit.signed_in_staff()
    any_of = next(wanted for page, _, wanted in PAGES if page == code)
    if not any(staff.may(permission) for permission in any_of):
        raise NotAllowed(permission=min(any_of).value)
    return staff


def desk_of(visit: Visit, here: str) -> Desk:
    """The frame of the page `here` for whoever is signed in."""
    staff = visit.signed_in_staff()
    return Desk(
        places=tuple(
            Place(code, visit.url("desk", path), code == here)
            for code, path, any_of in PAGES
            if any(staff.may(permission) for permission in any_of)
        ),
        name=staff.name,
        roles=tuple(role for role in Role if role in staff.roles),
    )
