"""A policy's clauses as a list in which the first that matches gives the policy's answer.

Two clauses that can meet want an order: an exception before what it is an exception to, and of two unrelated ones the
better for the buyer first. Where these wishes agree, sorting is enough. Where they go round in a circle no order of the
clauses will do: if B is an exception to C, A one to B and not to C, and C is better for the buyer than A, then C must come
before A for the cases of A and C, and A before C for those of all three, where B strikes C out although A strikes B out. Such
circles are split: the cases in which several of its clauses meet get rules of their own, in front.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from huiliu.policy.compiled import CompiledPolicy, compiled
from huiliu.policy.model import Clause, Policy, Range, Test

ENTRIES_MAX = 500
"""As many rules as a reader of ours takes."""
MEETINGS_MAX = 5_000
"""Sets of clauses that may be looked at in all circles."""


class Entry(msgspec.Struct, frozen=True):
    """One rule of the list: where it applies, the clause that decides there, and the clauses that meet there."""

    when: tuple[Test, ...]
    decides: Clause
    meeting: tuple[str, ...]


class OrderError(ValueError):
    """There is no such list. `reason` is under dmn.reason; `clauses` are those in the way."""

    def __init__(self, reason: str, clauses: Iterable[str]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.clauses = tuple(clauses)


def first_match_list(policy: Policy) -> tuple[Entry, ...]:
    """The list. Raises OrderError: in some case every clause that applies is struck out, or it would be too long."""
    tables = compiled(policy)
    clauses = policy.clauses
    before = _wishes(policy, tables)
    entries: list[Entry] = []
    budget = MEETINGS_MAX
    for circle in _circles(before, tables):
        if len(circle) == 1:
            clause = clauses[circle[0]]
            entries.append(Entry(clause.when, clause, (clause.id,)))
            continue
        meetings = _meetings(clauses, circle, budget)
        budget -= len(meetings)
        entries += _split(policy, tables, meetings)
        if len(entries) > ENTRIES_MAX:
            raise OrderError("too_many_rules", (clauses[i].id for i in circle))
    return tuple(entries)


def meeting_of(one: Sequence[Test], two: Sequence[Test]) -> tuple[Test, ...] | None:
    """The condition that holds where both hold; None when no case meets both."""
    found = {test.fact: test for test in one}
    for test in two:
        other = found.get(test.fact)
        met = test if other is None else _both(other, test)
        if met is None:
            return None
        found[test.fact] = met
    return tuple(found.values())


def _both(one: Test, two: Test) -> Test | None:
    if one.values or two.values:
        values = tuple(value for value in one.values if value in two.values)
        return Test(one.fact, values=values) if values else None
    ranges = tuple(
        Range(low, high)
        for a in one.ranges
        for b in two.ranges
        for low, high in [(_most(a.low, b.low), _least(a.high, b.high))]
        if low is None or high is None or low <= high
    )
    return Test(one.fact, ranges=tuple(dict.fromkeys(ranges))) if ranges else None


def _most(one: int | None, two: int | None) -> int | None:
    return one if two is None else two if one is None else max(one, two)


def _least(one: int | None, two: int | None) -> int | None:
    return one if two is None else two if one is None else min(one, two)


def _wishes(policy: Policy, tables: CompiledPolicy) -> list[int]:
    """Per clause the bits of those it must come before: its bases, and unrelated clauses that are worse for the buyer."""
    clauses = policy.clauses
    defeats = [set(tables.defeats(i)) for i in range(len(clauses))]
    before = [0] * len(clauses)
    for i, clause in enumerate(clauses):
        for j in range(i + 1, len(clauses)):
            related = j in defeats[i] or i in defeats[j]
            if not related and tables.ranks[i] == tables.ranks[j]:
                continue
            if meeting_of(clause.when, clauses[j].when) is None:
                continue
            if j in defeats[i] or (not related and tables.ranks[i] < tables.ranks[j]):
                before[i] |= 1 << j
            if i in defeats[j] or (not related and tables.ranks[j] < tables.ranks[i]):
                before[j] |= 1 << i
    return before


def _circles(before: list[int], tables: CompiledPolicy) -> list[tuple[int, ...]]:
    """The clauses in groups that must stay together, in an order that meets every wish between groups.

    Of the groups that could come next the one best for the buyer does.
    """
    count = len(before)
    reach = [bits | 1 << i for i, bits in enumerate(before)]
    for k in range(count):
        for i in range(count):
            if reach[i] >> k & 1:
                reach[i] |= reach[k]
    reached = [sum(1 << j for j in range(count) if reach[j] >> i & 1) for i in range(count)]
    groups = {reach[i] & reached[i] for i in range(count)}
    waiting = sorted(groups, key=lambda group: (min(tables.ranks[i] for i in _places(group)), _places(group)))
    done: list[tuple[int, ...]] = []
    while waiting:
        left = 0
        for group in waiting:
            left |= group
        group = next(each for each in waiting if not reached[_places(each)[0]] & left & ~each)
        waiting.remove(group)
        done.append(_places(group))
    return done


def _places(bits: int) -> tuple[int, ...]:
    return tuple(i for i in range(bits.bit_length()) if bits >> i & 1)


def _meetings(clauses: tuple[Clause, ...], circle: tuple[int, ...], budget: int) -> list[tuple[int, tuple[Test, ...]]]:
    """Every set of a circle's clauses that some case meets, as bits, with its condition; the smaller sets first."""
    found: list[tuple[int, tuple[Test, ...]]] = []
    grown: list[tuple[int, int, tuple[Test, ...]]] = [(1 << i, n, clauses[i].when) for n, i in enumerate(circle)]
    while grown:
        found += [(bits, when) for bits, _, when in grown]
        if len(found) > budget:
            raise OrderError("too_many_meetings", (clauses[i].id for i in circle))
        larger: list[tuple[int, int, tuple[Test, ...]]] = []
        for bits, last, when in grown:
            for n in range(last + 1, len(circle)):
                met = meeting_of(when, clauses[circle[n]].when)
                if met is not None:
                    larger.append((bits | 1 << circle[n], n, met))
            if len(found) + len(larger) > budget:
                raise OrderError("too_many_meetings", (clauses[i].id for i in circle))
        grown = larger
    return found


def _split(policy: Policy, tables: CompiledPolicy, meetings: list[tuple[int, tuple[Test, ...]]]) -> list[Entry]:
    """The rules of one circle, front first: each meeting that the rules behind it would answer wrongly gets its own.

    A rule in front of others changes only the cases of its own meeting and of larger ones, which are looked at later.
    """
    entries: list[tuple[int, int, Entry]] = []
    clauses = policy.clauses
    singles = [each for each in meetings if each[0].bit_count() == 1]
    # The best for the buyer ends in front, so that fewest meetings need a rule of their own.
    singles.sort(key=lambda each: (tables.ranks[each[0].bit_length() - 1], each[0]), reverse=True)
    for bits, when in (*singles, *(each for each in meetings if each[0].bit_count() > 1)):
        routes = tables.resolve(bits).routes
        if not routes:
            raise OrderError("all_struck_out", _ids(clauses, bits))
        decides = routes[0].index
        answer = next((index for met, index, _ in entries if met & bits == met), None)
        if answer is not None and tables.ranks[answer] == tables.ranks[decides]:
            continue
        entries.insert(0, (bits, decides, Entry(when, clauses[decides], tuple(_ids(clauses, bits)))))
    return [entry for _, _, entry in entries]


def _ids(clauses: tuple[Clause, ...], bits: int) -> list[str]:
    return [clauses[i].id for i in _places(bits)]
