"""Told at once: before a buyer fills anything in, whether money comes back, by which clause, with what, and how long."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from huiliu.kit.text import Lang, say
from huiliu.policy.amount import Amount, OrderMoney, Used, refund_amount
from huiliu.policy.evaluate import judge
from huiliu.policy.explain import advice_words, advise, open_for
from huiliu.policy.model import Clause, Facts, Outcome, Period, PublishedPolicy, Verdict
from huiliu.policy.wording import duration_words, evidence_words, list_words, period_words


class Answer(StrEnum):
    """Refundable or not, in the five ways a buyer can be told."""

    YES = "yes"
    PART = "part"
    COOLING = "cooling"
    PERSON = "person"
    NO = "no"


_ANSWERS = {
    Outcome.FULL: Answer.YES,
    Outcome.PART: Answer.PART,
    Outcome.COOLING: Answer.COOLING,
    Outcome.PERSON: Answer.PERSON,
    Outcome.REJECT: Answer.NO,
}


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a page or the API says before an application. JSON-able; holds no risk flag. Evidence is slot codes."""

    answer: Answer
    policy_id: UUID
    policy_name: str
    policy_name_en: str
    policy_label: str
    policy_hash: str
    clause_id: str = ""
    clause_name: str = ""
    clause_name_en: str = ""
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    at_once: bool = False
    """Paid without waiting for a person once the required evidence is there."""
    review: Period
    amount: Amount | None = None
    """None when the refund cannot be computed yet, or there is none."""
    cooling: Period | None = None
    cooling_until: datetime | None = None
    after_cooling: Answer | None = None
    """What the clauses behind the cooling-off give once it is over; `required` and `amount` are theirs."""
    open_seconds: int | None = None
    """How long this answer stands if nothing but time changes."""
    presumed: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    advice: str = ""
    """What evidence would turn a no into a refund, in Chinese and English; empty when none would."""
    advice_en: str = ""


class PreviewWords(msgspec.Struct, frozen=True):
    """What happened, what it means, what to do next."""

    title: str
    meaning: str
    next: str


def preview(
    policy: PublishedPolicy,
    facts: Facts,
    money: OrderMoney,
    have: frozenset[str],
    *,
    units: Used | None = None,
    time: Used | None = None,
    promised: Used | None = None,
    filed_at: datetime | None = None,
) -> Preview:
    """What this order would get today for this reason, by the version in force when it was placed.

    `have` is the evidence at hand, slot codes; `filed_at` is now for someone who has not applied yet.
    """
    rules = policy.policy
    limits = rules.limits_for(facts)
    verdict = judge(rules, facts, have, filed_at=filed_at)
    is_cooling = verdict.outcome is Outcome.COOLING
    # Evidence is asked for now, so that nothing but time is missing when the cooling-off ends.
    deciding = judge(rules, facts, have, cooled=True) if is_cooling else verdict
    clause = verdict.clause
    needs, optional = _evidence(deciding.clause)
    advice = advise(rules, facts, have) if verdict.outcome in (Outcome.REJECT, Outcome.PERSON) else None
    return Preview(
        answer=_ANSWERS[verdict.outcome],
        policy_id=policy.id,
        policy_name=rules.name,
        policy_name_en=rules.name_en or rules.name,
        policy_label=policy.label,
        policy_hash=rules.content_hash.hex(),
        clause_id="" if clause is None else clause.id,
        clause_name="" if clause is None else clause.name,
        clause_name_en="" if clause is None else clause.name_en or clause.name,
        required=needs or deciding.missing,
        optional=optional,
        missing=deciding.missing,
        at_once=_would_be_automatic(policy, facts, verdict, have),
        review=limits.review,
        amount=None
        if deciding.amount is None
        else refund_amount(deciding.amount, money, units=units, time=time, promised=promised),
        cooling=limits.cooling if is_cooling else None,
        cooling_until=verdict.cooling_until,
        after_cooling=_ANSWERS[deciding.outcome] if is_cooling else None,
        open_seconds=open_for(rules, facts),
        presumed=verdict.presumed,
        ask=verdict.ask,
        advice="" if advice is None else advice_words(Lang.ZH, rules, advice),
        advice_en="" if advice is None else advice_words(Lang.EN, rules, advice),
    )


def preview_words(lang: Lang, told: Preview) -> PreviewWords:
    """The answer in a buyer's words: 可以退款, by which clause, and the one next step."""
    clause = f"{told.clause_id} {told.clause_name_en if lang is Lang.EN else told.clause_name}".strip()
    version = say(lang, "policy.version", label=told.policy_label)
    base = f"policy.answer.{told.answer.value}"
    title = say(lang, f"{base}.title")
    key = f"{base}.meaning" if clause else "policy.answer.no_clause"
    meaning = say(
        lang,
        key,
        clause=clause,
        version=version,
        amount="" if told.amount is None else str(told.amount.refund),
        cooling="" if told.cooling is None else period_words(lang, told.cooling),
    )
    return PreviewWords(title, meaning, _next_words(lang, told))


def open_words(lang: Lang, told: Preview) -> str:
    """'再过 25 分钟，本单适用的条款会改变': '' when nothing changes with time."""
    if told.open_seconds is None:
        return ""
    return say(lang, "policy.open_for", time=duration_words(lang, told.open_seconds))


def _next_words(lang: Lang, told: Preview) -> str:
    if told.advice and not told.missing:
        return told.advice_en if lang is Lang.EN else told.advice
    if told.answer is Answer.NO:
        return say(lang, "policy.next.no")
    if told.missing:
        names = list_words(lang, [evidence_words(lang, code) for code in told.missing])
        return say(lang, "policy.next.evidence", evidence=names, review=period_words(lang, told.review))
    if told.at_once:
        return say(lang, "policy.next.at_once")
    return say(lang, "policy.next.submit", review=period_words(lang, told.review))


def _evidence(clause: Clause | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return ((), ()) if clause is None else (clause.needs, clause.optional)


def _would_be_automatic(policy: PublishedPolicy, facts: Facts, verdict: Verdict, have: frozenset[str]) -> bool:
    """Whether adding exactly what is missing lets it through without a person."""
    if not verdict.missing:
        return verdict.automatic
    return judge(policy.policy, facts, have | frozenset(verdict.missing)).automatic
