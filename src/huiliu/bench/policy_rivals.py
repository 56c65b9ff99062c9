"""Other engines on the same policy, written as what they can express: a table whose first matching line decides.

None of them says what evidence is missing, and none computes money. They are development extras: an engine that is not
installed is left out and said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from huiliu.policy.compiled import compiled
from huiliu.policy.conditions import YES
from huiliu.policy.model import Clause, FactKind, FactSpec, FactValue, Policy, Range, Test

NO_CLAUSE = 255
Case: TypeAlias = "dict[str, FactValue]"
Single: TypeAlias = Callable[[Case], int]
"""One case to the place of the clause that decides, NO_CLAUSE for none."""
Columns: TypeAlias = "Mapping[str, npt.NDArray[np.integer]]"


def installed(name: str) -> ModuleType | None:
    """A module, or None where its package is not installed."""
    try:
        return import_module(name)
    except ImportError:
        return None


def first_match(policy: Policy) -> list[int]:
    """The clauses in an order in which the first that applies decides: exceptions before their bases, then the best for
    the buyer. Not every policy has such an order, so whoever uses it compares the answers."""
    tables = compiled(policy)
    place = {clause.id: i for i, clause in enumerate(policy.clauses)}

    def depth(clause: Clause) -> int:
        return 1 + max((depth(policy.clauses[place[base]]) for base in clause.exception_to), default=0)

    return sorted(place.values(), key=lambda i: (-depth(policy.clauses[i]), tables.ranks[i], i))


def names_of(policy: Policy) -> dict[str, str]:
    """A plain column name for each fact."""
    return {spec.name: f"f{i}" for i, spec in enumerate(policy.facts)}


def zen_single(policy: Policy) -> Single:
    """zen-engine: a decision table with hit policy first."""
    zen = import_module("zen")
    names = names_of(policy)
    rules: list[dict[str, str]] = []
    for i in first_match(policy):
        tests = {test.fact: test for test in policy.clauses[i].when}
        cells = {name: _zen_cell(tests[fact]) if fact in tests else "" for fact, name in names.items()}
        rules.append({"_id": f"r{i}", **cells, "out": str(i)})
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in names.values()],
        "outputs": [{"id": "out", "name": "out", "field": "out"}],
        "rules": rules,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {"id": "t", "name": "t", "type": "decisionTableNode", "content": table, "position": {"x": 1, "y": 0}},
        {"id": "end", "name": "end", "type": "outputNode", "position": {"x": 2, "y": 0}},
    ]
    edges = [
        {"id": "a", "type": "edge", "sourceId": "in", "targetId": "t"},
        {"id": "b", "type": "edge", "sourceId": "t", "targetId": "end"},
    ]
    decision = zen.ZenEngine().create_decision(msgspec.json.encode({"nodes": nodes, "edges": edges}).decode())

    def single(case: Case) -> int:
        found = decision.evaluate(case)["result"]
        return int(found["out"]) if found else NO_CLAUSE

    return single


def cel_single(policy: Policy) -> Single:
    """common-expression-language: one expression of nested conditions."""
    names = names_of(policy)
    text = str(NO_CLAUSE)
    for i in reversed(first_match(policy)):
        conditions = " && ".join(_infix(names[test.fact], test) for test in policy.clauses[i].when)
        text = f"({conditions}) ? {i} : ({text})"
    execute = import_module("cel").compile(text).execute

    def single(case: Case) -> int:
        return int(execute(case))

    return single


def json_logic_single(policy: Policy) -> Single:
    """json-logic-qubit: one `if` of all lines."""
    names = names_of(policy)
    parts: list[object] = []
    for i in first_match(policy):
        parts += [{"and": [_json_logic(names[test.fact], test) for test in policy.clauses[i].when]}, i]
    rule = {"if": [*parts, NO_CLAUSE]}
    evaluate = import_module("json_logic").jsonLogic

    def single(case: Case) -> int:
        return int(evaluate(rule, case))

    return single


SINGLES: dict[str, tuple[str, Callable[[Policy], Single]]] = {
    "zen-engine": ("zen", zen_single),
    "common-expression-language": ("cel", cel_single),
    "json-logic-qubit": ("json_logic", json_logic_single),
}
"""Name of the package -> its module, and how it is asked."""


def case_sql(policy: Policy, columns: Mapping[str, str], codes: Mapping[str, Sequence[FactValue]]) -> str:
    """The policy as SQL's CASE. `columns` is the SQL of each fact, `codes` what the codes of a coded column stand for."""
    lines = [
        f"WHEN {' AND '.join(_sql(columns[t.fact], t, codes.get(t.fact)) for t in policy.clauses[i].when)} THEN {i}"
        for i in first_match(policy)
    ]
    return f"CASE {' '.join(lines)} ELSE {NO_CLAUSE} END"


