"""The forms of the policy workshop: a clause, the limits and a case, out of fields and into fields again. Pure.

Fields are f0, f1 ... in the order in which the policy declares its facts, so that names in any script fit. A number's
condition is six values under one name: (boundary word, number, unit) below and above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from huiliu.kit.errors import Refusal
from huiliu.kit.money import Rounding, parse_minor
from huiliu.kit.text import Lang
from huiliu.policy.edit.words import USUAL_BASIS, bounds, number_text, period_text
from huiliu.policy.model import (
    REFUNDS,
    AmountRule,
    Basis,
    Clause,
    FactKind,
    Facts,
    FactSpec,
    FactValue,
    Limits,
    Outcome,
    Period,
    Policy,
    Range,
    Test,
)
from huiliu.policy.quantities import SECONDS, count, kept_period, period, quantity
from huiliu.policy.wording import evidence_words, fact_name, value_words
from huiliu.web.form import Form

T = TypeVar("T")
Member = TypeVar("Member", Outcome, Basis, Rounding)

WORD_CHARS_MAX = 80
TEXT_CHARS_MAX = 500
UNITS = ("秒", "分钟", "小时", "天")
LOW_WORDS = ("over", "at_least")
HIGH_WORDS = ("within", "under")
KEEP = "keep"
"""What a condition of several ranges sends: it is edited as text only."""
PERIODS = ("reapply", "material", "review", "platform_proof", "cooling", "intervention", "hold", "records")


class QuantityUnread(Refusal):
    """A number, an amount or a length of time that nobody could read. facts: word, field."""

    code = "workshop.quantity"
    status = 422


class Choice(Struct, frozen=True, kw_only=True):
    """Something to tick or select."""

    code: str
    name: str
    is_on: bool = False


class Bound(Struct, frozen=True, kw_only=True):
    """One side of a number's condition: boundary word, number, unit; '' is open."""

    word: str = ""
    number: str = ""
    unit: str = ""


class Condition(Struct, frozen=True, kw_only=True):
    """What a clause wants of one fact, ready to be filled in."""

    field: str
    name: str
    kind: FactKind
    choices: tuple[Choice, ...] = ()
    low: Bound = Bound()
    high: Bound = Bound()
    several: str = ""
    """Several ranges in words, which only the text can change."""


class ClauseForm(Struct, frozen=True, kw_only=True):
    """A clause ready to be filled in; `clause_id` is the one it is about, '' for a new one behind `after`."""

    clause_id: str
    after: str
    clause: Clause
    conditions: tuple[Condition, ...]
    needs: tuple[Choice, ...]
    optional: tuple[Choice, ...]
    exceptions: tuple[Choice, ...]
    outcomes: tuple[Choice, ...]
    cap: str


class FactField(Struct, frozen=True, kw_only=True):
    """One fact of a case to fill in: a select for words, a short text for numbers; `burden` is who must prove it."""

    field: str
    name: str
    kind: FactKind
    value: str
    choices: tuple[Choice, ...]
    burden: str
    is_proven: bool
    wrong: bool = False


def clause_form(lang: Lang, policy: Policy, clause: Clause, *, clause_id: str, after: str = "") -> ClauseForm:
    """A form that says what the clause says."""
    return ClauseForm(
        clause_id=clause_id,
        after=after,
        clause=clause,
        conditions=tuple(_condition(lang, i, spec, clause) for i, spec in enumerate(policy.facts)),
        needs=_slots(lang, policy, clause.needs),
        optional=_slots(lang, policy, clause.optional),
        exceptions=tuple(
            Choice(code=each.id, name=each.id, is_on=each.id in clause.exception_to)
            for each in policy.clauses
            if each.id != clause_id
        ),
        outcomes=tuple(Choice(code=it.value, name=it.value, is_on=it is clause.outcome) for it in policy.outcomes),
        cap=""
        if clause.amount is None or clause.amount.cap_minor is None
        else number_text(FactKind.AMOUNT, clause.amount.cap_minor),
    )


def read_clause(form: Form, policy: Policy, before: Clause) -> Clause:
    """What the form says. Raises QuantityUnread for a number that is none; whether it makes sense is the reader's to say."""
    outcome = _member(form, "outcome", Outcome, before.outcome)
    return Clause(
        id=form.text("id", chars_max=WORD_CHARS_MAX),
        name=form.text("name", chars_max=WORD_CHARS_MAX),
        name_en=form.text("name_en", chars_max=WORD_CHARS_MAX),
        text=_line(form, "text"),
        text_en=_line(form, "text_en"),
        when=tuple(
            test
            for i, spec in enumerate(policy.facts)
            if (test := _test(form.all(f"f{i}"), spec, _old(before, spec.name))) is not None
        ),
        outcome=outcome,
        needs=_chosen(form.all("needs"), policy.costs, before.needs),
        optional=_chosen(form.all("optional"), policy.costs, before.optional),
        exception_to=_chosen(form.all("exceptions"), [clause.id for clause in policy.clauses], before.exception_to),
        amount=_amount(form, outcome),
        # Only a refund can be paid by itself; the box is of no use, not wrong, for the others.
        automatic="automatic" in form.fields and outcome in REFUNDS,
    )


