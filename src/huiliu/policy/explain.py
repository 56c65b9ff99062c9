"""Why each clause did or did not apply, what evidence would help at least cost, and how long an answer stands.

Nobody is ever advised to change a fact or the reason, and nothing said here comes from the extras (risk flags).
"""

from __future__ import annotations

import msgspec

from huiliu.kit.text import Lang, say
from huiliu.policy.compiled import compiled
from huiliu.policy.conditions import holds
from huiliu.policy.evaluate import effective_values, judge
from huiliu.policy.model import (
    REFUNDS,
    Clause,
    ClauseReason,
    Facts,
    FactValue,
    Outcome,
    Policy,
    ReasonStatus,
    Verdict,
)
from huiliu.policy.wording import clause_name, evidence_words, fact_name, list_words, test_words, value_words
from huiliu.policy.words import ORDER_AGE

OPEN_STEPS_MAX = 2_000


class Advice(msgspec.Struct, frozen=True):
    """The cheapest evidence that turns the answer into a refund: slot codes, their trouble, and by which clause."""

    clause: Clause
    evidence: tuple[str, ...]
    cost: int


def explain(policy: Policy, facts: Facts, *, cooled: bool = False) -> tuple[ClauseReason, ...]:
    """What became of every clause, in file order. Alternatives to the chosen clause (same outcome and money) count as applied."""
    values = effective_values(policy, facts)
    first = [_first_failure(clause, values) for clause in policy.clauses]
    is_cooled = [cooled and clause.outcome is Outcome.COOLING for clause in policy.clauses]
    applies = [reason is None and not out for reason, out in zip(first, is_cooled, strict=True)]
    defeated_by: dict[str, str] = {}
    for clause, holds_here in zip(policy.clauses, applies, strict=True):
        if holds_here:
            for base in clause.exception_to:
                defeated_by.setdefault(base, clause.id)
    taken = judge(policy, facts, frozenset(), cooled=cooled)
    reasons: list[ClauseReason] = []
    for clause, failure, out in zip(policy.clauses, first, is_cooled, strict=True):
        if out:
            reasons.append(ClauseReason(clause.id, ReasonStatus.COOLED))
        elif failure is not None:
            reasons.append(failure)
        elif clause.id in defeated_by:
            reasons.append(ClauseReason(clause.id, ReasonStatus.DEFEATED, by=defeated_by[clause.id]))
        elif taken.clause is None or (clause.outcome, clause.amount) == (taken.outcome, taken.amount):
            reasons.append(ClauseReason(clause.id, ReasonStatus.APPLIED))
        else:
            reasons.append(ClauseReason(clause.id, ReasonStatus.OUTRANKED, by=taken.clause.id))
    return tuple(reasons)


def with_reasons(policy: Policy, facts: Facts, verdict: Verdict, *, cooled: bool = False) -> Verdict:
    """The verdict with `reasons` filled in, for keeping with the claim and for the desk."""
    return msgspec.structs.replace(verdict, reasons=explain(policy, facts, cooled=cooled))


def advise(policy: Policy, facts: Facts, evidence: frozenset[str], *, cooled: bool = False) -> Advice | None:
    """The cheapest missing evidence that leads to a refund; None when no evidence can, or none is missing.

    Clauses of one outcome and amount are alternatives; the facts are taken as they are.
    """
    verdict = judge(policy, facts, evidence, cooled=cooled)
    if verdict.outcome not in REFUNDS or verdict.ask or not verdict.missing or verdict.clause is None:
        return None
    cost = sum(policy.costs.get(code, 1) for code in verdict.missing)
    return Advice(verdict.clause, verdict.missing, cost)


def open_for(policy: Policy, facts: Facts, *, cooled: bool = False) -> int | None:
    """How many seconds from now the same answer still stands if nothing but time changes; None for no end in sight."""
    age = facts.values.get(ORDER_AGE)
    if not isinstance(age, int) or isinstance(age, bool):
        return None
    now = judge(policy, facts, frozenset(), cooled=cooled)
    lookup = next((lookup for lookup in compiled(policy).lookups if lookup[0] == ORDER_AGE), None)
    for cut in () if lookup is None else lookup[4][:OPEN_STEPS_MAX]:
        if cut > age:
            later = judge(policy, Facts({**facts.values, ORDER_AGE: cut}, facts.proven), frozenset(), cooled=cooled)
            if (later.outcome, later.amount, later.missing) != (now.outcome, now.amount, now.missing):
                return cut - 1 - age
    return None


def reason_words(lang: Lang, policy: Policy, reason: ClauseReason) -> str:
    """One clause's fate in a sentence, from the clause's and facts' own names."""
    clause = policy.clause(reason.clause_id)
    assert clause is not None, "a reason of another policy"
    head = f"{clause.id} {clause_name(lang, clause)}"
    key = f"policy.reason.{reason.status.value}"
    if reason.status in (ReasonStatus.FAILED, ReasonStatus.UNKNOWN):
        spec = policy.fact(reason.fact)
        test = next(test for test in clause.when if test.fact == reason.fact)
        assert spec is not None, "a clause tests only declared facts"
        value = "" if reason.value is None else value_words(lang, spec, reason.value)
        return say(lang, key, clause=head, fact=fact_name(lang, spec), value=value, wants=test_words(lang, spec, test))
    other = policy.clause(reason.by)
    by = "" if other is None else f"{other.id} {clause_name(lang, other)}"
    return say(lang, key, clause=head, by=by)


def advice_words(lang: Lang, advice: Advice) -> str:
    """'补上 未使用声明、平台核验截图 后，按 F6 …': what to add, and what it leads to."""
    return say(
        lang,
        "policy.advice",
        evidence=list_words(lang, [evidence_words(lang, code) for code in advice.evidence]),
        clause=f"{advice.clause.id} {clause_name(lang, advice.clause)}",
        outcome=say(lang, f"policy.outcome.{advice.clause.outcome.value}"),
    )


def _first_failure(clause: Clause, values: dict[str, FactValue | None]) -> ClauseReason | None:
    """The first condition that is known to fail; else the first whose fact is unknown; None when all hold."""
    unknown: ClauseReason | None = None
    for test in clause.when:
        value = values[test.fact]
        if value is None:
            unknown = unknown or ClauseReason(clause.id, ReasonStatus.UNKNOWN, fact=test.fact)
        elif not holds(test, value):
            return ClauseReason(clause.id, ReasonStatus.FAILED, fact=test.fact, value=value)
    return unknown
