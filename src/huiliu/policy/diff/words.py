"""What changes between two versions, in words: for whom, what, and in which situations."""

from __future__ import annotations

import msgspec

from huiliu.kit.ids import SHANGHAI
from huiliu.kit.text import Lang, say
from huiliu.policy.amount import rule_formula
from huiliu.policy.answers import Answer
from huiliu.policy.diff.amendments import Amending, Amendment, Section
from huiliu.policy.diff.situations import Change, ChangeKind, Diff
from huiliu.policy.lint.words import exact_words, outcome_words, situation_words
from huiliu.policy.model import Limits, Period, Policy
from huiliu.policy.wording import evidence_words, list_words, period_words


class ChangeWords(msgspec.Struct, frozen=True):
    """One change as a page or a terminal shows it."""

    direction: str
    """For whom: 'worse for the buyer'."""
    what: tuple[str, ...]
    """What of the answer changes: 'outcome: full refund → no refund', one a kind."""
    situations: tuple[str, ...]
    """In which cases, one a situation."""


def diff_words(lang: Lang, old: Policy, new: Policy, found: Diff) -> tuple[str, ...]:
    """Everything that changes, one line each: the situations, then whatever else is written differently."""
    lines: list[str] = []
    for change in found.changes:
        words = change_words(lang, old, new, change)
        joint = "" if lang is Lang.ZH else " "
        situations = joint.join(say(lang, "lint.diff.where", situation=each) for each in words.situations)
        what = say(lang, "lint.diff.what_joint").join(words.what)
        lines.append(say(lang, "lint.diff.line", direction=words.direction, what=what, situations=situations))
    if not found.changes and found.is_complete:
        lines.append(say(lang, "lint.diff.same"))
    if not found.is_complete:
        kinds = {spec.name: spec.kind for spec in old.facts}
        is_comparable = all(kinds.get(spec.name, spec.kind) is spec.kind for spec in new.facts)
        lines.append(say(lang, "lint.diff.incomplete" if is_comparable else "lint.diff.incomparable"))
    lines += [amendment_words(lang, old, new, amendment) for amendment in found.amendments]
    return tuple(lines)


def change_words(lang: Lang, old: Policy, new: Policy, change: Change) -> ChangeWords:
    """One change: for whom, what, where."""
    return ChangeWords(
        direction=say(lang, f"lint.diff.direction.{change.direction.value}"),
        what=tuple(
            say(
                lang,
                "lint.diff.changed",
                what=say(lang, f"lint.diff.kind.{kind.value}"),
                old=answer_part(lang, change.old, kind),
                new=answer_part(lang, change.new, kind),
            )
            for kind in change.kinds
            # An outcome is said with its formula.
            if kind is not ChangeKind.MONEY or ChangeKind.OUTCOME not in change.kinds
        ),
        situations=tuple(situation_words(lang, new, situation, old) for situation in change.situations),
    )


def amendment_words(lang: Lang, old: Policy, new: Policy, amendment: Amendment) -> str:
    """One thing that is written differently, with both values where they are short."""
    key = amendment.section.value
    if amendment.section is Section.CLAUSE and not amendment.subject:
        key = "clauses"
    subject = amendment.subject
    if amendment.section is Section.EVIDENCE:
        subject = evidence_words(lang, subject)
    what = say(lang, f"lint.amendment.section.{key}", subject=subject)
    if amendment.amending is not Amending.CHANGED:
        return say(lang, f"lint.amendment.{amendment.amending.value}", what=what)
    field = say(lang, f"lint.amendment.field.{amendment.field}")
    values = [_value(lang, policy, amendment) for policy in (old, new)]
    if None in values:
        return say(lang, "lint.amendment.changed", what=what, field=field)
    return say(lang, "lint.amendment.valued", what=what, field=field, old=values[0], new=values[1])


def answer_part(lang: Lang, answer: Answer, kind: ChangeKind) -> str:
    """The part of an answer that a change is about."""
    match kind:
        case ChangeKind.OUTCOME:
            return outcome_words(lang, answer.outcome, answer.amount)
        case ChangeKind.MONEY:
            return say(lang, "lint.diff.no_money") if answer.amount is None else rule_formula(lang, answer.amount)
        case ChangeKind.EVIDENCE:
            return _evidence(lang, answer.evidence)
        case ChangeKind.AUTOMATIC:
            if not answer.automatic:
                return say(lang, "lint.diff.by_person")
            if frozenset[str]() in answer.automatic:
                return say(lang, "lint.diff.by_itself_at_once")
            return say(lang, "lint.diff.by_itself", evidence=_evidence(lang, answer.automatic))
        case ChangeKind.FLAGS:
            flags = [say(lang, f"policy.flag.{flag.value}") for flag in answer.flags]
            return list_words(lang, flags) or say(lang, "lint.diff.no_flags")
        case ChangeKind.AFTERWARDS:
            later = answer.cooled
            assert later is not None, "what follows a cooling-off changes only where there is one"
            return outcome_words(lang, later.outcome, later.amount)


def _evidence(lang: Lang, alternatives: frozenset[frozenset[str]]) -> str:
    if frozenset[str]() in alternatives:
        return say(lang, "lint.diff.no_evidence")
    sets = sorted(sorted(alternative) for alternative in alternatives)
    joint = say(lang, "lint.diff.evidence_and")
    each = [joint.join(evidence_words(lang, code) for code in codes) for codes in sets]
    return say(lang, "lint.diff.evidence_or").join(each)


def _value(lang: Lang, policy: Policy, amendment: Amendment) -> str | None:
    """What a version says there, when that is short enough for a line; None when it is not."""
    name, field = amendment.subject, amendment.field
    match amendment.section, field:
        case Section.LIMITS, _:
            return _limit(lang, policy.limits, field)
        case Section.EVIDENCE, _:
            return str(policy.costs[name])
        case Section.POLICY, "name" | "label":
            return str(getattr(policy, field))
        case Section.POLICY, "effective_from":
            instant = policy.effective_from
            unset = say(lang, "lint.amendment.unset")
            return unset if instant is None else instant.astimezone(SHANGHAI).isoformat(" ", "minutes")
        case Section.POLICY, "outcomes":
            return list_words(lang, [say(lang, f"policy.outcome.{outcome.value}") for outcome in policy.outcomes])
        case Section.FACT, "presumed":
            spec = policy.fact(name)
            unset = say(lang, "lint.amendment.unset")
            return unset if spec is None or spec.presumed is None else exact_words(lang, spec, spec.presumed)
        case Section.CLAUSE, "name":
            clause = policy.clause(name)
            return None if clause is None else clause.name
        case Section.CLAUSE, "outcome":
            clause = policy.clause(name)
            return None if clause is None else say(lang, f"policy.outcome.{clause.outcome.value}")
        case _:
            return None


def _limit(lang: Lang, limits: Limits, field: str) -> str:
    value: object = getattr(limits, field)
    if isinstance(value, Period):
        if value == Period():
            return say(lang, "lint.amendment.unset")
        return period_words(lang, value)
    return str(value)
