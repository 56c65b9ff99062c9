"""What a policy says of every case, found by trying every case: written from the words of the rules, so that the checks,
which are quick because they are clever, can be held against it. Shares no code with what it is an oracle for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from typing import TypeAlias, final

import msgspec

from huiliu.kit.money import Rounding
from huiliu.policy.model import (
    REFUNDS,
    AmountRule,
    Basis,
    Clause,
    Extra,
    FactKind,
    Facts,
    FactSpec,
    FactValue,
    Flag,
    Outcome,
    Policy,
    Test,
)

Case: TypeAlias = "tuple[FactValue, ...]"
"""A value for each fact of a policy, in its order, as the rules see them: presumptions have been applied."""


class Answer(msgspec.Struct, frozen=True):
    """What the clauses that apply come to. Clauses by index."""

    outcome: Outcome
    amount: AmountRule | None
    chosen: tuple[int, ...]
    """The live clauses of the best rank: alternatives."""
    live: tuple[int, ...]
    defeated: tuple[tuple[int, int], ...]
    """(clause, the first in the file that defeats it)."""

    @property
    def rivals(self) -> tuple[int, ...]:
        """The live clauses that say something else."""
        return tuple(i for i in self.live if i not in self.chosen)


class Decision(msgspec.Struct, frozen=True):
    """What the oracle says of a case with evidence: as far as a verdict says it."""

    outcome: Outcome
    amount: AmountRule | None = None
    clause: str = ""
    missing: frozenset[str] = frozenset()
    """Where unknown facts leave several ways open: one of the cheapest sets that are enough for all of them."""
    automatic: bool = False
    flags: frozenset[Flag] = frozenset()
    rivals: frozenset[str] = frozenset()
    ask: frozenset[str] = frozenset()


@final
class Oracle:
    """One policy and all its cases."""

    def __init__(self, policy: Policy, domains: Sequence[Sequence[FactValue]] | None = None) -> None:
        """`domains` widens the facts' own values, to compare with another version."""
        self.policy = policy
        self.domains = [values_of(spec) for spec in policy.facts] if domains is None else domains
        self.names = tuple(spec.name for spec in policy.facts)
        self.cases: list[Case] = list(product(*self.domains))
        self.applying: dict[Case, tuple[int, ...]] = {case: self.applying_to(case) for case in self.cases}
        self._answers: dict[tuple[int, ...], Answer] = {}

    def answer(self, case: Case, *, leave_out: int | None = None, cooled: bool = False) -> Answer:
        """What a case comes to, on request without one clause, or after the cooling-off is over."""
        applying = self.applying.get(case)
        if applying is None:  # a value that the policy has not declared
            applying = self.applying_to(case)
        if leave_out is not None:
            applying = tuple(i for i in applying if i != leave_out)
        if cooled:
            applying = tuple(i for i in applying if self.policy.clauses[i].outcome is not Outcome.COOLING)
        found = self._answers.get(applying)
        if found is None:
            found = self._answers[applying] = self._answer(applying)
        return found

    def rank(self, clause: Clause) -> tuple[int, ...]:
        """How good a clause is for the buyer: the policy's order of outcomes, then the more generous money. Less is better."""
        return (self.policy.outcomes.index(clause.outcome), *thrift(clause.amount))

    def seen(self, facts: Facts) -> list[FactValue | None]:
        """Facts as the rules see them: what is presumed as long as nobody proves it, None for unknown."""
        return [
            spec.presumed
            if spec.presumed is not None and spec.name not in facts.proven
            else facts.values.get(spec.name)
            for spec in self.policy.facts
        ]

    def decide(self, facts: Facts, evidence: frozenset[str], *, cooled: bool = False) -> Decision:
        """The verdict on a case in which some facts may be unknown."""
        seen = self.seen(facts)
        open_facts = [i for i, value in enumerate(seen) if value is None]
        cases = list(self.completed(seen))
        answers = {case: self.answer(case, cooled=cooled) for case in cases}
        said = {case: (answer.outcome, answer.amount) for case, answer in answers.items()}
        ask = frozenset(self.names[i] for i in open_facts if _matters(said, i))
        if ask:
            return Decision(Outcome.PERSON, ask=ask)
        presumed = {spec.name for spec in self.policy.facts if spec.burden and spec.name not in facts.proven}
        decisions = [self._decision(case, answers[case], evidence, presumed) for case in cases]
        first = min(decisions, key=lambda each: self._place(each.clause))
        return Decision(
            outcome=first.outcome,
            amount=first.amount,
            clause=first.clause,
            missing=first.missing if len(cases) == 1 else self._enough(answers.values(), evidence),
            automatic=all(each.automatic for each in decisions),
            flags=frozenset[Flag]().union(*(each.flags for each in decisions)),
            rivals=frozenset[str]().union(*(each.rivals for each in decisions)),
        )

    def completed(self, seen: Sequence[FactValue | None]) -> Iterator[Case]:
        """Every case that unknown facts can turn out to be."""
        return product(*([value] if value is not None else self.domains[i] for i, value in enumerate(seen)))

    def facts(self, case: Case) -> Facts:
        """A case with everything known and proven."""
        return Facts(dict(zip(self.names, case, strict=True)), frozenset(self.names))

    def applying_to(self, case: Case) -> tuple[int, ...]:
        """The clauses whose situation is that of a case, by index."""
        return tuple(i for i, clause in enumerate(self.policy.clauses) if self.holds(clause.when, case))

    def holds(self, when: Iterable[Test], case: Case) -> bool:
        """Whether a situation is that of a case."""
        return all(meets(test, case[self.names.index(test.fact)]) for test in when)

    def flags(self, case: Case) -> frozenset[Flag]:
        """What the extras put on a case."""
        return frozenset(extra.flag for extra in self._extras(case) if extra.flag is not None)

    def lets_through(self, case: Case) -> bool:
        """Whether an extra says that no person is needed."""
        return any(extra.automatic for extra in self._extras(case))

    def _extras(self, case: Case) -> list[Extra]:
        return [extra for extra in self.policy.extras if self.holds(extra.when, case)]

    def _decision(self, case: Case, answer: Answer, evidence: frozenset[str], presumed: set[str]) -> Decision:
        flags = self.flags(case)
        clauses = [self.policy.clauses[i] for i in answer.chosen]
        if not clauses:
            return Decision(answer.outcome, flags=flags)
        let_through = self.lets_through(case)
        clear = answer.outcome in REFUNDS and not flags and not answer.rivals

        def trouble(clause: Clause) -> tuple[int, bool]:
            lacking = (code for code in clause.needs if code not in evidence)
            return sum(self.policy.costs.get(code, 1) for code in lacking), not (
                clear and (clause.automatic or let_through)
            )

        best = min(clauses, key=trouble)  # of equals the first in the file
        missing = frozenset(best.needs) - evidence
        rests_on_presumption = any(test.fact in presumed for test in best.when)
        return Decision(
            outcome=answer.outcome,
            amount=answer.amount,
            clause=best.id,
            missing=missing,
            automatic=clear and (best.automatic or let_through) and not missing and not rests_on_presumption,
            flags=flags,
            rivals=frozenset(self.policy.clauses[i].id for i in answer.rivals),
        )

    def _enough(self, ways: Iterable[Answer], evidence: frozenset[str]) -> frozenset[str]:
        """By trying sets of evidence from the cheapest on, until in every way some chosen clause lacks nothing."""
        wanted = {frozenset(frozenset(self.policy.clauses[i].needs) for i in answer.chosen) for answer in ways}
        wanted.discard(frozenset[frozenset[str]]())
        rest = [code for code in self.policy.costs if code not in evidence]
        sets = [frozenset(some) for size in range(len(rest) + 1) for some in combinations(rest, size)]
        return next(
            some
            for some in sorted(sets, key=lambda some: sum(self.policy.costs[code] for code in some))
            if all(any(needs <= evidence | some for needs in each) for each in wanted)
        )

    def _place(self, clause_id: str) -> int:
        ids = [clause.id for clause in self.policy.clauses]
        return ids.index(clause_id) if clause_id else len(ids)

    def _answer(self, applying: tuple[int, ...]) -> Answer:
        clauses = self.policy.clauses
        defeated: dict[int, int] = {}
        for i in applying:
            for other in applying:
                if clauses[other].id in clauses[i].exception_to:
                    defeated.setdefault(other, i)
        live = tuple(i for i in applying if i not in defeated)
        beaten = tuple(sorted(defeated.items()))
        if not live:
            return Answer(Outcome.PERSON, None, (), (), beaten)
        best = min(self.rank(clauses[i]) for i in live)
        chosen = tuple(i for i in live if self.rank(clauses[i]) == best)
        first = clauses[chosen[0]]
        return Answer(first.outcome, first.amount, chosen, live, beaten)


