"""What people did about the pictures that a record contradicts. Played once the worker has inspected them, never before.

No result is made up here: each scene waits for its picture's own inspection, acts only if a record contradicts it, and is
one transaction, so that a demonstration that was stopped halfway goes on where it was. A machine without a Chinese font
draws pictures that nobody can read; there nothing is contradicted, and nothing of this happens.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from huiliu.claims.actions import appeal_restriction, lift_restriction, propose_restriction
from huiliu.demo.cast import GUANYAN, HESHEN, KAMEN, SHENFU, Member
from huiliu.evidence.inspection.model import Verdict
from huiliu.evidence.suspicion.actions import open_suspicion
from huiliu.evidence.suspicion.model import Sanction
from huiliu.evidence.suspicion.reads import load_suspicion
from huiliu.evidence.verification.atlas_actions import want_atlas
from huiliu.evidence.verification.model import UNDER_WAY
from huiliu.kit.db import Pool, Tx, transaction
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import actor_of, system_actor
from huiliu.people.model import Buyer, Staff, Viewer
from huiliu.people.reads import active_staff, platform_by_slug
from huiliu.people.restrictions.model import Level, Restriction

WAIT_SECONDS_MAX = 1_800.0
POLL_SECONDS = 1.0
CLAUSE = "F0"

log = structlog.get_logger("demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A buyer's picture in 付款截图, and how its inspection stands."""

    file_id: UUID
    claim_id: UUID
    contact_hash: bytes
    state: str
    verdict: str | None
    is_told: bool
    """A suspicion about it was opened before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who acts, and with what."""

    tx: Tx
    keyring: Keyring

    def as_(self, viewer: Viewer) -> Tx:
        """The transaction as this person."""
        return replace(self.tx, actor=actor_of(viewer))

    async def staff(self, member: Member) -> Staff:
        """The account of one of the cast."""
        return await active_staff(self.tx, login=member.login)

    async def suspect(self, who: Member, shown: Shown, *, check: str, note: str) -> UUID:
        """Lay the picture before colleagues."""
        staff = await self.staff(who)
        return await open_suspicion(self.as_(staff), staff, shown.file_id, keyring=self.keyring, check=check, note=note)

    async def propose(self, who: Member, suspicion: UUID, sanction: Sanction) -> Restriction | None:
        """Say what should follow."""
        staff = await self.staff(who)
        tx = self.as_(staff)
        found = await load_suspicion(tx, staff, suspicion)
        return await propose_restriction(tx, staff, suspicion, version=found.version, sanction=sanction)


Ending = Callable[[Desk, Shown], Awaitable[None]]


async def waits_for_the_second_person(desk: Desk, shown: Shown) -> None:
    """Ten times the amount: nothing instant for two months, if another person agrees."""
    note = "截图金额比订单和通道记录多一位数，其余字段一致，像是改过。"
    suspicion = await desk.suspect(HESHEN, shown, check="amount", note=note)
    words = "您提交的付款截图金额与支付通道记录不一致。在此期间，您的申请都由人工审核。您可以申诉。"
    await desk.propose(HESHEN, suspicion, Sanction(level=Level.NO_INSTANT, days=60, clause=CLAUSE, words=words))


async def appealed(desk: Desk, shown: Shown) -> None:
    """A trade number that is nobody's here: pictures count only with a one-time code, and the buyer objects."""
    note = "交易单号不是这笔订单的，通道也没有收到过这笔款。"
    suspicion = await desk.suspect(SHENFU, shown, check="trade_no", note=note)
    words = "您提交的账单不是本平台的收款。此后一段时间，截图里要带上页面给出的核验码才算数。"
    made = await desk.propose(SHENFU, suspicion, Sanction(level=Level.CODE_ONLY, days=90, clause=CLAUSE, words=words))
    assert made is not None, "one person may decide this"
    buyer = Buyer(platform_id=desk.tx.platform_id, contact_hash=shown.contact_hash)
    appeal = "我有两笔相同金额的付款，交错了截图，不是伪造。正确的那张我可以重新提交。"
    await appeal_restriction(desk.as_(buyer), buyer, made.id, words=appeal, file_ids=(shown.file_id,))


