"""Short ways to the states that tests start from."""

from __future__ import annotations

from uuid import UUID

from huiliu.claims.actions import Filed, decide, file_claim, start_draft
from huiliu.claims.model import Decision, DecisionKind, Reason, RejectReason
from huiliu.claims.reads import load_claim
from huiliu.claims.store import ClaimRow
from huiliu.evidence.actions import add_file
from huiliu.evidence.model import Kept
from huiliu.kit.db import Tx
from huiliu.kit.ids import new_id
from tests.claims.conftest import World
from tests.make.orders import OrderIds, order

NOT_ARRIVED_SLOTS = ("paid_shot", "not_arrived_shot", "time_gap")


async def bought(world: World, **over: object) -> OrderIds:
    """An order of 林小满's, committed."""
    async with world.system() as tx:
        return await order(tx, **over)  # pyright: ignore[reportArgumentType] - the maker's own keywords


async def show(tx: Tx, claim_id: UUID, *slots: str, round: int = 1) -> None:
    """Put a picture into each slot."""
    for slot in slots:
        digest = new_id().bytes * 2
        kept = Kept(sha256=digest, original_sha256=digest, media_type="image/png", size=1000, width=360, height=640)
        await add_file(tx, claim_id, slot=slot, round=round, kept=kept, file_name="shot.png")


async def filed(
    world: World,
    made: OrderIds,
    *,
    reason: Reason = Reason.NOT_ARRIVED,
    minor: int = 100_00,
    slots: tuple[str, ...] = NOT_ARRIVED_SLOTS,
) -> Filed:
    """A claim that waits for a reviewer, with its evidence."""
    async with world.as_(world.buyer) as tx:
        claim_no = await start_draft(tx, world.buyer, order_no=made.order_no, line_no=1, reason=reason)
        claim = await load_claim(tx, world.buyer, claim_no)
        await show(tx, claim.id, *slots)
        return await file_claim(
            tx,
            world.buyer,
            claim_no,
            version=claim.version,
            statement="付款两小时了还没有到账",
            requested_minor=minor,
            accept_incomplete=True,
        )


async def claim_of(world: World, claim_no: str) -> ClaimRow:
    """The claim as it is now."""
    async with world.as_(world.staff("heshen")) as tx:
        return await load_claim(tx, world.staff("heshen"), claim_no)


async def approve(world: World, claim_no: str, *, by: str = "heshen", minor: int | None = None) -> bool:
    """A reviewer's approval, in full or of `minor`."""
    claim = await claim_of(world, claim_no)
    kind = DecisionKind.APPROVE if minor is None else DecisionKind.PART
    async with world.as_(world.staff(by)) as tx:
        return await decide(
            tx,
            world.staff(by),
            claim_no,
            version=claim.version,
            decision=Decision(kind=kind, amount_minor=minor, clause="F1"),
        )


def rejection(*missing: str) -> Decision:
    """A complete rejection."""
    return Decision(
        kind=DecisionKind.REJECT,
        reason=RejectReason.EVIDENCE_MISSING,
        clause="F1",
        missing=missing,
        words="缺少未到账截图，请补充后再次申请。",
    )


async def reject(world: World, claim_no: str, *missing: str, by: str = "heshen") -> None:
    """A reviewer's rejection."""
    claim = await claim_of(world, claim_no)
    async with world.as_(world.staff(by)) as tx:
        await decide(tx, world.staff(by), claim_no, version=claim.version, decision=rejection(*missing))


async def money_of(world: World, made: OrderIds) -> tuple[int, int]:
    """(reserved, refunded) on the order, in minor units."""
    async with world.system() as tx:
        reserved = await tx.value("SELECT reserved_minor FROM orders WHERE id = %(id)s", id=made.order_id)
        refunded = await tx.value("SELECT refunded_minor FROM orders WHERE id = %(id)s", id=made.order_id)
    assert isinstance(reserved, int)
    assert isinstance(refunded, int)
    return reserved, refunded


async def payouts_of(world: World, claim_id: UUID) -> list[UUID]:
    """The payouts of a claim, oldest first."""
    async with world.system() as tx:
        cursor = await tx.connection.execute(
            "SELECT id FROM payouts WHERE claim_id = %s ORDER BY agreed_at, id", (claim_id,)
        )
        return [row["id"] for row in await cursor.fetchall()]