def read_limits_form(form: Form, before: Limits) -> Limits:
    """The limits that the form says. Raises QuantityUnread, which names the field."""

    def span(name: str) -> Period:
        words = form.text(name, chars_max=WORD_CHARS_MAX)
        if not words and name == "hold":
            return before.hold
        parse: Callable[[str], Period] = kept_period if name == "records" else period
        return _parsed(parse, words, name)

    return msgspec.structs.replace(
        before,
        applications=_parsed(count, form.text("applications", chars_max=WORD_CHARS_MAX), "applications"),
        reapply=span("reapply"),
        material=span("material"),
        review=span("review"),
        platform_proof=span("platform_proof"),
        cooling=span("cooling"),
        intervention=span("intervention"),
        hold=span("hold"),
        records=span("records"),
    )


def limit_fields(limits: Limits, typed: Mapping[str, str], *, english: bool) -> tuple[tuple[str, str], ...]:
    """(name, words) of every limit, as typed if it was."""
    found = [("applications", str(limits.applications))]
    for name in PERIODS:
        value: Period = getattr(limits, name)
        found.append((name, "" if value == Period() else period_text(value, english=english)))
    return tuple((name, typed.get(name, words)) for name, words in found)


def case_fields(lang: Lang, policy: Policy, facts: Facts, wrong: frozenset[str] = frozenset()) -> tuple[FactField, ...]:
    """The facts of a case, ready to be filled in."""
    return tuple(
        FactField(
            field=f"f{i}",
            name=fact_name(lang, spec),
            kind=spec.kind,
            value=value_text(spec, facts.values.get(spec.name), english=lang is Lang.EN),
            choices=_values(lang, spec, facts.values.get(spec.name)),
            burden="" if spec.burden is None else spec.burden.value,
            is_proven=spec.name in facts.proven,
            wrong=spec.name in wrong,
        )
        for i, spec in enumerate(policy.facts)
    )


def read_case(get: Callable[[str], str], proven: list[str], policy: Policy) -> tuple[Facts, frozenset[str]]:
    """(the facts of a case, the names of those that could not be read). `get` gives a field, '' when it is absent."""
    values: dict[str, FactValue] = {}
    wrong: set[str] = set()
    for i, spec in enumerate(policy.facts):
        words = get(f"f{i}").strip()[:WORD_CHARS_MAX]
        if not words:
            continue
        value = read_value_text(spec, words)
        if value is None:
            wrong.add(spec.name)
        else:
            values[spec.name] = value
    names = [spec.name for i, spec in enumerate(policy.facts) if f"f{i}" in proven and spec.burden is not None]
    return Facts(values, frozenset(names)), frozenset(wrong)


def case_query(policy: Policy, facts: Facts, evidence: tuple[str, ...]) -> list[tuple[str, str]]:
    """A case as the fields of an address, for a link that tries it."""
    found = [
        (f"f{i}", value_text(spec, facts.values[spec.name]))
        for i, spec in enumerate(policy.facts)
        if spec.name in facts.values
    ]
    found += [("p", f"f{i}") for i, spec in enumerate(policy.facts) if spec.name in facts.proven]
    return [*found, *(("e", code) for code in evidence)]


