"""A published decision table as data: its inputs cut into cells, its rules as boxes of cells, its outputs as text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from huiliu.policy.dmn.feel import Span, ValueKind
from huiliu.policy.document import Place
from huiliu.policy.model import PolicyError, Problem
from huiliu.policy.table import Box, Table

EXPORT_ID = "policy."
"""Before a policy's id in the id of its exported decision: no other id of the file has a dot."""


class HitPolicy(StrEnum):
    """Which of the rules that match gives the answer, in DMN's words."""

    UNIQUE = "UNIQUE"
    ANY = "ANY"
    PRIORITY = "PRIORITY"
    FIRST = "FIRST"
    COLLECT = "COLLECT"
    RULE_ORDER = "RULE ORDER"
    OUTPUT_ORDER = "OUTPUT ORDER"


ONE_ANSWER = frozenset({HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST})
"""The others answer with a list, for which 'conflict' and 'dead rule' mean nothing."""


class TableError(PolicyError):
    """The DMN file cannot be read as one decision table; `problems` says each place and reason."""

    code = "dmn.file_invalid"
    status = 422


class NotExportable(PolicyError):
    """The policy cannot be written as one decision table that answers as it does. facts: reason."""

    code = "dmn.not_exportable"
    status = 422


@dataclass(frozen=True)
class Cell:
    """Values of one input that no rule tells apart: a text, yes or no, or a span of numbers, days or seconds."""

    text: str | None = None
    flag: bool | None = None
    span: Span | None = None


@dataclass(frozen=True)
class DmnInput:
    """One input column. `name` is its label, or its expression where labels are missing or repeated."""

    name: str
    expression: str
    kind: ValueKind
    is_whole: bool
    """Only whole values exist: integers, days, months."""
    cells: tuple[Cell, ...]
    is_open: bool
    """Text of no declared values: other values than those in the rules can come."""
    place: Place


@dataclass(frozen=True)
class DmnOutput:
    """One output column; `values` in their declared order, `default` when no rule matches."""

    name: str
    label: str
    values: tuple[str, ...]
    default: str | None


@dataclass(frozen=True)
class DmnRule:
    """One rule: its number as people count it, from 1, where it applies, and the text of each output."""

    id: str
    number: int
    box: Box
    outputs: tuple[str, ...]
    note: str
    place: Place


@dataclass(frozen=True)
class DmnTable:
    """One decision's table, and the same as a `Table` for the checks. `notes` are said beside every result."""

    id: str
    name: str
    hit_policy: HitPolicy
    inputs: tuple[DmnInput, ...]
    outputs: tuple[DmnOutput, ...]
    rules: tuple[DmnRule, ...]
    table: Table
    notes: tuple[Problem, ...]

    def rule(self, rule_id: str) -> DmnRule | None:
        """The rule a finding names."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)
