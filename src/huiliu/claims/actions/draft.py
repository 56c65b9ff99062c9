"""Preparing a claim: nothing here is an application yet."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from huiliu.claims import store
from huiliu.claims.case import check_claimable, load_case
from huiliu.claims.draft_store import drafts_since, take_up_draft
from huiliu.claims.judgement import judge_case
from huiliu.claims.model import (
    STATEMENT_MAX,
    AmountOutOfRange,
    DraftsTooMany,
    Move,
    MoveNotAllowed,
    Reason,
    ReasonUnknown,
    State,
    TextTooLong,
)
from huiliu.claims.reads import load_claim
from huiliu.claims.store import ClaimRow
from huiliu.evidence.actions import attach_platform_facts
from huiliu.journal.actions import record
from huiliu.journal.model import Entry
from huiliu.kit.db import Tx
from huiliu.kit.ids import new_claim_no
from huiliu.people.model import Viewer

DRAFTS_MAX = 10
DRAFTS_WINDOW = timedelta(days=1)
"""Every draft may hold files: throwing them away and starting over must end somewhere."""


def parse_reason(text: str) -> Reason:
    """A reason from a form or a request. Raises ReasonUnknown."""
    try:
        return Reason(text)
    except ValueError:
        raise ReasonUnknown(reason=text[:40]) from None


async def start_draft(tx: Tx, viewer: Viewer, *, order_no: str, line_no: int, reason: Reason) -> str:
    """Begin to prepare a claim and return its number; a draft that is already there is taken up again."""
    case = await load_case(tx, viewer, order_no=order_no, line_no=line_no)
    judgement = await judge_case(tx, case, reason=reason, have=frozenset(), at=tx.now)
    check_claimable(case, attempts_max=judgement.attempts_max)
    existing = await take_up_draft(tx, order_id=case.order_id, line_no=line_no, reason=reason)
    if existing is not None:
        await attach_platform_facts(tx, existing.id, round=1, known=case.known)
        return existing.claim_no
    if await drafts_since(tx, case.order_id, line_no=line_no, since=tx.now - DRAFTS_WINDOW) >= DRAFTS_MAX:
        raise DraftsTooMany(most=DRAFTS_MAX)
    claim_no = new_claim_no(tx.now)
    claim_id = await store.insert_draft(
        tx,
        claim_no=claim_no,
        order_id=case.order_id,
        line_no=line_no,
        contact_hash=case.contact_hash,
        reason=reason,
        currency=case.currency,
        requested_minor=(judgement.proposed or case.left).amount_minor,
        policy_id=judgement.policy_id,
    )
    await record(
        tx, claim_id, Entry("claim.started", {"reason": reason.value, "order_no": case.order_no, "line": line_no})
    )
    await attach_platform_facts(tx, claim_id, round=1, known=case.known)
    return claim_no


async def save_draft(
    tx: Tx, viewer: Viewer, claim_no: str, *, reason: Reason | None, statement: str, requested_minor: int
) -> UUID:
    """Keep what was typed, before the first application or before applying again. Raises AmountOutOfRange, TextTooLong."""
    claim = await load_claim(tx, viewer, claim_no)
    if claim.state not in (State.DRAFT, State.REJECTED):
        raise MoveNotAllowed(state=claim.state.value, move=Move.FILE.value)
    await check_words(tx, claim, statement=statement, requested_minor=requested_minor)
    # The reason is what the first round was judged on: it stays once that round was filed.
    kept = claim.reason if reason is None or claim.filed_at else reason
    await store.save_draft(tx, claim, reason=kept, statement=statement, requested_minor=requested_minor)
    return claim.id


async def check_words(tx: Tx, claim: ClaimRow, *, statement: str, requested_minor: int) -> None:
    """The bounds on what a buyer writes and asks for. Raises TextTooLong, AmountOutOfRange."""
    if len(statement) > STATEMENT_MAX:
        raise TextTooLong(field="statement", most=STATEMENT_MAX)
    left = await tx.value(
        "SELECT least(l.paid_minor - l.reserved_minor - l.refunded_minor, o.paid_minor - o.reserved_minor - o.refunded_minor)"
        " FROM order_lines l JOIN orders o ON o.platform_id = l.platform_id AND o.id = l.order_id"
        " WHERE l.platform_id = %(platform)s AND l.order_id = %(order)s AND l.line_no = %(line)s",
        platform=tx.platform_id,
        order=claim.order_id,
        line=claim.line_no,
    )
    assert isinstance(left, int)
    if not 0 < requested_minor <= left:
        raise AmountOutOfRange(most=left)
