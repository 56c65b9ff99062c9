"""Cases by the million, and past claims from a file, beside a database and a table library on the same columns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from huiliu.bench.policy import Row, Sizes, Timed, timed
from huiliu.bench.policy_parts import repeatable
from huiliu.bench.policy_rivals import (
    NO_CLAUSE,
    case_polars,
    case_sql,
    codes_of,
    duckdb_connection,
    installed,
    names_of,
    sql_path,
)
from huiliu.bench.policy_singles import example_policy
from huiliu.bench.policy_structured import structured
from huiliu.policy.backtest.file import ClaimsFile
from huiliu.policy.backtest.made import made_claims, write_made_claims
from huiliu.policy.backtest.replay import backtest
from huiliu.policy.backtest.report import Report, State
from huiliu.policy.batch.codes import Ints
from huiliu.policy.batch.judging import AnswerIds, Batch
from huiliu.policy.evaluate import judge
from huiliu.policy.model import FactKind, Facts, FactValue, Policy
from huiliu.policy.parse import parse_policy
from huiliu.policy.words import VALUES

CHECKED = 500
"""Rows that are judged one by one to compare."""
NUMBERS_MOST = 200_000
LACKS = "no evidence, flags, unknown facts or presumptions"
CLAIM_COLUMNS = {"退款原因": "reason", "下单时长": "age_seconds", "金额": "amount_minor", "曾伪造凭证": "forged_before"}
CLAIM_CODES: dict[str, tuple[FactValue, ...]] = {
    "退款原因": ("", *VALUES["退款原因"]),
    "使用情况": ("", *VALUES["使用情况"]),
    "曾伪造凭证": (False, True),
}
"""As made claims are coded."""


def bench_batches(sizes: Sizes) -> tuple[list[Row], list[str]]:
    """The example, and a large policy, each with evidence."""
    rows, problems = _batch(example_policy(), "batch, example policy", "100 M/s", sizes)
    large = structured(repeatable(1), clauses=100, facts=12)
    more, wrong = _batch(large, "batch, 100 clauses x 12 facts", "40 M/s", sizes)
    return rows + more, problems + wrong


def _batch(policy: Policy, task: str, goal: str, sizes: Sizes) -> tuple[list[Row], list[str]]:
    batch, count = Batch(policy), sizes.batch_rows
    random = np.random.default_rng(1)
    values = _values(policy, count, random)
    evidence = random.integers(0, 1 << len(policy.costs), count, dtype=np.uint16)
    codes = _coded(policy, batch, values)
    found = batch.decide(codes, evidence)
    problems = [f"{task}: {wrong}" for wrong in _differences(policy, batch, values, evidence, found)]
    one = timed(lambda: batch.decide(codes, evidence), sizes.runs)
    two = timed(lambda: batch.decide(codes, evidence, threads=2), sizes.runs)
    raw = timed(lambda: batch.decide(_coded(policy, batch, values), evidence, threads=2), sizes.runs)
    rows = [
        one.row(task, "huiliu, 1 thread", unit="M/s", each=count, goal=goal),
        two.row(task, "huiliu, 2 threads", unit="M/s", each=count, goal=goal),
        raw.row(task, "huiliu, 2 threads, from plain values", unit="M/s", each=count),
    ]
    clauses = np.array([answer.clause if answer.clause >= 0 else NO_CLAUSE for answer in batch.answers], np.int64)
    expected = np.bincount(clauses.take(found), minlength=NO_CLAUSE + 1)
    for name, run in _engines(policy, values).items():
        rows.append(_rival(name, run, expected, task, two, count, sizes.runs))
    return rows, problems


def _engines(policy: Policy, values: Mapping[str, Ints]) -> dict[str, Callable[[], dict[int, int]] | None]:
    """How many cases each clause decides, by each engine; None where it is not installed."""
    names = names_of(policy)
    plain = {names[fact]: column for fact, column in values.items()}
    codes = {spec.name: codes_of(spec) for spec in policy.facts}
    found: dict[str, Callable[[], dict[int, int]] | None] = {"duckdb": None, "polars": None}
    if installed("duckdb") is not None:
        connection = duckdb_connection()
        connection.register("plain", plain)
        connection.execute("CREATE TABLE cases AS SELECT * FROM plain")
        sql = f"SELECT clause, count(*) FROM (SELECT {case_sql(policy, names, codes)} AS clause FROM cases) GROUP BY 1"  # noqa: S608 - of our own words
        found["duckdb"] = lambda: dict(connection.execute(sql).fetchall())
    frame = pl.DataFrame(plain)
    expression = case_polars(policy, {fact: pl.col(name) for fact, name in names.items()}, codes)

    def by_polars() -> dict[int, int]:
        counts = np.bincount(frame.select(clause=expression)["clause"].to_numpy())
        return {i: int(count) for i, count in enumerate(counts) if count}

    found["polars"] = by_polars
    return found


def _rival(
    name: str,
    run: Callable[[], dict[int, int]] | None,
    expected: npt.NDArray[np.int64],
    task: str,
    ours: Timed,
    count: int,
    runs: int,
) -> Row:
    if run is None:
        return Row(task, name, "M/s", note="not installed")
    counts = run()
    differing = sum(abs(counts.get(i, 0) - int(number)) for i, number in enumerate(expected)) // 2
    note = LACKS if not differing else f"{LACKS}; first match decides {differing / count:.1%} of the cases otherwise"
    return timed(run, runs).row(task, name, unit="M/s", each=count, ours=ours, note=note)


def bench_backtest(sizes: Sizes, path: Path) -> tuple[list[Row], list[str]]:
    """Past claims by two versions of the example, from a file: outcomes, evidence and money."""
    old = example_policy()
    text = files("huiliu").joinpath("bench", "policy_example.yaml").read_text("utf-8")
    new = parse_policy(text.replace("超过24小时", "超过48小时"))
    task = f"back-test of {sizes.claims:,} claims from Parquet"
    problems = [f"{task}: {wrong}" for wrong in _backtest_differences(old, new, path)]
    write_made_claims(path, sizes.claims, 1)

    def run() -> None:
        for _ in backtest(old, new, ClaimsFile(path)):
            pass

    ours = timed(run, sizes.runs)
    busy = time.process_time()
    run()
    note = f"{time.process_time() - busy:.2f} s of processor time"
    rows = [ours.row(task, "huiliu, 2 threads", unit="s", each=1, goal="1 s", note=note)]
    expected = _clause_pairs(old, new, ClaimsFile(path))
    for name, query in _backtest_engines(old, new, path).items():
        if query is None:
            rows.append(Row(task, name, "s", note="not installed"))
        elif (found := query()) != expected:
            problems.append(f"{task}: {name} counts {found} instead of {expected}")
        else:
            note = "no evidence, shares of a price, agreement or list of claims"
            rows.append(timed(query, sizes.runs).row(task, name, unit="s", each=1, ours=ours, note=note))
    return rows, problems


def _backtest_engines(
    old: Policy, new: Policy, path: Path
) -> dict[str, Callable[[], dict[tuple[int, int], int]] | None]:
    """How many claims each pair of clauses decides. They also add up what was paid, as the least of money."""
    found: dict[str, Callable[[], dict[tuple[int, int], int]] | None] = {"duckdb": None, "polars": None}
    if installed("duckdb") is not None:
        connection = duckdb_connection()
        use = "CASE WHEN usage_proven = 1 AND usage <> 0 THEN usage ELSE 1 END"
        first, second = (case_sql(policy, {**CLAIM_COLUMNS, "使用情况": use}, CLAIM_CODES) for policy in (old, new))
        both = (
            f"SELECT {first} AS a, {second} AS b, paid_minor - taken_minor AS rest FROM read_parquet({sql_path(path)})"  # noqa: S608 - of our own words
        )
        sql = f"SELECT a, b, count(*), sum(rest) FROM ({both}) GROUP BY a, b"  # noqa: S608
        found["duckdb"] = lambda: {(a, b): count for a, b, count, _ in connection.execute(sql).fetchall()}
    column = {fact: pl.col(name) for fact, name in CLAIM_COLUMNS.items()}
    is_told = (pl.col("usage_proven") == 1) & (pl.col("usage") != 0)
    column["使用情况"] = pl.when(is_told).then(pl.col("usage")).otherwise(pl.lit(1, pl.UInt8))
    pair = {name: case_polars(policy, column, CLAIM_CODES) for name, policy in (("a", old), ("b", new))}
    query = (
        pl.scan_parquet(path)
        .select(**pair, left=pl.col("paid_minor") - pl.col("taken_minor"))
        .group_by("a", "b")
        .agg(pl.len(), pl.col("left").cast(pl.Int64).sum())
    )
    found["polars"] = lambda: {(row[0], row[1]): row[2] for row in query.collect().rows()}
    return found


def _clause_pairs(old: Policy, new: Policy, claims: ClaimsFile) -> dict[tuple[int, int], int]:
    pairs: dict[tuple[int, int], int] = {}
    kinds = tuple(claims.layout.evidence)
    batches = Batch(old, evidence=kinds), Batch(new, evidence=kinds)
    for first, count in claims.pieces():
        columns = claims.read(first, count)
        a, b = (_clauses(batch, batch.decide(columns.codes(batch), columns.evidence)) for batch in batches)
        numbers, counts = np.unique(a * (NO_CLAUSE + 1) + b, return_counts=True)
        for number, many in zip(numbers, counts, strict=True):
            pair = divmod(int(number), NO_CLAUSE + 1)
            pairs[pair] = pairs.get(pair, 0) + int(many)
    return pairs


def _clauses(batch: Batch, ids: AnswerIds) -> npt.NDArray[np.int64]:
    places = [answer.clause if answer.clause >= 0 else NO_CLAUSE for answer in batch.answers]
    return np.array(places, np.int64).take(ids)


def _backtest_differences(old: Policy, new: Policy, path: Path) -> list[str]:
    """What a back-test of some made claims counts otherwise than judging each by itself."""
    write_made_claims(path, CHECKED, 1)
    claims = made_claims(CHECKED, 1)
    *_, report = backtest(old, new, ClaimsFile(path))
    assert isinstance(report, Report), "a back-test ends in its report"
    expected: dict[tuple[State, State], int] = {}
    for row in range(claims.count):
        states: list[State] = []
        for policy in (old, new):
            verdict = judge(policy, claims.facts_at(policy, row), claims.evidence_at(row))
            states.append(State.MISSING if verdict.missing else State(verdict.outcome.value))
        expected[states[0], states[1]] = expected.get((states[0], states[1]), 0) + 1
    counted = {(cell.old, cell.new): cell.claims for cell in report.cells}
    return [] if counted == expected else [f"counted {counted} instead of {expected}"]


def _values(policy: Policy, count: int, random: np.random.Generator) -> dict[str, Ints]:
    """Known values of every fact: the places of words, 0 and 1, whole numbers."""
    found: dict[str, Ints] = {}
    for spec in policy.facts:
        if spec.kind is FactKind.BOOLEAN:
            found[spec.name] = (random.random(count) < 0.1).astype(np.uint8)
        elif spec.kind is FactKind.ENUM:
            found[spec.name] = random.integers(0, len(spec.values), count, dtype=np.uint8)
        else:
            most = min(spec.domain.high or NUMBERS_MOST, np.iinfo(np.int32).max)
            found[spec.name] = random.integers(spec.domain.low or 0, most, count, dtype=np.int32)
    return found


def _coded(policy: Policy, batch: Batch, values: Mapping[str, Ints]) -> dict[str, Ints]:
    found: dict[str, Ints] = {}
    for coding in batch.codings:
        spec, column = policy.fact(coding.fact), values[coding.fact]
        assert spec is not None, "what is coded is declared"
        proven = np.ones(len(column), np.bool_)
        if coding.is_number:
            found[coding.fact] = coding.numbers(column, proven=proven)
        else:
            found[coding.fact] = coding.translated(column, codes_of(spec), proven=proven)
    return found


def _differences(
    policy: Policy, batch: Batch, values: Mapping[str, Ints], evidence: Ints, found: AnswerIds
) -> list[str]:
    """What the first rows' answers have otherwise than judging them."""
    wrong: list[str] = []
    proven = frozenset(spec.name for spec in policy.facts)
    for row in range(min(CHECKED, len(found))):
        known: dict[str, FactValue] = {}
        for spec in policy.facts:
            value = int(values[spec.name][row])
            known[spec.name] = codes_of(spec)[value] if codes_of(spec) else value
        bits = int(evidence[row])
        shown = frozenset(code for i, code in enumerate(policy.costs) if bits >> i & 1)
        expected = batch.answer(judge(policy, Facts(known, proven), shown))
        if batch.answers[int(found[row])] != expected:
            wrong.append(f"row {row}: {msgspec.to_builtins(batch.answers[int(found[row])])}")
    return wrong
