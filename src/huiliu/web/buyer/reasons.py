"""Choosing a reason, with the policy's answer to each told before anything is filled in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from huiliu.claims.actions import parse_reason, start_draft
from huiliu.claims.case import Case, check_claimable, load_case
from huiliu.claims.judgement import Judgement, case_delivery, case_money, case_use, judge_case
from huiliu.claims.model import Reason
from huiliu.deadlines.reads import working_calendar
from huiliu.evidence.slots import slot_by_code
from huiliu.kit.db import Tx
from huiliu.kit.errors import Refusal
from huiliu.kit.money import Money
from huiliu.kit.text import Lang, say
from huiliu.people.model import Buyer
from huiliu.policy.amount import formula
from huiliu.policy.explain import explain, reason_words
from huiliu.policy.facts import to_facts
from huiliu.policy.model import Facts, Policy, ReasonStatus
from huiliu.policy.preview import Answer, open_words, preview, preview_words
from huiliu.policy.wording import period_words
from huiliu.policy.words import REASON
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

REASON_MAX = 40


class Told(Struct, frozen=True, kw_only=True):
    """The policy's answer to one reason, in the buyer's words."""

    reason: Reason
    answer: str
    """yes, part, cooling, person, no: its colour and its short word."""
    title: str = ""
    meaning: str = ""
    next: str = ""
    amount: Money | None = None
    formula: str = ""
    clause: str = ""
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    review: str = ""
    decided_by: datetime | None = None
    cooling_until: datetime | None = None
    stands_for: str = ""
    has_advice: bool = False
    others: tuple[str, ...] = ()
    """Why each other clause does not apply."""


class ReasonsPage(Struct, frozen=True, kw_only=True):
    """One order line, and what each reason would lead to."""

    case: Case
    told: tuple[Told, ...]
    policy_id: UUID | None
    policy_label: str
    chosen: str
    notice: Notice | None = None


@get("/{slug:str}/orders/{order_no:str}/lines/{line_no:int}/claim")
async def choose(visit: FromVisit, order_no: FromPath[str], line_no: FromPath[int]) -> Response[bytes]:
    """What each reason would lead to, before anything is filled in."""
    async with visit.as_buyer() as tx:
        page = await _page(tx, visit, order_no=order_no, line_no=line_no)
    return show(visit, "buyer/reasons.html", page)


@post("/{slug:str}/orders/{order_no:str}/lines/{line_no:int}/claim", status_code=303)
async def start(
    request: HttpRequest, visit: FromVisit, order_no: FromPath[str], line_no: FromPath[int]
) -> Response[bytes] | Redirect:
    """Begin a claim with the chosen reason; one that was begun before is taken up again."""
    buyer = visit.signed_in_buyer()
    form = await read_form(request)
    try:
        async with visit.as_buyer() as tx:
            reason = parse_reason(form.text("reason", chars_max=REASON_MAX))
            claim_no = await start_draft(tx, buyer, order_no=order_no, line_no=line_no, reason=reason)
    except Refusal as no:
        if no.status == 404:
            raise
        async with visit.as_buyer() as tx:
            page = await _page(tx, visit, order_no=order_no, line_no=line_no, refusal=no)
        return show(visit, "buyer/reasons.html", page, status=no.status)
    return see(visit.url("claims", claim_no, "draft"))


async def _page(tx: Tx, visit: Visit, *, order_no: str, line_no: int, refusal: Refusal | None = None) -> ReasonsPage:
    buyer: Buyer = visit.signed_in_buyer()
    case = await load_case(tx, buyer, order_no=order_no, line_no=line_no)
    judged = [await judge_case(tx, case, reason=reason, have=frozenset(), at=tx.now) for reason in Reason]
    try:
        check_claimable(case, attempts_max=judged[0].attempts_max)
    except Refusal as no:
        refusal = refusal or no
    told = [await _told(tx, visit.lang, case, judgement) for judgement in judged]
    return ReasonsPage(
        case=case,
        told=tuple(told) if refusal is None else (),
        policy_id=judged[0].policy_id,
        policy_label=judged[0].policy_label,
        chosen="",
        notice=notice_of(visit.lang, refusal) if refusal else None,
    )


async def _told(tx: Tx, lang: Lang, case: Case, judgement: Judgement) -> Told:
    reason = Reason(judgement.case_facts.reason)
    if judgement.published is None:
        return Told(reason=reason, answer=Answer.PERSON.value)
    policy = judgement.published
    facts = to_facts(policy.policy, judgement.case_facts)
    answer = preview(
        policy,
        facts,
        case_money(case),
        frozenset(),
        units=case_use(case),
        promised=case_delivery(case),
        filed_at=tx.now,
    )
    words = preview_words(lang, answer)
    start = max(tx.now, judgement.cooling_until or tx.now)
    clause_name = answer.clause_name_en if lang is Lang.EN else answer.clause_name
    return Told(
        reason=reason,
        answer=answer.answer.value,
        title=words.title,
        meaning=words.meaning,
        next=words.next,
        amount=answer.amount.refund if answer.amount else None,
        formula=formula(lang, answer.amount) if answer.amount else "",
        clause=f"{answer.clause_id} {clause_name}".strip(),
        required=tuple(slot_by_code(code).name(lang) for code in answer.required),
        optional=tuple(slot_by_code(code).name(lang) for code in answer.optional),
        review=period_words(lang, answer.review),
        decided_by=None if answer.at_once else judgement.lengths.review.due(start, await working_calendar(tx)).at,
        cooling_until=judgement.cooling_until,
        stands_for=open_words(lang, answer),
        has_advice=bool(answer.advice),
        others=_others(lang, policy.policy, facts, answer.clause_id),
    )


def _others(lang: Lang, rules: Policy, facts: Facts, chosen: str) -> tuple[str, ...]:
    """Why each other clause does not apply; those for other reasons share a line, because that is all there is to say."""
    others = [it for it in explain(rules, facts) if it.clause_id != chosen]
    elsewhere = [it.clause_id for it in others if it.status is ReasonStatus.FAILED and it.fact == REASON]
    lines = [reason_words(lang, rules, it) for it in others if it.clause_id not in elsewhere]
    if elsewhere:
        names = say(lang, "web.list_comma").join(elsewhere)
        lines.append(say(lang, "web.reasons.other_reasons", clauses=names))
    return tuple(lines)


handlers = (choose, start)
