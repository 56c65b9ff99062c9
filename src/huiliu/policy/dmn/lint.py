"""A published decision table checked as it is: gaps, rules that contradict each other, rules that never decide."""

from __future__ import annotations

import msgspec

from huiliu.kit.text import Lang, has_words, say
from huiliu.policy.dmn.model import DmnTable, HitPolicy
from huiliu.policy.findings import Finding, FindingCode, Severity
from huiliu.policy.lint import lint_table
from huiliu.policy.model import Facts, FactValue

RULES_NAMED_MAX = 8


def lint_dmn(dmn: DmnTable) -> tuple[Finding, ...]:
    """Every finding about the table; `clauses` are rule ids, the examples' facts are input names.

    A gap is a note where the table declares what it answers when no rule matches.
    """
    found = lint_table(dmn.table)
    # No answer of such a table is better than another, so a rule in a contradiction is not made useless by it.
    is_equal = dmn.hit_policy in (HitPolicy.UNIQUE, HitPolicy.ANY)
    contradicted = {
        name for finding in found if is_equal and finding.code is FindingCode.CONFLICT for name in finding.clauses
    }
    has_default = any(output.default for output in dmn.outputs)
    return tuple(
        msgspec.structs.replace(finding, severity=Severity.NOTE)
        if has_default and finding.code is FindingCode.GAP
        else finding
        for finding in found
        if finding.code is not FindingCode.REDUNDANT or contradicted.isdisjoint(finding.clauses)
    )


def dmn_finding_words(lang: Lang, dmn: DmnTable, finding: Finding) -> str:
    """One line: what was found, in rule numbers, and a case that shows it in the inputs' names."""
    key = f"dmn.lint.{finding.code.value}"
    rules = say(lang, "dmn.joint").join(_rule_words(lang, dmn, name) for name in finding.clauses[:RULES_NAMED_MAX])
    line = say(lang, key if has_words(key) else "dmn.lint.other", rules=rules, code=finding.code.value)
    if not finding.examples:
        return line
    return line + say(lang, "dmn.lint.example", case=dmn_case_words(lang, finding.examples[0].facts))


def dmn_case_words(lang: Lang, facts: Facts) -> str:
    """A case as 'input = value, input = value'."""
    pairs = (f"{name} = {_value_words(lang, value)}" for name, value in facts.values.items())
    return say(lang, "dmn.joint").join(pairs)


def dmn_lines(dmn: DmnTable, finding: Finding) -> tuple[int, ...]:
    """The file's lines of the rules a finding names."""
    found = (dmn.rule(name) for name in finding.clauses)
    return tuple(rule.place.line for rule in found if rule is not None)


def _rule_words(lang: Lang, dmn: DmnTable, name: str) -> str:
    rule = dmn.rule(name)
    if rule is None:
        return name
    key = "dmn.rule_noted" if rule.note else "dmn.rule"
    answer = " · ".join(output for output in rule.outputs if output)
    return say(lang, key, number=rule.number, answer=answer, note=rule.note)


def _value_words(lang: Lang, value: FactValue) -> str:
    if isinstance(value, bool):
        return say(lang, "policy.bool.yes" if value else "policy.bool.no")
    return str(value)
