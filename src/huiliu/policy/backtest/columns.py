"""Past claims as columns: what happened, in the policy's words, the evidence, the money, and what was really decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from huiliu.policy.amount import Used
from huiliu.policy.batch.codes import FactCoding, Ints, Truths
from huiliu.policy.batch.judging import Batch
from huiliu.policy.model import FactKind, Facts, FactSpec, FactValue, Policy
from huiliu.policy.words import OTHER_PRODUCT, PRODUCT

USAGE = "使用情况"
NUMBER_KINDS = frozenset({FactKind.DURATION, FactKind.AMOUNT, FactKind.COUNT})


@dataclass(frozen=True, slots=True)
class Words:
    """A column of codes; `words[code]` is what each stands for, None for unknown."""

    codes: Ints
    words: tuple[FactValue | None, ...]

    def at(self, row: int) -> FactValue | None:
        """One row's word."""
        return self.words[int(self.codes[row])]

    def part(self, rows: slice) -> Words:
        """Some of the rows, without copying."""
        return Words(self.codes[rows], self.words)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of whole numbers; `known` marks the rows that have one, None for all."""

    values: Ints
    known: Truths | None = None

    def at(self, row: int) -> int | None:
        """One row's number."""
        return int(self.values[row]) if self.known is None or self.known[row] else None

    def part(self, rows: slice) -> Numbers:
        """Some of the rows, without copying."""
        return Numbers(self.values[rows], _part(self.known, rows))


Column: TypeAlias = Words | Numbers


@dataclass(frozen=True, slots=True)
class Use:
    """How much of what was promised was used up, per row."""

    total: Ints
    used: Ints
    known: Truths | None = None
    unit: Words | None = None

    def at(self, row: int) -> Used | None:
        """One row's use."""
        if self.known is not None and not self.known[row]:
            return None
        unit = "" if self.unit is None else self.unit.at(row) or ""
        return Used(int(self.total[row]), int(self.used[row]), str(unit))

    def part(self, rows: slice) -> Use:
        """Some of the rows, without copying."""
        unit = None if self.unit is None else self.unit.part(rows)
        return Use(self.total[rows], self.used[rows], _part(self.known, rows), unit)


@dataclass(frozen=True, slots=True)
class MoneyColumns:
    """Minor units of one currency."""

    paid: Ints
    fee: Ints | None = None
    taken: Ints | None = None
    units: Use | None = None
    time: Use | None = None
    promised: Use | None = None

    def part(self, rows: slice) -> MoneyColumns:
        """Some of the rows, without copying."""
        return MoneyColumns(
            self.paid[rows],
            None if self.fee is None else self.fee[rows],
            None if self.taken is None else self.taken[rows],
            None if self.units is None else self.units.part(rows),
            None if self.time is None else self.time.part(rows),
            None if self.promised is None else self.promised.part(rows),
        )


@dataclass(frozen=True, slots=True)
class ClaimColumns:
    """Some claims. `facts` and `proven` go by the policy's names of facts; those in `told` come from the product itself."""

    count: int
    facts: dict[str, Column]
    proven: dict[str, Truths]
    evidence: Ints
    evidence_kinds: tuple[str, ...]
    """Bit i of `evidence` is kind i."""
    money: MoneyColumns
    claim_nos: Callable[[Sequence[int]], list[str]]
    """The numbers of some rows; read only when asked for."""
    told: frozenset[str] = frozenset()
    decided: Words | None = None
    decided_minor: Numbers | None = None
    kept: dict[FactCoding, Ints] = field(default_factory=dict[FactCoding, Ints])
    """Codes by coding: two versions of a policy mostly code their facts alike."""

    def part(self, first: int, count: int) -> ClaimColumns:
        """Some of the rows, without copying."""
        rows = slice(first, first + count)
        return ClaimColumns(
            count=min(count, self.count - first),
            facts={name: column.part(rows) for name, column in self.facts.items()},
            proven={name: proven[rows] for name, proven in self.proven.items()},
            evidence=self.evidence[rows],
            evidence_kinds=self.evidence_kinds,
            money=self.money.part(rows),
            claim_nos=lambda places: self.claim_nos([first + place for place in places]),
            told=self.told,
            decided=None if self.decided is None else self.decided.part(rows),
            decided_minor=None if self.decided_minor is None else self.decided_minor.part(rows),
        )

    def codes(self, batch: Batch) -> dict[str, Ints]:
        """The facts as a batch wants them, as `to_facts` reads them for its policy."""
        found: dict[str, Ints] = {}
        for coding in batch.codings:
            spec = batch.policy.fact(coding.fact)
            assert spec is not None, "what is coded is declared"
            if self._depends_on_policy(spec):
                found[coding.fact] = self._coded(spec, coding)
            else:
                if coding not in self.kept:
                    self.kept[coding] = self._coded(spec, coding)
                found[coding.fact] = self.kept[coding]
        return found

    def evidence_at(self, row: int) -> frozenset[str]:
        """One row's evidence."""
        bits = int(self.evidence[row])
        return frozenset(code for i, code in enumerate(self.evidence_kinds) if bits >> i & 1)

    def facts_at(self, policy: Policy, row: int) -> Facts:
        """One row's facts in a policy's words."""
        values: dict[str, FactValue] = {}
        for spec in policy.facts:
            column = self.facts.get(spec.name)
            value = None if column is None else self._meant(spec, column.at(row))
            if value is not None and not (self._is_hearsay(spec) and not self._is_proven(spec.name, row)):
                values[spec.name] = value
        return Facts(values, frozenset(name for name in self.proven if self._is_proven(name, row)))

    def _is_proven(self, name: str, row: int) -> bool:
        proven = self.proven.get(name)
        return proven is not None and bool(proven[row])

    def _is_hearsay(self, spec: FactSpec) -> bool:
        """What anybody says of the use counts only where the policy says who must prove it."""
        return spec.name == USAGE and USAGE in self.told and spec.burden is None

    def _depends_on_policy(self, spec: FactSpec) -> bool:
        return spec.name in (USAGE, PRODUCT) and spec.name in self.told

    def _meant(self, spec: FactSpec, value: FactValue | None) -> FactValue | None:
        """A value as the policy's kind of fact takes it; None where it does not fit."""
        if spec.name == PRODUCT and PRODUCT in self.told and isinstance(value, str):
            value = value if value in spec.values else OTHER_PRODUCT
        if spec.kind is FactKind.ENUM:
            return value if isinstance(value, str) else None
        if spec.kind is FactKind.BOOLEAN:
            return value if isinstance(value, bool) else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _coded(self, spec: FactSpec, coding: FactCoding) -> Ints:
        column = self.facts.get(spec.name)
        proven = self.proven.get(spec.name)
        if isinstance(column, Numbers) and spec.kind in NUMBER_KINDS and coding.is_number:
            return coding.numbers(column.values, known=column.known, proven=proven)
        if column is None or isinstance(column, Numbers):
            return coding.translated(np.zeros(self.count, np.uint8), (None,), proven=proven)
        codes = coding.translated(column.codes, tuple(self._meant(spec, word) for word in column.words), proven=proven)
        if not self._is_hearsay(spec):
            return codes
        unknown = coding.code(None)
        return np.where(False if proven is None else proven, codes, codes.dtype.type(unknown))


def _part(known: Truths | None, rows: slice) -> Truths | None:
    return None if known is None else known[rows]
