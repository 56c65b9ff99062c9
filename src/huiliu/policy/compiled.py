"""A policy made fast: each fact's value selects a bit mask of the rules it allows; their AND is what applies.

There are far fewer masks than cases, so what a mask resolves to (who defeats whom, which clause is best) is remembered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeAlias, final

import msgspec

from huiliu.kit.money import Rounding
from huiliu.policy.conditions import NO, YES, holds
from huiliu.policy.model import (
    REFUNDS,
    AmountRule,
    Basis,
    Clause,
    ClauseReason,
    Extra,
    FactKind,
    FactSpec,
    FactValue,
    Flag,
    Outcome,
    Party,
    Policy,
    Range,
    ReasonStatus,
    Test,
)
from huiliu.policy.words import EVIDENCE_NAMES

COMPILED_MAX = 256
RESOLUTIONS_MAX = 10_000

Lookup: TypeAlias = tuple[str, FactValue | None, dict[FactValue, int] | None, int, tuple[int, ...], tuple[int, ...]]
"""(fact, presumed value or None, mask by word or None, mask of any other word, segment starts, mask by segment)."""


class Route(msgspec.Struct, frozen=True):
    """One clause that leads to the outcome, and the evidence it needs as (slot code, policy word, cost)."""

    clause: Clause
    index: int
    needs: tuple[tuple[str, str, int], ...]


class Resolution(msgspec.Struct, frozen=True):
    """What a set of matching rules comes to, whatever the evidence."""

    outcome: Outcome
    amount: AmountRule | None
    routes: tuple[Route, ...]
    rivals: tuple[str, ...]
    flags: tuple[Flag, ...]
    extra_automatic: bool
    live: int
    """Bits of the clauses that apply and are not defeated."""


@final
class CompiledPolicy:
    """The tables of one policy. Bit i is clause i; the extras follow the clauses."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        rules: tuple[Clause | Extra, ...] = (*policy.clauses, *policy.extras)
        self.all = (1 << len(rules)) - 1
        self.clause_bits = (1 << len(policy.clauses)) - 1
        self.cooling_bits = _bits(i for i, clause in enumerate(policy.clauses) if clause.outcome is Outcome.COOLING)
        tests = [{test.fact: test for test in rule.when} for rule in rules]
        self.lookups: tuple[Lookup, ...] = tuple(
            _lookup(spec, [found.get(spec.name) for found in tests])
            for spec in policy.facts
            if any(spec.name in found for found in tests)
        )
        domains = {spec.name: spec.domain for spec in policy.facts}
        self._masks = {lookup[0]: _masks_within(lookup, domains[lookup[0]]) for lookup in self.lookups}
        self.burdens = tuple(spec.name for spec in policy.facts if spec.burden is not None)
        self._index = {clause.id: i for i, clause in enumerate(policy.clauses)}
        self._defeats = [_bits(self._index[name] for name in clause.exception_to) for clause in policy.clauses]
        rank = {outcome: i for i, outcome in enumerate(policy.outcomes)}
        self.ranks = [(rank[clause.outcome], generosity(clause.amount)) for clause in policy.clauses]
        self._routes = [
            Route(
                clause,
                i,
                tuple((code, EVIDENCE_NAMES.get(code, code), policy.costs.get(code, 1)) for code in clause.needs),
            )
            for i, clause in enumerate(policy.clauses)
        ]
        self.ids = tuple(clause.id for clause in policy.clauses)
        self.provable = tuple(
            spec
            for spec in policy.facts
            if spec.burden is Party.BUYER and any(code in policy.costs for code in spec.proven_by)
        )
        """Facts that the buyer may prove by evidence."""
        self.resolutions: dict[int, Resolution] = {}
        self._fates: dict[int, tuple[tuple[int, ClauseReason], ...]] = {}

    def resolve(self, mask: int) -> Resolution:
        """What the rules in `mask` come to. An exception that applies defeats its bases, even if it is defeated itself:
        the exception to an exception replaces the exception, it does not bring the base back."""
        found = self.resolutions.get(mask)
        if found is None:
            if len(self.resolutions) >= RESOLUTIONS_MAX:
                self.resolutions.clear()
            found = self.resolutions[mask] = self._resolve(mask)
        return found

    def fates(self, mask: int) -> tuple[tuple[int, ClauseReason], ...]:
        """What becomes of each clause that applies: (index, applied, defeated by, or outranked by)."""
        found = self._fates.get(mask)
        if found is None:
            if len(self._fates) >= RESOLUTIONS_MAX:
                self._fates.clear()
            found = self._fates[mask] = tuple(self._fates_of(mask))
        return found

    def samples(self, spec: FactSpec) -> tuple[FactValue, ...]:
        """Values that stand for every way a fact can turn out, as far as the rules tell them apart."""
        if spec.kind is FactKind.BOOLEAN:
            return (True, False)
        if spec.kind is FactKind.ENUM:
            return spec.values
        lookup = next((each for each in self.lookups if each[0] == spec.name), None)
        cuts = () if lookup is None else lookup[4]
        low = 0 if spec.domain.low is None else spec.domain.low
        return tuple(dict.fromkeys((low, *(cut for cut in cuts if cut in spec.domain))))

    def masks(self, lookup: Lookup) -> tuple[int, ...]:
        """The distinct masks a fact can select: what an unknown value of its declared domain could come to."""
        return self._masks[lookup[0]]

    def _fates_of(self, mask: int) -> Iterable[tuple[int, ClauseReason]]:
        resolution = self.resolve(mask)
        best = {route.index for route in resolution.routes}
        beaten_by: dict[int, int] = {}
        for i in range(len(self.ids)):
            if mask >> i & 1:
                for base in self.defeats(i):
                    beaten_by.setdefault(base, i)
        for i, name in enumerate(self.ids):
            if not mask >> i & 1:
                continue
            if i in beaten_by:
                yield i, ClauseReason(name, ReasonStatus.DEFEATED, by=self.ids[beaten_by[i]])
            elif i in best:
                yield i, ClauseReason(name, ReasonStatus.APPLIED)
            else:
                yield i, ClauseReason(name, ReasonStatus.OUTRANKED, by=self.ids[resolution.routes[0].index])

    def defeats(self, index: int) -> Iterable[int]:
        """The clauses that one is an exception to."""
        bits = self._defeats[index]
        return (i for i in range(len(self.ids)) if bits >> i & 1)

    def _resolve(self, mask: int) -> Resolution:
        applicable = [i for i in range(len(self.policy.clauses)) if mask >> i & 1]
        defeated = 0
        for i in applicable:
            defeated |= self._defeats[i]
        live = [i for i in applicable if not defeated >> i & 1]
        extras = [extra for i, extra in enumerate(self.policy.extras, len(self.policy.clauses)) if mask >> i & 1]
        flags = tuple(flag for flag in Flag if any(extra.flag is flag for extra in extras))
        automatic = any(extra.automatic for extra in extras)
        if not live:
            return Resolution(Outcome.PERSON, None, (), (), flags, automatic, 0)
        best = min(self.ranks[i] for i in live)
        chosen = [i for i in live if self.ranks[i] == best]
        clause = self.policy.clauses[chosen[0]]
        rivals = tuple(self.policy.clauses[i].id for i in live if self.ranks[i] != best)
        routes = tuple(self._routes[i] for i in chosen)
        return Resolution(clause.outcome, clause.amount, routes, rivals, flags, automatic, _bits(live))


