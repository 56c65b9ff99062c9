"""Millions of cases judged at once, each exactly as `judge` would.

The facts come as small codes (codes.py). As in packet classification by recursive flows (Gupta and McKeown, 1999)
a few facts at a time are looked up together, and what is left of the rules is the class with which the next look-up goes
on; evidence is looked up last. The tables fill as cases come, as a lazily built automaton's do: only combinations that
occur cost anything. When a table has grown to its bound, the rest goes by bit vectors: the masks of all facts, AND-ed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeAlias, final

import msgspec
import numpy as np
import numpy.typing as npt

from huiliu.policy.batch.codes import FactCoding, Ints, Keys, Truths, as_words, codings_of
from huiliu.policy.batch.table import ABSENT, CELLS_MAX, ClassKey, ClassTable, distinct_rows
from huiliu.policy.compiled import compiled, may_be_automatic
from huiliu.policy.evaluate import judge
from huiliu.policy.model import REFUNDS, AmountRule, Facts, FactValue, Flag, Outcome, Policy, Verdict

CHUNK_ROWS = 1 << 16
"""So many cases are worked on together: their columns stay in the processor's cache."""
FIRST_CODES_MAX = 1 << 16
NEXT_CODES_MAX = 1 << 11
"""How many combinations of codes the first look-up, and each that follows it, may tell apart."""
EVIDENCE_KINDS_MAX = 64
EVIDENCE_TOGETHER_MAX = 10
"""Kinds of evidence that are looked up at once; more are looked up in turn."""
THREADS_MAX = 16

SEEN_MAX = 1 << 18
"""How many classes and answers are remembered by what they are made of, beside the tables."""
_COLUMN_BITS = (1 << EVIDENCE_KINDS_MAX) - 1

AnswerIds: TypeAlias = npt.NDArray[np.int32]


class Answer(msgspec.Struct, frozen=True):
    """What `judge` says of a case, as far as it can be counted. `missing` has bit i for kind i of the batch's evidence."""

    outcome: Outcome
    clause: int
    """The clause's place in the policy, -1 for none."""
    missing: int
    amount: AmountRule | None
    automatic: bool
    flags: tuple[Flag, ...]
    conflict: bool
    asks: bool
    """An unknown fact would change the answer."""

    @property
    def pays(self) -> bool:
        """Whether money is to be paid now."""
        return self.outcome in REFUNDS and not self.missing and not self.asks


