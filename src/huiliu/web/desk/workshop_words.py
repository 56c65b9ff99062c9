"""A policy under work in words: clauses as lines, findings with their example cases, what is wrong in the text. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from msgspec import Struct

from huiliu.kit.text import Lang, say
from huiliu.policy.amount import rule_formula
from huiliu.policy.drafts.checks import Checks
from huiliu.policy.edit.edits import clause_rows
from huiliu.policy.edit.model import ClauseRow
from huiliu.policy.golden import GoldenResult
from huiliu.policy.lint.findings import Finding
from huiliu.policy.lint.words import finding_words
from huiliu.policy.model import Clause, Facts, Policy, PolicyError, Problem
from huiliu.policy.wording import (
    clause_name,
    evidence_words,
    fact_name,
    list_words,
    problem_words,
    test_words,
    value_words,
)
from huiliu.web.desk.workshop_form import case_query

FINDINGS_SHOWN = 40
EXAMPLES_SHOWN = 2
PROBLEMS_SHOWN = 20
GOLDEN_SHOWN = 200


class ClauseLine(Struct, frozen=True, kw_only=True):
    """One clause of the table."""

    id: str
    name: str
    when: tuple[tuple[str, str], ...]
    needs: str
    optional: str
    outcome: str
    outcome_words: str
    formula: str
    exceptions: str
    automatic: bool
    text: str
    is_first: bool = False
    is_last: bool = False
    marks: tuple[str, ...] = ()
    """Severities of the findings about it."""


class ExampleLine(Struct, frozen=True, kw_only=True):
    """A case in words and the address that tries it."""

    words: str
    url: str


class FindingLine(Struct, frozen=True, kw_only=True):
    """One finding: what, what to do, about which clauses, shown by which cases."""

    severity: str
    what: str
    do: str
    clauses: tuple[tuple[str, str], ...]
    """(clause, address)"""
    examples: tuple[ExampleLine, ...]
    article: str


class ProblemLine(Struct, frozen=True, kw_only=True):
    """Something that keeps the text from being read, by its line."""

    line: int
    words: str


class GoldenLine(Struct, frozen=True, kw_only=True):
    """One golden case: what it should come to and what it comes to."""

    name: str
    holds: bool
    wanted: str
    found: str
    case: str
    url: str


class Checked(Struct, frozen=True, kw_only=True):
    """What the checks say of a text, ready to show."""

    reads: bool
    problems: tuple[ProblemLine, ...]
    findings: tuple[FindingLine, ...]
    errors: int
    warnings: int
    notes: int
    golden: tuple[GoldenLine, ...]
    failing: int
    dropped: tuple[GoldenLine, ...]
    more: int = 0
    """Findings beyond those shown."""


def checked_words(lang: Lang, checks: Checks, *, base: str) -> Checked:
    """The checks of a draft whose pages begin with `base`."""
    policy = checks.policy
    if policy is None:
        lines = tuple(problem_line(lang, problem) for problem in checks.problems[:PROBLEMS_SHOWN])
        return Checked(
            reads=False, problems=lines, findings=(), errors=0, warnings=0, notes=0, golden=(), failing=0, dropped=()
        )
    weights = [found.severity.value for found in checks.findings]
    order = ("error", "warning", "note")
    found = sorted(checks.findings, key=lambda each: order.index(each.severity.value))
    return Checked(
        reads=True,
        problems=(),
        findings=tuple(finding_line(lang, policy, each, base=base) for each in found[:FINDINGS_SHOWN]),
        errors=weights.count("error"),
        warnings=weights.count("warning"),
        notes=weights.count("note"),
        golden=tuple(golden_line(lang, policy, each, base=base) for each in checks.golden[:GOLDEN_SHOWN]),
        failing=len(checks.failing),
        dropped=tuple(golden_line(lang, policy, each, base=base) for each in checks.dropped[:GOLDEN_SHOWN]),
        more=max(0, len(found) - FINDINGS_SHOWN),
    )


def problem_line(lang: Lang, problem: Problem) -> ProblemLine:
    """Where and what."""
    return ProblemLine(line=problem.line, words=problem_words(lang, problem))


def problem_lines(lang: Lang, error: PolicyError) -> tuple[ProblemLine, ...]:
    """Everything that keeps a text from being read, as far as a page shows it."""
    return tuple(problem_line(lang, problem) for problem in error.problems[:PROBLEMS_SHOWN])


def finding_line(lang: Lang, policy: Policy, finding: Finding, *, base: str) -> FindingLine:
    """One finding with links to its clauses and cases."""
    what, do = finding_words(lang, policy, finding)
    return FindingLine(
        severity=finding.severity.value,
        what=what,
        do=do,
        clauses=tuple((name, clause_url(base, name)) for name in finding.clauses),
        examples=tuple(
            example_line(lang, policy, each.facts, each.evidence, base=base)
            for each in finding.examples[:EXAMPLES_SHOWN]
        ),
        article=say(lang, f"law.article.{finding.article}") if finding.article else "",
    )


def example_line(lang: Lang, policy: Policy, facts: Facts, evidence: tuple[str, ...], *, base: str) -> ExampleLine:
    """A case in words, and where to try it."""
    return ExampleLine(
        words=facts_words(lang, policy, facts, evidence),
        url=f"{base}/try?{urlencode(case_query(policy, facts, evidence))}",
    )


def facts_words(lang: Lang, policy: Policy, facts: Facts, evidence: Iterable[str] = ()) -> str:
    """'退款原因：不想要了，下单时长：1小时，有：未使用声明'."""
    parts = [
        say(lang, "workshop.fact_is", fact=fact_name(lang, spec), value=value_words(lang, spec, value))
        + (say(lang, "workshop.is_proven") if spec.name in facts.proven else "")
        for spec in policy.facts
        if (value := facts.values.get(spec.name)) is not None
    ]
    have = [evidence_words(lang, code) for code in evidence]
    if have:
        parts.append(say(lang, "workshop.has_evidence", evidence=list_words(lang, have)))
    return say(lang, "workshop.joint").join(parts)


def golden_line(lang: Lang, policy: Policy, result: GoldenResult, *, base: str) -> GoldenLine:
    """One golden case, what it should come to and what it comes to."""
    expect, verdict = result.case.expect, result.verdict
    wanted = [say(lang, f"policy.outcome.{expect.outcome.value}")]
    wanted += [expect.clause] if expect.clause else []
    found = [say(lang, f"policy.outcome.{verdict.outcome.value}")]
    found += [verdict.clause.id] if verdict.clause is not None else []
    if expect.missing is not None:
        wanted.append(_lacking(lang, expect.missing))
        found.append(_lacking(lang, verdict.missing))
    case = result.case
    return GoldenLine(
        name=case.name,
        holds=result.holds,
        wanted=" · ".join(wanted),
        found=" · ".join(found),
        case=facts_words(lang, policy, case.facts, case.evidence),
        url=f"{base}/try?{urlencode(case_query(policy, case.facts, case.evidence))}",
    )


def clause_lines(lang: Lang, source: str, policy: Policy, findings: Iterable[Finding] = ()) -> tuple[ClauseLine, ...]:
    """The table of a text that reads, marked with what the checks found."""
    marks: dict[str, list[str]] = {}
    for finding in findings:
        for name in finding.clauses:
            marks.setdefault(name, []).append(finding.severity.value)
    return tuple(
        clause_line(lang, policy, row.clause, row=row, marks=tuple(sorted(set(marks.get(row.clause.id, ())))))
        for row in clause_rows(source)
    )


def clause_line(
    lang: Lang, policy: Policy, clause: Clause, *, row: ClauseRow | None = None, marks: tuple[str, ...] = ()
) -> ClauseLine:
    """One clause in words."""
    specs = ((policy.fact(test.fact), test) for test in clause.when)
    return ClauseLine(
        id=clause.id,
        name=clause_name(lang, clause),
        when=tuple((fact_name(lang, spec), test_words(lang, spec, test)) for spec, test in specs if spec is not None),
        needs=list_words(lang, [evidence_words(lang, code) for code in clause.needs]),
        optional=list_words(lang, [evidence_words(lang, code) for code in clause.optional]),
        outcome=clause.outcome.value,
        outcome_words=say(lang, f"policy.outcome.{clause.outcome.value}"),
        formula="" if clause.amount is None else rule_formula(lang, clause.amount),
        exceptions=list_words(lang, list(clause.exception_to)),
        automatic=clause.automatic,
        text=(clause.text_en or clause.text) if lang is Lang.EN else clause.text,
        is_first=row is not None and row.place == 0,
        is_last=row is None or row.is_last,
        marks=marks,
    )


def clause_url(base: str, name: str) -> str:
    """Where a clause is edited."""
    return f"{base}?{urlencode({'clause': name})}#c-{name}"


def _lacking(lang: Lang, codes: tuple[str, ...]) -> str:
    if not codes:
        return say(lang, "workshop.nothing_missing")
    return say(lang, "workshop.missing", evidence=list_words(lang, [evidence_words(lang, code) for code in codes]))
