"""Asking for a refund in one step, and asking beforehand whether there would be one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from huiliu.api.context import Answer, Call, answer
from huiliu.api.errors import FieldBad
from huiliu.api.once import once
from huiliu.api.operation import Once, Operation
from huiliu.api.problems import words_of
from huiliu.api.shapes import AmountMinor, Currency, LineNo, MoneyOut, OrderNo, Slot, Words, money_out, utc
from huiliu.claims.actions import Filed, TakesSteps, file_at_once
from huiliu.claims.case import Case, check_claimable, load_case
from huiliu.claims.judgement import Judgement, judge_case
from huiliu.claims.model import PublicState, Reason, State, public_state
from huiliu.deadlines.reads import working_calendar
from huiliu.evidence.records import slots_filled
from huiliu.kit.db import Tx
from huiliu.kit.errors import Refusal
from huiliu.kit.money import Money
from huiliu.people.contacts import contact_hash
from huiliu.people.model import Buyer, Scope, Viewer

SLOTS_MAX = 40


class BuyerIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who asks. An order of somebody else is then not found: a guard against mixed-up orders."""

    contact: Annotated[str, Meta(min_length=1, max_length=120)]


class RefundIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for a refund of one order line. Without an amount: what the policy gives."""

    order_no: OrderNo
    reason: Reason
    line: LineNo = 1
    amount_minor: AmountMinor | None = None
    currency: Currency | None = None
    statement: Words = ""
    buyer: BuyerIn | None = None


class RefundLinks(msgspec.Struct, frozen=True):
    """Where to look next."""

    claim: str
    timeline: str


class RefundOut(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the application. `approved` and in_review: the payout is instructed; it is `refunded` once verified.

    `due_at`: by then a person has decided; null when the policy decided at once.
    """

    claim_no: str
    status: PublicState | None
    sub_state: State
    approved: MoneyOut | None
    clause: str
    due_at: datetime | None
    links: RefundLinks


async def file_refund(call: Call) -> Answer:
    """The hot path: one read and one write. What people must decide has more to write and takes the ordinary way."""
    wanted = call.body(RefundIn)
    amount = _amount(wanted)
    viewer = _viewer(call, wanted)

    async def effect(tx: Tx) -> Answer:
        filed = await file_at_once(
            tx,
            viewer,
            order_no=wanted.order_no,
            line_no=wanted.line,
            reason=wanted.reason,
            statement=wanted.statement,
            amount=amount,
        )
        return answer(_refund_out(filed), status=201)

    try:
        return await once(call, effect, batched=True, looks_first=False)
    except TakesSteps:
        return await once(call, effect, looks_first=False)


class EligibilityIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask what would come of a refund, with nothing changed by asking. `evidence`: slots that would be filled."""

    order_no: OrderNo
    reason: Reason
    line: LineNo = 1
    evidence: Annotated[tuple[Slot, ...], Meta(max_length=SLOTS_MAX)] = ()


class BlockOut(msgspec.Struct, frozen=True):
    """Why nothing can be applied for now: the code and words that an application would be refused with."""

    code: str
    title: str
    detail: str


class PolicyRef(msgspec.Struct, frozen=True):
    """The version in force when the order was placed."""

    id: UUID
    label: str


class EligibilityOut(msgspec.Struct, frozen=True, kw_only=True):
    """Told at once. `outcome`: full, part, cooling, person or reject. `decides_at_once`: no person is needed.

    `evidence_missing` is what the clause still wants. `goes_back_to` is where the money came from, masked.
    """

    can_apply: bool
    blocked_by: BlockOut | None
    outcome: str
    clause: str
    clause_name: str
    policy: PolicyRef | None
    proposed: MoneyOut | None
    at_most: MoneyOut
    decides_at_once: bool
    evidence_required: tuple[str, ...]
    evidence_missing: tuple[str, ...]
    evidence_optional: tuple[str, ...]
    cooling_until: datetime | None
    review_due_at: datetime
    rail: str
    goes_back_to: str


async def check_eligibility(call: Call) -> Answer:
    """Say beforehand what the policy would, for one line and reason."""
    wanted = call.body(EligibilityIn)
    async with call.transaction() as tx:
        case = await load_case(tx, call.key, order_no=wanted.order_no, line_no=wanted.line)
        have = frozenset(wanted.evidence) | slots_filled(case.known, now=tx.now)  # as filing will count it
        judgement = await judge_case(tx, case, reason=wanted.reason, have=have, at=tx.now)
        start = max(tx.now, judgement.cooling_until or tx.now)
        due_at = judgement.lengths.review.due(start, await working_calendar(tx)).at
    blocked = _block(call, case, judgement)
    return answer(_eligibility_out(case, judgement, blocked, due_at))


def _amount(wanted: RefundIn) -> Money | None:
    if wanted.amount_minor is None:
        if wanted.currency is not None:
            raise FieldBad(field="amount_minor", problem="missing")
        return None
    return Money(wanted.amount_minor, wanted.currency or "CNY")


def _viewer(call: Call, wanted: RefundIn) -> Viewer:
    if wanted.buyer is None:
        return call.key
    hashed = contact_hash(call.house.keyring, call.key.platform_id, wanted.buyer.contact)
    return Buyer(platform_id=call.key.platform_id, contact_hash=hashed)


def _refund_out(filed: Filed) -> RefundOut:
    here = f"/api/v1/claims/{filed.claim_no}"
    return RefundOut(
        claim_no=filed.claim_no,
        status=public_state(filed.state),
        sub_state=filed.state,
        approved=None if filed.approved is None else money_out(filed.approved),
        clause=filed.clause,
        due_at=utc(filed.due_at),
        links=RefundLinks(here, f"{here}/timeline"),
    )


def _block(call: Call, case: Case, judgement: Judgement) -> BlockOut | None:
    try:
        check_claimable(case, attempts_max=judgement.attempts_max)
    except Refusal as refusal:
        title, detail = words_of(call.lang, refusal)
        return BlockOut(refusal.code, title, detail)
    return None


def _eligibility_out(case: Case, judgement: Judgement, blocked: BlockOut | None, due_at: datetime) -> EligibilityOut:
    proposed = judgement.proposed
    clause = None if judgement.verdict is None else judgement.verdict.clause
    return EligibilityOut(
        can_apply=blocked is None,
        blocked_by=blocked,
        outcome=judgement.outcome,
        clause=judgement.clause_id,
        clause_name="" if clause is None else clause.name,
        policy=None if judgement.policy_id is None else PolicyRef(judgement.policy_id, judgement.policy_label),
        proposed=None if proposed is None else money_out(proposed),
        at_most=money_out(case.left),
        decides_at_once=blocked is None
        and proposed is not None
        and judgement.approves_at_once(proposed.amount_minor) is not None,
        evidence_required=judgement.required,
        evidence_missing=judgement.missing,
        evidence_optional=judgement.optional,
        cooling_until=utc(judgement.cooling_until),
        review_due_at=due_at.astimezone(UTC),
        rail=case.rail,
        goes_back_to=case.payer_account,
    )


OPERATIONS = (
    Operation(
        id="fileRefund",
        method="POST",
        path="/refunds",
        scope=Scope.CLAIMS_WRITE,
        takes=RefundIn,
        gives=RefundOut,
        status=201,
        run=file_refund,
        once=Once.REQUIRED,
        refusals=frozenset({404}),
        example=RefundIn(order_no="KM20261123001", reason=Reason.NOT_ARRIVED, statement="充值一小时仍未到账"),
    ),
    Operation(
        id="checkEligibility",
        method="POST",
        path="/eligibility",
        scope=Scope.CLAIMS_READ,
        takes=EligibilityIn,
        gives=EligibilityOut,
        run=check_eligibility,
        refusals=frozenset({404}),
        example=EligibilityIn(order_no="KM20261123001", reason=Reason.NOT_ARRIVED),
    ),
)
