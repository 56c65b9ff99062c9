"""The cheapest evidence that leads to a refund, by trying every set of evidence and every way of proving what it may prove."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

from huiliu.bench.policy_oracle import Oracle, values_of
from huiliu.policy.model import REFUNDS, Facts, FactSpec, FactValue, Party


def cheapest(oracle: Oracle, facts: Facts, evidence: frozenset[str], *, cooled: bool = False) -> int | None:
    """The trouble of the cheapest evidence, beyond what is at hand, with which the case is a refund that waits for nothing.

    A refund that only waits keeps its facts; anything else may also be turned by proving what the policy lets the buyer
    prove: what the buyer says, or if nothing was said, anything. None when nothing is missing, or nothing helps. What is at
    hand may prove something too, if a person says so; where that alone turns the case, nothing is missing.
    """
    now = oracle.decide(facts, evidence, cooled=cooled)
    is_refund = now.outcome in REFUNDS
    if is_refund and not now.missing:
        return None
    best: int | None = None
    for more in _sets(oracle, evidence):
        cost = sum(oracle.policy.costs[code] for code in more)
        if best is not None and cost >= best:
            continue
        for proven in [facts] if is_refund else _proven(oracle, facts, evidence | more):
            after = oracle.decide(proven, evidence | more, cooled=cooled)
            if after.outcome in REFUNDS and not after.missing and not after.ask:
                best = cost
                break
    return best or None


def may_prove(spec: FactSpec, facts: Facts, value: FactValue) -> bool:
    """Whether the buyer may be told to prove this value of a fact: theirs to prove, open, and not against their own words."""
    said = facts.values.get(spec.name)
    return (
        spec.burden is Party.BUYER
        and spec.name not in facts.proven
        and value != spec.presumed
        and (said is None or said == value)
    )


def _sets(oracle: Oracle, evidence: frozenset[str]) -> Iterator[frozenset[str]]:
    rest = [code for code in oracle.policy.costs if code not in evidence]
    for size in range(len(rest) + 1):
        yield from map(frozenset, combinations(rest, size))


def _proven(oracle: Oracle, facts: Facts, shown: frozenset[str]) -> Iterator[Facts]:
    """The case as it is, and with whatever the evidence shown may prove."""
    ways = [
        [None, *(value for value in values_of(spec) if may_prove(spec, facts, value) and shown & set(spec.proven_by))]
        for spec in oracle.policy.facts
    ]
    for chosen in product(*ways):
        proves = {name: value for name, value in zip(oracle.names, chosen, strict=True) if value is not None}
        yield Facts({**facts.values, **proves}, facts.proven | proves.keys())
