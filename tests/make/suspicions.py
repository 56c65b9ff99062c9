"""Buyers whose evidence a record contradicts, and the short ways to what people make of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from huiliu.claims.actions import file_claim, propose_restriction, start_draft
from huiliu.claims.model import Reason
from huiliu.claims.reads import load_claim
from huiliu.evidence.actions import add_file
from huiliu.evidence.inspection.model import (
    Box,
    Check,
    CheckVerdict,
    Container,
    FieldName,
    Finding,
    Inspection,
    Quality,
    Verdict,
)
from huiliu.evidence.model import Kept, Party
from huiliu.evidence.suspicion.actions import confirm, open_suspicion
from huiliu.evidence.suspicion.model import Sanction, Suspicion
from huiliu.evidence.suspicion.reads import load_suspicion
from huiliu.evidence.verification.model import Result
from huiliu.evidence.verification.sealing import seal_result
from huiliu.kit.db import Tx
from huiliu.kit.ids import new_id
from huiliu.kit.keyring import Keyring
from huiliu.people.model import Buyer
from huiliu.people.restrictions.model import SEVERE, Level, Restriction
from tests.claims.conftest import World
from tests.conftest import NOW
from tests.make.orders import OrderIds, fake_contact_hash, order

AMOUNT = Check(
    name="amount",
    source="order",
    expected="100.00",
    found="1000.00",
    verdict=CheckVerdict.CONTRADICTS,
    field=FieldName.AMOUNT,
)
AGREES = Check(name="payee", source="payment", expected="极速卡商", found="极速卡商", verdict=CheckVerdict.AGREES)
OWN_PAGE = Check(
    name="amounts_agree", source="page", expected="100.00", found="1000.00", verdict=CheckVerdict.CONTRADICTS
)
PIXELS = Finding(
    signal="glyph_profile", score=0.9, limit=0.4, boxes=(Box(1, 2, 3, 4),), field=FieldName.AMOUNT, note=""
)


@dataclass(frozen=True)
class Shown:
    """A filed claim whose one picture was inspected, and the buyer who handed it in."""

    buyer: Buyer
    made: OrderIds
    claim_id: UUID
    claim_no: str
    file_id: UUID


def somebody(world: World) -> tuple[Buyer, str]:
    """A buyer nobody else in this database is, and the contact of their orders."""
    contact = f"139{secrets.randbelow(10**8):08d}"
    return Buyer(platform_id=world.platform_id, contact_hash=fake_contact_hash(contact)), contact


def inspection(
    *checks: Check, verdict: Verdict = Verdict.CONTRADICTED, findings: tuple[Finding, ...] = (PIXELS,)
) -> Inspection:
    """What the machine said of a picture."""
    return Inspection(
        verdict=verdict,
        reasons=("contradicts_amount",) if verdict is Verdict.CONTRADICTED else (),
        page="alipay_bill",
        quality=Quality(width=1080, height=2400, sharpness=1.0, flat_share=0.9, is_screenshot=True),
        container=Container(media_type="image/png"),
        fields=(),
        missing=(),
        checks=checks or (AMOUNT, AGREES),
        findings=findings,
    )


async def put_inspection(tx: Tx, keyring: Keyring, claim_id: UUID, file_id: UUID, *, found: Inspection) -> None:
    """What a worker writes when a file was inspected."""
    await tx.run(
        """
        INSERT INTO evidence_inspections (platform_id, file_id, claim_id, state, received_at, finished_at, verdict, page,
                                          result_sealed)
        VALUES (%(platform)s, %(file)s, %(claim)s, 'done', %(now)s, %(now)s, %(verdict)s, %(page)s, %(sealed)s)
        ON CONFLICT (platform_id, file_id) DO UPDATE
           SET state = 'done', due_at = NULL, finished_at = excluded.finished_at, verdict = excluded.verdict,
               page = excluded.page, result_sealed = excluded.result_sealed
        """,
        platform=tx.platform_id,
        file=file_id,
        claim=claim_id,
        now=tx.now,
        verdict=found.verdict.value,
        page=found.page,
        sealed=seal_result(keyring, Result(inspection=found), platform_id=tx.platform_id, file_id=file_id),
    )


async def shown(
    world: World,
    keyring: Keyring,
    *,
    who: tuple[Buyer, str] | None = None,
    found: Inspection | None = None,
    source: Party = Party.BUYER,
    at: datetime = NOW,
) -> Shown:
    """An application with one inspected picture, by a fresh buyer unless told whose."""
    buyer, contact = who or somebody(world)
    async with world.system(at=at) as tx:
        made = await order(tx, contact=contact)
    async with world.as_(buyer, at=at) as tx:
        number = await start_draft(tx, buyer, order_no=made.order_no, line_no=1, reason=Reason.NOT_ARRIVED)
        claim = await load_claim(tx, buyer, number)
        digest = new_id().bytes * 2
        kept = Kept(sha256=digest, original_sha256=digest, media_type="image/png", size=1000, width=360, height=640)
        file_id = await add_file(tx, claim.id, slot="paid_shot", round=1, kept=kept, file_name="a.png", source=source)
        await file_claim(
            tx,
            buyer,
            number,
            version=claim.version,
            statement="没有到账",
            requested_minor=100_00,
            accept_incomplete=True,
        )
    async with world.system(at=at) as tx:
        await put_inspection(tx, keyring, claim.id, file_id, found=found or inspection())
    return Shown(buyer, made, claim.id, number, file_id)


def sanction(level: Level = Level.WARNING, days: int = 7) -> Sanction:
    """A complete proposal."""
    return Sanction(level=level, days=days, clause="F0", words="截图上的金额与订单记录不一致。")


async def suspected(
    world: World, keyring: Keyring, given: Shown, *, by: str = "xiaogu", at: datetime = NOW
) -> Suspicion:
    """Somebody lays the file before colleagues."""
    staff = world.staff(by)
    async with world.as_(staff, at=at) as tx:
        suspicion_id = await open_suspicion(
            tx, staff, given.file_id, keyring=keyring, check=AMOUNT.name, note="金额对不上"
        )
        return await load_suspicion(tx, staff, suspicion_id)


async def restricted(
    world: World,
    keyring: Keyring,
    *,
    level: Level = Level.WARNING,
    days: int = 7,
    who: tuple[Buyer, str] | None = None,
    at: datetime = NOW,
) -> tuple[Shown, Restriction]:
    """A finding by 何审, confirmed by 沈复 where two are needed, with the restriction in force from `at`."""
    given = await shown(world, keyring, who=who, at=at)
    found = await suspected(world, keyring, given, at=at)
    first, second = world.staff("heshen"), world.staff("shenfu")
    async with world.as_(first, at=at) as tx:
        made = await propose_restriction(tx, first, found.id, version=found.version, sanction=sanction(level, days))
    if level in SEVERE:
        assert made is None
        async with world.as_(second, at=at) as tx:
            made = await confirm(tx, second, found.id, version=found.version + 1)
    assert made is not None
    return given, made
