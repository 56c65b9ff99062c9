"""A platform of a test's own, whose people write, propose and approve policies in transactions of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID, uuid4

from huiliu.kit.db import Pool, Tx, transaction
from huiliu.kit.errors import Refusal
from huiliu.people.actor import actor_of
from huiliu.people.model import Role, Staff
from huiliu.policy.actions import publish
from huiliu.policy.drafts import actions as drafts
from huiliu.policy.drafts.model import Draft
from huiliu.policy.drafts.reads import load_draft
from huiliu.policy.model import PublishedPolicy
from tests.conftest import NOW
from tests.make.cast import hire_cast, staff
from tests.policy.files import small

SOON = NOW + timedelta(days=1)


def text(label: str, outcome: str = "全额退款", *, rest: str = "") -> str:
    """A small policy whose content is its own by its label."""
    clause = f"  - {{编号: F1, 名称: 甲, 当: {{退款原因: 充值错误}}, 则: {outcome}}}"
    return small(clause, rest=rest).replace("版本: 1", f"版本: {label}")


GOLDEN = "样例: [{{名称: 充错了, 事实: {{退款原因: 充值错误}}, 应当: {outcome}}}]"
CIRCLE = small(
    "  - {编号: F1, 名称: 甲, 当: {退款原因: 充值错误}, 例外于: [F2], 则: 全额退款}\n"
    "  - {编号: F2, 名称: 乙, 当: {退款原因: 充值错误}, 例外于: [F1], 则: 拒绝}"
)


@dataclass(frozen=True, slots=True)
class Shop:
    """A platform of a test's own, whose people act in transactions of their own."""

    pool: Pool
    platform_id: int
    second_admin: Staff

    def staff(self, login: str) -> Staff:
        """One of the cast, or 副管, a second administrator."""
        return self.second_admin if login == "fuguan" else staff(self.platform_id, login)

    async def as_(self, login: str, act: Callable[[Tx, Staff], Awaitable[object]], *, at: datetime = NOW) -> object:
        """One action of somebody's, committed."""
        who = self.staff(login)
        async with transaction(self.pool, actor_of(who), clock=lambda: at) as tx:
            return await act(tx, who)

    async def start(self, source: str, *, by: str = "guanyan") -> Draft:
        """A draft of that text."""
        return as_draft(await self.as_(by, lambda tx, who: drafts.start_draft(tx, who, source=source)))

    async def save(self, draft: Draft, source: str, *, by: str = "guanyan") -> Draft:
        """Another text of it."""
        return as_draft(
            await self.as_(
                by, lambda tx, who: drafts.save_draft(tx, who, draft.id, version=draft.version, source=source)
            )
        )

    async def undo(self, draft: Draft, *, by: str = "guanyan") -> Draft:
        """The text before."""
        return as_draft(await self.as_(by, lambda tx, who: drafts.undo_save(tx, who, draft.id, version=draft.version)))

    async def propose(
        self,
        draft: Draft,
        *,
        by: str = "guanyan",
        starts: datetime | None = SOON,
        note: str = "",
        report: dict[str, object] | None = None,
    ) -> Draft:
        """Handed over."""
        return as_draft(
            await self.as_(
                by,
                lambda tx, who: drafts.propose(
                    tx, who, draft.id, version=draft.version, effective_from=starts, note=note, report=report
                ),
            )
        )

    async def approve(self, draft: Draft, *, by: str = "caiheng", at: datetime = NOW) -> PublishedPolicy:
        """Put in force."""
        found = await self.as_(by, lambda tx, who: drafts.approve(tx, who, draft.id, version=draft.version), at=at)
        assert isinstance(found, PublishedPolicy)
        return found

    async def take_back(self, draft: Draft, *, by: str = "guanyan") -> Draft:
        """Back to writing."""
        return as_draft(await self.as_(by, lambda tx, who: drafts.take_back(tx, who, draft.id, version=draft.version)))

    async def back(self, draft: Draft, note: str = "请改", *, by: str = "caiheng") -> Draft:
        """Returned by a second person."""
        return as_draft(
            await self.as_(by, lambda tx, who: drafts.return_draft(tx, who, draft.id, version=draft.version, note=note))
        )

    async def discard(self, draft: Draft, *, by: str = "guanyan") -> Draft:
        """Put away."""
        return as_draft(await self.as_(by, lambda tx, who: drafts.discard(tx, who, draft.id, version=draft.version)))

    async def load(self, draft: Draft) -> Draft:
        """As it is now."""
        return as_draft(await self.as_("guanyan", lambda tx, who: load_draft(tx, who, draft.id)))

    async def publish(self, source: str, starts: datetime = NOW) -> PublishedPolicy:
        """Put in force from the server."""
        found = await self.as_("guanyan", lambda tx, _: publish(tx, source, starts))
        assert isinstance(found, PublishedPolicy)
        return found

    async def count(self, sql: LiteralString) -> int:
        """A number out of this platform's rows."""
        found = await self.as_("guanyan", lambda tx, _: tx.value(sql))
        assert isinstance(found, int)
        return found


def as_draft(found: object) -> Draft:
    """What an action gave back, seen to be a draft."""
    assert isinstance(found, Draft)
    return found


async def new_platform(pool: Pool) -> int:
    """A platform of a test's own, for what has to be committed."""
    async with pool.connection() as connection:
        await connection.execute("RESET ROLE")
        cursor = await connection.execute(
            "INSERT INTO platforms (slug, name, name_en) VALUES (%s, '新门', 'Xinmen') RETURNING id",
            (f"p{uuid4().hex[:12]}",),
        )
        row = await cursor.fetchone()
        await connection.execute("SET ROLE huiliu_app")
    assert row is not None
    found = row["id"]
    assert isinstance(found, int)
    return found


async def new_shop(pool: Pool) -> Shop:
    """A platform with the cast and a second administrator."""
    platform_id = await new_platform(pool)
    second = Staff(id=UUID(int=99), platform_id=platform_id, login="fuguan", name="副管", roles=frozenset({Role.ADMIN}))
    async with transaction(pool, actor_of(second), clock=lambda: NOW) as tx:
        await hire_cast(tx)
        await tx.run(
            "INSERT INTO staff (platform_id, id, login, name, roles, password_hash)"
            " VALUES (%(platform)s, %(id)s, 'fuguan', '副管', '{admin}', '-')",
            platform=platform_id,
            id=second.id,
        )
    return Shop(pool, platform_id, second)


async def outcome(act: Awaitable[object]) -> str:
    """The code of the refusal, or 'done'."""
    try:
        await act
    except Refusal as refusal:
        return refusal.code
    return "done"
