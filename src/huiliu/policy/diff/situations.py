"""What changes between two versions of a policy: every situation that comes to something else, and what else is amended.

Exact: outside the situations listed, judging by either version gives the same outcome, money, evidence, need of a person and
flags, at once and after a cooling-off. Facts count as known and proven; what is presumed of unproven ones is an amendment.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from huiliu.policy.answers import Answer, Extras, Side, bits, differences
from huiliu.policy.compiled import generosity
from huiliu.policy.diff.amendments import Amendment, amendments
from huiliu.policy.evaluate import judge
from huiliu.policy.lint.findings import Example
from huiliu.policy.lint.replay import answer_to
from huiliu.policy.model import Facts, Outcome, Policy, Test
from huiliu.policy.space import OutOfSteps, Space, Steps, merged
from huiliu.policy.table import Axis, Effect, axes_of, box_of, ranks_of, situation_of

DIFF_BOXES_MAX = 200
"""How many situations are listed."""
DIFF_PIECES_MAX = 20_000
"""How many pieces are collected before they are put together to situations."""


class ChangeKind(StrEnum):
    """What of an answer changes."""

    OUTCOME = "outcome"
    MONEY = "money"
    EVIDENCE = "evidence"
    AUTOMATIC = "automatic"
    FLAGS = "flags"
    AFTERWARDS = "afterwards"
    """What the case comes to once its cooling-off is over."""


class Direction(StrEnum):
    """For whom a change is."""

    WORSE = "worse"
    MIXED = "mixed"
    BETTER = "better"
    NEUTRAL = "neutral"
    """Neither better nor worse for the buyer: flags."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Situations that came to one answer and now come to another. Flags are in the answers only where an extra changed."""

    old: Answer
    new: Answer
    kinds: tuple[ChangeKind, ...]
    direction: Direction
    situations: tuple[tuple[Test, ...], ...]
    """Disjoint, each as conditions on the facts that matter; () is every case."""
    example: Example
    old_clause: str
    new_clause: str
    """What decides the example, before and after; '' for no clause."""


class Diff(msgspec.Struct, frozen=True):
    """What changes from one version to the next."""

    changes: tuple[Change, ...]
    """Outcomes first, and what is worse for the buyer before what is better."""
    amendments: tuple[Amendment, ...]
    """What is written differently, whether or not any situation comes to something else by it."""
    is_complete: bool = True
    """Whether the situations listed are all. They are not when there are too many, or a fact became one of another kind."""


def diff(old: Policy, new: Policy) -> Diff:
    """Every situation in which the new version comes to something else than the old one, and everything amended."""
    amended = amendments(old, new)
    kinds = {spec.name: spec.kind for spec in old.facts}
    if any(kinds.get(spec.name, spec.kind) is not spec.kind for spec in new.facts):
        return Diff((), amended, is_complete=False)
    axes = axes_of((old, new))
    space = Space(axes)
    pair = _Pair(old, new, space)
    pieces: dict[tuple[Answer, Answer], list[int]] = {}
    is_complete = True
    try:
        found = differences(space, space.all, pair.cubes, pair.sides, pair.changed, Steps())
        for number, (box, cover) in enumerate(found):
            if number >= DIFF_PIECES_MAX:
                is_complete = False
                break
            answers = pair.answers(cover)
            if answers[0] != answers[1]:
                pieces.setdefault(answers, []).append(box)
    except OutOfSteps:
        is_complete = False
    whole = {answers: sorted(merged(space, boxes)) for answers, boxes in pieces.items()}
    if sum(map(len, whole.values())) > DIFF_BOXES_MAX:
        is_complete = False
        whole = _cut(pair, whole)
    found_changes = (_change(pair, space, answers, boxes) for answers, boxes in whole.items())
    return Diff(tuple(sorted(found_changes, key=_order)), amended, is_complete=is_complete)


def changes(old: Policy, new: Policy, facts: Facts) -> bool:
    """Whether judging one case by the new version comes to something else: `diff` lists exactly these cases.

    By `judge` and `explain` alone. That no clause decides is the same as a clause that gives the case to a person unasked.
    """
    return _plain(answer_to(old, facts)) != _plain(answer_to(new, facts))


