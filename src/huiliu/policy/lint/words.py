"""Findings in words: what is wrong and what to do about it, in the policy's own names, to be read aloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from huiliu.kit.text import Lang, say
from huiliu.policy.amount import rule_formula
from huiliu.policy.evaluate import judge
from huiliu.policy.law.words import do_words, what_words
from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.model import AmountRule, Clause, FactKind, Facts, FactSpec, FactValue, Outcome, Period, Policy, Test
from huiliu.policy.wording import (
    clause_name,
    evidence_words,
    fact_name,
    list_words,
    period_words,
    test_words,
    value_words,
)

CLAUSES_NAMED_MAX = 5
"""How many clauses a sentence names before it only counts them."""

Placeholders: TypeAlias = "dict[str, object]"


def finding_words(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, str]:
    """(what is wrong, what to do about it)."""
    build = _PLACEHOLDERS.get(finding.code)
    if build is None:
        return what_words(lang, finding), do_words(lang, finding)
    key, facts = build(lang, policy, finding)
    return say(lang, f"lint.{key}.what", **facts), say(lang, f"lint.{key}.do")


def situation_words(lang: Lang, policy: Policy, situation: Iterable[Test], *others: Policy) -> str:
    """Conditions as a short reading: '退款原因是不想要了，下单时长超过1小时且24小时以内'; 'in every case' for none.

    Facts that `policy` does not declare are looked up in `others`.
    """
    parts = [
        _condition(lang, spec, test) for test in situation if (spec := _spec(test.fact, policy, *others)) is not None
    ]
    return say(lang, "lint.joint").join(parts) or say(lang, "lint.always")


def clause_words(lang: Lang, clause: Clause) -> str:
    """A clause as a sentence names it: 'F5 一小时内且未使用'."""
    return f"{clause.id} {clause_name(lang, clause)}"


def outcome_words(lang: Lang, outcome: str, amount: AmountRule | None) -> str:
    """An outcome, with its formula where it is more than the outcome's own name says."""
    words = say(lang, f"policy.outcome.{outcome}")
    if amount is None or (amount.fee_returned and amount.cap_minor is None and outcome == Outcome.FULL.value):
        return words
    return say(lang, "lint.answer_money", outcome=words, formula=rule_formula(lang, amount))


def exact_words(lang: Lang, spec: FactSpec, value: FactValue) -> str:
    """One value as it is written at a limit: to the second, where `value_words` would leave small parts out."""
    if spec.kind is FactKind.DURATION and isinstance(value, int) and value > 0:
        return period_words(lang, Period(seconds=value))
    return value_words(lang, spec, value)


def _condition(lang: Lang, spec: FactSpec, test: Test) -> str:
    kind = {FactKind.ENUM: "enum", FactKind.BOOLEAN: "boolean"}.get(spec.kind, "number")
    return say(lang, f"lint.{kind}", fact=fact_name(lang, spec), value=test_words(lang, spec, test))


def _spec(name: str, *policies: Policy) -> FactSpec | None:
    return next((spec for policy in policies if (spec := policy.fact(name)) is not None), None)


def _named(lang: Lang, policy: Policy, clause_id: str) -> str:
    clause = policy.clause(clause_id)
    return clause_id if clause is None else clause_words(lang, clause)


def _listed(lang: Lang, policy: Policy, ids: Sequence[str]) -> str:
    names = [say(lang, "lint.quoted", name=_named(lang, policy, name)) for name in ids[:CLAUSES_NAMED_MAX]]
    listed = list_words(lang, names)
    return listed if len(ids) <= CLAUSES_NAMED_MAX else say(lang, "lint.and_others", listed=listed, count=len(ids))


def _answer(lang: Lang, policy: Policy, clause_id: str) -> str:
    clause = policy.clause(clause_id)
    if clause is None:
        return say(lang, "policy.outcome.person")
    return outcome_words(lang, clause.outcome.value, clause.amount)


def _answer_to(lang: Lang, policy: Policy, facts: Facts) -> str:
    verdict = judge(policy, facts, frozenset())
    return outcome_words(lang, verdict.outcome.value, verdict.amount)


