"""A published decision table checked as it is: gaps, rules that contradict each other, rules that never decide."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from huiliu.kit.text import Lang, has_words, say
from huiliu.policy.conditions import NO, YES
from huiliu.policy.dmn.cells import OTHER, joined, span_text, value_text
from huiliu.policy.dmn.model import DmnInput, DmnTable, HitPolicy
from huiliu.policy.lint.checks import lint_table
from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.model import Facts, FactValue, Test

RULES_NAMED_MAX = 8
VALUES_NAMED_MAX = 12


def lint_dmn(dmn: DmnTable) -> tuple[Finding, ...]:
    """Every finding about the table; `clauses` are rule ids, the examples' facts are input names.

    A gap is a note where the table declares what it answers when no rule matches.
    """
    found = lint_table(dmn.table)
    # No answer of such a table is better than another, so a rule in a contradiction is not made useless by it; and of a
    # rule that never decides nobody needs to hear again that it makes no difference.
    is_equal = dmn.hit_policy in (HitPolicy.UNIQUE, HitPolicy.ANY)
    spoken_for = {
        name for finding in found if is_equal and finding.code is FindingCode.CONFLICT for name in finding.clauses
    } | {finding.clauses[0] for finding in found if finding.code is FindingCode.SHADOWED}
    has_default = any(output.default for output in dmn.outputs)
    return tuple(
        msgspec.structs.replace(finding, severity=Severity.NOTE)
        if has_default and finding.code is FindingCode.GAP
        else finding
        for finding in found
        if finding.code is not FindingCode.REDUNDANT or spoken_for.isdisjoint(finding.clauses)
    )


def dmn_finding_words(lang: Lang, dmn: DmnTable, finding: Finding) -> str:
    """One line: what was found, in rule numbers, and where, in the inputs' names; see `dmn_case_words` for its examples."""
    named = [_rule_words(lang, dmn, name) for name in finding.clauses[:RULES_NAMED_MAX]]
    joint = say(lang, "dmn.joint")
    key = f"dmn.lint.{finding.code.value}"
    line = say(
        lang,
        key if has_words(key) else "dmn.lint.other",
        rules=joint.join(named),
        rule=named[0] if named else "",
        others=joint.join(named[1:]) or say(lang, "dmn.lint.nobody"),
        code=finding.code.value,
    )
    if finding.situation:
        line += say(lang, "dmn.lint.situation", situation=dmn_situation_words(lang, dmn, finding.situation))
    return line


def dmn_finding_todo(lang: Lang, finding: Finding) -> str:
    """What to do about it; '' where the finding says all there is."""
    key = f"dmn.todo.{finding.code.value}"
    return say(lang, key) if has_words(key) else ""


def dmn_case_words(lang: Lang, facts: Facts) -> str:
    """A case as 'input = value, input = value'."""
    pairs = (f"{name} = {_value_words(lang, value)}" for name, value in facts.values.items())
    return say(lang, "dmn.joint").join(pairs)


def dmn_situation_words(lang: Lang, dmn: DmnTable, situation: Sequence[Test]) -> str:
    """All the cases a finding is about, input by input: 'weight (5..6), country "DE","AT"'."""
    parts: list[str] = []
    for test in situation:
        place = next(i for i, axis in enumerate(dmn.table.axes) if axis.fact == test.fact)
        given, samples = dmn.inputs[place], dmn.table.axes[place].samples
        mask = sum(1 << i for i, value in enumerate(samples) if _sample_word(value) in test.values)
        parts.append(f"{given.name} {_cells_words(lang, given, mask)}")
    return say(lang, "dmn.joint").join(parts)


def _cells_words(lang: Lang, given: DmnInput, mask: int) -> str:
    kind = given.kind
    spans = joined(given.cells, mask, is_whole=given.is_whole)
    texts = [span_text(span, lambda end: value_text(kind, end)) for span in spans]
    for i, cell in enumerate(given.cells):
        if mask >> i & 1 and cell.flag is not None:
            texts.append(say(lang, "policy.bool.yes" if cell.flag else "policy.bool.no"))
        elif mask >> i & 1 and cell.text is not None:
            texts.append(cell.text if cell.text == OTHER else f'"{cell.text}"')
    shown = texts[:VALUES_NAMED_MAX]
    return ",".join(shown) + (",…" if len(texts) > len(shown) else "")


def _sample_word(value: FactValue) -> str:
    """As a condition writes the value of a cell; see `table.situation_of`."""
    return (YES if value else NO) if isinstance(value, bool) else str(value)


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