class _Pair:
    """Two versions over one set of bits: a clause that applies in the same cases, by its id or its effect, has one bit."""

    def __init__(self, old: Policy, new: Policy, space: Space) -> None:
        self.old, self.new = old, new
        one, two = _packed(old, space), _packed(new, space)
        place = _matching(old, new, one, two)
        extras_one, extras_two = _extras(old, space), _extras(new, space)
        self.cubes = list(one)
        for j, box in enumerate(two):
            if place[j] == len(self.cubes):
                self.cubes.append(box)
        first_extra = len(self.cubes)
        every = list(dict.fromkeys((*extras_one, *extras_two)))
        self.cubes += [box for box, _ in every]
        own = range(len(one))
        bits_of_extras = {extra: first_extra + i for i, extra in enumerate(every)}
        apart = set(extras_one) ^ set(extras_two)
        watches = any(extra.flag is not None for _, extra in apart)
        self.sides = (
            _side(old, own, [bits_of_extras[each] for each in extras_one], every, len(self.cubes), watches=watches),
            _side(new, place, [bits_of_extras[each] for each in extras_two], every, len(self.cubes), watches=watches),
        )
        self._place = (own, place)
        self.changed = sum(1 << bits_of_extras[each] for each in apart) | self._changed_clauses(first_extra)

    def answers(self, cover: int) -> tuple[Answer, Answer]:
        """What both versions say where exactly these rules apply."""
        one, two = self.sides
        return _plain(one.answer(cover)), _plain(two.answer(cover))

    def _changed_clauses(self, clauses: int) -> int:
        one, two = self.sides
        common = set(self.old.outcomes) & set(self.new.outcomes)
        orders = [[each for each in policy.outcomes if each in common] for policy in (self.old, self.new)]
        if orders[0] != orders[1]:
            return (1 << clauses) - 1
        same = 0
        for bit in bits(one.members & two.members & ((1 << clauses) - 1)):
            if one.defeats[bit] == two.defeats[bit] and _is_same(one.effects[bit], two.effects[bit]):
                same |= 1 << bit
        return ((1 << clauses) - 1) & ~same


def _side(
    policy: Policy,
    place: Sequence[int],
    extra_bits: list[int],
    extras: list[tuple[int, Extras]],
    size: int,
    *,
    watches: bool,
) -> Side:
    first_extra = size - len(extras)
    index = {clause.id: place[i] for i, clause in enumerate(policy.clauses)}
    ranks = ranks_of(policy)
    defeats = [0] * size
    for clause in policy.clauses:
        defeats[index[clause.id]] = sum(1 << index[name] for name in set(clause.exception_to))
    return Side(
        members=sum(1 << bit for bit in {*place, *extra_bits}),
        effects={
            index[clause.id]: Effect(clause.outcome.value, clause.amount, clause.needs, clause.automatic)
            for clause in policy.clauses
        },
        ranks={index[clause.id]: ranks[clause.id] for clause in policy.clauses},
        defeats=defeats,
        extras={bit: extras[bit - first_extra][1] for bit in extra_bits},
        cooling=sum(1 << index[clause.id] for clause in policy.clauses if clause.outcome is Outcome.COOLING),
        watches_flags=watches,
    )


def _packed(policy: Policy, space: Space) -> list[int]:
    return [space.pack(box_of(space.axes, clause.when, policy)) for clause in policy.clauses]


def _extras(policy: Policy, space: Space) -> list[tuple[int, Extras]]:
    return [
        (space.pack(box_of(space.axes, extra.when, policy)), Extras(extra.flag, extra.automatic))
        for extra in policy.extras
    ]


def _matching(old: Policy, new: Policy, one: list[int], two: list[int]) -> list[int]:
    """For each clause of the new version its bit: that of an old clause with the same cases, or a fresh one."""
    free = {clause.id: i for i, clause in enumerate(old.clauses)}
    place: list[int | None] = []
    for j, clause in enumerate(new.clauses):
        i = free.get(clause.id)
        place.append(free.pop(clause.id) if i is not None and one[i] == two[j] else None)
    renamed: dict[tuple[int, Outcome], list[int]] = {}
    for i in free.values():
        renamed.setdefault((one[i], old.clauses[i].outcome), []).append(i)
    fresh = len(one)
    found: list[int] = []
    for j, clause in enumerate(new.clauses):
        bit = place[j]
        waiting = renamed.get((two[j], clause.outcome))
        if bit is None and waiting:
            bit = waiting.pop(0)
        if bit is None:
            bit = fresh
            fresh += 1
        found.append(bit)
    return found


def _is_same(one: Effect, two: Effect) -> bool:
    return (one.outcome, one.amount, set(one.needs), one.automatic) == (
        two.outcome,
        two.amount,
        set(two.needs),
        two.automatic,
    )


