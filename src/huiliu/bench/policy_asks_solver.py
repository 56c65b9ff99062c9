"""The oracle itself put to a solver: two ways of finding the answer that have nothing in common."""

from __future__ import annotations

from huiliu.bench.policy_asks_lint import findings
from huiliu.bench.policy_count import Count, Subject
from huiliu.bench.policy_oracle_advice import cheapest
from huiliu.bench.policy_z3 import Solved, solver
from huiliu.policy.explain import advise
from huiliu.policy.lint.findings import FindingCode

CASES_EACH = 3
"""Cases of a policy whose cheapest advice the solver looks for."""


def solved(subject: Subject) -> Solved:
    """The policy as formulas. Only asked for where the solver is installed."""
    z3 = solver()
    assert z3 is not None, "checks that need the solver are left out where it is absent"
    return Solved(z3, subject.oracle)


def ask_cover(subject: Subject, count: Count) -> None:
    """Whether there is a gap, which clauses conflict and which never decide; the checks' findings and the solver's answers."""
    formulas, policy = solved(subject), subject.policy
    boundaries = findings(policy, FindingCode.BOUNDARY)
    holes = [finding for finding in boundaries if finding.facts["kind"] == "gap"]
    overlaps = [finding for finding in boundaries if finding.facts["kind"] == "conflict"]
    gaps = findings(policy, FindingCode.GAP)
    count.ask(subject.seed, "a gap", found=bool(gaps or holes), expected=formulas.has_gap())
    pairs = {finding.clauses for finding in (*findings(policy, FindingCode.CONFLICT), *overlaps)}
    count.ask(subject.seed, "pairs in conflict", found=sorted(pairs), expected=sorted(formulas.conflicts()))
    never = sorted(finding.clauses[0] for finding in findings(policy, FindingCode.SHADOWED))
    count.ask(subject.seed, "shadowed clauses", found=never, expected=sorted(formulas.shadowed()))


def ask_advise(subject: Subject, count: Count) -> None:
    """The least trouble that leads to a refund."""
    formulas = solved(subject)
    for _ in range(CASES_EACH):
        facts, evidence, cooled = subject.drawn_case(known=1.0, proven=0.15)
        expected = formulas.cheapest(facts, evidence, cooled=cooled)
        advice = advise(subject.policy, facts, evidence, cooled=cooled)
        what = f"{facts.values} proven {sorted(facts.proven)} with {sorted(evidence)}{' cooled' if cooled else ''}"
        count.ask(subject.seed, what, found=None if advice is None else advice.cost, expected=expected)
        tried = cheapest(subject.oracle, facts, evidence, cooled=cooled)
        count.ask(subject.seed, what, found=tried, expected=expected)
