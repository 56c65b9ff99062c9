"""What a policy promises, against the consumer law of its day: only what follows from the file for certain.

A check, no legal advice: what is not found here may still be unlawful, and a warning is for a lawyer to decide. Sources and
what is left out: docs/guides/policy-law.md. Pure, and without a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import TypeAlias

import msgspec

from huiliu.kit.money import Rounding
from huiliu.policy.law.deciding import Budget, Decided, Deciding, Wants
from huiliu.policy.law.published import published_texts
from huiliu.policy.law.statutes import day_of, first_in_force, in_force
from huiliu.policy.law.times import fifteen_days, records_kept
from huiliu.policy.lint.findings import Example, Finding, FindingCode, Severity
from huiliu.policy.model import DAY_SECONDS, REFUNDS, AmountRule, Basis, Clause, Facts, Outcome, Policy, Range
from huiliu.policy.space import OutOfSteps
from huiliu.policy.words import FACTS, VALUES

CONFIRMED = "购买时确认"
SEVEN_DAYS_SECONDS = 7 * DAY_SECONDS

NO_REASON: Wants = {
    "退款原因": ("不想要了",),
    # From the order, for want of the receipt: nobody receives before ordering, so whoever is within seven days of the order
    # is within seven days of the receipt. Some who are still within the time are not looked at; nobody is wrongly.
    "下单时长": Range(0, SEVEN_DAYS_SECONDS),
    "使用情况": ("未使用",),
}
"""A return without a reason in time, of goods that are as they were."""

UNCONFIRMED: Wants = {**NO_REASON, CONFIRMED: (False,)}
"""The same, and the buyer did not confirm at this purchase that there is no such return."""

SERVICES = ("代练",)
"""Product kinds that may be a service rather than goods: the seven days are the law of goods, so a lawyer must say."""

CERTAIN: Wants = {
    "商品类型": tuple(kind for kind in VALUES["商品类型"] if kind not in SERVICES),
    "曾伪造凭证": (False,),
}
"""Goods, and a buyer who has done nothing that good faith would be held against."""

NOT_DELIVERED: Wants = {"退款原因": ("充值未到账",), "使用情况": ("未使用",)}
DELIVERY_FAILED: Wants = {**NOT_DELIVERED, "交付状态": ("交付失败",)}
NOT_AS_DESCRIBED: Wants = {"退款原因": ("描述不符",), "使用情况": ("未使用",)}

REPLACED = re.compile(
    r"投诉举报处理暂行办法|(?:45|四十五)个?工作日[^。；;\n]{0,12}终止调解|终止调解[^。；;\n]{0,12}(?:45|四十五)个?工作日"
)
"""How texts cite the interim measures of 2020: their title, or their 45 working days for ending a mediation."""

Check: TypeAlias = Callable[[Deciding, date], Iterator[Finding]]


def law_findings(policy: Policy, *, on: date | None = None) -> tuple[Finding, ...]:
    """What the law of a day says against a policy, each with a case that shows it.

    `on` is a day in Shanghai; by default the day the policy takes effect, and for a draft without one the newest law.
    """
    day = day_of(policy, on)
    deciding = Deciding(policy)
    return tuple(found for code, check in CHECKS for found in _finished(code, deciding, check(deciding, day)))


def _finished(code: FindingCode, deciding: Deciding, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of one check, and a word when there may be more."""
    deciding.budget = Budget()
    try:
        yield from findings
    except OutOfSteps:
        yield Finding(code=FindingCode.UNFINISHED, severity=Severity.WARNING, facts={"check": code.value})


def seven_days(deciding: Deciding, on: date) -> Iterator[Finding]:
    """Returns without a reason are refused within seven days although nobody confirmed the exception at the purchase."""
    article = first_in_force(("regulation_19", "consumer_law_25"), on)
    for clause in _with_outcome(deciding, Outcome.REJECT) if article else ():
        # Before the regulation digital goods were an exception by the law itself, and what is one is a lawyer's question.
        surely = in_force("regulation_19", on) and _is_told_by_known_facts(clause)
        found = _weighed(deciding, clause, UNCONFIRMED, surely=surely)
        if found is not None:
            yield _finding(FindingCode.LAW_SEVEN_DAYS, found[0], clause, found[1], article)


def at_once(deciding: Deciding, on: date) -> Iterator[Finding]:
    """A return without a reason pays less than everything: the fee kept, a cap, a share of unused goods."""
    article = first_in_force(("regulation_18", "consumer_law_25"), on)
    for clause in _with_outcome(deciding, *REFUNDS) if article else ():
        found: list[tuple[Severity, Decided]] = []
        for lack in _lacks(clause.amount):
            surely = in_force("regulation_18", on) and lack.is_certain and _is_told_by_known_facts(clause)
            weighed = _weighed(deciding, clause, {**UNCONFIRMED, **lack.wants}, surely=surely)
            found += [] if weighed is None else [weighed]
        if found:
            severity, decided = min(found, key=lambda each: list(Severity).index(each[0]))
            yield _finding(FindingCode.LAW_AT_ONCE, severity, clause, decided, article)


def own_failure(deciding: Deciding, on: date) -> Iterator[Finding]:
    """The platform did not deliver, or delivered something else, and keeps money, or refuses on its own record of it."""
    for clause in deciding.policy.clauses:
        for article, wants in _failures(deciding, clause):
            decided = deciding.case(clause, wants) if in_force(article, on) else None
            if decided is not None:
                yield _finding(FindingCode.LAW_OWN_FAILURE, Severity.ERROR, clause, decided, article)
                break


