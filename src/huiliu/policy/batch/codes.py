"""Each fact of a case as a small number: which of the cells that a policy tells apart its value falls into.

Of a fact with `known` cells, code 0 .. known-1 is a cell, `known` means that nobody knows. Where it matters whether the
fact is proven, the same codes follow once more for a value that is not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from huiliu.policy.compiled import CompiledPolicy, Lookup
from huiliu.policy.model import FactValue

Ints: TypeAlias = npt.NDArray[np.integer]
Truths: TypeAlias = npt.NDArray[np.bool_]

COMPARED_CUTS_MAX = 48
"""With so few cuts, comparing with each of them is faster than searching."""
OTHER_WORD = "\0"
"""Stands for every word that the policy does not have: no file can contain it."""


class FactCoding(msgspec.Struct, frozen=True):
    """How one fact's values become codes: by `words` (then one code for any other word), or by the `cuts` of a number."""

    fact: str
    is_number: bool
    words: tuple[FactValue, ...] = ()
    cuts: tuple[int, ...] = ()
    is_proof_told: bool = False
    """Whether proven and unproven values have codes of their own."""

    @property
    def known(self) -> int:
        """How many cells there are; also the code of 'nobody knows'."""
        return len(self.cuts) + 1 if self.is_number else len(self.words) + 1

    @property
    def size(self) -> int:
        """How many codes there are."""
        return (self.known + 1) * (2 if self.is_proof_told else 1)

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """The smallest type that holds every code."""
        return np.uint8 if self.size <= 1 << 8 else np.uint16

    def code(self, value: FactValue | None, *, is_proven: bool = False) -> int:
        """The code of one value, None for unknown."""
        if value is None:
            cell = self.known
        elif self.is_number:
            assert not isinstance(value, str), f"{self.fact} is a number"
            cell = bisect_right(self.cuts, value)
        else:
            cell = self.words.index(value) if value in self.words else len(self.words)
        return cell + (self.known + 1 if self.is_proof_told and not is_proven else 0)

    def value(self, code: int) -> tuple[FactValue | None, bool]:
        """A value that has this code, None for unknown, and whether it is proven."""
        unproven, cell = divmod(code, self.known + 1)
        is_proven = self.is_proof_told and not unproven
        if cell == self.known:
            return None, is_proven
        if self.is_number:
            return (self.cuts[cell - 1] if cell else self.cuts[0] - 1 if self.cuts else 0), is_proven
        return (self.words[cell] if cell < len(self.words) else OTHER_WORD), is_proven

    def numbers(self, values: Ints, *, known: Truths | None = None, proven: Truths | None = None) -> Ints:
        """The codes of a column of whole numbers. `known` marks the rows that have one, `proven` those that are proven."""
        assert self.is_number, f"{self.fact} is no number"
        if len(self.cuts) <= COMPARED_CUTS_MAX:
            codes = np.zeros(len(values), self.dtype)
            for cut in self.cuts:
                np.add(codes, values >= cut, out=codes, casting="unsafe")
        else:
            codes = np.searchsorted(np.asarray(self.cuts, np.int64), values, side="right").astype(self.dtype)
        if known is not None:
            codes[~known] = self.known
        return self._with_proof(codes, proven)

    def translated(self, codes: Ints, words: Sequence[FactValue | None], *, proven: Truths | None = None) -> Ints:
        """The codes of a column that comes in codes of its own: `words[code]` is what each means, None for unknown."""
        found = np.asarray([self.code(word, is_proven=True) for word in words], self.dtype)
        same = len(found) <= self.size and bool(np.array_equal(found, np.arange(len(found))))
        if same and codes.dtype == self.dtype:
            return self._with_proof(codes, proven)
        return self._with_proof(found.take(codes), proven)

    def _with_proof(self, codes: Ints, proven: Truths | None) -> Ints:
        if not self.is_proof_told:
            return codes
        if proven is None:
            return codes + self.dtype(self.known + 1)
        return codes + (~proven).view(np.uint8).astype(self.dtype, copy=False) * self.dtype(self.known + 1)


