"""Who may do what, as one table."""

from __future__ import annotations

from uuid import uuid4

import msgspec
import pytest

from huiliu.kit.errors import NotAllowed
from huiliu.people.actor import actor_of
from huiliu.people.errors import ScopeMissing
from huiliu.people.model import (
    ApiKey,
    Buyer,
    OfficialChannel,
    Permission,
    PlatformSettings,
    Role,
    Scope,
    Staff,
    require,
    require_scope,
)

#                  agent reviewer finance arbitrator admin
TABLE = {
    Permission.VIEW_QUEUE: "yes yes yes yes yes",
    Permission.REPLY: "yes yes no yes no",
    Permission.REVIEW: "yes yes no yes no",
    Permission.DECIDE: "no yes no no no",
    Permission.CONFIRM: "no yes no yes no",
    Permission.ARBITRATE: "no no no yes no",
    Permission.FINANCE_VIEW: "no no yes no no",
    Permission.FINANCE_SETTLE: "no no yes no no",
    Permission.READ_JOURNAL: "no no no no yes",
    Permission.IMPORT_ORDERS: "no no no no yes",
    Permission.PUBLISH_POLICY: "no no no no yes",
    Permission.APPROVE_POLICY: "no no no yes yes",
    Permission.ADMINISTER: "no no no no yes",
}
ROLES = (Role.AGENT, Role.REVIEWER, Role.FINANCE, Role.ARBITRATOR, Role.ADMIN)
CELLS = [
    (role, permission, answer == "yes")
    for permission, row in TABLE.items()
    for role, answer in zip(ROLES, row.split(), strict=True)
]


def staff(*roles: Role) -> Staff:
    return Staff(id=uuid4(), platform_id=1, login="heshen", name="何审", roles=frozenset(roles))


def test_the_table_has_every_role_and_every_permission() -> None:
    assert {(role, permission) for role, permission, _ in CELLS} == {(r, p) for r in Role for p in Permission}


@pytest.mark.parametrize(("role", "permission", "allowed"), CELLS)
def test_each_role_may_do_exactly_what_the_table_says(role: Role, permission: Permission, *, allowed: bool) -> None:
    someone = staff(role)
    assert someone.may(permission) is allowed
    if allowed:
        assert require(someone, permission) is someone
    else:
        with pytest.raises(NotAllowed):
            require(someone, permission)


def test_two_hats_allow_what_either_allows() -> None:
    both = staff(Role.AGENT, Role.FINANCE)
    assert both.may(Permission.REPLY)
    assert both.may(Permission.FINANCE_VIEW)
    assert not both.may(Permission.DECIDE)


@pytest.mark.parametrize("permission", Permission)
def test_buyers_and_machines_have_no_staff_permission(permission: Permission) -> None:
    key = ApiKey(id=uuid4(), platform_id=1, name="商城", scopes=frozenset(Scope))
    for viewer in (Buyer(platform_id=1, contact_hash=b"x"), key):
        with pytest.raises(NotAllowed):
            require(viewer, permission)


@pytest.mark.parametrize("scope", Scope)
def test_a_key_opens_only_its_scopes(scope: Scope) -> None:
    require_scope(ApiKey(id=uuid4(), platform_id=1, name="商城", scopes=frozenset({scope})), scope)
    with pytest.raises(ScopeMissing) as refused:
        require_scope(ApiKey(id=uuid4(), platform_id=1, name="商城", scopes=frozenset(set(Scope) - {scope})), scope)
    assert refused.value.facts == {"scope": scope.value}


def test_a_buyer_sees_own_orders_only() -> None:
    looked_up, other = uuid4(), uuid4()
    by_look_up = Buyer(platform_id=1, order_ids=(looked_up,))
    assert by_look_up.may_see(order_id=looked_up, contact_hash=b"hers")
    assert not by_look_up.may_see(order_id=other, contact_hash=b"hers")
    assert not by_look_up.may_see(order_id=other, contact_hash=None), "no contact is nobody's contact"
    by_code = Buyer(platform_id=1, contact_hash=b"hers")
    assert by_code.may_see(order_id=other, contact_hash=b"hers")
    assert not by_code.may_see(order_id=other, contact_hash=b"his")
    assert not by_code.may_see(order_id=other, contact_hash=None)


def test_the_timeline_never_learns_a_contact() -> None:
    assert actor_of(Buyer(platform_id=1, contact_hash=b"\x01\x02")).id == "contact:0102"
    order = uuid4()
    assert actor_of(Buyer(platform_id=1, order_ids=(order,))).id == f"order:{order}"
    assert actor_of(Buyer(platform_id=1)).id == "visitor"


def test_platform_settings_have_defaults_and_bounds() -> None:
    assert msgspec.convert({}, PlatformSettings).second_person_over_minor == 500_00
    for wrong in (
        {"second_person_over_minor": -1},
        {"lookup_limit_per_hour": 0},
        {"official_channels": [{"kind": "fax", "value": "1"}]},
        {"official_channels": [{"kind": "qq", "value": ""}]},
        {"official_channels": [{"kind": "qq", "value": "10001"}] * 21},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, PlatformSettings)
    channel = msgspec.convert({"official_channels": [{"kind": "qq_group", "value": "123456"}]}, PlatformSettings)
    assert isinstance(channel.official_channels[0], OfficialChannel)