def _gap(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    more = finding.facts.get("more", 0)
    return "gap", {
        "situation": situation_words(lang, policy, finding.situation),
        "more": say(lang, "lint.more", more=more) if more else "",
    }


def _pair(lang: Lang, policy: Policy, finding: Finding) -> Placeholders:
    one, two = finding.clauses
    return {
        "one": _named(lang, policy, one),
        "two": _named(lang, policy, two),
        "answer_one": _answer(lang, policy, one),
        "answer_two": _answer(lang, policy, two),
    }


def _conflict(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    return "conflict", {
        **_pair(lang, policy, finding),
        "situation": situation_words(lang, policy, finding.situation),
    }


def _shadowed(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    one, *others = finding.clauses
    return "shadowed" if others else "never_applies", {
        "one": _named(lang, policy, one),
        "others": _listed(lang, policy, others),
    }


def _redundant(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    return "redundant", {"one": _named(lang, policy, finding.clauses[0])}


def _empty_exception(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    return "empty_exception", _pair(lang, policy, finding)


def _exception_cycle(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    return "exception_cycle", {
        "group": _listed(lang, policy, finding.clauses),
        "meet": say(lang, f"lint.exception_cycle.meet_{finding.facts['meet']}"),
    }


def _boundary(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    spec = policy.fact(str(finding.facts["fact"]))
    assert spec is not None, "a finding of this policy"
    words: Placeholders = {
        "fact": fact_name(lang, spec),
        "value": exact_words(lang, spec, finding.facts["value"]),
        "clauses": _listed(lang, policy, finding.clauses),
    }
    if finding.facts["kind"] == "conflict":
        words |= _pair(lang, policy, finding)
    return f"boundary_{finding.facts['kind']}", words


def _non_monotone(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    spec = policy.fact(str(finding.facts["fact"]))
    assert spec is not None, "a finding of this policy"
    assert spec.trend is not None, "only facts with a trend are checked for it"
    good, bad = finding.clauses
    values = [exact_words(lang, spec, example.facts.values[spec.name]) for example in finding.examples]
    return "non_monotone", {
        "fact": fact_name(lang, spec),
        "trend": say(lang, f"lint.trend_{spec.trend.value}"),
        "good": _named(lang, policy, good),
        "bad": _named(lang, policy, bad),
        "good_value": values[0],
        "bad_value": values[1],
        "good_answer": _answer(lang, policy, good),
        "bad_answer": _answer(lang, policy, bad),
    }


def _hiding_pays(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    spec = policy.fact(str(finding.facts["fact"]))
    assert spec is not None, "a finding of this policy"
    assert spec.presumed is not None, "only presumptions are checked for it"
    hidden, shown = (example.facts for example in finding.examples)
    return f"hiding_pays_{finding.facts['party']}", {
        "fact": fact_name(lang, spec),
        "presumed": exact_words(lang, spec, spec.presumed),
        "value": exact_words(lang, spec, shown.values[spec.name]),
        "hidden_answer": _answer_to(lang, policy, hidden),
        "shown_answer": _answer_to(lang, policy, shown),
    }


def _evidence(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    key = finding.code.value
    if finding.code is FindingCode.UNREACHABLE_EVIDENCE and finding.severity is Severity.WARNING:
        key += "_needed"
    if finding.code is FindingCode.UNCOLLECTABLE_EVIDENCE and finding.severity is Severity.WARNING:
        key += "_optional"
    return key, {
        "evidence": evidence_words(lang, str(finding.facts["evidence"])),
        "clauses": _listed(lang, policy, finding.clauses),
    }


def _unfinished(lang: Lang, policy: Policy, finding: Finding) -> tuple[str, Placeholders]:
    del policy
    return "unfinished", {"check": say(lang, f"lint.check.{finding.facts['check']}")}


_PLACEHOLDERS: Mapping[FindingCode, Callable[[Lang, Policy, Finding], tuple[str, Placeholders]]] = MappingProxyType(
    {
        FindingCode.GAP: _gap,
        FindingCode.CONFLICT: _conflict,
        FindingCode.SHADOWED: _shadowed,
        FindingCode.REDUNDANT: _redundant,
        FindingCode.EMPTY_EXCEPTION: _empty_exception,
        FindingCode.EXCEPTION_CYCLE: _exception_cycle,
        FindingCode.BOUNDARY: _boundary,
        FindingCode.NON_MONOTONE: _non_monotone,
        FindingCode.HIDING_PAYS: _hiding_pays,
        FindingCode.UNREACHABLE_EVIDENCE: _evidence,
        FindingCode.UNCOLLECTABLE_EVIDENCE: _evidence,
        FindingCode.UNFINISHED: _unfinished,
    }
)
"""What each kind of finding says, and by which key; the law and the wording have words of their own."""