def case_polars(policy: Policy, columns: Mapping[str, pl.Expr], codes: Mapping[str, Sequence[FactValue]]) -> pl.Expr:
    """The policy as polars' when/then."""
    found = pl.lit(NO_CLAUSE, pl.UInt8)
    for i in reversed(first_match(policy)):
        condition = pl.lit(value=True)
        for test in policy.clauses[i].when:
            condition &= _polars(columns[test.fact], test, codes.get(test.fact))
        found = pl.when(condition).then(pl.lit(i, pl.UInt8)).otherwise(found)
    return found


def duckdb_connection() -> ModuleType:
    """A database in memory, on two threads."""
    connection = import_module("duckdb").connect()
    connection.execute("SET threads = 2")
    return connection


def sql_path(path: Path) -> str:
    """A file's name as SQL text."""
    return "'" + str(path).replace("'", "''") + "'"


def codes_of(spec: FactSpec) -> tuple[FactValue, ...]:
    """What the codes of a coded column stand for; nothing for numbers."""
    return (False, True) if spec.kind is FactKind.BOOLEAN else spec.values if spec.kind is FactKind.ENUM else ()


def _places(test: Test, codes: Sequence[FactValue]) -> list[int]:
    wanted = {value == YES for value in test.values} if True in codes else set(test.values)
    return [i for i, value in enumerate(codes) if value in wanted]


def _bounds(name: str, span: Range) -> list[str]:
    low = [] if span.low is None else [f"{name} >= {span.low}"]
    return low if span.high is None else [*low, f"{name} <= {span.high}"]


def _sql(name: str, test: Test, codes: Sequence[FactValue] | None) -> str:
    if codes:
        return f"{name} IN ({', '.join(map(str, _places(test, codes)))})"
    return "(" + " OR ".join(" AND ".join(_bounds(name, span)) or "TRUE" for span in test.ranges) + ")"


def _polars(column: pl.Expr, test: Test, codes: Sequence[FactValue] | None) -> pl.Expr:
    found = pl.lit(value=False)
    if codes:
        for place in _places(test, codes):
            found |= column == place
        return found
    for span in test.ranges:
        inside = pl.lit(value=True)
        inside = inside if span.low is None else inside & (column >= span.low)
        found |= inside if span.high is None else inside & (column <= span.high)
    return found


def _infix(name: str, test: Test) -> str:
    if test.values and set(test.values) <= {YES, "否"}:
        return "(" + " || ".join(f"{name} == {'true' if value == YES else 'false'}" for value in test.values) + ")"
    if test.values:
        return "(" + " || ".join(f"{name} == {_quoted(value)}" for value in test.values) + ")"
    return "(" + " || ".join("(" + " && ".join(_bounds(name, span)) + ")" for span in test.ranges) + ")"


def _zen_cell(test: Test) -> str:
    if test.values and set(test.values) <= {YES, "否"}:
        return " or ".join(f"$ == {'true' if value == YES else 'false'}" for value in test.values)
    if test.values:
        return ", ".join(_quoted(value) for value in test.values)
    return " or ".join("(" + " and ".join(_bounds("$", span)) + ")" for span in test.ranges)


def _json_logic(name: str, test: Test) -> object:
    value = {"var": name}
    if test.values and set(test.values) <= {YES, "否"}:
        return {"or": [{"==": [value, word == YES]} for word in test.values]}
    if test.values:
        return {"in": [value, list(test.values)]}
    spans: list[object] = []
    for span in test.ranges:
        low = [] if span.low is None else [{">=": [value, span.low]}]
        spans.append({"and": [*low, *([] if span.high is None else [{"<=": [value, span.high]}])]})
    return {"or": spans}


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
