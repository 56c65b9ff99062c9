"""Facts, values and conditions in words, from the policy's own names; nothing here decides anything."""

from __future__ import annotations

from huiliu.kit.money import Money
from huiliu.kit.text import Lang, has_words, say
from huiliu.policy.model import (
    Clause,
    Extra,
    FactKind,
    Facts,
    FactSpec,
    FactValue,
    Period,
    Policy,
    PolicyError,
    Problem,
    Range,
    Test,
)
from huiliu.policy.words import FACTS, RECORDS, VALUES

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
DURATION_PARTS_MAX = 2
"""'2 days 3 hours' is enough for a person; the seconds are not."""

DAYS_FROM_SECONDS = 3 * 86_400


def clause_name(lang: Lang, rule: Clause | Extra) -> str:
    """The clause's name in a language; its Chinese name when the policy gives no English one."""
    return rule.name_en if lang is Lang.EN and rule.name_en else rule.name


def policy_name(lang: Lang, policy: Policy) -> str:
    """The policy's name in a language."""
    return policy.name_en if lang is Lang.EN and policy.name_en else policy.name


def fact_name(lang: Lang, spec: FactSpec) -> str:
    """What a fact is called: the policy's English name, else the product's for the facts it knows, else the Chinese."""
    if lang is Lang.ZH:
        return spec.name
    if spec.name_en:
        return spec.name_en
    code = FACTS.get(spec.name)
    return spec.name if code is None else say(lang, f"policy.fact.{code}")


def value_words(lang: Lang, spec: FactSpec, value: FactValue) -> str:
    """One value of a fact as a person says it: 2 hours, ¥500.00, unused, yes."""
    if spec.kind is FactKind.ENUM:
        return _enum_words(lang, spec, str(value))
    if isinstance(value, str):
        return value
    if spec.kind is FactKind.BOOLEAN:
        return say(lang, "policy.bool.yes" if value else "policy.bool.no")
    return _number_words(lang, spec.kind, int(value))


def test_words(lang: Lang, spec: FactSpec, test: Test) -> str:
    """What a condition wants: 'within 1 hour', 'unused or partly used'."""
    if spec.kind is FactKind.BOOLEAN:
        parts = [say(lang, "policy.bool.yes" if value == "是" else "policy.bool.no") for value in test.values]
    elif spec.kind is FactKind.ENUM:
        parts = [_enum_words(lang, spec, value) for value in test.values]
    else:
        parts = [_range_words(lang, spec.kind, span) for span in test.ranges]
    return say(lang, "policy.or").join(parts)


def facts_words(lang: Lang, policy: Policy, facts: Facts) -> str:
    """A case in one line: '退款原因：不想要了；下单时长：2小时'. What somebody must prove and nobody has is marked."""
    parts: list[str] = []
    for spec in policy.facts:
        value = facts.values.get(spec.name)
        if value is not None:
            key = (
                "policy.given_unproven" if spec.burden is not None and spec.name not in facts.proven else "policy.given"
            )
            parts.append(say(lang, key, fact=fact_name(lang, spec), value=value_words(lang, spec, value)))
    return say(lang, "policy.given_joint").join(parts)


def duration_words(lang: Lang, seconds: int) -> str:
    """'1小时30分钟' / '1 hour 30 minutes'; only the two largest parts."""
    parts: list[str] = []
    rest = seconds
    for unit, size in _UNITS:
        number, rest = divmod(rest, size)
        if number:
            key = f"policy.duration.{unit}" if number == 1 else f"policy.duration.{unit}s"
            parts.append(say(lang, key, number=number))
    joined = "" if lang is Lang.ZH else " "
    return joined.join(parts[:DURATION_PARTS_MAX]) or say(lang, "policy.duration.seconds", number=0)


def period_words(lang: Lang, period: Period) -> str:
    """'3个工作日' / '3 working days', or natural time."""
    if period.working_days:
        key = "policy.duration.working_day" if period.working_days == 1 else "policy.duration.working_days"
        return say(lang, key, number=period.working_days)
    return _exact_words(lang, FactKind.DURATION, period.seconds)


def evidence_words(lang: Lang, code: str) -> str:
    """What a piece of evidence or a platform record is called; a word of the policy's own stands for itself."""
    table = "record" if code in RECORDS.values() else "evidence"
    key = f"policy.{table}.{code}"
    return say(lang, key) if has_words(key) else code


def list_words(lang: Lang, words: list[str]) -> str:
    """'甲、乙' / 'a, b'."""
    return ("、" if lang is Lang.ZH else ", ").join(words)


def problem_words(lang: Lang, problem: Problem) -> str:
    """'第 3 行第 5 列：…': where a policy file is wrong and what to write instead."""
    # A reader of another kind of file has its own words, and gives their whole key.
    key = problem.code if "." in problem.code else f"policy.problem.{problem.code}"
    what = say(lang, key, **problem.facts)
    return say(lang, "policy.problem_at", line=problem.line, column=problem.column, what=what)


def error_words(lang: Lang, error: PolicyError) -> list[str]:
    """Every problem of a refused policy file, one line each, in file order."""
    return [problem_words(lang, problem) for problem in error.problems]


def _enum_words(lang: Lang, spec: FactSpec, word: str) -> str:
    if lang is Lang.ZH:
        return word
    if spec.values_en and word in spec.values:
        return spec.values_en[spec.values.index(word)]
    code = VALUES.get(spec.name, {}).get(word)
    return say(lang, f"policy.value.{code}") if code and has_words(f"policy.value.{code}") else word


def _range_words(lang: Lang, kind: FactKind, span: Range) -> str:
    if span.low is not None and span.low == span.high:
        return _number_words(lang, kind, span.low)
    parts: list[str] = []
    if span.low is not None:
        parts.append(_bound_words(lang, kind, span.low, nearby=span.low - 1, exclusive="over", inclusive="at_least"))
    if span.high is not None:
        within = "within" if kind is FactKind.DURATION else "at_most"
        parts.append(_bound_words(lang, kind, span.high, nearby=span.high + 1, exclusive="under", inclusive=within))
    return say(lang, "policy.and").join(parts)


def _bound_words(lang: Lang, kind: FactKind, bound: int, *, nearby: int, exclusive: str, inclusive: str) -> str:
    """3601 seconds was written 'over 1 hour': the rounder of the two numbers is the one that was written."""
    if nearby > 0 and _roundness(nearby) > _roundness(bound):
        return say(lang, f"policy.bound.{exclusive}", value=_exact_words(lang, kind, nearby))
    return say(lang, f"policy.bound.{inclusive}", value=_exact_words(lang, kind, bound))


def _roundness(number: int) -> int:
    """How round a number is to a person: its largest divisor among these."""
    return max((size for size in (86_400, 3_600, 600, 100, 60, 10, 5) if number % size == 0), default=1)


def _exact_words(lang: Lang, kind: FactKind, number: int) -> str:
    if kind is FactKind.DURATION and number > 0:
        # A boundary is said to the second, in the largest unit that divides it; 24 and 48 hours are said as hours.
        units = _UNITS if number >= DAYS_FROM_SECONDS else _UNITS[1:]
        unit, size = next((unit, size) for unit, size in units if number % size == 0)
        amount = number // size
        return say(lang, f"policy.duration.{unit}" if amount == 1 else f"policy.duration.{unit}s", number=amount)
    return _number_words(lang, kind, number)


def _number_words(lang: Lang, kind: FactKind, number: int) -> str:
    match kind:
        case FactKind.DURATION:
            return duration_words(lang, number)
        case FactKind.AMOUNT:
            return str(Money(number))
        case _:
            return str(number)
