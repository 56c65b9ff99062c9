"""The same questions put to a solver, which has never heard of tables or of trying cases. z3 is a development extra: where
it is absent, the agreement says so and goes on without.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import final

from huiliu.bench.policy_oracle import Oracle, values_of
from huiliu.bench.policy_oracle_advice import may_prove
from huiliu.policy.model import REFUNDS, Facts, FactSpec, FactValue, Outcome, Test


def solver() -> ModuleType | None:
    """z3, or None where it is not installed."""
    try:
        return import_module("z3")
    except ImportError:
        return None


@final
class Solved:
    """One policy as formulas."""

    def __init__(self, z3: ModuleType, oracle: Oracle) -> None:
        self._z3 = z3
        self._oracle = oracle
        policy = oracle.policy
        self._facts = {spec.name: z3.Int(f"fact{i}") for i, spec in enumerate(policy.facts)}
        self._applies = [z3.And([self._meets(test) for test in clause.when]) for clause in policy.clauses]
        self._live = self._undefeated(self._applies)
        self._solver = z3.SimpleSolver()
        for spec in policy.facts:
            numbers = [_number(spec, each) for each in values_of(spec)]
            self._solver.add(self._facts[spec.name] >= min(numbers), self._facts[spec.name] <= max(numbers))

    def has_gap(self) -> bool:
        """Whether some case is covered by no clause."""
        return self._is_possible(self._z3.Not(self._z3.Or(self._applies)))

    def conflicts(self) -> frozenset[tuple[str, str]]:
        """Pairs of clauses of different rank, in the file's order, that are live in one case."""
        clauses = self._oracle.policy.clauses
        return frozenset(
            (one.id, two.id)
            for i, one in enumerate(clauses)
            for j, two in enumerate(clauses[i + 1 :], i + 1)
            if self._oracle.rank(one) != self._oracle.rank(two)
            and self._is_possible(self._z3.And(self._live[i], self._live[j]))
        )

    def shadowed(self) -> frozenset[str]:
        """Clauses that are live in no case, neither at once nor when a cooling-off is over."""
        clauses = self._oracle.policy.clauses
        later = self._undefeated(self._applying(cooled=True))
        return frozenset(
            clause.id for i, clause in enumerate(clauses) if not self._is_possible(self._z3.Or(self._live[i], later[i]))
        )

    def cheapest(self, facts: Facts, evidence: frozenset[str], *, cooled: bool = False) -> int | None:
        """The least trouble of evidence that leads to a refund, as `policy_oracle_advice.cheapest`, all facts known."""
        z3, policy = self._z3, self._oracle.policy
        now = self._oracle.decide(facts, evidence, cooled=cooled)
        if now.outcome in REFUNDS and not now.missing:
            return None
        has = {code: z3.Bool(f"has_{code}") for code in policy.costs}
        goal = z3.Optimize()
        goal.add([given for code, given in has.items() if code in evidence])
        for spec, seen in zip(policy.facts, self._oracle.seen(facts), strict=True):
            assert seen is not None, "only cases with every fact known are put to the solver"
            value = self._facts[spec.name]
            assumed = value == _number(spec, seen)
            proofs = [has[code] for code in spec.proven_by if code in has]
            claims = [each for each in values_of(spec) if may_prove(spec, facts, each)]
            if now.outcome in REFUNDS or not claims or not proofs:
                goal.add(assumed)
            else:
                proven = z3.And(z3.Or(proofs), z3.Or([value == _number(spec, each) for each in claims]))
                goal.add(z3.Or(assumed, proven))
        goal.add(self._refund(has, cooled=cooled))
        costs = [z3.If(given, policy.costs[code], 0) for code, given in has.items() if code not in evidence]
        total = z3.Sum(costs) if costs else z3.IntVal(0)
        goal.minimize(total)
        if goal.check() != z3.sat:
            return None
        return int(goal.model().eval(total, model_completion=True).as_long()) or None

    def _refund(self, has: dict[str, object], *, cooled: bool) -> object:
        z3, clauses = self._z3, self._oracle.policy.clauses
        ranks = [self._oracle.rank(clause) for clause in clauses]
        live = self._undefeated(self._applying(cooled=cooled))
        return z3.Or(
            [
                z3.And(live[i], *(z3.Not(live[j]) for j in range(len(clauses)) if ranks[j] < ranks[i]), *needs)
                for i, clause in enumerate(clauses)
                if clause.outcome in REFUNDS
                for needs in [[has[code] for code in clause.needs]]
            ]
        )

    def _applying(self, *, cooled: bool) -> list[object]:
        is_out = [cooled and clause.outcome is Outcome.COOLING for clause in self._oracle.policy.clauses]
        never = self._z3.BoolVal(False)
        return [never if out else formula for formula, out in zip(self._applies, is_out, strict=True)]

    def _undefeated(self, applies: Sequence[object]) -> list[object]:
        z3, clauses = self._z3, self._oracle.policy.clauses
        return [
            z3.And(
                applies[i], *(z3.Not(applies[j]) for j, other in enumerate(clauses) if clause.id in other.exception_to)
            )
            for i, clause in enumerate(clauses)
        ]

    def _meets(self, test: Test) -> object:
        z3, value = self._z3, self._facts[test.fact]
        spec = next(spec for spec in self._oracle.policy.facts if spec.name == test.fact)
        words = [word == "是" if word in ("是", "否") and not spec.values else word for word in test.values]
        spans = [
            z3.And(
                True if span.low is None else value >= span.low,
                True if span.high is None else value <= span.high,
            )
            for span in test.ranges
        ]
        return z3.Or([*(value == _number(spec, word) for word in words), *spans])

    def _is_possible(self, formula: object) -> bool:
        self._solver.push()
        self._solver.add(formula)
        found = self._solver.check()
        self._solver.pop()
        return bool(found == self._z3.sat)


def _number(spec: FactSpec, value: FactValue) -> int:
    """A fact's value as the whole number that stands for it in formulas."""
    return spec.values.index(value) if isinstance(value, str) else int(value)
