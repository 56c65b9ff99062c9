"""The fixed cast: the same people, with the same names, in every test and in the demo."""

from __future__ import annotations

from importlib.resources import files
from uuid import UUID

from huiliu.kit.db import Tx
from huiliu.people.model import Buyer, Role, Staff
from huiliu.policy.actions import publish
from huiliu.policy.model import PublishedPolicy
from tests.make.orders import XIAOMAN_CONTACT, ZHOUMO_CONTACT, OrderIds, fake_contact_hash

CAST: dict[str, tuple[str, Role]] = {
    "xiaogu": ("小顾", Role.AGENT),
    "heshen": ("何审", Role.REVIEWER),
    "shenfu": ("沈复", Role.REVIEWER),
    "qianhui": ("钱会", Role.FINANCE),
    "caiheng": ("裁衡", Role.ARBITRATOR),
    "guanyan": ("管砚", Role.ADMIN),
}


def staff(platform_id: int, login: str) -> Staff:
    """One of the cast; the id follows from the name, so it is the same in every test."""
    name, role = CAST[login]
    number = list(CAST).index(login) + 1
    return Staff(id=UUID(int=number), platform_id=platform_id, login=login, name=name, roles=frozenset({role}))


async def hire_cast(tx: Tx) -> None:
    """Write the cast down as staff, so that foreign keys and names hold."""
    for login in CAST:
        member = staff(tx.platform_id, login)
        await tx.run(
            "INSERT INTO staff (platform_id, id, login, name, roles, password_hash)"
            " VALUES (%(platform)s, %(id)s, %(login)s, %(name)s, %(roles)s, '-') ON CONFLICT DO NOTHING",
            platform=tx.platform_id,
            id=member.id,
            login=login,
            name=member.name,
            roles=[role.value for role in member.roles],
        )


def xiaoman(platform_id: int) -> Buyer:
    """林小满, the buyer."""
    return Buyer(platform_id=platform_id, contact_hash=fake_contact_hash(XIAOMAN_CONTACT))


def zhoumo(platform_id: int) -> Buyer:
    """周末, who must see nothing of hers."""
    return Buyer(platform_id=platform_id, contact_hash=fake_contact_hash(ZHOUMO_CONTACT))


def looked_up(platform_id: int, made: OrderIds) -> Buyer:
    """Somebody who looked up exactly one order."""
    return Buyer(platform_id=platform_id, order_ids=(made.order_id,))


async def publish_demo_policy(tx: Tx) -> PublishedPolicy:
    """卡门's policy, in force since December 2025."""
    source = files("huiliu.demo").joinpath("policy.yaml").read_text("utf-8")
    return await publish(tx, source, allow_past=True)
