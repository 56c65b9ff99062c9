"""What a run of the agreement counts: how often a check was asked something, and where it and its oracle differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from huiliu.bench.policy_oracle import Oracle
from huiliu.policy.model import Facts, Policy

DISAGREEMENTS_KEPT_MAX = 20
"""Shown for each check; the rest is only counted."""
UNDECLARED_WORD = "没有说过的情形"
UNDECLARED_NUMBER = 1_000


@dataclass(slots=True)
class Count:
    """One line of the table."""

    policies: int = 0
    questions: int = 0
    positive: int = 0
    """Questions whose answer is something: an empty list agrees with an empty list too easily."""
    disagreements: int = 0
    examples: list[str] = field(default_factory=list[str])

    def ask(self, policy_seed: int, what: str, *, found: object, expected: object) -> None:
        """One question: what the product found, and what the oracle did."""
        self.questions += 1
        self.positive += bool(expected)
        if found != expected:
            self.disagreements += 1
            if len(self.examples) < DISAGREEMENTS_KEPT_MAX:
                self.examples.append(f"seed {policy_seed}: {what}: found {found}, oracle {expected}")

    def add(self, other: Count) -> None:
        """Take in what another process counted."""
        self.policies += other.policies
        self.questions += other.questions
        self.positive += other.positive
        self.disagreements += other.disagreements
        self.examples = [*self.examples, *other.examples][:DISAGREEMENTS_KEPT_MAX]


@dataclass(frozen=True, slots=True)
class Subject:
    """A made policy, another version of it, and every case of it."""

    seed: int
    random: Random
    policy: Policy
    version: Policy
    oracle: Oracle

    def drawn_case(
        self, *, known: float, proven: float = 0.5, strange: float = 0.0
    ) -> tuple[Facts, frozenset[str], bool]:
        """Facts of which each is known and proven with these probabilities, evidence, and whether cooled.
        With the probability `strange` a value is one that the policy has not declared: records are not always tidy."""
        random = self.random
        case = random.choice(self.oracle.cases)
        values = {name: value for name, value in zip(self.oracle.names, case, strict=True) if random.random() < known}
        for name, value in values.items():
            if not isinstance(value, bool) and random.random() < strange:
                values[name] = UNDECLARED_WORD if isinstance(value, str) else random.choice((0, UNDECLARED_NUMBER))
        proofs = frozenset(name for name in self.oracle.names if random.random() < proven)
        evidence = frozenset(code for code in self.policy.costs if random.random() < 0.35)
        return Facts(values, proofs), evidence, random.random() < 0.2
