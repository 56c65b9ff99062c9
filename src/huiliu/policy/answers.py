"""What the rules that apply come to, for two versions of a rule set at once, and the search for cases where they differ.

Bit i of a mask is rule i; extras follow the clauses. A search splits a box only on rules on which an answer can still depend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import final

import msgspec

from huiliu.policy.model import REFUNDS, AmountRule, Flag, Outcome
from huiliu.policy.space import Space, Steps, pieces
from huiliu.policy.table import Effect

REFUND_CODES = frozenset(outcome.value for outcome in REFUNDS)


class Answer(msgspec.Struct, frozen=True):
    """What a case comes to, whatever evidence is at hand and whatever the clauses are called."""

    outcome: str
    amount: AmountRule | None = None
    evidence: frozenset[frozenset[str]] = frozenset({frozenset[str]()})
    """The alternatives: each set is enough, and none of them has more than it needs."""
    automatic: frozenset[frozenset[str]] = frozenset()
    """The smallest sets of evidence with which no person is needed; none when one always is."""
    flags: tuple[Flag, ...] = ()
    is_decided: bool = True
    """Whether a clause decides, or a person because none does."""
    cooled: Answer | None = None
    """For a cooling-off: what the case comes to when that is over."""


class Extras(msgspec.Struct, frozen=True):
    """What an extra's bit stands for."""

    flag: Flag | None
    automatic: bool


@final
class Side:
    """One set of rules: who is in it, what each gives, whom each defeats. Sides of one comparison share their bits."""

    def __init__(
        self,
        *,
        members: int,
        effects: Mapping[int, Effect],
        ranks: Mapping[int, int],
        defeats: Sequence[int],
        extras: Mapping[int, Extras] | None = None,
        cooling: int = 0,
        watches_flags: bool = False,
    ) -> None:
        """`cooling` has the clauses that make a case wait. Flags are part of an answer only with `watches_flags`."""
        self.members = members
        self.effects = effects
        self.ranks = ranks
        self.defeats = defeats
        self.extras = extras or {}
        self.cooling = cooling
        self.clauses = _bits_of(effects)
        extra_bits = _bits_of(self.extras)
        self._flagging = _bits_of(bit for bit, extra in self.extras.items() if extra.flag is not None)
        self._watches_flags = watches_flags
        lets_through = any(extra.automatic for extra in self.extras.values())
        refunds = [bit for bit, effect in effects.items() if effect.outcome in REFUND_CODES]
        self._payable = _bits_of(bit for bit in refunds if lets_through or effects[bit].automatic)
        self._extra_bits = extra_bits
        worse: dict[int, int] = {}
        for rank in set(ranks.values()):
            worse[rank] = _bits_of(bit for bit, other in ranks.items() if other > rank)
        self._worse = worse
        self._beaten: dict[int, int] = {}
        self._answers: dict[int, Answer] = {}

    def with_members(self, members: int) -> Side:
        """The same rules, of which only some are in."""
        other = copy(self)
        other.members = members
        return other

    def beaten(self, mask: int) -> int:
        """The rules that the rules in `mask` are exceptions to."""
        found = self._beaten.get(mask)
        if found is None:
            found = 0
            for bit in bits(mask):
                found |= self.defeats[bit]
            self._beaten[mask] = found
        return found

    def live(self, mask: int) -> int:
        """The clauses of `mask` that apply and are not defeated."""
        mask &= self.members
        clauses = mask & self.clauses
        return clauses & ~self.beaten(clauses)

    def best(self, mask: int) -> tuple[int, int] | None:
        """(rank, clauses) of what decides when exactly the rules of `mask` apply; None when no clause is left."""
        live = self.live(mask)
        if not live:
            return None
        rank = min(self.ranks[bit] for bit in bits(live))
        return rank, live & ~self._worse[rank]

    def bounds(self, cover: int, partial: int) -> tuple[int | None, int | None]:
        """The best and the worst rank that may decide where the rules of `cover` apply and perhaps those of `partial`; None
        for the best when no rule can decide, for the worst when perhaps none does."""
        cover &= self.members & self.clauses
        partial &= self.members & self.clauses
        beaten = self.beaten(cover)
        standing = (cover | partial) & ~beaten
        sure = cover & ~beaten & ~self.beaten(partial)
        best = min((self.ranks[bit] for bit in bits(standing)), default=None)
        return best, min((self.ranks[bit] for bit in bits(sure)), default=None)

    def answer(self, mask: int) -> Answer:
        """What a case comes to in which exactly the rules of `mask` apply, with what follows a cooling-off."""
        mask &= self.members
        found = self._answers.get(mask)
        if found is None:
            found = self._now(mask)
            if found.outcome == Outcome.COOLING.value and found.is_decided and self.cooling:
                found = msgspec.structs.replace(found, cooled=self._now(mask & ~self.cooling))
            self._answers[mask] = found
        return found

    def relevant(self, cover: int, partial: int) -> int:
        """The rules of `partial` on which the answer may still depend where those of `cover` apply for certain."""
        cover &= self.members
        partial &= self.members
        found = self._relevant(cover, partial)
        if self.cooling & (cover | partial):
            found |= self._relevant(cover & ~self.cooling, partial & ~self.cooling)
        return found

    def is_inert(self, changed: int, cover: int, partial: int) -> bool:
        """Whether rules of `changed` make no difference where those of `cover` apply, and perhaps those of `partial`."""
        cover &= self.members
        partial &= self.members
        if not changed & (cover | partial):
            return True
        if not self._is_inert(changed, cover, partial):
            return False
        if not self.cooling & (cover | partial):
            return True
        return self._is_inert(changed & ~self.cooling, cover & ~self.cooling, partial & ~self.cooling)

    def _now(self, mask: int) -> Answer:
        extras = [self.extras[bit] for bit in bits(mask & self._extra_bits)]
        flags = tuple(flag for flag in Flag if any(extra.flag is flag for extra in extras))
        best = self.best(mask)
        shown = flags if self._watches_flags else ()
        if best is None:
            return Answer(Outcome.PERSON.value, flags=shown, is_decided=False)
        chosen = [self.effects[bit] for bit in bits(best[1])]
        first = chosen[0]
        lets_through = any(extra.automatic for extra in extras)
        is_clear = first.outcome in REFUND_CODES and not flags and self.live(mask) == best[1]
        payable = [effect for effect in chosen if is_clear and (lets_through or effect.automatic)]
        return Answer(first.outcome, first.amount, smallest(chosen), smallest(payable), shown)

    def _relevant(self, cover: int, partial: int) -> int:
        standing = (cover | partial) & self.clauses & ~self.beaten(cover & self.clauses)
        sure = cover & standing & ~self.beaten(partial & self.clauses)
        is_payable, standing = self._in_question(standing, sure, cover)
        found = partial & standing
        for bit in bits(partial & self.clauses & ~standing):
            if self.defeats[bit] & standing:
                found |= 1 << bit
        if is_payable:
            return found | (partial & self._extra_bits)
        return found | (partial & self._flagging) if self._watches_flags else found

    def _in_question(self, standing: int, sure: int, cover: int) -> tuple[bool, int]:
        """Whether it may be that no person is needed, and the standing rules that matter, given those that stand for sure.

        What is outranked for sure matters only as a rival: a conflict is never settled without a person.
        """
        if not sure:
            return bool(standing & self._payable) and not cover & self._flagging, standing
        ranks = {self.ranks[bit] for bit in bits(sure)}
        above = standing & ~self._worse[min(ranks)]
        is_payable = len(ranks) == 1 and bool(above & self._payable) and not cover & self._flagging
        return is_payable, standing if is_payable else above

    def _is_inert(self, changed: int, cover: int, partial: int) -> bool:
        if changed & (cover | partial) & self._extra_bits:
            return False
        kept = cover & ~changed & self.clauses
        standing = (cover | partial) & self.clauses & ~self.beaten(kept)
        sure = kept & standing & ~self.beaten((partial | (cover & changed)) & self.clauses)
        _, standing = self._in_question(standing, sure, cover)
        for bit in bits(changed & (cover | partial)):
            if self.defeats[bit] & standing:
                return False
            if standing >> bit & 1 and not self._is_spare(bit, sure):
                return False
        return True

    def _is_spare(self, bit: int, sure: int) -> bool:
        """Whether a rule that surely stands gives the same for no more evidence and no more waiting."""
        own = self.effects[bit]
        others = (self.effects[other] for other in bits(sure) if self.ranks[other] == self.ranks[bit])
        return any(
            (other.outcome, other.amount) == (own.outcome, own.amount)
            and set(other.needs) <= set(own.needs)
            and other.automatic >= own.automatic
            for other in others
        )


