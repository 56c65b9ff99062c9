"""Judge one case. Presumptions come first, exceptions defeat their bases, no clause means a person, doubt favours the buyer.

Evidence never switches a clause on or off; it only decides what is still missing. So more evidence can never hurt.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta

from huiliu.policy.compiled import CompiledPolicy, Lookup, Resolution, Route, compiled, may_be_automatic
from huiliu.policy.model import Facts, Outcome, Period, Policy, Verdict

UNKNOWN_MASKS_MAX = 4_096
"""How many ways the unknown facts may still turn out before all of them are asked for."""
ENOUGH_TRIED_MAX = 64
"""How many sets of evidence are weighed against each other when unknown facts leave several ways open."""


def judge(
    policy: Policy,
    facts: Facts,
    evidence: frozenset[str],
    *,
    filed_at: datetime | None = None,
    cooled: bool = False,
) -> Verdict:
    """The policy's answer to a case with the evidence at hand (slot codes; the policy's words count too).

    `filed_at` is the first application, from which a cooling-off is counted. `cooled` says that it is over: the clauses
    that made the case wait are then left out, and what they stood in front of decides. `reasons` stays empty; see explain.
    """
    tables = compiled(policy)
    values = facts.values
    proven = facts.proven
    mask = tables.all
    unknown: list[Lookup] = []
    for lookup in tables.lookups:
        name, presumed, table, other, cuts, segments = lookup
        value = presumed if presumed is not None and name not in proven else values.get(name)
        if value is None:
            unknown.append(lookup)
        elif table is not None:
            mask &= table.get(value, other)
        else:
            assert not isinstance(value, str), f"{name} is a number"
            mask &= segments[bisect_right(cuts, value)]
    if cooled:
        mask &= ~tables.cooling_bits
    presumed_facts = () if proven.issuperset(tables.burdens) else tuple(b for b in tables.burdens if b not in proven)
    if unknown:
        return _judge_unknown(tables, mask, unknown, facts, evidence, presumed_facts, filed_at)
    return _verdict(policy, tables.resolve(mask), facts, evidence, presumed_facts, filed_at)


def _verdict(
    policy: Policy,
    resolution: Resolution,
    facts: Facts,
    evidence: frozenset[str],
    presumed: tuple[str, ...],
    filed_at: datetime | None,
) -> Verdict:
    routes = resolution.routes
    if not routes:
        return Verdict(outcome=resolution.outcome, flags=resolution.flags, presumed=presumed)
    route, missing = _best_route(resolution, evidence)
    clause = route.clause
    outcome = resolution.outcome
    return Verdict(
        outcome=outcome,
        clause=clause,
        amount=resolution.amount,
        missing=missing,
        # What is only presumed decides a case, but pays nobody before a person, or the record, has spoken.
        automatic=not missing
        and may_be_automatic(resolution, clause)
        and not any(test.fact in presumed for test in clause.when),
        flags=resolution.flags,
        conflict=bool(resolution.rivals),
        rivals=resolution.rivals,
        presumed=presumed,
        cooling_until=_cooling_until(policy.limits_for(facts).cooling, filed_at)
        if outcome is Outcome.COOLING
        else None,
    )


def _best_route(resolution: Resolution, evidence: frozenset[str]) -> tuple[Route, tuple[str, ...]]:
    """Among clauses of the same outcome and money, the one that asks least more of the buyer."""
    if len(resolution.routes) == 1:
        route = resolution.routes[0]
        return route, _missing(route, evidence)
    route = min(
        resolution.routes,
        key=lambda route: (
            sum(cost for code, name, cost in route.needs if code not in evidence and name not in evidence),
            not may_be_automatic(resolution, route.clause),
            route.index,
        ),
    )
    return route, _missing(route, evidence)


def _missing(route: Route, evidence: frozenset[str]) -> tuple[str, ...]:
    return tuple([code for code, name, _ in route.needs if code not in evidence and name not in evidence])


def _cooling_until(cooling: Period, filed_at: datetime | None) -> datetime | None:
    """None for working days, which only the calendar can place, and before anything is filed."""
    if filed_at is None or cooling.working_days:
        return None
    return filed_at + timedelta(seconds=cooling.seconds)


def _judge_unknown(
    tables: CompiledPolicy,
    mask: int,
    unknown: list[Lookup],
    facts: Facts,
    evidence: frozenset[str],
    presumed: tuple[str, ...],
    filed_at: datetime | None,
) -> Verdict:
    """Try every way the unknown facts can turn out; ask only for those that change outcome or money.

    Hiding a fact helps nobody: while it matters, a person decides.
    """
    asked = tuple(lookup[0] for i, lookup in enumerate(unknown) if _matters(tables, mask, unknown, i))
    possible = _possible_masks(tables, mask, unknown)
    if asked or possible is None:
        names = asked or tuple(lookup[0] for lookup in unknown)
        return Verdict(outcome=Outcome.PERSON, ask=names, presumed=presumed)
    resolutions = [tables.resolve(each) for each in sorted(possible)]
    if len(resolutions) == 1:  # what is unknown makes no difference at all, so neither does its being unknown
        return _verdict(tables.policy, resolutions[0], facts, evidence, presumed, filed_at)
    verdicts = [_verdict(tables.policy, resolution, facts, evidence, presumed, filed_at) for resolution in resolutions]
    # Same outcome and money whatever the facts turn out to be: ask for what is enough in every one of the ways, keep
    # every flag, and let it through without a person only if every way would.
    first = min(verdicts, key=lambda verdict: _clause_order(tables, verdict))
    return Verdict(
        outcome=first.outcome,
        clause=first.clause,
        amount=first.amount,
        missing=_enough_for_all(tables.policy, resolutions, evidence),
        automatic=all(verdict.automatic for verdict in verdicts),
        flags=tuple(sorted({flag for verdict in verdicts for flag in verdict.flags})),
        conflict=any(verdict.conflict for verdict in verdicts),
        rivals=tuple(dict.fromkeys(rival for verdict in verdicts for rival in verdict.rivals)),
        presumed=presumed,
        cooling_until=first.cooling_until,
    )


def _enough_for_all(policy: Policy, resolutions: list[Resolution], evidence: frozenset[str]) -> tuple[str, ...]:
    """The cheapest evidence with which each way has a clause that lacks nothing. What one way needs anyway may spare
    another its own; past ENOUGH_TRIED_MAX combinations the dearest are dropped, which may ask for a little more."""

    def trouble(lacking: tuple[str, ...]) -> int:
        return sum(policy.costs.get(code, 1) for code in lacking)

    ways = {resolution.routes for resolution in resolutions if resolution.routes}
    found: list[tuple[str, ...]] = [()]
    for routes in sorted(ways, key=lambda routes: (len(routes), routes[0].index)):
        each = [(*lacking, *_missing(route, evidence.union(lacking))) for lacking in found for route in routes]
        combined = {frozenset(lacking): lacking for lacking in each}
        found = sorted(combined.values(), key=trouble)[:ENOUGH_TRIED_MAX]
    return found[0]


def _matters(tables: CompiledPolicy, mask: int, unknown: list[Lookup], index: int) -> bool:
    """Whether two cases that differ in this fact alone come to different outcomes or money."""
    others = _possible_masks(tables, mask, [*unknown[:index], *unknown[index + 1 :]])
    if others is None:
        return True
    own = tables.masks(unknown[index])
    for other in others:
        results = [tables.resolve(other & each) for each in own]
        if any((r.outcome, r.amount) != (results[0].outcome, results[0].amount) for r in results):
            return True
    return False


def _possible_masks(tables: CompiledPolicy, mask: int, unknown: Iterable[Lookup]) -> set[int] | None:
    """Every mask the unknown facts can lead to, or None when there are more than UNKNOWN_MASKS_MAX."""
    possible = {mask}
    for lookup in unknown:
        possible = {known & each for known in possible for each in tables.masks(lookup)}
        if len(possible) > UNKNOWN_MASKS_MAX:
            return None
    return possible


def _clause_order(tables: CompiledPolicy, verdict: Verdict) -> int:
    return len(tables.policy.clauses) if verdict.clause is None else tables.policy.clauses.index(verdict.clause)
