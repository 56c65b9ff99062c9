"""Several writes as one statement: one round trip, one commit, all or nothing.

`WITH a AS (INSERT ...), b AS (UPDATE ...) SELECT 1`. The parts run on one snapshot and do not see each other's rows, but for
what a part RETURNs to its own siblings; foreign keys are checked when all of them are done. So a batch may insert a claim
and its round in any order, and may touch no row twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import LiteralString, final

STATEMENTS_MAX = 32
_CTE = re.compile(r"\s*(\w+)\s+AS\s*\(")
_PARAM = re.compile(r"%\((\w+)\)s")


@final
class Batch:
    """Collects statements until they are sent."""

    def __init__(self) -> None:
        self._statements: list[LiteralString] = []
        self._renames: list[tuple[tuple[str, str], ...]] = []
        self._params: dict[str, object] = {}

    def add(self, sql: LiteralString, params: Mapping[str, object]) -> None:
        """One more INSERT or UPDATE, perhaps with its own WITH. The same value under the same name is sent once."""
        assert len(self._statements) < STATEMENTS_MAX
        number = len(self._statements)
        renames: list[tuple[str, str]] = []
        sent = self._params
        for name, value in params.items():
            if name not in sent:
                sent[name] = value
            elif sent[name] is not value or value is None or isinstance(value, str):
                # Text and NULL carry no type of their own: shared, the server might have to read one as two types.
                other = f"{name}_{number}"
                sent[other] = value
                renames.append((name, other))
        self._statements.append(sql)
        self._renames.append(tuple(renames))

    def compose(self) -> tuple[bytes, list[object]] | None:
        """The one statement with $1, $2 ... and its values in that order; None when nothing was added."""
        if not self._statements:
            return None
        sql, names = _composed(tuple(self._statements), tuple(self._renames))
        return sql, [self._params[name] for name in names]


@lru_cache(maxsize=256)
def _composed(
    statements: tuple[str, ...], renames: tuple[tuple[tuple[str, str], ...], ...]
) -> tuple[bytes, tuple[str, ...]]:
    """Positions instead of names: the driver re-reads a long statement with names at every execution."""
    parts: list[str] = []
    for number, (sql, changed) in enumerate(zip(statements, renames, strict=True)):
        new_names = dict(changed)
        ctes = _parts(_PARAM.sub(lambda found, names=new_names: f"%({names.get(found[1], found[1])})s", sql))
        names = {name: f"{name}_{number}" for name, _ in ctes if name}
        for name, body in ctes:
            for old, new in names.items():
                body = re.sub(rf"\b(FROM|JOIN) {old}\b", rf"\1 {new}", body)
            parts.append(f"{names.get(name, f'last_{number}')} AS ({body})")
    positions: dict[str, int] = {}

    def position(found: re.Match[str]) -> str:
        return f"${positions.setdefault(found[1], len(positions) + 1)}"

    sql = _PARAM.sub(position, "WITH " + ",\n".join(parts) + "\nSELECT 1").replace("%%", "%")
    return sql.encode(), tuple(positions)


def _parts(sql: str) -> list[tuple[str, str]]:
    """The named parts of a statement's own WITH, then its last part under the name ''."""
    text = sql.strip()
    if not text.startswith("WITH "):
        return [("", text)]
    found: list[tuple[str, str]] = []
    position = len("WITH")
    while match := _CTE.match(text, position):
        end = _closing(text, match.end())
        found.append((match[1], text[match.end() : end].strip()))
        position = end + 1
        rest = text[position:].lstrip()
        if not rest.startswith(","):
            break
        position = len(text) - len(rest) + 1
    return [*found, ("", text[position:].strip())]


def _closing(text: str, start: int) -> int:
    depth, is_quoted = 1, False
    for index in range(start, len(text)):
        match text[index]:
            case "'":
                is_quoted = not is_quoted
            case "(" if not is_quoted:
                depth += 1
            case ")" if not is_quoted:
                depth -= 1
                if depth == 0:
                    return index
            case _:
                pass
    raise AssertionError("unbalanced statement")
