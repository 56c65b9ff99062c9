"""What the checks of a policy find, beside what trying every case finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from huiliu.bench import policy_oracle_clauses as clauses_oracle
from huiliu.bench import policy_oracle_lint as oracle_of
from huiliu.bench.policy_count import Count, Subject
from huiliu.bench.policy_oracle import Case, Oracle
from huiliu.policy.lint.checks import lint
from huiliu.policy.lint.cover import GAPS_MAX
from huiliu.policy.lint.findings import Finding, FindingCode
from huiliu.policy.lint.replay import replays
from huiliu.policy.model import Policy, Test
from huiliu.policy.words import SLOTS

SPOKEN = frozenset(code for code in FindingCode if code.value.startswith(("law_", "vague_")))
"""What the law says of a policy and how its text reads: no question about cases."""

_latest: list[tuple[Policy, tuple[Finding, ...]]] = []


def findings(policy: Policy, code: FindingCode) -> list[Finding]:
    """The findings of one kind. The latest policy's are kept: one check after another asks for them."""
    return [finding for finding in _all(policy) if finding.code is code]


def ask_gap(subject: Subject, count: Count) -> None:
    """Every uncovered case is in exactly one of the situations given, but for the numbers that `boundary` is about."""
    found = findings(subject.policy, FindingCode.GAP)
    counted = _cases(subject.oracle, [finding.situation for finding in found])
    explained = [case for cases in oracle_of.holes(subject.oracle).values() for case in cases]
    expected = oracle_of.uncovered(subject.oracle).difference(explained)
    if len(found) == GAPS_MAX and "more" in found[-1].facts:
        expected &= counted.keys()  # only the largest are listed
    count.ask(subject.seed, "cases without a clause", found=counted, expected=Counter(expected))


def ask_conflict(subject: Subject, count: Count) -> None:
    """Pairs of clauses that say different things elsewhere than at one shared number, and a situation in which they do."""
    expected = oracle_of.conflicting(subject.oracle)
    found = findings(subject.policy, FindingCode.CONFLICT)
    pairs = sorted(finding.clauses for finding in found)
    count.ask(subject.seed, "pairs", found=pairs, expected=sorted(oracle_of.conflicts(subject.oracle)))
    for finding in found:
        one, two = finding.clauses
        situation = _cases(subject.oracle, [finding.situation]).keys()
        is_shown = bool(situation) and situation <= expected.get((one, two), set())
        count.ask(subject.seed, f"the situation of {one} and {two}", found=is_shown, expected=True)


def ask_boundary(subject: Subject, count: Count) -> None:
    """Numbers that belong to neither side, with the clauses on either side; and to both, with the pair."""
    oracle = subject.oracle
    found = findings(subject.policy, FindingCode.BOUNDARY)
    holes = {
        (str(finding.facts["fact"]), finding.facts["value"]): set(finding.clauses)
        for finding in found
        if finding.facts["kind"] == "gap"
    }
    expected = {
        point: {oracle.policy.clauses[i].id for case in cases for i in oracle_of.beside(oracle, case, point)}
        for point, cases in oracle_of.holes(oracle).items()
    }
    count.ask(subject.seed, "numbers of neither side", found=holes, expected=expected)
    overlaps = sorted(
        (str(finding.facts["fact"]), finding.facts["value"], finding.clauses)
        for finding in found
        if finding.facts["kind"] == "conflict"
    )
    both = [(*point, pair) for pair, points in oracle_of.overlaps(oracle).items() for point in points]
    count.ask(subject.seed, "numbers of both sides", found=overlaps, expected=sorted(both))


def ask_shadowed(subject: Subject, count: Count) -> None:
    """Clauses that never decide."""
    found = [finding.clauses[0] for finding in findings(subject.policy, FindingCode.SHADOWED)]
    count.ask(subject.seed, "clauses", found=sorted(found), expected=sorted(clauses_oracle.shadowed(subject.oracle)))