@final
class Batch:
    """One policy, made ready for columns of cases. Several threads may use it.

    `evidence` is the order of the bits of an evidence column, the policy's own if not given; kinds that the policy needs
    and the order lacks count as missing. `cooled` judges as if every cooling-off were over.
    """

    def __init__(
        self, policy: Policy, *, evidence: Sequence[str] = (), cooled: bool = False, cells_max: int = CELLS_MAX
    ) -> None:
        self.policy = policy
        self.answers: list[Answer] = []
        tables = compiled(policy)
        self.codings = codings_of(tables)
        self._tables_of_rules = tables
        self._cooled = cooled
        self._given = tuple(dict.fromkeys(evidence or policy.costs))
        assert len(self._given) <= EVIDENCE_KINDS_MAX, "an evidence column has 64 bits"
        needed = (code for clause in policy.clauses for code in clause.needs)
        self.evidence = tuple(dict.fromkeys((*self._given, *needed)))
        """The kinds of evidence that the bits of `Answer.missing` stand for; those that columns may have come first."""
        self._bit = {code: 1 << i for i, code in enumerate(self.evidence)}
        self._numbers: dict[Answer, int] = {}
        self._lock = Lock()
        self._keys = Keys(tables, self.codings)
        self._fact_groups = _fact_groups(self.codings)
        self._evidence_groups = _evidence_groups(len(self._given))
        widths = [_width(group) for group in self._fact_groups] + [1 << bits for _, bits in self._evidence_groups]
        self._tables = [ClassTable(width, cells_max=cells_max) for width in widths]
        self._start = self._keys.all & ~(tables.cooling_bits if cooled else 0)
        self._relevant: dict[ClassKey, int] = {}
        self._settled: dict[ClassKey, int] = {}
        self._seen: dict[tuple[int, bytes], int] = {}
        self._tables[0].begin_of(self._class_key(0, self._keys.simplest(self._start)))
        count = -(-self._keys.all.bit_length() // 64)
        self._vectors = tuple(as_words(keys, count) for keys in self._keys.by_code)

    def coding(self, fact: str) -> FactCoding | None:
        """How a fact is coded; None when no answer depends on it."""
        return next((coding for coding in self.codings if coding.fact == fact), None)

    def decide(self, codes: Mapping[str, Ints], evidence: Ints | None = None, *, threads: int = 1) -> AnswerIds:
        """Judge every row: an index into `answers` each. A fact without a column is unknown; no `evidence` is none.

        Columns have one length, and there is at least one. Raises ValueError: a code is out of its fact's range.
        """
        rows = len(next(iter(codes.values()))) if codes else 0 if evidence is None else len(evidence)
        columns = [
            codes[coding.fact] if coding.fact in codes else _always(coding.code(None), rows) for coding in self.codings
        ]
        shown = _always(0, rows) if evidence is None else evidence
        assert all(len(column) == rows for column in (*columns, shown)), "columns of one length"
        out = np.empty(rows, np.int32)
        starts = range(0, rows, CHUNK_ROWS)
        if threads <= 1 or len(starts) <= 1:
            self._run(columns, shown, out, starts)
            return out

        def run(share: Sequence[int]) -> None:
            self._run(columns, shown, out, share)

        with ThreadPoolExecutor(min(threads, THREADS_MAX)) as pool:
            list(pool.map(run, [starts[i::threads] for i in range(threads)]))
        return out

    def answer(self, verdict: Verdict) -> Answer:
        """A verdict of `judge` on one case, as an answer to compare."""
        return Answer(
            outcome=verdict.outcome,
            clause=-1 if verdict.clause is None else self.policy.clauses.index(verdict.clause),
            missing=sum(self._bit[code] for code in verdict.missing),
            amount=verdict.amount,
            automatic=verdict.automatic,
            flags=verdict.flags,
            conflict=verdict.conflict,
            asks=bool(verdict.ask),
        )

    def codes_of(self, facts: Facts) -> dict[str, int]:
        """One case's codes."""
        return {
            coding.fact: coding.code(facts.values.get(coding.fact), is_proven=coding.fact in facts.proven)
            for coding in self.codings
        }

    def bits_of(self, evidence: frozenset[str]) -> int:
        """One case's evidence as bits of an evidence column."""
        return sum(self._bit[code] for code in self._given if code in evidence)

    def missing_of(self, answer: Answer) -> tuple[str, ...]:
        """The evidence that an answer waits for: slot codes."""
        return tuple(code for code in self.evidence if answer.missing & self._bit[code])

    def _run(self, columns: Sequence[Ints], evidence: Ints, out: AnswerIds, starts: Sequence[int]) -> None:
        index = np.empty(min(CHUNK_ROWS, len(out)), np.int32)
        for start in starts:
            end = min(start + CHUNK_ROWS, len(out))
            chunk = [column[start:end] for column in columns]
            self._judge_chunk(chunk, evidence[start:end], out[start:end], index[: end - start])

    def _judge_chunk(self, codes: Sequence[Ints], evidence: Ints, out: AnswerIds, index: AnswerIds) -> None:
        for coding, column in zip(self.codings, codes, strict=True):
            if column.max() >= coding.size or (column.dtype.kind == "i" and column.min() < 0):
                raise ValueError(f"a code of {coding.fact} is out of range")
        lost = np.zeros(
            len(out), np.bool_
        )  # rows for which a table had no room; whatever class they carry is not theirs
        first = 0
        out.fill(0)
        for step, group in enumerate(self._fact_groups):
            np.copyto(index, codes[first], casting="unsafe")
            for i, coding in enumerate(group[1:], first + 1):
                index *= coding.size
                np.add(index, codes[i], out=index, casting="unsafe")
            first += len(group)
            if step:
                index += out
            self._look_up(step, index, out, lost, codes, evidence)
        if lost.any():
            self._by_vectors(lost, codes, out)
        for step, (shift, bits) in enumerate(self._evidence_groups, len(self._fact_groups)):
            shown = evidence >> shift if shift else evidence
            mask = min((1 << bits) - 1, int(np.iinfo(evidence.dtype).max))
            np.bitwise_and(shown, evidence.dtype.type(mask), out=index, casting="unsafe")
            index += out
            self._look_up(step, index, out, lost, codes, evidence)
        for row in np.flatnonzero(lost).tolist() if lost.any() else ():
            with self._lock:
                out[row] = self._number(codes, evidence, row)

    def _look_up(
        self, step: int, index: AnswerIds, out: AnswerIds, lost: Truths, codes: Sequence[Ints], evidence: Ints
    ) -> None:
        """From the cells in `index` to where the next classes begin; rows for which there is no room become lost."""
        table = self._tables[step]
        if table.take(index, out):
            return
        absent = np.flatnonzero((out < 0) & ~lost)
        wanted = index[absent]
        cells, places = np.unique(wanted, return_index=True)
        with self._lock:
            if step < len(self._fact_groups):
                table.cells[cells] = self._after_facts(step, cells)
            else:
                table.cells[cells] = self._after_evidence(step, cells, codes, evidence, absent[places])
            out[absent] = table.cells[wanted]
        without = out < 0
        lost |= without
        out[without] = 0

    def _after_facts(self, step: int, cells: AnswerIds) -> AnswerIds:
        """Where the classes begin to which cells of a table of facts lead."""
        table = self._tables[step]
        numbers, local = np.divmod(cells, table.width)
        present, where = np.unique(numbers, return_inverse=True)
        keys = [table.keys[int(number)][0] for number in present]
        words = as_words([key for key in keys if isinstance(key, int)], self._vectors[0].shape[1])[where]
        first = sum(len(group) for group in self._fact_groups[:step])
        for i, coding in reversed(list(enumerate(self._fact_groups[step], first))):
            local, code = np.divmod(local, coding.size)
            words &= self._vectors[i].take(code, axis=0)
        return self._begins(step + 1, words)

    def _after_evidence(
        self, step: int, cells: AnswerIds, codes: Sequence[Ints], evidence: Ints, rows: npt.NDArray[np.intp]
    ) -> AnswerIds:
        """Where the classes begin, or which answers they are, to which cells of a table of evidence lead. `rows` has a case
        of each cell."""
        table = self._tables[step]
        shift, _ = self._evidence_groups[step - len(self._fact_groups)]
        numbers, local = np.divmod(cells, table.width)
        present, where = np.unique(numbers, return_inverse=True)
        keys = [table.keys[int(number)] for number in present]
        relevant = np.array([self._relevant[key, 0] & _COLUMN_BITS for key, _ in keys], np.uint64)[where]
        held = np.array([held for _, held in keys], np.uint64)[where]
        held |= (local.astype(np.uint64) << np.uint64(shift)) & relevant
        first, inverse = distinct_rows(np.stack([numbers.astype(np.uint64), held], axis=1))
        begins = np.empty(len(first), np.int32)
        for i, place in enumerate(first.tolist()):
            key = table.keys[int(numbers[place])][0], int(held[place])
            if step + 1 < len(self._tables):
                begins[i] = self._tables[step + 1].begin_of(key)
                continue
            number = self._settled.get(key)
            if number is None:
                if len(self._settled) >= SEEN_MAX:
                    self._settled.clear()
                number = self._settled[key] = self._number(codes, evidence, int(rows[place]))
            begins[i] = number
        return begins[inverse]

    def _begins(self, step: int, words: npt.NDArray[np.uint64]) -> AnswerIds:
        """Where the classes of some keys, as 64-bit words, begin in a table."""
        first, inverse = distinct_rows(words)
        begins = np.empty(len(first), np.int32)
        for i, each in enumerate(words[first]):
            vector = step, each.tobytes()
            begin = self._seen.get(vector)
            if begin is None:
                if len(self._seen) >= SEEN_MAX:
                    self._seen.clear()
                key = self._keys.simplest(int.from_bytes(vector[1], "little") & self._start)
                begin = self._seen[vector] = self._tables[step].begin_of(self._class_key(step, key))
            begins[i] = begin
        return begins[inverse]

    def _class_key(self, step: int, key: int) -> ClassKey:
        """The class of a key on its way to a table: as it is among the facts; before the evidence, what it comes to."""
        if step < len(self._fact_groups):
            return key, 0
        rules = key & self._tables_of_rules.all
        clauses = self.policy.clauses
        if not self._keys.is_known(key):
            found: ClassKey = key, 0
            needing = [clause for i, clause in enumerate(clauses) if rules >> i & 1]
        else:
            resolution = self._tables_of_rules.resolve(rules)
            needing = [route.clause for route in resolution.routes]
            presumed = self._keys.presumed(key)
            automatic = tuple(
                (may_be_automatic(resolution, clause), any(test.fact in presumed for test in clause.when))
                for clause in needing
            )
            routes = tuple(route.index for route in resolution.routes)
            found = (routes, automatic, bool(resolution.rivals), resolution.flags), 0
        if found not in self._relevant:
            self._relevant[found] = sum({self._bit[code] for clause in needing for code in clause.needs})
        return found

    def _by_vectors(self, lost: Truths, codes: Sequence[Ints], out: AnswerIds) -> None:
        """Place rows that the tables have no room for: the masks of all facts, AND-ed, each distinct one resolved once."""
        rows = np.flatnonzero(lost)
        words = self._vectors[0].take(codes[0][rows], axis=0)
        for vectors, column in zip(self._vectors[1:], codes[1:], strict=True):
            words &= vectors.take(column[rows], axis=0)
        with self._lock:
            found = self._begins(len(self._fact_groups), words)
        lost[rows] = found == ABSENT
        out[rows] = np.maximum(found, 0)

    def _number(self, codes: Sequence[Ints], evidence: Ints, row: int) -> int:
        """Judge one row; the number of its answer."""
        values: dict[str, FactValue] = {}
        proven: set[str] = set()
        for coding, column in zip(self.codings, codes, strict=True):
            value, is_proven = coding.value(int(column[row]))
            if value is not None:
                values[coding.fact] = value
            if is_proven:
                proven.add(coding.fact)
        bits = int(evidence[row])
        shown = frozenset(code for i, code in enumerate(self._given) if bits >> i & 1)
        answer = self.answer(judge(self.policy, Facts(values, frozenset(proven)), shown, cooled=self._cooled))
        found = self._numbers.get(answer)
        if found is None:
            found = self._numbers[answer] = len(self.answers)
            self.answers.append(answer)
        return found


def _always(code: int, rows: int) -> Ints:
    """A column that is the same in every row, in the memory of one."""
    return np.broadcast_to(np.asarray(code, np.uint16), rows)


def _width(group: Sequence[FactCoding]) -> int:
    width = 1
    for coding in group:
        width *= coding.size
    return width


def _fact_groups(codings: Sequence[FactCoding]) -> tuple[tuple[FactCoding, ...], ...]:
    """Which facts are looked up together, in the order of the codings."""
    groups: list[list[FactCoding]] = []
    for coding in codings:
        most = FIRST_CODES_MAX if len(groups) <= 1 else NEXT_CODES_MAX
        if groups and _width(groups[-1]) * coding.size <= most:
            groups[-1].append(coding)
        else:
            groups.append([coding])
    return tuple(tuple(group) for group in groups)


def _evidence_groups(kinds: int) -> tuple[tuple[int, int], ...]:
    """(first bit, number of bits) of each look-up, about equally wide."""
    count = max(1, -(-kinds // EVIDENCE_TOGETHER_MAX))
    each = max(1, -(-kinds // count))
    return tuple((i * each, max(1, min(each, kinds - i * each))) for i in range(count))
