"""`huiliu policy lint | diff | export | import`: what is printed, as words and as JSON, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from huiliu.cli.policy import policy
from huiliu.policy.evaluate import judge
from huiliu.policy.facts import read_facts
from huiliu.policy.parse import parse_policy
from tests.policy.files import DEMO, small

DMN = Path(__file__).parent / "dmn"
HOLED = small(
    """
  - {编号: F1, 名称: 一小时内, 当: {退款原因: 不想要了, 下单时长: 不满1小时}, 则: 全额退款}
  - {编号: F2, 名称: 一小时后, 当: {退款原因: 不想要了, 下单时长: 超过1小时}, 则: 拒绝}
  - {编号: F3, 名称: 充错了, 当: {退款原因: 充值错误}, 则: 全额退款}
  - {编号: F4, 名称: 充错了也拒绝, 当: {退款原因: 充值错误, 下单时长: 超过2小时}, 则: 拒绝}
"""
)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(policy, [str(argument) for argument in arguments])


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    path = tmp_path / "demo.yaml"
    path.write_text(DEMO, "utf-8")
    return path


@pytest.fixture
def holed(tmp_path: Path) -> Path:
    path = tmp_path / "holed.yaml"
    path.write_text(HOLED, "utf-8")
    return path


def test_a_sound_policy_has_no_errors_and_no_warnings(demo: Path) -> None:
    result = run("lint", demo, "--fail-on", "warning", "--json")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"]) == (0, True)
    assert {finding["severity"] for finding in found["findings"]} <= {"note"}


def test_every_finding_has_a_place_words_and_a_case_that_is_judged_as_it_says(holed: Path) -> None:
    result = run("lint", holed, "--json", "--lang", "zh")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"]) == (1, False)
    codes = {finding["code"]: finding for finding in found["findings"]}
    assert {"conflict", "boundary"} <= set(codes)
    lines = HOLED.splitlines()
    conflict = codes["conflict"]
    assert conflict["clauses"] == ["F3", "F4"]
    assert "编号: F3" in lines[conflict["line"] - 1]
    rules = parse_policy(HOLED)
    (example,) = conflict["examples"]
    verdict = judge(rules, read_facts(rules, {**example["facts"], "proven": example["proven"]}), frozenset())
    assert verdict.conflict
    assert "正好" in codes["boundary"]["message"]
    assert all(finding["message"] and finding["todo"] for finding in found["findings"])


def test_findings_are_printed_with_place_case_and_what_to_do(holed: Path) -> None:
    result = run("lint", holed, "--lang", "zh")

    assert result.exit_code == 1
    assert f"{holed}:" in result.output
    assert "例如：退款原因：" in result.output
    assert "错误" in result.output


def test_only_what_is_asked_for_fails(holed: Path, tmp_path: Path) -> None:
    gap = tmp_path / "gap.yaml"
    gap.write_text(small("  - {编号: F1, 名称: 充错了, 当: {退款原因: 充值错误}, 则: 全额退款}"), "utf-8")

    assert run("lint", gap, "--fail-on", "error").exit_code == 0
    assert run("lint", gap).exit_code == 1
    assert run("lint", holed, "--fail-on", "error").exit_code == 1


def test_a_file_that_does_not_read_is_a_problem_not_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(HOLED.replace("则: 拒绝", "则: 拒退"), "utf-8")

    found = json.loads(run("lint", path, "--json").output)

    assert found["ok"] is False
    assert {problem["code"] for problem in found["problems"]} == {"unknown_word"}


def test_a_published_decision_table_is_linted_as_it_is() -> None:
    result = run("lint", DMN / "holidays.dmn", "--json", "--lang", "en")

    found = json.loads(result.output)
    assert result.exit_code == 1
    assert found["table"]["hit_policy"] in ("UNIQUE", "ANY", "PRIORITY", "FIRST")
    assert any(finding["code"] == "conflict" and finding["line"] > 1 for finding in found["findings"])


def test_a_dmn_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.dmn"
    path.write_text("<html/>", "utf-8")

    for command in ("lint", "import"):
        result = run(command, path, "--json")
        assert (result.exit_code, json.loads(result.output)["ok"]) == (1, False)


def test_the_same_policy_differs_in_nothing(demo: Path) -> None:
    result = run("diff", demo, demo, "--json")

    found = json.loads(result.output)
    assert (result.exit_code, found["ok"], found["changes"], found["amendments"]) == (0, True, [], [])


def test_a_difference_names_its_situations_with_a_case(demo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    changed = DEMO.replace("超过一小时但确未使用", "两小时后").replace(
        "当: {退款原因: 不想要了, 下单时长: 1小时以内, 使用情况: 未使用}",
        "当: {退款原因: 不想要了, 下单时长: 2小时以内, 使用情况: 未使用}",
    )
    other.write_text(changed.replace('版本: "3"', '版本: "4"'), "utf-8")

    result = run("diff", demo, other, "--json", "--lang", "zh")
    told = run("diff", demo, other, "--lang", "zh")

    found = json.loads(result.output)
    assert (result.exit_code, told.exit_code, found["is_complete"]) == (1, 1, True)
    assert {change["direction"] for change in found["changes"]} == {"better"}
    assert all("下单时长超过1小时且2小时以内" in line for change in found["changes"] for line in change["situations"])
    before, after = parse_policy(DEMO), parse_policy(changed)
    for change in found["changes"]:
        given = {**change["example"]["facts"], "proven": change["example"]["proven"]}
        assert judge(before, read_facts(before, given), frozenset()).missing
        assert not judge(after, read_facts(after, given), frozenset()).missing
    assert "+ 对买家更好" in told.output


def test_a_policy_goes_out_as_dmn_and_comes_back_with_the_same_outcomes(demo: Path, tmp_path: Path) -> None:
    table, back = tmp_path / "demo.dmn", tmp_path / "back.yaml"

    assert run("export", demo, "--format", "dmn", "--out", table).exit_code == 0
    assert run("import", table, "--out", back).exit_code == 0

    assert run("check", back).exit_code == 0
    changes = json.loads(run("diff", demo, back, "--json").output)["changes"]
    assert not any("outcome" in change["kinds"] for change in changes)


def test_standard_output_carries_the_file_itself(demo: Path) -> None:
    exported = run("export", demo)

    assert exported.exit_code == 0
    assert exported.output.startswith("<?xml")
    assert "DMN/20191111/MODEL" in exported.output


def test_outcomes_of_a_foreign_table_are_said_on_the_command_line(tmp_path: Path) -> None:
    refused = run("import", DMN / "loan.dmn", "--json")
    usage = run("import", DMN / "loan.dmn", "--outcome", "Approved")

    assert (refused.exit_code, json.loads(refused.output)["ok"]) == (1, False)
    assert usage.exit_code == 2
