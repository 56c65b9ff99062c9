"""这个订单会怎样？ One case, made by hand or taken from an order, under the draft and under the version in force."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from huiliu.claims.case import Case, load_case
from huiliu.claims.judgement import case_delivery, case_money, case_use
from huiliu.claims.model import Reason
from huiliu.kit.db import Tx
from huiliu.kit.errors import NotFound, Refusal
from huiliu.kit.money import Money, parse_minor
from huiliu.kit.text import Lang, say
from huiliu.people.model import Permission, Staff
from huiliu.policy.amount import OrderMoney, Used, formula, refund_amount, rule_formula
from huiliu.policy.drafts.actions import save_draft
from huiliu.policy.edit.edits import apply
from huiliu.policy.edit.model import AddCase
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import advice_words, advise, explain, reason_words
from huiliu.policy.facts import to_facts
from huiliu.policy.model import (
    CaseFacts,
    Expectation,
    Facts,
    FactValue,
    GoldenCase,
    Outcome,
    Policy,
    PolicyError,
    Verdict,
)
from huiliu.policy.parse import parse_policy
from huiliu.policy.quantities import COUNT_MAX, count
from huiliu.policy.wording import clause_name, evidence_words, fact_name, list_words
from huiliu.web.desk.desk import Desk, desk_of
from huiliu.web.desk.workshop_form import Choice, FactField, QuantityUnread, case_fields, case_query, read_case
from huiliu.web.desk.workshop_page import DraftBar, Opened, bar_of, opened
from huiliu.web.form import HttpRequest, read_form
from huiliu.web.page import Notice, notice_of, see, show
from huiliu.web.visit import FromVisit, Visit

ORDER_NO_CHARS_MAX = 64
NAME_CHARS_MAX = 60
AMOUNT = "金额"
QUERY_CHARS_MAX = 4_000


class Clarified(Struct, frozen=True):
    """What became of one clause, in words."""

    status: str
    words: str


class Answered(Struct, frozen=True, kw_only=True):
    """What one version says of the case."""

    which: str
    """draft or in_force"""
    label: str
    outcome: str
    outcome_words: str
    clause: str
    formula: str
    rule: str
    missing: str
    ask: str
    presumed: str
    flags: tuple[str, ...]
    automatic: bool
    rivals: str
    advice: str
    cooled: str
    """What it comes to once the cooling-off is over."""
    reasons: tuple[Clarified, ...]


class TryPage(Struct, frozen=True, kw_only=True):
    """The case to fill in, and the answers to it."""

    desk: Desk
    bar: DraftBar
    reads: bool
    fields: tuple[FactField, ...]
    evidence: tuple[Choice, ...]
    money: tuple[tuple[str, str], ...]
    order_no: str
    reason: str
    order_title: str
    reasons: tuple[Choice, ...]
    answers: tuple[Answered, ...]
    is_changed: bool
    wrong: str
    """Facts whose fields could not be read."""
    query: tuple[tuple[str, str], ...]
    notice: Notice | None


class Tried(Struct, frozen=True, kw_only=True):
    """A case in a policy's words with its evidence, and the money it is about if that is known."""

    facts: Facts
    evidence: tuple[str, ...] = ()
    wrong: frozenset[str] = frozenset()
    case_facts: CaseFacts | None = None
    money: OrderMoney | None = None
    units: Used | None = None
    promised: Used | None = None
    title: str = ""


@get("/{slug:str}/desk/policies/drafts/{draft_id:uuid}/try")
async def try_case(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes]:
    """A case by hand; with an order number, the order's own."""
    found = await opened(visit, draft_id)
    asked = [(name, value[:QUERY_CHARS_MAX]) for name, value in request.query_params.multi_items()]
    return await _show(visit, found, asked)


@post("/{slug:str}/desk/policies/drafts/{draft_id:uuid}/cases", status_code=303)
async def keep_case(request: HttpRequest, visit: FromVisit, draft_id: FromPath[UUID]) -> Response[bytes] | Redirect:
    """Keep the tried case as a golden case that expects what the draft says of it now."""
    found = await opened(visit, draft_id, permission=Permission.PUBLISH_POLICY)
    form = await read_form(request)
    sent = [(name, value) for name, values in form.fields.items() for value in values]
    try:
        policy = parse_policy(found.draft.source)
        tried = _by_hand(policy, sent)
        if tried.wrong or not tried.facts.values:
            raise QuantityUnread(word=list_words(visit.lang, sorted(tried.wrong)), field="facts")
        verdict = judge(policy, tried.facts, frozenset(tried.evidence))
        case = GoldenCase(
            name=form.text("name", chars_max=NAME_CHARS_MAX),
            facts=tried.facts,
            evidence=tried.evidence,
            expect=Expectation(
                outcome=verdict.outcome,
                clause=None if verdict.clause is None else verdict.clause.id,
                missing=verdict.missing,
            ),
        )
        text = apply(found.draft.source, (AddCase(case),))
        parse_policy(text)
        async with visit.as_staff() as tx:
            await save_draft(tx, found.staff, draft_id, version=form.number("version"), source=text)
    except Refusal as no:
        if no.status == 404:
            raise
        return await _show(visit, await opened(visit, draft_id), sent, refusal=no)
    return see(f"{visit.url('desk', 'policies', 'drafts', str(draft_id))}?tab=cases")


