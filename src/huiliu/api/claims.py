"""Claims for the platform's own server: read them, and take every step that does not need people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from huiliu.api.claim_shapes import ClaimBrief, ClaimOut, brief_out, claim_out, event_out
from huiliu.api.context import Answer, Call, answer
from huiliu.api.cursors import decode_cursor, encode_cursor
from huiliu.api.once import once
from huiliu.api.operation import Once, Operation
from huiliu.api.shapes import (
    LIMIT_DEFAULT,
    AmountMinor,
    Cursor,
    EventOut,
    Limit,
    MoneyOut,
    Slot,
    Version,
    Words,
)
from huiliu.claims import actions
from huiliu.claims.model import Decision, DecisionKind, PublicState, Reason, RejectReason, State, public_state
from huiliu.claims.page import claim_page
from huiliu.claims.reads import ClaimFilter, ClaimListRow, find_claims, load_claim
from huiliu.evidence.verification.reads import inspections
from huiliu.journal.reads import timeline
from huiliu.kit.db import Tx
from huiliu.people.model import Scope

SLOTS_MAX = 20
CLAUSE_MAX = 80


class ClaimSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which claims. `status` is the buyer's word, `sub_state` the finer one; with both, `sub_state` counts."""

    order_no: Annotated[str, Meta(max_length=64)] | None = None
    status: PublicState | None = None
    sub_state: State | None = None
    cursor: Cursor = ""
    limit: Limit = LIMIT_DEFAULT


class ClaimRowOut(msgspec.Struct, frozen=True, kw_only=True):
    """One claim in a list."""

    claim_no: str
    order_no: str
    line: int
    title: str
    reason: Reason
    status: PublicState | None
    sub_state: State
    round: int
    version: int
    requested: MoneyOut
    approved: MoneyOut | None
    due_at: datetime | None
    filed_at: datetime | None
    updated_at: datetime


class ClaimsOut(msgspec.Struct, frozen=True):
    """A page of claims, newest first."""

    claims: list[ClaimRowOut]
    next_cursor: str | None


async def list_claims(call: Call) -> Answer:
    """The platform's claims, a page at a time."""
    wanted = call.query(ClaimSearch)
    which = ClaimFilter(
        order_no=wanted.order_no,
        states=_states(wanted),
        before=decode_cursor(wanted.cursor),
        limit=wanted.limit,
    )
    async with call.transaction() as tx:
        rows = await find_claims(tx, call.key, which)
    shown = rows[: wanted.limit]
    more = len(rows) > wanted.limit
    return answer(
        ClaimsOut([_row_out(row) for row in shown], encode_cursor(shown[-1].created_at, shown[-1].id) if more else None)
    )


async def show_claim(call: Call) -> Answer:
    """One claim whole: request, evidence and its checks, decisions, payouts with their ladder, timeline, allowed actions."""
    async with call.transaction() as tx:
        page = await claim_page(tx, call.key, call.params["claim_no"])
        inspected = await inspections(tx, page.claim.id)
        return answer(claim_out(page, tx.now, inspected=inspected.values()))


class TimelineOut(msgspec.Struct, frozen=True):
    """Everything that happened to a claim, oldest first."""

    claim_no: str
    events: list[EventOut]


async def show_timeline(call: Call) -> Answer:
    """What happened to a claim."""
    async with call.transaction() as tx:
        claim = await load_claim(tx, call.key, call.params["claim_no"])
        events = await timeline(tx, claim.id)
    return answer(TimelineOut(claim.claim_no, [event_out(event) for event in events]))


class WithdrawalIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The buyer takes the claim back."""

    version: Version


async def withdraw(call: Call) -> Answer:
    """Take a claim back for its buyer; possible until a payout was instructed."""
    wanted = call.body(WithdrawalIn)
    return await _step(call, lambda tx, no: actions.withdraw(tx, call.key, no, version=wanted.version))


class MaterialIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The buyer's answer to what was asked. `accept_incomplete`: hand in although something is still missing."""

    version: Version
    words: Words = ""
    accept_incomplete: bool = False


async def add_material(call: Call) -> Answer:
    """Hand in what was asked for."""
    wanted = call.body(MaterialIn)
    return await _step(
        call,
        lambda tx, no: actions.answer(
            tx, call.key, no, version=wanted.version, words=wanted.words, accept_incomplete=wanted.accept_incomplete
        ),
    )


class ReapplicationIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Apply again after a rejection; only what turns it has to be new. Without an amount: the same as before."""

    version: Version
    statement: Words = ""
    amount_minor: AmountMinor | None = None
    accept_incomplete: bool = False


async def reapply(call: Call) -> Answer:
    """Apply again for a rejected claim."""
    wanted = call.body(ReapplicationIn)

    async def step(tx: Tx, claim_no: str) -> None:
        claim = await load_claim(tx, call.key, claim_no)
        await actions.file_claim(
            tx,
            call.key,
            claim_no,
            version=wanted.version,
            statement=wanted.statement or claim.statement,
            requested_minor=wanted.amount_minor or claim.requested_minor,
            accept_incomplete=wanted.accept_incomplete,
        )

    return await _step(call, step)


class EscalationIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Call the platform's arbitrators in."""

    version: Version
    words: Words = ""


async def escalate(call: Call) -> Answer:
    """Call the platform in for the buyer."""
    wanted = call.body(EscalationIn)
    return await _step(
        call, lambda tx, no: actions.escalate(tx, call.key, no, version=wanted.version, words=wanted.words)
    )


class ApprovalIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Approve. Without an amount: all that was asked for; a smaller amount approves in part."""

    version: Version
    amount_minor: AmountMinor | None = None
    clause: Annotated[str, Meta(max_length=CLAUSE_MAX)] = ""
    words: Words = ""
    note: Words = ""


async def approve(call: Call) -> Answer:
    """Approve a claim; above the platform's limit it takes people, and a machine is refused."""
    wanted = call.body(ApprovalIn)
    decision = Decision(
        kind=DecisionKind.APPROVE if wanted.amount_minor is None else DecisionKind.PART,
        amount_minor=wanted.amount_minor,
        clause=wanted.clause,
        words=wanted.words,
        note=wanted.note,
    )
    return await _decide(call, wanted.version, decision)


class RejectionIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reject: with a reason, the clause, what was missing, and words that the buyer reads."""

    version: Version
    reason: RejectReason
    clause: Annotated[str, Meta(min_length=1, max_length=CLAUSE_MAX)]
    words: Annotated[str, Meta(min_length=1, max_length=2000)]
    missing: Annotated[tuple[Slot, ...], Meta(max_length=SLOTS_MAX)] = ()
    note: Words = ""


async def reject(call: Call) -> Answer:
    """Reject a claim, saying why and what would turn it."""
    wanted = call.body(RejectionIn)
    decision = Decision(
        kind=DecisionKind.REJECT,
        reason=wanted.reason,
        clause=wanted.clause,
        missing=wanted.missing,
        words=wanted.words,
        note=wanted.note,
    )
    return await _decide(call, wanted.version, decision)


class MaterialRequestIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask the buyer for named evidence."""

    version: Version
    slots: Annotated[tuple[Slot, ...], Meta(min_length=1, max_length=SLOTS_MAX)]
    words: Annotated[str, Meta(min_length=1, max_length=2000)]


async def ask_for_material(call: Call) -> Answer:
    """Ask the buyer for material; the review clock stops and the buyer's begins."""
    wanted = call.body(MaterialRequestIn)
    return await _step(
        call,
        lambda tx, no: actions.ask_buyer(
            tx, call.key, no, version=wanted.version, slots=wanted.slots, words=wanted.words
        ),
    )


async def _decide(call: Call, version: int, decision: Decision) -> Answer:
    async def step(tx: Tx, claim_no: str) -> None:
        await actions.decide(tx, call.key, claim_no, version=version, decision=decision)

    return await _step(call, step)


async def _step(call: Call, step: Callable[[Tx, str], Awaitable[None]]) -> Answer:
    """One step of a claim, answered with where the claim is afterwards."""
    claim_no = call.params["claim_no"]

    async def effect(tx: Tx) -> Answer:
        await step(tx, claim_no)
        return answer(brief_out(await load_claim(tx, call.key, claim_no)))

    return await once(call, effect)


def _states(wanted: ClaimSearch) -> tuple[State, ...]:
    if wanted.sub_state is not None:
        return (wanted.sub_state,)
    if wanted.status is None:
        return ()
    return tuple(state for state in State if public_state(state) is wanted.status)


def _row_out(row: ClaimListRow) -> ClaimRowOut:
    return ClaimRowOut(
        claim_no=row.claim_no,
        order_no=row.order_no,
        line=row.line_no,
        title=row.title,
        reason=row.reason,
        status=row.public,
        sub_state=row.state,
        round=row.round,
        version=row.version,
        requested=MoneyOut(row.requested_minor, row.currency),
        approved=None if row.approved_minor is None else MoneyOut(row.approved_minor, row.currency),
        due_at=row.due_at,
        filed_at=row.filed_at,
        updated_at=row.updated_at,
    )


def _noun(
    operation_id: str,
    noun: str,
    *,
    takes: type[msgspec.Struct],
    run: Callable[[Call], Awaitable[Answer]],
    example: msgspec.Struct,
) -> Operation:
    return Operation(
        id=operation_id,
        method="POST",
        path=f"/claims/{{claim_no}}/{noun}",
        scope=Scope.CLAIMS_WRITE,
        takes=takes,
        gives=ClaimBrief,
        run=run,
        once=Once.HONOURED,
        example=example,
    )


_READ = Scope.CLAIMS_READ
OPERATIONS = (
    Operation(
        id="listClaims", method="GET", path="/claims", scope=_READ, query=ClaimSearch, gives=ClaimsOut, run=list_claims
    ),
    Operation(id="getClaim", method="GET", path="/claims/{claim_no}", scope=_READ, gives=ClaimOut, run=show_claim),
    Operation(
        id="getTimeline",
        method="GET",
        path="/claims/{claim_no}/timeline",
        scope=_READ,
        gives=TimelineOut,
        run=show_timeline,
    ),
    _noun("withdrawClaim", "withdrawal", takes=WithdrawalIn, run=withdraw, example=WithdrawalIn(version=1)),
    _noun("addMaterial", "material", takes=MaterialIn, run=add_material, example=MaterialIn(version=2, words="已补充")),
    _noun("reapply", "reapplication", takes=ReapplicationIn, run=reapply, example=ReapplicationIn(version=3)),
    _noun("escalateClaim", "escalation", takes=EscalationIn, run=escalate, example=EscalationIn(version=3)),
    _noun("approveClaim", "approval", takes=ApprovalIn, run=approve, example=ApprovalIn(version=1, amount_minor=60_00)),
    _noun(
        "rejectClaim",
        "rejection",
        takes=RejectionIn,
        run=reject,
        example=RejectionIn(
            version=1,
            reason=RejectReason.EVIDENCE_MISSING,
            clause="3.2",
            missing=("paid_shot",),
            words="请补充支付成功截图后再次申请。",
        ),
    ),
    _noun(
        "requestMaterial",
        "material-request",
        takes=MaterialRequestIn,
        run=ask_for_material,
        example=MaterialRequestIn(version=1, slots=("paid_shot",), words="请补充支付成功截图，订单号须清晰可见。"),
    ),
)
