"""The comparison of two versions, beside both oracles on every case that either version knows."""

from __future__ import annotations

from collections import Counter
from itertools import product

import msgspec

from huiliu.bench.policy_count import Count, Subject
from huiliu.bench.policy_oracle import Case, Oracle, meets, values_of
from huiliu.bench.policy_oracle_clauses import Full, full
from huiliu.policy.answers import Answer
from huiliu.policy.diff import Change, Diff, Direction, changes, diff
from huiliu.policy.model import Facts, FactValue, Policy, Test

CASES_EACH = 6
"""Cases that are put to `changes` one by one."""
JOINT_CASES_MAX = 4_000
"""Widened facts can multiply; beyond this a pair of versions is left out."""


class Joint:
    """Two versions and every case in the facts of both."""

    def __init__(self, old: Policy, new: Policy) -> None:
        self.values: dict[str, list[FactValue]] = {}
        for spec in (*old.facts, *new.facts):
            known = self.values.setdefault(spec.name, [])
            known += [value for value in values_of(spec) if value not in known]
        self.names = tuple(self.values)
        self.versions = [Oracle(each, [self.values[spec.name] for spec in each.facts]) for each in (old, new)]
        self.cases: list[Case] = list(product(*self.values.values()))

    def answers(self, case: Case) -> tuple[Full, Full]:
        """What both versions say of a case. That no clause decides is the same as a clause that says so."""
        by_name = dict(zip(self.names, case, strict=True))
        old, new = (full(each, tuple(by_name[name] for name in each.names)) for each in self.versions)
        return _plain(old), _plain(new)

    def holds(self, when: tuple[Test, ...], case: Case) -> bool:
        """Whether a situation is that of a case."""
        return all(meets(test, case[self.names.index(test.fact)]) for test in when)

    def facts(self, case: Case) -> Facts:
        """A case with everything known and proven."""
        return Facts(dict(zip(self.names, case, strict=True)), frozenset(self.names))


def ask_diff(subject: Subject, count: Count) -> None:
    """Exactly the cases that come to something else, each once, under what it came to and comes to; and the examples."""
    joint = Joint(subject.policy, subject.version)
    if len(joint.cases) > JOINT_CASES_MAX:
        return
    found = diff(subject.policy, subject.version)
    expected = {case: pair for case in joint.cases for pair in [joint.answers(case)] if pair[0] != pair[1]}
    count.ask(subject.seed, "cases that change", found=_counted(joint, found), expected=Counter(expected.keys()))
    for change in found.changes:
        what = f"{change.old_clause} to {change.new_clause} where {change.situations}"
        cases = [case for case in joint.cases if any(joint.holds(when, case) for when in change.situations)]
        wrong = [case for case in cases if not _says(change, expected.get(case))]
        count.ask(subject.seed, what, found=bool(cases) and not wrong, expected=True)
        count.ask(subject.seed, f"the example of {what}", found=_example(joint, change, cases), expected=True)
    for case in subject.random.sample(joint.cases, k=min(CASES_EACH, len(joint.cases))):
        one = changes(subject.policy, subject.version, joint.facts(case))
        count.ask(subject.seed, f"does {case} change", found=one, expected=case in expected)


def _counted(joint: Joint, found: Diff) -> Counter[Case]:
    situations = [when for change in found.changes for when in change.situations]
    return Counter(case for when in situations for case in joint.cases if joint.holds(when, case))


def _says(change: Change, pair: tuple[Full, Full] | None) -> bool:
    """Whether a change gives the answers that the oracles give. Flags are only in it where an extra changed."""
    if pair is None:
        return False
    old, new = pair
    are_flags_told = old.flags != new.flags
    same = _is_same(change.old, old, flags=are_flags_told) and _is_same(change.new, new, flags=are_flags_told)
    if old.outcome is new.outcome and old.amount == new.amount:
        is_evidence = change.direction is not Direction.NEUTRAL
        return same and is_evidence == (_beside_flags(old) != _beside_flags(new))
    return same and change.direction in (Direction.BETTER, Direction.WORSE)


def _is_same(answer: Answer, other: Full, *, flags: bool) -> bool:
    if (answer.cooled is None) != (other.cooled is None):
        return False
    later = answer.cooled is None or other.cooled is None or _is_same(answer.cooled, other.cooled, flags=flags)
    return (
        later
        and (answer.outcome, answer.amount) == (other.outcome, other.amount)
        and (answer.evidence, answer.automatic) == (other.evidence, other.without_person)
        and (not flags or frozenset(answer.flags) == other.flags)
    )


def _example(joint: Joint, change: Change, cases: list[Case]) -> bool:
    """The example is one of the cases, and the clauses named decide it."""
    case = tuple(change.example.facts.values[name] for name in joint.names)
    deciding = tuple(each.decide(change.example.facts, frozenset()).clause for each in joint.versions)
    return case in cases and deciding == (change.old_clause, change.new_clause)


def _plain(found: Full) -> Full:
    cooled = None if found.cooled is None else _plain(found.cooled)
    return msgspec.structs.replace(found, is_decided=True, cooled=cooled)


def _beside_flags(found: Full) -> Full:
    cooled = None if found.cooled is None else _beside_flags(found.cooled)
    return msgspec.structs.replace(found, flags=frozenset(), cooled=cooled)