async def lifted(desk: Desk, shown: Shown) -> None:
    """Ten yuan more than the order: a warning, undone by a colleague who knew why."""
    note = "截图金额 248.00，订单 238.00。"
    suspicion = await desk.suspect(HESHEN, shown, check="amount", note=note)
    words = "您提交的付款截图金额与订单不一致，请提交原图。"
    made = await desk.propose(HESHEN, suspicion, Sanction(level=Level.WARNING, days=90, clause=CLAUSE, words=words))
    assert made is not None, "one person may decide this"
    staff = await desk.staff(SHENFU)
    why = "买家说明的 10 元加急费属实，是另付的，截图没有改过。撤销警告。"
    await lift_restriction(desk.as_(staff), staff, made.id, version=made.version, note=why)


ENDINGS: tuple[tuple[str, Ending], ...] = (
    ("KM20685001", waits_for_the_second_person),
    ("KM20685002", appealed),
    ("KM20685004", lifted),
)


async def play_findings(pool: Pool, keyring: Keyring, *, is_over: Callable[[], bool]) -> None:
    """Wait for the worker, end the stories, and have the first atlas built. `is_over`: the demonstration is stopping."""
    platform = await platform_by_slug(pool, KAMEN.slug)
    waiting = list(ENDINGS)
    give_up_at = time.monotonic() + WAIT_SECONDS_MAX
    while not is_over() and time.monotonic() < give_up_at:
        waiting = [each for each in waiting if not await _ended(pool, keyring, platform.id, each)]
        if not waiting and await _atlas_is_wanted(pool, platform.id):
            return
        await asyncio.sleep(POLL_SECONDS)


async def _ended(pool: Pool, keyring: Keyring, platform_id: int, story: tuple[str, Ending]) -> bool:
    order_no, ending = story
    async with transaction(pool, system_actor(platform_id)) as tx:
        shown = await _shown(tx, order_no)
        if shown is None or shown.is_told:
            return True
        if shown.state in UNDER_WAY:
            return False
        if shown.verdict == Verdict.CONTRADICTED:
            await ending(Desk(tx=tx, keyring=keyring), shown)
        else:
            log.info("nothing to tell of this picture", order=order_no, verdict=shown.verdict)
        return True


async def _shown(tx: Tx, order_no: str) -> Shown | None:
    return await tx.one(
        Shown,
        """
        SELECT f.id AS file_id, f.claim_id, c.contact_hash, i.state, i.verdict,
               EXISTS (SELECT 1 FROM evidence_suspicions s WHERE s.platform_id = f.platform_id AND s.file_id = f.id)
                   AS is_told
          FROM evidence_files f
          JOIN evidence_inspections i ON i.platform_id = f.platform_id AND i.file_id = f.id
          JOIN claims c ON c.platform_id = f.platform_id AND c.id = f.claim_id
          JOIN orders o ON o.platform_id = c.platform_id AND o.id = c.order_id
         WHERE f.platform_id = %(platform_id)s AND o.order_no = %(order_no)s AND f.slot = 'paid_shot'
           AND f.removed_at IS NULL
         ORDER BY f.added_at, f.id LIMIT 1
        """,
        platform_id=tx.platform_id,
        order_no=order_no,
    )


async def _atlas_is_wanted(pool: Pool, platform_id: int) -> bool:
    """管砚 has it built once every picture was looked at; the page says how much it has learnt of so few."""
    async with transaction(pool, system_actor(platform_id)) as tx:
        under_way = await tx.value(
            "SELECT count(*) FROM evidence_inspections WHERE platform_id = %(platform_id)s AND state = ANY (%(states)s)",
            platform_id=platform_id,
            states=[state.value for state in UNDER_WAY],
        )
        if under_way:
            return False
        trusted = await tx.value(
            "SELECT count(*) FROM evidence_atlas_samples WHERE platform_id = %(platform_id)s", platform_id=platform_id
        )
        versions = await tx.value(
            "SELECT count(*) FROM evidence_atlases WHERE platform_id = %(platform_id)s", platform_id=platform_id
        )
        if trusted and not versions:
            staff = await active_staff(tx, login=GUANYAN.login)
            await want_atlas(replace(tx, actor=actor_of(staff)))
    return True
