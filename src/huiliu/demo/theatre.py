"""Plays what happened before the curtain: the real actions, at times in the past, inside one database transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from huiliu.claims.actions import (
    PAYOUT_CONSEQUENCES,
    answer,
    ask_buyer,
    ask_platform,
    confirm,
    decide,
    escalate,
    file_claim,
    start_draft,
    take,
    withdraw,
)
from huiliu.claims.model import Decision, Reason, State
from huiliu.claims.reads import load_claim
from huiliu.claims.store import ClaimRow
from huiliu.demo.pictures import Shot
from huiliu.demo.shots import Shots
from huiliu.evidence.actions import add_file, add_note
from huiliu.evidence.model import Kept, Signature
from huiliu.evidence.slots import SlotCode
from huiliu.kit.db import Tx
from huiliu.kit.keyring import Keyring
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, say
from huiliu.payouts.actions import lease_due, record_notification, record_outcome
from huiliu.payouts.gateway import Bounced, Declined, Echo, Notification, Reported, Result, Verified
from huiliu.payouts.model import Kind
from huiliu.payouts.store import Leased
from huiliu.people.actor import actor_of, system_actor
from huiliu.people.contacts import contact_hash
from huiliu.people.model import Buyer, Staff, Viewer
from huiliu.policy.model import PublishedPolicy

ARRIVED_TO = "用户零钱"
LEASES_MAX = 40
RAIL_ANSWERS = timedelta(seconds=2)
ASKED_AFTER = timedelta(seconds=5)


@dataclass(slots=True)
class Rail:
    """The rail as it answered in the past; its numbers go on, as in its own books (`rail_books`)."""

    booked: int = 0

    def number(self) -> str:
        """The next number of the rail's own."""
        self.booked += 1
        return f"50{self.booked:012d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theatre:
    """One platform on which scenes are played. `tx` is the one transaction; every step sees its own clock and actor."""

    tx: Tx
    keyring: Keyring
    staff: Mapping[str, Staff]
    shots: Shots
    kept: Mapping[Shot, Kept]
    policy: PublishedPolicy
    rail: Rail
    prefix: str

    def as_(self, viewer: Viewer, at: datetime) -> Tx:
        """The transaction as somebody at some time."""
        return replace(self.tx, now=at, actor=actor_of(viewer))

    def buyer(self, contact: str) -> Buyer:
        """Whoever bought with this contact."""
        return Buyer(
            platform_id=self.tx.platform_id, contact_hash=contact_hash(self.keyring, self.tx.platform_id, contact)
        )

    def ago(self, **span: float) -> datetime:
        """A time before now."""
        return self.tx.now - timedelta(**span)