async def _show(
    visit: Visit, found: Opened, asked: list[tuple[str, str]], *, refusal: Refusal | None = None
) -> Response[bytes]:
    fields = dict(reversed(asked))
    order_no = fields.get("order", "").strip()[:ORDER_NO_CHARS_MAX]
    reason = fields.get("reason", Reason.CHANGED_MIND.value)
    try:
        policy = parse_policy(found.draft.source)
    except PolicyError:
        policy = None
    tried = Tried(facts=Facts({}))
    try:
        if policy is not None and order_no:
            async with visit.as_staff() as tx:
                tried = await _from_order(tx, found.staff, policy, order_no, reason, visit)
        elif policy is not None:
            tried = _by_hand(policy, asked)
    except NotFound as no:
        refusal = refusal or no
    lang = visit.lang
    answers = () if policy is None or not tried.facts.values else _answers(lang, found, policy, tried)
    page = TryPage(
        desk=desk_of(visit, "policies"),
        bar=bar_of(visit, found),
        reads=policy is not None,
        fields=() if policy is None else case_fields(lang, policy, tried.facts, tried.wrong),
        evidence=()
        if policy is None
        else tuple(
            Choice(code=code, name=evidence_words(lang, code), is_on=code in tried.evidence) for code in policy.costs
        ),
        money=tuple((name, fields.get(name, "")[:20]) for name in ("paid", "fee", "used", "total")),
        order_no=order_no,
        reason=reason,
        order_title=tried.title,
        reasons=tuple(
            Choice(code=it.value, name=say(lang, f"policy.value.{it.value}"), is_on=it.value == reason) for it in Reason
        ),
        answers=answers,
        is_changed=len(answers) == 2 and _plain(answers[0]) != _plain(answers[1]),
        wrong="" if policy is None else _facts(lang, policy, tuple(tried.wrong)),
        query=() if policy is None else tuple(case_query(policy, tried.facts, tried.evidence)),
        notice=notice_of(lang, refusal) if refusal else None,
    )
    return show(visit, "desk/workshop_try.html", page, status=refusal.status if refusal else 200)


async def _from_order(tx: Tx, staff: Staff, policy: Policy, order_no: str, reason: str, visit: Visit) -> Tried:
    """What is known of an order's first line now, in the policy's words. Raises NotFound."""
    case = await load_case(tx, staff, order_no=order_no, line_no=1)
    known = _case_facts(case, reason, visit)
    return Tried(
        facts=to_facts(policy, known),
        case_facts=known,
        money=case_money(case),
        units=case_use(case),
        promised=case_delivery(case),
        title=case.title,
    )


def _case_facts(case: Case, reason: str, visit: Visit) -> CaseFacts:
    return CaseFacts(
        reason=reason if reason in {it.value for it in Reason} else Reason.CHANGED_MIND.value,
        product_kind=case.kind,
        age_seconds=max(0, int((visit.now - case.ordered_at).total_seconds())),
        usage=case.usage_state,
        usage_proven=case.is_use_proven,
        amount_minor=case.paid_minor,
        delivery_state=case.delivery_state,
        product=case.title,
    )


def _by_hand(policy: Policy, asked: list[tuple[str, str]]) -> Tried:
    fields = dict(reversed(asked))
    proven = [value for name, value in asked if name == "p"]
    facts, wrong = read_case(lambda name: fields.get(name, ""), proven, policy)
    evidence = {value for name, value in asked if name == "e"}
    paid = _minor(fields.get("paid", "")) or _fact_minor(facts.values.get(AMOUNT))
    total, used = _count(fields.get("total", "")), _count(fields.get("used", ""))
    use = Used(total, used) if total and used is not None and used <= total else None
    zero = Money(0)
    return Tried(
        facts=facts,
        evidence=tuple(code for code in policy.costs if code in evidence),
        wrong=wrong,
        money=None
        if not paid
        else OrderMoney(
            paid=Money(paid), fee=Money(min(paid, _minor(fields.get("fee", "")) or 0)), refunded=zero, reserved=zero
        ),
        units=use,
        promised=use,
    )