def differences(
    space: Space,
    box: int,
    cubes: Sequence[int],
    sides: tuple[Side, Side],
    changed: int,
    steps: Steps,
    is_settled: Callable[[int, int], bool] | None = None,
) -> Iterator[tuple[int, int]]:
    """Disjoint (box, rules that apply in it) in which the sides' answers may differ; elsewhere they are the same.

    In each, both sides' answers are those of exactly these rules. `changed` has the rules that are not the same, with the
    same effect and ranks, on both sides. `is_settled` may say of rules that apply for certain and perhaps that no difference
    of the kind that is looked for can come of them. Raises OutOfSteps, after what it has found.
    """
    full, guards = space.all, space.guards
    one, two = sides
    stack: list[tuple[int, tuple[int, ...], int]] = [(box, tuple(bits(one.members | two.members)), 0)]
    while stack:
        box, waiting, cover = stack.pop()
        steps.take(1 + len(waiting))
        partial = 0
        left: list[int] = []
        for bit in waiting:
            meet = box & cubes[bit]
            if (meet + full) & guards == guards:
                if meet == box:
                    cover |= 1 << bit
                else:
                    left.append(bit)
                    partial |= 1 << bit
        if not (cover | partial) & changed:
            continue
        if is_settled is not None and is_settled(cover, partial):
            continue
        matters = one.relevant(cover, partial) | two.relevant(cover, partial)
        if not matters:
            yield box, cover
            continue
        if one.is_inert(changed, cover, partial) and two.is_inert(changed, cover, partial):
            continue
        cube = cubes[_to_split(space, box, cubes, matters & changed or matters)]
        waiting = tuple(left)
        stack.append((box & cube, waiting, cover))
        stack.extend((piece, waiting, cover) for piece in pieces(space, box, cube))


def smallest(effects: Sequence[Effect]) -> frozenset[frozenset[str]]:
    """The needs of these alternatives without those that ask for more than another does."""
    sets = {frozenset(effect.needs) for effect in effects}
    return frozenset(needs for needs in sets if not any(other < needs for other in sets))


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, from the lowest."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _to_split(space: Space, box: int, cubes: Sequence[int], candidates: int) -> int:
    """The rule that cuts the fewest axes of the box."""
    full, guards = space.all, space.guards
    best, fewest = -1, len(space.axes) + 1
    for bit in bits(candidates):
        cuts = (((box ^ (box & cubes[bit])) + full) & guards).bit_count()
        if cuts < fewest:
            best, fewest = bit, cuts
            if cuts == 1:
                break
    return best


def _bits_of(indexes: Iterable[int]) -> int:
    found = 0
    for index in indexes:
        found |= 1 << index
    return found