def value_text(spec: FactSpec, value: FactValue | None, *, english: bool = False) -> str:
    """A value as its field carries it: the policy's word, yes/no, a number with its unit to the last second."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if spec.kind is FactKind.DURATION:
        return _long_text(value, english=english)
    return number_text(spec.kind, value, english=english)


def read_value_text(spec: FactSpec, words: str) -> FactValue | None:
    """What a field says; None when it cannot be."""
    match spec.kind:
        case FactKind.ENUM:
            return words if words in spec.values else None
        case FactKind.BOOLEAN:
            return {"yes": True, "no": False}.get(words)
        case _:
            try:
                return quantity(spec.kind, words)
            except ValueError:
                return None


def _long_text(seconds: int, *, english: bool) -> str:
    """3601 seconds as '1小时1秒': shorter to read than '3601秒', and as exact."""
    parts: list[str] = []
    rest = seconds
    for size in (86_400, 3_600, 60, 1):
        number, rest = divmod(rest, size)
        if number:
            unit = {86_400: ("天", "day"), 3_600: ("小时", "hour"), 60: ("分钟", "minute"), 1: ("秒", "second")}[size]
            parts.append(f"{number} {unit[1]}{'' if number == 1 else 's'}" if english else f"{number}{unit[0]}")
    return (" " if english else "").join(parts) or ("0 seconds" if english else "0秒")


def _condition(lang: Lang, i: int, spec: FactSpec, clause: Clause) -> Condition:
    test = _old(clause, spec.name)
    low = high = Bound(unit=UNITS[2] if spec.kind is FactKind.DURATION else "")
    several = ""
    if test is not None and len(test.ranges) == 1:
        below, above = bounds(test.ranges[0])
        low, high = (low if below is None else _bound(spec, below)), (high if above is None else _bound(spec, above))
    elif test is not None and test.ranges:
        several = "; ".join(number_range(spec, span) for span in test.ranges)
    on = () if test is None else test.values
    return Condition(
        field=f"f{i}",
        name=fact_name(lang, spec),
        kind=spec.kind,
        choices=tuple(
            Choice(code=choice.code, name=choice.name, is_on=(choice.code in on or _yes(choice.code) in on))
            for choice in _values(lang, spec, None)
        ),
        low=low,
        high=high,
        several=several,
    )


def number_range(spec: FactSpec, span: Range) -> str:
    """A range for people who edit it as text."""
    low = "" if span.low is None else number_text(spec.kind, span.low)
    high = "" if span.high is None else number_text(spec.kind, span.high)
    return f"{low} – {high}"


def _bound(spec: FactSpec, bound: tuple[str, int]) -> Bound:
    word, number = bound
    if spec.kind is not FactKind.DURATION:
        return Bound(word=word, number=number_text(spec.kind, number).removesuffix("元"))
    text = number_text(FactKind.DURATION, number)
    unit = next(unit for unit in sorted(UNITS, key=len, reverse=True) if text.endswith(unit))
    return Bound(word=word, number=text.removesuffix(unit), unit=unit)


def _test(sent: list[str], spec: FactSpec, old: Test | None) -> Test | None:
    if spec.kind is FactKind.ENUM:
        values = tuple(word for word in spec.values if word in sent)
        return Test(spec.name, values) if values else None
    if spec.kind is FactKind.BOOLEAN:
        word = _yes(sent[0]) if sent else ""
        return Test(spec.name, (word,)) if word else None
    if KEEP in sent:
        return old
    if len(sent) != 6:
        return None
    low, high = _number(spec, *sent[:3]), _number(spec, *sent[3:])
    low = None if low is None else low + 1 if sent[0] == "over" else low
    high = None if high is None else high - 1 if sent[3] == "under" else high
    return None if low is None and high is None else Test(spec.name, ranges=(Range(low, high),))


def _number(spec: FactSpec, word: str, number: str, unit: str) -> int | None:
    if word not in (*LOW_WORDS, *HIGH_WORDS) or not number:
        return None
    suffix = unit if spec.kind is FactKind.DURATION and unit in SECONDS else ""
    return _parsed(lambda text: quantity(spec.kind, text), number[:WORD_CHARS_MAX] + suffix, spec.name)


def _amount(form: Form, outcome: Outcome) -> AmountRule | None:
    usual = USUAL_BASIS.get(outcome)
    if usual is None:
        return None
    basis = _member(form, "basis", Basis, usual)
    cap = form.text("cap", chars_max=WORD_CHARS_MAX)
    return AmountRule(
        # Everything is returned in full or in part by what the outcome says; the measure is chosen among the rest.
        basis=Basis.FULL if outcome is Outcome.FULL else usual if basis is Basis.FULL else basis,
        fee_returned=form.text("fee", chars_max=WORD_CHARS_MAX) != "kept",
        rounding=_member(form, "rounding", Rounding, Rounding.FAVOUR_BUYER),
        cap_minor=_parsed(parse_minor, cap.removesuffix("元").removesuffix("yuan").strip(), "cap") if cap else None,
    )


def _member(form: Form, name: str, kind: type[Member], default: Member) -> Member:
    word = form.text(name, chars_max=WORD_CHARS_MAX)
    return next((member for member in kind if member.value == word), default)


def _parsed(parse: Callable[[str], T], words: str, field: str) -> T:
    try:
        return parse(words)
    except ValueError:
        raise QuantityUnread(word=words, field=field) from None


def _line(form: Form, name: str) -> str:
    """One line: the file's texts have no line breaks, a text area may."""
    return " ".join(form.text(name, chars_max=TEXT_CHARS_MAX).split("\n")).strip()


def _chosen(sent: list[str], known: Mapping[str, int] | list[str], before: tuple[str, ...]) -> tuple[str, ...]:
    """What is ticked, in the order it had, then in the order of the policy."""
    on = {code for code in sent if code in known}
    return (*(code for code in before if code in on), *(code for code in known if code in on and code not in before))


def _old(clause: Clause, fact: str) -> Test | None:
    return next((test for test in clause.when if test.fact == fact), None)


def _yes(word: str) -> str:
    return {"yes": "是", "no": "否"}.get(word, "")


def _values(lang: Lang, spec: FactSpec, value: FactValue | None) -> tuple[Choice, ...]:
    if spec.kind is FactKind.BOOLEAN:
        each = (("yes", True), ("no", False))
        return tuple(Choice(code=code, name=value_words(lang, spec, it), is_on=value is it) for code, it in each)
    return tuple(Choice(code=it, name=value_words(lang, spec, it), is_on=it == value) for it in spec.values)


def _slots(lang: Lang, policy: Policy, on: tuple[str, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(code=code, name=evidence_words(lang, code), is_on=code in on) for code in policy.costs)