def presumed_consent(deciding: Deciding, on: date) -> Iterator[Finding]:
    """Unless somebody proves otherwise the buyer counts as having agreed that there is no return."""
    spec = deciding.policy.fact(CONFIRMED)
    if spec is None or spec.presumed is not True or not in_force("regulation_19", on):
        return
    for clause in _with_outcome(deciding, Outcome.REJECT):
        decided = deciding.case(clause, {**NO_REASON, CONFIRMED: (True,)})
        if decided is not None:
            facts = Facts({**decided.facts.values, CONFIRMED: False}, decided.facts.proven - {CONFIRMED})
            found = msgspec.structs.replace(decided, facts=facts)
            yield _finding(FindingCode.LAW_PRESUMED_CONSENT, Severity.ERROR, clause, found, "regulation_19")


def rounding(deciding: Deciding, on: date) -> Iterator[Finding]:
    """A share is rounded for the platform, where the law computes in the consumer's favour if nothing was agreed."""
    for clause in _with_outcome(deciding, Outcome.PART) if in_force("penalty_10", on) else ():
        if clause.amount is not None and clause.amount.rounding is Rounding.FAVOUR_PLATFORM:
            decided = deciding.case(clause, {})
            if decided is not None:
                yield _finding(FindingCode.LAW_ROUNDING, Severity.NOTE, clause, decided, "penalty_10")


def outdated(deciding: Deciding, on: date) -> Iterator[Finding]:
    """A published text still goes by the interim measures for complaints after the day they were replaced."""
    for text in published_texts(deciding.policy) if in_force("complaints_2026", on) else ():
        cited = REPLACED.search(text.words)
        if cited is not None:
            yield Finding(
                code=FindingCode.LAW_OUTDATED,
                severity=Severity.WARNING,
                clauses=() if text.clause is None else (text.clause.id,),
                examples=text.examples(deciding),
                facts={"word": cited[0], "where": text.key},
                article="complaints_2026",
                section=text.section,
            )


CHECKS: tuple[tuple[FindingCode, Check], ...] = (
    (FindingCode.LAW_SEVEN_DAYS, seven_days),
    (FindingCode.LAW_PRESUMED_CONSENT, presumed_consent),
    (FindingCode.LAW_AT_ONCE, at_once),
    (FindingCode.LAW_OWN_FAILURE, own_failure),
    (FindingCode.LAW_FIFTEEN_DAYS, fifteen_days),
    (FindingCode.LAW_RECORDS, records_kept),
    (FindingCode.LAW_ROUNDING, rounding),
    (FindingCode.LAW_OUTDATED, outdated),
)


class Lack(msgspec.Struct, frozen=True):
    """One way in which an amount is less than everything that was paid, and the cases in which it shows."""

    is_certain: bool = True
    wants: Wants = {}


def _lacks(amount: AmountRule | None) -> Iterator[Lack]:
    if amount is None:
        return
    if not amount.fee_returned:
        yield Lack()
    if amount.cap_minor is not None:
        yield Lack(wants={"金额": Range(amount.cap_minor + 1, None)})
    if amount.basis in (Basis.TIME, Basis.PROMISED):
        yield Lack()
    if amount.basis is Basis.UNITS:
        # By units unused goods come to everything, as long as the record counts none as used: not for certain.
        yield Lack(is_certain=False)


def _failures(deciding: Deciding, clause: Clause) -> Iterator[tuple[str, Wants]]:
    if clause.outcome is Outcome.REJECT and deciding.declares("交付状态"):
        yield "consumer_law_53", DELIVERY_FAILED
    amount = clause.amount
    if amount is None:
        return
    lacks: list[Wants] = [] if amount.fee_returned else [{}]
    if amount.cap_minor is not None:
        lacks.append({"金额": Range(amount.cap_minor + 1, None)})
    for lack in lacks:
        yield "consumer_law_53", {**NOT_DELIVERED, **lack}
        if clause.outcome is Outcome.FULL:
            yield "regulation_18", {**NOT_AS_DESCRIBED, **lack}
    if amount.basis is Basis.TIME:
        yield "consumer_law_53", NOT_DELIVERED


def _weighed(deciding: Deciding, clause: Clause, wants: Wants, *, surely: bool) -> tuple[Severity, Decided] | None:
    """An error when a case leaves no doubt, a warning when only doubtful ones do it."""
    decided = deciding.case(clause, {**CERTAIN, **wants})
    if decided is not None:
        return (Severity.ERROR if surely else Severity.WARNING), decided
    decided = deciding.case(clause, wants)
    return None if decided is None else (Severity.WARNING, decided)


def _is_told_by_known_facts(clause: Clause) -> bool:
    """A clause that turns on a fact of the policy's own may mean goods that are not as they were."""
    return all(test.fact in FACTS for test in clause.when)


def _with_outcome(deciding: Deciding, *outcomes: Outcome) -> Iterator[Clause]:
    return (clause for clause in deciding.policy.clauses if clause.outcome in outcomes)


def _finding(code: FindingCode, severity: Severity, clause: Clause, decided: Decided, article: str) -> Finding:
    cooling = () if decided.cooling is None else (decided.cooling.id,)
    return Finding(
        code=code,
        severity=severity,
        clauses=(clause.id, *cooling),
        # With its own evidence the clause is the cheapest of those that say the same, so it is the one that is named.
        examples=(Example(decided.facts, clause.needs),),
        article=article,
    )