@dataclass(slots=True, kw_only=True)
class Scene:
    """One claim and its buyer; each step is the real action at a given time."""

    theatre: Theatre
    viewer: Buyer
    order_no: str
    claim_no: str = ""

    async def claim(self) -> ClaimRow:
        """The claim as it is."""
        return await load_claim(self.theatre.tx, self.viewer, self.claim_no)

    async def begin(self, at: datetime, reason: Reason) -> None:
        """Choose a reason."""
        tx = self.theatre.as_(self.viewer, at)
        self.claim_no = await start_draft(tx, self.viewer, order_no=self.order_no, line_no=1, reason=reason)

    async def show(self, at: datetime) -> None:
        """Put the order's pictures (`shots`) into their slots."""
        claim = await self.claim()
        tx = self.theatre.as_(self.viewer, at)
        for slot, shot in self.theatre.shots[self.order_no.removeprefix(self.theatre.prefix)].items():
            kept = self.theatre.kept[shot]
            await add_file(tx, claim.id, slot=slot, round=_round(claim), kept=kept, file_name=f"{slot}.png")

    async def sign(self, at: datetime, *, name: str, product: str) -> None:
        """Sign 未使用声明."""
        claim, policy = await self.claim(), self.theatre.policy
        await add_note(
            self.theatre.as_(self.viewer, at),
            claim.id,
            slot=SlotCode.UNUSED_DECLARATION.value,
            round=_round(claim),
            text=say(Lang.ZH, "evidence.declaration.unused", order_no=self.order_no, product=product),
            signature=Signature(name=name, policy_version=policy.label, policy_hash=policy.policy.content_hash),
        )

    async def file(self, at: datetime, words: str, *, minor: int | None = None) -> None:
        """Hand the application in, or hand it in again."""
        claim = await self.claim()
        await file_claim(
            self.theatre.as_(self.viewer, at),
            self.viewer,
            self.claim_no,
            version=claim.version,
            statement=words,
            requested_minor=minor or claim.requested_minor,
            accept_incomplete=True,
        )

    async def withdraw(self, at: datetime) -> None:
        """Take it back."""
        claim = await self.claim()
        await withdraw(self.theatre.as_(self.viewer, at), self.viewer, self.claim_no, version=claim.version)

    async def escalate(self, at: datetime, words: str) -> None:
        """Call the platform in."""
        claim = await self.claim()
        tx = self.theatre.as_(self.viewer, at)
        await escalate(tx, self.viewer, self.claim_no, version=claim.version, words=words)

    async def answer(self, at: datetime, words: str) -> None:
        """Hand in what was asked for."""
        claim = await self.claim()
        await answer(
            self.theatre.as_(self.viewer, at),
            self.viewer,
            self.claim_no,
            version=claim.version,
            words=words,
            accept_incomplete=False,
        )

    async def take(self, at: datetime, who: str) -> None:
        """A member of staff begins to look."""
        claim, staff = await self.claim(), self.theatre.staff[who]
        await take(self.theatre.as_(staff, at), staff, self.claim_no, version=claim.version)

    async def ask_buyer(self, at: datetime, who: str, words: str, *slots: str) -> None:
        """Material is asked for."""
        claim, staff = await self.claim(), self.theatre.staff[who]
        tx = self.theatre.as_(staff, at)
        await ask_buyer(tx, staff, self.claim_no, version=claim.version, slots=slots, words=words)

    async def ask_platform(self, at: datetime, who: str, words: str) -> None:
        """The shop's own proof is asked for."""
        claim, staff = await self.claim(), self.theatre.staff[who]
        await ask_platform(self.theatre.as_(staff, at), staff, self.claim_no, version=claim.version, words=words)

    async def decide(self, at: datetime, who: str, decision: Decision) -> None:
        """Approve, part or reject; above the limit this proposes."""
        claim, staff = await self.claim(), self.theatre.staff[who]
        tx = self.theatre.as_(staff, at)
        await decide(tx, staff, self.claim_no, version=claim.version, decision=decision)

    async def confirm(self, at: datetime, who: str) -> None:
        """The second person."""
        claim, staff = await self.claim(), self.theatre.staff[who]
        await confirm(self.theatre.as_(staff, at), staff, self.claim_no, version=claim.version)

    async def pay(self, at: datetime) -> None:
        """The worker sends what is due and the rail reports; asked again, it says the same."""
        await self._work(at + RAIL_ANSWERS)
        await self._work(at + RAIL_ANSWERS + ASKED_AFTER)

    async def pay_in_vain(self, at: datetime) -> None:
        """The worker sends and the rail declines."""
        await self._work(at + RAIL_ANSWERS, Declined("USER_ACCOUNT_ABNORMAL", "用户账户异常", False))

    async def bounce(self, at: datetime) -> None:
        """The rail tells that the money came back."""
        tx = self._machine(at)
        row = await tx.one(
            _Paid,
            "SELECT p.id, p.refund_no, p.rail_trade_no, p.amount_minor, p.currency FROM payouts p"
            " JOIN claims c ON c.platform_id = p.platform_id AND c.id = p.claim_id"
            " WHERE p.platform_id = %(platform)s AND c.claim_no = %(no)s ORDER BY p.agreed_at DESC, p.id DESC LIMIT 1",
            platform=tx.platform_id,
            no=self.claim_no,
        )
        assert row is not None
        told = Notification(f"{row.refund_no}.BOUNCED", row.refund_no, Bounced(row.echo, "收款账户已注销"), at)
        outcome = await record_notification(tx, row.id, told)
        await PAYOUT_CONSEQUENCES.follow(tx, row.id, outcome)

    async def _work(self, at: datetime, refusal: Result | None = None) -> None:
        tx = self._machine(at)
        for leased in await lease_due(tx.connection, now=at, limit=LEASES_MAX):
            result = self._says(leased, refusal)
            outcome = await record_outcome(
                tx, leased.payout_id, attempt_id=leased.attempt_id, kind=leased.kind, result=result
            )
            await PAYOUT_CONSEQUENCES.follow(tx, leased.payout_id, outcome)

    def _says(self, leased: Leased, refusal: Result | None) -> Result:
        echo = Echo(leased.order.refund_no, leased.order.rail_trade_no, leased.order.amount)
        if leased.kind is Kind.QUERY:
            return Verified(echo, "", ARRIVED_TO)
        return refusal or Reported(echo, self.theatre.rail.number(), ARRIVED_TO)

    def _machine(self, at: datetime) -> Tx:
        return replace(self.theatre.tx, now=at, actor=system_actor(self.theatre.tx.platform_id))


def _round(claim: ClaimRow) -> int:
    """Which round new evidence belongs to: after a rejection, the next."""
    return claim.round + 1 if claim.state is State.REJECTED else claim.round


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paid:
    id: UUID
    refund_no: str
    rail_trade_no: str
    amount_minor: int
    currency: str

    @property
    def echo(self) -> Echo:
        return Echo(self.refund_no, self.rail_trade_no, Money(self.amount_minor, self.currency))
