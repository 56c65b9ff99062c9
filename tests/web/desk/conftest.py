"""The desk as staff see it: browsers that are signed in as the cast, and claims in every state."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from huiliu.claims.actions import decide, escalate, file_claim, start_draft, take
from huiliu.claims.actions.review import ask_buyer, ask_platform
from huiliu.claims.model import Decision, DecisionKind, Reason, RejectReason
from huiliu.claims.reads import load_claim
from huiliu.claims.store import ClaimRow
from huiliu.kit.db import Pool, transaction
from huiliu.kit.keyring import Keyring
from huiliu.people.actor import actor_of
from huiliu.people.contacts import contact_hash
from huiliu.people.model import Buyer, Staff
from huiliu.people.sessions import open_staff_session
from tests.conftest import NOW
from tests.make.cast import staff
from tests.make.orders import XIAOMAN_CONTACT
from tests.web.conftest import Browser, Shop

CAST = ("xiaogu", "heshen", "shenfu", "qianhui", "caiheng", "guanyan")
WORDS = "经核实，缺少未到账截图，请补充。"


@dataclass
class Bench:
    """Brings claims into the states that tests start from."""

    shop: Shop
    pool: Pool
    keyring: Keyring
    platform_id: int

    @property
    def buyer(self) -> Buyer:
        """林小满."""
        return Buyer(
            platform_id=self.platform_id, contact_hash=contact_hash(self.keyring, self.platform_id, XIAOMAN_CONTACT)
        )

    async def filed(
        self,
        *,
        minor: int = 100_00,
        statement: str = "付款两小时了还没有到账",
        reason: Reason = Reason.NOT_ARRIVED,
        **order: object,
    ) -> str:
        """A claim that waits for somebody; its number."""
        made = await self.shop.sells(**{"paid_minor": minor, "delivery_state": "processing", **order})
        async with transaction(self.pool, actor_of(self.buyer), clock=lambda: NOW) as tx:
            claim_no = await start_draft(tx, self.buyer, order_no=made.order_no, line_no=1, reason=reason)
            claim = await load_claim(tx, self.buyer, claim_no)
            await file_claim(
                tx, self.buyer, claim_no, version=claim.version, statement=statement, requested_minor=minor,
                accept_incomplete=True,
            )  # fmt: skip
        return claim_no

    async def claim(self, claim_no: str) -> ClaimRow:
        """The claim as it is now."""
        member = self.staff("heshen")
        async with transaction(self.pool, actor_of(member), clock=lambda: NOW) as tx:
            return await load_claim(tx, member, claim_no)

    async def decisions(self, claim_no: str) -> list[tuple[str, str]]:
        """(kind, state) of every decision on a claim."""
        claim = await self.claim(claim_no)
        member = self.staff("heshen")
        async with transaction(self.pool, actor_of(member), clock=lambda: NOW) as tx:
            cursor = await tx.connection.execute(
                "SELECT kind, state FROM claim_decisions WHERE claim_id = %s ORDER BY at, id", (claim.id,)
            )
            return [(row["kind"], row["state"]) for row in await cursor.fetchall()]

    async def payouts(self, claim_no: str) -> list[UUID]:
        """The payouts of a claim."""
        claim = await self.claim(claim_no)
        async with transaction(self.pool, actor_of(self.staff("heshen")), clock=lambda: NOW) as tx:
            cursor = await tx.connection.execute("SELECT id FROM payouts WHERE claim_id = %s", (claim.id,))
            return [row["id"] for row in await cursor.fetchall()]

    async def brought_to(self, state: str) -> str:
        """A fresh claim in a state."""
        claim_no = await self.filed(minor=600_00 if state == "confirming" else 100_00)
        version = (await self.claim(claim_no)).version
        reviewer = self.staff("heshen")
        if state == "mediating":
            later = NOW + timedelta(days=30)
            async with transaction(self.pool, actor_of(self.buyer), clock=lambda: later) as tx:
                await escalate(tx, self.buyer, claim_no, version=version, words="")
            return claim_no
        async with transaction(self.pool, actor_of(reviewer), clock=lambda: NOW) as tx:
            match state:
                case "reviewing":
                    await take(tx, reviewer, claim_no, version=version)
                case "waiting_buyer":
                    await ask_buyer(tx, reviewer, claim_no, version=version, slots=("paid_shot",), words="请补充")
                case "waiting_platform":
                    await ask_platform(tx, reviewer, claim_no, version=version, words="请举证")
                case "confirming" | "paying":
                    agreed = Decision(kind=DecisionKind.APPROVE, clause="F1", words="全额退回")
                    await decide(tx, reviewer, claim_no, version=version, decision=agreed)
                case "rejected":
                    no = Decision(
                        kind=DecisionKind.REJECT, reason=RejectReason.EVIDENCE_MISSING, clause="F1", words=WORDS
                    )
                    await decide(tx, reviewer, claim_no, version=version, decision=no)
                case _:
                    assert state == "filed"
        return claim_no

    def staff(self, login: str) -> Staff:
        """One of the cast."""
        return staff(self.platform_id, login)


@pytest.fixture
def bench(shop: Shop, pool: Pool, keyring: Keyring, platform_id: int) -> Bench:
    """Claims to work on."""
    return Bench(shop, pool, keyring, platform_id)


As = Callable[[str], Awaitable[Browser]]


@pytest_asyncio.fixture(loop_scope="session")
async def as_(open_browser: Callable[[], Browser], pool: Pool, platform_id: int) -> As:
    """Opens a browser that a member of the cast is signed in to."""

    async def opened(login: str) -> Browser:
        member = staff(platform_id, login)
        async with transaction(pool, actor_of(member), clock=lambda: NOW) as tx:
            session = await open_staff_session(tx, member)
        browser = open_browser()
        browser.client.cookies.set("hl_staff_kamen", session.token)
        await browser.get("/kamen/desk/policies")
        return browser

    return opened


async def opened_form(browser: Browser, bench: Bench, claim_no: str, **fields: str) -> dict[str, str]:
    """The fields that a form of the claim's page carries, as its writer sees the claim now."""
    html = (await browser.get(f"/kamen/desk/claims/{claim_no}")).text
    marks = [int(mark) for mark in re.findall(r'id="e(\d+)"', html)]
    version = (await bench.claim(claim_no)).version
    return {"version": str(version), "seen": str(max(marks, default=0)), "view": "open", **fields}