def codings_of(tables: CompiledPolicy) -> tuple[FactCoding, ...]:
    """A coding for each fact that some rule tests, or that has to be proven; the most tested first."""
    tested = {lookup[0]: lookup for lookup in tables.lookups}
    names = [lookup[0] for lookup in sorted(tables.lookups, key=lambda lookup: lookup[3].bit_count())]
    names += [name for name in tables.burdens if name not in tested]
    return tuple(_coding(tables, name, tested.get(name)) for name in names)


def _coding(tables: CompiledPolicy, name: str, lookup: Lookup | None) -> FactCoding:
    if lookup is None:
        return FactCoding(name, is_number=False, is_proof_told=True)
    _, presumed, table, _, cuts, _ = lookup
    return FactCoding(
        name,
        is_number=table is None,
        words=() if table is None else tuple(table),
        cuts=cuts,
        is_proof_told=presumed is not None or name in tables.burdens,
    )


class Keys:
    """What each code of each fact leaves of the rules, as one integer per code, so that a case's is the AND of its facts'.

    Bit i is rule i of the policy, as in `CompiledPolicy`. Above them one bit per tested fact says that it is known, and one
    per burden of proof that it is proven.
    """

    def __init__(self, tables: CompiledPolicy, codings: Sequence[FactCoding]) -> None:
        self.tables = tables
        rules = tables.all.bit_length()
        self._known = {lookup[0]: 1 << (rules + i) for i, lookup in enumerate(tables.lookups)}
        self._proven = {name: 1 << (rules + len(self._known) + i) for i, name in enumerate(tables.burdens)}
        self.all = (1 << (rules + len(self._known) + len(self._proven))) - 1
        self._lookups = {lookup[0]: lookup for lookup in tables.lookups}
        self.by_code = tuple(tuple(self._key(coding, code) for code in range(coding.size)) for coding in codings)
        self._facts = tuple(
            (self._known[lookup[0]], tables.masks(lookup), tables.all & ~lookup[3]) for lookup in tables.lookups
        )
        tests = {
            name: sum(
                1 << i
                for i, clause in enumerate(tables.policy.clauses)
                if any(test.fact == name for test in clause.when)
            )
            for name in tables.burdens
        }
        self._burdens = tuple((self._proven[name], tests[name]) for name in tables.burdens)

    def simplest(self, key: int) -> int:
        """The key without what cannot matter any more: an unknown fact, or a missing proof, that no rule left asks about."""
        rules = key & self.tables.all
        for bit, masks, testers in self._facts:
            if not key & bit and (not rules & testers or all(rules & mask == rules for mask in masks)):
                key |= bit
        for bit, testers in self._burdens:
            if not rules & testers:
                key |= bit
        return key

    def is_known(self, key: int) -> bool:
        """Whether every fact that may still matter is known."""
        return all(key & bit for bit in self._known.values())

    def presumed(self, key: int) -> frozenset[str]:
        """The facts that are only presumed, as far as it may still matter."""
        return frozenset(name for name, bit in self._proven.items() if not key & bit)

    def _key(self, coding: FactCoding, code: int) -> int:
        value, is_proven = coding.value(code)
        key = self.all
        if coding.fact in self._proven and not is_proven:
            key &= ~self._proven[coding.fact]
        if coding.fact not in self._lookups:
            return key
        _, presumed, table, other, cuts, segments = self._lookups[coding.fact]
        if presumed is not None and not is_proven:
            value = presumed
        if value is None:
            return key & ~self._known[coding.fact]
        if table is not None:
            mask = table.get(value, other)
        else:
            assert not isinstance(value, str), f"{coding.fact} is a number"
            mask = segments[bisect_right(cuts, value)]
        return key & (mask | ~self.tables.all)


def as_words(keys: Sequence[int], count: int) -> npt.NDArray[np.uint64]:
    """Integers as rows of `count` 64-bit words, the lowest first."""
    rows = b"".join(key.to_bytes(8 * count, "little") for key in keys)
    return np.frombuffer(rows, "<u8").reshape(len(keys), count)