_compiled: dict[bytes, CompiledPolicy] = {}


def compiled(policy: Policy) -> CompiledPolicy:
    """The tables of a sealed policy, made once for each content and kept for the COMPILED_MAX latest."""
    found = _compiled.get(policy.content_hash)
    if found is None:
        assert policy.content_hash, "an unsealed policy has no identity to remember it by"
        if len(_compiled) >= COMPILED_MAX:
            _compiled.pop(next(iter(_compiled)), None)
        found = _compiled[policy.content_hash] = CompiledPolicy(policy)
    return found


def may_be_automatic(resolution: Resolution, clause: Clause) -> bool:
    """Whether a case with complete evidence needs no person: never with a flag or a conflict."""
    return (
        (clause.automatic or resolution.extra_automatic)
        and clause.outcome in REFUNDS
        and not resolution.flags
        and not resolution.rivals
    )


def _lookup(spec: FactSpec, tests: list[Test | None]) -> Lookup:
    """Bit i of a mask is set when rule i does not test the fact, or its test holds."""
    free = _bits(i for i, test in enumerate(tests) if test is None)
    if spec.kind in (FactKind.ENUM, FactKind.BOOLEAN):
        words = {True: YES, False: NO} if spec.kind is FactKind.BOOLEAN else {word: word for word in spec.values}
        table: dict[FactValue, int] = {
            value: _bits(i for i, test in enumerate(tests) if test is None or word in test.values)
            for value, word in words.items()
        }
        return spec.name, spec.presumed, table, free, (), ()
    starts: set[int] = set()
    for test in tests:
        for span in () if test is None else test.ranges:
            starts |= {span.low} if span.low is not None else set()
            starts |= {span.high + 1} if span.high is not None else set()
    cuts = tuple(sorted(starts))
    samples = (cuts[0] - 1, *cuts) if cuts else (0,)
    segments = tuple(
        _bits(i for i, test in enumerate(tests) if test is None or holds(test, sample)) for sample in samples
    )
    return spec.name, spec.presumed, None, free, cuts, segments


def _masks_within(lookup: Lookup, domain: Range) -> tuple[int, ...]:
    """A number beyond its declared domain is judged when it comes, but nobody is asked because there might be one."""
    _, _, table, _, cuts, segments = lookup
    if table is not None:
        return tuple(dict.fromkeys(table.values()))
    first = 0 if domain.low is None else bisect_right(cuts, domain.low)
    last = len(cuts) if domain.high is None else bisect_right(cuts, domain.high)
    return tuple(dict.fromkeys(segments[first : last + 1]))


def generosity(amount: AmountRule | None) -> tuple[int, int, int, int]:
    """How generous money is, among clauses of one outcome: smaller is better for the buyer."""
    if amount is None:
        return (0, 0, 0, 0)
    return (
        0 if amount.fee_returned else 1,
        0 if amount.cap_minor is None else -amount.cap_minor + _CAP_OFFSET,
        0 if amount.rounding is Rounding.FAVOUR_BUYER else 1,
        tuple(Basis).index(amount.basis),
    )


_CAP_OFFSET = 1 << 62
"""A cap is always less generous than none, and a higher cap more than a lower one."""


def _bits(indexes: Iterable[int]) -> int:
    found = 0
    for index in indexes:
        found |= 1 << index
    return found
