"""The comparison of two versions, beside both oracles on every case that either version knows."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product

import msgspec

from huiliu.bench.policy_count import Count, Subject
from huiliu.bench.policy_oracle import Case, Oracle, meets, thrift, values_of
from huiliu.bench.policy_oracle_clauses import Full, Sets, full
from huiliu.policy.answers import Answer
from huiliu.policy.diff.situations import Change, Diff, Direction, changes, diff
from huiliu.policy.model import Facts, FactValue, Outcome, Policy, Test

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
        wrong = [case for case in cases if not _says(joint, change, expected.get(case))]
        count.ask(subject.seed, what, found=bool(cases) and not wrong, expected=True)
        count.ask(subject.seed, f"the example of {what}", found=_example(joint, change, cases), expected=True)
    for case in subject.random.sample(joint.cases, k=min(CASES_EACH, len(joint.cases))):
        one = changes(subject.policy, subject.version, joint.facts(case))
        count.ask(subject.seed, f"does {case} change", found=one, expected=case in expected)


def _counted(joint: Joint, found: Diff) -> Counter[Case]:
    situations = [when for change in found.changes for when in change.situations]
    return Counter(case for when in situations for case in joint.cases if joint.holds(when, case))


def _says(joint: Joint, change: Change, pair: tuple[Full, Full] | None) -> bool:
    """Whether a change gives the answers that the oracles give, and for whom it is. Flags are only told where they differ."""
    if pair is None:
        return False
    flags = pair[0].flags != pair[1].flags
    same = _is_same(change.old, pair[0], flags=flags) and _is_same(change.new, pair[1], flags=flags)
    return same and change.direction is _direction(joint, *pair)


def _direction(joint: Joint, old: Full, new: Full) -> Direction:
    """For whom a change is: by outcome (in the new version's order) and money. Where these are the same it is better for
    some if evidence is enough, or spares the person, that did not before, worse for some if it no longer does; and by what
    follows a cooling-off."""
    order = list(
        dict.fromkeys((*(o for each in reversed(joint.versions) for o in each.policy.outcomes), Outcome.PERSON))
    )
    before, after = ((order.index(each.outcome), thrift(each.amount)) for each in (old, new))
    if before != after:
        return Direction.BETTER if after < before else Direction.WORSE
    found: set[Direction] = set()
    for first, second in ((old.evidence, new.evidence), (old.without_person, new.without_person)):
        found |= set() if _is_enough_still(joint, second, first) else {Direction.BETTER}
        found |= set() if _is_enough_still(joint, first, second) else {Direction.WORSE}
    if old.cooled is not None and new.cooled is not None and old.cooled != new.cooled:
        later = _direction(joint, old.cooled, new.cooled)
        found |= {Direction.BETTER, Direction.WORSE} if later is Direction.MIXED else {later}
    found.discard(Direction.NEUTRAL)
    return Direction.MIXED if len(found) > 1 else next(iter(found), Direction.NEUTRAL)


def _is_enough_still(joint: Joint, old: Sets, new: Sets) -> bool:
    """Whether every set of evidence that was enough is enough."""
    kinds = sorted({code for each in joint.versions for code in each.policy.costs})
    shown = [frozenset(some) for size in range(len(kinds) + 1) for some in combinations(kinds, size)]
    return all(any(s <= e for s in new) for e in shown if any(s <= e for s in old))


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