def ask_redundant(subject: Subject, count: Count) -> None:
    """Clauses without which every answer is the same."""
    found = [finding.clauses[0] for finding in findings(subject.policy, FindingCode.REDUNDANT)]
    count.ask(subject.seed, "clauses", found=sorted(found), expected=sorted(clauses_oracle.redundant(subject.oracle)))


def ask_exceptions(subject: Subject, count: Count) -> None:
    """Exceptions that meet nothing, and circles of them."""
    empty = sorted(finding.clauses for finding in findings(subject.policy, FindingCode.EMPTY_EXCEPTION))
    expected = sorted(clauses_oracle.empty_exceptions(subject.oracle))
    count.ask(subject.seed, "exceptions that meet nothing", found=empty, expected=expected)
    circles = Counter(frozenset(each.clauses) for each in findings(subject.policy, FindingCode.EXCEPTION_CYCLE))
    count.ask(subject.seed, "circles", found=circles, expected=Counter(clauses_oracle.circles(subject.oracle)))


def ask_non_monotone(subject: Subject, count: Count) -> None:
    """Clauses by which a case turns out better as a fact goes the wrong way."""
    found = [(str(f.facts["fact"]), *f.clauses) for f in findings(subject.policy, FindingCode.NON_MONOTONE)]
    expected = sorted(clauses_oracle.non_monotone(subject.oracle))
    count.ask(subject.seed, "facts and clauses", found=sorted(found), expected=expected)


def ask_hiding(subject: Subject, count: Count) -> None:
    """Clauses by which it pays to keep a proof back."""
    named = [finding.facts for finding in findings(subject.policy, FindingCode.HIDING_PAYS)]
    found = [(str(facts["fact"]), str(facts["better"]), str(facts["worse"])) for facts in named]
    expected = sorted(clauses_oracle.hiding_pays(subject.oracle))
    count.ask(subject.seed, "facts and clauses", found=sorted(found), expected=expected)


def ask_evidence(subject: Subject, count: Count) -> None:
    """Evidence that no case needs, and evidence that nobody can hand in."""
    policy = subject.policy
    never = [str(finding.facts["evidence"]) for finding in findings(policy, FindingCode.UNREACHABLE_EVIDENCE)]
    expected = clauses_oracle.unreachable_evidence(subject.oracle)
    count.ask(subject.seed, "needed by no case", found=sorted(never), expected=sorted(expected))
    nowhere = [str(finding.facts["evidence"]) for finding in findings(policy, FindingCode.UNCOLLECTABLE_EVIDENCE)]
    named = {code for clause in policy.clauses for code in (*clause.needs, *clause.optional)}
    count.ask(subject.seed, "no slot takes it", found=sorted(nowhere), expected=sorted(named - SLOTS))


def ask_examples(subject: Subject, count: Count) -> None:
    """Every finding's examples, judged again."""
    for finding in _all(subject.policy):
        if finding.code in SPOKEN:
            continue
        is_shown = finding.code is not FindingCode.UNFINISHED and bool(finding.examples)
        what = f"{finding.code.value} of {finding.clauses} {finding.facts}"
        count.ask(subject.seed, what, found=is_shown and replays(subject.policy, finding), expected=True)


def _all(policy: Policy) -> tuple[Finding, ...]:
    if not _latest or _latest[0][0] is not policy:
        _latest[:] = [(policy, lint(policy))]
    return _latest[0][1]


def _cases(oracle: Oracle, situations: Iterable[tuple[Test, ...]]) -> Counter[Case]:
    """How many of the situations hold each case."""
    return Counter(case for when in situations for case in oracle.cases if oracle.holds(when, case))


Ask = Callable[[Subject, Count], None]

LINT_CHECKS: dict[str, Ask] = {
    "lint: gap": ask_gap,
    "lint: conflict": ask_conflict,
    "lint: boundary": ask_boundary,
    "lint: shadowed": ask_shadowed,
    "lint: redundant": ask_redundant,
    "lint: empty exception, circle": ask_exceptions,
    "lint: non-monotone": ask_non_monotone,
    "lint: hiding pays": ask_hiding,
    "lint: evidence": ask_evidence,
    "examples replayed": ask_examples,
}
