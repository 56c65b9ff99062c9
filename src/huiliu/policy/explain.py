"""Why each clause did or did not apply, what evidence would help at least cost, and how long an answer stands.

Nobody is ever advised to change a fact or the reason, and nothing said here comes from the extras (risk flags).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice, product

import msgspec

from huiliu.kit.text import Lang, say
from huiliu.policy.compiled import Lookup, compiled
from huiliu.policy.evaluate import judge
from huiliu.policy.model import (
    REFUNDS,
    Clause,
    ClauseReason,
    Facts,
    FactValue,
    Policy,
    ReasonStatus,
    Verdict,
)
from huiliu.policy.wording import (
    clause_name,
    duration_words,
    evidence_words,
    fact_name,
    list_words,
    test_words,
    value_words,
)
from huiliu.policy.words import ORDER_AGE

OPEN_STEPS_MAX = 2_000
PROOFS_TRIED_MAX = 4_096
"""How many combinations of proofs are tried before the best so far is offered."""


class Advice(msgspec.Struct, frozen=True):
    """The cheapest evidence that turns the answer into a refund: slot codes, their trouble, and by which clause."""

    clause: Clause
    evidence: tuple[str, ...]
    cost: int
    facts: Facts
    """The case as it then is: as it was, with what the evidence proves."""
    proves: tuple[tuple[str, FactValue], ...] = ()
    """What the evidence must prove, of facts that the policy lets the buyer prove. Only what the buyer says anyway, or,
    where the buyer said nothing, what has to be true: nobody is told to say something else."""


def explain(policy: Policy, facts: Facts, *, cooled: bool = False) -> tuple[ClauseReason, ...]:
    """What became of every clause, in file order. Alternatives to the chosen clause (same outcome and money) count as applied."""
    tables = compiled(policy)
    values, proven = facts.values, facts.proven
    reasons: list[ClauseReason | None] = [None] * len(policy.clauses)
    left = tables.clause_bits
    if cooled:
        _note(reasons, left & tables.cooling_bits, lambda name: ClauseReason(name, ReasonStatus.COOLED), policy)
        left &= ~tables.cooling_bits
    unknown: list[Lookup] = []
    for lookup in tables.lookups:
        name, presumed, table, other, cuts, segments = lookup
        value = presumed if presumed is not None and name not in proven else values.get(name)
        if value is None:
            unknown.append(lookup)
            continue
        if table is not None:
            mask = table.get(value, other)
        else:
            assert not isinstance(value, str), f"{name} is a number"
            mask = segments[bisect_right(cuts, value)]
        failed = left & ~mask
        left &= mask
        while failed:
            low = failed & -failed
            i = low.bit_length() - 1
            reasons[i] = ClauseReason(tables.ids[i], ReasonStatus.FAILED, name, value)
            failed ^= low
    for name, _, _, free, _, _ in unknown:
        _note(reasons, left & ~free, partial(ClauseReason, status=ReasonStatus.UNKNOWN, fact=name), policy)
        left &= free
    for i, reason in tables.fates(left) if not unknown else _fates_unknown(policy, facts, left, cooled=cooled):
        reasons[i] = reason
    return tuple([reason for reason in reasons if reason is not None])


def with_reasons(policy: Policy, facts: Facts, verdict: Verdict, *, cooled: bool = False) -> Verdict:
    """The verdict with `reasons` filled in, for keeping with the claim and for the desk."""
    return msgspec.structs.replace(verdict, reasons=explain(policy, facts, cooled=cooled))


def advise(policy: Policy, facts: Facts, evidence: frozenset[str], *, cooled: bool = False) -> Advice | None:
    """The cheapest evidence, beyond what is at hand, that leads to a refund; None when none can, or none is missing.

    A refund that waits for evidence: what it waits for. Anything else: every way of proving what the policy lets the buyer
    prove is tried, within PROOFS_TRIED_MAX, together with what the clause then needs. Facts that nobody may prove by
    evidence, the reason above all, are taken as they are, and what is flagged plays no part.
    """
    verdict = judge(policy, facts, evidence, cooled=cooled)
    if verdict.outcome in REFUNDS:
        if verdict.ask or not verdict.missing or verdict.clause is None:
            return None
        return Advice(verdict.clause, verdict.missing, _trouble(policy, verdict.missing), facts)
    ways = _ways_to_prove(policy, facts)
    return _cheapest(policy, facts, evidence, ways, cooled=cooled) if ways else None


def _trouble(policy: Policy, evidence: Iterable[str]) -> int:
    return sum(policy.costs.get(code, 1) for code in evidence)


def _ways_to_prove(policy: Policy, facts: Facts) -> list[list[tuple[str, FactValue, str]]]:
    """Per fact that the buyer may prove: each (fact, value, evidence) that would."""
    ways: list[list[tuple[str, FactValue, str]]] = []
    for spec in compiled(policy).provable:
        said = facts.values.get(spec.name)
        if spec.name in facts.proven or said == spec.presumed:
            continue
        claimed = compiled(policy).samples(spec) if said is None else (said,)
        proofs = [code for code in spec.proven_by if code in policy.costs]
        ways.append([(spec.name, value, code) for value in claimed if value != spec.presumed for code in proofs])
    return ways


def _cheapest(
    policy: Policy,
    facts: Facts,
    evidence: frozenset[str],
    ways: list[list[tuple[str, FactValue, str]]],
    *,
    cooled: bool,
) -> Advice | None:
    best: Advice | None = None
    options: list[list[tuple[str, FactValue, str] | None]] = [[None, *each] for each in ways]
    for chosen in islice(product(*options), PROOFS_TRIED_MAX):
        proofs = [proof for proof in chosen if proof is not None]
        if not proofs:
            continue
        proven = Facts(
            {**facts.values, **{name: value for name, value, _ in proofs}},
            facts.proven | {name for name, _, _ in proofs},
        )
        shown = dict.fromkeys(code for _, _, code in proofs if code not in evidence)
        verdict = judge(policy, proven, evidence | shown.keys(), cooled=cooled)
        if verdict.outcome not in REFUNDS or verdict.ask or verdict.clause is None:
            continue
        added = (*shown, *verdict.missing)
        if not added:
            return None  # what would turn it is at hand: that it proves something is for a person to say
        cost = _trouble(policy, added)
        if best is None or cost < best.cost:
            best = Advice(verdict.clause, added, cost, proven, tuple((name, value) for name, value, _ in proofs))
    return best


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


def advice_words(lang: Lang, policy: Policy, advice: Advice, *, is_filed: bool = False) -> str:
    """'补上 未使用声明、平台核验截图 后，按 F6 …': what to add, what it must prove, what it leads to, and until when.

    Once filed (`is_filed`) the order's age stands still, and until when is the claim's clock to say.
    """
    words = say(
        lang,
        "policy.advice",
        evidence=list_words(lang, [evidence_words(lang, code) for code in advice.evidence]),
        clause=f"{advice.clause.id} {clause_name(lang, advice.clause)}",
        outcome=say(lang, f"policy.outcome.{advice.clause.outcome.value}"),
    )
    specs = [(policy.fact(name), value) for name, value in advice.proves]
    proves = [
        say(lang, "policy.advice_fact", fact=fact_name(lang, spec), value=value_words(lang, spec, value))
        for spec, value in specs
        if spec is not None
    ]
    if proves:
        words = say(lang, "policy.advice_proves", facts=list_words(lang, proves), advice=words)
    seconds = None if is_filed else open_for(policy, advice.facts)
    if seconds is not None:
        words += say(lang, "policy.advice_open", time=duration_words(lang, seconds))
    return words


def _note(reasons: list[ClauseReason | None], mask: int, reason: Callable[[str], ClauseReason], policy: Policy) -> None:
    for i, clause in enumerate(policy.clauses):
        if mask >> i & 1:
            reasons[i] = reason(clause.id)


def _fates_unknown(policy: Policy, facts: Facts, applies: int, *, cooled: bool) -> Iterable[tuple[int, ClauseReason]]:
    """With facts unknown, what applies for certain is measured against what judging came to, if it came to a clause."""
    taken = judge(policy, facts, frozenset(), cooled=cooled)
    for i, reason in compiled(policy).fates(applies):
        clause = policy.clauses[i]
        if reason.status is ReasonStatus.DEFEATED:
            yield i, reason
        elif taken.clause is None or (clause.outcome, clause.amount) == (taken.outcome, taken.amount):
            yield i, ClauseReason(clause.id, ReasonStatus.APPLIED)
        else:
            yield i, ClauseReason(clause.id, ReasonStatus.OUTRANKED, by=taken.clause.id)
