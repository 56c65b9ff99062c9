"""The bench of policies in small: every line is there, the answers are ours, and a wrong one is seen."""

from __future__ import annotations

import msgspec
import pytest
from click.testing import CliRunner

from huiliu.bench import policy_rivals
from huiliu.bench.policy import QUICK, Row, Timed, bench_policy, table
from huiliu.bench.policy_rivals import Case, Single
from huiliu.bench.policy_singles import bench_singles, example_policy
from huiliu.cli.main import main
from huiliu.policy.model import Policy
from tests.policy.files import example


def _absent(_name: str) -> None:
    """As where nothing is installed."""


def _always_the_third(_policy: Policy) -> Single:
    def third(_case: Case) -> int:
        return 3

    return third


def test_every_engine_gives_our_answers() -> None:
    rows, problems = bench_policy(QUICK)

    assert problems == []
    assert {row.engine for row in rows} >= {"huiliu", "zen-engine", "duckdb", "polars", "json-logic-qubit"}
    assert [row for row in rows if row.note == "another answer"] == []
    assert "times ours" in table(rows)


def test_the_shipped_example_is_the_one_the_tests_know() -> None:
    assert example_policy() == example()


def test_an_engine_that_is_absent_has_a_line_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huiliu.bench.policy_singles.installed", _absent)

    rows, problems = bench_singles(QUICK)

    assert problems == []
    assert [row.note for row in rows if row.engine == "zen-engine"] == ["not installed"]
    assert "not installed" in table(rows)


def test_an_engine_that_answers_otherwise_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"json-logic-qubit": ("json_logic", _always_the_third)}
    monkeypatch.setattr("huiliu.bench.policy_singles.SINGLES", wrong)

    rows, problems = bench_singles(QUICK)

    assert len(problems) == 1
    assert rows[-1].note == "another answer"


def test_a_first_match_order_has_exceptions_before_their_bases() -> None:
    policy = example()
    order = [policy.clauses[i].id for i in policy_rivals.first_match(policy)]

    assert order[:2] == ["F0", "F9"]


def test_a_rate_is_of_as_many_as_were_done() -> None:
    run = Timed((0.5, 1.0, 2.0))

    row = run.row("t", "e", unit="M/s", each=4e6, ours=Timed((0.5,)))

    assert row == Row("t", "e", "M/s", 8.0, 4.0, 2.0, 2.0)


def test_the_command_prints_json() -> None:
    result = CliRunner().invoke(main, ["bench", "policy", "--quick", "--json"])

    assert result.exit_code == 0
    assert msgspec.json.decode(result.stdout)["problems"] == []