def thrift(rule: AmountRule | None) -> tuple[int, ...]:
    """How little a rule pays: the fee kept, then a cap, then the rounding, then the measure. Less is better for the buyer."""
    if rule is None:
        return ()
    cap = (0, 0) if rule.cap_minor is None else (1, -rule.cap_minor)
    rounding = int(rule.rounding is not Rounding.FAVOUR_BUYER)
    basis = (Basis.FULL, Basis.UNITS, Basis.TIME, Basis.PROMISED).index(rule.basis)
    return (int(not rule.fee_returned), *cap, rounding, basis)


def values_of(spec: FactSpec) -> list[FactValue]:
    """Every value a fact can have. A number needs a domain with two ends."""
    match spec.kind:
        case FactKind.ENUM:
            return list(spec.values)
        case FactKind.BOOLEAN:
            return [False, True]
        case _:
            assert spec.domain.low is not None, "an oracle needs both ends"
            assert spec.domain.high is not None, "an oracle needs both ends"
            return list(range(spec.domain.low, spec.domain.high + 1))


def meets(test: Test, value: FactValue) -> bool:
    """Whether a value meets a condition."""
    if isinstance(value, bool):
        return ("是" if value else "否") in test.values
    if isinstance(value, str):
        return value in test.values
    return any(
        (span.low is None or span.low <= value) and (span.high is None or value <= span.high) for span in test.ranges
    )


def _matters(said: dict[Case, tuple[Outcome, AmountRule | None]], fact: int) -> bool:
    """Whether two cases that differ in one fact alone come to something else."""
    groups: dict[Case, tuple[Outcome, AmountRule | None]] = {}
    return any(groups.setdefault((*case[:fact], *case[fact + 1 :]), answer) != answer for case, answer in said.items())