def _plain(answer: Answer) -> Answer:
    cooled = None if answer.cooled is None else _plain(answer.cooled)
    return msgspec.structs.replace(answer, is_decided=True, cooled=cooled)


def _change(pair: _Pair, space: Space, answers: tuple[Answer, Answer], boxes: list[int]) -> Change:
    old, new = answers
    example = _example(pair, space.axes, space.unpack(boxes[0]))
    return Change(
        old=old,
        new=new,
        kinds=_kinds(old, new),
        direction=_direction(pair, old, new),
        situations=tuple(situation_of(space.axes, space.unpack(box)) for box in boxes),
        example=example,
        old_clause=_decider(pair.old, example.facts),
        new_clause=_decider(pair.new, example.facts),
    )


def _cut(pair: _Pair, whole: dict[tuple[Answer, Answer], list[int]]) -> dict[tuple[Answer, Answer], list[int]]:
    """What is listed when there is more than a person reads: the weightiest changes, and of each about as many situations."""
    weightiest = sorted(whole, key=lambda answers: _weight(_kinds(*answers), _direction(pair, *answers)))
    each = max(1, DIFF_BOXES_MAX // len(whole))
    return {answers: whole[answers][:each] for answers in weightiest[:DIFF_BOXES_MAX]}


def _kinds(old: Answer, new: Answer) -> tuple[ChangeKind, ...]:
    differs = {
        ChangeKind.OUTCOME: old.outcome != new.outcome,
        ChangeKind.MONEY: old.amount != new.amount,
        ChangeKind.EVIDENCE: old.evidence != new.evidence,
        ChangeKind.AUTOMATIC: old.automatic != new.automatic,
        ChangeKind.FLAGS: old.flags != new.flags,
        ChangeKind.AFTERWARDS: old.cooled is not None and new.cooled is not None and old.cooled != new.cooled,
    }
    return tuple(kind for kind, is_so in differs.items() if is_so)


def _direction(pair: _Pair, old: Answer, new: Answer) -> Direction:
    """By outcome and money first; of equal ones by the evidence asked for, whether it waits for a person, what comes later."""
    standings = [standing(pair.new, pair.old, answer) for answer in (old, new)]
    if standings[0] != standings[1]:
        return Direction.BETTER if standings[1] < standings[0] else Direction.WORSE
    better = worse = False
    for before, after in ((old.evidence, new.evidence), (old.automatic, new.automatic)):
        if before != after:
            better |= not _spares(before, after)
            worse |= not _spares(after, before)
    if old.cooled is not None and new.cooled is not None and old.cooled != new.cooled:
        later = _direction(pair, old.cooled, new.cooled)
        better |= later in (Direction.BETTER, Direction.MIXED)
        worse |= later in (Direction.WORSE, Direction.MIXED)
    if better and worse:
        return Direction.MIXED
    return Direction.BETTER if better else Direction.WORSE if worse else Direction.NEUTRAL


def standing(policy: Policy, other: Policy, answer: Answer) -> tuple[int, tuple[int, ...]]:
    """How good an answer is for the buyer, in one version's order of outcomes (the other's for those it lacks): less is
    better. Of equal outcomes the more generous money."""
    order = list(dict.fromkeys((*policy.outcomes, *other.outcomes, Outcome.PERSON)))
    return order.index(Outcome(answer.outcome)), generosity(answer.amount)


def _spares(new: frozenset[frozenset[str]], old: frozenset[frozenset[str]]) -> bool:
    """Whether whatever was enough still is."""
    return all(any(less <= enough for less in new) for enough in old)


def _example(pair: _Pair, axes: Sequence[Axis], box: tuple[int, ...]) -> Example:
    values = {axis.fact: axis.samples[(mask & -mask).bit_length() - 1] for axis, mask in zip(axes, box, strict=True)}
    disputed = {spec.name for policy in (pair.old, pair.new) for spec in policy.facts if spec.burden is not None}
    return Example(Facts(values, frozenset(disputed)))


def _decider(policy: Policy, facts: Facts) -> str:
    clause = judge(policy, facts, frozenset()).clause
    return "" if clause is None else clause.id


def _order(change: Change) -> tuple[int, int, str]:
    return (*_weight(change.kinds, change.direction), repr(change.situations[0]))


def _weight(kinds: tuple[ChangeKind, ...], direction: Direction) -> tuple[int, int]:
    return list(ChangeKind).index(kinds[0]), list(Direction).index(direction)
