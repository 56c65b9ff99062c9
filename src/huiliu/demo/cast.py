"""Who plays in the demonstration: two platforms, their staff, and buyers. Nobody here exists, nor do their numbers."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from huiliu.kit.db import Pool, Tx
from huiliu.kit.keyring import Keyring
from huiliu.people.errors import SlugTaken
from huiliu.people.model import ChannelKind, OfficialChannel, Platform, PlatformSettings, Role, Staff
from huiliu.people.passwords import generate_password, hash_password
from huiliu.people.platforms import create_platform
from huiliu.people.reads import platform_by_slug
from huiliu.people.staff import create_staff, operator
from huiliu.people.totp import new_secret

XIAOMAN = "13812345678"
"""林小满, whose orders one plays with."""
ZHOUMO = "13987654321"
"""周末, who sees nothing of hers."""
CROWD = tuple(f"137{number:08d}" for number in range(20260101, 20260113))
"""Twelve buyers who fill the queue."""
FIVE = tuple(f"136{number:08d}" for number in range(20260201, 20260206))
"""Five more, whose evidence is worth a second look."""


class Member(Struct, frozen=True):
    """Somebody who works on a platform."""

    login: str
    name: str
    role: Role


class Stage(Struct, frozen=True, kw_only=True):
    """One platform and who works there."""

    slug: str
    name: str
    name_en: str
    settings: PlatformSettings
    staff: tuple[Member, ...]


class Hired(Struct, frozen=True):
    """A member of staff with what opens their account, which is told to nobody: the demo signs in with one click."""

    member: Member
    password_hash: str
    totp_secret: str


XIAOGU = Member("xiaogu", "小顾", Role.AGENT)
HESHEN = Member("heshen", "何审", Role.REVIEWER)
SHENFU = Member("shenfu", "沈复", Role.REVIEWER)
QIANHUI = Member("qianhui", "钱会", Role.FINANCE)
CAIHENG = Member("caiheng", "裁衡", Role.ARBITRATOR)
GUANYAN = Member("guanyan", "管砚", Role.ADMIN)

KAMEN = Stage(
    slug="kamen",
    name="卡门",
    name_en="Kamen",
    settings=PlatformSettings(
        official_channels=(
            OfficialChannel(kind=ChannelKind.TICKET, value="本页“我的订单”", hours="全天"),
            OfficialChannel(kind=ChannelKind.EMAIL, value="service@kamen.example", hours="工作日 9:00-18:00"),
            OfficialChannel(kind=ChannelKind.QQ_GROUP, value="10086001", hours="每天 9:00-24:00"),
        )
    ),
    staff=(XIAOGU, HESHEN, SHENFU, QIANHUI, CAIHENG, GUANYAN),
)
XINGKA = Stage(
    slug="xingka",
    name="星卡",
    name_en="Xingka",
    settings=PlatformSettings(second_person_over_minor=200_00),
    staff=(XIAOGU, HESHEN, SHENFU),
)


async def raise_platform(pool: Pool, stage: Stage) -> Platform:
    """The stage's platform, made if it is not there."""
    try:
        return await create_platform(pool, stage.slug, name=stage.name, name_en=stage.name_en, settings=stage.settings)
    except SlugTaken:
        return await platform_by_slug(pool, stage.slug)


async def prepare_staff(stage: Stage) -> list[Hired]:
    """Passwords and authenticators, made before any transaction because that is slow."""
    hashes = await asyncio.gather(*(hash_password(generate_password()) for _ in stage.staff))
    return [Hired(member, each, new_secret()) for member, each in zip(stage.staff, hashes, strict=True)]


async def hire(tx: Tx, keyring: Keyring, prepared: list[Hired]) -> dict[str, Staff]:
    """Create the accounts and return the people by login."""
    people: dict[str, Staff] = {}
    for each in prepared:
        people[each.member.login] = await create_staff(
            tx,
            operator(tx.platform_id),
            keyring=keyring,
            login=each.member.login,
            name=each.member.name,
            roles=[each.member.role],
            password_hash=each.password_hash,
            totp_secret=each.totp_secret,
        )
    return people
