"""How long a policy lets the platform take before it pays back, and how long it keeps the records, against the law."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from huiliu.policy.law.deciding import Decided, Deciding, Wants
from huiliu.policy.law.statutes import in_force
from huiliu.policy.lint.findings import Example, Finding, FindingCode, Severity
from huiliu.policy.model import (
    DAY_SECONDS,
    RECORDS_DAYS,
    REFUNDS,
    Clause,
    Extra,
    Flag,
    Limits,
    Outcome,
    Party,
    Period,
    Policy,
)

REFUND_DAYS_MAX = 15
"""More is a wilful delay (penalty measures, articles 8 and 9)."""
WEEK_WORKED = 5
WEEKEND_DAYS = 2
SECTION = "限制"
OVERRIDE_SECTION = "按商品"


class Way(msgspec.Struct, frozen=True):
    """One way a claim can go before it is paid: least and most time in seconds, and the kind of case that goes it."""

    shortest: int
    longest: int
    is_cooled: bool = False
    flags: tuple[Extra, ...] = ()


def fifteen_days(deciding: Deciding, on: date) -> Iterator[Finding]:
    """A refund that is due may take longer than fifteen days by the policy's own lengths of time.

    Counted are the cooling-off, the platform's time to prove and its review, or its hold where a flag gives one. Not counted:
    the buyer's own time, mediation, and the payment channel. Working days count with their weekends: over the limit in the
    best week is an error, only in the worst a warning; public holidays come on top and are not counted.
    """
    if not in_force("penalty_8", on):
        return
    for limits, wants, section in _scopes(deciding.policy):
        found = _longest(deciding, limits, wants)
        if found is None:
            continue
        way, clause, decided = found
        is_no_reason = decided.facts.values.get("退款原因") == "不想要了"
        waits = () if decided.cooling is None else (decided.cooling.id,)
        yield Finding(
            code=FindingCode.LAW_FIFTEEN_DAYS,
            severity=Severity.ERROR if way.shortest > REFUND_DAYS_MAX * DAY_SECONDS else Severity.WARNING,
            clauses=(clause.id, *waits),
            examples=(Example(decided.facts, clause.needs),),
            facts={"days": -(-way.longest // DAY_SECONDS), "limit": REFUND_DAYS_MAX},
            article="penalty_9" if is_no_reason else "penalty_8",
            section=section,
        )


def records_kept(deciding: Deciding, on: date) -> Iterator[Finding]:
    """Records of the transaction are kept for less than three years."""
    if not in_force("commerce_law_31", on):
        return
    for limits, wants, section in _scopes(deciding.policy):
        facts = deciding.any_case(wants) if limits.records.seconds < RECORDS_DAYS * DAY_SECONDS else None
        if facts is not None:
            yield Finding(
                code=FindingCode.LAW_RECORDS,
                severity=Severity.ERROR,
                examples=(Example(facts),),
                facts={"days": limits.records.seconds // DAY_SECONDS, "limit": RECORDS_DAYS},
                article="commerce_law_31",
                section=section,
            )


def _scopes(policy: Policy) -> Iterator[tuple[Limits, Wants, str]]:
    """Each set of limits, the cases it is for and the file's section. Of two that fit a case the earlier one counts."""
    left = {spec.name: spec.values for spec in policy.facts if spec.values}
    for override in policy.overrides:
        fact = override.scope.fact
        own = tuple(value for value in override.scope.values if value in left[fact])
        yield override.limits, {**left, fact: own}, OVERRIDE_SECTION
        left[fact] = tuple(value for value in left[fact] if value not in override.scope.values)
    yield policy.limits, left, SECTION


def _longest(deciding: Deciding, limits: Limits, wants: Wants) -> tuple[Way, Clause, Decided] | None:
    """The longest way over the limit that some claim goes, with the clause that pays it and the case."""
    limit = REFUND_DAYS_MAX * DAY_SECONDS
    for way in _ways(deciding.policy, limits):
        if way.longest <= limit:
            continue
        for clause in deciding.policy.clauses:
            # What is paid without a person is paid at once, unless a flag holds it.
            if clause.outcome not in REFUNDS or (clause.automatic and not way.flags):
                continue
            for extra in way.flags or (None,):
                within = () if extra is None else extra.when
                decided = deciding.case(clause, wants, within=within, is_cooled=way.is_cooled)
                if decided is not None:
                    return way, clause, decided
    return None


def _ways(policy: Policy, limits: Limits) -> list[Way]:
    """Every way a claim can go: those that are too long in any week first, and the longest of them."""
    proves = any(spec.burden is Party.PLATFORM for spec in policy.facts)
    proof = _seconds(limits.platform_proof) if proves else (0, 0)
    held = tuple(extra for extra in policy.extras if extra.flag is Flag.RISK_REVIEW)
    reviews: list[tuple[tuple[int, int], tuple[Extra, ...]]] = [(_seconds(limits.review), ())]
    if limits.hold != Period() and held:
        reviews.append((_seconds(limits.hold), held))
    waits = [((0, 0), False)]
    if any(clause.outcome is Outcome.COOLING for clause in policy.clauses):
        waits.append((_seconds(limits.cooling), True))
    ways = [
        Way(proof[0] + review[0] + wait[0], proof[1] + review[1] + wait[1], is_cooled, flags)
        for review, flags in reviews
        for wait, is_cooled in waits
    ]
    limit = REFUND_DAYS_MAX * DAY_SECONDS
    return sorted(ways, key=lambda way: (way.shortest <= limit, -way.longest))


def _seconds(period: Period) -> tuple[int, int]:
    """(least, most) natural time: working days that begin on a Monday, and that begin just before a weekend."""
    days = period.working_days
    if not days:
        return period.seconds, period.seconds
    least = days + WEEKEND_DAYS * ((days - 1) // WEEK_WORKED)
    most = days + WEEKEND_DAYS * -(-days // WEEK_WORKED)
    return least * DAY_SECONDS, most * DAY_SECONDS
