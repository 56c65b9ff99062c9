"""The list of deliberate bugs: each is one place in the policy checks, the exact text there, and what stands in its stead."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Mutation(msgspec.Struct, frozen=True):
    """One small bug of the kind a tired person makes."""

    module: str
    """The file's path under `policy/`, without its ending."""
    old: str
    new: str
    breaks: str
    """What the bug does, for the table."""

    @property
    def name(self) -> str:
        """How it is spoken of."""
        return f"{self.module}: {self.breaks}"

    def applies(self, package: Path) -> bool:
        """Whether the text is there exactly once, so that the list cannot rot unseen."""
        return self.path(package).exists() and self.path(package).read_text("utf-8").count(self.old) == 1

    def apply(self, package: Path) -> None:
        """Put the bug into a copy of the package."""
        path = self.path(package)
        path.write_text(path.read_text("utf-8").replace(self.old, self.new), "utf-8")

    def path(self, package: Path) -> Path:
        """The file it is in."""
        return package / "policy" / f"{self.module}.py"


MUTATIONS: tuple[Mutation, ...] = (
    Mutation(
        "space",
        "return (packed + self.all) & self.guards != self.guards",
        "return packed == 0",
        "a box counts as empty only when every fact of it is",
    ),
    Mutation(
        "space",
        "            touching.append(cube)\n            if cuts < fewest:",
        "            if cuts < fewest:",
        "a cube that does not cut first is forgotten",
    ),
    Mutation(
        "space",
        "        left &= ~field | cube\n",
        "",
        "pieces of a box overlap",
    ),
    Mutation(
        "space",
        "            if not cuts:\n                break\n            touching",
        "            if cuts == 1:\n                break\n            touching",
        "a box counts as covered by a cube that covers it but for one fact",
    ),
    Mutation(
        "space",
        "united[rest] = united.get(rest, 0) | box",
        "united[rest] = box",
        "of boxes that are merged only the last is kept",
    ),
    Mutation(
        "table",
        "starts |= {span.high + 1} if span.high is not None else set()",
        "starts |= {span.high} if span.high is not None else set()",
        "the last number of a band falls into the next cell",
    ),
    Mutation(
        "table",
        "better = {ranks[c.id] for c in policy.clauses if policy.outcomes.index(c.outcome) <= place}",
        "better = {ranks[c.id] for c in policy.clauses if policy.outcomes.index(c.outcome) < place}",
        "a person because no clause decides ranks above a clause that says so",
    ),
    Mutation(
        "table",
        "low = axis.spans[i].low if i else None",
        "low = axis.spans[i].low if i > 1 else None",
        "situations are told wider than they are",
    ),
    Mutation(
        "lint/ground",
        "return [self.boxes[i] for i in self.defeaters[index] if not (is_cooled and i in self.cooling)]",
        "return [self.boxes[i] for i in self.defeaters[index][:1]]",
        "only the first exception to a clause counts",
    ),
    Mutation(
        "lint/ground",
        "if found is None and self.cooling and index not in self.cooling:",
        "if found is None and self.cooling:",
        "a cooling-off stands behind itself",
    ),
    Mutation(
        "lint/ground",
        "return facts if self._disputed is None else Facts(facts.values, self._disputed)",
        "return Facts(facts.values)",
        "examples forget that their facts are proven",
    ),
    Mutation(
        "lint/cover",
        "[*ground.boxes, *explained]",
        "ground.boxes",
        "a number between two clauses is told twice",
    ),
    Mutation(
        "lint/cover",
        "minus = [*ground.barring(i), *ground.barring(j), *(",
        "minus = [*ground.barring(i), *(",
        "a clause conflicts although it is defeated",
    ),
    Mutation(
        "lint/cover",
        "on = [box for box in ground.boxes if box & here]",
        "on = [box for box in ground.boxes if box & here and not box & below]",
        "a number that a clause covers counts as missed",
    ),
    Mutation(
        "lint/cover",
        "ends, begins = (one << 1) & ~(one >> 1), (one >> 1) & ~(one << 1)",
        "ends, begins = one << 1, one >> 1",
        "two bands that run on past each other meet in a number",
    ),
    Mutation(
        "lint/clauses",
        "if ground.live_box(i, steps) is None:",
        "if ground.live_box(i, steps) is None or len(ground.defeaters[i]) > 2:",
        "a clause with three exceptions counts as never deciding",
    ),
    Mutation(
        "lint/clauses",
        "without = side.with_members(side.members & ~(1 << i))",
        "without = side.with_members(side.members & ~(1 << (i - 1 if i else 0)))",
        "another clause than the one in question is left out",
    ),
    Mutation(
        "lint/clauses",
        "if one.answer(cover) != two.answer(cover):",
        "if one.answer(cover).outcome != two.answer(cover).outcome:",
        "a clause that only changes the money counts as redundant",
    ),
    Mutation(
        "lint/clauses",
        "if ground.space.is_empty(ground.boxes[i] & ground.boxes[base]):",
        "if ground.boxes[i] & ground.boxes[base] == 0:",
        "an exception meets its clause as soon as one fact does",
    ),
    Mutation(
        "lint/clauses",
        "if len(group) > 1 or node in defeats[node]:",
        "if len(group) > 2 or node in defeats[node]:",
        "a circle of two is no circle",
    ),
    Mutation(
        "lint/facts",
        "(cell, cell + 1) if axis.trend is Trend.LARGER_BETTER else (cell + 1, cell)",
        "(cell, cell + 1)",
        "a trend counts the other way round",
    ),
    Mutation(
        "lint/facts",
        "if rank_one < rank_two:",
        "if rank_one <= rank_two:",
        "the same answer counts as a better one",
    ),
    Mutation(
        "lint/facts",
        "(cell, presumed) if spec.burden is Party.PLATFORM else (presumed, cell)",
        "(cell, presumed)",
        "it pays the buyer to hide what would help the buyer",
    ),
    Mutation(
        "lint/facts",
        "changed = inside[0] ^ inside[1]",
        "changed = inside[0] & ~inside[1]",
        "a clause that begins in the next cell is overlooked",
    ),
    Mutation(
        "lint/evidence",
        "if code in proofs or any(live[i] for i in naming):",
        "if any(live[i] for i in naming):",
        "evidence that proves a fact counts as useless",
    ),
    Mutation(
        "answers",
        "return clauses & ~self.beaten(clauses)",
        "return clauses & ~self.beaten(clauses & ~self.beaten(clauses))",
        "a defeated exception defeats nobody",
    ),
    Mutation(
        "answers",
        "is_clear = first.outcome in REFUND_CODES and not flags and self.live(mask) == best[1]",
        "is_clear = first.outcome in REFUND_CODES and not flags",
        "a conflict is settled without a person",
    ),
    Mutation(
        "answers",
        "if self.defeats[bit] & standing:\n                found |= 1 << bit",
        "if self.defeats[bit] & sure:\n                found |= 1 << bit",
        "the search forgets exceptions to what may still apply",
    ),
    Mutation(
        "answers",
        "and set(other.needs) <= set(own.needs)\n",
        "and set(other.needs) >= set(own.needs)\n",
        "a clause that asks for less is spared for one that asks for more",
    ),
    Mutation(
        "answers",
        "found = msgspec.structs.replace(found, cooled=self._now(mask & ~self.cooling))",
        "found = msgspec.structs.replace(found, cooled=self._now(mask))",
        "nothing follows a cooling-off",
    ),
    Mutation(
        "answers",
        "any(other < needs for other in sets)",
        "any(other > needs for other in sets)",
        "of two alternatives the one that asks for more is kept",
    ),
    Mutation(
        "diff/situations",
        "if one.defeats[bit] == two.defeats[bit] and _is_same(",
        "if _is_same(",
        "a dropped exception changes nothing",
    ),
    Mutation(
        "diff/situations",
        "if orders[0] != orders[1]:",
        "if False:",
        "another order of outcomes changes nothing",
    ),
    Mutation(
        "diff/situations",
        "free.pop(clause.id) if i is not None and one[i] == two[j] else None",
        "free.pop(clause.id) if i is not None else None",
        "a clause with other conditions counts as the one it was",
    ),
    Mutation(
        "diff/situations",
        "if answers[0] != answers[1]:",
        "if answers[0].outcome != answers[1].outcome:",
        "only other outcomes count as changes",
    ),
    Mutation(
        "batch/judging",
        "(may_be_automatic(resolution, clause), any(test.fact in presumed for test in clause.when))",
        "may_be_automatic(resolution, clause) and not any(test.fact in presumed for test in clause.when)",
        "cases of different clauses share a class",
    ),
    Mutation(
        "batch/judging",
        "held |= (local.astype(np.uint64) << np.uint64(shift)) & relevant",
        "held |= local.astype(np.uint64) & relevant",
        "evidence of a second look-up is taken for that of the first",
    ),
    Mutation(
        "batch/judging",
        'key = self._keys.simplest(int.from_bytes(vector[1], "little") & self._start)',
        'key = (int.from_bytes(vector[1], "little") & self._start) | ~self._tables_of_rules.all & self._keys.all',
        "a batch takes what nobody knows for known",
    ),
    Mutation(
        "batch/codes",
        'codes = np.searchsorted(np.asarray(self.cuts, np.int64), values, side="right")',
        'codes = np.searchsorted(np.asarray(self.cuts, np.int64), values, side="left")',
        "with many bands a band's first number falls into the one before",
    ),
    Mutation(
        "batch/codes",
        'np.add(codes, values >= cut, out=codes, casting="unsafe")',
        'np.add(codes, values > cut, out=codes, casting="unsafe")',
        "a band's first number falls into the one before",
    ),
    Mutation(
        "batch/codes",
        "if not rules & testers:\n                key |= bit",
        "if True:\n                key |= bit",
        "what is only presumed pays without a person",
    ),
    Mutation(
        "explain",
        "if best is None or cost < best.cost:",
        "if best is None or cost <= best.cost + 1:",
        "advice that is a little dearer than the cheapest is kept",
    ),
    Mutation(
        "explain",
        "claimed = compiled(policy).samples(spec) if said is None else (said,)",
        "claimed = compiled(policy).samples(spec)",
        "the buyer is told to say something else",
    ),
    Mutation(
        "explain",
        "added = (*shown, *verdict.missing)",
        "added = (*shown,)",
        "advice forgets what the clause needs beside the proof",
    ),
    Mutation(
        "compiled",
        "return tuple(dict.fromkeys((low, *(cut for cut in cuts if cut in spec.domain))))",
        "return (low,)",
        "advice tries one value of a number only",
    ),
    Mutation(
        "answers",
        "if changed & (cover | partial) & self._extra_bits:\n            return False",
        "if changed & (cover | partial) & self._flagging:\n            return False",
        "an extra that lets cases through makes no difference",
    ),
    Mutation(
        "answers",
        "sure = cover & standing & ~self.beaten(partial & self.clauses)",
        "sure = cover & standing",
        "what may yet be defeated counts as standing",
    ),
    Mutation(
        "answers",
        "found |= self._relevant(cover & ~self.cooling, partial & ~self.cooling)",
        "found |= self._relevant(cover, partial & ~self.cooling)",
        "the search forgets what a cooling-off stands in front of",
    ),
    Mutation(
        "answers",
        "if not (cover | partial) & changed:\n            continue",
        "if not cover & changed:\n            continue",
        "a box that a changed clause only touches is passed over",
    ),
    Mutation(
        "diff/situations",
        "return Direction.BETTER if standings[1] < standings[0] else Direction.WORSE",
        "return Direction.BETTER if standings[1] > standings[0] else Direction.WORSE",
        "what is worse for the buyer is told as better",
    ),
    Mutation(
        "diff/situations",
        "return all(any(less <= enough for less in new) for enough in old)",
        "return any(any(less <= enough for less in new) for enough in old)",
        "more evidence asked for is told as less",
    ),
)