def _answers(lang: Lang, found: Opened, policy: Policy, tried: Tried) -> tuple[Answered, ...]:
    answers = [_answer(lang, policy, tried, which="draft", label=found.draft.label)]
    if found.in_force is not None:
        rules = found.in_force.policy
        facts = to_facts(rules, tried.case_facts) if tried.case_facts else _common(rules, policy, tried.facts)
        same = Tried(
            facts=facts,
            evidence=tried.evidence,
            money=tried.money,
            units=tried.units,
            promised=tried.promised,
        )
        answers.append(_answer(lang, rules, same, which="in_force", label=found.in_force.label))
    return tuple(answers)


def _common(rules: Policy, policy: Policy, facts: Facts) -> Facts:
    """The case as far as another version knows its facts; what that one alone asks stays unknown."""
    kinds = {spec.name: spec.kind for spec in policy.facts}
    values: dict[str, FactValue] = {
        spec.name: facts.values[spec.name]
        for spec in rules.facts
        if spec.name in facts.values and kinds[spec.name] is spec.kind
    }
    return Facts(values, facts.proven & values.keys())


def _answer(lang: Lang, policy: Policy, tried: Tried, *, which: str, label: str) -> Answered:
    facts = tried.facts
    verdict = judge(policy, facts, frozenset(tried.evidence))
    advice = advise(policy, facts, frozenset(tried.evidence))
    return Answered(
        which=which,
        label=label,
        outcome=verdict.outcome.value,
        outcome_words=say(lang, f"policy.outcome.{verdict.outcome.value}"),
        clause="" if verdict.clause is None else f"{verdict.clause.id} {clause_name(lang, verdict.clause)}",
        formula=_formula(lang, verdict, tried),
        rule="" if verdict.amount is None else rule_formula(lang, verdict.amount),
        missing=_evidence(lang, verdict.missing),
        ask=_facts(lang, policy, verdict.ask),
        presumed=_facts(lang, policy, tuple(name for name in verdict.presumed if name in facts.values)),
        flags=tuple(say(lang, f"workshop.flag.{flag.value}") for flag in verdict.flags),
        automatic=verdict.automatic,
        rivals=list_words(lang, list(verdict.rivals)),
        advice="" if advice is None else advice_words(lang, policy, advice),
        cooled=_cooled(lang, policy, tried) if verdict.outcome is Outcome.COOLING else "",
        reasons=tuple(
            Clarified(reason.status.value, reason_words(lang, policy, reason)) for reason in explain(policy, facts)
        ),
    )


def _formula(lang: Lang, verdict: Verdict, tried: Tried) -> str:
    if verdict.amount is None or tried.money is None:
        return ""
    amount = refund_amount(verdict.amount, tried.money, units=tried.units, time=tried.units, promised=tried.promised)
    return say(lang, "workshop.try.no_measure") if amount is None else formula(lang, amount)


def _cooled(lang: Lang, policy: Policy, tried: Tried) -> str:
    later = judge(policy, tried.facts, frozenset(tried.evidence), cooled=True)
    words = say(lang, f"policy.outcome.{later.outcome.value}")
    words = words if later.clause is None else f"{words} · {later.clause.id} {clause_name(lang, later.clause)}"
    missing = _evidence(lang, later.missing)
    return f"{words} · {say(lang, 'workshop.missing', evidence=missing)}" if missing else words


def _evidence(lang: Lang, codes: tuple[str, ...]) -> str:
    return list_words(lang, [evidence_words(lang, code) for code in codes])


def _facts(lang: Lang, policy: Policy, names: tuple[str, ...]) -> str:
    return list_words(lang, [fact_name(lang, spec) for spec in policy.facts if spec.name in names])


def _plain(answer: Answered) -> tuple[str, ...]:
    return (answer.outcome, answer.formula, answer.rule, answer.missing, answer.cooled, "1" if answer.automatic else "")


def _minor(text: str) -> int | None:
    try:
        found = parse_minor(text.strip()[:20].removesuffix("元"))
    except ValueError:
        return None
    return found if found > 0 else None


def _fact_minor(value: FactValue | None) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _count(text: str) -> int | None:
    try:
        return min(COUNT_MAX, count(text.strip()[:20]))
    except ValueError:
        return None


handlers = (try_case, keep_case)
