"""Everything wrong with a policy that can be known before any case comes: each finding with a case that shows it.

Exact: every check asks about all cases at once (`space`, `answers`), so what it finds is there, and what it does not find is
nowhere. A check that would have to look at more boxes than STEPS_MAX says that it did not finish.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date
from typing import TypeAlias

from huiliu.policy.law.checks import law_findings
from huiliu.policy.law.vague import vague_findings
from huiliu.policy.lint.clauses import empty_exceptions, exception_cycles, redundant, shadowed
from huiliu.policy.lint.cover import boundaries, conflicts, gaps
from huiliu.policy.lint.evidence import uncollectable_evidence, unreachable_evidence
from huiliu.policy.lint.facts import hiding_pays, non_monotone
from huiliu.policy.lint.findings import Finding, FindingCode, Severity
from huiliu.policy.lint.ground import Ground
from huiliu.policy.model import Policy
from huiliu.policy.space import OutOfSteps
from huiliu.policy.table import Table
from huiliu.policy.words import SLOTS

FINDINGS_EACH_MAX = 200
"""How many findings of one check are given; past it the check says that it did not finish."""

Check: TypeAlias = Callable[[Ground], Iterator[Finding]]

TABLE_CHECKS: tuple[tuple[FindingCode, Check], ...] = (
    (FindingCode.GAP, gaps),
    (FindingCode.CONFLICT, conflicts),
    (FindingCode.BOUNDARY, boundaries),
    (FindingCode.SHADOWED, shadowed),
    (FindingCode.REDUNDANT, redundant),
    (FindingCode.EMPTY_EXCEPTION, empty_exceptions),
    (FindingCode.EXCEPTION_CYCLE, exception_cycles),
    (FindingCode.NON_MONOTONE, non_monotone),
)
"""What can be asked of any rule table."""


def lint(policy: Policy, *, collectable: Collection[str] | None = None, on: date | None = None) -> tuple[Finding, ...]:
    """What is wrong with a policy: errors first, then warnings and notes, each in the order of the file.

    `collectable` are the evidence slots that somebody can hand in; by default the product's own. `on` is the day whose law
    counts; by default the day the policy takes effect.
    """
    ground = Ground.of(policy)
    slots = SLOTS if collectable is None else collectable
    checks: tuple[tuple[FindingCode, Check], ...] = (
        *TABLE_CHECKS,
        (FindingCode.UNREACHABLE_EVIDENCE, lambda ground: unreachable_evidence(ground, policy)),
        (FindingCode.UNCOLLECTABLE_EVIDENCE, lambda ground: uncollectable_evidence(ground, policy, slots)),
        (FindingCode.HIDING_PAYS, hiding_pays),
    )
    found = [finding for code, check in checks for finding in _finished(code, check(ground))]
    return _ordered([*found, *law_findings(policy, on=on), *vague_findings(policy, on=on)], ground)


def lint_table(table: Table) -> tuple[Finding, ...]:
    """The checks that need no policy, for a decision table of another make."""
    ground = Ground(table)
    return _ordered([finding for code, check in TABLE_CHECKS for finding in _finished(code, check(ground))], ground)


def _finished(code: FindingCode, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of one check, and a word when there may be more."""
    try:
        for number, finding in enumerate(findings):
            if number >= FINDINGS_EACH_MAX:
                break
            yield finding
        else:
            return
    except OutOfSteps:
        pass
    yield Finding(code=FindingCode.UNFINISHED, severity=Severity.WARNING, facts={"check": code.value})


def _ordered(findings: list[Finding], ground: Ground) -> tuple[Finding, ...]:
    """By severity, then by the first clause in the file, then by the kind; what is about no clause comes last."""
    places = {rule.id: i for i, rule in enumerate(ground.rules)}
    severities, codes = list(Severity), list(FindingCode)

    def key(finding: Finding) -> tuple[int, int, int]:
        place = min((places[name] for name in finding.clauses if name in places), default=len(places))
        return severities.index(finding.severity), place, codes.index(finding.code)

    return tuple(sorted(findings, key=key))
